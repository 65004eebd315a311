"""A real pseudo terminal, opened and configured by pyserial."""

from __future__ import annotations

import asyncio
import os
import socket
import termios
import tty
from pathlib import Path

import pytest

from drivers.errors import DeviceGone, PortNotOpened, PrinterBlocked
from drivers.serial_port import PIECE_BYTES, QUEUED_READS_MAX, Flow, SerialPort, open_serial_port
from tests.field_failure import field_failure

PATIENCE_MS = 50


class FarSide:
    """The other end of the cable, read by hand."""

    def __init__(self) -> None:
        self.fd, self._near = os.openpty()
        self.path = Path(os.ttyname(self._near))
        os.set_blocking(self.fd, False)

    def take(self, size_max: int = 1 << 20) -> bytes:
        try:
            return os.read(self.fd, size_max)
        except BlockingIOError:
            return b""

    async def take_all(self) -> bytes:
        taken = b""
        quiet = 0
        while quiet < 20:
            piece = self.take()
            quiet = 0 if piece else quiet + 1
            taken += piece
            await asyncio.sleep(0.005)
        return taken

    def unplug(self) -> None:
        os.close(self.fd)
        os.close(self._near)


@pytest.fixture
def far() -> FarSide:
    return FarSide()


EVERY_BYTE = bytes(range(256)) * 256


def test_every_byte_passes_unchanged_and_is_counted(far: FarSide) -> None:
    async def story() -> None:
        async with open_serial_port(far.path, baud=9_600) as port, asyncio.TaskGroup() as tasks:
            writing = tasks.create_task(port.write(EVERY_BYTE, timeout_ms=5_000))
            arrived = b""
            while len(arrived) < len(EVERY_BYTE):
                arrived += far.take()
                await asyncio.sleep(0)
            assert arrived == EVERY_BYTE
            assert await writing == len(EVERY_BYTE)
            assert await port.drain(timeout_ms=PATIENCE_MS) == 0
        far.unplug()

    asyncio.run(story())


@field_failure("two programs read one port", "pyserial/pyserial#378", "pyserial/pyserial#326")
def test_the_port_is_set_as_asked_and_ours_alone(far: FarSide) -> None:
    async def story() -> None:
        async with open_serial_port(far.path, baud=115_200, flow=Flow.RTS_CTS):
            _, _, cflag, lflag, _, speed, _ = termios.tcgetattr(far.fd)
            assert speed == termios.B115200
            assert cflag & termios.CRTSCTS
            assert not lflag & (termios.ECHO | termios.ICANON)
            with pytest.raises(PortNotOpened, match=str(far.path)):
                open_serial_port(far.path, baud=9_600)
        async with open_serial_port(far.path, baud=9_600):
            pass
        far.unplug()

    asyncio.run(story())


@field_failure(
    "a blocked write stops the program",
    "pyserial/pyserial#163",
    "pymodbus-dev/pymodbus#3018",
    "JelmerT/cc2538-bsl#107",
)
def test_a_blocked_printer_is_told_with_the_bytes_that_were_taken(far: FarSide) -> None:
    async def story() -> None:
        async with open_serial_port(far.path, baud=9_600) as port:
            with pytest.raises(PrinterBlocked, match=str(far.path)) as caught:
                await port.write(EVERY_BYTE, timeout_ms=PATIENCE_MS)
            assert caught.value.started
            assert 0 < caught.value.sent < len(EVERY_BYTE)
            assert await far.take_all() == EVERY_BYTE[: caught.value.sent]
            # The port goes on where it stopped.
            assert await port.write(b"rest", timeout_ms=PATIENCE_MS) == 4
            assert await far.take_all() == b"rest"
        far.unplug()

    asyncio.run(story())


def test_waiting_for_a_blocked_printer_costs_no_turns_of_the_loop(far: FarSide) -> None:
    async def story() -> None:
        async with open_serial_port(far.path, baud=9_600) as port:
            before = os.times()
            with pytest.raises(PrinterBlocked):
                await port.write(EVERY_BYTE, timeout_ms=300)
            after = os.times()
            assert (after.user + after.system) - (before.user + before.system) < 0.15
        far.unplug()

    asyncio.run(story())


