"""From kernel key events to scans: what a scanner types, and whether it may be believed.

Rules:
- A scan ends with Enter or Tab. Without an end it is half a scan, and is never passed on as a short one.
- After SYN_DROPPED the scan under way is lost as a whole: the kernel's ring holds 64 events, a scan of 13 digits
  is 84, and the rest of a code can look like a code.
- Shift and Caps Lock count; the numeric pad always types digits; key repeats and Num Lock are ignored.
- A gap between two keys is measured by the kernel's own stamps, so a till that was busy does not cut a good scan.
- 8, 12 or 13 digits are a trade number, right or wrong; 14 digits are one if the check digit is right. UPC-E, whose
  check digit belongs to its long form, is refused: scanners can be set to send the long form.

Source: `drivers.key_codes`; GS1 General Specifications 7.9 (check digit), 1.4.5 (restricted circulation numbers:
prefixes 02 and 20-29).

Must not know: file descriptors, clocks, what a card or an announcement looks like.
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from drivers import key_codes as keys
from drivers.key_codes import EV_KEY, EV_SYN, PRESSED, RELEASED, SYN_DROPPED

SCAN_CHARACTERS_MAX = 1_000
GAP_MS = 300
"""Longest time between two keys of one scan. The slowest scanners (Bluetooth) take about 50 ms."""

_WEIGHED_PREFIXES = ("02", "20", "21", "22", "23", "24", "25", "26", "27", "28", "29")
_TRADE_NUMBER_LENGTHS = (8, 12, 13)


class BadScanReason(Enum):
    """Why a scan is not believed."""

    DROPPED_EVENTS = "dropped_events"
    TOO_LONG = "too_long"
    HALF = "half"
    CHECK_DIGIT = "check_digit"
    UNKNOWN_KEY = "unknown_key"


class GtinScan(Struct, frozen=True):
    """A good's number from EAN-8, EAN-13, UPC-A or ITF-14, check digit right: 14 digits, zeros at the left."""

    gtin: str


class WeighedScan(Struct, frozen=True):
    """A label of the shop's own scales: 13 digits, check digit right. What they mean is the shop's template."""

    digits: str


class TextScan(Struct, frozen=True):
    """Anything else that is printable ASCII: a card, an announcement, a receipt."""

    text: str


class BadScan(Struct, frozen=True):
    """Something was scanned that must not be used. Its characters are not kept."""

    reason: BadScanReason


Scan = GtinScan | WeighedScan | TextScan | BadScan


def check_digit(digits: str) -> int:
    """Return the GS1 check digit that follows `digits` (ASCII digits): weights 3, 1, 3 ... from the right."""
    total = 3 * sum(map(int, digits[::-2])) + sum(map(int, digits[-2::-2]))
    return -total % 10


def classify(text: str) -> Scan:
    """Say what a whole scan is. `text` is printable ASCII, not empty."""
    if not text.isdecimal():
        return TextScan(text)
    right = check_digit(text[:-1]) == int(text[-1])
    if len(text) in _TRADE_NUMBER_LENGTHS and not right:
        return BadScan(BadScanReason.CHECK_DIGIT)
    if not right or len(text) not in (*_TRADE_NUMBER_LENGTHS, 14):
        return TextScan(text)
    gtin = text.zfill(14)
    # Scanners differ over leading zeros: a 12-digit number of system 2 is an EAN-13 with prefix 02.
    if gtin[0] == "0" and gtin[1:3] in _WEIGHED_PREFIXES:
        return WeighedScan(gtin[1:])
    return GtinScan(gtin)


_END = "\n"
_UNKNOWN = "\x1a"
_MODIFIER = "\x0e"
_SPECIAL = frozenset((_END, _UNKNOWN, _MODIFIER))


def _characters(*, shift: bool, caps: bool) -> tuple[str, ...]:
    table = [_UNKNOWN] * 256
    for code, (plain, shifted) in keys.MAIN.items():
        upper = shift != caps if plain.isalpha() else shift
        table[code] = shifted if upper else plain
    for code, character in keys.PAD.items():
        table[code] = character
    for code in (keys.KEY_ENTER, keys.KEY_KPENTER, keys.KEY_TAB):
        table[code] = _END
    for code in (keys.KEY_LEFTSHIFT, keys.KEY_RIGHTSHIFT, keys.KEY_CAPSLOCK, keys.KEY_NUMLOCK):
        table[code] = _MODIFIER
    return tuple(table)


