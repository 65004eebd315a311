"""No seed overspends. More of them: SOFREH_SEEDS=100:400 pytest tests/simulation, or one again: SOFREH_SEEDS=137."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest

from tests.simulation.world import World

if TYPE_CHECKING:
    from pathlib import Path

EVENTS_A_RUN = 150


def seeds(wanted: str) -> range:
    """``7`` is one seed, ``7:20`` those from 7 to 19."""
    first, _, end = wanted.partition(":")
    return range(int(first), int(end or int(first) + 1))


def run(seed: int, folder: Path, events: int = EVENTS_A_RUN) -> World:
    world = World(seed, folder)
    try:
        asyncio.run(world.run(events))
    except Exception as error:
        error.add_note(f"seed {seed}, after {world.happened.total()} happenings: {dict(world.happened)}")
        raise
    return world


@pytest.mark.parametrize("seed", seeds(os.environ.get("SOFREH_SEEDS", "1:5")))
def test_no_household_overspends_whatever_happens(seed: int, tmp_path: Path) -> None:
    run(seed, tmp_path)


def test_the_same_seed_is_the_same_run_to_the_last_byte(tmp_path: Path) -> None:
    first, second = run(7, tmp_path / "first", 60), run(7, tmp_path / "second", 60)
    assert first.heads() == second.heads()
    assert first.happened == second.happened
    assert first.heads() != run(8, tmp_path / "third", 60).heads()


def test_a_run_is_rich_in_what_it_is_about(tmp_path: Path) -> None:
    world = run(1, tmp_path)
    assert set(world.happened) >= {
        "purchase", "void", "refund", "refused undoing", "recall", "power_cut", "restart", "key_the_day",
    }  # fmt: skip
    assert all(len(till.purchases) > 3 for till in world.tills)
