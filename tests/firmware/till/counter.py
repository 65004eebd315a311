"""A shop's counter for stories: a person scans and presses, paper comes out, power and printer may fail.

Below the conversation everything is real: journal, keys, mail. Above it there is only paper that keeps what is printed.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

import aiosqlite
from msgspec import structs

from drivers.errors import PrinterBlocked
from drivers.keypad import Key
from drivers.printer.slip import Pair, Qr, Text
from drivers.scanner.classification import classify
from drivers.scanner.scan import BadScan, BadScanReason
from firmware.errors import JournalFull
from firmware.journal.journal import Journal
from firmware.till.conversation import Conversation
from firmware.till.states import State
from firmware.till.talk import Settings
from sync.wire import card as cards
from sync.wire import catalog
from sync.wire.kinds import EntryKind, Unit
from sync.wire.numbers import receipt_number
from tests.fakes import paper_center
from tests.fakes.hand_clock import HandClock
from tests.fakes.paper_center import OPENING_S, PaperCenter
from tests.fakes.software_key import SoftwareKey

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from drivers.line_display import TwoLines
    from drivers.printer.slip import Element, Slip
    from drivers.scanner.scan import Scan
    from drivers.sound import Sound
    from sync.wire import mail
    from sync.wire.entry import Draft, Entry
    from sync.wire.facts import Fact
    from sync.wire.kinds import MailKind
    from tests.fakes.paper_center import Member

MILK = "6260000000019"
MILK_RIAL = 350_000
OIL = "6260000000026"
JAM = "6260000000118"
"""Not in the approved list."""
PRODUCTS = (
    catalog.Product(gtin=int(MILK), good=1, name="شیر کم‌چرب یک لیتری", unit=Unit.PIECE),
    catalog.Product(gtin=int(OIL), good=9, name="روغن مایع", unit=Unit.PIECE),
)
MORNING_S = OPENING_S + 8 * 3600
CODE = "12345678"
NAMED_KEYS = {"Enter": Key.ENTER, "Backspace": Key.BACKSPACE, "00": Key.DOUBLE_ZERO, "000": Key.TRIPLE_ZERO}


class PaperRoll:
    """What came out of the printer, slip by slip, and what sounded."""

    def __init__(self) -> None:
        self.slips: list[Slip] = []
        self.sounds: list[Sound] = []
        self.display = ("", "")
        self.has_display = False
        self.is_loud = False
        self.flashes: int | None = None
        """How often the keypad's light flashes when it is to be counted; None: there is none."""
        self.were_counted = False
        self.drawer_openings = 0
        self._blocked_after: int | None = None

    def shows_amounts(self) -> bool:
        return self.has_display

    def is_heard(self) -> bool:
        return self.is_loud or self.were_counted

    def flash(self) -> int | None:
        return self.flashes

    def flashes_were_counted(self) -> None:
        self.were_counted = True

    async def open_drawer(self) -> None:
        self.drawer_openings += 1

    async def print(self, slip: Slip) -> None:
        if self._blocked_after is not None:
            raise PrinterBlocked("no paper", sent=self._blocked_after)
        self.slips.append(slip)

    def say(self, slip: Slip) -> None:
        if self._blocked_after is None:
            self.slips.append(slip)

    async def beep(self, sound: Sound) -> None:
        if self._blocked_after is None or self.is_loud or self.flashes is not None:
            self.sounds.append(sound)

    def amounts(self, lines: TwoLines) -> None:
        self.display = (lines.upper, lines.lower)

    def run_out(self, *, after_bytes: int = 0) -> None:
        """From now on each slip stops after so many bytes."""
        self._blocked_after = after_bytes

    def refill(self) -> None:
        self._blocked_after = None

    def last(self) -> str:
        """The last slip's text, a line an element."""
        return words_of_slip(self.slips[-1])

    def text(self) -> str:
        """All slips since they were last torn off."""
        return "\n".join(words_of_slip(slip) for slip in self.slips)

    def tear_off(self) -> str:
        """All text, and a fresh start."""
        text = self.text()
        self.slips.clear()
        self.sounds.clear()
        return text


def words_of_slip(slip: Slip) -> str:
    return "\n".join(words for element in slip for words in _of_element(element))


def _of_element(element: Element) -> list[str]:
    marks = str.maketrans("", "", "\u2066\u2067\u2068\u2069")
    match element:
        case Text(text=text):
            return [text.translate(marks)]
        case Pair(label=label, value=value):
            return [f"{label}: {value}".translate(marks)]
        case Qr(text=text):
            return [text]
        case _:
            return []


