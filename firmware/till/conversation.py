"""The conversation with the people at the counter: one event at a time, by the table of `firmware.till.table`.

One owner, one task. What a key or scan means depends on the state; what it does stands in the handler that the table names;
what it leaves behind is in the journal, and, for comfort, in the draft file. Time comes with the events: a PIN that nobody
finishes lapses, an idle basket is parked, never charged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from drivers.keypad import Key
from drivers.sound import Sound
from firmware.errors import JournalFull, StaleDecision
from firmware.receipt.device_slips import device_news
from firmware.receipt.prompt_slips import Prompt, prompt_slip
from firmware.receipt.service_slips import CenterRestored
from firmware.receipt.till_slips import date_set
from firmware.receipt.update_slips import UpdateNews, UpdateStep, update_slip
from firmware.roles import Change
from firmware.till import asking, notices, owed, recovery, selling
from firmware.till.codes import Function
from firmware.till.grammar import Misfit, Mode
from firmware.till.scans import CardNumberScan, CardScan, Seen, StrangeScan, seen
from firmware.till.states import AWAITING_PIN, MODES, RESTING, State
from firmware.till.table import FUNCTIONS, TABLE
from firmware.till.talk import Paper, Settings, Talk
from sync.wire.kinds import Grade

if TYPE_CHECKING:
    from drivers.scanner.scan import Scan
    from firmware.journal.journal import Journal
    from firmware.receipt.stick_slips import StickVisited
    from firmware.roles import DeviceNews

RETRY_MS = 5_000
"""How often an owed slip is tried again while nobody is at the counter; once one came out, the next follows at once."""
SAME_ANSWER_MS = 1_000
"""A scanner that runs wild is answered once in so long, not once a scan."""
ADVICE = frozenset({Prompt.SCANNER_SETTINGS, Prompt.SCANNER_NO_END, Prompt.SCANNER_NO_CHECK_DIGIT})
ADVICE_AGAIN_MS = 60_000
"""What to do about the scanner is printed so often at most, and sounded each time."""
ASKED_FOR = {
    State.TOTALED: Prompt.PIN,
    State.INQUIRY_PIN: Prompt.PIN,
    State.OPERATOR_PIN: Prompt.OPERATOR_PIN,
    State.CODE: Prompt.CODE,
}
"""Whose secret each state of `AWAITING_PIN` waits for: asking for another's would have it typed before the wrong person."""

_GOOD_NEWS = frozenset({UpdateStep.RESTARTS, UpdateStep.UPDATED})


class News(Protocol):
    """What the task that talks to the center tells."""

    @property
    def complete(self) -> bool:
        """Whether mail took effect, and no more is on its way."""

    @property
    def link_is_up(self) -> bool | None:
        """The link, if it changed."""

    @property
    def forgotten(self) -> int | None:
        """How many entries a center that was restored from a backup has forgotten."""


