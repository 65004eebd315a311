"""Sunday 21 Dey: goods come back, and some baskets cannot be paid from credit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firmware.demo import acts, shelf
from firmware.demo.day import Day
from firmware.demo.village import LOW, SUPPORTED
from sync.wire.kinds import DeclineReason

if TYPE_CHECKING:
    from firmware.demo.story import Story

DAY = Day("14041021", "Sunday. Goods come back; some baskets cannot be paid from credit.")


@DAY.event
async def cash_sale(story: Story) -> None:
    """Tea and batteries, in cash."""
    await acts.pays_cash(story, shelf.TEA, shelf.BATTERIES)


@DAY.event
async def refund_to_credit(story: Story) -> None:
    """One of Wednesday's two bottles of oil comes back: its price goes back to the credit."""
    await acts.refunds(story, "first", "1*2\n", credit_rial=shelf.OIL.total_rial, own_rial=0)
    story.heard.must_say("همین‌جا دوباره قابل خرید است.")


@DAY.event
async def nothing_to_refund(story: Story) -> None:
    """More comes back than was bought: refused."""
    await story.till.guarded("14", story.receipts["first"].number)
    await story.till.press("2*2\n")
    story.refused(DeclineReason.NOTHING_TO_REFUND)
    await story.till.press("-")


@DAY.event
async def refund_of_other_goods(story: Story) -> None:
    """Soap was paid in cash and goes back in cash; the credit stays as it is."""
    await acts.refunds(story, "mixed", "2\n", credit_rial=0, own_rial=shelf.SOAP.total_rial)


@DAY.event
async def not_announced(story: Story) -> None:
    """The first tranche is used up; the next ones are credited but not announced."""
    await acts.is_refused(story, story.family(SUPPORTED, 3), shelf.OIL, reason=DeclineReason.NOT_ANNOUNCED)


@DAY.event
async def no_eligible_goods(story: Story) -> None:
    """Only soap and batteries: nothing that credit may pay."""
    family = story.family(LOW, 1)
    await acts.is_refused(story, family, shelf.SOAP, shelf.BATTERIES, reason=DeclineReason.NO_ELIGIBLE_GOODS)


@DAY.event
async def empty_basket(story: Story) -> None:
    """TOTAL without anything on the counter."""
    await story.till.total()
    story.heard.must_say("سبد خالی است.")


@DAY.event
async def pin_works_again(story: Story) -> None:
    """The household whose PIN was blocked has remembered it: the code had cleared the failures."""
    await acts.buys(story, story.family(LOW, 3), shelf.MILK.times(2))


@DAY.event
async def reprint_the_last(story: Story) -> None:
    """The last receipt once more, for the child who lost it on the way."""
    await story.till.call("8")
    story.heard.must_say(acts.COPY, acts.RECEIPT)


@DAY.event
async def comes_back(story: Story) -> None:
    """A big household buys frozen meat and rice."""
    await acts.buys(story, story.family(SUPPORTED, 8), shelf.FROZEN_MEAT, shelf.RICE_5_KG)


@DAY.event
async def closing(story: Story) -> None:
    """X and Z; the drawer holds a thousand toman too much."""
    await acts.closes(story, difference_toman=1_000)
