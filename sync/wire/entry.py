"""One entry of a device's journal: what is hashed, what is signed, what stays private.

    payload = {0: version, 1: device, 2: sequence, 3: prev, 4: kind, 5: time, 6: boot, 7: public part,
               8: SHA-256 of the lines, 9: SHA-256 of blind + private part}        deterministic CBOR
    hash    = SHA-256 of the Sig_structure over the payload; the next entry's `prev`, never made of a signature

The lines and the private part travel beside the payload. The blind is derived from a key that only device and center
hold, so paper and exports show nothing of the private part and no bytes are spent. One keyed hash gives the blinds of four
entries, since the center makes those of all.
Who verifies calls `reopen`; it must not know where the bytes come from.
"""

from __future__ import annotations

import hashlib
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from sync.wire import cbor, cose
from sync.wire.compiled import Many, Reader, reader_of
from sync.wire.errors import HashDiffers, Malformed, NotAuthentic, UnknownVersion
from sync.wire.facts import FACT_OF_KIND, KIND_OF_FACT, LINES_MAX, Fact, Line, Purchase
from sync.wire.kinds import EntryKind, Grade
from sync.wire.money import AMOUNT_RIAL_MAX
from sync.wire.proof import household_proof
from sync.wire.record import Record, array_record, item, record
from sync.wire.shapes import chosen_by, digits, nested, octets, one_of, optional, uint, with_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sync.wire.cose import SigningKey, VerifyingKey

VERSION = 1
CONTEXT = "sofreh/entry/1"
HASH_BYTES = 32
BLIND_BYTES = 16
BLINDS_TOGETHER = 4
PAYLOAD_BYTES_MAX = 4096
PART_BYTES_MAX = 8192


@array_record
class TimeInterval(Record):
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

    household: int | None = item(0, optional(uint()), default=None)
    card: int | None = item(1, optional(uint()), default=None)
    proof: bytes | None = item(2, optional(octets(8)), default=None)
    code: str | None = item(3, optional(digits(8)), default=None)
    code_entry: int | None = item(4, optional(uint()), default=None)
    code_hash: bytes | None = item(5, optional(octets(16)), default=None)


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
    public: Fact = item(7, chosen_by("kind", FACT_OF_KIND))
    lines_hash: bytes | None = item(8, optional(octets(HASH_BYTES)), default=None)
    private_hash: bytes | None = item(9, optional(octets(HASH_BYTES)), default=None)


@array_record
class EntryBytes(Record):
    """An entry as it is stored and exported: four byte strings."""

    payload: bytes = item(0, octets(most=PAYLOAD_BYTES_MAX))
    lines: bytes | None = item(1, optional(octets(most=PART_BYTES_MAX)), default=None)
    private: bytes | None = item(2, optional(octets(most=PART_BYTES_MAX)), default=None)
    signature: bytes = item(3, octets(cose.SIGNATURE_BYTES))


class Head(Struct, frozen=True, gc=False):
    """Where the next entry goes: its sequence number and the hash it must name."""

    sequence: int
    prev: bytes


class PackedLines(Struct, frozen=True, gc=False):
    """A basket's lines with their bytes and the hash that the payload names: made while nobody waits for them."""

    lines: tuple[Line, ...]
    data: bytes
    hash: bytes


class Draft(Struct, frozen=True, gc=False):
    """What is to be said, before it has a place in the chain. `proof_key` is the household's K; it is never stored."""

    fact: Fact
    time: TimeInterval
    boot: int
    lines: PackedLines | None = None
    private: PrivatePart | None = None
    proof_key: bytes | None = None


class Entry(Struct, frozen=True, gc=False):
    """An entry whose hashes and signature hold: made here, or reopened. `public` are the fact's bytes, as signed."""

    device: int
    sequence: int
    prev: bytes
    fact: Fact
    time: TimeInterval
    boot: int
    lines: tuple[Line, ...]
    private: PrivatePart | None
    hash: bytes
    public: bytes
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
    public = draft.fact.to_cbor()
    packed = draft.lines
    lines, data, lines_hash = ((), None, None) if packed is None else (packed.lines, packed.data, packed.hash)
    private_part = _proven(draft, public, head, device=device, lines_hash=lines_hash)
    private = None if private_part is None else private_part.to_cbor()
    said = said_bytes(
        kind=_KIND_BYTES[type(draft.fact)],
        time=draft.time.to_cbor(),
        boot=cbor.head(cbor.UINT, draft.boot),
        public=public,
    )
    (payload,), (signed_bytes,), (hash_,) = links(
        head, [said], [b"" if lines_hash is None else _LINES_HASH + lines_hash],
        private_fields([private], blinds([] if private is None else [head.sequence], blinding_key)),
        device=device, public=key.public,
    )  # fmt: skip
    return Entry(
        device, head.sequence, head.prev, draft.fact, draft.time, draft.boot, lines, private_part, hash_, public,
        EntryBytes(payload=payload, lines=data, private=private, signature=key.sign(signed_bytes)),
    )  # fmt: skip


