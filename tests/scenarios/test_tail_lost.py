"""A till that lost the tail of its journal learns it from the center's signature, and sells nothing more on credit. One whose
journal was emptied sends nothing that would stand at the center as a fork.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from firmware.boot import booted
from firmware.courier import Fate
from sync.wire.facts import CashSale
from tests.scenarios.countryside import Countryside, earned_rial
from tests.scenarios.test_village_line import errors
from tests.scenarios.village_line import go

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from firmware.journal.journal import Journal
    from tests.scenarios.countryside import Till
    from tests.scenarios.village_line import Trip

SOLD = 1_000_000
SAVED = "saved"


@pytest.fixture(scope="module")
def sold(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A country with one till that sold twice; in between its journal was saved, as a card may hold it that forgets."""
    folder = tmp_path_factory.mktemp("country")
    made = Countryside.founded(folder)
    try:
        till = made.till()
        till.visit_by_line()
        made.lab.order("allot")
        till.visit_by_line()

        async def saved(_: Journal) -> None:
            (folder / SAVED).mkdir()
            for path in (folder / "till-0").glob("journal.db*"):
                shutil.copy(path, folder / SAVED)

        till.sell(1, SOLD)
        till.day(saved)
        for household in (2, 3):
            till.sell(household, SOLD)
        go(till)
    finally:
        made.close()
    return folder


@pytest.fixture
def country(sold: Path, tmp_path: Path) -> Iterator[Countryside]:
    shutil.copytree(sold, tmp_path / "country")
    made = Countryside(tmp_path / "country", tills=1)
    yield made
    made.close()


def lose(tmp_path: Path, *, all_of_it: bool) -> None:
    """The journal's file is gone, or is what it once was."""
    folder = tmp_path / "country"
    for path in (folder / "till-0").glob("journal.db*"):
        path.unlink()
    if not all_of_it:
        for path in (folder / SAVED).iterdir():
            shutil.copy(path, folder / "till-0")


def is_unblamed(country: Countryside, till: Till) -> bool:
    """Whether the center holds what it held, and nothing against this device."""
    row = country.lab.sql("SELECT held, suspended_from FROM device WHERE number = ?", till.number)[0]
    strays = country.lab.sql("SELECT COUNT(*) AS n FROM stray")[0]["n"]
    return row["suspended_from"] is None and not strays and earned_rial(country) == 3 * SOLD


def starts_and_goes(till: Till) -> Trip:
    till.day(booted)
    return go(till, visits=3)


def test_a_till_whose_journal_was_emptied_asks_first_and_is_not_blamed(
    country: Countryside, tmp_path: Path
) -> None:
    till = country.tills[0]
    held = till.fact("head").sequence
    lose(tmp_path, all_of_it=True)
    trip = starts_and_goes(till)
    assert errors(trip) == ["exchange failed"], "said once"
    assert "TailLost" in "".join(trip.lines)
    assert not [news for news in trip.news if news.link_is_up is False], "the line is good"
    assert till.fact("tail_lost") == held
    assert is_unblamed(country, till)


def test_a_till_that_lost_a_part_is_suspended_at_worst(country: Countryside, tmp_path: Path) -> None:
    """It cannot know before it asks, and what it wrote since stands at the center as a fork; nothing is taken back."""
    till = country.tills[0]
    held = till.fact("head").sequence
    lose(tmp_path, all_of_it=False)
    trip = starts_and_goes(till)
    assert "TailLost" in "".join(trip.lines)
    assert till.fact("tail_lost") == held
    row = country.lab.sql("SELECT held, suspended_why FROM device WHERE number = ?", till.number)[0]
    assert row["held"] == held
    assert row["suspended_why"].startswith("fork")
    assert earned_rial(country) == 3 * SOLD


def test_one_that_goes_on_selling_for_cash_past_the_center_s_head_is_told_the_same(
    country: Countryside, tmp_path: Path
) -> None:
    till = country.tills[0]
    held = till.fact("head").sequence
    lose(tmp_path, all_of_it=True)

    async def sell_for_cash(journal: Journal) -> None:
        for _ in range(held):
            await journal.commit(journal.draft(CashSale(total_rial=1000)))

    till.day(sell_for_cash)
    trip = go(till, visits=1)
    assert "another history" in "".join(trip.lines)
    assert till.fact("tail_lost") == held
    assert is_unblamed(country, till)


def test_a_stick_tells_it_too_and_takes_nothing_along(country: Countryside, tmp_path: Path) -> None:
    till = country.tills[0]
    held = till.fact("head").sequence
    country.lab.order("export", path=str(country.stick), devices=[till.number])
    lose(tmp_path, all_of_it=True)
    news = till.visit()
    assert [one.fate for one in news] == [Fate.REFUSED, Fate.REFUSED]
    assert "that this journal has lost" in news[-1].words
    assert till.fact("tail_lost") == held
    assert [path.name for path in country.stick.iterdir()] == [news[0].file]
    assert is_unblamed(country, till)


def test_a_till_that_lost_nothing_is_asked_no_more_than_before(country: Countryside) -> None:
    till = country.tills[0]
    till.sell(4, SOLD)
    go(till)
    assert not till.fact("tail_lost")
    assert earned_rial(country) == 4 * SOLD


def test_it_is_replaced_by_itself_with_a_new_number_and_chain(country: Countryside, tmp_path: Path) -> None:
    """The whole way out: told, made empty, enrolled in the place of what it was."""
    till = country.tills[0]
    lost, reserved_rial = till.number, credit(country)["reserved_rial"]
    lose(tmp_path, all_of_it=True)
    go(till, visits=1)
    till.empty()
    till.enroll(replaces=lost)
    assert till.number != lost
    trip = go(till)
    assert not errors(trip)
    assert not till.fact("tail_lost")
    row = country.lab.sql("SELECT suspended_why FROM device WHERE number = ?", lost)[0]
    assert row["suspended_why"].startswith("replaced")
    assert not country.lab.sql("SELECT * FROM stray")
    assert credit(country)["reserved_rial"] == reserved_rial, "what is lost may still come on paper"
    country.later(days=123)
    go(till)
    assert credit(country)["reserved_rial"] < reserved_rial, (
        "and falls back at the second deadline where it does not"
    )


def credit(country: Countryside) -> dict[str, int]:
    found: dict[str, int] = country.lab.report()["credit"]
    return found
