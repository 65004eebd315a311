"""The block that TOTAL prints: what will be paid and how, before anybody confirms it.

Rules: it is headed «رسید نیست», for it has cost nobody anything yet. The PIN (or Enter after a one-time code)
confirms exactly these sums; the signed end follows on the same strip.

Must not know: how the parts were computed, how a PIN is checked.
"""

from __future__ import annotations

from msgspec import Struct

from drivers.printer.slip import Pair, Rule, Size, Slip, Text
from firmware.receipt import persian
from firmware.receipt.basket_slips import BasketLine, line_rows
from firmware.receipt.fixed_parts import (
    OWN_PART_NOTE,
    SHOW,
    Household,
    heading,
    masked,
    payment_rows,
    thin_rule,
)


class Preview(Struct, frozen=True, kw_only=True):
    """`total_rial` = `eligible_rial` + `other_rial` = `credit_rial` + `own_rial`.

    `available_rial` is the credit usable at this till now; `press` says which keys confirm, change and cancel.
    """

    lines: int
    total_rial: int
    eligible_rial: int
    other_rial: int
    credit_rial: int
    own_rial: int
    available_rial: int
    household: Household
    minimum_own_rial: int = 0
    press: tuple[str, ...] = ()


def total_block(preview: Preview) -> Slip:
    """A purchase with a household, shown for confirmation."""
    assert preview.total_rial == preview.eligible_rial + preview.other_rial, (
        "each line is in the list or free"
    )
    return (
        Rule(),
        heading("رسید نیست"),
        Pair("تعداد ردیف‌ها", persian.digits(preview.lines), size=Size.SMALL),
        Pair("کالاهای کالابرگ", persian.toman(preview.eligible_rial)),
        Pair("کالاهای آزاد", persian.toman(preview.other_rial)),
        thin_rule(),
        *payment_rows(
            total_rial=preview.total_rial, credit_rial=preview.credit_rial, own_rial=preview.own_rial
        ),
        *_own_part_rows(preview),
        thin_rule(),
        Text(masked(preview.household)),
        Pair("اعتبار قابل خرج در این صندوق", persian.toman(preview.available_rial), size=Size.SMALL),
        *press_rows(preview.press),
        SHOW,
    )


def cash_total_block(*, lines: int, total_rial: int, card_read: bool, press: tuple[str, ...]) -> Slip:
    """A basket paid in own money: no card was read, or its credit is left alone."""
    why = "از اعتبار کارت استفاده نمی‌شود" if card_read else "کارتی خوانده نشده است"
    return (
        Rule(),
        heading("رسید نیست"),
        Pair("تعداد ردیف‌ها", persian.digits(lines), size=Size.SMALL),
        Pair("مبلغ قابل پرداخت", persian.toman(total_rial), bold=True),
        Text(f"{why}: فروش نقدی، بدون اعتبار کالابرگ."),
        *press_rows(press),
        SHOW,
    )


def void_block(*, purchase_number: str, credit_rial: int, own_rial: int, press: tuple[str, ...]) -> Slip:
    """What a void will undo, before the operator confirms it."""
    return (
        Rule(),
        heading("رسید نیست"),
        Pair("باطل کردن رسید", persian.isolate(purchase_number), bold=True),
        Pair("به اعتبار برمی‌گردد", persian.toman(credit_rial)),
        Pair("نقد به خریدار پس بدهید", persian.toman(own_rial)),
        *press_rows(press),
        SHOW,
    )


def refund_block(
    *,
    purchase_number: str,
    lines: tuple[BasketLine, ...],
    credit_rial: int,
    own_rial: int,
    press: tuple[str, ...],
) -> Slip:
    """What a refund will give back, before the operator confirms it; `lines` bear the returned quantities."""
    return (
        Rule(),
        heading("رسید نیست"),
        Pair("برگشت کالا از رسید", persian.isolate(purchase_number), bold=True),
        *(row for line in lines for row in line_rows(line)),
        thin_rule(),
        Pair("به اعتبار برمی‌گردد", persian.toman(credit_rial)),
        Pair("نقد به خریدار پس بدهید", persian.toman(own_rial)),
        *press_rows(press),
        SHOW,
    )


def press_rows(press: tuple[str, ...]) -> Slip:
    """What to press, one row a choice."""
    return (thin_rule(), *(Text(row, bold=True) for row in press)) if press else ()


def _own_part_rows(preview: Preview) -> Slip:
    if not preview.own_rial:
        return ()
    if not preview.minimum_own_rial:
        return (OWN_PART_NOTE,)
    least = Pair("کمترین سهم خریدار در هر خرید", persian.toman(preview.minimum_own_rial), size=Size.SMALL)
    return (least, OWN_PART_NOTE)
