"""What proves that a household, or an announcement, was really there.

- K, the household key of a card = HKDF-SHA256(card secret, PIN) (RFC 5869). Tills hold SHA-256(K), never the secret;
  a purchase carries HMAC-SHA256(K, what was bought)[:8] (RFC 2104), which only the center can check.
- One-time codes (8 digits) and announcement codes (13 digits) are short, so what tills hold of them is slow:
  Argon2id (RFC 9106) with 19 MiB and two passes.
"""

from __future__ import annotations

import hashlib
import hmac

from sync.wire import cbor

PROOF_BYTES = 8
SLOW_HASH_BYTES = 16
SALT_BYTES = 16
TAG_BITS = 20
CODE_DIGITS = 8
PIN_DIGITS = 4
_ARRAY_OF_5 = cbor.head(cbor.ARRAY, 5)
_HASH = cbor.head(cbor.BYTES, 32)


def household_key(card_secret: bytes, pin: str) -> bytes:
    """K, 32 bytes. The secret is the card's 16 bytes, the PIN its ASCII digits."""
    return _hkdf(card_secret, b"sofreh/household-key/1 " + pin.encode())


def key_check(key: bytes) -> bytes:
    """SHA-256(K): lets a till recognize the right PIN once the card's secret is in front of it."""
    return hashlib.sha256(key).digest()


def household_proof(
    key: bytes, public: bytes, *, device: int, sequence: int, prev: bytes, lines_hash: bytes
) -> bytes:
    """8 bytes by K over a purchase and its place in the device's chain.

    HMAC of CBOR [device, sequence, prev, public part, lines hash]; `public` are the purchase's own bytes.
    """
    assert len(prev) == len(lines_hash) == 32, "hashes"
    parts = (
        _ARRAY_OF_5, cbor.head(cbor.UINT, device), cbor.head(cbor.UINT, sequence), _HASH, prev, public, _HASH, lines_hash,
    )  # fmt: skip
    return hmac.digest(key, b"".join(parts), "sha256")[:PROOF_BYTES]


def slow_hash(digits: str, salt: bytes) -> bytes:
    """Argon2id of a short code, 16 bytes; tens of milliseconds on a server, half a second on a small board."""
    from argon2.low_level import Type, hash_secret_raw  # noqa: PLC0415 -- a till may go without for days

    return hash_secret_raw(
        digits.encode(),
        salt,
        time_cost=2,
        memory_cost=19 * 1024,
        parallelism=1,
        hash_len=SLOW_HASH_BYTES,
        type=Type.ID,
    )


def release_proof(release_root: bytes, *, device: int) -> bytes:
    """16 bytes that show the center that this device was told the code whose slow hash is `release_root`."""
    return _hkdf(release_root, b"sofreh/release/1 %d" % device)[:SLOW_HASH_BYTES]


def release_lock(proof: bytes) -> bytes:
    """What mail carries beforehand, so that the device recognizes the right code without network."""
    return hashlib.sha256(proof).digest()[:SLOW_HASH_BYTES]


def blinding_key(shared_secret: bytes) -> bytes:
    """Key of the blinds of private parts, from the X25519 secret of device and center."""
    return _hkdf(shared_secret, b"sofreh/blinding/1")


def tag_key(shared_secret: bytes) -> bytes:
    """Key of the national-ID tags of one device, from the X25519 secret of device and center."""
    return _hkdf(shared_secret, b"sofreh/national-id-tag/1")


def national_id_tag(national_id: str, key: bytes) -> int:
    """20 bits that find a household by its typed national ID; several households may share one."""
    return int.from_bytes(hmac.digest(key, national_id.encode(), "sha256")[:4]) >> (32 - TAG_BITS)


def _hkdf(secret: bytes, info: bytes) -> bytes:
    """32 bytes of HKDF-SHA256 without salt: extract (RFC 5869, 2.2), then one block of expand (2.3)."""
    return hmac.digest(hmac.digest(bytes(32), secret, "sha256"), info + b"\x01", "sha256")
