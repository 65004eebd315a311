"""One event after the other; what is handled is counted, never told."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from drivers.errors import DeviceGone
from drivers.keypad import Key
from drivers.simulated.input_events import SimulatedKeypad, SimulatedScanner
from firmware import counter as counter_module
from firmware.counter import Counter
from firmware.desk import presence
from firmware.desk.inputs import Desk as WhereToLook
from firmware.desk.inputs import Inputs
from firmware.log import Level, Log
from firmware.roles import Change, DeviceNews, Role, Roles
from firmware.supervisor import Job, Supervisor
from firmware.till.states import State
from firmware.upkeep import Upkeep
from firmware.watchdog import CheckIn
from sync.wire.entry import Head
from sync.wire.kinds import ClosingKind
from tests.fakes.hand_clock import HandClock

if TYPE_CHECKING:
    from pathlib import Path

    from drivers.scanner.scan import Scan


class Journal:
    """As much of a journal as the counter and the upkeep look at."""

    def __init__(self) -> None:
        self.clock = HandClock(1_767_000_000)
        self.closings = {ClosingKind.X: 0, ClosingKind.Z: 0}
        self.turn = asyncio.Lock()
        self.head = Head(5, bytes(32))
        self.checkpoints: list[int] = []

    async def checkpoint(self) -> None:
        assert self.turn.locked()
        self.checkpoints.append(self.head.sequence)


class Conversation:
    """Remembers what it was given; ``*`` closes the day, ``+`` opens a basket, ``-`` drops it."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.state = State.IDLE
        self.taken: list[Key | Scan] = []
        self.ticks = 0
        self.news: list[DeviceNews] = []
        self.started = False

    async def start(self, now_ms: int) -> None:
        self.started = True

    async def take(self, event: Key | Scan, now_ms: int) -> None:
        self.taken.append(event)
        if event is Key.TIMES:
            self.journal.closings[ClosingKind.Z] += 1
        leads_to: dict[Key | Scan, State] = {Key.PLUS: State.BASKET, Key.MINUS: State.IDLE}
        self.state = leads_to.get(event, self.state)

    async def devices(self, news: DeviceNews) -> None:
        self.news.append(news)

    async def tick(self, now_ms: int) -> None:
        self.ticks += 1


class Desk:
    """The counter with real FIFOs, and a person who acts once all is open."""

    def __init__(self, folder: Path) -> None:
        self.scanner = SimulatedScanner(folder / "scanner")
        self.keypad = SimulatedKeypad(folder / "keypad")
        self.folder = folder
        self.journal = Journal()
        self.conversation = Conversation(self.journal)
        self.lines: list[str] = []
        self.told: list[str] = []
        self.now_ms = 0
        self.asked = False
        self.answers: list[Key] = []

    def answer(self, key: Key) -> bool:
        """Somebody asks; the dot is what they wait for."""
        if self.asked:
            self.answers.append(key)
        asked, self.asked = self.asked, self.asked and key is not Key.DOT
        return asked

    async def tear(self) -> None:
        self.told.append("tear")
        if "gone" in self.told:
            raise DeviceGone("printer")

    async def serve(self, *acts: str, events: int) -> None:
        self.scanner.plug_in()
        self.keypad.plug_in()
        log = Log(self.lines.append, level=Level.DEBUG, monotonic_ms=lambda: 0)
        roles = Roles(self.folder, {})
        given = {Role.SCANNER: self.folder / "scanner", Role.KEYPAD: self.folder / "keypad"}
        until = asyncio.Event()

        async def soon(_: int) -> None:
            await asyncio.sleep(0.01)

        inputs = Inputs(
            roles, WhereToLook(given=given), log=log, sleep_ms=soon, monotonic_ms=lambda: self.now_ms
        )

        async def act() -> None:
            for text in acts:
                send = self.keypad.press if len(text) == 1 else self.scanner.scan
                while not send(text):
                    await asyncio.sleep(0.01)
            while len(self.conversation.taken) < events or (not events and not self.conversation.ticks):
                await asyncio.sleep(0.01)
            until.set()
            await asyncio.Event().wait()

        counter = Counter(
            self.conversation, inputs, self.journal, answer=self.answer, tear=self.tear,
            after_start=lambda: self.told.append("ready"), after_z=lambda: self.told.append("z"), log=log,
            check_in=CheckIn("counter", lambda: 0),
        )  # fmt: skip
        jobs = (
            Job("inputs", inputs.run),
            Job("counter", counter.run),
            Job("act", act),
        )
        async with asyncio.timeout(10):
            await Supervisor(log=log, sleep_ms=soon, monotonic_ms=lambda: 0).run(jobs, until=until)

    def handled(self) -> list[tuple[int, str]]:
        told = [json.loads(line) for line in self.lines]
        return [(line["inputs"], line["state"]) for line in told if line["event"] == "handled"]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_keys_and_scans_arrive_and_are_counted_without_their_content(desk: Desk) -> None:
    asyncio.run(desk.serve("7", "+", "6261037001017", events=3))
    assert desk.conversation.started
    assert desk.conversation.taken[:2] == [Key.D7, Key.PLUS]
    assert desk.handled() == [(1, "IDLE"), (2, "BASKET"), (3, "BASKET")]
    assert not [line for line in desk.lines if "6261037001017" in line]


