"""What a household may spend at this till: no doubt about the clock spends a day early or late."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from firmware.entitlements import Account, AllowanceState, Opening, Use, spending_order
from sync.wire.entry import TimeInterval
from sync.wire.kinds import Grade

OPENS_S = 1_000_000
UNTIL_S = 2_000_000
DATED = AllowanceState(
    number=1, tranche=21, left_rial=500, opens_at_s=OPENS_S, released=False, authorize_until_s=UNTIL_S,
    present_by_s=UNTIL_S,
)  # fmt: skip
LOCKED = replace(DATED, opens_at_s=None)


def between(first_s: int, last_s: int, grade: Grade = Grade.TRUSTED) -> TimeInterval:
    return TimeInterval(not_before_s=first_s, span_s=last_s - first_s, grade=grade)


def opening(allowance: AllowanceState, time: TimeInterval, *, stated_time_opens: bool = True) -> Opening:
    return allowance.opening(time, stated_time_opens=stated_time_opens)


@pytest.mark.parametrize(
    ("not_before_s", "expected"),
    [
        (OPENS_S - 1, Opening.OPENS_LATER),
        (OPENS_S, Opening.USABLE),
        (OPENS_S + 1, Opening.USABLE),
    ],
)
def test_the_lower_end_of_the_time_opens(not_before_s: int, expected: Opening) -> None:
    assert opening(DATED, between(not_before_s, OPENS_S + 100)) is expected


@pytest.mark.parametrize(
    ("not_after_s", "expected"),
    [(UNTIL_S - 1, Opening.USABLE), (UNTIL_S, Opening.USABLE), (UNTIL_S + 1, Opening.EXPIRED)],
)
def test_the_upper_end_of_the_time_expires(not_after_s: int, expected: Opening) -> None:
    assert opening(DATED, between(UNTIL_S - 100, not_after_s)) is expected


def test_without_a_date_only_the_announcement_opens() -> None:
    late = between(UNTIL_S - 1, UNTIL_S)
    assert opening(LOCKED, late) is Opening.NOT_ANNOUNCED
    assert opening(replace(LOCKED, released=True), late) is Opening.USABLE


def test_an_announcement_opens_before_the_date() -> None:
    assert opening(replace(DATED, released=True), between(0, 1)) is Opening.USABLE


def test_what_was_announced_still_expires() -> None:
    assert opening(replace(LOCKED, released=True), between(0, UNTIL_S + 1)) is Opening.EXPIRED


@pytest.mark.parametrize(
    ("grade", "stated_time_opens", "expected"),
    [
        (Grade.STATED, True, Opening.USABLE),
        (Grade.STATED, False, Opening.OPENS_LATER),
        (Grade.ESTIMATED, False, Opening.USABLE),
        (Grade.TRUSTED, False, Opening.USABLE),
    ],
)
def test_a_keyed_date_opens_only_where_the_policy_believes_it(
    grade: Grade, stated_time_opens: bool, expected: Opening
) -> None:
    time = between(OPENS_S, OPENS_S, grade)
    assert opening(DATED, time, stated_time_opens=stated_time_opens) is expected


def test_the_announcement_opens_whatever_the_policy_thinks_of_keyed_dates() -> None:
    time = between(OPENS_S, OPENS_S, Grade.STATED)
    assert opening(replace(LOCKED, released=True), time, stated_time_opens=False) is Opening.USABLE


def test_earliest_expiry_is_spent_first_then_oldest_tranche_then_lowest_number() -> None:
    first = replace(DATED, number=9, tranche=30, authorize_until_s=UNTIL_S - 1)
    second = replace(DATED, number=8, tranche=20)
    third = replace(DATED, number=6, tranche=21)
    fourth = replace(DATED, number=7, tranche=21)
    assert sorted((fourth, third, second, first), key=spending_order) == [first, second, third, fourth]
    account = Account(1, 1, (fourth, second, first, third), 0, Use(0, 0))
    assert account.usable(between(OPENS_S, OPENS_S), stated_time_opens=True) == (first, second, third, fourth)


def test_what_is_used_up_or_not_open_is_not_usable() -> None:
    used_up, later = replace(DATED, number=2, left_rial=0), replace(DATED, number=3, opens_at_s=UNTIL_S)
    account = Account(1, 1, (used_up, later, LOCKED, DATED), 0, Use(0, 0))
    assert account.usable(between(OPENS_S, OPENS_S), stated_time_opens=True) == (DATED,)
