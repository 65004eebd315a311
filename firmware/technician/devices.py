"""`sofreh-till devices`: who sits where and is what, for technicians and their scripts.

Rules: looking is possible at any time and grabs nothing; only while the appliance is stopped may roles be changed here, for
the running one owns them (a person at the counter then uses the role barcode or the keypad's code). The list's exit code is
0 if scanner, keypad and printer are there and answer, else 3.

Must not know: how the appliance reads its devices.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from drivers import ports
from firmware.desk.roster import given_by, listed
from firmware.errors import FirmwareError
from firmware.roles import Role, fits, is_in_use, open_roles, read_roles

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from firmware.config import Config
    from firmware.roles import Listed

NEEDED = (Role.SCANNER, Role.KEYPAD, Role.PRINTER)
SOMETHING_IS_MISSING = 3
MUTE = 'What sends no keys, if it is a scanner: let it read "USB keyboard" (or "USB COM port") in its manual.'


def show(
    config: Config,
    *,
    out: Callable[[str], None],
    warn: Callable[[str], None],
) -> int:
    """Write the list; return the exit code."""
    roles = read_roles(config.data_folder, warn=warn)
    rows = listed(roles, given_by(config), ports.list_ports())
    table = [("ROLE", "ANSWERS", "PLACE", "MODEL", "PATH", "NAME")]
    answers = {}
    for row in rows:
        answer = _answer(row)
        if row.role is not None:
            answers[row.role] = answer
        table.append((
            row.role.value if row.role else "-", answer, row.place, row.model or "-", str(row.path or "-"), row.name or "-"
        ))  # fmt: skip
    for line in _aligned(table):
        out(line)
    if is_in_use(config.data_folder):
        out("The appliance is running and uses its devices.")
    if any(row.is_mute for row in rows):
        out(MUTE)
    missing = [role.value for role in NEEDED if answers.get(role) not in ("yes", "in use")]
    if missing:
        warn(f"missing: {', '.join(missing)}")
    return SOMETHING_IS_MISSING if missing else 0


def assign(
    config: Config,
    *,
    role: Role,
    place: str,
    warn: Callable[[str], None],
) -> str:
    """Give `role` to the device at `place`, or at a path such as /dev/ttyUSB0; what was done, in words.

    Raises: RolesInUse, RolesNotStored, FirmwareError.
    """
    _require_free_hand(config, role)
    found = [port for port in ports.list_ports() if place in (port.place, str(port.path))]
    fitting = [port for port in found if fits(role, port)]
    if not found:
        raise FirmwareError(f"nothing is plugged in at {place}: see `sofreh-till devices`")
    if not fitting:
        raise FirmwareError(f"what is plugged in at {place} cannot be the {role.value}")
    with open_roles(config.data_folder, warn=warn) as roles:
        roles.assign(role, fitting[0])
    return (
        f"The {role.value} is {fitting[0].name or fitting[0].model or fitting[0].path} at {fitting[0].place}."
    )


def free(config: Config, *, role: Role, warn: Callable[[str], None]) -> str:
    """Take `role` away from whoever has it; what was done, in words. Raises: RolesInUse, RolesNotStored, FirmwareError."""
    _require_free_hand(config, role)
    with open_roles(config.data_folder, warn=warn) as roles:
        roles.free(role)
    return f"Nobody is the {role.value}."


def _require_free_hand(config: Config, role: Role) -> None:
    if role in given_by(config):
        raise FirmwareError(
            f"the configuration gives the {role.value}'s path: take {role.value}.path out of it first"
        )


def _answer(row: Listed) -> str:
    """Whether the device can be spoken to: `yes`, `in use` by the appliance, or why not."""
    if row.path is None:
        return "not there"
    if row.is_mute:
        return "no keys"
    try:
        descriptor = os.open(row.path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as error:
        return "in use" if error.errno == errno.EBUSY else (error.strerror or "no").lower()
    os.close(descriptor)
    return "yes"


def _aligned(table: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]
