"""ESC/POS: the bytes that print a part of a slip, cut, beep, and bring a printer back to where commands begin.

Rules:
- No printed text can be a command: dots are counted, and a line of text is codes 20h-7Eh, of letters that were loaded
  before or of the printer's own Latin letters and digits.
- The shortest form that the printer's profile allows is sent (`drivers.printer.bands`); blank rows are fed.
- Nothing is left set that a command after it would have to know: a part that sets bold, size, margin or alignment takes
  it back in the same write.
- Of what a printer remembers only its units and the loaded letters count, and whether these are in use. `Encoder` knows
  it, and tells it again when it may be forgotten.

| bytes | command | parameters |
| --- | --- | --- |
| `1B 40` | ESC @, initialize: forgets loaded letters | |
| `1D 50 x y` | GS P, units | of 1/x and 1/y inch |
| `1D 76 30 00 xL xH yL yH d...` | GS v 0, rows | x bytes a row, y rows: MSB left, 1 black |
| `1D 4C nL nH` | GS L, left margin | dots |
| `1B 24 nL nH` | ESC $, place in the line | dots |
| `1B 2A m nL nH d...` | ESC *, columns of 24 dots | m 33: a dot wide, 32: two; n columns of 3 bytes, MSB on top |
| `1B 4A n` | ESC J, print the line and feed | n rows, 0-255; at least 24 after columns or text |
| `1B 26 03 a b (x d...)...` | ESC &, load letters a-b | x columns of 3 bytes each |
| `1B 25 n` | ESC %, use loaded letters | n 1 or 0 |
| `1B 45 n`, `1D 21 n` | ESC E bold, GS ! size | n 1 or 0; 01 high, 10 wide |
| `1D 28 6B pL pH 31 f ...` | GS ( k, QR | f 41 model, 43 dots a module, 45 level, 50 data, 51 print |
| `1B 61 n` | ESC a, alignment | 0 left, 1 center |
| `1D 56 42 n` | GS V 66, feed to the cutter and n rows, cut | n 0-255 |
| `1B 42 n t` | ESC B, buzzer | n times, 1-9; t x 50 ms each, 1-9 |

Two black dots at the left of two rows, then five blank rows: `1D 76 30 00 01 00 02 00 C0 C0  1B 4A 05`.

Source: Epson ESC/POS Application Programming Guide; ESC B as in the manuals of the common 58 mm printers.

Must not know: ports, what is drawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from drivers.printer import bands
from drivers.printer.letters import NEUTRAL, LoadedLetters
from drivers.printer.profiles import Raster
from drivers.printer.strip import QrSymbol, Strip, TextLine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drivers.printer.profiles import PrinterProfile
    from drivers.printer.strip import Cell, Part

INITIALIZE = b"\x1b@"
FEED_ROWS_MAX = 0xFF
QR_LEVELS: Final = {"l": 0x30, "m": 0x31, "q": 0x32, "h": 0x33}
QR_DATA_HEADER_BYTES = 8
_COLUMN_MODES: Final = {1: 33, 2: 32}
_UNIT_MAX = 0xFF
NEUTRAL_SIGNS: Final = frozenset(NEUTRAL)


class Encoder:
    """Turns the parts of slips into bytes for one printer. Owner: whoever sends them, in order."""

    def __init__(self, profile: PrinterProfile) -> None:
        self.profile = profile
        self._letters = LoadedLetters()
        self._units_told = False
        self._forms = bands.Forms(
            rows=Raster.GS_V_0 in profile.raster,
            rows_max=profile.band_rows_max,
            margins=Raster.GS_L in profile.raster,
            columns=Raster.ESC_STAR_24 in profile.raster,
        )

    def wake(self) -> bytes:
        """Return `resync` for this printer, which forgets its letters by it."""
        self.forget()
        self._units_told = True
        return resync(self.profile)

    def forget(self) -> None:
        """Tell the printer its units and letters again: it may have been switched off."""
        self._letters.forget()
        self._units_told = False

    def commands(self, part: Part) -> Iterator[bytes]:
        """Yield whole commands that print `part` and move the paper by its height.

        Take one, send it, then take the next: what it loads counts as loaded from then on.
        """
        if not self._units_told and (units := _units(self.profile)):
            yield units
        self._units_told = True
        match part:
            case Strip():
                yield from map(_band_command, bands.bands_of(part, self._forms))
            case TextLine():
                self._letters.use(part.cells)
                # What was loaded may have been forgotten while this generator waited.
                while missing := self._letters.missing(part.cells):
                    for code, cell in missing:
                        self._letters.load(code, cell)
                        yield load_command(code, cell)
                yield _text_command(part, self._letters)
            case QrSymbol():
                yield qr_command(part)
            case _:
                assert_never(part)


def longest_command_bytes(profile: PrinterProfile) -> int:
    """How many bytes a command may have for this printer, so that `resync` covers it."""
    return max(
        bands.ROWS_HEADER_BYTES + profile.band_rows_max * profile.row_bytes,
        bands.COLUMNS_HEADER_BYTES + bands.COLUMN_BYTES * profile.width_dots,
    )


def qr_text_characters_max(profile: PrinterProfile) -> int:
    """How long the text of a printer's own QR symbol may be, so that `resync` covers it."""
    return longest_command_bytes(profile) - QR_DATA_HEADER_BYTES


