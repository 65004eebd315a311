"""What the characters of a whole scan are, and which of it may be believed."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from drivers.scanner.classification import SHIFTED_DIGITS, classify, is_whole_trade_number
from drivers.scanner.gs1 import GS, check_digit, has_check_digit
from drivers.scanner.scan import BadScan, BadScanReason, Gs1Scan, GtinScan, Scan, TextScan, WeighedScan
from drivers.scanner.settings import ScannerSettings
from tests.field_failure import field_failure

OIL = "6260000000019"
GTIN = "06260000000019"
BY_WEIGHT = "96260000000012"
WITH_UPC_E = ScannerSettings(upc_e=True)
BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


def bad(reason: BadScanReason) -> BadScan:
    return BadScan(reason)


@field_failure(
    "UPC-A and EAN-13 of one pack are two goods",
    "openfoodfacts/openfoodfacts-cordova-app-old-with-blob#25",
    "ionic-team/capacitor-barcode-scanner#31",
    "serratus/quaggaJS#342",
)
@pytest.mark.parametrize(
    ("text", "gtin"),
    [
        ("96385074", "00000096385074"),
        ("036000291452", "00036000291452"),
        ("4006381333931", "04006381333931"),
        ("0012345678905", "00012345678905"),
        ("14006381333938", "14006381333938"),
    ],
)
def test_every_length_of_a_trade_number_comes_as_fourteen_digits_and_keeps_its_zeros(
    text: str, gtin: str
) -> None:
    assert classify(text) == GtinScan(gtin)


@pytest.mark.parametrize("text", ["96385075", "036000291453", "4006381333932", "14006381333939"])
def test_a_trade_number_with_a_wrong_check_digit_is_bad(text: str) -> None:
    assert classify(text) == bad(BadScanReason.CHECK_DIGIT)


@pytest.mark.parametrize("text", ["C4006381333932", "1234567", "123456789", "0123456789", "]", "]]E", "A B"])
def test_anything_else_is_text(text: str) -> None:
    assert classify(text) == TextScan(text)


def test_a_text_does_not_show_itself() -> None:
    assert repr(TextScan("C1:SECRET")) == "TextScan(9 characters)"


@pytest.mark.parametrize("text", ["00000000", "000000000000", "0" * 13, "]E000000000", "01" + "0" * 14])
def test_nothing_but_zeros_is_no_good(text: str) -> None:
    assert classify(text) == bad(BadScanReason.NOT_FOR_SALE)


@pytest.mark.parametrize("prefix", ["02", *map(str, range(20, 30))])
def test_the_shops_own_prefixes_are_weighed_goods(prefix: str) -> None:
    body = prefix + "1234501250"
    label = body + str(check_digit(body))
    assert classify(label) == classify(f"]E0{label}") == WeighedScan(label)


@pytest.mark.parametrize("prefix", ["01", "03", "19", "30"])
def test_the_prefixes_beside_them_are_goods(prefix: str) -> None:
    body = prefix + "1234501250"
    label = body + str(check_digit(body))
    assert classify(label) == GtinScan("0" + label)


def test_a_weighed_label_may_come_without_its_leading_zero() -> None:
    body = "021234501250"
    label = body + str(check_digit(body))
    assert classify(label[1:]) == WeighedScan(label)


@field_failure("a wrong check digit is believed", "metafloor/bwip-js#165", "productdevbook/etiket#67")
@given(
    st.sampled_from((7, 11, 12, 13)), st.integers(10**10, 10**13 - 1), st.integers(0, 13), st.integers(1, 9)
)
@settings(max_examples=200)
def test_one_wrong_digit_never_sells_another_good(length: int, number: int, place: int, step: int) -> None:
    body = f"{number:013d}"[:length]
    whole = body + str(check_digit(body))
    place %= len(whole)
    wrong = whole[:place] + str((int(whole[place]) + step) % 10) + whole[place + 1 :]
    for identifier in ("", "]E4" if length == 7 else "]E0"):
        assert isinstance(classify(identifier + wrong), BadScan)


# UPC-E against EAN-8


@pytest.mark.parametrize(
    ("text", "scan"),
    [
        ("04252614", bad(BadScanReason.NOT_FOR_SALE)),
        ("]E004252614", GtinScan("00042100005264")),
        ("]E404252614", bad(BadScanReason.NOT_FOR_SALE)),
        ("]E096385074", GtinScan("00000096385074")),
        ("]E496385074", GtinScan("00000096385074")),
        ("]E004252615", bad(BadScanReason.CHECK_DIGIT)),
        ("]E0425261", bad(BadScanReason.CHECK_DIGIT)),
        ("]E00042100005264", GtinScan("00042100005264")),
    ],
)  # fmt: skip
def test_eight_digits_are_a_upc_e_only_where_the_identifier_says_so(text: str, scan: Scan) -> None:
    assert classify(text) == scan


@field_failure("a UPC-E is sold as an EAN-8", "ankane/barkick#3", "ProductLayer/ProductLayer-SDK-for-iOS#24")
def test_a_scanner_that_sends_short_upc_e_is_set_so_and_zero_is_then_never_an_ean_8() -> None:
    # Right as UPC-E of 012345000065 and as EAN-8, as 58 of 100 UPC-E are.
    both = "01234565"
    assert has_check_digit(both)
    assert classify(both) == classify(f"]E4{both}", WITH_UPC_E) == bad(BadScanReason.NOT_FOR_SALE)
    assert classify(both, WITH_UPC_E) == classify(f"]E0{both}") == GtinScan("00012345000065")
    assert classify("96385074", WITH_UPC_E) == GtinScan("00000096385074")
    assert classify("425261", WITH_UPC_E) == bad(BadScanReason.CHECK_DIGIT)


@field_failure("another shop's own number is a good here", "openfoodfacts/openfoodfacts-server#403")
@pytest.mark.parametrize("first", "02")
def test_eight_digits_that_a_shop_or_company_gave_itself_are_no_good(first: str) -> None:
    body = f"{first}123456"
    eight = f"{body}{check_digit(body)}"
    assert classify(eight) == classify(f"00000{eight}") == bad(BadScanReason.NOT_FOR_SALE)


def test_an_ean_8_that_the_scanner_has_lengthened_is_the_same_good() -> None:
    assert classify("0000096385074") == classify("96385074")


@field_failure("the scanner keeps the check digit for itself", "metafloor/bwip-js#165")
@given(st.integers(0, 10**9 - 1))
@settings(max_examples=50)
def test_an_iranian_number_without_its_check_digit_is_never_a_upc_a(number: int) -> None:
    assert classify(f"626{number:09d}") == bad(BadScanReason.NO_CHECK_DIGIT)


@given(st.integers(10, 10**6 - 1), st.integers(1, 7), st.integers(1, 9))
@settings(max_examples=200)
def test_one_wrong_digit_of_a_short_upc_e_never_sells_what_the_digits_around_it_do_not_say(
    number: int, place: int, step: int
) -> None:
    """Its check digit is that of the long form, where the last digit says how many zeros stand where: all but that one
    digit are caught as in any other code."""
    assume(place != 6)
    right = next(
        text for last in range(10)
        if isinstance(classify(text := f"0{number:06d}{last}", WITH_UPC_E), GtinScan)
    )  # fmt: skip
    wrong = right[:place] + str((int(right[place]) + step) % 10) + right[place + 1 :]
    assert classify(wrong, WITH_UPC_E) == bad(BadScanReason.CHECK_DIGIT)


# symbology identifiers


@field_failure(
    "a symbology identifier is taken for the code", "DacoTaco/BarcodeParserBuilder#6", "jodal/biip#77"
)
@pytest.mark.parametrize(
    ("text", "scan"),
    [
        (f"]E0{OIL}", GtinScan(GTIN)),
        (f"]E3{OIL}12", GtinScan(GTIN)),
        (f"]E3{OIL}51299", GtinScan(GTIN)),
        ("]E112", bad(BadScanReason.HALF)),
        ("]E251299", bad(BadScanReason.HALF)),
        ("]E0", bad(BadScanReason.HALF)),
        ("]I114006381333938", GtinScan("14006381333938")),
        ("]I1036000291452", bad(BadScanReason.HALF)),
        ("]I096385074", bad(BadScanReason.HALF)),
        (f"]C0{OIL}", GtinScan(GTIN)),
        ("]C0C900017", TextScan("C900017")),
        ("]A0C900017", TextScan("C900017")),
        ("]Q1C1:AB", TextScan("C1:AB")),
        (f"]C101{GTIN}", GtinScan(GTIN)),
        (f"]e001{GTIN}", GtinScan(GTIN)),
        (f"]e0{GTIN}", GtinScan(GTIN)),
        (f"]d201{GTIN}17261231", Gs1Scan(gtin=GTIN, expires="261231")),
        (f"]Q317261231{GS}01{GTIN}", Gs1Scan(gtin=GTIN, expires="261231")),
    ],
)  # fmt: skip
def test_an_identifier_is_believed_and_taken_off(text: str, scan: Scan) -> None:
    assert classify(text) == scan


# element strings


@field_failure("310n is read as 310", "arthurdejong/python-stdnum#471", "OCA/stock-logistics-barcode#701")
@pytest.mark.parametrize(
    ("rest", "scan"),
    [
        ("", GtinScan(BY_WEIGHT)),
        ("3103001250", Gs1Scan(gtin=BY_WEIGHT, weight_g=1250)),
        ("3100000002", Gs1Scan(gtin=BY_WEIGHT, weight_g=2000)),
        ("3102000125", Gs1Scan(gtin=BY_WEIGHT, weight_g=1250)),
        ("3104012345", Gs1Scan(gtin=BY_WEIGHT, weight_g=1235)),
        ("3105012344", Gs1Scan(gtin=BY_WEIGHT, weight_g=123)),
        ("3103001250392050000", Gs1Scan(gtin=BY_WEIGHT, weight_g=1250, price_rial=50_000)),
        ("39225000000", Gs1Scan(gtin=BY_WEIGHT, price_rial=50_000)),
        ("3930364500000", Gs1Scan(gtin=BY_WEIGHT, price_rial=500_000)),
        ("393236450000000", Gs1Scan(gtin=BY_WEIGHT, price_rial=500_000)),
        ("3006", Gs1Scan(gtin=BY_WEIGHT, count=6)),
        ("15261231", Gs1Scan(gtin=BY_WEIGHT, best_before="261231")),
        ("17261200", Gs1Scan(gtin=BY_WEIGHT, expires="261200")),
        ("1726123116261130", Gs1Scan(gtin=BY_WEIGHT, expires="261130")),
        ("1726120016261230", Gs1Scan(gtin=BY_WEIGHT, expires="261230")),
        ("70032612311200", Gs1Scan(gtin=BY_WEIGHT, expires="261231")),
        ("31030012503202002756", Gs1Scan(gtin=BY_WEIGHT, weight_g=1250)),
        ("10LOT7", GtinScan(BY_WEIGHT)),
    ],
)  # fmt: skip
def test_an_element_string_says_weight_price_count_and_dates(rest: str, scan: Scan) -> None:
    text = f"01{BY_WEIGHT}{rest}"
    assert classify(text) == classify(f"]C1{text}") == classify(f"]e0{text}") == scan


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"01{BY_WEIGHT}3202002756", BadScanReason.MEASURE),
        (f"01{BY_WEIGHT}393284050000", BadScanReason.MEASURE),
        (f"01{BY_WEIGHT}39220050050", BadScanReason.MEASURE),
        (f"01{BY_WEIGHT}3103000000", BadScanReason.ELEMENT),
        (f"01{BY_WEIGHT}39200", BadScanReason.ELEMENT),
        (f"01{BY_WEIGHT}300", BadScanReason.ELEMENT),
        (f"01{BY_WEIGHT}31030012503102000126", BadScanReason.ELEMENT),
        (f"01{BY_WEIGHT}39205000{GS}39303645000", BadScanReason.ELEMENT),
        (f"01{BY_WEIGHT}39205000{GS}3921500", BadScanReason.ELEMENT),
        (f"01{BY_WEIGHT}17269901", BadScanReason.ELEMENT),
        (f"01{BY_WEIGHT}18261231", BadScanReason.UNKNOWN_AI),
        (f"]C101{GTIN[:-1]}8", BadScanReason.CHECK_DIGIT),
        ("]C100200000000000000004", BadScanReason.NOT_FOR_SALE),
        (f"]C102{GTIN}3712", BadScanReason.NOT_FOR_SALE),
        ("]e0", BadScanReason.HALF),
        (f"{GS}10LOT", BadScanReason.NOT_FOR_SALE),
        (f"TEXT{GS}MORE", BadScanReason.ELEMENT),
    ],
)  # fmt: skip
def test_an_element_string_that_does_not_say_what_is_sold_is_bad(text: str, reason: BadScanReason) -> None:
    assert classify(text) == bad(reason)


@field_failure("GS is typed as text", "Sleavely/Bark-JS#14")
@pytest.mark.parametrize("sign", ["<GS>", "{GS}"])
def test_a_separator_that_was_written_out_is_no_part_of_a_lot(sign: str) -> None:
    assert classify(f"01{GTIN}10LOT{sign}17261231") == bad(BadScanReason.ELEMENT)


@pytest.mark.parametrize(
    ("rest", "swallowed"),
    [
        ("10LOT717261231", True),
        ("10LOT73103001250", True),
        ("21A15261231", True),
        ("10LOT717269931", False),
        ("10LOT71726123", False),
        ("1017261231", False),
        ("10LOT7\x1d17261231", False),
        ("1726123110LOT7", False),
    ],
)
def test_a_lot_that_ends_like_a_day_or_weight_has_swallowed_it(rest: str, *, swallowed: bool) -> None:
    scan = classify(f"01{GTIN}{rest}")
    assert (scan == bad(BadScanReason.NO_SEPARATOR)) is swallowed
    assert isinstance(scan, BadScan) is swallowed


def test_without_identifier_only_the_good_at_the_beginning_makes_an_element_string() -> None:
    assert classify(f"17261231{GTIN}") == TextScan(f"17261231{GTIN}")
    assert classify(f"01{GTIN[:-1]}8") == TextScan(f"01{GTIN[:-1]}8")


def test_a_databar_of_a_shops_own_number_is_its_label() -> None:
    label = "2300008012509"
    assert classify(f"]e0010{label}") == WeighedScan(label)
    assert classify(f"]e0010{label}3103001250") == Gs1Scan(gtin=f"0{label}", weight_g=1250)


def test_a_configured_character_stands_for_the_separator_in_element_strings_only() -> None:
    set_so = ScannerSettings(separator="|")
    assert classify(f"]d201{GTIN}10LOT|17261231", set_so) == Gs1Scan(gtin=GTIN, expires="261231")
    assert classify(f"01{GTIN}10LOT|17261231", set_so) == Gs1Scan(gtin=GTIN, expires="261231")
    assert classify("A|B", set_so) == TextScan("A|B")
    assert classify(f"01{GTIN}10LOT|17261231") == bad(BadScanReason.ELEMENT)


# frames and layouts


@pytest.mark.parametrize(
    ("text", "scan"),
    [
        (f"<{OIL}#>", GtinScan(GTIN)),
        (f"<]E0{OIL}#>", GtinScan(GTIN)),
        (f"{OIL}#>", bad(BadScanReason.FRAME)),
        (f"<{OIL}", bad(BadScanReason.FRAME)),
        ("<#>", bad(BadScanReason.HALF)),
    ],
)  # fmt: skip
def test_a_configured_frame_is_taken_off_and_must_be_there(text: str, scan: Scan) -> None:
    assert classify(text, ScannerSettings(prefix="<", suffix="#>")) == scan


def test_prefix_and_suffix_do_not_share_a_character() -> None:
    assert classify("ab", ScannerSettings(prefix="ab", suffix="b")) == bad(BadScanReason.FRAME)


@field_failure(
    "digits arrive as accents", "third-culture-software/bhima#6436", "fttx/barcode-to-pc-server#166"
)
@pytest.mark.parametrize("digits", ["96385074", "036000291452", OIL, "12345678"])
def test_digits_typed_with_shift_are_a_scanner_of_another_layout(digits: str) -> None:
    typed = "".join(SHIFTED_DIGITS[int(digit)] for digit in digits)
    assert classify(typed) == bad(BadScanReason.LAYOUT)
    assert classify(f"{typed}A") == TextScan(f"{typed}A")


def test_a_few_signs_are_no_layout() -> None:
    assert classify("!@#$%^&") == TextScan("!@#$%^&")


@given(st.text(BASE45, min_size=1, max_size=60))
@settings(max_examples=100)
def test_our_own_texts_pass_unchanged(body: str) -> None:
    assert classify(f"C1:{body}") == TextScan(f"C1:{body}")


@given(st.text(st.sampled_from([chr(code) for code in range(0x20, 0x7F)] + [GS]), min_size=1, max_size=60))
@settings(max_examples=200)
def test_whatever_was_scanned_is_one_of_our_values(text: str) -> None:
    scan = classify(text)
    assert isinstance(scan, Scan)
    if isinstance(scan, TextScan):
        assert text.endswith(scan.text)
        assert scan.text.isprintable()
    is_whole_trade_number(text)


@pytest.mark.parametrize(
    ("text", "whole"), [(OIL, True), ("96385074", False), (OIL[:12], False), ("C1:" + OIL, False)]
)
def test_a_whole_trade_number_is_too_long_to_be_a_part(text: str, whole: bool) -> None:
    assert is_whole_trade_number(text) is whole
