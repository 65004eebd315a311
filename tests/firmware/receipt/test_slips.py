"""What single slips must say, fact by fact."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from drivers.printer.slip import Element, Pair, Qr, Slip, Text
from firmware.receipt import (
    basket_slips,
    closing_slips,
    decline_slips,
    inquiry_slips,
    receipt_slips,
    total_slips,
)
from firmware.receipt.fixed_parts import Household, When, masked, payment_rows, when_rows
from firmware.receipt.inquiry_slips import TrancheBalance, TrancheState
from sync.wire.kinds import Grade
from tests.firmware.receipt.samples import (
    CASH_RECEIPT,
    CHICKEN,
    CLOSING,
    COLA,
    EGGS,
    ESFAND_END_S,
    INQUIRY,
    LINES,
    PREVIEW,
    QR,
    RECEIPT,
    REFUND,
    RICE,
    VOID,
    WHEN,
    at,
)

if TYPE_CHECKING:
    from collections.abc import Iterable


def read(slip: Iterable[Element]) -> str:
    """The slip as somebody reads it aloud, without the isolates."""
    rows = []
    for element in slip:
        match element:
            case Text(text=text):
                rows.append(text)
            case Pair(label=label, value=value):
                rows.append(f"{label}: {value}")
            case _:
                pass
    return "\n".join(rows).translate(dict.fromkeys(map(ord, "\u2066\u2068\u2069")))


def qrs(slip: Slip) -> list[str]:
    return [element.text for element in slip if isinstance(element, Qr)]


# --- basket


def test_a_counted_line_shows_name_quantity_price_and_sum() -> None:
    assert read(basket_slips.accepted(EGGS)) == "۲. تخم‌مرغ\n۲ شانه × شانه‌ای ۲۱۰٬۰۰۰: ۴۲۰٬۰۰۰"


def test_a_weighed_line_shows_grams_and_the_price_of_a_kilogram() -> None:
    assert read(basket_slips.accepted(CHICKEN)) == "۳. مرغ\n۱ کیلو و ۲۳۵ گرم × کیلویی ۱۱۸٬۰۰۰: ۱۴۵٬۷۳۰"


def test_goods_outside_the_list_are_marked() -> None:
    assert "آزاد" in read(basket_slips.accepted(COLA))
    assert "آزاد" not in read(basket_slips.accepted(RICE))


def test_an_arabic_spelled_name_is_printed_in_persian_letters() -> None:
    assert "کشک" in read(basket_slips.accepted(replace(RICE, name="كشك")))


def test_a_removed_line_is_printed_with_what_it_took_away() -> None:
    assert "-۵۰٬۰۰۰" in read(basket_slips.removed(COLA))


def test_a_corrected_price_shows_the_old_and_the_new() -> None:
    slip = read(basket_slips.price_corrected(EGGS, old_price_rial=2_000_000))
    assert "قیمت قبلی: ۲۰۰٬۰۰۰" in slip
    assert "قیمت تازه: شانه‌ای ۲۱۰٬۰۰۰" in slip


def test_a_recalled_basket_shows_all_its_lines_and_their_sum() -> None:
    slip = read(basket_slips.recalled(number=1, lines=LINES))
    assert all(line.name in slip for line in LINES)
    assert "جمع تا اینجا: ۱٬۶۰۷٬۷۳۰ تومان" in slip


# --- total


def test_the_block_before_the_pin_is_headed_not_a_receipt() -> None:
    first, second, *_ = (
        element for element in total_slips.total_block(PREVIEW) if isinstance(element, Text | Pair)
    )
    assert isinstance(first, Text)
    assert first.text == "رسید نیست"
    assert isinstance(second, Pair)


def test_the_block_splits_the_goods_and_the_payment_and_names_the_keys() -> None:
    slip = read(total_slips.total_block(PREVIEW))
    for fact in (
        "کالاهای کالابرگ: ۱٬۵۵۷٬۷۳۰ تومان",
        "کالاهای آزاد: ۵۰٬۰۰۰ تومان",
        "بهای کالاها: ۱٬۶۰۷٬۷۳۰ تومان",
        "از اعتبار کالابرگ: ۱٬۵۵۲٬۷۳۰ تومان",
        "سهم خریدار از بهای کالا: ۵۵٬۰۰۰ تومان",
        "کمترین سهم خریدار در هر خرید: ۵٬۰۰۰ تومان",
        "کارت با پایان 2345",
        "رمز خانوار، سپس Enter",
    ):
        assert fact in slip


def test_a_basket_without_a_buyers_part_says_nothing_about_it() -> None:
    preview = replace(PREVIEW, credit_rial=PREVIEW.total_rial, own_rial=0, press=())
    assert "کارمزد" not in read(total_slips.total_block(preview))


def test_a_policy_without_a_minimum_is_not_quoted() -> None:
    assert "کمترین" not in read(total_slips.total_block(replace(PREVIEW, minimum_own_rial=0)))


def test_parts_that_do_not_make_the_total_are_never_printed() -> None:
    with pytest.raises(AssertionError):
        payment_rows(total_rial=100, credit_rial=60, own_rial=30)
    with pytest.raises(AssertionError):
        total_slips.total_block(replace(PREVIEW, other_rial=0))


# --- receipts


def test_a_receipt_says_all_that_it_must() -> None:
    slip = read(receipt_slips.receipt_end(replace(RECEIPT, contacts=("کمیته استان",))))
    for fact in (
        "اینجا ثبت شد، هنوز به مرکز نرسیده.",
        "شماره رسید: 7-1042",
        "شماره دستگاه: 7",
        "شماره فروشگاه: 5203",
        "تعاونی روستای دره‌نقی",
        "چهارشنبه ۱۴۰۴/۱۰/۱۷: ۱۷:۴۲",
        "سهم خریدار از بهای کالا: ۵۵٬۰۰۰ تومان",
        "مانده در این صندوق: ۲٬۴۴۷٬۲۷۰ تومان",
        "تا ۱۴۰۴/۱۲/۲۹: ۴۴۷٬۲۷۰ تومان",
        "021-6369",
        "*500*1463#",
        "V.Refah",
        "هیچ‌وقت لینک ندارد",
        "کمیته استان",
    ):
        assert fact in slip
    assert qrs(receipt_slips.receipt_end(RECEIPT)) == [QR]


def test_a_first_printing_bears_no_copy_mark_and_a_copy_bears_two() -> None:
    assert "رونوشت" not in read(receipt_slips.receipt_end(RECEIPT))
    assert "رونوشت" not in read(receipt_slips.receipt_after_power_cut(RECEIPT, LINES))
    for copy in (
        receipt_slips.receipt_copy(RECEIPT, LINES),
        receipt_slips.void_copy(VOID),
        receipt_slips.refund_copy(REFUND),
        closing_slips.closing_copy(CLOSING),
    ):
        rows = read(copy).split("\n")
        assert (rows[0], rows[-1], rows.count("رونوشت")) == ("رونوشت", "رونوشت", 2)


def test_a_copy_and_a_receipt_owed_after_a_power_cut_have_the_lines() -> None:
    for slip in (
        receipt_slips.receipt_copy(RECEIPT, LINES),
        receipt_slips.receipt_after_power_cut(RECEIPT, LINES),
    ):
        assert all(line.name in read(slip) for line in LINES)


def test_a_purchase_wholly_from_credit_needs_no_word_on_fees() -> None:
    receipt = replace(RECEIPT, credit_rial=RECEIPT.total_rial, own_rial=0)
    assert "کارمزد" not in read(receipt_slips.receipt_end(receipt))


def test_an_emptied_tranche_is_not_listed_as_left() -> None:
    receipt = replace(RECEIPT, left=(replace(RECEIPT.left[0], left_rial=0),))
    slip = read(receipt_slips.receipt_end(receipt))
    assert "مانده در این صندوق: ۰ تومان" in slip
    assert "تا ۱۴۰۴" not in slip


def test_a_named_tranche_is_named_with_what_is_left_of_it() -> None:
    receipt = replace(RECEIPT, left=(replace(RECEIPT.left[0], title="نوبت ۱"),))
    assert "نوبت ۱ تا ۱۴۰۴/۱۲/۲۹: ۴۴۷٬۲۷۰ تومان" in read(receipt_slips.receipt_end(receipt))


@pytest.mark.parametrize("reach", list(receipt_slips.Reach))
def test_a_copy_says_how_far_its_entry_has_come_and_what_is_left_now(reach: receipt_slips.Reach) -> None:
    for copy in (
        receipt_slips.receipt_copy(replace(RECEIPT, reach=reach), LINES),
        receipt_slips.void_copy(replace(VOID, reach=reach)),
        receipt_slips.refund_copy(replace(REFUND, reach=reach)),
    ):
        assert [one for one in receipt_slips.Reach if one.value in read(copy)] == [reach]
        assert "مانده اکنون، هنگام این چاپ:\nمانده در این صندوق" in read(copy)


def test_what_is_printed_first_speaks_of_no_copy_beside_what_is_left() -> None:
    for slip in (
        receipt_slips.receipt_end(RECEIPT),
        receipt_slips.void_slip(VOID),
        receipt_slips.refund_slip(REFUND),
    ):
        assert "مانده اکنون" not in read(slip)


def test_a_refund_that_is_done_says_so() -> None:
    assert "به اعتبار برگشت: ۲۱۰٬۰۰۰ تومان" in read(receipt_slips.refund_slip(REFUND))


def test_a_cash_sale_speaks_of_no_credit() -> None:
    slip = read(receipt_slips.receipt_end(CASH_RECEIPT))
    assert "رسید فروش نقدی" in slip
    assert "از اعتبار" not in slip
    assert "مانده در این صندوق" not in slip
    assert qrs(receipt_slips.receipt_end(CASH_RECEIPT)) == []


@pytest.mark.parametrize("grade", list(Grade))
def test_a_time_says_how_far_it_is_to_be_believed_unless_trusted(grade: Grade) -> None:
    rows = when_rows(When(time_s=WHEN.time_s, grade=grade))
    assert (len(rows) == 1) is (grade is Grade.TRUSTED)


def test_a_void_names_the_canceled_receipt_and_where_each_part_went() -> None:
    slip = read(receipt_slips.void_slip(VOID))
    assert "شماره رسید باطل‌شده: 7-1042" in slip
    assert "به اعتبار برگشت: ۱٬۵۵۲٬۷۳۰ تومان" in slip
    assert "پول نقد که پس داده شد: ۵۵٬۰۰۰ تومان" in slip


def test_a_refund_says_whether_its_credit_is_usable_here_or_returns_by_the_center() -> None:
    assert "همین‌جا دوباره قابل خرید است" in read(receipt_slips.refund_slip(REFUND))
    assert "از راه مرکز" in read(receipt_slips.refund_slip(replace(REFUND, usable_here=False)))


def test_a_refund_of_own_money_says_nothing_about_credit_to_come() -> None:
    slip = read(receipt_slips.refund_slip(replace(REFUND, credit_rial=0, own_rial=500_000)))
    assert "اعتبار برگشتی" not in slip


def test_a_household_is_known_by_its_card_or_else_its_id() -> None:
    assert (
        read([Text(masked(Household(card="6037990000012345", national_id="0012345678")))])
        == "کارت با پایان 2345"
    )
    assert read([Text(masked(Household(national_id="0012345678")))]) == "کد ملی با پایان 5678"


# --- inquiry, declines


def test_an_inquiry_sums_only_what_is_usable_now() -> None:
    assert "امروز در این صندوق: ۲٬۴۴۷٬۲۷۰ تومان" in read(inquiry_slips.inquiry_slip(INQUIRY))


@pytest.mark.parametrize(
    ("tranche", "said"),
    [
        (TrancheBalance(title="دی", left_rial=1, state=TrancheState.USABLE), "اکنون قابل خرج است."),
        (
            TrancheBalance(title="دی", left_rial=1, state=TrancheState.USABLE, until_s=ESFAND_END_S),
            "اکنون قابل خرج است تا جمعه ۲۹ اسفند ۱۴۰۴.",
        ),
        (
            TrancheBalance(
                title="دی", left_rial=1, state=TrancheState.OPENS_LATER, opens_at_s=at("2026-01-12T00:00:00")
            ),
            "از دوشنبه ۲۲ دی ۱۴۰۴ قابل خرج است.",
        ),
        (TrancheBalance(title="دی", left_rial=1, state=TrancheState.NOT_ANNOUNCED), "پس از اعلام رسمی"),
        (TrancheBalance(title="دی", left_rial=1, state=TrancheState.EXPIRED), "مهلت آن تمام شد."),
        (
            TrancheBalance(
                title="تیر", left_rial=1, state=TrancheState.EXPIRED, until_s=at("2025-07-28T23:59:59")
            ),
            "مهلت آن دوشنبه ۶ مرداد ۱۴۰۴ تمام شد.",
        ),
    ],
)
def test_each_tranche_says_in_words_whether_it_can_be_used(tranche: TrancheBalance, said: str) -> None:
    assert said in read(inquiry_slips.inquiry_slip(replace(INQUIRY, tranches=(tranche,))))


def test_a_decline_shows_the_numbers_that_help() -> None:
    slip = read(
        decline_slips.decline_slip(
            "NOT_YOUR_DAY", WHEN, (decline_slips.opens_row(at("2026-01-12T00:00:00")),)
        )
    )
    assert "نوبت شما از: دوشنبه ۲۲ دی ۱۴۰۴" in slip
    assert "این برگه رسید نیست." in slip


# --- closings


@pytest.mark.parametrize(
    ("counted_rial", "said"),
    [
        (26_000_000, "کسری صندوق: ۱۰٬۰۰۰ تومان"),
        (26_100_000, "تفاوت: ۰ تومان"),
        (26_200_000, "اضافه صندوق: ۱۰٬۰۰۰ تومان"),
    ],
)
def test_the_drawers_difference_is_named_for_what_it_is(counted_rial: int, said: str) -> None:
    assert said in read(closing_slips.closing_slip(replace(CLOSING, cash_counted_rial=counted_rial)))


def test_an_uncounted_drawer_shows_only_what_is_expected() -> None:
    slip = read(closing_slips.closing_slip(replace(CLOSING, cash_counted_rial=None)))
    assert "نقد صندوق باید باشد: ۲٬۶۱۰٬۰۰۰ تومان" in slip
    assert "شمرده" not in slip


def test_a_z_bears_the_head_and_the_last_day_to_send_and_an_x_no_head() -> None:
    z, x = closing_slips.closing_slip(CLOSING), closing_slips.closing_slip(replace(CLOSING, z=False))
    assert "بفرستید تا: شنبه ۲۰ دی ۱۴۰۴" in read(z)
    assert len(qrs(z)) == 1
    assert qrs(x) == []


def test_a_day_that_is_wholly_sent_says_so() -> None:
    assert "همه ثبت‌ها به مرکز رسیده است." in read(closing_slips.closing_slip(replace(CLOSING, unsent=0)))


def test_unsent_entries_without_a_deadline_name_none() -> None:
    assert "بفرستید" not in read(closing_slips.closing_slip(replace(CLOSING, send_by_s=None)))
