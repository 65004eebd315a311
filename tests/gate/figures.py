"""The README's figures: pasted from a run by `python -m tests.gate.figures`, compared with the targets by a test.

Values belong to one run on one machine, so nobody compares those; names, targets and how each is taken must be the code's.
"""

from __future__ import annotations

import json

from tests.benchmarks.targets import TARGETS
from tests.gate.readme_blocks import README, found, table
from tests.gate.tree import ROOT

BENCH = ROOT / "bench-out" / "bench.json"
HEAD = ("figure", "value", "target", "how")


def of_run(told: dict[str, dict[str, object]]) -> str:
    """The table of a run's `bench.json`."""
    rows = []
    for target in TARGETS:
        value = told[target.name]["value"]
        assert isinstance(value, int | float), "a figure is a number"
        missed = "" if target.is_met(value) else " (missed)"
        rows.append(
            (f"`{target.name}`", f"{value:.4g} {target.unit}", f"{target.wanted}{missed}", target.how)
        )
    return table(HEAD, rows)


def shown() -> list[tuple[str, str, str]]:
    """Name, target and how of each row in the README."""
    block = found("figures", README.read_text()) or ""
    rows = [line.strip("| ").split(" | ") for line in block.splitlines() if line.startswith("| `")]
    return [(row[0].strip("`"), row[2].removesuffix(" (missed)").strip(), row[3]) for row in rows]


if __name__ == "__main__":
    text = README.read_text()
    old = found("figures", text) or ""
    words = old[: old.index("| figure")]
    README.write_text(text.replace(old, words + of_run(json.loads(BENCH.read_text()))))
