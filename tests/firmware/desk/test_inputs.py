"""Scanner and keypad are found by their sockets, at any time, as often as they come and go."""

from __future__ import annotations

import asyncio
import os
from functools import partial
from pathlib import Path

import pytest

from drivers.keypad import Key
from drivers.ports import Port, PortKind
from drivers.scanner.scan import BadScan, GtinScan
from drivers.simulated.key_light import KeyLight
from firmware.desk.presence import MISSING_AFTER_MS
from firmware.roles import Change, DeviceNews, Role
from tests.field_failure import field_failure
from tests.firmware.desk.listening_till import JAM, MILK, MILK_SCAN, A, B, C, Till


def held() -> tuple[int, int]:
    """Open descriptors and tasks."""
    return len(list(Path("/proc/self/fd").iterdir())), len(asyncio.all_tasks())


@pytest.fixture
def till(tmp_path: Path) -> Till:
    return Till(tmp_path)


@field_failure(
    "a scanner that comes back under another event number is another device",
    "meri-imperiumi/signalk-bluetooth-anchor-button#2",
)
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
            await till.reads_milk(again)
            assert await till.quiet()

    asyncio.run(story())


@field_failure(
    "two scanners of one model are swapped",
    "harmon25/node-usb-barcode-scanner#11",
    "rubenbe/comfospottwin40#9",
    "systemd/systemd#30574",
)
def test_two_scanners_of_one_model_do_not_swap_when_they_come_back_in_another_order(till: Till) -> None:
    async def story() -> None:
        till.assign(scanner=A, keypad=C)
        async with till:
            till.desk.pad(C)
            for order in ((A, B), (B, A), (A, B)):
                plugged = {socket: till.desk.scanner(socket) for socket in order}
                await till.do(partial(plugged[B].scan, JAM))
                await till.do(partial(plugged[A].scan, MILK))
                taken = await till.take()
                while isinstance(taken[0], DeviceNews):
                    taken = await till.take()
                assert taken == [MILK_SCAN]
                till.now_ms += 30_000
                for socket in order:
                    till.desk.unplug(socket)
                await till.looked()

    asyncio.run(story())


@field_failure(
    "one scanner is several input devices",
    "meri-imperiumi/signalk-bluetooth-anchor-button#2",
    "node-hid/node-hid#280",
)
def test_both_faces_of_one_scanner_are_the_scanner(till: Till) -> None:
    async def story() -> None:
        till.assign(scanner=A)
        async with till:
            till.desk.pad(C)
            for _ in range(2):
                first, second = till.desk.scanner(A), till.desk.second_face(A)
                await till.reads_milk(first)
                await till.do(partial(second.scan, JAM))
                assert await till.take() == [GtinScan(f"0{JAM}")]
                till.desk.unplug(A)
                await till.looked()

    asyncio.run(story())


@field_failure("of two like keypads nobody knows which one went", "node-hid/node-hid#419")
def test_of_two_like_pads_the_one_that_stays_goes_on_as_if_nothing_were(till: Till) -> None:
    async def story() -> None:
        till.assign(keypad=A, scanner=C)
        async with till:
            till.desk.scanner(C)
            pad = till.desk.pad(A)
            other = till.desk.pad(B)
            await till.do(lambda: pad.press("1"))
            await till.do(lambda: other.press("2"))
            assert await till.take() == [Key.D1]
            till.desk.unplug(B)
            await till.looked()
            till.now_ms += MISSING_AFTER_MS
            await till.do(lambda: pad.press("3"))
            assert await till.take() == [Key.D3]
            assert await till.quiet()

    asyncio.run(story())


@field_failure("an unplugged scanner is never found again", "dangle/akeydo#2")
def test_half_a_scan_goes_with_its_scanner_and_the_next_one_is_whole(till: Till) -> None:
    async def story() -> None:
        till.assign(scanner=A)
        async with till:
            scanner = till.desk.scanner(A)
            await till.do(lambda: scanner.scan_half("62600000"))
            await asyncio.sleep(0.01)
            till.desk.unplug(A)
            again = till.desk.scanner(A)
            await till.reads_milk(again)
            assert await till.quiet()

    asyncio.run(story())


@field_failure("every other replug is missed", "sezanzeb/input-remapper#927")
def test_hundreds_of_replugs_leave_neither_descriptor_nor_task_behind(till: Till) -> None:
    async def story() -> None:
        till.assign(scanner=A)
        async with till:
            scanner = till.desk.scanner(A)
            await till.reads_milk(scanner)
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


@field_failure("a device that is away for milliseconds ends the program", "gvalkov/python-evdev#67")
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


@field_failure(
    "a device is opened before udev has given it to us",
    "kivy/kivy#7587",
    "signal11/hidapi#217",
    "nxp-imx/mfgtools#407",
)
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
            await till.listens()
            assert till.logged("plugged in")[0]["role"] == "scanner"

    asyncio.run(story())


def test_the_keypads_lights_are_there_as_long_as_it_is_and_a_scanners_are_nobodys(
    till: Till, tmp_path: Path
) -> None:
    pad_light, scanner_light = KeyLight(tmp_path / "event0"), KeyLight(tmp_path / "event1")
    for light in (pad_light, scanner_light):
        light.plug_in()

    async def story() -> None:
        till.assign(keypad=A, scanner=B)
        async with till:
            assert list(till.inputs.key_lights) == []
            pad, scanner = till.desk.pad(A), till.desk.scanner(B)
            await till.do(lambda: pad.press("7"))
            await till.do(lambda: scanner.scan(MILK))
            await till.take(2)
            (lights,) = till.inputs.key_lights
            assert lights.switch(on=True)
            till.desk.unplug(A)
            while till.inputs.key_lights:
                await asyncio.sleep(0.002)
        assert pad_light.switched() == [True, False], "no light is left on"
        assert scanner_light.switched() == []

    asyncio.run(story())
    for light in (pad_light, scanner_light):
        light.pull_out()