_TABLES = {
    (shift, caps): _characters(shift=shift, caps=caps) for shift in (False, True) for caps in (False, True)
}
_SHIFTS = (keys.KEY_LEFTSHIFT, keys.KEY_RIGHTSHIFT)


class BarcodeDecoder:
    """The state between two keys of one scanner. Owner: whoever reads that scanner."""

    def __init__(self, *, gap_ms: int = GAP_MS) -> None:
        """Cut scans at a silence of more than `gap_ms` between two keys."""
        self._gap_us = gap_ms * 1_000
        self._typed: list[str] = []
        self._fault: BadScanReason | None = None
        self._last_us = 0
        self._held: set[int] = set()
        self._caps = False
        self._table = _TABLES[False, False]

    @property
    def midway(self) -> bool:
        """Whether a scan has begun and not ended."""
        return bool(self._typed) or self._fault is not None

    def feed(self, records: bytes) -> list[Scan]:
        """Take whole event records in their order; return the scans that ended in them."""
        scans: list[Scan] = []
        for seconds, microseconds, kind, code, value in keys.EVENT.iter_unpack(records):
            if kind == EV_KEY:
                if value == PRESSED:
                    self._press(code, seconds * 1_000_000 + microseconds, scans)
                elif value == RELEASED and code in _SHIFTS:
                    self._held.discard(code)
                    self._choose_table()
            elif kind == EV_SYN and code == SYN_DROPPED:
                self._drop(seconds * 1_000_000 + microseconds, scans)
        return scans

    def expire(self) -> BadScan | None:
        """End a scan of which nothing more has come for the gap's time. Call it when the scanner is silent."""
        if not self.midway:
            return None
        reason = self._fault or BadScanReason.HALF
        self._forget()
        return BadScan(reason)

    def _press(self, code: int, now_us: int, scans: list[Scan]) -> None:
        if now_us - self._last_us > self._gap_us:
            self._cut(scans)
        self._last_us = now_us
        character = self._table[code] if code < 256 else _UNKNOWN
        if character in _SPECIAL:
            self._press_special(code, character, scans)
        elif len(self._typed) == SCAN_CHARACTERS_MAX:
            self._spoil(BadScanReason.TOO_LONG)
        elif self._fault is None:
            self._typed.append(character)

    def _press_special(self, code: int, character: str, scans: list[Scan]) -> None:
        if character == _END:
            self._end(scans)
        elif character == _MODIFIER:
            self._press_modifier(code)
        elif self._fault is None:
            self._spoil(BadScanReason.UNKNOWN_KEY)

    def _press_modifier(self, code: int) -> None:
        if code in _SHIFTS:
            self._held.add(code)
        elif code == keys.KEY_CAPSLOCK:
            self._caps = not self._caps
        self._choose_table()

    def _choose_table(self) -> None:
        self._table = _TABLES[bool(self._held), self._caps]

    def _drop(self, now_us: int, scans: list[Scan]) -> None:
        if now_us - self._last_us > self._gap_us:
            self._cut(scans)
        self._last_us = now_us
        self._spoil(BadScanReason.DROPPED_EVENTS)
        # A lost release or Caps Lock would turn digits into signs in every later scan.
        self._held.clear()
        self._caps = False
        self._choose_table()

    def _spoil(self, reason: BadScanReason) -> None:
        self._typed.clear()
        self._fault = reason

    def _end(self, scans: list[Scan]) -> None:
        if self._fault is not None:
            scans.append(BadScan(self._fault))
        elif self._typed:
            scans.append(classify("".join(self._typed)))
        self._forget()

    def _cut(self, scans: list[Scan]) -> None:
        half = self.expire()
        if half is not None:
            scans.append(half)

    def _forget(self) -> None:
        self._typed.clear()
        self._fault = None
