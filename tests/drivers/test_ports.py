"""Who sits where: by the socket, never by number, model or serial number."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from serial.tools import list_ports as serial_list

from drivers import key_codes as keys
from drivers import ports
from drivers.errors import PortNotOpened
from drivers.ports import PortKind, may_be, place_of_keys, place_of_usb
from tests.field_failure import field_failure

if TYPE_CHECKING:
    from collections.abc import Iterable

USB, BLUETOOTH, VIRTUAL, HOST, BUILT_IN = 0x03, 0x05, 0x06, 0x19, 0x11
PI_4 = "/sys/devices/platform/scb/fd500000.pcie/pci0000:00/0000:00:00.0/0000:01:00.0"
LETTERS = [code for code, (plain, _) in keys.MAIN.items() if plain.isalpha()]
DIGITS = [code for code, (plain, _) in keys.MAIN.items() if plain.isdecimal()]
PAD = list(keys.PAD)
KEYBOARD = [*LETTERS, *DIGITS, keys.KEY_ENTER]


@pytest.mark.parametrize(
    ("what", "bus", "pressed", "scan", "key"),
    [
        ("a scanner, which is a whole keyboard", USB, [*KEYBOARD, *PAD], True, True),
        ("a scanner without a numeric pad", USB, KEYBOARD, True, True),
        ("a wireless scanner", BLUETOOTH, KEYBOARD, True, True),
        ("one that a program made", VIRTUAL, KEYBOARD, True, True),
        ("a pad", USB, [*PAD, keys.KEY_KPENTER], False, True),
        ("a pad that types the digits of the main block", USB, [*DIGITS, keys.KEY_ENTER], False, True),
        ("a pad without Enter", USB, PAD, False, False),
        ("a keyboard without Enter", USB, KEYBOARD[:-1], False, False),
        ("a keyboard without its q", USB, [code for code in KEYBOARD if code != 16], False, True),
        ("a pad without its 7", USB, [code for code in PAD if code != 71] + [96], False, False),
        ("a mouse", USB, [0x110, 0x111, 0x112], False, False),
        ("a power button", HOST, [116], False, False),
        ("the volume keys of a scanner's second interface", USB, [113, 114, 115], False, False),
        ("a laptop's own keyboard", BUILT_IN, [*KEYBOARD, *PAD], False, False),
        ("nothing", USB, [], False, False),
    ],
)
def test_what_has_the_keys_may_be_it(what: str, bus: int, pressed: list[int], scan: bool, key: bool) -> None:
    assert may_be(bus, frozenset(pressed)) == (scan, key), what


@pytest.mark.parametrize(
    ("bus", "phys", "place"),
    [
        (USB, "usb-0000:01:00.0-1.2/input0", "usb-0000:01:00.0-1.2"),
        (USB, "usb-0000:01:00.0-1.2/input1", "usb-0000:01:00.0-1.2"),
        (USB, "usb-3f980000.usb-1.3.1/input0", "usb-3f980000.usb-1.3.1"),
        (BLUETOOTH, "dc:a6:32:00:00:01", "bluetooth-aa:bb:cc:00:00:02"),
        (VIRTUAL, "", "virtual-A_pad_of_test"),
        (USB, "a b\nc/input0", "a_b_c"),
        (USB, "x" * 300, "x" * 100),
    ],
)
def test_a_keyboard_s_place_is_its_socket(bus: int, phys: str, place: str) -> None:
    assert place_of_keys(bus, phys=phys, uniq="aa:bb:cc:00:00:02", name="A pad of test") == place


@pytest.mark.parametrize(
    ("interface", "place"),
    [
        (f"{PI_4}/usb1/1-1/1-1.2/1-1.2:1.0", "usb-0000:01:00.0-1.2"),
        (f"{PI_4}/usb3/3-1/3-1.2/3-1.2:1.0", "usb-0000:01:00.0-1.2"),
        (f"{PI_4}/usb1/1-1/1-1.2/1-1.2:1.3", "usb-0000:01:00.0-1.2:1.3"),
        ("/sys/devices/platform/soc/3f980000.usb/usb1/1-1/1-1.3/1-1.3.1/1-1.3.1:1.0", "usb-3f980000.usb-1.3.1"),
    ],
)  # fmt: skip
def test_a_serial_port_s_place_is_named_like_a_keyboard_s_whatever_the_bus_is_numbered(
    interface: str, place: str
) -> None:
    assert place_of_usb(Path(interface)) == place


class Evdev(ModuleType):
    """As much of python-evdev as is used: what the kernel says of each path, or its error."""

    def __init__(self, devices: dict[str, SimpleNamespace | Exception]) -> None:
        super().__init__("evdev")
        self.devices = devices
        self.open = 0

    def InputDevice(self, path: Path) -> SimpleNamespace:  # noqa: N802 -- the library's name
        found = self.devices[path.name]
        if isinstance(found, Exception):
            raise found
        self.open += 1
        return found


def described(
    evdev: Evdev, *, name: str, phys: str, pressed: Iterable[int], bus: int = USB
) -> SimpleNamespace:
    def close() -> None:
        evdev.open -= 1

    return SimpleNamespace(
        info=SimpleNamespace(bustype=bus, vendor=0x05F9, product=0x2204), name=name, phys=phys, uniq="",
        capabilities=lambda: {keys.EV_KEY: list(pressed)}, close=close,
    )  # fmt: skip


@pytest.fixture
def evdev(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Evdev:
    fake = Evdev({})
    fake.devices |= {
        "event2": described(fake, name="Scanner", phys="usb-0000:01:00.0-1.2/input0", pressed=KEYBOARD),
        "event10": described(fake, name="Pad\x00\n", phys="usb-0000:01:00.0-1.3/input0", pressed=[*PAD, 96]),
        "event3": OSError(13, "Permission denied"),
        "event4": UnicodeDecodeError("utf-8", b"\xe6", 0, 1, "unexpected end of data"),
        "event5": described(fake, name="Mouse", phys="usb-0000:01:00.0-1.4/input0", pressed=[0x110]),
    }
    for name in [*fake.devices, "mice", "js0"]:
        (tmp_path / name).touch()
    monkeypatch.setitem(sys.modules, "evdev", fake)
    return fake


@field_failure("listing the devices dies of the one that has just gone", "gvalkov/python-evdev#191")
def test_event_devices_are_listed_in_their_order_and_what_cannot_be_opened_is_left_out(
    evdev: Evdev, tmp_path: Path
) -> None:
    found = ports.list_input_ports(tmp_path)
    assert [port.path.name for port in found] == ["event2", "event5", "event10"]
    assert [port.name for port in found] == ["Scanner", "Mouse", "Pad"]
    assert [port.is_pad for port in found] == [False, False, True]
    assert {port.model for port in found} == {"05f9:2204"}
    assert evdev.open == 0, "nothing stays open"


def test_two_of_one_model_differ_by_their_place(evdev: Evdev, tmp_path: Path) -> None:
    first, _, second = ports.list_input_ports(tmp_path)
    assert first.model == second.model
    assert first.place != second.place


@pytest.mark.parametrize("name", ["event3", "event4"])
def test_a_device_that_cannot_say_who_it_is_is_our_own_error(evdev: Evdev, tmp_path: Path, name: str) -> None:
    with pytest.raises(PortNotOpened, match=name):
        ports.input_port(tmp_path / name)


def test_where_evdev_is_missing_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "evdev", None)
    with pytest.raises(PortNotOpened, match="python3-evdev is not installed"):
        ports.input_port(tmp_path / "event0")


def test_where_there_are_no_devices_none_are_listed(tmp_path: Path) -> None:
    assert ports.list_input_ports(tmp_path / "none") == ()
    assert ports.list_usb_printers(tmp_path / "none") == ()


def tty(name: str, interface: str | None, *, product: str | None = None) -> SimpleNamespace:
    known = product is not None
    return SimpleNamespace(
        device=f"/dev/{name}", name=name, usb_interface_path=interface, vid=0x0403 if known else None,
        pid=0x6001 if known else None, manufacturer="FTDI" if known else None, product=product,
    )  # fmt: skip


def test_each_tty_of_one_adapter_has_a_place_and_the_board_s_own_has_its_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Ordered(SimpleNamespace):
        def __lt__(self, other: Ordered) -> bool:
            return bool(self.device < other.device)

    found = [
        Ordered(**vars(tty("ttyUSB1", f"{PI_4}/usb1/1-1/1-1.4/1-1.4:1.1", product="Quad RS232"))),
        Ordered(**vars(tty("ttyAMA0", None))),
        Ordered(**vars(tty("ttyUSB0", f"{PI_4}/usb1/1-1/1-1.4/1-1.4:1.0", product="Quad RS232"))),
    ]
    monkeypatch.setattr(serial_list, "comports", lambda: found)
    told = [(port.place, port.model, port.name, str(port.path)) for port in ports.list_serial_ports()]
    assert told == [
        ("ttyAMA0", "", "", "/dev/ttyAMA0"),
        ("usb-0000:01:00.0-1.4", "0403:6001", "FTDI Quad RS232", "/dev/ttyUSB0"),
        ("usb-0000:01:00.0-1.4:1.1", "0403:6001", "FTDI Quad RS232", "/dev/ttyUSB1"),
    ]


@pytest.mark.parametrize("error", [OSError("gone"), TypeError("int() of None")])
def test_an_adapter_that_goes_while_it_is_looked_at_is_not_listed(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def gone() -> list[SimpleNamespace]:
        raise error

    monkeypatch.setattr(serial_list, "comports", gone)
    assert ports.list_serial_ports() == ()


def usb_printer(sysfs: Path, number: int, socket: str) -> None:
    interface = sysfs / f"devices/0000:01:00.0/usb1/1-1/1-{socket}/1-{socket}:1.0"
    interface.mkdir(parents=True)
    told = {"idVendor": "0456", "idProduct": "0808", "manufacturer": "STM", "product": "POS58"}
    for name, text in told.items():
        (interface.parent / name).write_text(f"{text}\n")
    (interface / "ieee1284_id").write_text("MFG:STM;CMD:ESC;MDL:POS58;CLS:PRINTER;\n")
    (sysfs / f"usbmisc/lp{number}").mkdir(parents=True)
    (sysfs / f"usbmisc/lp{number}/device").symlink_to(interface)


def test_a_usb_printer_is_known_by_its_place_and_its_own_words(tmp_path: Path) -> None:
    usb_printer(tmp_path, 0, "1.1")
    (tmp_path / "usbmisc/hiddev0").mkdir()
    (port,) = ports.list_usb_printers(tmp_path / "usbmisc", Path("/dev"))
    assert port.kind is PortKind.PRINTER
    assert (str(port.path), port.place) == ("/dev/usb/lp0", "usb-0000:01:00.0-1.1")
    assert (port.model, port.name) == ("0456:0808", "STM POS58")
    assert port.device_id == "MFG:STM;CMD:ESC;MDL:POS58;CLS:PRINTER;"


@field_failure("the only USB printer is not lp0", "systemd/systemd#1756", "apple/cups#2017")
def test_the_numbers_of_usb_printers_need_not_begin_with_0_nor_follow_one_another(tmp_path: Path) -> None:
    usb_printer(tmp_path, 1, "1.3")
    usb_printer(tmp_path, 3, "1.2")
    found = ports.list_usb_printers(tmp_path / "usbmisc", Path("/dev"))
    assert {str(port.path): port.place for port in found} == {
        "/dev/usb/lp1": "usb-0000:01:00.0-1.3",
        "/dev/usb/lp3": "usb-0000:01:00.0-1.2",
    }


def hid(sysfs: Path, number: int, phys: str, *, bus: str = "0003", events: bool = False) -> None:
    folder = sysfs / f"hidraw{number}/device"
    folder.mkdir(parents=True)
    told = f"DRIVER=hid-generic\nHID_ID={bus}:000005F9:00002204\nHID_NAME=Lab Imager\nHID_PHYS={phys}\nHID_UNIQ=\n"
    (folder / "uevent").write_text(told)
    if events:
        (folder / "input/input7").mkdir(parents=True)


@field_failure(
    "a scanner in another mode types nothing and nobody says so",
    "node-hid/node-hid#406",
    "nyholku/purejavahidapi#50",
)
def test_a_device_that_sends_no_keys_is_listed_as_such(tmp_path: Path) -> None:
    hid(tmp_path, 0, "usb-0000:01:00.0-1.2/input0")
    (port,) = ports.list_mute_devices(tmp_path, Path("/dev"))
    assert port.kind is PortKind.MUTE
    assert (str(port.path), port.place) == ("/dev/hidraw0", "usb-0000:01:00.0-1.2")
    assert (port.model, port.name) == ("05f9:2204", "Lab Imager")


def test_an_interface_of_its_maker_s_beside_its_keys_makes_no_device_mute(tmp_path: Path) -> None:
    hid(tmp_path, 0, "usb-0000:01:00.0-1.2/input0", events=True)
    hid(tmp_path, 1, "usb-0000:01:00.0-1.2/input1")
    hid(tmp_path, 2, "usb-0000:01:00.0-1.3/input0")
    hid(tmp_path, 3, "usb-0000:01:00.0-1.3/input1", events=True)
    hid(tmp_path, 4, "aa:bb:cc:00:00:01", bus="0005")
    (tmp_path / "hidraw5/device").mkdir(parents=True)
    assert ports.list_mute_devices(tmp_path) == ()
    assert ports.list_mute_devices(tmp_path / "none") == ()


def test_keys_come_from_fifos_and_event_devices_only(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "scanner")
    assert ports.kind_of(tmp_path / "scanner") is PortKind.KEYS
    assert ports.kind_of(Path("/dev/null")) is PortKind.SERIAL
    assert ports.kind_of(tmp_path / "none") is None


def test_the_watch_asks_each_newcomer_once_and_whoever_sits_behind_the_same_number_anew(
    evdev: Evdev, tmp_path: Path
) -> None:
    asked: list[str] = []

    def ask(path: Path) -> ports.Port:
        asked.append(path.name)
        return ports.input_port(path)

    watch = ports.KeyboardWatch(tmp_path, ask=ask)
    assert [port.path.name for port in watch.look()] == ["event2", "event10"], "no mouse"
    assert [port.path.name for port in watch.look()] == ["event2", "event10"]
    assert (asked.count("event2"), asked.count("event3")) == (1, 2), "who could not be asked is asked again"
    (tmp_path / "event2").rename(tmp_path / "unplugged")
    (tmp_path / "event2").touch()
    assert len(watch.look()) == 2
    assert asked.count("event2") == 2
    (tmp_path / "event2").unlink()
    assert [port.path.name for port in watch.look()] == ["event10"]


def test_serial_ports_are_listed_anew_only_when_a_node_came_or_went(tmp_path: Path) -> None:
    asked: list[int] = []

    def ask() -> tuple[ports.Port, ...]:
        asked.append(len(list(tmp_path.glob("tty*"))))
        return ()

    watch = ports.SerialWatch(tmp_path, ask=ask)
    watch.look()
    assert asked == [], "an empty folder has nobody to ask"
    (tmp_path / "ttyACM0").touch()
    watch.look()
    watch.look()
    (tmp_path / "sda").touch()
    watch.look()
    assert asked == [1]
    (tmp_path / "ttyACM0").rename(tmp_path / "gone")
    (tmp_path / "ttyACM0").touch()
    watch.look()
    assert asked == [1, 1], "another device with the same number"
    assert ports.SerialWatch(tmp_path / "none", ask=ask).look() == ()


def test_a_serial_port_may_be_seen_some_looks_later(tmp_path: Path) -> None:
    asked: list[str] = []

    def ask() -> tuple[ports.Port, ...]:
        asked.append("asked")
        return ()

    watch = ports.SerialWatch(tmp_path, every=3, ask=ask)
    watch.look()
    (tmp_path / "ttyACM0").touch()
    watch.look()
    watch.look()
    assert asked == []
    watch.look()
    assert asked == ["asked"]
