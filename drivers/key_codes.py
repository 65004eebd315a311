"""Kernel key events: their record and the codes that scanners and keypads send.

Pure data, shared by the decoders and the simulated devices. Source: Linux `input.h` and `input-event-codes.h`;
the layout of letters is the US one, which scanners are shipped with.

| bytes | field | |
| --- | --- | --- |
| 0-7 | seconds | signed, native order |
| 8-15 | microseconds | signed |
| 16-17 | type | EV_SYN 0, EV_KEY 1, EV_MSC 4, EV_LED 17 |
| 18-19 | code | |
| 20-23 | value | signed; of a key: 0 released, 1 pressed, 2 repeated; of a light: 0 off, 1 on |
"""

from __future__ import annotations

import struct

EVENT = struct.Struct("@llHHi")
"""One `struct input_event` of a 64-bit kernel: seconds, microseconds, type, code, value; 24 bytes."""

EV_SYN = 0
EV_KEY = 1
EV_MSC = 4
EV_LED = 17
EV_MAX = 0x1F

SYN_REPORT = 0
SYN_DROPPED = 3
"""The kernel's ring was full: events are lost before this one."""

MSC_SCAN = 4
"""The key's HID usage, page in the upper half; comes just before its EV_KEY."""

RELEASED = 0
PRESSED = 1
REPEATED = 2

KEY_ESC = 1
KEY_BACKSPACE = 14
KEY_TAB = 15
KEY_ENTER = 28
KEY_LEFTCTRL = 29
KEY_LEFTSHIFT = 42
KEY_RIGHTSHIFT = 54
KEY_LEFTALT = 56
KEY_CAPSLOCK = 58
KEY_F8 = 66
KEY_NUMLOCK = 69
KEY_KPENTER = 96
KEY_RIGHTCTRL = 97
KEY_RIGHTALT = 100
KEY_DOWN = 108
KEY_DELETE = 111
KEY_UNKNOWN = 240

USAGE_KP_00 = 0x700B0
"""HID usages of the 00 and 000 keys: the kernel has no code for them and sends KEY_UNKNOWN."""
USAGE_KP_000 = 0x700B1

_ROWS = (
    # first code, without Shift, with Shift
    (2, "1234567890-=", "!@#$%^&*()_+"),
    (16, "qwertyuiop[]", "QWERTYUIOP{}"),
    (30, "asdfghjkl;'`", 'ASDFGHJKL:"~'),
    (43, "\\zxcvbnm,./", "|ZXCVBNM<>?"),
    (57, " ", " "),
    (86, "\\", "|"),
)

MAIN: dict[int, tuple[str, str]] = {
    first + place: pair
    for first, plain, shifted in _ROWS
    for place, pair in enumerate(zip(plain, shifted, strict=True))
}
"""Main block: code -> (character, character with Shift)."""

PAD: dict[int, str] = {
    **dict(zip((82, 79, 80, 81, 75, 76, 77, 71, 72, 73), "0123456789", strict=True)),
    55: "*",
    74: "-",
    78: "+",
    83: ".",
    98: "/",
    117: "=",
    121: ",",
}
"""Numeric pad: code -> character, whatever Num Lock says."""
