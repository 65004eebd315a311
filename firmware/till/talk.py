"""What one conversation knows between two events, and the few things that all its parts do.

One owner: the `Conversation`; the functions of this package get it in turn, one event at a time.
Durable before visible: a function first commits, then sounds, then prints.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct, field
from msgspec.structs import replace

from drivers.errors import WriteInterrupted
from drivers.sound import Sound
from firmware.basket import Basket
from firmware.receipt import basket_slips, decline_slips, display_lines
from firmware.receipt.fixed_parts import Household, Place, When
from firmware.receipt.prompt_slips import Prompt, prompt_slip
from firmware.till.draft_file import BEGUN_MAX, Draft, draft_basket, write_draft
from firmware.till.grammar import Typing
from firmware.till.states import State
from sync.wire.entry import PrivatePart, TimeInterval
from sync.wire.facts import Decline
from sync.wire.kinds import DeclineReason, Grade, Unit

if TYPE_CHECKING:
    from pathlib import Path

    from drivers.line_display import TwoLines
    from drivers.printer.slip import Pair, Slip
    from firmware.authorizer import Approval
    from firmware.journal.journal import Journal
    from firmware.journal.records import PurchaseRecord, Telling
    from firmware.receipt.selftest_slips import Finding
    from firmware.receipt.service_slips import CenterRestored
    from firmware.receipt.stick_slips import StickVisited
    from firmware.receipt.update_slips import UpdateNews
    from firmware.roles import DeviceNews, Listed
    from firmware.till.codes import Function, FunctionCode
    from firmware.till.echoes import SelfTest
    from firmware.till.updating import Updates
    from sync.wire.entry import PackedLines

NOTICES_MAX = 64


class Paper(Protocol):
    """All that the conversation says, and to whom: `firmware.desk.signals.Signals`. Only what can wait is awaited."""

    async def print(self, slip: Slip) -> None:
        """Print what must come out; return when all its bytes have left.

        Raises: WriteInterrupted, saying whether any byte had left.
        """

    def say(self, slip: Slip) -> None:
        """Print a hint when there is time; nobody waits for it, and it may be lost."""

    async def beep(self, sound: Sound) -> None:
        """Sound something, without waiting until it is over. Raises: WriteInterrupted."""

    def amounts(self, lines: TwoLines) -> None:
        """Let the buyer read."""

    async def open_drawer(self) -> None:
        """Open the cash drawer, if the printer has one."""

    def shows_amounts(self) -> bool:
        """Whether amounts are read somewhere else than on paper."""

    def is_heard(self) -> bool:
        """Whether people hear a sound, or see the keypad's light, while nothing prints."""

    def flash(self) -> int | None:
        """Flash the keypad's light for somebody to count; how often. None where there is none."""

    def flashes_were_counted(self) -> None:
        """Somebody keyed how often it flashed."""


async def _nothing_known(_: Journal) -> tuple[Finding, ...]:
    return ()


def _no_devices() -> tuple[Listed, ...]:
    return ()


def _no_undoing(_: int) -> None:
    """Nobody has said what becomes of an enrollment that is undone."""


def _no_printer() -> None:
    return None


class Settings(Struct, frozen=True, kw_only=True):
    """What the configuration says about the conversation. `machine_boot` differs after the machine went down."""

    draft_path: Path
    activation_mark: Path  # there until the slip of the third step, activation, has printed
    version: str
    machine_boot: str = ""
    shop_name: str = ""  # as the enrollment says it, until the first mail does
    pin_lapse_ms: int = 30_000
    park_after_ms: int = 300_000
    lock_ms: int = 600_000
    code_tries: int = 5
    examine: Callable[[Journal], Awaitable[tuple[Finding, ...]]] = _nothing_known
    devices: Callable[[], tuple[Listed, ...]] = _no_devices
    find_printer: Callable[[], None] = _no_printer
    undo_enrollment: Callable[[int], None] = _no_undoing
    updates: Updates | None = None  # on a card alone


