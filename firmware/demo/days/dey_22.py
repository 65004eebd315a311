"""Monday 22 Dey: deciles 4 to 7 are due; the power is cut between commit and receipt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firmware.demo import acts, mishaps, shelf
from firmware.demo.day import Day
from firmware.demo.village import MIDDLE, SUPPORTED
from firmware.receipt.prompt_slips import Prompt
from sync.wire.kinds import DeclineReason

if TYPE_CHECKING:
    from firmware.demo.story import Story

DAY = Day("14041022", "Monday. Deciles 4 to 7 are due; the power is cut between commit and receipt.")


@DAY.event
async def queue(story: Story) -> None:
    """The first in the queue buys for the whole month."""
    goods = shelf.RICE_10_KG, shelf.OIL.times(4), shelf.SUGAR_CUBES.times(2), shelf.LENTILS.times(2)
    await acts.buys(story, story.family(MIDDLE, 1), *goods)


@DAY.event
async def second_in_the_queue(story: Story) -> None:
    """Yoghurt by the kilogram and pasta."""
    await acts.buys(story, story.family(MIDDLE, 2), shelf.PASTA.times(5), shelf.CHICKEN.label(2_040))


@DAY.event
async def power_cut_before_the_receipt(story: Story) -> None:
    """The power goes after the commit, the receipt half printed: it comes whole afterwards, marked as a copy."""
    family = story.family(MIDDLE, 3)
    goods = shelf.FROZEN_MEAT, shelf.MILK.times(4)
    await story.till.show(story.card(family))
    await story.till.put(*goods)
    split = story.books.split(family, goods, story.now_s)
    await acts.totals(story, split)
    await mishaps.power_cut_in_the_receipt(story, story.card(family).pin + "\n")
    story.heard.must_say(Prompt.PARTLY_PRINTED.value, acts.COPY)
    acts.got_receipt(story, family, goods, split, called="owed")


@DAY.event
async def nothing_double(story: Story) -> None:
    """The same household looks at its balance: the purchase was charged once."""
    await acts.inquires(story, story.family(MIDDLE, 3))


@DAY.event
async def purchase_limit(story: Story) -> None:
    """Nine people have 7,200,000 toman here, but one purchase may take 6,000,000 without network."""
    await acts.is_refused(
        story, story.family(SUPPORTED, 4), shelf.RICE_10_KG.times(5), reason=DeclineReason.PURCHASE_LIMIT
    )


@DAY.event
async def within_the_limit(story: Story) -> None:
    """The same basket with the credit part capped."""
    family = story.family(SUPPORTED, 4)
    await acts.buys(story, family, shelf.RICE_10_KG.times(5), cap_toman=6_000_000)


@DAY.event
async def another_of_the_queue(story: Story) -> None:
    """Cheese, yoghurt and loose eggs."""
    goods = shelf.CHEESE, shelf.YOGHURT.times(2), shelf.loose_eggs(10)
    await acts.buys(story, story.family(MIDDLE, 4), *goods)


@DAY.event
async def last_of_the_queue(story: Story) -> None:
    """Rice by the kilogram and beans, with tea in cash."""
    goods = shelf.RICE.weighed(3_500), shelf.BEANS.times(2), shelf.TEA
    await acts.buys(story, story.family(MIDDLE, 6), *goods, called="queue")


@DAY.event
async def closing(story: Story) -> None:
    """X and Z."""
    await acts.closes(story)
