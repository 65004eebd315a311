"""The paper in a printer: reads the bytes that arrive, draws them, and remembers beeps, cuts and the drawer.

A strict emulator, written from the ESC/POS guide and not from `drivers.printer.escpos`: bytes that belong to no command,
or to one that the profile does not have, are an error that names their offset. It takes bytes as they come, and keeps
a bounded length of paper. `switch_off` makes it forget what a printer forgets.

| bytes | what it does |
| --- | --- |
| `1B 40` | nothing is left over from earlier: no line, no margin, no user-defined characters |
| `1B 4A n` | prints the line that was gathered, if any, and moves by n units |
| `1B 24 nL nH` | next place in the line, in dots |
| `1B 2A m nL nH d...`, m 32 or 33 | gathers n columns of 24 dots, of double (32) or single (33) width |
| `20` ... `7E` | gathers a character, where the profile has a text mode |
| `1B 26 03 a b (x d...)...` | defines the characters a to b, each of x columns of 3 bytes |
| `1B 25 n`, `1B 3F n` | uses user-defined characters (bit 0), forgets one |
| `1B 45 n`, `1D 21 n` | bold (bit 0); so many times as wide (bits 4-6) and as high (bits 0-2), less one |
| `1B 61 n` | where a QR symbol stands: 0 left, 1 center, 2 right |
| `1B 42 n t` | beeps n times, t x 50 ms each |
| `1B 70 m t1 t2` | kicks the drawer |
| `1D 4C nL nH` | left margin in dots |
| `1D 50 x y` | units of 1/x and 1/y inch; 0 for the printer's own, which are half a dot down the paper |
| `1D 76 30 00 xL xH yL yH d...` | prints y rows of x bytes, each as soon as it is whole |
| `1D 28 6B pL pH 31 f ...` | QR: 41 model, 43 module, 45 level, 50 data, 51 print |
| `1D 56 m`, m 0, 1, 48, 49; `1D 56 m n`, m 65, 66 | cuts, if there is a cutter |
| `1D 72 n`, `1D 61 n`, `1D 28 48 06 00 30 30 d...` | asks for an answer in its turn: `asked` is called with the bytes |
| `10 04 n` | asks for an answer at once: whoever owns the port gave it, here it is passed over |
| `00 ...` then `1B 40` | what a host sends to end a command that was cut off; NUL anywhere else is an error |

Source: Epson ESC/POS Application Programming Guide; ESC B as in the manuals of the common 58 mm printers.
Must not know: `drivers.printer.escpos`, `drivers.printer.text_mode`.
"""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Final

from PIL import Image

from drivers.errors import UnknownPrinterBytes
from drivers.printer.profiles import Answer, Raster, TextMode
from drivers.simulated.line_buffer import CELL_DOTS, CELL_ROWS, CODES, COLUMN_BYTES, LineBuffer
from drivers.simulated.qr_printer import QrPrinter

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from drivers.printer.profiles import PrinterProfile

    Parser = Generator[int, bytes, None]

ROWS_MAX = 24_000
"""Three meters of paper at 8 rows a millimeter. What is longer loses its beginning."""
BEEPS_MAX = 1_000
TIMES_MAX = 8
"""How many times as wide and as high a character can be."""

_NUL, _DLE, _ESC, _GS = b"\0", b"\x10", b"\x1b", b"\x1d"
_FEED_AND_CUT = (65, 66)
_CUTS = (0, 1, 48, 49, *_FEED_AND_CUT)
_COLUMN_MODES: Final = {32: 2, 33: 1}
"""Of ESC *: how wide a dot is."""


