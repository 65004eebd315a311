"""A mandate: the center lets one technician's key enroll one device of one shop where there is no network.

    credential key ── mandate: device number, shop, technician's key, until ──▶ technician's key ── credential ──▶ device

A mandate names a number that the center keeps for this: whoever issues two credentials for it has made a fork, which two
introductions prove. `until_s` ends the technician's leave, `credential_until_s` what he issues: by then the center has replaced it
with one of its own, by mail. The mail to the number begins with the mandate's hash, so it can be written before anybody knows
which keys the device will have.

An introduction carries all of it to the center, by the technician or by the device; its own signatures prove it.
"""

from __future__ import annotations

import hashlib

from msgspec import Struct

from sync.wire import cose
from sync.wire.cose import VerifyingKey
from sync.wire.credential import (
    CREDENTIAL_CONTEXT,
    REQUEST_CONTEXT,
    VERSION,
    Credential,
    EnrollmentRequest,
    Predecessor,
    TrustedKeys,
)
from sync.wire.errors import Expired, NotAuthentic, OtherDevice, UnknownVersion
from sync.wire.kinds import Role
from sync.wire.record import Record, item, record
from sync.wire.shapes import nested, octets, optional, uint

MANDATE_CONTEXT = "sofreh/mandate/1"
INTRODUCTION_BYTES_MAX = 4096


@record
class Mandate(Record):
    """What the technician may do, and what of the center's every credential under it must repeat."""

    version: int = item(0, uint(255))
    device: int = item(1, uint())
    shop: int = item(2, uint())
    public: bytes = item(3, octets(cose.PUBLIC_KEY_BYTES))
    not_before_s: int = item(4, uint())
    until_s: int = item(5, uint())
    credential_until_s: int = item(6, uint())
    center_exchange_public: bytes = item(7, octets(32))
    epoch: int = item(8, uint())
    predecessor: Predecessor | None = item(9, optional(nested(Predecessor)), default=None)


@record
class Introduction(Record):
    """A device that was enrolled without the center: its request, its credential, and the mandate; each a message."""

    version: int = item(0, uint(255))
    request: bytes = item(1, octets(most=1024))
    credential: bytes = item(2, octets(most=1024))
    mandate: bytes = item(3, octets(most=1024))


class Opened(Struct, frozen=True):
    """A mandate that holds, and its hash: where the number's mail begins."""

    mandate: Mandate
    hash: bytes


class Introduced(Struct, frozen=True):
    """What an introduction proves."""

    mandate: Mandate
    request: EnrollmentRequest
    credential: Credential
    credential_hash: bytes


def open_mandate(message: bytes, trusted: TrustedKeys) -> Opened:
    """The mandate, signed by a key that the root delegated for credentials. Raises: Malformed, NotAuthentic."""
    issuer = trusted.key_of(message, Role.CREDENTIAL, what="mandate")
    payload = cose.verify(message, issuer, context=MANDATE_CONTEXT, what="mandate")
    mandate = Mandate.from_cbor(payload, where="mandate")
    if mandate.version != VERSION:
        raise UnknownVersion("mandate", mandate.version)
    signed_bytes = cose.to_be_signed(payload, public=issuer.public, context=MANDATE_CONTEXT)
    return Opened(mandate, hashlib.sha256(signed_bytes).digest())


def open_credential(message: bytes, mandate: Mandate) -> Credential:
    """A credential that was issued within the mandate. Raises: Malformed, NotAuthentic."""
    what = "credential"
    payload = cose.verify(message, VerifyingKey(mandate.public), context=CREDENTIAL_CONTEXT, what=what)
    given = Credential.from_cbor(payload, where=what)
    if given.version != VERSION:
        raise UnknownVersion(what, given.version)
    if (given.device, given.shop) != (mandate.device, mandate.shop):
        raise OtherDevice(what, "is not for the device and shop of its mandate")
    if given.predecessor != mandate.predecessor:
        raise OtherDevice(what, "does not take the place that its mandate says")
    if not mandate.not_before_s <= given.not_before_s <= mandate.until_s:
        raise Expired(what, "was issued when its mandate did not hold")
    if given.until_s > mandate.credential_until_s:
        raise Expired(what, "is said to hold longer than its mandate allows")
    return given


def open_request(message: bytes) -> EnrollmentRequest:
    """A request, signed by the very key that it asks to enroll. Raises: Malformed, NotAuthentic."""
    what = "request"
    request = EnrollmentRequest.from_cbor(cose.parse(message, what=what).payload, where=what)
    cose.verify(message, VerifyingKey(request.public), context=REQUEST_CONTEXT, what=what)
    if request.version != VERSION:
        raise UnknownVersion(what, request.version)
    return request


def open_introduction(data: bytes, trusted: TrustedKeys) -> Introduced:
    """Who was enrolled under which mandate. Raises: Malformed, NotAuthentic."""
    introduction = Introduction.from_cbor(data, bytes_max=INTRODUCTION_BYTES_MAX, where="introduction")
    if introduction.version != VERSION:
        raise UnknownVersion("introduction", introduction.version)
    mandate = open_mandate(introduction.mandate, trusted).mandate
    credential = open_credential(introduction.credential, mandate)
    request = open_request(introduction.request)
    if (request.public, request.exchange_public) != (credential.public, credential.exchange_public):
        raise NotAuthentic("introduction", "request and credential are of two devices")
    return Introduced(mandate, request, credential, credential_hash(introduction.credential, mandate.public))


def credential_hash(message: bytes, issuer_public: bytes) -> bytes:
    """Where a device's journal begins: SHA-256 of what the credential's signature covers."""
    payload = cose.parse(message, what="credential").payload
    signed_bytes = cose.to_be_signed(payload, public=issuer_public, context=CREDENTIAL_CONTEXT)
    return hashlib.sha256(signed_bytes).digest()
