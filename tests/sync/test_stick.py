"""The folder on a stick: our names only, whole files only, and a stick that is full, pulled or hostile."""

from __future__ import annotations

import errno
import os
import resource
import signal
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sync import stick
from sync.stick import StickFailed
from sync.wire.carried import FILE_BYTES_MAX, Place
from sync.wire.kinds import Way

if TYPE_CHECKING:
    from collections.abc import Iterator
FIRST, SECOND = Place(Way.QUESTION, 1001, 1), Place(Way.QUESTION, 1001, 2)
OTHER, BACK = Place(Way.QUESTION, 1002, 1), Place(Way.ANSWER, 1001, 1)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@contextmanager
def small_files(most: int) -> Iterator[None]:
    """No file of this process may grow beyond so many bytes: what a full stick does, at a chosen byte."""
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_what_is_written_is_listed_in_order_and_read(tmp_path: Path) -> None:
    for place in (OTHER, SECOND, FIRST, BACK):
        stick.write(tmp_path, place, place.name.encode())
    (tmp_path / "holiday.jpg").write_bytes(b"not ours")
    (tmp_path / "S1001.NEW").write_bytes(b"half")
    assert [place for place, _ in stick.listed(tmp_path, Way.QUESTION)] == [FIRST, SECOND, OTHER]
    assert [place for place, _ in stick.listed(tmp_path, Way.QUESTION, device=1001)] == [FIRST, SECOND]
    assert [place for place, _ in stick.listed(tmp_path, Way.ANSWER)] == [BACK]
    for place, path in stick.listed(tmp_path, Way.QUESTION):
        assert stick.read(path) == place.name.encode()


def test_an_empty_folder_is_no_stick_unless_something_is_mounted_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slot = tmp_path / "slot"
    assert not stick.is_in(slot)
    slot.mkdir()
    assert not stick.is_in(slot)
    (slot / "holiday.jpg").touch()
    assert stick.is_in(slot)
    assert not stick.is_in(slot / "holiday.jpg")
    (slot / "holiday.jpg").unlink()
    monkeypatch.setattr(os.path, "ismount", lambda path: path == slot)
    assert stick.is_in(slot)


def test_a_file_is_synced_before_and_after_it_gets_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a FAT it is empty under its new name until then."""
    synced: list[Path] = []
    monkeypatch.setattr(os, "fsync", lambda number: synced.append(Path(f"/proc/self/fd/{number}").readlink()))
    stick.write(tmp_path, FIRST, b"x")
    assert synced == [tmp_path / "S1001.NEW", tmp_path / FIRST.name, tmp_path]


def test_small_letters_are_ours_too_as_some_file_systems_show_them(tmp_path: Path) -> None:
    (tmp_path / "s1001.q01").write_bytes(b"x")
    assert stick.listed(tmp_path, Way.QUESTION) == [(FIRST, tmp_path / "s1001.q01")]


def test_a_file_replaces_the_older_one_and_leaves_no_draft(tmp_path: Path) -> None:
    (tmp_path / "S1001.NEW").write_bytes(b"left behind when the stick was pulled")
    stick.write(tmp_path, FIRST, b"old")
    stick.write(tmp_path, FIRST, b"new")
    assert names(tmp_path) == ["S1001.Q01"]
    assert (tmp_path / "S1001.Q01").read_bytes() == b"new"


def test_files_above_a_number_are_taken_away_and_no_others(tmp_path: Path) -> None:
    for place in (FIRST, SECOND, OTHER, BACK):
        stick.write(tmp_path, place, b"x")
    stick.remove(tmp_path, Way.QUESTION, device=1001, above=1)
    assert names(tmp_path) == ["S1001.A01", "S1001.Q01", "S1002.Q01"]
    stick.remove(tmp_path, Way.QUESTION, device=1001)
    assert names(tmp_path) == ["S1001.A01", "S1002.Q01"]


@pytest.mark.parametrize("room", [0, 1, 4095, 4096, 9_999])
def test_a_stick_that_fills_up_keeps_the_old_file_and_says_so(tmp_path: Path, room: int) -> None:
    stick.write(tmp_path, FIRST, b"")
    with small_files(room), pytest.raises(StickFailed, match=r"S1001\.Q01: File too large"):
        stick.write(tmp_path, FIRST, bytes(10_000))
    assert names(tmp_path) == ["S1001.Q01"]
    assert (tmp_path / "S1001.Q01").read_bytes() == b""
    with small_files(10_000):
        stick.write(tmp_path, FIRST, bytes(10_000))
    assert (tmp_path / "S1001.Q01").stat().st_size == 10_000


def test_a_stick_pulled_at_any_step_holds_the_old_file_or_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each call that reaches the stick fails once, in turn; in the end one passes."""
    calls = 0

    def pulled_at(step: int) -> None:
        nonlocal calls
        calls = 0
        for name in ("open", "fsync", "replace", "rename"):
            monkeypatch.setattr(os, name, failing(real[name], step))

    def failing(call: object, step: int) -> object:
        def fails(*args: object, **kwargs: object) -> object:
            nonlocal calls
            calls += 1
            if calls > step:
                raise OSError(5, "Input/output error")
            return call(*args, **kwargs)  # type: ignore[operator]  # one of os's functions

        return fails

    real = {name: getattr(os, name) for name in ("open", "fsync", "replace", "rename")}
    stick.write(tmp_path, FIRST, b"old")
    for step in range(20):
        pulled_at(step)
        try:
            stick.write(tmp_path, FIRST, b"new")
            break
        except StickFailed:
            pass
        finally:
            monkeypatch.undo()
        assert (tmp_path / "S1001.Q01").read_bytes() in (b"old", b"new")
    assert 3 <= step < 19
    assert names(tmp_path) == ["S1001.Q01"]
    assert (tmp_path / "S1001.Q01").read_bytes() == b"new"


