"""Money: integer rial (IRR, ISO 4217 number 364), in names that end in `_rial`. People speak toman; 1 toman is 10 rial."""

from __future__ import annotations

RIAL_PER_TOMAN = 10
AMOUNT_RIAL_MAX = 10**14
"""Bound of every amount on the wire."""


def of_toman(toman: int) -> int:
    """`toman` as rial."""
    return toman * RIAL_PER_TOMAN
