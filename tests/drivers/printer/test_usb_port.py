"""What is peculiar to a printer of the USB class; what all ports share is in `tests.hardware`."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from drivers.errors import DeviceGone, PortNotOpened
from drivers.printer.usb_port import UsbPort, is_usb_printer, open_printer_port, open_usb_port
from drivers.serial_port import SerialPort
from tests.field_failure import field_failure

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def pair() -> Iterator[tuple[int, socket.socket]]:
    near, far = socket.socketpair()
    near.setblocking(False)
    with far:
        yield near.detach(), far


def asked(pair: tuple[int, socket.socket], *statuses: int | None) -> list[bool | None]:
    told = iter(statuses)

    async def story() -> list[bool | None]:
        async with UsbPort(pair[0], name="printer", port_status=lambda _: next(told)) as port:
            return [port.paper_is_out() for _ in statuses]

    return asyncio.run(story())


def test_paper_out_is_told_apart_from_normal(pair: tuple[int, socket.socket]) -> None:
    assert asked(pair, 0x18, 0x30, 0x18) == [False, True, False]


@field_failure(
    "a cheap printer's port status never changes",
    "python-escpos/python-escpos#143",
    "python-escpos/python-escpos#434",
)
@pytest.mark.parametrize("constant", [0x00, 0x20, 0x30, 0xFF])
def test_a_cheap_printer_that_always_says_the_same_is_not_believed(
    pair: tuple[int, socket.socket], constant: int
) -> None:
    assert asked(pair, constant, constant) == [None, None]


def test_a_printer_without_port_status_is_asked_once(pair: tuple[int, socket.socket]) -> None:
    assert asked(pair, None, 0x30, 0x18) == [None, None, None]


def test_a_status_that_keeps_the_loop_waiting_is_not_asked_again(pair: tuple[int, socket.socket]) -> None:
    questions = 0

    def slow(_: int) -> int:
        nonlocal questions
        questions += 1
        loop = asyncio.get_running_loop()
        until_s = loop.time() + 0.25
        while loop.time() < until_s:
            pass
        return 0x18

    async def story() -> None:
        async with UsbPort(pair[0], name="printer", port_status=slow) as port:
            assert port.paper_is_out() is False
            assert port.paper_is_out() is None

    asyncio.run(story())
    assert questions == 1


def test_an_empty_read_is_no_unplugging() -> None:
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    near.setblocking(False)

    async def story() -> None:
        async with UsbPort(near.detach(), name="printer", port_status=lambda _: None) as port:
            far.send(b"")
            assert await port.read(timeout_ms=30) == b""
            far.send(b"\x12")
            assert await port.read(timeout_ms=1_000) == b"\x12"
            far.close()
            with pytest.raises(DeviceGone):
                await port.read(timeout_ms=1_000)

    asyncio.run(story())


def test_an_unplugged_printer_is_noticed_by_who_waits_for_the_last_bytes(
    pair: tuple[int, socket.socket],
) -> None:
    async def story() -> None:
        port = UsbPort(pair[0], name="printer", port_status=lambda _: None)
        async with port:
            asyncio.get_running_loop().remove_reader(pair[0])
            pair[1].close()
            with pytest.raises(DeviceGone, match="unplugged"):
                await port.drain(timeout_ms=50)

    asyncio.run(story())


def test_the_path_decides_what_kind_of_port_is_opened(tmp_path: Path) -> None:
    far, near = os.openpty()
    path = Path(os.ttyname(near))
    assert not is_usb_printer(path)
    assert not is_usb_printer(tmp_path / "nothing")

    async def story() -> None:
        async with open_printer_port(path, baud=9_600) as port:
            assert isinstance(port, SerialPort)

    asyncio.run(story())
    os.close(far)
    os.close(near)
    with pytest.raises(PortNotOpened):
        open_printer_port(tmp_path / "nothing", baud=9_600)
    with pytest.raises(PortNotOpened, match="No such file"):
        open_usb_port(tmp_path / "nothing")


@pytest.mark.parametrize("is_pulled", [True, False])
def test_a_last_write_that_a_pulled_cable_has_ended_is_not_printed(
    pair: tuple[int, socket.socket], *, is_pulled: bool
) -> None:
    """Must not happen: the rest of a receipt is lost with the cable, and counts as printed."""
    told: list[int | None] = [0x18]

    async def story() -> None:
        async with UsbPort(pair[0], name="printer", port_status=lambda _: told[-1]) as port:
            assert port.paper_is_out() is False
            assert await port.drain(timeout_ms=50) == 0
            await port.write(b"receipt", timeout_ms=50)
            told.append(None)
            if is_pulled:
                asyncio.get_running_loop().call_later(0.05, pair[1].close)
                with pytest.raises(DeviceGone):
                    await port.drain(timeout_ms=50)
            else:
                assert await port.drain(timeout_ms=50) == 0, "it stopped telling, and nothing more"

    asyncio.run(story())
