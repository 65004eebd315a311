"""The image in a Raspberry Pi 3, as far as QEMU has one: its own card slot, USB host and hub, with Debian's drivers for them.

The rest of a till's life is told in machines that are faster and have more sockets (`test_card.py`).
"""

from __future__ import annotations

import asyncio
import json
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest

from lab.board import KEYBOARD_PORT, BoardEmulator
from tests.hardware.card_machine import STARTS_WITHIN_S, image_there, say

pytestmark = [pytest.mark.lab, pytest.mark.timeout(1_800)]
TOLD = re.compile(r"sofreh-till\[\d+\]: (\{.*\})")
STARTED = "Startup finished in"
GROWN = 'Successfully resized "/data"'
FAILED = re.compile(r"Failed to start|Failed with result|lockup", re.IGNORECASE)
LOOK_EVERY_S = 0.5


def told(console: str, event: str) -> dict[str, Any] | None:
    """The till's own first line of that event."""
    events = (json.loads(line) for line in TOLD.findall(console))
    return next((each for each in events if each["event"] == event), None)


def test_a_raspberry_pi_3_starts_from_the_card_lets_its_data_grow_and_asks_for_its_shop() -> None:
    image = image_there()

    async def story(folder: Path) -> str:
        async with BoardEmulator(image, folder) as board:
            try:
                async with asyncio.timeout(STARTS_WITHIN_S):
                    while told(board.console, "ready") is None or STARTED not in board.console:
                        await asyncio.sleep(LOOK_EVERY_S)
            except TimeoutError:
                pytest.fail(f"it is not ready: {board.last_words}")
            return board.console

    with tempfile.TemporaryDirectory(prefix="board") as folder:
        console = asyncio.run(story(Path(folder)))
    assert FAILED.search(console) is None, console
    assert GROWN in console
    ready, keyboard = told(console, "ready"), told(console, "plugged in")
    assert ready is not None
    assert keyboard is not None, "the hub and what is behind it are admitted"
    assert ready["state"] == "ASKING"
    assert str(keyboard["place"]).endswith(f".usb-{KEYBOARD_PORT}")
    say(f"a Raspberry Pi 3 of QEMU's is ready after {ready['ms']} ms of its own time")
