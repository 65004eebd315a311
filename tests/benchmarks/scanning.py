"""What decoding a scan costs beside what the kernel's side of it costs anyhow: reading its events."""

from __future__ import annotations

import os
from time import perf_counter
from typing import TYPE_CHECKING

from drivers import key_codes as keys
from drivers.scanner.barcode_decoder import BarcodeDecoder
from drivers.scanner.scan import GtinScan
from drivers.simulated.input_events import scan_events
from tests.benchmarks.stopwatch import interleaved

if TYPE_CHECKING:
    from pathlib import Path

    from tests.benchmarks.progress import Tell

BARCODE = "6260000000019"
READ_RECORDS = 3
"""A key goes down or up in one report of three events, and a scanner sends a report at a time."""
ROUNDS = 300
ROUND_SCANS = 10


async def measure(folder: Path, tell: Tell) -> dict[str, float]:
    """The figure of this part."""
    # A second apart: the same code at once would be the same pass over the beam.
    bursts = [scan_events(BARCODE, stamp=(second, 0)) for second in range(ROUND_SCANS)]
    size = READ_RECORDS * keys.EVENT.size
    reads, rest = divmod(len(bursts[0]), size)
    assert (reads, rest) == (28, 0), "a scan of 13 digits and Enter"
    near, far = os.pipe()

    async def bare(_: int) -> float:
        spent_s = 0.0
        for burst in bursts:
            os.write(far, burst)
            begin = perf_counter()
            for _read in range(reads):
                os.read(near, size)
            spent_s += perf_counter() - begin
        return spent_s

    async def decoded(_: int) -> float:
        spent_s, feed = 0.0, BarcodeDecoder().feed
        for burst in bursts:
            os.write(far, burst)
            scans = []
            begin = perf_counter()
            for _read in range(reads):
                scans += feed(os.read(near, size))
            spent_s += perf_counter() - begin
            assert scans == [GtinScan(f"0{BARCODE}")], "else this measures nothing"
        return spent_s

    try:
        compared = await interleaved(decoded, bare, rounds=ROUNDS)
    finally:
        os.close(near)
        os.close(far)
    return {"scan_over_pipe": compared.ratio_of_rounds}
