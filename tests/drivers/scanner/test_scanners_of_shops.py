"""Scanners as shops have met them: set up otherwise, slow, or with habits of their own. Nothing wrong is ever sold of it."""

from __future__ import annotations

import pytest

from drivers import key_codes as keys
from drivers.keypad import Key, KeyDecoder
from drivers.scanner.barcode_decoder import BarcodeDecoder
from drivers.scanner.classification import classify
from drivers.scanner.gs1 import GS
from drivers.scanner.scan import BadScan, BadScanReason, Gs1Scan, GtinScan, Scan, TextScan
from drivers.scanner.settings import AS_SHIPPED, ScannerSettings
from drivers.simulated.input_events import alt_events, key_events, pad_events, scan_events
from tests.field_failure import field_failure

OIL = "6260000000019"
OIL_SCAN = GtinScan("06260000000019")
PAD_CODES = {
    71: "7", 72: "8", 73: "9", 75: "4", 76: "5", 77: "6", 79: "1", 80: "2", 81: "3", 82: "0",
    55: "*", 74: "-", 78: "+", 83: ".", 98: "/", 117: "=", 121: ",",
}  # fmt: skip
"""Of Linux's input-event-codes.h: KEY_KP7 and so on."""


def told(*bursts: bytes, settings: ScannerSettings = AS_SHIPPED) -> list[Scan]:
    """What is scanned; after the last burst comes a silence."""
    decoder = BarcodeDecoder(settings)
    scans = [scan for burst in bursts for scan in decoder.feed(burst)]
    last = decoder.expire()
    return scans if last is None else [*scans, last]


def slowly(text: str, *, apart_ms: int) -> bytes:
    """Key by key, with a pause before each and before the end."""
    stamps = (divmod(9_000_000 + at * apart_ms * 1_000, 1_000_000) for at in range(len(text) + 1))
    return b"".join(scan_events(key, end="", stamp=at) for key, at in zip(text + "\n", stamps, strict=True))


@field_failure("a slow scanner is cut in two", "odoo/odoo#15552", "Shelf-nu/shelf.nu#1688")
@pytest.mark.parametrize(
    ("gap_ms", "apart_ms", "whole"),
    [
        (300, 50, True), (300, 300, True), (300, 301, False),
        (20, 20, True), (20, 21, False), (2_000, 1_900, True),
    ],
)  # fmt: skip
def test_a_scanner_may_be_as_slow_as_the_shop_has_set(gap_ms: int, apart_ms: int, whole: bool) -> None:
    scans = told(slowly(OIL, apart_ms=apart_ms), settings=ScannerSettings(gap_ms=gap_ms))
    if whole:
        assert scans == [OIL_SCAN]
    else:
        assert not [scan for scan in scans if isinstance(scan, GtinScan)]
        assert BadScan(BadScanReason.HALF) in scans


@field_failure("Enter comes before the code", "namshi/keyscannerjs#1")
def test_an_enter_before_each_code_sells_nothing_and_is_told() -> None:
    morning, later = (
        scan_events(f"\n{OIL}", end="", stamp=(5, 0)),
        scan_events(f"\n{OIL}", end="", stamp=(9, 0)),
    )
    assert told(morning, later) == [BadScan(BadScanReason.NO_END)] * 2


@field_failure(
    "a key held down during the grab is down for ever",
    "opensteno/plover#1728",
    "KarsMulder/evsieve#57",
    "rvaiya/keyd#230",
    "holoplot/go-evdev#18",
)
@pytest.mark.parametrize(
    "code", [keys.KEY_LEFTSHIFT, keys.KEY_LEFTCTRL, keys.KEY_LEFTALT, keys.KEY_ENTER, 30]
)
def test_what_was_held_down_when_the_till_took_the_device_is_no_key(code: int) -> None:
    repeats = keys.EVENT.pack(5, 0, keys.EV_KEY, code, keys.REPEATED) * 30
    release = keys.EVENT.pack(5, 1_000, keys.EV_KEY, code, keys.RELEASED)
    scan = scan_events(f"C1:aB{OIL}", stamp=(5, 2_000))
    assert told(repeats + release + scan) == [TextScan(f"C1:aB{OIL}")]
    assert told(repeats + scan + release) == [TextScan(f"C1:aB{OIL}")]
    assert KeyDecoder().feed(repeats + release + pad_events("7", stamp=(6, 0))) == [Key.D7]


@field_failure("letters before and after the code are taken for the code", "Forceu/barcodebuddy#231")
def test_letters_around_a_code_belong_to_it_only_where_the_shop_says_so() -> None:
    assert told(scan_events(f"B{OIL}C")) == [TextScan(f"B{OIL}C")]
    framed = ScannerSettings(prefix="B", suffix="C")
    assert told(scan_events(f"B{OIL}C"), settings=framed) == [OIL_SCAN]
    assert told(scan_events(OIL), settings=framed) == [BadScan(BadScanReason.FRAME)]


@field_failure(
    "the scanner types each character as an Alt code",
    "https://unix.stackexchange.com/questions/392654/how-to-put-a-specific-keyboard-device-into-ascii-mode",
)
def test_alt_and_three_digits_of_the_pad_are_one_character() -> None:
    assert told(b"".join(alt_events(sign, digits=3) for sign in "SIP-4-1") + scan_events("")) == [
        TextScan("SIP-4-1")
    ]
    assert told(b"".join(alt_events(digit, digits=3) for digit in OIL) + scan_events("")) == [OIL_SCAN]


@field_failure("the numeric pad's signs are unknown", "markusressel/barcode-server#73")
def test_every_sign_of_the_numeric_pad_is_a_character() -> None:
    pad = b"".join(map(key_events, PAD_CODES))
    assert told(scan_events("C1:", end="") + pad + scan_events("")) == [
        TextScan("C1:" + "".join(PAD_CODES.values()))
    ]


@field_failure("the first FNC1 is taken for part of the number", "odoo/odoo#177958")
@pytest.mark.parametrize("begin", [GS, f"]C1{GS}", "]C1", f"]d2{GS}"])
def test_a_separator_at_the_beginning_is_nothing(begin: str) -> None:
    assert told(scan_events(f"{begin}01062600000000193103001250")) == [
        Gs1Scan(gtin="06260000000019", weight_g=1250)
    ]


@field_failure("an ITF is read short", "micjahn/ZXing.Net#467", "zxing/zxing#658")
@pytest.mark.parametrize("read", ["000221", "96385074", "036000291452", "00022168870", "76767676"])
def test_a_part_of_an_interleaved_code_is_never_a_good(read: str) -> None:
    """Without its identifier nothing tells a part with a right check digit: such a scanner has to have the code switched off."""
    assert classify(f"]I0{read}") == classify(f"]I1{read}") == BadScan(BadScanReason.HALF)
    assert classify("]I114006381333938") == GtinScan("14006381333938")
