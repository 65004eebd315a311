"""The release's signature: one Ed25519 signature over the list of the files' hashes.

Rules: the key is a file outside the checkout, read by nobody else; without one the image is unsigned and says so. Anybody can
check with what Debian has: `sha256sum --check SHA256SUMS`, and
`openssl pkeyutl -verify -pubin -inkey release.pub -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig`.

Source: RFC 8032, RFC 8410 (keys in PEM).
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from debian.archive import PartMissing

if TYPE_CHECKING:
    from pathlib import Path

SUMS, SIGNATURE = "SHA256SUMS", "SHA256SUMS.sig"


def make_key(path: Path) -> None:
    """Make a release key: the private one at `path`, the public one beside it. Raises: PartMissing, if there is one."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise PartMissing(f"{path} is there already: a release key is never replaced in silence") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(private)
    path.with_suffix(".pub").write_bytes(public_pem(key))


def list_hashes(folder: Path) -> None:
    """Write the hashes of the files there, as sha256sum reads them."""
    files = sorted(folder.iterdir())
    lines = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files]
    (folder / SUMS).write_text("".join(lines))


def sign(folder: Path, key: Ed25519PrivateKey) -> None:
    """Sign the list of hashes."""
    (folder / SIGNATURE).write_bytes(key.sign((folder / SUMS).read_bytes()))


def public_pem(key: Ed25519PrivateKey) -> bytes:
    """Its public half, as PEM."""
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def read_key(path: Path) -> Ed25519PrivateKey:
    """The release key. Raises: PartMissing, naming the file."""
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise PartMissing(f"{path} is no release key: {error}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise PartMissing(f"{path} is no Ed25519 key")
    return key
