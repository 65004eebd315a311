"""What a person types is what a shopkeeper does, or is said to be nothing."""

from __future__ import annotations

import pytest

from firmware.simulation.typed import WORDS, Code, Keys, Strange, Typed, Word, span_ms, typed


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("6261037001017\n", Code("6261037001017")),
        ("12345678", Code("12345678")),
        ("۶۲۶۱۰۳۷۰۰۱۰۱۷", Code("6261037001017")),
        ("1234567890", Keys("1234567890")),
        ("8063e\n", Keys("8063\n")),
        ("", Keys("\n")),
        ("3 * 5 /", Keys("3*5/")),
        ("1,25x4÷", Keys("1.25*4/")),
        ("12bb", Keys("12\b\b")),
        (":card 3", Word("card", "3")),
        (":cut", Word("cut", "")),
        (":scan C1:ABC DEF", Code("C1:ABC DEF")),
    ],
)
def test_a_line_is_understood(line: str, meant: Typed) -> None:
    assert typed(line) == meant


@pytest.mark.parametrize("line", ["hello", "5#", ":", ":explode", ":scan", ":scan کارت"])
def test_what_no_shopkeeper_could_do_is_said(line: str) -> None:
    assert isinstance(typed(line), Strange)


def test_every_word_is_understood() -> None:
    assert [word for word in WORDS if isinstance(typed(f":{word} 1"), Strange)] == []


@pytest.mark.parametrize(
    ("text", "ms"),
    [("+40s", 40_000), ("+30m", 1_800_000), ("+2h", 7_200_000), ("+3d", 259_200_000), ("2h", None), ("+2", None), ("+2w", None), ("-2h", None)],
)  # fmt: skip
def test_a_span_of_time_is_read(text: str, ms: int | None) -> None:
    assert span_ms(text) == ms
