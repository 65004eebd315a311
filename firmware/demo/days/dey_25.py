"""Thursday 25 Dey: the clock chip sits firmly again; cards that only a plain scanner reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firmware.demo import acts, mishaps, shelf
from firmware.demo.day import Day
from firmware.demo.village import LOW, MIDDLE, SUPPORTED
from sync.wire.kinds import DeclineReason

if TYPE_CHECKING:
    from firmware.demo.story import Story

DAY = Day("14041025", "Thursday. The clock chip sits firmly again; cards that a plain scanner reads.")


@DAY.event
async def chip_is_back(story: Story) -> None:
    """The clock chip is pushed home: the till knows the time by itself."""
    await mishaps.night(story, has_clock_chip=True)
    story.heard.must_not_say("امروز چه روزی است؟")


@DAY.event
async def plain_barcode(story: Story) -> None:
    """The scanner reads no QR today: the card's number by its bars, with a one-time code."""
    await _buys_by_number(story, scanned=True)


@DAY.event
async def typed_card_number(story: Story) -> None:
    """The bars are scratched: the number is typed, again with a code."""
    await _buys_by_number(story, scanned=False)


@DAY.event
async def number_without_code(story: Story) -> None:
    """A card's number alone proves nothing: no TOTAL without a code."""
    await story.till.scan(story.card(story.family(MIDDLE, 4)).code128)
    await story.till.put(shelf.MILK)
    await story.till.total()
    story.heard.must_say("رمز یک‌بارمصرف هشت‌رقمی را بزنید.")
    story.heard.must_not_say(acts.NOT_A_RECEIPT)
    await acts.leaves(story)


@DAY.event
async def unknown_number(story: Story) -> None:
    """A number that no card has."""
    await story.till.scan("C999999995")
    story.refused(DeclineReason.UNKNOWN_CARD)


@DAY.event
async def comes_back(story: Story) -> None:
    """The first household again: pasta, and oil in place of the bottle that went back."""
    await acts.buys(story, story.family(SUPPORTED, 1), shelf.PASTA.times(2), shelf.OIL)


@DAY.event
async def weighed_again(story: Story) -> None:
    """Half a kilogram of beans, keyed with a point."""
    await acts.buys(story, story.family(LOW, 5), shelf.PULSES.kilograms("0.5"), shelf.SUGAR_CUBES)


@DAY.event
async def closing(story: Story) -> None:
    """X and Z."""
    await acts.closes(story)


async def _buys_by_number(story: Story, *, scanned: bool) -> None:
    family = story.family(MIDDLE, 8)
    card, goods = story.card(family), (shelf.YOGHURT, shelf.LENTILS)
    code = await mishaps.code_for(story, family)
    if scanned:
        await story.till.scan(card.code128)
    else:
        await story.till.call("2", card.code128.removeprefix("C"))
    await story.till.call("4", code)
    story.heard.must_say("رمز پذیرفته شد")
    await story.till.put(*goods)
    split = story.books.split(family, goods, story.now_s)
    await acts.totals(story, split)
    await story.till.enter()
    acts.got_receipt(story, family, goods, split)
