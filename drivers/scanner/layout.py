"""Whether a text came from a scanner whose settings were changed, by a stray programming barcode. Pure.

A scanner types keys, not characters: one that was set to another country's keyboard presses the keys that stand there,
and our US table reads other signs. The text is then read back as each of the usual layouts would have meant it, to
ask whether it was something that we know. It is never used as such: the scanner must be set right, for the next scan
may be one that no rule can read back.

Source: the keyboards of France and Belgium (AZERTY), Germany and its neighbors (QWERTZ), Italy, Spain, Portugal and
the North, Turkey (Q), as Linux and Windows draw them; the letters with which scanners name a symbology by themselves.

Must not know: which texts are ours; whoever asks brings that.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from drivers.scanner.gs1 import has_check_digit

if TYPE_CHECKING:
    from collections.abc import Callable

_FRAMED_NUMBER = r"\D{1,3}(\d{12,14})|(\d{12,14})\D{1,3}"

# What the US table reads -> what such a scanner meant.
_AZERTY = dict(zip(")!@#$%^&*(", "0123456789", strict=True)) | dict(
    zip('QAWZqawz:;.<>6]"\\', "AQZWaqzwMm:./-$%*", strict=True)
)
_QWERTZ = dict(zip("YZyz>/&]}", "ZYzy:-/+*", strict=True))
_LATIN = dict(zip(">/&]}", ":-/+*", strict=True))
_TURKISH = dict(zip("?/=-&$", ":.-*/+", strict=True))
_LAYOUTS = tuple(str.maketrans(layout) for layout in (_AZERTY, _QWERTZ, _LATIN, _TURKISH))


def settings_changed(text: str, is_known: Callable[[str], bool]) -> bool:
    """Whether `text`, which nobody knows, is something known from a scanner that was set to another layout, that turns
    capitals into small letters, or that puts up to three signs of its own before or behind a good's number.
    """
    meant = {text.translate(layout) for layout in _LAYOUTS} | {text.swapcase()}
    meant.discard(text)
    if any(is_known(one) for one in meant):
        return True
    framed = re.fullmatch(_FRAMED_NUMBER, text)
    return framed is not None and has_check_digit(framed[1] or framed[2])
