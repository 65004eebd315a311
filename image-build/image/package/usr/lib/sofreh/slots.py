"""The card's two slots: `slots.py install` writes the ordered update into the one that does not run, `slots.py keep` chooses
the running one from now on.

An update is taken whole or not at all: nothing of it is believed before the release key's signature holds, both partitions are
read back after they were written, and the board starts the other slot once (`reboot NUMBER`). Only when the till stays up there does
`keep` change the selector's one word; where it does not, `keep` fails, and its unit restarts the machine. A start that fails, or a
plug that is pulled, comes back to the old slot.

Runs as root. The till orders by a file that it writes (`ORDER`), and is told by another (`TOLD`): {"file", and "percent" or
"done" or "failed"}. Codes of failures: no_key, bad_signature, damaged, not_newer, wrong_file, stick_gone, card_failed.

Source: `image/update.py` of the builder; Raspberry Pi's documentation of autoboot.txt (`boot_partition`); reboot(2).
"""

from __future__ import annotations

import hashlib
import io
import json
import lzma
import os
import re
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import IO

ORDER = Path("/data/sofreh/update.json")
STICK = Path("/run/sofreh/stick")
TOLD = Path("/run/sofreh/update.json")
IMAGE = Path("/etc/sofreh/image.json")
CARD = Path("/run/card")
TRIAL = Path("/data/trial")
"""There from an update's restart until the new slot is kept."""
SELECTOR = Path("/run/selector")
CONTEXT = b"sofreh/update/1\n"
NAME = re.compile(r"sofreh-[0-9][0-9A-Za-z.+~-]{0,40}\.update")
SAID_BYTES_MAX = 4096
CHUNK_BYTES = 1 << 20
RESTARTS_AFTER_S = 10
UP_S, UP_WITHIN_S, LOOK_EVERY_S = 60, 600, 5
"""So long a till must be up without a break, and within so long after a start, to be kept."""
BOOT_OF_ROOT = {5: 2, 6: 3}
OTHER_ROOT = {5: 6, 6: 5}
_sleep_s = time.sleep  # noqa: TID251 -- there is no loop here that it could stop
_WORD = re.compile(rb"boot_partition=([23])")


