"""What an enrollment's answer proves to the device that asked. Pure; the device asks it again at each start.

1. The answer names the root key that the device was told, or the people before it have compared.
2. Its delegations are signed by that root.
3. It is signed by the mail key; or it brings a mandate, and is signed by the technician's key that the mandate names.
4. So is the credential: by the credential key, or within the mandate. It binds the device's own two keys.
5. The slim credential holds and says the same.
6. Under a mandate, what the answer says of the center is what the mandate says.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from msgspec import Struct

from sync.wire import cose
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
from sync.wire.errors import NotAuthentic
from sync.wire.kinds import Role

if TYPE_CHECKING:
    from sync.wire.cose import VerifyingKey

_WHAT = "enrollment answer"


class Enrolled(Struct, frozen=True):
    """An answer that holds. The device's journal begins with `credential_hash`, its mail with `mail_root`."""

    answer: EnrollmentAnswer
    trusted: TrustedKeys
    credential: Credential
    credential_hash: bytes
    slim: SlimCredential
    mail_root: bytes


def verify_answer(message: bytes, *, root_public: bytes, public: bytes, exchange_public: bytes) -> Enrolled:
    """The answer to the device with these two keys. Raises: Malformed, NotAuthentic."""
    claimed = unproven(message)
    if claimed.root_public != root_public:  # 1
        raise NotAuthentic(_WHAT, "names another root key")
    trusted = trust(root_public, claimed.delegations)  # 2
    issuer, credential, mail_root = _by_center(message, claimed, trusted)
    if (credential.public, credential.exchange_public) != (public, exchange_public):
        raise NotAuthentic("credential", "is for another device's keys")
    slim = SlimCredential.from_cbor(claimed.slim)  # 5
    verify_slim(slim, trusted)
    if _subject(slim) != _subject(credential):
        raise NotAuthentic("slim credential", "is for another device")
    signed_bytes = cose.to_be_signed(credential.to_cbor(), public=issuer, context=CREDENTIAL_CONTEXT)
    hash_ = hashlib.sha256(signed_bytes).digest()
    return Enrolled(claimed, trusted, credential, hash_, slim, mail_root or hash_)


def unproven(message: bytes) -> EnrollmentAnswer:
    """What an answer says, before anything of it holds. Raises: Malformed."""
    return EnrollmentAnswer.from_cbor(cose.parse(message, what=_WHAT).payload)


def _by_center(
    message: bytes, claimed: EnrollmentAnswer, trusted: TrustedKeys
) -> tuple[bytes, Credential, bytes | None]:
    """3, 4 and 6: the issuer's key, the credential, and where the mail begins if not with the credential."""
    if claimed.mandate is None:
        trusted.verify(message, Role.MAIL, context=ANSWER_CONTEXT, what=_WHAT)
        issuer = trusted.key_of(claimed.credential, Role.CREDENTIAL, what="credential")
        return issuer.public, _credential(claimed.credential, issuer), None
    from sync.wire.enrolling import mandate as mandates  # noqa: PLC0415 -- few tills were enrolled without network

    opened = mandates.open_mandate(claimed.mandate, trusted)
    technician = cose.VerifyingKey(opened.mandate.public)
    cose.verify(message, technician, context=ANSWER_CONTEXT, what=_WHAT)
    credential = mandates.open_credential(claimed.credential, opened.mandate)
    said = (claimed.center_exchange_public, claimed.epoch)
    if said != (opened.mandate.center_exchange_public, opened.mandate.epoch):
        raise NotAuthentic(_WHAT, "says of the center what its mandate does not")
    return technician.public, credential, opened.hash


def _credential(message: bytes, issuer: VerifyingKey) -> Credential:
    return Credential.from_cbor(cose.verify(message, issuer, context=CREDENTIAL_CONTEXT, what="credential"))


def _subject(one: SlimCredential | Credential) -> tuple[int, int, bytes, int]:
    return one.device, one.shop, one.public, one.until_s
