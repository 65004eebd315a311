"""What the journal answers: small immutable facts, never rows or connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from sync.wire.entry import Entry, TimeInterval
    from sync.wire.kinds import EntryKind, Verdict
    from sync.wire.mail import Settlement
    from sync.wire.refunds import Returned


class Counters(Struct, frozen=True):
    """Purchases and their credit in rial since enrollment, voided ones included."""

    purchases: int
    credit_rial: int


class CardRecord(Struct, frozen=True):
    """A card that mail told of."""

    number: int
    household: int
    key_check: bytes
    revoked: bool


class Codes(Struct, frozen=True):
    """A household's one-time codes that nobody has used here: slow hashes under one salt."""

    salt: bytes
    hashes: tuple[bytes, ...]


class PurchaseRecord(Struct, frozen=True):
    """A purchase and what became of it. `closed`: a Z lies between it and now. `verdict`: the center's, if known."""

    entry: Entry
    voided: bool
    closed: bool
    returned: Returned
    verdict: Verdict | None


class DayTotals(Struct, frozen=True):
    """Sums in rial and counts since the last Z; the fields of `sync.wire.facts.Closing` that are counted."""

    first: int
    purchases: int
    credit_rial: int
    own_rial: int
    cash_sales: int
    cash_sales_rial: int
    voids: int
    void_credit_rial: int
    void_own_rial: int
    refunds: int
    refund_credit_rial: int
    refund_own_rial: int
    declines: int

    @property
    def cash_expected_rial(self) -> int:
        """What the day should have added to the drawer."""
        return self.own_rial + self.cash_sales_rial - self.void_own_rial - self.refund_own_rial


class Glance(Struct, frozen=True, kw_only=True):
    """What the journal says at a glance: entries not sent, whether the center answered last, power cuts since the last Z, and
    before which entry the center holds what this journal has lost (0 where it is whole).
    """

    now: TimeInterval
    unsent: int
    link_is_down: bool
    unclean_starts: int
    tail_lost: int = 0


class Untold(Struct, frozen=True):
    """Mail after number `after` up to `last` of which paper has not told. `urgent`: it should not wait for a closing."""

    after: int
    last: int
    urgent: bool


class Telling(Struct, frozen=True):
    """Mail after number `after` up to `last`, told by one slip."""

    number: int
    after: int
    last: int


class Final(Struct, frozen=True):
    """Receipts that the center accepted, `backs` of them voids and refunds, whose credit counts against the sum."""

    first: int
    last: int
    receipts: int
    backs: int
    credit_rial: int


class Refused(Struct, frozen=True):
    """An entry that the center did not accept. `credit_rial` is negative where credit went back, None if none moved."""

    sequence: int
    kind: EntryKind
    verdict: Verdict
    credit_rial: int | None


class News(Struct, frozen=True):
    """What the center answered: `refused` and `settlements` hold some of as many as the counts say."""

    final: Final | None = None
    refused: tuple[Refused, ...] = ()
    refused_count: int = 0
    settlements: tuple[Settlement, ...] = ()
    settlements_count: int = 0

    @property
    def empty(self) -> bool:
        """Whether there is nothing that a shopkeeper would want to hear."""
        return self.final is None and not self.refused and not self.settlements
