"""Reads purchases from the columns of a batch.

Bytes are put together where the numbers lie, whole columns at a time, so that an entry costs the center little beside its
signature; values for people and rules are made of them only where an entry is judged. What follows from the rest is computed:
sums, what is left of an allowance, counters.
"""

from __future__ import annotations

from itertools import accumulate, pairwise, repeat
from operator import add, sub
from struct import pack, unpack
from typing import TYPE_CHECKING, NamedTuple

from sync.wire import cbor
from sync.wire.batches.batch_tables import ALLOWANCES_MAX, read_tables
from sync.wire.cbor import uints
from sync.wire.entry import PrivatePart
from sync.wire.errors import Malformed
from sync.wire.facts import LEGS_MAX, LINES_MAX
from sync.wire.kinds import EntryKind, Unit
from sync.wire.money import AMOUNT_RIAL_MAX
from sync.wire.proof import CODE_DIGITS, PROOF_BYTES
from sync.wire.shapes import UINT_MAX

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sync.wire.batches.batch_tables import Buyers, Dictionary, Mode, Tables, ThingRow
    from sync.wire.batches.columns import ColumnReader

QUANTITY_MAX = 10**6
_START = b"\x04" + cbor.head(cbor.UINT, EntryKind.PURCHASE) + b"\x05\x83"
"""Of what a purchase says, up to the seconds of its time."""
_GRAM = int(Unit.GRAM)


class Parts(NamedTuple):
    """The parts of entries as bytes, by entry: what it says (see `entry.said_bytes`), its lines, its private part."""

    said: Sequence[bytes]
    lines: Sequence[bytes | None]
    private: Sequence[bytes | None]


class _Baskets(NamedTuple):
    """By purchase: the bytes of its lines, what they cost, and what those outside the list cost."""

    data: list[bytes]
    total_rial: list[int]
    unlisted_rial: list[int]


def read_purchases(
    columns: ColumnReader, sequences: Sequence[int], proofs: bytes, known: Dictionary
) -> Parts:
    """The purchases at these sequence numbers. Raises: Malformed."""
    count = len(sequences)
    if not count:
        if proofs:
            raise Malformed(".proofs", "are more than purchases")
        return Parts((), (), ())
    tables = read_tables(columns, known, count)
    mode = columns.take("mode", count, len(tables.modes) - 1)
    if list(dict.fromkeys(mode)) != list(range(len(tables.modes))):
        raise Malformed(".mode", "not in the order of their first use")
    time, number, so_far_step, so_far_rial = _running(columns, count)
    baskets = _baskets(columns, tables.things, count)
    total = _spelled("total_rial", baskets.total_rial)
    own_rial = list(map(add, accumulate(columns.take_signed("own_rial", count)), baskets.unlisted_rial))
    own = _spelled("own_rial", own_rial)
    credit_rial = list(map(sub, baskets.total_rial, own_rial))
    credit = _spelled("credit_rial", credit_rial)
    so_far = list(accumulate(map(add, so_far_step, credit_rial[1:]), initial=so_far_rial))
    ever = _spelled("credit_so_far_rial", so_far)
    buyer = columns.take("buyer", count, len(tables.buyers.household) - 1)
    private = _private(columns, tables.buyers, buyer, sequences, proofs)
    legs = _legs(columns, tables, buyer, credit_rial)
    modes = [_mode_bytes(one) + total.start for one in tables.modes]
    said = _joined(
        repeat(_START + time.start), time.rest, [modes[one] for one in mode], total.rest,
        repeat(b"\x03" + credit.start), credit.rest, repeat(b"\x04" + own.start), own.rest, repeat(b"\x05"), legs,
        repeat(b"\x06" + number.start), number.rest, repeat(b"\x07" + ever.start), ever.rest,
    )  # fmt: skip
    return Parts(said, baskets.data, private)


class _Spelled(NamedTuple):
    """Numbers in CBOR: what all begin with, and the rest of each."""

    start: bytes
    rest: Sequence[bytes]


def _spelled(name: str, numbers: Sequence[int], most: int = AMOUNT_RIAL_MAX) -> _Spelled:
    """Those of a column, from 0 to `most`. Where all have four bytes, as amounts mostly do, they are made at once."""
    least, largest = min(numbers, default=0), max(numbers, default=0)
    if least < 0 or largest > most:
        raise Malformed(f".{name}", f"not integers from 0 to {most}")
    if least < 1 << 16 or largest >= 1 << 32:
        return _Spelled(b"", uints(numbers))
    count = len(numbers)
    return _Spelled(b"\x1a", unpack("4s" * count, pack(f">{count}I", *numbers)))


