"""What an enrollment's answer brings besides the identity: the shop's settings for all to see, and secrets sealed to the device.

Settings are signed with the answer. Secrets are HPKE (RFC 9180) to the X25519 key of the request, bound to its nonce: a photo of the
answer's QRs shows nobody the password of the shop's Wi-Fi.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.wire import hpke
from sync.wire.center_url import CENTER_URL_MAX
from sync.wire.errors import Malformed
from sync.wire.record import Record, array_record, item, record
from sync.wire.shapes import list_of, nested, optional, text

if TYPE_CHECKING:
    from sync.wire.credential import EnrollmentRequest

INFO = b"sofreh/secrets/1"
_WHAT = "secrets"


@array_record
class RoleAt(Record):
    """Which device is what: the name of a role, and the place where it belongs, as the till's list of devices shows it."""

    role: str = item(0, text(20))
    place: str = item(1, text(200))


@record
class Settings(Record):
    """What the device must know before its first mail."""

    center_url: str = item(0, text(CENTER_URL_MAX))
    shop_name: str = item(1, text(80))
    shop_place: str = item(2, text(80))
    label_template: str | None = item(3, optional(text(13)), default=None)
    technician: str | None = item(4, optional(text(60)), default=None)
    roles: tuple[RoleAt, ...] | None = item(5, optional(list_of(nested(RoleAt), 8)), default=None)


@array_record
class Wifi(Record):
    """A network's name and passphrase."""

    ssid: str = item(0, text(32))
    passphrase: str = item(1, text(63))


@array_record
class Apn(Record):
    """A mobile network's access point."""

    name: str = item(0, text(100))
    user: str = item(1, text(64))
    password: str = item(2, text(64))


@record
class Secrets(Record):
    """How the device reaches a network."""

    wifi: Wifi | None = item(0, optional(nested(Wifi)), default=None)
    apn: Apn | None = item(1, optional(nested(Apn)), default=None)


def seal(secrets: Secrets, request: EnrollmentRequest, *, ephemeral: bytes) -> bytes:
    """Only the device that asked reads them. `ephemeral` is fresh chance, 32 bytes. Raises: NotAuthentic."""
    enc, ciphertext = hpke.seal(
        secrets.to_cbor(), request.exchange_public, info=INFO, aad=request.nonce, ephemeral=ephemeral
    )
    return enc + ciphertext


def open_secrets(sealed: bytes, key: hpke.OpeningKey, *, nonce: bytes) -> Secrets:
    """What was sealed in answer to the request with this nonce. Raises: Malformed, NotAuthentic."""
    if len(sealed) < hpke.KEY_BYTES + hpke.TAG_BYTES:
        raise Malformed(_WHAT, "too short")
    enc, ciphertext = sealed[: hpke.KEY_BYTES], sealed[hpke.KEY_BYTES :]
    return Secrets.from_cbor(
        hpke.open_sealed(enc, ciphertext, key, info=INFO, aad=nonce, what=_WHAT), where=_WHAT
    )
