"""`sofreh-till devices`: who sits where, what it is, and whether it answers; roles are given while nobody else owns them."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from drivers import ports
from drivers.ports import Port, PortKind
from firmware import command
from firmware.roles import Role, open_roles, read_roles

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Said = Callable[[], tuple[str, str]]

A, B, C, D = "usb-x-1.1", "usb-x-1.2", "usb-x-1.3", "usb-x-1.4"


class Shop:
    """A configuration, and what is plugged in; the devices' nodes are FIFOs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "till.toml"
        self.data = folder / "data"
        self.data.mkdir()
        self.ports: list[Port] = []
        self.write_config('printer.path = "printer"')

    def write_config(self, *more: str) -> None:
        self.config.write_text("\n".join(('data_folder = "data"', *more, "")))

    def plug(self, place: str, node: str, kind: PortKind = PortKind.KEYS, **facts: bool | str) -> None:
        os.mkfifo(self.folder / node)
        imager = Port(
            kind=kind, path=self.folder / node, place=place,
            may_scan=True, may_key=True, model="05f9:2204", name="Imager",
        )  # fmt: skip
        self.ports.append(replace(imager, **facts))

    def unplug(self, place: str) -> None:
        for port in [port for port in self.ports if port.place == place]:
            port.path.unlink()
            self.ports.remove(port)

    def run(self, *arguments: str) -> int:
        return command.main(["devices", *arguments, "--config", str(self.config)])


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    shop = Shop(tmp_path)
    monkeypatch.setattr(ports, "list_ports", lambda: tuple(shop.ports))
    return shop


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[[], tuple[str, str]]:
    def read() -> tuple[str, str]:
        captured = capsys.readouterr()
        return captured.out, captured.err

    return read


def test_every_device_is_listed_with_role_place_model_path_and_whether_it_answers(
    shop: Shop, said: Said
) -> None:
    os.mkfifo(shop.folder / "printer")
    shop.plug(A, "event3")
    shop.plug(B, "event4", may_scan=False, name="Numpad")
    shop.plug(C, "ttyUSB0", PortKind.SERIAL, name="FT232R")
    assert shop.run("assign", "scanner", A) == 0
    assert shop.run("assign", "keypad", str(shop.folder / "event4")) == 0
    said()
    assert shop.run() == 0
    out, err = said()
    rows = [line.split() for line in out.splitlines()]
    assert rows[0] == ["ROLE", "ANSWERS", "PLACE", "MODEL", "PATH", "NAME"]
    assert rows[1] == ["scanner", "yes", A, "05f9:2204", str(shop.folder / "event3"), "Imager"]
    assert rows[2] == ["keypad", "yes", B, "05f9:2204", str(shop.folder / "event4"), "Numpad"]
    assert rows[3] == ["printer", "yes", str(shop.folder / "printer"), "-", str(shop.folder / "printer"), "-"]
    assert rows[4] == ["-", "yes", C, "05f9:2204", str(shop.folder / "ttyUSB0"), "FT232R"]
    assert err == ""


def test_a_device_that_is_unplugged_keeps_its_row_and_the_exit_code_says_that_something_is_missing(
    shop: Shop, said: Said
) -> None:
    os.mkfifo(shop.folder / "printer")
    shop.plug(A, "event3")
    shop.plug(B, "event4")
    assert (shop.run("assign", "scanner", A), shop.run("assign", "keypad", B)) == (0, 0)
    shop.unplug(A)
    said()
    assert shop.run() == 3
    out, err = said()
    assert ["scanner", "not", "there", A, "05f9:2204", "-", "Imager"] in [
        line.split() for line in out.splitlines()
    ]
    assert err == "sofreh-till: missing: scanner\n"


def test_a_fresh_till_misses_everything(shop: Shop, said: Said) -> None:
    shop.plug(A, "event3")
    assert shop.run() == 3
    assert said()[1] == "sofreh-till: missing: scanner, keypad, printer\n"


def test_a_till_whose_roles_are_all_given_away_misses_nothing(shop: Shop, said: Said) -> None:
    shop.write_config()
    shop.plug(A, "event3")
    shop.plug(B, "event4", may_scan=False)
    shop.plug(C, "lp0", PortKind.PRINTER)
    shop.plug(D, "ttyUSB0", PortKind.SERIAL)
    given = {"scanner": A, "keypad": B, "printer": C, "display": D}
    assert [shop.run("assign", role, place) for role, place in given.items()] == [0] * 4
    assert shop.run() == 0
    assert [line.split()[0] for line in said()[0].splitlines()[-4:]] == list(given)


