"""The center's keys: the offline root, five delegated signing keys and one for encryption, and the key for secrets with devices.

Private keys are files of 32 raw bytes, readable by their owner only. The root signs the delegations once, at `init`,
and is needed again only for new ones. Delegation numbers are those of `Role`: 1 policy .. 6 encryption. The two X25519 keys
differ, so that the one for files can be replaced: from the other follows how each device's private parts are blinded.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from msgspec import Struct

from sync.central.config import DELEGATION_FOR_S
from sync.central.errors import StoreFailed, WrongInput
from sync.wire import cose
from sync.wire.credential import DELEGATION_CONTEXT, Delegation, TrustedKeys, trust
from sync.wire.errors import WireError
from sync.wire.kinds import SIGNING_ROLES, Role

if TYPE_CHECKING:
    from pathlib import Path

    from sync.central.config import Folder


SEED_BYTES = 32
Chance = Callable[[int], bytes]
"""Gives so many random bytes; `secrets.token_bytes` outside tests."""


class FileKey:
    """An Ed25519 private key whose seed came from a file; a `SigningKey` of the wire."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self._public = self._key.public_key().public_bytes_raw()

    @property
    def public(self) -> bytes:
        """See `SigningKey`."""
        return self._public

    def sign(self, message: bytes) -> bytes:
        """See `SigningKey`."""
        return self._key.sign(message)


class OpeningFileKey:
    """An X25519 private key whose bytes came from a file; an `OpeningKey` of `sync.wire.hpke`."""

    def __init__(self, private: bytes) -> None:
        self._key = X25519PrivateKey.from_private_bytes(private)
        self._public = self._key.public_key().public_bytes_raw()

    @property
    def exchange_public(self) -> bytes:
        """See `OpeningKey`."""
        return self._public

    def exchange(self, peer_public: bytes) -> bytes:
        """See `OpeningKey`."""
        return self._key.exchange(X25519PublicKey.from_public_bytes(peer_public))


class Keys(Struct, frozen=True):
    """What a working center holds; the root's private key is not among it. `encryption` opens files."""

    trusted: TrustedKeys
    delegations: tuple[bytes, ...]
    signing: Mapping[Role, FileKey]
    exchange: X25519PrivateKey
    encryption: OpeningFileKey

    @property
    def exchange_public(self) -> bytes:
        """The public half of the X25519 key."""
        return self.exchange.public_key().public_bytes_raw()

    def shared_secret(self, device_public: bytes) -> bytes:
        """The X25519 secret (RFC 7748) with a device. Raises: WrongInput, for a key of low order."""
        try:
            return self.exchange.exchange(X25519PublicKey.from_public_bytes(device_public))
        except ValueError:
            raise WrongInput("exchange key", "is not a usable X25519 key") from None


def create(folder: Folder, *, now_s: int, chance: Chance) -> None:
    """Make all keys of a new center and let the root sign the delegations."""
    root = FileKey(_new_secret(folder.root_key, chance))
    _write(folder.keys / "root.public", root.public, mode=0o644)
    _new_secret(folder.keys / "exchange.key", chance)
    for role in Role:
        public = _public_of(role, _new_secret(folder.keys / f"{role.name.lower()}.key", chance))
        delegation = Delegation(
            version=1,
            number=int(role),
            role=role,
            public=public,
            not_before_s=now_s,
            until_s=now_s + DELEGATION_FOR_S,
        )
        message = cose.sign(delegation.to_cbor(), root, context=DELEGATION_CONTEXT)
        _write(folder.keys / f"{role.name.lower()}.delegation", message, mode=0o644)


def load(folder: Folder) -> Keys:
    """The keys of a center that exists. Raises: StoreFailed, when one is missing or its delegation does not hold."""
    delegations = tuple(_read(folder.keys / f"{role.name.lower()}.delegation") for role in Role)
    secrets = {role: _read_seed(folder.keys / f"{role.name.lower()}.key") for role in Role}
    try:
        trusted = trust(_read(folder.keys / "root.public"), delegations)
    except WireError as error:
        raise StoreFailed(f"keys: {error}") from None
    for delegation in trusted.delegations:
        if _public_of(delegation.role, secrets[delegation.role]) != delegation.public:
            raise StoreFailed(
                f"keys: {delegation.role.name.lower()}.key is not the key that the root delegated"
            )
    signing = {role: FileKey(secrets[role]) for role in SIGNING_ROLES}
    exchange = X25519PrivateKey.from_private_bytes(_read_seed(folder.keys / "exchange.key"))
    return Keys(trusted, delegations, signing, exchange, OpeningFileKey(secrets[Role.ENCRYPTION]))


def _public_of(role: Role, secret: bytes) -> bytes:
    return FileKey(secret).public if role in SIGNING_ROLES else OpeningFileKey(secret).exchange_public


def _new_secret(path: Path, chance: Chance) -> bytes:
    secret = chance(SEED_BYTES)
    _write(path, secret, mode=0o600)
    return secret


def _write(path: Path, data: bytes, *, mode: int) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
    except OSError as error:
        raise StoreFailed(f"{path}: {error.strerror}") from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StoreFailed(f"{path}: {error.strerror}") from None


def _read_seed(path: Path) -> bytes:
    seed = _read(path)
    if len(seed) != SEED_BYTES:
        raise StoreFailed(f"{path}: is not a key of {SEED_BYTES} bytes")
    return seed
