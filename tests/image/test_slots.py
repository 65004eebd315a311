"""An update is taken whole or not at all. The card is a folder here, each partition a file; the update is the builder's own."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import tarfile
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from image import signing, starting, update
from image.lock import HERE

if TYPE_CHECKING:
    from collections.abc import Callable

OLD_S, NEW_S = 1_700_000_000, 1_700_000_001
PARTITION_BYTES = 300_000
A, B = 2, 3
"""The boot partitions; the roots beside them are 5 and 6."""
NAME = update.file_name("0.2.0+1")


def load_slots() -> Any:
    """The program, as the card has it: it is in no package."""
    spec = importlib.util.spec_from_file_location("slots", HERE / "package/usr/lib/sofreh/slots.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


slots = load_slots()
slots.CHUNK_BYTES = 20_000


class World(NamedTuple):
    card: Path
    stick: Path
    key: Ed25519PrivateKey
    boot: bytes
    root: bytes

    def of_card(self, running: int = 5) -> Any:
        return slots.Slots(self.card, str(self.card / "part"), running)

    def install(self, *, running: int = 5, name: str = NAME) -> tuple[int, list[int]]:
        percents: list[int] = []
        boot = slots.install(
            self.stick, name, self.of_card(running), running_made_s=OLD_S, tell=percents.append
        )
        return boot, percents

    def refusal(self, **how: Any) -> str:
        """The code that it is refused with; the card starts from where it started before."""
        selected = self.of_card().selected
        with pytest.raises(slots.Refused) as refused:
            self.install(**how)
        assert self.of_card().selected == selected
        code: str = refused.value.code
        return code

    def content(self, number: int) -> bytes:
        return (self.card / f"part{number}").read_bytes()

    def write(self, *, made_s: int = NEW_S, key: Ed25519PrivateKey | None = None) -> Path:
        return update.write(
            self.stick, self.slot(), version="0.2.0+1", made_s=made_s, key=self.key if key is None else key
        )

    def slot(self) -> update.Slot:
        for name, content in (("boot", self.boot), ("root", self.root)):
            (self.stick / name).write_bytes(content)
        return update.Slot(self.stick / "boot", self.stick / "root")


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A card that runs slot a, and a stick with an update."""
    card, stick = tmp_path / "card", tmp_path / "stick"
    card.mkdir()
    stick.mkdir()
    key = Ed25519PrivateKey.generate()
    chance = Random(1)
    for number in (A, B, 5, 6):
        (card / f"part{number}").write_bytes(bytes(PARTITION_BYTES))
    firmware = tmp_path / "firmware"
    firmware.mkdir()
    (firmware / starting.FIRST_FIRMWARE).write_bytes(b"first")
    for name, content in starting.selector_files(firmware, signing.public_pem(key)).items():
        (card / name).write_bytes(content)
    made = World(card, stick, key, bytes(200_000) + chance.randbytes(1000), chance.randbytes(250_000))
    made.write()
    return made


def test_an_update_fills_the_slot_that_does_not_run_and_nothing_else(world: World) -> None:
    boot, percents = world.install()
    assert boot == B
    assert world.content(B).startswith(world.boot)
    assert world.content(6).startswith(world.root)
    assert world.content(A) == world.content(5) == bytes(PARTITION_BYTES)
    assert world.of_card().selected == A
    assert percents == sorted(set(percents))
    assert percents[-1] == 100


def test_from_the_second_slot_it_is_the_first(world: World) -> None:
    assert world.install(running=6)[0] == A
    assert world.content(5).startswith(world.root)
    assert world.content(6) == bytes(PARTITION_BYTES)
    # What runs is what is fallen back to from now on.
    assert world.of_card().selected == B


def test_the_same_update_is_made_twice_alike(world: World) -> None:
    first = world.write().read_bytes()
    assert world.write().read_bytes() == first


def test_a_kept_slot_is_started_from_then_on(world: World) -> None:
    before = (world.card / "autoboot.txt").read_bytes()
    world.of_card().select(B)
    after = (world.card / "autoboot.txt").read_bytes()
    assert world.of_card().selected == B
    assert len(after) == len(before) <= 512, "one sector"
    world.of_card().select(A)
    assert (world.card / "autoboot.txt").read_bytes() == before


def test_a_selector_that_names_no_slot_is_no_card(world: World) -> None:
    (world.card / "autoboot.txt").write_bytes(b"[all]\n")
    with pytest.raises(slots.Refused, match="card_failed"):
        world.install()


def test_a_card_without_a_release_key_takes_none(world: World) -> None:
    (world.card / "release.pub").unlink()
    assert world.refusal() == "no_key"


@pytest.mark.parametrize("content", [b"no key", b""])
def test_a_broken_release_key_is_the_cards_fault(world: World, content: bytes) -> None:
    (world.card / "release.pub").write_bytes(content)
    assert world.refusal() == "card_failed"


def test_what_another_key_signed_is_refused(world: World) -> None:
    world.write(key=Ed25519PrivateKey.generate())
    assert world.refusal() == "bad_signature"
    assert world.content(6) == bytes(PARTITION_BYTES)


