"""The two-line display on a pole, which the buyer reads: 2 x 20 characters over a serial port.

Rules:
- What is shown is always both lines whole. So a display that was plugged in late, or lost bytes, is right again with the
  next state, and nothing flickers.
- ASCII only: these displays have no Persian, and Latin digits are what they all draw alike.
- Protocols are data: what begins a display, and what stands before and after each line's 20 characters.

| protocol | begin | upper line | lower line |
| --- | --- | --- | --- |
| cd5220 | 3 CR, CLR, ESC @, ESC _ 0 | ESC Q A, 20 characters, CR | ESC Q B, 20 characters, CR |
| escpos | 3 CR, CLR, ESC @, US MD1, US C 0 | US $ 1 1, 20 characters | US $ 1 2, 20 characters |

The CRs end a command that was broken off: they are its missing parameters, or a string's end, or move a cursor.
``cd5220`` with "40", " 5" is ``1b5141`` + "40" and 18 spaces + ``0d``, then ``1b5142`` + " 5" and 18 spaces + ``0d``.

Sources: CD5220 user's manual, standard mode command list (in string mode only ESC Q and CLR are obeyed, hence CLR comes
first); Epson ESC/POS for customer displays DM-D110 (CLR, ESC @, US MD1 overwrite mode, US C cursor, US $ position).

Must not know: money, households, serial ports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

COLUMNS = 20
TAKEN_WITHIN_MS = 1_000
"""At 9600 baud both lines take 50 ms."""
STRANGE = "?"


class TwoLines(msgspec.Struct, frozen=True):
    """What the display shows. Longer lines are cut at the right."""

    upper: str = ""
    lower: str = ""


class DisplayProtocol(msgspec.Struct, frozen=True, kw_only=True):
    """How one kind of display is spoken to; see the module's table."""

    name: str
    begin: bytes
    before_upper: bytes
    before_lower: bytes
    after_line: bytes = b""


PROTOCOLS: Final = {
    protocol.name: protocol
    for protocol in (
        DisplayProtocol(
            name="cd5220", begin=b"\r\r\r\x0c\x1b@\x1b_\x00", before_upper=b"\x1bQA", before_lower=b"\x1bQB", after_line=b"\r",
        ),
        DisplayProtocol(
            name="escpos", begin=b"\r\r\r\x0c\x1b@\x1f\x01\x1fC\x00", before_upper=b"\x1f$\x01\x01", before_lower=b"\x1f$\x01\x02",
        ),
    )
}  # fmt: skip


def frame(lines: TwoLines, protocol: DisplayProtocol) -> bytes:
    """The bytes that show `lines`, whatever was shown before."""
    return b"".join(_parts(lines, protocol))


def _parts(lines: TwoLines, protocol: DisplayProtocol) -> Iterator[bytes]:
    for before, text in ((protocol.before_upper, lines.upper), (protocol.before_lower, lines.lower)):
        yield before + _in_ascii(text) + protocol.after_line


def _in_ascii(text: str) -> bytes:
    """20 characters: a control character or one that no display has must not become a command."""
    signs = (sign if sign.isascii() and sign.isprintable() else STRANGE for sign in text[:COLUMNS])
    return "".join(signs).ljust(COLUMNS).encode()


class BytePort(Protocol):
    """Where the bytes go: `drivers.serial_port.SerialPort`."""

    async def write(self, data: bytes, *, timeout_ms: int) -> int:
        """Send all of `data`. Raises: PrinterBlocked, DeviceGone."""
        ...


class LineDisplay:
    """Writes to an open port that its opener closes. One task shows."""

    def __init__(
        self, port: BytePort, protocol: DisplayProtocol, *, timeout_ms: int = TAKEN_WITHIN_MS
    ) -> None:
        self._port = port
        self._protocol = protocol
        self._timeout_ms = timeout_ms
        self._begun = False

    async def show(self, lines: TwoLines) -> None:
        """Show both lines. After an interrupted write the display is begun anew.

        Raises: PrinterBlocked, if it takes no bytes (it is held, or unpowered); DeviceGone.
        """
        begin = b"" if self._begun else self._protocol.begin
        self._begun = False
        await self._port.write(begin + frame(lines, self._protocol), timeout_ms=self._timeout_ms)
        self._begun = True
