"""From kernel key events to scans: what a scanner types, as characters.

Rules:
- The layout is the US one, with Shift and Caps Lock; the numeric pad always types digits; key repeats and Num Lock
  are ignored. Enter of either block, Tab, their control characters (Ctrl+M, Ctrl+J, Ctrl+I) and the arrow down, as which
  some scanners type a line feed, end a scan.
- Alt and digits of the pad are the character with that number, as scanners send it that want to be independent of
  layouts. GS comes so (Alt+0029, Alt+029), as Ctrl+] or as F8. All other keys with Ctrl or Alt spoil the scan.
- After SYN_DROPPED the scan under way is lost as a whole: the kernel's ring holds 64 events, a scan of 13 digits
  is 84, and the rest of a code can look like a code.
- A gap between two keys is measured by the kernel's own stamps, so a till that was busy does not cut a good scan.
- Shift, Ctrl, Alt and Caps Lock are forgotten with lost events and with a gap: a release that never came must not
  turn the digits of every later scan into signs. Who opens a scanner anew takes a new decoder.

Source: `drivers.key_codes`.

Must not know: file descriptors, clocks, what a scan means.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from drivers import key_codes as keys
from drivers.key_codes import EV_KEY, EV_MSC, EV_SYN, PRESSED, RELEASED, SYN_DROPPED
from drivers.scanner.framing import Framing
from drivers.scanner.gs1 import GS
from drivers.scanner.scan import BadScanReason
from drivers.scanner.settings import AS_SHIPPED, ScannerSettings

if TYPE_CHECKING:
    from drivers.scanner.scan import BadScan, Scan

_events = keys.EVENT.iter_unpack
_REPORT = struct.Struct("@16xH6x llHHi 16xq")
"""What is read nearly always, one key up or down: the kind of the usage before it, the key's event, what ends them."""
_REPORT_BYTES, _unpack_report = _REPORT.size, _REPORT.unpack
_REPORT_END = 0
"""EV_SYN, SYN_REPORT, 0."""

_END = "\n"
_ENDS = "\r\n\t"
_UNKNOWN = "\x1a"
_MODIFIER = "\x0e"
_ALT_DIGIT = "\x0f"
_PRINTABLE = " "
"""Below it stand the special ones, and GS."""

_SHIFTS = frozenset((keys.KEY_LEFTSHIFT, keys.KEY_RIGHTSHIFT))
_CONTROLS = frozenset((keys.KEY_LEFTCTRL, keys.KEY_RIGHTCTRL))
_ALTS = frozenset((keys.KEY_LEFTALT, keys.KEY_RIGHTALT))
_HELD = _SHIFTS | _CONTROLS | _ALTS
_MODIFIERS = _HELD | {keys.KEY_CAPSLOCK, keys.KEY_NUMLOCK}
_ALT_DIGITS_MAX = 4


def _characters(*, shift: bool, caps: bool) -> dict[int, str]:
    table = dict.fromkeys(_MODIFIERS, _MODIFIER)
    for code, (plain, shifted) in keys.MAIN.items():
        upper = shift != caps if plain.isalpha() else shift
        table[code] = shifted if upper else plain
    for code, character in keys.PAD.items():
        table[code] = character
    for code in (keys.KEY_ENTER, keys.KEY_KPENTER, keys.KEY_TAB, keys.KEY_DOWN):
        table[code] = _END
    table[keys.KEY_F8] = GS
    return table


def _control_characters() -> dict[int, str]:
    table = dict.fromkeys(_MODIFIERS, _MODIFIER)
    for code, (plain, _) in keys.MAIN.items():
        if plain in "mji":
            table[code] = _END
        elif plain == "]":
            table[code] = GS
    return table


def _alt_digits() -> dict[int, str]:
    table = dict.fromkeys(_MODIFIERS, _MODIFIER)
    for code, character in keys.PAD.items():
        if character.isdecimal():
            table[code] = _ALT_DIGIT
    return table


_PLAIN = {
    (shift, caps): _characters(shift=shift, caps=caps) for shift in (False, True) for caps in (False, True)
}
_WITH_CONTROL = _control_characters()
_WITH_ALT = _alt_digits()


