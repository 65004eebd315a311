"""The timetable is whole, and an event that goes wrong is named with its picture and the till's last words."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from firmware.demo.album import Album
from firmware.demo.day import Day
from firmware.demo.heard import Heard, Unmet
from firmware.demo.living import StoryBroken, live
from firmware.demo.timetable import OFFLINE, WHOLE

if TYPE_CHECKING:
    from pathlib import Path


def test_there_are_more_than_a_hundred_events_with_names_of_their_own() -> None:
    names = [(day.date, event.name) for day in WHOLE for event in day.events]
    assert len(names) >= 100
    assert len(set(names)) == len(names)


def test_every_day_from_the_17th_to_the_29th_is_lived_and_closed() -> None:
    days = {day.date: day for day in WHOLE}
    for number in range(17, 30):
        names = [event.name for event in days[f"140410{number}"].events]
        assert any(name.startswith("closing") for name in names)
    assert [day.date for day in OFFLINE] == [f"140410{number}" for number in range(17, 29)]


class _Clock:
    def __init__(self) -> None:
        self.wall_s = 0

    def advance(self, *, minutes: int = 0, ms: int = 0) -> None:
        self.wall_s += minutes * 60 + ms // 1000


def _story(folder: Path, heard: Heard) -> Any:
    async def tear_off() -> SimpleNamespace:
        return SimpleNamespace(picture=Image.new("1", (384, 20)))

    shop = SimpleNamespace(
        clock=_Clock(), paper=SimpleNamespace(tear_off=tear_off), plug=SimpleNamespace(is_in=False)
    )
    story = SimpleNamespace(shop=shop, heard=heard, album=Album(folder), events=0)
    story.now_s = 0
    return story


def test_a_broken_event_is_named_with_picture_paper_and_last_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    heard, day = Heard(), Day("14041017", "A bad day.")

    @day.event
    async def all_is_well(story: Any) -> None:
        """Nothing happens."""

    @day.event
    async def wrong_sum(story: Any) -> None:
        """A sum is wrong."""
        heard.take({"event": "printed", "slip": ["رسید خرید"]})
        raise Unmet("1 rial too much")

    with pytest.raises(StoryBroken) as broken:
        asyncio.run(live(_story(tmp_path, heard), day))
    told = str(broken.value)
    assert "17-02-wrong-sum: 1 rial too much" in told
    assert str(tmp_path / "17-02-wrong-sum.png") in told
    assert "رسید خرید" in told
    assert "event=printed" in told
    assert "Nothing happens." in capsys.readouterr().out


def test_an_event_must_say_what_happens() -> None:
    async def silent(story: Any) -> None: ...

    with pytest.raises(AssertionError, match="silent"):
        Day("14041017", "").event(silent)
