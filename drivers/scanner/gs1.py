"""GS1's numbers and element strings: check digits, UPC-E, application identifiers, dates. Pure.

An element string is what a GS1-128, a DataBar, a GS1 DataMatrix or a GS1 QR code says: application identifiers (AI) with
their values, one after the other. Values whose AI begins with one of `PREDEFINED` have a fixed length and need no
separator; every other value ends with GS (what scanners send for FNC1) or with the code.

    01 06260000000019 3103 001250 17 261231 10 LOT7   ->  {"01": "06260000000019", "3103": "001250", ...}

Rules:
- An AI that is not in the table makes the whole string unreadable: nobody knows where its value ends.
- A value that breaks its format, a wrong check digit or a date that cannot be makes the whole string unreadable too.
- An AI may be there twice if it says the same twice.
- A UPC-E is believed in its eight digits only: without number system and check digit nothing proves it.

Source: GS1 General Specifications 7.9 (check digit), 7.10 (UPC-E), 7.12 (dates), 7.8 (element strings, lengths), 3.2
(identifiers), 7.11 (characters).

Must not know: which AI the till uses, symbologies, scanners.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from enum import Enum
from functools import cache

GS = "\x1d"
"""Group separator: ends a value of variable length."""

GTIN_LENGTHS = (8, 12, 13, 14)

PREDEFINED = {
    "00": 20, "01": 16, "02": 16, "03": 16, "04": 18,
    **dict.fromkeys(("11", "12", "13", "14", "15", "16", "17", "18", "19"), 8),
    "20": 4, **dict.fromkeys(("31", "32", "33", "34", "35", "36"), 10), "41": 16,
}  # fmt: skip
"""First two digits of an AI -> characters of AI and value together. These need no separator."""

_CHARACTERS = {
    "N": "[0-9]",
    "X": r"[!-\"%-?A-Z_a-z]",
    "Y": r"[#\-/0-9A-Z]",
    "Z": r"[\-0-9=A-Z_a-z]",
}
"""Numeric; set 82; set 39; set 64 (base 64 for files and URLs)."""

# AI, or "first-last"; a trailing "n" stands for the digit that tells the places after the decimal point.
# Format: character set, then length, or ".." and the largest length; parts of one value are joined by "+".
_FORMATS = {
    "00": "N18", "01": "N14", "02": "N14", "03": "N14",
    "10": "X..20", "11-13": "N6", "15-17": "N6", "20": "N2", "21": "X..20", "22": "X..20",
    "235": "X..28", "240": "X..30", "241": "X..30", "242": "N..6", "243": "X..20",
    "250": "X..30", "251": "X..30", "253": "N13+X..17?", "254": "X..20", "255": "N13+N..12?",
    "30": "N..8", "310n-316n": "N6", "320n-337n": "N6", "340n-357n": "N6", "360n-369n": "N6", "37": "N..8",
    "390n": "N..15", "391n": "N3+N..15", "392n": "N..15", "393n": "N3+N..15", "394n": "N4", "395n": "N6",
    "400-401": "X..30", "402": "N17", "403": "X..30", "410-417": "N13", "420": "X..20", "421": "N3+X..9",
    "422": "N3", "423": "N3+N..12", "424": "N3", "425": "N3+N..12", "426": "N3", "427": "X..3",
    "4300-4301": "X..35", "4302-4306": "X..70", "4307": "X2", "4308": "X..30", "4309": "N20", "4310-4311": "X..35",
    "4312-4316": "X..70", "4317": "X2", "4318": "X..20", "4319": "X..30", "4320": "X..35", "4321-4323": "N1",
    "4324-4325": "N10", "4326": "N6",
    "7001": "N13", "7002": "X..30", "7003": "N10", "7004": "N..4", "7005": "X..12", "7006": "N6", "7007": "N6+N6?",
    "7008": "X..3", "7009": "X..10", "7010": "X..2", "7011": "N6+N4?", "7020-7022": "X..20", "7023": "X..30",
    "7030-7039": "N3+X..27", "7040": "N1+X3", "710-717": "X..20", "7230-7239": "X2+X..28", "7240": "X..20",
    "8001": "N14", "8002": "X..20", "8003": "N14+X..16?", "8004": "X..30", "8005": "N6", "8006": "N14+N4",
    "8007": "X..34", "8008": "N8+N..4?", "8009": "X..50", "8010": "Y..30", "8011": "N..12", "8012": "X..20",
    "8013": "X..25", "8017-8018": "N18", "8019": "N..10", "8020": "X..25", "8026": "N14+N4", "8030": "Z..90",
    "8110": "X..70", "8111": "N4", "8112": "X..70", "8200": "X..70", "90": "X..30", "91-99": "X..90",
}  # fmt: skip
_CHECKED = frozenset({"00", "01", "02", "03", "402", "8017", "8018", *map(str, range(410, 418))})
_DATES = frozenset({"11", "12", "13", "15", "16", "17", "7003", "7006", "8008"})


class Fault(Enum):
    """Why an element string cannot be read."""

    UNKNOWN_AI = "unknown_ai"
    VALUE = "value"
    CHECK_DIGIT = "check_digit"
    DATE = "date"
    CONTRADICTION = "contradiction"


Elements = dict[str, str]
"""AI -> its value, in the order of the code."""


def check_digit(digits: str) -> int:
    """Return the check digit that follows `digits` (ASCII digits): weights 3, 1, 3 ... from the right."""
    return -_weighed(f"{digits}0") % 10


def has_check_digit(digits: str) -> bool:
    """Whether the last of `digits` (ASCII digits, two or more) is the check digit of the others."""
    return _weighed(digits) % 10 == 0


def _weighed(digits: str) -> int:
    """Sum of the digits, weights 1, 3, 1 ... from the right."""
    characters = digits.encode()
    single, tripled = characters[::-2], characters[-2::-2]
    return sum(single) + 3 * sum(tripled) - ord("0") * (len(single) + 3 * len(tripled))


def upc_a(digits: str) -> str | None:
    """The twelve digits of a UPC-E of eight; None if its check digit is wrong or its number system is not 0."""
    number, last = digits[1:7], digits[6]
    if last in "012":
        body = f"{number[:2]}{last}0000{number[2:5]}"
    elif last == "3":
        body = f"{number[:3]}00000{number[3:5]}"
    elif last == "4":
        body = f"{number[:4]}00000{number[4]}"
    else:
        body = f"{number[:5]}0000{last}"
    whole = f"{digits[0]}{body}{digits[7]}"
    return whole if digits[0] == "0" and has_check_digit(whole) else None


def elements(text: str) -> Elements | Fault:
    """Take an element string apart. `text` may begin with a separator, as some scanners send a first FNC1."""
    found: Elements = {}
    rest = text.lstrip(GS)
    while rest:
        ai = _first_ai(rest)
        if ai is None:
            return Fault.UNKNOWN_AI
        whole = PREDEFINED.get(ai[:2])
        if whole is None:
            value, _, rest = rest[len(ai) :].partition(GS)
        else:
            value, rest = rest[len(ai) : whole], rest[whole:]
        fault = _fault(ai, value)
        if fault is not None:
            return fault
        if found.setdefault(ai, value) != value:
            return Fault.CONTRADICTION
        # A separator after a value of fixed length is superfluous and allowed.
        rest = rest.lstrip(GS)
    return found


def last_day(yymmdd: str, *, year: int) -> date | None:
    """The day that a date of an element string names, the last of its month for day 00; None if there is no such day.

    `year` is the present one, which tells the century: a date lies at most 49 years back and 50 ahead.
    """
    near = int(yymmdd[:2]) - year % 100
    century = year // 100 + (-1 if near > 50 else 1 if near < -49 else 0)
    whole, month, day = century * 100 + int(yymmdd[:2]), int(yymmdd[2:4]), int(yymmdd[4:6])
    try:
        if day == 0:
            return (date(whole, month, 28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        return date(whole, month, day)
    except ValueError:
        return None


def decimal(found: Elements, ai: str) -> tuple[int, int] | Fault | None:
    """The value of `ai` without its last digit (``310``) and its places after the point; None if it is not there."""
    names = [name for name in found if len(name) == 4 and name.startswith(ai)]
    if not names:
        return None
    return (int(found[names[0]]), int(names[0][3])) if len(names) == 1 else Fault.CONTRADICTION


def _first_ai(text: str) -> str | None:
    table = _table()
    return next((text[:length] for length in (2, 3, 4) if text[:length] in table), None)


def _fault(ai: str, value: str) -> Fault | None:
    if not _pattern(_table()[ai]).fullmatch(value):
        return Fault.VALUE
    if ai in _CHECKED and not has_check_digit(value):
        return Fault.CHECK_DIGIT
    # The century is not known here; it only matters for a 29 February of a year 00.
    return Fault.DATE if ai in _DATES and last_day(value, year=2000) is None else None


@cache
def _table() -> dict[str, str]:
    return {ai: form for names, form in _FORMATS.items() for ai in _spelled_out(names)}


def _spelled_out(names: str) -> list[str]:
    first, _, last = names.partition("-")
    if not names.endswith("n"):
        return [first.replace("n", ""), *map(str, range(int(first) + 1, int(last) + 1))] if last else [first]
    numbers = range(int(first[:-1]), int((last or first)[:-1]) + 1)
    places = 10 if first.startswith("39") else 6
    return [f"{number}{place}" for number in numbers for place in range(places)]


@cache
def _pattern(form: str) -> re.Pattern[str]:
    return re.compile("".join(_part_pattern(part) for part in form.split("+")))


def _part_pattern(part: str) -> str:
    length = part[1:].removesuffix("?")
    times = f"{{1,{length[2:]}}}" if length.startswith("..") else f"{{{length}}}"
    pattern = _CHARACTERS[part[0]] + times
    return f"(?:{pattern})?" if part.endswith("?") else pattern
