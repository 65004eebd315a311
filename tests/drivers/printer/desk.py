"""A printer on a pseudo terminal that says how it is, and the till's driver that listens to it."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from msgspec.structs import replace

from drivers.errors import DeviceGone
from drivers.printer.profiles import Answer, profile_named
from drivers.printer.receipt_printer import ReceiptPrinter
from drivers.printer.strip import Strip
from drivers.serial_port import open_serial_port
from drivers.simulated.paper import Paper
from drivers.simulated.pty_printer import PtyPrinter
from tests.fakes.printers import PAPER_58_MM

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from drivers.printer.profiles import PrinterProfile

    Story = Callable[[PtyPrinter, ReceiptPrinter], Awaitable[None]]

ANSWER_MS, IDLE_MS, STALL_MS = 150, 60, 600
SPEAKS = profile_named("epson-tm-t20")
AT_ONCE_ONLY = replace(PAPER_58_MM, answers=(Answer.DLE_EOT,))
IN_TURN = replace(PAPER_58_MM, answers=(Answer.DLE_EOT, Answer.GS_R))
WITH_JOBS = replace(PAPER_58_MM, answers=(Answer.DLE_EOT, Answer.GS_R, Answer.GS_PAREN_H))
TELLS_CHANGES = replace(PAPER_58_MM, answers=(Answer.DLE_EOT, Answer.GS_A))


def black(profile: PrinterProfile = PAPER_58_MM, rows: int = 60) -> Strip:
    return Strip(width_dots=profile.width_dots, height=rows, data=b"\xff" * (profile.row_bytes * rows))


def at_a_desk(
    tmp_path: Path,
    profile: PrinterProfile,
    story: Story,
    *,
    answers: tuple[Answer, ...] | None = None,
) -> None:
    """`answers` are those of the printer itself, which may not be those of its profile."""
    told = profile.answers if answers is None else answers

    async def run() -> None:
        paper = Paper(profile)
        async with (
            PtyPrinter(paper, path=tmp_path / "printer", answers=told) as far,
            open_serial_port(far.path, baud=9_600) as port,
            asyncio.TaskGroup() as tasks,
        ):
            printer = ReceiptPrinter(
                port,
                profile,
                stall_timeout_ms=STALL_MS,
                answer_ms=ANSWER_MS,
                idle_ms=IDLE_MS,
            )
            listening = tasks.create_task(listen(printer))
            if told:
                while not printer.answers:
                    await asyncio.sleep(0.005)
            await story(far, printer)
            listening.cancel()

    asyncio.run(run())


async def listen(printer: ReceiptPrinter) -> None:
    with contextlib.suppress(DeviceGone):
        await printer.listen()
