"""A batch: consecutive entries of one device, packed small, and rebuilt to the bytes that were signed.

    full     each entry's own signature travels
    lean     only the last one's does: it binds every entry chained before it; the others' may follow

Sent is only what the receiver cannot compute: it needs the batch, the dictionary that the batch names (if any), the head that
it begins at and the blinding key. Purchases travel in columns, all else as it was written. SHA-256 of the payload at the end
of every 32 entries shows where rebuilding went wrong; then the entries there are asked for verbatim. All entries are of one
key, the request's; none is missing between two. Where a block has nothing in columns, its signatures say it alone.
"""

from __future__ import annotations

import hashlib
import struct
from itertools import compress, count
from operator import not_
from typing import TYPE_CHECKING, NamedTuple

from sync.wire import cbor, cose
from sync.wire.batches.batch_purchases import Parts, read_purchases
from sync.wire.batches.batch_tables import NOTHING_KNOWN
from sync.wire.batches.batch_writing import Sold, sold, steady, write_purchases
from sync.wire.batches.columns import ColumnReader, column, pressed, unpressed
from sync.wire.entry import EntryBytes, Head, Payload, lines_fields, links, private_fields, said_bytes
from sync.wire.errors import HashDiffers, Malformed
from sync.wire.exchange import BATCH_ENTRIES_MAX
from sync.wire.record import Record, array_record, item, record
from sync.wire.shapes import flag, octets, optional, uint, verbatim

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sync.wire.batches.batch_tables import Dictionary

BATCH_BYTES_MAX = 1 << 20
"""Of the columns, once they are no longer pressed."""
BLOCK_ENTRIES = 32
CHECK_BYTES = 8


@record
class Batch(Record):
    """What travels. `checks` are 8 bytes a block, `signatures` 64 an entry (lean: 64 in all), `proofs` 8 a purchase without
    a code; none of these can be pressed.
    """

    count: int = item(0, uint(BATCH_ENTRIES_MAX))
    lean: bool = item(1, flag())
    checks: bytes = item(2, octets(most=BATCH_ENTRIES_MAX))
    signatures: bytes = item(3, octets(most=BATCH_ENTRIES_MAX * cose.SIGNATURE_BYTES))
    proofs: bytes = item(4, octets(most=BATCH_ENTRIES_MAX * 8))
    columns: bytes = item(5, octets(most=BATCH_BYTES_MAX))
    dictionary: bytes | None = item(6, optional(octets(32)), default=None)


@array_record
class Verbatim(Record):
    """An entry as bytes: one that only a newer center understands still has its place and its hash."""

    kind: bytes = item(0, verbatim())
    time: bytes = item(1, verbatim())
    boot: bytes = item(2, verbatim())
    public: bytes = item(3, verbatim())
    lines: bytes | None = item(4, optional(verbatim()), default=None)
    private: bytes | None = item(5, optional(verbatim()), default=None)

    @property
    def parts(self) -> tuple[bytes, bytes | None, bytes | None]:
        """Its parts, as they come out of columns too."""
        said = said_bytes(kind=self.kind, time=self.time, boot=self.boot, public=self.public)
        return said, self.lines, self.private


class Contents(NamedTuple):
    """A batch that was read: the parts of its entries, which of them came out of columns, and what is to be held against them."""

    batch: Batch
    in_columns: list[bool]
    parts: Parts

    @property
    def signatures(self) -> list[bytes]:
        """Each entry's own; empty where it does not travel."""
        size, joined = cose.SIGNATURE_BYTES, self.batch.signatures
        if self.batch.lean:
            return [b""] * (self.batch.count - 1) + [joined]
        return [joined[at : at + size] for at in range(0, len(joined), size)]


class Broken(NamedTuple):
    """Sequence numbers, both ends included, of a block that was rebuilt to something else than was packed."""

    first: int
    last: int


class Rebuilt(NamedTuple):
    """Entries as they were signed, each list by entry, up to a block that is `broken`. The bytes of those that came in columns
    are a purchase's; those of the others nobody has read yet.
    """

    stored: list[EntryBytes]
    signed_bytes: list[bytes]
    hashes: list[bytes]
    broken: Broken | None = None


