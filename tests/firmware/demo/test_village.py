"""The village is synthetic, whole, and the same each time."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from firmware.demo.village import (
    LOW,
    MEMBERS_OF_THE_FIRST,
    MIDDLE,
    OTHER_SHOP,
    SHOP,
    SUPPORTED,
    UPPER,
    village,
)
from sync.wire.numbers import is_national_id

if TYPE_CHECKING:
    from pathlib import Path


def test_all_cohorts_live_there() -> None:
    people = village(120)
    assert len(people.at_the_shop) == 120
    assert {one.cohort for one in people.at_the_shop} == {SUPPORTED, LOW, MIDDLE, UPPER}
    assert {one.shop for one in people.households} == {SHOP, OTHER_SHOP}


def test_national_ids_are_valid_and_told_from_real_ones() -> None:
    people = village(120)
    ids = [one.national_id for one in people.households]
    assert all(is_national_id(one) and one.startswith("999") for one in ids)
    assert len(set(ids)) == len(ids)
    assert is_national_id(people.unknown_national_id)
    assert people.unknown_national_id not in ids


def test_the_cast_has_the_members_that_the_story_counts_on() -> None:
    people = village(120)
    for cohort, members in MEMBERS_OF_THE_FIRST.items():
        assert [people.of(cohort, place).members for place in range(1, len(members) + 1)] == list(members)


def test_the_village_is_the_same_each_time() -> None:
    assert village(60) == village(60)


def test_the_list_for_the_center_numbers_households_by_row(tmp_path: Path) -> None:
    people = village(30)
    people.write(tmp_path / "list.csv")
    with (tmp_path / "list.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["national_id"] for row in rows] == [one.national_id for one in people.households]
    assert [one.number for one in people.households] == list(range(1, len(rows) + 1))
