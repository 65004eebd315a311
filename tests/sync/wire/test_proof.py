"""Proofs: known answers, and what each of them depends on."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sync.wire import proof
from tests.vectors.samples import CARD_SECRET, HOUSEHOLD_KEY, PURCHASE, PURCHASE_ENTRY, octets

PLACE: dict[str, Any] = {
    "device": 1001,
    "sequence": 8,
    "prev": octets("prev", 32),
    "lines_hash": octets("lines", 32),
}


def hkdf(secret: bytes, info: bytes) -> bytes:
    """RFC 5869, by a library."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(secret)


def test_the_household_key_comes_of_secret_and_pin_by_rfc_5869() -> None:
    assert proof.household_key(CARD_SECRET, "2468") == hkdf(CARD_SECRET, b"sofreh/household-key/1 2468")
    assert proof.household_key(CARD_SECRET, "2469") != HOUSEHOLD_KEY
    assert proof.key_check(HOUSEHOLD_KEY) == hashlib.sha256(HOUSEHOLD_KEY).digest()


def test_a_proof_is_hmac_over_the_purchase_and_its_place() -> None:
    message = cbor2.dumps([1001, 8, PLACE["prev"], PURCHASE.to_value(), PLACE["lines_hash"]])
    expected = hmac.digest(HOUSEHOLD_KEY, message, "sha256")[:8]
    assert proof.household_proof(HOUSEHOLD_KEY, PURCHASE.to_cbor(), **PLACE) == expected


def test_the_center_can_check_the_proof_of_an_entry() -> None:
    each = PURCHASE_ENTRY
    assert each.private is not None
    assert each.stored.lines is not None
    assert each.private.proof == proof.household_proof(
        HOUSEHOLD_KEY,
        each.public,
        device=each.device,
        sequence=each.sequence,
        prev=each.prev,
        lines_hash=hashlib.sha256(each.stored.lines).digest(),
    )


@pytest.mark.parametrize(
    "change", [{"device": 1002}, {"sequence": 9}, {"prev": bytes(32)}, {"lines_hash": bytes(32)}]
)
def test_a_proof_holds_for_one_place_only(change: dict[str, Any]) -> None:
    right = proof.household_proof(HOUSEHOLD_KEY, PURCHASE.to_cbor(), **PLACE)
    assert proof.household_proof(HOUSEHOLD_KEY, PURCHASE.to_cbor(), **PLACE | change) != right


def test_a_proof_holds_for_one_purchase_and_one_household_only() -> None:
    right = proof.household_proof(HOUSEHOLD_KEY, PURCHASE.to_cbor(), **PLACE)
    assert proof.household_proof(HOUSEHOLD_KEY, replace(PURCHASE, credit_rial=1).to_cbor(), **PLACE) != right
    assert proof.household_proof(bytes(32), PURCHASE.to_cbor(), **PLACE) != right


def test_a_slow_hash_is_argon2id_with_19_mib_and_two_passes() -> None:
    assert proof.slow_hash("40271835", bytes(16)).hex() == "fe2e3c0a2e0abe7c718f4e48f0f2ab72"
    assert proof.slow_hash("40271836", bytes(16)) != proof.slow_hash("40271835", bytes(16))
    assert proof.slow_hash("40271835", bytes(15) + b"\1") != proof.slow_hash("40271835", bytes(16))


def test_a_release_is_bound_to_a_device_and_recognized_by_its_lock() -> None:
    root = octets("release root", 16)
    right = proof.release_proof(root, device=1001)
    assert right == hkdf(root, b"sofreh/release/1 1001")[:16]
    assert proof.release_proof(root, device=1002) != right
    assert proof.release_lock(right) == hashlib.sha256(right).digest()[:16]


def test_keys_of_one_secret_for_two_purposes_differ() -> None:
    secret = octets("shared", 32)
    assert proof.blinding_key(secret) == hkdf(secret, b"sofreh/blinding/1")
    assert proof.tag_key(secret) == hkdf(secret, b"sofreh/national-id-tag/1")


@given(st.text("0123456789", min_size=10, max_size=10))
def test_a_national_id_tag_has_twenty_bits(national_id: str) -> None:
    key = octets("tag key", 32)
    tag = proof.national_id_tag(national_id, key)
    assert tag == int.from_bytes(hmac.digest(key, national_id.encode(), "sha256")) >> (256 - 20)
    assert tag < 1 << proof.TAG_BITS
