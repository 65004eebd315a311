"""A two-line display at the far side of a pseudo terminal: obeys its own command set, and is read like the real one.

It can be pulled out, and stop taking bytes. Rules: `Glass` is pure; bytes that belong to no command of its protocol are an
error, which `PoleDisplay.lines` raises. It knows the command sets from their manuals, not from `drivers.line_display`.

Sources: as `drivers.line_display`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from typing import TYPE_CHECKING, Final, Self

from drivers.errors import DriverError

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

COLUMNS = 20
READ_BYTES_MAX = 1_024
COMMANDS: Final = {
    "cd5220": re.compile(
        rb"(?P<clear>\x0c)|(?P<begin>\x1b@)|\x1b_(?P<cursor>[\x00\x01])"
        rb"|\x1bQ(?P<line>[AB])(?P<text>[\x20-\x7e]{0,20})\r|(?P<broken_off>\x1b[Q_]?\r|\r)"
    ),
    "escpos": re.compile(
        rb"(?P<clear>\x0c)|(?P<begin>\x1b@)|(?P<mode>\x1f\x01)|\x1fC(?P<cursor>[\x00\x01])"
        rb"|\x1f\$(?P<column>[\x01-\x14])(?P<row>[\x01\x02])|(?P<sign>[\x20-\x7e])"
        rb"|(?P<broken_off>[\x1b\x1f]\r|\x1fC\r|\x1f\$.\r|\r)"
    ),
}
"""What it obeys. A command that was broken off takes the CRs that follow as its parameters, and does nothing."""
PREFIX_BYTES_MAX = 24
"""The longest command; so many bytes that are none yet may still become one."""


class UnknownDisplayBytes(DriverError):
    """A display would show nonsense now."""


class Glass:
    """Two rows of characters, and whether a cursor blinks among them."""

    def __init__(self, protocol: str) -> None:
        self._commands = COMMANDS[protocol]
        self._rest = b""
        self._at = 0
        self._in_string_mode = False
        self._cells = [" "] * (2 * COLUMNS)
        self.has_cursor = True
        self.broken = ""

    @property
    def lines(self) -> tuple[str, str]:
        """What is read, without the blanks at the right."""
        text = "".join(self._cells)
        return text[:COLUMNS].rstrip(), text[COLUMNS:].rstrip()

    def feed(self, data: bytes) -> None:
        """Obey `data`, which may end in the middle of a command."""
        self._rest += data
        while self._rest and not self.broken:
            command = self._commands.match(self._rest)
            if command is None:
                if len(self._rest) > PREFIX_BYTES_MAX or self._rest[0] not in b"\x1b\x1f":
                    self.broken = self._rest[:PREFIX_BYTES_MAX].hex(" ")
                return
            self._rest = self._rest[command.end() :]
            self._obey(command.groupdict())

    def _obey(self, command: dict[str, bytes | None]) -> None:
        if self._in_string_mode and not (command["clear"] or command.get("line")):
            return  # so the manual says
        if command["clear"] or command["begin"]:
            self._cells, self._at, self._in_string_mode = [" "] * (2 * COLUMNS), 0, False
            self.has_cursor = self.has_cursor or bool(command["begin"])
        elif cursor := command["cursor"]:
            self.has_cursor = cursor == b"\x01"
        elif text := command.get("text"):
            first = COLUMNS * (command["line"] == b"B")
            self._cells[first : first + COLUMNS] = text.decode().ljust(COLUMNS)
            self._in_string_mode = True
        elif (column := command.get("column")) and (row := command.get("row")):
            self._at = column[0] - 1 + COLUMNS * (row[0] - 1)
        elif sign := command.get("sign"):
            self._cells[self._at] = sign.decode()
            self._at = (self._at + 1) % len(self._cells)


class PoleDisplay:
    """Owns both ends of the pseudo terminal while plugged in."""

    def __init__(self, protocol: str, *, path: Path) -> None:
        self.path = path
        self._protocol = protocol
        self._glass = Glass(protocol)
        self._far = self._near = -1

    async def __aenter__(self) -> Self:
        self.plug_in()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.unplug()

    @property
    def lines(self) -> tuple[str, str]:
        """What the buyer reads. Raises: UnknownDisplayBytes."""
        if self._glass.broken:
            raise UnknownDisplayBytes(self._glass.broken)
        return self._glass.lines

    @property
    def has_cursor(self) -> bool:
        """Whether a cursor blinks."""
        return self._glass.has_cursor

    def plug_in(self) -> None:
        """Appear at `path`, dark. Call it inside the loop."""
        assert self._far < 0, "plugged in already"
        self._glass = Glass(self._protocol)
        self._far, self._near = os.openpty()
        os.set_blocking(self._far, False)
        self.path.unlink(missing_ok=True)
        self.path.symlink_to(os.ttyname(self._near))
        self.unblock()

    def unplug(self) -> None:
        """Pull the cable."""
        if self._far < 0:
            return
        self.block()
        os.close(self._far)
        os.close(self._near)
        self._far = self._near = -1
        self.path.unlink(missing_ok=True)

    def block(self) -> None:
        """Take no more bytes. The kernel still takes a few thousand."""
        asyncio.get_running_loop().remove_reader(self._far)

    def unblock(self) -> None:
        """Go on with what waits."""
        asyncio.get_running_loop().add_reader(self._far, self._readable)

    def _readable(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._glass.feed(os.read(self._far, READ_BYTES_MAX))
