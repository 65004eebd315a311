"""What the center answered, and what codes did: verdicts, settlements, announcements, one-time codes.

Rules: a verdict slip says which receipts became final, and which were quarantined, why, and that nothing is lost; what
was voided or refunded is taken off its sum in rows of its own, so that the sum is what the shop earned. A settlement slip says when the money comes. Verdict texts are keyed by `sync.wire.kinds.Verdict` (a test demands all).

Must not know: mail, how verdicts are reached.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from msgspec import Struct

from drivers.printer.slip import Pair, Rule, Size, Slip, Text
from firmware.receipt import persian
from firmware.receipt.fixed_parts import (
    SHOW,
    TEAR_OFF,
    Place,
    When,
    heading,
    place_rows,
    thin_rule,
    when_rows,
)
from sync.wire.kinds import Verdict

VERDICT_TEXTS: Final = {
    Verdict.ACCEPTED: "پذیرفته شد.",
    Verdict.DUPLICATE: "پیش‌تر رسیده و پذیرفته شده بود.",
    Verdict.FORK: "دو ثبت جدا با یک شماره رسیده است.",
    Verdict.GAP: "ثبت‌های پیش از آن هنوز نرسیده است.",
    Verdict.HOLE: "متن این ثبت گم شده است.",
    Verdict.BAD_SIGNATURE: "امضای این ثبت درست نیست.",
    Verdict.BAD_HOUSEHOLD_PROOF: "تأیید خانوار برای این خرید درست نیست.",
    Verdict.NOT_YET_OPEN: "پیش از نوبت یا پیش از اعلام رسمی بوده است.",
    Verdict.UNKNOWN_POLICY: "با دستورالعملی ثبت شده که مرکز نمی‌شناسد.",
    Verdict.OVER_ALLOWANCE: "از اعتبار کنار گذاشته‌شده بیشتر است.",
    Verdict.LIMIT: "از سقف مجاز بیشتر است.",
    Verdict.LATE: "پس از مهلت به مرکز رسیده است.",
    Verdict.REFUND_WITHOUT_ORIGINAL: "خریدِ این برگشت پیدا نشد.",
    Verdict.INELIGIBLE_GOODS: "کالایی بیرون از فهرست دارد.",
    Verdict.HELD: "تا بررسی صندوق نگه داشته شده است.",
    Verdict.MALFORMED: "خوانده نشد.",
}


class Deed(Enum):
    """What a judged receipt did, as its row says it."""

    PURCHASE = "رسید"
    VOID = "باطل کردن، رسید"
    REFUND = "برگشت کالا، رسید"


class JudgedReceipt(Struct, frozen=True, kw_only=True):
    """One receipt and what the center decided about it. `credit_rial` is negative where credit went back."""

    number: str
    credit_rial: int
    verdict: Verdict
    deed: Deed = Deed.PURCHASE


class VerdictNotice(Struct, frozen=True, kw_only=True):
    """What one exchange brought."""

    place: Place
    when: When
    final: tuple[JudgedReceipt, ...]
    quarantined: tuple[JudgedReceipt, ...]


class Settlement(Struct, frozen=True, kw_only=True):
    """What the center pays the shop for the entries of one settlement day, refunds and claims already taken off."""

    place: Place
    number: int
    day_s: int
    purchases: int
    amount_rial: int
    pay_by_s: int


def verdict_notice(notice: VerdictNotice) -> Slip:
    """Receipts that became final or were quarantined."""
    return (
        Rule(),
        heading("پاسخ مرکز"),
        *when_rows(notice.when),
        *place_rows(notice.place),
        *_final_rows(notice),
        *_quarantined_rows(notice.quarantined),
        TEAR_OFF,
    )


def settlement_notice(settlement: Settlement) -> Slip:
    """The shop's money is on its way."""
    return (
        Rule(),
        heading("تسویه"),
        Pair("شماره تسویه", persian.code(settlement.number)),
        Pair("روز پذیرش", persian.date_words(settlement.day_s)),
        *place_rows(settlement.place),
        thin_rule(),
        Pair("خریدهای پذیرفته‌شده", persian.number(settlement.purchases)),
        Pair("پرداخت به فروشگاه", persian.toman(settlement.amount_rial), bold=True),
        Pair("واریز پول تا", persian.date_words(settlement.pay_by_s)),
        TEAR_OFF,
    )


def announcement_accepted(*, title: str, cohorts: tuple[str, ...], until_s: int | None) -> Slip:
    """A tranche was opened by its announcement's code."""
    return (
        heading("اعلام رسمی پذیرفته شد"),
        Text(f"{persian.isolate_name(title)} در این صندوق باز شد.", bold=True),
        *(Text(f"- {cohort}") for cohort in cohorts),
        *((Pair("قابل خرج تا", persian.date_words(until_s)),) if until_s is not None else ()),
        SHOW,
    )


def code_accepted(*press: str) -> Slip:
    """A one-time code was right; a wrong one is a decline."""
    return (
        heading("رمز پذیرفته شد"),
        Text("این رمز یک‌بارمصرف فقط برای همین خرید است."),
        *(Text(row, bold=True) for row in press),
        SHOW,
    )


def pin_cleared() -> Slip:
    """A one-time code has cleared a blocked PIN's failures."""
    return (Text("شمارش رمزهای اشتباه پاک شد. دفعه بعد رمز خودتان را بزنید."), SHOW)


def _final_rows(notice: VerdictNotice) -> Slip:
    if not notice.final:
        return (thin_rule(), Text("رسید تازه‌ای قطعی نشد."))
    return (
        thin_rule(),
        Pair("رسیدهای قطعی‌شده", persian.number(len(notice.final)), bold=True),
        *(_receipt_pair(receipt) for receipt in notice.final),
        Pair(
            _sum_label(notice), persian.toman(sum(receipt.credit_rial for receipt in notice.final)), bold=True
        ),
    )


def _sum_label(notice: VerdictNotice) -> str:
    bought_only = all(receipt.deed is Deed.PURCHASE for receipt in notice.final)
    return "جمع اعتبار قطعی" if bought_only else "اعتبار قطعی پس از برگشت‌ها"


def _quarantined_rows(quarantined: tuple[JudgedReceipt, ...]) -> Slip:
    if not quarantined:
        return ()
    return (
        thin_rule(),
        Pair("برای بررسی کنار گذاشته شد", persian.number(len(quarantined)), bold=True),
        *(
            row
            for receipt in quarantined
            for row in (_receipt_pair(receipt), Text(VERDICT_TEXTS[receipt.verdict], size=Size.SMALL))
        ),
        Text(f"چیزی پاک نشده است. رسیدها را نگه دارید و با {persian.CALL_CENTER} تماس بگیرید."),
    )


def _receipt_pair(receipt: JudgedReceipt) -> Pair:
    return Pair(
        f"{receipt.deed.value} {persian.isolate(receipt.number)}",
        persian.toman(receipt.credit_rial),
        size=Size.SMALL,
    )
