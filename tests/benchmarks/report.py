"""The figures as people and programs read them: a table, and `bench.json`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.benchmarks.targets import Target

HEADINGS = ("figure", "value", "unit", "target", "met?")


def table(targets: Sequence[Target], values: Mapping[str, float]) -> str:
    """One row a figure that was measured, in the order of `targets`."""
    rows = [HEADINGS, *(_row(target, values[target.name]) for target in targets if target.name in values)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _row(target: Target, value: float) -> tuple[str, ...]:
    met = "" if target.limit is None else "yes" if target.is_met(value) else "NO"
    return target.name, f"{value:.4g}", target.unit, target.wanted, met


def missed(targets: Sequence[Target], values: Mapping[str, float]) -> list[str]:
    """The names of the figures that are worse than their target."""
    return [
        target.name for target in targets if target.name in values and not target.is_met(values[target.name])
    ]


def write_json(path: Path, targets: Sequence[Target], values: Mapping[str, float]) -> None:
    """Name to value, unit, target and how it was measured."""
    told = {
        target.name: {
            "value": values[target.name], "unit": target.unit, "target": target.wanted or None,
            "met": target.is_met(values[target.name]), "how": target.how,
        }
        for target in targets
        if target.name in values
    }  # fmt: skip
    path.write_text(json.dumps(told, indent=2) + "\n")