def test_keys_that_answer_somebody_else_are_counted_and_are_not_the_conversation_s(desk: Desk) -> None:
    desk.asked = True
    asyncio.run(desk.serve("+", ".", "7", events=1))
    assert desk.answers == [Key.PLUS, Key.DOT]
    assert desk.conversation.taken == [Key.D7]
    assert desk.handled() == [(1, "IDLE"), (2, "IDLE"), (3, "IDLE")]


def test_ready_is_told_after_the_conversation_has_started(desk: Desk) -> None:
    asyncio.run(desk.serve("7", events=1))
    assert desk.told[:2] == ["ready", "tear"], "a scan may come before what the start has said is printed"


def test_a_closed_day_asks_for_an_exchange(desk: Desk) -> None:
    asyncio.run(desk.serve("7", "*", "7", events=3))
    assert desk.told.count("z") == 1


def test_the_strip_hangs_while_somebody_is_at_the_counter(desk: Desk) -> None:
    asyncio.run(desk.serve("+", "7", "7", "-", events=4))
    assert desk.told.count("tear") == 1


def test_a_printer_that_is_gone_stops_nobody(desk: Desk) -> None:
    desk.told.append("gone")
    asyncio.run(desk.serve("7", "7", events=2))
    assert desk.told.count("tear") == 2


def test_news_of_the_devices_is_told_and_is_no_input(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "MISSING_AFTER_MS", 0)
    asyncio.run(desk.serve("7", events=1))
    (news, *_) = desk.conversation.news
    assert news == DeviceNews(Change.MISSING, (Role.SCANNER, Role.KEYPAD), (Role.SCANNER, Role.KEYPAD))
    assert desk.handled() == [(1, "IDLE")]


def test_time_goes_to_the_conversation_when_nothing_happens(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counter_module, "TICK_MS", 10)
    asyncio.run(desk.serve(events=0))
    assert desk.conversation.ticks > 0


def upkeep(journal: Journal, sequences: list[int]) -> None:
    """Look once for each sequence that the journal then is at."""
    looks = iter([*sequences, None])

    async def sleep(_: int) -> None:
        sequence = next(looks)
        if sequence is None:
            raise TimeoutError
        journal.head = Head(sequence, bytes(32))

    log = Log(lambda _: None, level=Level.DEBUG, monotonic_ms=lambda: 0)
    work = Upkeep(journal, quiet_ms=1, sleep_ms=sleep, log=log, check_in=CheckIn("upkeep", lambda: 0))
    with pytest.raises(TimeoutError):
        asyncio.run(work.run())


@pytest.mark.parametrize(
    ("sequences", "checkpoints"),
    [
        ([5], []),
        ([5, 5], [5]),
        ([5, 5, 5, 5], [5]),
        ([5, 6, 7], []),
        ([0, 0, 63, 63, 64, 64, 65, 65], [0, 64]),
        ([5, 5, 100, 101, 102, 102, 102], [5, 102]),
    ],
)
def test_the_journal_is_tidied_at_the_start_and_in_the_quiet_after_many_entries(
    sequences: list[int], checkpoints: list[int]
) -> None:
    journal = Journal()
    upkeep(journal, sequences)
    assert journal.checkpoints == checkpoints
