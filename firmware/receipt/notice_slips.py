"""What the center answered, and what codes did: verdicts, settlements, announcements, one-time codes.

Rules: the shop reads which receipts are final (one span, less those named below it), which are quarantined with the stable
code, what it means and what to do, and when money comes; what was voided or refunded is taken off the sum, so that the sum is
what the shop earned. Its length is bounded by what it is given, which says how many it was not given. The words for
verdicts are `sync.wire.verdicts`, loaded when the first is printed.

Must not know: mail, how verdicts are reached, what was told before.
"""

from __future__ import annotations

from enum import Enum
from itertools import groupby
from typing import TYPE_CHECKING

from msgspec import Struct

from drivers.printer.slip import Align, Pair, Rule, Size, Slip, Text
from firmware.receipt import persian
from firmware.receipt.fixed_parts import (
    SHOW,
    TEAR_OFF,
    Place,
    When,
    copy_mark,
    heading,
    place_rows,
    thin_rule,
    when_rows,
)

if TYPE_CHECKING:
    from sync.wire.kinds import Verdict

TITLE = "پاسخ مرکز"


class Deed(Enum):
    """What a judged entry did, as its row says it."""

    PURCHASE = "رسید"
    VOID = "باطل کردن، رسید"
    REFUND = "برگشت کالا، رسید"
    OTHER = "ثبت"


class JudgedReceipt(Struct, frozen=True, kw_only=True):
    """One quarantined receipt. `credit_rial` is negative where credit went back, None where none moved."""

    number: str
    credit_rial: int | None
    verdict: Verdict
    deed: Deed = Deed.PURCHASE


class FinalReceipts(Struct, frozen=True, kw_only=True):
    """Receipts from `first` to `last` that the center accepted, `backs` of them voids and refunds."""

    first: str
    last: str
    receipts: int
    backs: int
    credit_rial: int


class Settlement(Struct, frozen=True, kw_only=True):
    """What the center pays the shop for the entries of one settlement day, refunds and claims already taken off."""

    number: int
    day_s: int
    purchases: int
    amount_rial: int
    pay_by_s: int


class Answers(Struct, frozen=True, kw_only=True):
    """What the center answered; `quarantined` and `settlements` may be a part of as many as the counts say."""

    final: FinalReceipts | None = None
    quarantined: tuple[JudgedReceipt, ...] = ()
    quarantined_count: int = 0
    settlements: tuple[Settlement, ...] = ()
    settlements_count: int = 0


def answers_slip(place: Place, when: When, answers: Answers, *, copy: bool = False) -> Slip:
    """A slip of its own; `copy` where it may have been printed before."""
    mark = (copy_mark(),) if copy else ()
    return (
        *mark, Rule(), heading(TITLE), *when_rows(when), *place_rows(place), *answer_rows(answers), *mark, TEAR_OFF,
    )  # fmt: skip


def closing_rows(answers: Answers) -> Slip:
    """The same as a part of a closing's slip."""
    rows = answer_rows(answers)
    return (Rule(), Text(TITLE, bold=True, align=Align.CENTER), *rows) if rows else ()


def answer_rows(answers: Answers) -> Slip:
    """What became final, what is quarantined, what is paid."""
    return (
        *_final_rows(answers),
        *_quarantined_rows(answers),
        *_money_rows(answers),
    )


