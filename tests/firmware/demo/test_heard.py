"""What the story demands of the paper, and how it complains."""

from __future__ import annotations

import pytest

from firmware.demo.heard import Heard, Unmet, words_of
from firmware.receipt import persian
from sync.wire.kinds import DeclineReason


@pytest.fixture
def heard() -> Heard:
    """A slip with amounts of all kinds."""
    paper = Heard()
    rows = [
        f"بهای کالاها | {persian.toman(12_345_670)}",
        f"سهم خریدار | {persian.toman(-50_005)}",
        f"شماره | {persian.isolate('1001-6-1')}",
        f"خریدها | {persian.number(1_234)}",
    ]
    paper.take({"event": "printed", "slip": rows})
    return paper


def test_amounts_are_read_as_a_person_reads_them(heard: Heard) -> None:
    assert heard.amount_rial("بهای کالاها") == 12_345_670
    assert heard.amount_rial("سهم خریدار") == -50_005
    assert heard.row("شماره") == "1001-6-1"
    heard.must_count({"خریدها": 1_234})


def test_a_wrong_amount_is_named_with_both_numbers(heard: Heard) -> None:
    with pytest.raises(Unmet, match=r"12345670 rial on paper, 12345671 in the story's books"):
        heard.must_be({"بهای کالاها": 12_345_671})


def test_what_is_missing_is_named(heard: Heard) -> None:
    for demand in (
        lambda: heard.must_say("رسید خرید"),
        lambda: heard.must_not_say("بهای کالاها"),
        lambda: heard.row("مانده"),
        lambda: heard.amount_rial("شماره"),
        lambda: heard.must_count({"خریدها": 1}),
    ):
        with pytest.raises(Unmet):
            demand()


def test_a_new_event_begins_with_clean_paper(heard: Heard) -> None:
    heard.begin()
    with pytest.raises(Unmet):
        heard.must_say("بهای کالاها")


def test_each_refusal_has_words_of_its_own() -> None:
    words = {words_of(reason) for reason in DeclineReason}
    assert len(words) == len(DeclineReason)
    assert not any(mark in text for text in words for mark in (persian.LRI, persian.PDI))
