"""Each numbered check, below, at and above."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from sync.central.chains.evidence import (
    AllowanceView,
    CodeStanding,
    ProofView,
    PurchaseView,
    Standing,
    UseView,
)
from sync.central.chains.verification import (
    Place,
    judge_paper,
    judge_purchase,
    judge_standing,
    place,
)
from sync.central.credit.policy_file import read_policy
from sync.wire.entry import Draft, Entry, Head, PrivatePart, TimeInterval, pack_lines, seal
from sync.wire.facts import Leg, Line, Purchase
from sync.wire.kinds import Grade, Unit
from tests.sync.central.conftest import DEY_17, POLICIES
from tests.sync.central.device import Device, piece

if TYPE_CHECKING:
    from sync.wire import facts
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
    Line(good=7, gtin=0, unit=Unit.GRAM, price_rial=400_000, quantity=1_500),
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
    floor_s=DEY_17,
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
    draft = Draft(fact=fact, time=time, boot=1, lines=pack_lines(lines), private=private, proof_key=proof_key)
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


def test_6_an_entry_without_lines_says_nothing_of_goods() -> None:
    bare = entry_of()
    assert verdict(replace(bare, lines=(), stored=replace(bare.stored, lines=None))) == "malformed"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
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
    assert verdict(allowances=allowances(closed=True, free_rial=free_rial)) == expected


def test_12_two_allowances_share_one_free_rest() -> None:
    closed = {number: replace(one, closed=True, free_rial=900_000) for number, one in VIEW.allowances.items()}
    assert verdict(allowances=closed) == "late"


def paper_verdict(private: PrivatePart | None, **view: Any) -> str:
    """Of a receipt that shows no lines; `private` is what was found behind its hash."""
    entry = entry_of(replace(PURCHASE, own_rial=80_000))
    unseen = replace(entry, lines=(), private=private, stored=replace(entry.stored, lines=None))
    return judge_paper(unseen, replace(VIEW, **view)).verdict.name.lower()


@pytest.mark.parametrize(
    ("private", "view", "expected"),
    [
        (replace(BY_CARD, proof=bytes(8)), {}, "accepted"),
        (replace(BY_CARD, proof=bytes(8)), {"proof": ProofView(None, CodeStanding.NONE)}, "bad_household_proof"),
        (None, {}, "bad_household_proof"),
        (PrivatePart(household=5, code_entry=3), {"proof": ProofView(None, CodeStanding.GOOD)}, "accepted"),
        (PrivatePart(household=5, code_entry=3), {"proof": ProofView(None, CodeStanding.USED)}, "bad_household_proof"),
        (replace(BY_CARD, proof=bytes(8)), {"allowances": {1: ALLOWANCE}}, "over_allowance"),
        (replace(BY_CARD, proof=bytes(8)), {"policy": None}, "unknown_policy"),
    ],
)  # fmt: skip
def test_a_receipt_without_its_lines_is_judged_by_all_that_can_be_seen(
    private: PrivatePart | None, view: dict[str, Any], expected: str
) -> None:
    assert paper_verdict(private, **view) == expected
