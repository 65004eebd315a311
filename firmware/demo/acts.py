"""What people do at the shop, whole: hands, books and paper together. The events of the days are made of these.

Each act ends with what the paper must say, by the story's own books. Persian words here are those of the slips.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from firmware.demo.books import Receipt, Split
from firmware.demo.heard import Unmet

if TYPE_CHECKING:
    from firmware.demo.shelf import Goods
    from firmware.demo.story import Story
    from firmware.demo.village import Household
    from sync.wire.kinds import DeclineReason

NOT_A_RECEIPT = "رسید نیست"
RECEIPT = "رسید خرید"
CASH_RECEIPT = "رسید فروش نقدی"
COPY = "رونوشت"
GOODS_PRICE = "بهای کالاها"
CREDIT_PART = "از اعتبار کالابرگ"
OWN_PART = "سهم خریدار از بهای کالا"
LEFT_HERE = "مانده در این صندوق"
RECEIPT_NUMBER = "شماره رسید"
CANCELED = "سبد لغو شد"
BACK_TO_CREDIT = "به اعتبار برمی‌گردد"


async def buys(
    story: Story, household: Household, *goods: Goods, cap_toman: int | None = None, called: str = ""
) -> Receipt:
    """A whole purchase by card and PIN. `called`: under which name the story remembers its receipt."""
    await story.till.show(story.card(household))
    await story.till.put(*goods)
    return await pays(story, household, *goods, cap_toman=cap_toman, called=called)


async def pays(
    story: Story, household: Household, *goods: Goods, cap_toman: int | None = None, called: str = ""
) -> Receipt:
    """TOTAL, the block, the PIN and the receipt, for what lies on the counter."""
    split = story.books.split(household, goods, story.now_s, cap_toman=cap_toman)
    await totals(story, split, cap_toman=cap_toman)
    await story.till.pin(story.card(household))
    return got_receipt(story, household, goods, split, called=called)


async def totals(story: Story, split: Split, *, cap_toman: int | None = None) -> None:
    """TOTAL prints the block with the split of the books."""
    await story.till.total(cap_toman)
    story.heard.must_say(NOT_A_RECEIPT)
    _must_be_split(story, split)


def got_receipt(
    story: Story, household: Household, goods: tuple[Goods, ...], split: Split, *, called: str = ""
) -> Receipt:
    """The receipt is on paper, with the right sums; the books take it."""
    story.heard.must_say(RECEIPT, "اینجا ثبت شد، هنوز به مرکز نرسیده.")
    _must_be_split(story, split)
    receipt = Receipt(_number(story), household, goods, split)
    story.books.bought(receipt)
    left_rial = sum(story.books.available(household, story.now_s).values())
    story.heard.must_be({LEFT_HERE: left_rial})
    if called:
        story.receipts[called] = receipt
    return receipt


async def pays_cash(story: Story, *goods: Goods) -> None:
    """A basket without a card: Enter confirms it."""
    await story.till.put(*goods)
    await story.till.total()
    await settles_in_cash(story, *goods)


async def settles_in_cash(story: Story, *goods: Goods) -> None:
    """The block for a cash sale is printed: Enter."""
    total_rial = sum(one.total_rial for one in goods)
    story.heard.must_be({"مبلغ قابل پرداخت": total_rial})
    await story.till.enter()
    story.heard.must_say(CASH_RECEIPT)
    story.heard.must_be({GOODS_PRICE: total_rial})
    story.books.sold_for_cash(total_rial)


async def pays_cash_without_paper(story: Story, *goods: Goods) -> None:
    """A cash sale while nothing prints: the buyer reads the sum on the display."""
    await story.till.put(*goods)
    await story.till.total()
    await story.until_displayed("TOTAL")
    await story.till.enter()
    await story.until_displayed("OK")
    story.books.sold_for_cash(sum(one.total_rial for one in goods))


async def is_refused(
    story: Story,
    household: Household,
    *goods: Goods,
    reason: DeclineReason,
    cap_toman: int | None = None,
) -> None:
    """TOTAL of a basket is answered with a refusal; nothing is charged and the basket is cleared."""
    await story.till.show(story.card(household))
    await story.till.put(*goods)
    await story.till.total(cap_toman)
    story.refused(reason)
    story.heard.must_not_say(RECEIPT)
    await leaves(story)


async def leaves(story: Story) -> None:
    """The basket goes back to the shelves."""
    await story.till.cancel()
    story.heard.must_say(CANCELED)


async def puts_card_aside(story: Story) -> None:
    """A card was read, but nothing lies on the counter."""
    await story.till.cancel()
    story.heard.must_say("کارت کنار گذاشته شد.")


async def voids(story: Story, called: str) -> None:
    """The operator undoes a purchase of the day."""
    receipt = story.receipts[called]
    await story.till.guarded("13", receipt.number)
    back = {
        BACK_TO_CREDIT: receipt.split.credit_rial,
        "نقد به خریدار پس بدهید": receipt.split.own_rial,
    }
    story.heard.must_be(back)
    await story.till.enter()
    story.heard.must_say("خرید باطل شد")
    story.books.voided(receipt)


async def refunds(story: Story, called: str, rows: str, *, credit_rial: int, own_rial: int) -> None:
    """Goods come back; `rows` are keyed one after the other, each with Enter."""
    receipt = story.receipts[called]
    await story.till.guarded("14", receipt.number)
    await story.till.press(rows)
    await story.till.press("+")
    back = {BACK_TO_CREDIT: credit_rial, "نقد به خریدار پس بدهید": own_rial}
    story.heard.must_be(back)
    await story.till.enter()
    story.heard.must_say("برگشت کالا", receipt.number)
    story.books.refunded(receipt, credit_rial=credit_rial, own_rial=own_rial)
    story.heard.must_be({LEFT_HERE: sum(story.books.available(receipt.household, story.now_s).values())})


async def inquires(story: Story, household: Household) -> None:
    """The balance on a slip, after the PIN."""
    await story.till.show(story.card(household))
    await story.till.call("5")
    await story.till.pin(story.card(household))
    story.heard.must_say("مانده اعتبار")
    usable_rial = sum(story.books.available(household, story.now_s).values())
    story.heard.must_be({"امروز در این صندوق": usable_rial})
    await puts_card_aside(story)


async def reads_x(story: Story) -> None:
    """The day's totals so far."""
    await story.till.call("11")
    story.heard.must_say("گزارش X")
    _must_be_totals(story)


