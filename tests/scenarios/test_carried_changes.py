"""The fault matrix of what anybody carries, while the center, clocks and credentials change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from firmware.courier import Fate
from tests.scenarios.countryside import Countryside, Till, all_is_equal, earned_rial, round_trip

if TYPE_CHECKING:
    from pathlib import Path

    from firmware.courier import News

SOLD = 2_000_000


def trip(country: Countryside, till: Till) -> tuple[News, ...]:
    """To the center and back."""
    till.visit()
    country.import_()
    return till.take()


@pytest.mark.parametrize("says_so", [True, False], ids=["a new epoch was ordered", "nobody noticed"])
def test_a_center_restored_from_a_backup_gets_back_by_stick_what_it_forgot(
    country: Countryside, till: Till, tmp_path: Path, says_so: bool
) -> None:
    country.save(tmp_path / "backup")
    till.sell(1, SOLD)
    round_trip(country, till)
    country.restore(tmp_path / "backup")
    if says_so:
        country.lab.order("epoch open", devices=None)
    till.sell(2, SOLD)
    told = [news.words for _ in range(3) for news in trip(country, till)]
    assert any("restored from a backup, and what it has forgotten goes up again" in words for words in told)
    for _ in range(2):
        round_trip(country, till)
    assert earned_rial(country) == 2 * SOLD
    all_is_equal(country, till)


def test_an_answer_from_before_the_restoration_is_not_believed_any_more(
    country: Countryside, till: Till, tmp_path: Path
) -> None:
    country.save(tmp_path / "backup")
    till.sell(1, SOLD)
    till.put()
    country.import_()
    forgotten = (country.stick / "S1001.A01").read_bytes()
    country.restore(tmp_path / "backup")
    country.lab.order("epoch open", devices=None)
    round_trip(country, till)
    (country.stick / "S1001.A01").write_bytes(forgotten)
    (news,) = till.take()
    assert (news.fate, news.mail) == (Fate.OLD, ())
    round_trip(country, till)
    assert earned_rial(country) == SOLD
    all_is_equal(country, till)


@pytest.mark.parametrize("years", [-30, 30])
def test_a_clock_that_is_decades_off_carries_no_entry_away(
    country: Countryside, till: Till, years: int
) -> None:
    till.sell(1, SOLD)
    till.clock.wall_s += years * 365 * 86_400
    round_trip(country, till)
    till.clock.wall_s -= years * 365 * 86_400
    till.sell(2, SOLD)
    round_trip(country, till)
    assert earned_rial(country) == 2 * SOLD
    all_is_equal(country, till)


def test_a_credential_that_ended_is_renewed_by_stick(country: Countryside, till: Till) -> None:
    ended_s = till.identity.credential.until_s
    country.later((ended_s - country.lab.clock.at_s) // 86_400 + 100)
    for _ in range(3):
        trip(country, till)
    assert till.fact("identity").credential.until_s > country.lab.clock.at_s
    round_trip(country, till)
    all_is_equal(country, till)


def test_signatures_that_a_slow_line_left_behind_come_by_stick(country: Countryside, till: Till) -> None:
    for household in (1, 2, 3, 4):
        till.sell(household, SOLD)
    till.visit_by_line(step_ms=60_000)
    lacking = "SELECT COUNT(*) AS n FROM unsigned"
    assert country.lab.sql(lacking)[0]["n"] > 0
    for _ in range(2):
        till.visit()
        country.import_()
        till.visit()
        country.import_()
    assert country.lab.sql(lacking)[0]["n"] == 0
    round_trip(country, till)
    assert earned_rial(country) == 4 * SOLD
    all_is_equal(country, till)
