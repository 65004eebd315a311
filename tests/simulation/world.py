"""The world: three tills, one book, a few households, and events drawn by one seed; the same seed is the same run.

After every event nobody has spent more than their credit anywhere. At the end every journal is proven, every rebuild
makes the same projections, and each rial of credit is free, at a till, or spent.
"""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING

from msgspec.structs import replace

from firmware.authorizer import Approval, Ask, Surroundings, authorize
from firmware.errors import StaleDecision
from firmware.journal import audit
from sync.wire import cose, mail, policy
from sync.wire.entry import PrivatePart, pack_lines
from sync.wire.facts import Closing, Decline, Line, PinFailure, Purchase, Refund, Void
from sync.wire.kinds import ClosingKind, DeclineReason, Grade, MailKind, Role, Unit
from tests.fakes.paper_center import DAY_S, FOREVER_S, OPENING_S, POLICY, PaperCenter
from tests.fakes.software_key import SoftwareKey
from tests.fakes.village_till import refund_draft, void_draft
from tests.simulation.book import Book
from tests.simulation.till import Till

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from firmware.authorizer import Refusal
    from sync.wire.entry import Entry
    from tests.fakes.paper_center import Member

CREDIT_RIAL = 1_000_000
DEVICES = (1001, 1002, 1003)
HOUSEHOLDS = (1, 2, 3, 4)
ANNOUNCED_TRANCHE = 22
RULES = replace(
    POLICY,
    minimum_own_rial=5_000,
    limits=replace(
        POLICY.limits, household_purchases=6, household_credit_rial=700_000, device_purchases=15,
        stated_purchase_credit_rial=100_000, policy_age_s=9 * DAY_S,
    ),
)  # fmt: skip


