"""What the center decides about one entry. Pure: an entry and what the store knows of it in, a ruling out.

The order of the checks; the first that fails is the verdict. The code carries the same numbers.

    placing      1. the signature holds                          bad signature, malformed
                 2. it has its place in the chain                duplicate, fork, gap
    every entry  3. the device is in good standing               held
                 4. its time does not lie after its arrival      held
    purchase     5. its policy and list had reached the chain    unknown policy
                 6. goods, units, lines and sums are right       ineligible goods, malformed
                 7. the split is the policy's                    ineligible goods, malformed
                 8. the household was there: K, or a code that   bad household proof
                    was given out before the entry arrived
                 9. the allowances are its own and hold as much  over allowance
                10. their tranches were open at the entry's time not yet open, late
                11. the limits hold                              limit
                12. presented in time, or something is free      late
    reversal    13. there is an accepted purchase on the chain   refund without original, held
                14. void: whole, once, before the next Z         refund without original
                15. refund: lines, split and legs are the rules' refund without original
    others      16. announcement: made before, and proven        not yet open, malformed
                17. mail applied: the center's own, in order     malformed
                18. give-back: asked for, and no more than left  over allowance
                19. enrolled: the first entry and no other       malformed

An accepted entry stays accepted; what is refused is kept with its reason, and the entries after it go on.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from enum import Enum, auto
from typing import TYPE_CHECKING

from msgspec import Struct

from sync.central.chains.evidence import CodeStanding
from sync.wire.facts import Enrolled, Purchase
from sync.wire.kinds import Grade, Verdict
from sync.wire.proof import household_proof
from sync.wire.refunds import share

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sync.central.chains.evidence import AllowanceView, OriginalView, PurchaseView, Standing
    from sync.wire.entry import Entry, TimeInterval
    from sync.wire.facts import AllowanceGivenBack, Announcement, Leg, Line, MailApplied, Refund, Void
    from sync.wire.policy import Policy


class Ruling(Struct, frozen=True):
    """A verdict and, for people, why."""

    verdict: Verdict
    reason: str = ""


ACCEPTED = Ruling(Verdict.ACCEPTED)
NO_ORIGINAL = Ruling(Verdict.REFUND_WITHOUT_ORIGINAL, "there is no such purchase on this chain")


class Place(Enum):
    """Where a sequence number falls."""

    NEXT = auto()
    DUPLICATE = auto()
    FORK = auto()
    GAP = auto()


def place(*, sequence: int, hash_: bytes, held: int, known: bytes | None) -> Place:
    """2. Duplicate and fork are decided by the hash, never by the signature. `known` is the hash held at `sequence`."""
    if sequence > held:
        return Place.GAP
    if sequence == held:
        return Place.NEXT
    return Place.DUPLICATE if known == hash_ else Place.FORK


def judge_standing(entry: Entry, standing: Standing) -> Ruling:
    """3 and 4, for every entry."""
    if standing.suspended_from is not None and entry.sequence >= standing.suspended_from:
        return Ruling(Verdict.HELD, "the device is suspended")
    if entry.time.not_before_s > standing.arrived_s + standing.skew_s:
        return Ruling(Verdict.HELD, "its time lies after its arrival")
    return ACCEPTED


def judge_purchase(entry: Entry, view: PurchaseView) -> Ruling:
    """5 to 12."""
    return _judge_by(_PURCHASE_CHECKS, entry, view)


def judge_paper(entry: Entry, view: PurchaseView) -> Ruling:
    """The same of a receipt whose lines are not on it: all but the goods and what follows from them, in 6 and 7. Its private
    part was found by the hash that the device signed, which proves K; a code is judged as ever.
    """
    return _judge_by(_PAPER_CHECKS, entry, view)


def _judge_by(checks: Sequence[_Check], entry: Entry, view: PurchaseView) -> Ruling:
    purchase = entry.fact
    assert isinstance(purchase, Purchase), "a purchase is judged as one"
    if view.policy is None or view.goods is None:
        return Ruling(Verdict.UNKNOWN_POLICY, f"policy {purchase.policy}, list {purchase.catalog}")
    not_before_s = max(entry.time.not_before_s, view.floor_s)
    if not_before_s - view.policy_heard_s > view.policy.limits.policy_age_s:
        return Ruling(Verdict.UNKNOWN_POLICY, "the policy was confirmed too long ago")
    for check in checks:
        ruling = check(entry, purchase, view.policy, view)
        if ruling is not ACCEPTED:
            return ruling
    return ACCEPTED


def _judge_goods(entry: Entry, purchase: Purchase, policy: Policy, view: PurchaseView) -> Ruling:
    """6."""
    if entry.stored.lines is None:
        return Ruling(Verdict.MALFORMED, "has no lines")
    total_rial = 0
    for index, line in enumerate(entry.lines):
        total_rial += line.total_rial
        if line.good and not _is_listed(line, policy, view.goods or {}):
            return Ruling(
                Verdict.INELIGIBLE_GOODS, f"line {index}: {line.gtin} is not listed as good {line.good}"
            )
    if total_rial != purchase.total_rial:
        return Ruling(Verdict.MALFORMED, "the lines sum to another total")
    return ACCEPTED


def _is_listed(line: Line, policy: Policy, goods: Mapping[int, int]) -> bool:
    good = policy.good(line.good)
    if good is None or line.unit not in good.units:
        return False
    return not line.gtin or _is_shops_own(line.gtin) or goods.get(line.gtin) == line.good


def _is_shops_own(gtin: int) -> bool:
    """GS1 prefixes 02 and 20-29 are for use inside one shop: weighed goods, whose good the keypad named."""
    prefix = gtin // 10**11
    return prefix == 2 or 20 <= prefix <= 29


def _judge_sums(_entry: Entry, purchase: Purchase, _policy: Policy, _view: PurchaseView) -> Ruling:
    """7, without the lines."""
    legs_sum_rial = sum(leg.amount_rial for leg in purchase.legs)
    if (
        purchase.credit_rial + purchase.own_rial != purchase.total_rial
        or legs_sum_rial != purchase.credit_rial
    ):
        return Ruling(Verdict.MALFORMED, "credit, own part and legs do not sum up")
    return ACCEPTED


def _judge_split(entry: Entry, purchase: Purchase, policy: Policy, _view: PurchaseView) -> Ruling:
    """7, with them."""
    eligible_rial = sum(line.total_rial for line in entry.lines if line.good)
    if purchase.credit_rial > max(0, eligible_rial - policy.minimum_own_rial):
        return Ruling(
            Verdict.INELIGIBLE_GOODS,
            "the credit part exceeds the goods of the list less the minimum own part",
        )
    return ACCEPTED


def _judge_proof(entry: Entry, _purchase: Purchase, _policy: Policy, view: PurchaseView) -> Ruling:
    """8."""
    private, known = entry.private, view.proof
    if private is None or private.household is None:
        return Ruling(Verdict.BAD_HOUSEHOLD_PROOF, "names no household")
    if private.proof is None:
        if known.code is CodeStanding.GOOD:
            return ACCEPTED
        return Ruling(
            Verdict.BAD_HOUSEHOLD_PROOF, f"one-time code: {known.code.name.lower().replace('_', ' ')}"
        )
    if known.household_key is None:
        return Ruling(Verdict.BAD_HOUSEHOLD_PROOF, "the card is not this household's, or revoked")
    expected = household_proof(
        known.household_key,
        entry.public,
        device=entry.device,
        sequence=entry.sequence,
        prev=entry.prev,
        lines_hash=hashlib.sha256(entry.stored.lines or b"").digest(),
    )
    if not hmac.compare_digest(private.proof, expected):
        return Ruling(Verdict.BAD_HOUSEHOLD_PROOF, "was not made with the card and its PIN")
    return ACCEPTED


def _judge_found_proof(entry: Entry, purchase: Purchase, policy: Policy, view: PurchaseView) -> Ruling:
    """8, where the private part was found rather than sent."""
    if entry.private is not None and entry.private.proof is not None and view.proof.household_key is not None:
        return ACCEPTED
    return _judge_proof(entry, purchase, policy, view)


def _judge_allowances(entry: Entry, purchase: Purchase, _policy: Policy, view: PurchaseView) -> Ruling:
    """9."""
    named = [leg.allowance for leg in purchase.legs]
    if len(set(named)) != len(named):
        return Ruling(Verdict.OVER_ALLOWANCE, "an allowance is named twice")
    assert entry.private is not None, "the proof was checked before"
    for leg in purchase.legs:
        allowance = view.allowances.get(leg.allowance)
        if allowance is None or allowance.household != entry.private.household:
            return Ruling(
                Verdict.OVER_ALLOWANCE, f"allowance {leg.allowance} is not this household's at this device"
            )
        if leg.amount_rial > allowance.left_rial:
            return Ruling(Verdict.OVER_ALLOWANCE, f"allowance {leg.allowance} has {allowance.left_rial} left")
    return ACCEPTED


def _judge_opening(entry: Entry, purchase: Purchase, policy: Policy, view: PurchaseView) -> Ruling:
    """10. Opening needs the lower end of the interval, expiry the upper, which no mail applied before lies behind."""
    time = entry.time
    not_after_s = max(time.not_after_s, view.floor_s)
    for leg in purchase.legs:
        allowance = view.allowances[leg.allowance]
        if not_after_s > allowance.authorize_until_s:
            return Ruling(Verdict.LATE, f"allowance {leg.allowance} had expired")
        if (allowance.tranche, allowance.cohort) not in view.openings and not _is_open(
            time, allowance, policy
        ):
            return Ruling(Verdict.NOT_YET_OPEN, f"tranche {allowance.tranche} was not open")
    return ACCEPTED


def _is_open(time: TimeInterval, allowance: AllowanceView, policy: Policy) -> bool:
    if allowance.opens_at_s is None or time.grade == Grade.DOUBTFUL:
        return False
    believed = time.grade != Grade.STATED or policy.stated_time_opens
    return believed and time.not_before_s >= allowance.opens_at_s


def _judge_limits(entry: Entry, purchase: Purchase, policy: Policy, view: PurchaseView) -> Ruling:
    """11."""
    limits = policy.limits
    stated = entry.time.grade == Grade.STATED
    most_rial = limits.stated_purchase_credit_rial if stated else limits.purchase_credit_rial
    if purchase.credit_rial > most_rial:
        return Ruling(Verdict.LIMIT, "of one purchase")
    for what, use, purchases_max, credit_max_rial in (
        ("household", view.household_use, limits.household_purchases, limits.household_credit_rial),
        ("device", view.device_use, limits.device_purchases, limits.device_credit_rial),
    ):
        if use.purchases + 1 > purchases_max or use.credit_rial + purchase.credit_rial > credit_max_rial:
            return Ruling(Verdict.LIMIT, f"of one {what} without network")
    return ACCEPTED


def _judge_late(_entry: Entry, purchase: Purchase, _policy: Policy, view: PurchaseView) -> Ruling:
    """12. What has fallen back is paid only from the same tranche's free rest."""
    wanted_rial: dict[int, int] = {}
    for leg in purchase.legs:
        allowance = view.allowances[leg.allowance]
        if allowance.closed:
            wanted_rial[allowance.tranche] = wanted_rial.get(allowance.tranche, 0) + leg.amount_rial
            if wanted_rial[allowance.tranche] > allowance.free_rial:
                return Ruling(Verdict.LATE, f"allowance {leg.allowance} has fallen back and nothing is free")
    return ACCEPTED


