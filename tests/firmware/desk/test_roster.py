"""A serial device is where its role says, whatever number it has now, unless the configuration gives its path."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.errors import PortNotOpened
from drivers.ports import Port, PortKind
from firmware.desk import roster
from firmware.desk.roster import path_of
from firmware.roles import Role, Roles, Seat

SOCKET = "usb-x-1.4"


@pytest.fixture
def plugged(monkeypatch: pytest.MonkeyPatch) -> list[Port]:
    ports = [Port(kind=PortKind.SERIAL, path=Path("/dev/ttyUSB0"), place="usb-x-1.1")]
    monkeypatch.setattr(roster, "list_serial_ports", lambda: tuple(ports))
    return ports


def test_it_is_found_at_its_socket_under_whatever_number(plugged: list[Port]) -> None:
    roles = Roles(Path("nowhere"), {Role.DISPLAY: Seat(place=SOCKET)})
    for number in (1, 7):
        plugged[1:] = [Port(kind=PortKind.SERIAL, path=Path(f"/dev/ttyUSB{number}"), place=SOCKET)]
        assert path_of(Role.DISPLAY, roles, {}) == Path(f"/dev/ttyUSB{number}")


def test_a_given_path_is_used_as_it_is(plugged: list[Port]) -> None:
    roles = Roles(Path("nowhere"), {Role.DISPLAY: Seat(place="usb-x-1.1")})
    assert path_of(Role.DISPLAY, roles, {Role.DISPLAY: Path("/dev/pole")}) == Path("/dev/pole")


@pytest.mark.parametrize(
    ("seats", "words"),
    [
        ({Role.DISPLAY: Seat(place=SOCKET)}, f"no display is plugged in at {SOCKET}"),
        ({}, "no display is plugged in$"),
    ],
)
def test_what_is_not_there_is_our_own_error(plugged: list[Port], seats: dict[Role, Seat], words: str) -> None:
    with pytest.raises(PortNotOpened, match=words):
        path_of(Role.DISPLAY, Roles(Path("nowhere"), seats), {})
