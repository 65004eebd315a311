"""Which device is what at this till: a role belongs to the socket where its device sits, and outlives unplugging.

Rules:
- A device that is found again at its socket has its role back, whatever number the kernel gives it; two of one model
  never change places.
- A role is free while nobody has it, or while nothing is plugged in where it belongs. Only a person gives a free role
  away: by the role barcode, by the keypad's code, or by `sofreh-till devices`. The one exception is a pad without letters,
  alone, at a till that has no keypad yet: it can be nothing else.
- One socket has one role at most.
- One process at a time changes roles: the running appliance, or the command while it is stopped. A lock that the kernel
  frees with the process tells them apart.
- The file is replaced as a whole and synced: a power cut leaves the old roles or the new. A damaged file is put aside and
  counts as empty: nothing else hangs on it, and one scanned barcode mends it.

Must not know: what devices send, what the conversation does.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import tomllib
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct, json

from drivers.ports import PortKind
from firmware import whole_file
from firmware.errors import RolesInUse, RolesNotStored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from drivers.ports import Port

ROLES_FILE: Final = "roles.toml"
_LOCK_FILE: Final = "roles.lock"
_FILE_BYTES_MAX: Final = 16 << 10
_HEAD: Final = "# Which device is what, by the socket where it sits. Kept by the appliance and by `sofreh-till devices`.\n"


class Role(Enum):
    """What a device is at this till. The value is its name in files, at the command and in role barcodes."""

    SCANNER = "scanner"
    KEYPAD = "keypad"
    PRINTER = "printer"
    DISPLAY = "display"


ROLE_BARCODES: Final = {Role.SCANNER: "D1:SCANNER"}
"""What a device without a role reads to take that one."""
KEYPAD_CODE: Final = "18"
"""``*18 Enter``: a pad without a role takes the keypad's; on the till's own keypad it prints the list of devices."""


class Change(Enum):
    """What happened to a device, as far as the people at the counter must know."""

    CUT_OFF = "cut_off"
    """The keypad has just gone: what was half typed is void."""
    MISSING = "missing"
    """The till has been without it for some seconds, or from the start."""
    BACK = "back"
    TAKEN = "taken"
    """A device has taken the role."""
    STRANGER = "stranger"
    """A device without a role was used, and could take one of these."""
    NOT_FREE = "not_free"
    """A device without a role was used, and those that it could have are another's, who is plugged in."""


class DeviceNews(Struct, frozen=True):
    """What the till tells of its own devices. `given` are roles whose path the configuration gives: nobody takes those."""

    change: Change
    roles: tuple[Role, ...]
    given: tuple[Role, ...] = ()


class Listed(Struct, frozen=True, kw_only=True):
    """One row of the list of devices. `path` is None where nothing is plugged in, `role` where a device has none.

    One that `is_mute` sends neither keys nor bytes.
    """

    role: Role | None
    place: str
    model: str = ""
    name: str = ""
    path: Path | None = None
    is_mute: bool = False


class Seat(Struct, frozen=True, kw_only=True):
    """Where a role belongs. `model` and `name` are of the device that sat there last; `baud` is 0 if nobody said."""

    place: str
    model: str = ""
    name: str = ""
    baud: int = 0


_KINDS: Final = {
    Role.SCANNER: (PortKind.KEYS, PortKind.SERIAL),
    Role.KEYPAD: (PortKind.KEYS,),
    Role.PRINTER: (PortKind.SERIAL, PortKind.PRINTER),
    Role.DISPLAY: (PortKind.SERIAL,),
}


def fits(role: Role, port: Port) -> bool:
    """Whether the device at `port` can be that at all."""
    if port.kind is PortKind.KEYS and not (port.may_scan if role is Role.SCANNER else port.may_key):
        return False
    return port.kind in _KINDS[role]


