"""TOTAL, the block that it prints, and what confirms it: the household's PIN, its one-time code, or Enter for cash.

Rules:
- The block stands below all its lines: those that did not come out, with a printer away or empty, are printed again first.
- The block is a question; only its confirmation is a purchase. Under the journal's turn the authorization is computed once
  more, and if it is not what the block said, the new block is printed and asked for instead.
- The PIN's outcome is committed before anything shows it: a wrong one as its entry, a right one as the purchase.
- Commit, then sound, then receipt; prices that were keyed are remembered after the receipt, as far as there is room.
"""

from __future__ import annotations

import contextlib
import hmac
from typing import TYPE_CHECKING

from msgspec import Struct

from drivers.sound import Sound
from firmware.authorizer import Approval, Ask, Refusal, Surroundings, authorize
from firmware.errors import JournalFull, StaleDecision
from firmware.receipt import decline_slips, display_lines, receipt_slips, total_slips
from firmware.receipt.prompt_slips import PRESS_ENTER, PRESS_PIN, Prompt
from firmware.till import paperless
from firmware.till.asking import PRESS_BACK
from firmware.till.household import PRESS_CODE
from firmware.till.owed import print_owed
from firmware.till.selling import show_again
from firmware.till.slips_of import receipt_of
from firmware.till.talk import Presented, Shown, Talk
from sync.wire import proof
from sync.wire.entry import pack_lines
from sync.wire.facts import CashSale, PinFailure, PriceChanged, Purchase
from sync.wire.kinds import DeclineReason, Grade
from sync.wire.money import of_toman

if TYPE_CHECKING:
    from drivers.line_display import TwoLines
    from drivers.printer.slip import Pair
    from firmware.basket import Item
    from firmware.entitlements import Account
    from firmware.till.grammar import Confirm, Pin, Total
    from firmware.till.states import State
    from sync.wire.entry import Entry
    from sync.wire.policy import Limits

FAILURES_MAX = 255


class WrongPin(Struct, frozen=True):
    """Committed already; `left` more may be tried."""

    left: int


async def total(talk: Talk, command: Total) -> State:
    """Print what will be paid, and wait for its confirmation."""
    if not talk.basket.lines:
        await talk.look(Prompt.BASKET_EMPTY)
        return talk.rest()
    if talk.torn:
        await show_again(talk)
    presented = talk.presented
    if presented is None or command.cap_toman == 0:
        return await _ask_for_cash(talk)
    if presented.secret is None and presented.code_entry is None:
        return await talk.look(Prompt.CODE, PRESS_CODE)
    cap_rial = None if command.cap_toman is None else of_toman(command.cap_toman)
    account = await talk.journal.account(presented.household)
    result = _decide(talk, presented, account, cap_rial)
    if isinstance(result, Refusal) or account is None:
        return await _refuse(talk, result, presented, account)
    return await _ask_household(
        talk, Shown(result, cap_rial, pack_lines(talk.basket.wire())), presented, account
    )


async def pin(talk: Talk, command: Pin) -> State:
    """The household's PIN confirms the block."""
    presented, shown = talk.presented, talk.shown
    if presented is None or presented.secret is None or shown is None or shown.approval is None:
        return await talk.look(Prompt.BAD_KEYS)
    return await _settle(talk, presented, shown, proof.household_key(presented.secret, command.digits))


async def confirmed(talk: Talk, _: Confirm) -> State:
    """Enter alone confirms a cash sale, or a block that a one-time code stands for."""
    presented, shown = talk.presented, talk.shown
    assert shown is not None, "a block was printed"
    if shown.approval is None:
        return await _sell_for_cash(talk, shown)
    if presented is None or presented.code_entry is None:
        return await talk.look(Prompt.PIN)
    return await _settle(talk, presented, shown, None)


async def check_pin(talk: Talk, presented: Presented, account: Account, key: bytes) -> WrongPin | None:
    """None if `key` is the household's; else the failure is committed. Called while holding the journal's turn."""
    policy = talk.journal.policy
    assert policy is not None, "who may be asked for a PIN has an account under a policy"
    if hmac.compare_digest(proof.key_check(key), presented.key_check or b""):
        return None
    failures = min(account.pin_failures + 1, FAILURES_MAX)
    draft = talk.journal.draft(PinFailure(failures=failures), private=presented.private())
    await talk.journal.commit(draft)
    return WrongPin(policy.limits.pin_tries - failures)


