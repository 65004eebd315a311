"""A serial cable that is pulled, or a printer that takes nothing, at any moment: only our own errors leave, and at once."""

from __future__ import annotations

import asyncio
import os
import termios
import time
import tty
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import serial

from drivers.errors import DeviceGone, PortNotOpened, PrinterBlocked
from drivers.serial_port import SerialPort, open_serial_port
from tests.field_failure import field_failure

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

FAR_LINE_BYTES = 4_096
"""What of the bytes lies in the far side's own line of a pseudo terminal; the rest waits at ours."""


def pair() -> tuple[int, int, Path]:
    """A pseudo terminal: the far side, the near side, which is kept open as a driver's node is, and its path."""
    far, near = os.openpty()
    tty.setraw(near)
    os.set_blocking(far, False)
    return far, near, Path(os.ttyname(near))


CALLS: dict[str, Callable[[SerialPort], Awaitable[object]]] = {
    "write": lambda port: port.write(b"slip", timeout_ms=50),
    "read": lambda port: port.read(timeout_ms=50),
    "drain": lambda port: port.drain(timeout_ms=50),
}


@field_failure(
    "a pulled cable raises what nobody catches",
    "pyserial/pyserial#417",
    "pyserial/pyserial#401",
    "pyserial/pyserial-asyncio#4",
)
@pytest.mark.parametrize("is_noticed", [False, True], ids=["before the loop has seen it", "after"])
@pytest.mark.parametrize("call", CALLS)
def test_a_cable_pulled_before_any_call_is_our_own_error(call: str, is_noticed: bool) -> None:
    far, near, path = pair()

    async def story() -> None:
        async with open_serial_port(path, baud=9_600) as port:
            os.close(near)
            os.close(far)
            if is_noticed:
                await asyncio.sleep(0.01)
            for _ in range(2):
                with pytest.raises(DeviceGone):
                    await until_gone(CALLS[call], port)
            assert port.power_was_cut() is False

    asyncio.run(story())


async def until_gone(call: Callable[[SerialPort], Awaitable[object]], port: SerialPort) -> None:
    """A pseudo terminal without far side still counts no bytes: the loop must see it first."""
    for _ in range(50):
        await call(port)
        await asyncio.sleep(0.001)


@pytest.mark.parametrize(
    "error",
    [
        OSError(5, "Input/output error"),
        termios.error(5, "Input/output error"),
        serial.SerialException("could not configure port"),
        ValueError("not a valid baudrate"),
    ],
    ids=repr,
)
def test_a_cable_pulled_while_the_port_is_opened_is_our_own_error(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pulled(*_: object, **__: object) -> serial.Serial:
        raise error

    monkeypatch.setattr(serial, "Serial", pulled)
    with pytest.raises(PortNotOpened, match="ttyUSB0"):
        open_serial_port(Path("/dev/ttyUSB0"), baud=9_600)


@field_failure(
    "closing a blocked port takes half a minute",
    "jclark/satpulse#37",
    "cbrake/linux-serial-test#62",
    "Fazecast/jSerialComm#287",
)
def test_closing_throws_away_what_nobody_takes_instead_of_waiting_for_it() -> None:
    far, near, path = pair()

    async def story() -> tuple[int, float]:
        async with open_serial_port(path, baud=9_600) as port:
            with pytest.raises(PrinterBlocked) as blocked:
                await port.write(bytes(1 << 20), timeout_ms=30)
            began_s = time.monotonic()
        return blocked.value.sent, time.monotonic() - began_s

    sent, took_s = asyncio.run(story())
    assert took_s < 0.1
    assert len(os.read(far, 1 << 20)) <= FAR_LINE_BYTES < sent, "only what had reached the far side"
    with pytest.raises(BlockingIOError):
        os.read(far, 1)
    os.close(far)
    os.close(near)
