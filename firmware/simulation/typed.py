"""What a person types at the simulated till's terminal, as what a shopkeeper does. Pure.

6261037001017        a barcode (8, 12, 13 or 14 digits alone): scanned
2*5/   +   -3        keys of the pad as they are; e is its Enter, b its backspace, a space is nothing
1234e                the PIN 1234 and Enter; an empty line is Enter alone
:card 3              household 3 holds its card under the scanner
:scan TEXT           anything else under the scanner
:cut  :clock +2h     the world around; see `WORDS`
"""

from __future__ import annotations

import re

from msgspec import Struct

WORDS = {
    "cards": "who lives here: household, card, PIN, national ID",
    "goods": "some barcodes of the approved list",
    "card": "N: household N holds its card under the scanner",
    "scan": "TEXT: scan any text",
    "code": "NATIONAL_ID: the center tells a one-time code by telephone",
    "announce": "N: the center announces tranche N; shows its code",
    "report": "what the center knows",
    "cut": "cut the line to the center",
    "restore": "mend it",
    "unplug": "scanner or printer: pull it out of its socket",
    "replug": "scanner or printer: put it back",
    "paper": "out: the printer's roll is at its end; in: put in a new one",
    "plug": "pull the till's plug, at once and without asking",
    "insert": "put it back in",
    "clock": "+2h, +3d, +30m or +40s: let time pass; alone: show it",
    "help": "this list",
    "quit": "close the shop for today",
}
_PAD = str.maketrans({"e": "\n", "b": "\b", " ": None, ",": ".", "÷": "/", "x": "*"})
_PERSIAN = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "01234567890123456789")
_SPAN = re.compile(r"\+(\d{1,6})([smhd])")
_SPAN_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


class Keys(Struct, frozen=True):
    """Keys of the pad, a line feed for Enter."""

    keys: str


class Code(Struct, frozen=True):
    """A text under the scanner."""

    text: str


class Word(Struct, frozen=True):
    """A command to the world, with what follows it."""

    word: str
    rest: str


class Strange(Struct, frozen=True):
    """Nothing that a shopkeeper could do; says why."""

    why: str


Typed = Keys | Code | Word | Strange


def typed(line: str) -> Typed:
    """What `line` means, without its line feed."""
    text = line.strip().translate(_PERSIAN)
    if text.startswith(":"):
        return _word(text[1:])
    if text.isascii() and text.isdigit() and len(text) in (8, 12, 13, 14):
        return Code(text)
    keys = text.translate(_PAD) or "\n"
    strange = sorted(set(keys) - set("0123456789+-*/.\n\b"))
    if strange:
        return Strange(f"there is no key {' '.join(strange)} on the pad; :help lists what there is")
    return Keys(keys)


def _word(text: str) -> Typed:
    word, _, rest = text.partition(" ")
    if word not in WORDS:
        return Strange(f"there is no :{word}; :help lists what there is")
    if word == "scan":
        return (
            Code(rest)
            if rest and rest.isascii() and rest.isprintable()
            else Strange("scan what? Plain ASCII")
        )
    return Word(word, rest.strip())


def span_ms(text: str) -> int | None:
    """Milliseconds of ``+2h``, ``+3d``, ``+30m``, ``+40s``; None for anything else."""
    found = _SPAN.fullmatch(text)
    return None if found is None else int(found[1]) * _SPAN_MS[found[2]]
