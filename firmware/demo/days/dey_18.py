"""Thursday 18 Dey: the same households come back; lines, prices and baskets change, a purchase is voided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firmware.demo import acts, shelf
from firmware.demo.day import Day
from firmware.demo.till import other
from firmware.demo.village import SUPPORTED
from firmware.receipt.prompt_slips import Prompt
from sync.wire.kinds import DeclineReason

if TYPE_CHECKING:
    from firmware.demo.story import Story

DAY = Day("14041018", "Thursday. Households come back; lines, prices and baskets change.")


@DAY.event
async def comes_back(story: Story) -> None:
    """The first household comes back; the till remembers the prices."""
    await acts.buys(story, story.family(SUPPORTED, 1), shelf.OIL, shelf.MILK.times(2))


@DAY.event
async def line_removed(story: Story) -> None:
    """A line by its number, the last line and a scanned thing are taken out again."""
    family = story.family(SUPPORTED, 5)
    await story.till.show(story.card(family))
    await story.till.put(shelf.LENTILS, shelf.BEANS, shelf.SUGAR, shelf.TEA, shelf.PASTA)
    await story.till.press("2-")
    story.heard.must_say("حذف شد: ردیف ۲")
    await story.till.press("-")
    story.heard.must_say("حذف شد: ردیف ۵")
    await story.till.press("0*")
    await story.till.scan(shelf.TEA.barcode)
    story.heard.must_say("حذف شد: ردیف ۴")
    await acts.pays(story, family, shelf.LENTILS, shelf.SUGAR)


@DAY.event
async def price_corrected(story: Story) -> None:
    """The cheese is on offer today: another price for the last line."""
    family = story.family(SUPPORTED, 2)
    await story.till.show(story.card(family))
    await story.till.put(shelf.CHEESE)
    await story.till.call("1", "119000")
    story.heard.must_say("قیمت عوض شد: ردیف ۱")
    await acts.pays(story, family, shelf.CHEESE.at(119_000))


@DAY.event
async def unusual_price(story: Story) -> None:
    """A zero too many for the price of meat: the till asks again, and takes the right one."""
    family = story.family(SUPPORTED, 8)
    await story.till.show(story.card(family))
    await story.till.scan(shelf.MEAT.label(1_120).barcode)
    await story.till.press("8200000\n")
    story.heard.must_say(Prompt.PRICE_UNUSUAL.value)
    await story.till.press("820000\n")
    await acts.pays(story, family, shelf.MEAT.label(1_120))


@DAY.event
async def basket_on_hold(story: Story) -> None:
    """One buyer has forgotten the tea: the basket waits while another one pays, and comes back."""
    waiting, next_one = story.family(SUPPORTED, 6), story.family(SUPPORTED, 4)
    await story.till.put(shelf.YOGHURT, shelf.OIL)
    await story.till.call("6")
    story.heard.must_say("سبد ۱ نگه داشته شد")
    await acts.buys(story, next_one, shelf.MILK)
    await story.till.call("7", "1")
    story.heard.must_say("سبد ۱ دوباره باز شد")
    await story.till.put(shelf.TEA)
    await story.till.show(story.card(waiting))
    await acts.pays(story, waiting, shelf.YOGHURT, shelf.OIL, shelf.TEA)


@DAY.event
async def credit_capped(story: Story) -> None:
    """A household wants to spend at most 200,000 toman of its credit today."""
    family = story.family(SUPPORTED, 7)
    await acts.buys(story, family, shelf.BEANS.times(2), shelf.PASTA.times(3), cap_toman=200_000)
    story.heard.must_be({acts.CREDIT_PART: 2_000_000})


@DAY.event
async def balance_inquiry(story: Story) -> None:
    """What is left? The slip says it, tranche by tranche."""
    await acts.inquires(story, story.family(SUPPORTED, 1))
    story.heard.must_say("واریز شده؛ پس از اعلام رسمی باز می‌شود.", "021-6369", "*500*1463#")


@DAY.event
async def wrong_receipt(story: Story) -> None:
    """Soap was charged to the wrong card: a purchase to be undone."""
    family = story.family(SUPPORTED, 2)
    await acts.buys(story, family, shelf.CHICKEN_THIGHS, shelf.SOAP, called="to be voided")


@DAY.event
async def void(story: Story) -> None:
    """The operator voids it: credit and cash go back whole."""
    await acts.voids(story, "to be voided")


@DAY.event
async def already_voided(story: Story) -> None:
    """Voiding it once more is refused."""
    await story.till.guarded("13", story.receipts["to be voided"].number)
    story.refused(DeclineReason.ALREADY_VOIDED)


@DAY.event
async def day_closed(story: Story) -> None:
    """A purchase of yesterday cannot be voided: its day is closed."""
    await story.till.guarded("13", story.receipts["first"].number)
    story.refused(DeclineReason.DAY_CLOSED)


@DAY.event
async def not_found(story: Story) -> None:
    """A mistyped receipt number finds nothing."""
    number = story.receipts["first"].number
    await story.till.guarded("13", other(number))
    story.refused(DeclineReason.NOT_FOUND)


@DAY.event
async def reprint(story: Story) -> None:
    """A receipt of yesterday is printed again, marked as a copy."""
    await story.till.call("8", story.receipts["mixed"].number)
    story.heard.must_say(acts.COPY, story.receipts["mixed"].number)


@DAY.event
async def closing(story: Story) -> None:
    """X and Z; two thousand toman are missing in the drawer."""
    await acts.closes(story, difference_toman=-2_000)
