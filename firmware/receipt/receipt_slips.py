"""Receipts: the signed end of a purchase, its copy, and the slips of void and refund.

Rules:
- Printed only after the commit; what stands here is in the journal. One row says how far it has come: when first printed
  it has not reached the center, a later printing may know more (`Reach`).
- Goods total = credit part + buyer's part, and the buyer's part is called a part of the price.
- What is left is left *at this till*, with its last day; on a copy it is what is left when the copy is printed.
- The QR proves the rest without network. Anything printed twice bears the copy mark above and below.

Must not know: the QR's bytes (it is text here), the journal, the authorizer.
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from drivers.printer.slip import Pair, Qr, Rule, Size, Slip, Text
from firmware.receipt import persian
from firmware.receipt.basket_slips import BasketLine, line_rows
from firmware.receipt.fixed_parts import (
    OWN_PART_NOTE,
    TEAR_OFF,
    Household,
    Place,
    When,
    call_center_rows,
    copy_mark,
    heading,
    masked,
    payment_rows,
    place_rows,
    thin_rule,
    warning_rows,
    when_rows,
)

LEFT_NOW = "مانده اکنون، هنگام این چاپ:"


class Reach(Enum):
    """How far an entry has come, as far as the till knows, and how paper says it."""

    HERE = "اینجا ثبت شد، هنوز به مرکز نرسیده."
    SENT = "اینجا ثبت شد و به مرکز رسیده است."
    ACCEPTED = "مرکز آن را پذیرفته است."
    QUARANTINED = "مرکز آن را برای بررسی کنار گذاشته است."


class Left(Struct, frozen=True, kw_only=True):
    """What one tranche still has at this till, and the last second in which it may be used. `title` names it."""

    left_rial: int
    until_s: int
    title: str = ""


class Receipt(Struct, frozen=True, kw_only=True):
    """A committed purchase, or a cash sale (`household` is None, nothing from credit).

    `total_rial` = `credit_rial` + `own_rial`. `contacts` are the policy's own lines.
    """

    place: Place
    number: str
    when: When
    total_rial: int
    credit_rial: int
    own_rial: int
    household: Household | None
    left: tuple[Left, ...]
    qr: str | None
    contacts: tuple[str, ...] = ()
    reach: Reach = Reach.HERE


class Void(Struct, frozen=True, kw_only=True):
    """A purchase canceled whole, on the same device, before the next Z."""

    place: Place
    number: str
    purchase_number: str
    when: When
    credit_rial: int
    own_rial: int
    household: Household | None
    left: tuple[Left, ...] = ()
    qr: str | None = None
    reach: Reach = Reach.HERE


class Refund(Struct, frozen=True, kw_only=True):
    """Goods that came back: `lines` bear the returned quantities and sums.

    `usable_here` is false where the credit part goes back to the center and returns by mail.
    """

    place: Place
    number: str
    purchase_number: str
    when: When
    lines: tuple[BasketLine, ...]
    credit_rial: int
    own_rial: int
    household: Household | None
    usable_here: bool
    left: tuple[Left, ...] = ()
    qr: str | None = None
    reach: Reach = Reach.HERE


def receipt_end(receipt: Receipt) -> Slip:
    """What follows the confirmed block on the same strip."""
    return (*_receipt_rows(receipt), TEAR_OFF)


def receipt_copy(receipt: Receipt, lines: tuple[BasketLine, ...]) -> Slip:
    """A reprint, or a receipt of which part may already be on paper: with the lines, marked as a copy."""
    return (
        copy_mark(),
        *(row for line in lines for row in line_rows(line)),
        *_receipt_rows(receipt, copy=True),
        copy_mark(),
        TEAR_OFF,
    )


def receipt_after_power_cut(receipt: Receipt, lines: tuple[BasketLine, ...]) -> Slip:
    """A receipt that was owed and of which no byte had left: an original, with the lines."""
    return (*(row for line in lines for row in line_rows(line)), *_receipt_rows(receipt), TEAR_OFF)


def void_slip(void: Void) -> Slip:
    """A purchase was canceled."""
    return (*_void_rows(void), TEAR_OFF)


def _void_rows(void: Void, *, copy: bool = False) -> Slip:
    return (
        Rule(),
        heading("خرید باطل شد"),
        Pair("شماره رسید باطل‌شده", persian.isolate(void.purchase_number), bold=True),
        Pair("به اعتبار برگشت", persian.toman(void.credit_rial)),
        Pair("پول نقد که پس داده شد", persian.toman(void.own_rial)),
        *_household_rows(void.household, void.left, copy=copy),
        *_end_rows(void.place, void.number, void.when, void.qr, void.reach),
    )


def void_copy(void: Void) -> Slip:
    """A void slip printed again."""
    return (copy_mark(), *_void_rows(void, copy=True), copy_mark(), TEAR_OFF)


def refund_slip(refund: Refund) -> Slip:
    """Goods came back; credit first, then own money in cash."""
    return (*_refund_rows(refund), TEAR_OFF)


def _refund_rows(refund: Refund, *, copy: bool = False) -> Slip:
    returned = "همین‌جا دوباره قابل خرید است." if refund.usable_here else "از راه مرکز به خانوار برمی‌گردد."
    return (
        Rule(),
        heading("برگشت کالا"),
        Pair("شماره رسید خرید", persian.isolate(refund.purchase_number), bold=True),
        *(row for line in refund.lines for row in line_rows(line)),
        thin_rule(),
        Pair("بهای کالای برگشتی", persian.toman(refund.credit_rial + refund.own_rial), bold=True),
        Pair("به اعتبار برگشت", persian.toman(refund.credit_rial)),
        Pair("پول نقد که پس داده شد", persian.toman(refund.own_rial)),
        *((Text(f"اعتبار برگشتی {returned}", size=Size.SMALL),) if refund.credit_rial else ()),
        *_household_rows(refund.household, refund.left, copy=copy),
        *_end_rows(refund.place, refund.number, refund.when, refund.qr, refund.reach),
    )


def refund_copy(refund: Refund) -> Slip:
    """A refund slip printed again."""
    return (copy_mark(), *_refund_rows(refund, copy=True), copy_mark(), TEAR_OFF)


def _receipt_rows(receipt: Receipt, *, copy: bool = False) -> Slip:
    return (
        Rule(),
        heading("رسید خرید" if receipt.household else "رسید فروش نقدی"),
        *_paid_rows(receipt),
        *_household_rows(receipt.household, receipt.left, copy=copy),
        *_end_rows(receipt.place, receipt.number, receipt.when, receipt.qr, receipt.reach, receipt.contacts),
    )


def _paid_rows(receipt: Receipt) -> Slip:
    if receipt.household is None:
        return (
            Pair("بهای کالاها", persian.toman(receipt.total_rial), bold=True),
            Text("با پول خریدار پرداخت شد."),
        )
    parts = payment_rows(
        total_rial=receipt.total_rial, credit_rial=receipt.credit_rial, own_rial=receipt.own_rial
    )
    return (*parts, OWN_PART_NOTE) if receipt.own_rial else parts


def _household_rows(household: Household | None, left: tuple[Left, ...], *, copy: bool) -> Slip:
    if household is None:
        return ()
    total = sum(part.left_rial for part in left)
    return (
        thin_rule(),
        Text(masked(household)),
        *((Text(LEFT_NOW, size=Size.SMALL),) if copy else ()),
        Pair("مانده در این صندوق", persian.toman(total), bold=True),
        *(
            Pair(
                f"{part.title} تا {persian.date_digits(part.until_s)}".lstrip(),
                persian.toman(part.left_rial),
                size=Size.SMALL,
            )
            for part in left
            if part.left_rial
        ),
    )


def _end_rows(
    place: Place, number: str, when: When, qr: str | None, reach: Reach, contacts: tuple[str, ...] = ()
) -> Slip:
    return (
        thin_rule(),
        Text(reach.value, bold=True),
        Pair("شماره رسید", persian.isolate(number), bold=True),
        *when_rows(when),
        *place_rows(place),
        thin_rule(),
        *call_center_rows(),
        *(Text(persian.isolate_codes(contact), size=Size.SMALL) for contact in contacts),
        *warning_rows(),
        *((Qr(qr),) if qr else ()),
    )
