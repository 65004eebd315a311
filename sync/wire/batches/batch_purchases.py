"""Reads purchases from the columns of a batch.

Whole columns are turned at a time, and a record's bytes put together where its values lie, so that an entry costs the center
little beside its signature. What follows from the rest is computed: sums, what is left of an allowance, counters.
"""

from __future__ import annotations

from itertools import accumulate, chain, pairwise, repeat
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from sync.wire import cbor
from sync.wire.batches.batch_tables import ALLOWANCES_MAX, read_tables
from sync.wire.entry import PrivatePart, TimeInterval
from sync.wire.errors import Malformed
from sync.wire.facts import LEGS_MAX, LINES_MAX, Leg, Line, Purchase
from sync.wire.kinds import EntryKind, Grade, Unit
from sync.wire.money import AMOUNT_RIAL_MAX
from sync.wire.proof import CODE_DIGITS, PROOF_BYTES
from sync.wire.shapes import UINT_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sync.wire.batches.batch_tables import Buying, Dictionary, Mode, Tables
    from sync.wire.batches.columns import ColumnReader

QUANTITY_MAX = 10**6
PURCHASE = cbor.head(cbor.UINT, EntryKind.PURCHASE)
_SHORT = tuple(cbor.head(cbor.UINT, number) for number in range(1024))
_GRADES, _UNITS = {int(one): one for one in Grade}, {int(one): one for one in Unit}


class Meaning(Struct, frozen=True, gc=False):
    """What a purchase in columns says."""

    fact: Purchase
    time: TimeInterval
    boot: int
    lines: tuple[Line, ...]
    private: PrivatePart


class Row(Struct, frozen=True, gc=False):
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
    private = _private(columns, tables.buyers, buyer, sequences, proofs)
    legs, leg_data = _legs(columns, tables, buyer, credit_rial)
    said = [(one, *_mode_bytes(one)) for one in tables.modes]
    return (
        Row(
            PURCHASE, b"\x83" + time_data + after_time, boot,
            b"".join((before, total_data, b"\x03", credit_data, b"\x04", own_data, b"\x05", its_leg_data, b"\x06", number_data, b"\x07", so_far_data)),
            line_data, private_data,
            Meaning(
                Purchase(
                    policy=one.policy, catalog=one.catalog, total_rial=total, credit_rial=credit, own_rial=own, legs=its_legs,
                    number=its_number, credit_so_far_rial=its_so_far,
                ),
                TimeInterval(not_before_s=its_time_s, span_s=one.span_s, grade=_GRADES[one.grade]),
                one.boot, lines, part,
            ),
        )
        for (one, after_time, boot, before), its_time_s, time_data, total, total_data, credit, credit_data, own, own_data,
        its_number, number_data, its_so_far, so_far_data, lines, line_data, its_legs, its_leg_data, (part, private_data)
        in zip(
            [said[one] for one in mode], time_s, _uints(time_s), baskets.total_rial, _uints(baskets.total_rial), credit_rial,
            _uints(credit_rial), own_rial, _uints(own_rial), number, _uints(number), so_far, _uints(so_far), baskets.lines,
            baskets.data, legs, leg_data, private, strict=True,
        )
    )  # fmt: skip


def _mode_bytes(mode: Mode) -> tuple[bytes, bytes, bytes]:
    """What follows the seconds in a time interval; the boot; a purchase's public part up to its total."""
    span_s, grade, boot, policy, catalog = _uints(list(mode))
    return span_s + grade, boot, b"\xa8\x00" + policy + b"\x01" + catalog + b"\x02"


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
    index = columns.take("thing", sum(counts), len(tables.things) - 1)
    is_gram = [thing[2] == Unit.GRAM for thing in tables.things]
    weighed = [is_gram[one] for one in index]
    heavy = sum(weighed)
    pieces = iter(columns.take("quantity", len(index) - heavy, QUANTITY_MAX))
    grams = iter(columns.take("gram", heavy, QUANTITY_MAX))
    quantity = [next(grams) if by_weight else next(pieces) for by_weight in weighed]
    price_rial = [thing[3] for thing in tables.things]
    total = [
        (price_rial[one] * much + 500) // 1000 if by_weight else price_rial[one] * much
        for one, much, by_weight in zip(index, quantity, weighed, strict=True)
    ]
    _check("total_rial", total, AMOUNT_RIAL_MAX)
    unlisted = [0 if tables.things[one][1] else much for one, much in zip(index, total, strict=True)]
    lines, data = _lines(tables.things, index, quantity, total)
    slices = list(pairwise(accumulate(counts, initial=0)))
    return _Baskets(
        [lines[start:end] for start, end in slices],
        [_ARRAY_OF[end - start] + b"".join(data[start:end]) for start, end in slices],
        [sum(total[start:end]) for start, end in slices],
        [sum(unlisted[start:end]) for start, end in slices],
    )


def _lines(
    things: list[tuple[int, int, int, int]], index: list[int], quantity: list[int], total: list[int]
) -> tuple[tuple[Line, ...], list[bytes]]:
    gtins, goods, units, prices = map(list, zip(*things, strict=True)) if things else ([], [], [], [])
    said = [(gtin, good, _UNITS[unit], price) for gtin, good, unit, price in things]
    before = [
        b"\x86" + good + gtin + unit
        for good, gtin, unit in zip(_uints(goods), _uints(gtins), _uints(units), strict=True)
    ]
    priced = _uints(prices)
    lines = [
        Line(good=good, gtin=gtin, unit=unit, quantity=much, price_rial=price, total_rial=sum_rial)
        for (gtin, good, unit, price), much, sum_rial in zip(
            [said[one] for one in index], quantity, total, strict=True
        )
    ]
    data = [
        before[one] + much + priced[one] + sum_rial
        for one, much, sum_rial in zip(index, _uints(quantity), _uints(total), strict=True)
    ]
    return tuple(lines), data


