"""Slips become strips: lazily, in order, in the paper's width, and readable."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import zxingcpp
from PIL import Image

from drivers.printer.raster import STRIP_ROWS, BarsTooWide, QrTooLarge, render
from drivers.printer.slip import Align, Bars, Element, Gap, Pair, Qr, Rule, Size, Text
from drivers.printer.strip import STRIP_ROWS_MAX
from sync.wire.code128 import widths
from tests.fakes.printers import PAPER_58_MM, PAPER_80_MM
from tests.field_failure import field_failure

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTHS = (PAPER_58_MM.width_dots, PAPER_80_MM.width_dots)
RECEIPT_QR = "6BF5XO-QO 4NGQ$%/:" * 31
"""558 base45 characters: the 372 bytes of a receipt with a slim credential."""


def paper(*elements: Element, width_dots: int = PAPER_58_MM.width_dots) -> Image.Image:
    """The slip as it comes out of the printer; ink is 255."""
    data = b"".join(strip.data for strip in render(elements, width_dots))
    return Image.frombytes("1", (width_dots, len(data) * 8 // width_dots), data)


def scan(picture: Image.Image) -> list[str]:
    shown = picture.convert("L").point(lambda level: 255 - level)
    return [found.text for found in zxingcpp.read_barcodes(shown)]


def qr_size_dots(picture: Image.Image) -> int:
    box = picture.getbbox()
    assert box is not None
    return box[2] - box[0]


@pytest.mark.parametrize("width_dots", WIDTHS)
def test_a_scanner_reads_the_qr_off_the_paper(width_dots: int) -> None:
    receipt = paper(Text("پایان"), Qr(RECEIPT_QR), Text("مغازه"), width_dots=width_dots)
    assert scan(receipt) == [RECEIPT_QR]


def test_a_receipts_qr_takes_four_dots_a_module_and_level_m_on_narrow_paper() -> None:
    assert qr_size_dots(paper(Qr(RECEIPT_QR))) == 77 * 4  # version 15-M


def test_a_longer_qr_falls_to_level_l_before_its_modules_shrink() -> None:
    assert qr_size_dots(paper(Qr("A" * 758))) == 77 * 4  # 500 bytes: 15-L


@pytest.mark.parametrize("characters", [1000, 1500])
def test_a_qr_too_long_for_four_dots_is_drawn_with_three(characters: int) -> None:
    picture = paper(Qr("A" * characters))
    assert qr_size_dots(picture) % 3 == 0
    assert scan(picture) == ["A" * characters]


@field_failure(
    "a QR is too dense to be read",
    "DantSu/ESCPOS-ThermalPrinter-Android#461",
    "terryoy/polascii#1",
    "DantSu/ESCPOS-ThermalPrinter-Android#44",
)
def test_a_qr_that_fits_in_no_way_is_refused() -> None:
    with pytest.raises(QrTooLarge):
        paper(Qr("A" * 2500))


@pytest.mark.parametrize("width_dots", WIDTHS)
def test_a_qr_is_centered_inside_a_quiet_zone_of_four_modules(width_dots: int) -> None:
    picture = paper(Qr(RECEIPT_QR), width_dots=width_dots)
    left, top, right, bottom = picture.getbbox() or (0, 0, 0, 0)
    assert abs(left - (width_dots - right)) <= 1
    assert min(left, top, picture.height - bottom) >= 16


def test_the_first_line_is_printed_before_the_last_element_is_known() -> None:
    asked: list[str] = []

    def slip() -> Iterator[Element]:
        for text in ("نخست", "دوم", "آخر"):
            asked.append(text)
            yield Text(text)

    strips = render(slip(), PAPER_58_MM.width_dots)
    next(strips)
    assert asked == ["نخست"]


@pytest.mark.parametrize("width_dots", WIDTHS)
def test_no_strip_is_higher_than_a_cheap_printer_can_take(width_dots: int) -> None:
    slip = (Text("برنج " * 80), Gap(300), Rule(), Pair("جمع", "۱۲٬۰۰۰ تومان"), Qr(RECEIPT_QR))
    strips = list(render(slip, width_dots))
    assert {strip.width_dots for strip in strips} == {width_dots}
    assert max(strip.height for strip in strips) == STRIP_ROWS <= STRIP_ROWS_MAX


def test_a_gap_is_blank_rows() -> None:
    (strip,) = render((Gap(40),), PAPER_58_MM.width_dots)
    assert (strip.height, set(strip.data)) == (40, {0})


def test_a_gap_of_no_dots_prints_nothing() -> None:
    assert list(render((Gap(0),), PAPER_58_MM.width_dots)) == []


def test_a_rule_is_black_from_edge_to_edge_and_a_dashed_one_is_half_black() -> None:
    solid, dashed = paper(Rule()), paper(Rule(dashed=True))
    assert (solid.getbbox() or ())[::2] == (0, PAPER_58_MM.width_dots)
    assert solid.histogram()[255] == 2 * dashed.histogram()[255] > 0


def test_text_stands_where_it_is_aligned() -> None:
    boxes = {align: paper(Text("نان", align=align)).getbbox() or (0, 0, 0, 0) for align in Align}
    assert boxes[Align.RIGHT][2] > PAPER_58_MM.width_dots - 8
    assert boxes[Align.LEFT][0] < 8
    left, _, right, _ = boxes[Align.CENTER]
    assert abs(left - (PAPER_58_MM.width_dots - right)) <= 3


def test_a_pair_has_its_label_at_the_right_and_its_value_at_the_left_of_one_line() -> None:
    label, value, pair = paper(Text("جمع")), paper(Text("۱۲۳", align=Align.LEFT)), paper(Pair("جمع", "۱۲۳"))
    assert pair.tobytes() == bytes(a | b for a, b in zip(label.tobytes(), value.tobytes(), strict=True))


def test_a_long_label_is_wrapped_beside_its_value() -> None:
    one_line = paper(Text("جمع")).height
    pair = paper(Pair("سهم خریدار از بهای کالاهای این خرید", "۱۲٬۰۰۰ تومان"))
    assert pair.height == 2 * one_line
    assert pair.crop((0, 0, 60, one_line)).getbbox() is None, "the value stands on the last line"


def test_a_value_as_wide_as_the_paper_gets_a_line_of_its_own() -> None:
    one_line = paper(Text("جمع")).height
    assert paper(Pair("شماره رسید", "۰۱۲۳۴۵۶۷۸۹۰۱۲۳۴۵۶۷۸۹۰۱۲۳۴")).height == 2 * one_line


def test_wider_paper_needs_fewer_lines() -> None:
    text = Text("این رسید در همین دستگاه ثبت شد و هنوز به مرکز نرسیده است. " * 3)
    assert paper(text, width_dots=PAPER_80_MM.width_dots).height < paper(text).height


def test_sizes_differ_on_paper() -> None:
    heights = [paper(Text("نان", size=size)).height for size in (Size.SMALL, Size.NORMAL, Size.LARGE)]
    assert heights == sorted(set(heights))


def test_bold_text_takes_more_ink() -> None:
    plain, bold = paper(Text("سفره")), paper(Text("سفره", bold=True))
    assert bold.histogram()[255] > plain.histogram()[255]


@pytest.mark.parametrize("width_dots", WIDTHS)
@pytest.mark.parametrize("text", ["R1:SCANNER", "C12345678", "R1:DISPLAY-1"])
def test_a_scanner_reads_the_bars_off_the_paper(text: str, width_dots: int) -> None:
    slip = (Text("اسکنر"), Bars(widths(text), caption=text), Text("صفحه‌کلید"))
    assert scan(paper(*slip, width_dots=width_dots)) == [text]


@pytest.mark.parametrize(
    ("modules", "dots"),
    [(108, 3), (109, 2), (172, 2)],  # 128 modules with the quiet zones: 384 dots
)
def test_bars_are_as_thick_as_the_paper_and_their_quiet_zones_allow(modules: int, dots: int) -> None:
    picture = paper(Bars((1, modules - 2, 1)))
    assert qr_size_dots(picture) == modules * dots
    left, _, right, _ = picture.getbbox() or (0, 0, 0, 0)
    assert min(left, PAPER_58_MM.width_dots - right) >= 10 * dots


def test_bars_that_are_too_wide_are_refused() -> None:
    with pytest.raises(BarsTooWide):
        paper(Bars((1, 171, 1)))


def test_a_caption_stands_below_the_bars() -> None:
    bare, named = paper(Bars((1, 1, 1))), paper(Bars((1, 1, 1), caption="R1"))
    assert named.height > bare.height
    assert named.crop((0, 0, 384, 72)).tobytes() == bare.crop((0, 0, 384, 72)).tobytes()