async def print_wrong_pin(talk: Talk, wrong: WrongPin) -> State:
    """Say how many tries are left, or that the PIN is blocked now."""
    if wrong.left > 0:
        await talk.print_refusal(DeclineReason.WRONG_PIN, (decline_slips.tries_left_row(wrong.left),))
        return talk.state
    await talk.print_refusal(DeclineReason.PIN_BLOCKED)
    return talk.rest()


def is_blocked(talk: Talk, presented: Presented, account: Account) -> bool:
    """Whether only a one-time code or a new card helps."""
    policy = talk.journal.policy
    return presented.code_entry is None and (
        policy is not None and account.pin_failures >= policy.limits.pin_tries
    )


def _decide(
    talk: Talk, presented: Presented, account: Account | None, cap_rial: int | None
) -> Approval | Refusal:
    journal = talk.journal
    now = journal.keeper.now()
    if journal.tail_lost:
        return Refusal(DeclineReason.DEVICE_SUSPENDED)
    if journal.policy is None:
        return Refusal(DeclineReason.POLICY_TOO_OLD)
    if now.grade is not Grade.DOUBTFUL and now.not_after_s > journal.identity.credential.until_s:
        return Refusal(DeclineReason.DEVICE_SUSPENDED)
    if account is None:
        return Refusal(DeclineReason.NO_ALLOWANCE_HERE)
    if is_blocked(talk, presented, account):
        return Refusal(DeclineReason.PIN_BLOCKED)
    around = Surroundings(
        journal.policy, journal.catalog_version, now, journal.device_use, journal.policy_confirmed_s
    )
    return authorize(Ask(talk.basket.total_rial, talk.basket.eligible_rial, cap_rial), account, around)


async def _settle(talk: Talk, presented: Presented, shown: Shown, key: bytes | None) -> State:
    async with talk.journal.turn:
        account = await talk.journal.account(presented.household)
        outcome = await _commit(talk, presented, account, shown, key)
    if isinstance(outcome, WrongPin):
        return await print_wrong_pin(talk, outcome)
    if isinstance(outcome, Refusal) or account is None:
        return await _refuse(talk, outcome, presented, account)
    if isinstance(outcome, Approval):
        await talk.beep(Sound.LOOK)
        return await _ask_household(talk, Shown(outcome, shown.cap_rial, shown.lines), presented, account)
    return await _finish(talk, outcome)


async def _commit(
    talk: Talk, presented: Presented, account: Account | None, shown: Shown, key: bytes | None
) -> Entry | Approval | Refusal | WrongPin:
    """The purchase; or, if it is not what was shown, what it would be now. Called while holding the turn."""
    if account is not None and key is not None and not is_blocked(talk, presented, account):
        wrong = await check_pin(talk, presented, account, key)
        if wrong is not None:
            return wrong
    now = _decide(talk, presented, account, shown.cap_rial)
    if isinstance(now, Refusal) or now != shown.approval:
        return now
    counters = talk.journal.counters
    fact = now.fact(number=counters.purchases + 1, credit_before_rial=counters.credit_rial)
    draft = talk.journal.draft(fact, lines=shown.lines, private=presented.private(), proof_key=key)
    try:
        return await talk.journal.commit(draft)
    except StaleDecision:
        return now


async def _sell_for_cash(talk: Talk, shown: Shown) -> State:
    fact = CashSale(total_rial=talk.basket.total_rial)
    async with talk.journal.turn:
        entry = await talk.journal.commit(talk.journal.draft(fact, lines=shown.lines))
    return await _finish(talk, entry)


async def _finish(talk: Talk, entry: Entry) -> State:
    await talk.beep(Sound.APPROVED)  # a household waits for it
    items = tuple(placed.item for placed in talk.basket.lines)
    shown_as = talk.presented
    state = talk.clear()
    talk.paper.amounts(_paid(entry))
    if _own_rial(entry):
        await talk.paper.open_drawer()
    talk.presented = (
        shown_as if entry.private else None
    )  # the receipt masks what was shown, card or national ID
    receipt = await receipt_of(talk, entry)
    talk.presented = None
    await print_owed(talk, entry, receipt_slips.receipt_end(receipt))
    # The purchase is done: a full disk costs the memory of a price, and must not say that nothing was stored.
    with contextlib.suppress(JournalFull):
        for item in items:
            await _remember_price(talk, item)
    return state


def _paid(entry: Entry) -> TwoLines:
    fact = entry.fact
    assert isinstance(fact, Purchase | CashSale), "only these are paid"
    return display_lines.approved(total_rial=fact.total_rial, own_rial=_own_rial(entry))