class BarcodeDecoder:
    """The state between two keys of one scanner. Owner: whoever reads that scanner."""

    def __init__(self, settings: ScannerSettings = AS_SHIPPED) -> None:
        self._gap_us = settings.gap_ms * 1_000
        self._framing = Framing(settings)
        self._last_us = 0
        self._held: set[int] = set()
        self._caps = False
        self._alt_digits = ""
        self._table = _PLAIN[False, False]

    @property
    def midway(self) -> bool:
        """Whether a scan has begun and not ended."""
        return self._framing.midway

    def feed(self, records: bytes) -> list[Scan]:
        """Take whole event records in their order; return the scans that ended in them."""
        scans: list[Scan] = []
        if len(records) == _REPORT_BYTES:
            before, seconds, microseconds, kind, code, value, after = _unpack_report(records)
            if before == EV_MSC and kind == EV_KEY and after == _REPORT_END:
                if value == PRESSED:
                    self._press(code, seconds * 1_000_000 + microseconds, scans)
                elif value == RELEASED and self._held:
                    self._release(code, scans)
                return scans
        for seconds, microseconds, kind, code, value in _events(records):
            if kind == EV_KEY:
                if value == PRESSED:
                    self._press(code, seconds * 1_000_000 + microseconds, scans)
                elif value == RELEASED and self._held:
                    self._release(code, scans)
            elif kind == EV_SYN and code == SYN_DROPPED:
                self._drop(seconds * 1_000_000 + microseconds, scans)
        return scans

    def expire(self) -> BadScan | None:
        """End a scan of which nothing more has come for the gap's time. Call it when the scanner is silent."""
        self._let_go()
        return self._framing.silence()

    def _press(self, code: int, now_us: int, scans: list[Scan]) -> None:
        if now_us - self._last_us > self._gap_us:
            self._cut(scans)
        self._last_us = now_us
        character, framing = self._table.get(code, _UNKNOWN), self._framing
        if character < _PRINTABLE:
            self._press_special(code, character, scans)
        elif framing.between:
            self._add(character, scans)
        elif (too_long := framing.add(character)) is not None:
            scans.append(too_long)

    def _add(self, character: str, scans: list[Scan]) -> None:
        framing = self._framing
        told = framing.begin(self._last_us) if framing.between else None
        told = framing.add(character) or told
        if told is not None:
            scans.append(told)

    def _press_special(self, code: int, character: str, scans: list[Scan]) -> None:
        if character == _END:
            self._end(scans)
        elif character == _MODIFIER:
            self._press_modifier(code)
        elif character == GS:
            self._add(character, scans)
        elif character == _ALT_DIGIT and len(self._alt_digits) < _ALT_DIGITS_MAX:
            self._alt_digits += keys.PAD[code]
        else:
            self._framing.spoil(BadScanReason.UNKNOWN_KEY)

    def _press_modifier(self, code: int) -> None:
        if code in _HELD:
            self._held.add(code)
        elif code == keys.KEY_CAPSLOCK:
            self._caps = not self._caps
        self._choose_table()

    def _release(self, code: int, scans: list[Scan]) -> None:
        self._held.discard(code)
        self._choose_table()
        if self._alt_digits and not self._held & _ALTS:
            character, self._alt_digits = chr(int(self._alt_digits) % 256), ""
            if character in _ENDS:
                self._end(scans)
            elif character == GS or (character.isascii() and character.isprintable()):
                self._add(character, scans)
            else:
                self._framing.spoil(BadScanReason.UNKNOWN_KEY)

    def _choose_table(self) -> None:
        if self._held & _ALTS:
            self._table = _WITH_ALT
        elif self._held & _CONTROLS:
            self._table = _WITH_CONTROL
        else:
            self._table = _PLAIN[bool(self._held), self._caps]

    def _drop(self, now_us: int, scans: list[Scan]) -> None:
        if now_us - self._last_us > self._gap_us:
            self._cut(scans)
        self._last_us = now_us
        self._let_go()
        self._framing.spoil(BadScanReason.DROPPED_EVENTS)

    def _end(self, scans: list[Scan]) -> None:
        scan = self._framing.end(self._last_us)
        if scan is not None:
            scans.append(scan)

    def _cut(self, scans: list[Scan]) -> None:
        half = self.expire()
        if half is not None:
            scans.append(half)

    def _let_go(self) -> None:
        if not self._held and not self._caps:
            return
        self._held.clear()
        self._caps = False
        self._alt_digits = ""
        self._table = _PLAIN[False, False]
