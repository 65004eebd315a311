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
from firmware.receipt.prompt_slips import Prompt
from firmware.roles import Change
from firmware.till import asking, notices, owed, recovery, selling
from firmware.till.codes import Function
from firmware.till.grammar import Misfit
from firmware.till.scans import CardNumberScan, CardScan, Seen, StrangeScan, seen
from firmware.till.states import AWAITING_PIN, MODES, RESTING, State
from firmware.till.table import FUNCTIONS, TABLE
from firmware.till.talk import Paper, Settings, Talk
from sync.wire.kinds import Grade
from sync.wire.mail import Settlement, Verdicts

if TYPE_CHECKING:
    from drivers.scanner.scan import Scan
    from firmware.journal.journal import Journal
    from firmware.roles import DeviceNews
    from sync.wire.mail import Mail

RETRY_MS = 5_000
"""How often an owed slip is tried again while nobody is at the counter."""


class News(Protocol):
    """What the task that talks to the center tells."""

    @property
    def mail(self) -> tuple[Mail, ...]:
        """Mail that took effect."""

    @property
    def link_is_up(self) -> bool | None:
        """The link, if it changed."""


class Conversation:
    """See the module. Constructing starts nothing; `start` comes first."""

    def __init__(self, journal: Journal, paper: Paper, settings: Settings) -> None:
        self._talk = Talk(journal, paper, settings, FUNCTIONS)
        self._retried_ms = 0

    @property
    def state(self) -> State:
        """Where it stands."""
        return self._talk.state

    async def start(self, now_ms: int) -> None:
        """Print what is owed, put open baskets back, ask for the date if nobody knows it."""
        talk = self._talk
        talk.now_ms = talk.active_ms = now_ms
        await talk.prompt(Prompt.STARTED)
        await recovery.recover(talk)
        talk.state = talk.rest()
        if talk.journal.keeper.now().grade is Grade.DOUBTFUL:
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
        if talk.state is State.IDLE and talk.typing.empty:
            await self._print_waiting()
        talk.save()

    async def news(self, news: News) -> None:
        """Remember what the center told; it is printed when nobody is at the counter. Any task may call this."""
        told = [item.body for item in news.mail if isinstance(item.body, Verdicts | Settlement)]
        self._talk.notices.extend(told)
        if news.link_is_up is not None:
            self._talk.notices.append(news.link_is_up)

    async def _answer(self, command: object) -> None:
        talk = self._talk
        handler = TABLE[talk.state].get(type(command))
        try:
            if handler is not None:
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
            talk.typing.forget()
            await talk.look(Prompt.BAD_SCAN if isinstance(command, StrangeScan) else Prompt.SCAN_NOT_HERE)
        elif isinstance(command, Misfit) and talk.state in AWAITING_PIN:
            await talk.look(Prompt.PIN)
        else:
            await talk.look(Prompt.BAD_KEYS)

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

    async def _print_waiting(self) -> None:
        talk = self._talk
        if talk.owed:
            if talk.now_ms - self._retried_ms >= RETRY_MS:
                self._retried_ms = talk.now_ms
                await owed.retry(talk)
            return
        await notices.print_next(talk)


def _asks_for_date(talk: Talk) -> bool:
    return talk.call is not None and talk.call.code.function is Function.DATE


def _on_counter(talk: Talk) -> bool:
    return bool(talk.basket.lines) or talk.presented is not None
