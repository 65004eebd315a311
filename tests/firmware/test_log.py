"""One JSON object a line, and no log stops the till."""

from __future__ import annotations

import json
import os
from pathlib import PurePath

import pytest

from firmware.log import Level, Log, write_to


def test_a_line_says_when_and_what() -> None:
    lines: list[str] = []
    log = Log(lines.append, level=Level.DEBUG, monotonic_ms=lambda: 12)
    log.warning("restart", job="scanner", error="گم شد\n")
    assert lines[0].endswith("\n")
    assert lines[0].count("\n") == 1
    assert json.loads(lines[0]) == {
        "level": "warning",
        "ms": 12,
        "event": "restart",
        "job": "scanner",
        "error": "گم شد\n",
    }


def test_what_json_cannot_hold_is_told_as_text() -> None:
    lines: list[str] = []
    log = Log(lines.append, level=Level.INFO, monotonic_ms=lambda: 0)
    log.info("a", path=PurePath("/b"), error=ValueError("c"))
    log.info("a", path="\udcff", number=2**70)
    first, second = map(json.loads, lines)
    assert (first["path"], first["error"]) == ("/b", "c")
    assert (second["path"], second["number"]) == ("?", str(2**70))


def test_lines_below_the_level_are_left_out() -> None:
    lines: list[str] = []
    log = Log(lines.append, level=Level.INFO, monotonic_ms=lambda: 0)
    log.debug("handled")
    log.info("ready")
    log.error("stuck")
    assert [json.loads(line)["event"] for line in lines] == ["ready", "stuck"]


@pytest.mark.parametrize("may_wait", [True, False])
def test_a_closed_descriptor_loses_lines_but_no_more(*, may_wait: bool) -> None:
    reading, writing = os.pipe()
    write = write_to(writing, may_wait=may_wait)
    write("line\n")
    os.close(reading)
    write("line\n")
    os.close(writing)
    write("line\n")


def test_a_reader_who_is_slow_stops_nobody() -> None:
    reading, writing = os.pipe()
    write = write_to(writing, may_wait=False)
    for _ in range(2_000):
        write("x" * 99 + "\n")
    lines = os.read(reading, 1 << 20).decode().splitlines()
    assert 100 < len(lines) < 2_000
    assert set(lines) == {"x" * 99}
    os.close(reading)
    os.close(writing)
