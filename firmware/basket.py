"""What lies on the counter: lines, their sums, and how a scanned or keyed thing becomes a line. Pure.

Rules:
- A line keeps the position that paper gave it; a removed position is not used again in the same basket.
- Equal things (good, GTIN, unit, price) that are counted share one line, so that 99 lines last. What is weighed does
  not: each bag has its own label.
- Only goods of the approved list (good 1 and up) are eligible; everything else is the buyer's own money.
- A weighed label is read by the shop's template, such as ``2PIIIIIVVVVVC``: a digit must stand there itself, P is any
  fixed digit, I the PLU, V the grams, C the check digit (checked by whoever scanned). The PLU is the good's number.

Source: GS1 General Specifications 1.4.5 (restricted circulation numbers have no meaning outside the shop).
Must not know: allowances, households, paper, the journal.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from sync.wire.facts import LINES_MAX, Line, line_total_rial
from sync.wire.kinds import Unit
from sync.wire.money import AMOUNT_RIAL_MAX

if TYPE_CHECKING:
    from sync.wire.policy import Good

QUANTITY_MAX = {Unit.PIECE: 999, Unit.GRAM: 99_999, Unit.TRAY: 99}
"""Above these a key was hit twice: 999 packs, 99,999 grams, 99 trays."""
PRICE_RIAL_MAX = 10**10
LABEL_DIGITS = 13


class Bound(Enum):
    """Why a thing does not go into the basket."""

    FULL = auto()
    QUANTITY = auto()
    PRICE = auto()
    AMOUNT = auto()


class Item(Struct, frozen=True, kw_only=True):
    """A thing with its price. `quantity` counts `unit`; `price_rial` is per kilogram for gram. `gtin` is 0 where the good
    was named by its number. `keyed`: the shopkeeper keyed the price, the shop has not remembered it yet.
    """

    good: int
    gtin: int
    name: str
    unit: Unit
    quantity: int
    price_rial: int
    keyed: bool = False

    @property
    def total_rial(self) -> int:
        """What it costs."""
        return line_total_rial(self.unit, price_rial=self.price_rial, quantity=self.quantity)

    @property
    def eligible(self) -> bool:
        """Whether credit may pay for it."""
        return self.good != 0

    def bound(self) -> Bound | None:
        """Which bound of a single line it breaks, if any."""
        if not 0 < self.quantity <= QUANTITY_MAX[self.unit]:
            return Bound.QUANTITY
        if not 0 < self.price_rial <= PRICE_RIAL_MAX:
            return Bound.PRICE
        return None

    def wire(self) -> Line:
        """The line as it is signed."""
        return Line(
            good=self.good, gtin=self.gtin, unit=self.unit, price_rial=self.price_rial, quantity=self.quantity
        )

    def _same(self) -> tuple[int, int, Unit, int]:
        return self.good, self.gtin, self.unit, self.price_rial


class Placed(Struct, frozen=True):
    """An item and its position on paper, from 1."""

    position: int
    item: Item


class Basket(Struct, frozen=True):
    """All lines in the order of their positions. A change makes a new basket."""

    lines: tuple[Placed, ...] = ()
    positions: int = 0

    @property
    def total_rial(self) -> int:
        """Everything."""
        return sum(line.item.total_rial for line in self.lines)

    @property
    def eligible_rial(self) -> int:
        """Goods of the approved list."""
        return sum(line.item.total_rial for line in self.lines if line.item.eligible)

    @property
    def last(self) -> Placed | None:
        """The line with the highest position."""
        return self.lines[-1] if self.lines else None

    def put(self, item: Item) -> Change | Bound:
        """`item` added, to an equal counted line if there is one."""
        equal = self._equal(item)
        if equal is not None:
            more = replace(equal.item, quantity=equal.item.quantity + item.quantity)
            return self._exchanged(equal, more)
        if len(self.lines) == LINES_MAX:
            return Bound.FULL
        placed = Placed(self.positions + 1, item)
        return _bounded(Change(Basket((*self.lines, placed), placed.position), placed, before=None))

    def without(self, position: int) -> Change | None:
        """The line at `position` removed; None if there is no such line."""
        placed = self.at(position)
        if placed is None:
            return None
        kept = tuple(line for line in self.lines if line is not placed)
        return Change(Basket(kept, self.positions), placed, before=placed)

    def repriced(self, position: int, price_rial: int) -> Change | Bound | None:
        """The line at `position` with another price; None if there is no such line."""
        placed = self.at(position)
        if placed is None:
            return None
        return self._exchanged(placed, replace(placed.item, price_rial=price_rial, keyed=False))

    def at(self, position: int) -> Placed | None:
        """The line with this position on paper."""
        return next((line for line in self.lines if line.position == position), None)

    def like(self, *, good: int, gtin: int, unit: Unit, quantity: int | None = None) -> Placed | None:
        """The last line of this good and GTIN; what is weighed must have the same weight."""
        for line in reversed(self.lines):
            item = line.item
            if (item.good, item.gtin, item.unit) == (good, gtin, unit) and quantity in (None, item.quantity):
                return line
        return None

    def wire(self) -> tuple[Line, ...]:
        """The lines as they are signed."""
        return tuple(line.item.wire() for line in self.lines)

    def _equal(self, item: Item) -> Placed | None:
        if item.unit is Unit.GRAM:
            return None
        return next((line for line in self.lines if line.item._same() == item._same()), None)  # noqa: SLF001 -- of its own kind

    def _exchanged(self, placed: Placed, item: Item) -> Change | Bound:
        changed = Placed(placed.position, item)
        lines = tuple(changed if line is placed else line for line in self.lines)
        return _bounded(Change(Basket(lines, self.positions), changed, before=placed))


class Change(Struct, frozen=True):
    """A basket after a change, the line it was about, and that line as it was (None for a new one)."""

    basket: Basket
    line: Placed
    before: Placed | None


def _bounded(change: Change) -> Change | Bound:
    broken = change.line.item.bound()
    if broken is not None:
        return broken
    return Bound.AMOUNT if change.basket.total_rial > AMOUNT_RIAL_MAX else change


class Label(Struct, frozen=True):
    """What a weighed label says. `gtin` is its number with weight and check digit zeroed: the same for every bag."""

    plu: int
    grams: int
    gtin: int


def read_label(template: str, digits: str) -> Label | None:
    """The label `digits` by the shop's `template`; None if it is not one of the shop's scales, or weighs nothing."""
    if len(template) != LABEL_DIGITS or len(digits) != LABEL_DIGITS or {"I", "V"} - set(template):
        return None
    if any(mark.isdigit() and mark != digit for mark, digit in zip(template, digits, strict=True)):
        return None
    grams = int(_where(template, digits, "V"))
    if not grams:
        return None
    zeroed = "".join("0" if mark in "VC" else digit for mark, digit in zip(template, digits, strict=True))
    return Label(int(_where(template, digits, "I")), grams, int(zeroed))


def _where(template: str, digits: str, mark: str) -> str:
    return "".join(digit for at, digit in zip(template, digits, strict=True) if at == mark)


def price_is_unusual(good: Good | None, unit: Unit, price_rial: int) -> bool:
    """Whether the price lies outside the sane band of the good. The band is about the good's usual unit only."""
    if good is None or unit is not good.units[0]:
        return False
    return not good.low_rial <= price_rial <= good.high_rial
