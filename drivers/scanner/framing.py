"""Where one scan ends and the next begins, for keys and bytes alike. Pure.

Rules:
- A scan ends with an end (Enter, Tab, CR, LF). Without one it is half a scan, and is never passed on as a short one:
  the first eight digits of a good's number are another good's in one case of ten.
- What was spoiled stays spoiled to its end.
- A scan above the bound, and a second line that follows the first without a pause, are told at once, and only once: then
  everything is dropped until the scanner has been silent for the gap's time, so that an endless one is one beep.
- A character within `LINE_GAP_MS` of the last end, and `LINE_GAP_KEYS` times what a character took, goes on with the same
  code: a QR with line breaks. Its first line has been told already, as a scan of its own; no other line is.
- The same scan that begins within `REPEAT_MS` of its last end is the same pass over the beam, and is told once.
- A scanner that never sends an end is told apart from a scan that broke off: by a whole good's number without end, or
  by a second half scan in a row.

Must not know: keys, bytes, clocks; whoever reads the scanner measures the silence and says when a character came, in
microseconds that only rise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.scanner.classification import classify, is_whole_trade_number
from drivers.scanner.scan import BadScan, BadScanReason
from drivers.scanner.settings import AS_SHIPPED, ScannerSettings

if TYPE_CHECKING:
    from drivers.scanner.scan import Scan

SCAN_CHARACTERS_MAX = 2_000
"""The longest text of ours, a receipt with the most legs of the widest numbers, has 1,835."""


LINE_GAP_MS = 30
"""A hand needs longer from one code to the next, and a scanner's characters lie closer than that."""
LINE_GAP_KEYS = 3
"""A slow scanner's lie as far apart as its own characters; so many of them are added."""
REPEAT_MS = 300
_LINE_GAP_US = LINE_GAP_MS * 1_000
_REPEAT_US = REPEAT_MS * 1_000


class Framing:
    """The characters since the last end. Owner: the decoder of one scanner."""

    def __init__(self, settings: ScannerSettings = AS_SHIPPED) -> None:
        self._settings = settings
        self._typed: list[str] = []
        self._room = SCAN_CHARACTERS_MAX  # none where characters are dropped
        self._fault: BadScanReason | None = None
        self._deaf = False
        self._halves = 0
        self.between = True
        self._begun_us = 0
        self._ended_us = -_REPEAT_US
        self._line_gap_us = 0
        self._last: Scan | None = None

    @property
    def midway(self) -> bool:
        """Whether a scan has begun and not ended."""
        return bool(self._typed) or self._fault is not None or self._deaf

    def begin(self, now_us: int) -> BadScan | None:
        """The first character since the last end has come, and is about to be added (`between` was true)."""
        self.between, self._begun_us = False, now_us
        return self.refuse(BadScanReason.LINES) if now_us - self._ended_us < self._line_gap_us else None

    def add(self, character: str) -> BadScan | None:
        """Take one character, printable ASCII or GS; a scan that is too long is told here."""
        if len(self._typed) < self._room:
            self._typed.append(character)
            return None
        if not self._room:
            return None
        return self.refuse(BadScanReason.TOO_LONG)

    def refuse(self, reason: BadScanReason) -> BadScan:
        """Drop everything until the next silence."""
        self._deaf = True
        self._forget()
        return BadScan(reason)

    def spoil(self, reason: BadScanReason) -> None:
        """The scan under way must not be used."""
        if not self._deaf:
            self._typed.clear()
            self._fault, self._room = self._fault or reason, 0

    def end(self, now_us: int) -> Scan | None:
        """An end came: the scan, if there is a new one."""
        scan: Scan | None = None
        if self.between:
            self._begun_us = now_us  # nothing of it was a character
        if self._typed:
            self._line_gap_us = _LINE_GAP_US + LINE_GAP_KEYS * (now_us - self._begun_us) // len(self._typed)
            scan = classify("".join(self._typed), self._settings)
            self._halves = 0
            self._typed.clear()
        elif self._fault is not None:
            scan = BadScan(self._fault)
            self._forget()
        return None if scan is None or self._is_again(scan, now_us) else scan

    def _is_again(self, scan: Scan, now_us: int) -> bool:
        again = self._begun_us - self._ended_us < _REPEAT_US and scan == self._last
        self.between, self._last, self._ended_us = True, scan, now_us
        return again

    def silence(self) -> BadScan | None:
        """Nothing has come for the gap's time: what was under way, if anything, is half a scan."""
        self.between, self._line_gap_us = True, 0
        if not self.midway:
            return None
        text, fault, self._deaf = "".join(self._typed), self._fault, False
        self._forget()
        if fault is not None:
            return BadScan(fault)
        if not text:
            return None
        self._halves += 1
        ends_missing = self._halves > 1 or is_whole_trade_number(text, self._settings)
        return BadScan(BadScanReason.NO_END if ends_missing else BadScanReason.HALF)

    def _forget(self) -> None:
        self._typed.clear()
        self._fault = None
        self._room = 0 if self._deaf else SCAN_CHARACTERS_MAX