async def closes(story: Story, *, difference_toman: int = 0) -> None:
    """Z: the cash is counted, the day is over. `difference_toman` lies in the drawer too much, or is missing."""
    await reads_x(story)
    day = story.books.day
    counted_toman = day.drawer_rial // 10 + difference_toman
    await story.till.guarded("12", str(counted_toman))
    story.heard.must_say("گزارش Z: پایان روز")
    _must_be_totals(story)
    story.heard.must_be({"نقد صندوق باید باشد": day.drawer_rial, "نقد شمرده‌شده": counted_toman * 10})
    if difference_toman:
        name = "کسری صندوق" if difference_toman < 0 else "اضافه صندوق"
        story.heard.must_be({name: abs(difference_toman) * 10})
    story.books.close_day()


def _must_be_totals(story: Story) -> None:
    day = story.books.day
    story.heard.must_count(
        {
            "خرید با کالابرگ": day.purchases,
            "فروش نقدی": day.cash_sales,
            "باطل‌شده": day.voids,
            "برگشت کالا": day.refunds,
            "انجام‌نشده": day.declines,
        }
    )
    story.heard.must_be(
        {
            CREDIT_PART: day.credit_rial,
            "سهم خریداران": day.own_rial,
            "جمع فروش نقدی": day.cash_sales_rial,
        }
    )


def _must_be_split(story: Story, split: Split) -> None:
    total_rial = split.credit_rial + split.own_rial
    story.heard.must_be({GOODS_PRICE: total_rial, CREDIT_PART: split.credit_rial, OWN_PART: split.own_rial})


def _number(story: Story) -> str:
    """What is keyed for the receipt that was just printed: without the device's number."""
    _, dash, rest = story.heard.row(RECEIPT_NUMBER).partition("-")
    if not dash:
        raise Unmet("the receipt has no number")
    return rest
