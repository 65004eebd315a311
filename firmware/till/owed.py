"""Slips that must come out whatever happens: receipts, voids, refunds, closings.

The entry is committed before a byte of its slip leaves, so the slip is owed from then on. The draft file says which slip
was printed last and which had begun; what comes out again after a byte may have left is marked as a copy. Where the
draft cannot know, because the machine itself went down, a copy it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.errors import WriteInterrupted
from firmware.receipt.prompt_slips import Prompt
from firmware.till.slips_of import whole_slip

if TYPE_CHECKING:
    from drivers.slip import Slip
    from firmware.till.draft_file import Draft
    from firmware.till.talk import Talk
    from sync.wire.entry import Entry


async def print_owed(talk: Talk, entry: Entry, slip: Slip) -> bool:
    """Print the slip of `entry`; if it does not come out whole it stays owed. False then."""
    talk.owed = talk.begun = entry.sequence
    talk.save()
    try:
        await talk.paper.print(slip)
    except WriteInterrupted as error:
        if not error.started:
            talk.begun = None
            talk.save()
        return False
    talk.printed, talk.owed, talk.begun = entry.sequence, None, None
    talk.save()
    return True


async def retry(talk: Talk) -> None:
    """Print what is owed, if anything. Called when nobody is waiting for the till."""
    entry = None if talk.owed is None else await talk.journal.entry(talk.owed)
    if entry is None:
        return
    begun = talk.begun == entry.sequence
    slip = await whole_slip(talk, entry, copy=begun)
    if await print_owed_as(talk, entry, slip, begun=begun) and begun:
        await talk.prompt(Prompt.PRINTER_CAME_BACK)


async def print_owed_as(talk: Talk, entry: Entry, slip: Slip, *, begun: bool) -> bool:
    """As `print_owed`, but what had begun before stays begun even if no further byte leaves."""
    done = await print_owed(talk, entry, slip)
    if not done and begun:
        talk.begun = entry.sequence
        talk.save()
    return done


async def recover(talk: Talk, draft: Draft | None) -> None:
    """At start-up: find the slip that the process before still owed."""
    entry = await talk.journal.last_printable()
    if entry is None:
        return
    if draft is not None and draft.printed == entry.sequence:
        talk.printed = entry.sequence
        return
    talk.owed = entry.sequence
    same_machine = draft is not None and draft.machine_boot == talk.settings.machine_boot
    if not same_machine or (draft is not None and draft.begun == entry.sequence):
        talk.begun = entry.sequence
        await talk.prompt(Prompt.PARTLY_PRINTED)
    await retry(talk)
