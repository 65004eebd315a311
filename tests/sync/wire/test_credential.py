"""Trust: from the root over delegations and credentials to the device, each step signed for its own purpose."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from sync.wire import cose, credential
from sync.wire.errors import Malformed, NotAuthentic, NotDelegated, WireError
from sync.wire.kinds import Role
from tests.vectors.samples import (
    CREDENTIAL,
    CREDENTIAL_KEY,
    CREDENTIAL_MESSAGE,
    DELEGATED,
    DELEGATION_MESSAGES,
    DELEGATIONS,
    DEVICE_KEY,
    MAIL_KEY,
    ROOT,
    SLIM,
    TRUSTED,
    octets,
)


def delegated(delegation: credential.Delegation, key: cose.SigningKey = ROOT) -> bytes:
    return cose.sign(delegation.to_cbor(), key, context=credential.DELEGATION_CONTEXT)


def test_what_the_root_signed_is_trusted() -> None:
    assert credential.trust(ROOT.public, DELEGATION_MESSAGES).delegations == DELEGATIONS
    assert credential.trust(ROOT.public, []).delegations == ()


def test_what_another_key_signed_is_not_and_its_place_is_named() -> None:
    with pytest.raises(NotAuthentic, match=r"delegation\[1\]: signed by another key"):
        credential.trust(ROOT.public, [DELEGATION_MESSAGES[0], delegated(DELEGATIONS[1], MAIL_KEY)])


def test_a_delegation_of_another_version_is_refused() -> None:
    with pytest.raises(Malformed, match=r"delegation\[0\]\.version: 2 is unknown"):
        credential.trust(ROOT.public, [delegated(replace(DELEGATIONS[0], version=2))])


@pytest.mark.parametrize("which", range(len(DELEGATION_MESSAGES)))
def test_a_flipped_byte_in_a_delegation_is_found(which: int) -> None:
    message = DELEGATION_MESSAGES[which]
    for at in range(len(message)):
        with pytest.raises(WireError) as raised:
            credential.trust(ROOT.public, [message[:at] + bytes((message[at] ^ 4,)) + message[at + 1 :]])
        assert str(raised.value).startswith("delegation[0]")


def test_a_message_is_verified_by_the_delegated_key_of_its_role() -> None:
    what = {"context": credential.CREDENTIAL_CONTEXT, "what": "credential"}
    payload = TRUSTED.verify(CREDENTIAL_MESSAGE, Role.CREDENTIAL, **what)
    assert credential.Credential.from_cbor(payload) == CREDENTIAL
    for role in set(Role) - {Role.CREDENTIAL}:
        with pytest.raises(NotAuthentic, match=f"not delegated for {role.name.lower()}"):
            TRUSTED.verify(CREDENTIAL_MESSAGE, role, **what)


def test_a_delegation_is_found_by_number_and_role_together() -> None:
    for each in DELEGATIONS:
        assert TRUSTED.numbered(each.number, each.role, what="it").public == DELEGATED[each.role].public
        with pytest.raises(NotAuthentic, match=f"key {each.number + 1} is not delegated"):
            TRUSTED.numbered(each.number + 1, each.role, what="it")


def test_a_slim_credential_gives_the_devices_key() -> None:
    assert credential.verify_slim(SLIM, TRUSTED).public == DEVICE_KEY.public
    assert (SLIM.device, SLIM.shop, SLIM.until_s) == (CREDENTIAL.device, CREDENTIAL.shop, CREDENTIAL.until_s)


@pytest.mark.parametrize(
    "change",
    [
        {"device": 1002},
        {"shop": 8},
        {"public": octets("other", 32)},
        {"until_s": 1},
        {"signature": bytes(64)},
    ],
)
def test_an_altered_slim_credential_does_not_hold(change: dict[str, object]) -> None:
    with pytest.raises(NotAuthentic, match="slim credential: the signature does not hold"):
        credential.verify_slim(replace(SLIM, **change), TRUSTED)


def test_a_slim_credential_of_a_key_with_another_role_does_not_hold() -> None:
    by_mail_key = credential.slim(CREDENTIAL, issuer=5, key=MAIL_KEY)
    with pytest.raises(NotAuthentic, match="key 5 is not delegated for credential"):
        credential.verify_slim(by_mail_key, TRUSTED)
    with pytest.raises(NotAuthentic, match="does not hold"):
        credential.verify_slim(replace(by_mail_key, issuer=2), TRUSTED)


def test_a_whole_credential_is_no_slim_one() -> None:
    signature = cose.parse(CREDENTIAL_MESSAGE, what="it").signature
    with pytest.raises(NotAuthentic):
        credential.verify_slim(replace(SLIM, signature=signature), TRUSTED)


def test_enrollment_comes_back() -> None:
    request = credential.EnrollmentRequest(
        version=1,
        public=DEVICE_KEY.public,
        exchange_public=bytes(32),
        token="T-1",
        nonce=bytes(16),
        software="0.1.0",
    )
    answer = credential.EnrollmentAnswer(
        version=1, nonce=bytes(16), root_public=ROOT.public, delegations=DELEGATION_MESSAGES,
        credential=CREDENTIAL_MESSAGE, slim=SLIM.to_cbor(), center_exchange_public=bytes(32), epoch=1, now_s=2,
    )  # fmt: skip
    assert credential.EnrollmentRequest.from_cbor(request.to_cbor()) == request
    assert credential.EnrollmentAnswer.from_cbor(answer.to_cbor()) == answer
    assert CREDENTIAL_KEY.public != MAIL_KEY.public


def test_a_root_is_compared_by_twenty_characters() -> None:
    fingerprint = credential.root_fingerprint(ROOT.public)
    assert len(fingerprint) == 20
    assert fingerprint != credential.root_fingerprint(MAIL_KEY.public)


def test_files_are_sealed_to_the_encryption_key_that_was_delegated_last() -> None:
    def delegated(number: int, public: bytes) -> bytes:
        given = credential.Delegation(
            version=1, number=number, role=Role.ENCRYPTION, public=public, not_before_s=0, until_s=1
        )
        return cose.sign(given.to_cbor(), ROOT, context=credential.DELEGATION_CONTEXT)

    older, newer = bytes(31) + b"\x09", bytes(31) + b"\x08"
    trusted = credential.trust(ROOT.public, [delegated(7, newer), delegated(6, older)])
    assert trusted.encryption_public(what="export") == newer
    with pytest.raises(NotDelegated, match="export: the root has delegated no key for encryption"):
        TRUSTED.encryption_public(what="export")
