"""A file that anybody carries between a device and its center: on a stick, on a phone, as an attachment.

    file      [magic, way, device, number, key id of the reader's key, encapsulated key, ciphertext]
    sealed    [message, ...]: the signed requests or answers that would cross a line, HPKE (`sync.wire.hpke`) to the reader
    name      S<device>.Q<number> with a device's questions, S<device>.A<number> with the center's answers

Device and number stand in the name for people alone: what is inside says whose it is, and its own signatures prove it. So a
file that is copied, renamed, late or lost does no harm. The name is short (8.3), for a stick's file system may keep no other.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from sync.wire import cbor, cose, hpke
from sync.wire.compiled import Many
from sync.wire.errors import Malformed, OtherReader
from sync.wire.kinds import Way
from sync.wire.record import Record, array_record, item
from sync.wire.shapes import octets, one_of, uint

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

MAGIC = b"sofreh-carried-1"
INFO = b"sofreh/carried/1"
NUMBER_MAX = 99
DEVICE_MAX = 9_999_999
MESSAGES_MAX = 64
MESSAGE_BYTES_MAX = 4 << 20
SEALED_BYTES_MAX = 8 << 20
HEADS_BYTES_MAX = 1024
"""More than CBOR spends on MESSAGES_MAX messages."""
FILE_BYTES_MAX = SEALED_BYTES_MAX + 1024
_LETTER = {Way.QUESTION: "Q", Way.ANSWER: "A", Way.ENROLLMENT: "E"}
_WAY = {letter: way for way, letter in _LETTER.items()}
_NAME = re.compile(r"S([1-9][0-9]{0,6})\.([QAE])([0-9]{2})", re.ASCII | re.IGNORECASE)
_MESSAGES = Many(octets(most=MESSAGE_BYTES_MAX), MESSAGES_MAX)


@array_record
class Envelope(Record):
    """A file as it lies there. What stands before `enc` is what the seal covers besides the messages."""

    magic: bytes = item(0, octets(most=32))
    way: Way = item(1, one_of(Way))
    device: int = item(2, uint())
    number: int = item(3, uint(NUMBER_MAX))
    key_id: bytes = item(4, octets(cose.KEY_ID_BYTES))
    enc: bytes = item(5, octets(hpke.KEY_BYTES))
    ciphertext: bytes = item(6, octets(most=SEALED_BYTES_MAX + hpke.TAG_BYTES))


class Place(Struct, frozen=True):
    """What a file's name says: which way it goes, of or for which device, and which of several it is, from 1."""

    way: Way
    device: int
    number: int

    @property
    def name(self) -> str:
        """The name, in capitals."""
        assert 0 < self.device <= DEVICE_MAX, "devices are numbered one after the other"
        assert 0 < self.number <= NUMBER_MAX, "so many files lie side by side"
        return f"S{self.device}.{_LETTER[self.way]}{self.number:02d}"


def place_of(name: str) -> Place | None:
    """What a file's name says, in capitals or not; None where it is not one of ours."""
    found = _NAME.fullmatch(name)
    if found is None or found[3] == "00":
        return None
    return Place(_WAY[found[2].upper()], int(found[1]), int(found[3]))


async def in_files(messages: AsyncIterator[bytes]) -> AsyncIterator[tuple[bytes, ...]]:
    """Messages as many to a file as one takes, in their order; never more than a file's worth is in memory."""
    taken: list[bytes] = []
    size = 0
    async for message in messages:
        if len(taken) == MESSAGES_MAX or (taken and size + len(message) > SEALED_BYTES_MAX - HEADS_BYTES_MAX):
            yield tuple(taken)
            taken, size = [], 0
        taken.append(message)
        size += len(message)
    if taken:
        yield tuple(taken)


def seal(messages: tuple[bytes, ...], place: Place, public: bytes, *, ephemeral: bytes) -> bytes:
    """The bytes of a file for the holder of `public`. `ephemeral` is fresh chance, 32 bytes. Raises: NotAuthentic."""
    plaintext = _MESSAGES.write(messages)
    assert len(messages) <= MESSAGES_MAX, "a file is bounded"
    assert len(plaintext) <= SEALED_BYTES_MAX, "a file is bounded"
    key_id = cose.key_id(public)
    enc, ciphertext = hpke.seal(
        plaintext, public, info=INFO, aad=_covered(place, key_id), ephemeral=ephemeral
    )
    return Envelope(
        magic=MAGIC, way=place.way, device=place.device, number=place.number, key_id=key_id, enc=enc, ciphertext=ciphertext
    ).to_cbor()  # fmt: skip


def open_file(data: bytes, key: hpke.OpeningKey, *, way: Way) -> tuple[Place, tuple[bytes, ...]]:
    """What the file says of itself, and the messages in it, whose own signatures are still to be checked.

    Raises: Malformed: no such file, or not whole; OtherReader; NotAuthentic: altered.
    """
    envelope = Envelope.from_cbor(data, bytes_max=FILE_BYTES_MAX, where="file")
    place = Place(envelope.way, envelope.device, envelope.number)
    if envelope.magic != MAGIC:
        raise Malformed("file.magic", "is not that of a carried file of this version")
    if envelope.way != way:
        raise Malformed("file.way", f"holds {envelope.way.name.lower()}s, not {way.name.lower()}s")
    if envelope.key_id != cose.key_id(key.exchange_public):
        raise OtherReader("file", "is sealed to somebody else's key")
    plaintext = hpke.open_sealed(
        envelope.enc, envelope.ciphertext, key, info=INFO, aad=_covered(place, envelope.key_id), what="file"
    )
    messages: tuple[bytes, ...] = cbor.whole(
        _MESSAGES.read, plaintext, where="file.messages", bytes_max=SEALED_BYTES_MAX
    )
    return place, messages


def _covered(place: Place, key_id: bytes) -> bytes:
    return cbor.encode([MAGIC, int(place.way), place.device, place.number, key_id])
