"""COSE_Sign1: one header, the algorithm pinned, the context signed; no other message passes."""

from __future__ import annotations

import cbor2
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from sync.wire import cbor, cose
from sync.wire.errors import Malformed, NotAuthentic, WireError
from tests.vectors.samples import DEVICE_KEY, OTHER_DEVICE_KEY

CONTEXT = "sofreh/test/1"
PAYLOAD = b"what is signed"
MESSAGE = cose.sign(PAYLOAD, DEVICE_KEY, context=CONTEXT)
KEY = cose.VerifyingKey(DEVICE_KEY.public)
HEADER = {1: cose.EDDSA, 4: cose.key_id(DEVICE_KEY.public)}


def verified(message: bytes, key: cose.VerifyingKey = KEY, context: str = CONTEXT) -> bytes:
    return cose.verify(message, key, context=context, what="it")


def message_of(*parts: object) -> bytes:
    return cbor.encode(list(parts))


def test_a_signed_message_gives_its_payload_back() -> None:
    assert verified(MESSAGE) == PAYLOAD


def test_what_is_signed_is_the_sig_structure_of_the_rfc() -> None:
    by_hand = cbor2.dumps(["Signature1", cbor2.dumps(HEADER), CONTEXT.encode(), PAYLOAD])
    assert cose.to_be_signed(PAYLOAD, public=DEVICE_KEY.public, context=CONTEXT) == by_hand
    Ed25519PublicKey.from_public_bytes(DEVICE_KEY.public).verify(
        cose.parse(MESSAGE, what="it").signature, by_hand
    )
    with pytest.raises(InvalidSignature):
        Ed25519PublicKey.from_public_bytes(OTHER_DEVICE_KEY.public).verify(MESSAGE[-64:], by_hand)


def test_the_parts_of_a_message_stand_where_the_rfc_puts_them() -> None:
    protected, unprotected, payload, signature = cbor2.loads(MESSAGE)
    assert cbor2.loads(protected) == HEADER
    assert (unprotected, payload) == ({}, PAYLOAD)
    assert cose.parse(MESSAGE, what="it") == cose.Unverified(
        cose.key_id(DEVICE_KEY.public), protected, PAYLOAD, signature
    )


@pytest.mark.parametrize("at", range(len(MESSAGE)))
def test_a_flipped_bit_anywhere_in_a_message_is_found_and_the_message_named(at: int) -> None:
    for bit in range(8):
        flipped = bytearray(MESSAGE)
        flipped[at] ^= 1 << bit
        with pytest.raises(WireError) as raised:
            verified(bytes(flipped))
        assert str(raised.value).startswith("it")


def test_another_key_or_another_context_proves_nothing() -> None:
    with pytest.raises(NotAuthentic, match="signed by another key"):
        verified(MESSAGE, cose.VerifyingKey(OTHER_DEVICE_KEY.public))
    with pytest.raises(NotAuthentic, match="does not hold"):
        verified(MESSAGE, context="sofreh/test/2")


def test_the_algorithm_is_the_keys_not_the_messages() -> None:
    header = cbor.encode(HEADER | {1: -7})
    with pytest.raises(NotAuthentic, match="algorithm -7"):
        cose.parse(message_of(header, {}, PAYLOAD, bytes(64)), what="it")


@pytest.mark.parametrize(
    "message",
    [
        message_of(cbor.encode(HEADER), {}, PAYLOAD),
        message_of(cbor.encode(HEADER), {}, PAYLOAD, bytes(63)),
        message_of(cbor.encode(HEADER), {}, PAYLOAD, bytes(64), 0),
        message_of(cbor.encode(HEADER), {4: b"key"}, PAYLOAD, bytes(64)),
        message_of(cbor.encode(HEADER), {}, None, bytes(64)),
        message_of(HEADER, {}, PAYLOAD, bytes(64)),
        message_of(b"", {}, PAYLOAD, bytes(64)),
        message_of(cbor.encode([1]), {}, PAYLOAD, bytes(64)),
        message_of(cbor.encode({1: cose.EDDSA}), {}, PAYLOAD, bytes(64)),
        message_of(cbor.encode(HEADER | {5: 0}), {}, PAYLOAD, bytes(64)),
        message_of(cbor.encode({1: cose.EDDSA, 4: "name"}), {}, PAYLOAD, bytes(64)),
        message_of(cbor.encode(HEADER) + b"\0", {}, PAYLOAD, bytes(64)),
        message_of(bytes(65), {}, PAYLOAD, bytes(64)),
        b"\xd2" + MESSAGE,
        MESSAGE + b"\0",
        MESSAGE[:-1],
        b"",
    ],
)
def test_no_other_form_of_a_message_is_read(message: bytes) -> None:
    with pytest.raises(Malformed):
        cose.parse(message, what="it")


def test_a_message_is_bounded() -> None:
    with pytest.raises(Malformed, match="more than the 99 allowed"):
        cose.parse(bytes(100), what="it", bytes_max=99)


@pytest.mark.parametrize("public", [bytes(31), bytes(33), b""])
def test_a_key_of_another_length_verifies_nothing(public: bytes) -> None:
    with pytest.raises(NotAuthentic, match="not an Ed25519 public key"):
        cose.VerifyingKey(public).verify(bytes(64), PAYLOAD, what="it")


@given(st.binary(max_size=200))
def test_chance_bytes_raise_wire_errors_only(data: bytes) -> None:
    with pytest.raises(WireError):
        verified(data)
