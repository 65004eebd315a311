"""A till in a real kernel knows its scanner and its pad by their sockets, whatever number the kernel gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lab.usb_keyboard import UsbScanner
from tests.hardware.benches import SCANNER_SOCKET, serial_printer
from tests.hardware.guest_till import MILK, SCANNER_ROLE, GuestTill, a_till

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from lab.guest import Guest
    from tests.hardware.conftest import Lab

pytestmark = pytest.mark.lab
FREE_SOCKET = 4
REPLUGS = 10


def at_a_till(lab: Lab, folder: Path, story: Callable[[GuestTill], Awaitable[None]]) -> None:
    async def run(guest: Guest) -> None:
        till = await a_till(guest, folder, serial_printer)
        await till.start()
        await till.give_role()
        await story(till)
        assert await till.stop() == 0

    lab.tell(run)


def times_found(till: GuestTill) -> int:
    """How often the scanner was found at its socket."""
    return sum(told["event"] == "plugged in" and told["role"] == "scanner" for told in till.told)


def test_of_two_scanners_of_one_model_the_one_at_the_scanner_s_socket_is_it(lab: Lab, tmp_path: Path) -> None:
    async def story(till: GuestTill) -> None:
        desk, other = till.guest.emulator, UsbScanner()
        await desk.unplug(socket=SCANNER_SOCKET)
        # Now the other one gets the number that the scanner had.
        await desk.plug_in(other, socket=FREE_SOCKET)
        await till.until(lambda: _plugged(till, role=None) == 2, what="the other one is found")
        await desk.plug_in(till.scanner, socket=SCANNER_SOCKET)
        await till.until(lambda: times_found(till) == 1, what="the scanner is found")
        other.scan(SCANNER_ROLE)
        await till.until(lambda: _refused(till), what="the other one is refused")
        await till.scan_new_product(MILK)

    at_a_till(lab, tmp_path, story)


def test_a_scanner_pulled_out_in_the_middle_of_a_scan_again_and_again_is_found_each_time(
    lab: Lab, tmp_path: Path
) -> None:
    async def story(till: GuestTill) -> None:
        desk = till.guest.emulator
        for turn in range(1, REPLUGS + 1):
            till.scanner.scan_half(MILK[: turn % len(MILK)])
            await desk.unplug(socket=SCANNER_SOCKET)
            await desk.plug_in(till.scanner, socket=SCANNER_SOCKET)
            await till.until(lambda: times_found(till) == turn, what=f"the scanner is found, {turn}")  # noqa: B023 -- awaited here
        await till.scan_new_product(MILK)

    at_a_till(lab, tmp_path, story)


def _refused(till: GuestTill) -> bool:
    """Whether a device without a role was told so; a slow guest may have lost a part of what it scanned."""
    return any(told["event"] == "devices" and told["change"] == "not_free" for told in till.told)


def _plugged(till: GuestTill, *, role: str | None) -> int:
    return sum(told["event"] == "plugged in" and told["role"] == role for told in till.told)
