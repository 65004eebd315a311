"""What the purchases of a batch have in common, told once: circumstances, things on sale, and who buys from which allowances.

A `Dictionary` holds such things and buyers before the batch begins: device and center both know them, so that a batch names
it by its hash and tells only what is new. Whoever has neither mail nor books is handed the dictionary's bytes.
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from itertools import accumulate, pairwise
from operator import lt
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from sync.wire import cbor
from sync.wire.compiled import Many
from sync.wire.errors import HashDiffers, Malformed
from sync.wire.kinds import Grade, Unit
from sync.wire.money import AMOUNT_RIAL_MAX
from sync.wire.record import Record, array_record, item
from sync.wire.shapes import UINT_MAX, list_of, nested, one_of, uint

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sync.wire.batches.columns import ColumnReader

THINGS_MAX = BUYERS_MAX = 20_000
ALLOWANCES_MAX = 255
DICTIONARY_BYTES_MAX = 1 << 20
GTIN_MAX = 10**14 - 1
_GRADE_MAX, _UNIT_MAX = int(max(Grade)), int(max(Unit))


class Mode(NamedTuple):
    """What seldom changes from purchase to purchase."""

    span_s: int
    grade: int
    boot: int
    policy: int
    catalog: int


@array_record
class Thing(Record):
    """Something on sale at its price. Things are sorted by these numbers in this order."""

    gtin: int = item(0, uint(GTIN_MAX))
    good: int = item(1, uint(255))
    unit: Unit = item(2, one_of(Unit))
    price_rial: int = item(3, uint(AMOUNT_RIAL_MAX))


@array_record
class Granted(Record):
    """An allowance and what it holds, as far as the dictionary knows."""

    allowance: int = item(0, uint())
    amount_rial: int = item(1, uint(AMOUNT_RIAL_MAX))


@array_record
class Buyer(Record):
    """A household with one of its cards (0 for none), and the allowances that it may spend from."""

    household: int = item(0, uint())
    card: int = item(1, uint())
    allowances: tuple[Granted, ...] = item(2, list_of(nested(Granted), ALLOWANCES_MAX))


_THINGS = Many(nested(Thing), THINGS_MAX)
_BUYERS = Many(nested(Buyer), BUYERS_MAX)


class Dictionary(Struct, frozen=True, dict=True):
    """Things and buyers that both sides know."""

    things: tuple[Thing, ...] = ()
    buyers: tuple[Buyer, ...] = ()

    @cached_property
    def data(self) -> bytes:
        """CBOR [[thing, ...], [buyer, ...]]."""
        return cbor.head(cbor.ARRAY, 2) + _THINGS.write(self.things) + _BUYERS.write(self.buyers)

    @cached_property
    def hash(self) -> bytes:
        """Its name: SHA-256 of its bytes."""
        return hashlib.sha256(self.data).digest()


NOTHING_KNOWN = Dictionary()


def dictionary_from(data: bytes, *, named: bytes, where: str = "dictionary") -> Dictionary:
    """The dictionary in `data`, if that is its name. Raises: Malformed, HashDiffers."""
    if hashlib.sha256(data).digest() != named:
        raise HashDiffers(where, "is not the one that the batch names")
    return cbor.whole(_read_dictionary, data, where=where, bytes_max=DICTIONARY_BYTES_MAX)


def _read_dictionary(data: bytes, at: int) -> tuple[Dictionary, int]:
    if data[at] != 0x82:
        raise Malformed("", "not an array of 2")
    things, at = _THINGS.read(data, at + 1)
    buyers, at = _BUYERS.read(data, at)
    return Dictionary(things, buyers), at


ThingRow = tuple[int, int, int, int]
"""The fields of a `Thing`."""


class Buyers(NamedTuple):
    """Who bought, by their index: household, card (0 for none), and the allowances of the household."""

    household: list[int]
    card: list[int]
    allowances: list[tuple[int, ...]]


class Tables(NamedTuple):
    """All that the rows of a batch may refer to: the dictionary's first, then the batch's own."""

    modes: list[Mode]
    things: list[ThingRow]
    buyers: Buyers
    holds_rial: dict[int, int]


def read_tables(columns: ColumnReader, known: Dictionary, purchases: int) -> Tables:
    """The tables of a batch with so many purchases in columns. Raises: Malformed."""
    modes, things, buyers = columns.take("sizes", 3, THINGS_MAX)
    if not (0 < modes <= purchases and buyers <= purchases):
        raise Malformed(".sizes", "not those of so many purchases")
    tables = Tables(
        _read_modes(columns, modes), _read_things(columns, things), _read_buyers(columns, buyers), {}
    )
    return _behind(known, tables) if known is not NOTHING_KNOWN else tables


def _behind(known: Dictionary, own: Tables) -> Tables:
    """With what is known before the batch's own."""
    things = [(one.gtin, one.good, int(one.unit), one.price_rial) for one in known.things]
    buyers = Buyers(
        [one.household for one in known.buyers] + own.buyers.household,
        [one.card for one in known.buyers] + own.buyers.card,
        [tuple(granted.allowance for granted in one.allowances) for one in known.buyers]
        + own.buyers.allowances,
    )
    holds_rial = {
        granted.allowance: granted.amount_rial for one in known.buyers for granted in one.allowances
    }
    return Tables(own.modes, things + own.things, buyers, holds_rial)


def _read_modes(columns: ColumnReader, count: int) -> list[Mode]:
    span_s = columns.take("span_s", count)
    grade = columns.take("grade", count, _GRADE_MAX)
    rest = [columns.take(name, count) for name in ("boot", "policy", "catalog")]
    modes = list(map(Mode, span_s, grade, *rest))
    if len(set(modes)) != count:
        raise Malformed(".modes", "two are the same")
    return modes


def _read_things(columns: ColumnReader, count: int) -> list[ThingRow]:
    gtin = list(accumulate(columns.take("gtin", count, GTIN_MAX)))
    if gtin and gtin[-1] > GTIN_MAX:
        raise Malformed(".gtin", f"not integers from 0 to {GTIN_MAX}")
    good = columns.take("good", count, 255)
    unit = columns.take("unit", count, _UNIT_MAX)
    things = list(zip(gtin, good, unit, columns.take("price_rial", count, AMOUNT_RIAL_MAX), strict=True))
    if not all(map(lt, things, things[1:])):
        raise Malformed(".things", "do not ascend")
    return things


def _read_buyers(columns: ColumnReader, count: int) -> Buyers:
    steps = columns.take("household", count)
    households = _checked(".household", accumulate(steps))
    cards = _checked(".card", accumulate(columns.take_signed("card", count)))
    # Two cards of one household share its allowances.
    firsts = [index == 0 or step > 0 for index, step in enumerate(steps)]
    single = all(firsts)
    if not single and any(
        not first and card <= before
        for first, (before, card) in zip(firsts[1:], pairwise(cards), strict=True)
    ):
        raise Malformed(".card", "do not ascend")
    counts = columns.take("allowances", sum(firsts), ALLOWANCES_MAX)
    numbers = _checked(".allowance", accumulate(columns.take_signed("allowance", sum(counts))))
    theirs = [tuple(numbers[start:end]) for start, end in pairwise(accumulate(counts, initial=0))]
    return Buyers(
        households, cards, theirs if single else [theirs[number - 1] for number in accumulate(firsts)]
    )


def _checked(where: str, numbers: Iterable[int]) -> list[int]:
    values = list(numbers)
    if values and (min(values) < 0 or max(values) > UINT_MAX):
        raise Malformed(where, f"not integers from 0 to {UINT_MAX}")
    return values
