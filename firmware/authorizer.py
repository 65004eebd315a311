"""May this purchase be charged, and how? Pure: facts in, an approval or a refusal out.

The rules are design 4: credit part = max(0, min(available, cap, eligible - minimum own part)); what the buyer pays in
cash is rounded up to the cash step, which lowers the credit part. Limits come from the signed policy. The household's
proof (PIN or code) is the conversation's business; this module must not know it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from firmware.entitlements import Account, AllowanceState, Opening, Use
from sync.wire.facts import LEGS_MAX, Leg, Purchase
from sync.wire.kinds import DeclineReason, Grade

if TYPE_CHECKING:
    from sync.wire.entry import TimeInterval
    from sync.wire.policy import Policy


class Ask(Struct, frozen=True):
    """A basket's sums in rial.

    `eligible_rial` counts goods of the approved list only; `cap_rial` bounds the credit part where the buyer wishes so.
    """

    total_rial: int
    eligible_rial: int
    cap_rial: int | None = None


class Surroundings(Struct, frozen=True):
    """What else decides: the rules, the time, the device's own use, and since when the rules are known to hold."""

    policy: Policy
    catalog_version: int
    time: TimeInterval
    device_use: Use
    policy_confirmed_s: int


class Approval(Struct, frozen=True):
    """The split of one purchase and the allowances that pay the credit part."""

    total_rial: int
    credit_rial: int
    own_rial: int
    legs: tuple[Leg, ...]
    policy: int
    catalog: int

    def fact(self, *, number: int, credit_before_rial: int) -> Purchase:
        """The purchase to be signed; `number` and the sum continue the device's own count."""
        return Purchase(
            policy=self.policy, catalog=self.catalog, total_rial=self.total_rial, credit_rial=self.credit_rial,
            own_rial=self.own_rial, legs=self.legs, number=number,
            credit_so_far_rial=credit_before_rial + self.credit_rial,
        )  # fmt: skip


class Refusal(Struct, frozen=True):
    """Why not. `opens_at_s` says when it will be possible, where that is known."""

    reason: DeclineReason
    opens_at_s: int | None = None


def authorize(ask: Ask, account: Account, around: Surroundings) -> Approval | Refusal:
    """Decide on one purchase. Checks in this order; the first that fails is the answer.

    1. the clock and the rules are fresh enough   2. the household has something open here
    3. the basket holds goods that credit may pay  4. what is left is worth a cash step
    5. the limits of the policy hold
    """
    stale = _stale(around)
    if stale is not None:
        return Refusal(stale)
    # An entry names so many allowances at most; the rest serve the next purchase.
    usable = account.usable(around.time, stated_time_opens=around.policy.stated_time_opens)[:LEGS_MAX]
    if not usable:
        return _why_nothing(account, around)
    credit_rial = _credit_part(ask, sum(allowance.left_rial for allowance in usable), around.policy)
    if credit_rial == 0:
        payable = ask.eligible_rial > around.policy.minimum_own_rial
        return Refusal(DeclineReason.CREDIT_USED_UP if payable else DeclineReason.NO_ELIGIBLE_GOODS)
    limit = _broken_limit(credit_rial, account, around)
    if limit is not None:
        return Refusal(limit)
    return Approval(
        ask.total_rial, credit_rial, ask.total_rial - credit_rial, _legs(usable, credit_rial),
        around.policy.version, around.catalog_version,
    )  # fmt: skip


def _stale(around: Surroundings) -> DeclineReason | None:
    if around.time.grade is Grade.DOUBTFUL:
        return DeclineReason.CLOCK_DOUBTFUL
    if around.time.not_after_s - around.policy_confirmed_s > around.policy.limits.policy_age_s:
        return DeclineReason.POLICY_TOO_OLD
    return None


def _credit_part(ask: Ask, available_rial: int, policy: Policy) -> int:
    cap_rial = available_rial if ask.cap_rial is None else ask.cap_rial
    credit_rial = max(0, min(available_rial, cap_rial, ask.eligible_rial - policy.minimum_own_rial))
    own_rial = ask.total_rial - credit_rial
    step_rial = policy.cash_step_rial or 1
    rounded_rial = -(-own_rial // step_rial) * step_rial
    return max(0, ask.total_rial - rounded_rial) if credit_rial else 0


def _broken_limit(credit_rial: int, account: Account, around: Surroundings) -> DeclineReason | None:
    limits = around.policy.limits
    stated = around.time.grade is Grade.STATED
    if credit_rial > limits.purchase_credit_rial or (
        stated and credit_rial > limits.stated_purchase_credit_rial
    ):
        return DeclineReason.PURCHASE_LIMIT
    if _exceeds(
        account.unacknowledged, credit_rial, limits.household_purchases, limits.household_credit_rial
    ):
        return DeclineReason.HOUSEHOLD_LIMIT
    if _exceeds(around.device_use, credit_rial, limits.device_purchases, limits.device_credit_rial):
        return DeclineReason.DEVICE_LIMIT
    return None


def _exceeds(use: Use, credit_rial: int, purchases_max: int, credit_max_rial: int) -> bool:
    return use.purchases + 1 > purchases_max or use.credit_rial + credit_rial > credit_max_rial


def _legs(usable: tuple[AllowanceState, ...], credit_rial: int) -> tuple[Leg, ...]:
    legs = []
    for allowance in usable:
        amount_rial = min(allowance.left_rial, credit_rial)
        if amount_rial:
            legs.append(
                Leg(
                    allowance=allowance.number,
                    amount_rial=amount_rial,
                    left_rial=allowance.left_rial - amount_rial,
                )
            )
        credit_rial -= amount_rial
    assert credit_rial == 0, "the credit part never exceeds what is available"
    return tuple(legs)


def _why_nothing(account: Account, around: Surroundings) -> Refusal:
    if not account.allowances:
        return Refusal(DeclineReason.NO_ALLOWANCE_HERE)
    waiting = [allowance for allowance in account.allowances if allowance.left_rial]
    if not waiting:
        return Refusal(DeclineReason.CREDIT_USED_UP)
    found = {
        allowance.opening(around.time, stated_time_opens=around.policy.stated_time_opens): allowance
        for allowance in sorted(waiting, key=lambda allowance: -(allowance.opens_at_s or 0))
    }
    later = found.get(Opening.OPENS_LATER)
    if later is not None:
        # Already open by a date that was only keyed, which the policy does not believe.
        if later.opens_at_s is not None and later.opens_at_s <= around.time.not_before_s:
            return Refusal(DeclineReason.CLOCK_DOUBTFUL)
        return Refusal(DeclineReason.NOT_YOUR_DAY, later.opens_at_s)
    if Opening.NOT_ANNOUNCED in found:
        return Refusal(DeclineReason.NOT_ANNOUNCED)
    return Refusal(DeclineReason.EXPIRED)
