"""Scanner and keypad are found by their sockets, at any time, as often as they come and go."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pty
import tty
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest

from drivers.keypad import Key
from drivers.ports import Port, PortKind
from drivers.scanner.scan import BadScan, GtinScan
from firmware.inputs import Desk as WhereToLook
from firmware.inputs import Input, Inputs
from firmware.log import Level, Log
from firmware.presence import ALONE_FOR_MS, MISSING_AFTER_MS
from firmware.roles import Change, DeviceNews, Role, open_roles
from tests.fakes.desk import Desk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

MILK = "6260000000019"
JAM = "6260000000118"
MILK_SCAN = GtinScan(f"0{MILK}")
A, B, C = "usb-x-1.1", "usb-x-1.2", "usb-x-1.3"
QUIET_MS = 60


class Till:
    """The part of a till that looks after its input devices; a story acts at the desk and takes what arrives."""

    def __init__(self, tmp_path: Path, given: Mapping[Role, Path] | None = None) -> None:
        self.data = tmp_path / "data"
        self.data.mkdir(exist_ok=True)
        self.desk = Desk(tmp_path)
        self.now_ms = 1_000
        self.lines: list[str] = []
        self._given = given or {}
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        self.roles = self._stack.enter_context(open_roles(self.data, warn=self.lines.append))
        log = Log(self.lines.append, level=Level.DEBUG, monotonic_ms=lambda: 0)
        self.inputs = Inputs(
            self.roles, WhereToLook(given=self._given, look=self.desk.look), log=log,
            sleep_ms=lambda _: asyncio.sleep(0.002), monotonic_ms=lambda: self.now_ms,
        )  # fmt: skip
        await self._stack.enter_async_context(asyncio.timeout(20))
        group = await self._stack.enter_async_context(asyncio.TaskGroup())
        self._task = group.create_task(self.inputs.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await self._stack.aclose()

    def assign(self, **sockets: str) -> None:
        """What an earlier day has brought."""
        with open_roles(self.data, warn=self.lines.append) as roles:
            for name, socket in sockets.items():
                roles.assign(Role(name), Port(kind=PortKind.KEYS, path=Path("old"), place=socket))

    async def do(self, act: Callable[[], bool]) -> None:
        """Act as soon as the till has the device open."""
        while not act():
            await asyncio.sleep(0.002)

    async def take(self, count: int = 1) -> list[Input]:
        taken = [await self.inputs.take(at_most_ms=5_000) for _ in range(count)]
        return [one for one in taken if one is not None]

    async def quiet(self) -> bool:
        """Whether nothing more arrives."""
        return await self.inputs.take(at_most_ms=QUIET_MS) is None

    async def looked(self, times: int = 3) -> None:
        """The till has looked around again."""
        until = self.desk.looks + times
        while self.desk.looks < until:
            await asyncio.sleep(0.002)

    def logged(self, event: str) -> list[dict[str, object]]:
        told = [json.loads(line) for line in self.lines]
        return [line for line in told if line["event"] == event]


def held() -> tuple[int, int]:
    """Open descriptors and tasks."""
    return len(list(Path("/proc/self/fd").iterdir())), len(asyncio.all_tasks())


@pytest.fixture
def till(tmp_path: Path) -> Till:
    return Till(tmp_path)


def test_a_device_is_what_its_socket_says_under_whatever_number(till: Till) -> None:
    async def story() -> None:
        till.assign(scanner=A, keypad=B)
        async with till:
            pad, scanner = till.desk.pad(B), till.desk.scanner(A)
            await till.do(lambda: scanner.scan(MILK))
            await till.do(lambda: pad.press("7"))
            assert set(await till.take(2)) == {MILK_SCAN, Key.D7}
            till.desk.unplug(A)
            again = till.desk.scanner(A)
            await till.do(lambda: again.scan(MILK))
            assert await till.take() == [MILK_SCAN]
            assert await till.quiet()

    asyncio.run(story())


def test_two_scanners_of_one_model_do_not_swap_when_they_come_back_in_another_order(till: Till) -> None:
    async def story() -> None:
        till.assign(scanner=A, keypad=C)
        async with till:
            till.desk.pad(C)
            for order in ((A, B), (B, A), (A, B)):
                plugged = {socket: till.desk.scanner(socket) for socket in order}
                await till.do(partial(plugged[B].scan, JAM))
                await till.do(partial(plugged[A].scan, MILK))
                taken = await till.take(2)
                assert [one for one in taken if not isinstance(one, DeviceNews)] == [MILK_SCAN]
                till.now_ms += 30_000
                for socket in order:
                    till.desk.unplug(socket)
                await till.looked()

    asyncio.run(story())


def test_half_a_scan_goes_with_its_scanner_and_the_next_one_is_whole(till: Till) -> None:
    async def story() -> None:
        till.assign(scanner=A)
        async with till:
            scanner = till.desk.scanner(A)
            await till.do(lambda: scanner.scan_half("62600000"))
            await asyncio.sleep(0.01)
            till.desk.unplug(A)
            again = till.desk.scanner(A)
            await till.do(lambda: again.scan(MILK))
            assert await till.take() == [MILK_SCAN]
            assert await till.quiet()

    asyncio.run(story())


def test_hundreds_of_replugs_leave_neither_descriptor_nor_task_behind(till: Till) -> None:
    async def story() -> None:
        till.assign(scanner=A)
        async with till:
            scanner = till.desk.scanner(A)
            await till.do(lambda: scanner.scan(MILK))
            assert await till.take() == [MILK_SCAN]
            before = held()
            for turn in range(300):
                if turn % 3:
                    scanner.scan_half("6260")
                till.desk.unplug(A)
                scanner = till.desk.scanner(A)
                if turn % 2:
                    await asyncio.sleep(0.002)
            await till.do(lambda: scanner.scan(MILK))
            taken = await till.take()
            assert [one for one in taken if not isinstance(one, BadScan)] == [MILK_SCAN]
            assert held() == before
            assert await till.quiet()

    asyncio.run(story())


def test_a_new_scanner_takes_the_free_role_by_the_role_barcode_and_keeps_it(till: Till) -> None:
    async def story() -> None:
        async with till:
            scanner = till.desk.scanner(A)
            await till.do(lambda: scanner.scan("D1:SCANNER"))
            assert await till.take() == [DeviceNews(Change.TAKEN, (Role.SCANNER,))]
            await till.do(lambda: scanner.scan(MILK))
            assert await till.take() == [MILK_SCAN]
        async with till:
            await till.do(lambda: scanner.scan(MILK))
            assert await till.take() == [MILK_SCAN], "after a restart too"

    asyncio.run(story())


def test_a_pad_takes_the_free_role_by_the_keypad_s_code(till: Till) -> None:
    async def story() -> None:
        async with till:
            pad = till.desk.pad(A, letters=True)
            await till.do(lambda: pad.press("*18\n"))
            assert await till.take() == [DeviceNews(Change.TAKEN, (Role.KEYPAD,))]
            await till.do(lambda: pad.press("5"))
            assert await till.take() == [Key.D5]

    asyncio.run(story())


def test_a_role_whose_device_is_plugged_in_is_not_free(till: Till) -> None:
    async def story() -> None:
        till.assign(scanner=A)
        async with till:
            scanner, other = till.desk.scanner(A), till.desk.scanner(B)
            await till.do(lambda: scanner.scan(MILK))
            await till.do(lambda: other.scan("D1:SCANNER"))
            assert await till.take(2) == [MILK_SCAN, DeviceNews(Change.NOT_FREE, (Role.SCANNER,))]
            await till.do(lambda: scanner.scan(MILK))
            assert await till.take() == [MILK_SCAN]

    asyncio.run(story())


def test_the_same_model_at_another_socket_sells_nothing_until_it_reads_the_role_barcode(till: Till) -> None:
    async def story() -> None:
        till.assign(scanner=A)
        async with till:
            scanner = till.desk.scanner(A)
            await till.do(lambda: scanner.scan(MILK))
            assert await till.take() == [MILK_SCAN]
            till.desk.unplug(A)
            moved = till.desk.scanner(B)
            await till.do(lambda: moved.scan(MILK))
            await till.do(lambda: moved.scan(MILK))
            assert await till.take() == [DeviceNews(Change.STRANGER, (Role.SCANNER, Role.KEYPAD))]
            assert await till.quiet(), "said once, not at each scan"
            await till.do(lambda: moved.scan("D1:SCANNER"))
            assert await till.take() == [DeviceNews(Change.TAKEN, (Role.SCANNER,))]
            await till.do(lambda: moved.scan(MILK))
            assert await till.take() == [MILK_SCAN]
            back = till.desk.scanner(A)
            await till.do(lambda: back.scan("D1:SCANNER"))
            assert await till.take() == [DeviceNews(Change.NOT_FREE, (Role.SCANNER,))], (
                "the old socket's is over"
            )

    asyncio.run(story())


def test_what_a_stranger_types_is_neither_sold_nor_logged(till: Till) -> None:
    async def story() -> None:
        async with till:
            stranger = till.desk.scanner(A)
            await till.do(lambda: stranger.scan("C1:SECRETSECRET"))
            assert await till.take() == [DeviceNews(Change.STRANGER, (Role.SCANNER, Role.KEYPAD))]
        assert not [line for line in till.lines if "SECRET" in line]

    asyncio.run(story())


def test_a_lone_pad_without_letters_can_only_be_the_keypad(till: Till) -> None:
    async def story() -> None:
        async with till:
            pad = till.desk.pad(A)
            await till.looked()
            assert await till.quiet()
            till.now_ms += ALONE_FOR_MS
            assert await till.take() == [DeviceNews(Change.TAKEN, (Role.KEYPAD,))]
            await till.do(lambda: pad.press("5"))
            assert await till.take() == [Key.D5]

    asyncio.run(story())


@pytest.mark.parametrize("letters", [False, True])
def test_nobody_guesses_between_two_pads_nor_takes_a_whole_keyboard_for_one(
    till: Till, *, letters: bool
) -> None:
    async def story() -> None:
        async with till:
            till.desk.pad(A, letters=letters)
            if not letters:
                till.desk.pad(B)
            await till.looked()
            till.now_ms += ALONE_FOR_MS
            await till.looked()
            assert await till.quiet()
            assert till.roles.seat(Role.KEYPAD) is None

    asyncio.run(story())


def test_a_till_that_has_had_a_keypad_takes_no_other_by_itself(till: Till) -> None:
    async def story() -> None:
        till.assign(keypad=A)
        async with till:
            till.desk.pad(B)
            await till.looked()
            till.now_ms += ALONE_FOR_MS
            await till.looked()
            assert till.roles.role_at(A) is Role.KEYPAD

    asyncio.run(story())


def test_what_was_half_typed_is_void_when_the_keypad_goes_and_only_its_absence_is_told(till: Till) -> None:
    async def story() -> None:
        till.assign(keypad=A, scanner=B)
        async with till:
            till.desk.scanner(B)
            pad = till.desk.pad(A)
            await till.do(lambda: pad.press("3*"))
            assert await till.take(2) == [Key.D3, Key.TIMES]
            till.desk.unplug(A)
            assert await till.take() == [DeviceNews(Change.CUT_OFF, (Role.KEYPAD,))]
            assert await till.quiet(), "it may be back in a moment"
            till.now_ms += MISSING_AFTER_MS
            assert await till.take() == [DeviceNews(Change.MISSING, (Role.KEYPAD,))]
            till.now_ms += 100 * MISSING_AFTER_MS
            assert await till.quiet(), "told once"
            till.desk.pad(A)
            assert await till.take() == [DeviceNews(Change.BACK, (Role.KEYPAD,))]

    asyncio.run(story())


def test_a_quick_replug_is_nobody_s_business(till: Till) -> None:
    async def story() -> None:
        till.assign(scanner=A, keypad=B)
        async with till:
            till.desk.pad(B)
            for _ in range(3):
                till.desk.scanner(A)
                await till.looked()
                till.now_ms += MISSING_AFTER_MS - 1
                till.desk.unplug(A)
                await till.looked()
            assert await till.quiet()

    asyncio.run(story())


def test_scanner_and_keypad_that_go_with_their_hub_are_one_piece_of_news(till: Till) -> None:
    async def story() -> None:
        async with till:
            await till.looked()
            till.now_ms += MISSING_AFTER_MS
            assert await till.take() == [DeviceNews(Change.MISSING, (Role.SCANNER, Role.KEYPAD))]
            assert await till.quiet()

    asyncio.run(story())


def test_a_role_taken_by_another_device_is_told_once_not_as_back_too(till: Till) -> None:
    async def story() -> None:
        till.assign(scanner=A, keypad=C)
        async with till:
            till.desk.pad(C)
            await till.looked()
            till.now_ms += MISSING_AFTER_MS
            assert await till.take() == [DeviceNews(Change.MISSING, (Role.SCANNER,))]
            other = till.desk.scanner(B)
            await till.do(lambda: other.scan("D1:SCANNER"))
            assert await till.take() == [DeviceNews(Change.TAKEN, (Role.SCANNER,))]
            await till.looked()
            assert await till.quiet()

    asyncio.run(story())


def test_keys_are_lent_only_while_asked_for_and_the_lender_may_stay(till: Till) -> None:
    async def story() -> None:
        async with till:
            pad, scanner = till.desk.pad(A, letters=True), till.desk.scanner(B)
            await till.do(lambda: pad.press("3"))
            assert await till.quiet()
            till.inputs.lends_keys = True
            await till.do(lambda: pad.press("3"))
            assert await till.take() == [Key.D3]
            await till.inputs.keep_lender()
            till.inputs.lends_keys = False
            assert await till.take() == [DeviceNews(Change.TAKEN, (Role.KEYPAD,))]
            await till.do(lambda: scanner.scan("12"))
            assert await till.take() == [DeviceNews(Change.STRANGER, (Role.SCANNER,))]
            assert till.roles.role_at(A) is Role.KEYPAD

    asyncio.run(story())


def test_given_paths_are_used_as_they_are_and_nobody_is_looked_for(tmp_path: Path) -> None:
    given = {Role.SCANNER: tmp_path / "scanner", Role.KEYPAD: tmp_path / "keypad"}
    till = Till(tmp_path, given)

    async def story() -> None:
        async with till:
            till.now_ms += MISSING_AFTER_MS
            await asyncio.sleep(0.02)
            till.now_ms += MISSING_AFTER_MS
            missing = DeviceNews(Change.MISSING, (Role.SCANNER, Role.KEYPAD), tuple(given))
            assert await till.take() == [missing]
            for path in given.values():
                os.mkfifo(path)
            taken = await till.take()
            while len([role for news in taken if isinstance(news, DeviceNews) for role in news.roles]) < 2:
                taken += await till.take()
            assert {news.change for news in taken if isinstance(news, DeviceNews)} == {Change.BACK}
            assert till.desk.looks == 0

    asyncio.run(story())


def test_a_device_that_cannot_be_opened_yet_is_tried_again_and_told_once(till: Till) -> None:
    async def story() -> None:
        till.assign(scanner=A)
        path = till.desk.folder / "event99"
        path.mkdir()
        async with till:
            port = Port(kind=PortKind.KEYS, path=path, place=A, may_scan=True, may_key=True)
            till.desk.plug(port)
            await till.looked(10)
            assert len(till.logged("device")) == 1
            path.rmdir()
            os.mkfifo(path)
            while not till.inputs.present:
                await asyncio.sleep(0.002)
            assert till.logged("plugged in")[0]["role"] == "scanner"

    asyncio.run(story())


class SerialDesk:
    """A serial scanner at the far end of a pty."""

    def __init__(self, folder: Path, name: str) -> None:
        self.far, near = pty.openpty()
        tty.setraw(near)
        self.path = folder / name
        self.path.symlink_to(os.ttyname(near))
        self._near = near

    def port(self, place: str) -> Port:
        return Port(kind=PortKind.SERIAL, path=self.path, place=place, model="05f9:4204")

    def send(self, data: bytes) -> None:
        os.write(self.far, data)

    def close(self) -> None:
        for descriptor in (self.far, self._near):
            with contextlib.suppress(OSError):
                os.close(descriptor)


@pytest.fixture
def modem(tmp_path: Path) -> Iterator[SerialDesk]:
    desk = SerialDesk(tmp_path, "ttyACM0")
    yield desk
    desk.close()


def test_a_serial_port_that_has_the_role_is_the_scanner(till: Till, modem: SerialDesk) -> None:
    async def story() -> None:
        till.assign(scanner=A)
        async with till:
            till.desk.plug(modem.port(A))
            while not till.inputs.present:
                await asyncio.sleep(0.002)
            modem.send(f"{MILK}\r\n".encode())
            assert await till.take() == [MILK_SCAN]

    asyncio.run(story())


def test_a_usb_modem_is_overheard_once_the_printer_is_known_and_takes_the_role(
    till: Till, modem: SerialDesk
) -> None:
    async def story() -> None:
        async with till:
            till.desk.plug(modem.port(A))
            await till.looked()
            assert till.inputs.present == (), "it may be the printer"
            till.roles.assign(Role.PRINTER, Port(kind=PortKind.SERIAL, path=Path("/dev/ttyUSB0"), place=B))
            while not till.inputs.present:
                await asyncio.sleep(0.002)
            modem.send(b"D1:SCANNER\r")
            assert await till.take() == [DeviceNews(Change.TAKEN, (Role.SCANNER,))]
            modem.send(f"{MILK}\r".encode())
            assert await till.take() == [MILK_SCAN]

    asyncio.run(story())


def test_a_usb_modem_is_let_go_when_another_has_become_the_scanner(till: Till, modem: SerialDesk) -> None:
    async def story() -> None:
        till.assign(printer=B)
        async with till:
            till.desk.plug(modem.port(A))
            while not till.inputs.present:
                await asyncio.sleep(0.002)
            scanner = till.desk.scanner(C)
            await till.do(lambda: scanner.scan("D1:SCANNER"))
            assert await till.take() == [DeviceNews(Change.TAKEN, (Role.SCANNER,))]
            while len(till.inputs.present) > 1:
                modem.send(b"x")
                await asyncio.sleep(0.01)

    asyncio.run(story())
