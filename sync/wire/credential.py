"""Who may sign what: the root's delegations, a device's credential, and its slim form for paper.

    root (offline) ── delegation ──▶ policy, credential, card, announcement and mail keys, and an encryption key (X25519)
    credential key ── credential ──▶ device: signing key, exchange key (X25519), shop, validity
    credential key ── mandate ──▶ a technician's key ── credential ──▶ device, where there is no network (`sync.wire.enrolling.mandate`)

The slim credential is what a receipt's QR carries: no exchange key, and the issuer by the number of its delegation,
so that anybody who holds the root-signed delegations can check paper without network. Where the issuer is a technician's key,
the slim mandate stands in place of that number.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from sync.wire import cbor, cose
from sync.wire.cose import SigningKey, VerifyingKey
from sync.wire.errors import Expired, NotDelegated, UnknownVersion
from sync.wire.kinds import Role
from sync.wire.record import Record, array_record, item, record
from sync.wire.shapes import list_of, nested, octets, one_of, optional, text, uint, uint_or

if TYPE_CHECKING:
    from collections.abc import Iterable

VERSION = 1
DELEGATION_CONTEXT = "sofreh/delegation/1"
CREDENTIAL_CONTEXT = "sofreh/credential/1"
SLIM_CONTEXT = "sofreh/slim-credential/1"
SLIM_MANDATE_CONTEXT = "sofreh/slim-mandate/1"
REQUEST_CONTEXT = "sofreh/enrollment-request/1"
ANSWER_CONTEXT = "sofreh/enrollment-answer/1"


@record
class Delegation(Record):
    """The root lets `public` sign for `role`, or files be sealed to it. `number` is how short formats name it."""

    version: int = item(0, uint(255))
    number: int = item(1, uint())
    role: Role = item(2, one_of(Role))
    public: bytes = item(3, octets(cose.PUBLIC_KEY_BYTES))
    not_before_s: int = item(4, uint())
    until_s: int = item(5, uint())


@array_record
class Predecessor(Record):
    """The device that another one takes the place of, and how far its journal is known: `held` entries, the hash of the last."""

    device: int = item(0, uint())
    held: int = item(1, uint())
    head: bytes = item(2, octets(32))


@record
class Credential(Record):
    """The center knows this device: its keys, its shop, until when, and whose place it takes."""

    version: int = item(0, uint(255))
    device: int = item(1, uint())
    shop: int = item(2, uint())
    public: bytes = item(3, octets(cose.PUBLIC_KEY_BYTES))
    exchange_public: bytes = item(4, octets(32))
    not_before_s: int = item(5, uint())
    until_s: int = item(6, uint())
    predecessor: Predecessor | None = item(7, optional(nested(Predecessor)), default=None)


@array_record
class SlimMandate(Record):
    """What paper carries of a mandate: the technician's key, until when credentials under it hold, by whom, raw signature.

    Device and shop are those of the slim credential that it stands in.
    """

    public: bytes = item(0, octets(cose.PUBLIC_KEY_BYTES))
    until_s: int = item(1, uint())
    issuer: int = item(2, uint())
    signature: bytes = item(3, octets(cose.SIGNATURE_BYTES))


@array_record
class SlimCredential(Record):
    """What paper carries of a credential; the signature is raw and stands last."""

    device: int = item(0, uint())
    shop: int = item(1, uint())
    public: bytes = item(2, octets(cose.PUBLIC_KEY_BYTES))
    until_s: int = item(3, uint())
    issuer: int | SlimMandate = item(4, uint_or(SlimMandate))
    signature: bytes = item(5, octets(cose.SIGNATURE_BYTES))


@record
class EnrollmentRequest(Record):
    """A device's new public keys and the single-use token, signed by the new key itself. On paper the token is empty: whoever
    answers has it.
    """

    version: int = item(0, uint(255))
    public: bytes = item(1, octets(cose.PUBLIC_KEY_BYTES))
    exchange_public: bytes = item(2, octets(32))
    token: str = item(3, text(64))
    nonce: bytes = item(4, octets(16))
    software: str = item(5, text(40))


@record
class EnrollmentAnswer(Record):
    """All that a device needs to start its journal, signed by the mail key, or, with a `mandate`, by the key that it names. The
    root's key is checked against the fingerprint that the technician typed, or compares on paper.

    `settings` and `secrets` are of `sync.wire.enrolling.provision`; the latter are sealed to the device.
    """

    version: int = item(0, uint(255))
    nonce: bytes = item(1, octets(16))
    root_public: bytes = item(2, octets(cose.PUBLIC_KEY_BYTES))
    delegations: tuple[bytes, ...] = item(3, list_of(octets(most=1024), 64))
    credential: bytes = item(4, octets(most=1024))
    slim: bytes = item(5, octets(most=512))
    center_exchange_public: bytes = item(6, octets(32))
    epoch: int = item(7, uint())
    now_s: int = item(8, uint())
    mandate: bytes | None = item(9, optional(octets(most=1024)), default=None)
    settings: bytes | None = item(10, optional(octets(most=1024)), default=None)
    secrets: bytes | None = item(11, optional(octets(most=1024)), default=None)


class TrustedKeys(Struct, frozen=True):
    """The root and the delegations it has signed: whose signature holds for what. `messages` are the delegations as signed."""

    root: VerifyingKey
    delegations: tuple[Delegation, ...]
    messages: tuple[bytes, ...] = ()

    def verify(self, message: bytes, role: Role, *, context: str, what: str) -> bytes:
        """The payload of `message`, signed by a key that the root delegated for `role`.

        Raises: Malformed, NotAuthentic.
        """
        return cose.verify(message, self.key_of(message, role, what=what), context=context, what=what)

    def key_of(self, message: bytes, role: Role, *, what: str) -> VerifyingKey:
        """The delegated key that `message` names. Raises: Malformed, NotAuthentic."""
        wanted = cose.parse(message, what=what).key_id
        for delegation in self.delegations:
            if delegation.role is role and cose.key_id(delegation.public) == wanted:
                return VerifyingKey(delegation.public)
        raise NotDelegated(what, f"its key is not delegated for {role.name.lower()}")

    def encryption_public(self, *, what: str) -> bytes:
        """The center's X25519 key that files are sealed to: of several the one delegated last. Raises: NotDelegated."""
        keys = [each for each in self.delegations if each.role is Role.ENCRYPTION]
        if not keys:
            raise NotDelegated(what, "the root has delegated no key for encryption")
        return max(keys, key=lambda each: each.number).public

    def numbered(self, number: int, role: Role, *, what: str) -> VerifyingKey:
        """The key of delegation `number`. Raises: NotAuthentic."""
        for delegation in self.delegations:
            if delegation.number == number and delegation.role is role:
                return VerifyingKey(delegation.public)
        raise NotDelegated(what, f"key {number} is not delegated for {role.name.lower()}")


