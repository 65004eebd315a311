"""Slips and beeps through a real serial port to paper."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from drivers.errors import DeviceGone, PrinterBlocked
from drivers.printer import escpos
from drivers.printer.receipt_printer import ReceiptPrinter
from drivers.printer.strip import Strip
from drivers.serial_port import Flow, open_serial_port
from drivers.simulated.paper import Paper
from drivers.simulated.pty_printer import PtyPrinter
from drivers.sound import Sound
from tests.fakes.ports import QuietPort
from tests.fakes.printers import PAPER_58_MM, PAPER_80_MM

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from drivers.byte_port import BytePort
    from drivers.printer.profiles import PrinterProfile

PATIENCE_MS = 150


def black(rows: int = 100, *, shade: int = 0xFF) -> Strip:
    return Strip(width_dots=384, height=rows, data=bytes([shade]) * 48 * rows)


def wide_black() -> Strip:
    return Strip(width_dots=576, height=2, data=b"\xff" * 144)


def desk(tmp_path: Path, profile: PrinterProfile = PAPER_58_MM, **more: int) -> PtyPrinter:
    return PtyPrinter(Paper(profile), path=tmp_path / "printer", bytes_per_s=more.get("bytes_per_s"))


def till_side(port: BytePort, profile: PrinterProfile = PAPER_58_MM) -> ReceiptPrinter:
    return ReceiptPrinter(port, profile, stall_timeout_ms=PATIENCE_MS)


def test_a_slip_comes_out_and_is_fed_above_the_tear_bar(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path) as printer, open_serial_port(printer.path, baud=9_600) as port:
            await till_side(port).print_slip([black(10, shade=0xAA), black(5)])
            await printer.settle()
            picture = printer.tear_off()
            assert picture.size == (384, 15 + PAPER_58_MM.tear_feed_dots)
            assert picture.tobytes("raw", "1;I")[: 48 * 15] == b"\xaa" * 480 + b"\xff" * 240
            assert printer.paper.cuts == 0

    asyncio.run(story())


def test_a_printer_with_a_cutter_cuts(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path, PAPER_80_MM) as printer, open_serial_port(printer.path, baud=9_600) as port:
            await till_side(port, PAPER_80_MM).print_slip([wide_black()])
            await printer.settle()
            assert printer.tear_off().size == (576, 2)
            assert printer.paper.cuts == 1

    asyncio.run(story())


def test_a_slip_that_is_not_torn_goes_on_below(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path, PAPER_80_MM) as printer, open_serial_port(printer.path, baud=9_600) as port:
            receipt_printer = till_side(port, PAPER_80_MM)
            await receipt_printer.print_slip([wide_black()], tear=False)
            await receipt_printer.print_slip([wide_black()])
            await printer.settle()
            assert printer.paper.cuts == 1
            assert printer.tear_off().tobytes("raw", "1;I") == b"\xff" * 288

    asyncio.run(story())


def test_paper_moves_while_the_rest_is_still_being_drawn(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path) as printer, open_serial_port(printer.path, baud=9_600) as port:
            seen_before_drawing = []

            def drawing() -> Iterator[Strip]:
                for _ in range(40):
                    seen_before_drawing.append(printer.paper.rows_printed)
                    yield black(24)

            await till_side(port).print_slip(drawing())
            assert seen_before_drawing[0] == 0
            assert 0 < seen_before_drawing[-1] < 40 * 24

    asyncio.run(story())


def test_every_sound_is_heard_as_itself(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path) as printer, open_serial_port(printer.path, baud=9_600) as port:
            receipt_printer = till_side(port)
            for sound in Sound:
                await receipt_printer.beep(sound)
            await printer.settle()
            assert printer.paper.take_beeps() == [sound.value for sound in Sound]

    asyncio.run(story())


def test_a_beep_may_come_while_a_slip_prints_and_spoils_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            desk(tmp_path, bytes_per_s=400_000) as printer,
            open_serial_port(printer.path, baud=9_600) as port,
            asyncio.TaskGroup() as tasks,
        ):
            receipt_printer = till_side(port)
            printing = tasks.create_task(receipt_printer.print_slip([black(128)] * 8))
            await asyncio.sleep(0.02)
            assert printer.paper.rows_printed
            await receipt_printer.beep(Sound.LOOK)
            assert not printing.done(), "else this story shows nothing"
            await printing
            await printer.settle()
            assert printer.paper.take_beeps() == [Sound.LOOK.value]
            assert printer.tear_off().tobytes("raw", "1;I")[: 48 * 1024] == b"\xff" * 48 * 1024

    asyncio.run(story())


def test_two_slips_at_once_come_out_one_after_the_other(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path) as printer, open_serial_port(printer.path, baud=9_600) as port:
            receipt_printer = till_side(port)
            async with asyncio.TaskGroup() as tasks:
                for shade in (0x11, 0x22):
                    slip = [black(24, shade=shade) for _ in range(20)]
                    tasks.create_task(receipt_printer.print_slip(slip, tear=False))
            await printer.settle()
            assert printer.tear_off().tobytes("raw", "1;I") == b"\x11" * 48 * 480 + b"\x22" * 48 * 480

    asyncio.run(story())


def test_a_printer_without_paper_is_told_and_the_copy_after_it_is_whole(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path) as printer, open_serial_port(printer.path, baud=9_600) as port:
            receipt_printer = till_side(port)
            await receipt_printer.wake()
            await printer.settle()
            printer.block()
            slip = [black(128)] * 10
            with pytest.raises(PrinterBlocked) as caught:
                await receipt_printer.print_slip(slip)
            assert caught.value.started
            printer.unblock()
            await printer.settle()
            # Resync and ESC @ had gone before: what the error counts is the slip's bytes.
            assert printer.paper.bytes_taken == caught.value.sent + len(escpos.resync(PAPER_58_MM))
            await receipt_printer.print_slip([black(30, shade=0x3C)])
            await printer.settle()
            printed = printer.tear_off().tobytes("raw", "1;I")
            assert printed.endswith(b"\x3c" * 48 * 30 + bytes(48 * PAPER_58_MM.tear_feed_dots))

    asyncio.run(story())


def test_a_printer_that_takes_nothing_has_not_started_the_slip(tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            desk(tmp_path) as printer,
            open_serial_port(printer.path, baud=9_600, flow=Flow.XON_XOFF) as port,
        ):
            receipt_printer = till_side(port)
            for awake in (False, True):
                printer.hold()
                await asyncio.sleep(0.02)
                with pytest.raises(PrinterBlocked) as caught:
                    await receipt_printer.print_slip([black()])
                assert not caught.value.started, f"{awake=}"
                printer.release()
                await asyncio.sleep(0.02)
                await receipt_printer.wake()

    asyncio.run(story())


def test_a_lost_port_is_told_and_another_goes_on(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path) as printer:
            async with open_serial_port(printer.path, baud=9_600) as port:
                receipt_printer = till_side(port)
                printer.block()
                asyncio.get_running_loop().call_later(0.02, printer.unplug)
                with pytest.raises(DeviceGone) as caught:
                    await receipt_printer.print_slip([black(128)] * 10)
                assert caught.value.started
                with pytest.raises(DeviceGone) as again:
                    await receipt_printer.print_slip([black()])
                assert not again.value.started
            printer.plug_in()
            printer.unblock()
            async with open_serial_port(printer.path, baud=9_600) as port:
                receipt_printer.use_port(port)
                await receipt_printer.print_slip([black(3)])
                await printer.settle()
                assert printer.tear_off().height == 3 + PAPER_58_MM.tear_feed_dots

    asyncio.run(story())


def test_a_till_that_died_inside_a_band_is_followed_by_a_whole_slip(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk(tmp_path) as printer:
            band = next(escpos.Encoder(PAPER_58_MM).commands(black(24)))
            async with open_serial_port(printer.path, baud=9_600) as port:
                await port.write(escpos.INITIALIZE + band[:100], timeout_ms=PATIENCE_MS)
                await printer.settle()
            async with open_serial_port(printer.path, baud=9_600) as port:
                await till_side(port).print_slip([black(30, shade=0x3C)], tear=False)
                await printer.settle()
            printed = printer.tear_off().tobytes("raw", "1;I")
            assert printed.endswith(b"\x3c" * 48 * 30)
            assert len(printed) <= 48 * (24 + 30)

    asyncio.run(story())


def test_a_slip_given_up_in_the_middle_does_not_spoil_the_next(tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            desk(tmp_path, bytes_per_s=50_000) as printer,
            open_serial_port(printer.path, baud=9_600) as port,
        ):
            receipt_printer = till_side(port)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await receipt_printer.print_slip([black(128)] * 10)
            printer.pace(None)
            await receipt_printer.print_slip([black(30, shade=0x3C)], tear=False)
            await printer.settle()
            assert printer.tear_off().tobytes("raw", "1;I").endswith(b"\x3c" * 48 * 30)

    asyncio.run(story())


class StuckPort(QuietPort):
    """A port whose kernel takes everything and whose wire moves nothing."""

    async def write(self, data: bytes, *, timeout_ms: int) -> int:
        return len(data)

    async def drain(self, *, timeout_ms: int) -> int:
        return 700


def test_bytes_that_stay_in_the_kernel_are_not_printed() -> None:
    async def story() -> None:
        with pytest.raises(PrinterBlocked, match="700") as caught:
            await ReceiptPrinter(StuckPort(), PAPER_58_MM).print_slip([black(1)])
        assert caught.value.started, "they may come out later"

    asyncio.run(story())


class RecordingPort(QuietPort):
    """A port that remembers each write, and takes no more than it is told to."""

    def __init__(self, *, takes: int = 1 << 20) -> None:
        self.takes = takes
        self.writes: list[bytes] = []

    async def write(self, data: bytes, *, timeout_ms: int) -> int:
        taken, self.takes = min(self.takes, len(data)), max(0, self.takes - len(data))
        if taken:
            self.writes.append(data[:taken])
        if taken < len(data):
            raise PrinterBlocked("full", sent=taken)
        return taken

    async def drain(self, *, timeout_ms: int) -> int:
        return 0


RESYNC = escpos.resync(PAPER_58_MM)


@pytest.mark.parametrize(
    ("takes", "started"), [(len(RESYNC) - 1, False), (len(RESYNC), False), (len(RESYNC) + 1, True)]
)
def test_bringing_the_printer_back_is_no_start_of_a_slip(takes: int, started: bool) -> None:
    async def story() -> None:
        with pytest.raises(PrinterBlocked) as caught:
            await ReceiptPrinter(RecordingPort(takes=takes), PAPER_58_MM).print_slip([black(1)])
        assert caught.value.started is started
        assert caught.value.sent == max(0, takes - len(RESYNC))

    asyncio.run(story())


def test_the_printer_is_brought_back_once_a_port_and_after_each_break() -> None:
    async def story() -> None:
        port = RecordingPort()
        receipt_printer = ReceiptPrinter(port, PAPER_58_MM)
        for _ in range(2):
            await receipt_printer.beep(Sound.LOOK)
        port.takes = 2
        with pytest.raises(PrinterBlocked):
            await receipt_printer.beep(Sound.LOOK)
        port.takes = 1 << 20
        await receipt_printer.beep(Sound.LOOK)
        other = RecordingPort()
        receipt_printer.use_port(other)
        await receipt_printer.beep(Sound.LOOK)
        look = escpos.buzzer_command(times=3, length=2)
        assert port.writes == [RESYNC, look, look, look[:2], RESYNC, look]
        assert other.writes == [RESYNC, look]

    asyncio.run(story())


def test_a_slip_whose_port_was_lost_and_found_between_two_parts_does_not_go_on_as_if_it_were_whole() -> None:
    async def story() -> None:
        old, new = RecordingPort(), RecordingPort()
        receipt_printer = ReceiptPrinter(old, PAPER_58_MM)

        def parts() -> Iterator[Strip]:
            yield black(8)
            receipt_printer.use_port(new)  # a loose cable while the printer was given time to print
            yield black(8)

        with pytest.raises(PrinterBlocked) as caught:
            await receipt_printer.print_slip(parts())
        assert caught.value.started
        await receipt_printer.print_slip([black(8)])
        assert new.writes[0] == RESYNC

    asyncio.run(story())
