"""Persian as cells: joined, right to left, in the words of the slip; nothing printed can be a command."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from PIL import Image, ImageDraw, ImageFont

from drivers.printer import escpos, printout
from drivers.printer.cell_font import CELL_FONT, PERSIAN_DIGITS, PRINTERS_OWN, cells
from drivers.printer.profiles import TextMode
from drivers.printer.slip import Align, Element, Pair, Rule, Size, Text
from drivers.printer.strip import CELL_DOTS, CELL_ROWS, Cell, Strip, TextLine
from drivers.printer.text_mode import set_element
from drivers.printer.text_shaping import FONTS, visual
from drivers.simulated.paper import Paper
from tests.drivers.printer.test_raster_shaping import ink_box, strokes, tallest_column_is_right, thickened
from tests.fakes.printers import PAPER_58_MM, PAPER_80_MM
from tests.field_failure import field_failure
from tests.vectors import cell_font

LRI, PDI = "\u2066", "\u2069"
NARROW = replace(PAPER_58_MM, text_mode=TextMode.ESC_AMPERSAND)
WIDE = replace(PAPER_80_MM, text_mode=TextMode.ESC_AMPERSAND)
COLUMNS = 384 // CELL_DOTS

TEXT_LINE = re.compile(
    rb"(?:[ -~]|\x1b%[\0\1]|\x1bE[\0\1]|\x1d![\0\x10\x30\x70\x11]|\x1b\$..|\x1bJ.)+", re.DOTALL
)
LOAD = re.compile(rb"\x1b&\x03([ -~])\1(?:[\0-\x0c])", re.DOTALL)


def shown(*elements: Element, encoder: escpos.Encoder | None = None) -> Image.Image:
    """The slip as it comes out of the printer; ink is 255."""
    encoder, paper = encoder or escpos.Encoder(NARROW), Paper(NARROW)
    for part in printout.render(elements, NARROW):
        assert isinstance(part, TextLine)
        for command in encoder.commands(part):
            paper.feed(command)
    return paper.tear_off().point(lambda level: 255 - level)


def lines_of(element: Text | Pair | Rule) -> list[TextLine]:
    lines = set_element(element, 384)
    assert lines is not None
    return lines


def words_of(line: TextLine) -> str:
    """The forms of a line, from left to right, as far as one cell tells them."""
    names = {font[0]: character for character, font in cells().items()}
    return "".join(names.get(cell, "") for cell in line.cells)


def pixels(
    font: ImageFont.Layout,
    text: str,
    direction: str | None = None,
    language: str | None = None,
    features: list[str] | None = None,
) -> Image.Image:
    face = ImageFont.truetype(str(FONTS / cell_font.FONT_FILE), 48, layout_engine=font)
    canvas = Image.new("1", (1400, 100), 0)
    ImageDraw.Draw(canvas).text(
        (20, 60), text, fill=255, font=face, anchor="ls",
        direction=direction, language=language, features=features,
    )  # fmt: skip
    return canvas


WORDS = [
    "مبلغ", "تومان", "خریدار", "کالابرگ", "پنجشنبه", "سلسله", "هیچ\u200cوقت", "می\u200cآید", "لا", "اسلام", "ژاله", "گچ",
    "ضروری", "ظرف", "غذا", "جزء", "سؤال", "مسئول", "تأیید", "چهارشنبه", "آفتابگردان",
]  # fmt: skip


@pytest.mark.parametrize("word", WORDS)
def test_a_word_is_joined_and_ordered_as_raqm_does_it(word: str) -> None:
    ours = pixels(ImageFont.Layout.BASIC, visual(word))
    theirs = pixels(ImageFont.Layout.RAQM, word, direction="rtl", language="fa", features=["-kern"])
    assert abs(ink_box(ours)[0] - ink_box(theirs)[0]) <= len(word)
    for one, other in ((ours, theirs), (theirs, ours)):
        near = thickened(thickened(other))
        stray = sum((a & ~b & 0xFF).bit_count() for a, b in zip(one.tobytes(), near.tobytes(), strict=True))
        assert stray * 8 < one.histogram()[255]


def test_the_test_of_shaping_would_see_unjoined_letters() -> None:
    unjoined = pixels(ImageFont.Layout.BASIC, "سلسله"[::-1])
    joined = pixels(ImageFont.Layout.RAQM, "سلسله", direction="rtl", language="fa", features=["-kern"])
    assert abs(ink_box(unjoined)[0] - ink_box(joined)[0]) > 10


def test_letters_are_joined_from_cell_to_cell() -> None:
    assert strokes(shown(Text("سلسله"))) == 1
    assert strokes(shown(Text("کلمه"))) == 1
    assert strokes(shown(Text("س ل س ل ه"))) == 5


def test_a_word_runs_right_to_left() -> None:
    assert tallest_column_is_right(shown(Text("اس")))


@pytest.mark.parametrize("code", ["*500*1463#", "021-6369", "V.Refah", "7-000123", "12.5.3"])
def test_a_code_keeps_its_order_inside_a_persian_sentence(code: str) -> None:
    (line,) = lines_of(Text(f"شماره {LRI}{code}{PDI} را"))
    assert f" {code} " in words_of(line)


def test_an_amount_keeps_its_order() -> None:
    (line,) = lines_of(Text("۱۲۳٬۴۵۶ تومان"))
    assert words_of(line).endswith(" ۱۲۳٬۴۵۶")


def test_brackets_open_to_the_right() -> None:
    (line,) = lines_of(Text("(ریال)"))
    assert (words_of(line)[0], words_of(line)[-1]) == ("(", ")")


def test_strokes_that_join_stand_in_the_same_rows_of_every_letter() -> None:
    def edge(cell: Cell, column: int) -> bytes:
        return cell.columns[column * 3 : column * 3 + 3]

    joining = {"initial": (True, False), "medial": (True, True), "final": (False, True)}
    lefts = {edge(cells()[form][0], 0) for form, kind, _ in cell_font.forms() if joining.get(kind, (0, 0))[0]}
    rights = {
        edge(cells()[form][-1], 11) for form, kind, _ in cell_font.forms() if joining.get(kind, (0, 0))[1]
    }
    stroke = lefts & rights
    common = bytes(map(min, *stroke)) if len(stroke) > 1 else next(iter(stroke))
    overlap = int.from_bytes(common, "big")
    assert overlap.bit_count() >= 2
    assert all(int.from_bytes(side, "big") & overlap for side in lefts | rights)


def test_no_two_letters_look_alike_but_those_of_one_shape() -> None:
    pictures: dict[tuple[Cell, ...], list[str]] = {}
    for character, font in cells().items():
        pictures.setdefault(font, []).append(character)
    assert [same for same in pictures.values() if len(same) > 1] == []


def test_the_font_is_what_its_program_draws() -> None:
    """Some dots may differ: FreeType's versions round differently."""
    drawn = dict(line.split(":") for line in cell_font.font_file().splitlines())
    kept = dict(line.split(":") for line in CELL_FONT.read_text().splitlines())
    assert drawn.keys() == kept.keys()
    for code, columns in kept.items():
        strays = (int(columns, 16) ^ int(drawn[code], 16)).bit_count()
        assert strays <= 10, code


