"""Persian digits, toman, Solar Hijri dates and isolated codes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.receipt import persian


def at(iso: str) -> int:
    """Seconds UTC of an Iranian wall time."""
    return int(datetime.fromisoformat(f"{iso}+03:30").astimezone(UTC).timestamp())


@pytest.mark.parametrize(
    ("amount_rial", "shown"),
    [
        (0, "۰ تومان"),
        (10, "۱ تومان"),
        (9_990, "۹۹۹ تومان"),
        (10_000, "۱٬۰۰۰ تومان"),
        (40_000_000, "۴٬۰۰۰٬۰۰۰ تومان"),
        (123_456, "۱۲٬۳۴۵٫۶ تومان"),
        (5, "۰٫۵ تومان"),
        (-12_340, "\u2066-۱٬۲۳۴\u2069 تومان"),
    ],
)
def test_rial_are_shown_as_toman(amount_rial: int, shown: str) -> None:
    assert persian.toman(amount_rial) == shown


@settings(max_examples=50)
@given(st.integers(min_value=0, max_value=10**13))
def test_no_rial_is_lost_on_paper(amount_rial: int) -> None:
    shown = persian.fold_digits(persian.amount(amount_rial)).replace("٬", "")
    whole, _, tenth = shown.partition("٫")
    assert int(whole) * 10 + int(tenth or 0) == amount_rial


@pytest.mark.parametrize(
    ("grams", "shown"),
    [
        (0, "۰ گرم"),
        (40, "۴۰ گرم"),
        (999, "۹۹۹ گرم"),
        (1000, "۱ کیلو"),
        (1250, "۱ کیلو و ۲۵۰ گرم"),
        (12_005, "۱۲ کیلو و ۵ گرم"),
    ],
)
def test_weights_are_whole_kilograms_and_grams(grams: int, shown: str) -> None:
    assert persian.weight(grams) == shown


@pytest.mark.parametrize(
    ("day", "shown"),
    [
        ("2026-01-07", "چهارشنبه ۱۷ دی ۱۴۰۴"),
        ("2026-01-09", "جمعه ۱۹ دی ۱۴۰۴"),
        ("2026-01-10", "شنبه ۲۰ دی ۱۴۰۴"),
        ("2026-01-12", "دوشنبه ۲۲ دی ۱۴۰۴"),
        ("2026-01-18", "یکشنبه ۲۸ دی ۱۴۰۴"),
        ("2025-06-28", "شنبه ۷ تیر ۱۴۰۴"),
        ("2025-07-21", "دوشنبه ۳۰ تیر ۱۴۰۴"),
        ("2026-03-20", "جمعه ۲۹ اسفند ۱۴۰۴"),
    ],
)
def test_the_schemes_days_come_out_in_the_solar_hijri_calendar(day: str, shown: str) -> None:
    assert persian.date_words(at(f"{day}T00:00:00")) == shown
    assert persian.date_words(at(f"{day}T23:59:59")) == shown


def test_a_day_begins_at_midnight_in_iran_not_in_greenwich() -> None:
    midnight = at("2026-01-07T00:00:00")
    assert persian.date_digits(midnight - 1) == persian.isolate("۱۴۰۴/۱۰/۱۶")
    assert (
        persian.date_and_time(midnight + 3599)
        == f"{persian.isolate('۱۴۰۴/۱۰/۱۷')} ساعت {persian.isolate('۰۰:۵۹')}"
    )


@pytest.mark.parametrize("keyed", ["14041017", "۱۴۰۴۱۰۱۷", "١٤٠٤١٠١٧"])
def test_a_keyed_date_is_midnight_in_iran(keyed: str) -> None:
    assert persian.start_of_keyed_day(keyed) == at("2026-01-07T00:00:00")


@pytest.mark.parametrize(
    "keyed",
    ["", "1404101", "140410170", "14041301", "14040732", "14041230", "1404101x", "1404-1-1", "1404²017"],
)
def test_a_day_that_is_in_no_calendar_is_refused(keyed: str) -> None:
    assert persian.start_of_keyed_day(keyed) is None


@pytest.mark.parametrize(("year", "leap"), [(1403, True), (1404, False), (1407, False), (1408, True)])
def test_the_thirtieth_of_esfand_exists_in_leap_years_only(year: int, leap: bool) -> None:
    assert (persian.start_of_keyed_day(f"{year}1230") is not None) is leap


def test_arabic_letters_and_digits_are_folded_on_input() -> None:
    assert persian.fold_letters("كالاي علي") == "کالای علی"
    assert persian.fold_digits("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹") == "0123456789" * 2


def test_the_schemes_fixed_codes_are_isolated_left_to_right() -> None:
    assert persian.INQUIRY_CODE == "\u2066*500*1463#\u2069"
    assert persian.CALL_CENTER == "\u2066021-6369\u2069"
    assert persian.SMS_SENDER == "\u2066V.Refah\u2069"


@pytest.mark.parametrize(
    "code", ["*500*1463#", "021-6369", "V.Refah", "@kalabarg", "shoma.sfara.ir", "1001-7-4", "7"]
)
def test_a_code_in_somebody_elses_sentence_is_isolated_whole(code: str) -> None:
    assert (
        persian.isolate_codes(f"مانده: {code}، یا «شمیم».") == f"مانده: {persian.isolate(code)}، یا «شمیم»."
    )
