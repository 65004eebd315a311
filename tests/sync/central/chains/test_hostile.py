"""A seeded crowd of devices that sign anything, mixed with honest trade: whatever they say, the books hold.

What is accepted is counted here a second time, from the entries alone, and compared with ledger, settlement and report.
"""

from __future__ import annotations

import contextlib
import random
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from sync.central.chains.closings import NAMES, Totals
from sync.central.errors import CentralError
from sync.wire import facts
from sync.wire.entry import Head, Payload, PrivatePart
from sync.wire.facts import GroupProof, Leg, RefundLine
from sync.wire.kinds import ClosingKind, EntryKind, Grade, Verdict
from sync.wire.proof import release_proof
from tests.sync.central.conftest import DAY_S, DEY_17, POLICIES, national_id
from tests.sync.central.device import Device, piece

if TYPE_CHECKING:
    from collections.abc import Callable

    from sync.wire.entry import Entry
    from sync.wire.facts import Line
    from sync.wire.mail import Allowance
    from tests.sync.central.conftest import Lab

HOUSEHOLDS = (1, 2, 3, 4)
STEPS = 160
AMOUNTS_RIAL = (0, 5_000, 500_000, 2_000_000, 10_000_000, 60_000_000, 10**14)


class Crowd:
    """Devices of one shop, and a person who gives the center orders at random."""

    def __init__(self, lab: Lab, seed: int) -> None:
        self.lab = lab
        self.random = random.Random(seed)
        self.device = lab.device
        self.devices = [lab.device]
        self.codes = ["00000000"]
        self.keys = {household: lab.key(household) for household in HOUSEHOLDS}
        self.announced: list[int] = []

    def step(self) -> None:
        self.device = self.lab.device = self.random.choice(self.devices)
        self.device.now_s = self.lab.clock.at_s
        does: list[tuple[int, Callable[[], object]]] = [
            (18, self.buy_honestly), (16, self.buy_somehow), (8, self.reverse), (3, self.announce), (2, self.lie_about_mail),
            (3, self.give_back), (3, self.close), (1, self.fork), (14, self.exchange), (4, self.order), (3, self.wait),
        ]  # fmt: skip
        self.random.choices([what for _, what in does], [weight for weight, _ in does])[0]()

    # -- purchases

    def buy_honestly(self) -> None:
        allowance = self.pick_allowance()
        if allowance is not None:
            self.say_purchase([(allowance, self.random.choice(AMOUNTS_RIAL[1:4]))], allowance.household)

    def buy_somehow(self) -> None:
        """Each part of the purchase is now and then a lie."""
        legs = []
        for _ in range(self.random.choice((0, 1, 1, 1, 2, 3))):
            allowance = self.pick_allowance()
            if allowance is not None:
                legs.append((allowance, self.random.choice(AMOUNTS_RIAL[:6])))
        if legs and self.sometimes(0.2):
            legs.append(legs[0])
        if legs and self.sometimes(0.2):
            legs[0] = (replace(legs[0][0], number=self.random.randint(1, 40)), legs[0][1])
        household = legs[0][0].household if legs and self.sometimes(0.8) else self.random.choice(HOUSEHOLDS)
        self.say_purchase(legs, household, lie=True)

    def say_purchase(self, legs: list[tuple[Allowance, int]], household: int, *, lie: bool = False) -> None:
        credit_rial = sum(amount_rial for _, amount_rial in legs)
        lines: tuple[Line, ...] = (piece(7, credit_rial + 50_000),)
        if lie and self.sometimes(0.2):
            lines = (piece(7, 100_000, 3), piece(0, credit_rial))
        fact = self.device.purchase(
            legs, lines, policy=self.policy(lie=lie), catalog=self.random.choice((1,) * 7 + (0,))
        )
        if lie and self.sometimes(0.3):
            amount_rial = self.random.choice(AMOUNTS_RIAL)
            fact = self.random.choice(
                (
                    replace(fact, total_rial=amount_rial), replace(fact, credit_rial=amount_rial),
                    replace(fact, own_rial=amount_rial),
                )
            )  # fmt: skip
        if lie and self.sometimes(0.2):
            fact = replace(fact, legs=tuple(replace(leg, left_rial=10**14) for leg in fact.legs))
        card, key = self.keys[household if not lie or self.sometimes(0.9) else self.random.choice(HOUSEHOLDS)]
        private = PrivatePart(household=household, card=card)
        proof_key: bytes | None = key
        if lie and self.sometimes(0.3):
            private, proof_key = self.strange_private(household), None
        now_s = self.device.now_s
        at_s = now_s if not lie else now_s + self.random.choice((0, 0, 0, 0, -5 * DAY_S, 599, 601))
        grade = self.random.choice(list(Grade)) if lie else Grade.TRUSTED
        self.device.say(fact, lines=lines, private=private, proof_key=proof_key, at_s=at_s, grade=grade)

    def strange_private(self, household: int) -> PrivatePart:
        before = [entry.private for entry in self.device.journal if entry.private is not None]
        match self.random.randrange(4):
            case 0 if before:
                return self.random.choice(before)
            case 1:
                return PrivatePart(household=household, code=self.random.choice(self.codes))
            case 2:
                code = self.random.choice(self.codes)
                tried = self.device.say(
                    facts.CodeOutcome(right=self.sometimes(0.8)),
                    private=PrivatePart(household=household, code=code),
                )
                return PrivatePart(household=household, code_entry=tried.sequence)
            case _:
                return PrivatePart()

    def policy(self, *, lie: bool) -> int:
        rows = self.lab.sql(
            "SELECT document FROM mail WHERE device = ? AND kind = 1 AND number <= ? ORDER BY number DESC LIMIT 1",
            self.device.number, self.device.mail_head.number,
        )  # fmt: skip
        newest: int = rows[0]["document"] if rows else 2
        return self.random.choice((newest, newest, newest, 1, newest - 1)) if lie else newest

    def pick_allowance(self) -> Allowance | None:
        """One of this device, or rarely of another."""
        device = self.device if self.sometimes(0.9) else self.random.choice(self.devices)
        here = device.allowances(self.random.choice(HOUSEHOLDS), self.random.choice((1, 1, 1, 2, 3)))
        return self.random.choice(here) if here else None

    # -- what comes back

    def reverse(self) -> None:
        purchases = [entry for entry in self.device.journal if isinstance(entry.fact, facts.Purchase)]
        if not purchases:
            return
        bought = self.random.choice(purchases)
        for _ in range(self.random.choice((1, 1, 2, 3))):
            self.device.say(self.void(bought) if self.sometimes(0.4) else self.refund(bought))

    def void(self, bought: Entry) -> facts.Void:
        purchase = bought.fact
        assert isinstance(purchase, facts.Purchase)
        void = facts.Void(
            purchase=bought.sequence, credit_rial=purchase.credit_rial, own_rial=purchase.own_rial,
            legs=tuple(reversed(purchase.legs)),
        )  # fmt: skip
        if self.sometimes(0.2):
            return replace(void, purchase=self.random.randrange(self.device.head.sequence + 2))
        return replace(void, credit_rial=self.random.choice(AMOUNTS_RIAL)) if self.sometimes(0.2) else void

    def refund(self, bought: Entry) -> facts.Refund:
        purchase = bought.fact
        assert isinstance(purchase, facts.Purchase)
        credit_rial, own_rial = purchase.credit_rial, purchase.own_rial
        legs = tuple(replace(leg, left_rial=0) for leg in reversed(purchase.legs))
        lines = tuple(RefundLine(index=i, quantity=line.quantity) for i, line in enumerate(bought.lines))
        match self.random.randrange(6):
            case 0:
                legs *= 2
            case 1:
                lines = (*lines, *lines[:1])
            case 2:
                credit_rial, own_rial = 0, credit_rial + own_rial
            case 3:
                lines, credit_rial, own_rial, legs = (), 0, 0, ()
            case _:
                pass
        return facts.Refund(
            purchase=bought.sequence, lines=lines, credit_rial=credit_rial,
            own_rial=min(own_rial, 10**14), legs=legs[: facts.LEGS_MAX],
        )  # fmt: skip

    # -- the rest of what a device says

    def announce(self) -> None:
        tranche = self.random.choice((2, 3, 4))
        rows = self.lab.sql("SELECT cohort, root FROM release WHERE tranche = ?", tranche)
        groups = tuple(
            GroupProof(
                cohort=row["cohort"],
                proof=bytes(16)
                if self.sometimes(0.1)
                else release_proof(row["root"], device=self.device.number),
            )
            for row in rows
        )
        self.device.say(facts.Announcement(tranche=tranche, groups=groups))

    def lie_about_mail(self) -> None:
        last = self.device.mail_head.number
        first = self.random.randint(1, last + 3)
        self.device.say(
            facts.MailApplied(
                first=first, last=max(1, last - self.random.randint(0, 3)), head=self.device.mail_head.hash
            )
        )

    def give_back(self) -> None:
        allowance = self.pick_allowance()
        if allowance is not None:
            amount_rial = self.random.choice(
                (0, 5_000, allowance.amount_rial // 2, allowance.amount_rial, 10**14)
            )
            leg = Leg(allowance=allowance.number, amount_rial=amount_rial, left_rial=0)
            self.device.say(facts.AllowanceGivenBack(legs=(leg,) * self.random.choice((1, 1, 2))))

    def close(self) -> None:
        """An honest Z: what the device said since the last one, whatever became of it."""
        journal = self.device.journal
        first = 1 + max((e.sequence for e in journal if isinstance(e.fact, facts.Closing)), default=-1)
        totals = Totals()
        for entry in journal[first:]:
            totals.add(entry.fact)
        said = {name: getattr(totals, name) for name in NAMES}
        if max(said.values()) <= 10**14:
            self.device.say(
                facts.Closing(
                    closing=ClosingKind.Z,
                    number=1,
                    first=first,
                    cash_expected_rial=0,
                    unsent=0,
                    unsent_credit_rial=0,
                    **said,
                )
            )

    def fork(self) -> None:
        """A restored backup goes on differently; the shop gets another device."""
        if len(self.devices) > 3 or self.device.held < 5 or self.sometimes(0.5):
            return
        at = self.device.journal[self.random.randrange(2, self.device.held)]
        other = self.device.say(facts.Inquiry(), after=Head(at.sequence, at.prev), keep=False)
        self.device.take_answer(self.lab.send(self.device.request([other])))
        new = self.lab.enroll(Device(seed=bytes([len(self.devices)])))
        self.devices.append(new)
        self.lab.order("allot")
        new.take_answer(self.lab.send(new.request()))

    # -- both sides

    def exchange(self) -> None:
        """All, a part, the same once more, or with mail that is not applied."""
        device = self.device
        waiting = device.journal[device.held :]
        part = waiting[: self.random.choice((1, 3, 200))]
        if device.held > 3 and self.sometimes(0.3):
            part = device.journal[device.held - 3 :][:50]
        body = device.request(part)
        for _ in range(self.random.choice((1, 1, 2))):
            answer = self.lab.send(body)
        device.take_answer(answer, journal_mail=self.sometimes(0.9))

    def order(self) -> None:
        household = self.random.choice(HOUSEHOLDS)
        head = national_id(1_234_567 + household)
        orders: list[Callable[[], object]] = [
            lambda: self.lab.order("recall", device=self.device.number, national_id=self.random.choice((head, None))),
            lambda: self.lab.order("allot"),
            lambda: self.lab.order("settle", whole_days=False),
            lambda: self.lab.order("announce", tranche=self.random.choice((2, 3))),
            lambda: self.codes.append(self.lab.order("code", national_id=head, device=None).data["code"]),
            lambda: self.lab.order("policy load", file=POLICIES / "dey-1404.toml"),
        ]  # fmt: skip
        with contextlib.suppress(CentralError):  # nothing to recall, or no code is left
            self.random.choice(orders)()

    def wait(self) -> None:
        self.lab.clock.at_s += self.random.choice((60, 3_600, DAY_S, 2 * DAY_S, 8 * DAY_S, 30 * DAY_S))

    def sometimes(self, probability: float) -> bool:
        return self.random.random() < probability


def accepted_rial(lab: Lab) -> dict[int, int]:
    """Net credit by device, from entries and verdicts alone."""
    net: dict[int, int] = {}
    for row in lab.sql("SELECT device, payload FROM entry WHERE verdict = ?", int(Verdict.ACCEPTED)):
        fact = Payload.from_cbor(row["payload"]).public
        if isinstance(fact, facts.Purchase | facts.Void | facts.Refund):
            sign = 1 if isinstance(fact, facts.Purchase) else -1
            net[row["device"]] = net.get(row["device"], 0) + sign * fact.credit_rial
    return net


def assert_books_hold(lab: Lab) -> None:
    report = lab.report()
    assert report["ledger"]["trial_balance_rial"] == 0
    assert lab.order("verify").data == {"sound": True, "findings": []}
    net = accepted_rial(lab)
    for device in report["devices"]:
        assert device["ledger_rial"] == net.get(device["number"], 0)
        assert device["ledger_rial"] == device["settled_rial"] + device["unsettled_rial"]
        assert device["agrees"], (device, report["observations"])
    assert report["credit"]["spent_rial"] == sum(net.values())
    assert sum(one["amount_rial"] for one in report["settlements"]) <= report["credit"]["allotted_rial"]
    for row in lab.sql(
        "SELECT household, SUM(amount_rial) AS allotted_rial, (SELECT -SUM(amount_rial) FROM movement JOIN account"
        "  ON account.number = account JOIN posting ON posting.number = posting WHERE owner = household"
        "  AND kind IN ('free', 'reserved') AND posting.device IS NOT NULL) AS spent_rial FROM allotment GROUP BY household"
    ):
        assert 0 <= (row["spent_rial"] or 0) <= row["allotted_rial"]
    assert by_code(lab) == len(lab.sql("SELECT 1 FROM code WHERE used_by IS NOT NULL"))


def by_code(lab: Lab) -> int:
    """How many accepted purchases stand on a one-time code."""
    rows = lab.sql(
        "SELECT private FROM entry WHERE kind = ? AND verdict = ?",
        int(EntryKind.PURCHASE),
        int(Verdict.ACCEPTED),
    )
    return sum(PrivatePart.from_cbor(row["private"]).proof is None for row in rows)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_devices_sign_the_books_hold(lab: Lab, seed: int) -> None:
    lab.clock.at_s = DEY_17 + 5 * DAY_S
    crowd = Crowd(lab, seed)
    for step in range(STEPS):
        crowd.step()
        if step % 40 == 39:
            assert_books_hold(lab)
    for device in crowd.devices:
        lab.device = crowd.device = device
        while device.held < len(device.journal):
            held = device.held
            device.take_answer(lab.send(device.request()), journal_mail=False)
            if device.held == held:
                break
    lab.order("settle", whole_days=False)
    assert_books_hold(lab)
    verdicts = lab.report()["verdicts"]
    assert verdicts["accepted"] > STEPS // 8
    assert len(verdicts) > 4, "the crowd told lies of many kinds"
