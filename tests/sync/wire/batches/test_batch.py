"""Batches: entries come back byte for byte, a flipped byte is found and named, and no bytes can make work without end."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sync.wire import cbor, entry, facts
from sync.wire.batches import batch as batches
from sync.wire.batches.batch import Batch, Broken, pack_batch, read_batch, rebuild
from sync.wire.batches.batch_tables import Dictionary, dictionary_from
from sync.wire.batches.columns import column, pressed
from sync.wire.cose import VerifyingKey
from sync.wire.entry import EntryBytes, Head
from sync.wire.errors import HashDiffers, Malformed, WireError
from sync.wire.kinds import EntryKind, Unit
from sync.wire.money import AMOUNT_RIAL_MAX
from tests.vectors.batch_parts import MARKET, columns_of, spread
from tests.vectors.corpus_batches import KNOWN
from tests.vectors.corpus_parts import chain
from tests.vectors.samples import BLINDING_KEY, DEVICE, DEVICE_KEY, FIRST_HEAD, HOUSEHOLD_KEY, JOURNAL, draft

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sync.wire.entry import Entry

KEY = VerifyingKey(DEVICE_KEY.public)
STORED = [each.stored for each in JOURNAL]
BATCH = pack_batch(STORED)
BOUGHT = [each.stored for each in MARKET]
MARKET_BATCH = pack_batch(BOUGHT)


class Whole(NamedTuple):
    stored: EntryBytes
    hash: bytes
    in_columns: bool


def rebuilt(
    batch: bytes, base: Head = FIRST_HEAD, known: Dictionary | None = None, device: int = DEVICE
) -> list[Whole | Broken]:
    contents = read_batch(batch, first=base.sequence, known=known)
    blinds = partial(entry.blinds, blinding_key=BLINDING_KEY)
    made = rebuild(contents, base, device=device, public=KEY.public, blinds=blinds)
    whole = map(Whole, made.stored, made.hashes, contents.in_columns)
    return [*whole, *([] if made.broken is None else [made.broken])]


def stored(batch: bytes, base: Head = FIRST_HEAD, known: Dictionary | None = None) -> list[EntryBytes]:
    made = []
    for one in rebuilt(batch, base, known):
        assert isinstance(one, Whole)
        made.append(one.stored)
    return made


def told(batch: bytes) -> list[Whole | Broken] | str:
    """What comes of it, or which part of the format it breaks."""
    try:
        return rebuilt(batch)
    except WireError as error:
        return str(error).partition(".")[0].partition(":")[0]


def in_columns(batch: bytes, base: Head = FIRST_HEAD, known: Dictionary | None = None) -> int:
    return sum(isinstance(one, Whole) and one.in_columns for one in rebuilt(batch, base, known))


def opened(entries: Sequence[Entry]) -> list[EntryBytes]:
    base = Head(entries[0].sequence, entries[0].prev)
    return stored(pack_batch([each.stored for each in entries]), base)


def test_entries_come_back_byte_for_byte() -> None:
    assert stored(BATCH) == STORED
    assert stored(MARKET_BATCH) == BOUGHT
    assert stored(pack_batch(STORED[7:12]), JOURNAL[6].next_head) == STORED[7:12]
    assert pack_batch([]) == b""


def test_what_comes_back_is_what_reopening_would_make() -> None:
    for one in rebuilt(MARKET_BATCH):
        assert isinstance(one, Whole)
        reopened = entry.reopen(one.stored, key=KEY, blinding_key=BLINDING_KEY, what="entry")
        assert entry.opened(one.stored, one.hash) == reopened
        assert one.hash == reopened.hash
    assert in_columns(MARKET_BATCH) == 40


def test_a_lean_batch_has_the_last_signature_alone() -> None:
    lean = stored(pack_batch(BOUGHT, lean=True))
    assert [one.signature for one in lean] == [b""] * (len(BOUGHT) - 1) + [BOUGHT[-1].signature]
    assert [one.payload for one in lean] == [one.payload for one in BOUGHT]


def test_entries_are_sent_verbatim_where_it_is_asked() -> None:
    batch = pack_batch(BOUGHT, verbatim=range(5, 9))
    assert stored(batch) == BOUGHT
    assert in_columns(batch) == 36
    assert in_columns(pack_batch(BOUGHT, verbatim=range(len(BOUGHT)))) == 0


def test_what_the_receiver_can_compute_is_not_sent() -> None:
    sent = spread(MARKET_BATCH)
    for each in MARKET[1:]:
        assert each.hash not in sent
        assert each.prev not in sent
        assert each.stored.signature not in sent


def test_what_both_sides_know_is_not_sent_again() -> None:
    batch = pack_batch(BOUGHT, dictionary=KNOWN)
    assert batches.dictionary_named(batch) == KNOWN.hash
    assert batches.dictionary_named(MARKET_BATCH) is None
    assert batches.size_of(batch) == len(BOUGHT)
    assert stored(batch, known=KNOWN) == BOUGHT
    assert len(spread(batch)) < len(spread(MARKET_BATCH)) - 30
    for known in (None, Dictionary()):
        with pytest.raises(HashDiffers, match="not at hand"):
            read_batch(batch, first=0, known=known)
    with pytest.raises(HashDiffers):
        read_batch(MARKET_BATCH, first=0, known=KNOWN)


def test_a_dictionary_comes_back_under_its_own_name_only() -> None:
    assert dictionary_from(KNOWN.data, named=KNOWN.hash) == KNOWN
    with pytest.raises(HashDiffers):
        dictionary_from(KNOWN.data, named=bytes(32))


def test_a_hundred_purchases_are_small() -> None:
    full, lean = len(MARKET_BATCH), len(pack_batch(BOUGHT, lean=True))
    assert full - lean == (len(BOUGHT) - 1) * 64 + 1, "the signatures, and a byte of their length"
    assert lean < 30 * len(BOUGHT)


# -- what does not fit columns


def sale(
    *, private: entry.PrivatePart | None = None, head: Head = FIRST_HEAD, lines: tuple[facts.Line, ...] = MARKET[2].lines, **changed: object,
) -> Entry:  # fmt: skip
    """A purchase by the first of the market's, with another fact, other lines or another private part."""
    like = MARKET[2]
    assert isinstance(like.fact, facts.Purchase)
    fact = replace(like.fact, **changed)
    made = entry.Draft(
        fact, like.time, like.boot, entry.pack_lines(lines), private or (like.private and replace(like.private, proof=None)),
        None if private else HOUSEHOLD_KEY,
    )  # fmt: skip
    return chain(made, head=head)[0]


