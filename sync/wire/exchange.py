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
from collections.abc import Iterable, Iterator, Sequence

from sync.wire import cbor, cose
from sync.wire.cose import VerifyingKey
from sync.wire.entry import CONTEXT as ENTRY_CONTEXT
from sync.wire.entry import VERSION as ENTRY_VERSION
from sync.wire.entry import Entry, EntryBytes, Head, Payload, TimeInterval, blinded_hash, reopen
from sync.wire.errors import Malformed
from sync.wire.kinds import EntryKind
from sync.wire.record import Record, item, record
from sync.wire.shapes import anything, list_of, nested, octets, one_of, optional, uint

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
    """Signed by the device key. `base` is the sequence of the batch's first entry, `base_prev` the hash before it."""

    version: int = item(0, uint(255))
    device: int = item(1, uint())
    nonce: bytes = item(2, octets(16))
    mail_number: int = item(3, uint())
    mail_hash: bytes = item(4, octets(32))
    epoch: int = item(5, uint())
    base: int = item(6, uint())
    base_prev: bytes = item(7, octets(32))
    batch: bytes = item(8, octets(most=REQUEST_BYTES_MAX))


@record
class ExchangeAnswer(Record):
    """Signed by the mail key. `held` is the next sequence that the center expects, `head` the hash before it."""

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


@record
class _Row(Record, array=True):
    kind: EntryKind = item(0, one_of(EntryKind))
    time: TimeInterval = item(1, nested(TimeInterval))
    boot: int = item(2, uint())
    public: dict[int, object] = item(3, anything())
    lines: object = item(4, optional(anything()))
    private: object = item(5, optional(anything()))
    signature: bytes = item(6, octets(cose.SIGNATURE_BYTES))


def pack_batch(entries: Iterable[EntryBytes]) -> bytes:
    """The bytes of consecutive entries, at most BATCH_ENTRIES_MAX of them."""
    rows = [_row(stored).to_value() for stored in entries]
    assert len(rows) <= BATCH_ENTRIES_MAX, "a batch is bounded"
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    return compressor.compress(cbor.encode(rows)) + compressor.flush()


def unpack_batch(batch: bytes, base: Head, *, device: int, key: VerifyingKey, blinding_key: bytes) -> Iterator[EntryBytes]:
    """The entries' stored bytes, rebuilt one after the other from `base` on; signatures are still to be checked.

    Raises: Malformed, naming the entry.
    """
    rows = _inflated_rows(batch)
    head = base
    for index, value in enumerate(rows):
        row = _Row.from_value(value, f"batch[{index}]")
        stored = _rebuilt(row, head, device=device, blinding_key=blinding_key)
        signed_bytes = cose.to_be_signed(stored.payload, public=key.public, context=ENTRY_CONTEXT)
        head = Head(head.sequence + 1, hashlib.sha256(signed_bytes).digest())
        yield stored


def _row(stored: EntryBytes) -> _Row:
    payload = Payload.from_cbor(stored.payload)
    return _Row(
        kind=payload.kind, time=payload.time, boot=payload.boot, public=payload.public,
        lines=_value(stored.lines), private=_value(stored.private), signature=stored.signature,
    )  # fmt: skip


def _value(part: bytes | None) -> object:
    return None if part is None else cbor.decode(part, where="part", bytes_max=1 << 16)


def _inflated_rows(batch: bytes) -> Sequence[object]:
    inflater = zlib.decompressobj(-15)
    try:
        data = inflater.decompress(batch, BATCH_BYTES_MAX)
    except zlib.error:
        raise Malformed("batch", "not deflated data") from None
    if not inflater.eof or inflater.unused_data:
        raise Malformed("batch", f"truncated, with bytes left over, or over {BATCH_BYTES_MAX} bytes inflated")
    rows = cbor.decode(data, where="batch", bytes_max=BATCH_BYTES_MAX)
    if type(rows) is not list or len(rows) > BATCH_ENTRIES_MAX:
        raise Malformed("batch", f"not an array of at most {BATCH_ENTRIES_MAX} entries")
    return rows


def _rebuilt(row: _Row, head: Head, *, device: int, blinding_key: bytes) -> EntryBytes:
    lines = None if row.lines is None else cbor.encode(row.lines)
    private = None if row.private is None else cbor.encode(row.private)
    payload = Payload(
        version=ENTRY_VERSION,
        device=device,
        sequence=head.sequence,
        prev=head.prev,
        kind=row.kind,
        time=row.time,
        boot=row.boot,
        public=row.public,
        lines_hash=None if lines is None else hashlib.sha256(lines).digest(),
        private_hash=None if private is None else blinded_hash(private, head.sequence, blinding_key),
    )
    return EntryBytes(payload=payload.to_cbor(), lines=lines, private=private, signature=row.signature)


def open_batch(batch: bytes, base: Head, *, device: int, key: VerifyingKey, blinding_key: bytes) -> list[Entry]:
    """The verified entries of a batch. Raises: Malformed, NotAuthentic, naming the entry."""
    rebuilt = unpack_batch(batch, base, device=device, key=key, blinding_key=blinding_key)
    return [
        reopen(stored, key=key, blinding_key=blinding_key, what=f"entry {base.sequence + index}")
        for index, stored in enumerate(rebuilt)
    ]
