"""Every slip of the firmware on every kind of printer: what is sent differs, what stands on paper does not."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import pytest
import zxingcpp
from msgspec.structs import replace
from PIL import Image, ImageChops

from drivers.printer import escpos, printout, raster
from drivers.printer.profiles import PrinterProfile, Raster, TextMode, built_in, profile_named
from drivers.printer.slip import Pair, Qr, Rule, Text
from drivers.printer.strip import CELL_BYTES, CELL_DOTS, CELL_ROWS, Cell, QrSymbol, Run, Strip, TextLine
from drivers.simulated.paper import Paper
from tests.fakes.printers import PAPER_58_MM, PAPER_80_MM
from tests.firmware.receipt.samples import SLIPS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from drivers.printer.strip import Part

EPSON = profile_named("epson-tm-t20")
TEXT_58_MM = replace(PAPER_58_MM, text_mode=TextMode.ESC_AMPERSAND)
RASTERS = {
    "rows": (Raster.GS_V_0,),
    "margins": (Raster.GS_V_0, Raster.GS_L),
    "columns": (Raster.GS_V_0, Raster.ESC_STAR_24),
    "all": tuple(Raster),
}
MIXED = ("basket", "receipt", "z", "help")
"""Slips that have all that slips can have."""

each_slip = pytest.mark.parametrize("name", SLIPS)
each_text_printer = pytest.mark.parametrize("profile", [TEXT_58_MM, EPSON], ids=["58mm", "80mm"])


def sent(parts: Iterable[Part], encoder: escpos.Encoder) -> bytes:
    return b"".join(chain.from_iterable(map(encoder.commands, parts)))


def on_paper(parts: Sequence[Part], profile: PrinterProfile) -> Image.Image:
    """Ink is 255."""
    encoder, paper = escpos.Encoder(profile), Paper(profile)
    paper.feed(encoder.wake() + sent(parts, encoder))
    return ImageChops.invert(paper.tear_off())


def drawn(parts: Iterable[Part], profile: PrinterProfile) -> Image.Image:
    """The parts as they are meant, without any printer: ink is 255, what is the printer's own is left white."""
    pictures = [
        Image.frombytes("1", (part.width_dots, part.height), part.data)
        if isinstance(part, Strip)
        else set_by_hand(part, profile)
        for part in parts
        if isinstance(part, Strip | TextLine)
    ]
    paper = Image.new("1", (profile.width_dots, sum(picture.height for picture in pictures)), 0)
    top = 0
    for picture in pictures:
        paper.paste(picture, (0, top))
        top += picture.height
    return paper


def set_by_hand(line: TextLine, profile: PrinterProfile) -> Image.Image:
    paper = Image.new("1", (profile.width_dots, line.height), 0)
    for run in line.runs:
        for place, cell in enumerate(run.cells):
            upright = Image.frombytes(
                "1", (CELL_ROWS, CELL_DOTS), cell.columns or bytes(CELL_BYTES)
            ).transpose(Image.Transpose.TRANSPOSE)
            if line.bold:
                moved = Image.new("1", upright.size, 0)
                moved.paste(upright, (1, 0))
                upright = ImageChops.logical_or(upright, moved)
            size = (CELL_DOTS * line.cell_width, CELL_ROWS * line.cell_height)
            paper.paste(upright.resize(size), (run.left_dots + place * size[0], 0))
    return paper


def own_letters(parts: Iterable[Part], profile: PrinterProfile) -> Image.Image:
    """Where the printer's own letters stand, which may look as they like."""
    return drawn([mask(part) for part in parts], profile)


def mask(part: Part) -> Part:
    if isinstance(part, Strip):
        return replace(part, data=bytes(len(part.data)))
    if isinstance(part, TextLine):
        black = Cell(b"\xff" * CELL_BYTES)
        runs = tuple(
            Run(
                run.left_dots, tuple(Cell(bytes(CELL_BYTES)) if cell.columns else black for cell in run.cells)
            )
            for run in part.runs
        )
        return replace(part, runs=runs, bold=False)
    return part


def same_as_drawn(name: str, profile: PrinterProfile) -> bool:
    strips = list(printout.render(SLIPS[name], profile))
    plain = b"".join(strip.data for strip in raster.render(SLIPS[name], profile.width_dots))
    return on_paper(strips, profile).tobytes() == plain


@each_slip
def test_a_slip_is_dot_for_dot_what_was_drawn(name: str) -> None:
    assert same_as_drawn(name, PAPER_58_MM)


@pytest.mark.parametrize("width_dots", [PAPER_58_MM.width_dots, PAPER_80_MM.width_dots])
@pytest.mark.parametrize("form", RASTERS)
@pytest.mark.parametrize("name", MIXED)
def test_whatever_form_dots_are_sent_in_the_paper_is_the_same(name: str, form: str, width_dots: int) -> None:
    assert same_as_drawn(name, replace(PAPER_58_MM, width_dots=width_dots, raster=RASTERS[form]))


@each_text_printer
@each_slip
def test_every_text_of_ours_is_set_in_letters(name: str, profile: PrinterProfile) -> None:
    texts = [element for element in SLIPS[name] if isinstance(element, Text | Pair | Rule)]
    assert {type(part) for part in printout.render(texts, profile)} <= {TextLine}