def _own_rial(entry: Entry) -> int:
    fact = entry.fact
    assert isinstance(fact, Purchase | CashSale), "only these are paid"
    return fact.total_rial - (fact.credit_rial if isinstance(fact, Purchase) else 0)


async def _remember_price(talk: Talk, item: Item) -> None:
    if not item.keyed or await talk.journal.price(item.good, item.gtin, item.unit) is not None:
        return
    fact = PriceChanged(good=item.good, gtin=item.gtin, unit=item.unit, price_rial=item.price_rial)
    async with talk.journal.turn:
        await talk.journal.commit(talk.journal.draft(fact))


async def _ask_for_cash(talk: Talk) -> State:
    block = total_slips.cash_total_block(
        lines=len(talk.basket.lines),
        total_rial=talk.basket.total_rial,
        card_read=talk.presented is not None,
        press=(PRESS_ENTER, PRESS_BACK),
    )
    talk.shown = Shown(None, None, pack_lines(talk.basket.wire()))
    sum_rial = talk.basket.total_rial
    talk.paper.amounts(display_lines.total(total_rial=sum_rial, credit_rial=0, own_rial=sum_rial))
    return await paperless.ask(talk, block)


async def _ask_household(talk: Talk, shown: Shown, presented: Presented, account: Account) -> State:
    approval, policy, basket = shown.approval, talk.journal.policy, talk.basket
    assert approval is not None, "a credit block shows an approval"
    assert policy is not None, "an approval has its policy"
    usable = account.usable(talk.journal.keeper.now(), stated_time_opens=policy.stated_time_opens)
    preview = total_slips.Preview(
        lines=len(basket.lines), total_rial=basket.total_rial, eligible_rial=basket.eligible_rial,
        other_rial=basket.total_rial - basket.eligible_rial, credit_rial=approval.credit_rial,
        own_rial=approval.own_rial, available_rial=sum(allowance.left_rial for allowance in usable),
        household=presented.shown, minimum_own_rial=policy.minimum_own_rial,
        press=(PRESS_ENTER if presented.code_entry is not None else PRESS_PIN, PRESS_BACK),
    )  # fmt: skip
    talk.shown = shown
    talk.paper.amounts(
        display_lines.total(
            total_rial=basket.total_rial, credit_rial=approval.credit_rial, own_rial=approval.own_rial
        )
    )
    return await paperless.ask(talk, total_slips.total_block(preview))


async def _refuse(
    talk: Talk, result: Approval | Refusal | Entry, presented: Presented, account: Account | None
) -> State:
    assert isinstance(result, Refusal), "without an account nothing is approved"
    await talk.decline(
        result.reason, total_rial=talk.basket.total_rial, private=presented.private(),
        rows=_refusal_rows(talk, result, account),
    )  # fmt: skip
    return talk.rest()


def _refusal_rows(talk: Talk, refusal: Refusal, account: Account | None) -> tuple[Pair, ...]:
    policy = talk.journal.policy
    if refusal.opens_at_s is not None:
        return (decline_slips.opens_row(refusal.opens_at_s),)
    if refusal.reason is DeclineReason.EXPIRED and account is not None:
        return (decline_slips.expired_row(max(part.authorize_until_s for part in account.allowances)),)
    if policy is None:
        return ()
    limits, stated = policy.limits, talk.journal.keeper.now().grade is Grade.STATED
    purchases_max = _purchases_reached(talk, refusal, account, limits)
    if purchases_max is not None:
        return (decline_slips.purchases_limit_row(purchases_max),)
    limit_rial = {
        DeclineReason.PURCHASE_LIMIT: limits.stated_purchase_credit_rial
        if stated
        else limits.purchase_credit_rial,
        DeclineReason.HOUSEHOLD_LIMIT: limits.household_credit_rial,
        DeclineReason.DEVICE_LIMIT: limits.device_credit_rial,
    }.get(refusal.reason)
    return () if limit_rial is None else (decline_slips.limit_row(limit_rial),)


def _purchases_reached(talk: Talk, refusal: Refusal, account: Account | None, limits: Limits) -> int | None:
    """The number of purchases without network that is reached, where it is the number and not the sum."""
    if refusal.reason is DeclineReason.HOUSEHOLD_LIMIT and account is not None:
        use, most = account.unacknowledged, limits.household_purchases
    elif refusal.reason is DeclineReason.DEVICE_LIMIT:
        use, most = talk.journal.device_use, limits.device_purchases
    else:
        return None
    return most if use.purchases >= most else None
