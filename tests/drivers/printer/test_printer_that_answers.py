"""Printers that say how they are: no slip counts as printed that is not, and nobody waits for an answer for ever."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from drivers.errors import CoverOpen, PaperOut, PrinterBlocked
from drivers.printer.profiles import Answer
from drivers.printer.strip import Strip
from tests.drivers.printer.desk import (
    AT_ONCE_ONLY,
    IDLE_MS,
    IN_TURN,
    SPEAKS,
    STALL_MS,
    TELLS_CHANGES,
    WITH_JOBS,
    at_a_desk,
    black,
)
from tests.fakes.printers import PAPER_58_MM
from tests.field_failure import field_failure

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator
    from pathlib import Path

    from drivers.printer.profiles import PrinterProfile
    from drivers.printer.receipt_printer import ReceiptPrinter
    from drivers.simulated.pty_printer import PtyPrinter

each_way = pytest.mark.parametrize(
    "profile", [AT_ONCE_ONLY, IN_TURN, WITH_JOBS, TELLS_CHANGES, SPEAKS], ids=lambda p: "+".join(a.name for a in p.answers)
)  # fmt: skip


@each_way
def test_a_whole_slip_is_printed_without_a_word_too_many(tmp_path: Path, profile: PrinterProfile) -> None:
    async def story(far: PtyPrinter, printer: ReceiptPrinter) -> None:
        for job in (1, 2):
            await printer.print_slip([black(profile)], tear=False, job=job)
        await far.settle()
        assert far.tear_off().height == 120
        assert not printer.condition.holds

    at_a_desk(tmp_path, profile, story)


@field_failure(
    "paper out is reported as success",
    "wwandreww/esc_pos_printer#108",
    "wwandreww/esc_pos_printer#198",
    "andresperezmelo/print_bluetooth_thermal#68",
    "tr3v3r/react-native-esc-pos-printer#101",
)
@each_way
def test_paper_out_in_the_middle_is_not_reported_as_success(tmp_path: Path, profile: PrinterProfile) -> None:
    """Must not happen: the printer's buffer swallows the slip, and the till says "printed"."""

    async def story(far: PtyPrinter, printer: ReceiptPrinter) -> None:
        def parts() -> Iterator[Strip]:
            yield black(profile)
            far.run_out_of_paper()
            yield black(profile, rows=8)

        with pytest.raises(PaperOut) as caught:
            await printer.print_slip(parts(), tear=False)
        assert caught.value.started
        assert printer.condition.paper_out

    at_a_desk(tmp_path, profile, story)


@each_way
def test_without_paper_no_byte_of_a_slip_leaves_and_with_paper_it_goes_on(
    tmp_path: Path, profile: PrinterProfile
) -> None:
    async def story(far: PtyPrinter, printer: ReceiptPrinter) -> None:
        await printer.print_slip([black(profile)], tear=False)
        far.run_out_of_paper()
        for _ in range(2):
            with pytest.raises(PaperOut) as caught:
                await printer.print_slip([black(profile)], tear=False)
            assert not caught.value.started
        far.load_paper()
        await printer.print_slip([black(profile)], tear=False)
        await far.settle()
        assert far.tear_off().height == 120

    at_a_desk(tmp_path, profile, story)


def test_an_open_cover_is_told_apart(tmp_path: Path) -> None:
    async def story(far: PtyPrinter, printer: ReceiptPrinter) -> None:
        far.open_cover()
        with pytest.raises(CoverOpen):
            await printer.print_slip([black()], tear=False)
        far.close_cover()
        await printer.print_slip([black()], tear=False)

    at_a_desk(tmp_path, AT_ONCE_ONLY, story)


def test_little_paper_is_known_before_it_is_out(tmp_path: Path) -> None:
    async def story(far: PtyPrinter, printer: ReceiptPrinter) -> None:
        far.low_on_paper = True
        assert (await printer.look()).paper_low
        await printer.print_slip([black()], tear=False)

    at_a_desk(tmp_path, AT_ONCE_ONLY, story)


def test_a_printer_that_tells_changes_is_known_without_asking(tmp_path: Path) -> None:
    async def story(far: PtyPrinter, printer: ReceiptPrinter) -> None:
        far.open_cover()
        while not printer.condition.cover_open:
            await asyncio.sleep(0.005)
        far.close_cover()
        while printer.condition.cover_open:
            await asyncio.sleep(0.005)

    at_a_desk(tmp_path, TELLS_CHANGES, story)


@each_way
def test_a_printer_that_answers_nothing_prints_all_the_same(tmp_path: Path, profile: PrinterProfile) -> None:
    async def story(far: PtyPrinter, printer: ReceiptPrinter) -> None:
        async with asyncio.timeout(1):
            await printer.print_slip([black(profile)], tear=False)
        await far.settle()
        assert far.tear_off().height == 60
        assert not printer.answers

    at_a_desk(tmp_path, profile, story, answers=())


def test_a_noise_that_looks_like_one_answer_does_not_hold_a_printer_that_never_answers(
    tmp_path: Path,
) -> None:
    """Must not happen: a cable without the line back picks up one byte, and nothing is printed until it is pulled."""

    async def story(far: PtyPrinter, printer: ReceiptPrinter) -> None:
        far.say(b"\x16")
        while not printer.answers:
            await asyncio.sleep(0.005)
        for _ in range(2):
            await printer.print_slip([black(SPEAKS)], tear=False)
        await far.settle()
        assert far.tear_off().height == 120
        assert not printer.answers

    at_a_desk(tmp_path, SPEAKS, story, answers=())


