"""Persian on paper and from keys: digits, toman, dates, units, codes.

Rules:
- Money comes as integer rial and is shown as toman (1 toman = 10 rial), grouped by «٬»; a remainder of rials is
  shown as a decimal, never dropped.
- A code (phone number, USSD code, receipt number, key) is isolated left to right (LRI ... PDI), or the text around
  it reorders its parts. A name of unknown script is isolated by its first strong letter (FSI ... PDI).
- Iran is UTC+03:30 all year; dates are Solar Hijri.

Source: Unicode UAX #9; Unicode TR #9 5.3 (isolates in plain text); scheme sheet "Numbers an implementer needs".
Must not know: slips, the journal, the clock (times are arguments, integer seconds UTC).
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final

from sync.wire.money import RIAL_PER_TOMAN

if TYPE_CHECKING:
    from persiantools.jdatetime import JalaliDateTime

LRI, FSI, PDI = "\u2066", "\u2068", "\u2069"
GRAMS_PER_KG = 1000
IRAN: Final = timezone(timedelta(hours=3, minutes=30))
WEEKDAYS: Final = ("شنبه", "یکشنبه", "دوشنبه", "سه‌شنبه", "چهارشنبه", "پنجشنبه", "جمعه")
MONTHS: Final = (
    "فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور",
    "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند",
)  # fmt: skip

_CODE: Final = r"[*#@+]?[0-9A-Za-z](?:[0-9A-Za-z*#@./:_+-]*[0-9A-Za-z*#])?"
_PERSIAN_DIGITS: Final = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
_DIGITS_TO_ASCII: Final = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "01234567890123456789")
_LETTERS_TO_PERSIAN: Final = str.maketrans({"ي": "ی", "ى": "ی", "ك": "ک"})


def isolate(code: str) -> str:
    """`code` so that any text around it leaves its order alone. Not for text that holds an isolate itself."""
    return f"{LRI}{code}{PDI}"


def isolate_name(name: str) -> str:
    """A good's, shop's or person's name in whichever script: it keeps its own direction and disturbs nobody's."""
    return f"{FSI}{fold_letters(name)}{PDI}"


def code(value: int | str) -> str:
    """A number that people key in or read out (receipt, device, shop): the keypad's digits, isolated."""
    return isolate(str(value))


def isolate_codes(text: str) -> str:
    """A sentence that somebody else wrote, such as a policy's: each code or Latin word in it is isolated."""
    return re.sub(_CODE, lambda found: isolate(found[0]), text)


INQUIRY_CODE: Final = isolate("*500*1463#")
"""USSD code of the balance inquiry."""
CALL_CENTER: Final = isolate("021-6369")
SMS_SENDER: Final = isolate("V.Refah")
"""The only true sender of messages; they hold an amount and never a link."""


def fold_letters(text: str) -> str:
    """Arabic ye and kaf as Persian ones, so that equal names compare equal."""
    return text.translate(_LETTERS_TO_PERSIAN)


def fold_digits(text: str) -> str:
    """Persian (U+06F0..) and Arabic-Indic (U+0660..) digits as ASCII; all else stays."""
    return text.translate(_DIGITS_TO_ASCII)


def digits(value: int | str) -> str:
    """ASCII digits as Persian ones, with no grouping: numbers of things, dates, receipt numbers."""
    return str(value).translate(_PERSIAN_DIGITS)


def number(value: int) -> str:
    """Persian digits in groups of three; a negative number has its sign before it and is isolated."""
    grouped = digits(f"{abs(value):,}".replace(",", "٬"))
    return isolate(f"-{grouped}") if value < 0 else grouped


def amount(amount_rial: int) -> str:
    """Rial shown as toman, without the word."""
    toman, rest = divmod(abs(amount_rial), RIAL_PER_TOMAN)
    shown = number(toman) + (f"٫{digits(rest)}" if rest else "")
    return isolate(f"-{shown}") if amount_rial < 0 else shown


def toman(amount_rial: int) -> str:
    """Rial shown as toman, with the word."""
    return f"{amount(amount_rial)} تومان"


def weight(grams: int) -> str:
    """Whole kilograms and grams: no decimal point that a thumb could hide."""
    kg, rest = divmod(grams, GRAMS_PER_KG)
    parts = [f"{number(kg)} کیلو"] if kg else []
    if rest or not kg:
        parts.append(f"{digits(rest)} گرم")
    return " و ".join(parts)


def weekday(time_s: int) -> str:
    """Name of the weekday in Iran at this second."""
    return WEEKDAYS[_in_iran(time_s).weekday()]


def date_digits(time_s: int) -> str:
    """`۱۴۰۴/۱۰/۱۷`, isolated."""
    return isolate(digits(_in_iran(time_s).strftime("%Y/%m/%d")))


def date_words(time_s: int) -> str:
    """`چهارشنبه ۱۷ دی ۱۴۰۴`."""
    day = _in_iran(time_s)
    return f"{weekday(time_s)} {digits(day.day)} {MONTHS[day.month - 1]} {digits(day.year)}"


def clock_time(time_s: int) -> str:
    """Hour and minute in Iran, isolated."""
    return isolate(digits(_in_iran(time_s).strftime("%H:%M")))


def date_and_time(time_s: int) -> str:
    """Date in digits, then the time of day."""
    return f"{date_digits(time_s)} ساعت {clock_time(time_s)}"


def start_of_keyed_day(keyed: str) -> int | None:
    """Midnight in Iran (seconds UTC) of a Solar Hijri date keyed as YYYYMMDD, or None if there is no such day."""
    plain = fold_digits(keyed)
    if len(plain) != len("YYYYMMDD") or not (plain.isascii() and plain.isdecimal()):
        return None
    from persiantools.jdatetime import JalaliDate  # noqa: PLC0415 -- as in `_in_iran`

    try:
        day = JalaliDate(int(plain[:4]), int(plain[4:6]), int(plain[6:])).to_gregorian()
    except ValueError:
        return None
    return int(datetime(day.year, day.month, day.day, tzinfo=IRAN).timestamp())


def _in_iran(time_s: int) -> JalaliDateTime:
    from persiantools.jdatetime import JalaliDateTime  # noqa: PLC0415 -- loaded with the first slip

    moment: JalaliDateTime = JalaliDateTime.fromtimestamp(time_s, tz=IRAN)
    return moment
