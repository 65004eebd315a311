"""Friday 26 Dey: a quiet day; a part of a weighed line comes back, two baskets wait at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firmware.demo import acts, shelf
from firmware.demo.day import Day
from firmware.demo.village import LOW, MIDDLE
from firmware.receipt.prompt_slips import Prompt

if TYPE_CHECKING:
    from firmware.demo.story import Story

DAY = Day("14041026", "Friday. A quiet day: half a kilogram comes back, two baskets wait at once.")


@DAY.event
async def half_a_kilogram_back(story: Story) -> None:
    """Half a kilogram of last week's chicken comes back to the credit."""
    back_rial = 165_000 * 10 * 500 // 1000
    await acts.refunds(story, "weighed", "0.5*1\n", credit_rial=back_rial, own_rial=0)


@DAY.event
async def the_rest_of_the_line(story: Story) -> None:
    """And the rest of that line a little later."""
    receipt = story.receipts["weighed"]
    rest_rial = receipt.goods[0].total_rial - 165_000 * 10 * 500 // 1000
    await acts.refunds(story, "weighed", "1\n", credit_rial=rest_rial, own_rial=0)


@DAY.event
async def two_baskets_wait(story: Story) -> None:
    """Two buyers run back for something: both baskets wait, and come back in the other order."""
    first, second = story.family(LOW, 8), story.family(MIDDLE, 5)
    await story.till.put(shelf.LENTILS)
    await story.till.call("6")
    await story.till.put(shelf.BEANS)
    await story.till.call("6")
    story.heard.must_say("سبد ۱ نگه داشته شد", "سبد ۲ نگه داشته شد")
    await story.till.call("7", "2")
    await story.till.show(story.card(second))
    await acts.pays(story, second, shelf.BEANS)
    await story.till.call("7", "1")
    await story.till.show(story.card(first))
    await acts.pays(story, first, shelf.LENTILS)


@DAY.event
async def strange_keys(story: Story) -> None:
    """Keys without meaning do nothing."""
    await story.till.call("77")
    story.heard.must_say(Prompt.BAD_KEYS.value)


@DAY.event
async def strange_code(story: Story) -> None:
    """A code of something else is held before the scanner."""
    await story.till.scan("HTTPS://EXAMPLE.INVALID/WIN")
    story.heard.must_say(Prompt.BAD_SCAN.value)


@DAY.event
async def purchase(story: Story) -> None:
    """Milk and cheese for a big household."""
    await acts.buys(story, story.family(LOW, 6), shelf.MILK.times(4), shelf.CHEESE.times(2))


@DAY.event
async def closing(story: Story) -> None:
    """X and Z."""
    await acts.closes(story)
