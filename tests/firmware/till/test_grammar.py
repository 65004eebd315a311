"""What the fingers mean: the table of rules, and that nothing else means anything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.keypad import Key
from firmware.till.codes import (
    BY_NUMBER,
    FUNCTION_CODES,
    KEY_ROWS,
    Function,
    KeyRow,
    documented,
    help_parts,
    on_paper,
)
from firmware.till.grammar import (
    TYPED_MAX,
    Back,
    Call,
    Command,
    Confirm,
    Misfit,
    Mode,
    NamedGood,
    Number,
    Pin,
    Quantity,
    Remove,
    Return,
    Total,
    Typed,
    TypedBarcode,
    Typing,
)
from firmware.till.states import MODES, State
from firmware.till.table import FUNCTIONS, TABLE
from tests.fakes.paper_center import GOODS

CLEARING = ". *"

NAMED = {"Enter": Key.ENTER, "Backspace": Key.BACKSPACE, "00": Key.DOUBLE_ZERO, "000": Key.TRIPLE_ZERO}


def commands(keys: str, mode: Mode = Mode.SELLING) -> list[Command]:
    typing = Typing()
    pressed = [key for word in keys.split() for key in ((NAMED[word],) if word in NAMED else map(Key, word))]
    return [command for key in pressed if (command := typing.press(key, mode)) is not None]


@pytest.mark.parametrize(
    ("keys", "meaning"),
    [
        ("+", Total()),
        ("200 000 +", Total(200_000)),
        ("0 +", Total(0)),
        ("-", Remove()),
        ("3 -", Remove(3)),
        ("4 /", NamedGood(4, 1, None)),
        ("2 * 5 /", NamedGood(5, 1, Quantity(2, weighed=False))),
        ("2 * 5.2 /", NamedGood(5, 2, Quantity(2, weighed=False))),
        ("1.25 * 4 /", NamedGood(4, 1, Quantity(1250, weighed=True))),
        (".5 * 4 /", NamedGood(4, 1, Quantity(500, weighed=True))),
        ("6260000000019 Enter", TypedBarcode("6260000000019")),
        ("*10 Enter", Call("10", ())),
        ("*13 * 1001-37-4 Enter", Call("13", ("1001-37-4",))),
        ("Enter", Confirm()),
        ("12 Backspace 3 -", Remove(13)),
        ("1 00 000 +", Total(100_000)),
    ],
)
def test_selling(keys: str, meaning: Command) -> None:
    assert commands(keys) == [meaning]


@pytest.mark.parametrize(
    "keys",
    [
        "12 Enter",
        "1.2 +",
        "* +",
        "*1 /",
        "1 * 2 * 3 /",
        "100 -",
        "5.4 /",
        "1.2345 * 4 /",
        "* Enter",
        "*123 Enter",
        "2 * -",
    ],
)
def test_keys_without_meaning_are_a_misfit_and_leave_nothing_behind(keys: str) -> None:
    assert commands(keys) == [Misfit()]
    assert commands(f"{keys} +") == [Misfit(), Total()]


@pytest.mark.parametrize(
    ("mode", "keys", "meaning"),
    [
        (Mode.PIN, "0001 Enter", Pin("0001")),
        (Mode.PIN, "Enter", Confirm()),
        (Mode.PIN, "-", Back()),
        (Mode.PIN, "0001 +", Misfit()),
        (Mode.PIN, "123 Enter", Misfit()),
        (Mode.PIN, "12345 Enter", Misfit()),
        (Mode.PIN, "*9 Enter", Misfit()),
        (Mode.NUMBER, "12.5 Enter", Number("12.5")),
        (Mode.NUMBER, "12.345 Enter", Number("12.345")),
        (Mode.NUMBER, "12.3456 Enter", Misfit()),
        (Mode.NUMBER, ".5 Enter", Number(".5")),
        (Mode.NUMBER, "-", Back()),
        (Mode.NUMBER, "5 -", Misfit()),
        (Mode.RECEIPT, "37-4 Enter", Number("37-4")),
        (Mode.RECEIPT, "-", Back()),
        (Mode.RETURNS, "2 * 3 Enter", Return(3, Quantity(2, weighed=False))),
        (Mode.RETURNS, "3 Enter", Return(3, None)),
        (Mode.RETURNS, "+", Total()),
        (Mode.GOOD, "5.2 /", NamedGood(5, 2, None)),
        (Mode.GOOD, "2 * 5 /", Misfit()),
    ],
)
def test_the_other_modes(mode: Mode, keys: str, meaning: Command) -> None:
    assert commands(keys, mode) == [meaning]


def test_no_secret_shows_in_a_log() -> None:
    assert "0001" not in repr(Pin("0001"))
    assert "12345678" not in repr(Number("12345678"))


def test_a_quantity_waits_for_its_scan() -> None:
    typing = Typing()
    assert typing.take_quantity() is None
    for key in (Key.D3, Key.TIMES):
        assert typing.press(key, Mode.SELLING) is None
    assert typing.take_quantity() == Quantity(3, weighed=False)
    assert typing.empty


@pytest.mark.parametrize(("length", "kept"), [(TYPED_MAX, True), (TYPED_MAX + 1, False)])
def test_what_is_typed_has_a_bound(length: int, kept: bool) -> None:
    found = commands("1" * length)
    assert found == ([] if kept else [Misfit()])


@given(keys=st.lists(st.sampled_from(list(Key)), max_size=60), mode=st.sampled_from(list(Mode)))
def test_any_keys_in_any_mode_are_understood_or_refused(keys: list[Key], mode: Mode) -> None:
    typing = Typing()
    for key in keys:
        typing.press(key, mode)
    typing.press(Key.LOST, mode)
    assert typing.empty


def test_each_function_has_one_code_and_one_handler() -> None:
    assert len(BY_NUMBER) == len(FUNCTION_CODES) == len(Function)
    assert set(FUNCTIONS) == set(Function)


def test_each_state_has_its_rules_and_its_answers() -> None:
    assert set(TABLE) == set(MODES) == set(State)


def test_what_each_rule_of_a_state_makes_is_answered_or_refused_on_purpose() -> None:
    unanswered = {
        (state.name, type(command).__name__)
        for state, mode in MODES.items()
        for keys in (
            "+",
            "-",
            "1 -",
            "Enter",
            "1 /",
            "1 Enter",
            "1234 Enter",
            "12345678 Enter",
            "*1 Enter",
            "1-2 Enter",
        )
        for command in commands(keys, mode)
        if not isinstance(command, Misfit) and type(command) not in TABLE[state]
    }
    assert unanswered == {
        ("IDLE", "Confirm"),
        ("BASKET", "Confirm"),
        ("INQUIRY_PIN", "Confirm"),
        ("WEIGHT", "Confirm"),
        ("OPERATOR_PIN", "Confirm"),
        ("CODE", "Confirm"),
        ("ASKING_RECEIPT", "Confirm"),
        ("ID_CONFIRM", "Number"),
        ("VOID_CONFIRM", "Number"),
        ("REFUND_CONFIRM", "Number"),
        ("DATE_CONFIRM", "Number"),
        ("SUM", "Confirm"),
    }


def test_the_help_card_and_the_readme_tell_of_every_key() -> None:
    rows = [row.keys for part in help_parts(GOODS) for row in part.rows]
    assert [on_paper(row.keys) for row in KEY_ROWS] == rows[: len(KEY_ROWS)]
    assert {"1 /", "5 /", "5.2 /", "5.3 /", "8 /", "8.2 /"} <= set(rows)
    assert len(documented()) == len(KEY_ROWS) + len(FUNCTION_CODES)


@pytest.mark.parametrize(
    "row",
    [row for row in KEY_ROWS if "scan" not in row.keys and "PIN" not in row.keys and row.keys != CLEARING],
    ids=lambda row: row.keys,
)
def test_the_keys_on_the_card_work_as_printed(row: KeyRow) -> None:
    keys = row.keys.replace("barcode", "6260000000019")
    assert any(commands(keys, mode) and not isinstance(commands(keys, mode)[-1], Misfit) for mode in Mode)


@pytest.mark.parametrize("half", ["", "1", "1.", "1.5", "3*", "*13*37", "12.*", "."])
@pytest.mark.parametrize("mode", [mode for mode in Mode if mode is not Mode.ECHO])
def test_on_a_pad_without_backspace_two_keys_take_back_whatever_is_half_typed(half: str, mode: Mode) -> None:
    typing = Typing()
    assert [typing.press(Key(sign), mode) for sign in half + CLEARING.replace(" ", "")] == [None] * (
        len(half) + 2
    )
    assert typing.empty


def test_a_key_for_it_does_so_at_once() -> None:
    typing = Typing()
    typing.press(Key.D7, Mode.PIN)
    assert typing.press(Key.CLEAR, Mode.PIN) is None
    assert typing.empty


def test_where_keys_are_only_shown_back_they_take_nothing_back() -> None:
    assert commands("1 . * 2 Enter", Mode.ECHO) == [Typed("1.*2")]
