"""From the characters of a whole scan to what they are. Pure.

Rules:
- Prefix and suffix are taken off first, then the symbology identifier of AIM (``]E0``), if the scanner sends one.
- 8, 12, 13 or 14 digits are a trade number, right or wrong. Eight digits that begin with 0 are a UPC-E where the
  identifier or the settings say so, and nothing otherwise: 58 of 100 UPC-E are right as EAN-8 too, and no maker has
  an EAN-8 that begins with 0, nor with 2. UPC-E of six or seven digits proves nothing and is refused.
- Twelve digits that begin with 626 are an Iranian EAN-13 from a scanner that keeps the check digit, not a UPC-A: one in ten
  of them would be a right one. A UPC-A that does begin so is read where the scanner sends its 13 digits.
- Interleaved 2 of 5 can be read in part; where the identifier tells it, only its 14 digits count.
- A separator that was written out (``<GS>``) makes the string unreadable, for the table of characters allows its signs.
- An element string is known by its identifier, or by AI 01 with a right check digit at its beginning; any other order
  without identifier is not believed. What it says of weight, price, count and dates goes with the good's number.
- A lot, serial or other number of free length that ends like a day (11 to 17) or a weight (310n), in a string without any
  separator, has very likely swallowed it: a scanner that keeps FNC1 for itself must not sell what has expired.
- A price is what the piece costs in rial: AI 392n means the shop's own currency, 393n names it (364), others are refused.
- Only signs of the row of digits, eight or more: digits from a scanner that was set to a keyboard where Shift makes them.

Source: GS1 General Specifications 1.4.5 (restricted circulation numbers: prefixes 02 and 20-29), 1.4.4 (GTIN-8:
0 and 2 are restricted too), 3.6 and 3.7 (measures and amounts), 5.1.3 (identifiers); ISO/IEC 15424 (all identifiers).

Must not know: keys, bytes, the shop's templates, what a card or an announcement looks like.
"""

from __future__ import annotations

import re

from drivers.scanner import gs1
from drivers.scanner.gs1 import GS, GTIN_LENGTHS, Elements, Fault
from drivers.scanner.scan import BadScan, BadScanReason, Gs1Scan, GtinScan, Scan, TextScan, WeighedScan
from drivers.scanner.settings import AS_SHIPPED, ScannerSettings

RIAL = 364
"""ISO 4217 number of the Iranian rial."""
SHIFTED_DIGITS = ")!@#$%^&*("
"""What the US table makes of Shift and the row of digits, from 0 on."""
SHIFTED_DIGITS_MIN = 8

_ELEMENTS = frozenset({"]C1", "]e0", "]d2", "]Q3", "]J1"})
_ADD_ONS_ALONE = frozenset({"]E1", "]E2"})
_WITH_ADD_ON = "]E3"
_EAN_8 = "]E4"
_EAN_OR_UPC = "]E0"
_INTERLEAVED = "]I"
_WEIGHED_PREFIXES = ("02", "20", "21", "22", "23", "24", "25", "26", "27", "28", "29")
_GTIN_14_ALONE = 14
_NO_GTIN = "0" * 14
_IRAN = "626"
_RESTRICTED_EIGHT = ("0", "2")
_EAN_8_LENGTHENED = "00000"
_WRITTEN_OUT = ("<GS>", "{GS}")
# Numbers of free length and characters: lot, serial, and whatever else a packer numbers.
_FREE = frozenset({"10", "21", "22", "240", "241", "250", "251"})
_SWALLOWED = r".+(?:1[1-7]\d{6}|310[0-5]\d{6})"
_REASONS = {
    Fault.UNKNOWN_AI: BadScanReason.UNKNOWN_AI,
    Fault.CHECK_DIGIT: BadScanReason.CHECK_DIGIT,
    Fault.VALUE: BadScanReason.ELEMENT,
    Fault.DATE: BadScanReason.ELEMENT,
    Fault.CONTRADICTION: BadScanReason.ELEMENT,
}


def classify(text: str, settings: ScannerSettings = AS_SHIPPED) -> Scan:
    """Say what a whole scan is. `text` is printable ASCII and GS, not empty."""
    body = _unframed(text, settings)
    if body is None:
        return BadScan(BadScanReason.FRAME)
    symbology = body[:3] if _begins_with_identifier(body) else ""
    body = body.removeprefix(symbology)
    if not body or symbology in _ADD_ONS_ALONE:
        return BadScan(BadScanReason.HALF)
    if symbology in _ELEMENTS or _is_element_string(body):
        return _of_elements(body, settings)
    if GS in body:
        return BadScan(BadScanReason.ELEMENT)
    return _of_digits(body, symbology, settings) if body.isdecimal() else _of_text(body)


def is_whole_trade_number(text: str, settings: ScannerSettings = AS_SHIPPED) -> bool:
    """Whether a text that nothing has ended is a good's number all the same, too long to be a part by chance."""
    return len(text) > 11 and isinstance(classify(text, settings), GtinScan | WeighedScan | Gs1Scan)


def _unframed(text: str, settings: ScannerSettings) -> str | None:
    prefix, suffix = settings.prefix, settings.suffix
    if not prefix and not suffix:
        return text
    framed = text.startswith(prefix) and text.endswith(suffix) and len(text) >= len(prefix) + len(suffix)
    return text.removeprefix(prefix).removesuffix(suffix) if framed else None


def _begins_with_identifier(body: str) -> bool:
    return body.startswith("]") and body[1:2].isalpha() and body[2:3].isalnum()


def _of_text(text: str) -> Scan:
    if len(text) >= SHIFTED_DIGITS_MIN and not text.strip(SHIFTED_DIGITS):
        return BadScan(BadScanReason.LAYOUT)
    return TextScan(text)


