"""The receipt printer: prints slips part by part, beeps, opens the drawer, and says what it knows of itself.

Rules:
- A part is sent as soon as it is drawn; the next is drawn while paper moves.
- A beep may come between two commands of a slip, never inside one.
- A printer that may be in the middle of a command (at the start, since the process before may have died in one;
  after an interrupted slip; at another port; after its power was cut) is brought back first, and its letters are loaded
  again: `drivers.printer.escpos.Encoder.wake`.
- An error says whether any byte of the slip had left. The slip is then the caller's to print again, as a copy.
- Bytes that left are not paper. A printer that can is asked after a slip whether it has printed all of it; one that cannot
  is believed, and nobody says more than that.
- A printer that is known to hold, or whose port is as full as it was, is not waited for again.

Untried: that a printer's DSR line tells of a power cut (`drivers.serial_port`).

Must not know: what is printed and why.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final, Protocol

from drivers.errors import CoverOpen, PaperOut, PrinterBlocked, WriteInterrupted
from drivers.printer import escpos
from drivers.printer.inquiry import ANSWER_MS, Inquiry
from drivers.printer.pace import Pace
from drivers.printer.profiles import Buzzer
from drivers.printer.status import Question

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from drivers.printer.profiles import PrinterProfile
    from drivers.printer.status import Condition
    from drivers.printer.strip import Part
    from drivers.sound import Sound

STALL_TIMEOUT_MS = 5_000
"""Longest time that a printer may take no byte before it counts as blocked."""
LOOK_MS = 1_000
"""How often a blocked port is asked why."""
IDLE_MS = 2_000
"""Between two looks at a printer that says nothing by itself."""
DRAWER_PULSE: Final = b"\x1bp\x00\x19\xfa"
"""ESC p: 50 ms on connector pin 2, then 500 ms rest."""


class BytePort(Protocol):
    """Where the bytes go: `drivers.byte_port.BytePort`."""

    async def read(self, *, timeout_ms: int | None = None) -> bytes:
        """Return the next bytes, or b"" if none come in time. Raises: DeviceGone."""
        ...

    async def write(self, data: bytes, *, timeout_ms: int) -> int:
        """Send all of `data`. Raises: PrinterBlocked, DeviceGone, with `sent`."""
        ...

    async def drain(self, *, timeout_ms: int) -> int:
        """Wait until all has left; return how many bytes have not. Raises: DeviceGone."""
        ...

    @property
    def holds_back(self) -> bool:
        """Whether the far side can say that it takes no more."""
        ...

    def restore(self) -> None:
        """Set again what another program may have changed. Raises: DeviceGone."""
        ...

    def has_room(self) -> bool:
        """Whether a byte would be taken now. Raises: DeviceGone."""
        ...

    def paper_is_out(self) -> bool | None:
        """Whether the port says that there is no paper. Raises: DeviceGone."""
        ...

    def power_was_cut(self) -> bool:
        """Whether the printer was off since the last call, as far as the port can see."""
        ...


class ReceiptPrinter:
    """Writes to an open port that its opener closes. Any task may print or beep; slips wait for each other.

    One task listens. Without it the printer is asked nothing, and what is known of it is what its port says.
    """

    def __init__(
        self,
        port: BytePort,
        profile: PrinterProfile,
        *,
        stall_timeout_ms: int = STALL_TIMEOUT_MS,
        answer_ms: int = ANSWER_MS,
        idle_ms: int = IDLE_MS,
    ) -> None:
        self.profile = profile
        self._port = port
        self._stall_timeout_ms = stall_timeout_ms
        self._idle_ms = idle_ms
        self._encoder = escpos.Encoder(profile)
        self._inquiry = Inquiry(profile, self._send, answer_ms=answer_ms)
        self._pace = _pace_of(profile)
        self._between_commands = False
        self._full = False
        self._hangs = False
        self._slip = asyncio.Lock()
        self._command = asyncio.Lock()

    @property
    def answers(self) -> bool:
        """Whether it answers to questions about itself."""
        return self._inquiry.answers

    @property
    def condition(self) -> Condition:
        """What is known of it."""
        return self._inquiry.condition

    def use_port(self, port: BytePort) -> None:
        """Go on with another port, after the old one was lost. A slip that was under way does not go on here."""
        self._port = port
        self._full = self._between_commands = False
        self._inquiry.power_was_cut()
        self._inquiry.begin()
        self._encoder.forget()

    async def listen(self) -> None:
        """Read what the printer says, for ever. Raises: DeviceGone."""
        await self._greet()
        while True:
            data = await self._port.read(timeout_ms=self._idle_ms)
            power_cuts = self._inquiry.power_cuts
            heard_noise = self._inquiry.hear(data)
            if self._port.power_was_cut():
                self._inquiry.power_was_cut()
            if self._inquiry.power_cuts != power_cuts or (heard_noise and not self._slip.locked()):
                self._between_commands = False
                await self._greet()
            elif not data and not self._slip.locked() and not self._command.locked():
                with contextlib.suppress(PrinterBlocked):
                    await self._inquiry.look()

    async def wake(self) -> None:
        """Bring the printer between two commands, if it may not be there. No ink. Raises as `beep`."""
        async with self._command:
            await self._resync()

    async def print_slip(self, parts: Iterable[Part], *, tear: bool = True, job: int = 0) -> None:
        """Print `parts`, drawn one by one as they are asked for; return when all bytes have left, or are on paper.

        With `tear` the paper is then cut, or fed above the tear bar; without, the next slip goes on below this one.
        `job` is the number by which the printer tells that it is done, if it does.

        Raises: PrinterBlocked, PaperOut, CoverOpen, DeviceGone; `started` says whether any byte of the slip had left.
        """
        sent = 0
        async with self._slip:
            try:
                await self._must_not_hold()
                self._begin_strip()
                await self.wake()
                power_cuts = self._inquiry.power_cuts
                for part in parts:
                    for command in self._encoder.commands(part):
                        sent += await self._send_of_slip(command, power_cuts)
                    await asyncio.sleep(0)  # the kernel may take whole slips at once: let others run
                for command in self._end_commands() if tear else ():
                    sent += await self._send_of_slip(command, power_cuts)
                await self._must_be_printed(job)
                self._inquiry.raise_if_cut(power_cuts)
                self._hangs = not tear
            except PrinterBlocked as error:
                self._full = not isinstance(error, PaperOut | CoverOpen)
                raise error.with_sent(sent + error.sent) from error
            except WriteInterrupted as error:
                raise error.with_sent(sent + error.sent) from error

    async def beep(self, sound: Sound) -> None:
        """Sound the printer's buzzer, between two commands of a slip if one is printing. Nothing, if it has none.

        Raises: PrinterBlocked, DeviceGone.
        """
        if self.profile.buzzer is Buzzer.ESC_B:
            self._must_have_room()
            times, length = sound.value
            await self._send(escpos.buzzer_command(times=times, length=length))

    async def open_drawer(self) -> None:
        """Open the cash drawer, if the profile says that one may hang here. Raises: PrinterBlocked, DeviceGone."""
        if self.profile.has_drawer:
            self._must_have_room()
            await self._send(DRAWER_PULSE)

    async def look(self) -> Condition:
        """Ask for all that can be asked for; what is known then. Raises: PrinterBlocked, DeviceGone."""
        self._must_have_room()
        for question in (Question.OFFLINE, Question.PAPER):
            await self._inquiry.ask(question)
        self._inquiry.port_says(paper_out=self._port.paper_is_out())
        return self._inquiry.condition

    def _end_commands(self) -> Iterator[bytes]:
        if self.profile.has_cutter:
            yield escpos.cut_command()
        else:
            yield from escpos.feed_commands(self.profile.tear_feed_dots)

    async def _must_not_hold(self) -> None:
        self._port.restore()
        self._must_have_room()
        await self._inquiry.ask(Question.OFFLINE)
        self._inquiry.port_says(paper_out=self._port.paper_is_out())
        self._inquiry.raise_if_held()

    def _begin_strip(self) -> None:
        """One that does not answer may have been off since the last strip, and nobody knows: its letters are loaded again."""
        if not self._hangs and not self.answers:
            self._encoder.forget()
        self._hangs = True

    def _must_have_room(self) -> None:
        if self._full and not self._port.has_room():
            raise PrinterBlocked(f"{self.profile.name}: still takes no more bytes")
        self._full = False

    async def _must_be_printed(self, job: int) -> None:
        if held_bytes := await self._port.drain(timeout_ms=self._stall_timeout_ms):
            raise PrinterBlocked(f"{self.profile.name}: {held_bytes} bytes do not leave")
        await self._inquiry.all_is_printed(job, patience_ms=self._stall_timeout_ms)
        self._inquiry.port_says(paper_out=self._port.paper_is_out())
        self._inquiry.raise_if_held()

    async def _greet(self) -> None:
        with contextlib.suppress(PrinterBlocked):
            await self._inquiry.greet()

    async def _send_of_slip(self, command: bytes, power_cuts: int) -> int:
        self._inquiry.raise_if_cut(power_cuts)
        if self._pace is None or self._port.holds_back:
            return await self._send(command)
        now_s = asyncio.get_running_loop().time
        await asyncio.sleep(self._pace.wait_s(len(command), now_s=now_s()))
        sent = await self._send(command)
        self._pace.sent(command, now_s=now_s())
        return sent

    async def _send(self, command: bytes) -> int:
        async with self._command:
            await self._resync()
            self._between_commands = False
            sent = await self._write(command)
            self._between_commands = True
            return sent

    async def _write(self, data: bytes) -> int:
        """Write all of it; a printer that takes nothing is given up sooner if it, or its port, says why. Raises as `beep`."""
        sent, patience_ms = 0, self._stall_timeout_ms
        while True:
            look_ms = min(LOOK_MS, patience_ms)
            try:
                return sent + await self._port.write(data[sent:], timeout_ms=look_ms)
            except PrinterBlocked as error:
                sent += error.sent
                patience_ms = self._stall_timeout_ms if error.sent else patience_ms - look_ms
                if patience_ms <= 0:
                    raise error.with_sent(sent) from error
            self._inquiry.port_says(paper_out=self._port.paper_is_out())
            try:
                self._inquiry.raise_if_held()
            except PrinterBlocked as error:
                raise error.with_sent(sent) from error

    async def _resync(self) -> None:
        if self._between_commands:
            return
        try:
            await self._write(self._encoder.wake())
        except WriteInterrupted as error:
            raise error.with_sent(0) from error  # nothing of a slip, and no ink
        self._between_commands = True


def _pace_of(profile: PrinterProfile) -> Pace | None:
    if not profile.rows_per_s:
        return None
    return Pace(rows_per_s=profile.rows_per_s, buffer_bytes=profile.buffer_bytes)
