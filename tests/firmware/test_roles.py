"""A role belongs to a socket: unplugging, other numbers, power cuts and damaged files do not move it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from drivers.ports import Port, PortKind
from firmware.errors import RolesInUse, RolesNotStored
from firmware.roles import Role, Roles, Seat, fits, is_in_use, open_roles, read_roles
from tests.field_failure import field_failure


def keyboard(place: str, *, event: int = 0, pad: bool = False, model: str = "05f9:2204") -> Port:
    return Port(
        kind=PortKind.KEYS, path=Path(f"/dev/input/event{event}"), place=place, model=model, name="Imager",
        may_scan=not pad, may_key=True,
    )  # fmt: skip


def adapter(place: str, *, number: int = 0) -> Port:
    return Port(kind=PortKind.SERIAL, path=Path(f"/dev/ttyUSB{number}"), place=place, model="0403:6001")


def silent(words: str) -> None:
    raise AssertionError(words)


def kept(folder: Path) -> Roles:
    return read_roles(folder, warn=silent)


def test_roles_are_there_again_after_a_power_cut(tmp_path: Path) -> None:
    with open_roles(tmp_path, warn=silent) as roles:
        roles.assign(Role.SCANNER, keyboard("usb-a-1.2"))
        roles.assign(Role.PRINTER, adapter("usb-a-1.4:1.1"), baud=19_200)
    again = kept(tmp_path)
    assert again.seat(Role.SCANNER) == Seat(place="usb-a-1.2", model="05f9:2204", name="Imager")
    assert again.seat(Role.PRINTER) == Seat(place="usb-a-1.4:1.1", model="0403:6001", baud=19_200)
    assert again.seat(Role.KEYPAD) is None


def test_a_device_found_at_its_socket_has_its_role_back_whatever_its_number(tmp_path: Path) -> None:
    with open_roles(tmp_path, warn=silent) as roles:
        roles.assign(Role.SCANNER, keyboard("usb-a-1.2", event=3))
        moved = keyboard("usb-a-1.2", event=17)
        assert roles.find(Role.SCANNER, [keyboard("usb-a-1.3", event=3), moved]) == moved


@field_failure("the serial number is the same on every device", "networkupstools/nut#1795")
def test_two_devices_of_one_model_never_swap(tmp_path: Path) -> None:
    with open_roles(tmp_path, warn=silent) as roles:
        roles.assign(Role.PRINTER, adapter("usb-a-1.1", number=0))
        roles.assign(Role.DISPLAY, adapter("usb-a-1.2", number=1))
        plugged_the_other_way_round = [adapter("usb-a-1.2", number=0), adapter("usb-a-1.1", number=1)]
        printer = roles.find(Role.PRINTER, plugged_the_other_way_round)
        display = roles.find(Role.DISPLAY, plugged_the_other_way_round)
    assert printer is not None
    assert display is not None
    assert (printer.place, display.place) == ("usb-a-1.1", "usb-a-1.2")


def test_a_role_is_free_while_nothing_sits_where_it_belongs(tmp_path: Path) -> None:
    with open_roles(tmp_path, warn=silent) as roles:
        assert roles.is_free(Role.SCANNER, [])
        roles.assign(Role.SCANNER, keyboard("usb-a-1.2"))
        assert not roles.is_free(Role.SCANNER, [keyboard("usb-a-1.2")])
        assert roles.is_free(Role.SCANNER, [keyboard("usb-a-1.3")])
        assert roles.is_free(Role.SCANNER, [keyboard("usb-a-1.2", pad=True)]), (
            "a pad there cannot be a scanner"
        )


def test_a_place_has_one_role_and_a_role_one_place(tmp_path: Path) -> None:
    with open_roles(tmp_path, warn=silent) as roles:
        roles.assign(Role.SCANNER, keyboard("usb-a-1.2"))
        roles.assign(Role.KEYPAD, keyboard("usb-a-1.2"))
        assert (roles.seat(Role.SCANNER), roles.role_at("usb-a-1.2")) == (None, Role.KEYPAD)
        roles.assign(Role.KEYPAD, keyboard("usb-a-1.3"))
        assert (roles.role_at("usb-a-1.2"), roles.role_at("usb-a-1.3")) == (None, Role.KEYPAD)
        roles.free(Role.KEYPAD)
    assert kept(tmp_path).role_at("usb-a-1.3") is None


@pytest.mark.parametrize(
    ("port", "may_be"),
    [
        (keyboard("a"), {Role.SCANNER, Role.KEYPAD}),
        (keyboard("a", pad=True), {Role.KEYPAD}),
        (adapter("a"), {Role.SCANNER, Role.PRINTER, Role.DISPLAY}),
        (Port(kind=PortKind.PRINTER, path=Path("/dev/usb/lp0"), place="a"), {Role.PRINTER}),
        (Port(kind=PortKind.KEYS, path=Path("/dev/input/event0"), place="a"), set()),
    ],
)
def test_a_device_can_only_be_what_it_has_the_means_for(port: Port, may_be: set[Role]) -> None:
    assert {role for role in Role if fits(role, port)} == may_be


class PowerCutError(BaseException):
    """Nothing of the process is left."""


def test_a_power_cut_between_writing_and_renaming_leaves_the_old_roles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_roles(tmp_path, warn=silent) as roles:
        roles.assign(Role.SCANNER, keyboard("usb-a-1.2"))

    def cut(*_: object) -> None:
        raise PowerCutError

    with monkeypatch.context() as power, open_roles(tmp_path, warn=silent) as roles:
        power.setattr(Path, "replace", cut)
        with pytest.raises(PowerCutError):
            roles.assign(Role.SCANNER, keyboard("usb-a-1.3"))
    with open_roles(tmp_path, warn=silent) as roles:
        assert roles.role_at("usb-a-1.2") is Role.SCANNER
        roles.assign(Role.SCANNER, keyboard("usb-a-1.3"))
    assert kept(tmp_path).role_at("usb-a-1.3") is Role.SCANNER


def test_the_new_roles_are_synced_before_they_take_the_old_ones_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def note_sync(descriptor: int) -> None:
        done.append(f"sync {Path(f'/proc/self/fd/{descriptor}').readlink().name}")
        fsync(descriptor)

    def note_replace(path: Path, target: Path) -> Path:
        done.append(f"rename {path.name}")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(Path, "replace", note_replace)
    with open_roles(tmp_path, warn=silent) as roles:
        roles.assign(Role.SCANNER, keyboard("usb-a-1.2"))
    assert done == ["sync roles.toml.new", "rename roles.toml.new", f"sync {tmp_path.name}"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b'[scanner]\nplace = "a"\n[keypad]\nplace = "a"\n', "one place has two roles"),
        (b"[scanner", "TOML|Expected|expected"),
        (b"\x00\xff\xfe", "decode"),
        (b'[cook]\nplace = "a"\n', "cook"),
        (b"scanner = 1\n", "scanner"),
        (b"[scanner]\nplace = 7\n", "scanner"),
        (b'[scanner]\nplace = ""\n', "scanner"),
        (b'[scanner]\nmodel = "a"\n', "scanner"),
        (b'[scanner]\nplace = "a"\nseat = 1\n', "scanner"),
        (b'[scanner]\nplace = "a"\nbaud = true\n', "scanner"),
        (b'[scanner]\nplace = "a"\nbaud = -1\n', "scanner"),
        (b"x = " + b"[" * 5_000, "nested|TOML"),
        (b"#" * 70_000, "too long"),
    ],
)  # fmt: skip
def test_a_damaged_file_is_told_put_aside_and_counts_as_empty(tmp_path: Path, text: bytes, why: str) -> None:
    (tmp_path / "roles.toml").write_bytes(text)
    told: list[str] = []
    with open_roles(tmp_path, warn=told.append) as roles:
        assert [roles.seat(role) for role in Role] == [None] * len(Role)
        roles.assign(Role.SCANNER, keyboard("usb-a-1.2"))
    assert len(told) == 1
    assert any(word in told[0] for word in why.split("|")), told
    assert (tmp_path / "roles.damaged").read_bytes() == text
    assert kept(tmp_path).role_at("usb-a-1.2") is Role.SCANNER


def test_who_only_looks_leaves_a_damaged_file_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "roles.toml").write_bytes(b"[")
    told: list[str] = []
    read_roles(tmp_path, warn=told.append)
    assert len(told) == 1
    assert (tmp_path / "roles.toml").read_bytes() == b"["


def test_only_one_process_may_change_roles(tmp_path: Path) -> None:
    assert not is_in_use(tmp_path)
    with open_roles(tmp_path, warn=silent):
        assert is_in_use(tmp_path)
        with pytest.raises(RolesInUse), open_roles(tmp_path, warn=silent):
            pass
    assert not is_in_use(tmp_path)


def test_a_full_disk_is_said_and_the_role_holds_until_the_power_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with open_roles(tmp_path, warn=silent) as roles:
        with pytest.raises(RolesNotStored, match="No space left"):
            roles.assign(Role.SCANNER, keyboard("usb-a-1.2"))
        assert roles.role_at("usb-a-1.2") is Role.SCANNER
    assert kept(tmp_path).role_at("usb-a-1.2") is None


def test_a_folder_that_takes_no_file_is_our_own_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RolesNotStored, match="Not a directory"), open_roles(tmp_path / "file", warn=silent):
        pass


def test_a_folder_that_is_not_there_is_named_with_the_key_that_names_it(tmp_path: Path) -> None:
    missing = r"none: there is no such folder; `data_folder` in the configuration names it"
    with pytest.raises(RolesNotStored, match=missing), open_roles(tmp_path / "none", warn=silent):
        pass


@settings(max_examples=40, deadline=None)
@given(name=some.text(max_size=20), model=some.text(max_size=10), place=some.text(min_size=1, max_size=20))
def test_whatever_a_device_calls_itself_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, name: str, model: str, place: str
) -> None:
    folder = tmp_path_factory.mktemp("roles")
    port = Port(kind=PortKind.SERIAL, path=Path("/dev/ttyUSB0"), place=place, model=model, name=name)
    with open_roles(folder, warn=silent) as roles:
        roles.assign(Role.PRINTER, port)
    assert kept(folder).seat(Role.PRINTER) == Seat(place=place, model=model, name=name)


def test_who_only_looks_keeps_nothing(tmp_path: Path) -> None:
    with open_roles(tmp_path, warn=silent) as roles:
        roles.assign(Role.SCANNER, keyboard("usb-a-1.2"))
        looked_at = read_roles(tmp_path, warn=pytest.fail)
        with pytest.raises(RolesNotStored):
            looked_at.assign(Role.KEYPAD, keyboard("usb-a-1.3"))
        assert looked_at.role_at("usb-a-1.3") is Role.KEYPAD, "in this process"
        with pytest.raises(RolesNotStored):
            looked_at.free(Role.SCANNER)
    assert kept(tmp_path).role_at("usb-a-1.2") is Role.SCANNER
    assert kept(tmp_path).role_at("usb-a-1.3") is None