def standing_slip(place: Place, when: When, fresh: Answers, standing: Answers, *, unsent: int) -> Slip:
    """What the keypad's code prints: what is new, then everything that still matters, told before or not."""
    known = {receipt.number for receipt in fresh.quarantined}
    older = Answers(
        quarantined=tuple(receipt for receipt in standing.quarantined if receipt.number not in known),
        quarantined_count=standing.quarantined_count - fresh.quarantined_count,
        settlements=tuple(paid for paid in standing.settlements if paid not in fresh.settlements),
    )
    rows = (*answer_rows(fresh), *answer_rows(older))
    return (
        Rule(),
        heading(TITLE),
        *when_rows(when),
        *place_rows(place),
        *(rows or (thin_rule(), Text("خبر تازه‌ای نیست و چیزی کنار گذاشته نشده است."))),
        thin_rule(),
        Pair("ثبت‌های نرسیده به مرکز", persian.number(unsent)),
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


def _final_rows(answers: Answers) -> Slip:
    final = answers.final
    if final is None:
        return ()
    first, last = persian.isolate(final.first), persian.isolate(final.last)
    which = f"رسید {last}" if final.receipts == 1 else f"همه رسیدهای {first} تا {last}"
    but = "، جز آنچه در زیر آمده است." if answers.quarantined else "."
    return (
        thin_rule(),
        Pair("رسیدهای قطعی‌شده", persian.number(final.receipts), bold=True),
        Text(f"{which}{but}", size=Size.SMALL),
        Pair("اعتبار قطعی پس از برگشت‌ها" if final.backs else "جمع اعتبار قطعی", persian.toman(final.credit_rial), bold=True),
        *(() if answers.settlements else (Text("پول آن با تسویه بعدی می‌آید.", size=Size.SMALL),)),
    )  # fmt: skip


def _quarantined_rows(answers: Answers) -> Slip:
    if not answers.quarantined:
        return ()
    by_verdict = sorted(answers.quarantined, key=lambda receipt: receipt.verdict)
    more = answers.quarantined_count - len(answers.quarantined)
    return (
        thin_rule(),
        Pair("برای بررسی کنار گذاشته شد", persian.number(answers.quarantined_count), bold=True),
        *(
            row
            for verdict, receipts in groupby(by_verdict, key=lambda receipt: receipt.verdict)
            for row in _verdict_rows(verdict, tuple(receipts))
        ),
        *((Text(f"و {persian.number(more)} ثبت دیگر.", bold=True),) if more > 0 else ()),
        Text("چیزی پاک نشده است.", size=Size.SMALL),
    )


def _verdict_rows(verdict: Verdict, receipts: tuple[JudgedReceipt, ...]) -> Slip:
    # No receipt is refused on most days: the words are loaded on the first on which one is.
    from sync.wire.verdicts import VERDICT_TEXTS  # noqa: PLC0415 -- a till sells first

    text = VERDICT_TEXTS[verdict]
    return (
        *(_receipt_row(receipt) for receipt in receipts),
        Text(f"کد {persian.digits(int(verdict))}: {text.persian}"),
        Text(f"چه کنید: {persian.isolate_codes(text.todo_persian)}", size=Size.SMALL),
    )


def _receipt_row(receipt: JudgedReceipt) -> Pair | Text:
    name = f"{receipt.deed.value} {persian.isolate(receipt.number)}"
    if receipt.credit_rial is None:
        return Text(name, bold=True)
    return Pair(name, persian.toman(receipt.credit_rial), bold=True)


def _money_rows(answers: Answers) -> Slip:
    more = answers.settlements_count - len(answers.settlements)
    return (
        *((thin_rule(),) if answers.settlements else ()),
        *((Text(f"{persian.number(more)} تسویه دیگر پیش از اینها.", size=Size.SMALL),) if more > 0 else ()),
        *(row for settlement in answers.settlements for row in _settlement_rows(settlement)),
    )


def _settlement_rows(settlement: Settlement) -> Slip:
    return (
        Pair("تسویه شماره", persian.code(settlement.number)),
        Pair("روز پذیرش", persian.date_words(settlement.day_s), size=Size.SMALL),
        Pair("خریدهای پذیرفته‌شده", persian.number(settlement.purchases), size=Size.SMALL),
        Pair("پرداخت به فروشگاه", persian.toman(settlement.amount_rial), bold=True),
        Pair("واریز پول تا", persian.date_words(settlement.pay_by_s)),
    )
