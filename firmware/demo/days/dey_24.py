"""Wednesday 24 Dey: a cold start; the clock chip has come loose, and the shopkeeper keys the date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firmware.demo import acts, mishaps, shelf
from firmware.demo.day import Day
from firmware.demo.village import LOW, MIDDLE
from sync.wire.kinds import DeclineReason

if TYPE_CHECKING:
    from firmware.demo.story import Story

DAY = Day("14041024", "Wednesday. A cold start without a clock chip; the shopkeeper keys the date.")


@DAY.event
async def cold_start(story: Story) -> None:
    """Power on after the night: nobody knows the time, and the till asks for the date."""
    await mishaps.night(story, has_clock_chip=False)
    story.heard.must_say("امروز چه روزی است؟")


@DAY.event
async def clock_doubtful(story: Story) -> None:
    """Without a date there is no credit, for nobody knows what is open today."""
    await story.till.press("-")
    await acts.is_refused(story, story.family(MIDDLE, 1), shelf.OIL, reason=DeclineReason.CLOCK_DOUBTFUL)


@DAY.event
async def wrong_date(story: Story) -> None:
    """A date of last week lies behind what is certain; the till asks again."""
    await story.till.call("17", "14041014")
    story.heard.must_say("یکشنبه ۱۴ دی ۱۴۰۴")
    await story.till.enter()
    story.heard.must_say("این تاریخ پذیرفته نشد.", "امروز چه روزی است؟")


@DAY.event
async def date_keyed(story: Story) -> None:
    """Today's date is keyed, shown in words and confirmed."""
    await story.till.press("14041024\n")
    story.heard.must_say("چهارشنبه ۲۴ دی ۱۴۰۴")
    await story.till.enter()
    story.heard.must_say("تاریخ ثبت شد:")


@DAY.event
async def purchase_on_a_stated_date(story: Story) -> None:
    """Trade goes on; paper says that the date was keyed."""
    await acts.buys(story, story.family(MIDDLE, 1), shelf.OIL, shelf.MILK)
    story.heard.must_say("تاریخ را فروشنده وارد کرده است.")


@DAY.event
async def tighter_limit(story: Story) -> None:
    """Under a keyed date one purchase takes at most 2,000,000 toman of credit."""
    await acts.is_refused(
        story, story.family(MIDDLE, 3), shelf.FROZEN_MEAT.times(3), reason=DeclineReason.PURCHASE_LIMIT
    )
    story.heard.must_be({"سقف": 20_000_000})


@DAY.event
async def small_purchase(story: Story) -> None:
    """A small basket is no problem."""
    await acts.buys(story, story.family(LOW, 1), shelf.DEARER_SUGAR, shelf.loose_eggs(12))


@DAY.event
async def closing(story: Story) -> None:
    """X and Z."""
    await acts.closes(story)
