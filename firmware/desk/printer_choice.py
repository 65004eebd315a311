"""Which printer this till has: at which port, of what kind, at which speed.

Rules, first to last:
1. The port is the configuration's; else that of the device with the printer's role; else the only USB printer there is,
   which takes the role. Otherwise there is none, and a person must be asked (`firmware.desk.printer_search`).
2. Its kind is the configuration's; else what was found by the search for that port; else what its USB names say. A port
   that the configuration gives without a kind is taken for the plainest printer. Otherwise the person is asked.
3. Speed and flow control are the configuration's; else those found; else the profile's.

What was found is kept in a file beside the roles, replaced as a whole; a damaged one counts as none: the search mends it.

Must not know: how a person is asked, bytes.
"""

from __future__ import annotations

import contextlib
import os
import tomllib
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec import Struct

from drivers import ports
from drivers.errors import PortNotOpened, ProfileError
from drivers.flow import Flow
from drivers.ports import Port, PortKind
from drivers.printer.profiles import NARROW, PrinterProfile, all_profiles, profile_named, recognized
from firmware import whole_file
from firmware.errors import ConfigError, RolesNotStored
from firmware.roles import Role, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from firmware.config import Config
    from firmware.roles import Roles

PRINTER_FILE: Final = "printer.toml"
_FILE_BYTES_MAX: Final = 4 << 10
_HEAD: Final = (
    "# How the printer at this place is spoken to, as found by the search. Kept by the appliance.\n"
)