def _proven(
    draft: Draft, public: bytes, head: Head, *, device: int, lines_hash: bytes | None
) -> PrivatePart | None:
    given = draft.private
    if draft.proof_key is None:
        return given
    assert isinstance(draft.fact, Purchase), "only a purchase is proven"
    assert given is not None, "a purchase has a household"
    assert lines_hash is not None, "a purchase has lines"
    proof = household_proof(
        draft.proof_key, public, device=device, sequence=head.sequence, prev=head.prev, lines_hash=lines_hash
    )
    return PrivatePart(
        household=given.household, card=given.card, proof=proof, code=given.code, code_entry=given.code_entry,
        code_hash=given.code_hash,
    )  # fmt: skip


def said_bytes(*, kind: bytes, time: bytes, boot: bytes, public: bytes) -> bytes:
    """Fields 4 to 7 of a `Payload`, from the bytes of each: what an entry says, wherever in a chain it stands."""
    return b"".join((b"\x04", kind, b"\x05", time, b"\x06", boot, b"\x07", public))


def lines_fields(lines: Iterable[bytes | None]) -> list[bytes]:
    """Field 8 of each `Payload`; no bytes where an entry has no lines."""
    sha256 = hashlib.sha256
    return [b"" if one is None else _LINES_HASH + sha256(one).digest() for one in lines]


def private_fields(private: Iterable[bytes | None], blinds: Iterable[bytes]) -> list[bytes]:
    """Field 9 of each `Payload`; no bytes, and no blind taken, where an entry has no private part."""
    sha256, each = hashlib.sha256, iter(blinds)
    return [b"" if one is None else _PRIVATE_HASH + sha256(next(each) + one).digest() for one in private]


def links(
    head: Head,
    said: Sequence[bytes],
    lines: Sequence[bytes],
    private: Sequence[bytes],
    *,
    device: int,
    public: bytes,
) -> tuple[list[bytes], list[bytes], list[bytes]]:
    """Entries from `head` on, made of the bytes of their fields (4 to 7, 8 and 9), which nobody has to read for it: of each
    its payload, what of it is signed, and its hash, which the next one names.

    All in one loop, for a center makes every entry of every batch here.
    """
    before, starts = cose.before_payload(public, CONTEXT), _starts(device)
    numbers = cbor.uints(range(head.sequence, head.sequence + len(said)))
    sizes: dict[int, bytes] = {}
    payloads, signed, hashes = [], [], []
    prev, sha256 = head.prev, hashlib.sha256
    for number, what, lines_hash, private_hash in zip(numbers, said, lines, private, strict=True):
        start = starts[2 if lines_hash and private_hash else 1 if lines_hash or private_hash else 0]
        payload = b"".join((start, number, _PREV, prev, what, lines_hash, private_hash))
        size = len(payload)
        if size not in sizes:
            sizes[size] = before + cbor.head(cbor.BYTES, size)
        signed_bytes = sizes[size] + payload
        prev = sha256(signed_bytes).digest()
        payloads.append(payload)
        signed.append(signed_bytes)
        hashes.append(prev)
    return payloads, signed, hashes


@lru_cache(maxsize=4096)
def _starts(device: int) -> tuple[bytes, ...]:
    """Payloads of 8, 9 and 10 fields up to the sequence number."""
    number = cbor.head(cbor.UINT, device)
    return tuple(
        cbor.head(cbor.MAP, fields) + bytes((0, VERSION, 1)) + number + b"\x02" for fields in (8, 9, 10)
    )


def reopen(stored: EntryBytes, *, key: VerifyingKey, blinding_key: bytes | None, what: str) -> Entry:
    """The entry in `stored`, once everything it claims about itself holds. Its place in a chain is the caller's.

    Without a blinding key (a third party) the private part must be absent; its hash is then taken as signed.

    Raises: Malformed, NotAuthentic.
    """
    read = _read_payload(stored, what)
    signed_bytes = cose.to_be_signed(stored.payload, public=key.public, context=CONTEXT)
    key.verify(stored.signature, signed_bytes, what=what)
    _check_parts(stored, read.payload, blinding_key, what)
    return _opened(stored, read, hashlib.sha256(signed_bytes).digest(), what)


def understood(stored: EntryBytes, hash_: bytes, *, blinding_key: bytes | None, what: str) -> Entry:
    """The entry in bytes whose `hash_` a signature binds: its own, or that of an entry chained behind it. Raises as
    `reopen` does.
    """
    read = _read_payload(stored, what)
    _check_parts(stored, read.payload, blinding_key, what)
    return _opened(stored, read, hash_, what)


