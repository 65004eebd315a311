"""The shop's counter: gives the conversation one event after the other, and the time when nothing happens.

One task. What is keyed and scanned is handled in its order; between two events the conversation gets the time, which ends a
PIN that nobody finishes, and prints what is owed. A key that answers a question on paper, such as which printer this is, is
not the conversation's. Each handled input is logged with its number, whoever took it, never with its content.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Protocol

from drivers.errors import WriteInterrupted
from drivers.keypad import Key
from firmware.roles import DeviceNews
from firmware.till.states import State
from sync.wire.kinds import ClosingKind

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from drivers.scanner.scan import Scan
    from firmware.clock import Clock
    from firmware.desk.inputs import Input
    from firmware.log import Log
    from firmware.watchdog import CheckIn

TICK_MS = 250
"""Soon enough for what people wait for: a verdict, a lapsed PIN, an owed slip."""


class Inputs(Protocol):
    """What people do, in its order: `firmware.desk.inputs`."""

    async def take(self, *, at_most_ms: int) -> Input | None:
        """The next input, or None if nothing happens for `at_most_ms`."""


class Conversation(Protocol):
    """What `firmware.till` offers; `now_ms` is the clock's monotonic time."""

    @property
    def state(self) -> State:
        """Where it stands."""

    async def start(self, now_ms: int) -> None:
        """Print what is owed, ask for the date if need be."""

    async def take(self, event: Key | Scan, now_ms: int) -> None:
        """One key or scan."""

    async def devices(self, news: DeviceNews) -> None:
        """What became of scanner and keypad."""

    async def tick(self, now_ms: int) -> None:
        """Time has passed."""


class Journal(Protocol):
    """As much of the journal as the counter looks at."""

    @property
    def clock(self) -> Clock:
        """What the time is told by."""

    @property
    def closings(self) -> Mapping[ClosingKind, int]:
        """How many there were of each kind."""


class Counter:
    """Owns the inputs and the conversation."""

    def __init__(  # noqa: PLR0913 -- the parts list names each
        self,
        conversation: Conversation,
        inputs: Inputs,
        journal: Journal,
        *,
        answer: Callable[[Key], bool],
        tear: Callable[[], Awaitable[None]],
        after_start: Callable[[], None],
        after_z: Callable[[], None],
        log: Log,
        check_in: CheckIn,
    ) -> None:
        """`answer` takes a key for whoever has asked something; False if nobody has: `PrinterSearch.press`."""
        self._conversation = conversation
        self._inputs = inputs
        self._journal = journal
        self._answer = answer
        self._tear = tear
        self._after_start = after_start
        self._after_z = after_z
        self._log = log
        self._check_in = check_in
        self._handled = 0

    async def run(self) -> None:
        """Serve for ever."""
        clock = self._journal.clock
        with self._check_in.working():
            await self._conversation.start(clock.monotonic_ms())
        self._after_start()
        while True:
            event = await self._inputs.take(at_most_ms=TICK_MS)
            with self._check_in.working():
                if event is None:
                    await self._conversation.tick(clock.monotonic_ms())
                    await self._end_strip()
                elif isinstance(event, DeviceNews):
                    await self._conversation.devices(event)
                    await self._end_strip()
                else:
                    await self._handle(event)

    async def _handle(self, event: Key | Scan) -> None:
        z_before = self._journal.closings[ClosingKind.Z]
        if not (isinstance(event, Key) and self._answer(event)):
            await self._conversation.take(event, self._journal.clock.monotonic_ms())
            await self._end_strip()
        self._handled += 1
        self._log.debug("handled", inputs=self._handled, state=self._conversation.state.name)
        if self._journal.closings[ClosingKind.Z] != z_before:
            self._after_z()

    async def _end_strip(self) -> None:
        """Nobody is at the counter any more: the paper can be taken."""
        if self._conversation.state is State.IDLE:
            with contextlib.suppress(WriteInterrupted):
                await self._tear()
