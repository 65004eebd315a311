"""A scanner or a numeric pad at the end of the cable: a USB keyboard that types.

Which key a character is on is taken from the HID tables here, and what the guest's driver makes of it comes from the kernel, so
both are independent of the till's own table.

Source: HID 1.11, 6.2.2 and appendix B.1 (boot keyboard); HID Usage Tables 1.5, chapter 10.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from lab.usb_descriptors import INTERRUPT, Description, Endpoint, Interface, Stalled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.usb_descriptors import Setup
    from lab.usb_redirection import Cable

REPORTS = 0x81
INTERVAL_MS = 4
SHIFT = 0x02
_HID, _REPORT = 0x21, 0x22
_GET_DESCRIPTOR, _GET_REPORT = 6, 1
_SETS = {0x09, 0x0A, 0x0B}
RELEASED = bytes(8)

# One array of six keys out of all 256 usages, eight modifier bits, five lamps.
_LAYOUT = bytes.fromhex(
    "05 01 09 06 a1 01"
    "05 07 19 e0 29 e7 15 00 25 01 75 01 95 08 81 02"
    "95 01 75 08 81 01"
    "95 05 75 01 05 08 19 01 29 05 91 02 95 01 75 03 91 01"
    "95 06 75 08 15 00 26 ff 00 05 07 19 00 2a ff 00 81 00"
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


class UsbKeyboard:
    """Types what it is told, as fast as the guest polls."""

    def __init__(self, *, vendor: int, product: int, name: str, serial: str = "") -> None:
        of_class = struct.pack("<BBHBBBH", 9, _HID, 0x0111, 0, 1, _REPORT, len(_LAYOUT))
        ends = (Endpoint(REPORTS, INTERRUPT, 8, INTERVAL_MS),)
        self.description = Description(
            vendor, product, 0x0100, "Lab", name, serial, (Interface((3, 1, 1), ends, of_class),)
        )
        self.cable: Cable | None = None
        self.lamps = 0

    def plugged_in(self, cable: Cable) -> None:
        """Type into this cable from now on."""
        self.cable = cable

    def pulled_out(self) -> None:
        """What was typed and not polled is lost."""
        self.cable = None

    def asked(self, setup: Setup, data: bytes) -> bytes:
        """Answer requests of the HID class."""
        if setup.request == _GET_DESCRIPTOR and setup.value >> 8 == _REPORT:
            return _LAYOUT
        if setup.request == _GET_REPORT:
            return RELEASED
        if setup.request in _SETS:
            self.lamps = data[0] if data else self.lamps
            return b""
        raise Stalled

    def told(self, endpoint: int, data: bytes) -> bool:
        """Nothing is told to a keyboard in bulk."""
        return True

    def type(self, text: str, *, end: str = "\n") -> int:
        """Type `text` as a scanner with the US layout does; how many reports that is."""
        return self._send(report for character in text + end for report in _typed(*_MAIN[character]))

    def press(self, keys: str, *, num_lock: bool = False) -> int:
        """Press keys of a numeric pad, line feed for Enter; with `num_lock` each is wrapped in Num Lock."""
        return self._send(self._pressed(keys, num_lock=num_lock))

    def press_key(self, name: str) -> int:
        """Press one key of the pad by name, such as `000`."""
        return self._send(_typed(0, _PAD[name]))

    def hold(self, key: str) -> int:
        """Press a key of the pad and do not let go."""
        return self._send([_down(0, _PAD[key])])

    def let_go(self) -> int:
        """Release all keys."""
        return self._send([RELEASED])

    def _pressed(self, keys: str, *, num_lock: bool) -> Iterator[bytes]:
        for key in keys:
            if num_lock:
                yield from _typed(0, NUM_LOCK)
            yield from _typed(0, _PAD[key])
            if num_lock:
                yield from _typed(0, NUM_LOCK)

    def _send(self, reports: Iterator[bytes] | list[bytes]) -> int:
        assert self.cable is not None, "plugged in"
        sent = 0
        for report in reports:
            self.cable.report(REPORTS, report)
            sent += 1
        return sent


def _down(modifiers: int, usage: int) -> bytes:
    return bytes([modifiers, 0, usage, 0, 0, 0, 0, 0])


def _typed(modifiers: int, usage: int) -> Iterator[bytes]:
    """Key down, all up. A scanner holds Shift no longer than the key."""
    yield _down(modifiers, usage)
    yield RELEASED