def test_a_profile_that_promises_too_much_costs_its_patience_once(tmp_path: Path) -> None:
    async def story(far: PtyPrinter, printer: ReceiptPrinter) -> None:
        loop = asyncio.get_running_loop()
        took_s = []
        for _ in range(2):
            before_s = loop.time()
            await printer.print_slip([black()], tear=False)
            took_s.append(loop.time() - before_s)
        assert took_s[0] >= STALL_MS / 2_000
        assert took_s[1] < STALL_MS / 2_000
        await far.settle()
        assert far.tear_off().height == 120

    at_a_desk(tmp_path, IN_TURN, story, answers=(Answer.DLE_EOT,))


@field_failure(
    "a printer that is switched off takes everything",
    "python-escpos/python-escpos#437",
    "python-escpos/python-escpos#253",
)
@each_way
def test_what_a_printer_was_told_before_it_fell_silent_is_not_printed(
    tmp_path: Path, profile: PrinterProfile
) -> None:
    async def story(far: PtyPrinter, printer: ReceiptPrinter) -> None:
        def parts() -> Iterator[Strip]:
            yield black(profile)
            far.switch_off()
            yield black(profile)

        with pytest.raises(PrinterBlocked, match="does not answer any more") as caught:
            await printer.print_slip(parts(), tear=False)
        assert caught.value.started
        for _ in range(2):
            with pytest.raises(PrinterBlocked) as caught:
                await printer.print_slip([black(profile)], tear=False)
            assert not caught.value.started, "it is off, and swallows nothing more"
        far.switch_on()
        await printer.print_slip([black(profile)], tear=False)
        await far.settle()
        assert far.tear_off().height >= 60

    at_a_desk(tmp_path, profile, story)


def test_a_printer_switched_off_and_on_in_the_middle_gets_no_dots_for_commands(tmp_path: Path) -> None:
    """Must not happen: a power cut in the middle of a picture, and then meters of hieroglyphs."""

    async def story(far: PtyPrinter, printer: ReceiptPrinter) -> None:
        async def noise_was_heard() -> None:
            while printer._inquiry.power_cuts == 0:
                await asyncio.sleep(0.005)

        printed = asyncio.Event()

        def parts() -> Iterator[Strip]:
            for _ in range(50):
                yield black(rows=24)
                if not printed.is_set():
                    printed.set()

        async with asyncio.TaskGroup() as tasks:
            printing = tasks.create_task(raised(printer.print_slip(parts(), tear=False)))
            await printed.wait()
            far.switch_off()
            far.switch_on(noise=b"\xff\x00\xff")
            await noise_was_heard()
        error = printing.result()
        assert isinstance(error, PrinterBlocked)
        assert error.started
        await far.settle()
        far.paper._rows.clear()
        await printer.print_slip([black()], tear=False)
        await far.settle()
        assert far.tear_off().height in (60, 60 + 24)

    at_a_desk(tmp_path, AT_ONCE_ONLY, story)


async def raised(printing: Awaitable[None]) -> Exception | None:
    try:
        await printing
    except PrinterBlocked as error:
        return error
    return None


def test_a_printer_that_answers_again_after_silence_is_brought_back_first(tmp_path: Path) -> None:
    async def story(far: PtyPrinter, printer: ReceiptPrinter) -> None:
        await printer.print_slip([black()], tear=False)
        taken = far.paper.bytes_taken
        far.switch_off()
        await asyncio.sleep(3 * IDLE_MS / 1_000)
        far.switch_on()
        while printer._inquiry.power_cuts == 0:
            await asyncio.sleep(0.005)
        await printer.print_slip([black()], tear=False)
        await far.settle()
        assert far.tear_off().height == 120
        # NULs and ESC @ came before the slip.
        assert far.paper.bytes_taken - taken > 1_000

    at_a_desk(tmp_path, AT_ONCE_ONLY, story)


def test_dots_that_look_like_a_question_disturb_nothing(tmp_path: Path) -> None:
    async def story(far: PtyPrinter, printer: ReceiptPrinter) -> None:
        question = Strip(width_dots=384, height=48, data=(b"\x10\x04\x04" * 16) * 48)
        for _ in range(2):
            await printer.print_slip([question], tear=False)
        await far.settle()
        assert far.tear_off().height == 96

    at_a_desk(tmp_path, IN_TURN, story)


def test_what_waits_in_a_full_port_is_not_waited_for_again(tmp_path: Path) -> None:
    """Must not happen: each beep and slip to a blocked printer holds the till up for seconds."""

    async def story(far: PtyPrinter, printer: ReceiptPrinter) -> None:
        far.block()
        with pytest.raises(PrinterBlocked):
            await printer.print_slip([black(rows=128)] * 20)
        async with asyncio.timeout(STALL_MS / 2_000):
            for _ in range(3):
                with pytest.raises(PrinterBlocked) as caught:
                    await printer.print_slip([black()])
                assert not caught.value.started
        far.unblock()
        await far.settle()
        await printer.print_slip([black()])

    at_a_desk(tmp_path, PAPER_58_MM, story)


@field_failure(
    "the drawer's command eats the next one",
    "lsongdev/node-escpos#151",
    "python-escpos/python-escpos#10",
    "lukevp/ESC-POS-.NET#112",
)
def test_the_drawer_opens_where_the_profile_has_one(tmp_path: Path) -> None:
    for profile, kicks in ((SPEAKS, 1), (replace(SPEAKS, answers=()), 1), (PAPER_58_MM, 0)):

        async def story(
            far: PtyPrinter, printer: ReceiptPrinter, kicks: int = kicks, profile: PrinterProfile = profile
        ) -> None:
            await printer.open_drawer()
            await far.settle()
            assert far.paper.drawer_kicks == kicks
            await printer.print_slip([black(profile)], tear=False)
            await far.settle()
            assert far.tear_off().height == 60, "nothing of it was taken for the drawer's times"

        at_a_desk(tmp_path, profile, story)
