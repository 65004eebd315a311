"""The public parts of journal entries, one record a kind; what a receipt may show to anybody.

Amounts are rial, times Unix seconds. Sequence numbers name entries of the same journal.
"""

from __future__ import annotations

from sync.wire.kinds import ClockSource, ClosingKind, DeclineReason, EntryKind, Unit
from sync.wire.money import AMOUNT_RIAL_MAX
from sync.wire.record import Record, array_record, item, record
from sync.wire.shapes import flag, list_of, nested, octets, one_of, optional, sint, text, uint

LINES_MAX = 99
LEGS_MAX = 32
_AMOUNT = uint(AMOUNT_RIAL_MAX)


@array_record
class Line(Record):
    """One line of a basket. `good` is 1-11, or 0 for goods outside the approved list; `gtin` is 0 where none was scanned."""

    good: int = item(0, uint(255))
    gtin: int = item(1, uint(10**14 - 1))
    unit: Unit = item(2, one_of(Unit))
    price_rial: int = item(3, _AMOUNT)
    quantity: int = item(4, uint(10**6))

    @property
    def total_rial(self) -> int:
        """What it costs; it is not signed, since it follows from what is."""
        return line_total_rial(self.unit, price_rial=self.price_rial, quantity=self.quantity)


def line_total_rial(unit: Unit, *, price_rial: int, quantity: int) -> int:
    """What a line costs. For gram the price is per kilogram and half a rial rounds up; else it is per piece or tray."""
    return (price_rial * quantity + 500) // 1000 if unit == Unit.GRAM else price_rial * quantity


@array_record
class Leg(Record):
    """What one allowance gave or got back, and what is left of it afterwards."""

    allowance: int = item(0, uint())
    amount_rial: int = item(1, _AMOUNT)
    left_rial: int = item(2, _AMOUNT)


@record
class Enrolled(Record):
    """First entry of every journal."""

    credential_hash: bytes = item(0, octets(32))
    version: str = item(1, text(40))


@record
class Booted(Record):
    """The process started. `clean` is false after a power cut."""

    version: str = item(0, text(40))
    clean: bool = item(1, flag())


@record
class ClockSet(Record):
    """The clock was set; the entry's own time is the new one. `shift_s` is new minus old, if there was an old one."""

    source: ClockSource = item(0, one_of(ClockSource))
    shift_s: int | None = item(1, optional(sint()), default=None)


@record
class MailApplied(Record):
    """Mail `first` to `last` took effect; `head` is the hash of item `last`."""

    first: int = item(0, uint())
    last: int = item(1, uint())
    head: bytes = item(2, octets(32))


@record
class AllowanceGivenBack(Record):
    """Recalled allowances returned to the center, each leg with what was left."""

    legs: tuple[Leg, ...] = item(0, list_of(nested(Leg)))


@record
class PinFailure(Record):
    """A wrong PIN; the household stands in the private part."""

    failures: int = item(0, uint(255))


@record
class CodeOutcome(Record):
    """A one-time code was tried; household and code stand in the private part."""

    right: bool = item(0, flag())


@array_record
class GroupProof(Record):
    """Proof that the announcement of a tranche reached this device, for one cohort."""

    cohort: int = item(0, uint(255))
    proof: bytes = item(1, octets(16))


@record
class Announcement(Record):
    """A tranche was opened by its announcement's code."""

    tranche: int = item(0, uint())
    groups: tuple[GroupProof, ...] = item(1, list_of(nested(GroupProof), 64))


@record
class Purchase(Record):
    """A purchase was authorized: total = credit + own; `number` and `credit_so_far_rial` count since enrollment."""

    policy: int = item(0, uint())
    catalog: int = item(1, uint())
    total_rial: int = item(2, _AMOUNT)
    credit_rial: int = item(3, _AMOUNT)
    own_rial: int = item(4, _AMOUNT)
    legs: tuple[Leg, ...] = item(5, list_of(nested(Leg), LEGS_MAX))
    number: int = item(6, uint())
    credit_so_far_rial: int = item(7, _AMOUNT)


@record
class Decline(Record):
    """A refusal and the sum that was asked for."""

    reason: DeclineReason = item(0, one_of(DeclineReason))
    total_rial: int = item(1, _AMOUNT)


@record
class Inquiry(Record):
    """A household asked for its balance."""


