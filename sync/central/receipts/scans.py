"""What keyboard scanners typed: texts of receipts, one a line, from files or from standard input.

A scanner ends each text with Enter, so a file of them is made by scanning into any editor, and none is needed with ``-``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from sync.central.errors import WrongInput

STANDARD_INPUT = "-"
FILE_CHARACTERS_MAX = 32 << 20
"""Some fifty thousand receipts."""


def read_scans(names: list[str]) -> list[list[str]]:
    """[where, text] of each line that is not empty; where is the file's name and the line's number.

    Raises: WrongInput, for a file that cannot be read or has no such line.
    """
    return [scan for name in names for scan in _scans(name)]


def _scans(name: str) -> list[list[str]]:
    lines = enumerate(_text(name).splitlines(), start=1)
    place = "line" if name == STANDARD_INPUT else f"{name}, line"
    scans = [[f"{place} {number}", line.strip()] for number, line in lines if line.strip()]
    if not scans:
        raise WrongInput("standard input" if name == STANDARD_INPUT else name, "holds no receipt")
    return scans


def _text(name: str) -> str:
    if name == STANDARD_INPUT:
        text = sys.stdin.read(FILE_CHARACTERS_MAX + 1).removeprefix("\ufeff")
    else:
        try:
            with Path(name).open(encoding="utf-8-sig", errors="replace") as file:
                text = file.read(FILE_CHARACTERS_MAX + 1)
        except OSError as error:
            raise WrongInput(name, error.strerror or str(error)) from None
    if len(text) > FILE_CHARACTERS_MAX:
        raise WrongInput(name, f"has more than {FILE_CHARACTERS_MAX} characters: split it")
    return text
