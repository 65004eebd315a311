"""What people do at the till, in the order in which it happened: keys, scans and news of the devices in one queue.

Rules:
- A scanner or keypad is found by the socket where its role belongs (`firmware.roles`), or by the path that the configuration
  gives. It is looked for a few times a second, so it may be unplugged and come back at any moment, at any number.
- Every device that could type is grabbed as soon as it is seen, whether it has a role or not, so that no console gets a
  PIN; one without a role is only overheard for a role code (`firmware.desk.strangers`).
- One task reads one device until it is gone. Half a scan goes with its device; what was half typed on a keypad is void.
- The queue is bounded: readers wait, and the drivers' own queues then drop the oldest, which they tell.
- A serial port is opened only if it is the scanner's; those that appear as modems (USB CDC) are overheard as well while the
  till has no scanner, but only once the printer is known, for until then all of them are tried for the printer.

Must not know: what is done with a key or a scan.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from msgspec import Struct

from drivers import ports
from drivers.errors import DriverError
from drivers.input_device import open_input_device
from drivers.keypad import Key, KeyDecoder, Keypad
from drivers.ports import Port, PortKind
from drivers.scanner.barcode_scanner import BarcodeScanner
from drivers.scanner.scan import Scan, TextScan
from drivers.scanner.settings import AS_SHIPPED, ScannerSettings
from firmware.desk.presence import USED_AT_THE_COUNTER, Presence
from firmware.desk.strangers import KeyStranger, Said, SerialStranger
from firmware.errors import RolesNotStored
from firmware.roles import Change, DeviceNews, Role

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path

    from drivers.input_device import InputDevice, Lights
    from firmware.config import Config
    from firmware.log import Log
    from firmware.roles import Roles

INPUTS_MAX = 256
LOOK_EVERY_MS = 250
OVERHEAR_MS = 1_000
"""How soon a device notices that it was given a role by somebody else."""
STRANGER_TOLD_EVERY_MS = 20_000
SERIAL_BAUD = 9_600
_MODEM = "ttyACM"

Input = Key | Scan | DeviceNews


class Desk(Struct, frozen=True, kw_only=True):
    """Where devices are looked for.

    `given` are paths from the configuration: with both of them nobody is looked for. `others` are paths of devices that are
    somebody else's; `printer_given` says that one of them is the printer's.
    """

    given: Mapping[Role, Path] = {}
    others: tuple[Path, ...] = ()
    printer_given: bool = False
    scanner: ScannerSettings = AS_SHIPPED
    scanner_baud: int = SERIAL_BAUD
    look: Callable[[], tuple[Port, ...]] | None = None


def desk_of(config: Config) -> Desk:
    """Where the appliance looks for scanner and keypad, and how the scanner was set up."""
    scanner = ScannerSettings(
        prefix=config.scanner_prefix, suffix=config.scanner_suffix, separator=config.scanner_separator,
        upc_e=config.scanner_upc_e, gap_ms=config.scanner_gap_ms,
    )  # fmt: skip
    paths = {Role.SCANNER: config.scanner_path, Role.KEYPAD: config.keypad_path}
    given = {role: path for role, path in paths.items() if path is not None}
    others = tuple(path for path in (config.printer_path, config.display_path) if path is not None)
    return Desk(
        given=given, others=others, printer_given=config.printer_path is not None, scanner=scanner,
        scanner_baud=config.scanner_baud,
    )  # fmt: skip


class Inputs:
    """Owned by the till's task, which takes; `run` puts."""

    def __init__(
        self,
        roles: Roles,
        desk: Desk,
        *,
        log: Log,
        sleep_ms: Callable[[int], Awaitable[None]],
        monotonic_ms: Callable[[], int],
    ) -> None:
        self._roles = roles
        self._desk = desk
        self._log = log
        self._sleep_ms = sleep_ms
        self._monotonic_ms = monotonic_ms
        self._presence = Presence(roles, desk.given)
        self._look = desk.look or _everywhere()
        self._queue: asyncio.Queue[Input] = asyncio.Queue(INPUTS_MAX)
        self._seen: tuple[Port, ...] = ()
        self._served: set[Path] = set()
        self._open: dict[Path, Port] = {}
        self._keypads: list[InputDevice] = []
        self._refused: dict[Path, str] = {}
        self._strangers_told_ms = -STRANGER_TOLD_EVERY_MS
        self._lender: Port | None = None
        self.lends_keys = False
        """While the printer is searched for at a till without a keypad: keys of devices without a role are taken too."""

    async def take(self, *, at_most_ms: int) -> Input | None:
        """The next input, or None if nothing happens for `at_most_ms`."""
        try:
            async with asyncio.timeout(at_most_ms / 1000):
                return await self._queue.get()
        except TimeoutError:
            return None

    @property
    def seen(self) -> tuple[Port, ...]:
        """Devices that were there at the last look, whether they could be opened or not, and serial ports."""
        return self._seen

    @property
    def present(self) -> tuple[Port, ...]:
        """Devices that are open and read now."""
        return tuple(self._open.values())

    @property
    def key_lights(self) -> tuple[Lights, ...]:
        """The lights of the keypad, if it is there and has some."""
        return tuple(device.lights for device in self._keypads if device.lights is not None)

    async def keep_lender(self) -> None:
        """Who lent the last key becomes the keypad, if the till still has none: a person has just read paper and typed."""
        if self._lender is not None and Role.KEYPAD in self._presence.takeable(self._lender, self.present):
            await self._give(Role.KEYPAD, self._lender)

    async def run(self) -> None:
        """Look for devices and read them, for ever."""
        async with asyncio.TaskGroup() as readers:
            while True:
                self._seen = (*self._given_ports(), *self._found_ports())
                for port in self._seen:
                    if port.path not in self._served and self._concerns_us(port):
                        self._served.add(port.path)
                        readers.create_task(self._serve(port), name=f"read {port.path}")
                for path in self._refused.keys() - {port.path for port in self._seen}:
                    del self._refused[path]
                await self._tell_news()
                await self._sleep_ms(LOOK_EVERY_MS)

    def _given_ports(self) -> tuple[Port, ...]:
        return tuple(
            Port(kind=kind, path=path, place=f"given-{role.value}", may_scan=True, may_key=True)
            for role, path in self._desk.given.items()
            if (kind := ports.kind_of(path)) is not None
        )

    def _found_ports(self) -> tuple[Port, ...]:
        if all(role in self._desk.given for role in USED_AT_THE_COUNTER):
            return ()
        given = {os.path.realpath(path) for path in (*self._desk.given.values(), *self._desk.others)}
        return tuple(port for port in self._look() if str(port.path) not in given)

    def _concerns_us(self, port: Port) -> bool:
        return port.kind is PortKind.KEYS or self._role_of(port) is Role.SCANNER or self._may_overhear(port)

    def _role_of(self, port: Port) -> Role | None:
        return self._presence.role_of(port)

    def _may_overhear(self, port: Port) -> bool:
        """Whether nobody else may want this serial port."""
        return (
            port.path.name.startswith(_MODEM)
            and (self._desk.printer_given or self._roles.seat(Role.PRINTER) is not None)
            and self._roles.role_at(port.place) is None
            and Role.SCANNER in self._presence.takeable(port, self._seen)
        )

    async def _tell_news(self) -> None:
        now_ms = self._monotonic_ms()
        pad = self._presence.lone_pad(self.present, now_ms=now_ms)
        if pad is not None:
            await self._give(Role.KEYPAD, pad)
        for news in self._presence.news(self.present, now_ms=now_ms):
            await self._tell(news)

    async def _tell(self, news: DeviceNews) -> None:
        self._log.info("devices", change=news.change.value, roles=[role.value for role in news.roles])
        await self._queue.put(news)

    async def _serve(self, port: Port) -> None:
        """Read one device until it is gone; whatever it is, it is looked for again."""
        role = None
        try:
            await (self._serve_keys if port.kind is PortKind.KEYS else self._serve_serial)(port)
        except DriverError as error:
            role = self._role_of(port) if port.path in self._open else None
            self._note(port, str(error))
        finally:
            self._open.pop(port.path, None)
            self._served.discard(port.path)
        if role is Role.KEYPAD:
            await self._queue.put(DeviceNews(Change.CUT_OFF, (role,)))

    def _note(self, port: Port, why: str) -> None:
        """Log why a device is not read, once."""
        if port.path in self._open or self._refused.get(port.path) != why:
            self._log.warning("device", path=port.path, place=port.place, error=why)
        self._refused[port.path] = why

    def _opened(self, port: Port) -> None:
        self._open[port.path] = port
        self._refused.pop(port.path, None)
        role = self._role_of(port)
        self._log.info(
            "plugged in",
            place=port.place,
            model=port.model,
            name=port.name,
            role=role.value if role else None,
        )

    async def _serve_keys(self, port: Port) -> None:
        async with open_input_device(port.path) as device:
            self._opened(port)
            while True:
                role = self._role_of(port)
                if role is Role.SCANNER:
                    async for scan in BarcodeScanner(device, self._desk.scanner):
                        await self._put(scan)
                elif role is Role.KEYPAD:
                    await self._read_keypad(device)
                else:
                    await self._overhear_keys(port, device)

    async def _read_keypad(self, device: InputDevice) -> None:
        self._keypads.append(device)
        try:
            async for key in Keypad(device):
                await self._queue.put(key)
        finally:
            self._keypads.remove(device)

    async def _overhear_keys(self, port: Port, device: InputDevice) -> None:
        stranger, decoder = KeyStranger(), KeyDecoder()
        while self._role_of(port) is None:
            records = await device.read(timeout_ms=OVERHEAR_MS)
            if self._role_of(port) is not None:
                device.unread(records)
                return
            if self.lends_keys and Role.KEYPAD in self._presence.takeable(port, self.present):
                await self._lend(port, decoder.feed(records))
            for said in stranger.feed(records):
                await self._answer(port, said)

    async def _lend(self, port: Port, pressed: list[Key]) -> None:
        for key in pressed:
            self._lender = port
            await self._queue.put(key)

    async def _serve_serial(self, port: Port) -> None:
        # Most scanners are keyboards: start-up waits for neither module.
        from drivers.scanner.serial_scanner import SerialScanner  # noqa: PLC0415 -- see above
        from drivers.serial_port import open_serial_port  # noqa: PLC0415 -- see above

        seat = self._roles.seat(Role.SCANNER)
        baud = seat.baud if seat and seat.place == port.place and seat.baud else self._desk.scanner_baud
        async with open_serial_port(port.path, baud=baud) as opened:
            self._opened(port)
            stranger = SerialStranger()
            while self._role_of(port) is None:
                if not self._may_overhear(port):
                    return
                for said in stranger.feed(await opened.read(timeout_ms=OVERHEAR_MS)):
                    await self._answer(port, said)
            async for scan in SerialScanner(opened, self._desk.scanner):
                await self._put(scan)

    async def _put(self, scan: Scan) -> None:
        if isinstance(scan, TextScan) and Said(scan.text).role is Role.SCANNER:
            await self._tell(DeviceNews(Change.TAKEN, (Role.SCANNER,)))  # it is the scanner already
        else:
            await self._queue.put(scan)

    async def _answer(self, port: Port, said: Said) -> None:
        """A device without a role has said something: give it the role that it asks for, or say what could be done."""
        takeable = self._presence.takeable(port, self.present)
        if said.role in takeable:
            await self._give(said.role, port)
        elif said.role is not None:
            await self._tell(DeviceNews(Change.NOT_FREE, (said.role,), tuple(self._desk.given)))
        elif self._monotonic_ms() - self._strangers_told_ms >= STRANGER_TOLD_EVERY_MS:
            self._strangers_told_ms = self._monotonic_ms()
            change = Change.STRANGER if takeable else Change.NOT_FREE
            await self._tell(DeviceNews(change, takeable, tuple(self._desk.given)))

    async def _give(self, role: Role, port: Port) -> None:
        try:
            self._roles.assign(role, port)
        except RolesNotStored as error:
            self._log.error("roles", error=str(error))
        self._presence.expect(role)
        await self._tell(DeviceNews(Change.TAKEN, (role,)))


def _everywhere() -> Callable[[], tuple[Port, ...]]:
    keyboards, serial = ports.KeyboardWatch(), ports.SerialWatch(every=4)
    return lambda: (*keyboards.look(), *serial.look())
