"""A dead device's receipts: what they prove is booked once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from sync.central.enrolling.enrollment import enroll
from sync.wire import base45, receipt_qr
from sync.wire.credential import Credential, slim
from sync.wire.entry import PrivatePart
from sync.wire.facts import Booted, Closing, CodeOutcome, Purchase, Refund, RefundLine
from sync.wire.kinds import Role
from tests.sync.central.conftest import national_id
from tests.sync.central.device import Device, piece
from tests.sync.central.scanned import (
    SOLD,
    ZERO,
    Counter,
    books_hold,
    fates,
    owed_rial,
    paper,
    rekey,
    slim_of,
    words,
)

if TYPE_CHECKING:
    from tests.sync.central.conftest import Lab

HEAD_1 = national_id(1_234_568)
"""Of household 1."""


@pytest.fixture
def till(lab: Lab) -> Counter:
    """A till on a day when every household may buy."""
    return Counter(lab.at(29))


# Booked


def test_a_receipt_whose_entry_never_came_is_booked(lab: Lab, till: Counter) -> None:
    till.talk(2)
    sold = till.sell()
    result = rekey(lab, paper(lab, sold))
    assert result.ok
    assert fates(result) == ["booked"]
    assert words(result)[0].endswith("a purchase of 100,000 toman of credit is booked")
    assert owed_rial(lab) == SOLD
    books_hold(lab)


def test_scanned_again_it_moves_nothing(lab: Lab, till: Counter) -> None:
    text = paper(lab, till.sell())
    assert fates(rekey(lab, text, text)) == ["booked", "old"]
    assert fates(rekey(lab, text)) == ["old"]
    assert owed_rial(lab) == SOLD
    books_hold(lab)


def test_the_entry_that_comes_in_full_later_is_not_counted_again(lab: Lab, till: Counter) -> None:
    till.talk()
    first, second = till.sell(), till.sell(2)
    rekey(lab, paper(lab, second))
    lab.exchange()
    assert [lab.verdict(one) for one in (first, second)] == ["accepted", "accepted"]
    assert owed_rial(lab) == 2 * SOLD
    assert lab.report()["devices"][0]["paper_rial"] == 0
    assert fates(rekey(lab, paper(lab, first), paper(lab, second))) == ["known", "known"]
    books_hold(lab)


def test_receipts_in_any_order_are_one_history(lab: Lab, till: Counter) -> None:
    sold = [till.sell(1 + index % 2) for index in range(4)]
    result = rekey(lab, *(paper(lab, one) for one in reversed(sold)))
    assert fates(result) == ["booked"] * 4
    assert owed_rial(lab) == 4 * SOLD
    books_hold(lab)


def test_a_receipt_without_its_lines_is_booked_and_observed(lab: Lab, till: Counter) -> None:
    many = tuple(piece(7, 105_000, 1, gtin=0) for _ in range(40))
    text = paper(lab, till.sell(1, 4_150_000, *many))
    assert receipt_qr.verify(text, lab.center.keys.trusted).lines is None
    assert fates(rekey(lab, text)) == ["booked"]
    assert owed_rial(lab) == 4_150_000
    assert [one["text"] for one in lab.report()["observations"]] == [
        "booked from a receipt that does not show its lines: the goods were not checked"
    ]
    lab.exchange()
    assert owed_rial(lab) == 4_150_000
    books_hold(lab)


def test_a_void_on_paper_takes_back_what_paper_booked(lab: Lab, till: Counter) -> None:
    sold = till.sell()
    voided = till.void(sold)
    result = rekey(lab, paper(lab, voided), paper(lab, sold))
    assert fates(result) == ["booked", "booked"]
    assert "the void of 100,000 toman" in words(result)[0]
    assert owed_rial(lab) == 0
    lab.exchange()
    assert owed_rial(lab) == 0
    books_hold(lab)


def test_a_void_on_paper_takes_back_what_came_by_line(lab: Lab, till: Counter) -> None:
    sold = till.sell()
    lab.exchange()
    assert fates(rekey(lab, paper(lab, till.void(sold)))) == ["booked"]
    assert owed_rial(lab) == 0
    books_hold(lab)


def test_a_void_without_its_purchase_is_not_booked_until_that_is_scanned(lab: Lab, till: Counter) -> None:
    sold = till.sell()
    voided = till.void(sold)
    result = rekey(lab, paper(lab, voided))
    assert fates(result) == ["refused"]
    assert "refund_without_original" in words(result)[0]
    assert fates(rekey(lab, paper(lab, voided), paper(lab, sold))) == ["booked", "booked"]
    books_hold(lab)


def test_a_refund_on_paper_follows_the_refund_s_rule(lab: Lab, till: Counter) -> None:
    lines = (piece(7, 500_000, 2), piece(0, 50_000))
    sold = till.sell(1, 950_000, *lines)
    assert isinstance(sold.fact, Purchase)
    leg = replace(sold.fact.legs[0], amount_rial=500_000, left_rial=sold.fact.legs[0].left_rial + 500_000)
    back = Refund(
        purchase=sold.sequence, lines=(RefundLine(index=0, quantity=1),), credit_rial=500_000, own_rial=0, legs=(leg,)
    )  # fmt: skip
    private = PrivatePart(household=1, card=lab.key(1)[0])
    good = lab.device.say(back, private=private)
    twice = lab.device.say(back, private=private)
    assert fates(rekey(lab, paper(lab, sold), paper(lab, good))) == ["booked", "booked"]
    assert owed_rial(lab) == 450_000
    assert fates(rekey(lab, paper(lab, twice))) == ["refused"]
    books_hold(lab)


def test_a_refund_of_goods_that_paper_does_not_show_waits_for_people(lab: Lab, till: Counter) -> None:
    many = tuple(piece(7, 105_000) for _ in range(40))
    sold = till.sell(1, 4_150_000, *many)
    assert isinstance(sold.fact, Purchase)
    leg = replace(sold.fact.legs[0], amount_rial=105_000)
    back = Refund(purchase=sold.sequence, lines=(RefundLine(index=0, quantity=1),), credit_rial=105_000, own_rial=0, legs=(leg,))  # fmt: skip
    refund = lab.device.say(back, private=PrivatePart(household=1, card=lab.key(1)[0]))
    result = rekey(lab, paper(lab, sold), paper(lab, refund))
    assert fates(result) == ["booked", "refused"]
    assert "the lines of its purchase are not on paper" in words(result)[1]


def test_the_policy_of_mail_that_the_lost_chain_applied_counts(lab: Lab, till: Counter) -> None:
    lab.sql("UPDATE device SET applied_mail = 0")
    assert fates(rekey(lab, paper(lab, till.sell()))) == ["booked"]


def test_a_purchase_by_code_is_booked_where_the_code_s_outcome_came_by_line(lab: Lab, till: Counter) -> None:
    code = lab.order("code", national_id=HEAD_1, device=None).data["code"]
    tried = lab.device.say(CodeOutcome(right=True), private=PrivatePart(household=1, code=code))
    lab.exchange()
    bought, again = till.sell(1, code=tried.sequence), till.sell(1, code=tried.sequence)
    assert fates(rekey(lab, paper(lab, bought), paper(lab, again))) == ["booked", "refused"]
    books_hold(lab)


def test_a_purchase_by_a_code_whose_outcome_is_lost_waits_for_people(lab: Lab, till: Counter) -> None:
    code = lab.order("code", national_id=HEAD_1, device=None).data["code"]
    tried = lab.device.say(CodeOutcome(right=True), private=PrivatePart(household=1, code=code))
    result = rekey(lab, paper(lab, till.sell(1, code=tried.sequence)))
    assert fates(result) == ["refused"]
    assert "bad_household_proof" in words(result)[0]


# Refused


def test_a_purchase_that_no_household_stood_behind_is_not_booked(lab: Lab, till: Counter) -> None:
    allowance = lab.device.allowances(1, 1)[-1]
    lines = (piece(7, SOLD + 50_000),)
    forged = lab.device.say(
        lab.device.purchase([(allowance, SOLD)], lines), lines=lines,
        private=PrivatePart(household=1, card=lab.key(1)[0]), proof_key=bytes(32),
    )  # fmt: skip
    result = rekey(lab, paper(lab, forged))
    assert not result.ok
    assert fates(result) == ["refused"]
    assert "bad_household_proof" in words(result)[0]
    assert owed_rial(lab) == 0


def test_more_than_the_allowance_holds_is_not_booked(lab: Lab, till: Counter) -> None:
    allowance = lab.device.allowances(1, 1)[-1]
    sold = till.sell(1, allowance.amount_rial)
    more = till.sell(1, 1_000)
    assert fates(rekey(lab, paper(lab, sold), paper(lab, more))) == ["booked", "refused"]
    books_hold(lab)


def test_a_suspended_device_s_receipts_are_held(lab: Lab, till: Counter) -> None:
    good, late = till.sell(), till.sell(2)
    lab.order("suspend", device=lab.device.number, last_good=good.sequence)
    result = rekey(lab, paper(lab, good), paper(lab, late))
    assert fates(result) == ["booked", "refused"]
    assert "held" in words(result)[1]


def replace_device(lab: Lab) -> None:
    """Another device takes the place of the dead one."""
    ticket = lab.order("enroll", shop=6001, minutes=30, replaces=lab.device.number).data
    lab.run(enroll(lab.center, Device(seed=b"new").enrollment_request(ticket["token"])))


@pytest.mark.parametrize(("later_s", "fate"), [(0, "booked"), (1, "refused")])
def test_what_a_replaced_device_printed_before_is_good(
    lab: Lab, till: Counter, later_s: int, fate: str
) -> None:
    text = paper(lab, till.sell())
    not_after_s = lab.device.journal[-1].time.not_after_s
    lab.clock.at_s = not_after_s - later_s
    replace_device(lab)
    result = rekey(lab, text)
    assert fates(result) == [fate]
    assert ("the device is suspended" in words(result)[0]) is bool(later_s)


def test_a_device_that_was_revoked_before_it_was_replaced_stays_held_back(lab: Lab, till: Counter) -> None:
    sold = till.sell()
    lab.clock.at_s += 60
    lab.order("suspend", device=lab.device.number, last_good=sold.sequence - 1)
    replace_device(lab)
    assert fates(rekey(lab, paper(lab, sold))) == ["refused"]


def test_a_device_that_was_revoked_after_it_was_replaced_is_held_back(lab: Lab, till: Counter) -> None:
    sold = till.sell()
    lab.clock.at_s += 60
    replace_device(lab)
    lab.order("suspend", device=lab.device.number, last_good=sold.sequence - 1)
    assert fates(rekey(lab, paper(lab, sold))) == ["refused"]


def test_what_was_refused_may_be_judged_again(lab: Lab, till: Counter) -> None:
    sold = till.sell()
    lab.order("suspend", device=lab.device.number, last_good=sold.sequence - 1)
    text = paper(lab, sold)
    assert fates(rekey(lab, text)) == ["refused"]
    lab.sql("UPDATE device SET suspended_from = NULL")
    assert fates(rekey(lab, text)) == ["booked"]


def test_another_entry_at_the_same_place_is_a_fork(lab: Lab, till: Counter) -> None:
    sold = till.sell()
    lab.exchange()
    other = lab.device.copy()
    other.journal = other.journal[: sold.sequence]
    forked = other.say(Closing(**ZERO), at_s=other.now_s)
    result = rekey(lab, receipt_qr.to_qr(forked, slim_of(lab)))
    assert fates(result) == ["fork"]
    assert lab.report()["strays"] == 1
    assert lab.report()["devices"][0]["suspended_from"] is not None
    assert owed_rial(lab) == SOLD
    assert lab.order("verify").ok


def test_an_entry_that_contradicts_booked_paper_is_a_fork_too(lab: Lab, till: Counter) -> None:
    other = lab.device.copy()
    sold = till.sell()
    rekey(lab, paper(lab, sold))
    lab.device.journal = other.journal
    till.talk(2)
    lab.exchange()
    assert lab.device.verdicts()[sold.sequence] == "fork"
    assert owed_rial(lab) == SOLD
    assert lab.report()["devices"][0]["suspended_why"] == f"fork at entry {sold.sequence}"


def test_what_is_no_receipt_of_ours_is_named_by_its_line(lab: Lab, till: Counter) -> None:
    text = paper(lab, till.sell())
    data = bytearray(base45.decode(text[3:], where="test"))
    data[-80] ^= 1
    result = rekey(lab, "R1:", "hello", "R1:" + base45.encode(bytes(data)), text[:-5], text.lower())
    assert not result.ok
    assert fates(result) == ["malformed"] * 5
    assert all(one.startswith("proves nothing: ") for one in words(result))
    assert [one["where"] for one in result.data["receipts"]] == [f"line {number}" for number in range(1, 6)]


def test_a_device_that_this_center_does_not_know_is_named(lab: Lab, till: Counter) -> None:
    sold, stranger = till.sell(), lab.device.copy()
    stranger.number, stranger.journal = 7, []
    key = lab.center.keys.signing[Role.CREDENTIAL]
    given = Credential(
        version=1, device=7, shop=6001, public=stranger.key.public, exchange_public=bytes(32), not_before_s=0,
        until_s=2 * stranger.now_s,
    )  # fmt: skip
    theirs = stranger.say(Booted(version="test", clean=True))
    text = receipt_qr.to_qr(theirs, slim(given, issuer=int(Role.CREDENTIAL), key=key))
    result = rekey(lab, text, paper(lab, sold))
    assert fates(result) == ["foreign", "booked"]
    assert len(result.data["missing"]) == 1


def test_a_receipt_of_a_key_that_is_not_the_device_s_is_refused(lab: Lab, till: Counter) -> None:
    text = paper(lab, till.sell())
    lab.sql("UPDATE device SET public = ?", bytes(32))
    assert fates(rekey(lab, text)) == ["refused"]


def test_a_byte_of_a_kept_receipt_that_was_flipped_is_named(lab: Lab, till: Counter) -> None:
    many = tuple(piece(7, 105_000) for _ in range(40))
    sold = [till.sell(), till.sell(2, 4_150_000, *many)]
    rekey(lab, *(paper(lab, one) for one in sold))
    books_hold(lab)
    rows = lab.sql("SELECT sequence, entry, hash FROM paper")
    for row in rows:
        for part in ("entry", "hash"):
            data = bytearray(row[part])
            for at in (10, len(data) // 2, len(data) - 1):
                data[at] ^= 1
                lab.sql(f"UPDATE paper SET {part} = ? WHERE sequence = ?", bytes(data), row["sequence"])
                verified = lab.order("verify")
                assert not verified.ok
                assert any(
                    f"device 1001 receipt of entry {row['sequence']}: " in line for line in verified.lines
                )
                data[at] ^= 1
            lab.sql(f"UPDATE paper SET {part} = ? WHERE sequence = ?", row[part], row["sequence"])
    books_hold(lab)
