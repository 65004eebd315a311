"""May this purchase be charged, and how: every reason, every boundary, to the rial."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from firmware.authorizer import Approval, Ask, Refusal, Surroundings, authorize
from firmware.entitlements import Account, AllowanceState, Use
from sync.wire.entry import TimeInterval
from sync.wire.facts import LEGS_MAX, Leg, Purchase
from sync.wire.kinds import DeclineReason, Grade
from tests.fakes.paper_center import DAY_S, FOREVER_S, LIMITS, OPENING_S, POLICY

NOW_S = OPENING_S + DAY_S
PLAIN = replace(POLICY, minimum_own_rial=0, cash_step_rial=0)
AROUND = Surroundings(
    policy=PLAIN, catalog_version=4, time=TimeInterval(not_before_s=NOW_S, span_s=1, grade=Grade.TRUSTED),
    device_use=Use(0, 0), policy_confirmed_s=NOW_S,
)  # fmt: skip


def allowance(
    left_rial: int, *, number: int = 1, opens_at_s: int | None = OPENING_S, until_s: int = FOREVER_S
) -> AllowanceState:
    return AllowanceState(
        number=number, tranche=21, left_rial=left_rial, opens_at_s=opens_at_s, released=False, authorize_until_s=until_s,
        present_by_s=until_s,
    )  # fmt: skip


def account(*allowances: AllowanceState, use: Use = Use(0, 0)) -> Account:  # noqa: B008 -- frozen
    return Account(household=1, cohort=1, allowances=allowances, pin_failures=0, unacknowledged=use)


RICH = account(allowance(50_000_000))


def approved(ask: Ask, given_account: Account = RICH, around: Surroundings = AROUND) -> Approval:
    decision = authorize(ask, given_account, around)
    assert isinstance(decision, Approval), decision
    return decision


def refused(ask: Ask, given_account: Account = RICH, around: Surroundings = AROUND) -> Refusal:
    decision = authorize(ask, given_account, around)
    assert isinstance(decision, Refusal), decision
    return decision


def under(**rules: Any) -> Surroundings:
    return replace(AROUND, policy=replace(PLAIN, **rules))


def limited(**limits: int) -> Surroundings:
    return replace(AROUND, policy=replace(PLAIN, limits=replace(LIMITS, **limits)))


def at(first_s: int, grade: Grade, *, span_s: int = 0, around: Surroundings = AROUND) -> Surroundings:
    return replace(around, time=TimeInterval(not_before_s=first_s, span_s=span_s, grade=grade))


# The split


@pytest.mark.parametrize(
    ("left_rial", "credit_rial"),
    [(999_999, 999_999), (1_000_000, 1_000_000), (1_000_001, 1_000_000)],
)
def test_credit_pays_no_more_than_is_left_and_the_buyer_the_difference(
    left_rial: int, credit_rial: int
) -> None:
    approval = approved(Ask(1_000_000, 1_000_000), account(allowance(left_rial)))
    assert (approval.credit_rial, approval.own_rial) == (credit_rial, 1_000_000 - credit_rial)


@pytest.mark.parametrize(("cap_rial", "credit_rial"), [(99, 99), (100, 100), (101, 100), (None, 100)])
def test_the_buyer_may_cap_the_credit_part(cap_rial: int | None, credit_rial: int) -> None:
    assert approved(Ask(100, 100, cap_rial)).credit_rial == credit_rial


def test_goods_outside_the_list_are_own_money() -> None:
    approval = approved(Ask(1_000_000, 700_000))
    assert (approval.credit_rial, approval.own_rial) == (700_000, 300_000)


def test_goods_outside_the_list_never_count_toward_the_minimum_own_part() -> None:
    approval = approved(Ask(1_000_000, 700_000), around=under(minimum_own_rial=50_000))
    assert (approval.credit_rial, approval.own_rial) == (650_000, 350_000)


@pytest.mark.parametrize(
    ("eligible_rial", "credit_rial"), [(49_999, None), (50_000, None), (50_001, 1), (150_000, 100_000)]
)
def test_only_what_exceeds_the_minimum_own_part_is_credit(
    eligible_rial: int, credit_rial: int | None
) -> None:
    around = under(minimum_own_rial=50_000)
    decision = authorize(Ask(200_000, eligible_rial), RICH, around)
    if credit_rial is None:
        assert decision == Refusal(DeclineReason.NO_ELIGIBLE_GOODS)
    else:
        assert isinstance(decision, Approval)
        assert decision.credit_rial == credit_rial


def test_the_minimum_does_not_fall_on_a_household_that_pays_more_anyway() -> None:
    poor = account(allowance(300_000))
    approval = approved(Ask(1_000_000, 1_000_000), poor, under(minimum_own_rial=50_000))
    assert (approval.credit_rial, approval.own_rial) == (300_000, 700_000)


@pytest.mark.parametrize(
    ("left_rial", "own_rial"),
    [(90_001, 10_000), (90_000, 10_000), (89_999, 11_000), (89_001, 11_000), (89_000, 11_000)],
)
def test_cash_is_rounded_up_to_the_step_and_lowers_the_credit_part(left_rial: int, own_rial: int) -> None:
    poor = account(allowance(left_rial))
    approval = approved(Ask(100_000, 100_000), poor, under(cash_step_rial=1_000))
    assert (approval.own_rial, approval.credit_rial) == (own_rial, 100_000 - own_rial)


@pytest.mark.parametrize(("left_rial", "total_rial"), [(999, 10_000), (1, 10_000), (300, 10_500)])
def test_a_rest_that_rounding_eats_whole_is_used_up_not_charged(left_rial: int, total_rial: int) -> None:
    poor, around = account(allowance(left_rial)), under(cash_step_rial=1_000)
    assert refused(Ask(total_rial, total_rial), poor, around) == Refusal(DeclineReason.CREDIT_USED_UP)


def test_a_rest_of_exactly_one_step_is_still_paid_by_credit() -> None:
    poor = account(allowance(1_000))
    approval = approved(Ask(10_000, 10_000), poor, under(cash_step_rial=1_000))
    assert (approval.credit_rial, approval.own_rial) == (1_000, 9_000)


def test_a_purchase_that_credit_pays_whole_is_not_rounded() -> None:
    approval = approved(Ask(10_001, 10_001), around=under(cash_step_rial=1_000))
    assert (approval.credit_rial, approval.own_rial) == (10_001, 0)


# The legs


def test_legs_follow_the_spending_order_and_say_what_is_left() -> None:
    two = account(allowance(500, number=7), allowance(300, number=9, until_s=FOREVER_S - 1))
    assert approved(Ask(600, 600), two).legs == (
        Leg(allowance=9, amount_rial=300, left_rial=0),
        Leg(allowance=7, amount_rial=300, left_rial=200),
    )


def test_an_allowance_that_is_not_needed_is_not_named() -> None:
    two = account(allowance(500, number=1), allowance(500, number=2))
    assert approved(Ask(500, 500), two).legs == (Leg(allowance=1, amount_rial=500, left_rial=0),)


def test_one_purchase_names_no_more_allowances_than_its_entry_can_hold() -> None:
    crumbs = account(*(allowance(10, number=number) for number in range(1, LEGS_MAX + 3)))
    approval = approved(Ask(1_000, 1_000), crumbs)
    assert len(approval.legs) == LEGS_MAX
    assert approval.credit_rial == 10 * LEGS_MAX


def test_the_fact_continues_the_device_s_own_count() -> None:
    fact = approved(Ask(150, 100)).fact(number=8, credit_before_rial=1_000)
    assert fact == Purchase(
        policy=2, catalog=4, total_rial=150, credit_rial=100, own_rial=50,
        legs=(Leg(allowance=1, amount_rial=100, left_rial=49_999_900),), number=8, credit_so_far_rial=1_100,
    )  # fmt: skip


# The clock and the rules


def test_a_doubtful_clock_authorizes_nothing() -> None:
    assert refused(Ask(100, 100), around=at(NOW_S, Grade.DOUBTFUL)) == Refusal(DeclineReason.CLOCK_DOUBTFUL)


@pytest.mark.parametrize(("age_s", "fresh"), [(-1, True), (0, True), (1, False)])
def test_rules_that_nobody_confirmed_for_too_long_authorize_nothing(age_s: int, fresh: bool) -> None:
    confirmed_s = NOW_S + 1 - LIMITS.policy_age_s - age_s
    decision = authorize(Ask(100, 100), RICH, replace(AROUND, policy_confirmed_s=confirmed_s))
    assert isinstance(decision, Approval) is fresh
    if not fresh:
        assert decision == Refusal(DeclineReason.POLICY_TOO_OLD)


def test_the_age_of_the_rules_is_judged_by_the_upper_end_of_the_time() -> None:
    wide = at(NOW_S, Grade.ESTIMATED, span_s=LIMITS.policy_age_s + 1)
    assert refused(Ask(100, 100), around=wide) == Refusal(DeclineReason.POLICY_TOO_OLD)


def test_a_clock_set_back_behind_the_last_confirmation_makes_no_rule_old() -> None:
    around = replace(AROUND, policy_confirmed_s=NOW_S + DAY_S)
    assert approved(Ask(100, 100), around=around).credit_rial == 100


# Nothing open here


@pytest.mark.parametrize(
    ("allowances", "expected"),
    [
        ((), Refusal(DeclineReason.NO_ALLOWANCE_HERE)),
        ((allowance(0),), Refusal(DeclineReason.CREDIT_USED_UP)),
        ((allowance(1, opens_at_s=NOW_S + 5),), Refusal(DeclineReason.NOT_YOUR_DAY, NOW_S + 5)),
        ((allowance(1, opens_at_s=None),), Refusal(DeclineReason.NOT_ANNOUNCED)),
        ((allowance(1, until_s=NOW_S),), Refusal(DeclineReason.EXPIRED)),
        ((allowance(0), allowance(1, opens_at_s=None)), Refusal(DeclineReason.NOT_ANNOUNCED)),
        (
            (allowance(1, until_s=NOW_S), allowance(1, opens_at_s=None)),
            Refusal(DeclineReason.NOT_ANNOUNCED),
        ),
        (
            (allowance(1, opens_at_s=None), allowance(1, opens_at_s=NOW_S + 5)),
            Refusal(DeclineReason.NOT_YOUR_DAY, NOW_S + 5),
        ),
        (
            (allowance(1, opens_at_s=NOW_S + 9), allowance(1, opens_at_s=NOW_S + 5)),
            Refusal(DeclineReason.NOT_YOUR_DAY, NOW_S + 5),
        ),
    ],
)
def test_where_nothing_is_open_the_nearest_hope_is_the_reason(
    allowances: tuple[AllowanceState, ...], expected: Refusal
) -> None:
    assert refused(Ask(100, 100), account(*allowances)) == expected


def test_a_keyed_date_that_the_policy_does_not_believe_is_a_doubtful_clock() -> None:
    around = at(NOW_S, Grade.STATED, around=under(stated_time_opens=False))
    assert refused(Ask(100, 100), around=around) == Refusal(DeclineReason.CLOCK_DOUBTFUL)
    later = account(allowance(1, opens_at_s=NOW_S + 1))
    assert refused(Ask(100, 100), later, around) == Refusal(DeclineReason.NOT_YOUR_DAY, NOW_S + 1)


# The limits


@pytest.mark.parametrize(("credit_rial", "allowed"), [(999, True), (1_000, True), (1_001, False)])
def test_one_purchase_has_a_limit(credit_rial: int, allowed: bool) -> None:
    around = limited(purchase_credit_rial=1_000)
    decision = authorize(Ask(credit_rial, credit_rial), RICH, around)
    assert isinstance(decision, Approval) if allowed else decision == Refusal(DeclineReason.PURCHASE_LIMIT)


@pytest.mark.parametrize("grade", [Grade.STATED, Grade.ESTIMATED, Grade.TRUSTED])
@pytest.mark.parametrize("credit_rial", [499, 500, 501])
def test_a_keyed_date_has_a_tighter_limit(grade: Grade, credit_rial: int) -> None:
    around = at(NOW_S, grade, around=limited(stated_purchase_credit_rial=500))
    decision = authorize(Ask(credit_rial, credit_rial), RICH, around)
    if grade is Grade.STATED and credit_rial > 500:
        assert decision == Refusal(DeclineReason.PURCHASE_LIMIT)
    else:
        assert isinstance(decision, Approval)


def test_a_keyed_date_never_loosens_the_limit() -> None:
    around = limited(stated_purchase_credit_rial=5_000, purchase_credit_rial=1_000)
    stated = at(NOW_S, Grade.STATED, around=around)
    assert refused(Ask(1_001, 1_001), around=stated) == Refusal(DeclineReason.PURCHASE_LIMIT)


@pytest.mark.parametrize(("purchases", "allowed"), [(1, True), (2, True), (3, False)])
def test_a_household_and_a_device_may_buy_so_often_until_the_center_answers(
    purchases: int, allowed: bool
) -> None:
    use = Use(purchases, 0)
    household = authorize(Ask(100, 100), account(allowance(100), use=use), limited(household_purchases=3))
    device = authorize(Ask(100, 100), RICH, replace(limited(device_purchases=3), device_use=use))
    assert isinstance(household, Approval) if allowed else household == Refusal(DeclineReason.HOUSEHOLD_LIMIT)
    assert isinstance(device, Approval) if allowed else device == Refusal(DeclineReason.DEVICE_LIMIT)


@pytest.mark.parametrize(("before_rial", "allowed"), [(899, True), (900, True), (901, False)])
def test_a_household_and_a_device_may_spend_so_much_until_the_center_answers(
    before_rial: int, allowed: bool
) -> None:
    use = Use(1, before_rial)
    household = authorize(
        Ask(100, 100), account(allowance(100), use=use), limited(household_credit_rial=1_000)
    )
    device = authorize(Ask(100, 100), RICH, replace(limited(device_credit_rial=1_000), device_use=use))
    assert isinstance(household, Approval) if allowed else household == Refusal(DeclineReason.HOUSEHOLD_LIMIT)
    assert isinstance(device, Approval) if allowed else device == Refusal(DeclineReason.DEVICE_LIMIT)


def test_limits_bound_the_credit_part_not_the_price() -> None:
    assert approved(Ask(5_000, 900), around=limited(purchase_credit_rial=1_000)).own_rial == 4_100


# The order of the checks


def test_the_first_check_that_fails_is_the_answer() -> None:
    """Everything is wrong at once; each repair uncovers the next reason."""
    broken = replace(
        limited(purchase_credit_rial=1, household_purchases=0, device_purchases=0),
        time=TimeInterval(not_before_s=NOW_S, span_s=0, grade=Grade.DOUBTFUL), policy_confirmed_s=0,
    )  # fmt: skip
    reasons = []
    nothing, outside, listed, small = account(), Ask(100, 0), Ask(100, 100), Ask(1, 1)
    reasons.append(refused(outside, nothing, broken).reason)
    broken = at(NOW_S, Grade.TRUSTED, around=broken)
    reasons.append(refused(outside, nothing, broken).reason)
    broken = replace(broken, policy_confirmed_s=NOW_S)
    reasons.append(refused(outside, nothing, broken).reason)
    reasons.append(refused(outside, RICH, broken).reason)
    reasons.append(refused(listed, RICH, broken).reason)
    reasons.append(refused(small, RICH, broken).reason)
    broken = limited(device_purchases=0)
    reasons.append(refused(small, RICH, broken).reason)
    assert reasons == [
        DeclineReason.CLOCK_DOUBTFUL,
        DeclineReason.POLICY_TOO_OLD,
        DeclineReason.NO_ALLOWANCE_HERE,
        DeclineReason.NO_ELIGIBLE_GOODS,
        DeclineReason.PURCHASE_LIMIT,
        DeclineReason.HOUSEHOLD_LIMIT,
        DeclineReason.DEVICE_LIMIT,
    ]


# Whatever the sums


@given(
    lefts_rial=st.lists(st.integers(0, 5_000), min_size=1, max_size=5),
    total_rial=st.integers(1, 10_000),
    outside_rial=st.integers(0, 10_000),
    cap_rial=st.none() | st.integers(0, 10_000),
    minimum_rial=st.integers(0, 500),
    step_rial=st.sampled_from([0, 1, 7, 100, 1_000]),
)
def test_every_approval_adds_up(
    lefts_rial: list[int],
    total_rial: int,
    outside_rial: int,
    cap_rial: int | None,
    minimum_rial: int,
    step_rial: int,
) -> None:
    household = account(*(allowance(left, number=n) for n, left in enumerate(lefts_rial)))
    eligible_rial = max(0, total_rial - outside_rial)
    around = under(minimum_own_rial=minimum_rial, cash_step_rial=step_rial)
    decision = authorize(Ask(total_rial, eligible_rial, cap_rial), household, around)
    if isinstance(decision, Refusal):
        return
    assert decision.credit_rial + decision.own_rial == decision.total_rial == total_rial
    assert sum(leg.amount_rial for leg in decision.legs) == decision.credit_rial
    assert 0 < decision.credit_rial <= min(sum(lefts_rial), eligible_rial - minimum_rial)
    assert cap_rial is None or decision.credit_rial <= cap_rial
    assert decision.own_rial >= total_rial - eligible_rial + minimum_rial
    assert decision.own_rial % (step_rial or 1) == 0
    for leg in decision.legs:
        assert leg.amount_rial + leg.left_rial == lefts_rial[leg.allowance]