_Check = Callable[["Entry", Purchase, "Policy", "PurchaseView"], Ruling]
_PURCHASE_CHECKS: tuple[_Check, ...] = (
    _judge_goods, _judge_sums, _judge_split, _judge_proof, _judge_allowances, _judge_opening, _judge_limits, _judge_late,
)  # fmt: skip
_PAPER_CHECKS: tuple[_Check, ...] = (
    _judge_sums, _judge_found_proof, _judge_allowances, _judge_opening, _judge_limits, _judge_late,
)  # fmt: skip


def _judge_original(original: OriginalView) -> Ruling:
    """13."""
    if not original.accepted:
        return Ruling(Verdict.HELD, "its purchase is not accepted")
    if original.voided:
        return Ruling(Verdict.REFUND_WITHOUT_ORIGINAL, "its purchase was voided")
    return ACCEPTED


def judge_void(void: Void, original: OriginalView | None) -> Ruling:
    """13 and 14."""
    if original is None:
        return NO_ORIGINAL
    ruling = _judge_original(original)
    if ruling is not ACCEPTED:
        return ruling
    purchase = original.purchase
    if original.before_last_z:
        return Ruling(Verdict.REFUND_WITHOUT_ORIGINAL, "a Z closing lies between")
    if original.returned.quantities:
        return Ruling(Verdict.REFUND_WITHOUT_ORIGINAL, "a part was refunded before")
    whole = [(leg.allowance, leg.amount_rial) for leg in reversed(purchase.legs)]
    if (void.credit_rial, void.own_rial, _amounts(void.legs)) != (
        purchase.credit_rial,
        purchase.own_rial,
        whole,
    ):
        return Ruling(Verdict.REFUND_WITHOUT_ORIGINAL, "does not give back the whole purchase")
    return ACCEPTED


