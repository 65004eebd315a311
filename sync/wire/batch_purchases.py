"""Reads purchases from the columns of a batch.

Whole columns are turned at a time, and a record's bytes put together where its values lie, so that an entry costs the center
little beside its signature. What follows from the rest is computed: sums, what is left of an allowance, counters.
"""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, NamedTuple

from sync.wire import cbor
from sync.wire.batch_tables import read_tables
from sync.wire.entry import PrivatePart, TimeInterval
from sync.wire.errors import Malformed
from sync.wire.facts import LEGS_MAX, LINES_MAX, Leg, Line, Purchase
from sync.wire.kinds import EntryKind, Grade, Unit
from sync.wire.money import AMOUNT_RIAL_MAX
from sync.wire.proof import CODE_DIGITS, PROOF_BYTES
from sync.wire.shapes import UINT_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sync.wire.batch_tables import Buying, Dictionary, Mode, Tables
    from sync.wire.columns import ColumnReader

QUANTITY_MAX = 10**6
PURCHASE = cbor.head(cbor.UINT, EntryKind.PURCHASE)
_SHORT = tuple(bytes((number,)) for number in range(24))
_GRADES, _UNITS = {int(one): one for one in Grade}, {int(one): one for one in Unit}


class Meaning(NamedTuple):
    """What a purchase in columns says."""

    fact: Purchase
    time: TimeInterval
    boot: int
    lines: tuple[Line, ...]
    private: PrivatePart


class Row(NamedTuple):
    """The parts of one entry as bytes; `meaning` where they came out of columns."""

    kind: bytes
    time: bytes
    boot: bytes
    public: bytes
    lines: bytes | None
    private: bytes | None
    meaning: Meaning | None = None


class _Baskets(NamedTuple):
    """Lines by purchase, their bytes, what they cost, and what those outside the list cost."""

    lines: list[tuple[Line, ...]]
    data: list[bytes]
    total_rial: list[int]
    unlisted_rial: list[int]


def read_purchases(
    columns: ColumnReader, sequences: Sequence[int], proofs: bytes, known: Dictionary
) -> Iterator[Row]:
    """The purchases at these sequence numbers. Raises: Malformed."""
    count = len(sequences)
    if not count:
        if proofs:
            raise Malformed(".proofs", "are more than purchases")
        return iter(())
    tables = read_tables(columns, known, count)
    mode = columns.take("mode", count, len(tables.modes) - 1)
    if list(dict.fromkeys(mode)) != list(range(len(tables.modes))):
        raise Malformed(".mode", "not in the order of their first use")
    time_s, number, so_far_step, so_far_rial = _running(columns, count)
    baskets = _baskets(columns, tables, count)
    own_rial = list(
        map(int.__add__, accumulate(columns.take_signed("own_rial", count)), baskets.unlisted_rial)
    )
    credit_rial = list(map(int.__sub__, baskets.total_rial, own_rial))
    so_far = list(accumulate(map(int.__add__, so_far_step, credit_rial[1:]), initial=so_far_rial))
    for name, amounts in (
        ("own_rial", own_rial),
        ("credit_rial", credit_rial),
        ("total_rial", baskets.total_rial),
        ("credit_so_far_rial", so_far),
    ):
        _check(name, amounts, AMOUNT_RIAL_MAX)
    buyer = columns.take("buyer", count, len(tables.buyers) - 1)
    private = _private(columns, [tables.buyers[one] for one in buyer], sequences, proofs)
    legs = _legs(columns, tables, buyer, credit_rial)
    return map(
        _row, [tables.modes[one] for one in mode], time_s, baskets.lines, baskets.data, baskets.total_rial, credit_rial, own_rial,
        legs, number, so_far, private,
    )  # fmt: skip


def _running(columns: ColumnReader, count: int) -> tuple[list[int], list[int], list[int], int]:
    """Times and numbers, the steps of the credit so far beyond each purchase's own, and its first value."""
    time_s, number, so_far_rial = columns.take("start", 3)
    times_s = list(accumulate(columns.take_signed("time_s", count - 1), initial=time_s))
    numbers = list(
        accumulate((1 + step for step in columns.take_signed("number", count - 1)), initial=number)
    )
    _check("time_s", times_s, UINT_MAX)
    _check("number", numbers, UINT_MAX)
    return times_s, numbers, columns.take_signed("credit_so_far_rial", count - 1), so_far_rial


