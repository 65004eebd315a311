"""The file of mandates that a technician carries: one grant a device number, signed by the center, sealed to the laptop.

    [magic, key id of the laptop's exchange key, encapsulated key, ciphertext]     HPKE (RFC 9180), `sync.wire.hpke`
    inside: a message by the credential key, context sofreh/mandates/1, with a `MandateFile`

A grant holds what the device gets beside its credential: settings, secrets, and the mail that waits for the number (policy, list,
households, allowances), so that a shop with no network at all trades on the first day.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.wire import cose, hpke
from sync.wire.credential import VERSION, SlimMandate, TrustedKeys, trust
from sync.wire.enrolling.mandate import Opened, open_mandate
from sync.wire.enrolling.provision import Secrets, Settings
from sync.wire.errors import Malformed, NotAuthentic, OtherReader, UnknownVersion
from sync.wire.kinds import Role
from sync.wire.record import Record, array_record, item, record
from sync.wire.shapes import digits, list_of, nested, octets, uint

if TYPE_CHECKING:
    from sync.wire.cose import SigningKey

MAGIC = b"sofreh-mandates-1"
CONTEXT = "sofreh/mandates/1"
INFO = b"sofreh/mandates/1"
GRANTS_MAX = 64
FIRST_MAIL_MAX = 60
FILE_BYTES_MAX = 32 << 20
_WHAT = "mandates"


@record
class Grant(Record):
    """What the laptop may give to one device: the mandate as a message and in its slim form, and what goes with it."""

    mandate: bytes = item(0, octets(most=1024))
    slim: SlimMandate = item(1, nested(SlimMandate))
    settings: Settings = item(2, nested(Settings))
    secrets: Secrets = item(3, nested(Secrets))
    operator_pin: str = item(4, digits(8))
    mail: tuple[bytes, ...] = item(5, list_of(octets(most=1 << 20), FIRST_MAIL_MAX))


@record
class MandateFile(Record):
    """All that a laptop holds of one trip."""

    version: int = item(0, uint(255))
    root_public: bytes = item(1, octets(cose.PUBLIC_KEY_BYTES))
    delegations: tuple[bytes, ...] = item(2, list_of(octets(most=1024), 64))
    grants: tuple[Grant, ...] = item(3, list_of(nested(Grant), GRANTS_MAX))


@array_record
class SealedMandates(Record):
    """The file as it lies there."""

    magic: bytes = item(0, octets(most=32))
    key_id: bytes = item(1, octets(cose.KEY_ID_BYTES))
    enc: bytes = item(2, octets(hpke.KEY_BYTES))
    ciphertext: bytes = item(3, octets(most=FILE_BYTES_MAX))


def seal(held: MandateFile, key: SigningKey, exchange_public: bytes, *, ephemeral: bytes) -> bytes:
    """The bytes of the file. `ephemeral` is fresh chance, 32 bytes. Raises: NotAuthentic, where the laptop's key is none."""
    message = cose.sign(held.to_cbor(), key, context=CONTEXT)
    key_id = cose.key_id(exchange_public)
    enc, ciphertext = hpke.seal(message, exchange_public, info=INFO, aad=key_id, ephemeral=ephemeral)
    return SealedMandates(magic=MAGIC, key_id=key_id, enc=enc, ciphertext=ciphertext).to_cbor()


def open_file(
    data: bytes, key: hpke.OpeningKey, *, public: bytes
) -> tuple[MandateFile, TrustedKeys, tuple[Opened, ...]]:
    """What the file says, whom it trusts, and its mandates, all for the laptop with the signing key `public`.

    The root is the one that the file names: the laptop's owner got it from the center and compares the fingerprint.
    Raises: Malformed, NotAuthentic.
    """
    sealed = SealedMandates.from_cbor(data, bytes_max=FILE_BYTES_MAX, where=_WHAT)
    if sealed.magic != MAGIC:
        raise Malformed(f"{_WHAT}.magic", "is not that of a file of mandates of this version")
    if sealed.key_id != cose.key_id(key.exchange_public):
        raise OtherReader(_WHAT, "are sealed to another laptop's key")
    message = hpke.open_sealed(sealed.enc, sealed.ciphertext, key, info=INFO, aad=sealed.key_id, what=_WHAT)
    held = MandateFile.from_cbor(
        cose.parse(message, what=_WHAT, bytes_max=FILE_BYTES_MAX).payload,
        bytes_max=FILE_BYTES_MAX,
        where=_WHAT,
    )
    if held.version != VERSION:
        raise UnknownVersion(_WHAT, held.version)
    trusted = trust(held.root_public, held.delegations)
    key_of_it = trusted.key_of(message, Role.CREDENTIAL, what=_WHAT)
    cose.verify(message, key_of_it, context=CONTEXT, what=_WHAT)
    opened = tuple(open_mandate(grant.mandate, trusted) for grant in held.grants)
    if any(one.mandate.public != public for one in opened):
        raise NotAuthentic(_WHAT, "name another laptop's key")
    return held, trusted, opened
