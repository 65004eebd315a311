"""Saturday 27 Dey: credit runs out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firmware.demo import acts, shelf
from firmware.demo.day import Day
from firmware.demo.village import LOW, MIDDLE, UPPER
from sync.wire.kinds import DeclineReason

if TYPE_CHECKING:
    from firmware.demo.story import Story

DAY = Day("14041027", "Saturday. Credit runs out.")


@DAY.event
async def to_the_last_coin(story: Story) -> None:
    """A single person spends what is left: less than a cash step of 500 toman remains."""
    receipt = await acts.buys(story, story.family(LOW, 2), shelf.RICE_10_KG)
    assert receipt.split.credit_rial % 5_000 == 0, "the buyer's part is whole cash steps"


@DAY.event
async def credit_used_up(story: Story) -> None:
    """Nothing more can be paid from that."""
    await acts.is_refused(story, story.family(LOW, 2), shelf.OIL, reason=DeclineReason.CREDIT_USED_UP)


@DAY.event
async def inquiry_after_it(story: Story) -> None:
    """The slip shows the small rest, and what waits for its announcement."""
    await acts.inquires(story, story.family(LOW, 2))


@DAY.event
async def one_day_early(story: Story) -> None:
    """Deciles 8-10 are due tomorrow."""
    await acts.is_refused(story, story.family(UPPER, 1), shelf.RICE_5_KG, reason=DeclineReason.NOT_YOUR_DAY)


@DAY.event
async def purchase(story: Story) -> None:
    """Meat with a label, onto the credit of four."""
    await acts.buys(story, story.family(MIDDLE, 6), shelf.MEAT.label(760))


@DAY.event
async def voided_at_once(story: Story) -> None:
    """A double purchase of milk is noticed at once and voided."""
    await acts.buys(story, story.family(MIDDLE, 7), shelf.MILK.times(2), called="double")
    await acts.voids(story, "double")


@DAY.event
async def closing(story: Story) -> None:
    """X and Z."""
    await acts.closes(story)
