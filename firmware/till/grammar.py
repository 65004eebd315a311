"""From keys to commands: what the shopkeeper's fingers mean. Pure, and a table: see `RULES`.

Rules:
- A command ends with a key that ends it (``+ - /`` or Enter); what was typed before it, and that key, must match a rule of
  the present mode as a whole, else the whole is a `Misfit` and nothing happens.
- After a leading ``*`` only Enter ends, so that a receipt number may contain its ``-``.
- A digit never means two things in one mode: where a PIN may be typed, no number is taken for an amount and printed.
- LOST keys throw away what is half typed, and so does CLEAR, but without a word. A point and ``*`` after it are CLEAR
  too, for pads with neither Backspace nor Esc: in no rule does one follow the other, whatever was typed before.

Must not know: baskets, money, what a command does.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import TYPE_CHECKING

from msgspec import Struct

from drivers.keypad import Key

if TYPE_CHECKING:
    from collections.abc import Callable

TYPED_MAX = 48
GRAMS_PER_KG = 1000


class Mode(Enum):
    """Which rules hold; the conversation's state decides."""

    SELLING = auto()
    PIN = auto()
    NUMBER = auto()
    RECEIPT = auto()
    RETURNS = auto()
    GOOD = auto()
    ECHO = auto()


class Quantity(Struct, frozen=True):
    """A count, or a weight in gram where it was typed with a point."""

    amount: int
    weighed: bool


class Total(Struct, frozen=True):
    """TOTAL. `cap_toman` bounds the credit part."""

    cap_toman: int | None = None


class Remove(Struct, frozen=True):
    """Remove the line at `position`, or the last."""

    position: int | None = None


class NamedGood(Struct, frozen=True):
    """A good by its number. `choice` counts its units from 1."""

    good: int
    choice: int
    quantity: Quantity | None


class Typed(Struct, frozen=True):
    """Keys as they were pressed, to be shown back."""

    signs: str


class TypedBarcode(Struct, frozen=True):
    """A barcode's digits, typed."""

    digits: str


class Call(Struct, frozen=True):
    """A function code and what was keyed with it."""

    number: str
    given: tuple[str, ...]


class Pin(Struct, frozen=True):
    """Four digits where a PIN is awaited."""

    digits: str

    def __repr__(self) -> str:
        return "Pin(****)"


class Number(Struct, frozen=True):
    """The answer to a question: digits, perhaps with a point or, in receipt numbers, with dashes."""

    typed: str

    def __repr__(self) -> str:
        return "Number(...)"


class Return(Struct, frozen=True):
    """Line `row` of the purchase comes back: `quantity` of it, or all that is left."""

    row: int
    quantity: Quantity | None


class Confirm(Struct, frozen=True):
    """Enter alone."""


class Back(Struct, frozen=True):
    """Minus alone, where something is asked."""


class Misfit(Struct, frozen=True):
    """Keys without meaning here. They are not kept: they may have been a PIN."""


Command = (
    Total | Remove | NamedGood | Typed | TypedBarcode | Call | Pin | Number | Return | Confirm | Back | Misfit
)


class Rule(Struct, frozen=True):
    """`pattern` matches what was typed and the ending key (Enter is written ``=``). It is compiled at its first use."""

    pattern: str
    build: Callable[[re.Match[str]], Command]


def quantity(typed: str | None) -> Quantity | None:
    """``3`` is a count, ``1.25`` is 1250 grams."""
    if typed is None:
        return None
    whole, point, part = typed.partition(".")
    if not point:
        return Quantity(int(typed), weighed=False)
    return Quantity(int(whole or "0") * GRAMS_PER_KG + int(part.ljust(3, "0")), weighed=True)


_QUANTITY = r"(\d{1,6}|\d{0,3}\.\d{1,3})"
_CONFIRM = Rule("=", lambda _: Confirm())
_BACK = Rule("-", lambda _: Back())
_QUANTITY_AHEAD = _QUANTITY + r"\*"

