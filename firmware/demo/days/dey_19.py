"""Friday 19 Dey: deciles 1 to 3 are due; the power is cut in the middle of a purchase."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firmware.demo import acts, mishaps, shelf
from firmware.demo.day import Day
from firmware.demo.village import LOW, SUPPORTED
from firmware.receipt.prompt_slips import Prompt
from sync.wire.kinds import DeclineReason

if TYPE_CHECKING:
    from firmware.demo.story import Story

DAY = Day("14041019", "Friday. Deciles 1 to 3 are due; the power is cut in the middle of a purchase.")


@DAY.event
async def their_day(story: Story) -> None:
    """Who came too early on Wednesday gets oil and rice now."""
    await acts.buys(story, story.family(LOW, 1), shelf.OIL.times(2), shelf.RICE.kilograms("5.0"))


@DAY.event
async def typed_barcode(story: Story) -> None:
    """A torn label: the barcode of the lentils is typed."""
    family = story.family(LOW, 3)
    await story.till.show(story.card(family))
    await story.till.press(shelf.LENTILS.barcode + "\n")
    await acts.pays(story, family, shelf.LENTILS)


@DAY.event
async def bad_scan(story: Story) -> None:
    """The scanner loses events: the scan is dropped as a whole, never taken for another barcode."""
    family = story.family(LOW, 5)
    await story.till.show(story.card(family))
    await story.shop.scan_too_fast(shelf.CHEESE.barcode)
    story.heard.must_say(Prompt.BAD_SCAN.value)
    await story.till.put(shelf.CHEESE.times(2))
    await acts.pays(story, family, shelf.CHEESE.times(2))


@DAY.event
async def power_cut_after_the_pin(story: Story) -> None:
    """The power goes while the PIN is keyed: nothing is charged, and the basket is still there afterwards."""
    family = story.family(LOW, 4)
    goods = shelf.BIG_OIL, shelf.SUGAR.times(2)
    await story.till.show(story.card(family))
    await story.till.put(*goods)
    await acts.totals(story, story.books.split(family, goods, story.now_s))
    await story.till.press(story.card(family).pin)
    await mishaps.power_cut(story)
    story.heard.must_say(Prompt.STARTED.value, "سبد نیمه‌کاره دوباره باز شد")
    story.heard.must_not_say(acts.RECEIPT)
    await story.till.show(story.card(family))
    await acts.pays(story, family, *goods)


@DAY.event
async def one_person(story: Story) -> None:
    """A single person spends on weighed chicken and keeps the rest."""
    await acts.buys(story, story.family(LOW, 2), shelf.CHICKEN.label(2_310), shelf.LOAF_SUGAR.weighed(900))


@DAY.event
async def price_changed(story: Story) -> None:
    """The price of sugar goes up for good: operator PIN, good, price."""
    await story.till.guarded("16")
    await story.till.scan(shelf.SUGAR.barcode)
    await story.till.press("59500\n")
    story.heard.must_say("قیمت فروشگاه ثبت شد:")
    await acts.buys(story, story.family(LOW, 6), shelf.DEARER_SUGAR, shelf.MILK)


@DAY.event
async def wrong_operator_pin(story: Story) -> None:
    """A child plays with the keys: the operator PIN is wrong."""
    await story.till.call("16", pin=story.till.wrong_operator_pin)
    story.refused(DeclineReason.WRONG_OPERATOR_PIN, as_decline=False)
    await story.till.press("-")


@DAY.event
async def comes_back(story: Story) -> None:
    """A household of Wednesday comes back for eggs."""
    await acts.buys(story, story.family(SUPPORTED, 5), shelf.TRAY_OF_EGGS)


@DAY.event
async def cash_sale(story: Story) -> None:
    """Batteries, in cash."""
    await acts.pays_cash(story, shelf.BATTERIES)


@DAY.event
async def closing(story: Story) -> None:
    """X and Z."""
    await acts.closes(story)
