"""The fault matrix of batches that leave out what both sides know from the chain before them."""

from __future__ import annotations

import itertools
import shutil
from functools import partial
from typing import TYPE_CHECKING

import pytest

from sync.central.chains import unsigned
from sync.uplink.correspondence import Correspondence
from sync.uplink.exchange import Standing
from sync.uplink.ports import Parties
from sync.wire import cose
from sync.wire.batches import known_before
from sync.wire.batches.batch import dictionary_named, size_of
from sync.wire.exchange import ExchangeRequest, Span
from tests.scenarios.countryside import OWN_RIAL, Countryside, all_is_equal, earned_rial
from tests.scenarios.test_village_line import FAULTS, errors
from tests.scenarios.village_line import go
from tests.sync.central.device import piece

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from firmware.journal.journal import Journal
    from tests.scenarios.countryside import Till
    from tests.scenarios.village_line import Passing

SOLD = 1_000_000
LINES = (*(piece(good, 100_000 + good) for good in range(1, 8)), piece(8, SOLD + OWN_RIAL - 700_028))
HOUSEHOLDS = range(1, 5)
NO_BATCH_PASSES = {"delayed", "captive portal", "redirect", "bad gateway", "no connection"}
"""These fare alike whatever is in a batch."""


@pytest.fixture(scope="module")
def bought(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A country with one till whose center holds what everybody bought there once."""
    folder = tmp_path_factory.mktemp("country")
    made = Countryside.founded(folder)
    try:
        till = made.till()
        till.visit_by_line()
        made.lab.order("allot")
        till.visit_by_line()
        sell_to_all(till)
        go(till)
    finally:
        made.close()
    return folder


@pytest.fixture
def country(bought: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Countryside]:
    """The same, where a dictionary goes up to the last entry or nearly so."""
    monkeypatch.setattr(known_before, "STEP_ENTRIES", 2)
    shutil.copytree(bought, tmp_path / "country")
    made = Countryside(tmp_path / "country", tills=1)
    yield made
    made.close()


def sell_to_all(till: Till) -> None:
    """The same basket for everybody."""
    members = [till.country.member(household) for household in HOUSEHOLDS]

    async def story(journal: Journal) -> None:
        for member in members:
            await till.sell_to(journal, member, SOLD, LINES)

    till.day(story)


def named(country: Countryside) -> int:
    """How many dictionaries the center has made for batches that named them."""
    return len(country.lab.center.dictionaries)


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault not in NO_BATCH_PASSES])
def test_an_upload_arrives_once_whatever_happens_to_it(country: Countryside, fault: str) -> None:
    till = country.tills[0]
    sell_to_all(till)
    member = country.member(1)

    async def sells_on(journal: Journal) -> None:
        """Somebody buys while the upload is under way."""
        await till.sell_to(journal, member, SOLD)

    go(till, FAULTS[fault](), faults=3, before=sells_on)
    assert named(country)
    assert earned_rial(country) == 9 * SOLD
    all_is_equal(country, *country.tills)


def test_a_center_restored_from_before_what_a_dictionary_is_made_of_gets_all_again(
    country: Countryside, tmp_path: Path
) -> None:
    till = country.tills[0]
    country.save(tmp_path / "backup")
    sell_to_all(till)
    go(till)
    country.restore(tmp_path / "backup")
    sell_to_all(till)
    trip = go(till)
    assert errors(trip) == ["center restored"]
    go(till)
    assert named(country)
    assert earned_rial(country) == 12 * SOLD
    all_is_equal(country, *country.tills)


def test_what_a_stick_brought_is_known_on_the_line_and_the_other_way_round(country: Countryside) -> None:
    till = country.tills[0]
    sell_to_all(till)
    till.put()
    country.import_()
    sell_to_all(till)
    go(till)
    assert named(country) == 1
    till.visit()
    country.import_()
    till.take()
    go(till)
    assert earned_rial(country) == 12 * SOLD
    all_is_equal(country, *country.tills)


@pytest.mark.parametrize("lost", [False, True])
def test_a_center_that_lost_an_entry_of_it_asks_once_for_the_batch_without(
    country: Countryside, lost: bool
) -> None:
    """A hole, as far as dictionaries go: the till has an entry that the center has not."""
    till = country.tills[0]
    at = country.lab.sql("SELECT sequence FROM purchase")[0]["sequence"]
    if lost:
        country.lab.sql("UPDATE entry SET private = NULL WHERE sequence = ?", at)
    batches: list[bytes] = []

    async def heard(passing: Passing) -> None:
        body = passing.request.partition(b"\r\n\r\n")[2]
        batches.append(ExchangeRequest.from_cbor(cose.parse(body, what="request").payload).batch)
        await passing.answer(await passing.ask())

    sell_to_all(till)
    trip = go(till, heard, faults=9)
    named_one = [(size_of(batch), dictionary_named(batch) is not None) for batch in batches]
    everybody, clock_set, mail_applied = len(HOUSEHOLDS), 1, 1
    again = everybody + clock_set if lost else clock_set + mail_applied
    assert named_one == [(everybody, True), (again, False), (mail_applied, False)]
    assert trip.visits == 1
    assert earned_rial(country) == 8 * SOLD
    assert till.fact("acknowledged") == country.lab.sql("SELECT held FROM device")[0]["held"]


def test_who_wants_signatures_does_not_refuse_what_is_known(country: Countryside) -> None:
    """Both are answered with a span that is wanted verbatim; a batch that was taken was read."""
    till, center = country.tills[0], country.lab.center
    members = [country.member(household) for household in HOUSEHOLDS]
    ticks = itertools.count(step=60_000)

    async def story(journal: Journal) -> list[bool]:
        identity = journal.identity
        names: list[bool] = []
        talk = Correspondence(
            Parties(identity.device, identity.key, identity.trusted), journal, country.line,
            standing=Standing(journal.epoch, journal.statement, journal.acknowledged),
            monotonic_ms=lambda: next(ticks), random_bytes=center.chance,
        )  # fmt: skip
        wanted = Span(first=0, last=0)
        while len(names) < 3:
            await center.run(partial(unsigned.want, device=identity.device, span=wanted))
            wanted = Span(first=journal.head.sequence, last=journal.head.sequence + 1)
            for member in members:
                await till.sell_to(journal, member, SOLD, LINES)
            before = named(country)
            told = await talk.exchange()
            assert (told.answer.verbatim is None) == (not names), "what was sold before is wanted"
            names.append(named(country) > before)
            while (await talk.exchange()).more:
                pass
        return names

    assert till.day(story) == [True, True, True]
    assert country.lab.report()["devices"][0]["unsigned"] > 0, "the line is slow"
    assert not country.lab.sql(
        "SELECT 1 FROM unsigned JOIN device ON sequence BETWEEN wanted_first AND wanted_last"
    )
