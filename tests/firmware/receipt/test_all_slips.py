"""What holds for every slip: readable Persian, unmangled codes, nothing secret, room on both papers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import zxingcpp
from PIL import Image, ImageOps

from drivers.printer.raster import render
from drivers.printer.slip import Gap, Pair, Qr, Slip, Text
from firmware.receipt.decline_slips import TEXTS, DeclineText
from firmware.receipt.fixed_parts import GRADE_NOTES
from firmware.receipt.persian import PDI
from sync.wire.kinds import DeclineReason, Grade
from tests.fakes.printers import PAPER_58_MM, PAPER_80_MM
from tests.firmware.receipt.samples import HOUSEHOLD, SLIPS

if TYPE_CHECKING:
    from collections.abc import Iterator

ISOLATED = re.compile("[\u2066\u2068][^\u2066-\u2069]*\u2069")
MANGLED_BY_ITS_SURROUNDINGS = re.compile(r"[0-9A-Za-z*#]")
ENGLISH_WORDS = re.compile(r"\b[a-z]{2,}[ ,:]+[a-z]{2,}\b")
ARABIC_FORMS = re.compile("[يىك٠-٩]")

each_slip = pytest.mark.parametrize("name", SLIPS)
each_width = pytest.mark.parametrize("width_dots", [PAPER_58_MM.width_dots, PAPER_80_MM.width_dots])


def texts(slip: Slip) -> Iterator[str]:
    for element in slip:
        match element:
            case Text(text=text):
                yield text
            case Pair(label=label, value=value):
                yield label
                yield value
            case _:
                pass


def paper(slip: Slip, width_dots: int) -> Image.Image:
    """As printed: ink is black."""
    data = b"".join(strip.data for strip in render(slip, width_dots))
    return ImageOps.invert(Image.frombytes("1", (width_dots, len(data) * 8 // width_dots), data).convert("L"))


@each_slip
def test_no_code_stands_outside_an_isolate(name: str) -> None:
    for text in texts(SLIPS[name]):
        assert not MANGLED_BY_ITS_SURROUNDINGS.search(ISOLATED.sub("", text)), text


@each_slip
def test_no_sentence_is_in_english(name: str) -> None:
    """Names and keys are Latin, and short; whoever refuses says why in English elsewhere."""
    for text in texts(SLIPS[name]):
        assert not ENGLISH_WORDS.search(text), text


@each_slip
def test_isolates_are_closed_and_not_nested(name: str) -> None:
    for text in texts(SLIPS[name]):
        rest = ISOLATED.sub("", text)
        assert PDI not in rest, text
        assert "\u2066" not in rest, text
        assert "\u2068" not in rest, text


@each_slip
def test_letters_and_digits_are_persian_not_arabic(name: str) -> None:
    for text in texts(SLIPS[name]):
        assert not ARABIC_FORMS.search(text), text


@each_slip
def test_nothing_names_the_household(name: str) -> None:
    assert not [text for text in texts(SLIPS[name]) if HOUSEHOLD.card[-6:] in text]


@each_slip
def test_the_buyers_part_is_never_called_a_fee(name: str) -> None:
    for text in texts(SLIPS[name]):
        assert "کارمزد" not in text.replace("کارمزد نیست", ""), text


@each_slip
def test_a_slip_that_ends_a_talk_comes_out_of_the_printer(name: str) -> None:
    if name in {"basket", "recalled", "again", "card read"}:
        return  # the talk goes on: the next line pushes it out
    *_, last = SLIPS[name]
    assert isinstance(last, Gap)


@each_slip
@each_width
def test_a_slip_is_drawn_on_either_paper(name: str, width_dots: int) -> None:
    assert paper(SLIPS[name], width_dots).getextrema() == (0, 255)


@pytest.mark.parametrize(
    "name", [name for name, slip in SLIPS.items() if any(isinstance(e, Qr) for e in slip)]
)
@each_width
def test_a_scanner_reads_the_qr_off_each_slip_that_has_one(name: str, width_dots: int) -> None:
    wanted = [element.text for element in SLIPS[name] if isinstance(element, Qr)]
    read = zxingcpp.read_barcodes(
        paper(SLIPS[name], width_dots), formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
    )
    assert [found.text for found in read] == wanted


def test_each_decline_has_its_own_words() -> None:
    assert set(TEXTS) == {reason.name for reason in DeclineReason}
    assert len({text.what for text in TEXTS.values()}) == len(TEXTS)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_decline_says_what_happened_and_what_to_do_next(text: DeclineText) -> None:
    assert text.what.endswith(".")
    assert text.then.endswith(".")


def test_each_grade_has_words() -> None:
    assert set(GRADE_NOTES) == set(Grade)
    assert [grade for grade in Grade if not GRADE_NOTES[grade]] == [Grade.TRUSTED]
