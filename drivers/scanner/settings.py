"""How one scanner was set up, as the shop's configuration says it. The defaults fit a scanner as shipped.

Must not know: where the configuration comes from.
"""

from __future__ import annotations

from msgspec import Struct

GAP_MS = 300
"""Longest time between two characters of one scan. The slowest scanners (Bluetooth) take about 50 ms."""


class ScannerSettings(Struct, frozen=True, kw_only=True):
    """`prefix` and `suffix` frame every scan, before its Enter, and are taken off; a scan without them is bad.

    `separator` is one character that the scanner sends in place of GS, for element strings only. With `upc_e`, eight
    digits that begin with 0 are a UPC-E; without, they are an EAN-8 like any others. `gap_ms` ends half a scan.
    """

    prefix: str = ""
    suffix: str = ""
    separator: str = ""
    upc_e: bool = False
    gap_ms: int = GAP_MS


AS_SHIPPED = ScannerSettings()
