"""What the journal knows without asking the disk: filled at the start, moved by every write.

Written on the database's worker only, while the event loop waits for it; so nobody ever reads half of a change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from firmware.entitlements import Account, Use
from firmware.journal import questions, storage
from firmware.journal.mail_projections import open_policy
from firmware.journal.records import Counters
from firmware.renewal import renewed
from sync.wire.facts import OutageClosed, OutageOpened, Purchase
from sync.wire.kinds import ClosingKind, EntryKind
from sync.wire.mail import Renewal, Shop

if TYPE_CHECKING:
    import sqlite3

    from firmware.clock import Clock, TimeKeeper
    from firmware.identity import Identity
    from sync.wire.entry import Entry, Head
    from sync.wire.mail import MailHead
    from sync.wire.policy import Policy

_REREAD = frozenset({EntryKind.MAIL_APPLIED, EntryKind.CLOSING})


class Memory:
    """See the module. All but the first three is there only after `firmware.journal.loading.load`."""

    def __init__(self, identity: Identity, clock: Clock) -> None:
        self.identity = identity
        self.clock = clock
        self.kept_account = None

    kept_account: Account | None
    head: Head
    boot: int
    keeper: TimeKeeper
    policy: Policy | None
    catalog_version: int
    shop: Shop | None
    counters: Counters
    device_use: Use
    acknowledged: int
    policy_confirmed_s: int
    epoch: int
    statement: int
    mail_head: MailHead
    closings: dict[ClosingKind, int]
    first_of_day: int
    was_clean: bool
    tail_lost: int
    outage_open: bool


def account(sql: sqlite3.Connection, memory: Memory, household: int) -> Account | None:
    """A household with its allowances here, kept until the next write."""
    memory.kept_account = questions.account(sql, household)
    return memory.kept_account


def follow(sql: sqlite3.Connection, memory: Memory, entry: Entry) -> None:
    """Take in an entry that was just committed."""
    memory.keeper.raise_floor(entry.time)
    fact = entry.fact
    if isinstance(fact, Purchase):
        memory.counters = Counters(fact.number, fact.credit_so_far_rial)
        use = memory.device_use
        memory.device_use = Use(use.purchases + 1, use.credit_rial + fact.credit_rial)
    elif isinstance(fact, OutageOpened | OutageClosed):
        memory.outage_open = isinstance(fact, OutageOpened)
    elif entry.kind in _REREAD:
        reread(sql, memory)


def who_we_are_now(sql: sqlite3.Connection, identity: Identity) -> Identity:
    """With the credential that came last by mail."""
    renewal = questions.known(sql, "credential")
    return renewed(identity, Renewal.from_cbor(renewal)) if isinstance(renewal, bytes) else identity


def reread(sql: sqlite3.Connection, memory: Memory) -> None:
    """Read again what mail, acknowledgments and closings change."""
    memory.mail_head = storage.mail_head_of(sql, memory.identity)
    policy = questions.known(sql, "policy")
    memory.policy = open_policy(policy, memory.identity.trusted) if isinstance(policy, bytes) else None
    memory.catalog_version = questions.known_int(sql, "catalog_version")
    shop = questions.known(sql, "shop")
    memory.shop = Shop.from_cbor(shop) if isinstance(shop, bytes) else None
    memory.identity = who_we_are_now(sql, memory.identity)
    memory.acknowledged = questions.known_int(sql, "acknowledged")
    memory.device_use = questions.use(sql, memory.acknowledged)
    confirmed = ("mail_issued_s", "contact_s", "carried_s")
    memory.policy_confirmed_s = max(questions.known_int(sql, name) for name in confirmed)
    memory.closings = questions.closings(sql)
    memory.first_of_day = questions.first_of_day(sql)
