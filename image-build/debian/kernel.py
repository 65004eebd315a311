"""A kernel package's image, and the modules wanted of it with all that they depend on, in the order of loading.

Rule: a module says itself on what it depends, so no `depmod` is needed.

Source: Linux `include/linux/module.h` (the `.modinfo` section: NUL-terminated `key=value`).
"""

from __future__ import annotations

import lzma
import subprocess
import tarfile
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_ENDING = ".ko.xz"


class Kernel:
    """What was taken out of a kernel package. `files` are the small files beside the modules, by their name."""

    def __init__(self, deb: Path) -> None:
        self.image = b""
        self.version = ""
        self.files: dict[str, bytes] = {}
        self.device_trees: dict[str, bytes] = {}
        self._modules: dict[str, bytes] = {}
        self._paths: dict[str, PurePosixPath] = {}
        with (
            subprocess.Popen(("dpkg-deb", "--fsys-tarfile", str(deb)), stdout=subprocess.PIPE) as unpacking,
            tarfile.open(fileobj=unpacking.stdout, mode="r|") as files,
        ):
            for file in files:
                self._take(files, file)

    def _take(self, files: tarfile.TarFile, file: tarfile.TarInfo) -> None:
        path = PurePosixPath(file.name)
        name = path.name
        if name.startswith("vmlinuz-"):
            self.image = _content(files, file)
            self.version = name.removeprefix("vmlinuz-")
        elif name.endswith(_ENDING):
            plain = _plain(name.removesuffix(_ENDING))
            self._modules[plain] = _content(files, file)
            self._paths[plain] = PurePosixPath(*path.parts[path.parts.index("modules") + 2 :])
        elif name.startswith("modules."):
            self.files[name] = _content(files, file)
        elif name.endswith(".dtb"):
            self.device_trees[name] = _content(files, file)

    def modules(self, wanted: Iterable[str]) -> dict[str, bytes]:
        """The modules by name, each after those it needs. What is built into the kernel is left out."""
        ordered: dict[str, bytes] = {}
        for name in wanted:
            ordered |= self._with_needs(_plain(name), ordered)
        return ordered

    def path_of(self, name: str) -> PurePosixPath:
        """Where a module lies below the folder of this version's modules, uncompressed."""
        return self._paths[name].with_suffix("")

    def unknown(self, wanted: Iterable[str]) -> list[str]:
        """Those names that are neither modules nor built in."""
        built_in = {
            _plain(PurePosixPath(line).stem) for line in self.files["modules.builtin"].decode().split()
        }
        return [name for name in wanted if _plain(name) not in self._modules.keys() | built_in]

    def _with_needs(self, name: str, have: dict[str, bytes]) -> dict[str, bytes]:
        if name in have or name not in self._modules:
            return {}
        content = lzma.decompress(self._modules[name])
        needs: dict[str, bytes] = {}
        for need in _needs_of(content):
            needs |= self._with_needs(need, have | needs)
        return {**needs, name: content}


def _needs_of(module: bytes) -> Iterator[str]:
    for at in (b"\0depends=", b"\0softdep=pre: "):
        begin = module.find(at)
        if begin >= 0:
            begin += len(at)
            listed = module[begin : module.index(b"\0", begin)].decode()
            yield from (_plain(name) for name in listed.replace(",", " ").split() if name)


def _plain(name: str) -> str:
    """The kernel takes hyphen and underscore for the same."""
    return name.replace("-", "_")


def _content(files: tarfile.TarFile, file: tarfile.TarInfo) -> bytes:
    opened = files.extractfile(file)
    assert opened is not None, "a plain file"
    return opened.read()