class Presented(Struct, frozen=True, kw_only=True):
    """The household whose basket this is. Without `secret` (card number only, or national ID) a code must prove it."""

    household: int
    shown: Household
    card: int | None = None
    secret: bytes | None = None
    key_check: bytes | None = None
    code: str | None = None
    code_entry: int | None = None

    def __repr__(self) -> str:
        # What proves a household never reaches a log.
        return f"Presented(household={self.household}, card={self.card}, code_entry={self.code_entry})"

    def private(self) -> PrivatePart:
        """What the center may read."""
        return PrivatePart(
            household=self.household, card=self.card, code=self.code, code_entry=self.code_entry
        )


class Found(Struct, frozen=True):
    """A thing that was scanned or named, before its quantity and price are known."""

    good: int
    gtin: int
    name: str
    unit: Unit


class Waiting(Struct):
    """A thing that waits for its weight or price. `doubted_rial` is an unusual price that must be confirmed; `labeled`
    says that it stands on the thing, so that nobody has keyed it.
    """

    found: Found
    amount: int | None
    doubted_rial: int | None = None
    labeled: bool = False


class CallInProgress(Struct):
    """A function whose needs are being asked for. `refused` is the answer that was not taken, for Enter to insist."""

    code: FunctionCode
    given: list[str]
    refused: str | None = None


class Shown(Struct, frozen=True):
    """The block that TOTAL printed: an approval, or a cash sale where it is None; and the lines that will be signed."""

    approval: Approval | None
    cap_rial: int | None
    lines: PackedLines


class Reversing(Struct):
    """A purchase that is to be voided or refunded; `back` are quantities by line index."""

    record: PurchaseRecord
    back: dict[int, int] = field(default_factory=dict)


class Candidate(Struct, frozen=True):
    """A typed national ID and the households that it may be."""

    national_id: str
    households: tuple[int, ...]

    def __repr__(self) -> str:
        return f"Candidate(households={self.households})"


class Tries(Struct):
    """Wrong tries in a row against this device, and until when it is locked (monotonic)."""

    failures: int = 0
    locked_until_ms: int = 0


class UntoldAnswers(Struct):
    """What the center answered and paper has not told: `unread` if there may be some, `telling` if its slip is not out.

    `begun`: a byte of that slip may have left. Not tried again before `again_ms` (monotonic).
    """

    unread: bool = False
    telling: Telling | None = None
    begun: bool = False
    again_ms: int = 0


FunctionHandler = Callable[..., Awaitable[State]]