class Paper:
    """One printer's paper. Owner: whoever feeds it."""

    def __init__(self, profile: PrinterProfile, *, rows_max: int = ROWS_MAX) -> None:
        self._profile = profile
        self._row_bytes = profile.width_dots // 8
        self._rows: deque[bytes] = deque(maxlen=rows_max)
        self._beeps: deque[tuple[int, int]] = deque(maxlen=BEEPS_MAX)
        self._error: UnknownPrinterBytes | None = None
        self._offset = self._begun_at = 0
        self.bytes_taken = 0
        self.rows_lost = 0
        self.cuts = 0
        self.drawer_kicks = 0
        self.moved_at: int | None = None
        """How many bytes had come when the paper first moved since it was last torn off."""
        self.asked: Callable[[bytes], None] | None = None
        """Called with each command that wants an answer in its turn."""
        self.switch_off()

    def switch_off(self) -> None:
        """Forget all but the paper: half a command, the line, and every character that was defined."""
        self._buffer = bytearray()
        self._initialize()
        self._parser = self._parse()
        self._wanted = next(self._parser)

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

    def _initialize(self) -> None:
        self._line = LineBuffer(self._profile.width_dots)
        self._qr = QrPrinter()
        self._justified = 0
        self._units_a_row = 2 if self._profile.sets_feed_unit else 1

    def _unknown(self, *seen: bytes) -> UnknownPrinterBytes:
        return UnknownPrinterBytes(f"{b''.join(seen).hex(' ')} is no command here", offset=self._begun_at)

    def _parse(self) -> Parser:
        commands = {_ESC: self._parse_esc, _GS: self._parse_gs, _DLE: self._parse_dle}
        while True:
            first = yield 1
            self._begun_at = self._offset - 1
            if first == _NUL:
                yield from self._skip_cut_off()
            elif first in commands:
                yield from commands[first]()
            elif first[0] in CODES and self._has_text:
                self._gather(partial(self._line.put_character, first[0]))
            else:
                raise self._unknown(first)

    @property
    def _has_text(self) -> bool:
        return self._profile.text_mode is TextMode.ESC_AMPERSAND

    def _parse_esc(self) -> Parser:
        command = yield 1
        if command == b"@":
            self._initialize()
        elif command == b"J":
            self._move((yield 1)[0])
        elif command == b"B":
            yield from self._parse_buzzer()
        elif command == b"$":
            self._line.place_dots = int.from_bytes((yield 2), "little")
        elif command == b"*" and Raster.ESC_STAR_24 in self._profile.raster:
            yield from self._parse_columns()
        elif command == b"p" and self._profile.has_drawer:
            yield 3
            self.drawer_kicks += 1
        elif command == b"a":
            yield from self._parse_justification()
        elif command in (b"&", b"%", b"?", b"E") and self._has_text:
            yield from self._parse_text_mode(command)
        elif command == _NUL:
            yield from self._skip_cut_off()
        else:
            raise self._unknown(_ESC, command)

    def _parse_buzzer(self) -> Parser:
        times, length = yield 2
        if 1 <= times <= 9 and 1 <= length <= 9:
            self._beeps.append((times, length))
        else:
            yield from self._skip_cut_off()

    def _parse_justification(self) -> Parser:
        where = yield 1
        if where[0] > 2 or not self._line.is_empty:
            raise self._unknown(_ESC, b"a", where)
        self._justified = where[0]

    def _parse_columns(self) -> Parser:
        mode = yield 1
        if mode == _NUL:
            yield from self._skip_cut_off()
            return
        size = yield 2
        if mode[0] not in _COLUMN_MODES:
            raise self._unknown(_ESC, b"*", mode, size)
        if columns := int.from_bytes(size, "little"):
            data = yield columns * COLUMN_BYTES
            self._gather(partial(self._line.put_columns, data, dot_width=_COLUMN_MODES[mode[0]]))

    def _parse_text_mode(self, command: bytes) -> Parser:
        if command == b"&":
            yield from self._parse_definitions()
        elif command == b"%":
            self._line.user_defined = bool((yield 1)[0] & 1)
        elif command == b"?":
            self._line.undefine((yield 1)[0])
        else:
            self._line.bold = bool((yield 1)[0] & 1)

    def _parse_definitions(self) -> Parser:
        head = yield 3
        height_bytes, first, last = head
        if 0 in head:
            yield from self._skip_cut_off()
            return
        if height_bytes != COLUMN_BYTES or not CODES.start <= first <= last < CODES.stop:
            raise self._unknown(_ESC, b"&", head)
        for code in range(first, last + 1):
            width = yield 1
            if width[0] > CELL_DOTS:
                raise self._unknown(_ESC, b"&", head, width)
            self._line.define(code, (yield width[0] * COLUMN_BYTES) if width[0] else b"")

    def _parse_gs(self) -> Parser:
        command = yield 1
        if command == b"V":
            yield from self._parse_cut()
        elif command == b"v" and Raster.GS_V_0 in self._profile.raster:
            yield from self._parse_raster()
        elif command == b"!" and self._has_text:
            yield from self._parse_size()
        elif command == b"L" and Raster.GS_L in self._profile.raster:
            yield from self._parse_margin()
        elif command == b"P" and self._profile.sets_feed_unit:
            yield from self._parse_units()
        elif command == b"(":
            yield from self._parse_gs_paren()
        elif command in (b"r", b"a"):
            yield from self._parse_question(command)
        elif command == _NUL:
            yield from self._skip_cut_off()
        else:
            raise self._unknown(_GS, command)

    def _parse_cut(self) -> Parser:
        how = (yield 1)[0]
        if how not in _CUTS or not self._profile.has_cutter or not self._line.is_empty:
            raise self._unknown(_GS, b"V", bytes([how]))
        if how in _FEED_AND_CUT:
            self._move((yield 1)[0])
        self.cuts += 1

    def _parse_size(self) -> Parser:
        size = yield 1
        wide, high = divmod(size[0], 16)
        if wide >= TIMES_MAX or high >= TIMES_MAX:
            raise self._unknown(_GS, b"!", size)
        self._line.wide, self._line.high = wide + 1, high + 1

    def _parse_margin(self) -> Parser:
        dots = yield 2
        if not self._line.is_empty:
            raise self._unknown(_GS, b"L", dots)
        self._line.margin_dots = int.from_bytes(dots, "little")

    def _parse_units(self) -> Parser:
        units = yield 2
        dots_per_inch = self._profile.dots_per_inch
        if units[0] not in (0, dots_per_inch) or units[1] not in (0, dots_per_inch):
            raise self._unknown(_GS, b"P", units)
        self._units_a_row = 1 if units[1] else 2

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
        margin = self._line.margin_dots
        if margin + row_bytes * 8 > self._profile.width_dots or not self._line.is_empty:
            raise self._unknown(_GS, b"v0", mode, size)
        if not row_bytes or not rows:
            yield from self._skip_cut_off()
            return
        for _ in range(rows):
            dots = yield row_bytes
            shift = self._profile.width_dots - margin - row_bytes * 8
            self._print((int.from_bytes(dots, "big") << shift).to_bytes(self._row_bytes, "big"))

    def _parse_gs_paren(self) -> Parser:
        command = yield 1
        if command == _NUL:
            yield from self._skip_cut_off()
            return
        length = int.from_bytes((yield 2), "little")
        if not length:
            yield from self._skip_cut_off()
            return
        data = yield length
        if command == b"k" and self._profile.has_native_qr:
            if not self._qr.take(data):
                raise self._unknown(_GS, b"(k", data)
            if self._qr.is_due:
                self._print_qr()
        elif command == b"H" and Answer.GS_PAREN_H in self._profile.answers:
            self._ask(_GS + b"(H" + length.to_bytes(2, "little") + data)
        else:
            raise self._unknown(_GS, b"(", command)

    def _print_qr(self) -> None:
        width_dots = self._profile.width_dots
        matrix = self._qr.draw()
        left = (width_dots - matrix.width) * self._justified // 2
        if left < 0 or not self._line.is_empty:
            raise self._unknown(_GS, b"(k")
        picture = Image.new("1", (width_dots, matrix.height), 0)
        picture.paste(matrix, (left, 0))
        data = picture.tobytes()
        for at in range(0, len(data), self._row_bytes):
            self._print(data[at : at + self._row_bytes])

    def _parse_question(self, command: bytes) -> Parser:
        what = yield 1
        needed = Answer.GS_R if command == b"r" else Answer.GS_A
        if needed not in self._profile.answers:
            raise self._unknown(_GS, command, what)
        self._ask(_GS + command + what)

    def _ask(self, question: bytes) -> None:
        if self.asked is not None:
            self.asked(question)

    def _parse_dle(self) -> Parser:
        command = yield 1
        if command == _NUL:
            yield from self._skip_cut_off()
            return
        which = yield 1
        if command != b"\x04" or Answer.DLE_EOT not in self._profile.answers or which[0] > 4:
            raise self._unknown(_DLE, command, which)

    def _skip_cut_off(self) -> Parser:
        while (byte := (yield 1)) == _NUL:
            pass
        self._begun_at = self._offset - 1
        if byte != _ESC or (byte := (yield 1)) != b"@":
            raise self._unknown(byte)
        self._initialize()

    def _gather(self, put: Callable[[], None]) -> None:
        try:
            put()
        except OverflowError as error:
            raise UnknownPrinterBytes(f"beyond the line: {error}", offset=self._begun_at) from None

    def _move(self, units: int) -> None:
        printed = self._line.take_rows()
        rows = units // self._units_a_row
        if printed and 0 < rows < CELL_ROWS:
            raise self._unknown(_ESC, b"J", bytes([units]))
        for row in printed:
            self._print(row)
        for _ in range(rows - len(printed)):
            self._print(b"")

    def _print(self, dots: bytes) -> None:
        self.rows_lost += len(self._rows) == self._rows.maxlen
        self._rows.append(dots.ljust(self._row_bytes, b"\0"))
        if self.moved_at is None:
            self.moved_at = self._offset
