"""The answer to an enrollment request as QRs, for a shop without network: the appliance's own scanner reads them.

    "E1:" + base45(CBOR [first 16 bytes of the message's SHA-256, part from 0, parts, piece])

A message too long for one QR is cut into pieces that any order brings together, each as often as it is read. The hash only
says which pieces belong together and that all are there; what is in them proves itself by its own signatures.
"""

from __future__ import annotations

import hashlib

from sync.wire import base45
from sync.wire.errors import Malformed
from sync.wire.record import Record, array_record, item
from sync.wire.shapes import octets, uint

PREFIX = "E1:"
PIECE_BYTES_MAX = 460
"""With hash, numbers and prefix it fits the largest QR on 58 mm paper, version 17 at level M."""
PARTS_MAX = 16
MESSAGE_BYTES_MAX = PARTS_MAX * PIECE_BYTES_MAX
HASH_BYTES = 16
_PART_BYTES_MAX = 512


@array_record
class EnrollmentPart(Record):
    """One QR of an enrollment's answer."""

    message_hash: bytes = item(0, octets(HASH_BYTES))
    part: int = item(1, uint(PARTS_MAX - 1))
    parts: int = item(2, uint(PARTS_MAX))
    piece: bytes = item(3, octets(most=PIECE_BYTES_MAX))


def to_qrs(message: bytes) -> tuple[str, ...]:
    """The texts of the QRs that carry `message`, which has 1 to `MESSAGE_BYTES_MAX` bytes."""
    assert 0 < len(message) <= MESSAGE_BYTES_MAX
    pieces = [message[at : at + PIECE_BYTES_MAX] for at in range(0, len(message), PIECE_BYTES_MAX)]
    parts = (
        EnrollmentPart(message_hash=_hash(message), part=number, parts=len(pieces), piece=piece)
        for number, piece in enumerate(pieces)
    )
    return tuple(PREFIX + base45.encode(part.to_cbor()) for part in parts)


def from_qr(text: str) -> EnrollmentPart:
    """One part. Raises: Malformed."""
    if not text.startswith(PREFIX):
        raise Malformed("enrollment", f"does not begin with {PREFIX}")
    part = EnrollmentPart.from_cbor(
        base45.decode(text[len(PREFIX) :], where="enrollment"), bytes_max=_PART_BYTES_MAX, where="enrollment"
    )
    if part.part >= part.parts:
        raise Malformed("enrollment.part", f"is not one of {part.parts}")
    if not part.piece:
        raise Malformed("enrollment.piece", "is empty")
    return part


class EnrollmentParts:
    """What has been read of one message. A part of another message begins anew: somebody reads another answer."""

    def __init__(self) -> None:
        self._read: dict[int, EnrollmentPart] = {}

    def take(self, part: EnrollmentPart) -> bytes | None:
        """The whole message, once all its parts are there; else None. Raises: Malformed, and begins anew."""
        of_another = any(
            (read.message_hash, read.parts) != (part.message_hash, part.parts) for read in self._read.values()
        )
        if of_another:
            self._read.clear()
        self._read[part.part] = part
        if self.missing:
            return None
        message = b"".join(self._read[number].piece for number in sorted(self._read))
        self._read.clear()
        if _hash(message) != part.message_hash:
            raise Malformed("enrollment", "its parts do not make what they say")
        return message

    @property
    def missing(self) -> tuple[int, ...]:
        """The parts that have not been read, counted from 0; none before the first was."""
        parts = next((read.parts for read in self._read.values()), 0)
        return tuple(number for number in range(parts) if number not in self._read)


def _hash(message: bytes) -> bytes:
    return hashlib.sha256(message).digest()[:HASH_BYTES]
