"""The archive from which the kernel fills its first file system in memory.

Source: Linux `Documentation/driver-api/early-userspace/buffer-format.rst` (the "newc" format).
"""

from __future__ import annotations

_FOLDER, _FILE, _CHARACTERS = 0o040_000, 0o100_000, 0o020_000
_END = "TRAILER!!!"


class Cpio:
    """An archive in the making. Folders come before what is in them; all belongs to root."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def folder(self, name: str) -> None:
        """Add a folder."""
        self._add(name, _FOLDER | 0o755)

    def file(self, name: str, content: bytes, *, mode: int = 0o644) -> None:
        """Add a file."""
        self._add(name, _FILE | mode, content)

    def device(self, name: str, *, major: int, minor: int) -> None:
        """Add a character device."""
        self._add(name, _CHARACTERS | 0o600, device=(major, minor))

    def whole(self) -> bytes:
        """The whole archive."""
        self._add(_END, 0)
        return b"".join(self._parts)

    def _add(self, name: str, mode: int, content: bytes = b"", *, device: tuple[int, int] = (0, 0)) -> None:
        named = name.encode() + b"\0"
        fields = (
            len(self._parts) + 1, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(named), 0,
        )  # fmt: skip
        head = b"070701" + b"".join(b"%08X" % field for field in fields)
        self._parts.append(_padded(head + named) + _padded(content))


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
