"""Reads purchases from the columns of a batch.

Bytes are put together where the numbers lie, whole columns at a time, so that an entry costs the center little beside its
signature; values for people and rules are made of them only where an entry is judged. What follows from the rest is computed:
sums, what is left of an allowance, counters.
"""

from __future__ import annotations

from itertools import accumulate, chain, islice, pairwise, repeat
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from sync.wire import cbor
from sync.wire.batches.batch_tables import ALLOWANCES_MAX, read_tables
from sync.wire.entry import PrivatePart
from sync.wire.errors import Malformed
from sync.wire.facts import LEGS_MAX, LINES_MAX
from sync.wire.kinds import EntryKind, Unit
from sync.wire.money import AMOUNT_RIAL_MAX
from sync.wire.proof import CODE_DIGITS, PROOF_BYTES
from sync.wire.shapes import UINT_MAX

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sync.wire.batches.batch_tables import Buying, Dictionary, Mode, Tables
    from sync.wire.batches.columns import ColumnReader

QUANTITY_MAX = 10**6
_START = b"\x04" + cbor.head(cbor.UINT, EntryKind.PURCHASE) + b"\x05\x83"
"""Of what a purchase says, up to the seconds of its time."""
_GRAM = int(Unit.GRAM)
_SHORT = tuple(cbor.head(cbor.UINT, number) for number in range(1024))


class Row(Struct, frozen=True, gc=False):
    """The parts of one entry as bytes: what it says (see `entry.said_bytes`), its lines, its private part."""

    said: bytes
    lines: bytes | None
    private: bytes | None


class _Baskets(NamedTuple):
    """By purchase: the bytes of its lines, what they cost, and what those outside the list cost."""

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
    legs = _legs(columns, tables, buyer, credit_rial)
    modes = list(map(_mode_bytes, tables.modes))
    said = _joined(
        repeat(_START), _uints(time_s), [modes[one] for one in mode], _uints(baskets.total_rial),
        repeat(b"\x03"), _uints(credit_rial), repeat(b"\x04"), _uints(own_rial), repeat(b"\x05"), legs,
        repeat(b"\x06"), _uints(number), repeat(b"\x07"), _uints(so_far),
    )  # fmt: skip
    return map(Row, said, baskets.data, private)


def _mode_bytes(mode: Mode) -> bytes:
    """What a purchase says between the seconds of its time and its total."""
    span_s, grade, boot, policy, catalog = _uints(list(mode))
    return b"".join((span_s, grade, b"\x06", boot, b"\x07\xa8\x00", policy, b"\x01", catalog, b"\x02"))


def _running(columns: ColumnReader, count: int) -> tuple[list[int], list[int], list[int], int]:
    """Times and numbers, the steps of the credit so far beyond each purchase's own, and its first value."""
    time_s, number, so_far_rial = columns.take("start", 3)
    times_s = list(accumulate(columns.take_signed("time_s", count - 1), initial=time_s))
    steps = accumulate(columns.take_signed("number", count - 1), initial=number)
    numbers = list(map(int.__add__, steps, range(count)))
    _check("time_s", times_s, UINT_MAX)
    _check("number", numbers, UINT_MAX)
    return times_s, numbers, columns.take_signed("credit_so_far_rial", count - 1), so_far_rial


def _baskets(columns: ColumnReader, tables: Tables, count: int) -> _Baskets:
    counts = columns.take("lines", count, LINES_MAX)
    index = columns.take("thing", sum(counts), len(tables.things) - 1)
    wares = _wares(tables.things, index)
    sold = [wares[one] for one in index]
    heavy = sum([by_weight for _, _, _, by_weight, _ in sold])
    pieces = iter(columns.take("quantity", len(index) - heavy, QUANTITY_MAX))
    grams = iter(columns.take("gram", heavy, QUANTITY_MAX))
    short, pack, head = _SHORT, cbor.pack_u32, cbor.head
    baskets = _Baskets([], [], [])
    each = iter(sold)
    # In one loop, for this is where most of a batch's time goes: lines outnumber purchases.
    for lines in counts:
        parts, sum_rial, unlisted_rial = [_ARRAY_OF[lines]], 0, 0
        for before, price, price_rial, by_weight, is_listed in islice(each, lines):
            if by_weight:
                much = next(grams)
                total_rial = (price_rial * much + 500) // 1000
            else:
                much = next(pieces)
                total_rial = price_rial * much
            sum_rial += total_rial
            if not is_listed:
                unlisted_rial += total_rial
            parts += (
                before, short[much] if much < 1024 else head(0, much), price,
                pack(26, total_rial) if 65535 < total_rial < 4294967296 else _amount(total_rial),
            )  # fmt: skip
        baskets.data.append(b"".join(parts))
        baskets.total_rial.append(sum_rial)
        baskets.unlisted_rial.append(unlisted_rial)
    return baskets


