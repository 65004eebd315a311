"""Draws a slip into strips of dots.

Rules:
- Lazy: an element is taken from the slip only when the strips before it have been taken, so the first line is on
  paper while the QR is still to be drawn.
- A Persian zero is at least 5 x 5 dots in every face used here, or it would look like a separator (a test holds it).
- QR: error level M at 4 dots a module where it fits, else L at 4, else L at 3; quiet zone of 4 modules.
- Bars: 3 dots a module where they fit, else 2; quiet zones of 10 modules.

Source: ISO/IEC 18004:2015, 6.3.8 (quiet zone), 7.5.2 (error levels); ISO/IEC 15417:2007, 4.3.2 (quiet zone).
Must not know: ESC/POS, serial ports, what the texts mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from drivers.errors import DriverError
from drivers.printer.slip import Align, Bars, Element, Gap, Pair, Qr, Rule, Size, Text
from drivers.printer.strip import Strip
from drivers.printer.text_layout import Face, draw_line, width_dots_of, wrap

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

FONT_FILE: Final = {False: "Vazirmatn-Medium.ttf", True: "Vazirmatn-Bold.ttf"}
SIZE_DOTS: Final = {Size.SMALL: 20, Size.NORMAL: 24, Size.LARGE: 36}
PAIR_SPACE_DOTS = 12
LABEL_SHARE_MIN_PERCENT = 35
"""Of the width: a value that leaves its label less than this gets a line of its own."""
RULE_ROWS = (5, 2, 5)
"""Blank, black, blank."""
DASH_BYTE, SOLID_BYTE = b"\xf0", b"\xff"
STRIP_ROWS = 120
"""Of what is taller than that: whole bands of columns (`drivers.printer.bands`), and no more than a strip may have."""
QUIET_ZONE_MODULES = 4
QR_ATTEMPTS: Final = (("m", 4), ("l", 4), ("l", 3))
"""Error level and dots a module, best first."""
BAR_QUIET_MODULES = 10
BAR_MODULE_DOTS: Final = (3, 2)
"""Best first."""
BAR_ROWS = 64
"""8 mm: a hand-held reader's line crosses all bars though it is held askew."""
BAR_MARGIN_ROWS = 8


class QrTooLarge(DriverError):
    """No error level and module size lets this text fit the paper's width."""


class BarsTooWide(DriverError):
    """These bars do not fit the paper's width, however thin."""


def render(slip: Iterable[Element], width_dots: int) -> Iterator[Strip]:
    """Strips of at most `STRIP_ROWS` rows, in the order of the elements.

    Raises: QrTooLarge, BarsTooWide, and ShapingMissing where the start-up check was left out.
    """
    assert width_dots % 8 == 0, "a row is whole bytes"
    for element in slip:
        yield from _cut(_rows(element, width_dots), width_dots)


def face_of(size: Size, *, bold: bool) -> Face:
    """The face that texts of this size are drawn in."""
    return Face(FONT_FILE[bold], SIZE_DOTS[size])