@pytest.mark.parametrize("digit", PERSIAN_DIGITS)
def test_a_persian_digit_is_loaded_by_us_and_a_latin_one_is_the_printers_own(digit: str) -> None:
    (persian,), (latin,) = cells()[digit], cells()[str(PERSIAN_DIGITS.index(digit))]
    assert (persian.home, latin) == (latin.home, Cell(b"", latin.home))


def test_text_stands_where_it_is_aligned() -> None:
    places = {}
    for align in Align:
        (line,) = lines_of(Text("نان", align=align))
        places[align] = (line.runs[0].left_dots, len(line.cells))
    assert places == {Align.LEFT: (0, 3), Align.CENTER: (14 * 12, 3), Align.RIGHT: (29 * 12, 3)}


def test_a_pair_has_its_label_at_the_right_and_its_value_at_the_left_of_one_line() -> None:
    (line,) = lines_of(Pair("جمع", "۱۲۳"))
    assert [(run.left_dots, len(run.cells)) for run in line.runs] == [(0, 3), (29 * 12, 3)]


def test_a_long_label_is_wrapped_beside_its_value_and_a_long_value_gets_its_own_line() -> None:
    label, value = "سهم خریدار از بهای کالاهای این خرید", "۱۲٬۰۰۰ تومان"
    above, last = lines_of(Pair(label, value))
    assert (len(above.runs), len(last.runs)) == (1, 2)
    *_, alone = lines_of(Pair(label, "۰۱۲۳۴۵۶۷۸۹۰۱۲۳۴۵۶۷۸۹۰۱۲۳۴"))
    assert [run.left_dots for run in alone.runs] == [0]