WHO = entry.PrivatePart(household=510, card=7)


@pytest.mark.parametrize(
    ("changed", "fits"),
    [
        ({}, 1),
        ({"total_rial": 1}, 0),
        ({"own_rial": 10**13}, 0),
        ({"legs": ()}, 1),
        ({"private": replace(WHO, proof=bytes(8), card=None)}, 1),
        ({"private": replace(WHO, proof=bytes(8), card=0)}, 0),
        ({"private": replace(WHO, proof=bytes(8), household=None)}, 0),
        ({"private": replace(WHO, proof=bytes(8), code="12345678")}, 0),
        ({"private": replace(WHO, proof=bytes(8), code_entry=0)}, 0),
        ({"private": replace(WHO, proof=bytes(8), code_hash=bytes(16))}, 0),
        ({"private": replace(WHO, code="00000000", code_entry=0)}, 1),
        ({"private": replace(WHO, code="00000000", code_entry=0, card=None)}, 1),
        ({"private": replace(WHO, code="0000000", code_entry=0)}, 0),
        ({"private": replace(WHO, code="00000000", code_entry=1)}, 0),
        ({"private": replace(WHO, code="00000000")}, 0),
        ({"private": WHO}, 0),
        ({"number": 2**53 - 1}, 1),
    ],
)
def test_a_purchase_of_another_form_travels_as_it_was_written(changed: dict[str, object], fits: int) -> None:
    one = sale(**changed)  # type: ignore[arg-type]  # each is right for its field
    batch = pack_batch([one.stored])
    assert stored(batch) == [one.stored]
    assert in_columns(batch) == fits


