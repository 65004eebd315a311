"""X and Z: the day's totals as a signed entry, and until when the unsent must be sent."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from drivers.receipt_printer import Sound
from firmware.receipt import closing_slips, till_slips
from firmware.receipt.prompt_slips import Prompt
from firmware.till.asking import again
from firmware.till.owed import print_owed
from firmware.till.slips_of import closing_of
from sync.wire.entry import Payload, PrivatePart
from sync.wire.facts import Closing, Purchase
from sync.wire.kinds import ClosingKind
from sync.wire.money import AMOUNT_RIAL_MAX, RIAL_PER_TOMAN

if TYPE_CHECKING:
    from firmware.till.states import State
    from firmware.till.talk import Talk

UNSENT_READ = 500
"""Entries that are read at a time to find the earliest deadline."""


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
            send_by_s=await send_by_s(talk),
        )  # fmt: skip
        entry = await journal.commit(journal.draft(fact))
    await talk.beep(Sound.APPROVED)
    await print_owed(talk, entry, closing_slips.closing_slip(closing_of(talk, entry, fact)))
    return talk.rest()


async def send_by_s(talk: Talk) -> int | None:
    """The earliest deadline of an allowance that an unsent purchase has spent; None where nothing is unsent."""
    first, deadlines = talk.journal.acknowledged, _Deadlines(talk)
    while True:
        unsent = await talk.journal.unsent_entries(first, UNSENT_READ)
        for stored in unsent:
            fact = Payload.from_cbor(stored.payload).public
            if isinstance(fact, Purchase) and stored.private is not None:
                await deadlines.add(fact, PrivatePart.from_cbor(stored.private))
        if len(unsent) < UNSENT_READ:
            return deadlines.earliest_s
        first += len(unsent)


class _Deadlines:
    """The earliest deadline of the purchases added."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._present_by_s: dict[int, int] = {}
        self.earliest_s: int | None = None

    async def add(self, purchase: Purchase, private: PrivatePart) -> None:
        for leg in purchase.legs:
            if leg.allowance not in self._present_by_s and private.household is not None:
                await self._learn(private.household)
            deadline_s = self._present_by_s.get(leg.allowance)
            if deadline_s is not None:
                self.earliest_s = min(self.earliest_s or deadline_s, deadline_s)

    async def _learn(self, household: int) -> None:
        account = await self._talk.journal.account(household)
        for allowance in account.allowances if account else ():
            self._present_by_s[allowance.number] = allowance.present_by_s
