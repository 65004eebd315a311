"""The scheme's rules as data: a policy document, signed by the policy key, switched as a whole.

Rules change with every phase; no code may hold one of them. Amounts are rial, times Unix seconds, spans seconds.
"""

from __future__ import annotations

from sync.wire.kinds import Leftover, Unit
from sync.wire.money import AMOUNT_RIAL_MAX
from sync.wire.record import Record, array_record, item, record
from sync.wire.shapes import flag, list_of, nested, one_of, optional, text, uint

CONTEXT = "sofreh/policy/1"
GOODS_MAX = COHORTS_MAX = 64
TRANCHES_MAX = 256
CONTACTS_MAX = 8
CASH_STEP_RIAL_MAX = 10**6
_AMOUNT = uint(AMOUNT_RIAL_MAX)


@array_record
class Good(Record):
    """One of the basic goods. `units` begins with the usual one; `low_rial`..`high_rial` is the sane price of one usual
    unit (per kilogram for gram), outside which the till asks again.
    """

    number: int = item(0, uint(255))
    group: int = item(1, uint(255))
    name: str = item(2, text(60))
    units: tuple[Unit, ...] = item(3, list_of(one_of(Unit), len(Unit)))
    low_rial: int = item(4, _AMOUNT)
    high_rial: int = item(5, _AMOUNT)


@array_record
class Cohort(Record):
    """Households from one decile to another; `supported` households, under a support body, come first where asked."""

    number: int = item(0, uint(255))
    name: str = item(1, text(80))
    decile_from: int = item(2, uint(10))
    decile_to: int = item(3, uint(10))
    supported: bool = item(4, flag())


@record
class Tranche(Record):
    """One instalment for one cohort. Without `opens_at_s` it is locked until officially announced."""

    number: int = item(0, uint())
    cohort: int = item(1, uint(255))
    per_person_rial: int = item(2, _AMOUNT)
    opens_at_s: int | None = item(3, optional(uint()), default=None)
    authorize_until_s: int = item(4, uint())


@record
class Limits(Record):
    """Bounds that hold without network; counted since the center last acknowledged the journal."""

    purchase_credit_rial: int = item(0, _AMOUNT)
    household_purchases: int = item(1, uint())
    household_credit_rial: int = item(2, _AMOUNT)
    device_purchases: int = item(3, uint())
    device_credit_rial: int = item(4, _AMOUNT)
    stated_purchase_credit_rial: int = item(5, _AMOUNT)
    policy_age_s: int = item(6, uint())
    pin_tries: int = item(7, uint(99))
    operator_pin_tries: int = item(8, uint(99))


@record
class Policy(Record):
    """One phase of the scheme. `credential_grace_s` is how long after its credential's end a device is still renewed by
    itself; none where it is absent.
    """

    version: int = item(0, uint())
    phase: str = item(1, text(40))
    title: str = item(2, text(120))
    valid_from_s: int = item(3, uint())
    goods: tuple[Good, ...] = item(4, list_of(nested(Good), GOODS_MAX))
    cohorts: tuple[Cohort, ...] = item(5, list_of(nested(Cohort), COHORTS_MAX))
    tranches: tuple[Tranche, ...] = item(6, list_of(nested(Tranche), TRANCHES_MAX))
    leftover: Leftover = item(7, one_of(Leftover))
    minimum_own_rial: int = item(8, _AMOUNT)
    cash_step_rial: int = item(9, uint(CASH_STEP_RIAL_MAX))
    limits: Limits = item(10, nested(Limits))
    stated_time_opens: bool = item(11, flag())
    usual_shop_percent: int = item(12, uint(100))
    present_within_s: int = item(13, uint())
    second_deadline_s: int = item(14, uint())
    contacts: tuple[str, ...] = item(15, list_of(text(120), CONTACTS_MAX))
    credential_grace_s: int | None = item(16, optional(uint()), default=None)

    def good(self, number: int) -> Good | None:
        """The good with this number, if it is in this policy."""
        for good in self.goods:
            if good.number == number:
                return good
        return None

    def cohort_of(self, *, decile: int, supported: bool) -> Cohort | None:
        """The first cohort that a household of this decile falls into."""
        for cohort in self.cohorts:
            if cohort.decile_from <= decile <= cohort.decile_to and (supported or not cohort.supported):
                return cohort
        return None

    def tranche(self, number: int, cohort: int) -> Tranche | None:
        """The instalment `number` of a cohort."""
        return next((t for t in self.tranches if (t.number, t.cohort) == (number, cohort)), None)
