"""Selling while nothing prints: for a day without a printer, or until the next roll of paper.

Rules:
- Trade goes on where people see or hear the till without its printer. What paper would have asked is then on the display or
  screen, or is said by the shopkeeper, whom a sound or the keypad's light has called.
- Where amounts are shown nowhere, the household's PIN must not confirm what nobody knows: the shopkeeper reckons the sum,
  says it, and keys it; only the right sum goes on to the PIN. What credit pays is what he keyed before TOTAL, else all of it:
  the till never takes less or more than was said, but for what makes the cash payable in coins.
- A till whose last voice is the keypad's light has somebody count its flashes first: `firmware.desk.light`.
- The policy bounds what is sold so: the credit part of one purchase by what it allows a till that does not know the time
  (`stated_purchase_credit_rial`), receipts that are owed by the purchases of a till without network (`device_purchases`),
  and in any case by `OWED_MAX`.
- Voids, refunds and a typed national ID wait for paper.
- What was sold is owed on paper: `firmware.till.owed`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.sound import Sound
from firmware.receipt.decline_slips import limit_row, purchases_limit_row
from firmware.receipt.prompt_slips import Prompt
from firmware.till.goods import toman_typed
from firmware.till.states import State
from sync.wire.kinds import DeclineReason
from sync.wire.money import RIAL_PER_TOMAN

if TYPE_CHECKING:
    from drivers.printer.slip import Slip
    from firmware.till.grammar import Confirm, Number
    from firmware.till.talk import Talk

OWED_MAX = 64
"""As many as the draft file can say of that they had begun, and as a start looks for."""


async def ask(talk: Talk, block: Slip) -> State:
    """Print the block that Enter or a PIN will confirm, and wait; without paper, if that much may be sold so.

    `talk.shown` is what the block says.
    """
    if await talk.show(block):
        return State.TOTALED
    paper = talk.paper
    if paper.shows_amounts():
        if await _refused(talk):
            return talk.rest()
        await talk.beep(Sound.LOOK)
        return State.TOTALED
    if paper.is_heard():
        return talk.rest() if await _refused(talk) else await _ask_for_sum(talk)
    return await _ask_for_flashes(talk)


async def flashes_counted(talk: Talk, command: Number) -> State:
    """Somebody says how often the light flashed: if it is so, it has been seen, and is a voice from now on."""
    if command.typed != str(talk.flashes):
        return await _ask_for_flashes(talk)
    talk.paper.flashes_were_counted()
    if await _refused(talk):
        return talk.rest()
    await talk.beep(Sound.ACCEPTED)
    return await _ask_for_sum(talk)


async def flash_again(talk: Talk, _: Confirm) -> State:
    """Enter alone: whoever looked away may count once more."""
    return await _ask_for_flashes(talk)


async def sum_typed(talk: Talk, command: Number) -> State:
    """The sum, as the people at the counter have it: the till's own, or nothing goes on."""
    typed_rial = toman_typed(command.typed)
    # A weighed line ends in single rials, which nobody reckons.
    if typed_rial is None or abs(typed_rial - talk.basket.total_rial) >= RIAL_PER_TOMAN:
        return await talk.look(Prompt.TOTAL)
    await talk.beep(Sound.ACCEPTED)
    return State.TOTALED


async def _refused(talk: Talk) -> bool:
    """Whether this may not be sold without paper, which was journaled and said then."""
    shown, policy, total_rial = talk.shown, talk.journal.policy, talk.basket.total_rial
    assert shown is not None, "a block was to be printed"
    credit_rial = 0 if shown.approval is None else shown.approval.credit_rial
    private = talk.presented.private() if credit_rial and talk.presented is not None else None
    owed_max = OWED_MAX if policy is None else min(OWED_MAX, policy.limits.device_purchases)
    if len(talk.owed) >= owed_max:
        rows = (purchases_limit_row(owed_max),)
        await talk.decline(DeclineReason.NO_PAPER, total_rial=total_rial, private=private, rows=rows)
        return True
    if policy is not None and credit_rial > policy.limits.stated_purchase_credit_rial:
        rows = (limit_row(policy.limits.stated_purchase_credit_rial),)
        await talk.decline(DeclineReason.PURCHASE_LIMIT, total_rial=total_rial, private=private, rows=rows)
        return True
    return False


async def _ask_for_flashes(talk: Talk) -> State:
    talk.flashes = talk.paper.flash()
    return talk.rest() if talk.flashes is None else State.FLASHES


async def _ask_for_sum(talk: Talk) -> State:
    if not _credit_is_as_said(talk):
        await talk.look(Prompt.CREDIT_PART)
        return talk.rest()
    await talk.beep(Sound.LOOK)
    return State.SUM


def _credit_is_as_said(talk: Talk) -> bool:
    shown, policy = talk.shown, talk.journal.policy
    assert shown is not None, "a block was to be printed"
    if shown.approval is None or policy is None:
        return True
    said_rial = shown.approval.total_rial if shown.cap_rial is None else shown.cap_rial
    return said_rial - shown.approval.credit_rial < max(policy.cash_step_rial, 1)