class Conversation:
    """See the module. Constructing starts nothing; `start` comes first."""

    def __init__(self, journal: Journal, paper: Paper, settings: Settings) -> None:
        self._talk = Talk(journal, paper, settings, FUNCTIONS)
        self._retry_at_ms = 0
        self._doubts_date = False
        self._answered_ms: dict[Prompt, tuple[int, int]] = {}

    @property
    def state(self) -> State:
        """Where it stands."""
        return self._talk.state

    async def start(self, now_ms: int) -> None:
        """Print what is owed, put open baskets back, ask for the date if nobody knows it."""
        talk = self._talk
        talk.now_ms = talk.active_ms = now_ms
        talk.paper.say(prompt_slip(Prompt.STARTED))  # nobody waits for it: a scan may come first
        await recovery.recover(talk)
        await notices.recover(talk)
        notices.recall_activation(talk)
        talk.state = talk.rest()
        if talk.journal.keeper.now().grade is Grade.DOUBTFUL:
            self._doubts_date = True
            talk.state = await asking.start(talk, Function.DATE)
        talk.save()

    async def take(self, event: Key | Scan, now_ms: int) -> None:
        """One key or scan. `now_ms` is the clock's monotonic time.

        Raises: JournalCorrupt; the process must then end.
        """
        talk = self._talk
        talk.now_ms = talk.active_ms = max(talk.now_ms, now_ms)
        command = talk.typing.press(event, MODES[talk.state]) if isinstance(event, Key) else seen(event)
        if command is not None:
            await self._answer(command)
        # What paper took to say it is nobody's hesitation: a slow printer must not let the PIN lapse.
        talk.now_ms = talk.active_ms = max(talk.now_ms, talk.journal.clock.monotonic_ms())
        talk.save()

    async def devices(self, news: DeviceNews) -> None:
        """What became of scanner and keypad: heard at once, and printed now or when the printer can."""
        talk = self._talk
        if news.change is Change.CUT_OFF:
            talk.typing.forget()
            return
        is_good = news.change in (Change.BACK, Change.TAKEN)
        await talk.beep(Sound.ACCEPTED if is_good else Sound.LOOK)
        notices.forget_missing(talk, news.roles)
        if not await talk.show(device_news(news)) and news.change is Change.MISSING:
            talk.notices.append(news)

    async def tick(self, now_ms: int) -> None:
        """Nothing has happened: lapse, park, print what is owed or was told."""
        talk = self._talk
        talk.now_ms = max(talk.now_ms, now_ms)
        quiet_ms = talk.now_ms - talk.active_ms
        if quiet_ms >= talk.settings.pin_lapse_ms:
            await self._lapse()
        if quiet_ms >= talk.settings.park_after_ms:
            await self._leave_alone()
        if self._doubts_date:
            await self._look_at_date()
        if talk.state is State.IDLE and talk.typing.empty:
            await self._print_waiting()
        talk.save()

    async def news(self, news: News) -> None:
        """Remember what the center told; it is printed when nobody is at the counter. Any task may call this."""
        if news.complete:
            self._talk.answers.unread = True
        if news.forgotten is not None:
            self._talk.notices.append(CenterRestored(news.forgotten))
        if news.link_is_up is not None:
            self._talk.notices.append(news.link_is_up)

    async def stick(self, visited: StickVisited) -> None:
        """A stick was visited: heard at once, printed when nobody is at the counter. Any task may call this."""
        self._talk.answers.unread = self._talk.answers.unread or visited.brought_mail
        self._talk.notices.append(visited)
        is_well = not visited.failed and not visited.wrong
        await self._talk.beep(Sound.ACCEPTED if is_well else Sound.LOOK)

    async def update(self, news: UpdateNews) -> None:
        """What becomes of an update: printed when nobody is at the counter; that the machine restarts, at once. Any task may call this."""
        talk = self._talk
        if news.step is UpdateStep.RESTARTS:
            talk.paper.say(update_slip(news))
        elif news not in talk.notices:
            talk.notices.append(news)
        if news.step is not UpdateStep.OFFERED:  # the stick itself has sounded
            await talk.beep(Sound.ACCEPTED if news.step in _GOOD_NEWS else Sound.LOOK)

    async def _answer(self, command: object) -> None:
        talk = self._talk
        handler = TABLE[talk.state].get(type(command))
        try:
            if isinstance(command, Seen) and talk.state in AWAITING_PIN and not talk.typing.empty:
                await self._refuse_scan(command)
            elif handler is not None:
                talk.state = await handler(talk, command)
            else:
                await self._refuse(command)
        except JournalFull:
            asking.take_back_answer(talk)
            await talk.beep(Sound.REFUSED)
            await talk.prompt(Prompt.NOT_STORED)
        except StaleDecision:
            # Something was used up between a question and its answer, such as a one-time code: nothing was written.
            await talk.look(Prompt.NOT_STORED)
            talk.state = talk.rest()

    async def _refuse(self, command: object) -> None:
        talk = self._talk
        if isinstance(command, CardScan | CardNumberScan) and _on_counter(talk):
            await talk.look(Prompt.SECOND_CARD)
        elif isinstance(command, Seen):
            await self._refuse_scan(command)
        elif isinstance(command, Misfit) and talk.state in AWAITING_PIN:
            await talk.look(ASKED_FOR[talk.state])
        else:
            await talk.look(Prompt.BAD_KEYS)

    async def _refuse_scan(self, scan: Seen) -> None:
        """What is half typed is dropped, and said to be: a number that a scan parts is neither of its parts."""
        talk = self._talk
        parted = not talk.typing.empty and MODES[talk.state] is not Mode.SELLING
        talk.typing.forget()
        if parted:
            await talk.look(Prompt.TYPE_AGAIN)
        elif isinstance(scan, StrangeScan):
            await self._answer_strange(scan.answer)
        else:
            await talk.look(Prompt.SCAN_NOT_HERE)

    async def _answer_strange(self, answer: Prompt) -> None:
        talk = self._talk
        answered_ms, printed_ms = self._answered_ms.get(answer, (-ADVICE_AGAIN_MS, -ADVICE_AGAIN_MS))
        if talk.now_ms - answered_ms < SAME_ANSWER_MS:
            return
        if answer in ADVICE and talk.now_ms - printed_ms < ADVICE_AGAIN_MS:
            await talk.beep(Sound.LOOK)
        else:
            printed_ms = talk.now_ms
            await talk.look(answer)
        self._answered_ms[answer] = talk.now_ms, printed_ms

    async def _lapse(self) -> None:
        talk = self._talk
        talk.typing.forget()
        if talk.state not in AWAITING_PIN:
            return
        talk.state = talk.rest()
        await talk.look(Prompt.PIN_LAPSED)

    async def _leave_alone(self) -> None:
        """Nobody is there: what the operator or the household had begun is dropped, the basket is parked."""
        talk = self._talk
        if _asks_for_date(talk):
            return
        if talk.state not in RESTING:
            talk.state = talk.rest()
        if _on_counter(talk):
            talk.active_ms = talk.now_ms  # a basket that cannot be parked is tried again after as long
            talk.state = await selling.park(talk)

    async def _look_at_date(self) -> None:
        """Until somebody knows the date: if it was the center, nobody need key it who has not begun to."""
        talk = self._talk
        is_known = talk.journal.keeper.now().grade is not Grade.DOUBTFUL
        if not _asks_for_date(talk):
            self._doubts_date = not is_known
        elif talk.state is not State.ASKING or not talk.typing.empty:
            return
        elif is_known:
            self._doubts_date = False
            talk.state = talk.rest()
            await talk.show(date_set(talk.journal.keeper.now().not_before_s))
        elif not talk.date_asked and talk.now_ms >= self._retry_at_ms:
            # A printer that is switched on after the till.
            self._retry_at_ms = talk.now_ms + RETRY_MS
            talk.state = await asking.start(talk, Function.DATE)

    async def _print_waiting(self) -> None:
        talk = self._talk
        if talk.owed:
            if talk.now_ms >= self._retry_at_ms and not await owed.print_next(talk):
                self._retry_at_ms = talk.now_ms + RETRY_MS
            return
        await notices.print_next(talk)


def _asks_for_date(talk: Talk) -> bool:
    return talk.call is not None and talk.call.code.function is Function.DATE


def _on_counter(talk: Talk) -> bool:
    return bool(talk.basket.lines) or talk.presented is not None
