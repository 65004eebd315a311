"""What an undone enrollment made is put aside, whatever happens to the power on the way."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from firmware import boot, identity
from firmware.enrolling.undoing import PUT_ASIDE, begin, finish

if TYPE_CHECKING:
    import pytest


class _PowerCut(BaseException):
    pass


def a_till(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    for name in PUT_ASIDE:
        (folder / name).write_bytes(name.encode())
    (folder / "roles.toml").write_bytes(b"stays")
    return folder


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_till_that_nobody_undoes_stays_as_it_is(tmp_path: Path) -> None:
    folder = a_till(tmp_path / "data")
    assert finish(folder) is None
    assert set(PUT_ASIDE) <= names(folder)


def test_what_one_enrollment_made_is_put_aside_and_the_rest_stays(tmp_path: Path) -> None:
    folder = a_till(tmp_path / "data")
    begin(folder, 1001)
    assert not boot.is_in_order(folder)
    assert finish(folder) == 1001
    assert names(folder) == {"roles.toml", "undone-1001-1"}
    aside = folder / "undone-1001-1"
    assert {name: (aside / name).read_bytes().decode() for name in PUT_ASIDE} == {n: n for n in PUT_ASIDE}
    assert finish(folder) is None


def test_a_second_one_has_a_folder_of_its_own(tmp_path: Path) -> None:
    folder = a_till(tmp_path / "data")
    for number in (1, 2):
        a_till(folder)
        begin(folder, 1001)
        finish(folder)
        assert set(PUT_ASIDE) <= names(folder / f"undone-1001-{number}")


def test_a_power_cut_at_any_step_is_gone_on_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = a_till(tmp_path / "data")
    begin(folder, 1001)
    real = {step: getattr(Path, step) for step in ("rename", "unlink", "mkdir")}
    cuts = 0
    while True:
        steps = 0

        def cut(step: str, *, cut_at: int = cuts) -> object:
            def counted(self: Path, *args: object, **kwargs: object) -> object:
                nonlocal steps
                steps += 1
                if steps > cut_at:
                    raise _PowerCut
                return real[step](self, *args, **kwargs)

            return counted

        for step in real:
            monkeypatch.setattr(Path, step, cut(step))
        try:
            assert finish(folder) == 1001
        except _PowerCut:
            cuts += 1
        else:
            break
        finally:
            monkeypatch.undo()
        assert not boot.is_in_order(folder)
        assert (folder / boot.UNDO_FILE).exists()
        assert cuts < 50
    assert cuts >= 2
    assert names(folder) == {"roles.toml", "undone-1001-1"}
    assert set(PUT_ASIDE) <= names(folder / "undone-1001-1")


def test_a_till_with_a_journal_and_no_identity_is_damaged_not_new(tmp_path: Path) -> None:
    assert not boot.is_in_order(tmp_path)
    (tmp_path / boot.JOURNAL_FILE).write_bytes(b"")
    assert boot.is_in_order(tmp_path)
    (tmp_path / boot.JOURNAL_FILE).unlink()
    (tmp_path / identity.IDENTITY_FILE).write_bytes(b"")
    assert boot.is_in_order(tmp_path)
    (tmp_path / boot.OWED_FILE).write_bytes(b"")
    assert not boot.is_in_order(tmp_path)