def _baskets(columns: ColumnReader, tables: Tables, count: int) -> _Baskets:
    counts = columns.take("lines", count, LINES_MAX)
    at = list(accumulate(counts, initial=0))
    index = columns.take("thing", at[-1], len(tables.things) - 1)
    things = tables.things
    is_gram = [thing[2] == Unit.GRAM for thing in things]
    weighed = sum(is_gram[one] for one in index)
    pieces = iter(columns.take("quantity", len(index) - weighed, QUANTITY_MAX))
    grams = iter(columns.take("gram", weighed, QUANTITY_MAX))
    quantity = [next(grams) if is_gram[one] else next(pieces) for one in index]
    price = [thing[3] for thing in things]
    total = [
        (price[one] * much + 500) // 1000 if is_gram[one] else price[one] * much
        for one, much in zip(index, quantity, strict=True)
    ]
    _check("total_rial", total, AMOUNT_RIAL_MAX)
    listed = [thing[1] > 0 for thing in things]
    before = list(accumulate(total, initial=0))
    unlisted = list(
        accumulate((0 if listed[one] else much for one, much in zip(index, total, strict=True)), initial=0)
    )
    lines, data = _lines(things, index, quantity, total)
    slices = list(pairwise(at))
    return _Baskets(
        [tuple(lines[start:end]) for start, end in slices],
        [cbor.head(cbor.ARRAY, end - start) + b"".join(data[start:end]) for start, end in slices],
        [before[end] - before[start] for start, end in slices],
        [unlisted[end] - unlisted[start] for start, end in slices],
    )


def _lines(
    things: list[tuple[int, int, int, int]], index: list[int], quantity: list[int], total: list[int]
) -> tuple[list[Line], list[bytes]]:
    unit = [_UNITS[thing[2]] for thing in things]
    start = [b"\x86" + b"".join(map(_uint, (good, gtin, kind))) for gtin, good, kind, _ in things]
    price = [_uint(thing[3]) for thing in things]
    pack, short, head = cbor.pack_u32, _SHORT, cbor.head
    lines = [
        Line(good=things[one][1], gtin=things[one][0], unit=unit[one], quantity=much, price_rial=things[one][3], total_rial=sum_rial)
        for one, much, sum_rial in zip(index, quantity, total, strict=True)
    ]  # fmt: skip
    data = [
        start[one] + (short[much] if much < 24 else head(0, much)) + price[one]
        + (pack(26, sum_rial) if 65535 < sum_rial < 4294967296 else head(0, sum_rial))
        for one, much, sum_rial in zip(index, quantity, total, strict=True)
    ]  # fmt: skip
    return lines, data


def _private(
    columns: ColumnReader, buyers: list[Buying], sequences: Sequence[int], proofs: bytes
) -> list[tuple[PrivatePart, bytes]]:
    coded = columns.take("coded", len(buyers), 1)
    codes = sum(coded)
    code = iter(columns.take("code", codes, 10**CODE_DIGITS - 1))
    back = iter(columns.take("code_entry", codes))
    if len(proofs) != PROOF_BYTES * (len(buyers) - codes):
        raise Malformed(".proofs", f"not {PROOF_BYTES} bytes for each purchase without a code")
    made = []
    at = 0
    for buyer, sequence, by_code in zip(buyers, sequences, coded, strict=True):
        if by_code:
            entry = sequence - next(back)
            _check("code_entry", [entry], UINT_MAX)
            made.append(_with_code(buyer, f"{next(code):0{CODE_DIGITS}}", entry))
        else:
            proof, at = proofs[at : at + PROOF_BYTES], at + PROOF_BYTES
            household, card, _ = buyer
            made.append(
                (PrivatePart(household=household, card=card, proof=proof), b"%b\x02\x48%b" % (_whom(b"\xa3", household, card), proof))
                if card
                else (PrivatePart(household=household, proof=proof), b"%b\x02\x48%b" % (_whom(b"\xa2", household, card), proof))
            )  # fmt: skip
    return made


def _with_code(buyer: Buying, code: str, entry: int) -> tuple[PrivatePart, bytes]:
    household, card, _ = buyer
    data = (
        _whom(b"\xa4" if card else b"\xa3", household, card)
        + b"\x03\x68"
        + code.encode()
        + b"\x04"
        + _uint(entry)
    )
    return PrivatePart(household=household, card=card or None, code=code, code_entry=entry), data


