"""What the store knows of an entry and its surroundings, as verification reads it. Values only, no storage."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sync.wire.facts import Line, Purchase
    from sync.wire.policy import Policy
    from sync.wire.refunds import Returned


class Standing(Struct, frozen=True):
    """What holds for all entries of a device. `suspended_from` is the first sequence that is held back."""

    suspended_from: int | None
    arrived_s: int
    skew_s: int


class AllowanceView(Struct, frozen=True):
    """An allowance as the ledger has it. Of one that has fallen back, `left_rial` is what its device may still believe in,
    and `free_rial` what could be found for it.
    """

    number: int
    household: int
    tranche: int
    cohort: int
    left_rial: int
    opens_at_s: int | None
    authorize_until_s: int
    closed: bool
    free_rial: int


class CodeStanding(Enum):
    """What the center knows of the one-time code that an entry names."""

    NONE = auto()
    UNKNOWN = auto()
    NOT_GIVEN_OUT = auto()
    USED = auto()
    GOOD = auto()


class ProofView(Struct, frozen=True):
    """`household_key` is the card's K, where the card is the household's and not revoked for this chain."""

    household_key: bytes | None
    code: CodeStanding


class UseView(Struct, frozen=True):
    """Accepted purchases, not voided, since the center last answered."""

    purchases: int
    credit_rial: int


class PurchaseView(Struct, frozen=True):
    """All that a purchase is judged by. `policy` and `goods` (good by GTIN) are None where its chain had not applied
    them, or had newer ones; `policy_heard_s` is since when its rules may be old, `floor_s` when the newest mail that it
    had applied was written; `openings` holds (tranche, cohort) that announcements opened on the chain before.
    """

    policy: Policy | None
    policy_heard_s: int
    floor_s: int
    goods: Mapping[int, int] | None
    proof: ProofView
    allowances: Mapping[int, AllowanceView]
    openings: frozenset[tuple[int, int]]
    household_use: UseView
    device_use: UseView


class OriginalView(Struct, frozen=True):
    """The purchase that a reversal names, and what was reversed of it before."""

    purchase: Purchase
    lines: tuple[Line, ...]
    accepted: bool
    voided: bool
    before_last_z: bool
    returned: Returned