def resync(profile: PrinterProfile) -> bytes:
    """Return bytes that end whatever command a printer may be in the middle of: blank rows at most, no ink.

    A printer that was cut off inside a band takes the next bytes for dots, also those of the next command; a
    printer that waits for a command ignores NUL. So: as many NULs as the longest command has bytes, then ESC @.
    """
    return bytes(longest_command_bytes(profile)) + INITIALIZE + _units(profile)


def _units(profile: PrinterProfile) -> bytes:
    """One unit is one dot: some printers feed by half dots else."""
    if not profile.sets_feed_unit:
        return b""
    assert profile.dots_per_inch <= _UNIT_MAX, "GS P takes no finer unit"
    return bytes((0x1D, 0x50, profile.dots_per_inch, profile.dots_per_inch))


def _band_command(band: bands.Band) -> bytes:
    match band:
        case bands.Feed(rows):
            return b"".join(feed_commands(rows))
        case bands.Rows(0, rows):
            return raster_command(rows)
        case bands.Rows(left_bytes, rows):
            return _margin(left_bytes * 8) + raster_command(rows) + _margin(0)
        case bands.Columns(dot_width, spans):
            columns = (_place(span.left_dots) + _columns(span.columns, dot_width) for span in spans)
            return b"".join(columns) + _feed(bands.COLUMN_ROWS)
        case _:
            assert_never(band)


def raster_command(rows: tuple[bytes, ...]) -> bytes:
    """Return GS v 0 for `rows` of packed dots, all of one length."""
    row_bytes = len(rows[0])
    assert 0 < row_bytes <= 0xFFFF
    assert {len(row) for row in rows} == {row_bytes}
    return b"\x1dv0\0" + row_bytes.to_bytes(2, "little") + len(rows).to_bytes(2, "little") + b"".join(rows)


def _margin(dots: int) -> bytes:
    return b"\x1dL" + dots.to_bytes(2, "little")


def _place(dots: int) -> bytes:
    return b"\x1b$" + dots.to_bytes(2, "little") if dots else b""


def _columns(columns: bytes, dot_width: int) -> bytes:
    count = len(columns) // bands.COLUMN_BYTES
    return bytes((0x1B, 0x2A, _COLUMN_MODES[dot_width])) + count.to_bytes(2, "little") + columns


def _feed(rows: int) -> bytes:
    return bytes((0x1B, 0x4A, rows))


def feed_commands(dots: int) -> Iterator[bytes]:
    """Yield commands that move the paper by `dots` rows (0 or more)."""
    while dots > 0:
        step = min(dots, FEED_ROWS_MAX)
        yield _feed(step)
        dots -= step


def load_command(code: int, cell: Cell) -> bytes:
    """Return ESC & for one letter. What is white at its right is not sent."""
    columns = cell.columns.rstrip(b"\0")
    count = -(-len(columns) // bands.COLUMN_BYTES)
    return bytes((0x1B, 0x26, bands.COLUMN_BYTES, code, code, count)) + columns.ljust(
        count * bands.COLUMN_BYTES, b"\0"
    )


def _text_command(line: TextLine, letters: LoadedLetters) -> bytes:
    size = (line.cell_width - 1) << 4 | (line.cell_height - 1)
    style = bytes((0x1B, 0x45, 1)) * line.bold + bytes((0x1D, 0x21, size)) * bool(size)
    plain = bytes((0x1B, 0x45, 0)) * line.bold + bytes((0x1D, 0x21, 0)) * bool(size)
    return style + _runs(line, letters) + _feed(line.height) + plain


def _runs(line: TextLine, letters: LoadedLetters) -> bytes:
    data = bytearray()
    for run in line.runs:
        data += _place(run.left_dots)
        for cell in run.cells:
            wanted = bool(cell.columns)
            if wanted is not letters.in_use and (wanted or cell.home not in NEUTRAL_SIGNS):
                data += bytes((0x1B, 0x25, wanted))
                letters.in_use = wanted
            data.append(letters.code_of(cell))
    return bytes(data)


def qr_command(symbol: QrSymbol) -> bytes:
    """Return all that draws a centered symbol, without a quiet zone."""
    functions = (
        bytes((0x41, 0x32, 0)),
        bytes((0x43, symbol.module_dots)),
        bytes((0x45, QR_LEVELS[symbol.level])),
        bytes((0x50, 0x30)) + symbol.text.encode("ascii"),
        bytes((0x51, 0x30)),
    )
    return b"\x1ba\x01" + b"".join(map(_qr_function, functions)) + b"\x1ba\0"


def _qr_function(parameters: bytes) -> bytes:
    return b"\x1d(k" + (len(parameters) + 1).to_bytes(2, "little") + b"1" + parameters


def cut_command() -> bytes:
    """Return the command that feeds to the cutter and cuts. Only for printers that have one."""
    return b"\x1dVB\0"


def buzzer_command(*, times: int, length: int) -> bytes:
    """Return the command for `times` (1-9) beeps of `length` (1-9) x 50 ms."""
    assert 1 <= times <= 9
    assert 1 <= length <= 9
    return bytes((0x1B, 0x42, times, length))
