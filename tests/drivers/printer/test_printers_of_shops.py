"""Printers as shops have met them: silent, lying, blocked without paper, taken away. The slip is printed, or said not to be."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import termios
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from drivers.errors import CoverOpen, DeviceGone, PaperOut, PortNotOpened, WriteInterrupted
from drivers.printer.profiles import Answer, built_in
from drivers.printer.receipt_printer import ReceiptPrinter
from drivers.printer.strip import Strip
from drivers.printer.usb_port import UsbPort, open_usb_port
from drivers.serial_port import SerialPort, open_serial_port
from drivers.simulated.far_printer import FarPrinter
from drivers.simulated.paper import Paper
from drivers.simulated.pty_printer import PtyPrinter
from tests.fakes.ports import QuietPort
from tests.fakes.printers import PAPER_58_MM
from tests.field_failure import field_failure

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from drivers.printer.profiles import PrinterProfile

    Story = Callable[[PtyPrinter, ReceiptPrinter], Awaitable[None]]

ANSWERS = (Answer.DLE_EOT, Answer.GS_A)
SPEAKS = replace(PAPER_58_MM, answers=ANSWERS)
SLIP_ROWS = 60
USBLP_ERRORS = [errno.EIO, errno.ENXIO, errno.ENODEV, errno.ENOENT, errno.EPIPE]


def black(rows: int = SLIP_ROWS, profile: PrinterProfile = PAPER_58_MM) -> Strip:
    return Strip(width_dots=profile.width_dots, height=rows, data=b"\xff" * (profile.row_bytes * rows))


def at_a_desk(printer_of: Callable[[Paper], PtyPrinter], story: Story, *, answer_ms: int = 3_000) -> None:
    """A till whose profile says that printers answer, and whatever printer is really there."""

    async def run() -> None:
        far = printer_of(Paper(SPEAKS))
        async with far, open_serial_port(far.path, baud=9_600) as port, asyncio.TaskGroup() as tasks:
            printer = ReceiptPrinter(port, SPEAKS, stall_timeout_ms=600, answer_ms=answer_ms, idle_ms=60)
            listening = tasks.create_task(heard(printer))
            while far._answers and not printer.answers:
                await asyncio.sleep(0.005)
            await story(far, printer)
            listening.cancel()

    asyncio.run(run())


async def rows_on_paper(far: FarPrinter, awaited: int) -> int:
    """What came out, when nothing more comes."""
    async with asyncio.timeout(10):
        while far.paper.rows_printed < awaited:
            await asyncio.sleep(0.005)
    await far.settle()
    return far.tear_off().height


async def heard(printer: ReceiptPrinter) -> None:
    with contextlib.suppress(DeviceGone):
        await printer.listen()


# What it says, and does not


@field_failure(
    "asking for status stops the till", "python-escpos/python-escpos#143", "python-escpos/python-escpos#407"
)
def test_a_printer_that_never_answers_costs_no_patience(tmp_path: Path) -> None:
    async def story(far: PtyPrinter, printer: ReceiptPrinter) -> None:
        async with asyncio.timeout(2):
            for _ in range(5):
                await printer.print_slip([black()], tear=False)
        assert await rows_on_paper(far, 5 * SLIP_ROWS) == 5 * SLIP_ROWS

    at_a_desk(lambda paper: PtyPrinter(paper, path=tmp_path / "printer"), story, answer_ms=5_000)


class SaysOffline(PtyPrinter):
    """Prints, and has the offline bit set in whatever it says."""

    def _status(self, kind: int) -> int:
        return super()._status(kind) | 0x08 * (kind == 1)

    def _tell_change(self) -> None:
        if self._tells_changes:
            self.say(b"\x18\0\0\0")


@field_failure("a printer that prints says it is offline", "python-escpos/python-escpos#434")
def test_a_printer_that_says_offline_for_ever_prints_and_owes_nothing(tmp_path: Path) -> None:
    async def story(far: PtyPrinter, printer: ReceiptPrinter) -> None:
        while printer.condition.offline is None:
            await asyncio.sleep(0.005)
        assert printer.condition.offline
        for _ in range(2):
            await printer.print_slip([black()], tear=False)
        assert await rows_on_paper(far, 2 * SLIP_ROWS) == 2 * SLIP_ROWS

    at_a_desk(lambda paper: SaysOffline(paper, path=tmp_path / "printer", answers=ANSWERS), story)


# Without paper


@field_failure(
    "new paper brings a heap of old receipts",
    "Klemen1337/node-thermal-printer#78",
    "mike42/escpos-php#411",
    "python-escpos/python-escpos#370",
)
def test_what_was_tried_fifty_times_without_paper_comes_once_with_it(tmp_path: Path) -> None:
    async def story(far: PtyPrinter, printer: ReceiptPrinter) -> None:
        await printer.print_slip([black()], tear=False)
        far.run_out_of_paper()
        for _ in range(50):
            with pytest.raises(PaperOut):
                await printer.print_slip([black()], tear=False)
        far.load_paper()
        await printer.print_slip([black()], tear=False)
        assert await rows_on_paper(far, 2 * SLIP_ROWS) == 2 * SLIP_ROWS

    at_a_desk(lambda paper: PtyPrinter(paper, path=tmp_path / "printer", answers=ANSWERS), story)


@field_failure("without paper the write blocks, and the status cannot be read", "apple/cups#2902")
def test_what_is_wrong_is_known_while_a_write_is_blocked(tmp_path: Path) -> None:
    async def story(far: PtyPrinter, printer: ReceiptPrinter) -> None:
        def parts() -> Iterator[Strip]:
            yield black()
            far.run_out_of_paper()
            for _ in range(20):
                yield black(128)

        async with asyncio.TaskGroup() as tasks:
            printing = tasks.create_task(said(printer.print_slip(parts())))
            while not printer.condition.paper_out and not printing.done():
                await asyncio.sleep(0.005)
            assert not printing.done(), "it still waits for room"
        error = printing.result()
        assert error is not None
        assert error.started

    at_a_desk(lambda paper: PtyPrinter(paper, path=tmp_path / "printer", answers=ANSWERS), story)


async def said(printing: Awaitable[None]) -> WriteInterrupted | None:
    try:
        await printing
    except WriteInterrupted as error:
        return error
    return None


@field_failure(
    "cover open keeps the job until the power goes", "giorgiofellipe/cordova-plugin-datecs-printer#128"
)
def test_what_an_open_printer_swallowed_and_lost_with_its_power_is_not_printed(tmp_path: Path) -> None:
    async def story(far: PtyPrinter, printer: ReceiptPrinter) -> None:
        await printer.print_slip([black()], tear=False)

        def parts() -> Iterator[Strip]:
            yield black(8)
            far.open_cover()
            yield black(8)

        with pytest.raises(CoverOpen) as caught:
            await printer.print_slip(parts(), tear=False)
        assert caught.value.started, "what comes next is a copy"
        far.switch_off()
        far.close_cover()
        power_cuts = printer._inquiry.power_cuts
        far.switch_on(noise=b"\xff")
        while printer._inquiry.power_cuts == power_cuts or not printer.answers:
            await asyncio.sleep(0.005)
        far.paper._rows.clear()
        await printer.print_slip([black()], tear=False)
        assert await rows_on_paper(far, SLIP_ROWS) == SLIP_ROWS

    at_a_desk(lambda paper: PtyPrinter(paper, path=tmp_path / "printer", answers=ANSWERS), story)


# Who else has the port


@field_failure("a lock that only the polite respect", "npat-efault/picocom#111", "jclark/satpulse#117")
def test_the_speed_that_another_program_set_holds_for_no_slip_of_ours(tmp_path: Path) -> None:
    async def story(far: PtyPrinter, printer: ReceiptPrinter) -> None:
        await printer.print_slip([black()], tear=False)
        impolite = os.open(far.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        settings = termios.tcgetattr(impolite)
        settings[4] = settings[5] = termios.B115200
        settings[1] |= termios.OPOST | termios.ONLCR
        termios.tcsetattr(impolite, termios.TCSANOW, settings)
        await printer.print_slip([black()], tear=False)
        *_, speed, _ = termios.tcgetattr(impolite)
        assert speed == termios.B9600
        assert not termios.tcgetattr(impolite)[1] & termios.OPOST
        os.close(impolite)

    at_a_desk(lambda paper: PtyPrinter(paper, path=tmp_path / "printer"), story)


# The end of a slip


class Behind(FarPrinter):
    """A printer behind one end of a socket pair, whose kernel counts what was not taken."""

    def __init__(self, paper: Paper, far: socket.socket) -> None:
        super().__init__(paper, bytes_per_s=40_000)
        self._end = far

    def _new_far_end(self) -> int:
        return self._end.detach()


@field_failure(
    "the end of a short slip is cut off by closing", "RMerl/asuswrt-merlin#869", "RMerl/asuswrt-merlin#871"
)
def test_a_short_slip_has_been_taken_to_its_last_byte_when_it_is_called_printed() -> None:
    async def story() -> None:
        near, end = socket.socketpair()
        near.setblocking(False)
        async with Behind(Paper(PAPER_58_MM), end) as far:
            async with SerialPort(near.detach(), name="printer") as port:
                await ReceiptPrinter(port, PAPER_58_MM).print_slip([black(128)])
                taken = far.paper.bytes_taken
            assert (
                await rows_on_paper(far, 128 + PAPER_58_MM.tear_feed_dots) == 128 + PAPER_58_MM.tear_feed_dots
            )
            assert taken == far.paper.bytes_taken

    asyncio.run(story())


class Wire(QuietPort):
    """A port that keeps what is written."""

    def __init__(self) -> None:
        self.sent = b""

    async def write(self, data: bytes, *, timeout_ms: int) -> int:
        self.sent += data
        return len(data)

    async def drain(self, *, timeout_ms: int) -> int:
        return 0


@field_failure(
    "the cut comes before the last lines are past the knife",
    "NielsLeenheer/ReceiptPrinterEncoder#18",
    "NielsLeenheer/EscPosEncoder#90",
)
@pytest.mark.parametrize("profile", built_in().values(), ids=lambda profile: profile.name)
def test_the_last_row_is_fed_past_the_knife_or_the_tear_bar(profile: PrinterProfile) -> None:
    wire = Wire()
    asyncio.run(ReceiptPrinter(wire, profile).print_slip([black(8, profile)]))
    if profile.has_cutter:
        assert wire.sent.endswith(b"\x1dVB\0"), "GS V 66 feeds to the knife before it cuts, GS V 0 does not"
        return
    paper = Paper(profile)
    paper.feed(wire.sent)
    tear_bar_mm = (paper.tear_off().height - 8) * 25.4 / profile.dots_per_inch
    assert tear_bar_mm >= 8


# The USB class's driver


@field_failure("ENODEV is not among the errors that are tried again", "apple/cups#787")
@pytest.mark.parametrize("call", ["open", "write", "read"])
@pytest.mark.parametrize("number", USBLP_ERRORS, ids=errno.errorcode.get)
def test_every_error_of_the_node_is_a_printer_that_is_gone(
    call: str, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    async def story() -> None:
        near, far = socket.socketpair()
        near.setblocking(False)
        with far:
            async with UsbPort(near.detach(), name="lp1", port_status=lambda _: None) as port:
                with monkeypatch.context() as usblp:
                    usblp.setattr("drivers.byte_port.os." + call, fails)
                    far.send(b"\x12")
                    with pytest.raises(DeviceGone, match="lp1"):
                        await (
                            port.write(b"slip", timeout_ms=100)
                            if call == "write"
                            else port.read(timeout_ms=100)
                        )
                with pytest.raises(DeviceGone):
                    await port.write(b"next", timeout_ms=100)

    if call == "open":
        monkeypatch.setattr("drivers.printer.usb_port.os.open", fails)
        with pytest.raises(PortNotOpened):
            open_usb_port(tmp_path / "lp1")
    else:
        asyncio.run(story())


@field_failure("busy is told as not there", "apple/cups#617")
def test_a_printer_that_another_program_holds_is_told_as_held_and_is_free_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = tmp_path / "lp0"
    node.touch()

    def held(*_: object) -> int:
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))

    with monkeypatch.context() as usblp:
        usblp.setattr("drivers.printer.usb_port.os.open", held)
        with pytest.raises(PortNotOpened, match="busy"):
            open_usb_port(node)
    os.close(open_usb_port(node)._fd)
    node.unlink()
    with pytest.raises(PortNotOpened, match="No such file"):
        open_usb_port(node)


@field_failure(
    "another driver takes the printer away",
    "python-escpos/python-escpos#387",
    "python-escpos/python-escpos#327",
    "pywebdriver/pywebdriver#96",
)
def test_a_node_that_another_driver_took_away_is_an_unplugged_printer() -> None:
    async def story() -> None:
        near, far = socket.socketpair()
        near.setblocking(False)
        async with UsbPort(near.detach(), name="lp0", port_status=lambda _: None) as port:
            printer = ReceiptPrinter(port, PAPER_58_MM)
            await printer.print_slip([black()], tear=False)
            far.close()
            with pytest.raises(DeviceGone) as gone:
                await printer.print_slip([black()], tear=False)
            assert not gone.value.started
        other, again = socket.socketpair()
        other.setblocking(False)
        with again:
            async with UsbPort(other.detach(), name="lp1", port_status=lambda _: None) as port:
                printer.use_port(port)
                await printer.print_slip([black()], tear=False)
                assert len(again.recv(1 << 20)) > SLIP_ROWS

    asyncio.run(story())