def dictionary_named(batch: bytes) -> bytes | None:
    """The name of the dictionary without which a batch cannot be read. Raises: Malformed."""
    return _header(batch).dictionary


def size_of(batch: bytes) -> int:
    """How many entries a batch says that it has. Raises: Malformed."""
    return _header(batch).count


def read_batch(batch: bytes, *, first: int, known: Dictionary | None = None) -> Contents:
    """The parts of the entries in a batch whose first has sequence number `first`. Raises: Malformed, HashDiffers."""
    header = _header(batch)
    if header.dictionary != (None if known is None else known.hash):
        raise HashDiffers("batch.dictionary", "is not at hand")
    data = unpressed(header.columns, bytes_max=BATCH_BYTES_MAX, where="batch.columns")
    try:
        in_columns, parts = _read_parts(data, header, first, known or NOTHING_KNOWN)
    except Malformed as error:
        raise error.within("batch") from None
    except (IndexError, struct.error):
        raise Malformed("batch", "the bytes end too early") from None
    return Contents(header, in_columns, parts)


def rebuild(
    contents: Contents,
    base: Head,
    *,
    device: int,
    public: bytes,
    blinds: Callable[[Sequence[int]], Iterable[bytes]],
) -> Rebuilt:
    """The entries from `base` on. `blinds` gives those of the private parts at these sequence numbers. Signatures are still to
    be checked.
    """
    said, lines, private = contents.parts
    whose = [sequence for sequence, one in enumerate(private, base.sequence) if one is not None]
    payloads, signed_bytes, hashes = links(
        base, said, lines_fields(lines), private_fields(private, blinds(whose)), device=device, public=public
    )
    stored = [
        EntryBytes(payload=payload, lines=its_lines, private=its_private, signature=signature)
        for payload, its_lines, its_private, signature in zip(
            payloads, lines, private, contents.signatures, strict=True
        )
    ]
    for start in range(0, len(stored), BLOCK_ENTRIES):
        end = min(start + BLOCK_ENTRIES, len(stored))
        at = start // BLOCK_ENTRIES * CHECK_BYTES
        # What was not in columns cannot have been rebuilt wrongly: there the signatures alone decide.
        if (
            any(contents.in_columns[start:end])
            and _check(payloads[end - 1]) != contents.batch.checks[at : at + CHECK_BYTES]
        ):
            broken = Broken(base.sequence + start, base.sequence + end - 1)
            return Rebuilt(stored[:start], signed_bytes[:start], hashes[:start], broken)
    return Rebuilt(stored, signed_bytes, hashes)


def _check(payload: bytes) -> bytes:
    return hashlib.sha256(payload).digest()[:CHECK_BYTES]


