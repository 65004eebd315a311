"""The paper in a printer: reads the bytes that arrive, draws them, and remembers beeps and cuts.

A strict emulator, written from the ESC/POS guide and not from `drivers.printer.escpos`: bytes that belong to no command are
an error that names their offset. It takes bytes as they come, and keeps a bounded length of paper.

| bytes | what it does |
| --- | --- |
| `1B 40` | nothing is left over from earlier |
| `1B 4A n` | moves by n rows |
| `1B 42 n t` | beeps n times, t x 50 ms each |
| `1D 76 30 00 xL xH yL yH d...` | prints y rows of x bytes, each as soon as it is whole |
| `1D 56 m`, m 0, 1, 48, 49; `1D 56 m n`, m 65, 66 | cuts, if there is a cutter |
| `00 ...` then `1B 40` | what a host sends to end a command that was cut off; NUL anywhere else is an error |

Source: Epson ESC/POS Application Programming Guide (GS v 0, ESC J, GS V, ESC @); ESC B as in the manuals of the
common 58 mm printers.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from PIL import Image

from drivers.errors import DriverError

if TYPE_CHECKING:
    from collections.abc import Generator

    from drivers.printer.profiles import PrinterProfile

    Parser = Generator[int, bytes, None]

ROWS_MAX = 24_000
"""Three meters of paper at 8 rows a millimeter. What is longer loses its beginning."""
BEEPS_MAX = 1_000

_NUL, _ESC, _GS = b"\0", b"\x1b", b"\x1d"


class UnknownPrinterBytes(DriverError):
    """Bytes that are in no command. `offset` counts from the first byte ever fed."""

    def __init__(self, what: str, *, offset: int) -> None:
        super().__init__(f"byte {offset}: {what}")
        self.offset = offset


class Paper:
    """One printer's paper. Owner: whoever feeds it."""

    def __init__(self, profile: PrinterProfile, *, rows_max: int = ROWS_MAX) -> None:
        self._row_bytes = profile.width_dots // 8
        self._has_cutter = profile.has_cutter
        self._rows: deque[bytes] = deque(maxlen=rows_max)
        self._beeps: deque[tuple[int, int]] = deque(maxlen=BEEPS_MAX)
        self._buffer = bytearray()
        self._error: UnknownPrinterBytes | None = None
        self._parser = self._parse()
        self._wanted = next(self._parser)
        self._offset = 0
        self.bytes_taken = 0
        self.rows_lost = 0
        self.cuts = 0
        self.moved_at: int | None = None
        """How many bytes had come when the paper first moved since it was last torn off."""

    def feed(self, data: bytes) -> None:
        """Take the next bytes, however they are cut. Raises: UnknownPrinterBytes, then and ever after."""
        if self._error is not None:
            raise self._error
        self._buffer += data
        self.bytes_taken += len(data)
        try:
            while len(self._buffer) >= self._wanted:
                piece = bytes(self._buffer[: self._wanted])
                del self._buffer[: self._wanted]
                self._offset += len(piece)
                self._wanted = self._parser.send(piece)
        except UnknownPrinterBytes as error:
            self._error = error
            raise

    @property
    def rows_printed(self) -> int:
        """Rows since the paper was last torn off."""
        return len(self._rows)

    def tear_off(self) -> Image.Image:
        """Return what came out since the last time: mode "1", black on white, as wide as the paper.

        Raises: UnknownPrinterBytes if the printer had met any.
        """
        if self._error is not None:
            raise self._error
        size = (self._row_bytes * 8, len(self._rows))
        picture = Image.frombytes("1", size, b"".join(self._rows), "raw", "1;I")
        self._rows.clear()
        self.moved_at = None
        return picture

    def take_beeps(self) -> list[tuple[int, int]]:
        """Return (times, length x 50 ms) of each beep since the last call."""
        beeps = list(self._beeps)
        self._beeps.clear()
        return beeps

    def _unknown(self, *seen: bytes) -> UnknownPrinterBytes:
        met = b"".join(seen)
        return UnknownPrinterBytes(f"{met.hex(' ')} is no command", offset=self._offset - len(met))

    def _parse(self) -> Parser:
        commands = {_ESC: self._parse_esc, _GS: self._parse_gs}
        while True:
            first = yield 1
            if first == _NUL:
                yield from self._skip_cut_off()
            elif first in commands:
                yield from commands[first]()
            else:
                raise self._unknown(first)

    def _parse_esc(self) -> Parser:
        command = yield 1
        if command == b"J":
            self._move((yield 1)[0])
        elif command == b"B":
            times, length = yield 2
            if 1 <= times <= 9 and 1 <= length <= 9:
                self._beeps.append((times, length))
            else:
                yield from self._skip_cut_off()
        elif command == _NUL:
            yield from self._skip_cut_off()
        elif command != b"@":
            raise self._unknown(_ESC, command)

    def _parse_gs(self) -> Parser:
        command = yield 1
        if command == b"V":
            yield from self._parse_cut()
        elif command == b"v":
            yield from self._parse_raster()
        elif command == _NUL:
            yield from self._skip_cut_off()
        else:
            raise self._unknown(_GS, command)

    def _parse_cut(self) -> Parser:
        how = (yield 1)[0]
        if how not in (0, 1, 48, 49, 65, 66) or not self._has_cutter:
            raise self._unknown(_GS, b"V", bytes([how]))
        if how in (65, 66):
            self._move((yield 1)[0])
        self.cuts += 1

    def _parse_raster(self) -> Parser:
        kind = yield 1
        if kind == _NUL:
            yield from self._skip_cut_off()
            return
        mode = yield 1
        if (kind, mode) != (b"0", _NUL):
            raise self._unknown(_GS, b"v", kind, mode)
        size = yield 4
        row_bytes, rows = int.from_bytes(size[:2], "little"), int.from_bytes(size[2:], "little")
        if row_bytes > self._row_bytes:
            raise self._unknown(_GS, b"v0", mode, size)
        if not row_bytes or not rows:
            yield from self._skip_cut_off()
            return
        for _ in range(rows):
            self._print((yield row_bytes))

    def _skip_cut_off(self) -> Parser:
        while (byte := (yield 1)) == _NUL:
            pass
        if byte != _ESC or (byte := (yield 1)) != b"@":
            raise self._unknown(byte)

    def _move(self, rows: int) -> None:
        for _ in range(rows):
            self._print(b"")

    def _print(self, dots: bytes) -> None:
        self.rows_lost += len(self._rows) == self._rows.maxlen
        self._rows.append(dots.ljust(self._row_bytes, b"\0"))
        if self.moved_at is None:
            self.moved_at = self._offset
