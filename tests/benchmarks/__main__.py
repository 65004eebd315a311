"""`make bench`: measure everything, print the table, write `bench-out/bench.json`.

The exit code is 1 if a target is missed, and the last line says which. Never a part of `make test`: a busy machine may miss
what a quiet one meets. With names of parts (`python -m tests.benchmarks paper growth`) only these are measured.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks import authorization, batches, finality, growth, paper, process, scanning
from tests.benchmarks.progress import Progress
from tests.benchmarks.report import missed, table, write_json
from tests.benchmarks.targets import TARGETS

OUT = Path("bench-out")
# Growth comes last: it leaves the disk busy.
PARTS = {
    "authorization": authorization.measure,
    "batches": batches.measure,
    "finality": finality.measure,
    "paper": paper.measure,
    "scanning": scanning.measure,
    "process": process.measure,
    "growth": growth.measure,
}


def main() -> int:
    """Run the parts that were asked for; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks", description="Measure Sofreh against its targets."
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"only these of {', '.join(PARTS)}")
    names = parser.parse_args().parts or list(PARTS)
    if unknown := [name for name in names if name not in PARTS]:
        parser.error(f"there is no part {unknown[0]}")
    OUT.mkdir(exist_ok=True)
    values = asyncio.run(_measured(names))
    write_json(OUT / "bench.json", TARGETS, values)
    print(table(TARGETS, values))
    late = missed(TARGETS, values)
    print(f"\n{OUT / 'bench.json'} says how each was measured. {_company()}")
    print(f"Missed: {', '.join(late)}" if late else "All targets are met.")
    return 1 if late else 0


def _company() -> str:
    """How busy the machine is: ratios bear some company, but what waits for another thread suffers first."""
    return f"Load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors."


async def _measured(names: list[str]) -> dict[str, float]:
    progress = Progress(len(names))
    values: dict[str, float] = {}
    for name in names:
        progress.begin(name)
        # In the checkout: a folder for temporary files may be memory, which syncs for nothing.
        with TemporaryDirectory(dir=OUT) as folder:
            values |= await PARTS[name](Path(folder).absolute(), progress.tell)
    progress.end()
    return values


if __name__ == "__main__":
    sys.exit(main())
