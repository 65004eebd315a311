"""A link is up only after staying up, and waits never run away."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from sync.uplink.link import REFUSED_MAX_MS, Link, LinkState, Pace

PACE = Pace(interval_ms=60_000, retry_ms=1_000, retry_max_ms=30_000, settle_ms=5_000)


def test_one_failure_is_not_yet_an_outage() -> None:
    link = Link(PACE, outage_open=False)
    link.failed()
    assert not link.is_down
    link.succeeded(0)
    link.failed()
    assert not link.is_down


def test_two_failures_are_an_outage() -> None:
    link = Link(PACE, outage_open=False)
    link.failed()
    link.failed()
    assert link.is_down


@pytest.mark.parametrize(("later_ms", "is_down"), [(4_999, True), (5_000, False), (5_001, False)])
def test_an_outage_ends_only_after_the_link_stayed_up(later_ms: int, is_down: bool) -> None:
    link = Link(PACE, outage_open=True)
    link.succeeded(1_000)
    assert link.state is LinkState.SETTLING
    link.succeeded(1_000 + later_ms)
    assert link.is_down is is_down


def test_a_failure_while_settling_starts_over() -> None:
    link = Link(PACE, outage_open=True)
    link.succeeded(0)
    link.failed()
    link.succeeded(100_000)
    assert link.state is LinkState.SETTLING


def test_a_settling_link_is_asked_again_soon() -> None:
    link = Link(PACE, outage_open=True)
    link.succeeded(0)
    assert link.wait_ms(0.5) == PACE.settle_ms
    link.succeeded(5_000)
    assert link.wait_ms(0.5) == PACE.interval_ms


def test_waits_double_from_the_first_failure_on() -> None:
    link = Link(PACE, outage_open=False)
    waits = []
    for _ in range(7):
        link.failed()
        waits.append(link.wait_ms(0.0))
    assert waits == [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]


@given(failures=st.integers(1, 200), chance=st.floats(0, 1, exclude_max=True))
def test_no_wait_exceeds_its_bound(failures: int, chance: float) -> None:
    link = Link(PACE, outage_open=False)
    for _ in range(failures):
        link.failed()
    assert PACE.retry_ms // 2 <= link.wait_ms(chance) <= PACE.retry_max_ms


def test_waits_double_from_the_usual_one_while_a_person_is_needed() -> None:
    link = Link(PACE, outage_open=False)
    waits = []
    for _ in range(8):
        link.refused(0)
        waits.append(link.wait_ms(0.0) // 1_000)
    assert waits == [60, 120, 240, 480, 960, 1_800, 1_800, 1_800]
    assert not link.is_down, "the line is good"
    link.failed()
    assert link.wait_ms(0.0) == PACE.retry_ms // 2
    link.succeeded(0)
    assert link.wait_ms(0.0) == PACE.interval_ms


@given(
    refusals=st.integers(1, 200),
    usual_ms=st.integers(100, 86_400_000),
    chance=st.floats(0, 1, exclude_max=True),
)
def test_a_refused_link_waits_as_long_as_usual_at_least(refusals: int, usual_ms: int, chance: float) -> None:
    link = Link(structs.replace(PACE, interval_ms=usual_ms), outage_open=False)
    for _ in range(refusals):
        link.refused(0)
    assert usual_ms <= link.wait_ms(chance) <= max(REFUSED_MAX_MS, 2 * usual_ms)


def test_a_refusal_settles_a_line_that_was_down() -> None:
    link = Link(PACE, outage_open=True)
    link.refused(0)
    assert link.wait_ms(0.5) == PACE.settle_ms
    link.refused(5_000)
    assert not link.is_down
