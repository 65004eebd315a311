"""The receipt printer: prints slips strip by strip, and beeps.

Rules:
- A strip is sent as soon as it is drawn; the next is drawn while paper moves.
- A beep may come between two commands of a slip, never inside one.
- A printer that may be in the middle of a command (at the start, since the process before may have died in one;
  after an interrupted slip; at another port) is brought back first: `drivers.printer.escpos.resync`.
- An error says whether any byte of the slip had left. The slip is then the caller's to print again, as a copy.

Must not know: what is printed and why.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from drivers.errors import PrinterBlocked, WriteInterrupted
from drivers.printer import escpos

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from drivers.printer.profiles import PrinterProfile
    from drivers.printer.strip import Strip
    from drivers.sound import Sound

STALL_TIMEOUT_MS = 5_000
"""Longest time that a printer may take no byte before it counts as blocked."""


class BytePort(Protocol):
    """Where the bytes go: `drivers.serial_port.SerialPort`."""

    async def write(self, data: bytes, *, timeout_ms: int) -> int:
        """Send all of `data`. Raises: PrinterBlocked, DeviceGone, with `sent`."""
        ...

    async def drain(self, *, timeout_ms: int) -> int:
        """Wait until all has left; return how many bytes have not. Raises: DeviceGone."""
        ...


class ReceiptPrinter:
    """Writes to an open port that its opener closes. Any task may print or beep; slips wait for each other."""

    def __init__(
        self, port: BytePort, profile: PrinterProfile, *, stall_timeout_ms: int = STALL_TIMEOUT_MS
    ) -> None:
        self.profile = profile
        self._port = port
        self._stall_timeout_ms = stall_timeout_ms
        self._between_commands = False
        self._slip = asyncio.Lock()
        self._command = asyncio.Lock()

    def use_port(self, port: BytePort) -> None:
        """Go on with another port, after the old one was lost."""
        self._port = port
        self._between_commands = False

    async def wake(self) -> None:
        """Bring the printer between two commands, if it may not be there. No ink. Raises as `beep`."""
        async with self._command:
            await self._resync()

    async def print_slip(self, strips: Iterable[Strip], *, tear: bool = True) -> None:
        """Print `strips`, drawn one by one as they are asked for; return when all bytes have left.

        With `tear` the paper is then cut, or fed above the tear bar; without, the next slip goes on below this one.

        Raises: PrinterBlocked, DeviceGone; `started` says whether any byte of the slip had left.
        """
        sent = 0
        async with self._slip:
            try:
                await self.wake()
                for strip in strips:
                    assert strip.width_dots <= self.profile.width_dots, "drawn for wider paper"
                    for command in escpos.strip_commands(strip):
                        sent += await self._send(command)
                    await asyncio.sleep(0)  # the kernel may take whole slips at once: let others run
                for command in self._end_commands() if tear else ():
                    sent += await self._send(command)
                held_bytes = await self._port.drain(timeout_ms=self._stall_timeout_ms)
            except WriteInterrupted as error:
                raise error.with_sent(sent + error.sent) from error
        if held_bytes:
            raise PrinterBlocked(f"{self.profile.name}: {held_bytes} bytes do not leave", sent=sent)

    async def beep(self, sound: Sound) -> None:
        """Sound the printer's buzzer, between two commands of a slip if one is printing.

        Raises: PrinterBlocked, DeviceGone.
        """
        times, length = sound.value
        await self._send(escpos.buzzer_command(times=times, length=length))

    def _end_commands(self) -> Iterator[bytes]:
        if self.profile.has_cutter:
            yield escpos.cut_command()
        else:
            yield from escpos.feed_commands(self.profile.tear_feed_dots)

    async def _send(self, command: bytes) -> int:
        async with self._command:
            await self._resync()
            self._between_commands = False
            sent = await self._port.write(command, timeout_ms=self._stall_timeout_ms)
            self._between_commands = True
            return sent

    async def _resync(self) -> None:
        if self._between_commands:
            return
        nulls = escpos.resync(width_dots=self.profile.width_dots)
        try:
            await self._port.write(nulls, timeout_ms=self._stall_timeout_ms)
        except WriteInterrupted as error:
            raise error.with_sent(0) from error  # nothing of a slip, and no ink
        self._between_commands = True