def _cut(rows: bytes, width_dots: int) -> Iterator[Strip]:
    row_bytes = width_dots // 8
    for start in range(0, len(rows), STRIP_ROWS * row_bytes):
        data = rows[start : start + STRIP_ROWS * row_bytes]
        yield Strip(width_dots, len(data) // row_bytes, data)


def _rows(element: Element, width_dots: int) -> bytes:
    match element:
        case Text():
            return _text_rows(element, width_dots)
        case Pair():
            return _pair_rows(element, width_dots)
        case Rule(dashed=dashed):
            before, black, after = RULE_ROWS
            line = (DASH_BYTE if dashed else SOLID_BYTE) * (width_dots // 8 * black)
            return _blank(before, width_dots) + line + _blank(after, width_dots)
        case Gap(dots=dots):
            return _blank(dots, width_dots)
        case Qr(text=text):
            return _qr_rows(text, width_dots)
        case Bars():
            return _bar_rows(element, width_dots)
        case _:
            assert_never(element)


def _blank(rows: int, width_dots: int) -> bytes:
    return bytes(rows * width_dots // 8)


def _text_rows(text: Text, width_dots: int) -> bytes:
    face = face_of(text.size, bold=text.bold)
    lines = wrap(face, text.text, width_dots)
    return b"".join(
        _packed([(line, _left_dots(face, line, text.align, width_dots))], face, width_dots) for line in lines
    )


def _left_dots(face: Face, line: str, align: Align, width_dots: int) -> int:
    free = width_dots - width_dots_of(face, line)
    return {Align.LEFT: 0, Align.CENTER: free // 2, Align.RIGHT: free}[align]


def _pair_rows(pair: Pair, width_dots: int) -> bytes:
    """The value stands on the label's last line, or below it where the two have no room side by side."""
    face = face_of(pair.size, bold=pair.bold)
    room = width_dots - width_dots_of(face, pair.value) - PAIR_SPACE_DOTS
    if room * 100 < width_dots * LABEL_SHARE_MIN_PERCENT and width_dots_of(face, pair.label) > room:
        label = _text_rows(Text(pair.label, pair.size, pair.bold), width_dots)
        return label + _text_rows(Text(pair.value, pair.size, pair.bold, Align.LEFT), width_dots)
    *above, last = wrap(face, pair.label, room)
    return b"".join(
        _packed([(line, _left_dots(face, line, Align.RIGHT, width_dots)), *value], face, width_dots)
        for line, value in [*((line, []) for line in above), (last, [(pair.value, 0)])]
    )


def _packed(placed: Sequence[tuple[str, int]], face: Face, width_dots: int) -> bytes:
    """Rows of one line of paper with each text at its distance from the left edge."""
    from PIL import Image  # noqa: PLC0415 -- loaded by `text_shaping`

    canvas = Image.new("1", (width_dots, face.line_height_dots), 0)
    for line, left_dots in placed:
        canvas.paste(draw_line(face, line), (left_dots, 0))
    return canvas.tobytes()


def _qr_rows(text: str, width_dots: int) -> bytes:
    _, module_dots, matrix = qr_that_fits(text, width_dots)
    left = (width_dots - len(matrix) * module_dots) // 2
    quiet = _blank(QUIET_ZONE_MODULES * module_dots, width_dots)
    return (
        quiet
        + b"".join(_module_row(row, module_dots, left, width_dots) * module_dots for row in matrix)
        + quiet
    )


def qr_that_fits(
    text: str, width_dots: int, *, only_size: bool = False
) -> tuple[str, int, Sequence[Sequence[int]]]:
    """Error level, dots a module, and the modules. Raises: QrTooLarge.

    With `only_size` the modules are right in number only: to find the best of eight masks takes three quarters of the time.
    """
    # It brings XML, URLs and mail with it: a seventh of all that a till imports.
    import segno  # noqa: PLC0415 -- the first QR has time

    for error, module_dots in QR_ATTEMPTS:
        try:
            matrix = segno.make_qr(text, error=error, boost_error=False, mask=0 if only_size else None).matrix
        except segno.DataOverflowError:
            continue
        if (len(matrix) + 2 * QUIET_ZONE_MODULES) * module_dots <= width_dots:
            return error, module_dots, matrix
    raise QrTooLarge(f"a QR of {len(text)} characters does not fit {width_dots} dots")


def _module_row(modules: Sequence[int], module_dots: int, left_dots: int, width_dots: int) -> bytes:
    dots = "".join(("1" if module else "0") * module_dots for module in modules)
    return (int(dots, 2) << (width_dots - left_dots - len(dots))).to_bytes(width_dots // 8, "big")


def _bar_rows(bars: Bars, width_dots: int) -> bytes:
    modules = [index % 2 == 0 for index, width in enumerate(bars.widths) for _ in range(width)]
    module_dots = _bar_dots_that_fit(len(modules), width_dots)
    left = (width_dots - len(modules) * module_dots) // 2
    margin = _blank(BAR_MARGIN_ROWS, width_dots)
    caption = (
        _text_rows(Text(bars.caption, Size.SMALL, align=Align.CENTER), width_dots) if bars.caption else b""
    )
    return margin + _module_row(modules, module_dots, left, width_dots) * BAR_ROWS + (caption or margin)


def _bar_dots_that_fit(modules: int, width_dots: int) -> int:
    for module_dots in BAR_MODULE_DOTS:
        if (modules + 2 * BAR_QUIET_MODULES) * module_dots <= width_dots:
            return module_dots
    raise BarsTooWide(f"bars of {modules} modules do not fit {width_dots} dots")