def _of_digits(digits: str, symbology: str, settings: ScannerSettings) -> Scan:
    if symbology == _WITH_ADD_ON:
        digits = digits[:13]
    if symbology.startswith(_INTERLEAVED) and len(digits) != 14:
        return BadScan(BadScanReason.HALF)
    if len(digits) <= 8 and (symbology == _EAN_OR_UPC or (settings.upc_e and symbology != _EAN_8)):
        if len(digits) < 8:
            return BadScan(BadScanReason.CHECK_DIGIT)
        if digits[0] == "0":
            expanded = gs1.upc_a(digits)
            return BadScan(BadScanReason.CHECK_DIGIT) if expanded is None else _of_gtin(expanded)
    if len(digits) not in GTIN_LENGTHS:
        return TextScan(digits)
    if len(digits) == 12 and digits.startswith(_IRAN):
        return BadScan(BadScanReason.NO_CHECK_DIGIT)
    eight = digits.removeprefix(_EAN_8_LENGTHENED) if len(digits) == 13 else digits
    if len(eight) == 8 and eight.startswith(_RESTRICTED_EIGHT):
        return BadScan(BadScanReason.NOT_FOR_SALE)
    return _of_gtin(digits) if gs1.has_check_digit(digits) else BadScan(BadScanReason.CHECK_DIGIT)


def _of_gtin(digits: str) -> GtinScan | WeighedScan | BadScan:
    gtin = digits.zfill(14)
    if gtin == _NO_GTIN:
        return BadScan(BadScanReason.NOT_FOR_SALE)
    # Scanners differ over leading zeros: a 12-digit number of system 2 is an EAN-13 with prefix 02.
    return WeighedScan(gtin[1:]) if _is_the_shops_own(gtin) else GtinScan(gtin)


def _is_the_shops_own(gtin: str) -> bool:
    return gtin[0] == "0" and gtin[1:3] in _WEIGHED_PREFIXES


def _is_element_string(body: str) -> bool:
    if not body.startswith("01"):
        return body.startswith(GS)
    gtin = body[2:16]
    return len(gtin) == 14 and gtin.isdecimal() and gs1.has_check_digit(gtin)


def _of_elements(body: str, settings: ScannerSettings) -> Scan:
    text = body.replace(settings.separator, GS) if settings.separator else body
    if any(sign in text for sign in _WRITTEN_OUT):
        return BadScan(BadScanReason.ELEMENT)
    found = gs1.elements(text)
    if isinstance(found, dict):
        alone = GS not in text and _swallows(found)
        return BadScan(BadScanReason.NO_SEPARATOR) if alone else _of_found(found)
    # A DataBar without its AI, as scanners send it that make all retail codes alike.
    if len(text) == _GTIN_14_ALONE and text.isdecimal() and gs1.has_check_digit(text):
        return _of_gtin(text)
    return BadScan(_REASONS[found])


def _swallows(found: Elements) -> bool:
    return any(
        ai in _FREE and re.fullmatch(_SWALLOWED, value) and gs1.elements(value[-8:]) != Fault.DATE
        for ai, value in found.items()
    )


def _of_found(found: Elements) -> Scan:
    gtin = found.get("01")
    if gtin is None or gtin == _NO_GTIN or found.keys() & {"00", "02", "8006", "8026"}:
        return BadScan(BadScanReason.NOT_FOR_SALE)
    weight_g, price_rial = _weight_g(found), _price_rial(found)
    if isinstance(weight_g, BadScan):
        return weight_g
    if isinstance(price_rial, BadScan):
        return price_rial
    count = int(found["30"]) if "30" in found else None
    if count == 0:
        return BadScan(BadScanReason.ELEMENT)
    whole = Gs1Scan(
        gtin=gtin, weight_g=weight_g, count=count, price_rial=price_rial, expires=_earliest(found),
        best_before=found.get("15"),
    )  # fmt: skip
    # Without anything else to say it is the same scan as the good's EAN.
    return _of_gtin(gtin) if whole == Gs1Scan(gtin=gtin) else whole


def _weight_g(found: Elements) -> int | BadScan | None:
    weight = gs1.decimal(found, "310")
    if weight is None:
        in_pounds = gs1.decimal(found, "320") is not None
        return BadScan(BadScanReason.MEASURE) if in_pounds else None
    if isinstance(weight, Fault):
        return BadScan(_REASONS[weight])
    value, places = weight
    weight_g = (2 * value * 1000 + 10**places) // (2 * 10**places)
    return weight_g or BadScan(BadScanReason.ELEMENT)


def _price_rial(found: Elements) -> int | BadScan | None:
    own, named = gs1.decimal(found, "392"), gs1.decimal(found, "393")
    price = named if own is None else own
    if price is None:
        return None
    if isinstance(price, Fault) or (own is not None and named is not None):
        return BadScan(BadScanReason.ELEMENT)
    value, places = price
    if named is not None:
        currency, value = divmod(value, 10 ** _amount_digits(found))
        if currency != RIAL:
            return BadScan(BadScanReason.MEASURE)
    if value % 10**places:
        return BadScan(BadScanReason.MEASURE)
    return value // 10**places or BadScan(BadScanReason.ELEMENT)


def _amount_digits(found: Elements) -> int:
    return next(len(value) for ai, value in found.items() if ai.startswith("393")) - len("364")


def _earliest(found: Elements) -> str | None:
    """The last day of sale: sell by (16), expires (17), or the day of an hour (7003); the first of them."""
    days = [found[ai][:6] for ai in ("16", "17", "7003") if ai in found]
    # All lie in one century, or the label is wrong by decades; day 00 is the last of its month.
    return min(days, key=lambda day: day[:4] + (day[4:] if day[4:] != "00" else "99"), default=None)
