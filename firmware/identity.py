"""Who this device is: its key, the center's credential, and what follows from both.

The folder holds the key file of `drivers.device_key` and ``identity.cbor``: the center's enrollment answer, byte for
byte, and where to find the center. Everything is verified again at each start, for a flipped bit must not sign.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from msgspec import Struct

from firmware import whole_file
from firmware.errors import NotEnrolled
from sync.wire import cose, proof
from sync.wire.credential import (
    ANSWER_CONTEXT,
    CREDENTIAL_CONTEXT,
    Credential,
    EnrollmentAnswer,
    SlimCredential,
    TrustedKeys,
    trust,
    verify_slim,
)
from sync.wire.errors import NotAuthentic, WireError
from sync.wire.kinds import Role
from sync.wire.record import Record, item, record
from sync.wire.shapes import octets, text

if TYPE_CHECKING:
    from pathlib import Path

    from drivers.device_key import DeviceKey

IDENTITY_FILE = "identity.cbor"
KEY_FILE = "device.key"
CENTER_URL_MAX = 200


@record
class _Stored(Record):
    root_public: bytes = item(0, octets(cose.PUBLIC_KEY_BYTES))
    answer: bytes = item(1, octets(most=1 << 16))
    center_url: str = item(2, text(CENTER_URL_MAX))


class Identity(Struct, frozen=True):
    """An enrolled device."""

    key: DeviceKey
    credential: Credential
    credential_hash: bytes
    slim: SlimCredential
    trusted: TrustedKeys
    blinding_key: bytes
    tag_key: bytes
    epoch: int
    enrolled_s: int
    center_url: str

    @property
    def device(self) -> int:
        """The device's number."""
        return self.credential.device

    @property
    def shop(self) -> int:
        """The number of the shop it belongs to."""
        return self.credential.shop


def identity_from(answer_message: bytes, key: DeviceKey, *, root_public: bytes, center_url: str) -> Identity:
    """The identity that an enrollment answer gives to `key`, once every signature in it holds.

    Raises: Malformed, NotAuthentic.
    """
    unproven = EnrollmentAnswer.from_cbor(cose.parse(answer_message, what="enrollment answer").payload)
    if unproven.root_public != root_public:
        raise NotAuthentic("enrollment answer", "names another root key")
    trusted = trust(root_public, unproven.delegations)
    payload = trusted.verify(answer_message, Role.MAIL, context=ANSWER_CONTEXT, what="enrollment answer")
    answer = EnrollmentAnswer.from_cbor(payload)
    issuer = trusted.key_of(answer.credential, Role.CREDENTIAL, what="credential")
    credential_bytes = cose.verify(answer.credential, issuer, context=CREDENTIAL_CONTEXT, what="credential")
    credential = Credential.from_cbor(credential_bytes)
    if (credential.public, credential.exchange_public) != (key.public, key.exchange_public):
        raise NotAuthentic("credential", "is for another device's keys")
    slim = SlimCredential.from_cbor(answer.slim)
    verify_slim(slim, trusted)
    if not _same_subject(slim, credential):
        raise NotAuthentic("slim credential", "is for another device")
    shared = key.exchange(answer.center_exchange_public)
    signed_bytes = cose.to_be_signed(credential_bytes, public=issuer.public, context=CREDENTIAL_CONTEXT)
    return Identity(
        key, credential, hashlib.sha256(signed_bytes).digest(), slim, trusted, proof.blinding_key(shared),
        proof.tag_key(shared), answer.epoch, answer.now_s, center_url,
    )  # fmt: skip


def _same_subject(slim: SlimCredential, credential: Credential) -> bool:
    return (slim.device, slim.shop, slim.public, slim.until_s) == (
        credential.device,
        credential.shop,
        credential.public,
        credential.until_s,
    )


def load(folder: Path, key: DeviceKey) -> Identity:
    """The identity stored in `folder`.

    Raises:
        NotEnrolled: there is none, or it does not hold; says why.
    """
    path = folder / IDENTITY_FILE
    try:
        stored = _Stored.from_cbor(path.read_bytes())
        return identity_from(stored.answer, key, root_public=stored.root_public, center_url=stored.center_url)
    except FileNotFoundError:
        raise NotEnrolled(f"no identity in {folder}: run `sofreh-till enroll`") from None
    except OSError as error:
        raise NotEnrolled(f"{path} cannot be read: {error.strerror}") from error
    except WireError as error:
        raise NotEnrolled(f"{path} does not hold: {error}") from error


def store(folder: Path, answer_message: bytes, *, root_public: bytes, center_url: str) -> None:
    """Write the identity so that a power cut leaves either none or the whole."""
    data = _Stored(root_public=root_public, answer=answer_message, center_url=center_url).to_cbor()
    whole_file.replace(folder / IDENTITY_FILE, data)
