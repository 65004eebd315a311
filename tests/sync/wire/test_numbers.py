"""Check digits catch what fingers do wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.wire import money, numbers

DIGITS = st.text("0123456789", min_size=1, max_size=15)


@pytest.mark.parametrize("digits", ["0012345679", "1234567891", "0499370899", "0790419904", "0084575948"])
def test_right_national_ids(digits: str) -> None:
    assert numbers.is_national_id(digits)


@pytest.mark.parametrize(
    "digits",
    ["1111111111", "1234567890", "123456789", "12345678911", "", "123456789a", "۱۲۳۴۵۶۷۸۹۱", "-234567891"],
)
def test_wrong_national_ids(digits: str) -> None:
    assert not numbers.is_national_id(digits)


@given(st.text("0123456789", min_size=9, max_size=9).filter(lambda nine: len(set(nine)) > 1))
def test_nine_digits_have_one_check_digit_and_a_wrong_one_before_it_shows(nine: str) -> None:
    right = [digit for digit in "0123456789" if numbers.is_national_id(nine + digit)]
    assert len(right) == 1


@pytest.mark.parametrize(
    "digits", ["96385074", "614141000036", "6260152300012", "4006381333931", "10614141000415"]
)
def test_right_gtins(digits: str) -> None:
    assert numbers.is_gtin(digits)


@pytest.mark.parametrize(
    "digits", ["6260152300013", "626015230001", "", "626015230001a", "۶۲۶۰۱۵۲۳۰۰۰۱۷", "123456789"]
)
def test_wrong_gtins(digits: str) -> None:
    assert not numbers.is_gtin(digits)


def test_verhoeff_as_published() -> None:
    assert numbers.check_digit("236") == "3"
    assert numbers.check_digit("12345") == "1"
    assert numbers.check_digit("142857") == "0"


@given(DIGITS, st.data())
def test_every_wrong_digit_and_every_swap_of_neighbors_is_caught(digits: str, data: st.DataObject) -> None:
    whole = digits + numbers.check_digit(digits)
    assert numbers.has_check_digit(whole)
    at = data.draw(st.integers(0, len(whole) - 1))
    for digit in set("0123456789") - {whole[at]}:
        assert not numbers.has_check_digit(whole[:at] + digit + whole[at + 1 :])
    if at and whole[at - 1] != whole[at]:
        assert not numbers.has_check_digit(whole[: at - 1] + whole[at] + whole[at - 1] + whole[at + 1 :])


@pytest.mark.parametrize("digits", ["", "0", "12a", "۱۲"])
def test_what_has_no_check_digit(digits: str) -> None:
    assert not numbers.has_check_digit(digits)


def test_a_receipt_number_names_device_and_sequence_and_catches_slips() -> None:
    assert numbers.receipt_number(device=1001, sequence=37) == f"1001-37-{numbers.check_digit('10010000037')}"
    assert (
        numbers.receipt_number(device=1001, sequence=37)[-1]
        != numbers.receipt_number(device=1001, sequence=73)[-1]
    )


def test_ten_rial_are_a_toman() -> None:
    assert money.of_toman(12_500) == 125_000
