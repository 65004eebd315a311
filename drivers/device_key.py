"""The device's own keys: one signs, one opens what is sealed to the device. They never leave it.

`DeviceKey` is the port; `FileDeviceKey` keeps both keys in one file, readable by its owner alone. (A TPM 2.0 does
P-256 and not Ed25519: hence `algorithm`.)

| bytes | of the file |
| --- | --- |
| 0-7 | `SOFREHK1` |
| 8-39 | Ed25519 private key (RFC 8032) |
| 40-71 | X25519 private key (RFC 7748) |
| 72-103 | SHA-256 of bytes 0-71: tells a torn or altered file, is no protection |

Example, both private keys zero: `534F465245484B31` `00` x 64,
`485EAE9E5275C392913B076BBD3BA174C377FB881980364D69D4EA6F6D7C45B3`.

Rules: made on the device, never overwritten, durable before `create` returns, refused when others may read it.

Must not know: what is signed.
"""

from __future__ import annotations

import hashlib
import os
import stat
from typing import TYPE_CHECKING, Protocol, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from drivers.errors import (
    DeviceKeyError,
    KeyFileDamaged,
    KeyFileExists,
    KeyFileExposed,
    KeyFileMissing,
    PeerKeyRefused,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COSE_EDDSA = -8

_MAGIC = b"SOFREHK1"
_PRIVATE_BYTES = 32
_FILE_BYTES = len(_MAGIC) + 2 * _PRIVATE_BYTES + hashlib.sha256().digest_size


class DeviceKey(Protocol):
    """The device's keys, wherever they are kept."""

    @property
    def algorithm(self) -> int:
        """COSE algorithm of `sign` (RFC 9053): -8 is EdDSA."""
        ...

    @property
    def public(self) -> bytes:
        """The verification key: 32 raw bytes for EdDSA."""
        ...

    @property
    def exchange_public(self) -> bytes:
        """The X25519 public key that others seal to: 32 raw bytes."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return the signature: 64 raw bytes for EdDSA."""
        ...

    def exchange(self, peer_public: bytes) -> bytes:
        """Return the 32-byte X25519 secret shared with `peer_public`. Raises: PeerKeyRefused."""
        ...


class FileDeviceKey:
    """Both keys from a file, held in memory."""

    algorithm = COSE_EDDSA

    def __init__(self, *, signing: bytes, exchanging: bytes) -> None:
        """Take two raw private keys of 32 bytes."""
        self._signing = Ed25519PrivateKey.from_private_bytes(signing)
        self._exchanging = X25519PrivateKey.from_private_bytes(exchanging)
        self.public = self._signing.public_key().public_bytes_raw()
        self.exchange_public = self._exchanging.public_key().public_bytes_raw()

    @classmethod
    def create(cls, path: Path, *, random_bytes: Callable[[int], bytes] = os.urandom) -> Self:
        """Make both keys and keep them at `path`; when this returns they outlast a power cut.

        Raises: KeyFileExists, DeviceKeyError if the folder cannot be written.
        """
        signing, exchanging = random_bytes(_PRIVATE_BYTES), random_bytes(_PRIVATE_BYTES)
        content = _MAGIC + signing + exchanging
        _store(path, content + hashlib.sha256(content).digest())
        return cls(signing=signing, exchanging=exchanging)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read both keys. Raises: KeyFileMissing, KeyFileExposed, KeyFileDamaged."""
        content = _read_private(path)
        whole, digest = content[:-32], content[-32:]
        if len(content) != _FILE_BYTES or whole[: len(_MAGIC)] != _MAGIC:
            raise KeyFileDamaged(f"{path}: {len(content)} bytes, not a key file of {_FILE_BYTES}")
        if hashlib.sha256(whole).digest() != digest:
            raise KeyFileDamaged(f"{path}: its checksum is wrong")
        return cls(signing=whole[8:40], exchanging=whole[40:72])

    def sign(self, message: bytes) -> bytes:
        """Return the Ed25519 signature of `message`, 64 bytes."""
        return self._signing.sign(message)

    def exchange(self, peer_public: bytes) -> bytes:
        """Return the 32-byte X25519 secret shared with `peer_public`. Raises: PeerKeyRefused."""
        try:
            return self._exchanging.exchange(X25519PublicKey.from_public_bytes(peer_public))
        except ValueError as error:
            raise PeerKeyRefused(f"{peer_public.hex() or 'no bytes'}: {error}") from error


def _read_private(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & 0o077:
                raise KeyFileExposed(f"{path}: mode {mode:04o}, must be 0600: make a new device of it")
            return file.read(_FILE_BYTES + 1)
    except OSError as error:
        raise KeyFileMissing(f"{path}: {error.strerror}") from error


def _store(path: Path, content: bytes) -> None:
    """Write a new file whole or not at all; an existing one stays. Durable afterwards."""
    written = path.with_name(f"{path.name}.{os.urandom(8).hex()}.new")
    try:
        try:
            _write_durably(written, content)
            # Unlike a rename, a link never replaces what is there.
            os.link(written, path)
        finally:
            written.unlink(missing_ok=True)
        _sync_folder(path.parent)
    except FileExistsError as error:
        raise KeyFileExists(f"{path}: there is a key already") from error
    except OSError as error:
        raise DeviceKeyError(f"{path}: {error.strerror}") from error


def _write_durably(path: Path, content: bytes) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
