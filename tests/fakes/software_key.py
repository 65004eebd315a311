"""A key in memory, with the ports of `sync.wire.cose.SigningKey` and `drivers.device_key.DeviceKey`."""

from __future__ import annotations

import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey


class SoftwareKey:
    """A signing and an exchange key, made from a name so that every run has the same."""

    def __init__(self, name: str) -> None:
        self._signing = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"sign {name}".encode()).digest())
        self._exchange = X25519PrivateKey.from_private_bytes(
            hashlib.sha256(f"exchange {name}".encode()).digest()
        )
        self.algorithm = -8
        self.public = self._signing.public_key().public_bytes_raw()
        self.exchange_public = self._exchange.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self._signing.sign(message)

    def exchange(self, peer_public: bytes) -> bytes:
        return self._exchange.exchange(X25519PublicKey.from_public_bytes(peer_public))
