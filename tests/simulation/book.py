"""The center's side of the world, in plain integers: it reserves credit for tills, asks it back, and reads what they sent.

It believes an entry only when signature, chain and household proof hold. What it has freed it may give away again, so a
till that spent what it gave back would show as a household that overspent.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sync.wire import mail
from sync.wire.cose import VerifyingKey
from sync.wire.entry import Head, reopen
from sync.wire.facts import AllowanceGivenBack, Purchase, Refund, Void
from sync.wire.kinds import MailKind
from sync.wire.proof import household_proof

if TYPE_CHECKING:
    from collections.abc import Iterable

    from firmware.identity import Identity
    from sync.wire.entry import Entry, EntryBytes
    from sync.wire.facts import Leg
    from tests.fakes.paper_center import Member, PaperCenter


@dataclass
class Standing:
    """What the book knows of one till."""

    identity: Identity
    head: Head
    outbox: list[mail.Mail] = field(default_factory=list)
    statement: int = 0


class Book:
    def __init__(self, center: PaperCenter, members: tuple[Member, ...], credit_rial: int) -> None:
        self.center = center
        self.members = {member.household: member for member in members}
        self.credit_rial = credit_rial
        self.free_rial = dict.fromkeys(self.members, credit_rial)
        self.owner: dict[int, int] = {}
        """Household of each allowance."""
        self.held_by: dict[int, int] = {}
        """Device of each allowance that was not asked back yet."""
        self.left_rial: dict[int, int] = {}
        """What is left of each allowance that a till has not given back, as far as the book has read."""
        self.tills: dict[int, Standing] = {}

    def enroll(self, identity: Identity) -> None:
        self.tills[identity.device] = Standing(identity, Head(0, identity.credential_hash))

    def post(self, body: mail.Body, kind: MailKind, *, device: int, now_s: int) -> None:
        """Put an item into a till's mail; it arrives with some later exchange."""
        self.tills[device].outbox.append(self.center.send(body, kind, device=device, issued_s=now_s))

    def reserve(self, given: mail.Allowance, *, device: int, now_s: int) -> None:
        """Reserve free credit for a till."""
        assert 0 < given.amount_rial <= self.free_rial[given.household]
        self.free_rial[given.household] -= given.amount_rial
        self.owner[given.number] = given.household
        self.held_by[given.number] = device
        self.left_rial[given.number] = given.amount_rial
        self.post(mail.Allowances(allowances=(given,)), MailKind.ALLOWANCES, device=device, now_s=now_s)

    def ask_back(self, allowance: int, *, now_s: int) -> None:
        """The credit is free only when the till says that it gave it back."""
        device = self.held_by.pop(allowance)
        self.post(mail.Recall(allowances=(allowance,)), MailKind.RECALL, device=device, now_s=now_s)

    def read(self, device: int, batch: Iterable[EntryBytes]) -> None:
        """Prove entries and chain, and take what they free."""
        standing = self.tills[device]
        key = VerifyingKey(standing.identity.key.public)
        for stored in batch:
            what = f"entry {standing.head.sequence} of till {device}"
            entry = reopen(stored, key=key, blinding_key=standing.identity.blinding_key, what=what)
            assert Head(entry.sequence, entry.prev) == standing.head, f"{what} continues the chain"
            standing.head = entry.next_head
            self._take(entry)

    def _take(self, entry: Entry) -> None:
        fact = entry.fact
        if isinstance(fact, AllowanceGivenBack):
            for leg in fact.legs:
                assert self.left_rial.pop(leg.allowance) == leg.amount_rial, "all that was left came back"
                self.free_rial[self.owner[leg.allowance]] += leg.amount_rial
        elif isinstance(fact, Void | Refund):
            for leg in fact.legs:
                self._give_back(leg)
        elif isinstance(fact, Purchase):
            self._check_proof(entry, fact)
            for leg in fact.legs:
                assert self.left_rial[leg.allowance] - leg.amount_rial == leg.left_rial >= 0
                self.left_rial[leg.allowance] = leg.left_rial

    def _give_back(self, leg: Leg) -> None:
        """Restored at the till where it was still open, else free again here."""
        if leg.left_rial:
            assert self.left_rial[leg.allowance] + leg.amount_rial == leg.left_rial
            self.left_rial[leg.allowance] = leg.left_rial
        else:
            self.free_rial[self.owner[leg.allowance]] += leg.amount_rial

    def _check_proof(self, entry: Entry, purchase: Purchase) -> None:
        assert entry.private is not None
        assert entry.private.household is not None
        assert entry.stored.lines is not None
        expected = household_proof(
            self.members[entry.private.household].key, purchase.to_cbor(), device=entry.device, sequence=entry.sequence,
            prev=entry.prev, lines_hash=hashlib.sha256(entry.stored.lines).digest(),
        )  # fmt: skip
        assert entry.private.proof == expected, f"entry {entry.sequence}: somebody else's purchase"
