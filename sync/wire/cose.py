"""COSE_Sign1 (RFC 9052, 4.2) with the algorithm pinned to the key and a context text in everything signed.

A message is the untagged array [protected, {}, payload, signature]. The protected header is {1: algorithm, 4: key id};
`external_aad` is a context such as ``sofreh/entry/1``, so bytes signed for one purpose prove nothing for another.
Ed25519 as EdDSA (-8, RFC 9053, 2.2) is used by software keys; ES256 (-7) is reserved for hardware keys.
"""

from __future__ import annotations

import hashlib
from functools import cached_property, lru_cache
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec import Struct

from sync.wire import cbor
from sync.wire.errors import Malformed, NotAuthentic

EDDSA = -8
SIGNATURE_BYTES = 64
PUBLIC_KEY_BYTES = 32
KEY_ID_BYTES = 8
MESSAGE_BYTES_MAX = 8 << 20


class SigningKey(Protocol):
    """A private key, wherever it lives."""

    @property
    def public(self) -> bytes:
        """The raw public key, 32 bytes."""

    def sign(self, message: bytes) -> bytes:
        """64 bytes of Ed25519 signature (RFC 8032) over `message`."""


def key_id(public: bytes) -> bytes:
    """First 8 bytes of SHA-256 over the raw public key: a hint which key to try, never a proof."""
    return hashlib.sha256(public).digest()[:KEY_ID_BYTES]


class VerifyingKey(Struct, frozen=True, dict=True):
    """An Ed25519 public key of 32 raw bytes."""

    public: bytes

    def verify(self, signature: bytes, message: bytes, *, what: str) -> None:
        """Return only if `signature` is this key's over `message`. Raises: NotAuthentic."""
        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            raise NotAuthentic(what, "the signature does not hold") from None

    @cached_property
    def _key(self) -> Ed25519PublicKey:
        try:
            return Ed25519PublicKey.from_public_bytes(self.public)
        except ValueError:
            raise NotAuthentic("key", "not an Ed25519 public key") from None


class Unverified(Struct, frozen=True):
    """A well-formed message whose signature nobody has checked yet."""

    key_id: bytes
    protected: bytes
    payload: bytes
    signature: bytes


def to_be_signed(payload: bytes, *, public: bytes, context: str) -> bytes:
    """The Sig_structure (RFC 9052, 4.4) that a key with this public half signs over `payload`."""
    return before_payload(public, context) + cbor.head(cbor.BYTES, len(payload)) + payload


def sign(payload: bytes, key: SigningKey, *, context: str) -> bytes:
    """A whole COSE_Sign1 message."""
    signature = key.sign(to_be_signed(payload, public=key.public, context=context))
    return cbor.encode([_protected(key.public), {}, payload, signature])


def parse(message: bytes, *, what: str, bytes_max: int = MESSAGE_BYTES_MAX) -> Unverified:
    """The parts of a message, still unverified. Raises: Malformed."""
    value = cbor.decode(message, where=what, bytes_max=bytes_max)
    if type(value) is not list or len(value) != 4 or value[1] != {}:
        raise Malformed(what, "not a COSE_Sign1 message")
    protected, _, payload, signature = value
    if (
        not all(type(part) is bytes for part in (protected, payload, signature))
        or len(signature) != SIGNATURE_BYTES
    ):
        raise Malformed(what, "not a COSE_Sign1 message")
    header = cbor.decode(protected, where=f"{what}.protected", bytes_max=64)
    if type(header) is not dict or set(header) != {1, 4} or type(header[4]) is not bytes:
        raise Malformed(f"{what}.protected", "not {1: algorithm, 4: key id}")
    if header[1] != EDDSA:
        raise NotAuthentic(what, f"algorithm {header[1]} is not the key's")
    return Unverified(header[4], protected, payload, signature)


def verify(message: bytes, key: VerifyingKey, *, context: str, what: str) -> bytes:
    """The payload of `message`, once its signature by `key` holds. Raises: Malformed, NotAuthentic."""
    unverified = parse(message, what=what)
    if unverified.protected != _protected(key.public):
        raise NotAuthentic(what, "signed by another key")
    key.verify(
        unverified.signature, to_be_signed(unverified.payload, public=key.public, context=context), what=what
    )
    return unverified.payload


@lru_cache(maxsize=4096)
def _protected(public: bytes) -> bytes:
    return cbor.encode({1: EDDSA, 4: key_id(public)})


@lru_cache(maxsize=4096)
def before_payload(public: bytes, context: str) -> bytes:
    """A Sig_structure up to its payload."""
    parts = ["Signature1", _protected(public), context.encode()]
    return cbor.head(cbor.ARRAY, len(parts) + 1) + b"".join(cbor.encode(part) for part in parts)
