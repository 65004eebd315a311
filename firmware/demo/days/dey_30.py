"""Tuesday 30 Dey: the settlement of the day before, and everything is final."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firmware.demo import mishaps
from firmware.demo.day import Day
from firmware.demo.heard import Unmet

if TYPE_CHECKING:
    from firmware.demo.story import Story

DAY = Day("14041030", "Tuesday. The settlement of the day before; everything is final.")


@DAY.event
async def settlement(story: Story) -> None:
    """Power on: what Monday earned is settled as well."""
    await story.shop.plug.insert()
    await story.until_printed("تسویه", "پرداخت به فروشگاه")
    earned_rial = story.books.whole.net_credit_rial - story.settled_rial
    story.heard.must_be({"پرداخت به فروشگاه": earned_rial})
    story.settled_rial += earned_rial


@DAY.event
async def status(story: Story) -> None:
    """The status slip: all purchases are counted, nothing is unsent."""
    await story.shop.until_exchanged()
    await story.till.call("10")
    story.heard.must_count({"خریدها": story.books.whole.purchases, "نرسیده به مرکز": 0})


@DAY.event
async def report(story: Story) -> None:
    """The committee looks at the center's report: the till's Z slips, the ledger and the settlements agree."""
    page = story.out / f"report-{DAY.date}.html"
    told = await story.center.order("report", "--html", page)
    if not told["reconciliation"]["final"] or not page.exists():
        raise Unmet("all that was earned is settled")


@DAY.event
async def link_cut(story: Story) -> None:
    """The line breaks once more."""
    await mishaps.line_breaks(story)
