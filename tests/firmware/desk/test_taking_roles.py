"""A role is given away by a person only, and belongs to one device at a time."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from drivers.keypad import Key
from drivers.ports import Port, PortKind
from firmware.desk.presence import ALONE_FOR_MS, MISSING_AFTER_MS
from firmware.roles import Change, DeviceNews, Role
from tests.firmware.desk.listening_till import MILK, MILK_SCAN, A, B, C, SerialDesk, Till

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def till(tmp_path: Path) -> Till:
    return Till(tmp_path)


def test_a_new_scanner_takes_the_free_role_by_the_role_barcode_and_keeps_it(till: Till) -> None:
    async def story() -> None:
        async with till:
            scanner = till.desk.scanner(A)
            await till.do(lambda: scanner.scan("D1:SCANNER"))
            assert await till.take() == [DeviceNews(Change.TAKEN, (Role.SCANNER,))]
            await till.reads_milk(scanner)
        async with till:
            await till.reads_milk(scanner)  # after a restart too

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
            await till.reads_milk(scanner)

    asyncio.run(story())


def test_the_same_model_at_another_socket_sells_nothing_until_it_reads_the_role_barcode(till: Till) -> None:
    async def story() -> None:
        till.assign(scanner=A)
        async with till:
            scanner = till.desk.scanner(A)
            await till.reads_milk(scanner)
            till.desk.unplug(A)
            moved = till.desk.scanner(B)
            await till.do(lambda: moved.scan(MILK))
            await till.do(lambda: moved.scan(MILK))
            assert await till.take() == [DeviceNews(Change.STRANGER, (Role.SCANNER, Role.KEYPAD))]
            assert await till.quiet(), "said once, not at each scan"
            await till.do(lambda: moved.scan("D1:SCANNER"))
            assert await till.take() == [DeviceNews(Change.TAKEN, (Role.SCANNER,))]
            await till.reads_milk(moved)
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
            await till.listens()
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
            await till.listens()
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
            await till.listens()
            scanner = till.desk.scanner(C)
            await till.do(lambda: scanner.scan("D1:SCANNER"))
            assert await till.take() == [DeviceNews(Change.TAKEN, (Role.SCANNER,))]
            while len(till.inputs.present) > 1:
                modem.send(b"x")
                await asyncio.sleep(0.01)

    asyncio.run(story())