def _whom(count: bytes, household: int, card: int) -> bytes:
    return count + b"\x00" + _uint(household) + (b"\x01" + _uint(card) if card else b"")


def _legs(
    columns: ColumnReader, tables: Tables, buyers: list[int], credit_rial: list[int]
) -> list[tuple[tuple[Leg, ...], bytes]]:
    counts = columns.take("legs", len(buyers), LEGS_MAX)
    refs = columns.take("leg", sum(counts), LEGS_MAX - 1)
    names = _named(tables, buyers, counts, refs)
    first_uses = dict.fromkeys(names)
    holds = {
        name: tables.holds_rial.get(name, 0) + step
        for name, step in zip(first_uses, columns.take_signed("holds_rial", len(first_uses)), strict=True)
    }
    _check("holds_rial", list(holds.values()), AMOUNT_RIAL_MAX)
    left = iter(columns.take("left_rial", len(names) - sum(map(bool, counts)), AMOUNT_RIAL_MAX))
    made = []
    legs_at = iter(names)
    for count, credit in zip(counts, credit_rial, strict=True):
        due = credit
        legs, data = [], [_SHORT_ARRAY[count]]
        for nth in range(count, 0, -1):
            name = next(legs_at)
            held = holds[name]
            if nth > 1:
                rest = next(left)
                amount = held - rest
                due -= amount
            else:
                amount, rest = due, held - due
            if amount < 0 or rest < 0:
                raise Malformed(".left_rial", "an allowance gives more than it holds, or less than nothing")
            holds[name] = rest
            legs.append(Leg(allowance=name, amount_rial=amount, left_rial=rest))
            data.append(b"\x83%b%b%b" % (_uint(name), _uint(amount), _uint(rest)))
        made.append((tuple(legs), b"".join(data)))
    return made


def _named(tables: Tables, buyers: list[int], counts: list[int], refs: list[int]) -> list[int]:
    """The allowances of all legs, in a row."""
    at = 0
    named: list[int] = []
    for buyer, count in zip(buyers, counts, strict=True):
        theirs = tables.buyers[buyer].allowances
        mine = refs[at : at + count]
        at += count
        if mine and max(mine) >= len(theirs):
            raise Malformed(".leg", "names no allowance of its buyer")
        named += [theirs[one] for one in mine]
    return named


def _row(  # noqa: PLR0913, PLR0917 -- a column each
    mode: Mode, time_s: int, lines: tuple[Line, ...], lines_data: bytes, total_rial: int, credit_rial: int, own_rial: int,
    legs: tuple[tuple[Leg, ...], bytes], number: int, so_far_rial: int, private: tuple[PrivatePart, bytes],
) -> Row:  # fmt: skip
    fact = Purchase(
        policy=mode.policy, catalog=mode.catalog, total_rial=total_rial, credit_rial=credit_rial, own_rial=own_rial,
        legs=legs[0], number=number, credit_so_far_rial=so_far_rial,
    )  # fmt: skip
    time = TimeInterval(not_before_s=time_s, span_s=mode.span_s, grade=_GRADES[mode.grade])
    public = b"\xa8\x00%b\x01%b\x02%b\x03%b\x04%b\x05%b\x06%b\x07%b" % (
        _uint(mode.policy), _uint(mode.catalog), _uint(total_rial), _uint(credit_rial), _uint(own_rial), legs[1],
        _uint(number), _uint(so_far_rial),
    )  # fmt: skip
    return Row(
        PURCHASE, b"\x83%b%b%b" % (_uint(time_s), _uint(mode.span_s), _uint(mode.grade)), _uint(mode.boot), public, lines_data,
        private[1], Meaning(fact, time, mode.boot, lines, private[0]),
    )  # fmt: skip


def _uint(number: int) -> bytes:
    return _SHORT[number] if number < 24 else cbor.head(cbor.UINT, number)


def _check(name: str, values: list[int], most: int) -> None:
    if values and (min(values) < 0 or max(values) > most):
        raise Malformed(f".{name}", f"not integers from 0 to {most}")


_SHORT_ARRAY = tuple(cbor.head(cbor.ARRAY, count) for count in range(LEGS_MAX + 1))
