"""The QR of a receipt: an entry that proves itself to anybody who holds the root's delegations.

    "R1:" + base45(CBOR [sequence, prev, kind, time, boot, public, lines or their hash, private hash, signature, slim])

Device and shop stand in the slim credential; the payload is rebuilt from these parts. Where the lines do not fit, their
hash stands instead. Under a mandate the slim credential carries it, until the center has replaced both. No URL, no name, nothing of the household.
"""

from __future__ import annotations

import hashlib

from msgspec import Struct

from sync.wire import base45, cbor, cose
from sync.wire.credential import SlimCredential, TrustedKeys, verify_slim
from sync.wire.entry import (
    CONTEXT,
    HASH_BYTES,
    VERSION,
    Entry,
    EntryBytes,
    Payload,
    TimeInterval,
    lines_from_bytes,
)
from sync.wire.errors import Expired, Malformed
from sync.wire.facts import FACT_OF_KIND, Fact, Line
from sync.wire.kinds import EntryKind
from sync.wire.record import Record, array_record, item
from sync.wire.shapes import chosen_by, nested, octets, one_of, optional, uint, verbatim

PREFIX = "R1:"
RECEIPT_BYTES_MAX = 2048
"""Above the longest that can be made: the hash of the lines and LEGS_MAX legs of the widest numbers."""
FITS_BYTES = 487
"""With the prefix, 734 characters: version 17 at level M, the largest QR on 58 mm paper at 4 dots a module."""
MANDATED_FITS_BYTES = 623
"""The same at level L, 938 characters, where a slim mandate takes the room of the lines."""
_HASH_START = cbor.head(cbor.BYTES, HASH_BYTES)


@array_record
class _Parts(Record):
    sequence: int = item(0, uint())
    prev: bytes = item(1, octets(HASH_BYTES))
    kind: EntryKind = item(2, one_of(EntryKind))
    time: TimeInterval = item(3, nested(TimeInterval))
    boot: int = item(4, uint())
    public: Fact = item(5, chosen_by("kind", FACT_OF_KIND))
    lines: bytes | None = item(6, optional(verbatim()), default=None)
    private_hash: bytes | None = item(7, optional(octets(HASH_BYTES)), default=None)
    signature: bytes = item(8, octets(cose.SIGNATURE_BYTES))
    slim: SlimCredential = item(9, nested(SlimCredential))


class VerifiedReceipt(Struct, frozen=True):
    """What a receipt proves: valid when signed. Whether it was voided later, paper cannot know.

    `lines` is None where the QR carried only their hash; `stored` is the entry as far as it stands there, without what is private.
    """

    slim: SlimCredential
    sequence: int
    time: TimeInterval
    fact: Fact
    lines: tuple[Line, ...] | None
    hash: bytes
    stored: EntryBytes


def to_qr(entry: Entry, slim: SlimCredential) -> str:
    """The text of the QR for `entry`, with its lines if they fit."""
    payload = Payload.from_cbor(entry.stored.payload)
    data = _pack(payload, entry.stored.lines, entry.stored.signature, slim)
    if len(data) > room_bytes(slim) and payload.lines_hash is not None:
        data = _pack(payload, cbor.encode(payload.lines_hash), entry.stored.signature, slim)
    return PREFIX + base45.encode(data)


def room_bytes(slim: SlimCredential) -> int:
    """How many bytes a QR may hold, so that 58 mm paper takes it."""
    return FITS_BYTES if isinstance(slim.issuer, int) else MANDATED_FITS_BYTES


def verify(text: str, trusted: TrustedKeys) -> VerifiedReceipt:
    """What the scanned text proves. Raises: Malformed, NotAuthentic."""
    if not text.startswith(PREFIX):
        raise Malformed("receipt", "does not begin with R1:")
    parts = _Parts.from_cbor(
        base45.decode(text[len(PREFIX) :], where="receipt"), bytes_max=RECEIPT_BYTES_MAX, where="receipt"
    )
    key = verify_slim(parts.slim, trusted)
    if parts.time.not_before_s > parts.slim.until_s:
        raise Expired("receipt", "was made after its device's credential had ended")
    lines, lines_hash = _lines(parts.lines)
    payload = Payload(
        version=VERSION, device=parts.slim.device, sequence=parts.sequence, prev=parts.prev, kind=parts.kind,
        time=parts.time, boot=parts.boot, public=parts.public, lines_hash=lines_hash, private_hash=parts.private_hash,
    ).to_cbor()  # fmt: skip
    signed_bytes = cose.to_be_signed(payload, public=key.public, context=CONTEXT)
    key.verify(parts.signature, signed_bytes, what=f"receipt {parts.slim.device}-{parts.sequence}")
    stored = EntryBytes(
        payload=payload, lines=None if lines is None else parts.lines, private=None, signature=parts.signature
    )
    return VerifiedReceipt(
        parts.slim,
        parts.sequence,
        parts.time,
        parts.public,
        lines,
        hashlib.sha256(signed_bytes).digest(),
        stored,
    )


def _pack(payload: Payload, lines: bytes | None, signature: bytes, slim: SlimCredential) -> bytes:
    return _Parts(
        sequence=payload.sequence, prev=payload.prev, kind=payload.kind, time=payload.time, boot=payload.boot,
        public=payload.public, lines=lines, private_hash=payload.private_hash, signature=signature, slim=slim,
    ).to_cbor()  # fmt: skip


def _lines(given: bytes | None) -> tuple[tuple[Line, ...] | None, bytes | None]:
    if given is None:
        return None, None
    if given.startswith(_HASH_START):
        return None, given[len(_HASH_START) :]
    return lines_from_bytes(given, where="receipt.lines"), hashlib.sha256(given).digest()
