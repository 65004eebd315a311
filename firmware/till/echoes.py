"""What a self-test has so far: what the machine found, and which echoes came from scanner and keypad. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from firmware.receipt.selftest_slips import ECHO_BARS, Part, echoes
from firmware.till.grammar import Typed

if TYPE_CHECKING:
    from firmware.receipt.selftest_slips import Finding
    from firmware.till.scans import EchoScan


class SelfTest(Struct):
    """A self-test under way: what the machine found, and the echoes that have come."""

    found: tuple[Finding, ...]
    bars: bool = False
    qr: bool = False
    keys: str | None = None

    def take(self, echo: EchoScan | Typed) -> Finding:
        """An echo has come: what it amounts to."""
        if isinstance(echo, Typed):
            self.keys = echo.signs
            return self._of(Part.KEYS)
        if echo.text == ECHO_BARS:
            self.bars = True
            return self._of(Part.BARS)
        self.qr = True
        return self._of(Part.QR)

    def findings(self) -> tuple[Finding, ...]:
        """Everything, with what has not come."""
        return (*self.found, *echoes(bars=self.bars, qr=self.qr, keys=self.keys))

    def _of(self, part: Part) -> Finding:
        return next(finding for finding in self.findings() if finding.part is part)
