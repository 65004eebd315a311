"""Wednesday 17 Dey: the phase opens for households under a support body, and the line breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firmware.demo import acts, shelf
from firmware.demo.day import Day
from firmware.demo.village import LOW, MIDDLE, SUPPORTED
from firmware.receipt.prompt_slips import Prompt
from sync.wire.kinds import DeclineReason

if TYPE_CHECKING:
    from firmware.demo.story import Story

DAY = Day("14041017", "Wednesday. The phase opens for households under a support body; the line breaks.")


@DAY.event
async def link_cut(story: Story) -> None:
    """The line to the center breaks: the till says so, and trade goes on."""
    story.shop.link.cut()
    await story.until_printed("ارتباط با مرکز قطع است؛ خرید ادامه دارد.")


@DAY.event
async def status(story: Story) -> None:
    """The shopkeeper looks at the till's status: its households, rules and list are there."""
    await story.till.call("10")
    story.heard.must_say("وضعیت دستگاه", "مرحلهٔ دی ۱۴۰۴")
    story.heard.must_count({"خانوارهای این صندوق": len(story.village.at_the_shop), "خریدها": 0})


@DAY.event
async def help_card(story: Story) -> None:
    """The help card is printed, to stick beside the till."""
    await story.till.call("9")
    story.heard.must_say("راهنمای کلیدها", "021-6369", "*500*1463#")


@DAY.event
async def purchase(story: Story) -> None:
    """The first household buys rice and oil; the shopkeeper keys their prices once."""
    family = story.family(SUPPORTED, 1)
    await acts.buys(story, family, shelf.RICE_5_KG, shelf.OIL.times(2), called="first")


@DAY.event
async def split_tender_above_the_credit(story: Story) -> None:
    """One person has 800,000 toman here and buys for more: the rest is paid in cash."""
    family = story.family(SUPPORTED, 3)
    receipt = await acts.buys(story, family, shelf.RICE_10_KG, shelf.SUGAR)
    story.heard.must_be({acts.CREDIT_PART: 8_000_000, acts.LEFT_HERE: 0})
    assert receipt.split.own_rial > receipt.split.credit_rial // 2, "well above the credit"


@DAY.event
async def weighed_goods(story: Story) -> None:
    """Chicken with the scale's label, chicken weighed by hand, lentils by the kilogram."""
    family = story.family(SUPPORTED, 2)
    goods = shelf.CHICKEN.label(1_850), shelf.CHICKEN.weighed(1_245), shelf.PULSES.kilograms("1.25")
    await acts.buys(story, family, *goods, called="weighed")
    story.heard.must_say("۱ کیلو و ۸۵۰ گرم", "۱ کیلو و ۲۴۵ گرم", "۱ کیلو و ۲۵۰ گرم")


@DAY.event
async def eggs_by_the_tray(story: Story) -> None:
    """Eggs: two trays from the stack by number, a packed tray by its barcode, six single ones."""
    family = story.family(SUPPORTED, 5)
    goods = shelf.eggs_by_the_tray(2), shelf.TRAY_OF_EGGS, shelf.loose_eggs(6)
    await acts.buys(story, family, *goods)
    story.heard.must_say("۲ شانه", "۶ عدد")


@DAY.event
async def mixed_basket(story: Story) -> None:
    """Milk with soap and tea: what is not on the list is never paid from credit."""
    family = story.family(SUPPORTED, 6)
    await acts.buys(story, family, shelf.MILK.times(3), shelf.SOAP, shelf.TEA, called="mixed")
    story.heard.must_say("آزاد")
    story.heard.must_be({"کالاهای آزاد": shelf.SOAP.total_rial + shelf.TEA.total_rial})


@DAY.event
async def not_your_day(story: Story) -> None:
    """A household of deciles 1-3 comes two days early: the slip names its day."""
    await acts.is_refused(story, story.family(LOW, 1), shelf.OIL, reason=DeclineReason.NOT_YOUR_DAY)
    story.heard.must_say("جمعه ۱۹ دی ۱۴۰۴")


@DAY.event
async def not_your_day_pays_cash(story: Story) -> None:
    """A household of deciles 4-7 is early too, and pays the same basket itself."""
    family = story.family(MIDDLE, 1)
    await story.till.show(story.card(family))
    await story.till.put(shelf.PASTA)
    await story.till.total()
    story.refused(DeclineReason.NOT_YOUR_DAY)
    story.heard.must_say("دوشنبه ۲۲ دی ۱۴۰۴")
    await story.till.total(0)
    await acts.settles_in_cash(story, shelf.PASTA)


@DAY.event
async def unknown_card(story: Story) -> None:
    """A forged card: its signature does not hold."""
    card = story.card(story.family(SUPPORTED, 1)).qr
    await story.till.scan(card[:-1] + ("A" if card[-1] != "A" else "B"))
    story.refused(DeclineReason.UNKNOWN_CARD)


@DAY.event
async def no_allowance_here(story: Story) -> None:
    """A household of another village: its card is good, but nothing is reserved here."""
    await story.till.show(story.card(story.village.strangers[0]))
    story.refused(DeclineReason.NO_ALLOWANCE_HERE)


@DAY.event
async def second_card(story: Story) -> None:
    """Somebody else's card gets before the scanner in the middle of a purchase: refused with a look."""
    family, neighbor = story.family(SUPPORTED, 4), story.family(SUPPORTED, 2)
    await story.till.show(story.card(family))
    await story.till.put(shelf.CHEESE)
    await story.till.show(story.card(neighbor))
    story.heard.must_say(Prompt.SECOND_CARD.value)
    await story.till.put(shelf.YOGHURT)
    await acts.pays(story, family, shelf.CHEESE, shelf.YOGHURT)


@DAY.event
async def cash_sale(story: Story) -> None:
    """A basket without a card is a cash sale."""
    await acts.pays_cash(story, shelf.NOTEBOOK, shelf.SOAP.times(2))


@DAY.event
async def closing(story: Story) -> None:
    """X, then Z with the counted cash: it agrees."""
    await acts.closes(story)
    story.heard.must_say("بفرستید تا")