class Refused(Exception):
    """The update is not taken: a code, and for the log why."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(f"{code}: {why}")
        self.code = code


class Slots(NamedTuple):
    """The card's partitions, as paths: that of the selector's files, and by number."""

    selector: Path
    partition: str
    running: int

    @classmethod
    def of_card(cls) -> Slots:
        """As the first steps told."""
        root = CARD.read_text().split()[2]
        return cls(SELECTOR, f"/dev/{root[:-1]}", int(root[-1]))

    def path(self, number: int) -> Path:
        """The partition of that number."""
        return Path(f"{self.partition}{number}")

    @property
    def target(self) -> int:
        """The root that does not run."""
        return OTHER_ROOT[self.running]

    @property
    def selected(self) -> int:
        """The boot partition that the board starts from by itself."""
        found = _WORD.search((self.selector / "autoboot.txt").read_bytes())
        if found is None:
            raise Refused("card_failed", "the selector names no slot")
        return int(found[1])

    def select(self, boot: int) -> None:
        """Have the board start from this boot partition. One sector is overwritten: a power cut leaves the old or the new."""
        path = self.selector / "autoboot.txt"
        content = path.read_bytes()
        with path.open("r+b") as file:
            file.write(_WORD.sub(f"boot_partition={boot}".encode(), content))
            file.flush()
            os.fsync(file.fileno())


class Part(NamedTuple):
    """One partition of an update, as it was signed."""

    size: int
    sha256: str


class Said(NamedTuple):
    """What an update says of itself, once its signature held."""

    version: str
    made_s: int
    boot: Part
    root: Part


def install(stick: Path, name: str, slots: Slots, *, running_made_s: int, tell: Callable[[int], None]) -> int:
    """Write the update in `stick` into the slot that does not run; the boot partition to start from. `tell` hears percents.

    Raises: Refused.
    """
    if not NAME.fullmatch(name):
        raise Refused("wrong_file", "is not called as an update")
    key = _release_key(slots.selector)
    if slots.selected != BOOT_OF_ROOT[slots.running]:
        slots.select(BOOT_OF_ROOT[slots.running])  # a till that was told to update runs well here
    try:
        with _StickFile(stick / name) as file, tarfile.open(fileobj=file, mode="r|") as archive:
            return _install(archive, slots, key, running_made_s, tell)
    except (tarfile.TarError, lzma.LZMAError, EOFError) as error:
        raise Refused("damaged", str(error)) from None
    except OSError as error:
        raise Refused("card_failed", str(error)) from None


def _install(
    archive: tarfile.TarFile,
    slots: Slots,
    key: Ed25519PublicKey,
    running_made_s: int,
    tell: Callable[[int], None],
) -> int:
    said = _said(_small(archive, "update.json"), _small(archive, "update.json.sig"), key)
    if said.made_s <= running_made_s:
        raise Refused("not_newer", f"{said.version} was made at {said.made_s}, what runs at {running_made_s}")
    boot = BOOT_OF_ROOT[slots.target]
    progress = _Progress(2 * (said.boot.size + said.root.size), tell)
    with lzma.open(_member(archive, "boot.vfat.xz")) as packed:
        _write(packed, said.boot, slots.path(boot), progress)
    _write(_member(archive, "root.squashfs"), said.root, slots.path(slots.target), progress)
    _read_back(slots.path(boot), said.boot, progress)
    _read_back(slots.path(slots.target), said.root, progress)
    return boot


class _Progress:
    """Counts bytes and tells whole percents."""

    def __init__(self, total: int, tell: Callable[[int], None]) -> None:
        self._total, self._tell = total, tell
        self._done, self._percent = 0, 0

    def add(self, size: int) -> None:
        self._done += size
        percent = 100 * self._done // self._total
        if percent != self._percent:
            self._percent = percent
            self._tell(percent)


def _release_key(selector: Path) -> Ed25519PublicKey:
    try:
        key = serialization.load_pem_public_key((selector / "release.pub").read_bytes())
    except FileNotFoundError:
        raise Refused("no_key", "the card's image was not signed") from None
    except (OSError, ValueError) as error:
        raise Refused("card_failed", f"release.pub: {error}") from None
    if not isinstance(key, Ed25519PublicKey):
        raise Refused("card_failed", "release.pub is no Ed25519 key")
    return key


class _StickFile(io.RawIOBase):
    """A file on the stick, whose faults are the stick's. No link is followed and no pipe waited for."""

    def __init__(self, path: Path) -> None:
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError as error:
            raise Refused("stick_gone", str(error)) from None

    def read(self, size: int = -1) -> bytes:
        try:
            return os.read(self._descriptor, size)
        except OSError as error:
            raise Refused("stick_gone", str(error)) from None

    def close(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
        super().close()


def _member(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    member = archive.next()
    if member is None or member.name != name or not member.isfile():
        raise Refused("wrong_file", f"{name} is not where it belongs")
    file = archive.extractfile(member)
    assert file is not None, "a file"
    return file


def _small(archive: tarfile.TarFile, name: str) -> bytes:
    content = _member(archive, name).read(SAID_BYTES_MAX + 1)
    if len(content) > SAID_BYTES_MAX:
        raise Refused("wrong_file", f"{name} is too long")
    return content


def _said(said: bytes, signature: bytes, key: Ed25519PublicKey) -> Said:
    try:
        key.verify(signature, CONTEXT + said)
    except InvalidSignature:
        raise Refused("bad_signature", "not signed by this card's release key") from None
    # The release signed it: from here on a mistake is the builder's.
    told: dict[str, Any] = json.loads(said)
    boot, root = (Part(told[name]["bytes"], told[name]["sha256"]) for name in ("boot", "root"))
    return Said(told["version"], told["made_s"], boot, root)


def _write(source: IO[bytes], part: Part, target: Path, progress: _Progress) -> None:
    """Bring `source` into the partition, no byte more than was signed."""
    hashed, left = hashlib.sha256(), part.size
    with target.open("r+b") as file:
        if file.seek(0, os.SEEK_END) < part.size:
            raise Refused("wrong_file", f"{target} is too small for it")
        file.seek(0)
        while left:
            block = source.read(min(CHUNK_BYTES, left))
            if not block:
                raise Refused("damaged", "ends too early")
            hashed.update(block)
            file.write(block)
            # Piece by piece: the till's own sync on this card must not wait for all of it.
            file.flush()
            os.fdatasync(file.fileno())
            left -= len(block)
            progress.add(len(block))
    if hashed.hexdigest() != part.sha256:
        raise Refused("damaged", f"is not what was signed for {target.name}")


def _read_back(path: Path, part: Part, progress: _Progress) -> None:
    """What lies on the card, and not in the kernel's memory, must be what was signed."""
    hashed, left = hashlib.sha256(), part.size
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        while left and (block := file.read(min(CHUNK_BYTES, left))):
            hashed.update(block)
            left -= len(block)
            progress.add(len(block))
    if hashed.hexdigest() != part.sha256:
        raise Refused("card_failed", f"{path} reads back otherwise than it was written")


def main(order: str) -> int:
    """`install` or `keep`, on the card itself."""
    if order == "install" and not ORDER.exists():
        return 0  # it was taken back
    SELECTOR.mkdir(exist_ok=True)
    slots = Slots.of_card()
    _run("mount", "-t", "vfat", "-o", "rw,sync,noexec,nosuid,nodev", str(slots.path(1)), str(SELECTOR))
    try:
        return _installed(slots) if order == "install" else _kept(slots)
    finally:
        _run("umount", str(SELECTOR))


def _installed(slots: Slots) -> int:
    name = str(json.loads(ORDER.read_text())["file"])
    made_s = json.loads(IMAGE.read_text())["made_s"]
    _tell(name, percent=0)
    try:
        boot = install(
            STICK, name, slots, running_made_s=made_s, tell=lambda percent: _tell(name, percent=percent)
        )
    except Refused as refused:
        print(refused, file=sys.stderr)
        _tell(name, failed=refused.code)
        return 1
    TRIAL.touch()
    os.sync()
    _tell(name, done=True)
    _sleep_s(RESTARTS_AFTER_S)
    _run("systemctl", "--no-block", f"--reboot-argument={boot}", "reboot")
    return 0


def _kept(slots: Slots) -> int:
    boot = BOOT_OF_ROOT[slots.running]
    if (
        slots.selected != boot
    ):  # else the card came back to its old slot, or was cut between the next two lines
        if not stays_up(_till_is_up, _sleep_s):
            print("the till does not stay up: back to the old slot", file=sys.stderr)
            return 1
        slots.select(boot)
        print(f"starts from partition {boot} from now on")
    TRIAL.unlink(missing_ok=True)
    return 0


def stays_up(is_up: Callable[[], bool], sleep_s: Callable[[float], None]) -> bool:
    """Whether the till is up for UP_S without a break, within UP_WITHIN_S."""
    up_s = 0
    for _ in range(UP_WITHIN_S // LOOK_EVERY_S):
        sleep_s(LOOK_EVERY_S)
        up_s = up_s + LOOK_EVERY_S if is_up() else 0
        if up_s >= UP_S:
            return True
    return False


def _till_is_up() -> bool:
    line = ("systemctl", "--quiet", "is-active", "sofreh-till.service")
    return subprocess.run(line, check=False).returncode == 0


def _tell(name: str, **what: object) -> None:
    draft = TOLD.with_suffix(".new")
    draft.write_text(json.dumps({"file": name, **what}) + "\n")
    draft.replace(TOLD)


def _run(*line: str) -> None:
    subprocess.run(line, check=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
