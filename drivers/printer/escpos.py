"""ESC/POS commands: what a strip of paper, a cut and a beep are in bytes.

Rules: raster only, never text, so no printed word can be a command. Blank rows are fed, not sent. A strip is sent
in bands of at most 24 rows, each without the white byte columns at its right: paper moves early, and a band that
was interrupted is soon completed (see RESYNC). A new band begins where its header is shorter than the white that a
row would bring into the old one.

| bytes | command | parameters |
| --- | --- | --- |
| `1B 40` | ESC @, initialize | |
| `1D 76 30 00 xL xH yL yH d...` | GS v 0, raster | x bytes a row, y rows, x * y bytes: MSB left, 1 black |
| `1B 4A n` | ESC J, feed | n rows of 1/203 inch, 0-255 |
| `1D 56 42 n` | GS V 66, feed to the cutter and n rows, cut | n 0-255 |
| `1B 42 n t` | ESC B, buzzer | n times, 1-9; t x 50 ms each, 1-9 |

Two black dots at the left of two rows, then five blank rows: `1D 76 30 00 01 00 02 00 C0 C0  1B 4A 05`.

Source: Epson ESC/POS Application Programming Guide; ESC B as in the manuals of the common 58 mm printers.

Must not know: ports, what is drawn.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drivers.printer.strip import Strip

INITIALIZE = b"\x1b@"
BAND_ROWS_MAX = 24
RASTER_HEADER_BYTES = 8


def resync(*, width_dots: int) -> bytes:
    """Return bytes that end whatever command a printer may be in the middle of: blank rows at most, no ink.

    A printer that was cut off inside a band takes the next bytes for dots, also those of the next command; a
    printer that waits for a command ignores NUL. So: as many NULs as the largest band has bytes, then ESC @.
    """
    return bytes(RASTER_HEADER_BYTES + BAND_ROWS_MAX * width_dots // 8) + INITIALIZE


def strip_commands(strip: Strip) -> Iterator[bytes]:
    """Yield whole commands that print `strip` and move the paper by its height."""
    row_bytes = strip.width_dots // 8
    rows = (strip.data[at : at + row_bytes].rstrip(b"\0") for at in range(0, len(strip.data), row_bytes))
    for inked, run in groupby(rows, key=bool):
        if inked:
            yield from _bands(list(run))
        else:
            yield from feed_commands(sum(1 for _ in run))


def _bands(rows: list[bytes]) -> Iterator[bytes]:
    start = row_bytes = 0
    for at, row in enumerate(rows):
        wider_bytes = max(row_bytes, len(row))
        white_bytes = (wider_bytes - row_bytes) * (at - start) + wider_bytes - len(row)
        if at - start == BAND_ROWS_MAX or white_bytes > RASTER_HEADER_BYTES:
            yield raster_command(rows[start:at])
            start, wider_bytes = at, len(row)
        row_bytes = wider_bytes
    yield raster_command(rows[start:])


def raster_command(rows: list[bytes]) -> bytes:
    """Return GS v 0 for `rows` of packed dots, filled up with white to the longest of them."""
    row_bytes = max(map(len, rows))
    assert 0 < row_bytes <= 0xFFFF
    assert 0 < len(rows) <= BAND_ROWS_MAX
    size = row_bytes.to_bytes(2, "little") + len(rows).to_bytes(2, "little")
    return b"\x1dv0\0" + size + b"".join(row.ljust(row_bytes, b"\0") for row in rows)


def feed_commands(dots: int) -> Iterator[bytes]:
    """Yield commands that move the paper by `dots` rows (0 or more)."""
    while dots > 0:
        step = min(dots, 0xFF)
        yield bytes((0x1B, 0x4A, step))
        dots -= step


def cut_command() -> bytes:
    """Return the command that feeds to the cutter and cuts. Only for printers that have one."""
    return b"\x1dVB\0"


def buzzer_command(*, times: int, length: int) -> bytes:
    """Return the command for `times` (1-9) beeps of `length` (1-9) x 50 ms."""
    assert 1 <= times <= 9
    assert 1 <= length <= 9
    return bytes((0x1B, 0x42, times, length))
