"""What a stick says of the time, and what the system's clock is good for."""

from __future__ import annotations

import pytest

from firmware.clock import CHIP_ERROR_S, DOUBT_SPAN_S, agrees
from firmware.errors import ClockRefused
from sync.wire.kinds import Grade
from tests.fakes.hand_clock import HandClock, iran_day_start_s
from tests.fakes.paper_center import DAY_S
from tests.firmware.test_clock import FLOOR_S, cold, interval, powered_on

# The center's time off a stick


def test_a_carried_time_raises_the_floor_and_no_grade() -> None:
    clock, keeper = cold()
    keeper.carried(FLOOR_S + DAY_S)
    assert keeper.now() == interval(FLOOR_S + DAY_S, FLOOR_S + DAY_S + DOUBT_SPAN_S, Grade.DOUBTFUL)
    keeper.carried(FLOOR_S)
    clock.advance_s(10)
    assert keeper.now().not_before_s == FLOOR_S + DAY_S


def test_no_day_is_keyed_that_lies_before_a_carried_time() -> None:
    _, keeper = cold()
    keeper.carried(FLOOR_S + 2 * DAY_S)
    with pytest.raises(ClockRefused, match="behind what is certain"):
        keeper.state_day(iran_day_start_s(FLOOR_S))


def test_a_carried_time_within_the_clock_s_own_changes_nothing_but_the_lower_end() -> None:
    clock = HandClock(FLOOR_S)
    keeper = powered_on(clock, chip_shift_s=0)
    before = keeper.now()
    keeper.carried(before.not_after_s)
    assert keeper.now() == interval(before.not_after_s, before.not_after_s, Grade.TRUSTED)
    clock.advance_s(60)
    assert keeper.now().not_after_s == pytest.approx(before.not_after_s + 60, abs=2)


@pytest.mark.parametrize("ahead_s", [1, 40 * DAY_S])
def test_a_clock_behind_a_carried_time_goes_on_from_there_and_is_an_estimate(ahead_s: int) -> None:
    clock = HandClock(FLOOR_S)
    keeper = powered_on(clock, chip_shift_s=0)
    carried_s = keeper.now().not_after_s + ahead_s
    keeper.carried(carried_s)
    now = keeper.now()
    assert (now.not_before_s, now.grade) == (carried_s, Grade.ESTIMATED)
    clock.advance_s(3600)
    assert keeper.now().not_before_s == pytest.approx(carried_s + 3600, abs=2)


def test_a_keyed_day_that_a_carried_time_overtakes_stays_a_stated_one() -> None:
    _, keeper = cold()
    keeper.state_day(iran_day_start_s(FLOOR_S))
    keeper.carried(FLOOR_S + 3 * DAY_S)
    now = keeper.now()
    assert (now.not_before_s, now.grade) == (FLOOR_S + 3 * DAY_S, Grade.STATED)


# The system's clock, by which certificates are judged


@pytest.mark.parametrize(
    ("ahead_s", "good"),
    [
        (-30 * 365 * DAY_S, False),
        (-DAY_S - 1, False),
        (-DAY_S, True),
        (0, True),
        (DAY_S + CHIP_ERROR_S, True),
        (DAY_S + CHIP_ERROR_S + 1, False),
        (30 * 365 * DAY_S, False),
    ],
)
def test_a_system_clock_far_from_what_the_journal_knows_judges_no_certificate(
    ahead_s: int, good: bool
) -> None:
    keeper = powered_on(HandClock(FLOOR_S), chip_shift_s=0)
    assert agrees(keeper, system_s=lambda: FLOOR_S + ahead_s) is good


def test_where_the_journal_knows_no_time_no_clock_is_good_enough() -> None:
    _, keeper = cold()
    assert not agrees(keeper, system_s=lambda: FLOOR_S)
