"""A serial port, on the board or in a USB adapter, that says how many bytes left it.

Rules:
- pyserial opens and configures the port; then bytes move as in `drivers.byte_port`. (Its own `write` spins, blocks for
  ever, or does not say how much went out.)
- RTS/CTS and XON/XOFF are the kernel's. DTR/DSR Linux does not do: here bytes go in small pieces, each only while DSR is
  on and the kernel holds next to nothing, so that what is still under way when DSR drops fits into a printer's reserve.
- A line without modem lines (a pseudo terminal) holds nobody up.
- The port is ours alone, also against programs that do not ask; what they set all the same is set back before each slip.
- Closing throws away what the kernel still holds, for a close that waits for a printer without paper would stop
  the loop.

Untried: modem lines of real adapters. A pseudo terminal has none: tests hand in a line of their own, and the lab tries them on an
emulated chip behind the real `ftdi_sio`.

Source: Linux `tty_ioctl(4)`. Edge: neither OSError, SerialException nor termios.error leaves.

Must not know: what the bytes mean.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct
import termios
from typing import TYPE_CHECKING, Any

from drivers.byte_port import QUEUED_READS_MAX, WRITE_BYTES_MAX, BytePort
from drivers.errors import PortNotOpened
from drivers.flow import Flow

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["QUEUED_READS_MAX", "Flow", "SerialPort", "open_serial_port"]

_IFLAG = 0
_PTY_MAJORS = range(136, 144)
"""The kernel's numbers for the near ends of pseudo terminals (`UNIX98_PTY_SLAVE_MAJOR`)."""
PIECE_BYTES = 64
"""Handed over at once under DTR/DSR; printers keep 128 or 256 bytes free when they let DTR drop."""


def open_serial_port(path: Path, *, baud: int, flow: Flow = Flow.NONE) -> SerialPort:
    """Open a port for us alone, 8N1. Nothing is read before `async with`.

    Raises: PortNotOpened.
    """
    import serial  # noqa: PLC0415 -- a till may have no serial port

    try:
        opened = serial.Serial(
            str(path),
            baudrate=baud,
            timeout=0,
            rtscts=flow is Flow.RTS_CTS,
            xonxoff=flow is Flow.XON_XOFF,
            exclusive=True,
        )
        # The duplicate keeps settings, lock and non-blocking mode; pyserial's object is not needed any more.
        with opened:
            _harden(opened.fileno())
            fd = fcntl.fcntl(opened.fileno(), fcntl.F_DUPFD_CLOEXEC, 0)
    except (OSError, ValueError, OverflowError, termios.error) as error:
        raise PortNotOpened(f"{path}: {error}") from error
    return SerialPort(fd, name=str(path), flow=flow)


def _harden(fd: int) -> None:
    """What pyserial leaves open: it lets the kernel put XOFF bytes of its own among ours, and locks out the polite only."""
    settings = termios.tcgetattr(fd)
    settings[_IFLAG] &= ~termios.IXOFF
    termios.tcsetattr(fd, termios.TCSANOW, settings)
    # A pseudo terminal outlives us at its other end, and would stay locked.
    if os.major(os.fstat(fd).st_rdev) not in _PTY_MAJORS:
        fcntl.ioctl(fd, termios.TIOCEXCL)


def dsr_of(fd: int) -> bool | None:
    """Whether the far side is on and ready, by its DSR line; None where there are no modem lines."""
    try:
        answer = fcntl.ioctl(fd, termios.TIOCMGET, bytes(4))
    except OSError:
        return None
    lines: int = struct.unpack("@i", answer)[0]
    return bool(lines & termios.TIOCM_DSR)


def _settings_of(fd: int) -> list[Any] | None:
    try:
        return termios.tcgetattr(fd)
    except (OSError, termios.error):
        return None  # no tty, or gone: the next read says so


class SerialPort(BytePort):
    """An open tty, or anything else that reads and writes as one."""

    def __init__(
        self, fd: int, *, name: str, flow: Flow = Flow.NONE, dsr: Callable[[int], bool | None] = dsr_of
    ) -> None:
        """Take over `fd`, which is open, configured and non-blocking. `dsr` reads its DSR line."""
        super().__init__(fd, name=name)
        self._settings = _settings_of(fd)
        self._waits_for_dsr = flow is Flow.DTR_DSR
        self._dsr = dsr
        self._was_on = dsr(fd)
        # Some adapters filter XOFF and stop nothing, and DSR says nothing where it is not wired.
        self.holds_back = flow is Flow.RTS_CTS or (self._waits_for_dsr and self._was_on is not None)

    def restore(self) -> None:
        """See `BytePort`: another program that listed the ports may have set another speed."""
        super().restore()
        if self._settings is not None and _settings_of(self._fd) not in (self._settings, None):
            with contextlib.suppress(OSError, termios.error):
                termios.tcsetattr(self._fd, termios.TCSANOW, self._settings)

    def power_was_cut(self) -> bool:
        """Whether DSR came on since the last call: the printer, or the cable, was away.

        A printer that uses the line for flow control, or whose cable does not have it, tells nothing by it.
        """
        if self._waits_for_dsr or self._fd < 0:
            return False
        before, self._was_on = self._was_on, self._dsr(self._fd)
        return before is False and self._was_on is True

    def _bytes_at_once(self) -> int:
        if not self._waits_for_dsr or self._fd < 0:
            return WRITE_BYTES_MAX
        may_go = self._dsr(self._fd) is not False and self._held_bytes() <= PIECE_BYTES // 2
        return PIECE_BYTES if may_go else 0

    def _held_bytes(self) -> int:
        """See `BytePort`. A pseudo terminal does not count them and says 0."""
        self._check(sent=0)
        try:
            answer = fcntl.ioctl(self._fd, termios.TIOCOUTQ, bytes(4))
        except OSError:
            return 0  # a port that does not say
        held: int = struct.unpack("@i", answer)[0]
        return held

    def _before_close(self) -> None:
        with contextlib.suppress(OSError, termios.error):
            termios.tcflush(self._fd, termios.TCOFLUSH)
