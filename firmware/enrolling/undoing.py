"""Undoing an enrollment before the first purchase: what it made is put aside, and the till asks anew with new keys.

A mark is written first and taken away last; whoever starts and finds it goes on where the power went. Nothing is deleted: the keys
and the journal of the wrong enrollment lie in a folder of their own, for the center holds that number until it is told.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from firmware import boot, identity, whole_file
from firmware.enrolling.answer import NETWORK_FILE
from firmware.enrolling.request import REQUEST_FILE

if TYPE_CHECKING:
    from pathlib import Path

PUT_ASIDE: Final = (
    identity.IDENTITY_FILE,
    boot.JOURNAL_FILE,
    f"{boot.JOURNAL_FILE}-wal",
    f"{boot.JOURNAL_FILE}-shm",
    boot.DRAFT_FILE,
    REQUEST_FILE,
    NETWORK_FILE,
    boot.FIRST_MAIL_FILE,
    boot.OWED_FILE,
    boot.ACTIVATION_FILE,
    identity.KEY_FILE,
)
"""What belongs to one enrollment. Which device is what at the counter stays."""


def begin(folder: Path, device: int) -> None:
    """Write the mark. The appliance then ends its conversation and comes to `finish`. Raises: OSError."""
    whole_file.replace(folder / boot.UNDO_FILE, str(device).encode())


def finish(folder: Path) -> int | None:
    """Put aside what the marked enrollment made; its device number, or None where there is no mark. Raises: OSError."""
    mark = folder / boot.UNDO_FILE
    try:
        device = int(mark.read_bytes())
    except FileNotFoundError:
        return None
    left = [name for name in PUT_ASIDE if (folder / name).exists()]
    if left:
        aside = _folder_for(folder, device)
        for name in left:
            (folder / name).rename(aside / name)
        _sync(aside)
        _sync(folder)
    mark.unlink()
    _sync(folder)
    return device


def _folder_for(folder: Path, device: int) -> Path:
    """The one that was begun, which has no key yet, or the first free one."""
    number = 1
    while (aside := folder / f"undone-{device}-{number}").exists() and (aside / identity.KEY_FILE).exists():
        number += 1
    aside.mkdir(mode=0o700, exist_ok=True)
    return aside


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_marked(folder: Path) -> bool:
    """Whether an enrollment is being undone."""
    return (folder / boot.UNDO_FILE).exists()