def judge_refund(refund: Refund, original: OriginalView | None) -> Ruling:
    """13 and 15. Goods of the list give back credit until the credit part is used up; legs in reverse order."""
    if original is None:
        return NO_ORIGINAL
    ruling = _judge_original(original)
    if ruling is not ACCEPTED:
        return ruling
    back = {line.index: line.quantity for line in refund.lines}
    due = share(original.purchase, original.lines, back, original.returned)
    if due is None or len(back) != len(refund.lines):
        return Ruling(
            Verdict.REFUND_WITHOUT_ORIGINAL, "more comes back than was bought, nothing, or a line twice"
        )
    if (refund.credit_rial, refund.own_rial) != (due.credit_rial, due.own_rial):
        return Ruling(Verdict.REFUND_WITHOUT_ORIGINAL, "the split is not the purchase's")
    if _amounts(refund.legs) != list(due.legs):
        return Ruling(
            Verdict.REFUND_WITHOUT_ORIGINAL, "the allowances are not the purchase's in reverse order"
        )
    return ACCEPTED


def _amounts(legs: Sequence[Leg]) -> list[tuple[int, int]]:
    return [(leg.allowance, leg.amount_rial) for leg in legs]


def judge_announcement(
    announcement: Announcement, proofs: Mapping[int, bytes], *, announced_at_s: int | None, arrived_s: int
) -> Ruling:
    """16. `proofs` by cohort are what the code gives on this device."""
    if announced_at_s is None or arrived_s < announced_at_s:
        return Ruling(
            Verdict.NOT_YET_OPEN, f"tranche {announcement.tranche} was not announced when this arrived"
        )
    if not announcement.groups or any(
        proofs.get(group.cohort) != group.proof for group in announcement.groups
    ):
        return Ruling(Verdict.MALFORMED, "the announcement's proof is wrong")
    return ACCEPTED


