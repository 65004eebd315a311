"""What a shop that signs whatever it likes can reach: each story is one lie, and what it is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sync.central.money import ledger
from sync.wire import facts
from sync.wire.entry import Draft, PrivatePart, TimeInterval, pack_lines, seal
from sync.wire.facts import Leg
from sync.wire.kinds import Grade
from tests.sync.central.chains.test_booking import closing, settled, undone
from tests.sync.central.conftest import DAY_S, DEY_17, POLICIES, national_id
from tests.sync.central.device import Device

if TYPE_CHECKING:
    from sync.wire.entry import Entry
    from tests.sync.central.conftest import Lab


def give_back_all(lab: Lab, household: int, tranche: int = 1) -> Entry:
    lab.order("recall", device=1001, national_id=national_id(1_234_567 + household))
    lab.exchange()
    allowance = lab.device.allowances(household, tranche)[-1]
    leg = Leg(allowance=allowance.number, amount_rial=allowance.amount_rial, left_rial=0)
    back = lab.device.say(facts.AllowanceGivenBack(legs=(leg,)))
    lab.exchange()
    return back


def test_what_was_given_back_is_not_spent_although_it_is_free(lab: Lab) -> None:
    back = give_back_all(lab, 1)
    again = lab.buy(1, 1_000_000)
    lab.exchange()
    assert [lab.verdict(back), lab.verdict(again)] == ["accepted", "over_allowance"]
    assert settled(lab)["spent_rial"] == 0


def test_a_fallen_allowance_pays_no_more_than_it_had(lab: Lab) -> None:
    allowance = lab.device.allowances(1, 1)[0]
    part_rial = allowance.amount_rial // 2
    bought = [lab.buy(1, part_rial) for _ in range(3)]
    lab.clock.at_s = allowance.present_by_s + 1
    lab.order("allot")
    lab.exchange()
    assert [lab.verdict(entry) for entry in bought] == ["accepted", "accepted", "over_allowance"], (
        "what was never reserved for this device stays, though it is free"
    )
    settled(lab)


def test_a_refund_after_the_fall_leaves_as_much_to_claim_as_before(lab: Lab) -> None:
    allowance = lab.device.allowances(1, 1)[0]
    bought = lab.buy(1, allowance.amount_rial)
    void = lab.device.say(undone(bought))
    again = lab.buy(1, allowance.amount_rial)
    lab.clock.at_s = allowance.present_by_s + 1
    lab.order("allot")
    lab.exchange()
    assert [lab.verdict(entry) for entry in (bought, void, again)] == ["accepted"] * 3
    assert settled(lab)["spent_rial"] == allowance.amount_rial


def test_a_chain_that_has_a_newer_policy_cannot_use_the_older(lab: Lab) -> None:
    lab.order("policy load", file=POLICIES / "dey-1404.toml")
    still = lab.buy(1, 1_000_000)
    lab.exchange()
    older = lab.buy(1, 1_000_000)
    lab.exchange()
    assert [lab.verdict(still), lab.verdict(older)] == ["accepted", "unknown_policy"]


def test_a_chain_that_never_applies_new_rules_loses_the_old_ones(lab: Lab) -> None:
    lab.order("policy load", file=POLICIES / "dey-1404.toml")
    lab.device.take_answer(lab.send(lab.device.request()), journal_mail=False)
    lab.at(17 + 44)
    within = lab.buy(1, 1_000_000, at_s=DEY_17 + 44 * DAY_S)
    lab.device.take_answer(lab.send(lab.device.request()), journal_mail=False)
    lab.at(17 + 46)
    after = lab.buy(1, 1_000_000, at_s=DEY_17 + 46 * DAY_S)
    lab.device.take_answer(lab.send(lab.device.request()), journal_mail=False)
    assert lab.verdict(within) != "unknown_policy"
    assert lab.verdict(after) == "unknown_policy"


def test_a_clock_set_back_does_not_outlive_a_tranche(lab: Lab) -> None:
    until_s = lab.device.allowances(1, 1)[0].authorize_until_s
    lab.clock.at_s = lab.device.now_s = until_s + DAY_S
    lab.device.say(facts.Inquiry())
    lab.exchange()
    backdated = lab.buy(1, 1_000_000, at_s=until_s - DAY_S)
    lab.exchange()
    assert lab.verdict(backdated) == "late", "mail of a later day stands before it in the chain"


def test_a_card_revoked_before_a_device_was_enrolled_is_no_good_there(lab: Lab) -> None:
    card, key = lab.key(1)
    lab.order("revoke-card", card=card)
    give_back_all(lab, 1)
    lab.device = lab.enroll(Device(seed=b"2"))
    lab.order("allot")
    lab.exchange()
    stolen = lab.buy(1, 1_000_000, private=PrivatePart(household=1, card=card), proof_key=key)
    lab.exchange()
    assert lab.verdict(stolen) == "bad_household_proof"


def test_a_purchase_without_lines_is_malformed_and_so_nothing_comes_back(lab: Lab) -> None:
    card, key = lab.key(1)
    head, private = lab.device.head, PrivatePart(household=1, card=card)
    bare = facts.Purchase(
        policy=2, catalog=1, total_rial=0, credit_rial=0, own_rial=0, legs=(), number=1, credit_so_far_rial=0
    )
    time = TimeInterval(not_before_s=lab.device.now_s, span_s=1, grade=Grade.TRUSTED)
    proven = seal(
        Draft(bare, time, 1, lines=pack_lines(()), private=private, proof_key=key), head, device=lab.device.number,
        key=lab.device.key, blinding_key=lab.device.blinding,
    )  # fmt: skip
    entry = lab.device.say(bare, private=proven.private)
    refund = lab.device.say(
        facts.Refund(purchase=entry.sequence, lines=(), credit_rial=0, own_rial=0, legs=())
    )
    lab.exchange()
    assert [lab.verdict(entry), lab.verdict(refund)] == ["malformed", "held"]


def test_mail_that_a_held_entry_applied_counts_with_the_next(lab: Lab) -> None:
    lab.order("announce", tranche=2)
    lab.device.take_answer(lab.send(lab.device.request()), journal_mail=False)
    said = facts.MailApplied(
        first=lab.device.mail_head.number, last=lab.device.mail_head.number, head=lab.device.mail_head.hash
    )
    held = lab.device.say(said, at_s=lab.clock.at_s + 601)
    lab.order("policy load", file=POLICIES / "dey-1404.toml")
    lab.exchange()
    bought = lab.buy(1, 1_000_000, tranche=2)
    lab.exchange()
    assert lab.verdict(held) == "held"
    assert lab.sql("SELECT applied_mail FROM device")[0]["applied_mail"] == lab.device.mail_head.number
    assert lab.verdict(bought) == "unknown_policy", "the newest policy is 3 and it used 2"


def test_a_z_that_is_held_counts_nothing_twice(lab: Lab) -> None:
    lab.buy(1, 1_000_000)
    lab.order("suspend", device=1001, last_good=lab.device.head.sequence - 1)
    lab.buy(1, 2_000_000)
    lab.device.say(closing(lab, purchases=2, credit_rial=3_000_000, own_rial=100_000))
    lab.exchange()
    device = lab.report()["devices"][0]
    assert (device["device_rial"], device["refused_rial"], device["ledger_rial"]) == (
        3_000_000, 2_000_000, 1_000_000,
    )  # fmt: skip
    assert device["agrees"]
    assert device["closings"]["z"] == 1


def test_what_one_till_took_back_is_not_paid_out_at_another(lab: Lab) -> None:
    allotted_rial = lab.device.allowances(1, 1)[0].amount_rial
    bought = lab.buy(1, allotted_rial)
    lab.exchange()
    lab.order("settle", whole_days=False)
    lab.device.say(undone(bought))
    lab.exchange()
    give_back_all(lab, 1)
    lab.device = lab.enroll(Device(seed=b"2"))
    lab.order("allot")
    lab.exchange()
    lab.buy(1, lab.device.allowances(1, 1)[0].amount_rial)
    lab.exchange()
    lab.order("settle", whole_days=False)
    paid_rial = lab.sql("SELECT SUM(amount_rial) AS n FROM settlement")[0]["n"]
    assert paid_rial == allotted_rial, "the second till's day waits until the first till's debt is worked off"
    assert lab.report()["reconciliation"]["agrees"]


def test_a_household_s_account_below_zero_is_a_programmer_s_error(lab: Lab) -> None:
    movements = [(ledger.reserved(1, 1), -(10**14)), (ledger.shop(6001), 10**14)]
    with pytest.raises(AssertionError, match="no debts"):
        lab.run(lab.center.run(lambda database: ledger.post(database, movements, at_s=0, reason="x")))