class Roles:
    """The roles of this till. Owns the file while entered by `open_roles`."""

    def __init__(self, folder: Path, seats: Mapping[Role, Seat], *, may_store: bool = True) -> None:
        """Without `may_store` another process owns the file."""
        self._folder = folder
        self._may_store = may_store
        self._seats = dict(seats)

    def seat(self, role: Role) -> Seat | None:
        """Where the role belongs."""
        return self._seats.get(role)

    def role_at(self, place: str) -> Role | None:
        """Which role belongs to a place."""
        return next((role for role, seat in self._seats.items() if seat.place == place), None)

    def find(self, role: Role, ports: Iterable[Port]) -> Port | None:
        """The device that has the role, if it is among `ports`; the first, where several of one place are."""
        seat = self._seats.get(role)
        if seat is None:
            return None
        return next((port for port in ports if port.place == seat.place and fits(role, port)), None)

    def is_free(self, role: Role, ports: Iterable[Port]) -> bool:
        """Whether somebody may take the role while `ports` are plugged in."""
        return self.find(role, ports) is None

    def assign(self, role: Role, port: Port, *, baud: int = 0) -> None:
        """Give `role` to the place of `port`, whoever had either before.

        Raises: RolesNotStored; the role is given all the same, but only until the power goes.
        """
        self._drop(port.place)
        self._seats[role] = Seat(place=port.place, model=port.model, name=port.name, baud=baud)
        self._store()

    def reserve(self, role: Role, place: str) -> None:
        """Say where `role` will be plugged in, unless it has its place already. Raises: RolesNotStored."""
        if role not in self._seats and self.role_at(place) is None:
            self._seats[role] = Seat(place=place)
            self._store()

    def free(self, role: Role) -> None:
        """Take the role away from whoever has it. Raises: RolesNotStored."""
        self._seats.pop(role, None)
        self._store()

    def _drop(self, place: str) -> None:
        held = self.role_at(place)
        if held is not None:
            del self._seats[held]

    def _store(self) -> None:
        if not self._may_store:
            raise RolesNotStored(f"{self._folder / ROLES_FILE}: looked at only")
        # It holds up the loop while the disk works, which nobody notices who has just plugged something in.
        try:
            whole_file.replace(self._folder / ROLES_FILE, _text(self._seats).encode())
        except OSError as error:
            raise RolesNotStored(f"{self._folder / ROLES_FILE}: {error.strerror}") from error


@contextlib.contextmanager
def open_roles(folder: Path, *, warn: Callable[[str], None]) -> Iterator[Roles]:
    """The roles kept in `folder`, to be changed by nobody else meanwhile. `warn` gets words on a damaged file.

    Raises: RolesInUse, RolesNotStored if the folder takes no file.
    """
    try:
        lock = os.open(folder / _LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except FileNotFoundError as error:
        raise RolesNotStored(
            f"{folder}: there is no such folder; `data_folder` in the configuration names it"
        ) from error
    except OSError as error:
        raise RolesNotStored(f"{folder / _LOCK_FILE}: {error.strerror}") from error
    try:
        _take(lock)
        yield Roles(folder, _loaded(folder, warn))
    finally:
        os.close(lock)


def read_roles(folder: Path, *, warn: Callable[[str], None]) -> Roles:
    """The roles kept in `folder`, to look at only: what is given holds in this process and is not kept."""
    return Roles(folder, _loaded(folder, warn, put_aside=False), may_store=False)


def is_in_use(folder: Path) -> bool:
    """Whether another process, the running appliance, owns the roles now."""
    try:
        lock = os.open(folder / _LOCK_FILE, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        _take(lock)
    except RolesInUse:
        return True
    finally:
        os.close(lock)
    return False


def _take(lock: int) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise RolesInUse("the appliance is running and keeps the roles") from None


def _loaded(folder: Path, warn: Callable[[str], None], *, put_aside: bool = True) -> dict[Role, Seat]:
    path = folder / ROLES_FILE
    try:
        with path.open("rb") as file:
            return _seats_from(file.read(_FILE_BYTES_MAX + 1))
    except FileNotFoundError:
        return {}
    except OSError as error:
        warn(f"{path}: {error.strerror}; no device has a role")
    except ValueError as error:
        warn(f"{path}: {error}; no device has a role")
        if put_aside:
            with contextlib.suppress(OSError):
                path.replace(path.with_suffix(".damaged"))
    return {}


def _seats_from(data: bytes) -> dict[Role, Seat]:
    """Raises: ValueError, saying what is wrong."""
    if len(data) > _FILE_BYTES_MAX:
        raise ValueError("too long")
    try:
        tables = tomllib.loads(data.decode())
    except RecursionError:
        raise ValueError("nested too deep") from None
    seats = {Role(name): _seat_from(name, table) for name, table in tables.items()}
    if len({seat.place for seat in seats.values()}) < len(seats):
        raise ValueError("one place has two roles")
    return seats


def _seat_from(name: str, table: Any) -> Seat:
    if not isinstance(table, dict) or not table.keys() <= {"place", "model", "name", "baud"}:
        raise ValueError(f"{name} is not a place, model, name and baud")
    words = (table.get("place"), table.get("model", ""), table.get("name", ""))
    baud = table.get("baud", 0)
    if not all(isinstance(word, str) for word in words) or type(baud) is not int or not words[0] or baud < 0:
        raise ValueError(f"{name} has a place, model, name or baud that cannot be")
    return Seat(place=table["place"], model=words[1] or "", name=words[2] or "", baud=baud)


def _text(seats: Mapping[Role, Seat]) -> str:
    parts = [_HEAD]
    for role in Role:
        if (seat := seats.get(role)) is not None:
            words = {"place": seat.place, "model": seat.model, "name": seat.name}
            rows = [f"{key} = {quoted(word)}" for key, word in words.items()]
            rows += [f"baud = {seat.baud}"] if seat.baud else []
            parts.append("\n".join((f"\n[{role.value}]", *rows, "")))
    return "".join(parts)


def quoted(word: str) -> str:
    """A JSON string is one of TOML's too, once DEL is escaped."""
    return json.encode(word).decode().replace("\x7f", "\\u007f")
