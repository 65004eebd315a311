"""Slips that must come out whatever happens: receipts, voids, refunds, closings.

The entry is committed before a byte of its slip leaves, so the slip is owed from then on; what is owed longer comes first.
The draft file says which slip was printed last and which had begun; what comes out again after a byte may have left is
marked as a copy. Where the draft cannot know, because the machine itself went down, a copy it is.

One at a time: after a day without a printer many are owed, and whoever comes to the counter meanwhile is served between two
of them. Never into an open basket's strip: one household's receipt does not hang on another's paper.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.errors import WriteInterrupted
from drivers.sound import Sound
from firmware.receipt.prompt_slips import Prompt
from firmware.till.slips_of import Printable, whole_slip

if TYPE_CHECKING:
    from drivers.printer.slip import Slip
    from firmware.till.draft_file import Draft
    from firmware.till.talk import Talk
    from sync.wire.entry import Entry


async def print_owed(talk: Talk, entry: Entry, slip: Slip) -> None:
    """Print the slip of `entry`, which was committed just now, or what is owed longer; what does not come out stays owed."""
    older = bool(talk.owed)
    talk.owed.append(entry.sequence)
    printed = await print_next(talk) if older else await _print(talk, entry, slip)
    if not printed:
        await talk.beep(Sound.LOOK)


async def print_next(talk: Talk) -> bool:
    """Print what is owed longest, if anything is. False if it did not come out."""
    if not talk.owed:
        return True
    entry = await talk.journal.entry(talk.owed[0])
    assert entry is not None, "what is owed is in the journal"
    begun = entry.sequence in talk.begun
    printed = await _print(talk, entry, await whole_slip(talk, entry, copy=begun))
    if printed and begun:
        await talk.prompt(Prompt.PRINTER_CAME_BACK)
    return printed


async def _print(talk: Talk, entry: Entry, slip: Slip) -> bool:
    had_begun = entry.sequence in talk.begun
    talk.begun.add(entry.sequence)
    talk.save()
    try:
        await talk.paper.print(slip)
    except WriteInterrupted as error:
        if not error.started and not had_begun:
            talk.begun.discard(entry.sequence)
            talk.save()
        return False
    talk.printed = entry.sequence
    talk.owed.remove(entry.sequence)
    talk.begun.discard(entry.sequence)
    talk.save()
    return True


async def recover(talk: Talk, draft: Draft | None, tail: list[Entry]) -> None:
    """At start-up: find the slips that the process before still owed, among the last entries."""
    printed = None if draft is None else draft.printed
    printable = [entry.sequence for entry in tail if isinstance(entry.fact, Printable)]
    if draft is None:
        # Nobody knows how far paper got: the last one is enough, and the next start must not look further back either.
        talk.owed = printable[-1:]
        talk.printed = (talk.owed[0] if talk.owed else talk.journal.head.sequence) - 1
    else:
        talk.owed = [n for n in printable if printed is None or n > printed]
        talk.printed = printed
    if not talk.owed:
        return
    same_machine = draft is not None and draft.machine_boot == talk.settings.machine_boot
    talk.begun = set(draft.begun) & set(talk.owed) if draft is not None and same_machine else set(talk.owed)
    if talk.begun:
        await talk.prompt(Prompt.PARTLY_PRINTED)
    await print_next(talk)
