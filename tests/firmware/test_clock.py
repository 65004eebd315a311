"""What time it is, and how far that is to be believed."""

from __future__ import annotations

import asyncio
import struct
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.clock import (
    CHIP_ERROR_S,
    CHIP_TRUSTED_FOR_S,
    DOUBT_SPAN_S,
    JUMP_MAX_S,
    TRUSTED_FOR_S,
    FileClock,
    SystemClock,
    TimeKeeper,
)
from firmware.errors import ClockRefused, ConfigError
from sync.wire.entry import TimeInterval
from sync.wire.kinds import Grade
from tests.fakes.hand_clock import HandClock, iran_day_start_s
from tests.fakes.paper_center import DAY_S, OPENING_S

if TYPE_CHECKING:
    from pathlib import Path

FLOOR_S = OPENING_S + 8 * 3600
"""17 Dey 1404, 08:00 in Iran."""


def interval(first_s: int, last_s: int, grade: Grade) -> TimeInterval:
    return TimeInterval(not_before_s=first_s, span_s=last_s - first_s, grade=grade)


def powered_on(
    clock: HandClock, *, chip_shift_s: int | None = None, compared_s: int | None = None
) -> TimeKeeper:
    return TimeKeeper(clock, floor_s=FLOOR_S, chip_shift_s=chip_shift_s, compared_s=compared_s)


def cold() -> tuple[HandClock, TimeKeeper]:
    """A start without a clock chip."""
    clock = HandClock(FLOOR_S, has_chip=False)
    return clock, powered_on(clock)


# Power-on


def test_without_a_chip_only_the_floor_is_certain() -> None:
    clock, keeper = cold()
    clock.advance_s(500)
    assert keeper.now() == interval(FLOOR_S, FLOOR_S + DOUBT_SPAN_S, Grade.DOUBTFUL)


@pytest.mark.parametrize(
    ("ahead_s", "grade"),
    [
        (-CHIP_ERROR_S - 1, Grade.DOUBTFUL),
        (-CHIP_ERROR_S, Grade.TRUSTED),
        (0, Grade.TRUSTED),
        (CHIP_TRUSTED_FOR_S, Grade.TRUSTED),
        (CHIP_TRUSTED_FOR_S + 1, Grade.ESTIMATED),
        (JUMP_MAX_S, Grade.ESTIMATED),
        (JUMP_MAX_S + 1, Grade.DOUBTFUL),
    ],
)
def test_a_compared_chip_is_trusted_where_it_can_have_come_from_the_floor(ahead_s: int, grade: Grade) -> None:
    assert powered_on(HandClock(FLOOR_S + ahead_s), chip_shift_s=0).now().grade is grade


def test_a_chip_that_nobody_compared_is_an_estimate() -> None:
    assert powered_on(HandClock(FLOOR_S + 60)).now().grade is Grade.ESTIMATED


def test_a_chip_with_an_empty_battery_is_not_believed() -> None:
    assert powered_on(HandClock(0), chip_shift_s=4).now() == interval(
        FLOOR_S, FLOOR_S + DOUBT_SPAN_S, Grade.DOUBTFUL
    )


def test_the_known_shift_is_added_to_the_chip() -> None:
    keeper = powered_on(HandClock(FLOOR_S - 3_600 + 60), chip_shift_s=3_600, compared_s=FLOOR_S)
    error_s = CHIP_ERROR_S + 1
    assert keeper.now() == interval(FLOOR_S + 60 - error_s, FLOOR_S + 60 + error_s, Grade.TRUSTED)


def test_no_interval_begins_before_the_floor() -> None:
    assert powered_on(HandClock(FLOOR_S), chip_shift_s=0).now() == interval(
        FLOOR_S, FLOOR_S + CHIP_ERROR_S, Grade.TRUSTED
    )