def _mode_bytes(mode: Mode) -> bytes:
    """What a purchase says between the seconds of its time and its total."""
    span_s, grade, boot, policy, catalog = uints(mode)
    return b"".join((span_s, grade, b"\x06", boot, b"\x07\xa8\x00", policy, b"\x01", catalog, b"\x02"))


def _running(columns: ColumnReader, count: int) -> tuple[_Spelled, _Spelled, list[int], int]:
    """Times and numbers, the steps of the credit so far beyond each purchase's own, and its first value."""
    time_s, number, so_far_rial = columns.take("start", 3)
    times_s = list(accumulate(columns.take_signed("time_s", count - 1), initial=time_s))
    times = _spelled("time_s", times_s, UINT_MAX)
    steps = accumulate(columns.take_signed("number", count - 1), initial=number)
    numbers = _spelled("number", list(map(add, steps, range(count))), UINT_MAX)
    return times, numbers, columns.take_signed("credit_so_far_rial", count - 1), so_far_rial


def _baskets(columns: ColumnReader, things: Sequence[ThingRow], count: int) -> _Baskets:
    counts = columns.take("lines", count, LINES_MAX)
    index = columns.take("thing", sum(counts), len(things) - 1)
    wares = _wares(things, index)
    sold = [wares[one] for one in index]
    heavy = sum([by_weight for _, _, by_weight, _ in sold])
    pieces = iter(columns.take("quantity", len(index) - heavy, QUANTITY_MAX))
    grams = iter(columns.take("gram", heavy, QUANTITY_MAX))
    of_1, head, join = cbor.OF_ONE_BYTE, cbor.head, b"".join
    data, totals_rial, unlisted = [], [], []
    # In one loop, for this is where most of a batch's time goes: lines outnumber purchases.
    for start, end in pairwise(accumulate(counts, initial=0)):
        parts, sum_rial, unlisted_rial = [_ARRAY_OF[end - start]], 0, 0
        for before, price_rial, by_weight, is_listed in sold[start:end]:
            if by_weight:
                much = next(grams)
                total_rial = (price_rial * much + 500) // 1000
            else:
                much = next(pieces)
                total_rial = price_rial * much
            sum_rial += total_rial
            if not is_listed:
                unlisted_rial += total_rial
            parts.append(before)
            parts.append(of_1[much] if much < 256 else head(0, much))
        data.append(join(parts))
        totals_rial.append(sum_rial)
        unlisted.append(unlisted_rial)
    return _Baskets(data, totals_rial, unlisted)


def _wares(things: Sequence[ThingRow], index: list[int]) -> dict[int, tuple[bytes, int, bool, bool]]:
    """Of things that were sold: a line's bytes before the quantity, the price, is it weighed, is it listed."""
    used = list(set(index))
    if not used:
        return {}
    gtin, good, unit, price_rial = zip(*[things[one] for one in used], strict=True)
    before = _joined(repeat(b"\x85"), uints(good), uints(gtin), uints(unit), uints(price_rial))
    wares = zip(before, price_rial, map(_GRAM.__eq__, unit), map(bool, good), strict=True)
    return dict(zip(used, wares, strict=True))


def _private(
    columns: ColumnReader, buyers: Buyers, buyer: list[int], sequences: Sequence[int], proofs: bytes
) -> list[bytes]:
    coded = columns.take("coded", len(buyer), 1)
    codes = sum(coded)
    code = iter(columns.take("code", codes, 10**CODE_DIGITS - 1))
    back = iter(columns.take("code_entry", codes))
    if len(proofs) != PROOF_BYTES * (len(buyer) - codes):
        raise Malformed(".proofs", f"not {PROOF_BYTES} bytes for each purchase without a code")
    proof = iter(unpack(f"{PROOF_BYTES}s" * (len(buyer) - codes), proofs))
    household, card, _ = buyers
    whom = _whom(household, card, buyer)
    if not codes:
        return [whom[one] + its for one, its in zip(buyer, proof, strict=True)]
    return [
        _with_code(household[one], card[one], f"{next(code):0{CODE_DIGITS}}", sequence - next(back))
        if by_code
        else whom[one] + next(proof)
        for one, sequence, by_code in zip(buyer, sequences, coded, strict=True)
    ]


