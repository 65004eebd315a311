"""Scanners and numeric pads at the end of the cable: USB keyboards that type.

Which key a character is on is taken from the HID tables here, and what the guest's driver makes of it comes from the kernel, so
both are independent of the till's own table.

Source: HID 1.11, 6.2.2 and appendix B.1 (boot keyboard); HID Usage Tables 1.5, chapter 10.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from lab.usb_descriptors import INTERRUPT, Description, Endpoint, Interface, Stalled

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lab.usb_descriptors import Setup
    from lab.usb_redirection import Cable

REPORTS = 0x81
INTERVAL_MS = 4
SHIFT = 0x02
_HID, _REPORT = 0x21, 0x22
_GET_DESCRIPTOR, _GET_REPORT = 6, 1
_SETS = {0x09, 0x0A, 0x0B}

# A scanner: eight modifier bits, five lamps, one array of six keys out of all 256 usages.
_KEYBOARD = bytes.fromhex(
    "05 01 09 06 a1 01"
    "05 07 19 e0 29 e7 15 00 25 01 75 01 95 08 81 02"
    "95 01 75 08 81 01"
    "95 05 75 01 05 08 19 01 29 05 91 02 95 01 75 03 91 01"
    "95 06 75 08 15 00 26 ff 00 05 07 19 00 2a ff 00 81 00"
    "c0"
)
# A pad: a bit for Num Lock and each of the 16 keys after it, for Backspace, 00 and 000; three lamps. It has no letters.
_PAD_KEYS = (*range(0x53, 0x64), 0x2A, 0xB0, 0xB1)
_NUMERIC_PAD = bytes.fromhex(
    "05 01 09 06 a1 01"
    "05 07 19 53 29 63 09 2a 09 b0 09 b1 15 00 25 01 75 01 95 14 81 02 95 04 81 01"
    "05 08 19 01 29 03 95 03 91 02 95 05 91 01"
    "c0"
)
_PLAIN = "abcdefghijklmnopqrstuvwxyz1234567890\n\x1b\b\t -=[]\\\0;'`,./"
_SHIFTED = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ!@#$%^&*()\0\0\0\0\0_+{}|\0:"~<>?'
_MAIN = (
    {"\0": (0, 0)}
    | {character: (SHIFT, 4 + place) for place, character in enumerate(_SHIFTED)}
    | {character: (0, 4 + place) for place, character in enumerate(_PLAIN)}
)
NUM_LOCK = 0x53
_PAD = {character: 0x54 + place for place, character in enumerate("/*-+\n1234567890.")} | {
    "\b": 0x2A,
    "00": 0xB0,
    "000": 0xB1,
}


class _Keys:
    """A device that sends one report after the other, as fast as the guest polls."""

    def __init__(self, about: Description, layout: bytes, *, released: bytes) -> None:
        self.description = about
        self._layout = layout
        self._released = released
        self.cable: Cable | None = None
        self.lamps = 0
        self.flashes = 0
        """How often its lamps went on."""

    def plugged_in(self, cable: Cable) -> None:
        """Type into this cable from now on."""
        self.cable = cable

    def pulled_out(self) -> None:
        """What was typed and not polled is lost."""
        self.cable = None

    def asked(self, setup: Setup, data: bytes) -> bytes:
        """Answer requests of the HID class."""
        if setup.request == _GET_DESCRIPTOR and setup.value >> 8 == _REPORT:
            return self._layout
        if setup.request == _GET_REPORT:
            return self._released
        if setup.request in _SETS:
            before, self.lamps = self.lamps, data[0] if data else self.lamps
            self.flashes += not before and bool(self.lamps)
            return b""
        raise Stalled

    def told(self, endpoint: int, data: bytes) -> bool:
        """Nothing is told to a keyboard in bulk."""
        return True

    def _send(self, reports: Iterable[bytes]) -> None:
        assert self.cable is not None, "plugged in"
        for report in reports:
            self.cable.report(REPORTS, report)


class UsbScanner(_Keys):
    """A scanner: types characters."""

    def __init__(
        self, *, vendor: int = 0x1EAB, product: int = 0x0003, name: str = "Scanner", serial: str = "",
        interval_ms: int = INTERVAL_MS,
    ) -> None:  # fmt: skip
        """Make a scanner that sends a report each `interval_ms`."""
        about = _description(
            vendor, product, name, serial, _KEYBOARD, report_bytes=8, interval_ms=interval_ms
        )
        super().__init__(about, _KEYBOARD, released=bytes(8))

    def scan(self, text: str, *, end: str = "\n") -> None:
        """Type `text` as a scanner with the US layout does, Shift held no longer than the key that needs it."""
        for character in text + end:
            modifiers, usage = _MAIN[character]
            self._send([bytes([modifiers, 0, usage, 0, 0, 0, 0, 0]), self._released])

    def scan_half(self, text: str) -> None:
        """Type `text` and never end it."""
        self.scan(text, end="")


class UsbPad(_Keys):
    """A numeric pad, with a thumb above it. With `num_lock` each key is wrapped in Num Lock."""

    def __init__(
        self, *, vendor: int = 0x04D9, product: int = 0xA02A, name: str = "Keypad", num_lock: bool = True
    ) -> None:
        about = _description(vendor, product, name, "", _NUMERIC_PAD, report_bytes=3)
        super().__init__(about, _NUMERIC_PAD, released=bytes(3))
        self._num_lock = num_lock

    def press(self, keys: str) -> None:
        """Press digits, `+ - * / .`, line feed for Enter, backspace."""
        wrapper = [_bit(NUM_LOCK), self._released] if self._num_lock else []
        for key in keys:
            self._send([*wrapper, _bit(_PAD[key]), self._released, *wrapper])

    def press_zeros(self, count: int) -> None:
        """Press the 00 or 000 key."""
        self._send([_bit({2: 0xB0, 3: 0xB1}[count]), self._released])

    def hold(self, key: str) -> None:
        """Press a key and do not let go."""
        self._send([_bit(_PAD[key])])


def _bit(usage: int) -> bytes:
    return (1 << _PAD_KEYS.index(usage)).to_bytes(3, "little")


def _description(
    vendor: int, product: int, name: str, serial: str, layout: bytes, *, report_bytes: int,
    interval_ms: int = INTERVAL_MS,
) -> Description:  # fmt: skip
    of_class = struct.pack("<BBHBBBH", 9, _HID, 0x0111, 0, 1, _REPORT, len(layout))
    ends = (Endpoint(REPORTS, INTERRUPT, report_bytes, interval_ms),)
    return Description(vendor, product, 0x0100, "Lab", name, serial, (Interface((3, 0, 0), ends, of_class),))
