"""The whole story in one day and the morning after, for a quick look: the acts are those of the long story."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firmware.demo import acts, shelf
from firmware.demo.day import Day
from firmware.demo.days import dey_17, dey_19, dey_28
from firmware.demo.village import SUPPORTED

if TYPE_CHECKING:
    from firmware.demo.story import Story

DAY = Day("14041019", "A single Friday without network.")
MORNING = Day("14041020", "The morning after: the same batch, verdicts, settlement.")

for act in (
    dey_17.link_cut, dey_17.split_tender_above_the_credit, dey_17.mixed_basket, dey_17.unknown_card,
    dey_17.no_allowance_here, dey_19.power_cut_after_the_pin, dey_28.wrong_announcement, dey_28.announcement,
    dey_28.second_month,
):  # fmt: skip
    DAY.event(act)


@DAY.event
async def void(story: Story) -> None:
    """A purchase by mistake is voided at once."""
    await acts.buys(story, story.family(SUPPORTED, 2), shelf.CHEESE, called="mistake")
    await acts.voids(story, "mistake")


DAY.event(dey_28.closing_while_the_line_breaks_again)
DAY.event(dey_28.good_night)


@MORNING.event
async def settlement(story: Story) -> None:
    """The batch goes up once more; verdicts and settlement come back."""
    await story.shop.link.restore()
    await story.shop.plug.insert()
    await story.until_printed("پاسخ مرکز", "تسویه")
    story.heard.must_be({"پرداخت به فروشگاه": story.books.whole.net_credit_rial})
    await story.shop.until_exchanged()