class Talk(Struct):
    """See the module."""

    journal: Journal
    paper: Paper
    settings: Settings
    functions: Mapping[Function, FunctionHandler]
    state: State = State.IDLE
    typing: Typing = field(default_factory=Typing)
    basket: Basket = field(default_factory=Basket)
    held: dict[int, Basket] = field(default_factory=dict)
    presented: Presented | None = None
    waiting: Waiting | None = None
    call: CallInProgress | None = None
    shown: Shown | None = None
    reversing: Reversing | None = None
    candidate: Candidate | None = None
    self_test: SelfTest | None = None
    flashes: int | None = None
    day_s: int = 0
    date_asked: bool = False  # the question for the date came out of the printer
    operator: Tries = field(default_factory=Tries)
    codes: Tries = field(default_factory=Tries)
    now_ms: int = 0
    active_ms: int = 0
    opened: bool = False
    torn: bool = False  # something of this basket's strip did not come out
    printed: int | None = None
    begun: set[int] = field(default_factory=set)
    owed: list[int] = field(default_factory=list)
    # Printed when nobody is at the counter: what became of a device, the center or an update, or whether the link came up.
    notices: deque[DeviceNews | CenterRestored | StickVisited | UpdateNews | bool] = field(
        default_factory=lambda: deque(maxlen=NOTICES_MAX)
    )
    answers: UntoldAnswers = field(default_factory=UntoldAnswers)
    told_lost: bool = False  # that the journal has lost its tail, by this process
    owes_activation: bool = False  # the slip that says it is active, due once the first rules are here
    saved: bytes = b""

    async def show(self, slip: Slip) -> bool:
        """Print; False if not all of it came out. What must not be lost goes through `firmware.till.owed`."""
        try:
            await self.paper.print(slip)
        except WriteInterrupted:
            self.torn = self.torn or bool(self.basket.lines)
            return False
        return True

    async def question(self, slip: Slip, state: State) -> State:
        """Print what Enter or a PIN will confirm, and wait in `state`; nobody confirms what nobody has seen."""
        if await self.show(slip):
            return state
        await self.beep(Sound.REFUSED)
        return self.rest()

    async def beep(self, sound: Sound) -> None:
        """Sound; a printer that is gone keeps nobody from going on."""
        try:
            await self.paper.beep(sound)
        except WriteInterrupted:
            return

    async def prompt(self, prompt: Prompt, *press: str) -> None:
        """Ask on paper; where that does not come out, by a sound."""
        if not await self.show(prompt_slip(prompt, *press)):
            await self.beep(Sound.LOOK)

    async def look(self, prompt: Prompt, *press: str) -> State:
        """Refuse gently and stay."""
        await self.beep(Sound.LOOK)
        self.paper.say(prompt_slip(prompt, *press))
        return self.state

    async def open_strip(self) -> None:
        """Print the head of the strip once a basket."""
        if not self.opened:
            self.opened = True
            await self.show(basket_slips.opening(self.place, self.when()))

    def rest(self) -> State:
        """Drop what was asked; the basket stays."""
        self.waiting = self.call = self.shown = self.reversing = self.candidate = None
        return State.BASKET if self.basket.lines or self.presented else State.IDLE

    def clear(self) -> State:
        """The basket is done, one way or another."""
        self.basket, self.presented, self.opened, self.torn = Basket(), None, False, False
        self.paper.amounts(display_lines.BLANK)
        return self.rest()

    @property
    def place(self) -> Place:
        """Head of slips."""
        shop, identity = self.journal.shop, self.journal.identity
        name = shop.name if shop else self.settings.shop_name
        return Place(shop_name=name, shop=identity.shop, device=identity.device)

    def when(self, time: TimeInterval | None = None) -> When:
        """A time, or now, as slips show it: the middle of what is known, or the start of a keyed day."""
        time = time or self.journal.keeper.now()
        middle_s = time.span_s // 2 if time.grade >= Grade.ESTIMATED else 0
        return When(time_s=time.not_before_s + middle_s, grade=time.grade)

    async def decline(
        self,
        reason: DeclineReason,
        *,
        total_rial: int = 0,
        private: PrivatePart | None = None,
        rows: tuple[Pair, ...] = (),
    ) -> None:
        """Journal a refusal, then sound and print it. Not to be called while holding the journal's turn."""
        draft = self.journal.draft(Decline(reason=reason, total_rial=total_rial), private=private)
        async with self.journal.turn:
            await self.journal.commit(draft)
        await self.print_refusal(reason, rows)

    async def print_refusal(self, reason: DeclineReason, rows: tuple[Pair, ...] = ()) -> None:
        """Sound and print a refusal that its own entry has already journaled."""
        self.paper.amounts(display_lines.REFUSED)
        await self.beep(Sound.REFUSED)
        await self.show(decline_slips.decline_slip(reason.name, self.when(), rows))

    def code_proved(self, code: str, code_entry: int, presented: Presented) -> None:
        """A one-time code stands for the household now."""
        self.presented = replace(presented, code=code, code_entry=code_entry)

    def save(self) -> None:
        """Write the draft if it has changed."""
        baskets = {0: self.basket} | self.held
        data = Draft(
            baskets=tuple(draft_basket(number, basket) for number, basket in baskets.items()),
            printed=self.printed, begun=tuple(sorted(self.begun)[-BEGUN_MAX:]), machine_boot=self.settings.machine_boot,
            code_entry=self.presented.code_entry if self.presented else None,
        ).to_cbor()  # fmt: skip
        if data != self.saved:
            self.saved = data
            write_draft(self.settings.draft_path, data)
