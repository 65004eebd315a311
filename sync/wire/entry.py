"""One entry of a device's journal: what is hashed, what is signed, what stays private.

    payload = {0: version, 1: device, 2: sequence, 3: prev, 4: kind, 5: time, 6: boot, 7: public part,
               8: SHA-256 of the lines, 9: SHA-256 of blind + private part}        deterministic CBOR
    hash    = SHA-256 of the Sig_structure over the payload; the next entry's `prev`, never made of a signature

The lines and the private part travel beside the payload. The blind is derived from a key that only device and center
hold, so paper and exports show nothing of the private part and no bytes are spent.
Who verifies calls `reopen`; it must not know where the bytes come from.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, replace

from sync.wire import cbor, cose
from sync.wire.cose import SigningKey, VerifyingKey
from sync.wire.errors import Malformed, NotAuthentic
from sync.wire.facts import FACT_OF_KIND, KIND_OF_FACT, LINES_MAX, Fact, Line, Purchase
from sync.wire.kinds import EntryKind, Grade
from sync.wire.proof import household_proof
from sync.wire.record import Record, item, record
from sync.wire.shapes import anything, list_of, nested, octets, one_of, optional, text, uint

VERSION = 1
CONTEXT = "sofreh/entry/1"
HASH_BYTES = 32
PAYLOAD_BYTES_MAX = 4096
PART_BYTES_MAX = 8192


@record
class TimeInterval(Record, array=True):
    """The moment lies in [not_before_s, not_before_s + span_s], Unix seconds, as far as `grade` is to be believed."""

    not_before_s: int = item(0, uint())
    span_s: int = item(1, uint())
    grade: Grade = item(2, one_of(Grade))

    @property
    def not_after_s(self) -> int:
        """Upper end of the interval."""
        return self.not_before_s + self.span_s


@record
class PrivatePart(Record):
    """What only the center may read: who bought, and the proof that they stood there."""

    household: int | None = item(0, optional(uint()))
    card: int | None = item(1, optional(uint()))
    proof: bytes | None = item(2, optional(octets(8)))
    code: str | None = item(3, optional(text(8)))
    code_entry: int | None = item(4, optional(uint()))
    code_hash: bytes | None = item(5, optional(octets(16)))


@record
class Payload(Record):
    """The signed bytes of an entry."""

    version: int = item(0, uint(255))
    device: int = item(1, uint())
    sequence: int = item(2, uint())
    prev: bytes = item(3, octets(HASH_BYTES))
    kind: EntryKind = item(4, one_of(EntryKind))
    time: TimeInterval = item(5, nested(TimeInterval))
    boot: int = item(6, uint())
    public: dict[int, object] = item(7, anything())
    lines_hash: bytes | None = item(8, optional(octets(HASH_BYTES)))
    private_hash: bytes | None = item(9, optional(octets(HASH_BYTES)))


@record
class EntryBytes(Record, array=True):
    """An entry as it is stored and exported: four byte strings."""

    payload: bytes = item(0, octets(most=PAYLOAD_BYTES_MAX))
    lines: bytes | None = item(1, optional(octets(most=PART_BYTES_MAX)))
    private: bytes | None = item(2, optional(octets(most=PART_BYTES_MAX)))
    signature: bytes = item(3, octets(cose.SIGNATURE_BYTES))


@dataclass(frozen=True, slots=True)
class Head:
    """Where the next entry goes: its sequence number and the hash it must name."""

    sequence: int
    prev: bytes


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be said, before it has a place in the chain. `proof_key` is the household's K; it is never stored."""

    fact: Fact
    time: TimeInterval
    boot: int
    lines: tuple[Line, ...] | None = None
    private: PrivatePart | None = None
    proof_key: bytes | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry whose hashes and signature hold: made here, or reopened."""

    device: int
    sequence: int
    prev: bytes
    fact: Fact
    time: TimeInterval
    boot: int
    lines: tuple[Line, ...]
    private: PrivatePart | None
    hash: bytes
    stored: EntryBytes

    @property
    def kind(self) -> EntryKind:
        """The number of what it says."""
        return KIND_OF_FACT[type(self.fact)]

    @property
    def next_head(self) -> Head:
        """Where the entry after this one goes."""
        return Head(self.sequence + 1, self.hash)


def seal(draft: Draft, head: Head, *, device: int, key: SigningKey, blinding_key: bytes) -> Entry:
    """Give `draft` its place in the chain, hash it and sign it."""
    lines = None if draft.lines is None else lines_bytes(draft.lines)
    lines_hash = None if lines is None else hashlib.sha256(lines).digest()
    private_part = _proven(draft, head, device=device, lines_hash=lines_hash)
    private = None if private_part is None else private_part.to_cbor()
    payload = Payload(
        version=VERSION,
        device=device,
        sequence=head.sequence,
        prev=head.prev,
        kind=KIND_OF_FACT[type(draft.fact)],
        time=draft.time,
        boot=draft.boot,
        public=draft.fact.to_value(),
        lines_hash=lines_hash,
        private_hash=None if private is None else blinded_hash(private, head.sequence, blinding_key),
    ).to_cbor()
    signed_bytes = cose.to_be_signed(payload, public=key.public, context=CONTEXT)
    return Entry(
        device, head.sequence, head.prev, draft.fact, draft.time, draft.boot, draft.lines or (), private_part,
        hashlib.sha256(signed_bytes).digest(), EntryBytes(payload=payload, lines=lines, private=private, signature=key.sign(signed_bytes)),
    )  # fmt: skip


def _proven(draft: Draft, head: Head, *, device: int, lines_hash: bytes | None) -> PrivatePart | None:
    if draft.proof_key is None:
        return draft.private
    assert isinstance(draft.fact, Purchase), "only a purchase is proven"
    assert draft.private is not None and lines_hash is not None, "a purchase has lines and a household"
    proof = household_proof(
        draft.proof_key, draft.fact, device=device, sequence=head.sequence, prev=head.prev, lines_hash=lines_hash
    )
    return replace(draft.private, proof=proof)


def reopen(stored: EntryBytes, *, key: VerifyingKey, blinding_key: bytes | None, what: str) -> Entry:
    """The entry in `stored`, once everything it claims about itself holds. Its place in a chain is the caller's.

    Without a blinding key (a third party) the private part must be absent; its hash is then taken as signed.

    Raises: Malformed, NotAuthentic.
    """
    payload = Payload.from_cbor(stored.payload, bytes_max=PAYLOAD_BYTES_MAX)
    if payload.version != VERSION:
        raise Malformed(f"{what}.version", f"{payload.version} is unknown")
    signed_bytes = cose.to_be_signed(stored.payload, public=key.public, context=CONTEXT)
    key.verify(stored.signature, signed_bytes, what=what)
    return _checked(stored, payload, hashlib.sha256(signed_bytes).digest(), blinding_key, what)


def _checked(stored: EntryBytes, payload: Payload, hash_: bytes, blinding_key: bytes | None, what: str) -> Entry:
    if (None if stored.lines is None else hashlib.sha256(stored.lines).digest()) != payload.lines_hash:
        raise NotAuthentic(f"{what}.lines", "do not have the hash that was signed")
    if stored.private is None:
        private_hash = None if blinding_key is not None else payload.private_hash
    else:
        private_hash = blinded_hash(stored.private, payload.sequence, blinding_key or b"")
    if private_hash != payload.private_hash:
        raise NotAuthentic(f"{what}.private", "does not have the hash that was signed")
    return Entry(
        payload.device, payload.sequence, payload.prev, FACT_OF_KIND[payload.kind].from_value(payload.public),
        payload.time, payload.boot, () if stored.lines is None else lines_from_bytes(stored.lines),
        None if stored.private is None else PrivatePart.from_cbor(stored.private, bytes_max=PART_BYTES_MAX), hash_, stored,
    )  # fmt: skip


def lines_bytes(lines: tuple[Line, ...]) -> bytes:
    """The bytes of a basket's lines, which the payload names by hash."""
    return cbor.encode(_LINES.write(lines))


def lines_from_bytes(data: bytes) -> tuple[Line, ...]:
    """The lines in `data`. Raises: Malformed."""
    read: tuple[Line, ...] = _LINES.read(cbor.decode(data, where="lines", bytes_max=PART_BYTES_MAX), "lines")
    return read


def blinded_hash(private: bytes, sequence: int, blinding_key: bytes) -> bytes:
    """SHA-256 over a 16-byte blind for this sequence number and the private part."""
    blind = hmac.digest(blinding_key, sequence.to_bytes(8), "sha256")[:16]
    return hashlib.sha256(blind + private).digest()


_LINES = list_of(nested(Line), LINES_MAX)
