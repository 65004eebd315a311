"""What every port of a printer must do: the same tests for a tty, a stand-in of the USB class, and real devices."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from drivers.errors import DeviceGone, PortNotOpened, PrinterBlocked
from tests.hardware.cables import CABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.hardware.cables import Cable

PATIENCE_MS = 200
EVERY_BYTE = bytes(range(256)) * 64
TOO_MUCH = bytes(1 << 20)


@pytest.fixture(params=CABLES)
def cable(request: pytest.FixtureRequest) -> Iterator[Cable]:
    made = CABLES[request.param]()
    yield made
    made.close()


def test_every_byte_arrives_unchanged_and_is_counted(cable: Cable) -> None:
    async def story() -> None:
        async with cable.open_port() as port, asyncio.TaskGroup() as tasks:
            writing = tasks.create_task(port.write(EVERY_BYTE, timeout_ms=5_000))
            assert await cable.take_until(len(EVERY_BYTE)) == EVERY_BYTE
            assert await writing == len(EVERY_BYTE)
            assert await port.drain(timeout_ms=PATIENCE_MS) == 0

    asyncio.run(story())


def test_a_far_side_that_takes_nothing_is_told_and_what_was_taken_is_counted(cable: Cable) -> None:
    async def story() -> None:
        async with cable.open_port() as port:
            with pytest.raises(PrinterBlocked) as caught:
                await port.write(TOO_MUCH, timeout_ms=PATIENCE_MS)
            assert 0 < caught.value.sent < len(TOO_MUCH)
            assert len(await cable.take_until(caught.value.sent)) == caught.value.sent
            # The port goes on where it stopped.
            assert await port.write(b"rest", timeout_ms=5_000) == 4
            assert await cable.take_until(4) == b"rest"

    asyncio.run(story())


def test_closing_a_blocked_port_waits_for_nobody(cable: Cable) -> None:
    async def story() -> None:
        async with asyncio.timeout(10):
            async with cable.open_port() as port:
                with pytest.raises(PrinterBlocked):
                    await port.write(TOO_MUCH, timeout_ms=PATIENCE_MS)
            async with cable.open_port():
                pass

    asyncio.run(story())


def test_what_the_far_side_says_is_read(cable: Cable) -> None:
    async def story() -> None:
        async with cable.open_port() as port:
            assert await port.read(timeout_ms=20) == b""
            cable.say(b"\x12\x16")
            heard = b""
            while len(heard) < 2:
                heard += await port.read(timeout_ms=5_000)
            assert heard == b"\x12\x16"

    asyncio.run(story())


def test_an_unplugged_device_is_gone_for_readers_and_writers(cable: Cable) -> None:
    async def story() -> None:
        async with cable.open_port() as port:
            assert await port.write(b"before", timeout_ms=PATIENCE_MS) == 6
            cable.unplug()
            with pytest.raises(DeviceGone):
                await port.read(timeout_ms=5_000)
            with pytest.raises(DeviceGone) as caught:
                await port.write(b"after", timeout_ms=PATIENCE_MS)
            assert not caught.value.started
            with pytest.raises(DeviceGone):
                await port.drain(timeout_ms=PATIENCE_MS)

    asyncio.run(story())


@pytest.mark.parametrize("cable", [name for name, made in CABLES.items() if made.exclusive], indirect=True)
def test_a_port_is_ours_alone(cable: Cable) -> None:
    async def story() -> None:
        async with cable.open_port():
            with pytest.raises(PortNotOpened):
                cable.open_port()

    asyncio.run(story())
