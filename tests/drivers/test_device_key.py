"""The device's keys in a file."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from typing import TYPE_CHECKING

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from drivers import device_key
from drivers.device_key import COSE_EDDSA, DeviceKey, FileDeviceKey
from drivers.errors import (
    DeviceKeyError,
    KeyFileDamaged,
    KeyFileExists,
    KeyFileExposed,
    KeyFileMissing,
    PeerKeyRefused,
)

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "devicekey"


def zeros(size: int) -> bytes:
    return bytes(size)


def test_the_worked_example(path: Path) -> None:
    FileDeviceKey.create(path, random_bytes=zeros)
    content = path.read_bytes()
    assert content == b"SOFREHK1" + bytes(64) + hashlib.sha256(b"SOFREHK1" + bytes(64)).digest()
    shown = re.findall(r"`([0-9A-F]{64})`", device_key.__doc__ or "")
    assert [bytes.fromhex(digest) for digest in shown] == [content[72:]]


def test_keys_are_the_published_vectors_ones() -> None:
    # RFC 8032 7.1 test 1; RFC 7748 6.1.
    signing = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    alice = bytes.fromhex("77076d0a7318a57d3c16c17251b26645c6b0b4b4d51a4c9c4b6cb1d9a8e3c8ba")
    key = FileDeviceKey(signing=signing, exchanging=alice)
    assert key.public == bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    assert key.sign(b"") == bytes.fromhex(
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
        "d25bf5f0595bbe24655141438e7a100b"
    )


def test_what_was_created_is_what_is_loaded(path: Path) -> None:
    created: DeviceKey = FileDeviceKey.create(path)
    loaded: DeviceKey = FileDeviceKey.load(path)
    assert (created.public, created.exchange_public) == (loaded.public, loaded.exchange_public)
    assert loaded.algorithm == COSE_EDDSA
    verifier = Ed25519PublicKey.from_public_bytes(loaded.public)
    verifier.verify(created.sign(b"entry"), b"entry")
    with pytest.raises(InvalidSignature):
        verifier.verify(created.sign(b"entry"), b"other")


def test_two_devices_share_a_secret_and_a_third_does_not(tmp_path: Path) -> None:
    one, two, three = (FileDeviceKey.create(tmp_path / name) for name in ("1", "2", "3"))
    assert one.exchange(two.exchange_public) == two.exchange(one.exchange_public)
    assert one.exchange(two.exchange_public) != three.exchange(two.exchange_public)
    assert one.public != two.public


@pytest.mark.parametrize("peer", [b"", bytes(31), bytes(32), b"\1" + bytes(31), bytes(33)])
def test_a_peer_key_that_shares_no_secret_is_refused(path: Path, peer: bytes) -> None:
    with pytest.raises(PeerKeyRefused):
        FileDeviceKey.create(path).exchange(peer)


def test_only_its_owner_may_read_it_whatever_the_umask(path: Path) -> None:
    before = os.umask(0)
    try:
        FileDeviceKey.create(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path], "nothing else is left behind"


def test_a_key_is_never_overwritten(path: Path) -> None:
    public = FileDeviceKey.create(path).public
    with pytest.raises(KeyFileExists, match="devicekey"):
        FileDeviceKey.create(path)
    assert FileDeviceKey.load(path).public == public
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_an_exposed_key_is_refused(path: Path, mode: int) -> None:
    FileDeviceKey.create(path)
    path.chmod(mode)
    with pytest.raises(KeyFileExposed, match=f"{mode:04o}"):
        FileDeviceKey.load(path)


def test_a_file_cut_short_or_grown_is_refused_at_every_length(path: Path) -> None:
    FileDeviceKey.create(path)
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(KeyFileDamaged, match="devicekey"):
            FileDeviceKey.load(path)
    path.write_bytes(whole + b"\0")
    with pytest.raises(KeyFileDamaged):
        FileDeviceKey.load(path)


def test_a_flipped_bit_anywhere_is_refused(path: Path) -> None:
    FileDeviceKey.create(path)
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(KeyFileDamaged):
            FileDeviceKey.load(path)


def test_a_missing_file_and_a_missing_folder_are_named(path: Path) -> None:
    with pytest.raises(KeyFileMissing, match="devicekey"):
        FileDeviceKey.load(path)
    with pytest.raises(DeviceKeyError, match="nowhere"):
        FileDeviceKey.create(path.parent / "nowhere" / "devicekey")


def test_file_and_folder_are_synced_before_create_returns(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    real = os.fsync

    def fsync(fd: int) -> None:
        there = "with the key" if path.exists() else "before the key"
        synced.append(f"{'folder' if stat.S_ISDIR(os.fstat(fd).st_mode) else 'file'} {there}")
        real(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    FileDeviceKey.create(path)
    assert synced == ["file before the key", "folder with the key"]