def opened(stored: EntryBytes, hash_: bytes) -> Entry:
    """The entry in bytes that were understood before, or put together by this code: their hashes are not made again.

    Raises: Malformed.
    """
    return _opened(stored, _read_payload(stored, "entry"), hash_, "entry")


def _opened(stored: EntryBytes, read: _Read, hash_: bytes, what: str) -> Entry:
    payload = read.payload
    lines = () if stored.lines is None else lines_from_bytes(stored.lines, where=f"{what}.lines")
    private = None
    if stored.private is not None:
        private = PrivatePart.from_cbor(stored.private, bytes_max=PART_BYTES_MAX, where=f"{what}.private")
    return Entry(
        payload.device, payload.sequence, payload.prev, read.fact, payload.time, payload.boot,
        lines, private, hash_, read.public, stored,
    )  # fmt: skip


class _Read(Struct, frozen=True, gc=False):
    """A payload, and its public part as value and as bytes."""

    payload: Payload
    fact: Fact
    public: bytes


def _read_payload(stored: EntryBytes, what: str) -> _Read:
    payload = cbor.whole(_payload_reader(), stored.payload, where=what, bytes_max=PAYLOAD_BYTES_MAX)
    if payload.version != VERSION:
        raise UnknownVersion(what, payload.version)
    return _Read(payload, *payload.public)


@cache
def _payload_reader() -> Reader:
    """Reads a `Payload` whose public part is a pair, with the bytes that were signed: writing them anew would take as long."""
    fields = [
        replace(field, shape=with_bytes(field.shape)) if field.name == "public" else field
        for field in Payload.fields
    ]
    return reader_of(Payload, fields, array=False)


def _check_parts(stored: EntryBytes, payload: Payload, blinding_key: bytes | None, what: str) -> None:
    if (None if stored.lines is None else hashlib.sha256(stored.lines).digest()) != payload.lines_hash:
        raise HashDiffers(f"{what}.lines", "do not have the hash that was signed")
    if stored.private is None:
        private_hash = None if blinding_key is not None else payload.private_hash
    elif blinding_key is None:
        raise NotAuthentic(f"{what}.private", "cannot be checked without the blinding key")
    else:
        private_hash = blinded_hash(stored.private, payload.sequence, blinding_key)
    if private_hash != payload.private_hash:
        raise HashDiffers(f"{what}.private", "does not have the hash that was signed")


def pack_lines(lines: tuple[Line, ...]) -> PackedLines:
    """Lines as an entry needs them."""
    data = lines_bytes(lines)
    return PackedLines(lines, data, hashlib.sha256(data).digest())


def lines_bytes(lines: tuple[Line, ...]) -> bytes:
    """The bytes of a basket's lines, which the payload names by hash."""
    return _LINES.write(lines)


def lines_from_bytes(data: bytes, *, where: str = "lines") -> tuple[Line, ...]:
    """The lines in `data`. Raises: Malformed."""
    lines: tuple[Line, ...] = cbor.whole(_LINES.read, data, where=where, bytes_max=PART_BYTES_MAX)
    for index, line in enumerate(lines):
        if line.total_rial > AMOUNT_RIAL_MAX:
            raise Malformed(f"{where}[{index}]", "costs more than an amount may be")
    return lines


def blinded_hash(private: bytes, sequence: int, blinding_key: bytes) -> bytes:
    """SHA-256 over the blind for this sequence number and the private part."""
    return hashlib.sha256(blind(sequence, blinding_key) + private).digest()


def blind(sequence: int, blinding_key: bytes) -> bytes:
    """What hides the private part at a sequence number, 16 bytes: shows who has it that one part and no other."""
    return blinds((sequence,), blinding_key)[0]


def blinds(sequences: Sequence[int], blinding_key: bytes) -> list[bytes]:
    """The blinds of these entries. Keyed BLAKE2b (RFC 7693) over a fourth of the sequence number is those of four in a row."""
    fours = {
        number: hashlib.blake2b(number.to_bytes(8), key=blinding_key).digest()
        for number in {sequence // BLINDS_TOGETHER for sequence in sequences}
    }
    return [fours[sequence // BLINDS_TOGETHER][_PLACES[sequence % BLINDS_TOGETHER]] for sequence in sequences]


_PLACES = [slice(at, at + BLIND_BYTES) for at in range(0, BLINDS_TOGETHER * BLIND_BYTES, BLIND_BYTES)]
_PREV = b"\x03" + cbor.head(cbor.BYTES, HASH_BYTES)
_LINES_HASH = b"\x08" + cbor.head(cbor.BYTES, HASH_BYTES)
_PRIVATE_HASH = b"\x09" + cbor.head(cbor.BYTES, HASH_BYTES)
_LINES = Many(nested(Line), LINES_MAX)
_KIND_BYTES: dict[type[Fact], bytes] = {
    fact: cbor.head(cbor.UINT, kind) for fact, kind in KIND_OF_FACT.items()
}
