"""Parts that many slips share: where and when, whose card, whom to call, and the fixed warning.

Rules: a household is shown by the last digits of its card or national ID, never by name. A time that is not
trusted says so beside it.

Source: scheme sheet "Who and what" (call center, the one true SMS sender).
Must not know: the journal, the authorizer, the wire's records (only its numbered words).
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from drivers.printer.slip import Align, Gap, Pair, Rule, Size, Slip, Text
from firmware.receipt import persian
from sync.wire.kinds import Grade

TEAR_OFF: Final = Gap(96)
"""12 mm at 203 dpi: brings the last row past the tear bar of printers without a cutter."""
SHOW: Final = Gap(48)
"""Brings the last row out of the printer where the talk goes on."""
MASK_DIGITS = 4

GRADE_NOTES: Final = {
    Grade.DOUBTFUL: "ساعت دستگاه نامطمئن است.",
    Grade.STATED: "تاریخ را فروشنده وارد کرده است.",
    Grade.ESTIMATED: "ساعت تخمینی است.",
    Grade.TRUSTED: "",
}


class Place(Struct, frozen=True, kw_only=True):
    """Where a slip is printed."""

    shop_name: str
    shop: int
    device: int


class When(Struct, frozen=True, kw_only=True):
    """Seconds UTC, and how far they are to be believed."""

    time_s: int
    grade: Grade = Grade.TRUSTED


class Household(Struct, frozen=True, kw_only=True):
    """Whose purchase it is: a card's number or a national ID, of which paper shows the end only."""

    card: str = ""
    national_id: str = ""


def masked(household: Household) -> str:
    """`کارت با پایان 1234`: enough for its owner, nothing for a finder. Of neither only a one-time code is known."""
    if not household.card and not household.national_id:
        return "خانوار با رمز یک‌بارمصرف"
    what, whole = ("کارت", household.card) if household.card else ("کد ملی", household.national_id)
    return f"{what} با پایان {persian.isolate(whole[-MASK_DIGITS:])}"


def heading(title: str) -> Text:
    """What this slip is."""
    return Text(title, size=Size.LARGE, bold=True, align=Align.CENTER)


def copy_mark() -> Text:
    """Stands at the head and the end of whatever is printed a second time."""
    return heading("رونوشت")


def place_rows(place: Place) -> Slip:
    """Shop and device."""
    return (
        Text(persian.isolate_name(place.shop_name), bold=True, align=Align.CENTER),
        Pair("شماره فروشگاه", persian.code(place.shop), size=Size.SMALL),
        Pair("شماره دستگاه", persian.code(place.device), size=Size.SMALL),
    )


def when_rows(when: When) -> Slip:
    """Weekday, date, time of day, and the clock's grade if it is not trusted. Who keyed a date keyed no time of day."""
    note, day = GRADE_NOTES[when.grade], f"{persian.weekday(when.time_s)} {persian.date_digits(when.time_s)}"
    if when.grade is Grade.STATED:
        return (Text(day, size=Size.SMALL), Text(note, size=Size.SMALL))
    rows: Slip = (Pair(day, persian.clock_time(when.time_s), size=Size.SMALL),)
    return (*rows, Text(note, size=Size.SMALL)) if note else rows


def payment_rows(*, total_rial: int, credit_rial: int, own_rial: int) -> Slip:
    """How the price of the goods is paid. The buyer's part is a part of that price: never name it a fee."""
    assert total_rial == credit_rial + own_rial, "goods total = credit part + buyer's part"
    return (
        Pair("بهای کالاها", persian.toman(total_rial), bold=True),
        Pair("از اعتبار کالابرگ", persian.toman(credit_rial)),
        Pair("سهم خریدار از بهای کالا", persian.toman(own_rial)),
    )


OWN_PART_NOTE: Final = Text("سهم خریدار جزو بهای کالاست، کارمزد نیست.", size=Size.SMALL)


def call_center_rows() -> Slip:
    """Whom to ask, and how to ask for the balance by phone."""
    return (
        Pair("پرسش و شکایت", persian.CALL_CENTER, size=Size.SMALL),
        Pair("مانده اعتبار با تلفن همراه", persian.INQUIRY_CODE, size=Size.SMALL),
    )


def warning_rows() -> Slip:
    """The fixed warning against forged messages."""
    return (
        Text(
            f"هشدار: پیامک کالابرگ فقط از سرشماره {persian.SMS_SENDER} می‌آید، فقط مبلغ دارد و هیچ‌وقت لینک ندارد. "
            "هر پیام دیگر یا هر لینکی جعلی است.",
            size=Size.SMALL,
        ),
    )


def thin_rule() -> Rule:
    """Parts of one slip."""
    return Rule(dashed=True)