def _private(
    columns: ColumnReader, buyers: list[Buying], buyer: list[int], sequences: Sequence[int], proofs: bytes
) -> list[tuple[PrivatePart, bytes]]:
    coded = columns.take("coded", len(buyer), 1)
    codes = sum(coded)
    code = iter(columns.take("code", codes, 10**CODE_DIGITS - 1))
    back = iter(columns.take("code_entry", codes))
    if len(proofs) != PROOF_BYTES * (len(buyer) - codes):
        raise Malformed(".proofs", f"not {PROOF_BYTES} bytes for each purchase without a code")
    proof = iter([proofs[at : at + PROOF_BYTES] for at in range(0, len(proofs), PROOF_BYTES)])
    whom = {one: _whom(buyers[one]) for one in set(buyer)}
    return [
        _with_code(buyers[one], f"{next(code):0{CODE_DIGITS}}", sequence - next(back))
        if by_code
        else _with_proof(*whom[one], next(proof))
        for one, sequence, by_code in zip(buyer, sequences, coded, strict=True)
    ]


def _whom(buyer: Buying) -> tuple[int, int | None, bytes]:
    """Household, card, and the private part's bytes up to the proof."""
    household, card, _ = buyer
    if card:
        return household, card, b"".join((b"\xa3\x00", _uint(household), b"\x01", _uint(card), b"\x02\x48"))
    return household, None, b"".join((b"\xa2\x00", _uint(household), b"\x02\x48"))


def _with_proof(household: int, card: int | None, data: bytes, proof: bytes) -> tuple[PrivatePart, bytes]:
    return PrivatePart(household=household, card=card, proof=proof), data + proof


def _with_code(buyer: Buying, code: str, entry: int) -> tuple[PrivatePart, bytes]:
    _check("code_entry", [entry], UINT_MAX)
    part = PrivatePart(household=buyer.household, card=buyer.card or None, code=code, code_entry=entry)
    return part, part.to_cbor()


def _legs(
    columns: ColumnReader, tables: Tables, buyers: list[int], credit_rial: list[int]
) -> tuple[list[tuple[Leg, ...]], list[bytes]]:
    """Legs by purchase, and their bytes."""
    counts = columns.take("legs", len(buyers), LEGS_MAX)
    refs = columns.take("leg", sum(counts), ALLOWANCES_MAX - 1)
    owners = chain.from_iterable(map(repeat, [tables.buyers[one].allowances for one in buyers], counts))
    try:
        names = [theirs[one] for theirs, one in zip(owners, refs, strict=True)]
    except IndexError:
        raise Malformed(".leg", "names no allowance of its buyer") from None
    amounts, lefts = _shares(columns, tables, names, counts, credit_rial)
    legs = tuple(
        [
            Leg(allowance=name, amount_rial=amount, left_rial=left)
            for name, amount, left in zip(names, amounts, lefts, strict=True)
        ]
    )
    data = [
        b"\x83" + name + amount + left
        for name, amount, left in zip(_uints(names), _uints(amounts), _uints(lefts), strict=True)
    ]
    slices = list(pairwise(accumulate(counts, initial=0)))
    return [legs[start:end] for start, end in slices], [
        _ARRAY_OF[end - start] + b"".join(data[start:end]) for start, end in slices
    ]


def _shares(
    columns: ColumnReader, tables: Tables, names: list[int], counts: list[int], credit_rial: list[int]
) -> tuple[list[int], list[int]]:
    """What each leg gives and leaves."""
    first_uses = dict.fromkeys(names)
    holds = {
        name: tables.holds_rial.get(name, 0) + step
        for name, step in zip(first_uses, columns.take_signed("holds_rial", len(first_uses)), strict=True)
    }
    _check("holds_rial", list(holds.values()), AMOUNT_RIAL_MAX)
    lefts = iter(columns.take("left_rial", len(names) - sum(map(bool, counts)), AMOUNT_RIAL_MAX))
    amounts, rests = [], []
    each = iter(names)
    for count, credit in zip(counts, credit_rial, strict=True):
        due = credit
        for nth in range(count, 0, -1):
            name = next(each)
            held = holds[name]
            amount = held - next(lefts) if nth > 1 else due
            due -= amount
            holds[name] = rest = held - amount
            amounts.append(amount)
            rests.append(rest)
    if names and (min(amounts) < 0 or min(rests) < 0):
        raise Malformed(".left_rial", "an allowance gives more than it holds, or less than nothing")
    return amounts, rests


def _uint(number: int) -> bytes:
    return cbor.head(cbor.UINT, number)


def _uints(numbers: list[int]) -> list[bytes]:
    """Each as CBOR; most are small, or amounts of four bytes, and are spared a call."""
    short, pack, head = _SHORT, cbor.pack_u32, cbor.head
    return [
        short[number]
        if number < 1024
        else pack(26, number)
        if 65535 < number < 4294967296
        else head(0, number)
        for number in numbers
    ]


def _check(name: str, values: list[int], most: int) -> None:
    if values and (min(values) < 0 or max(values) > most):
        raise Malformed(f".{name}", f"not integers from 0 to {most}")


_ARRAY_OF = tuple(cbor.head(cbor.ARRAY, count) for count in range(LINES_MAX + 1))
