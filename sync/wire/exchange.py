"""One round trip between device and center, and the batch inside it (envelope version 1).

    request  "here are my entries from `base` on; I have your mail up to `mail_number`"
    answer   "I hold your journal up to `held` with head `head`; mail from there on; signed time"

A batch is raw deflate (RFC 1951) over CBOR [[kind, time, boot, public, lines, private, signature], ...]. What the
receiver can recompute is not sent: version, device, sequence, prev and hashes. Signed bytes are rebuilt from the batch,
the head it names as its base and the blinding key. Entries repeat byte-identically; the envelope is fresh each time.
"""

from __future__ import annotations

import hashlib
import zlib
from functools import partial
from typing import TYPE_CHECKING

from sync.wire import cbor, cose
from sync.wire.compiled import Many
from sync.wire.entry import CONTEXT as ENTRY_CONTEXT
from sync.wire.entry import (
    Entry,
    EntryBytes,
    Head,
    Payload,
    PrivatePart,
    TimeInterval,
    blinded_hash,
    payload_bytes,
)
from sync.wire.errors import Malformed
from sync.wire.facts import FACT_OF_KIND, LINES_MAX, Fact, Line
from sync.wire.kinds import EntryKind
from sync.wire.record import Record, array_record, item, record
from sync.wire.shapes import chosen_by, list_of, nested, octets, one_of, optional, uint, verbatim, with_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sync.wire.cose import VerifyingKey

VERSION = 1
REQUEST_CONTEXT = "sofreh/exchange-request/1"
ANSWER_CONTEXT = "sofreh/exchange-answer/1"
BATCH_ENTRIES_MAX = 200
BATCH_BYTES_MAX = 1 << 20
"""Of an inflated batch."""
REQUEST_BYTES_MAX = 512 << 10
ANSWER_BYTES_MAX = 4 << 20
ANSWER_MAIL_MAX = 50


@record
class ExchangeRequest(Record):
    """Signed by the device key. `base` is the sequence of the batch's first entry, `base_prev` the hash before it.
    `statement` and `held` are what the last believed answer said, in `epoch`; `returned` is mail that a restored center
    asked for; `mail_bytes` is how much mail the line takes at once, one item at least.
    """

    version: int = item(0, uint(255))
    device: int = item(1, uint())
    nonce: bytes = item(2, octets(16))
    mail_number: int = item(3, uint())
    mail_hash: bytes = item(4, octets(32))
    epoch: int = item(5, uint())
    base: int = item(6, uint())
    base_prev: bytes = item(7, octets(32))
    batch: bytes = item(8, octets(most=REQUEST_BYTES_MAX))
    statement: int | None = item(9, optional(uint()), default=None)
    held: int | None = item(10, optional(uint()), default=None)
    returned: tuple[bytes, ...] | None = item(
        11, optional(list_of(octets(most=1 << 20), ANSWER_MAIL_MAX)), default=None
    )
    mail_bytes: int | None = item(13, optional(uint()), default=None)


@record
class ExchangeAnswer(Record):
    """Signed by the mail key. `held` is the next sequence that the center expects, `head` the hash before it. A center that
    lost its own mail asks for what this device has, from number `mail_from` on.
    """

    version: int = item(0, uint(255))
    device: int = item(1, uint())
    nonce: bytes = item(2, octets(16))
    epoch: int = item(3, uint())
    statement: int = item(4, uint())
    held: int = item(5, uint())
    head: bytes = item(6, octets(32))
    mail: tuple[bytes, ...] = item(7, list_of(octets(most=1 << 20), ANSWER_MAIL_MAX))
    mail_last: int = item(8, uint())
    now_s: int = item(9, uint())
    mail_from: int | None = item(10, optional(uint()), default=None)


@array_record
class _Row(Record):
    """An entry in a batch, as bytes: an entry that only a newer center understands still has its place and its hash."""

    kind: bytes = item(0, verbatim())
    time: bytes = item(1, verbatim())
    boot: bytes = item(2, verbatim())
    public: bytes = item(3, verbatim())
    lines: bytes | None = item(4, optional(verbatim()), default=None)
    private: bytes | None = item(5, optional(verbatim()), default=None)
    signature: bytes = item(6, octets(cose.SIGNATURE_BYTES))


@array_record
class _ReadRow(Record):
    """The same, understood: pairs of a value and its bytes."""

    kind: EntryKind = item(0, one_of(EntryKind))
    time: tuple[TimeInterval, bytes] = item(1, with_bytes(nested(TimeInterval)))
    boot: int = item(2, uint())
    public: tuple[Fact, bytes] = item(3, with_bytes(chosen_by("kind", FACT_OF_KIND)))
    lines: tuple[tuple[Line, ...], bytes] | None = item(
        4, optional(with_bytes(list_of(nested(Line), LINES_MAX))), default=None
    )
    private: tuple[PrivatePart, bytes] | None = item(
        5, optional(with_bytes(nested(PrivatePart))), default=None
    )
    signature: bytes = item(6, octets(cose.SIGNATURE_BYTES))


def pack_batch(entries: Iterable[EntryBytes]) -> bytes:
    """The bytes of consecutive entries, at most BATCH_ENTRIES_MAX of them."""
    rows = [_row(stored).to_cbor() for stored in entries]
    assert len(rows) <= BATCH_ENTRIES_MAX, "a batch is bounded"
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    return compressor.compress(cbor.head(cbor.ARRAY, len(rows)) + b"".join(rows)) + compressor.flush()


