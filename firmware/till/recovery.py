"""After a start: the receipt that is owed, the baskets that lay open, a one-time code that waits for its purchase.

The draft file only reminds; what it says is believed as far as the journal bears it out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from firmware.receipt.fixed_parts import Household
from firmware.till import owed
from firmware.till.draft_file import open_basket, read_draft
from firmware.till.selling import reopen
from firmware.till.talk import Presented, Tries
from sync.wire.facts import Closing, CodeOutcome, OperatorPinFailure, Purchase, Refund, Void

if TYPE_CHECKING:
    from firmware.till.draft_file import Draft
    from firmware.till.talk import Talk
    from sync.wire.entry import Entry

LOOK_BACK_ENTRIES = 32
"""A flicker is short: what waits, waits near the end of the journal."""
OWED_BACK_ENTRIES_MAX = 512
"""After a day without a printer more is owed: so far back it is looked for, from the last slip that was printed."""


async def recover(talk: Talk) -> None:
    """Bring the talk back to where it was, as far as that is safe."""
    draft = read_draft(talk.settings.draft_path)
    tail = await _tail(talk, draft)
    _count_tries(talk, tail)
    await owed.recover(talk, draft, tail)
    if draft is None:
        return
    sold = any(_sold(entry, draft) for entry in tail)
    await _reopen_baskets(talk, draft, with_counter=not sold)
    if not sold:
        _take_code(talk, draft, tail)


async def _tail(talk: Talk, draft: Draft | None) -> list[Entry]:
    head = talk.journal.head.sequence
    near = head - LOOK_BACK_ENTRIES
    first = near if draft is None else min(near, 0 if draft.printed is None else draft.printed + 1)
    start = max(0, first, head - OWED_BACK_ENTRIES_MAX)
    entries = [await talk.journal.entry(n) for n in range(start, head)]
    return [entry for entry in entries if entry is not None]


def _sold(entry: Entry, draft: Draft) -> bool:
    """Whether the basket on the counter was sold before its draft could be thrown away."""
    newer = draft.printed is None or entry.sequence > draft.printed
    counter = next((basket for basket in draft.baskets if basket.number == 0), None)
    if counter is None or not newer or not entry.lines:
        return False
    return entry.lines == open_basket(counter).wire()


async def _reopen_baskets(talk: Talk, draft: Draft, *, with_counter: bool) -> None:
    baskets = {stored.number: open_basket(stored) for stored in draft.baskets}
    talk.held = {number: basket for number, basket in baskets.items() if number and basket.lines}
    counter = baskets.get(0)
    if with_counter and counter is not None and counter.lines:
        await reopen(talk, 0, counter)


def _take_code(talk: Talk, draft: Draft, tail: list[Entry]) -> None:
    used = {entry.private.code_entry for entry in tail if isinstance(entry.fact, Purchase) and entry.private}
    for entry in tail:
        private = entry.private
        right = isinstance(entry.fact, CodeOutcome) and entry.fact.right
        if entry.sequence != draft.code_entry or not right or private is None or entry.sequence in used:
            continue
        if private.household is not None:
            talk.presented = Presented(
                household=private.household, card=private.card, code=private.code, code_entry=entry.sequence,
                shown=Household(card="" if private.card is None else str(private.card)),
            )  # fmt: skip


def _count_tries(talk: Talk, tail: list[Entry]) -> None:
    """Wrong operator PINs and codes in a row go on counting over a restart, and so does the lock that they brought."""
    policy = talk.journal.policy
    since_s = talk.journal.keeper.now().not_before_s - talk.settings.lock_ms // 1000
    for entry in tail:
        if entry.time.not_after_s < since_s:
            continue
        if isinstance(entry.fact, OperatorPinFailure):
            talk.operator.failures = entry.fact.failures
        elif isinstance(entry.fact, Void | Refund | Closing):
            talk.operator.failures = 0
        elif isinstance(entry.fact, CodeOutcome):
            talk.codes.failures = 0 if entry.fact.right else talk.codes.failures + 1
    _lock(talk, talk.operator, policy.limits.operator_pin_tries if policy else 0)
    _lock(talk, talk.codes, talk.settings.code_tries)


def _lock(talk: Talk, tries: Tries, tries_max: int) -> None:
    if tries_max and tries.failures >= tries_max:
        tries.failures = 0
        tries.locked_until_ms = talk.now_ms + talk.settings.lock_ms
