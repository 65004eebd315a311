"""Undoing a wrong enrollment from the keypad, before anything was sold: afterwards the chain is the shop's, and stays.

Who undoes it keys the device's number as it stands on the shop's slip: a slip of the finger undoes nothing. A till that has lost its
journal's tail is made empty in the same way, for it must be enrolled anew; until then it sells nothing, so the operator's PIN guards
it there. Nothing is undone over goods that lie in a basket. What then happens to the till's files is `firmware.enrolling`'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.sound import Sound
from firmware.receipt.prompt_slips import Prompt

if TYPE_CHECKING:
    from firmware.till.states import State
    from firmware.till.talk import Talk


async def may_be_undone(talk: Talk) -> bool:
    """Whether this till has sold nothing yet, on credit or for cash, or nothing more that counts: its journal lost its tail."""
    journal = talk.journal
    if journal.tail_lost:
        return True
    return not journal.counters.purchases and not await journal.has_sold_for_cash()


def is_guarded(talk: Talk) -> bool:
    """Whether the operator must agree: the till still sells for cash, and the journal knows who its operator is."""
    return bool(talk.journal.tail_lost) and talk.journal.shop is not None


async def refused(talk: Talk) -> bool:
    """Whether it cannot be now; then it is said why."""
    if not await may_be_undone(talk):
        await talk.look(Prompt.UNDO_TOO_LATE)
    elif talk.basket.lines or talk.presented or talk.held:
        await talk.look(Prompt.UNDO_OPEN_BASKET)
    else:
        return False
    return True


async def ask(talk: Talk) -> None:
    """Say what would be undone and ask for the device's number."""
    from firmware.receipt.enrollment_slips import undo_slip  # noqa: PLC0415 -- hardly ever

    await talk.show(undo_slip(device=talk.journal.identity.device))


async def undo(talk: Talk, typed: str) -> State:
    """The number was keyed: mark the enrollment as undone and end the conversation; or nothing, if it is another."""
    if await refused(talk):
        return talk.rest()
    if typed != str(talk.journal.identity.device):
        await talk.look(Prompt.UNDO_OTHER_DEVICE)
    else:
        await talk.beep(Sound.APPROVED)
        talk.settings.undo_enrollment(talk.journal.identity.device)
    return talk.rest()
