"""Who sits where: every keyboard-like device, serial port and USB printer that the kernel shows now.

Rules:
- A device is known by the place where it sits, never by its event or tty number, which the order of plugging decides, nor
  by its model, for two of one model have no serial number that tells them apart.
- A place is the USB controller and the chain of hub ports below it: ``usb-0000:01:00.0-1.2``. The number of the bus is
  left out, for it changes from boot to boot. A tty or printer of a later interface of one USB device bears that interface,
  as ``...-1.2:1.1``; keyboards do not, for one scanner or pad often shows several, and they are one device.
- What may be a scanner has letters, digits and Enter; what may be a keypad has digits and Enter. Anything else (mice,
  power buttons, HDMI, remote controls) is neither. Keyboards that are built in are neither too: a laptop keeps its own.
- Looking opens a keyboard for a moment, without grabbing it, and opens nothing else.

Source: Linux `input.h` (EVIOCGNAME, EVIOCGPHYS, EVIOCGUNIQ, EVIOCGBIT), by python-evdev; sysfs of USB devices, by pyserial
and by hand for `usblp`; IEEE 1284 device IDs.

Edge: no error of a library leaves. Both libraries are imported at the first look: what has its paths given needs neither.

Must not know: roles, what a device sends.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import termios
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from drivers import key_codes as keys
from drivers.errors import PortNotOpened

if TYPE_CHECKING:
    from collections.abc import Callable

INPUT_FOLDER = Path("/dev/input")
_USB_PRINTERS = Path("/sys/class/usbmisc")
_HID_DEVICES = Path("/sys/class/hidraw")
_DEVICES = Path("/dev")

_BUS_USB, _BUS_BLUETOOTH, _BUS_VIRTUAL = 0x03, 0x05, 0x06
"""`BUS_*` of input.h. Others are soldered in, or plugged where no shop plugs anything."""
_PLACE_CHARACTERS_MAX = 100
_NAME_CHARACTERS_MAX = 60


class PortKind(Enum):
    """How a device is spoken to."""

    KEYS = "keys"
    SERIAL = "serial"
    PRINTER = "printer"
    MUTE = "mute"
    """A HID device that sends no keys, such as a scanner that was set to a mode of its maker's: nobody here speaks to it."""


class Port(Struct, frozen=True, kw_only=True):
    """A device that is there now. `model` is vendor:product in hexadecimal or empty, `device_id` a printer's own words."""

    kind: PortKind
    path: Path
    place: str
    model: str = ""
    name: str = ""
    device_id: str = ""
    may_scan: bool = False
    may_key: bool = False

    @property
    def is_pad(self) -> bool:
        """Whether it has the keys of a numeric pad and no others that a scanner needs."""
        return self.may_key and not self.may_scan


def list_ports() -> tuple[Port, ...]:
    """Everything that could have a role; keyboards that are neither scanner nor keypad are left out."""
    return (
        *(port for port in list_input_ports() if port.may_key or port.may_scan),
        *list_serial_ports(),
        *list_usb_printers(),
        *list_mute_devices(),
    )


def list_input_ports(folder: Path = INPUT_FOLDER) -> tuple[Port, ...]:
    """Every event device that can be opened now."""
    found: list[Port] = []
    for path in event_paths(folder):
        with contextlib.suppress(PortNotOpened):
            found.append(input_port(path))
    return tuple(found)


def event_paths(folder: Path = INPUT_FOLDER) -> tuple[Path, ...]:
    """The event devices in `folder`, by number; none where there is no such folder."""
    try:
        names = [entry.name for entry in os.scandir(folder) if re.fullmatch(r"event\d+", entry.name)]
    except OSError:
        return ()
    return tuple(folder / name for name in sorted(names, key=lambda name: int(name[5:])))


def input_port(path: Path) -> Port:
    """Ask the event device at `path` who it is. Raises: PortNotOpened."""
    try:
        import evdev  # noqa: PLC0415 -- only where devices are looked for
    except ImportError as error:
        raise PortNotOpened(f"{path}: python3-evdev is not installed") from error
    try:
        with contextlib.closing(evdev.InputDevice(path)) as device:
            info, pressed = device.info, device.capabilities().get(keys.EV_KEY, [])
            name, phys, uniq = device.name, device.phys, device.uniq
    except (OSError, ValueError) as error:  # ValueError: a name cut in the middle of a letter
        raise PortNotOpened(f"{path}: {error}") from error
    may_scan, may_key = may_be(info.bustype, frozenset(pressed))
    return Port(
        kind=PortKind.KEYS, path=path, place=place_of_keys(info.bustype, phys=phys, uniq=uniq, name=name),
        model=f"{info.vendor:04x}:{info.product:04x}", name=_shown(name), may_scan=may_scan, may_key=may_key,
    )  # fmt: skip