def trust(root_public: bytes, delegations: Iterable[bytes]) -> TrustedKeys:
    """The delegations that the root really signed. Raises: Malformed, NotAuthentic."""
    root, messages = VerifyingKey(root_public), tuple(delegations)
    opened = [_opened(message, root, f"delegation[{index}]") for index, message in enumerate(messages)]
    return TrustedKeys(root, tuple(opened), messages)


def _opened(message: bytes, root: VerifyingKey, what: str) -> Delegation:
    payload = cose.verify(message, root, context=DELEGATION_CONTEXT, what=what)
    delegation = Delegation.from_cbor(payload, where=what)
    if delegation.version != VERSION:
        raise UnknownVersion(what, delegation.version)
    return delegation


def slim(credential: Credential, *, issuer: int, key: SigningKey) -> SlimCredential:
    """The slim form of `credential`, signed by the credential key with delegation number `issuer`."""
    unsigned = _slim_payload(
        credential.device, credential.shop, credential.public, credential.until_s, issuer
    )
    signature = key.sign(cose.to_be_signed(unsigned, public=key.public, context=SLIM_CONTEXT))
    return SlimCredential(
        device=credential.device, shop=credential.shop, public=credential.public,
        until_s=credential.until_s, issuer=issuer, signature=signature,
    )  # fmt: skip


def slim_under(credential: Credential, mandate: SlimMandate, *, key: SigningKey) -> SlimCredential:
    """The slim form of a credential that a technician's `key` issued under its mandate."""
    unsigned = _slim_payload(
        credential.device, credential.shop, credential.public, credential.until_s, mandate.to_value()
    )
    signature = key.sign(cose.to_be_signed(unsigned, public=key.public, context=SLIM_CONTEXT))
    return SlimCredential(
        device=credential.device, shop=credential.shop, public=credential.public,
        until_s=credential.until_s, issuer=mandate, signature=signature,
    )  # fmt: skip


def slim_mandate(
    *, device: int, shop: int, public: bytes, until_s: int, issuer: int, key: SigningKey
) -> SlimMandate:
    """Lets `public` issue a credential for one device of one shop; signed by the credential key, delegation `issuer`."""
    unsigned = _slim_payload(device, shop, public, until_s, issuer)
    signature = key.sign(cose.to_be_signed(unsigned, public=key.public, context=SLIM_MANDATE_CONTEXT))
    return SlimMandate(public=public, until_s=until_s, issuer=issuer, signature=signature)


def verify_slim(given: SlimCredential, trusted: TrustedKeys) -> VerifyingKey:
    """The device's key, once the slim credential holds. Raises: NotAuthentic."""
    if isinstance(given.issuer, int):
        issuer = trusted.numbered(given.issuer, Role.CREDENTIAL, what="slim credential")
        last: Any = given.issuer
    else:
        issuer, last = _mandated_key(given, given.issuer, trusted), given.issuer.to_value()
    unsigned = _slim_payload(given.device, given.shop, given.public, given.until_s, last)
    signed_bytes = cose.to_be_signed(unsigned, public=issuer.public, context=SLIM_CONTEXT)
    issuer.verify(given.signature, signed_bytes, what="slim credential")
    return VerifyingKey(given.public)


def _mandated_key(given: SlimCredential, mandate: SlimMandate, trusted: TrustedKeys) -> VerifyingKey:
    """The technician's key, which may have issued a credential for this device and shop, and for no longer."""
    issuer = trusted.numbered(mandate.issuer, Role.CREDENTIAL, what="slim mandate")
    unsigned = _slim_payload(given.device, given.shop, mandate.public, mandate.until_s, mandate.issuer)
    signed_bytes = cose.to_be_signed(unsigned, public=issuer.public, context=SLIM_MANDATE_CONTEXT)
    issuer.verify(mandate.signature, signed_bytes, what="slim mandate")
    if given.until_s > mandate.until_s:
        raise Expired("slim credential", "is said to hold longer than its mandate")
    return VerifyingKey(mandate.public)


def root_fingerprint(root_public: bytes) -> str:
    """20 characters that a technician can compare: hexadecimal start of SHA-256 over the root's key."""
    return hashlib.sha256(root_public).hexdigest()[:20]


def _slim_payload(device: int, shop: int, public: bytes, until_s: int, issuer: object) -> bytes:
    return cbor.encode([device, shop, public, until_s, issuer])
