"""Tuesday 23 Dey: a slow day; a PIN that nobody finishes, a basket that nobody fetches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firmware.demo import acts, shelf
from firmware.demo.day import Day
from firmware.demo.village import LOW, MIDDLE
from firmware.receipt.prompt_slips import Prompt

if TYPE_CHECKING:
    from firmware.demo.story import Story

DAY = Day("14041023", "Tuesday. A slow day: a PIN that nobody finishes, a basket that nobody fetches.")


@DAY.event
async def purchase(story: Story) -> None:
    """Two trays of eggs and sugar."""
    await acts.buys(story, story.family(MIDDLE, 5), shelf.eggs_by_the_tray(1), shelf.DEARER_SUGAR)


@DAY.event
async def pin_lapses(story: Story) -> None:
    """The buyer is called away before the PIN is whole: it lapses, and the right one pays later."""
    family = story.family(MIDDLE, 2)
    goods = (shelf.CHEESE,)
    await story.till.show(story.card(family))
    await story.till.put(*goods)
    await acts.totals(story, story.books.split(family, goods, story.now_s))
    await story.till.press("12")
    story.shop.clock.advance(ms=31_000)
    await story.until_printed(Prompt.PIN_LAPSED.value)
    await acts.pays(story, family, *goods)


@DAY.event
async def basket_parked(story: Story) -> None:
    """A basket lies idle for five minutes: it is put on hold, never charged, and fetched again."""
    family = story.family(LOW, 6)
    await story.till.put(shelf.OIL, shelf.PASTA)
    story.shop.clock.advance(minutes=6)
    await story.until_printed("سبد ۱ نگه داشته شد")
    await story.till.call("7", "1")
    await story.till.show(story.card(family))
    await acts.pays(story, family, shelf.OIL, shelf.PASTA)


@DAY.event
async def own_money_only(story: Story) -> None:
    """A household keeps its credit for later: TOTAL with no credit is a cash sale."""
    await story.till.show(story.card(story.family(MIDDLE, 1)))
    await story.till.put(shelf.MILK)
    await story.till.total(0)
    await acts.settles_in_cash(story, shelf.MILK)


@DAY.event
async def changes_its_mind(story: Story) -> None:
    """After TOTAL the buyer goes back and adds cheese; the new block counts."""
    family = story.family(MIDDLE, 7)
    await story.till.show(story.card(family))
    await story.till.put(shelf.YOGHURT)
    await story.till.total()
    await story.till.press("-")
    await story.till.put(shelf.CHEESE)
    await acts.pays(story, family, shelf.YOGHURT, shelf.CHEESE)


@DAY.event
async def basket_canceled(story: Story) -> None:
    """The money is at home: the whole basket goes back to the shelves."""
    await story.till.put(shelf.TEA, shelf.BATTERIES)
    await acts.leaves(story)


@DAY.event
async def closing(story: Story) -> None:
    """X and Z."""
    await acts.closes(story)
