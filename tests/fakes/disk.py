"""A disk under SQLite that remembers what was written and what was synced, and can lose its power at any point.

It is a VFS (sqlite.org/c3ref/vfs.html) laid over the system's own, by ctypes, in the very library that Python's sqlite3
uses; the files on disk are real. A write counts as durable only after a later sync of its file: of what a cut finds
unsynced, each 512-byte sector survives or not by a seeded coin, as on a card with a volatile cache.
"""

from __future__ import annotations

import contextlib
import ctypes
import random
import time
from ctypes import CFUNCTYPE, POINTER, Structure, byref, c_char_p, c_int, c_int64, c_void_p
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SECTOR_BYTES = 512
_SQLITE_OK = 0


@dataclass(frozen=True)
class Write:
    name: str
    offset: int
    data: bytes


@dataclass(frozen=True)
class Truncate:
    name: str
    size: int


@dataclass(frozen=True)
class Delete:
    """A file is gone. SQLite does not sync the folder then, but when it first syncs the next journal or log it makes."""

    name: str


@dataclass(frozen=True)
class Sync:
    name: str


@dataclass(frozen=True)
class Mark:
    """Something the story says happened here: what was confirmed by then."""

    value: object


Operation = Write | Truncate | Delete | Sync | Mark


@dataclass
class Disk:
    """What happened to the files of one folder. `sync_ms` makes each sync as slow as a card's.

    Without `keeps_writes` only syncs are noticed, and writes cost what they cost.
    """

    sync_ms: float = 0
    keeps_writes: bool = True
    operations: list[Operation] = field(default_factory=list)

    def mark(self, value: object) -> None:
        """Note that `value` was confirmed to somebody."""
        self.operations.append(Mark(value))

    def syncs(self) -> int:
        """How many syncs there were."""
        return sum(isinstance(operation, Sync) for operation in self.operations)

    def bytes_written(self) -> int:
        """How many bytes SQLite wrote."""
        return sum(len(operation.data) for operation in self.operations if isinstance(operation, Write))

    def after_power_cut(self, at: int, folder: Path, seed: int) -> list[object]:
        """Write the files as a cut before operation `at` may leave them; returns what was confirmed before it."""
        chance = random.Random(seed)
        files: dict[str, bytearray] = {}
        unsynced: dict[str, list[Operation]] = {}
        marks = []
        for operation in self.operations[:at]:
            if isinstance(operation, Mark):
                marks.append(operation.value)
            elif isinstance(operation, Sync):
                folder_too = operation.name not in files
                for name in list(unsynced) if folder_too else [operation.name]:
                    if name == operation.name or isinstance(unsynced[name][-1], Delete):
                        for done in unsynced.pop(name, []):
                            _apply(files, done)
            else:
                unsynced.setdefault(operation.name, []).append(operation)
        for lost_or_kept in unsynced.values():
            for operation in lost_or_kept:
                _apply_perhaps(files, operation, chance)
        for name, content in files.items():
            (folder / name).write_bytes(content)
        return marks


def _apply(files: dict[str, bytearray], operation: Operation) -> None:
    if isinstance(operation, Delete):
        files.pop(operation.name, None)
    elif isinstance(operation, Truncate):
        content = files.setdefault(operation.name, bytearray())
        del content[operation.size :]
    elif isinstance(operation, Write):
        content = files.setdefault(operation.name, bytearray())
        end = operation.offset + len(operation.data)
        content.extend(bytes(max(0, end - len(content))))
        content[operation.offset : end] = operation.data


def _apply_perhaps(files: dict[str, bytearray], operation: Operation, chance: random.Random) -> None:
    if isinstance(operation, Truncate | Delete):
        if chance.random() < 0.5:
            _apply(files, operation)
        return
    assert isinstance(operation, Write)
    for start in range(0, len(operation.data), SECTOR_BYTES):
        if chance.random() < 0.5:
            sector = operation.data[start : start + SECTOR_BYTES]
            _apply(files, Write(operation.name, operation.offset + start, sector))


class _Methods(Structure):
    """sqlite3_io_methods."""


class _File(Structure):
    """sqlite3_file: a pointer to its methods, then what the system's VFS keeps."""

    _fields_ = [("methods", POINTER(_Methods))]


