"""Which printer a till has, by configuration, role, search and USB names; and what is kept of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from drivers.errors import PortNotOpened
from drivers.flow import Flow
from drivers.ports import Port, PortKind
from firmware.config import config_from
from firmware.desk.printer_choice import PRINTER_FILE, PrinterChoice, model_of
from firmware.errors import ConfigError, RolesNotStored
from firmware.roles import Role, open_roles, read_roles

if TYPE_CHECKING:
    from collections.abc import Callable

    from firmware.roles import Roles

SERIAL = Port(
    kind=PortKind.SERIAL, path=Path("/dev/ttyUSB0"), place="usb-a-1.1", model="0403:6001", name="FTDI"
)
BOARD = Port(kind=PortKind.SERIAL, path=Path("/dev/ttyAMA0"), place="ttyAMA0")
EPSON = Port(
    kind=PortKind.PRINTER, path=Path("/dev/usb/lp1"), place="usb-a-1.2", model="04b8:0202", name="EPSON TM-T88V",
    device_id="MFG:EPSON;CMD:ESC/POS;MDL:TM-T88V;CLS:PRINTER;",
)  # fmt: skip
NAMELESS = Port(
    kind=PortKind.PRINTER, path=Path("/dev/usb/lp0"), place="usb-a-1.3", model="0416:5011", name="POS Printer"
)


def at_a_till(
    folder: Path, *there: Port, config: str = "", story: Callable[[PrinterChoice, Roles], None]
) -> None:
    with open_roles(folder, warn=pytest.fail) as roles:
        read = config_from(f'data_folder = "."\n{config}', folder=folder)
        story(PrinterChoice(read, roles, look=lambda: there), roles)


def chosen_name(choice: PrinterChoice) -> tuple[Path, str] | None:
    chosen = choice.chosen()
    return None if chosen is None else (chosen.path, chosen.profile.name)


def test_a_path_of_the_configuration_is_the_printer_and_the_plainest_unless_it_says_more(
    tmp_path: Path,
) -> None:
    def plain(choice: PrinterChoice, _: Roles) -> None:
        assert chosen_name(choice) == (tmp_path / "printer", "58mm")

    def told(choice: PrinterChoice, _: Roles) -> None:
        chosen = choice.chosen()
        assert chosen is not None
        assert (chosen.profile.name, chosen.profile.baud, chosen.profile.flow) == (
            "80mm",
            19_200,
            Flow.RTS_CTS,
        )

    at_a_till(tmp_path, EPSON, config='printer.path = "printer"', story=plain)
    more = (
        'printer.path = "printer"\nprinter.profile = "80mm"\nprinter.baud = 19200\nprinter.flow = "rts_cts"'
    )
    at_a_till(tmp_path, EPSON, config=more, story=told)


def test_the_only_usb_printer_is_the_printer_and_stays_it(tmp_path: Path) -> None:
    def story(choice: PrinterChoice, roles: Roles) -> None:
        assert chosen_name(choice) == (EPSON.path, "epson-tm-t88")
        assert roles.role_at(EPSON.place) is Role.PRINTER

    at_a_till(tmp_path, SERIAL, EPSON, story=story)

    def gone(choice: PrinterChoice, _: Roles) -> None:
        with pytest.raises(PortNotOpened, match=EPSON.place):
            choice.chosen()

    at_a_till(tmp_path, SERIAL, NAMELESS, story=gone)


def test_of_two_usb_printers_and_of_serial_ports_somebody_must_say_which(tmp_path: Path) -> None:
    def story(choice: PrinterChoice, _: Roles) -> None:
        assert choice.chosen() is None

    at_a_till(tmp_path, SERIAL, BOARD, story=story)
    at_a_till(tmp_path, EPSON, NAMELESS, story=story)


def test_a_usb_printer_that_does_not_say_what_it_is_must_be_asked_about(tmp_path: Path) -> None:
    def story(choice: PrinterChoice, _: Roles) -> None:
        assert choice.chosen() is None
        assert choice.candidates() == (NAMELESS,)

    at_a_till(tmp_path, SERIAL, NAMELESS, story=story)


def test_what_was_found_is_kept_over_a_restart(tmp_path: Path) -> None:
    def finds(choice: PrinterChoice, _: Roles) -> None:
        choice.keep(SERIAL, choice.plain("80mm"))
        assert chosen_name(choice) == (SERIAL.path, "80mm")

    def remembers(choice: PrinterChoice, _: Roles) -> None:
        moved = choice.chosen()
        assert moved is not None
        assert (moved.path, moved.profile.name, moved.profile.baud) == (Path("/dev/ttyUSB7"), "80mm", 115_200)

    at_a_till(tmp_path, SERIAL, BOARD, story=finds)
    elsewhere = Port(kind=PortKind.SERIAL, path=Path("/dev/ttyUSB7"), place=SERIAL.place)
    at_a_till(tmp_path, BOARD, elsewhere, story=remembers)


def test_a_path_of_the_configuration_may_have_been_searched_too(tmp_path: Path) -> None:
    def finds(choice: PrinterChoice, roles: Roles) -> None:
        (port,) = choice.candidates()
        choice.keep(port, choice.plain("80mm"))
        assert roles.seat(Role.PRINTER) is None

    def remembers(choice: PrinterChoice, _: Roles) -> None:
        assert chosen_name(choice) == (tmp_path / "printer", "80mm")

    at_a_till(tmp_path, config='printer.path = "printer"', story=finds)
    at_a_till(tmp_path, config='printer.path = "printer"', story=remembers)


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"place = 1",
        b"\xff",
        b"place = 'usb-a-1.1'\nprofile = '58mm'\nbaud = 'x'",
        b"place = 'usb-a-1.1'\nprofile = '58mm'\nbaud = 0",
    ],
)
def test_a_damaged_file_costs_a_search_and_no_start(tmp_path: Path, damaged: bytes) -> None:
    def keeps(choice: PrinterChoice, _: Roles) -> None:
        choice.keep(SERIAL, choice.plain("58mm"))

    def asks(choice: PrinterChoice, _: Roles) -> None:
        assert choice.chosen() is None
        assert choice.candidates() == (SERIAL,), "whose role is known"

    at_a_till(tmp_path, SERIAL, story=keeps)
    (tmp_path / PRINTER_FILE).write_bytes(damaged)
    at_a_till(tmp_path, SERIAL, BOARD, story=asks)


def test_what_was_found_holds_until_the_power_goes_where_no_file_takes_it(tmp_path: Path) -> None:
    (tmp_path / "roles.toml").mkdir()  # which no file can replace

    def found(choice: PrinterChoice, _: Roles) -> None:
        with pytest.raises(RolesNotStored):
            choice.keep(SERIAL, choice.plain("80mm"))
        assert chosen_name(choice) == (SERIAL.path, "80mm"), "nobody is asked again after a replug"

    with open_roles(tmp_path, warn=lambda _: None) as roles:
        read = config_from('data_folder = "."', folder=tmp_path)
        found(PrinterChoice(read, roles, look=lambda: (SERIAL,)), roles)


def test_others_devices_are_no_candidates(tmp_path: Path) -> None:
    def story(choice: PrinterChoice, roles: Roles) -> None:
        roles.assign(Role.SCANNER, BOARD)
        assert choice.candidates() == (SERIAL,)

    at_a_till(tmp_path, SERIAL, BOARD, story=story)
    display = Port(kind=PortKind.SERIAL, path=(tmp_path / "pole").resolve(), place="usb-a-1.4")

    def given(choice: PrinterChoice, _: Roles) -> None:
        assert choice.candidates() == (SERIAL,)

    at_a_till(tmp_path, SERIAL, display, config=f'display.path = "{display.path}"', story=given)


def test_a_profile_that_is_none_is_told_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text('[corner]\nlike = "58mm"\n')

    def story(choice: PrinterChoice, _: Roles) -> None:
        choice.check()

    own = 'printer.profile_file = "own.toml"\n'
    at_a_till(tmp_path, config=f'{own}printer.profile = "corner"', story=story)
    with pytest.raises(ConfigError, match=r"printer\.profile 'corner' is none of 58mm, 80mm"):
        at_a_till(tmp_path, config='printer.profile = "corner"', story=story)
    (tmp_path / "own.toml").write_text("[corner]\nwidth = 3\n")
    with pytest.raises(ConfigError, match=r"own.toml: corner: .*width"):
        at_a_till(tmp_path, config=own, story=story)


def test_the_model_is_what_the_printer_says_of_itself() -> None:
    assert model_of(EPSON) == "TM-T88V"
    assert model_of(NAMELESS) == "Printer"
    assert model_of(BOARD) is None


def test_the_only_usb_printer_is_taken_by_who_only_looks_but_not_kept(tmp_path: Path) -> None:
    read = config_from('data_folder = "."\n', folder=tmp_path)
    choice = PrinterChoice(read, read_roles(tmp_path, warn=pytest.fail), look=lambda: (EPSON,))
    assert chosen_name(choice) == (EPSON.path, "epson-tm-t88")
    assert not (tmp_path / "roles.toml").exists()


def test_a_place_with_signs_that_toml_forbids_is_found_again(tmp_path: Path) -> None:
    odd = Port(kind=PortKind.SERIAL, path=Path("/dev/ttyUSB0"), place='a"\\\x7f\x01b')

    def find(choice: PrinterChoice, _: Roles) -> None:
        choice.keep(odd, choice.plain("80mm"))

    def again(choice: PrinterChoice, _: Roles) -> None:
        assert chosen_name(choice) == (odd.path, "80mm")

    at_a_till(tmp_path, odd, story=find)
    at_a_till(tmp_path, odd, story=again)
