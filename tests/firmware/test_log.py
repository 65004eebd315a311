"""One JSON object a line, and no log stops the till."""

from __future__ import annotations

import json
import os

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


def test_lines_below_the_level_are_left_out() -> None:
    lines: list[str] = []
    log = Log(lines.append, level=Level.INFO, monotonic_ms=lambda: 0)
    log.debug("handled")
    log.info("ready")
    log.error("stuck")
    assert [json.loads(line)["event"] for line in lines] == ["ready", "stuck"]


def test_a_closed_descriptor_loses_lines_but_no_more() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    write_to(writing)("line\n")
    os.close(writing)
    write_to(writing)("line\n")
