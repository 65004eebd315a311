"""What the people at the counter see besides paper: the display on the pole, and the screen. Both may be absent.

Rules:
- Each has a task of its own, which shows the newest and is restarted by the supervisor when its device was pulled out; the
  till never waits for it. What was to be seen meanwhile is shown when it is back.
- When the strip of paper is torn off, the purchase is over: the display goes blank as soon as it has been read, the screen
  goes dark somewhat later, and the next slip begins on an empty screen.

Must not know: what is shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.errors import PrinterBlocked
from drivers.line_display import LineDisplay, TwoLines
from drivers.newest_queue import NewestQueue
from drivers.screen import Screen
from drivers.serial_port import open_serial_port

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from drivers.line_display import DisplayProtocol
    from drivers.printer.slip import Slip
    from drivers.screen import Framebuffer
    from firmware.log import Log

BLANK: TwoLines = TwoLines()
READ_AFTER_MS = 10_000
"""The buyer has read what there is to pay."""
AGAIN_MS = 1_000
"""How often a display that takes nothing is tried again."""
SLIPS_MAX = 8
DARK_AFTER_MS = 60_000
END_OF_STRIP: Slip = ()


class PoleSign:
    """Owns the display's port while `run` runs. `find` says where it is now. Raises: PortNotOpened."""

    def __init__(
        self,
        find: Callable[[], Path],
        protocol: DisplayProtocol,
        *,
        baud: int,
        log: Log,
        monotonic_ms: Callable[[], int],
    ) -> None:
        self._find = find
        self._protocol = protocol
        self._baud = baud
        self._log = log
        self._monotonic_ms = monotonic_ms
        self._wanted = BLANK
        self._queue: NewestQueue[TwoLines] = NewestQueue(items_max=1)
        self._blank_at_ms: int | None = None
        self.is_seen = False
        """Whether the display has taken what it was last given."""

    def show(self, lines: TwoLines) -> None:
        """Show from now on. Never waits."""
        self._blank_at_ms = None
        self._queue.put_newest(lines)

    def end(self) -> None:
        """The purchase is over."""
        self._blank_at_ms = self._monotonic_ms() + READ_AFTER_MS

    async def run(self) -> None:
        """Keep the port open and the display right. Raises: PortNotOpened, DeviceGone."""
        try:
            async with open_serial_port(self._find(), baud=self._baud) as port:
                await self._keep_right(LineDisplay(port, self._protocol))
        finally:
            self.is_seen = False

    async def _keep_right(self, display: LineDisplay) -> None:
        shown: TwoLines | None = None
        while True:
            if shown != self._wanted:
                shown = await self._try(display)
                self.is_seen = shown is not None
            resting = shown == BLANK
            newer = await self._queue.get(timeout_ms=None if resting else AGAIN_MS)
            self._wanted = newer or self._still_wanted()

    async def _try(self, display: LineDisplay) -> TwoLines | None:
        lines = self._wanted
        try:
            await display.show(lines)
        except PrinterBlocked as error:
            self._log.debug("display", error=str(error))
            return None
        return lines

    def _still_wanted(self) -> TwoLines:
        over = self._blank_at_ms is not None and self._monotonic_ms() >= self._blank_at_ms
        return BLANK if over else self._wanted


class ScreenSign:
    """Owns the screen while `run` runs."""

    def __init__(self, opened: Callable[[], Framebuffer]) -> None:
        """`opened` opens the screen. Raises: PortNotOpened."""
        self._opened = opened
        self._queue: NewestQueue[Slip] = NewestQueue(items_max=SLIPS_MAX)
        self.is_seen = False
        """Whether there is a screen that takes what it is given."""

    def show(self, slip: Slip) -> None:
        """Show below what is there. Never waits."""
        self._queue.put_newest(slip)

    def end(self) -> None:
        """The strip is torn off."""
        self._queue.put_newest(END_OF_STRIP)

    async def run(self) -> None:
        """Keep the screen right. Raises: PortNotOpened, DeviceGone."""
        try:
            async with self._opened() as surface:
                await self._keep_right(Screen(surface))
        finally:
            self.is_seen = False

    async def _keep_right(self, screen: Screen) -> None:
        await screen.blank()
        self.is_seen = True
        dark_after_ms: int | None = None
        while True:
            slip = await self._queue.get(timeout_ms=dark_after_ms)
            dark_after_ms = None
            if slip is None:
                await screen.blank()
            elif slip == END_OF_STRIP:
                screen.begin()
                dark_after_ms = DARK_AFTER_MS
            else:
                await screen.show(slip)
