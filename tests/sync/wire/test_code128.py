"""Code 128 as a foreign reader sees it."""

from __future__ import annotations

import string

import pytest
import zxingcpp
from PIL import Image

from sync.wire import code128

PRINTABLE = string.ascii_letters + string.digits + string.punctuation + " "


def read(bars: list[bool]) -> list[str]:
    row = bytes(0 if bar else 255 for bar in bars for _ in range(3))
    picture = Image.frombytes("L", (len(row), 60), row * 60)
    return [found.text for found in zxingcpp.read_barcodes(picture)]


@pytest.mark.parametrize(
    "text", ["C12345678", "R1:SCANNER", *(PRINTABLE[at : at + 16] for at in range(0, 95, 16))]
)
def test_a_scanner_reads_what_was_written(text: str) -> None:
    assert read(code128.modules(text)) == [text]


def test_widths_begin_and_end_with_a_bar_and_modules_add_the_quiet_zones() -> None:
    widths = code128.widths("A1")
    assert len(widths) % 2 == 1
    assert len(code128.modules("A1")) == sum(widths) + 2 * code128.QUIET_MODULES


def test_a_letter_of_another_script_is_a_programmers_error() -> None:
    with pytest.raises(AssertionError):
        code128.widths("شیر")