def test_the_chip_s_drift_is_counted_from_its_last_comparison_not_from_the_floor_it_raised() -> None:
    keeper = powered_on(HandClock(FLOOR_S + 100), chip_shift_s=0, compared_s=FLOOR_S - 60 * DAY_S)
    assert keeper.now().not_after_s == FLOOR_S + 100 + 519 + CHIP_ERROR_S


def test_a_comparison_that_lies_ahead_of_the_chip_adds_no_drift() -> None:
    keeper = powered_on(HandClock(FLOOR_S + 100), chip_shift_s=0, compared_s=FLOOR_S + DAY_S)
    assert keeper.now().span_s == 2 * CHIP_ERROR_S


# The center's signed time


@pytest.mark.parametrize(("round_trip_ms", "span_s"), [(0, 1), (1, 2), (1_000, 2), (1_001, 3)])
def test_signed_time_is_as_wide_as_its_round_trip(round_trip_ms: int, span_s: int) -> None:
    _, keeper = cold()
    keeper.accept_signed(FLOOR_S + 60, round_trip_ms=round_trip_ms)
    assert keeper.now() == interval(FLOOR_S + 60, FLOOR_S + 60 + span_s, Grade.TRUSTED)


def test_signed_time_says_what_to_add_to_the_chip() -> None:
    assert powered_on(HandClock(FLOOR_S)).accept_signed(FLOOR_S + 90, round_trip_ms=5) == 90
    assert cold()[1].accept_signed(FLOOR_S + 90, round_trip_ms=5) is None


def test_signed_time_may_set_a_clock_back_and_takes_the_floor_with_it() -> None:
    clock = HandClock(FLOOR_S + 90 * DAY_S)
    keeper = powered_on(clock)
    keeper.accept_signed(FLOOR_S - DAY_S, round_trip_ms=0)
    clock.advance_s(10)
    assert keeper.now().not_before_s == FLOOR_S - DAY_S + 9


def test_signed_time_ahead_raises_no_floor_before_it_stands_in_the_journal() -> None:
    _, keeper = cold()
    keeper.accept_signed(FLOOR_S + DAY_S, round_trip_ms=0)
    keeper.accept_signed(FLOOR_S + 60, round_trip_ms=0)
    assert keeper.now().not_before_s == FLOOR_S + 60


def test_the_interval_widens_with_the_drift() -> None:
    clock, keeper = cold()
    keeper.accept_signed(FLOOR_S, round_trip_ms=0)
    clock.advance_s(20_000)
    assert keeper.now() == interval(FLOOR_S + 20_000 - 2, FLOOR_S + 20_000 + 1 + 2, Grade.TRUSTED)


def test_a_part_of_a_second_belongs_to_the_interval() -> None:
    clock, keeper = cold()
    keeper.accept_signed(FLOOR_S, round_trip_ms=0)
    clock.monotonic += 1
    assert keeper.now() == interval(FLOOR_S, FLOOR_S + 2, Grade.TRUSTED)


@pytest.mark.parametrize(
    ("elapsed_s", "grade"), [(TRUSTED_FOR_S, Grade.TRUSTED), (TRUSTED_FOR_S + 1, Grade.ESTIMATED)]
)
def test_the_monotonic_clock_alone_carries_trust_for_some_hours(elapsed_s: int, grade: Grade) -> None:
    clock, keeper = cold()
    keeper.accept_signed(FLOOR_S, round_trip_ms=0)
    clock.advance_s(elapsed_s)
    assert keeper.now().grade is grade


@pytest.mark.parametrize(
    ("leap_s", "grade"),
    [
        (-9, Grade.ESTIMATED),
        (-8, Grade.TRUSTED),
        (0, Grade.TRUSTED),
        (8, Grade.TRUSTED),
        (9, Grade.ESTIMATED),
    ],
)
def test_a_chip_that_runs_along_keeps_the_trust(leap_s: int, grade: Grade) -> None:
    """30,000 s drift by 3 s either way; with whole seconds on both sides 8 s are within the bound."""
    clock = HandClock(FLOOR_S)
    keeper = powered_on(clock)
    keeper.accept_signed(FLOOR_S, round_trip_ms=0)
    clock.advance_s(30_000)
    clock.wall_s += leap_s
    assert keeper.now().grade is grade


