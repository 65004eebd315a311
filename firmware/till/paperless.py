"""Selling while nothing prints: for a day without a printer, or until the next roll of paper.

Rules:
- Only a till that people hear or see without its printer (a sound device, a display, a screen) goes on; one whose only voice
  is the printer sells nothing, for nobody confirms what nobody was told. What paper would have asked is then on the display
  or screen, or is said by the shopkeeper, whom a sound has called.
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
from firmware.till.states import State
from sync.wire.kinds import DeclineReason

if TYPE_CHECKING:
    from drivers.printer.slip import Slip
    from firmware.till.talk import Talk

OWED_MAX = 64
"""As many as the draft file can say of that they had begun, and as a start looks for."""


async def ask(talk: Talk, block: Slip, *, credit_rial: int) -> State:
    """Print the block that Enter or a PIN will confirm, and wait; without paper, if that much may be sold so."""
    if await talk.show(block):
        return State.TOTALED
    if not talk.paper.speaks_without_printer():
        return talk.rest()
    private = talk.presented.private() if credit_rial and talk.presented is not None else None
    total_rial, policy = talk.basket.total_rial, talk.journal.policy
    owed_max = OWED_MAX if policy is None else min(OWED_MAX, policy.limits.device_purchases)
    if len(talk.owed) >= owed_max:
        rows = (purchases_limit_row(owed_max),)
        await talk.decline(DeclineReason.NO_PAPER, total_rial=total_rial, private=private, rows=rows)
        return talk.rest()
    if policy is not None and credit_rial > policy.limits.stated_purchase_credit_rial:
        rows = (limit_row(policy.limits.stated_purchase_credit_rial),)
        await talk.decline(DeclineReason.PURCHASE_LIMIT, total_rial=total_rial, private=private, rows=rows)
        return talk.rest()
    await talk.beep(Sound.LOOK)
    return State.TOTALED
