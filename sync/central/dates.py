"""Dates as people in Iran write them: Solar Hijri, days that begin at 00:00 Iran time (UTC+03:30 all year)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from persiantools.jdatetime import JalaliDate

from sync.central.errors import WrongInput

DAY_S = 86_400
IRAN_OFFSET_S = 12_600
_PERSIAN_DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
_WESTERN_DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "01234567890123456789")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def day_start_s(text: str, *, where: str) -> int:
    """Unix seconds of 00:00 Iran time on the Solar Hijri date `text`, such as ``1404-10-17``. Raises: WrongInput."""
    matched = re.fullmatch(r"(1[345]\d\d)-(\d\d)-(\d\d)", western(text))
    if matched is None:
        raise WrongInput(where, f"{text!r} is not a Solar Hijri date such as 1404-10-17")
    year, month, day = map(int, matched.groups())
    try:
        date = JalaliDate(year, month, day).to_gregorian()
    except ValueError:
        raise WrongInput(where, f"{text!r} is not a day of the Solar Hijri calendar") from None
    return (
        int((datetime(date.year, date.month, date.day, tzinfo=UTC) - _EPOCH).total_seconds()) - IRAN_OFFSET_S
    )


def day_of(at_s: int) -> int:
    """Unix seconds of 00:00 Iran time on the day of `at_s`."""
    return (at_s + IRAN_OFFSET_S) // DAY_S * DAY_S - IRAN_OFFSET_S


def date_text(at_s: int) -> str:
    """The Solar Hijri date of a moment, such as ``1404-10-17``."""
    return str(JalaliDate((_EPOCH + timedelta(seconds=at_s + IRAN_OFFSET_S)).date()).isoformat())


def moment_text(at_s: int) -> str:
    """Date and time of day in Iran, such as ``1404-10-17 08:30``."""
    of_day_s = (at_s + IRAN_OFFSET_S) % DAY_S
    return f"{date_text(at_s)} {of_day_s // 3600:02d}:{of_day_s // 60 % 60:02d}"


def western(text: str) -> str:
    """`text` with Persian and Arabic digits as 0-9."""
    return text.translate(_WESTERN_DIGITS)


def persian(text: str) -> str:
    """`text` with the digits 0-9 as Persian digits."""
    return text.translate(_PERSIAN_DIGITS)