_XWRITE = CFUNCTYPE(c_int, POINTER(_File), c_void_p, c_int, c_int64)
_XTRUNCATE = CFUNCTYPE(c_int, POINTER(_File), c_int64)
_XSYNC = CFUNCTYPE(c_int, POINTER(_File), c_int)
_Methods._fields_ = [
    ("version", c_int), ("close", c_void_p), ("read", c_void_p), ("write", _XWRITE), ("truncate", _XTRUNCATE),
    ("sync", _XSYNC), *[(f"rest{index}", c_void_p) for index in range(13)],
]  # fmt: skip
_XOPEN = CFUNCTYPE(c_int, c_void_p, c_char_p, POINTER(_File), c_int, POINTER(c_int))
_XDELETE = CFUNCTYPE(c_int, c_void_p, c_char_p, c_int)


class _Vfs(Structure):
    """sqlite3_vfs."""

    _fields_ = [
        ("version", c_int), ("file_bytes", c_int), ("path_max", c_int), ("next", c_void_p), ("name", c_char_p),
        ("data", c_void_p), ("open", _XOPEN), ("delete", _XDELETE), *[(f"rest{index}", c_void_p) for index in range(14)],
    ]  # fmt: skip


@contextlib.contextmanager
def watched_disk(disk: Disk) -> Iterator[Disk]:
    """While it lasts, every database that this process opens runs on `disk`."""
    library = ctypes.CDLL("libsqlite3.so.0")
    library.sqlite3_vfs_find.restype = POINTER(_Vfs)
    library.sqlite3_vfs_find.argtypes = [c_char_p]
    system = library.sqlite3_vfs_find(None)
    watcher = _Watcher(disk, system.contents)
    assert library.sqlite3_vfs_register(byref(watcher.vfs), 1) == _SQLITE_OK
    try:
        yield disk
    finally:
        library.sqlite3_vfs_register(system, 1)
        library.sqlite3_vfs_unregister(byref(watcher.vfs))
        _KEPT.append(watcher)


class _Watcher:
    """Overlays open, write, truncate and sync of the system's VFS."""

    def __init__(self, disk: Disk, system: _Vfs) -> None:
        self._disk = disk
        self._open, self._delete = system.open, system.delete
        self._names: dict[int, str] = {}
        self._methods: dict[int, tuple[_Methods, _Methods]] = {}
        self.vfs = _Vfs.from_buffer_copy(system)
        self.vfs.name = b"watched"
        self.vfs.open = _XOPEN(self._opened)
        self.vfs.delete = _XDELETE(self._deleted)
        self._overlay = (_XWRITE(self._write), _XTRUNCATE(self._truncate), _XSYNC(self._sync))

    def _opened(
        self, vfs: int, name: bytes | None, file: ctypes._Pointer[_File], flags: int, out: object
    ) -> int:
        result: int = self._open(vfs, name, file, flags, out)
        if result == _SQLITE_OK and name is not None:
            original = _Methods.from_buffer_copy(file.contents.methods.contents)
            changed = _Methods.from_buffer_copy(original)
            write, truncate, changed.sync = self._overlay
            if self._disk.keeps_writes:
                changed.write, changed.truncate = write, truncate
            address = ctypes.addressof(file.contents)
            self._names[address] = _file_name(name)
            self._methods[address] = (original, changed)
            file.contents.methods = ctypes.pointer(changed)
        return result

    def _deleted(self, vfs: int, name: bytes, sync_folder: int) -> int:
        self._disk.operations.append(Delete(_file_name(name)))
        result: int = self._delete(vfs, name, sync_folder)
        return result

    def _original(self, file: ctypes._Pointer[_File]) -> tuple[str, _Methods]:
        address = ctypes.addressof(file.contents)
        return self._names[address], self._methods[address][0]

    def _write(self, file: ctypes._Pointer[_File], data: int, size: int, offset: int) -> int:
        name, original = self._original(file)
        self._disk.operations.append(Write(name, offset, ctypes.string_at(data, size)))
        result: int = original.write(file, data, size, offset)
        return result

    def _truncate(self, file: ctypes._Pointer[_File], size: int) -> int:
        name, original = self._original(file)
        self._disk.operations.append(Truncate(name, size))
        result: int = original.truncate(file, size)
        return result

    def _sync(self, file: ctypes._Pointer[_File], flags: int) -> int:
        name, original = self._original(file)
        self._disk.operations.append(Sync(name))
        if self._disk.sync_ms:
            time.sleep(self._disk.sync_ms / 1000)  # on SQLite's worker, where a slow card waits too
        result: int = original.sync(file, flags)
        return result


def _file_name(path: bytes) -> str:
    return PurePath(path.decode()).name


_KEPT: list[_Watcher] = []
"""SQLite may still hold a file's methods when a story has ended."""