def test_what_columns_cannot_hold_is_found_when_the_batch_is_read_back() -> None:
    """A step of numbers that no column takes: then all travels as it was written."""
    first = sale(legs=())
    wild = sale(legs=(), head=first.next_head, number=2**53 - 1)
    batch = pack_batch([first.stored, wild.stored])
    assert stored(batch) == [first.stored, wild.stored]
    assert in_columns(batch) == 0


def test_modes_are_told_once_in_the_order_of_their_use() -> None:
    first = sale(legs=())
    second = sale(legs=(), head=first.next_head, policy=3)
    header = Batch.from_cbor(pack_batch([first.stored, second.stored]))
    parts = columns_of(header.to_cbor(), first=0)
    for name, numbers, where in (("mode", [1, 0], "mode"), ("policy", [2, 2], "modes")):
        spelled = b"".join(column(numbers) if name == one else data for one, data in parts)
        with pytest.raises(Malformed) as raised:
            read_batch(replace(header, columns=pressed(spelled)).to_cbor(), first=0)
        assert raised.value.where == f"batch.{where}"


def test_a_basket_may_be_empty() -> None:
    one = sale(lines=(), legs=(), total_rial=0, credit_rial=0, own_rial=0)
    batch = pack_batch([one.stored])
    assert stored(batch) == [one.stored]
    assert in_columns(batch) == 1


@pytest.mark.parametrize(
    ("quantity", "where"), [(1, None), (2, "batch.total_rial"), (10**6, "batch.total_rial")]
)
def test_a_line_costs_what_the_wire_can_bear(quantity: int, where: str | None) -> None:
    dear = facts.Line(good=0, gtin=7, unit=Unit.PIECE, price_rial=AMOUNT_RIAL_MAX, quantity=1)
    one = sale(lines=(dear,), legs=(), total_rial=AMOUNT_RIAL_MAX, credit_rial=0, own_rial=AMOUNT_RIAL_MAX)
    header = Batch.from_cbor(pack_batch([one.stored]))
    spelled = b"".join(
        column([quantity]) if name == "quantity" else data
        for name, data in columns_of(header.to_cbor(), first=0)
    )
    batch = replace(header, columns=pressed(spelled)).to_cbor()
    if where is None:
        assert stored(batch) == [one.stored]
        return
    with pytest.raises(Malformed) as raised:
        read_batch(batch, first=0)
    assert raised.value.where == where


def test_an_allowance_that_got_something_back_between_two_purchases_is_told_verbatim() -> None:
    first = sale()
    again = sale(head=first.next_head)
    batch = pack_batch([first.stored, again.stored])
    assert stored(batch) == [first.stored, again.stored]
    assert in_columns(batch) == 1


def test_purchases_without_lines_or_with_broken_ones_travel_verbatim() -> None:
    one = sale()
    for lines, private in (
        (None, one.stored.private),
        (one.stored.lines, None),
        (b"\x00", one.stored.private),
        (one.stored.lines, b"\x00"),
    ):
        broken = replace(one.stored, lines=lines, private=private)
        batch = pack_batch([broken])
        contents = read_batch(batch, first=0)
        assert list(contents.parts.lines) == [lines]
        assert list(contents.parts.private) == [private]
        assert contents.in_columns == [False]


def test_a_stored_entry_that_is_no_cbor_is_not_packed() -> None:
    with pytest.raises(Malformed):
        pack_batch([replace(STORED[1], payload=b"\xff")])
    with pytest.raises(AssertionError):
        pack_batch([replace(STORED[1], lines=b"\x82\x00")])


# -- what is not what was packed


def test_another_base_or_device_is_found_in_the_first_block() -> None:
    for base in (Head(1, FIRST_HEAD.prev), Head(0, bytes(32))):
        first = base.sequence
        assert rebuilt(MARKET_BATCH, base) == [Broken(first, first + 31)]
    assert rebuilt(MARKET_BATCH, device=DEVICE + 1) == [Broken(0, 31)]