def test_a_chip_that_vanished_keeps_no_trust() -> None:
    clock = HandClock(FLOOR_S)
    keeper = powered_on(clock)
    keeper.accept_signed(FLOOR_S, round_trip_ms=0)
    clock.advance_s(TRUSTED_FOR_S + 1)
    clock.has_chip = False
    assert keeper.now().grade is Grade.ESTIMATED


def test_a_chip_that_leaps_in_between_moves_nothing() -> None:
    clock = HandClock(FLOOR_S)
    keeper = powered_on(clock)
    keeper.accept_signed(FLOOR_S, round_trip_ms=0)
    clock.wall_s += 90 * DAY_S
    assert keeper.now() == interval(FLOOR_S, FLOOR_S + 1, Grade.TRUSTED)


# The keyed day


def test_a_keyed_day_is_the_whole_day_and_never_begins_behind_the_floor() -> None:
    _, keeper = cold()
    keeper.state_day(OPENING_S + DAY_S)
    assert keeper.now() == interval(OPENING_S + DAY_S, OPENING_S + 2 * DAY_S, Grade.STATED)
    keeper.state_day(OPENING_S)
    assert keeper.now() == interval(FLOOR_S, OPENING_S + DAY_S, Grade.STATED)


def test_a_keyed_day_is_carried_on() -> None:
    clock, keeper = cold()
    keeper.state_day(OPENING_S + DAY_S)
    clock.advance_s(10 * 3_600)
    drift_s = 4
    assert keeper.now() == interval(
        OPENING_S + DAY_S + 36_000 - drift_s, OPENING_S + 2 * DAY_S + 36_000 + drift_s, Grade.STATED
    )


@pytest.mark.parametrize(("behind_s", "accepted"), [(DAY_S - 1, True), (DAY_S, False), (DAY_S + 1, False)])
def test_a_day_that_is_wholly_behind_the_floor_is_refused(behind_s: int, accepted: bool) -> None:
    assert _accepts(FLOOR_S - behind_s) is accepted


@pytest.mark.parametrize(
    ("ahead_s", "accepted"), [(JUMP_MAX_S - 1, True), (JUMP_MAX_S, True), (JUMP_MAX_S + 1, False)]
)
def test_a_day_too_far_ahead_is_refused(ahead_s: int, accepted: bool) -> None:
    assert _accepts(FLOOR_S + ahead_s) is accepted


def _accepts(day_start_s: int) -> bool:
    _, keeper = cold()
    try:
        keeper.state_day(day_start_s)
    except ClockRefused:
        return False
    return keeper.now().grade is Grade.STATED


def test_a_refused_day_changes_nothing() -> None:
    _, keeper = cold()
    before = keeper.now()
    with pytest.raises(ClockRefused):
        keeper.state_day(FLOOR_S - 2 * DAY_S)
    assert keeper.now() == before


def test_a_keyed_day_does_not_replace_a_trusted_time_but_an_estimate() -> None:
    _, keeper = cold()
    keeper.accept_signed(FLOOR_S, round_trip_ms=0)
    with pytest.raises(ClockRefused):
        keeper.state_day(OPENING_S + 30 * DAY_S)
    estimating = powered_on(HandClock(FLOOR_S + 90 * DAY_S))
    estimating.state_day(OPENING_S)
    assert estimating.now().grade is Grade.STATED


# The floor


@pytest.mark.parametrize(
    ("grade", "raised"),
    [
        (Grade.DOUBTFUL, False),
        (Grade.STATED, False),
        (Grade.ESTIMATED, False),
        (Grade.TRUSTED, True),
    ],
)
def test_only_trusted_entries_raise_the_floor(grade: Grade, raised: bool) -> None:
    _, keeper = cold()
    keeper.raise_floor(interval(FLOOR_S + 50, FLOOR_S + 60, grade))
    assert keeper.now().not_before_s == FLOOR_S + (50 if raised else 0)


