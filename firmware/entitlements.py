"""What a household may spend at this till, as the journal knows it. Pure: no storage, no clock.

An allowance opens at a date or by its tranche's announcement; opening is judged by the lower end of the time interval,
expiry by the upper, so that no doubt about the clock ever spends a day early or late.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from msgspec import Struct

from sync.wire.kinds import Grade

if TYPE_CHECKING:
    from sync.wire.entry import TimeInterval


class Opening(Enum):
    """Whether an allowance may be spent now."""

    USABLE = auto()
    OPENS_LATER = auto()
    NOT_ANNOUNCED = auto()
    EXPIRED = auto()


class AllowanceState(Struct, frozen=True):
    """An allowance with what is left of it. `released`: its tranche's announcement reached this till."""

    number: int
    tranche: int
    left_rial: int
    opens_at_s: int | None
    released: bool
    authorize_until_s: int
    present_by_s: int

    def opening(self, time: TimeInterval, *, stated_time_opens: bool) -> Opening:
        """Whether it may be spent at `time`."""
        if time.not_after_s > self.authorize_until_s:
            return Opening.EXPIRED
        if self.released:
            return Opening.USABLE
        if self.opens_at_s is None:
            return Opening.NOT_ANNOUNCED
        believed = time.grade is not Grade.STATED or stated_time_opens
        if time.not_before_s >= self.opens_at_s and believed:
            return Opening.USABLE
        return Opening.OPENS_LATER


class Use(Struct, frozen=True):
    """What was spent since the center last acknowledged the journal."""

    purchases: int
    credit_rial: int


class Account(Struct, frozen=True):
    """A household at this till."""

    household: int
    cohort: int
    allowances: tuple[AllowanceState, ...]
    pin_failures: int
    unacknowledged: Use

    def usable(self, time: TimeInterval, *, stated_time_opens: bool) -> tuple[AllowanceState, ...]:
        """Allowances with something left that may be spent now, in the signed spending order."""
        open_now = [
            allowance
            for allowance in self.allowances
            if allowance.left_rial
            and allowance.opening(time, stated_time_opens=stated_time_opens) is Opening.USABLE
        ]
        return tuple(sorted(open_now, key=spending_order))


def spending_order(allowance: AllowanceState) -> tuple[int, int, int]:
    """Sort key of the signed spending order: earliest expiry, oldest tranche, lowest number."""
    return allowance.authorize_until_s, allowance.tranche, allowance.number
