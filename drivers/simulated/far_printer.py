"""The far side of a printer's port: takes bytes as a printer does, answers to status, runs out of paper, is switched off.

| it is told | it does |
| --- | --- |
| `block` | takes no more bytes; the kernel still takes a few thousand |
| `run_out_of_paper`, `open_cover` | prints nothing, swallows bytes until its buffer is full, says so to whoever asks |
| `switch_off`, `switch_on` | forgets its buffer, the command it was in, and that it was to tell changes |
| `pace` | takes so many bytes a second |

It answers to what `answers` names: DLE EOT as soon as it comes in, even in the middle of dots, as real ones do; GS r and
GS ( H in their turn; after GS a every change.

Rule: what it prints is `drivers.simulated.paper`'s; how bytes get here is that of the port it is behind.
Source: Epson ESC/POS Application Programming Guide.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from typing import TYPE_CHECKING, Self

from drivers.errors import UnknownPrinterBytes
from drivers.printer.profiles import Answer

if TYPE_CHECKING:
    from types import TracebackType

    from PIL import Image

    from drivers.simulated.paper import Paper

READ_BYTES_MAX = 4_096
BUFFER_BYTES = 4_096
"""What a printer without paper still takes."""
_PACE_MS = 10
_XON, _XOFF = b"\x11", b"\x13"
_DLE_EOT = re.compile(rb"\x10\x04([\x01-\x04])", re.DOTALL)


class FarPrinter:
    """Owns the far end of a port while plugged in. Feeds `paper`, which the caller may look at."""

    def __init__(
        self, paper: Paper, *, answers: tuple[Answer, ...] = (), bytes_per_s: int | None = None
    ) -> None:
        """Make a printer. `bytes_per_s` None: as fast as they come."""
        self.paper = paper
        self.low_on_paper = False
        self._answers = answers
        self._bytes_per_s = bytes_per_s
        self._far = -1
        self._blocked = self._off = False
        self._has_paper = self._is_closed = True
        self._tells_changes = False
        self._waiting = bytearray()
        self._last = b""
        self._resume: asyncio.TimerHandle | None = None
        paper.asked = self._asked_in_turn

    async def __aenter__(self) -> Self:
        self.plug_in()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.unplug()

    def plug_in(self) -> None:
        """Appear. Call it inside the loop."""
        assert self._far < 0, "plugged in already"
        self._far = self._new_far_end()
        os.set_blocking(self._far, False)
        self._listen()

    def unplug(self) -> None:
        """Pull the cable: whoever has the port open sees it hang up. What was under way is lost."""
        if self._far < 0:
            return
        self._stop_listening()
        self._close_far_end(self._far)
        self._far = -1
        self._waiting.clear()

    def block(self) -> None:
        """Take no more bytes."""
        self._blocked = True
        self._stop_listening()

    def unblock(self) -> None:
        """Go on with what waits."""
        self._blocked = False
        self._listen()

    def run_out_of_paper(self) -> None:
        """Print no more; what still comes is swallowed."""
        self._has_paper = False
        self._tell_change()

    def load_paper(self) -> None:
        """Put in a new roll: print what was swallowed."""
        self._has_paper = True
        self._go_on()

    def open_cover(self) -> None:
        """As without paper, but for what it says."""
        self._is_closed = False
        self._tell_change()

    def close_cover(self) -> None:
        """Print what was swallowed."""
        self._is_closed = True
        self._go_on()

    def switch_off(self) -> None:
        """Lose what was swallowed and every setting. The cable stays where it is."""
        self._off = True
        self._tells_changes = False
        self._waiting.clear()
        self._last = b""
        self.paper.switch_off()

    def switch_on(self, *, noise: bytes = b"") -> None:
        """Come back, sending `noise` as some do."""
        self._off = False
        if noise:
            self.say(noise)

    def hold(self) -> None:
        """Say XOFF to the till's kernel."""
        self.say(_XOFF)

    def release(self) -> None:
        """Say XON to the till's kernel."""
        self.say(_XON)

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

    def _new_far_end(self) -> int:
        """The far descriptor of a new port."""
        raise NotImplementedError

    def _close_far_end(self, far: int) -> None:
        os.close(far)

    def _listen(self) -> None:
        self._stop_listening()
        if self._far >= 0 and not self._blocked and len(self._waiting) < BUFFER_BYTES:
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
        except OSError:
            data = b""
        if not data:
            asyncio.get_running_loop().remove_reader(self._far)
            return
        if not self._off:
            self._answer_at_once(data)
            self._waiting += data
            self._print()
        if pace is not None:
            self._stop_listening()
            self._resume = asyncio.get_running_loop().call_later(len(data) / pace, self._listen)
        elif len(self._waiting) >= BUFFER_BYTES:
            self._stop_listening()

    def _print(self) -> None:
        if not self._has_paper or not self._is_closed:
            return
        data = bytes(self._waiting)
        self._waiting.clear()
        # The paper keeps the error and tells whoever tears it off.
        with contextlib.suppress(UnknownPrinterBytes):
            self.paper.feed(data)

    def _go_on(self) -> None:
        self._tell_change()
        self._print()
        if self._resume is None:
            self._listen()

    def _answer_at_once(self, data: bytes) -> None:
        if Answer.DLE_EOT not in self._answers:
            return
        seen = self._last + data
        for found in _DLE_EOT.finditer(seen):
            if found.end() > len(self._last):
                self.say(bytes([self._status(found[1][0])]))
        self._last = seen[-2:]

    def _status(self, kind: int) -> int:
        offline = not (self._has_paper and self._is_closed)
        bits = {
            1: 0x08 * offline,
            2: 0x04 * (not self._is_closed) | 0x20 * (not self._has_paper),
            3: 0,
            4: 0x60 * (not self._has_paper) | 0x0C * (self.low_on_paper or not self._has_paper),
        }[kind]
        return 0x12 | bits

    def _paper_bits(self) -> int:
        return 0x0C * (not self._has_paper) | 0x03 * (self.low_on_paper or not self._has_paper)

    def _asked_in_turn(self, command: bytes) -> None:
        if self._off or self._far < 0:
            return
        if command[:2] == b"\x1dr" and Answer.GS_R in self._answers:
            self.say(bytes([self._paper_bits()]))
        elif command[:3] == b"\x1d(H" and Answer.GS_PAREN_H in self._answers:
            self.say(b"\x37\x22" + command[-4:] + b"\0")
        elif command[:2] == b"\x1da" and Answer.GS_A in self._answers:
            self._tells_changes = command[2] != 0
            self._tell_change()

    def _tell_change(self) -> None:
        if not self._tells_changes or self._off or self._far < 0:
            return
        offline = not (self._has_paper and self._is_closed)
        self.say(bytes([0x10 | 0x08 * offline | 0x20 * (not self._is_closed), 0, self._paper_bits(), 0]))
