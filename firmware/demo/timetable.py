"""Which days are lived: the whole story, or one day for a quick look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firmware.demo.days import (
    dey_17,
    dey_18,
    dey_19,
    dey_20,
    dey_21,
    dey_22,
    dey_23,
    dey_24,
    dey_25,
    dey_26,
    dey_27,
    dey_28,
    dey_29,
    dey_30,
    later,
    short,
)

if TYPE_CHECKING:
    from firmware.demo.day import Day

OFFLINE = (
    dey_17.DAY, dey_18.DAY, dey_19.DAY, dey_20.DAY, dey_21.DAY, dey_22.DAY, dey_23.DAY, dey_24.DAY,
    dey_25.DAY, dey_26.DAY, dey_27.DAY, dey_28.DAY,
)  # fmt: skip
WHOLE: tuple[Day, ...] = (*OFFLINE, dey_29.DAY, dey_30.DAY, later.ESFAND, later.ORDIBEHESHT, later.BAHMAN)
SHORT: tuple[Day, ...] = (short.DAY, short.MORNING)
