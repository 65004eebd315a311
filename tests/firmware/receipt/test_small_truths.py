"""Small things on paper that would be untrue if they were printed otherwise."""

from __future__ import annotations

from drivers.printer.slip import Pair, Slip, Text
from firmware.receipt import persian
from firmware.receipt.basket_slips import canceled
from firmware.receipt.enrollment_slips import activated_slip
from firmware.receipt.fixed_parts import When, when_rows
from sync.wire.kinds import Grade

NOON_S = 1_768_379_400


def test_a_keyed_date_claims_no_time_of_day() -> None:
    day, note = when_rows(When(time_s=NOON_S, grade=Grade.STATED))
    assert isinstance(day, Text)
    assert isinstance(note, Text)
    assert day.text == f"{persian.weekday(NOON_S)} {persian.date_digits(NOON_S)}"
    assert persian.clock_time(NOON_S) not in note.text


def test_a_known_time_stands_beside_its_date() -> None:
    (row,) = when_rows(When(time_s=NOON_S, grade=Grade.TRUSTED))
    assert isinstance(row, Pair)
    assert row.value == persian.clock_time(NOON_S)


def test_putting_a_card_aside_is_not_called_a_canceled_basket() -> None:
    assert "سبد لغو شد" not in _words(canceled(lines=0))
    assert "سبد لغو شد" in _words(canceled(lines=1))


def test_a_till_is_active_for_credit_only_with_households() -> None:
    none, one = ("".join(_words(activated_slip(policy_title="t", households=number))) for number in (0, 1))
    assert "از این پس فروش با اعتبار" in one
    assert "از این پس فروش با اعتبار" not in none
    assert "مرکز باید سهم خانوارها را به این صندوق بدهد" in none
    assert "مرکز باید" not in one


def _words(slip: Slip) -> list[str]:
    return [row.text for row in slip if isinstance(row, Text)]
