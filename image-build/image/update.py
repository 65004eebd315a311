"""The update: what a stick brings to cards that run an older image, one file, signed by the release key.

    sofreh-VERSION.update   tar: update.json, update.json.sig, boot.vfat.xz, root.squashfs, in this order

`update.json` says version and time of the image, and size and SHA-256 of both partitions as they are written to a slot;
`update.json.sig` is Ed25519 over CONTEXT and its bytes. `package/usr/lib/sofreh/slots.py` reads it on the card.

Rule: the same image and key make the same update, byte for byte.
"""

from __future__ import annotations

import hashlib
import io
import json
import lzma
import tarfile
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

CONTEXT = b"sofreh/update/1\n"


class Slot(NamedTuple):
    """The files of a slot's partitions."""

    boot: Path
    root: Path


def file_name(version: str) -> str:
    """What the update to a version is called; tills look for such names on a stick."""
    return f"sofreh-{version}.update"


def write(folder: Path, slot: Slot, *, version: str, made_s: int, key: Ed25519PrivateKey) -> Path:
    """Write the update of an image that was made at `made_s`, Unix seconds, into `folder`; its path."""
    boot, root = slot.boot.read_bytes(), slot.root.read_bytes()
    says = {"version": version, "made_s": made_s, "boot": _named(boot), "root": _named(root)}
    said = json.dumps(says, indent=1).encode() + b"\n"
    made = folder / file_name(version)
    with tarfile.open(made, "w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in (
            ("update.json", said),
            ("update.json.sig", key.sign(CONTEXT + said)),
            ("boot.vfat.xz", lzma.compress(boot, preset=6)),
            ("root.squashfs", root),
        ):
            member = tarfile.TarInfo(name)
            member.size, member.mtime = len(content), made_s
            archive.addfile(member, io.BytesIO(content))
    return made


def _named(content: bytes) -> dict[str, object]:
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
