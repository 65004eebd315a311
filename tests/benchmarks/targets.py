"""What is measured: names, units, first targets, and how each figure is taken.

A figure is a ratio within one run, so that it means the same on any machine; sizes and counts are exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Bound(Enum):
    """How a value is held against its limit."""

    AT_MOST = "<="
    EXACTLY = "=="


@dataclass(frozen=True, slots=True)
class Target:
    """One figure. Without a limit it is only watched."""

    name: str
    unit: str
    how: str
    limit: float | None = None
    bound: Bound = Bound.AT_MOST

    def is_met(self, value: float) -> bool:
        """Whether `value` is good enough."""
        if self.limit is None:
            return True
        return value == self.limit if self.bound is Bound.EXACTLY else value <= self.limit

    @property
    def wanted(self) -> str:
        """The limit as people read it."""
        return "" if self.limit is None else f"{self.bound.value} {self.limit:g}"


TARGETS = (
    Target(
        "authorize_over_floor", "x",
        "last key to commit, against one signature and one 4 KiB overwrite with fdatasync on the same disk; medians, interleaved",
        3.0,
    ),
    Target(
        "authorize_over_floor_5ms", "x",
        "the same with every sync 5 ms slower on both sides, as on a card",
        1.15,
    ),
    Target(
        "fdatasyncs_per_purchase", "syncs",
        "syncs of any file from last key to commit, counted below SQLite and in the os module; the purchase farthest from 1",
        1, Bound.EXACTLY,
    ),
    Target(
        "authorize_blocked_printer", "x",
        "last key to commit while the printer is blocked, a hint hangs before it and a scanner types a report a millisecond, against a till at rest; medians, interleaved",
        1.2,
    ),
    Target(
        "batch100_bytes_per_purchase", "bytes",
        "a signed request with 100 purchases of the workload, divided by 100",
    ),
    Target("lean100_bytes_per_purchase", "bytes", "the same with the last purchase's signature alone"),
    Target(
        "batch100_over_floor", "x",
        "the full request's bytes per purchase against 64 for its signature and the bits of the choices that make it: who, what, how much, when, and the household's proof",
        1.2,
    ),
    Target(
        "batch100_over_jws", "x",
        "the full request against 100 JWS (EdDSA, compact) that state the same facts in JSON",
        0.10,
    ),
    Target("lean100_over_jws", "x", "the lean request against the same 100 JWS", 0.03),
    Target(
        "lean10_known_over_new", "x",
        "a lean request with 10 purchases and the dictionary of the 256 before them, against the same without; envelope and proofs included",
        0.85,
    ),
    Target(
        "final_json_seconds", "s",
        "100 purchases over a line of 9.6 kbit/s with 1.5 s round trip that is cut every 16 KiB on the average, as gzipped JSON in one HTTPS POST; mean of 40 seeds",
    ),
    Target(
        "final_seconds_over_json", "x",
        "the same purchases with every signature over the same line by the till's and the center's own code, against that",
        0.35,
    ),
    Target(
        "final_lean_seconds_over_json", "x",
        "likewise with the head's signature only",
        0.15,
    ),
    Target(
        "verify_over_bare", "x",
        "full batches of 100 read, rebuilt and verified in a worker process of the center, against only the 100 signature checks; medians, interleaved",
        1.15,
    ),
    Target("verify_lean_over_bare", "x", "lean batches of 100 against the same 100 signature checks", 0.15),
    Target(
        "mail_opening_day_bytes", "bytes",
        "the signed answer with a shop's first mail: rules, a list of 60 products, 500 households with a card and an allowance each",
    ),
    Target("judge_over_bare", "x", "full batches of 100 also placed and judged, against the same"),
    Target(
        "receipt_bytes_over_raster", "x",
        "bytes for the printer before the QR, against the same rows as full raster; receipts of the workload, 58 mm",
        0.55,
    ),
    Target(
        "receipt_text_over_raster", "x",
        "the same receipts as letters that the printer holds, with all that is loaded again between them, against the same full raster",
        0.03,
    ),
    Target("qr_bytes", "bytes", "a receipt's QR on a 58 mm printer that draws none itself; the largest"),
    Target(
        "first_ink_share", "x",
        "bytes sent up to and with the first command that leaves ink, against the whole receipt; 58 mm",
        0.05,
    ),
    Target("render_ms", "ms", "processor time to draw a receipt and turn it into bytes, on the machine that measured; median, 58 mm"),
    Target(
        "scan_over_pipe", "x",
        "a scan of 13 digits and Enter, 28 reads of 3 events from a pipe, decoded, against the reads alone; medians, interleaved",
        3.0,
    ),
    Target(
        "import_over_base", "x",
        "importing what a first scan needs in a fresh process, against asyncio and aiosqlite alone; medians, interleaved",
        2.2,
    ),
    Target("import_drawing_over_base", "x", "the same with what draws, which a thread loads for the first slip"),
    Target("rss_mib", "MiB", "resident memory of an idle appliance with an open journal", 50),
    Target(
        "balance_growth", "x",
        "a household's account looked up among 1,000,000 households, against 100; medians, interleaved",
        2.0,
    ),
    Target(
        "commit_growth", "x",
        "a purchase committed behind 1,000,000 entries, against a new journal; medians, interleaved",
        1.3,
    ),
)  # fmt: skip
