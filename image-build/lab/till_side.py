"""The till's drivers as programs, each for one device: what a driver gets is said as one JSON array a line.

They run in the guest on real devices, and on the machine itself on simulated ones, so that one test can ask the same of both.
Each takes the rest of its command line and gives an exit code.

| program | says |
| --- | --- |
| `scan PATH` | `["open"]`, then each scan: its kind and its fields; `["gone"]` |
| `keys PATH` | `["open"]`, then each key's name; `["gone"]` |
| `port PATH BAUD FLOW` | `["open"]`, then an answer to each line of its standard input |
| `overhear PATH` | how many keys were pressed, whenever it hears some |
| `sounds` | each sound's name and, in order, the tones that the kernel hands to a sound device made here |
| `where SOCKET` | the device files of what sits in a USB socket, as soon as there are any |
| `ports` | everything that could have a role |
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from drivers.beeper import EV_SND, SND_TONE, ToneDevice
from drivers.errors import DeviceGone, PortNotOpened, PrinterBlocked
from drivers.flow import Flow
from drivers.input_device import open_input_device
from drivers.key_codes import EV_KEY, EVENT, PRESSED
from drivers.keypad import Keypad
from drivers.printer.usb_port import open_printer_port
from drivers.scanner.barcode_scanner import BarcodeScanner
from drivers.scanner.serial_scanner import SerialScanner
from drivers.scanner.settings import ScannerSettings
from drivers.serial_port import open_serial_port
from drivers.sound import Sound

if TYPE_CHECKING:
    from drivers.byte_port import BytePort
    from drivers.scanner.scan import Scan

USB_DEVICES = Path("/sys/bus/usb/devices")
DEVICE_FILES = ("input/event", "ttyUSB", "ttyACM", "usb/lp")
SERIAL_PORTS = ("/dev/tty", "/dev/pts/")
SCANNER_BAUD = 9_600
LOOK_EVERY_S = 0.05
GAP_MS = 1_500
"""Longer than a scanner's, for an emulated machine stands still now and then when its host is busy."""
WRITE_BYTES_MAX = 1 << 20


def scan(line: list[str]) -> None:
    """Say what a scanner reads."""
    asyncio.run(_scans(Path(line[0])))


async def _scans(path: Path) -> None:
    settings = ScannerSettings(gap_ms=GAP_MS)
    try:
        async with (
            SerialScanner(open_serial_port(path, baud=SCANNER_BAUD), settings)
            if str(path).startswith(SERIAL_PORTS)
            else BarcodeScanner(open_input_device(path), settings)
        ) as scanner:
            _say("open")
            async for scanned in scanner:
                _say(*words_of(scanned))
    except DeviceGone:
        _say("gone")


def words_of(scanned: Scan) -> list[Any]:
    """A scan as it is said: its kind and its fields."""
    return [type(scanned).__name__, msgspec.to_builtins(scanned)]


def keys(line: list[str]) -> None:
    """Say which keys are pressed."""
    asyncio.run(_keys(Path(line[0])))


async def _keys(path: Path) -> None:
    try:
        async with Keypad(open_input_device(path)) as keypad:
            _say("open")
            async for key in keypad:
                _say(key.name)
    except DeviceGone:
        _say("gone")


def port(line: list[str]) -> None:
    """Be at a printer's port: `write HEX TIMEOUT_MS`, `read TIMEOUT_MS`, `drain TIMEOUT_MS`, `paper`."""
    asyncio.run(_port(Path(line[0]), int(line[1]), Flow(line[2])))


async def _port(path: Path, baud: int, flow: Flow) -> None:
    orders = asyncio.StreamReader(limit=WRITE_BYTES_MAX)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(orders), sys.stdin
    )
    async with open_printer_port(path, baud=baud, flow=flow) as opened:
        _say("open")
        while order := (await orders.readline()).decode().split():
            try:
                _say(*await _asked(opened, *order))
            except PrinterBlocked as blocked:
                _say("blocked", blocked.sent)
            except DeviceGone as gone:
                _say("gone", gone.sent)


async def _asked(opened: BytePort, what: str, *rest: str) -> tuple[Any, ...]:
    if what == "write":
        return "sent", await opened.write(bytes.fromhex(rest[0]), timeout_ms=int(rest[1]))
    if what == "read":
        return "read", (await opened.read(timeout_ms=int(rest[0]))).hex()
    if what == "drain":
        return "held", await opened.drain(timeout_ms=int(rest[0]))
    return "paper is out", opened.paper_is_out()


def overhear(line: list[str]) -> None:
    """Say how many keys an input device was heard to press, as anybody hears it who does not grab it."""
    with Path(line[0]).open("rb", buffering=0) as device:
        _say("open")
        while records := device.read(64 * EVENT.size):
            pressed = sum(
                kind == EV_KEY and value == PRESSED for _, _, kind, _, value in EVENT.iter_unpack(records)
            )
            if pressed:
                _say(pressed)


def sounds(_: list[str]) -> None:
    """Make a sound device by the kernel's uinput, play every sound on it as the till does, and say what arrives."""
    asyncio.run(_sounds())


async def _sounds() -> None:
    import evdev  # noqa: PLC0415 -- for this alone

    with evdev.UInput({EV_SND: [SND_TONE]}, name="buzzer") as device:
        os.set_blocking(device.fd, False)
        assert device.device is not None, "made"
        player = ToneDevice(Path(os.fsdecode(device.device.path)))
        for sound in Sound:
            await player.play(sound)
            _say(sound.name, _tones_at(device.fd))


def _tones_at(fd: int) -> list[int]:
    tones: list[int] = []
    with contextlib.suppress(BlockingIOError):
        while data := os.read(fd, 64 * EVENT.size):
            events = EVENT.iter_unpack(data)
            tones += [hz for _, _, kind, code, hz in events if (kind, code) == (EV_SND, SND_TONE)]
    return tones


def where(line: list[str]) -> None:
    """Say which device files belong to a USB socket of the first bus."""
    asyncio.run(_where(line[0]))


async def _where(socket: str) -> None:
    while not (files := _device_files(socket)):  # noqa: ASYNC110 -- sysfs tells nobody
        await asyncio.sleep(LOOK_EVERY_S)
    _say(*files)


def _device_files(socket: str) -> list[str]:
    found = []
    for device in USB_DEVICES.glob(f"*-{socket}"):
        for event in device.glob("**/uevent"):
            told = dict(line.split("=", 1) for line in event.read_text().splitlines() if "=" in line)
            if (name := told.get("DEVNAME", "")).startswith(DEVICE_FILES):
                found.append(f"/dev/{name}")
    return sorted(found)


def ports(_: list[str]) -> None:
    """Say who sits where, as the till sees it."""
    from drivers.ports import list_ports  # noqa: PLC0415 -- evdev and pyserial, for this alone

    for found in list_ports():
        _say(msgspec.to_builtins(found, enc_hook=str))


def _say(*words: Any) -> None:
    print(json.dumps(words), flush=True)


if __name__ == "__main__":
    try:
        sys.exit(globals()[sys.argv[1]](sys.argv[2:]))
    except PortNotOpened as error:
        sys.exit(str(error))
