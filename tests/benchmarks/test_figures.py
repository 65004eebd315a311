"""The figures: what counts as met, what people and programs read of them, and that all measure the same workload."""

from __future__ import annotations

import asyncio
import json
import re
from itertools import islice
from typing import TYPE_CHECKING

import pytest

from tests.benchmarks.batches import _plain
from tests.benchmarks.report import missed, table, write_json
from tests.benchmarks.stopwatch import interleaved
from tests.benchmarks.targets import TARGETS, Bound, Target
from tests.benchmarks.workload import Village

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

SPEED = Target("speed", "x", "by hand", 2.0)
COUNT = Target("count", "syncs", "counted", 1, Bound.EXACTLY)
SIZE = Target("size", "bytes", "weighed")


@pytest.mark.parametrize(
    ("target", "value", "met"),
    [
        (SPEED, 1.99, True), (SPEED, 2.0, True), (SPEED, 2.01, False),
        (COUNT, 0, False), (COUNT, 1, True), (COUNT, 2, False),
        (SIZE, 10**9, True),
    ],
)  # fmt: skip
def test_a_target_is_held_at_its_limit(target: Target, value: float, *, met: bool) -> None:
    assert target.is_met(value) is met


def test_the_table_and_the_last_line_say_which_target_was_missed() -> None:
    values = {"speed": 2.5, "count": 1.0, "size": 142.4}
    rows = [re.split(r"  +", row) for row in table((SPEED, COUNT, SIZE), values).splitlines()]
    assert rows == [
        ["figure", "value", "unit", "target", "met?"],
        ["speed", "2.5", "x", "<= 2", "NO"],
        ["count", "1", "syncs", "== 1", "yes"],
        ["size", "142.4", "bytes"],
    ]
    assert missed((SPEED, COUNT, SIZE), values) == ["speed"]


def test_only_what_was_measured_is_told(tmp_path: Path) -> None:
    write_json(tmp_path / "bench.json", (SPEED, SIZE), {"speed": 1.5})
    assert json.loads((tmp_path / "bench.json").read_text()) == {
        "speed": {"value": 1.5, "unit": "x", "target": "<= 2", "met": True, "how": "by hand"}
    }


def test_no_figure_is_named_twice_or_left_unexplained() -> None:
    assert len({target.name for target in TARGETS}) == len(TARGETS)
    assert [target.name for target in TARGETS if not target.how] == []


def test_runs_alternate_and_the_first_ones_do_not_count() -> None:
    order: list[str] = []

    def taking(name: str, *seconds: float) -> Callable[[int], Awaitable[float]]:
        async def once_s(number: int) -> float:
            order.append(name)
            return seconds[number]

        return once_s

    compared = asyncio.run(interleaved(taking("a", 9, 10, 8, 6), taking("b", 9, 1, 4, 2), rounds=3, warm=1))
    assert "".join(order) == "abababab"
    assert compared.ratio == 4, "8 / 2"
    assert compared.ratio_of_rounds == 3, "the median of 10 / 1, 8 / 4 and 6 / 2"


def test_every_run_sells_the_same_to_the_same(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    one, two = (list(islice(Village(tmp_path / name).sales(), 50)) for name in ("one", "two"))
    assert [(sale.member.household, sale.lines) for sale in one] == [
        (sale.member.household, sale.lines) for sale in two
    ]


def test_what_a_jws_states_is_stated_plainly(tmp_path: Path) -> None:
    line = next(Village(tmp_path).sales()).lines[0]
    assert _plain({"line": (line,), "prev": b"\xff\xfe", "none": line.unit}) == {
        "line": [
            {
                "good": line.good, "gtin": line.gtin, "unit": "piece", "price_rial": line.price_rial,
                "quantity": line.quantity,
            }
        ],
        "prev": "__4",
        "none": "piece",
    }  # fmt: skip
