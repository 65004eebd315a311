"""X and Z: the day's totals as a signed entry, and until when the unsent must be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import asdict

from drivers.sound import Sound
from firmware.receipt import closing_slips, till_slips
from firmware.receipt.prompt_slips import Prompt
from firmware.till.asking import again
from firmware.till.owed import print_owed
from firmware.till.slips_of import closing_of
from sync.wire.facts import Closing
from sync.wire.kinds import ClosingKind
from sync.wire.money import AMOUNT_RIAL_MAX, RIAL_PER_TOMAN

if TYPE_CHECKING:
    from firmware.till.states import State
    from firmware.till.talk import Talk


async def x(talk: Talk) -> State:
    """Read the totals; the day goes on."""
    return await _close(talk, ClosingKind.X, None)


async def z(talk: Talk, typed: str) -> State:
    """Close the day with the counted cash, in toman. An open basket is finished or put on hold before."""
    if talk.basket.lines:
        await talk.beep(Sound.LOOK)
        await talk.show(till_slips.basket_open())
        return talk.rest()
    counted_rial = int(typed) * RIAL_PER_TOMAN if typed.isdecimal() else -1
    if not 0 <= counted_rial <= AMOUNT_RIAL_MAX:
        return await again(talk, Prompt.COUNTED_CASH)
    return await _close(talk, ClosingKind.Z, counted_rial)


async def _close(talk: Talk, kind: ClosingKind, counted_rial: int | None) -> State:
    journal = talk.journal
    async with journal.turn:
        totals = await journal.day_totals()
        fact = Closing(
            closing=kind, number=journal.closings[kind] + 1, **asdict(totals),
            cash_expected_rial=totals.cash_expected_rial, cash_counted_rial=counted_rial,
            unsent=journal.head.sequence - journal.acknowledged, unsent_credit_rial=journal.device_use.credit_rial,
            send_by_s=await journal.send_by_s(),
        )  # fmt: skip
        entry = await journal.commit(journal.draft(fact))
    await talk.beep(Sound.APPROVED)
    await print_owed(talk, entry, closing_slips.closing_slip(await closing_of(talk, entry, fact)))
    return talk.rest()