class KeyboardWatch:
    """Who may be scanner or keypad now. Looking again costs little: only newcomers are asked who they are."""

    def __init__(self, folder: Path = INPUT_FOLDER, *, ask: Callable[[Path], Port] | None = None) -> None:
        self._folder = folder
        self._ask = ask or input_port
        self._known: dict[Path, tuple[tuple[int, int], Port]] = {}

    def look(self) -> tuple[Port, ...]:
        """Who is there. One that cannot be asked yet, such as before its node is given to our group, is asked again."""
        known = {}
        for path in event_paths(self._folder):
            with contextlib.suppress(PortNotOpened, OSError):
                status = path.stat()
                node = (status.st_ino, status.st_rdev)
                before = self._known.get(path)
                known[path] = before if before and before[0] == node else (node, self._ask(path))
        self._known = known
        return tuple(port for _, port in known.values() if port.may_key or port.may_scan)


class SerialWatch:
    """Which serial ports there are now. They are listed anew only when a node in /dev came or went.

    That is looked for at every `every`th look: /dev is long, and nobody types on a serial port by mistake.
    """

    def __init__(
        self, devices: Path = _DEVICES, *, every: int = 1, ask: Callable[[], tuple[Port, ...]] | None = None
    ) -> None:
        self._devices = devices
        self._every = every
        self._looks = -1
        self._ask = ask or list_serial_ports
        self._nodes: frozenset[tuple[str, int]] = frozenset()
        self._known: tuple[Port, ...] = ()

    def look(self) -> tuple[Port, ...]:
        """Who is there."""
        self._looks += 1
        if self._looks % self._every:
            return self._known
        try:
            found = ((entry.name, entry.inode()) for entry in os.scandir(self._devices))
            nodes = frozenset(node for node in found if node[0].startswith("tty"))
        except OSError:
            nodes = frozenset()
        if nodes != self._nodes:
            self._nodes, self._known = nodes, self._ask()
        return self._known


_LETTERS = frozenset(code for code, (plain, _) in keys.MAIN.items() if plain.isalpha() and plain.isascii())
_DIGITS = frozenset(code for code, (plain, _) in keys.MAIN.items() if plain.isdecimal())
_PAD_DIGITS = frozenset(code for code, sign in keys.PAD.items() if sign.isdecimal())


def may_be(bus: int, pressed: frozenset[int]) -> tuple[bool, bool]:
    """Whether a device on `bus` (`BUS_*`) with the key codes `pressed` may be a scanner, and whether a keypad."""
    if bus not in (_BUS_USB, _BUS_BLUETOOTH, _BUS_VIRTUAL):
        return False, False
    has_enter = not pressed.isdisjoint((keys.KEY_ENTER, keys.KEY_KPENTER))
    may_key = has_enter and (pressed >= _DIGITS or pressed >= _PAD_DIGITS)
    return may_key and pressed >= _DIGITS | _LETTERS, may_key


def place_of_keys(bus: int, *, phys: str, uniq: str, name: str) -> str:
    """Where a keyboard sits, from what the kernel says of it.

    `phys` is ``usb-0000:01:00.0-1.2/input0``; a wireless one is known by its own address, one made by a program by its
    name.
    """
    if bus == _BUS_BLUETOOTH and uniq:
        return _in_one_word(f"bluetooth-{uniq}")
    return _in_one_word(phys.partition("/")[0] or f"virtual-{name}")