def test_patience_is_measured_from_the_last_progress(far: FarSide) -> None:
    async def story() -> None:
        async with open_serial_port(far.path, baud=9_600) as port, asyncio.TaskGroup() as tasks:
            writing = tasks.create_task(port.write(EVERY_BYTE, timeout_ms=200))
            taken = 0
            started_at = asyncio.get_running_loop().time()
            while taken < len(EVERY_BYTE):
                taken += len(far.take(4_096))
                await asyncio.sleep(0.02)
            assert await writing == len(EVERY_BYTE)
            assert asyncio.get_running_loop().time() - started_at > 0.2, "else this story shows nothing"
        far.unplug()

    asyncio.run(story())


def test_a_printer_that_says_xoff_is_blocked_until_it_says_xon(far: FarSide) -> None:
    async def story() -> None:
        async with open_serial_port(far.path, baud=9_600, flow=Flow.XON_XOFF) as port:
            os.write(far.fd, b"\x13")
            await asyncio.sleep(0.02)
            with pytest.raises(PrinterBlocked) as caught:
                await port.write(b"slip", timeout_ms=PATIENCE_MS)
            assert (caught.value.sent, caught.value.started) == (0, False)
            os.write(far.fd, b"\x11")
            assert await port.write(b"slip", timeout_ms=1_000) == 4
            assert await far.take_all() == b"slip"
        far.unplug()

    asyncio.run(story())


@field_failure("the port says open although the cable is gone", "pyserial/pyserial#387", "wjwwood/serial#238")
def test_a_cable_pulled_while_writing_is_device_gone_with_the_count(far: FarSide) -> None:
    async def story() -> None:
        async with open_serial_port(far.path, baud=9_600) as port:
            asyncio.get_running_loop().call_later(0.03, far.unplug)
            with pytest.raises(DeviceGone) as caught:
                await port.write(EVERY_BYTE, timeout_ms=5_000)
            assert 0 < caught.value.sent < len(EVERY_BYTE)
            with pytest.raises(DeviceGone) as again:
                await port.write(b"more", timeout_ms=PATIENCE_MS)
            assert again.value.sent == 0
            with pytest.raises(DeviceGone):
                await port.read()
            with pytest.raises(DeviceGone):
                await port.drain(timeout_ms=PATIENCE_MS)

    asyncio.run(story())


def test_status_bytes_wait_for_whoever_reads(far: FarSide) -> None:
    async def story() -> None:
        async with open_serial_port(far.path, baud=9_600) as port:
            assert await port.read(timeout_ms=10) == b""
            os.write(far.fd, b"\x12\x00")
            assert await port.read(timeout_ms=1_000) == b"\x12\x00"
        far.unplug()

    asyncio.run(story())


@field_failure("a device that talks without end fills memory", "apple/cups#1705")
def test_a_far_side_that_chatters_costs_bounded_memory(far: FarSide) -> None:
    async def story() -> None:
        async with open_serial_port(far.path, baud=9_600) as port:
            for at in range(QUEUED_READS_MAX + 20):
                os.write(far.fd, bytes([at]))
                await asyncio.sleep(0.002)
            kept = []
            while piece := await port.read(timeout_ms=20):
                kept.append(piece)
            assert len(kept) <= QUEUED_READS_MAX
            assert kept[-1][-1] == QUEUED_READS_MAX + 19, "the newest is kept"
        far.unplug()

    asyncio.run(story())


def test_a_canceled_write_leaves_the_port_usable(far: FarSide) -> None:
    async def story() -> None:
        async with open_serial_port(far.path, baud=9_600) as port:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.03):
                    await port.write(EVERY_BYTE, timeout_ms=5_000)
            assert EVERY_BYTE.startswith(await far.take_all())
            assert await port.write(b"next", timeout_ms=PATIENCE_MS) == 4
            assert await far.take_all() == b"next"
        far.unplug()

    asyncio.run(story())


@field_failure("draining waits for ever", "wjwwood/serial#184")
def test_drain_tells_what_the_kernel_still_holds() -> None:
    # A socket counts what its peer has not read; a pseudo terminal does not.
    async def story() -> None:
        near, far = socket.socketpair()
        near.setblocking(False)
        async with SerialPort(near.detach(), name="printer") as port:
            await port.write(b"slip", timeout_ms=PATIENCE_MS)
            assert await port.drain(timeout_ms=PATIENCE_MS) > 0
            asyncio.get_running_loop().call_later(0.03, far.recv, 100)
            assert await port.drain(timeout_ms=1_000) == 0
        far.close()

    asyncio.run(story())