class Counter:
    """The till of device 1001 with a village of three households; household n has PIN 000n and 40,000,000 rial."""

    def __init__(self, folder: Path, *, with_mail: bool = True) -> None:
        self.folder = folder
        self._with_mail = with_mail
        self.center = PaperCenter()
        self.identity = self.center.enroll(SoftwareKey("till"), now_s=MORNING_S)
        self.members = tuple(
            self.center.member(number, codes=(CODE,), national_id=national_id)
            for number, national_id in ((1, "0084575948"), (2, "0013542419"), (3, "0499370899"))
        )
        self.clock = HandClock(MORNING_S)
        self.paper = PaperRoll()
        mark = folder / "activation.owed"
        self.settings = Settings(
            draft_path=folder / "draft", version="test", machine_boot="one", activation_mark=mark
        )
        if not with_mail:
            mark.touch()
        self._runner = asyncio.Runner()
        self.journal: Journal
        self.till: Conversation

    def __enter__(self) -> Self:
        self._power(on=True)
        if self._with_mail:
            village = self.center.village(self.identity, self.members)
            self.deliver(*village, *self.center.rules(products=PRODUCTS))
        self._start()
        self.paper.tear_off()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._power(on=False)
        self._runner.close()

    # what people do

    def scan(self, code: str) -> None:
        self._runner.run(self.till.take(classify(code), self.clock.monotonic_ms()))

    def scan_badly(self) -> None:
        self.take(BadScan(BadScanReason.HALF))

    def take(self, scan: Scan) -> None:
        """What the scanner's driver made of its keys."""
        self._runner.run(self.till.take(scan, self.clock.monotonic_ms()))

    def scan_card(self, member: Member) -> None:
        self.scan(cards.to_qr(member.card))

    def press(self, keys: str) -> None:
        """Keys parted by spaces are pressed one by one: ``2 * 5 /``, ``*13 37-4 Enter``."""
        for word in keys.split():
            for key in (NAMED_KEYS[word],) if word in NAMED_KEYS else tuple(Key(sign) for sign in word):
                self._runner.run(self.till.take(key, self.clock.monotonic_ms()))

    def lose_keys(self) -> None:
        self._runner.run(self.till.take(Key.LOST, self.clock.monotonic_ms()))

    def wait_s(self, seconds: int) -> None:
        """Nobody does anything for so long; the till gets the time each second at most 400 times, then once."""
        for step in [1] * min(seconds, 400) + ([seconds - 400] if seconds > 400 else []):
            self.clock.advance_s(step)
            self._runner.run(self.till.tick(self.clock.monotonic_ms()))

    def sell_milk(self, member: Member, *, packs: int = 1) -> Entry:
        """A whole purchase by card and PIN."""
        self.press(f"{packs} *")
        self.scan(MILK)
        if self.state is State.PRICE:
            self.press(f"{MILK_RIAL // 10} Enter")
        self.scan_card(member)
        self.press(f"+ {member.pin} Enter")
        return self.last_entry(EntryKind.PURCHASE)

    # what happens to the shop

    def deliver(self, *items: mail.Mail) -> None:
        self._runner.run(self.journal.apply_mail(items))

    def say(self, fact: Fact) -> None:
        """Journal what the conversation has no part in."""
        self._runner.run(self.journal.commit(self.journal.draft(fact)))

    def send(self, body: mail.Body, kind: MailKind) -> mail.Mail:
        item = self.center.send(body, kind)
        self.deliver(item)
        return item

    def rules(self, **changes: object) -> None:
        """Another policy by mail; limits by their names."""
        limits = {name: value for name, value in changes.items() if hasattr(paper_center.LIMITS, name)}
        rest = {name: value for name, value in changes.items() if name not in limits}
        changed = structs.replace(paper_center.LIMITS, **limits)
        policy = structs.replace(paper_center.POLICY, limits=changed, **rest)
        self.deliver(*self.center.rules(policy, PRODUCTS))

    def cut_power(self, *, machine: bool = False) -> None:
        """The process dies between two events, or the whole machine with it; then it starts again."""
        self._runner.run(self.journal._connection.close())
        if machine:
            self.settings = structs.replace(self.settings, machine_boot=f"{self.settings.machine_boot}+")
            self.clock.power_cycle()
        self.paper.tear_off()
        self._power(on=True)
        self._start()

    def kill_while(self, what: str) -> None:
        """Let the process die inside the next call of the journal's or paper's method `what`, after it has worked."""
        owner = self.journal if hasattr(self.journal, what) else self.paper
        real = getattr(owner, what)

        async def die(*args: object) -> None:
            await real(*args)
            raise PowerCut

        setattr(owner, what, die)

    def disk_fills_up(self, *, after_commits: int = 0) -> None:
        """So many commits still find room, then none."""
        real, left = self.journal.commit, after_commits

        async def commit(draft: Draft) -> Entry:
            nonlocal left
            left -= 1
            if left < 0:
                raise JournalFull("the disk takes no more")
            return await real(draft)

        self.journal.commit = commit

    def disk_has_room(self) -> None:
        del self.journal.commit

    # what can be seen

    @property
    def state(self) -> State:
        return self.till.state

    def entries(self) -> list[Entry]:
        async def read() -> list[Entry]:
            found = [await self.journal.entry(sequence) for sequence in range(self.journal.head.sequence)]
            return [entry for entry in found if entry is not None]

        return self._runner.run(read())

    def facts(self) -> list[Fact]:
        return [entry.fact for entry in self.entries()]

    def last_entry(self, kind: EntryKind) -> Entry:
        return [entry for entry in self.entries() if entry.kind is kind][-1]

    def count(self, kind: EntryKind) -> int:
        return sum(entry.kind is kind for entry in self.entries())

    def left_rial(self, household: int) -> int:
        account = self._runner.run(self.journal.account(household))
        assert account is not None
        return sum(allowance.left_rial for allowance in account.allowances)

    def failures(self, household: int) -> int:
        account = self._runner.run(self.journal.account(household))
        assert account is not None
        return account.pin_failures

    def receipt_keys(self, entry: Entry) -> str:
        """The number on its receipt, as keyed: sequence and check digit."""
        return receipt_number(device=1001, sequence=entry.sequence).removeprefix("1001-")

    def _power(self, *, on: bool) -> None:
        if not on:
            self._runner.run(self.journal.close())
            return

        async def open_one() -> Journal:
            connection = await aiosqlite.connect(self.folder / "journal.db", isolation_level=None)
            journal = Journal(connection, self.identity, self.clock)
            await journal.load(version="test")
            return journal

        self.journal = self._runner.run(open_one())

    def _start(self) -> None:
        self.paper.refill()
        self.till = Conversation(self.journal, self.paper, self.settings)
        self._runner.run(self.till.start(self.clock.monotonic_ms()))


class PowerCut(BaseException):
    """The process is gone."""
