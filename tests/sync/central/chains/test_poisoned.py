"""One poisoned entry never stops the others: each kind of it stands in the middle of a batch of honest trade.

The real exchange, byte for byte: what a device signs goes up in one request, and the verdicts come down by mail.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from sync.wire import facts
from sync.wire.entry import Head, PrivatePart
from sync.wire.kinds import Grade, Verdict
from sync.wire.verdicts import FINAL
from tests.sync.central.chains.test_booking import refund
from tests.sync.central.chains.test_exchange import broken
from tests.sync.central.conftest import DAY_S
from tests.sync.central.device import piece

if TYPE_CHECKING:
    from collections.abc import Callable

    from sync.wire.entry import Entry
    from tests.sync.central.conftest import Lab

BEFORE_RIAL, AFTER_RIAL, BACK_RIAL = 1_000_000, 2_000_000, 500_000
POISON_RIAL = 700_000
UNLISTED_GTIN = 6260001234567


def bad_signature(lab: Lab) -> Entry:
    lab.device.journal.append(broken(lab.buy(1, POISON_RIAL), signature=bytes(64)))
    del lab.device.journal[-2]
    return lab.device.journal[-1]


def without_the_card(lab: Lab) -> Entry:
    return lab.buy(1, POISON_RIAL, proof_key=bytes(32))


def without_a_household(lab: Lab) -> Entry:
    return lab.buy(1, POISON_RIAL, private=None, proof_key=None)


def before_its_day(lab: Lab) -> Entry:
    return lab.buy(2, POISON_RIAL)


def announcement_of_tomorrow(lab: Lab) -> Entry:
    groups = (facts.GroupProof(cohort=1, proof=bytes(16)),)
    return lab.device.say(facts.Announcement(tranche=2, groups=groups))


def by_an_unknown_policy(lab: Lab) -> Entry:
    card, key = lab.key(1)
    lines = (piece(7, POISON_RIAL + 50_000),)
    fact = lab.device.purchase([(lab.device.allowances(1, 1)[0], POISON_RIAL)], lines, policy=9)
    return lab.device.say(fact, lines=lines, private=PrivatePart(household=1, card=card), proof_key=key)


def over_the_allowance(lab: Lab) -> Entry:
    return lab.buy(1, lab.device.allowances(1, 1)[0].amount_rial + 5_000)


def of_another_household(lab: Lab) -> Entry:
    card, key = lab.key(2)
    return lab.buy(1, POISON_RIAL, private=PrivatePart(household=2, card=card), proof_key=key)


def given_back_unasked(lab: Lab) -> Entry:
    leg = facts.Leg(allowance=lab.device.allowances(1, 1)[0].number, amount_rial=POISON_RIAL, left_rial=0)
    return lab.device.say(facts.AllowanceGivenBack(legs=(leg,)))


def over_a_limit(lab: Lab) -> Entry:
    """A keyed date opens 20,000,000 rial at most."""
    return lab.buy(1, 20_005_000, grade=Grade.STATED)


def refund_of_nothing(lab: Lab) -> Entry:
    bought = lab.buy(1, POISON_RIAL)
    del lab.device.journal[-1]
    return lab.device.say(refund(bought, {0: 1}, POISON_RIAL, 0))


def unlisted_goods(lab: Lab) -> Entry:
    return lab.buy(1, POISON_RIAL, piece(7, POISON_RIAL + 50_000, gtin=UNLISTED_GTIN))


def from_the_future(lab: Lab) -> Entry:
    return lab.buy(1, POISON_RIAL, at_s=lab.clock.at_s + DAY_S)


def refund_of_the_poisoned(lab: Lab) -> Entry:
    return lab.device.say(refund(from_the_future(lab), {0: 1}, POISON_RIAL, 0))


def false_sums(lab: Lab) -> Entry:
    device = lab.device
    line, (number, key) = piece(7, POISON_RIAL + 50_000), lab.key(1)
    said = device.purchase([(device.allowances(1, 1)[-1], POISON_RIAL)], (line,))
    return device.say(said, lines=(line, line), private=PrivatePart(household=1, card=number), proof_key=key)


def mail_never_sent(lab: Lab) -> Entry:
    last = lab.device.mail_head.number + 7
    return lab.device.say(facts.MailApplied(first=last - 1, last=last, head=bytes(32)))


def enrolled_again(lab: Lab) -> Entry:
    return lab.device.say(facts.Enrolled(credential_hash=bytes(32), version="poison"))


POISONS: Final[dict[Callable[[Lab], Entry], Verdict]] = {
    bad_signature: Verdict.BAD_SIGNATURE,
    without_the_card: Verdict.BAD_HOUSEHOLD_PROOF,
    without_a_household: Verdict.BAD_HOUSEHOLD_PROOF,
    before_its_day: Verdict.NOT_YET_OPEN,
    announcement_of_tomorrow: Verdict.NOT_YET_OPEN,
    by_an_unknown_policy: Verdict.UNKNOWN_POLICY,
    over_the_allowance: Verdict.OVER_ALLOWANCE,
    of_another_household: Verdict.OVER_ALLOWANCE,
    given_back_unasked: Verdict.OVER_ALLOWANCE,
    over_a_limit: Verdict.LIMIT,
    refund_of_nothing: Verdict.REFUND_WITHOUT_ORIGINAL,
    unlisted_goods: Verdict.INELIGIBLE_GOODS,
    from_the_future: Verdict.HELD,
    refund_of_the_poisoned: Verdict.HELD,
    false_sums: Verdict.MALFORMED,
    mail_never_sent: Verdict.MALFORMED,
    enrolled_again: Verdict.MALFORMED,
}
"""Entries that have a place in the chain. LATE needs a later day; FORK, GAP, HOLE and DUPLICATE have stories of their own."""
OTHERS: Final = {Verdict.LATE, Verdict.FORK, Verdict.GAP, Verdict.HOLE, *FINAL}


def upload(lab: Lab) -> None:
    """One request with all that waits, its answer, and nothing more."""
    lab.device.take_answer(lab.send(lab.device.request()))


def must_hold(lab: Lab, spent_rial: int, refused: dict[int, Verdict]) -> None:
    """The books hold, with so much spent and these entries kept and refused."""
    report = lab.report()
    assert report["credit"]["spent_rial"] == spent_rial
    assert report["ledger"]["trial_balance_rial"] == 0
    assert not report["ledger"]["faults"]
    told = {row["sequence"]: row["code"] for row in report["refused"]}
    assert told == refused
    assert lab.order("verify").ok


def test_every_verdict_has_its_story() -> None:
    assert {*POISONS.values(), *OTHERS} == set(Verdict)


@pytest.mark.parametrize("poison", POISONS, ids=lambda poison: poison.__name__)
def test_honest_entries_before_and_after_a_poisoned_one_are_final(
    lab: Lab, poison: Callable[[Lab], Entry]
) -> None:
    before = lab.buy(1, BEFORE_RIAL)
    first_poisoned = len(lab.device.journal)
    bad = poison(lab)
    after = lab.buy(1, AFTER_RIAL)
    back = lab.device.say(refund(before, {0: 1}, BEFORE_RIAL, 50_000))
    upload(lab)
    told = lab.device.verdicts()
    assert [told[entry.sequence] for entry in (before, after, back)] == ["accepted"] * 3
    assert told[bad.sequence] == POISONS[poison].name.lower()
    poisoned = lab.device.journal[first_poisoned : lab.device.journal.index(after)]
    must_hold(lab, AFTER_RIAL, {entry.sequence: POISONS[poison] for entry in poisoned})


def test_all_poisons_at_once_spoil_nothing_between_them(lab: Lab) -> None:
    honest: list[Entry] = []
    poisoned: dict[int, Verdict] = {}
    for poison, verdict in POISONS.items():
        honest.append(lab.buy(1, 10_000))
        first = len(lab.device.journal)
        poison(lab)
        poisoned |= {entry.sequence: verdict for entry in lab.device.journal[first:]}
    honest.append(lab.buy(1, 10_000))
    upload(lab)
    assert {lab.verdict(entry) for entry in honest} == {"accepted"}
    must_hold(lab, 10_000 * len(honest), poisoned)


def test_a_late_entry_stops_no_other(lab: Lab) -> None:
    until_s = lab.device.allowances(1, 1)[0].authorize_until_s
    lab.clock.at_s = lab.device.now_s = until_s - 3600
    lab.device.say(facts.Inquiry())
    lab.exchange()
    before = lab.buy(1, BEFORE_RIAL, at_s=until_s - 600)
    late = lab.buy(1, POISON_RIAL, at_s=until_s + 1)
    after = lab.buy(1, AFTER_RIAL, at_s=until_s - 60)
    lab.clock.at_s = until_s + 600
    upload(lab)
    assert [lab.verdict(entry) for entry in (before, late, after)] == ["accepted", "late", "accepted"]
    must_hold(lab, BEFORE_RIAL + AFTER_RIAL, {late.sequence: Verdict.LATE})


def test_duplicates_in_a_batch_stop_no_other(lab: Lab) -> None:
    lab.buy(1, BEFORE_RIAL)
    upload(lab)
    held = lab.device.held
    lab.buy(1, AFTER_RIAL)
    body = lab.device.request(lab.device.journal[1:], base=Head(1, lab.device.journal[1].prev))
    lab.device.take_answer(lab.send(body))
    assert lab.device.held > held
    must_hold(lab, BEFORE_RIAL + AFTER_RIAL, {})


def test_a_gap_stops_nothing_but_until_it_is_filled(lab: Lab) -> None:
    lab.buy(1, BEFORE_RIAL)
    after = lab.buy(1, AFTER_RIAL)
    answer = lab.device.take_answer(lab.send(lab.device.request([after])))
    assert answer.held <= after.sequence - 1
    lab.exchange()
    assert lab.verdict(after) == "accepted"
    must_hold(lab, BEFORE_RIAL + AFTER_RIAL, {})


def test_a_fork_takes_nothing_back_and_what_follows_is_kept(lab: Lab) -> None:
    before = lab.buy(1, BEFORE_RIAL)
    upload(lab)
    other = lab.device.say(facts.Inquiry(), after=Head(before.sequence, before.prev), keep=False)
    lab.device.take_answer(lab.send(lab.device.request([other])))
    first_held = lab.device.journal[lab.device.held].sequence
    after = lab.buy(1, AFTER_RIAL)
    upload(lab)
    assert lab.verdict(after) == "held"
    later = dict.fromkeys(range(first_held, after.sequence + 1), Verdict.HELD)
    must_hold(lab, BEFORE_RIAL, {other.sequence: Verdict.FORK} | later)


def test_a_hole_lets_its_successors_through(lab: Lab) -> None:
    before, lost, after = lab.buy(1, BEFORE_RIAL), lab.buy(1, POISON_RIAL), lab.buy(1, AFTER_RIAL)
    bad = broken(lost, signature=bytes(64))
    lab.device.take_answer(lab.send(lab.device.request([before, bad])))
    lab.device.take_answer(lab.send(lab.device.request([after])))
    told = [lab.verdict(entry) for entry in (before, lost, after)]
    assert told == ["accepted", "hole", "accepted"]
    report = lab.report()
    assert report["credit"]["spent_rial"] == BEFORE_RIAL + AFTER_RIAL
    assert {(row["sequence"], row["verdict"]) for row in report["refused"]} == {
        (lost.sequence, "bad_signature"), (lost.sequence, "hole"),
    }  # fmt: skip
    assert lab.order("verify").ok
