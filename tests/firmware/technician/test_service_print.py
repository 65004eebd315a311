"""Slips without the appliance: who has not said yet which printer there is, is told how to say it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from drivers import ports
from drivers.errors import PortNotOpened
from drivers.ports import Port, PortKind
from firmware import command
from firmware.config import config_from
from firmware.roles import Role, open_roles
from firmware.technician import service_print

if TYPE_CHECKING:
    from firmware.config import Config

ADAPTER = Port(kind=PortKind.SERIAL, path=Path("/dev/ttyUSB0"), place="usb-a-1.1", model="0403:6001")


@pytest.fixture(autouse=True)
def _only_an_adapter_is_plugged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "list_usb_printers", lambda: ())
    monkeypatch.setattr(ports, "list_serial_ports", lambda: (ADAPTER,))


def till(folder: Path, more: str = "") -> Config:
    return config_from(f'data_folder = "."\n{more}', folder=folder)


def test_who_has_no_printer_yet_is_told_of_the_command_that_needs_no_enrollment(tmp_path: Path) -> None:
    with pytest.raises(PortNotOpened, match=r"`sofreh-till devices assign printer PLACE`.*answer on paper"):
        service_print.printer_of(till(tmp_path))


def test_a_printer_of_unknown_kind_needs_its_profile_and_then_prints(tmp_path: Path) -> None:
    with open_roles(tmp_path, warn=pytest.fail) as roles:
        roles.assign(Role.PRINTER, ADAPTER)
    with pytest.raises(PortNotOpened, match=r"what kind of printer is at usb-a-1\.1: set `printer\.profile`"):
        service_print.printer_of(till(tmp_path))
    chosen = service_print.printer_of(till(tmp_path, 'printer.profile = "80mm"'))
    assert (chosen.path, chosen.profile.name) == (ADAPTER.path, "80mm")


@pytest.mark.parametrize("more", [[], ["--png", "help.png"]])
def test_a_running_appliance_prints_its_own_help_card(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str]
) -> None:
    config = tmp_path / "till.toml"
    config.write_text('data_folder = "."\n')
    with open_roles(tmp_path, warn=pytest.fail):
        assert command.main(["help-card", "--config", str(config), *more]) == 1
    assert capsys.readouterr().err == "sofreh-till: the appliance is running: press *9 Enter there\n"
