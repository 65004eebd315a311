"""Numbers that people type, and the check digits that catch their slips.

- National ID (کد ملی): 10 digits, left-padded from 8 or 9, weights 10..2, modulo 11. It is public: it names a
  head of household and proves nothing.
- GTIN: weights 3,1 from the right, modulo 10 (GS1 General Specifications, 7.9).
- Announcement codes and receipt numbers: a last digit by Verhoeff's scheme (1969), which catches every single wrong
  digit and every swap of neighbors.
"""

from __future__ import annotations

_TIMES = tuple(
    tuple(
        ((a + b) % 5 if b < 5 else (a + b) % 5 + 5) if a < 5 else ((a - b) % 5 + 5 if b < 5 else (a - b) % 5)
        for b in range(10)
    )
    for a in range(10)
)
_INVERSE = (0, 4, 3, 2, 1, 5, 6, 7, 8, 9)
_TURN = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def is_national_id(digits: str) -> bool:
    """Whether `digits` are ten digits with a right check digit, not all equal."""
    if len(digits) != 10 or not (digits.isascii() and digits.isdigit()) or len(set(digits)) == 1:
        return False
    rest = sum(int(digit) * (10 - index) for index, digit in enumerate(digits[:9])) % 11
    return int(digits[9]) == (rest if rest < 2 else 11 - rest)


def is_gtin(digits: str) -> bool:
    """Whether `digits` are 8, 12, 13 or 14 digits with a right check digit."""
    if len(digits) not in (8, 12, 13, 14) or not (digits.isascii() and digits.isdigit()):
        return False
    return sum(int(digit) * (3 if index % 2 else 1) for index, digit in enumerate(reversed(digits))) % 10 == 0


def check_digit(digits: str) -> str:
    """The Verhoeff digit to append to `digits`."""
    return str(_INVERSE[_verhoeff(digits + "0")])


def has_check_digit(digits: str) -> bool:
    """Whether the last of `digits` is the Verhoeff digit of the others."""
    return len(digits) > 1 and digits.isascii() and digits.isdigit() and _verhoeff(digits) == 0


def receipt_number(*, device: int, sequence: int) -> str:
    """What a receipt is called on paper: device, sequence and check digit, such as ``1001-37-4``."""
    return f"{device}-{sequence}-{check_digit(f'{device}{sequence:07d}')}"


def _verhoeff(digits: str) -> int:
    check = 0
    for index, digit in enumerate(reversed(digits)):
        value = int(digit)
        for _ in range(index % 8):
            value = _TURN[value]
        check = _TIMES[check][value]
    return check
