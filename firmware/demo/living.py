"""The shop's days, one after the other: what each event needs, and how it is told.

Each event happens, its paper is torn off, the picture is kept and the clock is moved. An event whose demands are not met
ends the story and is named with its picture and the till's last words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from firmware.demo.calendar import clock_text, moment_s
from firmware.demo.heard import Unmet, last_words

if TYPE_CHECKING:
    from pathlib import Path

    from firmware.demo.day import Day, Event
    from firmware.demo.story import Story

OPENS_HOUR = 8


class StoryBroken(Exception):
    """An event did not go as the story demands; says which, and where to look."""


async def live(story: Story, day: Day) -> None:
    """Let a whole day happen. Raises: StoryBroken."""
    _move_to(story, moment_s(day.date, OPENS_HOUR))
    print(f"\n{_date_text(day)}  {day.title}", flush=True)
    for place, event in enumerate(day.events, 1):
        name = f"{day.prefix}-{place:02d}-{event.name}"
        picture = await _happen(story, event, name)
        story.events += 1
        shown = picture.name if picture else "-"
        print(f"  {clock_text(story.now_s)}  {event.sentence:<96s}  {shown}", flush=True)
        await _let_time_pass(story, day.minutes)


async def _happen(story: Story, event: Event, name: str) -> Path | None:
    story.heard.begin()
    try:
        await event.act(story)
    except (Unmet, TimeoutError) as error:
        torn = await story.shop.paper.tear_off()
        picture = story.album.keep(torn.picture, name)
        raise StoryBroken(_report(story, name, picture, error)) from error
    torn = await story.shop.paper.tear_off()
    return story.album.keep(torn.picture, name)


async def _let_time_pass(story: Story, minutes: int) -> None:
    """Between two exchanges, for a question that takes twenty minutes would spoil the till's clock."""
    if story.shop.plug.is_in and not story.shop.link.is_cut:
        await story.until_answered()
    story.shop.clock.advance(minutes=minutes)


def _report(story: Story, name: str, picture: Path | None, error: Exception) -> str:
    paper = "\n".join(f"    | {text}" for text in story.heard.texts)
    return f"{name}: {error}\n  picture: {picture}\n  paper:\n{paper}\n  the till's last words:\n{last_words(story.heard.log)}"


def _move_to(story: Story, moment: int) -> None:
    passed_ms = (moment - story.now_s) * 1000
    if passed_ms > 0:
        story.shop.clock.advance(ms=passed_ms)


def _date_text(day: Day) -> str:
    return f"{day.date[:4]}-{day.date[4:6]}-{day.date[6:]}"
