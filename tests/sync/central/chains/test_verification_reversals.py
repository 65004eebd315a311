"""Reversals, announcements, applied mail, give-backs and enrollment: each numbered check, below, at and above."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from sync.central.chains.evidence import OriginalView
from sync.central.chains.verification import (
    judge_announcement,
    judge_enrolled,
    judge_give_back,
    judge_mail_applied,
    judge_refund,
    judge_void,
)
from sync.wire import facts
from sync.wire.facts import GroupProof, Leg, RefundLine
from sync.wire.refunds import Returned
from tests.sync.central.chains.test_verification import KEY, LEGS, LINES, PURCHASE, VIEW, entry_of
from tests.sync.central.conftest import DEY_17

ORIGINAL = OriginalView(
    purchase=PURCHASE, lines=LINES, accepted=True, voided=False, before_last_z=False,
    returned=Returned(0, {}, {}),
)  # fmt: skip
VOID = facts.Void(purchase=7, credit_rial=950_000, own_rial=80_000, legs=(LEGS[1], LEGS[0]))


@pytest.mark.parametrize(
    ("original", "expected"),
    [
        (None, "refund_without_original"),
        ({"accepted": False}, "held"),
        ({"voided": True}, "refund_without_original"),
        ({"before_last_z": True}, "refund_without_original"),
        ({"returned": Returned(0, {0: 1}, {})}, "refund_without_original"),
        ({}, "accepted"),
    ],
)
def test_13_and_14_a_void_needs_an_accepted_purchase_since_the_last_z(
    original: dict[str, Any] | None, expected: str
) -> None:
    view = None if original is None else replace(ORIGINAL, **original)
    assert judge_void(VOID, view).verdict.name.lower() == expected


@pytest.mark.parametrize("changes", [{"credit_rial": 949_999}, {"own_rial": 80_001}, {"legs": LEGS}])
def test_14_a_void_gives_back_the_whole_purchase_in_reverse_order(changes: dict[str, Any]) -> None:
    assert judge_void(replace(VOID, **changes), ORIGINAL).verdict.name.lower() == "refund_without_original"


def refund(back: dict[int, int], credit_rial: int, own_rial: int, legs: dict[int, int]) -> facts.Refund:
    return facts.Refund(
        purchase=7, lines=tuple(RefundLine(index=index, quantity=quantity) for index, quantity in back.items()),
        credit_rial=credit_rial, own_rial=own_rial,
        legs=tuple(Leg(allowance=number, amount_rial=amount_rial, left_rial=0) for number, amount_rial in legs.items()),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (refund({1: 1}, 200_000, 0, {2: 200_000}), "accepted"),
        (refund({1: 2}, 400_000, 0, {2: 350_000, 1: 50_000}), "accepted"),
        (refund({0: 1_500, 1: 2}, 950_000, 50_000, {2: 350_000, 1: 600_000}), "accepted"),
        (refund({0: 333}, 133_200, 0, {2: 133_200}), "accepted"),
        (refund({2: 1}, 0, 30_000, {}), "accepted"),
        (refund({2: 1}, 30_000, 0, {2: 30_000}), "refund_without_original"),
        (refund({1: 1}, 0, 200_000, {}), "refund_without_original"),
        (refund({1: 1}, 200_000, 0, {1: 200_000}), "refund_without_original"),
        (refund({1: 3}, 600_000, 0, {2: 350_000, 1: 250_000}), "refund_without_original"),
        (refund({1: 0}, 0, 0, {}), "refund_without_original"),
        (refund({3: 1}, 0, 0, {}), "refund_without_original"),
        (refund({}, 0, 0, {}), "refund_without_original"),
    ],
)
def test_15_a_refund_gives_back_what_the_rules_say(given: facts.Refund, expected: str) -> None:
    assert judge_refund(given, ORIGINAL).verdict.name.lower() == expected


def test_15_a_line_is_not_named_twice() -> None:
    given = refund({1: 1}, 400_000, 0, {2: 350_000, 1: 50_000})
    assert (
        judge_refund(replace(given, lines=given.lines * 2), ORIGINAL).verdict.name
        == "REFUND_WITHOUT_ORIGINAL"
    )


def test_15_a_later_refund_goes_on_where_the_earlier_ended() -> None:
    returned = replace(ORIGINAL, returned=Returned(600_000, {1: 2, 0: 500}, {2: 350_000, 1: 250_000}))
    assert (
        judge_refund(refund({0: 1_000}, 350_000, 50_000, {1: 350_000}), returned).verdict.name == "ACCEPTED"
    )
    assert (
        judge_refund(refund({1: 1}, 200_000, 0, {1: 200_000}), returned).verdict.name
        == "REFUND_WITHOUT_ORIGINAL"
    )


@pytest.mark.parametrize(
    "original", [None, replace(ORIGINAL, accepted=False), replace(ORIGINAL, voided=True)]
)
def test_13_a_refund_needs_an_accepted_purchase(original: OriginalView | None) -> None:
    given = refund({1: 1}, 200_000, 0, {2: 200_000})
    expected = "HELD" if original is not None and not original.accepted else "REFUND_WITHOUT_ORIGINAL"
    assert judge_refund(given, original).verdict.name == expected


PROOF = bytes(range(16))
ANNOUNCED = facts.Announcement(tranche=2, groups=(GroupProof(cohort=1, proof=PROOF),))


@pytest.mark.parametrize(
    ("announcement", "announced_at_s", "expected"),
    [
        (ANNOUNCED, None, "not_yet_open"),
        (ANNOUNCED, DEY_17 + 1, "not_yet_open"),
        (ANNOUNCED, DEY_17, "accepted"),
        (replace(ANNOUNCED, groups=()), DEY_17, "malformed"),
        (replace(ANNOUNCED, groups=(GroupProof(cohort=2, proof=PROOF),)), DEY_17, "malformed"),
        (replace(ANNOUNCED, groups=(GroupProof(cohort=1, proof=bytes(16)),)), DEY_17, "malformed"),
    ],
)
def test_16_an_announcement_is_made_before_and_proven(
    announcement: facts.Announcement, announced_at_s: int | None, expected: str
) -> None:
    ruling = judge_announcement(announcement, {1: PROOF}, announced_at_s=announced_at_s, arrived_s=DEY_17)
    assert ruling.verdict.name.lower() == expected


@pytest.mark.parametrize(
    ("first", "last", "head", "expected"),
    [(4, 5, b"h", "accepted"), (4, 4, b"h", "accepted"), (3, 5, b"h", "malformed"), (5, 5, b"h", "accepted"),
     (4, 3, b"h", "malformed"), (4, 5, b"x", "malformed"), (4, 5, None, "malformed")],
)  # fmt: skip
def test_17_applied_mail_is_the_center_s_own_in_order(
    first: int, last: int, head: bytes | None, expected: str
) -> None:
    applied = facts.MailApplied(first=first, last=last, head=b"h")
    assert judge_mail_applied(applied, before=3, head=head).verdict.name.lower() == expected


@pytest.mark.parametrize(
    ("legs", "expected"),
    [
        ({1: 600_000}, "accepted"),
        ({1: 600_001}, "over_allowance"),
        ({3: 1}, "over_allowance"),
    ],
)
def test_18_what_is_given_back_was_asked_for_and_is_left(legs: dict[int, int], expected: str) -> None:
    back = facts.AllowanceGivenBack(
        legs=tuple(
            Leg(allowance=number, amount_rial=amount_rial, left_rial=0)
            for number, amount_rial in legs.items()
        )
    )
    assert judge_give_back(back, VIEW.allowances).verdict.name.lower() == expected


def test_18_an_allowance_is_not_given_back_twice_at_once() -> None:
    back = facts.AllowanceGivenBack(legs=(replace(LEGS[0], amount_rial=1),) * 2)
    assert judge_give_back(back, VIEW.allowances).verdict.name == "OVER_ALLOWANCE"


@pytest.mark.parametrize(
    ("fact", "sequence", "expected"),
    [
        (facts.Enrolled(credential_hash=bytes(32), version="t"), 0, "accepted"),
        (facts.Enrolled(credential_hash=bytes(32), version="t"), 1, "malformed"),
        (facts.Enrolled(credential_hash=KEY, version="t"), 0, "malformed"),
        (facts.Inquiry(), 0, "malformed"),
        (facts.Inquiry(), 1, "accepted"),
    ],
)
def test_19_a_chain_begins_with_this_device_s_enrollment(
    fact: facts.Fact, sequence: int, expected: str
) -> None:
    entry = entry_of(fact, sequence=sequence, private=None)
    assert judge_enrolled(entry, credential_hash=bytes(32)).verdict.name.lower() == expected