class World:
    def __init__(self, seed: int, folder: Path) -> None:
        self.chance = random.Random(seed)
        self.now_s = OPENING_S + 9 * 3600
        self.spent_rial: Counter[int] = Counter()
        self.happened: Counter[str] = Counter()
        center = PaperCenter()
        self.members = tuple(center.member(number) for number in HOUSEHOLDS)
        self.book = Book(center, self.members, CREDIT_RIAL)
        self.tills = [self._till(device, folder) for device in DEVICES]

    def _till(self, device: int, folder: Path) -> Till:
        identity = self.book.center.enroll(SoftwareKey(f"till {device}"), device=device, now_s=self.now_s)
        self.book.enroll(identity)
        rules = cose.sign(RULES.to_cbor(), self.book.center.keys[Role.POLICY], context=policy.CONTEXT)
        known = tuple(self.book.center.household(member, identity) for member in self.members)
        for body, kind in (
            (mail.SignedDocument(message=rules), MailKind.POLICY),
            (mail.Households(households=known), MailKind.HOUSEHOLDS),
        ):
            self.book.post(body, kind, device=device, now_s=self.now_s)
        return Till(identity, folder / str(device), self.now_s)

    async def run(self, events: int) -> None:
        for till in self.tills:
            await till.start()
            for household in HOUSEHOLDS:
                first = self.book.center.allowance(household, CREDIT_RIAL // 4)
                self.book.reserve(first, device=till.identity.device, now_s=self.now_s)
            await till.exchange(self.book, self.now_s, most=9)
            await till.exchange(self.book, self.now_s, most=9)
        names, weights = zip(*((event, weight) for event, weight in EVENTS.items()), strict=True)
        for event in self.chance.choices(names, weights, k=events):
            till = self.chance.choice(self.tills)
            self.happened[event.__name__] += 1
            await event(self, till)
            self._check(till)
        await self._end()

    def _check(self, till: Till) -> None:
        for household, spent_rial in self.spent_rial.items():
            assert 0 <= spent_rial <= CREDIT_RIAL, f"household {household} spent {spent_rial} rial"
        time = till.journal.keeper.now()
        if till.is_honest and time.grade is not Grade.DOUBTFUL:
            assert time.not_before_s <= self.now_s <= time.not_after_s, "the interval holds the true time"

    async def _end(self) -> None:
        left_rial: Counter[int] = Counter()
        for till in self.tills:
            standing = self.book.tills[till.identity.device]
            while standing.outbox or standing.head != till.journal.head:
                await till.exchange(self.book, self.now_s, most=50)
            for household in HOUSEHOLDS:
                account = await till.journal.account(household)
                assert account is not None
                left_rial[household] += sum(allowance.left_rial for allowance in account.allowances)
            await till.stop()
        for household, free_rial in self.book.free_rial.items():
            whole = free_rial + left_rial[household] + self.spent_rial[household]
            assert whole == CREDIT_RIAL, f"household {household}: {whole} rial are accounted for"
        for till in self.tills:
            proven = audit.verify(till.path, till.identity, _ignore)
            before = till.projections()
            assert audit.rebuild(till.path, till.identity, _ignore) == proven
            assert till.projections() == before, "a rebuild makes the same projections"

    def heads(self) -> list[bytes]:
        """What the whole run came to; equal for equal seeds."""
        return [self.book.tills[device].head.prev for device in DEVICES]

    # Events at a till

    async def purchase(self, till: Till) -> None:
        member = self.chance.choice(self.members)
        account = await till.journal.account(member.household)
        if account is None:
            return
        if account.pin_failures >= RULES.limits.pin_tries:
            await self._decline(till, DeclineReason.PIN_BLOCKED)
            return
        lines = tuple(self._line() for _ in range(self.chance.randint(1, 3)))
        decision = await self._decide(till, member, lines)
        if not isinstance(decision, Approval):
            self.happened[decision.reason.name] += 1
            await self._decline(till, decision.reason)
            return
        await self._commit_purchase(till, member, lines, decision)

    def _line(self) -> Line:
        good, unit = self.chance.choice([(0, Unit.PIECE), (1, Unit.PIECE), (1, Unit.PIECE), (8, Unit.GRAM)])
        quantity = self.chance.randint(1, 900 if unit is Unit.GRAM else 4)
        price_rial = self.chance.randrange(1_000, 90_000, 1)
        return Line(good=good, gtin=0, unit=unit, price_rial=price_rial, quantity=quantity)

    async def _decide(self, till: Till, member: Member, lines: tuple[Line, ...]) -> Approval | Refusal:
        journal = till.journal
        account = await journal.account(member.household)
        assert account is not None
        assert journal.policy is not None
        around = Surroundings(
            journal.policy, journal.catalog_version, journal.keeper.now(), journal.device_use,
            journal.policy_confirmed_s,
        )  # fmt: skip
        total_rial = sum(line.total_rial for line in lines)
        eligible_rial = sum(line.total_rial for line in lines if line.good)
        cap_rial = self.chance.choice([None, None, 30_000])
        return authorize(Ask(total_rial, eligible_rial, cap_rial), account, around)

    async def _commit_purchase(
        self, till: Till, member: Member, lines: tuple[Line, ...], approval: Approval
    ) -> None:
        """Mail may slip in between decision and commit; then a recalled allowance must not be spent."""
        journal = till.journal
        fact = approval.fact(
            number=journal.counters.purchases + 1, credit_before_rial=journal.counters.credit_rial
        )
        private = PrivatePart(household=member.household, card=member.card.number)
        draft = journal.draft(fact, lines=pack_lines(lines), private=private, proof_key=member.key)
        overtaken = self.chance.random() < 0.15
        if overtaken:
            await till.exchange(self.book, self.now_s, most=9)
        try:
            entry = await journal.commit(draft)
        except StaleDecision:
            assert overtaken, "nothing changed since the decision"
            self.happened["stale"] += 1
            return
        self.spent_rial[member.household] += approval.credit_rial
        till.purchases.append(entry.sequence)

    async def wrong_pin(self, till: Till) -> None:
        member = self.chance.choice(self.members)
        account = await till.journal.account(member.household)
        if account is not None and account.pin_failures < RULES.limits.pin_tries:
            private = PrivatePart(household=member.household, card=member.card.number)
            failure = PinFailure(failures=account.pin_failures + 1)
            await till.journal.commit(till.journal.draft(failure, private=private))

    async def _decline(self, till: Till, reason: DeclineReason) -> None:
        await till.journal.commit(till.journal.draft(Decline(reason=reason, total_rial=1)))

    async def void(self, till: Till) -> None:
        """Any earlier purchase, also one that cannot be voided: the journal must refuse it by itself."""
        if till.purchases:
            await self._undo(till, self.chance.choice(till.purchases), {})

    async def refund(self, till: Till) -> None:
        if not till.purchases:
            return
        sequence = self.chance.choice(till.purchases)
        record = await till.journal.purchase(sequence)
        assert record is not None
        index = self.chance.randrange(len(record.entry.lines))
        rest = record.entry.lines[index].quantity - record.returned.quantities.get(index, 0)
        if rest:
            await self._undo(till, sequence, {index: self.chance.randint(1, rest)})

    async def _undo(self, till: Till, sequence: int, back: dict[int, int]) -> None:
        record = await till.journal.purchase(sequence)
        assert record is not None
        draft = (
            await refund_draft(till.journal, sequence, back)
            if back
            else await void_draft(till.journal, sequence)
        )
        impossible = record.voided or (not back and record.returned.quantities)
        try:
            entry = await till.journal.commit(draft)
        except StaleDecision:
            assert impossible, "nothing stood against it"
            self.happened["refused undoing"] += 1
            return
        assert not impossible, "a purchase is undone once"
        self._took_back(record.entry, entry)

    def _took_back(self, purchase: Entry, undone: Entry) -> None:
        assert purchase.private is not None
        assert purchase.private.household is not None
        assert isinstance(purchase.fact, Purchase)
        assert isinstance(undone.fact, Void | Refund)
        self.spent_rial[purchase.private.household] -= undone.fact.credit_rial

    async def close_the_day(self, till: Till) -> None:
        totals, journal = await till.journal.day_totals(), till.journal
        fact = Closing(
            closing=ClosingKind.Z, number=journal.closings[ClosingKind.Z] + 1, first=totals.first,
            purchases=totals.purchases, credit_rial=totals.credit_rial, own_rial=totals.own_rial,
            cash_sales=0, cash_sales_rial=0, voids=totals.voids, void_credit_rial=totals.void_credit_rial,
            void_own_rial=totals.void_own_rial, refunds=totals.refunds, refund_credit_rial=totals.refund_credit_rial,
            refund_own_rial=totals.refund_own_rial, declines=totals.declines,
            cash_expected_rial=totals.cash_expected_rial, unsent=0, unsent_credit_rial=0,
        )  # fmt: skip
        await journal.commit(journal.draft(fact))

    # Events at the center

    async def reserve(self, till: Till) -> None:
        household = self.chance.choice(HOUSEHOLDS)
        free_rial = self.book.free_rial[household]
        if not free_rial:
            return
        opens_at_s = self.chance.choice([OPENING_S, OPENING_S, self.now_s + 2 * DAY_S, None])
        given = self.book.center.allowance(
            household,
            min(free_rial, self.chance.randint(1, 400_000)),
            tranche=ANNOUNCED_TRANCHE if opens_at_s is None else 21,
            opens_at_s=opens_at_s,
            until_s=self.chance.choice([FOREVER_S, self.now_s + 4 * DAY_S]),
        )
        self.book.reserve(given, device=till.identity.device, now_s=self.now_s)

    async def recall(self, till: Till) -> None:
        if self.book.held_by:
            self.book.ask_back(self.chance.choice(sorted(self.book.held_by)), now_s=self.now_s)

    async def announce(self, till: Till) -> None:
        notice = mail.AnnouncementNotice(tranche=ANNOUNCED_TRANCHE, cohorts=(1,))
        self.book.post(notice, MailKind.ANNOUNCEMENT, device=till.identity.device, now_s=self.now_s)

    # Events between and around them

    async def exchange(self, till: Till) -> None:
        await till.exchange(self.book, self.now_s, most=self.chance.choice([1, 5, 50]))

    async def restart(self, till: Till) -> None:
        await till.restart()

    async def power_cut(self, till: Till) -> None:
        await till.pull_the_plug()

    async def checkpoint(self, till: Till) -> None:
        await till.journal.checkpoint()

    async def time_passes(self, _: Till) -> None:
        seconds = self.chance.choice([60, 3_600, 8 * 3_600, DAY_S])
        self.now_s += seconds
        for till in self.tills:
            till.clock.advance_s(seconds)

    async def chip_fails(self, till: Till) -> None:
        """Its battery is empty, it leaps, or somebody pulls it out or puts it back."""
        till.clock.wall_s = self.chance.choice(
            [0, till.clock.wall_s + 9 * DAY_S, till.clock.wall_s - DAY_S, self.now_s]
        )
        till.clock.has_chip = self.chance.random() < 0.7
        till.is_honest = False

    async def key_the_day(self, till: Till) -> None:
        await till.key_day(self.now_s + self.chance.choice([0, 0, 0, -DAY_S, 2 * DAY_S]), self.now_s)


def _ignore(_: int) -> None:
    pass


EVENTS: dict[Callable[[World, Till], Awaitable[None]], int] = {
    World.purchase: 40, World.wrong_pin: 4, World.void: 5, World.refund: 7, World.close_the_day: 2, World.reserve: 18,
    World.recall: 6, World.announce: 1, World.exchange: 14, World.restart: 2, World.power_cut: 4, World.checkpoint: 3,
    World.time_passes: 5, World.chip_fails: 1, World.key_the_day: 3,
}  # fmt: skip
"""What happens, and how often."""
