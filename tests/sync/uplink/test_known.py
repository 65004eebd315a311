"""A dictionary is made once for many batches, of pieces of the journal, and only where it can pay."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from sync.uplink.exchange import pack
from sync.uplink.known import READ_AT_ONCE, Known
from sync.wire.batches import known_before
from sync.wire.batches.batch import dictionary_named
from sync.wire.batches.known_before import known_from
from sync.wire.facts import Purchase
from tests.sync.uplink.world import Notebook
from tests.vectors.batch_parts import MARKET

if TYPE_CHECKING:
    from sync.wire.batches.batch_tables import Dictionary
    from sync.wire.entry import Entry, EntryBytes

BASE = 40


class Counting(Notebook):
    """Counts what is read of it."""

    reads = 0
    most = 0

    async def unsent_entries(self, from_sequence: int, most: int) -> list[EntryBytes]:
        self.reads += 1
        self.most = max(self.most, most)
        return await super().unsent_entries(from_sequence, most)


@pytest.fixture(autouse=True)
def short_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """This chain is short."""
    monkeypatch.setattr(known_before, "STEP_ENTRIES", 20)


def before(known: Known, base: int, entries: list[Entry]) -> Dictionary | None:
    return asyncio.run(known.before(base, [entry.stored for entry in entries]))


BOUGHT = [entry for entry in MARKET if isinstance(entry.fact, Purchase)]
OTHERS = [entry for entry in MARKET if not isinstance(entry.fact, Purchase)]


def test_batches_of_one_step_share_one_that_is_read_in_pieces() -> None:
    notebook = Counting(list(MARKET))
    known = Known(notebook)
    made = before(known, BASE, BOUGHT[:2])
    assert made == known_from(entry.stored for entry in MARKET[:BASE])
    assert (notebook.reads, notebook.most) == (2, READ_AT_ONCE)
    assert before(known, BASE + 1, BOUGHT[:2]) is made
    assert notebook.reads == 2
    assert before(known, BASE - 1, BOUGHT[:2]) != made


def test_less_than_two_purchases_are_not_worth_the_reading() -> None:
    notebook = Counting(list(MARKET))
    known = Known(notebook)
    assert before(known, BASE, []) is None
    assert before(known, BASE, [BOUGHT[0], *OTHERS]) is None
    assert notebook.reads == 0
    assert before(known, BASE, [*BOUGHT[:2], *OTHERS]) is not None


def test_once_it_was_refused_none_is_named() -> None:
    known = Known(Notebook(list(MARKET)))
    known.refused()
    assert before(known, BASE, BOUGHT) is None


def test_the_smaller_batch_is_sent_and_says_which_it_is() -> None:
    known = known_from(entry.stored for entry in MARKET[:BASE])
    one, many = ([entry.stored for entry in MARKET[BASE:][:count]] for count in (1, 9))
    assert not pack(one, known=known).names
    assert dictionary_named(pack(one, known=known).batch) is None
    assert pack(many, known=known).names
    assert len(pack(many, known=known).batch) < len(pack(many).batch)
