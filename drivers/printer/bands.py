"""How the dots of a strip are cut into what a printer is told: feeds, bands of rows, bands of columns.

Rules:
- What is white at the side is not sent: rows end with their last black dot, and begin with their first where a margin
  can move them; columns leave out white gaps that are wider than the bytes that name the next place.
- A band of columns is 24 rows, always: no printer moves the paper by less after one. It never reaches beyond its strip,
  but for printers that take no rows.
- Where every dot of a band of columns is two dots wide, as in a QR symbol, each pair is sent once.
- Of all ways to cut a strip one with about the fewest bytes is taken. What a command costs is written here, once.

Must not know: command bytes, ports, what is drawn.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from drivers.printer.strip import Strip

STRIPS_KEPT_MAX = 256
"""Half of a receipt is the same on each receipt."""
COLUMN_ROWS = 24
COLUMN_BYTES = COLUMN_ROWS // 8
FEED_BYTES = 3
ROWS_HEADER_BYTES = 8
MARGIN_BYTES = 8
"""A margin is set before the rows and taken back after them."""
COLUMNS_HEADER_BYTES, PLACE_BYTES = 5, 4
_GAP = (COLUMNS_HEADER_BYTES + PLACE_BYTES) // COLUMN_BYTES


class Feed(Struct, frozen=True):
    """Blank rows."""

    rows: int


class Rows(Struct, frozen=True):
    """Dots row by row, all as wide as the widest, `left_bytes` from the left edge."""

    left_bytes: int
    rows: tuple[bytes, ...]


class Span(Struct, frozen=True):
    """Columns of 24 dots, 3 bytes each, the upper dot in the most significant bit."""

    left_dots: int
    columns: bytes


class Columns(Struct, frozen=True):
    """24 rows, column by column; a column is `dot_width` (1 or 2) dots wide."""

    dot_width: int
    spans: tuple[Span, ...]


Band = Feed | Rows | Columns


class Forms(Struct, frozen=True):
    """What a printer can be told: rows, columns or both."""

    rows: bool
    rows_max: int
    """Of one band."""
    margins: bool
    columns: bool


class _Step(Struct, frozen=True):
    """The best band that begins at a row, and what all costs from there to the strip's end."""

    cost_bytes: int
    end: int
    form: type[Band]
    left_bytes: int = 0
    right_bytes: int = 0


@lru_cache(maxsize=STRIPS_KEPT_MAX)
def bands_of(strip: Strip, forms: Forms) -> tuple[Band, ...]:
    """Cut `strip` from top to bottom into bands, as few bytes as can be."""
    row_bytes = strip.width_dots // 8
    rows = [strip.data[at : at + row_bytes] for at in range(0, len(strip.data), row_bytes)]
    plan = _Plan(rows, forms)
    bands: list[Band] = []
    at = 0
    while at < len(rows):
        step = plan.step(at)
        if step.form is Feed:
            bands.append(Feed(step.end - at))
        elif step.form is Rows:
            left, right = step.left_bytes, step.right_bytes
            bands.append(Rows(left, tuple(row[left:right] for row in rows[at : step.end])))
        else:
            bands.append(_columns(rows[at : step.end]))
        at = step.end
    return tuple(bands)


