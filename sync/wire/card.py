"""The household card: a QR with a number and a secret, signed by the card key.

    "C1:" + base45(CBOR [number, until_s, secret, issuer, signature])

The number alone stands beside it as Code 128, ``C`` + digits + check digit, for scanners that read no QR; there the
secret is missing, so a one-time code must prove the household.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.wire import base45, cbor, cose
from sync.wire.errors import Malformed
from sync.wire.kinds import Role
from sync.wire.numbers import check_digit, has_check_digit
from sync.wire.record import Record, array_record, item
from sync.wire.shapes import octets, uint

if TYPE_CHECKING:
    from sync.wire.cose import SigningKey
    from sync.wire.credential import TrustedKeys

PREFIX = "C1:"
CONTEXT = "sofreh/card/1"
SECRET_BYTES = 16
CARD_BYTES_MAX = 256
NUMBER_DIGITS_MAX = 15


@array_record
class Card(Record):
    """A card as scanned, signature checked. `issuer` is the number of the card key's delegation."""

    number: int = item(0, uint())
    until_s: int = item(1, uint())
    secret: bytes = item(2, octets(SECRET_BYTES))
    issuer: int = item(3, uint())
    signature: bytes = item(4, octets(cose.SIGNATURE_BYTES))

    def __repr__(self) -> str:
        return f"Card(number={self.number})"


def issue(*, number: int, until_s: int, secret: bytes, issuer: int, key: SigningKey) -> Card:
    """A new card, signed by the card key."""
    signature = key.sign(_signed_bytes(number, until_s, secret, issuer, key.public))
    return Card(number=number, until_s=until_s, secret=secret, issuer=issuer, signature=signature)


def to_qr(card: Card) -> str:
    """The text of the card's QR."""
    return PREFIX + base45.encode(card.to_cbor())


def from_qr(text: str, trusted: TrustedKeys) -> Card:
    """The card in a scanned text, once its signature holds. Raises: Malformed, NotAuthentic."""
    if not text.startswith(PREFIX):
        raise Malformed("card", "does not begin with C1:")
    card = Card.from_cbor(
        base45.decode(text[len(PREFIX) :], where="card"), bytes_max=CARD_BYTES_MAX, where="card"
    )
    key = trusted.numbered(card.issuer, Role.CARD, what="card")
    key.verify(
        card.signature,
        _signed_bytes(card.number, card.until_s, card.secret, card.issuer, key.public),
        what="card",
    )
    return card


def to_code128(number: int) -> str:
    """The text of the Code 128 beside the QR."""
    return f"C{number}{check_digit(str(number))}"


def from_code128(text: str) -> int:
    """The card number in a scanned Code 128. Raises: Malformed."""
    digits = text[1:-1]
    if (
        len(digits) > NUMBER_DIGITS_MAX
        or text[:1] != "C"
        or not has_check_digit(text[1:])
        or (digits[0] == "0" != digits)
    ):
        raise Malformed("card", "not C, a number and its check digit")
    return int(digits)


def _signed_bytes(number: int, until_s: int, secret: bytes, issuer: int, public: bytes) -> bytes:
    return cose.to_be_signed(cbor.encode([number, until_s, secret, issuer]), public=public, context=CONTEXT)
