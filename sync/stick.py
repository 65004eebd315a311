"""Our files in a folder that anybody carries: listed by name, read up to a bound, written whole. The one IO that both halves share.

Rules: nothing but our own names is opened, no link is followed, no pipe or device waited for. A file is written beside its
name, synced, renamed and synced, so that a stick that is pulled at any byte holds the old file or the new, or, where FAT is between
two names, one that is empty; what it holds of an unfinished one nobody reads. Nothing is believed because it lies here. May wait for
a slow stick: run it in a thread.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from typing import TYPE_CHECKING

from sync.wire.carried import FILE_BYTES_MAX, Place, place_of

if TYPE_CHECKING:
    from pathlib import Path

    from sync.wire.kinds import Way

DRAFT = "S{}.NEW"
"""What a device's file is called while it is written."""


class StickFailed(Exception):
    """The folder or a file in it could not be read or written; says which and why."""


def is_in(folder: Path) -> bool:
    """Whether a stick is in the folder: an empty one is none, unless something is mounted there."""
    try:
        return folder.is_dir() and (os.path.ismount(folder) or any(folder.iterdir()))
    except OSError:
        return False


def listed(folder: Path, way: Way, *, device: int | None = None) -> list[tuple[Place, Path]]:
    """Our files of one way, of one device if given, by device and number. Raises: StickFailed."""
    try:
        found = [(place, path) for path in folder.iterdir() if (place := place_of(path.name)) is not None]
    except OSError as error:
        raise StickFailed(f"{folder}: {error.strerror}") from None
    ours = [(place, path) for place, path in found if place.way == way and device in (None, place.device)]
    return sorted(ours, key=lambda each: (each[0].device, each[0].number, each[1].name))


def read(path: Path) -> bytes:
    """A file's bytes, one more than is allowed at most. Raises: StickFailed."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise StickFailed(f"{path}: is not a file")
            return file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise StickFailed(f"{path}: {error.strerror}") from None


def write(folder: Path, place: Place, data: bytes) -> None:
    """Bring one file to the stick, in place of an older one of its name.

    Raises: StickFailed; then the older one stands, unless only the last sync failed.
    """
    draft = folder / DRAFT.format(place.device)
    try:
        draft.unlink(missing_ok=True)
        try:
            _write_durably(draft, data)
            draft.replace(folder / place.name)
        except OSError:
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)
            raise
        # On a FAT a file's length and place stand beside its name. Linux writes them with the file, so that under its new name it
        # is empty until it is synced once more: seen on a stick that was pulled when the slip said so.
        _sync(folder / place.name)
        _sync(folder)
    except OSError as error:
        raise StickFailed(f"{folder / place.name}: {error.strerror}") from None


def remove(folder: Path, way: Way, *, device: int, above: int = 0) -> None:
    """Take away a device's files of one way that are numbered above `above`. Raises: StickFailed."""
    for place, path in listed(folder, way, device=device):
        if place.number > above:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise StickFailed(f"{path}: {error.strerror}") from None


def _write_durably(path: Path, data: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o644), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(path: Path) -> None:
    """Bring a file or a folder out, where the file system knows how."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)