class _Plan:
    """Finds the best step for each row from which one is wanted, and keeps it."""

    def __init__(self, rows: Sequence[bytes], forms: Forms) -> None:
        self._forms = forms
        self._width_dots = len(rows[0]) * 8
        self._height = len(rows)
        self._dots = [int.from_bytes(row, "big") for row in rows]
        self._paired = [is_paired(dots, self._width_dots) for dots in self._dots] if forms.columns else []
        self._right = [len(row.rstrip(b"\0")) for row in rows]
        self._left = [len(row) - len(row.lstrip(b"\0")) for row in rows] if forms.margins else [0] * len(rows)
        self._steps: dict[int, _Step] = {self._height: _Step(0, self._height, Feed)}

    def step(self, at: int) -> _Step:
        """The best band that begins at row `at`; at the strip's end one that costs nothing."""
        found = self._steps.get(at)
        if found is None:
            found = self._inked_step(at) if self._dots[at] else self._blank_step(at)
            self._steps[at] = found
        return found

    def _blank_step(self, at: int) -> _Step:
        """Feed to the next ink, or to where columns that hold it begin, or begin them here."""
        ink_at = next((row for row in range(at, self._height) if self._dots[row]), self._height)
        best = _Step(FEED_BYTES + self.step(ink_at).cost_bytes, ink_at, Feed)
        if not self._forms.columns or ink_at == self._height:
            return best
        for begin in range(max(at, ink_at - COLUMN_ROWS + 1), ink_at):
            columns = self._columns_step(begin)
            fed = FEED_BYTES if begin > at else 0
            if columns is not None and columns.cost_bytes + fed < best.cost_bytes:
                self._steps[begin] = columns
                best = _Step(columns.cost_bytes + fed, begin, Feed) if fed else columns
        return best

    def _inked_step(self, at: int) -> _Step:
        columns = self._columns_step(at) if self._forms.columns else None
        if columns is not None and (not self._forms.rows or all(self._paired[at : columns.end])):
            return columns
        return self._rows_step(at, columns)

    def _rows_step(self, at: int, other: _Step | None) -> _Step:
        """The best band of rows from `at` on, or `other` if that is better."""
        lefts, rights = self._left, self._right
        limit = min(at + self._forms.rows_max, self._height)
        columns_until = self._height - COLUMN_ROWS if self._forms.columns else -1
        left, right = lefts[at], rights[at]
        best = other or _Step(1 << 30, at, Feed)
        for end in range(at + 1, limit + 1):
            last = rights[end - 1]
            if last > right:  # noqa: PLR1730 -- a call a row costs a till milliseconds
                right = last
            if lefts[end - 1] < left:  # noqa: PLR1730 -- likewise
                left = lefts[end - 1]
            if not last:
                continue  # a band ends with ink
            skipped = left if (end - at) * left > MARGIN_BYTES else 0
            sent = ROWS_HEADER_BYTES + MARGIN_BYTES * bool(skipped) + (end - at) * (right - skipped)
            if sent >= best.cost_bytes:
                break
            if end < limit and end > columns_until and rights[end] == last and lefts[end] == lefts[end - 1]:
                continue  # nothing changes below: no reason to end here
            cost = sent + self.step(end).cost_bytes
            if cost < best.cost_bytes:
                best = _Step(cost, end, Rows, skipped, right)
        assert best.end > at, "ink can be printed"
        return best

    def _columns_step(self, at: int) -> _Step | None:
        end = min(at + COLUMN_ROWS, self._height)
        if end - at < COLUMN_ROWS and self._forms.rows:
            return None
        dot_width = 2 if all(self._paired[at:end]) else 1
        ink = 0
        for dots in self._dots[at:end]:
            ink |= dots
        cost = FEED_BYTES
        for left, right in _spans(ink, self._width_dots, dot_width):
            cost += (
                COLUMNS_HEADER_BYTES + PLACE_BYTES * bool(left) + (right - left) // dot_width * COLUMN_BYTES
            )
        return _Step(cost + self.step(end).cost_bytes, end, Columns)


def is_paired(dots: int, width_dots: int) -> bool:
    """Whether the dots of a row come in pairs from its left edge on."""
    return not (dots ^ dots >> 1) & int.from_bytes(b"\x55" * (width_dots // 8))


def _spans(ink: int, width_dots: int, dot_width: int) -> Iterator[tuple[int, int]]:
    return (found.span() for found in _span(dot_width).finditer(f"{ink:0{width_dots}b}"))


@cache
def _span(dot_width: int) -> re.Pattern[str]:
    """Black columns, and gaps between them that cost less than the bytes that would skip them."""
    return re.compile(f"1(?:0{{0,{_GAP * dot_width}}}1)*")


def _columns(rows: Sequence[bytes]) -> Columns:
    from PIL import Image  # noqa: PLC0415 -- a till starts without it

    width_dots = len(rows[0]) * 8
    values = [int.from_bytes(row, "big") for row in rows]
    dot_width = 2 if all(is_paired(value, width_dots) for value in values) else 1
    ink = 0
    for value in values:
        ink |= value
    standing = b"".join(rows).ljust(COLUMN_ROWS * len(rows[0]), b"\0")
    lying = Image.frombytes("1", (width_dots, COLUMN_ROWS), standing).transpose(Image.Transpose.TRANSPOSE)
    data = lying.tobytes()
    step = COLUMN_BYTES * dot_width
    return Columns(
        dot_width,
        tuple(
            Span(
                left,
                data[left * COLUMN_BYTES : right * COLUMN_BYTES]
                if dot_width == 1
                else b"".join(
                    data[at : at + COLUMN_BYTES]
                    for at in range(left * COLUMN_BYTES, right * COLUMN_BYTES, step)
                ),
            )
            for left, right in _spans(ink, width_dots, dot_width)
        ),
    )
