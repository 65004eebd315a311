"""What a scanner types, as characters."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers import key_codes as keys
from drivers.scanner.barcode_decoder import BarcodeDecoder
from drivers.scanner.classification import classify
from drivers.scanner.framing import SCAN_CHARACTERS_MAX
from drivers.scanner.scan import BadScan, BadScanReason, Gs1Scan, GtinScan, Scan, TextScan
from drivers.scanner.settings import ScannerSettings
from drivers.simulated.input_events import alt_events, held_events, key_events, overflown, scan_events
from tests.field_failure import field_failure

OIL = "6260000000019"
OIL_SCAN = GtinScan("06260000000019")
BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))


def press(code: int, *, stamp: tuple[int, int] = (0, 0)) -> bytes:
    return key_events(code, stamp=stamp)


def decode(*bursts: bytes) -> list[Scan]:
    """What is told of bursts that follow one another, a second apart."""
    decoder = BarcodeDecoder()
    return [scan for place, burst in enumerate(bursts) for scan in decoder.feed(later(burst, seconds=place))]


def later(burst: bytes, *, seconds: int = 0, ms: int = 0) -> bytes:
    moved = []
    for event_s, event_us, *rest in keys.EVENT.iter_unpack(burst):
        more_s, moved_us = divmod(event_us + ms * 1_000, 1_000_000)
        moved.append(keys.EVENT.pack(event_s + seconds + more_s, moved_us, *rest))
    return b"".join(moved)


def at_once(*bursts: bytes) -> list[Scan]:
    """What is told of bursts with the same stamp, or their own."""
    decoder = BarcodeDecoder()
    return [scan for burst in bursts for scan in decoder.feed(burst)]


def test_thirteen_digits_are_eighty_four_events_and_one_good() -> None:
    burst = scan_events(OIL)
    assert len(burst) == 84 * keys.EVENT.size
    assert decode(burst) == [GtinScan("06260000000019")]


@field_failure(
    "capitals and signs of Shift are lost",
    "shaxxx/flutter_barcode_listener#41",
    "harmon25/node-usb-barcode-scanner#16",
    "Fabi019/hid-barcode-scanner#385",
)
def test_every_printable_character_comes_through_shift() -> None:
    assert decode(scan_events(PRINTABLE)) == [TextScan(PRINTABLE)]


@pytest.mark.parametrize("character", BASE45)
def test_each_of_base45s_characters_comes_through(character: str) -> None:
    assert decode(scan_events(f"C1:{character}")) == [TextScan(f"C1:{character}")]


@given(st.text(PRINTABLE, min_size=1, max_size=40).map(lambda text: f"C1:{text}"))
@settings(max_examples=60)
def test_any_printable_text_typed_and_decoded_is_the_text(text: str) -> None:
    assert (
        decode(scan_events(text))
        == decode(b"".join(map(alt_events, text)) + scan_events(""))
        == [TextScan(text)]
    )


@field_failure("a leading zero is lost", "odoo/odoo#15814", "zxing/zxing#1016", "OCA/pos#53")
def test_leading_zeros_are_never_lost() -> None:
    assert decode(scan_events("0012345678905")) == [GtinScan("00012345678905")]
    assert decode(scan_events("000000C")) == [TextScan("000000C")]


LOT = ("010626000000001910LOT", "17261231")


@field_failure(
    "FNC1 is lost, and two fields become one",
    "inventree/inventree-app#421",
    "msupply-foundation/open-msupply#1838",
    "phonegap/phonegap-plugin-barcodescanner#156",
)
@pytest.mark.parametrize(
    "separator",
    [
        scan_events("\x1d", end=""),
        held_events(keys.KEY_RIGHTCTRL, press(27)),
        alt_events("\x1d", digits=4),
        alt_events("\x1d", digits=3),
        alt_events("\x1d", digits=2),
        press(keys.KEY_F8),
        held_events(keys.KEY_RIGHTALT, b"".join(press(keys.KEY_NUMLOCK) + press(code) for code in (82, 80, 73))),
    ],
    ids=["ctrl", "right ctrl", "0029", "029", "29", "F8", "Alt and Num Lock"],
)  # fmt: skip
def test_a_group_separator_comes_in_every_way_that_scanners_send_it(separator: bytes) -> None:
    burst = scan_events(LOT[0], end="") + separator + scan_events(LOT[1])
    assert decode(burst) == [Gs1Scan(gtin="06260000000019", expires="261231")]


@pytest.mark.parametrize("code", [50, 36, 23])
def test_the_control_characters_of_an_end_are_ends(code: int) -> None:
    assert decode(scan_events(OIL, end="") + held_events(keys.KEY_LEFTCTRL, press(code))) == [OIL_SCAN]


@field_failure(
    "CR and LF end one scan twice",
    "woocommerce/woocommerce-ios#15768",
    "strichliste/strichliste-web-frontend#261",
)
def test_a_line_feed_typed_as_the_arrow_down_is_no_second_end() -> None:
    assert decode(scan_events(OIL) + press(keys.KEY_DOWN), scan_events("C1:A")) == [
        OIL_SCAN,
        TextScan("C1:A"),
    ]


@pytest.mark.parametrize("end", ["\r", "\n", "\t"])
def test_an_end_may_come_by_its_number(end: str) -> None:
    assert decode(scan_events(OIL, end="") + alt_events(end)) == [OIL_SCAN]


@pytest.mark.parametrize(
    "chord",
    [
        held_events(keys.KEY_LEFTCTRL, press(30)),
        held_events(keys.KEY_LEFTALT, press(30)),
        held_events(keys.KEY_LEFTALT, press(2)),
        alt_events("\x07"),
        alt_events("\x80"),
        alt_events("A", digits=5),
    ],
    ids=["ctrl a", "alt a", "alt 1", "bell", "beyond ASCII", "five digits"],
)
def test_any_other_chord_spoils_the_scan_and_not_the_next(chord: bytes) -> None:
    burst = scan_events("963", end="") + chord + scan_events("85074")
    assert decode(burst, scan_events(OIL)) == [BadScan(BadScanReason.UNKNOWN_KEY), OIL_SCAN]


def test_alt_alone_is_nothing() -> None:
    assert decode(press(keys.KEY_LEFTALT), scan_events(OIL)) == [OIL_SCAN]


def test_a_shift_that_is_held_beyond_the_gap_is_forgotten() -> None:
    # Its release was lost, as when a hub stalls: the digits of the next scan would all be signs.
    down = held_events(keys.KEY_LEFTSHIFT, press(30, stamp=(5, 0)), stamp=(5, 0))[: -3 * keys.EVENT.size]
    assert at_once(down, scan_events(OIL, stamp=(5, 300_001))) == [BadScan(BadScanReason.HALF), OIL_SCAN]


def test_keys_that_were_down_before_the_grab_are_released_into_nothing() -> None:
    ups = [
        keys.EVENT.pack(0, 0, keys.EV_KEY, code, keys.RELEASED)
        for code in (keys.KEY_ENTER, keys.KEY_LEFTSHIFT, 56, 29)
    ]
    assert at_once(b"".join(ups) + scan_events("aB1")) == [TextScan("aB1")]


def test_caps_lock_is_forgotten_too_and_a_pair_around_the_end_leaves_nothing() -> None:
    caps = press(keys.KEY_CAPSLOCK, stamp=(5, 0))
    assert at_once(caps, scan_events("aB", stamp=(5, 0))) == [TextScan("Ab")]
    assert at_once(caps, scan_events("aB", stamp=(6, 0))) == [TextScan("aB")]


def test_two_scanners_typing_at_once_do_not_mix() -> None:
    first, second = BarcodeDecoder(), BarcodeDecoder()
    one, other = scan_events(OIL), scan_events("C1:ABC")
    told: list[Scan] = []
    for at in range(0, len(one), 72):
        told += first.feed(one[at : at + 72]) + second.feed(other[at : at + 72])
    assert told == [TextScan("C1:ABC"), OIL_SCAN]


@field_failure(
    "a line break inside a QR makes two scans", "JumpMind/openpos-framework#1671", "agirorn/node-hid-stream#5"
)
@pytest.mark.parametrize(("ms", "told"), [(0, False), (1, False), (29, False), (30, True), (500, True)])
def test_a_line_break_inside_a_code_makes_no_scan_of_its_other_lines(ms: int, told: bool) -> None:
    # As a QR with three lines is typed: the second is a good's number.
    lines = scan_events("LOT 7") + later(scan_events(OIL), ms=ms) + later(scan_events("96385074"), ms=2 * ms)
    rest = [OIL_SCAN, GtinScan("00000096385074")] if told else [BadScan(BadScanReason.LINES)]
    assert at_once(lines, scan_events("C1:A", stamp=(5, 0))) == [TextScan("LOT 7"), *rest, TextScan("C1:A")]


@pytest.mark.parametrize(("ms", "told"), [(179, False), (180, True)])
def test_the_lines_of_a_slow_scanner_lie_farther_apart(ms: int, told: bool) -> None:
    slow = b"".join(scan_events(key, end="", stamp=(0, place * 50_000)) for place, key in enumerate("LOT"))
    burst = slow + press(keys.KEY_ENTER, stamp=(0, 150_000)) + later(scan_events(OIL), ms=150 + ms)
    assert at_once(burst)[1:] == [OIL_SCAN if told else BadScan(BadScanReason.LINES)]


@field_failure(
    "one pass over the beam books twice",
    "strichliste/strichliste-web-frontend#261",
    "cseg-michigan/chez-betty#298",
    "pretix/pretixscan-android#70",
)
@pytest.mark.parametrize(("ms", "scans"), [(30, 1), (299, 1), (300, 2), (301, 2)])
def test_one_pass_over_the_beam_is_one_scan(ms: int, scans: int) -> None:
    assert decode(scan_events(OIL) + later(scan_events(OIL), ms=ms)) == [OIL_SCAN] * scans
    other = GtinScan("00000096385074")
    assert decode(scan_events(OIL) + later(scan_events("96385074"), ms=ms)) == [OIL_SCAN, other]


def test_a_code_held_under_the_beam_is_read_once_and_again_when_it_was_away() -> None:
    held = b"".join(later(scan_events(OIL), ms=200 * place) for place in range(5))
    assert at_once(held, scan_events(OIL, stamp=(5, 0))) == [OIL_SCAN, OIL_SCAN]


@field_failure(
    "after some weeks no scan is recognized", "http://www.fieldpine.com/support/roadmap/barcode_scanners.htm"
)
@pytest.mark.parametrize("uptime_s", [0, 2_147_483, 2_147_484, 4_294_967, 4_294_968, 2**31 - 1, 2**31, 2**33])
def test_a_till_that_runs_for_months_still_recognizes_scans(uptime_s: int) -> None:
    first, second = (
        scan_events(OIL, stamp=(uptime_s, 999_999)),
        scan_events("C1:A", stamp=(uptime_s + 1, 500_000)),
    )
    assert at_once(first, second) == [OIL_SCAN, TextScan("C1:A")]


def test_the_settings_reach_what_is_scanned() -> None:
    decoder = BarcodeDecoder(ScannerSettings(prefix="~", suffix="#", gap_ms=50))
    assert decoder.feed(scan_events(f"~{OIL}#")) == [OIL_SCAN]
    assert decoder.feed(
        scan_events("~62", end="", stamp=(1, 0)) + scan_events(f"~{OIL}#", stamp=(1, 50_001))
    ) == [
        BadScan(BadScanReason.HALF),
        OIL_SCAN,
    ]


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


@field_failure(
    "Caps Lock turns a card's letters around",
    "goodeggs/angular-barcode-listener#4",
    "https://help.loftware.com/lps-kb/content/labels%20and%20barcodes/data_changes_case_when_scanning_bar_code.htm",
)
def test_caps_lock_turns_letters_only_and_shift_turns_them_back() -> None:
    burst = press(keys.KEY_CAPSLOCK) + scan_events("aB1!")
    assert decode(burst) == [TextScan("Ab1!")]
    assert at_once(press(keys.KEY_CAPSLOCK), press(keys.KEY_CAPSLOCK), scan_events("aB1!")) == [
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


@field_failure(
    "a scan with lost events is sold as a shorter one",
    "gvalkov/python-evdev#101",
    "snowcone-ltd/libmatoya#145",
)
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


@field_failure("a Shift whose release was lost stays down", "VocaHQ/vocalinux#338", "VocaHQ/vocalinux#339")
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


def test_an_endless_scan_is_one_bad_scan_until_the_scanner_is_silent() -> None:
    endless = scan_events("7" * SCAN_CHARACTERS_MAX, end="") + scan_events(OIL) * 20
    assert at_once(endless, scan_events(OIL), scan_events(OIL, stamp=(0, 300_001))) == [
        BadScan(BadScanReason.TOO_LONG),
        OIL_SCAN,
    ]


@pytest.mark.parametrize("code", [1, 67, 125, 240, 255, 256, 0x2FF])
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
    assert at_once(*cut) == decode(burst) == [classify(text)]


@given(st.binary(max_size=40 * keys.EVENT.size))
@settings(max_examples=60)
def test_no_event_whatever_breaks_it(noise: bytes) -> None:
    decoder = BarcodeDecoder()
    told = decoder.feed(noise[: len(noise) - len(noise) % keys.EVENT.size])
    assert all(isinstance(scan, Scan) for scan in told)
    decoder.feed(keys.EVENT.pack(1 << 40, 0, keys.EV_SYN, keys.SYN_DROPPED, 0))
    assert decoder.expire() == BadScan(BadScanReason.DROPPED_EVENTS)


EVENTS = st.builds(
    keys.EVENT.pack,
    st.integers(0, 3),
    st.integers(0, 999_999),
    st.sampled_from([keys.EV_SYN, keys.EV_KEY, keys.EV_KEY, keys.EV_KEY, keys.EV_MSC]),
    st.sampled_from([0, 2, 3, 11, 28, 29, 30, 42, 54, 56, 58, 66, 69, 73, 79, 82, 96, 97, 100, 240, 300]),
    st.integers(0, 2),
)


@given(st.lists(EVENTS, max_size=120))
@settings(max_examples=100)
def test_of_any_keys_whatever_only_our_values_come_out(events: list[bytes]) -> None:
    decoder = BarcodeDecoder()
    told = decoder.feed(b"".join(events))
    assert all(isinstance(scan, Scan) for scan in told)
    decoder.expire()
    assert not decoder.midway
    assert decoder.feed(scan_events(OIL, stamp=(9, 0))) == [OIL_SCAN]
