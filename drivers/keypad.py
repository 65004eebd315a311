"""The numeric keypad of the till: an async iterator of keys.

Rules:
- The pad's keys and the digits, signs, Enter and Backspace of a full keyboard are keys; all others are ignored.
- Only a press counts: a held or stuck key is one key, however long the kernel repeats it.
- Num Lock is ignored: many pads wrap every key in it, and their keys mean digits whatever it says.
- A 00 or 000 key comes as DOUBLE_ZERO or TRIPLE_ZERO from pads that have a usage of their own for it. Others type
  two or three zeros. The two must mean the same to whoever reads keys.
- LOST says that keys pressed before it never arrived: whatever is half typed must be thrown away.
- Esc and Delete are CLEAR, for pads that have them.
- Nobody types `BURST_KEYS` keys with less than `BURST_GAP_MS` between any two: that is a scanner in the keypad's place, or
  one that was set to be both. Its keys are LOST and so is all that follows, until it has been silent for
  `SILENCE_MS`: no digit of a barcode may become a part of a PIN or a price. Three zeros of a 000 key are no burst.

Source: `drivers.key_codes`; HID Usage Tables 1.5, chapter 10 (Keypad 00 and 000).
"""

from __future__ import annotations

from collections import deque
from enum import Enum
from typing import TYPE_CHECKING, Self

from drivers import key_codes as codes

if TYPE_CHECKING:
    from types import TracebackType

    from drivers.input_device import InputDevice


class Key(Enum):
    """What a person pressed."""

    D0 = "0"
    D1 = "1"
    D2 = "2"
    D3 = "3"
    D4 = "4"
    D5 = "5"
    D6 = "6"
    D7 = "7"
    D8 = "8"
    D9 = "9"
    DOUBLE_ZERO = "00"
    TRIPLE_ZERO = "000"
    PLUS = "+"
    MINUS = "-"
    TIMES = "*"
    DIVIDE = "/"
    DOT = "."
    ENTER = "enter"
    BACKSPACE = "backspace"
    CLEAR = "clear"
    LOST = "lost"


BURST_KEYS = 6
BURST_GAP_MS = 30
SILENCE_MS = 150
"""Slow scanners leave up to 100 ms between two keys."""

_SIGNS = {",": Key.DOT} | {key.value: key for key in Key if len(key.value) == 1}
_KEYS: dict[int, Key] = {
    **{code: _SIGNS[plain] for code, (plain, _) in codes.MAIN.items() if plain in _SIGNS},
    **{code: _SIGNS[sign] for code, sign in codes.PAD.items() if sign in _SIGNS},
    codes.KEY_ENTER: Key.ENTER,
    codes.KEY_KPENTER: Key.ENTER,
    codes.KEY_BACKSPACE: Key.BACKSPACE,
    codes.KEY_ESC: Key.CLEAR,
    codes.KEY_DELETE: Key.CLEAR,
}
_WRAPPERS = frozenset((codes.KEY_NUMLOCK, codes.KEY_LEFTSHIFT, codes.KEY_RIGHTSHIFT))
"""Keys that come around others and are no stroke of their own."""
_USAGES = {codes.USAGE_KP_00: Key.DOUBLE_ZERO, codes.USAGE_KP_000: Key.TRIPLE_ZERO}


class KeyDecoder:
    """Pure: kernel events to keys. Remembers the usage that came just before an event, and how fast keys come."""

    def __init__(self) -> None:
        self._usage = 0
        self._last_us = 0
        self._quick_keys = 0
        self._deaf = False

    def feed(self, records: bytes) -> list[Key]:
        """Take whole event records in their order; return the keys pressed in them."""
        pressed: list[Key] = []
        for seconds, microseconds, kind, code, value in codes.EVENT.iter_unpack(records):
            if kind == codes.EV_MSC and code == codes.MSC_SCAN:
                self._usage = value
            elif kind == codes.EV_KEY and value == codes.PRESSED:
                self._press(code, seconds * 1_000_000 + microseconds, pressed)
            elif kind == codes.EV_SYN:
                self._usage = 0
                if code == codes.SYN_DROPPED:
                    pressed.append(Key.LOST)
        return pressed

    def _press(self, code: int, now_us: int, pressed: list[Key]) -> None:
        if code in _WRAPPERS:
            return
        self._measure(now_us - self._last_us)
        self._last_us = now_us
        if self._deaf:
            return
        key = _USAGES.get(self._usage) if code == codes.KEY_UNKNOWN else _KEYS.get(code)
        if self._quick_keys >= BURST_KEYS:
            self._deaf = True
            key = Key.LOST
        if key is not None:
            pressed.append(key)

    def _measure(self, gap_us: int) -> None:
        if self._deaf:
            self._deaf = gap_us < SILENCE_MS * 1_000
        self._quick_keys = self._quick_keys + 1 if gap_us < BURST_GAP_MS * 1_000 else 1


class Keypad:
    """Owns its device while entered; one task iterates. Canceling the wait for a key loses nothing."""

    def __init__(self, device: InputDevice) -> None:
        self._device = device
        self._decoder = KeyDecoder()
        self._keys: deque[Key] = deque()

    async def __aenter__(self) -> Self:
        await self._device.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._device.__aexit__(kind, error, trace)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Key:
        """Wait for the next key. Raises: DeviceGone."""
        while not self._keys:
            self._keys.extend(self._decoder.feed(await self._device.read()))
        return self._keys.popleft()
