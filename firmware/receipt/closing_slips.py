"""X and Z: the day's totals, the cash drawer, and what has not been sent.

Rules: X reads, Z also ends the day and bears the journal's head as a QR, which any phone can send on. Unsent
purchases come with their sum and the last day to send them: later ones may not be paid. What the center answered since the
last telling stands below.

Must not know: how totals are counted.
"""

from __future__ import annotations

from msgspec import Struct

from drivers.printer.slip import Pair, Qr, Rule, Size, Slip, Text
from firmware.receipt import persian
from firmware.receipt.fixed_parts import (
    TEAR_OFF,
    Place,
    When,
    copy_mark,
    heading,
    place_rows,
    thin_rule,
    when_rows,
)
from firmware.receipt.notice_slips import Answers, closing_rows

NOTHING_NEW = Answers()


class Closing(Struct, frozen=True, kw_only=True):
    """Totals since the last Z. Counts are of entries, sums are rial; `cash_expected_rial` may be negative.

    `z` ends the day. `head_qr` is printed on Z only.
    """

    place: Place
    when: When
    z: bool
    number: int
    purchases: int
    credit_rial: int
    own_rial: int
    cash_sales: int
    cash_sales_rial: int
    voids: int
    void_credit_rial: int
    void_own_rial: int
    refunds: int
    refund_credit_rial: int
    refund_own_rial: int
    declines: int
    cash_expected_rial: int
    cash_counted_rial: int | None
    unsent: int
    unsent_credit_rial: int
    send_by_s: int | None
    head_qr: str | None = None
    answers: Answers = NOTHING_NEW


def closing_slip(closing: Closing) -> Slip:
    """The X or Z slip."""
    return (
        Rule(),
        heading(
            f"گزارش {persian.isolate('Z')}: پایان روز"
            if closing.z
            else f"گزارش {persian.isolate('X')}: میان روز"
        ),
        Pair("شماره گزارش", persian.code(closing.number)),
        *when_rows(closing.when),
        *place_rows(closing.place),
        *_trade_rows(closing),
        *_cash_rows(closing),
        *_unsent_rows(closing),
        *closing_rows(closing.answers),
        *_head_rows(closing),
        TEAR_OFF,
    )


def closing_copy(closing: Closing) -> Slip:
    """A closing slip printed again."""
    return (copy_mark(), *closing_slip(closing)[:-1], copy_mark(), TEAR_OFF)


def _trade_rows(closing: Closing) -> Slip:
    return (
        thin_rule(),
        Pair("خرید با کالابرگ", persian.number(closing.purchases), bold=True),
        Pair("از اعتبار کالابرگ", persian.toman(closing.credit_rial)),
        Pair("سهم خریداران", persian.toman(closing.own_rial)),
        Pair("فروش نقدی", persian.number(closing.cash_sales), bold=True),
        Pair("جمع فروش نقدی", persian.toman(closing.cash_sales_rial)),
        Pair("باطل‌شده", persian.number(closing.voids), bold=True),
        Pair("برگشت به اعتبار", persian.toman(closing.void_credit_rial)),
        Pair("پس داده نقد", persian.toman(closing.void_own_rial)),
        Pair("برگشت کالا", persian.number(closing.refunds), bold=True),
        Pair("برگشت به اعتبار", persian.toman(closing.refund_credit_rial)),
        Pair("پس داده نقد", persian.toman(closing.refund_own_rial)),
        Pair("انجام‌نشده", persian.number(closing.declines), bold=True),
    )


def _cash_rows(closing: Closing) -> Slip:
    expected = Pair("نقد صندوق باید باشد", persian.toman(closing.cash_expected_rial))
    if closing.cash_counted_rial is None:
        return (thin_rule(), expected)
    difference_rial = closing.cash_counted_rial - closing.cash_expected_rial
    name = "کسری صندوق" if difference_rial < 0 else "اضافه صندوق" if difference_rial else "تفاوت"
    return (
        thin_rule(),
        expected,
        Pair("نقد شمرده‌شده", persian.toman(closing.cash_counted_rial)),
        Pair(name, persian.toman(abs(difference_rial)), bold=True),
    )


def _unsent_rows(closing: Closing) -> Slip:
    if not closing.unsent:
        return (thin_rule(), Text("همه ثبت‌ها به مرکز رسیده است."))
    send_by = closing.send_by_s
    return (
        thin_rule(),
        Pair("ثبت‌های نرسیده به مرکز", persian.number(closing.unsent), bold=True),
        Pair("اعتبارِ خریدهای نرسیده", persian.toman(closing.unsent_credit_rial)),
        Text("پیش از کم کردن باطل‌ها و برگشت‌ها.", size=Size.SMALL),
        *(
            ()
            if send_by is None
            else (
                Pair("بفرستید تا", persian.date_words(send_by), bold=True),
                Pair("ساعت", persian.clock_time(send_by), size=Size.SMALL),
                Text("پس از آن شاید پول این خریدها پرداخت نشود.", size=Size.SMALL),
            )
        ),
    )


def _head_rows(closing: Closing) -> Slip:
    if not closing.z or closing.head_qr is None:
        return ()
    return (thin_rule(), Text("کد دفتر این صندوق برای مرکز:", size=Size.SMALL), Qr(closing.head_qr))
