"""Money: integer rial (IRR, ISO 4217 number 364). People speak toman; 1 toman is 10 rial."""

from __future__ import annotations

from typing import NewType

Rial = NewType("Rial", int)

RIAL_PER_TOMAN = 10
AMOUNT_RIAL_MAX = 10**14
"""Bound of every amount on the wire."""


def of_toman(toman: int) -> Rial:
    """`toman` as rial."""
    return Rial(toman * RIAL_PER_TOMAN)
