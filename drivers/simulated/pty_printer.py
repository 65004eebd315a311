"""A printer at the far side of a pseudo terminal: the till opens its `path` with pyserial as a real port.

It can run out of paper (`block`), hold the till by XOFF (`hold`), be slow, and be pulled out. A pseudo terminal has
no modem lines: RTS/CTS cannot be shown here.

Rule: the near side is kept open here too, so a till may come and go without the printer noticing, as with a cable.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from typing import TYPE_CHECKING, Self

from drivers.simulated.paper import UnknownPrinterBytes

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from PIL import Image

    from drivers.simulated.paper import Paper

READ_BYTES_MAX = 4_096
_PACE_MS = 10
_XON, _XOFF = b"\x11", b"\x13"


class PtyPrinter:
    """Owns both ends of the pseudo terminal while plugged in. Feeds `paper`, which the caller may look at."""

    def __init__(self, paper: Paper, *, path: Path, bytes_per_s: int | None = None) -> None:
        """Make a printer that appears at `path`, a symbolic link as udev makes them. None: as fast as it goes."""
        self.paper = paper
        self.path = path
        self._bytes_per_s = bytes_per_s
        self._blocked = False
        self._far = self._near = -1
        self._resume: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        self.plug_in()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.unplug()

    def plug_in(self) -> None:
        """Appear at `path`; the terminal behind it is a new one each time. Call it inside the loop."""
        assert self._far < 0, "plugged in already"
        self._far, self._near = os.openpty()
        os.set_blocking(self._far, False)
        self.path.unlink(missing_ok=True)
        self.path.symlink_to(os.ttyname(self._near))
        self._listen()

    def unplug(self) -> None:
        """Pull the cable: whoever has the port open sees it hang up. What was under way is lost."""
        if self._far < 0:
            return
        self._stop_listening()
        os.close(self._far)
        os.close(self._near)
        self._far = self._near = -1
        self.path.unlink(missing_ok=True)

    def block(self) -> None:
        """Run out of paper: take no more bytes. The kernel still takes a few thousand."""
        self._blocked = True
        self._stop_listening()

    def unblock(self) -> None:
        """Put in a new roll: go on with what waits."""
        self._blocked = False
        self._listen()

    def hold(self) -> None:
        """Say XOFF to the till's kernel."""
        os.write(self._far, _XOFF)

    def release(self) -> None:
        """Say XON to the till's kernel."""
        os.write(self._far, _XON)

    def say(self, data: bytes) -> None:
        """Send status bytes to the till."""
        os.write(self._far, data)

    def pace(self, bytes_per_s: int | None) -> None:
        """Take this many bytes a second from now on; None: as fast as they come."""
        self._bytes_per_s = bytes_per_s

    def tear_off(self) -> Image.Image:
        """Return what came out since the last time. Raises: UnknownPrinterBytes."""
        return self.paper.tear_off()

    async def settle(self, *, quiet_ms: int = 30) -> None:
        """Wait until no byte has come for `quiet_ms`."""
        taken = -1
        while taken != self.paper.bytes_taken:
            taken = self.paper.bytes_taken
            await asyncio.sleep(quiet_ms / 1_000)

    def _listen(self) -> None:
        self._stop_listening()
        if self._far >= 0 and not self._blocked:
            asyncio.get_running_loop().add_reader(self._far, self._readable)

    def _stop_listening(self) -> None:
        if self._resume is not None:
            self._resume.cancel()
            self._resume = None
        if self._far >= 0:
            asyncio.get_running_loop().remove_reader(self._far)

    def _readable(self) -> None:
        pace = self._bytes_per_s
        size = READ_BYTES_MAX if pace is None else max(1, pace * _PACE_MS // 1_000)
        try:
            data = os.read(self._far, size)
        except BlockingIOError:
            return
        # The paper keeps the error and tells whoever tears it off.
        with contextlib.suppress(UnknownPrinterBytes):
            self.paper.feed(data)
        if pace is not None:
            self._stop_listening()
            self._resume = asyncio.get_running_loop().call_later(len(data) / pace, self._listen)
