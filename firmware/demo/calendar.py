"""The story's days: Solar Hijri dates as Unix seconds. Iran is UTC+03:30 all year."""

from __future__ import annotations

from firmware.receipt import persian

MINUTE_S = 60
HOUR_S = 3_600


def moment_s(date: str, hour: int = 0, minute: int = 0) -> int:
    """Unix seconds of a time of day in Iran; `date` is such as ``14041017``."""
    start_s = persian.start_of_keyed_day(date)
    assert start_s is not None, "a day of the calendar"
    return start_s + hour * HOUR_S + minute * MINUTE_S


def clock_text(time_s: int) -> str:
    """Hour and minute in Iran, in western digits."""
    return persian.fold_digits(persian.clock_time(time_s)).strip(persian.LRI + persian.PDI)