@pytest.mark.parametrize("path", ["/nowhere/ttyUSB0", "/dev/null", "/"])
def test_what_is_no_serial_port_is_not_opened(path: str) -> None:
    with pytest.raises(PortNotOpened, match=path):
        open_serial_port(Path(path), baud=9_600)


@pytest.mark.parametrize("baud", [-1, 1 << 31, 1 << 80])
def test_a_speed_that_no_port_has_is_not_opened(far: FarSide, baud: int) -> None:
    with pytest.raises(PortNotOpened):
        open_serial_port(far.path, baud=baud)
    far.unplug()


@field_failure(
    "DTR/DSR is asked for and not there",
    "python-escpos/python-escpos#475",
    "adafruit/Python-Thermal-Printer#28",
)
@field_failure(
    "0x11 and 0x13 of an answer are swallowed",
    "http://38.142.81.21:8001/manual/hp/mpe-ix-7-5-operating-system/configuring-systems-for-terminals-printers-and-other-serial-devices-32022-90051/page-188.html",
)
def test_the_kernel_heeds_xoff_and_never_says_it_into_a_band(far: FarSide) -> None:
    async def story() -> None:
        async with open_serial_port(far.path, baud=9_600, flow=Flow.XON_XOFF):
            iflag = termios.tcgetattr(far.fd)[0]
            assert iflag & termios.IXON
            assert not iflag & termios.IXOFF
        far.unplug()

    asyncio.run(story())


def test_what_another_program_has_set_is_set_back(far: FarSide) -> None:
    async def story() -> None:
        async with open_serial_port(far.path, baud=9_600) as port:
            ours = termios.tcgetattr(far.fd)
            theirs = termios.tcgetattr(far.fd)
            theirs[4] = theirs[5] = termios.B115200
            termios.tcsetattr(far.fd, termios.TCSANOW, theirs)
            port.restore()
            assert termios.tcgetattr(far.fd) == ours
        far.unplug()

    asyncio.run(story())


def test_under_dtr_dsr_nothing_leaves_while_the_line_is_off(far: FarSide) -> None:
    ready = True

    async def story() -> None:
        nonlocal ready
        fd = os.open(far.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(fd)
        async with SerialPort(fd, name="printer", flow=Flow.DTR_DSR, dsr=lambda _: ready) as port:
            assert await port.write(b"while ready", timeout_ms=PATIENCE_MS) == 11
            ready = False
            with pytest.raises(PrinterBlocked) as caught:
                await port.write(b"while not", timeout_ms=PATIENCE_MS)
            assert not caught.value.started
            assert far.take() == b"while ready"
            async with asyncio.TaskGroup() as tasks:
                writing = tasks.create_task(port.write(EVERY_BYTE[:1_000], timeout_ms=1_000))
                await asyncio.sleep(0.03)
                ready = True
                arrived = b""
                while len(arrived) < 1_000:
                    piece = far.take()
                    assert len(piece) <= 3 * PIECE_BYTES
                    arrived += piece
                    await asyncio.sleep(0)
            assert arrived == EVERY_BYTE[:1_000]
            assert writing.result() == 1_000
        far.unplug()

    asyncio.run(story())


def test_a_line_without_modem_lines_holds_nobody_up(far: FarSide) -> None:
    async def story() -> None:
        async with open_serial_port(far.path, baud=9_600, flow=Flow.DTR_DSR) as port:
            assert await port.write(b"slip", timeout_ms=PATIENCE_MS) == 4
            assert not port.power_was_cut()
            assert await far.take_all() == b"slip"  # closing throws away what nobody has taken
        far.unplug()

    asyncio.run(story())


def test_a_line_that_comes_on_again_says_that_the_printer_was_off(far: FarSide) -> None:
    lines = iter([True, True, False, True, True])

    async def story() -> None:
        fd = os.open(far.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        async with SerialPort(fd, name="printer", dsr=lambda _: next(lines)) as port:
            assert [port.power_was_cut() for _ in range(4)] == [False, False, True, False]
        far.unplug()

    asyncio.run(story())