def test_an_older_trusted_entry_does_not_lower_the_floor() -> None:
    _, keeper = cold()
    keeper.raise_floor(interval(FLOOR_S - 50, FLOOR_S, Grade.TRUSTED))
    assert keeper.now().not_before_s == FLOOR_S


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.integers(0, 5 * DAY_S)),
        st.tuples(st.just("key"), st.integers(-3 * DAY_S, 500 * DAY_S)),
        st.tuples(st.just("write"), st.just(0)),
        st.tuples(st.just("chip"), st.integers(-3 * DAY_S, 3 * DAY_S)),
    ),
    max_size=12,
)


@given(steps=STEPS, has_chip=st.booleans(), shift_s=st.none() | st.integers(-100, 100))
def test_without_the_center_no_trusted_entry_is_ever_followed_by_an_earlier_one(
    steps: list[tuple[str, int]], has_chip: bool, shift_s: int | None
) -> None:
    clock = HandClock(FLOOR_S, has_chip=has_chip)
    keeper = powered_on(clock, chip_shift_s=shift_s)
    written_s = FLOOR_S
    for step, amount in steps:
        if step == "wait":
            clock.advance_s(amount)
        elif step == "chip":
            clock.wall_s += amount
        elif step == "key":
            try:
                keeper.state_day(iran_day_start_s(FLOOR_S + amount))
            except ClockRefused:
                continue
        else:
            time = keeper.now()
            keeper.raise_floor(time)
            written_s = time.not_before_s if time.grade is Grade.TRUSTED else written_s
        assert keeper.now().not_before_s >= written_s
        assert keeper.now().span_s >= 0


# The hardware


def test_a_file_is_a_clock_that_others_move(tmp_path: Path) -> None:
    path = tmp_path / "clock"
    path.write_bytes(struct.pack("<qqq", FLOOR_S * 1000 + 999, 5_000, 0))
    clock = FileClock(path, has_chip=True)
    assert (clock.chip_s(), clock.monotonic_ms()) == (FLOOR_S, 5_000)
    with path.open("r+b") as file:
        file.write(struct.pack("<qqq", FLOOR_S * 1000 + 1_000, 5_001, 0))
    assert (clock.chip_s(), clock.monotonic_ms()) == (FLOOR_S + 1, 5_001)
    assert FileClock(path, has_chip=False).chip_s() is None


def test_the_system_s_clocks_have_their_units(monkeypatch: pytest.MonkeyPatch) -> None:
    hardware = SimpleNamespace(
        monotonic_ns=lambda: 7_999_999, time_ns=lambda: FLOOR_S * 1_000_000_000 + 999_999_999
    )
    monkeypatch.setattr("firmware.clock.time", hardware)
    assert SystemClock(has_chip=True).monotonic_ms() == 7
    assert SystemClock(has_chip=True).chip_s() == FLOOR_S
    assert SystemClock(has_chip=False).chip_s() is None


@pytest.mark.parametrize("kind", ["system", "file"])
def test_waiting_is_real_and_in_milliseconds(kind: str, tmp_path: Path) -> None:
    (tmp_path / "clock").write_bytes(bytes(24))
    clock = SystemClock(has_chip=True) if kind == "system" else FileClock(tmp_path / "clock", has_chip=True)

    async def waited_ms() -> int:
        before_ms = SystemClock(has_chip=True).monotonic_ms()
        await clock.sleep_ms(20)
        return SystemClock(has_chip=True).monotonic_ms() - before_ms

    assert 19 <= asyncio.run(waited_ms()) < 2_000


def test_a_file_that_is_no_clock_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "clock").write_bytes(bytes(23))
    with pytest.raises(ConfigError, match="not the clock file"):
        FileClock(tmp_path / "clock", has_chip=True)
