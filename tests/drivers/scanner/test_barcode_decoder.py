"""What a scanner types, and which of it may be believed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers import key_codes as keys
from drivers.scanner.barcode_decoder import (
    SCAN_CHARACTERS_MAX,
    BadScan,
    BadScanReason,
    BarcodeDecoder,
    GtinScan,
    Scan,
    TextScan,
    WeighedScan,
    check_digit,
    classify,
)
from drivers.simulated.input_events import key_events, overflown, scan_events

OIL = "6260000000019"
PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))


def press(code: int, *, stamp: tuple[int, int] = (0, 0)) -> bytes:
    return key_events(code, stamp=stamp)


def decode(*bursts: bytes) -> list[Scan]:
    decoder = BarcodeDecoder()
    return [scan for burst in bursts for scan in decoder.feed(burst)]


def test_thirteen_digits_are_eighty_four_events_and_one_good() -> None:
    burst = scan_events(OIL)
    assert len(burst) == 84 * keys.EVENT.size
    assert decode(burst) == [GtinScan("06260000000019")]


@pytest.mark.parametrize(
    ("text", "gtin"),
    [
        ("96385074", "00000096385074"),
        ("036000291452", "00036000291452"),
        ("4006381333931", "04006381333931"),
        ("14006381333938", "14006381333938"),
    ],
)
def test_every_length_of_a_trade_number_comes_as_fourteen_digits(text: str, gtin: str) -> None:
    assert decode(scan_events(text)) == [GtinScan(gtin)]


@pytest.mark.parametrize("text", ["96385075", "036000291453", "4006381333932"])
def test_a_trade_number_with_a_wrong_check_digit_is_bad(text: str) -> None:
    assert decode(scan_events(text)) == [BadScan(BadScanReason.CHECK_DIGIT)]


@pytest.mark.parametrize("text", ["C4006381333932", "14006381333939", "1234567", "123456789", "0123456789"])
def test_other_digits_are_text(text: str) -> None:
    assert decode(scan_events(text)) == [TextScan(text)]


@pytest.mark.parametrize("prefix", ["02", *map(str, range(20, 30))])
def test_the_shops_own_prefixes_are_weighed_goods(prefix: str) -> None:
    body = prefix + "1234501250"
    label = body + str(check_digit(body))
    assert decode(scan_events(label)) == [WeighedScan(label)]


@pytest.mark.parametrize("prefix", ["01", "03", "19", "30"])
def test_the_prefixes_beside_them_are_goods(prefix: str) -> None:
    body = prefix + "1234501250"
    label = body + str(check_digit(body))
    assert decode(scan_events(label)) == [GtinScan("0" + label)]


def test_a_weighed_label_may_come_without_its_leading_zero() -> None:
    body = "021234501250"
    label = body + str(check_digit(body))
    assert decode(scan_events(label[1:])) == [WeighedScan(label)]


@given(st.text("0123456789", min_size=7, max_size=13), st.integers(0, 12), st.integers(1, 9))
@settings(max_examples=60)
def test_the_check_digit_finds_every_single_wrong_digit(body: str, place: int, step: int) -> None:
    whole = body + str(check_digit(body))
    place %= len(body)
    wrong = whole[:place] + str((int(whole[place]) + step) % 10) + whole[place + 1 :]
    assert check_digit(wrong[:-1]) != int(wrong[-1])


def test_every_printable_character_comes_through_shift() -> None:
    assert decode(scan_events(PRINTABLE)) == [TextScan(PRINTABLE)]


def test_the_table_is_the_kernels() -> None:
    ecodes = pytest.importorskip("evdev.ecodes", reason="evdev has wheels for x86-64 only")
    named = {chr(key): f"KEY_{chr(key)}" for key in b"1234567890ABCDEFGHIJKLMNOPQRSTUVWXYZ"} | {
        "-": "KEY_MINUS",
        "=": "KEY_EQUAL",
        "[": "KEY_LEFTBRACE",
        "]": "KEY_RIGHTBRACE",
        ";": "KEY_SEMICOLON",
        "'": "KEY_APOSTROPHE",
        "`": "KEY_GRAVE",
        ",": "KEY_COMMA",
        ".": "KEY_DOT",
        "/": "KEY_SLASH",
        " ": "KEY_SPACE",
    }
    for character, name in named.items():
        assert keys.MAIN[getattr(ecodes, name)][0] == character.lower()
    assert {keys.MAIN[ecodes.KEY_BACKSLASH], keys.MAIN[ecodes.KEY_102ND]} == {("\\", "|")}
    signs = {"*": "ASTERISK", "-": "MINUS", "+": "PLUS", ".": "DOT", "/": "SLASH", "=": "EQUAL", ",": "COMMA"}
    pad = {str(digit): str(digit) for digit in range(10)} | signs
    assert {getattr(ecodes, f"KEY_KP{name}"): character for character, name in pad.items()} == keys.PAD
    assert ecodes.SYN_DROPPED == keys.SYN_DROPPED


def test_caps_lock_turns_letters_only_and_shift_turns_them_back() -> None:
    burst = press(keys.KEY_CAPSLOCK) + scan_events("aB1!")
    assert decode(burst) == [TextScan("Ab1!")]
    assert decode(press(keys.KEY_CAPSLOCK), press(keys.KEY_CAPSLOCK), scan_events("aB1!")) == [
        TextScan("aB1!")
    ]


def test_the_numeric_pad_types_digits_whatever_num_lock_says() -> None:
    pad = {character: code for code, character in keys.PAD.items()}
    burst = b"".join(press(keys.KEY_NUMLOCK) + press(pad[digit]) for digit in "96385074")
    assert decode(burst + press(keys.KEY_KPENTER)) == [GtinScan("00000096385074")]


def test_tab_ends_a_scan_and_a_second_end_is_nothing() -> None:
    assert decode(scan_events("ABC", end="\t\n"), scan_events("", end="\n")) == [TextScan("ABC")]


def test_a_held_key_is_one_character() -> None:
    repeat = keys.EVENT.pack(0, 0, keys.EV_KEY, 2, keys.REPEATED)
    assert decode(press(2) + repeat * 50 + scan_events("")) == [TextScan("1")]


def test_events_lost_by_the_kernel_spoil_the_whole_scan_and_not_the_next() -> None:
    # What is left of this scan would be a valid EAN-8, were it believed.
    burst = scan_events("12345678901" + "96385074")
    left = overflown(burst)
    assert decode(left, scan_events(OIL)) == [
        BadScan(BadScanReason.DROPPED_EVENTS),
        GtinScan("06260000000019"),
    ]


def test_events_lost_with_the_end_of_the_scan_do_not_join_it_to_the_next() -> None:
    dropped = keys.EVENT.pack(7, 0, keys.EV_SYN, keys.SYN_DROPPED, 0)
    begun = scan_events("6260000", end="", stamp=(7, 0))
    later = scan_events(OIL, stamp=(7, 300_001))
    assert decode(begun + dropped + later) == [
        BadScan(BadScanReason.DROPPED_EVENTS),
        GtinScan("06260000000019"),
    ]


def test_a_shift_whose_release_was_lost_does_not_stay_down() -> None:
    shift_down = keys.EVENT.pack(0, 0, keys.EV_KEY, keys.KEY_LEFTSHIFT, keys.PRESSED)
    dropped = keys.EVENT.pack(0, 0, keys.EV_SYN, keys.SYN_DROPPED, 0)
    assert decode(shift_down + dropped + scan_events("x"), scan_events("12a")) == [
        BadScan(BadScanReason.DROPPED_EVENTS),
        TextScan("12a"),
    ]


@pytest.mark.parametrize(("later_us", "joined"), [(299_999, True), (300_000, True), (300_001, False)])
def test_a_gap_by_the_kernels_stamps_cuts_a_scan(later_us: int, joined: bool) -> None:
    first = scan_events("9638", end="", stamp=(5, 0))
    second = scan_events("5074", stamp=(5, later_us))
    good = GtinScan("00000096385074")
    halves = [BadScan(BadScanReason.HALF), TextScan("5074")]
    assert decode(first + second) == ([good] if joined else halves)


def test_silence_ends_a_half_scan_and_forgets_it() -> None:
    decoder = BarcodeDecoder()
    assert decoder.expire() is None
    assert decoder.feed(scan_events("62600", end="")) == []
    assert decoder.midway
    assert decoder.expire() == BadScan(BadScanReason.HALF)
    assert decoder.feed(scan_events(OIL)) == [GtinScan("06260000000019")]


@pytest.mark.parametrize("length", [SCAN_CHARACTERS_MAX - 1, SCAN_CHARACTERS_MAX])
def test_a_long_scan_is_text(length: int) -> None:
    assert decode(scan_events("7" * length)) == [TextScan("7" * length)]


def test_a_scan_above_the_bound_is_dropped_whole() -> None:
    too_long = scan_events("7" * (SCAN_CHARACTERS_MAX + 1 + len(OIL)))
    assert decode(too_long, scan_events(OIL)) == [BadScan(BadScanReason.TOO_LONG), GtinScan("06260000000019")]


@pytest.mark.parametrize("code", [29, 56, 1, 240, 255, 256, 0x2FF])
def test_an_unknown_key_spoils_the_scan(code: int) -> None:
    assert decode(scan_events("963", end="") + press(code) + scan_events("85074")) == [
        BadScan(BadScanReason.UNKNOWN_KEY)
    ]


@given(st.text(PRINTABLE, min_size=1, max_size=30), st.integers(1, 9))
@settings(max_examples=60)
def test_it_does_not_matter_how_the_events_are_cut_into_reads(text: str, records: int) -> None:
    burst = scan_events(text)
    size = records * keys.EVENT.size
    cut = [burst[at : at + size] for at in range(0, len(burst), size)]
    assert decode(*cut) == decode(burst) == [classify(text)]


@given(st.binary(max_size=40 * keys.EVENT.size))
@settings(max_examples=60)
def test_no_event_whatever_breaks_it(noise: bytes) -> None:
    decoder = BarcodeDecoder()
    decoder.feed(noise[: len(noise) - len(noise) % keys.EVENT.size])
    decoder.feed(keys.EVENT.pack(1 << 40, 0, keys.EV_SYN, keys.SYN_DROPPED, 0))
    assert decoder.expire() == BadScan(BadScanReason.DROPPED_EVENTS)