@each_text_printer
def test_a_printer_that_prints_slip_after_slip_never_shows_a_wrong_letter(profile: PrinterProfile) -> None:
    """More letters than it holds come and go."""
    encoder, paper = escpos.Encoder(profile), Paper(profile)
    paper.feed(encoder.wake())
    for name in list(SLIPS)[:: 1 if profile == TEXT_58_MM else 4]:
        slip = SLIPS[name]
        parts = list(printout.render([element for element in slip if not isinstance(element, Qr)], profile))
        paper.feed(sent(parts, encoder))
        printed = ImageChops.invert(paper.tear_off())
        own = own_letters(parts, profile)
        assert (
            ImageChops.logical_and(printed, ImageChops.invert(own)).tobytes()
            == drawn(parts, profile).tobytes()
        ), name


def test_the_printer_must_be_told_its_letters_again_when_it_was_switched_off() -> None:
    slip = SLIPS["receipt"][:8]
    encoder, paper = escpos.Encoder(EPSON), Paper(EPSON)
    parts = list(printout.render(slip, EPSON))
    paper.feed(encoder.wake() + sent(parts, encoder))
    right = paper.tear_off()
    paper.switch_off()
    units = b"\x1dP\xcb\xcb"
    paper.feed(units + sent(parts, encoder))
    assert paper.tear_off().tobytes() != right.tobytes(), "else no test here would see forgotten letters"
    paper.switch_off()
    encoder.forget()
    paper.feed(sent(parts, encoder))
    assert paper.tear_off().tobytes() == right.tobytes()


def test_a_printer_that_forgot_its_letters_shows_the_same_amounts_in_its_own_digits() -> None:
    (line,) = printout.render([Text("۱۲۳٬۴۵۶٬۷۸۹۰")], EPSON)
    encoder = escpos.Encoder(EPSON)
    *_, last = encoder.commands(line)
    shown = bytes(code for code in last if chr(code).isdigit())
    assert shown == b"1234567890"


def test_letters_that_are_forgotten_while_a_line_waits_are_loaded_again() -> None:
    (line,) = printout.render([Text("نان")], EPSON)
    encoder = escpos.Encoder(EPSON)
    encoder.wake()
    waiting = encoder.commands(line)
    first = next(waiting)
    encoder.wake()  # a reset came between
    assert first in list(waiting)


@pytest.mark.parametrize("profile", list(built_in().values()), ids=lambda profile: profile.name)
@pytest.mark.parametrize("name", ["receipt", "z", "status"])
def test_a_scanner_reads_the_qr_whoever_drew_it(name: str, profile: PrinterProfile) -> None:
    wanted = [element.text for element in SLIPS[name] if isinstance(element, Qr)]
    shown = ImageChops.invert(on_paper(list(printout.render(SLIPS[name], profile)), profile)).convert("L")
    assert [found.text for found in zxingcpp.read_barcodes(shown)] == wanted


@pytest.mark.parametrize(("characters", "kind"), [(0, QrSymbol), (1, Strip)])
def test_a_qr_that_could_not_be_made_up_for_is_drawn_by_us(characters: int, kind: type) -> None:
    """A printer cut off inside a symbol's text takes what follows for text: `resync` has to be longer."""
    most = escpos.longest_command_bytes(EPSON) - len(b"\x1d(k\x00\x00\x31\x50\x30")
    parts = list(printout.render([Qr("A" * (most + characters))], EPSON))
    assert kind in {type(part) for part in parts[1:-1]}


@pytest.mark.parametrize("cut_off_at", [12, 40, 300, 600])
def test_a_printer_cut_off_inside_its_own_qr_prints_the_next_slip_whole(cut_off_at: int) -> None:
    symbol = [part for part in printout.render(SLIPS["receipt"], EPSON) if isinstance(part, QrSymbol)]
    after = list(printout.render(SLIPS["receipt"][:3], EPSON))
    encoder, paper = escpos.Encoder(EPSON), Paper(EPSON)
    paper.feed(encoder.wake() + sent(symbol, encoder)[:cut_off_at])
    paper.feed(encoder.wake() + sent(after, encoder))
    assert ImageChops.invert(paper.tear_off()).tobytes() == on_paper(after, EPSON).tobytes()


def test_a_printers_own_qr_costs_little_more_than_its_text() -> None:
    slip = tuple(element for element in SLIPS["receipt"] if isinstance(element, Qr))
    drawn_bytes = len(sent(printout.render(slip, PAPER_80_MM), escpos.Encoder(PAPER_80_MM)))
    own_bytes = len(sent(printout.render(slip, EPSON), escpos.Encoder(EPSON)))
    assert len(slip[0].text) < own_bytes < len(slip[0].text) + 60 < drawn_bytes / 5


@each_text_printer
def test_a_printer_cut_off_inside_a_text_prints_the_next_slip_whole(profile: PrinterProfile) -> None:
    parts = list(printout.render(SLIPS["receipt"][:6], profile))
    whole = on_paper(parts, profile)
    stream = sent(parts, escpos.Encoder(profile))
    for cut_off_at in range(0, len(stream), 41):
        encoder, paper = escpos.Encoder(profile), Paper(profile)
        paper.feed(encoder.wake() + stream[:cut_off_at])
        paper.feed(encoder.wake() + sent(parts, encoder))
        printed = ImageChops.invert(paper.tear_off())
        assert printed.crop((0, printed.height - whole.height, *printed.size)).tobytes() == whole.tobytes()