@pytest.mark.parametrize(("size", "scale"), [(Size.SMALL, 1), (Size.NORMAL, 1), (Size.LARGE, 2)])
def test_large_letters_are_twice_as_wide_and_high(size: Size, scale: int) -> None:
    (line,) = lines_of(Text("نان", size=size))
    assert (line.cell_width, line.cell_height) == (scale, scale)
    width, height = ink_box(shown(Text("نان", size=size)))
    assert 2 * CELL_DOTS * scale < width <= 3 * CELL_DOTS * scale
    assert height <= CELL_ROWS * scale


def test_bold_text_takes_more_ink() -> None:
    plain, bold = shown(Text("سفره")), shown(Text("سفره", bold=True))
    assert bold.histogram()[255] > plain.histogram()[255]


@pytest.mark.parametrize(("dashed", "share"), [(False, 1.0), (True, 0.5)])
def test_a_rule_runs_over_all_columns_in_few_bytes(dashed: bool, share: float) -> None:
    picture = shown(Rule(dashed=dashed))
    rows = ink_box(picture)[1]
    assert picture.histogram()[255] == 384 * rows * share
    (line,) = lines_of(Rule(dashed=dashed))
    assert len(line.cells) == 4


@pytest.mark.parametrize("width_dots", [384, 512, 576, 832])
def test_a_rule_is_as_wide_as_whole_cells_of_any_paper(width_dots: int) -> None:
    for dashed in (False, True):
        (line,) = set_element(Rule(dashed=dashed), width_dots) or []
        assert len(line.cells) * line.cell_width == width_dots // CELL_DOTS


def test_style_ends_with_its_line() -> None:
    heading = Text("رسید", size=Size.LARGE, bold=True)
    below = shown(heading, Text("نان")).crop((0, 54, 384, 82))
    assert below.tobytes() == shown(Text("نان")).tobytes()


@pytest.mark.parametrize("text", ["شیر 牛奶", "قهوه ☕", "Кефир", "עברית"])
def test_a_text_with_a_letter_that_has_no_cell_is_drawn(text: str) -> None:
    for element in (Text(text), Pair("کالا", text), Pair(text, "۱۲")):
        assert set_element(element, 384) is None
        assert {type(part) for part in printout.render([element], NARROW)} == {Strip}


def test_vowel_signs_and_arabic_letters_are_set_as_persian_writes_them() -> None:
    assert lines_of(Text("تقريباً كتاب")) == lines_of(Text("تقریبا کتاب"))


@pytest.mark.parametrize("own", PRINTERS_OWN)
def test_letters_that_differ_by_country_are_never_the_printers_own(own: str) -> None:
    """ISO/IEC 646, national characters: # $ @ [ \\ ] ^ ` { | } ~"""
    assert own not in "#$@[\\]^`{|}~"


@field_failure(
    'the code page "Iran" is not the one you think',
    "mike42/escpos-php#1132", "BoboTiG/thermalprinter#4", "mike42/escpos-php#296",
)  # fmt: skip
@given(st.text(max_size=40), st.sampled_from(list(Size)), st.booleans())
def test_no_printed_text_can_be_a_command(text: str, size: Size, bold: bool) -> None:
    """And no code page is ever selected."""
    lines = set_element(Text(text, size, bold), 384)
    encoder, paper = escpos.Encoder(NARROW), Paper(NARROW)
    for line in lines or ():
        *loads, last = encoder.commands(line)
        assert all(LOAD.match(load) for load in loads)
        assert TEXT_LINE.fullmatch(last)
        paper.feed(b"".join(loads) + last)
    assert paper.tear_off().height == sum(line.height for line in lines or ())


@given(st.lists(st.sampled_from([*WORDS, "۱۲۳٬۴۵۶", "-", f"{LRI}7-1042{PDI}"]), max_size=20))
def test_a_wrapped_text_keeps_its_words_and_stays_on_the_paper(words: list[str]) -> None:
    lines = lines_of(Text(" ".join(words)))
    assert max(len(line.cells) for line in lines) <= COLUMNS
    space = cells()[" "][0]
    printed = sorted(cell for line in lines for cell in line.cells if cell != space)
    assert printed == sorted(cell for word in words for line in lines_of(Text(word)) for cell in line.cells)


@field_failure("a line without line feed stays in the printer", "python-escpos/python-escpos#327")
def test_every_line_ends_with_what_prints_it() -> None:
    encoder = escpos.Encoder(NARROW)
    for line in lines_of(Pair("سهم خریدار از بهای کالاهای این خرید", "۱۲٬۰۰۰ تومان", bold=True)):
        *_, last = encoder.commands(line)
        assert bytes((0x1B, 0x4A, line.height)) in last[-6:]