def unpack_batch(
    batch: bytes, base: Head, *, device: int, key: VerifyingKey, blinding_key: bytes
) -> Iterator[EntryBytes]:
    """The entries' stored bytes, rebuilt one after the other from `base` on, understood or not; signatures are still to
    be checked. For who must go on behind an entry that `open_batch` refuses.

    Raises: Malformed, for the batch as a whole.
    """
    return rebuild_batch(
        batch, base, device=device, key=key, private_hash=partial(blinded_hash, blinding_key=blinding_key)
    )


def rebuild_batch(
    batch: bytes, base: Head, *, device: int, key: VerifyingKey, private_hash: Callable[[bytes, int], bytes]
) -> Iterator[EntryBytes]:
    """The same, where `private_hash` says the hash of a private part at a sequence number. Raises: Malformed."""
    rows: tuple[_Row, ...] = cbor.whole(
        _VERBATIM_ROWS.read, _inflated(batch), where="batch", bytes_max=BATCH_BYTES_MAX
    )
    head = base
    for row in rows:
        payload = payload_bytes(
            head,
            device=device,
            kind=row.kind,
            time=row.time,
            boot=row.boot,
            public=row.public,
            lines_hash=None if row.lines is None else hashlib.sha256(row.lines).digest(),
            private_hash=None if row.private is None else private_hash(row.private, head.sequence),
        )
        signed_bytes = cose.to_be_signed(payload, public=key.public, context=ENTRY_CONTEXT)
        head = Head(head.sequence + 1, hashlib.sha256(signed_bytes).digest())
        yield EntryBytes(payload=payload, lines=row.lines, private=row.private, signature=row.signature)


def open_batch(
    batch: bytes, base: Head, *, device: int, key: VerifyingKey, blinding_key: bytes
) -> list[Entry]:
    """The verified entries of a batch. Raises: Malformed, NotAuthentic, naming the entry.

    All are read, then all rebuilt, then all verified: step by step for each is a fifth slower, as every signature check
    drives the interpreter out of the processor's caches.
    """
    rows = cbor.whole(
        partial(_read_rows, base.sequence), _inflated(batch), where="batch", bytes_max=BATCH_BYTES_MAX
    )
    head = base
    entries = []
    signed = []
    for row in rows:
        payload = _payload(row, head, device=device, blinding_key=blinding_key)
        signed_bytes = cose.to_be_signed(payload, public=key.public, context=ENTRY_CONTEXT)
        entry = _entry(row, payload, hashlib.sha256(signed_bytes).digest(), head, device=device)
        head = entry.next_head
        entries.append(entry)
        signed.append(signed_bytes)
    for entry, signed_bytes in zip(entries, signed, strict=True):
        key.verify(entry.stored.signature, signed_bytes, what=f"entry {entry.sequence}")
    return entries


def _read_rows(first: int, data: bytes, at: int) -> tuple[list[_ReadRow], int]:
    count, at = cbor.read_count(data, at, cbor.ARRAY)
    if not 0 <= count <= BATCH_ENTRIES_MAX:
        raise Malformed("", f"not an array of at most {BATCH_ENTRIES_MAX}")
    rows = []
    for sequence in range(first, first + count):
        try:
            row, at = _ReadRow.read(data, at)
        except Malformed as error:
            raise error.within(f".entry {sequence}") from None
        rows.append(row)
    return rows, at


def _payload(row: _ReadRow, head: Head, *, device: int, blinding_key: bytes) -> bytes:
    return payload_bytes(
        head,
        device=device,
        kind=cbor.head(cbor.UINT, row.kind),
        time=row.time[1],
        boot=cbor.head(cbor.UINT, row.boot),
        public=row.public[1],
        lines_hash=None if row.lines is None else hashlib.sha256(row.lines[1]).digest(),
        private_hash=None
        if row.private is None
        else blinded_hash(row.private[1], head.sequence, blinding_key),
    )


def _entry(row: _ReadRow, payload: bytes, hash_: bytes, head: Head, *, device: int) -> Entry:
    lines, lines_bytes = row.lines or ((), None)
    private, private_bytes = row.private or (None, None)
    return Entry(
        device, head.sequence, head.prev, row.public[0], row.time[0], row.boot, lines, private, hash_,
        row.public[1],
        EntryBytes(payload=payload, lines=lines_bytes, private=private_bytes, signature=row.signature),
    )  # fmt: skip


def _row(stored: EntryBytes) -> _Row:
    payload = Payload.from_cbor(stored.payload)
    return _Row(
        kind=cbor.head(cbor.UINT, payload.kind), time=payload.time.to_cbor(), boot=cbor.head(cbor.UINT, payload.boot),
        public=payload.public.to_cbor(), lines=stored.lines, private=stored.private, signature=stored.signature,
    )  # fmt: skip


def _inflated(batch: bytes) -> bytes:
    inflater = zlib.decompressobj(-15)
    try:
        data = inflater.decompress(batch, BATCH_BYTES_MAX)
    except zlib.error:
        raise Malformed("batch", "not deflated data") from None
    if not inflater.eof or inflater.unused_data:
        raise Malformed("batch", f"truncated, with bytes left over, or over {BATCH_BYTES_MAX} bytes inflated")
    return data


_VERBATIM_ROWS = Many(nested(_Row), BATCH_ENTRIES_MAX)
