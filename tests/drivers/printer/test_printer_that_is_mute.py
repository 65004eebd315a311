"""Printers that say nothing of use: what is known of them by their USB port, and noise that must not stop them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from drivers.errors import PaperOut
from drivers.printer import receipt_printer
from drivers.printer.receipt_printer import ReceiptPrinter
from drivers.printer.strip import Strip
from drivers.simulated.paper import Paper
from drivers.simulated.usb_printer import SocketPrinter
from tests.drivers.printer.desk import STALL_MS, at_a_desk, black
from tests.fakes.printers import PAPER_58_MM

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from drivers.simulated.far_printer import FarPrinter
    from drivers.simulated.pty_printer import PtyPrinter

    UsbStory = Callable[[FarPrinter, ReceiptPrinter], Awaitable[None]]


def test_a_printer_that_says_what_nobody_understands_prints_all_the_same(tmp_path: Path) -> None:
    """Must not happen: garbage after a reset, or on a wire that picks up noise, ends every slip."""

    async def story(far: PtyPrinter, printer: ReceiptPrinter) -> None:
        def parts() -> Iterator[Strip]:
            for _ in range(20):
                far.say(b"\xff\x00\x81ready\r\n")
                yield black(rows=24)

        for _ in range(12):
            far.say(b"\xfe\xff")
            await asyncio.sleep(0.01)
            await printer.print_slip(parts(), tear=False)
        await far.settle()
        assert far.tear_off().height == 12 * 20 * 24

    at_a_desk(tmp_path, PAPER_58_MM, story)


def test_noise_that_looks_like_no_paper_is_not_believed_of_a_mute_printer(tmp_path: Path) -> None:
    async def story(far: PtyPrinter, printer: ReceiptPrinter) -> None:
        far.say(b"\x10\x00\x0c\x00")  # an automatic status: no paper
        await asyncio.sleep(0.05)
        await printer.print_slip([black()], tear=False)
        await far.settle()
        assert far.tear_off().height == black().height

    at_a_desk(tmp_path, PAPER_58_MM, story)


def test_noise_between_two_slips_brings_the_printer_back_first(tmp_path: Path) -> None:
    async def story(far: PtyPrinter, printer: ReceiptPrinter) -> None:
        await printer.print_slip([black()], tear=False)
        taken = far.paper.bytes_taken
        far.switch_off()
        far.switch_on(noise=b"\xff\x00\xff")
        await asyncio.sleep(0.05)
        await printer.print_slip([black()], tear=False)
        await far.settle()
        assert far.paper.bytes_taken - taken > 1_000, "NULs and ESC @ came before the slip"
        assert far.tear_off().height == 120

    at_a_desk(tmp_path, PAPER_58_MM, story)


def at_a_usb_port(story: UsbStory) -> None:
    async def run() -> None:
        async with SocketPrinter(Paper(PAPER_58_MM)) as far, far.open_port() as port:
            printer = ReceiptPrinter(port, PAPER_58_MM, stall_timeout_ms=STALL_MS)
            await story(far, printer)

    asyncio.run(run())


def test_a_printer_without_paper_is_known_while_its_port_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipt_printer, "LOOK_MS", 50)

    async def story(far: FarPrinter, printer: ReceiptPrinter) -> None:
        await printer.print_slip([black()], tear=False)

        def parts() -> Iterator[Strip]:
            yield black(rows=8)
            far.block()
            far.run_out_of_paper()
            for _ in range(1_000):
                yield Strip(width_dots=384, height=100, data=bytes(range(1, 241)) * 20)

        before_s = asyncio.get_running_loop().time()
        with pytest.raises(PaperOut) as caught:
            await printer.print_slip(parts(), tear=False)
        assert caught.value.started
        assert asyncio.get_running_loop().time() - before_s < STALL_MS / 1_000

    at_a_usb_port(story)


def test_a_printer_that_answers_nothing_is_known_by_its_usb_port() -> None:
    async def story(far: FarPrinter, printer: ReceiptPrinter) -> None:
        await printer.print_slip([black()], tear=False)
        far.run_out_of_paper()
        with pytest.raises(PaperOut) as caught:
            await printer.print_slip([black()], tear=False)
        assert not caught.value.started
        far.load_paper()

        def parts() -> Iterator[Strip]:
            yield black()
            far.run_out_of_paper()
            yield black()

        with pytest.raises(PaperOut) as caught:
            await printer.print_slip(parts(), tear=False)
        assert caught.value.started

    at_a_usb_port(story)