class Found(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the search found at a place."""

    place: str
    profile: str
    baud: Annotated[int, msgspec.Meta(ge=1_200, le=921_600)]
    flow: Flow = Flow.NONE


class Chosen(Struct, frozen=True, kw_only=True):
    """A printer that can be opened now. `profile` has the speed and flow control that hold here."""

    path: Path
    profile: PrinterProfile


class PrinterChoice:
    """Owned by the printer's task. Looks at ports only when it is asked."""

    def __init__(
        self, config: Config, roles: Roles, *, look: Callable[[], tuple[Port, ...]] | None = None
    ) -> None:
        self._config = config
        self._roles = roles
        self._look = look or _printer_ports
        self._found: Found | None = None

    def check(self) -> None:
        """Raises: ConfigError, if the configuration names a profile that there is not."""
        try:
            profiles = self._profiles()
        except ProfileError as error:
            raise ConfigError(str(error)) from None
        name = self._config.printer_profile
        if name is not None and name not in profiles:
            raise ConfigError(f"printer.profile {name!r} is none of {', '.join(profiles)}")

    def chosen(self) -> Chosen | None:
        """The printer, or None where a person must be asked.

        Raises: PortNotOpened, if the printer that this till has is not there; ProfileError.
        """
        if self._config.printer_path is not None:
            return self._at(_given(self._config.printer_path), or_plain=True)
        there = self._look()
        seat = self._roles.seat(Role.PRINTER)
        if seat is not None:
            port = self._roles.find(Role.PRINTER, there)
            if port is None:
                raise PortNotOpened(f"{seat.place}: the printer is not plugged in")
            return self._at(port)
        only = self._only_usb_printer(there)
        return None if only is None else self._at(only)

    def candidates(self) -> tuple[Port, ...]:
        """Where the printer may be: the port of the configuration, or with its role, else each that has none."""
        if self._config.printer_path is not None:
            return (_given(self._config.printer_path),)
        there = self._look()
        port = self._roles.find(Role.PRINTER, there)
        if port is not None:
            return (port,)
        given = {os.path.realpath(path) for path in self._given_paths()}
        return tuple(
            port
            for port in there
            if self._roles.role_at(port.place) in (None, Role.PRINTER) and str(port.path) not in given
        )

    def profile_of(self, port: Port) -> PrinterProfile | None:
        """What kind of printer is at `port`, without asking anybody. Raises: ProfileError."""
        profiles = self._profiles()
        if self._config.printer_profile is not None:
            return profiles.get(self._config.printer_profile)
        return recognized(profiles, usb=port.model or None, model=model_of(port))

    def plain(self, name: str) -> PrinterProfile:
        """A generic profile. Raises: ProfileError."""
        return profile_named(name, self._config.printer_profile_file)

    def keep(self, port: Port, profile: PrinterProfile) -> None:
        """Have the printer at `port` from now on, spoken to as `profile` says. Raises: RolesNotStored, and holds it then."""
        self._found = Found(place=port.place, profile=profile.name, baud=profile.baud, flow=profile.flow)
        if self._config.printer_path is None:
            self._roles.assign(Role.PRINTER, port, baud=profile.baud)
        path = self._config.data_folder / PRINTER_FILE
        try:
            whole_file.replace(path, _text(self._found).encode())
        except OSError as error:
            raise RolesNotStored(f"{path}: {error.strerror}") from error

    def forget(self) -> None:
        """Have no printer, until somebody says which. Raises: RolesNotStored."""
        with contextlib.suppress(OSError):
            (self._config.data_folder / PRINTER_FILE).unlink(missing_ok=True)
        self._found = None
        self._roles.free(Role.PRINTER)

    def _at(self, port: Port, *, or_plain: bool = False) -> Chosen | None:
        found = self._found or _read(self._config.data_folder / PRINTER_FILE)
        if found is not None and found.place == port.place and self._config.printer_profile is None:
            kept = self._profiles().get(found.profile)
            profile = kept and msgspec.structs.replace(kept, baud=found.baud, flow=found.flow)
        else:
            profile = self.profile_of(port)
        if profile is None and or_plain:
            profile = self.plain(NARROW)
        if profile is None:
            return None
        return Chosen(path=port.path, profile=self._as_configured(profile))

    def _as_configured(self, profile: PrinterProfile) -> PrinterProfile:
        baud, flow = self._config.printer_baud, self._config.printer_flow
        return msgspec.structs.replace(
            profile, baud=baud or profile.baud, flow=profile.flow if flow is None else Flow(flow)
        )

    def _only_usb_printer(self, there: tuple[Port, ...]) -> Port | None:
        printers = [port for port in there if port.kind is PortKind.PRINTER]
        if len(printers) != 1:
            return None
        # It is asked for again at each start: a till whose folder takes no file prints all the same.
        with contextlib.suppress(RolesNotStored):
            self._roles.assign(Role.PRINTER, printers[0])
        return printers[0]

    def _given_paths(self) -> tuple[Path, ...]:
        paths = (self._config.scanner_path, self._config.keypad_path, self._config.display_path)
        return tuple(path for path in paths if path is not None)

    def _profiles(self) -> Mapping[str, PrinterProfile]:
        return all_profiles(self._config.printer_profile_file)


def model_of(port: Port) -> str | None:
    """The model that a printer calls itself: IEEE 1284's MDL, else the last word of its USB name."""
    for part in port.device_id.split(";"):
        key, _, value = part.partition(":")
        if key.strip().upper() in ("MDL", "MODEL") and value.strip():
            return value.strip()
    return port.name.rsplit(maxsplit=1)[-1] if port.name else None


def _given(path: Path) -> Port:
    """A port that the configuration gives has its path for its place."""
    return Port(kind=PortKind.SERIAL, path=path, place=f"given {path}")


def _printer_ports() -> tuple[Port, ...]:
    return (*ports.list_usb_printers(), *ports.list_serial_ports())


def _read(path: Path) -> Found | None:
    try:
        with path.open("rb") as file:
            return msgspec.convert(tomllib.loads(file.read(_FILE_BYTES_MAX).decode()), Found)
    except (OSError, ValueError, RecursionError, msgspec.ValidationError):
        return None


def _text(found: Found) -> str:
    words = {"place": found.place, "profile": found.profile, "flow": found.flow.value}
    rows = (f"{key} = {quoted(word)}\n" for key, word in words.items())
    return "".join((_HEAD, *rows, f"baud = {found.baud}\n"))
