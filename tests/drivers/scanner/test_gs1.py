"""GS1's numbers and element strings."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.scanner import gs1
from drivers.scanner.gs1 import GS, Fault

GTIN = "06260000000019"
SSCC = "200000000000000004"


@given(st.text("0123456789", min_size=7, max_size=17), st.integers(0, 17), st.integers(1, 9))
@settings(max_examples=100)
def test_the_check_digit_finds_every_single_wrong_digit(body: str, place: int, step: int) -> None:
    whole = body + str(gs1.check_digit(body))
    place %= len(whole)
    wrong = whole[:place] + str((int(whole[place]) + step) % 10) + whole[place + 1 :]
    assert gs1.has_check_digit(whole)
    assert not gs1.has_check_digit(wrong)


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("01234505", "012000003455"),
        ("01234531", "012300000451"),
        ("01234543", "012340000053"),
        ("01234558", "012345000058"),
        ("01234596", "012345000096"),
        ("04252614", "042100005264"),
    ],
)
def test_a_upc_e_is_written_out_by_its_last_digit(short: str, long: str) -> None:
    assert gs1.upc_a(short) == long


@pytest.mark.parametrize("digits", ["04252615", "14252614", "64252614"])
def test_a_upc_e_with_a_wrong_digit_or_another_number_system_is_none(digits: str) -> None:
    assert gs1.upc_a(digits) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"01{GTIN}", {"01": GTIN}),
        (f"{GS}01{GTIN}", {"01": GTIN}),
        (f"01{GTIN}310300125017261231", {"01": GTIN, "3103": "001250", "17": "261231"}),
        (f"01{GTIN}{GS}3103001250{GS}", {"01": GTIN, "3103": "001250"}),
        (f"10LOT-7{GS}01{GTIN}392250000", {"10": "LOT-7", "01": GTIN, "3922": "50000"}),
        (f"01{GTIN}21A%b/?{GS}8005001234", {"01": GTIN, "21": "A%b/?", "8005": "001234"}),
        (f"01{GTIN}7230EMx1{GS}00{SSCC}", {"01": GTIN, "7230": "EMx1", "00": SSCC}),
        (f"01{GTIN}3936364150000", {"01": GTIN, "3936": "364150000"}),
        (f"253{'4000000000006'}{GS}01{GTIN}", {"253": "4000000000006", "01": GTIN}),
        (f"7007260101260131{GS}01{GTIN}", {"7007": "260101260131", "01": GTIN}),
        (f"8003{GTIN}{GS}01{GTIN}", {"8003": GTIN, "01": GTIN}),
    ],
)
def test_values_of_fixed_length_need_no_separator_and_others_end_with_one(
    text: str, found: dict[str, str]
) -> None:
    assert gs1.elements(text) == found


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("0506260000000019", Fault.UNKNOWN_AI),
        (f"01{GTIN}99", Fault.VALUE),
        (f"01{GTIN}9", Fault.UNKNOWN_AI),
        (f"01{GTIN}3176001250", Fault.UNKNOWN_AI),
        (f"01{GTIN}3106001250", Fault.UNKNOWN_AI),
        ("010626000000001", Fault.VALUE),
        ("0106260000000018", Fault.CHECK_DIGIT),
        (f"01{GTIN}310300125", Fault.VALUE),
        (f"01{GTIN}10{'A' * 21}", Fault.VALUE),
        (f"01{GTIN}10A B", Fault.VALUE),
        (f"01{GTIN}10{GS}21A", Fault.VALUE),
        (f"01{GTIN}17261331", Fault.DATE),
        (f"01{GTIN}17260231", Fault.DATE),
        (f"01{GTIN}30123456789", Fault.VALUE),
        (f"01{GTIN}17261231{GS}17261230", Fault.CONTRADICTION),
        (f"01{GTIN}01{'14006381333938'}", Fault.CONTRADICTION),
    ],
)
def test_what_cannot_be_read_is_read_in_no_part(text: str, fault: Fault) -> None:
    assert gs1.elements(text) is fault


def test_the_same_said_twice_is_said_once() -> None:
    assert gs1.elements(f"01{GTIN}01{GTIN}") == {"01": GTIN}


@given(st.text(st.characters(max_codepoint=0x7F), max_size=60))
@settings(max_examples=200)
def test_no_text_whatever_breaks_it(text: str) -> None:
    found = gs1.elements(text)
    assert isinstance(found, Fault) or all(value for value in found.values())


@pytest.mark.parametrize(
    ("yymmdd", "year", "day"),
    [
        ("261231", 2026, date(2026, 12, 31)),
        ("260200", 2026, date(2026, 2, 28)),
        ("280200", 2026, date(2028, 2, 29)),
        ("760101", 2026, date(2076, 1, 1)),
        ("770101", 2026, date(1977, 1, 1)),
        ("990101", 2026, date(1999, 1, 1)),
        ("010101", 2051, date(2101, 1, 1)),
        ("020101", 2051, date(2002, 1, 1)),
        ("490101", 2099, date(2149, 1, 1)),
        ("500101", 2099, date(2050, 1, 1)),
        ("000229", 2026, date(2000, 2, 29)),
        ("270229", 2026, None),
        ("260000", 2026, None),
        ("261300", 2026, None),
        ("260431", 2026, None),
    ],
)
def test_a_date_lies_within_fifty_years_and_day_zero_is_the_end_of_its_month(
    yymmdd: str, year: int, day: date | None
) -> None:
    assert gs1.last_day(yymmdd, year=year) == day


@pytest.mark.parametrize(
    ("elements", "decimal"),
    [
        ({"3103": "001250"}, (1250, 3)),
        ({"3100": "000002"}, (2, 0)),
        ({"01": GTIN}, None),
        ({"3103": "001250", "3102": "000125"}, Fault.CONTRADICTION),
    ],
)
def test_the_last_digit_of_a_measure_is_its_places(elements: dict[str, str], decimal: object) -> None:
    assert gs1.decimal(elements, "310") == decimal
