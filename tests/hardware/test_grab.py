"""What is typed at the till's devices reaches the till alone: no console, and nobody else, reads a PIN."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

import pytest

from lab.usb_keyboard import UsbScanner
from tests.hardware.benches import SCANNER_SOCKET, device_file

if TYPE_CHECKING:
    from lab.guest import Guest, GuestProgram
    from tests.hardware.conftest import Lab

pytestmark = pytest.mark.lab


def heard(other: GuestProgram) -> int:
    return sum(json.loads(line)[0] for line in other.said[1:])


def test_what_the_till_has_open_is_heard_by_nobody_else(lab: Lab) -> None:
    async def story(guest: Guest) -> None:
        scanner = UsbScanner()
        await guest.emulator.plug_in(scanner, socket=SCANNER_SOCKET)
        path = await device_file(guest, SCANNER_SOCKET)
        other = guest.start("fork:lab.till_side:overhear", path)
        await other.line(0)
        scanner.scan_half("123")
        await other.until(lambda: heard(other) == 3, what="else this story shows nothing")
        driver = guest.start("fork:lab.till_side:scan", path)
        await driver.line(0)
        scanner.scan("secret")
        assert await driver.line(1) == '["TextScan", {"text": "secret"}]'
        driver.signal(signal.SIGKILL)
        await driver.ended()
        scanner.scan_half("45")
        await other.until(lambda: heard(other) >= 5, what="it hears again")
        assert heard(other) == 5

    lab.tell(story)
