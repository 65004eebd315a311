"""Sealing to one key: RFC 9180's own vectors, the library's own HPKE as oracle, and nothing that was altered opens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cryptography_vectors
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.wire import hpke
from sync.wire.errors import NotAuthentic
from tests.fakes.software_key import SoftwareKey

KEY = SoftwareKey("opens")
INFO, AAD = b"sofreh/test/1", b"header"
LOW_ORDER = (
    bytes(32),
    (1).to_bytes(32, "little"),
    bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
    bytes.fromhex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
)
"""RFC 7748's curve has these points among others; with each every key shares zeros."""


class _VectorKey:
    """The recipient of a vector."""

    def __init__(self, private: str) -> None:
        self._key = X25519PrivateKey.from_private_bytes(bytes.fromhex(private))
        self.exchange_public = self._key.public_key().public_bytes_raw()

    def exchange(self, peer_public: bytes) -> bytes:
        return self._key.exchange(X25519PublicKey.from_public_bytes(peer_public))


def rfc_vectors() -> list[dict[str, Any]]:
    """Base mode of our suite; the published file holds the sender's ephemeral key as `skEm`."""
    path = Path(cryptography_vectors.__file__).parent / "HPKE" / "test-vectors.json"
    ours = {"mode": 0, "kem_id": 0x20, "kdf_id": 1, "aead_id": 3}
    found = [
        one for one in json.loads(path.read_text()) if all(one[key] == value for key, value in ours.items())
    ]
    assert found, "RFC 9180, A.2.1"
    return found


def sealed(plaintext: bytes = b"entries", *, ephemeral: bytes = b"\x07" * 32) -> tuple[bytes, bytes]:
    return hpke.seal(plaintext, KEY.exchange_public, info=INFO, aad=AAD, ephemeral=ephemeral)


def opened(
    enc: bytes, ciphertext: bytes, *, key: hpke.OpeningKey = KEY, info: bytes = INFO, aad: bytes = AAD
) -> bytes:
    return hpke.open_sealed(enc, ciphertext, key, info=info, aad=aad, what="file")


@pytest.mark.parametrize("vector", rfc_vectors())
def test_the_rfc_s_first_message_comes_out_byte_for_byte(vector: dict[str, Any]) -> None:
    first = vector["encryptions"][0]
    given = {name: bytes.fromhex(vector[name]) for name in ("info", "pkRm", "skEm", "enc")}
    plaintext, aad, ciphertext = (bytes.fromhex(first[name]) for name in ("pt", "aad", "ct"))
    assert hpke.seal(plaintext, given["pkRm"], info=given["info"], aad=aad, ephemeral=given["skEm"]) == (
        given["enc"],
        ciphertext,
    )
    key = _VectorKey(vector["skRm"])
    assert opened(given["enc"], ciphertext, key=key, info=given["info"], aad=aad) == plaintext


@given(plaintext=st.binary(max_size=300), info=st.binary(max_size=40))
@settings(max_examples=30, deadline=None)
def test_the_library_opens_what_we_seal_and_we_open_what_it_seals(plaintext: bytes, info: bytes) -> None:
    """The pinned release has HPKE of its own (without additional data); Debian's, which the appliance runs with, has not."""
    oracle = pytest.importorskip(
        "cryptography.hazmat.primitives.hpke", reason="the library is Debian's, which has none"
    )
    suite = oracle.Suite(oracle.KEM.X25519, oracle.KDF.HKDF_SHA256, oracle.AEAD.CHACHA20_POLY1305)
    enc, ciphertext = hpke.seal(plaintext, KEY.exchange_public, info=info, aad=b"", ephemeral=b"\x05" * 32)
    assert suite.decrypt(enc + ciphertext, KEY._exchange, info) == plaintext
    theirs = suite.encrypt(plaintext, KEY._exchange.public_key(), info)
    assert opened(theirs[:32], theirs[32:], info=info, aad=b"") == plaintext


def test_what_is_sealed_opens_and_is_16_bytes_longer() -> None:
    enc, ciphertext = sealed()
    assert len(ciphertext) == len(b"entries") + hpke.TAG_BYTES
    assert opened(enc, ciphertext) == b"entries"


def test_each_bit_counts() -> None:
    enc, ciphertext = sealed()
    for part in (0, 1):
        for index in range(len((enc, ciphertext)[part])):
            # The top bit of an X25519 key is ignored by the function, but it is hashed here.
            changed = [bytearray(enc), bytearray(ciphertext)]
            changed[part][index] ^= 0x80
            with pytest.raises(NotAuthentic, match="altered, or sealed to another key"):
                opened(bytes(changed[0]), bytes(changed[1]))


@pytest.mark.parametrize("length", range(hpke.TAG_BYTES + 7))
def test_what_is_cut_does_not_open(length: int) -> None:
    enc, ciphertext = sealed()
    with pytest.raises(NotAuthentic):
        opened(enc, ciphertext[:length])


def test_another_key_purpose_or_header_does_not_open_it() -> None:
    enc, ciphertext = sealed()
    with pytest.raises(NotAuthentic, match="file: cannot be opened"):
        opened(enc, ciphertext, key=SoftwareKey("another"))
    with pytest.raises(NotAuthentic):
        opened(enc, ciphertext, info=b"sofreh/test/2")
    with pytest.raises(NotAuthentic):
        opened(enc, ciphertext, aad=b"headed")


@pytest.mark.parametrize("point", LOW_ORDER)
def test_a_key_of_low_order_is_refused_before_a_private_key_meets_it(point: bytes) -> None:
    class Untouched:
        exchange_public = KEY.exchange_public

        def exchange(self, peer_public: bytes) -> bytes:
            raise AssertionError(peer_public.hex())

    with pytest.raises(NotAuthentic, match="not a usable X25519 key"):
        opened(point, bytes(32), key=Untouched())
    with pytest.raises(NotAuthentic, match="not a usable X25519 key"):
        hpke.seal(b"", point, info=INFO, aad=AAD, ephemeral=b"\x07" * 32)


def test_a_private_key_has_one_public_half() -> None:
    vector = rfc_vectors()[0]
    assert hpke.public_of(bytes.fromhex(vector["skRm"])).hex() == vector["pkRm"]