@record
class Void(Record):
    """The operator canceled a purchase before the next Z; legs go back whole, own money is handed back."""

    purchase: int = item(0, uint())
    credit_rial: int = item(1, _AMOUNT)
    own_rial: int = item(2, _AMOUNT)
    legs: tuple[Leg, ...] = item(3, list_of(nested(Leg), LEGS_MAX))


@array_record
class RefundLine(Record):
    """Line `index` of the purchase, and how much of it came back."""

    index: int = item(0, uint(LINES_MAX))
    quantity: int = item(1, uint(10**6))


@record
class Refund(Record):
    """Goods came back: credit first to the allowances, in reverse spending order, then own money."""

    purchase: int = item(0, uint())
    lines: tuple[RefundLine, ...] = item(1, list_of(nested(RefundLine), LINES_MAX))
    credit_rial: int = item(2, _AMOUNT)
    own_rial: int = item(3, _AMOUNT)
    legs: tuple[Leg, ...] = item(4, list_of(nested(Leg), LEGS_MAX))


@record
class PriceChanged(Record):
    """The shop's price of a good or product changed. `gtin` is 0 for a good sold by its number."""

    good: int = item(0, uint(255))
    gtin: int = item(1, uint(10**14 - 1))
    unit: Unit = item(2, one_of(Unit))
    price_rial: int = item(3, _AMOUNT)


@record
class OperatorPinFailure(Record):
    """A wrong operator PIN."""

    failures: int = item(0, uint(255))


@record
class OutageOpened(Record):
    """The center has not answered since about the entry's time."""


@record
class OutageClosed(Record):
    """The center answers again."""


@record
class CashSale(Record):
    """A basket without a household, paid in own money."""

    total_rial: int = item(0, _AMOUNT)


@record
class Closing(Record):
    """X or Z number `number`: totals of the entries `first` to the one before this."""

    closing: ClosingKind = item(0, one_of(ClosingKind))
    number: int = item(1, uint())
    first: int = item(2, uint())
    purchases: int = item(3, uint())
    credit_rial: int = item(4, _AMOUNT)
    own_rial: int = item(5, _AMOUNT)
    cash_sales: int = item(6, uint())
    cash_sales_rial: int = item(7, _AMOUNT)
    voids: int = item(8, uint())
    void_credit_rial: int = item(9, _AMOUNT)
    void_own_rial: int = item(10, _AMOUNT)
    refunds: int = item(11, uint())
    refund_credit_rial: int = item(12, _AMOUNT)
    refund_own_rial: int = item(13, _AMOUNT)
    declines: int = item(14, uint())
    cash_expected_rial: int = item(15, sint())
    cash_counted_rial: int | None = item(16, optional(uint(AMOUNT_RIAL_MAX)), default=None)
    unsent: int = item(17, uint())
    unsent_credit_rial: int = item(18, _AMOUNT)
    send_by_s: int | None = item(19, optional(uint()), default=None)


Fact = (
    Enrolled | Booted | ClockSet | MailApplied | AllowanceGivenBack | PinFailure | CodeOutcome | Announcement | Purchase
    | Decline | Inquiry | Void | Refund | PriceChanged | OperatorPinFailure | OutageOpened | OutageClosed | Closing | CashSale
)  # fmt: skip

FACT_OF_KIND: dict[EntryKind, type[Fact]] = {
    EntryKind.ENROLLED: Enrolled,
    EntryKind.BOOTED: Booted,
    EntryKind.CLOCK_SET: ClockSet,
    EntryKind.MAIL_APPLIED: MailApplied,
    EntryKind.ALLOWANCE_GIVEN_BACK: AllowanceGivenBack,
    EntryKind.PIN_FAILURE: PinFailure,
    EntryKind.CODE_OUTCOME: CodeOutcome,
    EntryKind.ANNOUNCEMENT: Announcement,
    EntryKind.PURCHASE: Purchase,
    EntryKind.DECLINE: Decline,
    EntryKind.INQUIRY: Inquiry,
    EntryKind.VOID: Void,
    EntryKind.REFUND: Refund,
    EntryKind.PRICE_CHANGED: PriceChanged,
    EntryKind.OPERATOR_PIN_FAILURE: OperatorPinFailure,
    EntryKind.OUTAGE_OPENED: OutageOpened,
    EntryKind.OUTAGE_CLOSED: OutageClosed,
    EntryKind.CLOSING: Closing,
    EntryKind.CASH_SALE: CashSale,
}
KIND_OF_FACT = {fact: kind for kind, fact in FACT_OF_KIND.items()}
