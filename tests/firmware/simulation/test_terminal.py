"""One command lets a person play: a village is founded, a purchase made, and the next day goes on from there."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from firmware.boot import JOURNAL_FILE, who_we_are
from firmware.clock import FileClock
from firmware.journal.journal import open_journal
from sync.wire.card import to_code128
from sync.wire.facts import Booted

if TYPE_CHECKING:
    from pathlib import Path


def play(folder: Path, *lines: str) -> str:
    """Type `lines` into a real terminal; what it showed."""
    near, far = pty.openpty()
    command = [sys.executable, "-m", "firmware.command", "run", "--simulate", str(folder)]
    with subprocess.Popen(command, stdin=far, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        os.close(far)
        os.write(near, "".join(f"{line}\n" for line in (*lines, ":quit")).encode())
        assert process.stdout is not None
        shown = process.stdout.read().decode()
        assert process.wait() == 0, shown
    os.close(near)
    return shown


async def clean_starts(folder: Path) -> list[bool]:
    """Of each start that the till's journal knows: whether the end before it was in order."""
    clock = FileClock(folder / "clock", has_chip=True)
    us = who_we_are(folder / "data")
    async with open_journal(folder / "data" / JOURNAL_FILE, us, clock, version="test") as journal:
        entries = [await journal.entry(sequence) for sequence in range(journal.head.sequence + 1)]
        assert journal.was_clean, "the last end, too"
    return [entry.fact.clean for entry in entries if entry is not None and isinstance(entry.fact, Booted)]


@pytest.mark.timeout(180)
def test_a_person_can_play_the_shopkeeper(tmp_path: Path) -> None:
    begun = tmp_path / "shop" / "center"
    begun.mkdir(parents=True)
    (begun / "center.db").write_bytes(b"a founding that was interrupted")
    (tmp_path / "shop" / "founding").touch()
    first = play(
        tmp_path / "shop",
        ":cards",
        "6261037001017",
        "45000e",
        ":card 1",
        "+",
        "hello",
        f":scan {'A' * 3_900}",
        ":report",
    )
    assert "opens all the same" not in first
    assert "رسید نیست" in first
    assert "there is no key" in first
    assert "nobody types" in first
    villager = json.loads((tmp_path / "shop" / "center" / "villagers.json").read_text())[0]
    assert villager["national_id"] in first
    assert f" {to_code128(villager['card'])[1:]} " in first
    second = play(
        tmp_path / "shop",
        ":card 1",
        "+",
        f"{villager['pin']}e",
        ":cut",
        ":unplug",
        ":card 1",
        ":replug",
        ":plug",
        "5",
        ":insert",
    )
    assert "رسید خرید" in second
    assert "the scanner is not plugged in" in second
    assert "the till has no power" in second
    assert len(list((tmp_path / "shop" / "paper").glob("*.png"))) >= 3
    assert asyncio.run(clean_starts(tmp_path / "shop")) == [True, True, False], (
        ":plug is a power cut, :quit is none"
    )
