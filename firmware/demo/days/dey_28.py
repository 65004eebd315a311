"""Sunday 28 Dey: all others are due, a tranche is announced, and the line comes back, badly at first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firmware.demo import acts, mishaps, shelf
from firmware.demo.day import Day
from firmware.demo.village import SUPPORTED, UPPER
from sync.wire.kinds import DeclineReason

if TYPE_CHECKING:
    from firmware.demo.story import Story

DAY = Day(
    "14041028", "Sunday. All others are due; a tranche is announced; the line comes back, badly at first."
)


@DAY.event
async def all_others(story: Story) -> None:
    """Deciles 8 to 10 buy as well."""
    await acts.buys(story, story.family(UPPER, 1), shelf.RICE_5_KG, shelf.MILK)


@DAY.event
async def wrong_announcement(story: Story) -> None:
    """The second month is announced on the radio; the shopkeeper mishears a digit."""
    code = await mishaps.announced(story, 2)
    await story.till.call("15", code[:4] + str((int(code[4]) + 1) % 10) + code[5:])
    story.refused(DeclineReason.WRONG_ANNOUNCEMENT)


@DAY.event
async def announcement(story: Story) -> None:
    """The right code opens the tranche for all cohorts, without network."""
    await story.till.call("15", await mishaps.announced(story, 2))
    story.heard.must_say("اعلام رسمی پذیرفته شد", "تحت پوشش نهادهای حمایتی", "سایر خانوارها")
    story.books.announced.add(2)


@DAY.event
async def already_open(story: Story) -> None:
    """Typing it once more does no harm."""
    await story.till.call("15", await mishaps.announced(story, 2))
    story.refused(DeclineReason.ALREADY_OPEN)


@DAY.event
async def second_month(story: Story) -> None:
    """The household that had used up its first tranche buys again."""
    await acts.buys(story, story.family(SUPPORTED, 3), shelf.OIL, shelf.LENTILS)


@DAY.event
async def both_months(story: Story) -> None:
    """A purchase that takes the rest of the first month and a part of the second."""
    receipt = await acts.buys(story, story.family(UPPER, 1), shelf.RICE_10_KG.times(2))
    assert len(receipt.split.legs) == 2, "two tranches pay"


@DAY.event
async def second_big_basket(story: Story) -> None:
    """The household of nine takes another 5,700,000 toman."""
    goods = shelf.RICE_10_KG.times(5)
    await acts.buys(story, story.family(SUPPORTED, 4), goods, cap_toman=5_700_000)


@DAY.event
async def household_limit(story: Story) -> None:
    """More than 12,000,000 toman a household may not take without network."""
    await acts.is_refused(
        story, story.family(SUPPORTED, 4), shelf.BEANS, reason=DeclineReason.HOUSEHOLD_LIMIT
    )


@DAY.event
async def another_purchase(story: Story) -> None:
    """Eggs and sugar for a household of deciles 8-10."""
    await acts.buys(story, story.family(UPPER, 2), shelf.TRAY_OF_EGGS, shelf.DEARER_SUGAR)


@DAY.event
async def closing_while_the_line_breaks_again(story: Story) -> None:
    """X and Z; the line is back, the batch goes up, and the line breaks in the middle of the answer."""
    await story.shop.link.restore()
    story.shop.link.cut_in_answer()
    await acts.closes(story)
    await story.until(lambda: story.shop.link.is_cut, "the line breaks in the answer")
    story.entries_unheard = await mishaps.held_by_the_center(story)


@DAY.event
async def good_night(story: Story) -> None:
    """The till is shut down in order; it does not know that the center holds everything."""
    await story.shop.plug.shut_down()
