"""The till orders and the card's own service writes: both as they are, through the two files between them."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import pytest

from firmware import boot
from firmware.log import Level, Log
from firmware.receipt.update_slips import FAILURES, UpdateNews, UpdateStep
from firmware.technician import update_files
from firmware.technician.updating import CardUpdates, Places
from firmware.watchdog import CheckIn
from tests.image.test_slots import NAME, OLD_S, World, slots, world

__all__ = ["world"]
OLD = "0.1.0+1"


class Till:
    """The till's half, beside the card and the stick of a world; a step is a second."""

    def __init__(self, world: World, folder: Path) -> None:
        self.heard: list[UpdateNews] = []
        self.updates = CardUpdates(
            OLD, Places(folder, world.stick, folder / "told.json"), tell=self._tell, sleep_ms=_never,
            log=Log(lambda _: None, level=Level.ERROR, monotonic_ms=lambda: 0), check_in=CheckIn("update", lambda: 0),
            monotonic_ms=lambda: 0,
        )  # fmt: skip

    async def _tell(self, news: UpdateNews) -> None:
        self.heard.append(news)


async def _never(_: int) -> None:
    raise AssertionError("nobody sleeps here")


@pytest.fixture
def till(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Till:
    data = tmp_path / "data"
    data.mkdir()
    (data / "image.json").write_text(json.dumps({"version": OLD, "made_s": OLD_S}))
    for name, path in (
        ("ORDER", data / "update.json"), ("TOLD", data / "told.json"), ("IMAGE", data / "image.json"),
        ("TRIAL", data / "trial"), ("STICK", world.stick), ("RESTARTS_AFTER_S", 0),
    ):  # fmt: skip
        monkeypatch.setattr(slots, name, path)
    monkeypatch.setattr(slots, "_run", lambda *_: None)
    return Till(world, data)


def test_what_the_till_orders_is_written_and_told(world: World, till: Till) -> None:
    asyncio.run(till.updates.offer())
    assert asyncio.run(till.updates.order()).step is UpdateStep.ORDERED
    assert slots._installed(world.of_card()) == 0
    asyncio.run(till.updates.look())
    assert [(news.step, news.version) for news in till.heard] == [
        (UpdateStep.OFFERED, "0.2.0+1"),
        (UpdateStep.RESTARTS, "0.2.0+1"),
    ]


def test_what_the_service_refuses_the_till_tells(world: World, till: Till) -> None:
    (world.card / "release.pub").unlink()
    asyncio.run(till.updates.order())
    assert slots._installed(world.of_card()) == 1
    asyncio.run(till.updates.look())
    assert [(news.step, news.code) for news in till.heard] == [(UpdateStep.FAILED, "no_key")]


def test_a_stick_that_was_pulled_after_the_order_is_told(world: World, till: Till) -> None:
    asyncio.run(till.updates.order())
    (world.stick / NAME).unlink()
    assert slots._installed(world.of_card()) == 1
    asyncio.run(till.updates.look())
    assert [news.code for news in till.heard] == ["stick_gone"]


def test_both_mean_the_same_files_and_every_code_has_its_words() -> None:
    source = Path(slots.__file__).read_text()
    named = dict(re.findall(r'^(TOLD|IMAGE|ORDER) = Path\("(.+)"\)$', source, re.MULTILINE))
    assert Path(named["TOLD"]) == update_files.TOLD_FILE
    assert Path(named["IMAGE"]) == boot.CARD_FILE
    assert Path(named["ORDER"]) == Path("/data/sofreh", update_files.ORDER_FILE)
    codes = set(re.findall(r'Refused\("(\w+)"', source))
    assert codes == FAILURES.keys() - {"no_answer"}
