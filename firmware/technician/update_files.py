"""The files around a card's update: how they are called, what they say; garbage says nothing.

    /etc/sofreh/image.json     {"version": ..., "made_s": ...}                what runs; only on a card
    STICK/sofreh-VERSION.update                                                its name alone is looked at
    DATA/update.json           {"file": "sofreh-VERSION.update"}               the order
    DATA/update.stage          a word and the file's name                      how far it came before a start
    /data/trial                                                                there until the card keeps the version that runs
    /run/sofreh/update.json    {"file": ..., "percent": n | "done": true | "failed": code}

Must not know: what is done about them.
"""

from __future__ import annotations

import contextlib
import re
from enum import Enum
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct, json
from msgspec.structs import replace

from firmware import boot, whole_file

TOLD_FILE: Final = Path("/run/sofreh/update.json")
ORDER_FILE: Final = "update.json"
STAGE_FILE: Final = "update.stage"
TRIAL_FILE: Final = Path("/data/trial")
FILE_BYTES_MAX: Final = 4_096
_CODE_CHARACTERS_MAX: Final = 40
_NAME: Final = re.compile(r"sofreh-([0-9][0-9A-Za-z.+~-]{0,40})\.update")
_UNREADABLE: Final = (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class Order(Struct, frozen=True):
    """What the operator wants installed."""

    file: str


class Stage(Enum):
    """How far an update came, for the start after it."""

    WRITTEN = "written"
    """The machine was about to restart into it."""
    RAN = "ran"
    """It ran, and was told of, but the card had not kept it."""


class Told(Struct, frozen=True):
    """How it goes, in the words of whoever writes the card. `stamp` differs whenever it was written anew."""

    file: str
    percent: int = 0
    done: bool = False
    failed: str = ""
    stamp: tuple[int, int] = (0, 0)


class _Image(Struct, frozen=True):
    version: str


def version_of(name: str) -> str | None:
    """The version in an update's file name, or None if it is no such name."""
    found = _NAME.fullmatch(name)
    return None if found is None else found[1]


def file_of(version: str) -> str:
    """The other way round."""
    return f"sofreh-{version}.update"


def by_number(version: str) -> list[tuple[int, int]]:
    """What orders versions: numbers by their value, `~` before the end, all else after it by its letter."""
    parts = re.findall(r"\d+|\D", version)
    return [
        *((2, int(part)) if part.isdigit() else (-1 if part == "~" else 1, ord(part)) for part in parts),
        (0, 0),
    ]


def running_version(path: Path = boot.CARD_FILE) -> str | None:
    """The image that runs, or None where there is none. What cannot be read is none either."""
    try:
        return json.decode(_read(path), type=_Image).version or None
    except _UNREADABLE:
        return None


def order_in(folder: Path) -> Order | None:
    """The order that lies in the data folder; None without one, or if it is nobody's."""
    try:
        order = json.decode(_read(folder / ORDER_FILE), type=Order)
    except _UNREADABLE:
        return None
    return None if version_of(order.file) is None else order


def told_of(file: str, path: Path = TOLD_FILE) -> Told | None:
    """What is told of `file`; None for nothing, for another file, and for what makes no sense."""
    try:
        status = path.stat()
        told = json.decode(_read(path), type=Told)
    except _UNREADABLE:
        return None
    if told.file != file or not 0 <= told.percent <= 100:
        return None
    code = re.sub(r"[^0-9A-Za-z_.-]", "_", told.failed)[:_CODE_CHARACTERS_MAX]
    return replace(told, failed=code, stamp=(status.st_ino, status.st_mtime_ns))


def versions_on(stick: Path | None) -> tuple[str, ...]:
    """The versions that lie on the stick, newest first; none without a stick."""
    try:
        paths = () if stick is None else tuple(stick.iterdir())
        found = [version for path in paths if (version := version_of(path.name)) and path.is_file()]
    except OSError:
        return ()
    return tuple(sorted(found, key=by_number, reverse=True))


def write_order(folder: Path, order: Order) -> None:
    """Bring the order to the disk. Raises: OSError; then there is none."""
    remove(folder, STAGE_FILE)
    whole_file.replace(folder / ORDER_FILE, json.encode(order))


def mark(folder: Path, file: str, stage: Stage) -> None:
    """Note how far `file` came, once; where that cannot be noted, the next start takes it for cut off."""
    if stage_of(folder, file) is not stage:
        with contextlib.suppress(OSError):
            whole_file.replace(folder / STAGE_FILE, f"{stage.value} {file}".encode())


def stage_of(folder: Path, file: str) -> Stage | None:
    """How far `file` came, if that was noted."""
    try:
        said = _read(folder / STAGE_FILE)
    except OSError:
        return None
    return next((stage for stage in Stage if said == f"{stage.value} {file}".encode()), None)


def is_there(path: Path) -> bool:
    """Whether there is such a file, as far as anybody may know."""
    try:
        path.stat()
    except OSError:
        return False
    return True


def remove(folder: Path, *names: str) -> None:
    """Take files away, as far as they are there."""
    for name in names:
        with contextlib.suppress(OSError):
            (folder / name).unlink(missing_ok=True)


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(FILE_BYTES_MAX)
