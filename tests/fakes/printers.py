"""The two generic printers, for whoever wants one quickly."""

from __future__ import annotations

from drivers.printer.profiles import NARROW, WIDE, profile_named

PAPER_58_MM = profile_named(NARROW)
PAPER_80_MM = profile_named(WIDE)
