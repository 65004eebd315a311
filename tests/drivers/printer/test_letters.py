"""Which letters a printer holds: digits at home, what is used most stays, a line never evicts its own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.printer.cell_font import PERSIAN_DIGITS, cells
from drivers.printer.letters import CODES, NEUTRAL, USES_HALVED_LINES, LoadedLetters
from drivers.printer.strip import CELL_BYTES, Cell

ROOM = 95 - 10 - len(NEUTRAL)
LINE_CELLS_MOST = 832 // 12


def cell(number: int) -> Cell:
    return Cell(number.to_bytes(CELL_BYTES, "big"))


LETTERS = [cell(number) for number in range(1, 200)]
DIGITS = [cells()[digit][0] for digit in PERSIAN_DIGITS]


def show(letters: LoadedLetters, line: list[Cell]) -> list[int]:
    """Load what is missing, as an encoder does; the codes that had to be loaded."""
    letters.use(line)
    missing = letters.missing(line)
    for code, wanted in missing:
        letters.load(code, wanted)
    assert letters.missing(line) == []
    return [code for code, _ in missing]


def test_a_persian_digit_has_the_code_of_the_same_latin_digit() -> None:
    letters = LoadedLetters()
    show(letters, DIGITS)
    assert bytes(map(letters.code_of, DIGITS)) == b"0123456789"


@given(st.lists(st.lists(st.sampled_from(LETTERS + DIGITS), max_size=LINE_CELLS_MOST), max_size=20))
def test_every_line_can_be_printed_and_no_letter_looks_like_a_digit_to_a_printer_that_forgot(
    lines: list[list[Cell]],
) -> None:
    letters = LoadedLetters()
    for line in lines:
        show(letters, line)
        codes = {shown: letters.code_of(shown) for shown in line}
        assert len(set(codes.values())) == len(codes), "two letters under one code"
        assert set(codes.values()) <= set(CODES) - set(map(ord, NEUTRAL))
        digits = {shown for shown, code in codes.items() if chr(code).isdigit()}
        assert digits == codes.keys() & set(DIGITS)


def test_what_is_held_is_not_loaded_again() -> None:
    letters = LoadedLetters()
    assert len(show(letters, LETTERS[:30])) == 30
    assert show(letters, LETTERS[:30]) == []


def test_all_codes_but_digits_and_neutral_signs_are_used_before_a_letter_makes_room() -> None:
    letters = LoadedLetters()
    for at in range(ROOM):
        show(letters, [LETTERS[at]])
    assert show(letters, LETTERS[:40]) == show(letters, LETTERS[40:ROOM]) == []
    show(letters, [LETTERS[ROOM]])
    assert sum(len(letters.missing([held])) for held in LETTERS[:ROOM]) == 1


def test_a_letter_of_every_receipt_outlives_those_of_one() -> None:
    letters, common = LoadedLetters(), LETTERS[:60]
    assert len(common) + 30 > ROOM
    for receipt in range(20):
        for at in range(0, 60, 20):
            show(letters, common[at : at + 20])
        for at in range(60 + receipt * 5, 90 + receipt * 5, 10):
            show(letters, LETTERS[at : at + 10])
    assert letters.missing(common[:40]) == letters.missing(common[40:]) == []


def test_what_was_common_once_makes_room_for_what_is_common_now() -> None:
    letters, once, now = LoadedLetters(), LETTERS[:ROOM], LETTERS[ROOM : 2 * ROOM]
    for _ in range(USES_HALVED_LINES):
        show(letters, once[:40])
        show(letters, once[40:])
    for _ in range(2 * USES_HALVED_LINES):
        show(letters, now[:40])
        show(letters, now[40:])
    assert show(letters, now[:40]) == show(letters, now[40:]) == []


def test_a_printer_that_forgot_is_given_everything_again() -> None:
    letters = LoadedLetters()
    first = show(letters, LETTERS[:30] + DIGITS)
    letters.in_use = True
    letters.forget()
    assert letters.in_use is None
    assert sorted(show(letters, LETTERS[:30] + DIGITS)) == sorted(first)


@pytest.mark.parametrize("sign", [*"Az09#", *NEUTRAL])
def test_the_printers_own_letters_are_never_loaded(sign: str) -> None:
    letters, own = LoadedLetters(), Cell(b"", sign)
    assert show(letters, [own]) == []
    assert letters.code_of(own) == ord(sign)