def test_a_block_that_is_broken_leaves_those_before_it() -> None:
    header = Batch.from_cbor(MARKET_BATCH)
    for checks, first, last in (
        (bytes(8) + header.checks[8:], 0, 31),
        (header.checks[:8] + bytes(8), 32, 42),
    ):
        *before, broken = rebuilt(replace(header, checks=checks).to_cbor())
        assert broken == Broken(first, last)
        assert len(before) == first


def test_blocks_end_after_32_entries() -> None:
    for count, blocks in ((1, 1), (32, 1), (33, 2)):
        assert len(Batch.from_cbor(pack_batch(BOUGHT[:count])).checks) == 8 * blocks


def test_where_nothing_is_in_columns_the_signatures_alone_decide() -> None:
    batch = replace(Batch.from_cbor(pack_batch(BOUGHT, verbatim=range(43))), checks=bytes(16)).to_cbor()
    assert stored(batch) == BOUGHT


def test_a_flipped_byte_anywhere_in_a_batch_is_found() -> None:
    few = pack_batch(BOUGHT[:8])
    whole = told(few)
    for at in range(len(few)):
        flipped = few[:at] + bytes((few[at] ^ 0x10,)) + few[at + 1 :]
        assert told(flipped) != whole


def test_a_flipped_byte_anywhere_in_the_columns_is_found() -> None:
    few = Batch.from_cbor(pack_batch(BOUGHT[:12]))
    data, whole = spread(few.to_cbor()), told(few.to_cbor())
    for at in range(len(data)):
        flipped = data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :]
        assert told(replace(few, columns=pressed(flipped)).to_cbor()) != whole


def test_a_truncated_batch_is_found() -> None:
    for size in range(0, len(MARKET_BATCH), 5):
        with pytest.raises(Malformed, match=r"^batch"):
            rebuilt(MARKET_BATCH[:size])


def test_too_many_entries_are_refused_by_both_sides() -> None:
    with pytest.raises(AssertionError):
        pack_batch(STORED[1:2] * 201)
    assert len(read_batch(pack_batch(STORED[1:2] * 200), first=1).in_columns) == 200


@pytest.mark.parametrize("data", [b"", b"\xff\xff", b"\x80", b"\xa0", cbor.encode({0: 1})])
def test_what_is_no_batch_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed, match=r"^batch"):
        rebuilt(data)


@given(st.binary(max_size=300))
def test_chance_bytes_raise_wire_errors_only(data: bytes) -> None:
    few = Batch.from_cbor(pack_batch(BOUGHT[:3]))
    for batch in (data, replace(few, columns=data).to_cbor(), replace(few, columns=pressed(data)).to_cbor()):
        with pytest.raises(WireError):
            rebuilt(batch)


@given(st.data())
def test_mutated_columns_raise_wire_errors_only_or_are_purchases(data: st.DataObject) -> None:
    header = Batch.from_cbor(pack_batch(BOUGHT[:12]))
    whole = bytearray(spread(header.to_cbor()))
    for _ in range(data.draw(st.integers(1, 3))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    mutated = replace(header, columns=pressed(bytes(whole))).to_cbor()
    if told(mutated) == "batch":
        return
    contents = read_batch(mutated, first=0)
    for said, lines, private, usual in zip(*contents.parts, contents.in_columns, strict=True):
        if usual:
            head = Head(0, bytes(32))
            (payload,), _, _ = entry.links(head, [said], [b""], [b""], device=DEVICE, public=KEY.public)
            one = EntryBytes(payload=payload, lines=lines, private=private, signature=bytes(64))
            assert isinstance(entry.opened(one, bytes(32)).fact, facts.Purchase)


def test_every_kind_is_packed() -> None:
    assert {each.kind for each in JOURNAL} == set(EntryKind)
    assert opened(chain(draft(EntryKind.CASH_SALE), draft(EntryKind.PURCHASE)))
