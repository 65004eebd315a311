"""The story's own account of the village: what each household has left at the till, and what the till should have sold.

Kept by hand from the scheme's rules, without the appliance's code: it is the third count beside journal and ledger. All
amounts are rial.
Must not know: the till, the paper, the center.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from firmware.demo.calendar import moment_s
from firmware.demo.village import LOW, MIDDLE, SUPPORTED, UPPER, Household, Village

if TYPE_CHECKING:
    from firmware.demo.shelf import Goods

PER_PERSON_RIAL = 10_000_000
SHARE_PERCENT = 80
"""Of the credit, reserved for the usual shop."""
OWN_PART_RIAL = 50_000
CASH_STEP_RIAL = 5_000
TRANCHES = (1, 2, 3, 4)
FIRST_DAY = {SUPPORTED: "14041017", LOW: "14041019", MIDDLE: "14041022", UPPER: "14041028"}


class Split(Struct, frozen=True):
    """How a basket is paid. `legs` are rial by tranche."""

    credit_rial: int
    own_rial: int
    legs: dict[int, int]


class Receipt(Struct, frozen=True):
    """A purchase as its paper shows it; `number` is what is keyed, such as ``37-4``."""

    number: str
    household: Household
    goods: tuple[Goods, ...]
    split: Split


class Sums(Struct):
    """Counts and rial since a beginning."""

    purchases: int = 0
    credit_rial: int = 0
    own_rial: int = 0
    cash_sales: int = 0
    cash_sales_rial: int = 0
    voids: int = 0
    refunds: int = 0
    back_credit_rial: int = 0
    back_own_rial: int = 0
    declines: int = 0

    @property
    def drawer_rial(self) -> int:
        """What the drawer should hold."""
        return self.own_rial + self.cash_sales_rial - self.back_own_rial

    @property
    def net_credit_rial(self) -> int:
        """What the center owes the shop."""
        return self.credit_rial - self.back_credit_rial


class Books(Struct):
    """See the module. `day` begins anew with each Z."""

    village: Village
    left_rial: dict[tuple[int, int], int] = field(default_factory=dict)
    announced: set[int] = field(default_factory=set)
    day: Sums = field(default_factory=Sums)
    whole: Sums = field(default_factory=Sums)

    def __post_init__(self) -> None:
        """Reserve each household's share at the till."""
        for household in self.village.households:
            for tranche in TRANCHES:
                share_rial = household.members * PER_PERSON_RIAL * SHARE_PERCENT // 100
                self.left_rial[household.number, tranche] = share_rial

    def available(self, household: Household, now_s: int) -> dict[int, int]:
        """Rial by tranche that the household may spend now, oldest first."""
        return {
            tranche: self.left_rial[household.number, tranche]
            for tranche in TRANCHES
            if tranche in self.announced or (tranche == 1 and now_s >= moment_s(FIRST_DAY[household.cohort]))
        }

    def split(
        self, household: Household, goods: tuple[Goods, ...], now_s: int, *, cap_toman: int | None = None
    ) -> Split:
        """What credit pays of these goods, and what the buyer pays: at least the own part, in whole cash steps."""
        total_rial = sum(one.total_rial for one in goods)
        listed_rial = sum(one.total_rial for one in goods if one.listed)
        available = self.available(household, now_s)
        bounds = [sum(available.values()), listed_rial - OWN_PART_RIAL]
        if cap_toman is not None:
            bounds.append(cap_toman * 10)
        own_rial = total_rial - max(0, min(bounds))
        own_rial += -own_rial % CASH_STEP_RIAL
        credit_rial = max(0, total_rial - own_rial)
        return Split(credit_rial, total_rial - credit_rial, _legs(available, credit_rial))

    def bought(self, receipt: Receipt) -> None:
        """A purchase is in the journal."""
        for tranche, amount_rial in receipt.split.legs.items():
            self.left_rial[receipt.household.number, tranche] -= amount_rial
        for sums in (self.day, self.whole):
            sums.purchases += 1
            sums.credit_rial += receipt.split.credit_rial
            sums.own_rial += receipt.split.own_rial

    def sold_for_cash(self, total_rial: int) -> None:
        """A cash sale is in the journal."""
        for sums in (self.day, self.whole):
            sums.cash_sales += 1
            sums.cash_sales_rial += total_rial

    def voided(self, receipt: Receipt) -> None:
        """A purchase was undone whole."""
        for tranche, amount_rial in receipt.split.legs.items():
            self.left_rial[receipt.household.number, tranche] += amount_rial
        for sums in (self.day, self.whole):
            sums.voids += 1
        self._gave_back(receipt.split.credit_rial, receipt.split.own_rial)

    def refunded(self, receipt: Receipt, *, credit_rial: int, own_rial: int) -> None:
        """Goods came back; the youngest tranche gets its credit first."""
        rest_rial = credit_rial
        for tranche, amount_rial in sorted(receipt.split.legs.items(), reverse=True):
            back_rial = min(amount_rial, rest_rial)
            self.left_rial[receipt.household.number, tranche] += back_rial
            rest_rial -= back_rial
        for sums in (self.day, self.whole):
            sums.refunds += 1
        self._gave_back(credit_rial, own_rial)

    def declined(self) -> None:
        """A refusal is in the journal."""
        self.day.declines += 1
        self.whole.declines += 1

    def close_day(self) -> None:
        """A Z was printed."""
        self.day = Sums()

    def _gave_back(self, credit_rial: int, own_rial: int) -> None:
        for sums in (self.day, self.whole):
            sums.back_credit_rial += credit_rial
            sums.back_own_rial += own_rial


def _legs(available: dict[int, int], credit_rial: int) -> dict[int, int]:
    legs = {}
    for tranche, left_rial in sorted(available.items()):
        amount_rial = min(left_rial, credit_rial)
        if amount_rial:
            legs[tranche] = amount_rial
        credit_rial -= amount_rial
    return legs