def judge_mail_applied(applied: MailApplied, *, before: int, head: bytes | None) -> Ruling:
    """17. `before` is the last number that the chain had applied, `head` the center's hash of item `last`.

    A hash covers all mail before it, so what an entry that was lost or held had applied counts with the next.
    """
    if not before < applied.first <= applied.last or applied.head != head:
        return Ruling(Verdict.MALFORMED, "is not the mail that the center sent")
    return ACCEPTED


def judge_give_back(back: AllowanceGivenBack, recalled: Mapping[int, AllowanceView]) -> Ruling:
    """18."""
    named = [leg.allowance for leg in back.legs]
    if len(set(named)) != len(named):
        return Ruling(Verdict.OVER_ALLOWANCE, "an allowance is named twice")
    for leg in back.legs:
        allowance = recalled.get(leg.allowance)
        if allowance is None or leg.amount_rial > allowance.left_rial:
            return Ruling(
                Verdict.OVER_ALLOWANCE, f"allowance {leg.allowance} was not asked back, or has less left"
            )
    return ACCEPTED


def judge_enrolled(entry: Entry, *, credential_hash: bytes) -> Ruling:
    """19, for every entry: the first, and only the first, names the device's credential."""
    named = entry.fact.credential_hash if isinstance(entry.fact, Enrolled) else None
    if named != (credential_hash if entry.sequence == 0 else None):
        return Ruling(Verdict.MALFORMED, "the chain does not begin with this device's enrollment")
    return ACCEPTED