def _header(batch: bytes) -> Batch:
    header = Batch.from_cbor(batch, where="batch")
    blocks = -(-header.count // BLOCK_ENTRIES)
    signatures = 1 if header.lean else header.count
    if not header.count:
        raise Malformed("batch.count", "holds no entry")
    if len(header.checks) != blocks * CHECK_BYTES:
        raise Malformed("batch.checks", f"not {CHECK_BYTES} bytes for each {BLOCK_ENTRIES} entries")
    if len(header.signatures) != signatures * cose.SIGNATURE_BYTES:
        raise Malformed("batch.signatures", f"not {cose.SIGNATURE_BYTES} bytes each")
    return header


def _read_parts(data: bytes, header: Batch, first: int, known: Dictionary) -> tuple[list[bool], Parts]:
    """Which entries are in columns, and the parts of all."""
    columns = ColumnReader(data)
    forms = columns.take("form", header.count, 1)
    in_columns = list(map(bool, forms))
    purchases = read_purchases(columns, list(compress(count(first), in_columns)), header.proofs, known)
    others = _verbatim(columns.rest(), compress(count(first), map(not_, in_columns)))
    return in_columns, purchases if all(in_columns) else _merged(in_columns, purchases, others)


def _merged(in_columns: list[bool], purchases: Parts, others: list[Verbatim]) -> Parts:
    usual, other = zip(*purchases, strict=True), (one.parts for one in others)
    said, lines, private = zip(*[next(usual if is_usual else other) for is_usual in in_columns], strict=True)
    return Parts(said, lines, private)


def _verbatim(data: bytes, sequences: Iterable[int]) -> list[Verbatim]:
    at, entries = 0, []
    for sequence in sequences:
        try:
            one, at = Verbatim.read(data, at)
        except Malformed as error:
            raise error.within(f".entry {sequence}") from None
        entries.append(one)
    if at != len(data):
        raise Malformed("", "the bytes end too early" if at > len(data) else "bytes are left over")
    return entries


def pack_batch(
    entries: Iterable[EntryBytes],
    *,
    lean: bool = False,
    verbatim: range = range(0),
    dictionary: Dictionary | None = None,
) -> bytes:
    """The bytes of consecutive entries, at most BATCH_ENTRIES_MAX of them (no bytes for none); those numbered in `verbatim` as they were written.

    What columns would not give back byte for byte travels verbatim too. Raises: Malformed, when stored bytes are none.
    """
    stored = list(entries)
    assert len(stored) <= BATCH_ENTRIES_MAX, "a batch is bounded"
    if not stored:
        return b""
    payloads = [Payload.from_cbor(one.payload) for one in stored]
    written = [_verbatim_of(*pair) for pair in zip(payloads, stored, strict=True)]
    usual = filter(None, map(sold, payloads, stored))
    purchases = list(steady(one for one in usual if one.sequence not in verbatim))
    packing = _Packing(stored, written, payloads[0].sequence, dictionary, lean)
    while True:
        packed = packing.packed(purchases)
        lost = packing.lost(packed) if purchases else set()
        if not lost:
            return packed
        purchases = [one for one in purchases if one.sequence not in lost]


class _Packing(NamedTuple):
    """Entries that are to be packed, and their parts as they were written."""

    stored: list[EntryBytes]
    written: list[Verbatim]
    first: int
    dictionary: Dictionary | None
    lean: bool

    def packed(self, purchases: Sequence[Sold]) -> bytes:
        """The batch where these purchases stand in columns."""
        count = len(self.written)
        usual = {one.sequence for one in purchases}
        columns = [column([int(sequence in usual) for sequence in range(self.first, self.first + count)])]
        if purchases:
            columns.append(write_purchases(purchases, self.dictionary or NOTHING_KNOWN))
        columns += [
            one.to_cbor() for sequence, one in enumerate(self.written, self.first) if sequence not in usual
        ]
        ends = [*range(BLOCK_ENTRIES - 1, count - 1, BLOCK_ENTRIES), count - 1]
        return Batch(
            count=count, lean=self.lean, checks=b"".join(_check(self.stored[end].payload) for end in ends),
            signatures=b"".join(one.signature for one in self.stored[-1 if self.lean else 0 :]),
            proofs=b"".join(one.private.proof or b"" for one in purchases),
            columns=pressed(b"".join(columns)), dictionary=None if self.dictionary is None else self.dictionary.hash,
        ).to_cbor()  # fmt: skip

    def lost(self, packed: bytes) -> set[int]:
        """The entries that would not come back as they were."""
        everything = range(self.first, self.first + len(self.written))
        try:
            contents = read_batch(packed, first=self.first, known=self.dictionary)
        except Malformed:
            return set(everything)
        return {
            sequence
            for sequence, was, *is_now in zip(everything, self.written, *contents.parts, strict=True)
            if was.parts != tuple(is_now)
        }


def _verbatim_of(payload: Payload, stored: EntryBytes) -> Verbatim:
    return Verbatim(
        kind=cbor.head(cbor.UINT, payload.kind), time=payload.time.to_cbor(), boot=cbor.head(cbor.UINT, payload.boot),
        public=payload.public.to_cbor(), lines=stored.lines, private=stored.private,
    )  # fmt: skip
