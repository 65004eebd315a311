"""Roles and devices put together: the list for paper, self-test and command, and where a serial device with a role is now.

Must not know: how the list is shown.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from drivers.errors import PortNotOpened
from drivers.ports import PortKind, list_serial_ports
from firmware.roles import Listed, Role

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from drivers.ports import Port
    from firmware.config import Config
    from firmware.roles import Roles


def given_by(config: Config) -> Mapping[Role, Path]:
    """Roles whose path the configuration gives."""
    paths = {
        Role.SCANNER: config.scanner_path,
        Role.KEYPAD: config.keypad_path,
        Role.PRINTER: config.printer_path,
        Role.DISPLAY: config.display_path,
    }
    return {role: path for role, path in paths.items() if path is not None}


def listed(roles: Roles, given: Mapping[Role, Path], ports: Sequence[Port]) -> tuple[Listed, ...]:
    """Every role with its device, then every device without a role. `given` are paths from the configuration."""
    rows = [_row(role, roles, given, ports) for role in Role if role in given or roles.seat(role) is not None]
    taken = {row.path for row in rows} | {real(row.path) for row in rows if row.path is not None}
    rows += [
        Listed(
            role=None,
            place=port.place,
            model=port.model,
            name=port.name,
            path=port.path,
            is_mute=port.kind is PortKind.MUTE,
        )
        for port in ports
        if port.path not in taken and not _is_another_face(port, rows)
    ]
    return tuple(rows)


def path_of(role: Role, roles: Roles, given: Mapping[Role, Path]) -> Path:
    """Where the serial device with `role` is now. Raises: PortNotOpened."""
    if role in given:
        return given[role]
    port = roles.find(role, list_serial_ports())
    if port is None:
        seat = roles.seat(role)
        raise PortNotOpened(f"no {role.value} is plugged in{f' at {seat.place}' if seat else ''}")
    return port.path


def real(path: Path) -> Path:
    """Where the links of `path` end; a loop of links ends where it begins."""
    return Path(os.path.realpath(path))


def _row(role: Role, roles: Roles, given: Mapping[Role, Path], ports: Sequence[Port]) -> Listed:
    path = given.get(role)
    if path is not None:
        there = next((port for port in ports if port.path in (path, real(path))), None)
        model, name = (there.model, there.name) if there else ("", "")
        return Listed(
            role=role, place=str(path), model=model, name=name, path=path if path.exists() else None
        )
    seat, port = roles.seat(role), roles.find(role, ports)
    assert seat is not None, "a role that somebody has"
    if port is None:
        return Listed(role=role, place=seat.place, model=seat.model, name=seat.name)
    return Listed(role=role, place=port.place, model=port.model, name=port.name, path=port.path)


def _is_another_face(port: Port, rows: Sequence[Listed]) -> bool:
    """Whether the port is a second face of a keyboard that has a role."""
    return port.kind is PortKind.KEYS and any(
        row.place == port.place and row.role is not None for row in rows
    )
