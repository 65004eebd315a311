"""Purchases, voids, refunds, codes, announcements and recalls, from the device's entry to the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from sync.central.errors import Refused, Unknown
from sync.wire import facts, mail
from sync.wire.entry import PrivatePart
from sync.wire.facts import GroupProof, Leg, RefundLine
from sync.wire.kinds import ClosingKind, Grade, MailKind
from sync.wire.proof import release_proof, slow_hash
from tests.sync.central.conftest import national_id
from tests.sync.central.device import piece

if TYPE_CHECKING:
    from sync.wire.entry import Entry
    from tests.sync.central.conftest import Lab

HEAD_1 = national_id(1_234_568)


def settled(lab: Lab) -> dict[str, int]:
    report = lab.report()
    assert report["ledger"]["trial_balance_rial"] == 0
    assert report["ledger"]["faults"] == []
    assert lab.order("verify").ok
    credit: dict[str, int] = report["credit"]
    return credit


def test_each_cohort_buys_from_its_own_day_on(lab: Lab) -> None:
    early = [lab.at(day).buy(household, 1_000_000) for household, day in ((2, 18), (3, 21), (4, 27))]
    in_time = [lab.at(day).buy(household, 1_000_000) for household, day in ((2, 19), (3, 22), (4, 28))]
    lab.exchange()
    assert [lab.verdict(entry) for entry in early] == ["not_yet_open"] * 3
    assert [lab.verdict(entry) for entry in in_time] == ["accepted"] * 3
    assert settled(lab)["spent_rial"] == 3_000_000


def test_a_keyed_day_opens_by_its_first_second_and_a_doubtful_clock_never(lab: Lab) -> None:
    day_19 = lab.at(19, hour=0).clock.at_s
    lab.at(20)
    stated = lab.buy(2, 1_000_000, at_s=day_19, span_s=86_400, grade=Grade.STATED)
    before = lab.buy(2, 1_000_000, at_s=day_19 - 1, span_s=86_400, grade=Grade.STATED)
    doubtful = lab.buy(2, 1_000_000, grade=Grade.DOUBTFUL)
    lab.exchange()
    assert [lab.verdict(entry) for entry in (stated, before, doubtful)] == [
        "accepted",
        "not_yet_open",
        "not_yet_open",
    ]


def test_a_void_gives_everything_back(lab: Lab) -> None:
    bought = lab.buy(1, 2_000_000)
    void = lab.device.say(undone(bought))
    lab.exchange()
    assert lab.verdict(void) == "accepted"
    assert settled(lab)["spent_rial"] == 0
    assert lab.report()["credit"]["own_rial"] == 0


def undone(bought: Entry) -> facts.Void:
    purchase = bought.fact
    assert isinstance(purchase, facts.Purchase)
    return facts.Void(
        purchase=bought.sequence, credit_rial=purchase.credit_rial, own_rial=purchase.own_rial,
        legs=tuple(reversed(purchase.legs)),
    )  # fmt: skip


def test_a_void_after_the_z_closing_is_refused(lab: Lab) -> None:
    bought = lab.buy(1, 2_000_000)
    lab.device.say(closing(lab, purchases=1, credit_rial=2_000_000, own_rial=50_000))
    void = lab.device.say(undone(bought))
    lab.exchange()
    assert lab.verdict(void) == "refund_without_original"
    assert settled(lab)["spent_rial"] == 2_000_000


def test_a_void_of_what_was_never_bought_is_refused(lab: Lab) -> None:
    void = lab.device.say(facts.Void(purchase=0, credit_rial=0, own_rial=0, legs=()))
    lab.exchange()
    assert lab.verdict(void) == "refund_without_original"


def test_a_purchase_that_names_no_household_is_refused(lab: Lab) -> None:
    bought = lab.buy(1, 1_000_000, private=None, proof_key=None)
    lab.exchange()
    assert lab.verdict(bought) == "bad_household_proof"


def test_an_x_reading_leaves_the_day_open_and_an_outage_may_end(lab: Lab) -> None:
    bought = lab.buy(1, 2_000_000)
    lab.device.say(
        replace(closing(lab, purchases=1, credit_rial=2_000_000, own_rial=50_000), closing=ClosingKind.X)
    )
    void = lab.device.say(undone(bought))
    lab.device.say(facts.OutageOpened())
    lab.device.say(facts.OutageClosed())
    lab.exchange()
    assert lab.verdict(void) == "accepted"
    assert lab.sql("SELECT outage FROM device")[0]["outage"] == 0
    assert lab.report()["devices"][0]["closings"] == {"x": 1, "z": 0, "differing": 0}


def closing(lab: Lab, **totals: int) -> facts.Closing:
    names = (
        "purchases", "credit_rial", "own_rial", "cash_sales", "cash_sales_rial", "voids", "void_credit_rial",
        "void_own_rial", "refunds", "refund_credit_rial", "refund_own_rial", "declines", "cash_expected_rial", "unsent",
        "unsent_credit_rial",
    )  # fmt: skip
    return facts.Closing(closing=ClosingKind.Z, number=1, first=0, **(dict.fromkeys(names, 0) | totals))


def test_a_closing_that_says_otherwise_than_its_entries_is_observed(lab: Lab) -> None:
    lab.buy(1, 2_000_000)
    wrong = lab.device.say(closing(lab, purchases=1, credit_rial=2_000_001, own_rial=50_000))
    lab.exchange()
    report = lab.report()
    assert report["observations"] == [
        {
            "device": 1001,
            "sequence": wrong.sequence,
            "text": "closing says credit_rial 2000001, its entries 2000000",
        }
    ]
    assert not report["reconciliation"]["agrees"]


def refund(bought: Entry, back: dict[int, int], credit_rial: int, own_rial: int) -> facts.Refund:
    assert isinstance(bought.fact, facts.Purchase)
    return facts.Refund(
        purchase=bought.sequence, lines=tuple(RefundLine(index=i, quantity=n) for i, n in back.items()),
        credit_rial=credit_rial, own_rial=own_rial,
        legs=(Leg(allowance=bought.fact.legs[0].allowance, amount_rial=credit_rial, left_rial=0),) if credit_rial else (),
    )  # fmt: skip


def test_refunds_give_back_credit_first_and_each_line_once(lab: Lab) -> None:
    bought = lab.buy(1, 1_500_000, piece(7, 600_000, 2), piece(0, 400_000))
    soap = lab.device.say(refund(bought, {1: 1}, 0, 400_000))
    rice = lab.device.say(refund(bought, {0: 1}, 600_000, 0))
    lab.device.say(refund(bought, {0: 1}, 600_000, 0))
    again = lab.device.say(refund(bought, {0: 1}, 600_000, 0))
    lab.exchange()
    assert lab.verdict(bought) == "ineligible_goods", "the minimum own part cannot be paid with soap"
    assert [lab.verdict(entry) for entry in (soap, rice, again)] == ["held"] * 3

    bought = lab.buy(1, 1_150_000, piece(7, 600_000, 2), piece(0, 400_000))
    soap = lab.device.say(refund(bought, {1: 1}, 0, 400_000))
    rice = lab.device.say(refund(bought, {0: 1}, 600_000, 0))
    rest = lab.device.say(refund(bought, {0: 1}, 550_000, 50_000))
    again = lab.device.say(refund(bought, {0: 1}, 0, 600_000))
    lab.exchange()
    told = [lab.verdict(entry) for entry in (bought, soap, rice, rest, again)]
    assert told == ["accepted"] * 4 + ["refund_without_original"]
    assert settled(lab)["spent_rial"] == 0


def test_nobody_overspends_an_allowance(lab: Lab) -> None:
    allowance = lab.device.allowances(1, 1)[0]
    entries = [lab.buy(1, allowance.amount_rial // 5) for _ in range(6)]
    lab.exchange()
    assert [lab.verdict(entry) for entry in entries] == ["accepted"] * 5 + ["over_allowance"]


def test_a_household_that_never_stood_there_buys_nothing(lab: Lab) -> None:
    invented = lab.buy(1, 1_000_000, proof_key=bytes(32))
    lab.exchange()
    assert lab.verdict(invented) == "bad_household_proof"
    assert settled(lab)["spent_rial"] == 0


def test_a_tranche_opens_with_its_code_without_network(lab: Lab) -> None:
    too_early = lab.buy(1, 1_000_000, tranche=2)
    lab.exchange()
    code = lab.order("announce", tranche=2).data["code"]
    lock = next(
        lock for body in lab.device.bodies(MailKind.LOCKS) if isinstance(body, mail.Locks)
        for lock in body.locks if (lock.tranche, lock.cohort) == (2, 1)
    )  # fmt: skip
    proof = release_proof(slow_hash(code, lock.salt), device=1001)
    typed = lab.device.say(facts.Announcement(tranche=2, groups=(GroupProof(cohort=1, proof=proof),)))
    opened = lab.buy(1, 1_000_000, tranche=2)
    other = lab.buy(2, 1_000_000, tranche=2)
    lab.device.take_answer(lab.send(lab.device.request()))
    assert [lab.verdict(e) for e in (too_early, typed, opened, other)] == [
        "not_yet_open", "accepted", "accepted", "not_yet_open",
    ]  # fmt: skip
    assert len(code) == 13


def test_a_code_that_leaked_before_the_announcement_opens_nothing(lab: Lab) -> None:
    row = lab.sql("SELECT root FROM release WHERE tranche = 2 AND cohort = 1")[0]
    proof = release_proof(row["root"], device=1001)
    typed = lab.device.say(facts.Announcement(tranche=2, groups=(GroupProof(cohort=1, proof=proof),)))
    bought = lab.buy(1, 1_000_000, tranche=2)
    lab.exchange()
    assert [lab.verdict(typed), lab.verdict(bought)] == ["not_yet_open", "not_yet_open"]


def test_a_tranche_opens_with_the_announcement_s_mail(lab: Lab) -> None:
    lab.order("announce", tranche=3)
    before = lab.buy(4, 1_000_000, tranche=3)
    lab.exchange()
    after = lab.buy(4, 1_000_000, tranche=3)
    lab.exchange()
    assert [lab.verdict(before), lab.verdict(after)] == ["not_yet_open", "accepted"]


def test_announcing_again_tells_the_same(lab: Lab) -> None:
    first = lab.order("announce", tranche=4)
    sent = lab.exchange().mail_last
    assert lab.order("announce", tranche=4) == first
    assert lab.exchange().mail_last == sent


def test_a_tranche_with_a_date_has_no_announcement(lab: Lab) -> None:
    with pytest.raises(Unknown, match="tranche 1 is not one that waits"):
        lab.order("announce", tranche=1)


def with_code(lab: Lab, code: str | None, *, right: bool = True) -> Entry:
    tried = lab.device.say(facts.CodeOutcome(right=right), private=PrivatePart(household=1, code=code))
    private = PrivatePart(household=1, code_entry=tried.sequence)
    return lab.buy(1, 500_000, private=private, proof_key=None)


def test_a_one_time_code_mends_a_forgotten_pin_once(lab: Lab) -> None:
    code = lab.order("code", national_id=HEAD_1, device=None).data["code"]
    bought, again = with_code(lab, code), with_code(lab, code)
    lab.exchange()
    assert [lab.verdict(bought), lab.verdict(again)] == ["accepted", "bad_household_proof"]
    settled(lab)


def test_a_code_that_was_not_given_out_is_refused(lab: Lab) -> None:
    guessed = lab.sql("SELECT digits FROM code WHERE household = 1")[0]["digits"]
    entries = [
        with_code(lab, guessed),
        with_code(lab, "00000000"),
        with_code(lab, None),
        with_code(lab, guessed, right=False),
    ]
    lab.exchange()
    assert [lab.verdict(entry) for entry in entries] == ["bad_household_proof"] * 4
    reasons = [one["reason"] for one in lab.report()["refused"]]
    assert reasons == ["one-time code: not given out"] + ["one-time code: unknown"] * 3


def test_codes_run_out_and_the_next_allot_makes_new_ones(lab: Lab) -> None:
    codes = [lab.order("code", national_id=HEAD_1, device=1001).data["code"] for _ in range(2)]
    with pytest.raises(Refused, match="no one-time code is left"):
        lab.order("code", national_id=HEAD_1, device=None)
    with_code(lab, codes[0])
    lab.exchange()
    assert lab.order("allot").data["devices"][0]["codes"] == 1
    assert lab.order("code", national_id=HEAD_1, device=None).data["code"] not in codes


def test_a_recalled_allowance_is_free_once_it_is_given_back(lab: Lab) -> None:
    spent = lab.buy(1, 1_000_000)
    lab.exchange()
    assert lab.order("recall", device=1001, national_id=HEAD_1).data["allowances"] == 4
    lab.exchange()
    allowance = lab.device.allowances(1, 1)[0]
    reserved_rial = lab.report()["credit"]["reserved_rial"]
    left_rial = allowance.amount_rial - 1_000_000
    leg = Leg(allowance=allowance.number, amount_rial=left_rial, left_rial=0)
    back = lab.device.say(facts.AllowanceGivenBack(legs=(leg,)))
    lab.exchange()
    assert [lab.verdict(entry) for entry in (spent, back)] == ["accepted", "accepted"]
    assert settled(lab)["reserved_rial"] == reserved_rial - left_rial


def test_an_allowance_that_nobody_asked_back_is_not_taken(lab: Lab) -> None:
    allowance = lab.device.allowances(1, 1)[0]
    leg = Leg(allowance=allowance.number, amount_rial=allowance.amount_rial, left_rial=0)
    back = lab.device.say(facts.AllowanceGivenBack(legs=(leg,)))
    lab.exchange()
    assert lab.verdict(back) == "over_allowance"


def test_what_nobody_presents_falls_back_and_what_comes_later_is_paid_from_the_free_rest(lab: Lab) -> None:
    allowance = lab.device.allowances(1, 1)[0]
    in_time = lab.buy(1, 1_000_000)
    more = lab.buy(1, allowance.amount_rial - 1_000_000)
    lab.clock.at_s = allowance.present_by_s + 1
    assert lab.order("allot").data["fell_back"] == 16
    lab.device.now_s = lab.clock.at_s
    lab.exchange()
    assert [lab.verdict(in_time), lab.verdict(more)] == ["accepted", "accepted"], (
        "the tranche's free rest pays"
    )
    late = lab.buy(1, 1_000_000)
    lab.exchange()
    assert lab.verdict(late) == "over_allowance", "no more than what had been left"
    settled(lab)


def test_a_declared_outage_suspends_the_fallback_until_the_second_deadline(lab: Lab) -> None:
    allowance = lab.device.allowances(1, 1)[0]
    lab.device.say(facts.OutageOpened())
    lab.exchange()
    lab.clock.at_s = allowance.present_by_s + 1
    assert lab.order("allot").data["fell_back"] == 0
    lab.clock.at_s = allowance.authorize_until_s + 31 * 86_400
    assert lab.order("allot").data["fell_back"] == 16


def test_a_revoked_card_is_good_until_the_chain_heard_of_it(lab: Lab) -> None:
    card, _ = lab.key(1)
    lab.order("revoke-card", card=card)
    before = lab.buy(1, 1_000_000)
    lab.exchange()
    after = lab.buy(1, 1_000_000)
    lab.exchange()
    assert [lab.verdict(before), lab.verdict(after)] == ["accepted", "bad_household_proof"]
    with pytest.raises(Unknown, match="card 99 was never made"):
        lab.order("revoke-card", card=99)


def test_a_new_card_reaches_the_device_by_the_next_allot(lab: Lab) -> None:
    number = lab.order("new-card", national_id=HEAD_1).data["card"]
    assert lab.order("allot").data["devices"][0]["households"] == 1
    lab.exchange()
    household = lab.device.bodies(MailKind.HOUSEHOLDS)[-1]
    assert isinstance(household, mail.Households)
    assert [card.number for card in household.households[0].cards] == [number, 10_000_001]


def test_mail_that_is_applied_under_suspension_does_not_beget_mail_for_ever(lab: Lab) -> None:
    lab.order("suspend", device=1001, last_good=lab.device.head.sequence - 1)
    held = lab.buy(1, 1_000_000)
    lab.exchange()
    assert lab.verdict(held) == "held"


def test_what_a_suspended_device_says_afterwards_is_held(lab: Lab) -> None:
    good = lab.buy(1, 1_000_000)
    lab.order("suspend", device=1001, last_good=good.sequence)
    later = lab.buy(1, 1_000_000)
    lab.exchange()
    assert [lab.verdict(good), lab.verdict(later)] == ["accepted", "held"]
    assert lab.order("allot").data["devices"][0]["allowances"] == 0


def test_an_entry_from_the_future_is_held(lab: Lab) -> None:
    entry = lab.buy(1, 1_000_000, at_s=lab.clock.at_s + 601)
    lab.exchange()
    assert lab.verdict(entry) == "held"


def test_mail_that_was_never_sent_is_not_applied(lab: Lab) -> None:
    said = lab.device.say(facts.MailApplied(first=lab.device.mail_head.number + 1, last=99, head=bytes(32)))
    lab.device.say(facts.Inquiry())
    lab.exchange()
    assert lab.verdict(said) == "malformed"


def test_a_policy_that_the_chain_had_not_applied_is_unknown(lab: Lab) -> None:
    allowance = lab.device.allowances(1, 1)[0]
    card, key = lab.key(1)
    lines = (piece(7, 1_050_000),)
    entries = [
        lab.device.say(
            lab.device.purchase([(allowance, 1_000_000)], lines, policy=policy, catalog=catalog),
            lines=lines, private=PrivatePart(household=1, card=card), proof_key=key,
        )
        for policy, catalog in ((1, 1), (2, 2), (2, 0), (2, 1))
    ]  # fmt: skip
    lab.exchange()
    assert [lab.verdict(entry) for entry in entries] == ["unknown_policy"] * 3 + ["accepted"]
