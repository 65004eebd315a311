"""How much longer the last key takes to its commit when the printer is blocked and the scanner is at work.

The quiet case is a sale at a till where everything works. In the other the printer takes no more bytes once TOTAL is on
paper; a neighbor's card is then read by mistake, so that a hint and a sound hang before the printer; and while the last key
comes, the next customer's goods are scanned as fast as USB can. Keys and scans come through kernel pipes as event records,
paper leaves through a pseudo terminal, all in the till's own loop. Timed from the key's write to the return of the commit.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from typing import TYPE_CHECKING

from drivers.input_device import open_input_device
from drivers.keypad import Key, Keypad
from drivers.scanner.barcode_scanner import BarcodeScanner
from drivers.scanner.scan import TextScan
from drivers.simulated.input_events import SimulatedKeypad, SimulatedScanner
from drivers.simulated.paper import Paper as Emulated
from drivers.simulated.pty_printer import PtyPrinter
from firmware.counter import Counter
from firmware.desk.paper import Paper
from firmware.desk.printer_choice import Chosen
from firmware.desk.signals import Hints, Signals
from firmware.desk.sounds import Sounds, players_of
from firmware.log import Level, Log
from firmware.till.conversation import Conversation
from firmware.till.states import State
from firmware.till.talk import Settings
from firmware.watchdog import CheckIn
from sync.wire import card
from sync.wire.facts import Purchase
from sync.wire.numbers import is_gtin
from tests.benchmarks.busy_scanner import busy_scanner
from tests.benchmarks.counter import IDLE_EVERY, entering
from tests.benchmarks.stopwatch import interleaved
from tests.fakes.printers import PAPER_58_MM

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from drivers.scanner.scan import Scan
    from firmware.journal.journal import Journal
    from sync.wire.entry import Draft, Entry
    from tests.benchmarks.busy_scanner import BusyScanner
    from tests.benchmarks.workload import Sale, Village

ROUNDS = 40
CODES = tuple(code for code in map(str, range(6_265_000_000_000, 6_265_000_000_030)) if is_gtin(code))
"""Three goods of no list: 84 ms of reports."""
LEAD_MS = 5
"""The scanner has begun its first code when the last key comes, and is not done with it."""
SETTLED_MS = 60
"""Longer than a hint waits for a quiet moment."""


class Till:
    """Everything between the pipes and the journal, as the appliance has it. Stands in for `firmware.desk.inputs.Inputs`."""

    def __init__(self, village: Village, journal: Journal) -> None:
        folder = village.folder
        log = Log(lambda _: None, level=Level.ERROR, monotonic_ms=_now_ms)
        check_in = CheckIn("bench", _now_ms)
        self.printer = PtyPrinter(Emulated(PAPER_58_MM), path=folder / "printer")
        self.scanner, self.keypad = folder / "scanner", folder / "keypad"
        self._members = village.members
        self._queue: asyncio.Queue[Key | Scan] = asyncio.Queue()
        self._pad = SimulatedKeypad(self.keypad)
        chosen = Chosen(path=self.printer.path, profile=PAPER_58_MM)
        paper = Paper(lambda: chosen, _never_asked, log=log, check_in=check_in)
        hints = Hints(paper, log=log)
        sounds = Sounds(players_of(("printer",), paper), log=log, monotonic_ms=_now_ms)
        signals = Signals(paper, hints, sounds)
        settings = Settings(
            draft_path=folder / "draft", activation_mark=folder / "activation", version="bench"
        )
        self._conversation = Conversation(journal, signals, settings)
        counter = Counter(
            self._conversation, self, journal,
            answer=lambda _: False, tear=signals.tear, after_start=lambda: None, after_z=lambda: None,
            log=log, check_in=check_in,
        )  # fmt: skip
        self._jobs = (
            paper.run, hints.run, sounds.run, counter.run, self._read_scanner, self._read_keypad,
        )  # fmt: skip
        self._committed_at_s = 0.0
        self._scans = 0
        self._commit = journal.commit
        journal.commit = self._timed

    async def take(self, *, at_most_ms: int) -> Key | Scan | None:
        """The next input."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(at_most_ms / 1_000):
                return await self._queue.get()
        return None

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """All tasks at work."""
        for device in (SimulatedScanner(self.scanner), self._pad):
            device.plug_in()
        async with self.printer, asyncio.TaskGroup() as group:
            tasks = [group.create_task(job()) for job in self._jobs]
            await self._until(State.IDLE)
            yield
            for task in tasks:
                task.cancel()

    async def quiet_s(self, sale: Sale) -> float:
        """A sale where everything works."""
        await self._ring_up(sale)
        await self._type_pin(sale)
        seconds = await self._last_key_s()
        await self._until(State.IDLE)
        return seconds

    async def busy_s(self, sale: Sale, scanner: BusyScanner) -> float:
        """The same with a blocked printer, a hint that hangs before it, and a scanner at work."""
        await self._ring_up(sale)
        self.printer.block()
        _fill(self.printer.path)
        neighbor = next(member for member in self._members if member != sale.member)
        self._queue.put_nowait(TextScan(card.to_qr(neighbor.card)))
        await self._type_pin(sale)
        self._scans = 0
        scanner.scan(*CODES)
        await asyncio.sleep(LEAD_MS / 1_000)
        seconds = await self._last_key_s()
        self.printer.unblock()
        await self._all_scanned()
        await self._until(State.PRICE)  # of the first of the next customer's goods
        await self._settled()
        self._queue.put_nowait(Key.MINUS)
        await self._until(State.IDLE)
        return seconds

    async def _ring_up(self, sale: Sale) -> None:
        """Up to TOTAL, which is on paper then."""
        self._queue.put_nowait(TextScan(card.to_qr(sale.member.card)))
        for line in sale.lines:
            for event in entering(line):
                self._queue.put_nowait(event)
        self._queue.put_nowait(Key.PLUS)
        await self._until(State.TOTALED)
        await self._settled()

    async def _type_pin(self, sale: Sale) -> None:
        for digit in sale.member.pin:
            self._queue.put_nowait(Key(digit))
        await self._settled()

    async def _last_key_s(self) -> float:
        self._committed_at_s = 0.0
        started_s = time.perf_counter()
        self._pad.press("\n")
        async with asyncio.timeout(10):
            while not self._committed_at_s:
                await asyncio.sleep(0.005)
        return self._committed_at_s - started_s

    async def _timed(self, draft: Draft) -> Entry:
        entry = await self._commit(draft)
        if isinstance(entry.fact, Purchase):
            self._committed_at_s = time.perf_counter()
        return entry

    async def _settled(self) -> None:
        while not self._queue.empty():
            await asyncio.sleep(0.002)
        await asyncio.sleep(SETTLED_MS / 1_000)

    async def _until(self, state: State) -> None:
        async with asyncio.timeout(10):
            while self._conversation.state is not state or not self._queue.empty():
                await asyncio.sleep(0.002)

    async def _all_scanned(self) -> None:
        """Else a scanner that was kept waiting would put its last goods into the next sale."""
        async with asyncio.timeout(10):
            while self._scans < len(CODES):
                await asyncio.sleep(0.002)

    async def _read_scanner(self) -> None:
        async with BarcodeScanner(open_input_device(self.scanner)) as scanner:
            async for scan in scanner:
                self._scans += 1
                self._queue.put_nowait(scan)

    async def _read_keypad(self) -> None:
        async with Keypad(open_input_device(self.keypad)) as keypad:
            async for key in keypad:
                self._queue.put_nowait(key)


async def blocked_over_quiet(village: Village) -> float:
    """Last key to commit: blocked and busy, against quiet."""
    async with village.journal("blocked.db") as journal:
        till, sales = Till(village, journal), village.sales()
        async with till.running(), busy_scanner(till.scanner) as scanner:

            async def busy_s(number: int) -> float:
                if number % IDLE_EVERY == 0:
                    await journal.checkpoint()
                return await till.busy_s(next(sales), scanner)

            async def quiet_s(_: int) -> float:
                return await till.quiet_s(next(sales))

            return (await interleaved(busy_s, quiet_s, rounds=ROUNDS)).ratio


def _fill(path: Path) -> None:
    """Let the kernel hold as much as it will for the printer: NULs, which end up in no command."""
    fd = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(fd, bytes(64))
    os.close(fd)


async def _never_asked() -> Chosen:
    raise AssertionError("the printer is known")


def _now_ms() -> int:
    return int(time.monotonic() * 1_000)
