"""Where one scan ends and the next begins."""

from __future__ import annotations

import pytest

from drivers.scanner.framing import SCAN_CHARACTERS_MAX, Framing
from drivers.scanner.scan import BadScan, BadScanReason, GtinScan, Scan, TextScan

OIL = "6260000000019"
OIL_SCAN = GtinScan("06260000000019")


def typed(framing: Framing, text: str, *, begin_ms: int = 0, after_end_ms: int = 1_000) -> list[Scan]:
    """A character a millisecond; every line feed is an end, with a pause behind it, every ``~`` a silence."""
    told: list[Scan | None] = []
    now_ms = begin_ms
    for one in text:
        now_ms += 1
        if one == "\n":
            told.append(framing.end(now_ms * 1_000))
            now_ms += after_end_ms
        elif one == "~":
            told.append(framing.silence())
            now_ms += 1_000
        else:
            told.append(framing.begin(now_ms * 1_000) if framing.between else None)
            told.append(framing.add(one))
    return [scan for scan in told if scan is not None]


def test_ends_alone_are_nothing() -> None:
    assert typed(Framing(), "\n\n~\n") == []


def test_a_scan_that_breaks_off_is_half_and_no_part_of_the_next() -> None:
    framing = Framing()
    assert typed(framing, "96385") == []
    assert framing.midway
    assert typed(framing, "~074\n") == [BadScan(BadScanReason.HALF), TextScan("074")]
    assert not framing.midway


def test_a_whole_number_without_end_tells_that_the_scanner_sends_none() -> None:
    assert typed(Framing(), f"{OIL}~") == [BadScan(BadScanReason.NO_END)]


def test_a_second_half_scan_in_a_row_tells_it_too_and_an_end_begins_anew() -> None:
    half, no_end = BadScan(BadScanReason.HALF), BadScan(BadScanReason.NO_END)
    assert typed(Framing(), "C1:A~C1:B~C1:C\nC1:D~") == [half, no_end, TextScan("C1:C"), half]


def test_the_first_eight_digits_of_a_number_are_never_another_good() -> None:
    # With an end they would be a valid EAN-8.
    assert typed(Framing(), "96385074~") == [BadScan(BadScanReason.HALF)]


@pytest.mark.parametrize("length", [1_000, SCAN_CHARACTERS_MAX - 1, SCAN_CHARACTERS_MAX])
def test_a_long_scan_is_text(length: int) -> None:
    assert typed(Framing(), "A" * length + "\n") == [TextScan("A" * length)]


def test_an_endless_scan_is_told_once_and_at_once() -> None:
    framing = Framing()
    assert typed(framing, "A" * SCAN_CHARACTERS_MAX) == []
    assert typed(framing, "A") == [BadScan(BadScanReason.TOO_LONG)]
    assert typed(framing, f"{'A' * 5_000}\n{OIL}\n" * 3) == []
    framing.spoil(BadScanReason.DROPPED_EVENTS)
    assert framing.midway
    assert typed(framing, f"\n~{OIL}\n", begin_ms=90_000) == [OIL_SCAN]


def test_what_was_spoiled_stays_so_to_its_end_for_its_first_reason() -> None:
    framing = Framing()
    typed(framing, "626")
    framing.spoil(BadScanReason.DROPPED_EVENTS)
    framing.spoil(BadScanReason.UNKNOWN_KEY)
    assert typed(framing, f"96385074\n{OIL}\n") == [BadScan(BadScanReason.DROPPED_EVENTS), OIL_SCAN]
    framing.spoil(BadScanReason.UNKNOWN_KEY)
    assert typed(framing, "1~", begin_ms=9_000) == [BadScan(BadScanReason.UNKNOWN_KEY)]


def test_a_spoiled_scan_without_a_character_is_told_each_time_and_parts_nothing() -> None:
    framing = Framing()
    assert typed(framing, f"{OIL}\n") == [OIL_SCAN]
    for second in (10, 20):
        framing.spoil(BadScanReason.UNKNOWN_KEY)
        assert framing.end(second * 1_000_000) == BadScan(BadScanReason.UNKNOWN_KEY)
    assert typed(framing, f"{OIL}\n", begin_ms=20_100) == [OIL_SCAN]


def test_lines_without_a_pause_are_one_code_and_told_once() -> None:
    framing = Framing()
    assert typed(framing, f"LOT 7\n{OIL}\n96385074\n", after_end_ms=5) == [
        TextScan("LOT 7"),
        BadScan(BadScanReason.LINES),
    ]
    assert typed(framing, f"~{OIL}\n", begin_ms=5_000) == [OIL_SCAN]
