"""Texts from scanners whose settings a stray barcode has changed."""

from __future__ import annotations

import pytest

from drivers.scanner.layout import settings_changed
from tests.field_failure import field_failure

AZERTY = {"1": "!", ":": ".", "A": "Q", "Q": "A", "Z": "W", "0": ")", "9": "(", "7": "&", "M": ":"}
QWERTZ = {":": ">", "-": "/", "Y": "Z", "Z": "Y"}
SPANISH = {":": ">"}
TURKISH = {":": "?"}
CAPS = {chr(code): chr(code + 32) for code in range(0x41, 0x5B)}


def known(text: str) -> bool:
    return text.startswith(("C1:", "A1:")) or (text[:1] == "C" and text[1:].isdecimal())


def typed(text: str, layout: dict[str, str]) -> str:
    return "".join(layout.get(character, character) for character in text)


@field_failure(
    "punctuation of the code depends on the country",
    "inventree/InvenTree#10589",
    "https://www.morovia.com/kb/PRB-Scanned-Data-Incorrectly-Displayed-Computer-10604.html",
)
@pytest.mark.parametrize("layout", [AZERTY, QWERTZ, SPANISH, TURKISH, CAPS])
@pytest.mark.parametrize("text", ["C1:YZ", "A1:0197"])
def test_a_known_text_typed_by_another_layout_is_told(text: str, layout: dict[str, str]) -> None:
    assert not known(typed(text, layout))
    assert settings_changed(typed(text, layout), known)


def test_a_card_number_from_an_azerty_scanner_is_told() -> None:
    assert settings_changed(typed("C900017", AZERTY), known)


@pytest.mark.parametrize("text", ["A6260000000019", "6260000000019A", "d036000291452", "XY!14006381333938"])
def test_a_number_with_signs_of_the_scanners_own_around_it_is_told(text: str) -> None:
    assert settings_changed(text, known)


@pytest.mark.parametrize(
    "text",
    [
        "HELLO",
        "http://example.org",
        "A6260000000018",
        "WXYZ6260000000019",
        "A96385074",
        "",
        "A6260000000019A",
    ],
)
def test_a_strange_text_is_only_strange(text: str) -> None:
    assert not settings_changed(text, known)
