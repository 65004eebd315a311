"""A scanner that types at the highest speed that USB allows a keyboard, from a process of its own.

One report a millisecond, each of three events; so a code of 13 digits and Enter comes in 28 reads of 3 events. Run as
``python -m tests.benchmarks.busy_scanner FIFO``: each line on its input is a code to scan.

Source: USB 2.0, 5.7.4 (full speed polls an interrupt endpoint once a millisecond at most).
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import asynccontextmanager
from subprocess import PIPE
from typing import TYPE_CHECKING

from drivers import key_codes as keys
from drivers.simulated.input_events import monotonic_us, scan_events

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

REPORT_S = 0.001
REPORT_EVENTS = 3


class BusyScanner:
    """The till's side: `scan` returns at once."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def scan(self, *codes: str) -> None:
        """Have these codes typed one after the other."""
        os.write(self._fd, "".join(f"{code}\n" for code in codes).encode())


@asynccontextmanager
async def busy_scanner(fifo: Path) -> AsyncIterator[BusyScanner]:
    """A scanner that writes into `fifo`, which exists."""
    import asyncio  # noqa: PLC0415 -- the scanner itself needs none

    child = await asyncio.create_subprocess_exec(sys.executable, "-m", __name__, str(fifo), stdin=PIPE)
    assert child.stdin is not None, "it was asked for"
    try:
        yield BusyScanner(child.stdin.get_extra_info("pipe").fileno())
    finally:
        child.stdin.close()
        await child.wait()


def main() -> None:
    """Type whatever comes, until the input ends."""
    with open(sys.argv[1], "wb", buffering=0) as fifo:  # noqa: PTH123 -- a FIFO
        for line in sys.stdin:
            _type(line.strip(), fifo.fileno())


def _type(code: str, fd: int) -> None:
    now_us = monotonic_us()
    events = scan_events(code, stamp=divmod(now_us, 1_000_000))
    report_bytes = REPORT_EVENTS * keys.EVENT.size
    for start in range(0, len(events), report_bytes):
        os.write(fd, events[start : start + report_bytes])
        time.sleep(REPORT_S)


if __name__ == "__main__":
    main()