@pytest.mark.parametrize(("made_s", "code"), [(OLD_S - 1, "not_newer"), (OLD_S, "not_newer"), (NEW_S, None)])
def test_only_a_newer_one_is_taken(world: World, made_s: int, code: str | None) -> None:
    world.write(made_s=made_s)
    if code is None:
        assert world.install()[0] == B
    else:
        assert world.refusal() == code


def members(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]  # all are files


def pack(path: Path, parts: dict[str, bytes]) -> None:
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in parts.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def said_otherwise(parts: dict[str, bytes]) -> None:
    said = json.loads(parts["update.json"])
    parts["update.json"] = json.dumps({**said, "made_s": said["made_s"] + 1}).encode()


def without_root(parts: dict[str, bytes]) -> None:
    del parts["root.squashfs"]


def changed(name: str, at: int) -> Callable[[dict[str, bytes]], None]:
    def change(parts: dict[str, bytes]) -> None:
        content = bytearray(parts[name])
        content[at] ^= 1
        parts[name] = bytes(content)

    return change


def too_long(parts: dict[str, bytes]) -> None:
    parts["update.json"] += b" " * slots.SAID_BYTES_MAX


def shorter_root(parts: dict[str, bytes]) -> None:
    parts["root.squashfs"] = parts["root.squashfs"][:-1]


def turned_around(parts: dict[str, bytes]) -> None:
    parts["boot.vfat.xz"] = parts.pop("boot.vfat.xz")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (said_otherwise, "bad_signature"),
        (changed("update.json.sig", 5), "bad_signature"),
        (changed("boot.vfat.xz", -20), "damaged"),
        (changed("root.squashfs", 100_000), "damaged"),
        (shorter_root, "damaged"),
        (without_root, "wrong_file"),
        (turned_around, "wrong_file"),
        (too_long, "wrong_file"),
        (lambda parts: parts.clear(), "wrong_file"),
    ],
)
def test_a_changed_update_is_refused(
    world: World, change: Callable[[dict[str, bytes]], None], code: str
) -> None:
    parts = members(world.stick / NAME)
    change(parts)
    pack(world.stick / NAME, parts)
    assert world.refusal() == code


def test_an_update_that_ends_at_any_byte_is_refused(world: World) -> None:
    whole = (world.stick / NAME).read_bytes()
    chance = Random(2)
    cuts = [0, 1, 511, 512, 513, 1024, *(chance.randrange(len(whole) - 2_000) for _ in range(12))]
    for cut in cuts:
        (world.stick / NAME).write_bytes(whole[:cut])
        assert world.refusal() in {"damaged", "wrong_file"}, cut


def test_a_file_that_is_something_else_is_refused(world: World) -> None:
    (world.stick / NAME).write_bytes(Random(3).randbytes(50_000))
    assert world.refusal() == "damaged"


@pytest.mark.parametrize(
    "name", ["../card/autoboot.txt", "sofreh-.update", "sofreh-1/..update", "sofreh-0.2.0+1.updat", ""]
)
def test_another_name_is_not_opened(world: World, name: str) -> None:
    assert world.refusal(name=name) == "wrong_file"


def test_a_stick_that_is_gone_a_link_and_a_pipe_are_told(world: World) -> None:
    path = world.stick / NAME
    path.rename(world.stick / "elsewhere")
    assert world.refusal() == "stick_gone"
    path.symlink_to(world.stick / "elsewhere")
    assert world.refusal() == "stick_gone"
    path.unlink()
    os.mkfifo(path)
    assert world.refusal() == "damaged"


def test_a_slot_too_small_is_refused_before_a_byte_is_written(world: World) -> None:
    (world.card / "part6").write_bytes(bytes(len(world.root) - 1))
    assert world.refusal() == "wrong_file"
    assert not any(world.content(6))


def test_a_card_without_the_partition_has_failed(world: World) -> None:
    (world.card / "part6").unlink()
    assert world.refusal() == "card_failed"


def test_a_card_that_keeps_other_bytes_has_failed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def forget(descriptor: int, *_: int) -> None:
        """Before it is read back the card turns a bit."""
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if path.name == "part6":
            with path.open("r+b") as file:
                file.seek(200_000)
                (byte,) = file.read(1)
                file.seek(200_000)
                file.write(bytes((byte ^ 1,)))

    monkeypatch.setattr(os, "posix_fadvise", forget)
    assert world.refusal() == "card_failed"


@pytest.mark.parametrize(
    ("looks", "stays"),
    [
        ("+" * 12, True),
        ("+" * 11 + "-" + "+" * 12, True),
        ("-" * 108 + "+" * 12, True),
        ("-" * 109 + "+" * 12, False),
        (("+" * 11 + "-") * 10, False),
        ("-" * 120, False),
    ],
)
def test_a_till_is_up_for_a_minute_without_a_break_within_ten(looks: str, *, stays: bool) -> None:
    """One look each five seconds."""
    seen = iter(looks)
    slept_s: list[float] = []
    assert slots.stays_up(lambda: next(seen) == "+", slept_s.append) is stays
    assert set(slept_s) == {5}
    assert len(slept_s) <= 120