def _whom(households: list[int], cards: list[int], index: list[int]) -> dict[int, bytes]:
    """Of those who bought, the private part up to the proof."""
    used = list(set(index))
    household = uints([households[one] for one in used])
    card = [b"\x01" + its if its != b"\x00" else b"" for its in uints([cards[one] for one in used])]
    start = [b"\xa3\x00" if its else b"\xa2\x00" for its in card]
    return dict(zip(used, _joined(start, household, card, repeat(b"\x02\x48")), strict=True))


def _with_code(household: int, card: int, code: str, entry: int) -> bytes:
    _check("code_entry", [entry], UINT_MAX)
    return PrivatePart(household=household, card=card or None, code=code, code_entry=entry).to_cbor()


def _legs(columns: ColumnReader, tables: Tables, buyers: list[int], credit_rial: list[int]) -> list[bytes]:
    """The bytes of each purchase's legs. Most have one or two: to make an iterator for each would take twice as long."""
    counts = columns.take("legs", len(buyers), LEGS_MAX)
    theirs = tables.buyers.allowances
    names = _names(columns, [theirs[one] for one in buyers], counts)
    amounts, rests = _shares(columns, tables.holds_rial, names, counts, credit_rial)
    each = iter(_joined(repeat(b"\x83"), uints(names), uints(amounts), uints(rests)))
    legs = []
    for count in counts:
        data, more = _ARRAY_OF[count], count
        while more:
            data += next(each)
            more -= 1
        legs.append(data)
    return legs


def _names(columns: ColumnReader, allowances: list[tuple[int, ...]], counts: list[int]) -> list[int]:
    """Which allowance each leg is of, out of those of its buyer."""
    refs = iter(columns.take("leg", sum(counts), ALLOWANCES_MAX - 1))
    names = []
    try:
        for theirs, count in zip(allowances, counts, strict=True):
            more = count
            while more:
                names.append(theirs[next(refs)])
                more -= 1
    except IndexError:
        raise Malformed(".leg", "names no allowance of its buyer") from None
    return names


def _shares(
    columns: ColumnReader,
    known_rial: dict[int, int],
    names: list[int],
    counts: list[int],
    credit_rial: list[int],
) -> tuple[list[int], list[int]]:
    """What each leg gives and leaves."""
    holds = _holds(columns, known_rial, list(dict.fromkeys(names)))
    lefts = iter(columns.take("left_rial", len(names) - sum(map(bool, counts)), AMOUNT_RIAL_MAX))
    amounts, rests = [], []
    each = iter(names)
    for count, credit in zip(counts, credit_rial, strict=True):
        due, more = credit, count
        while more > 1:
            name, rest = next(each), next(lefts)
            amount = holds[name] - rest
            holds[name] = rest
            due -= amount
            amounts.append(amount)
            rests.append(rest)
            more -= 1
        if more:
            name = next(each)
            holds[name] = rest = holds[name] - due
            amounts.append(due)
            rests.append(rest)
    if names and (min(amounts) < 0 or min(rests) < 0):
        raise Malformed(".left_rial", "an allowance gives more than it holds, or less than nothing")
    return amounts, rests


def _holds(columns: ColumnReader, known_rial: dict[int, int], first_uses: list[int]) -> dict[int, int]:
    """What each allowance holds at its first use."""
    amounts = columns.take_signed("holds_rial", len(first_uses))
    if known_rial:
        amounts = [known_rial.get(name, 0) + more for name, more in zip(first_uses, amounts, strict=True)]
    _check("holds_rial", amounts, AMOUNT_RIAL_MAX)
    return dict(zip(first_uses, amounts, strict=True))


def _joined(*parts: Iterable[bytes]) -> list[bytes]:
    """The first of each, the second of each ..."""
    return list(map(b"".join, zip(*parts, strict=False)))


def _check(name: str, values: list[int], most: int) -> None:
    if values and (min(values) < 0 or max(values) > most):
        raise Malformed(f".{name}", f"not integers from 0 to {most}")


_ARRAY_OF = tuple(cbor.head(cbor.ARRAY, count) for count in range(LINES_MAX + 1))
