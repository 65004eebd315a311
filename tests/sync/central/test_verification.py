"""Each numbered check, below, at and above."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from sync.central.evidence import (
    AllowanceView,
    CodeStanding,
    OriginalView,
    ProofView,
    PurchaseView,
    Standing,
    UseView,
)
from sync.central.policy_file import read_policy
from sync.central.verification import (
    Place,
    judge_announcement,
    judge_enrolled,
    judge_give_back,
    judge_mail_applied,
    judge_purchase,
    judge_refund,
    judge_standing,
    judge_void,
    place,
)
from sync.wire import facts
from sync.wire.entry import Draft, Entry, Head, PrivatePart, TimeInterval, seal
from sync.wire.facts import GroupProof, Leg, Line, Purchase, RefundLine
from sync.wire.kinds import Grade, Unit
from sync.wire.refunds import Returned
from tests.sync.central.conftest import DEY_17, POLICIES
from tests.sync.central.device import Device, piece

if TYPE_CHECKING:
    from sync.wire.policy import Policy

KEY = bytes(range(32))
BY_CARD = PrivatePart(household=5, card=9)
DEVICE = Device(seed=b"v", number=1001)
POLICY = read_policy((POLICIES / "dey-1404.toml").read_text(), file="dey-1404.toml", version=2)
OTHER_GTIN, RICE_GTIN, SHOP_GTIN = 6260000000000, 6261259007019, 2112345012347
LEGS = (
    Leg(allowance=1, amount_rial=600_000, left_rial=0),
    Leg(allowance=2, amount_rial=350_000, left_rial=0),
)
LINES = (
    Line(good=7, gtin=0, unit=Unit.GRAM, quantity=1_500, price_rial=400_000, total_rial=600_000),
    piece(8, 200_000, 2),
    piece(0, 30_000),
)
PURCHASE = Purchase(
    policy=2, catalog=1, total_rial=1_030_000, credit_rial=950_000, own_rial=80_000, legs=LEGS, number=1,
    credit_so_far_rial=950_000,
)  # fmt: skip
ALLOWANCE = AllowanceView(
    number=1, household=5, tranche=1, cohort=1, left_rial=600_000, opens_at_s=DEY_17,
    authorize_until_s=DEY_17 + 86_400, closed=False, free_rial=0,
)  # fmt: skip
VIEW = PurchaseView(
    policy=POLICY,
    policy_heard_s=DEY_17,
    goods={RICE_GTIN: 7},
    proof=ProofView(KEY, CodeStanding.NONE),
    allowances={1: ALLOWANCE, 2: replace(ALLOWANCE, number=2, left_rial=350_000)},
    openings=frozenset(),
    household_use=UseView(0, 0),
    device_use=UseView(0, 0),
)


def entry_of(
    fact: facts.Fact = PURCHASE,
    lines: tuple[Line, ...] = LINES,
    *,
    at_s: int = DEY_17,
    span_s: int = 0,
    grade: Grade = Grade.TRUSTED,
    private: PrivatePart | None = BY_CARD,
    sequence: int = 7,
) -> Entry:
    time = TimeInterval(not_before_s=at_s, span_s=span_s, grade=grade)
    proof_key = KEY if isinstance(fact, Purchase) and private is not None and private.card else None
    draft = Draft(fact=fact, time=time, boot=1, lines=lines, private=private, proof_key=proof_key)
    return seal(draft, Head(sequence, bytes(32)), device=1001, key=DEVICE.key, blinding_key=b"")


def verdict(entry: Entry | None = None, **view: Any) -> str:
    return judge_purchase(entry or entry_of(), replace(VIEW, **view)).verdict.name.lower()


def policy_with(**limits: int) -> Policy:
    return replace(POLICY, limits=replace(POLICY.limits, **limits))


@pytest.mark.parametrize(
    ("sequence", "known", "expected"),
    [
        (6, b"x", Place.DUPLICATE),
        (6, b"y", Place.FORK),
        (6, None, Place.FORK),
        (7, None, Place.NEXT),
        (8, None, Place.GAP),
    ],
)
def test_a_place_is_decided_by_sequence_and_hash(sequence: int, known: bytes | None, expected: Place) -> None:
    assert place(sequence=sequence, hash_=b"x", held=7, known=known) is expected


@pytest.mark.parametrize(
    ("suspended_from", "arrived_s", "expected"),
    [(None, DEY_17, "accepted"), (8, DEY_17, "accepted"), (7, DEY_17, "held"), (None, DEY_17 - 10, "accepted"),
     (None, DEY_17 - 11, "held")],
)  # fmt: skip
def test_a_suspended_device_and_a_time_in_the_future_are_held(
    suspended_from: int | None, arrived_s: int, expected: str
) -> None:
    standing = Standing(suspended_from=suspended_from, arrived_s=arrived_s, skew_s=10)
    assert judge_standing(entry_of(), standing).verdict.name.lower() == expected


def test_a_right_purchase_is_accepted() -> None:
    assert verdict() == "accepted"


@pytest.mark.parametrize("missing", [{"policy": None}, {"goods": None}])
def test_5_policy_and_list_had_reached_the_chain(missing: dict[str, None]) -> None:
    assert verdict(**missing) == "unknown_policy"


@pytest.mark.parametrize(("more_s", "expected"), [(0, "accepted"), (1, "unknown_policy")])
def test_5_a_policy_grows_too_old(more_s: int, expected: str) -> None:
    heard_s = DEY_17 - POLICY.limits.policy_age_s - more_s
    assert verdict(policy_heard_s=heard_s) == expected


def with_first_line(line: Line) -> Entry:
    return entry_of(
        replace(PURCHASE, total_rial=line.total_rial + 430_000, own_rial=line.total_rial - 520_000),
        (line, *LINES[1:]),
    )


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (replace(LINES[0], total_rial=600_001), "malformed"),
        (replace(LINES[0], good=12), "ineligible_goods"),
        (replace(LINES[0], unit=Unit.TRAY, quantity=1, price_rial=600_000), "ineligible_goods"),
        (replace(LINES[0], gtin=OTHER_GTIN), "ineligible_goods"),
        (replace(LINES[0], gtin=RICE_GTIN), "accepted"),
        (replace(LINES[0], gtin=SHOP_GTIN), "accepted"),
        (replace(LINES[0], gtin=212345012345), "accepted"),
    ],
)  # fmt: skip
def test_6_goods_and_lines(line: Line, expected: str) -> None:
    assert verdict(with_first_line(line)) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"total_rial": 1_030_001, "own_rial": 80_001}, "malformed"),
        ({"own_rial": 79_999}, "malformed"),
        ({"credit_rial": 950_001, "own_rial": 79_999}, "malformed"),
        (
            {
                "credit_rial": 950_001,
                "own_rial": 79_999,
                "legs": (replace(LEGS[0], amount_rial=600_001), LEGS[1]),
            },
            "ineligible_goods",
        ),
    ],
)
def test_6_and_7_sums_and_split(changes: dict[str, Any], expected: str) -> None:
    assert verdict(entry_of(replace(PURCHASE, **changes))) == expected


@pytest.mark.parametrize(
    ("private", "proof", "expected"),
    [
        (None, VIEW.proof, "bad_household_proof"),
        (PrivatePart(card=9), VIEW.proof, "bad_household_proof"),
        (PrivatePart(household=5, card=9), ProofView(None, CodeStanding.GOOD), "bad_household_proof"),
        (PrivatePart(household=5, card=9), ProofView(bytes(32), CodeStanding.NONE), "bad_household_proof"),
        (PrivatePart(household=5, code_entry=6), ProofView(None, CodeStanding.GOOD), "accepted"),
        (PrivatePart(household=5, code_entry=6), ProofView(None, CodeStanding.NONE), "bad_household_proof"),
        (PrivatePart(household=5, code_entry=6), ProofView(None, CodeStanding.USED), "bad_household_proof"),
    ],
)
def test_8_the_household_was_there(private: PrivatePart | None, proof: ProofView, expected: str) -> None:
    assert verdict(entry_of(private=private), proof=proof) == expected


def allowances(**changes: Any) -> dict[int, AllowanceView]:
    return {**VIEW.allowances, 1: replace(ALLOWANCE, **changes)}


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        (allowances(left_rial=599_999), "over_allowance"),
        (allowances(household=6), "over_allowance"),
        ({2: VIEW.allowances[2]}, "over_allowance"),
    ],
)
def test_9_allowances_are_its_own_and_hold_as_much(held: dict[int, AllowanceView], expected: str) -> None:
    assert verdict(allowances=held) == expected


def test_9_an_allowance_is_not_named_twice() -> None:
    twice = replace(PURCHASE, legs=(LEGS[0], replace(LEGS[1], allowance=1)))
    assert verdict(entry_of(twice)) == "over_allowance"


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ({"at_s": DEY_17 - 1, "span_s": 10}, "not_yet_open"),
        ({"at_s": DEY_17, "grade": Grade.STATED}, "accepted"),
        ({"at_s": DEY_17, "grade": Grade.DOUBTFUL}, "not_yet_open"),
        ({"at_s": DEY_17, "span_s": 86_400}, "accepted"),
        ({"at_s": DEY_17, "span_s": 86_401}, "late"),
    ],
)
def test_10_opening_needs_the_lower_end_and_expiry_the_upper(time: dict[str, Any], expected: str) -> None:
    assert verdict(entry_of(**time)) == expected


def test_10_a_stated_time_opens_only_where_the_policy_says_so() -> None:
    strict = replace(POLICY, stated_time_opens=False)
    assert verdict(entry_of(grade=Grade.STATED), policy=strict) == "not_yet_open"


@pytest.mark.parametrize(
    ("openings", "expected"),
    [(set(), "not_yet_open"), ({(1, 2)}, "not_yet_open"), ({(2, 1)}, "not_yet_open"), ({(1, 1)}, "accepted")],
)
def test_10_a_locked_tranche_needs_its_announcement(openings: set[tuple[int, int]], expected: str) -> None:
    held = allowances(opens_at_s=None)
    assert verdict(allowances=held, openings=frozenset(openings)) == expected


@pytest.mark.parametrize(
    ("grade", "limits", "expected"),
    [
        (Grade.TRUSTED, {"purchase_credit_rial": 950_000}, "accepted"),
        (Grade.TRUSTED, {"purchase_credit_rial": 949_999}, "limit"),
        (Grade.STATED, {"stated_purchase_credit_rial": 950_000}, "accepted"),
        (Grade.STATED, {"stated_purchase_credit_rial": 949_999}, "limit"),
        (Grade.TRUSTED, {"household_purchases": 3}, "accepted"),
        (Grade.TRUSTED, {"household_purchases": 2}, "limit"),
        (Grade.TRUSTED, {"household_credit_rial": 1_000_000}, "accepted"),
        (Grade.TRUSTED, {"household_credit_rial": 999_999}, "limit"),
        (Grade.TRUSTED, {"device_purchases": 7}, "accepted"),
        (Grade.TRUSTED, {"device_purchases": 6}, "limit"),
        (Grade.TRUSTED, {"device_credit_rial": 1_010_000}, "accepted"),
        (Grade.TRUSTED, {"device_credit_rial": 1_009_999}, "limit"),
    ],
)
def test_11_limits(grade: Grade, limits: dict[str, int], expected: str) -> None:
    used = {"household_use": UseView(2, 50_000), "device_use": UseView(6, 60_000)}
    assert verdict(entry_of(grade=grade), policy=policy_with(**limits), **used) == expected


@pytest.mark.parametrize(("free_rial", "expected"), [(600_000, "accepted"), (599_999, "late")])
def test_12_what_fell_back_is_paid_from_the_free_rest(free_rial: int, expected: str) -> None:
    assert verdict(allowances=allowances(closed=True, left_rial=0, free_rial=free_rial)) == expected


def test_12_two_allowances_share_one_free_rest() -> None:
    closed = {number: replace(one, closed=True, free_rial=900_000) for number, one in VIEW.allowances.items()}
    assert verdict(allowances=closed) == "late"


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
    [(4, 5, b"h", "accepted"), (4, 4, b"h", "accepted"), (3, 5, b"h", "malformed"), (5, 5, b"h", "malformed"),
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