def _amount(number: int) -> bytes:
    if number > AMOUNT_RIAL_MAX:
        raise Malformed(".total_rial", f"not integers from 0 to {AMOUNT_RIAL_MAX}")
    return cbor.head(cbor.UINT, number)


def _wares(
    things: list[tuple[int, int, int, int]], index: list[int]
) -> dict[int, tuple[bytes, bytes, int, bool, bool]]:
    """Of things that were sold: a line's bytes before the quantity, those of the price, the price, is it weighed, is it listed."""
    used = list(set(index))
    if not used:
        return {}
    gtin, good, unit, price_rial = zip(*[things[one] for one in used], strict=True)
    before = _joined(repeat(b"\x86"), _uints(good), _uints(gtin), _uints(unit))
    weighed = [one == _GRAM for one in unit]
    wares = zip(before, _uints(price_rial), price_rial, weighed, map(bool, good), strict=True)
    return dict(zip(used, wares, strict=True))


def _private(
    columns: ColumnReader, buyers: list[Buying], buyer: list[int], sequences: Sequence[int], proofs: bytes
) -> list[bytes]:
    coded = columns.take("coded", len(buyer), 1)
    codes = sum(coded)
    code = iter(columns.take("code", codes, 10**CODE_DIGITS - 1))
    back = iter(columns.take("code_entry", codes))
    if len(proofs) != PROOF_BYTES * (len(buyer) - codes):
        raise Malformed(".proofs", f"not {PROOF_BYTES} bytes for each purchase without a code")
    proof = iter([proofs[at : at + PROOF_BYTES] for at in range(0, len(proofs), PROOF_BYTES)])
    whom = _whom(buyers, buyer)
    return [
        _with_code(buyers[one], f"{next(code):0{CODE_DIGITS}}", sequence - next(back))
        if by_code
        else whom[one] + next(proof)
        for one, sequence, by_code in zip(buyer, sequences, coded, strict=True)
    ]


def _whom(buyers: list[Buying], index: list[int]) -> dict[int, bytes]:
    """Of those who bought, the private part up to the proof."""
    used = list(set(index))
    household = _uints([buyers[one].household for one in used])
    card = [buyers[one].card for one in used]
    return {
        one: b"".join((b"\xa3\x00", theirs, b"\x01", its, b"\x02\x48") if number else (b"\xa2\x00", theirs, b"\x02\x48"))
        for one, theirs, number, its in zip(used, household, card, _uints(card), strict=True)
    }  # fmt: skip


def _with_code(buyer: Buying, code: str, entry: int) -> bytes:
    _check("code_entry", [entry], UINT_MAX)
    return PrivatePart(
        household=buyer.household, card=buyer.card or None, code=code, code_entry=entry
    ).to_cbor()


def _legs(columns: ColumnReader, tables: Tables, buyers: list[int], credit_rial: list[int]) -> list[bytes]:
    """The bytes of each purchase's legs."""
    counts = columns.take("legs", len(buyers), LEGS_MAX)
    refs = columns.take("leg", sum(counts), ALLOWANCES_MAX - 1)
    owners = chain.from_iterable(map(repeat, [tables.buyers[one].allowances for one in buyers], counts))
    try:
        names = [theirs[one] for theirs, one in zip(owners, refs, strict=True)]
    except IndexError:
        raise Malformed(".leg", "names no allowance of its buyer") from None
    amounts, lefts = _shares(columns, tables, names, counts, credit_rial)
    parts = list(
        chain.from_iterable(zip(repeat(b"\x83"), _uints(names), _uints(amounts), _uints(lefts), strict=False))
    )
    slices = pairwise(accumulate(counts, initial=0))
    return [_ARRAY_OF[end - start] + b"".join(parts[4 * start : 4 * end]) for start, end in slices]


def _shares(
    columns: ColumnReader, tables: Tables, names: list[int], counts: list[int], credit_rial: list[int]
) -> tuple[list[int], list[int]]:
    """What each leg gives and leaves."""
    first_uses = dict.fromkeys(names)
    known_rial = tables.holds_rial
    holds = {
        name: known_rial.get(name, 0) + step
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


def _joined(*parts: Iterable[bytes]) -> list[bytes]:
    """The first of each, the second of each ..."""
    return list(map(b"".join, zip(*parts, strict=False)))


def _uints(numbers: Iterable[int]) -> list[bytes]:
    """Each as CBOR; most are small, amounts of four bytes or trade numbers of eight, and are spared a call."""
    short, pack, pack_long, head = _SHORT, cbor.pack_u32, cbor.pack_u64, cbor.head
    return [
        short[number]
        if number < 1024
        else pack_long(27, number)
        if number >= 4294967296
        else pack(26, number)
        if number > 65535
        else head(0, number)
        for number in numbers
    ]


def _check(name: str, values: list[int], most: int) -> None:
    if values and (min(values) < 0 or max(values) > most):
        raise Malformed(f".{name}", f"not integers from 0 to {most}")


_ARRAY_OF = tuple(cbor.head(cbor.ARRAY, count) for count in range(LINES_MAX + 1))
