"""Monday 29 Dey: the line is whole: the same batch once more, verdicts, settlement, and a day with network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firmware.demo import acts, shelf
from firmware.demo.day import Day
from firmware.demo.heard import Unmet
from firmware.demo.village import LOW, MIDDLE, UPPER
from sync.wire.kinds import DeclineReason

if TYPE_CHECKING:
    from firmware.demo.story import Story

DAY = Day("14041029", "Monday. The line is whole: batch, verdicts, settlement, and a day with network.")


@DAY.event
async def batch_once_more(story: Story) -> None:
    """Power on: the till sends the same batch again; nothing is lost and nothing double."""
    await story.shop.link.restore()
    await story.shop.plug.insert()
    await story.shop.until_exchanged()
    arrived = story.entries_unheard
    if not 0 < arrived <= story.heard.facts["exchanged"]["held"]:
        raise Unmet("the batch of yesterday had arrived, unheard")
    whole = story.books.whole
    await story.until_printed("پاسخ مرکز", "تسویه شماره")
    story.heard.must_count({"رسیدهای قطعی‌شده": whole.purchases + whole.voids + whole.refunds})
    story.heard.must_not_say("برای بررسی کنار گذاشته شد")


@DAY.event
async def settlement(story: Story) -> None:
    """The shopkeeper asks for the slip again: what had arrived yesterday is settled; tomorrow all must be."""
    await story.till.call("21")
    story.settled_rial = story.heard.amount_rial("پرداخت به فروشگاه")
    if not 0 < story.settled_rial <= story.books.whole.net_credit_rial:
        raise Unmet("the batch that broke off yesterday is settled, and no more than was earned")


@DAY.event
async def with_network(story: Story) -> None:
    """A purchase with network becomes final within a moment, and the keypad's code says so."""
    receipt = await acts.buys(story, story.family(UPPER, 4), shelf.RICE.kilograms("2.5"), shelf.BEANS)
    await story.shop.until_exchanged()
    story.heard.begin()
    await story.till.call("21")
    story.heard.must_count({"رسیدهای قطعی‌شده": 1})
    story.heard.must_say(receipt.number)


@DAY.event
async def card_revoked(story: Story) -> None:
    """A card was reported lost; the center revokes it, and the till knows at once."""
    family = story.family(LOW, 5)
    await story.order_by_mail("revoke-card", story.card(family).number)
    await story.till.show(story.card(family))
    story.refused(DeclineReason.CARD_REVOKED)


@DAY.event
async def refund_after_acceptance(story: Story) -> None:
    """Beans of last Monday come back, long after the center has accepted the purchase."""
    await acts.refunds(story, "queue", "1*2\n", credit_rial=shelf.BEANS.total_rial, own_rial=0)
    await story.shop.until_exchanged()


@DAY.event
async def purchase(story: Story) -> None:
    """The last basket of the day."""
    await acts.buys(story, story.family(MIDDLE, 1), shelf.CHICKEN_THIGHS, shelf.YOGHURT)


@DAY.event
async def closing(story: Story) -> None:
    """X and Z; everything has reached the center but the last word."""
    await acts.closes(story)
    await story.shop.until_exchanged()


@DAY.event
async def good_night(story: Story) -> None:
    """The till is shut down in order."""
    await story.shop.plug.shut_down()