RULES = {
    Mode.SELLING: (
        Rule(r"(\d{1,9})?\+", lambda m: Total(None if m[1] is None else int(m[1]))),
        Rule(r"(\d{1,2})?-", lambda m: Remove(None if m[1] is None else int(m[1]))),
        Rule(
            rf"(?:{_QUANTITY}\*)?(\d{{1,3}})(?:\.([1-3]))?/",
            lambda m: NamedGood(int(m[2]), int(m[3] or "1"), quantity(m[1])),
        ),
        Rule(r"(\d{8}|\d{12,14})=", lambda m: TypedBarcode(m[1])),
        Rule(r"\*(\d{1,2})((?:\*[\d.-]+)*)=", lambda m: Call(m[1], tuple(m[2].split("*")[1:]))),
        _CONFIRM,
    ),
    Mode.PIN: (Rule(r"(\d{4})=", lambda m: Pin(m[1])), _CONFIRM, _BACK),
    Mode.NUMBER: (Rule(r"(\d+\.?\d{0,3}|\.\d{1,3})=", lambda m: Number(m[1])), _CONFIRM, _BACK),
    Mode.RECEIPT: (Rule(r"(\d+(?:-\d+){0,2})=", lambda m: Number(m[1])), _CONFIRM, _BACK),
    Mode.RETURNS: (
        Rule(rf"(?:{_QUANTITY}\*)?(\d{{1,2}})=", lambda m: Return(int(m[2]), quantity(m[1]))),
        Rule(r"\+", lambda _: Total()),
        _BACK,
    ),
    Mode.ECHO: (_CONFIRM, Rule(r"([^=]+)=", lambda m: Typed(m[1]))),
    Mode.GOOD: (
        Rule(r"(\d{1,3})(?:\.([1-3]))?/", lambda m: NamedGood(int(m[1]), int(m[2] or "1"), None)),
        Rule(r"(\d{8}|\d{12,14})=", lambda m: TypedBarcode(m[1])),
        _BACK,
    ),
}
_SIGN_OF_KEY = {Key.ENTER: "="}
_ENDS = frozenset("=+-/")


class Typing:
    """What is half typed. Owned by the conversation."""

    def __init__(self) -> None:
        self._typed = ""

    @property
    def empty(self) -> bool:
        """Whether nothing is half typed."""
        return not self._typed

    def press(self, key: Key, mode: Mode) -> Command | None:
        """The command that `key` completes, if it does."""
        if key is Key.LOST:
            return self._throw_away()
        if key is Key.BACKSPACE:
            self._typed = self._typed[:-1]
            return None
        if key is Key.CLEAR or (
            key is Key.TIMES and mode is not Mode.ECHO and self._typed.endswith(Key.DOT.value)
        ):
            self.forget()
            return None
        sign = _SIGN_OF_KEY.get(key, key.value)
        if len(self._typed) + len(sign) > TYPED_MAX:
            return self._throw_away()
        if not self._ends(sign, mode):
            self._typed += sign
            return None
        typed, self._typed = self._typed + sign, ""
        return _understood(typed, mode)

    def take_quantity(self) -> Quantity | Misfit | None:
        """The quantity typed for a scan that comes now: ``3 *``. Anything else half typed is a misfit and is dropped."""
        typed, self._typed = self._typed, ""
        if not typed:
            return None
        match = re.fullmatch(_QUANTITY_AHEAD, typed)
        found = quantity(match[1]) if match else None
        return Misfit() if found is None else found

    def forget(self) -> None:
        """Drop what is half typed."""
        self._typed = ""

    def _ends(self, sign: str, mode: Mode) -> bool:
        if sign not in _ENDS or mode is Mode.ECHO:
            return sign == "="
        in_a_number = self._typed.startswith("*") or (mode is Mode.RECEIPT and self._typed != "")
        return sign == "=" or not (sign == "-" and in_a_number)

    def _throw_away(self) -> Misfit:
        self._typed = ""
        return Misfit()


def _understood(typed: str, mode: Mode) -> Command:
    for rule in RULES[mode]:
        match = re.fullmatch(rule.pattern, typed)
        if match is not None:
            return rule.build(match)
    return Misfit()
