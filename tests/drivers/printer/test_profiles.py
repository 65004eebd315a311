"""What is known of printers, and what a shop may say of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from drivers.errors import ProfileError
from drivers.flow import Flow
from drivers.printer.profiles import (
    FILE_BYTES_MAX,
    NARROW,
    WIDE,
    Answer,
    Buzzer,
    TextMode,
    all_profiles,
    built_in,
    profile_named,
    recognized,
)

if TYPE_CHECKING:
    from pathlib import Path


def own(folder: Path, text: str) -> Path:
    path = folder / "printers.toml"
    path.write_text(text)
    return path


def test_the_generic_printers_ask_for_nothing_that_a_cheap_one_lacks() -> None:
    for name, width_dots in ((NARROW, 384), (WIDE, 576)):
        profile = profile_named(name)
        assert profile.width_dots == width_dots
        assert not profile.answers
        assert not profile.has_native_qr
        assert profile.text_mode is TextMode.NONE
        assert profile.flow is Flow.NONE


def test_only_printers_that_answer_in_their_turn_also_answer_at_once() -> None:
    for profile in built_in().values():
        assert Answer.DLE_EOT in profile.answers or not profile.answers


def test_a_shop_describes_its_own_printer_by_what_differs(tmp_path: Path) -> None:
    path = own(tmp_path, '[corner]\nlike = "58mm"\nbaud = 19200\nflow = "rts_cts"\nbuzzer = "none"\n')
    corner = profile_named("corner", path)
    assert (corner.width_dots, corner.baud, corner.flow, corner.buzzer) == (
        384,
        19_200,
        Flow.RTS_CTS,
        Buzzer.NONE,
    )
    assert profile_named(NARROW, path) == built_in()[NARROW]


def test_an_own_profile_replaces_ours_of_the_same_name(tmp_path: Path) -> None:
    path = own(tmp_path, '[58mm]\nlike = "58mm"\ntear_feed_dots = 40\n')
    assert profile_named(NARROW, path).tear_feed_dots == 40


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[corner]\nwidth_dots = 380\n", "corner: width_dots: Expected `int` that's a multiple of 8"),
        ("[corner]\nwidth_dots = 384\nbuad = 9600\n", "corner: Object contains unknown field `buad`"),
        ("[corner]\nbaud = 9600\n", "corner: Object missing required field `width_dots`"),
        ("[corner]\nwidth_dots = 384\nflow = 'dtr'\n", "corner: flow: Invalid enum value 'dtr'"),
        ("[corner]\nwidth_dots = 384\nusb = ['04B8:1']\n", "corner: usb[0]: Expected `str` matching regex"),
        ("[corner]\nlike = '57mm'\n", "corner: like: '57mm' is no profile that stands above it"),
        ("[corner]\nlike = ['58mm']\n", "corner: like: ['58mm'] is no profile"),
        ("width_dots = 384\n", "width_dots is no profile"),
        ("[corner\n", "not TOML"),
        (f"[corner]\nbaud = {'9' * 5_000}\n", "not TOML"),
    ],
)
def test_a_wrong_file_of_profiles_is_told_by_file_profile_and_key(
    tmp_path: Path, text: str, told: str
) -> None:
    path = own(tmp_path, text)
    with pytest.raises(ProfileError) as raised:
        all_profiles(path)
    assert str(raised.value).startswith(f"{path}: {told}")


def test_a_file_is_read_whole_or_not_at_all(tmp_path: Path) -> None:
    written = '[corner]\nlike = "58mm"\n'
    assert "corner" in all_profiles(own(tmp_path, written + "#" * (FILE_BYTES_MAX - len(written))))
    with pytest.raises(ProfileError, match="more than 16384 bytes"):
        all_profiles(own(tmp_path, written + "#" * (FILE_BYTES_MAX - len(written) + 1)))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="No such file"):
        all_profiles(tmp_path / "nothing.toml")


def test_a_name_that_is_no_profile_is_told_with_those_that_are() -> None:
    with pytest.raises(ProfileError, match="57mm is no printer profile; there are 58mm, 80mm"):
        profile_named("57mm")


def test_a_printer_is_recognized_by_its_model_and_only_then_by_its_numbers() -> None:
    profiles = built_in()

    def name_of(usb: str | None, model: str | None) -> str | None:
        found = recognized(profiles, usb=usb, model=model)
        return None if found is None else found.name

    assert name_of("04b8:0e15", None) == "epson-tm-t20"
    assert name_of("04B8:0E15", "TM-T88V\0") == "epson-tm-t88"
    assert name_of(None, "Printer-80\0") == "xprinter-80"
    # The number of a chip that sits in printers of both widths says nothing.
    assert name_of("0416:5011", "POS Printer") is None
    assert name_of(None, None) is None


def test_two_profiles_that_would_do_are_none(tmp_path: Path) -> None:
    path = own(tmp_path, '[again]\nlike = "58mm"\nusb = ["04b8:0e15"]\n')
    assert recognized(all_profiles(path), usb="04b8:0e15", model=None) is None