def test_a_scanner_set_to_a_mode_of_its_maker_s_is_told_how_to_send_keys(shop: Shop, said: Said) -> None:
    shop.plug(A, "hidraw0", PortKind.MUTE)
    shop.run()
    out, _ = said()
    assert out.splitlines()[-2].split()[:4] == ["-", "no", "keys", A]
    assert "USB keyboard" in out.splitlines()[-1]
    assert shop.run("assign", "scanner", A) == 1
    assert "cannot be the scanner" in said()[1]


def test_both_faces_of_one_device_are_one_device(shop: Shop, said: Said) -> None:
    shop.plug(A, "event3")
    shop.plug(A, "event4")
    shop.run("assign", "scanner", A)
    said()
    shop.run()
    assert [line.split()[0] for line in said()[0].splitlines()] == ["ROLE", "scanner", "printer"]


def test_a_role_is_taken_away(shop: Shop, said: Said) -> None:
    shop.plug(A, "event3")
    shop.run("assign", "scanner", A)
    assert shop.run("free", "scanner") == 0
    assert read_roles(shop.data, warn=print).seat(Role.SCANNER) is None
    assert said()[0].splitlines() == [f"The scanner is Imager at {A}.", "Nobody is the scanner."]


@pytest.mark.parametrize(
    ("role", "place", "words"),
    [
        ("scanner", D, f"nothing is plugged in at {D}"),
        ("scanner", B, f"what is plugged in at {B} cannot be the scanner"),
        ("display", A, f"what is plugged in at {A} cannot be the display"),
        ("printer", C, "the configuration gives the printer's path"),
    ],
)
def test_what_cannot_be_is_one_sentence(shop: Shop, said: Said, role: str, place: str, words: str) -> None:
    shop.plug(A, "event3")
    shop.plug(B, "event4", may_scan=False)
    shop.plug(C, "ttyUSB0", PortKind.SERIAL)
    assert shop.run("assign", role, place) == 1
    assert said()[1].startswith(f"sofreh-till: {words}")
    assert not (shop.data / "roles.toml").exists()


@pytest.mark.parametrize("arguments", [("assign", "cook", A), ("assign", "scanner"), ("free",), ("sell",)])
def test_a_wrong_command_line_is_another_exit_code(shop: Shop, arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as ended:
        shop.run(*arguments)
    assert ended.value.code == 2


def test_the_configuration_may_stand_before_the_action_but_not_be_left_out(shop: Shop, said: Said) -> None:
    shop.plug(A, "event3")
    assert command.main(["devices", "--config", str(shop.config), "assign", "scanner", A]) == 0
    with pytest.raises(SystemExit) as ended:
        command.main(["devices"])
    assert ended.value.code == 2
    assert "--config" in said()[1]


def test_while_the_appliance_runs_it_is_said_and_nobody_else_changes_roles(shop: Shop, said: Said) -> None:
    shop.plug(A, "event3")
    with open_roles(shop.data, warn=print):
        assert shop.run("assign", "scanner", A) == 1
        assert "the appliance is running" in said()[1]
        assert shop.run("free", "scanner") == 1
        said()
        shop.run()
        assert said()[0].splitlines()[-1] == "The appliance is running and uses its devices."
    assert shop.run("assign", "scanner", A) == 0


def test_a_device_that_may_not_be_opened_says_why(shop: Shop, said: Said) -> None:
    shop.plug(A, "event3")
    shop.run("assign", "scanner", A)
    shop.ports[0].path.unlink()
    with socket.socket(socket.AF_UNIX) as unopenable:
        unopenable.bind(str(shop.ports[0].path))
        said()
        assert shop.run() == 3
    assert "no such device or address" in said()[0]


def test_a_damaged_roles_file_is_told_by_the_list_and_left(shop: Shop, said: Said) -> None:
    (shop.data / "roles.toml").write_text("[")
    assert shop.run() == 3
    assert "roles.toml" in said()[1]
    assert (shop.data / "roles.toml").read_text() == "["