def test_no_folder_no_file_no_right_are_named(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    for fails in (
        lambda: stick.listed(gone, Way.QUESTION),
        lambda: stick.write(gone, FIRST, b""),
        lambda: stick.remove(gone, Way.QUESTION, device=1001),
        lambda: stick.read(gone / "S1001.Q01"),
    ):
        with pytest.raises(StickFailed, match=r"gone.*No such file or directory"):
            fails()


def test_a_link_a_pipe_or_a_folder_under_our_name_is_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    link, pipe, folder = (tmp_path / f"S{number}.Q01" for number in (1, 2, 3))
    link.symlink_to(secret)
    os.mkfifo(pipe)
    folder.mkdir()
    for path in (link, pipe, folder):
        with pytest.raises(StickFailed, match=path.name):
            stick.read(path)


def test_a_link_under_our_name_is_replaced_and_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"precious")
    for name in ("S1001.NEW", "S1001.Q01"):
        (tmp_path / name).symlink_to(target)
    stick.write(tmp_path, FIRST, b"ours")
    assert target.read_bytes() == b"precious"
    assert (tmp_path / "S1001.Q01").read_bytes() == b"ours"


def test_a_folder_under_our_name_cannot_be_taken_away_and_is_named(tmp_path: Path) -> None:
    (tmp_path / "S1001.Q01").mkdir()
    with pytest.raises(StickFailed, match=r"S1001\.Q01"):
        stick.remove(tmp_path, Way.QUESTION, device=1001)


def test_no_more_is_read_than_a_file_may_have(tmp_path: Path) -> None:
    path = tmp_path / "S1001.Q01"
    with path.open("wb") as file:
        file.truncate(FILE_BYTES_MAX * 3)
    assert len(stick.read(path)) == FILE_BYTES_MAX + 1


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP, errno.EIO])
def test_a_file_system_that_cannot_sync_a_folder_is_good_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    real = os.fsync

    def sync(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(number, os.strerror(number))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", sync)
    if number == errno.EIO:
        with pytest.raises(StickFailed, match="Input/output error"):
            stick.write(tmp_path, FIRST, b"whole")
    else:
        stick.write(tmp_path, FIRST, b"whole")
    assert (tmp_path / "S1001.Q01").read_bytes() == b"whole"
