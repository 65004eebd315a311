"""HPKE (RFC 9180), as far as files on a stick need it: one message, sealed to an X25519 key.

Base mode (5.1.1), DHKEM(X25519, HKDF-SHA256) (4.1, 7.1), HKDF-SHA256 (7.2), ChaCha20Poly1305 (7.3), a context that seals one
message (6.1). Base mode says nothing of who sealed: what is inside is signed. ChaCha20 and not AES: the small boards have no
instructions for AES. Debian's library has no HPKE; this stands on its X25519 and ChaCha20Poly1305 alone.
Must not know: what is sealed, where private keys are kept, where chance comes from.
"""

from __future__ import annotations

import hmac
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from sync.wire.errors import NotAuthentic

KEY_BYTES = 32
"""Of private and public keys alike."""
TAG_BYTES = 16
"""What a ciphertext is longer than its plaintext."""
_HASH_BYTES, _AEAD_KEY_BYTES, _NONCE_BYTES = 32, 32, 12
_KEM, _KDF, _AEAD = (number.to_bytes(2) for number in (0x0020, 0x0001, 0x0003))
_KEM_SUITE, _SUITE = b"KEM" + _KEM, b"HPKE" + _KEM + _KDF + _AEAD
_BASE_MODE = b"\x00"


class OpeningKey(Protocol):
    """A private X25519 key, wherever it lives; the ports `DeviceKey` and the center's keys are such."""

    @property
    def exchange_public(self) -> bytes:
        """Its public half, 32 raw bytes."""

    def exchange(self, peer_public: bytes) -> bytes:
        """The 32-byte secret shared with `peer_public` (RFC 7748, 6.1), which was checked not to be of low order."""


def seal(
    plaintext: bytes, public: bytes, *, info: bytes, aad: bytes, ephemeral: bytes
) -> tuple[bytes, bytes]:
    """(encapsulated key, ciphertext) for the holder of `public`. `ephemeral` is fresh chance, 32 bytes, never used again.

    Raises: NotAuthentic, where `public` is no usable key.
    """
    own = X25519PrivateKey.from_private_bytes(ephemeral)
    enc = own.public_key().public_bytes_raw()
    secret = _encapsulated(_shared(own, public), enc, public)
    key, nonce = _schedule(secret, info)
    return enc, ChaCha20Poly1305(key).encrypt(nonce, plaintext, aad)


def open_sealed(
    enc: bytes, ciphertext: bytes, key: OpeningKey, *, info: bytes, aad: bytes, what: str
) -> bytes:
    """The plaintext. Raises: NotAuthentic: sealed to another key, for another purpose, or altered."""
    _shared(_ANY_KEY, enc)
    secret = _encapsulated(key.exchange(enc), enc, key.exchange_public)
    aead_key, nonce = _schedule(secret, info)
    try:
        return ChaCha20Poly1305(aead_key).decrypt(nonce, ciphertext, aad)
    except InvalidTag:
        raise NotAuthentic(what, "cannot be opened: it is altered, or sealed to another key") from None


def public_of(private: bytes) -> bytes:
    """The public half of a private key of 32 bytes."""
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def _shared(own: X25519PrivateKey, peer_public: bytes) -> bytes:
    """RFC 9180, 7.1.4: a key of low order gives zeros with every other, and is refused."""
    try:
        return own.exchange(X25519PublicKey.from_public_bytes(peer_public))
    except ValueError:
        raise NotAuthentic("exchange key", "is not a usable X25519 key") from None


def _encapsulated(shared: bytes, enc: bytes, public: bytes) -> bytes:
    """ExtractAndExpand of 4.1."""
    prk = _labeled_extract(b"", b"eae_prk", shared, _KEM_SUITE)
    return _labeled_expand(prk, b"shared_secret", enc + public, _HASH_BYTES, _KEM_SUITE)


def _schedule(secret: bytes, info: bytes) -> tuple[bytes, bytes]:
    """KeySchedule of 5.1 in base mode: key and nonce of the first and only message."""
    context = _BASE_MODE + b"".join(
        _labeled_extract(b"", label, given, _SUITE) for label, given in ((b"psk_id_hash", b""), (b"info_hash", info))
    )  # fmt: skip
    prk = _labeled_extract(secret, b"secret", b"", _SUITE)
    return (
        _labeled_expand(prk, b"key", context, _AEAD_KEY_BYTES, _SUITE),
        _labeled_expand(prk, b"base_nonce", context, _NONCE_BYTES, _SUITE),
    )


def _labeled_extract(salt: bytes, label: bytes, given: bytes, suite: bytes) -> bytes:
    """LabeledExtract of 4 over HKDF-Extract (RFC 5869, 2.2), where no salt is zeros."""
    return hmac.digest(salt or bytes(_HASH_BYTES), b"HPKE-v1" + suite + label + given, "sha256")


def _labeled_expand(prk: bytes, label: bytes, info: bytes, length: int, suite: bytes) -> bytes:
    """LabeledExpand of 4 over HKDF-Expand (RFC 5869, 2.3); one block of it is enough for all that is asked here."""
    assert length <= _HASH_BYTES, "one block"
    labeled = length.to_bytes(2) + b"HPKE-v1" + suite + label + info
    return hmac.digest(prk, labeled + b"\x01", "sha256")[:length]


_ANY_KEY = X25519PrivateKey.from_private_bytes(bytes(range(KEY_BYTES)))
"""Tells keys of low order, which give zeros with it as with every other; no secret."""