def list_serial_ports() -> tuple[Port, ...]:
    """Every serial port that has a device behind it, or may have one: USB adapters and the board's own."""
    from serial.tools import list_ports as serial_list  # noqa: PLC0415 -- only where devices are looked for

    try:
        found = serial_list.comports()
    except (OSError, ValueError, TypeError, termios.error):  # unplugged while its files were read
        return ()
    return tuple(
        Port(
            kind=PortKind.SERIAL, path=Path(info.device),
            place=place_of_usb(Path(folder)) if (folder := getattr(info, "usb_interface_path", None)) else info.name,
            model="" if info.vid is None or info.pid is None else f"{info.vid:04x}:{info.pid:04x}",
            name=_shown(" ".join(part for part in (info.manufacturer, info.product) if part)),
        )
        for info in sorted(found)
    )  # fmt: skip


def list_usb_printers(sysfs: Path = _USB_PRINTERS, devices: Path = _DEVICES) -> tuple[Port, ...]:
    """Every printer of the USB printer class that `usblp` drives."""
    try:
        names = sorted(entry.name for entry in os.scandir(sysfs) if re.fullmatch(r"lp\d+", entry.name))
    except OSError:
        return ()
    return tuple(_usb_printer(sysfs / name / "device", devices) for name in names)


def _usb_printer(link: Path, devices: Path) -> Port:
    interface = link.resolve()
    told = {
        name: _read(interface.parent / name) for name in ("idVendor", "idProduct", "manufacturer", "product")
    }
    node = devices / "usb" / link.parent.name
    return Port(
        kind=PortKind.PRINTER, path=node, place=place_of_usb(interface),
        model=":".join(part for part in (told["idVendor"], told["idProduct"]) if part),
        name=_shown(f"{told['manufacturer']} {told['product']}"), device_id=_read(interface / "ieee1284_id"),
    )  # fmt: skip


def list_mute_devices(sysfs: Path = _HID_DEVICES, devices: Path = _DEVICES) -> tuple[Port, ...]:
    """Every USB HID device that no event device belongs to, whatever interface of it is looked at."""
    try:
        names = sorted(entry.name for entry in os.scandir(sysfs))
    except OSError:
        return ()
    found: dict[str, Port] = {}
    with_events: set[str] = set()
    for name in names:
        folder = sysfs / name / "device"
        told = dict(line.split("=", 1) for line in _read(folder / "uevent").splitlines() if "=" in line)
        bus, _, model = told.get("HID_ID", "").partition(":")
        phys, shown = told.get("HID_PHYS", ""), told.get("HID_NAME", "")
        if bus != f"{_BUS_USB:04X}":
            continue
        place = place_of_keys(_BUS_USB, phys=phys, uniq="", name=shown)
        if (folder / "input").exists():
            with_events.add(place)
        found.setdefault(
            place,
            Port(
                kind=PortKind.MUTE, path=devices / name, place=place, name=_shown(shown),
                model=":".join(part[-4:].lower() for part in model.split(":")),
            ),
        )  # fmt: skip
    return tuple(port for place, port in found.items() if place not in with_events)


def place_of_usb(interface: Path) -> str:
    """The place of a USB interface's folder in sysfs: ``.../0000:01:00.0/usb1/1-1/1-1.2/1-1.2:1.0``.

    The same as a keyboard's place at the same socket, so a scanner may change from keyboard to serial and stay itself.
    """
    chain, _, number = interface.name.partition(":")
    _, _, ports = chain.partition("-")
    parts = interface.parts
    root = next((index for index, part in enumerate(parts) if re.fullmatch(r"usb\d+", part)), None)
    controller = parts[root - 1] if root else "?"
    later = "" if number.endswith(".0") or not number else f":{number}"
    return _in_one_word(f"usb-{controller}-{ports}{later}")


def kind_of(path: Path) -> PortKind | None:
    """How what is at `path` is spoken to: event devices, and FIFOs that stand for them, send keys. None if nothing is."""
    try:
        status = path.stat()
    except OSError:
        return None
    if stat.S_ISFIFO(status.st_mode):
        return PortKind.KEYS
    is_input = stat.S_ISCHR(status.st_mode) and os.major(status.st_rdev) == _INPUT_MAJOR
    return PortKind.KEYS if is_input else PortKind.SERIAL


_INPUT_MAJOR = 13
"""The kernel's number for input devices (`INPUT_MAJOR`)."""


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""


def _in_one_word(place: str) -> str:
    return re.sub(r"[^!-~]", "_", place)[:_PLACE_CHARACTERS_MAX]


def _shown(name: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in name).strip()[:_NAME_CHARACTERS_MAX]
