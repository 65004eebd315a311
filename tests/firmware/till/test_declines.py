"""Every way in which the till says no, what it journals of it, and what the paper says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from drivers.sound import Sound
from firmware.receipt.decline_slips import TEXTS
from firmware.till.states import State
from sync.wire import card as cards
from sync.wire import mail
from sync.wire.facts import CodeOutcome, Decline, Inquiry, OperatorPinFailure, PinFailure
from sync.wire.kinds import DeclineReason, EntryKind, MailKind, Role
from sync.wire.numbers import check_digit
from tests.fakes.paper_center import DAY_S, FOREVER_S, OPENING_S
from tests.firmware.till.counter import CODE, JAM, MILK

if TYPE_CHECKING:
    from tests.firmware.till.counter import Counter

OPERATOR = "7391"
OTHER_ID = "0067749828"


def milk_and_card(shop: Counter, household: int) -> None:
    member = shop.center.member(household, codes=(CODE,))
    shop.scan(MILK)
    shop.press("35000 Enter")
    shop.scan_card(member)


def newcomer(shop: Counter, household: int, *allowances: mail.Allowance) -> None:
    """A household that mail tells of, with these allowances."""
    told = shop.center.household(shop.center.member(household), shop.identity)
    shop.send(mail.Households(households=(told,)), MailKind.HOUSEHOLDS)
    if allowances:
        shop.send(mail.Allowances(allowances=allowances), MailKind.ALLOWANCES)


def unknown_card(shop: Counter) -> None:
    shop.scan("C1:ABCDEF")


def revoked_card(shop: Counter) -> None:
    shop.send(mail.Revocation(cards=(90_001,)), MailKind.REVOCATION)
    shop.scan_card(shop.members[0])


def card_of_another_shop(shop: Counter) -> None:
    shop.scan_card(shop.center.member(500))


def too_early(shop: Counter) -> None:
    newcomer(shop, 40, shop.center.allowance(40, 5_000_000, opens_at_s=OPENING_S + 11 * DAY_S))
    milk_and_card(shop, 40)
    shop.press("+")


def not_announced(shop: Counter) -> None:
    newcomer(shop, 41, shop.center.allowance(41, 5_000_000, tranche=22, opens_at_s=None))
    milk_and_card(shop, 41)
    shop.press("+")


def expired(shop: Counter) -> None:
    newcomer(shop, 42, shop.center.allowance(42, 5_000_000, opens_at_s=1, until_s=OPENING_S - 1))
    milk_and_card(shop, 42)
    shop.press("+")


def used_up(shop: Counter) -> None:
    newcomer(shop, 43, shop.center.allowance(43, 300_000))
    milk_and_card(shop, 43)
    shop.press("+ 0043 Enter")
    milk_and_card(shop, 43)
    shop.press("+")


def blocked(shop: Counter) -> None:
    shop.rules(pin_tries=1)
    milk_and_card(shop, 1)
    shop.press("+ 9999 Enter +")


def own_goods_only(shop: Counter) -> None:
    shop.scan(JAM)
    shop.press("80000 Enter")
    shop.scan_card(shop.members[0])
    shop.press("+")


def over_purchase_limit(shop: Counter) -> None:
    shop.rules(purchase_credit_rial=299_999)
    milk_and_card(shop, 1)
    shop.press("+")


def over_household_limit(shop: Counter) -> None:
    shop.rules(household_purchases=0)
    milk_and_card(shop, 1)
    shop.press("+")


def over_device_limit(shop: Counter) -> None:
    shop.rules(device_purchases=0)
    milk_and_card(shop, 1)
    shop.press("+")


def old_rules(shop: Counter) -> None:
    shop.rules(policy_age_s=3600)
    milk_and_card(shop, 1)
    shop.press("+")


def no_clock(shop: Counter) -> None:
    shop.clock.has_chip = False
    shop.cut_power(machine=True)
    shop.press("-")
    milk_and_card(shop, 1)
    shop.press("+")


def unknown_receipt(shop: Counter) -> None:
    shop.press("*8 * 37-4 Enter")


def voided_twice(shop: Counter) -> None:
    entry = shop.sell_milk(shop.members[0])
    shop.press(f"*13 * {shop.receipt_keys(entry)} Enter {OPERATOR} Enter Enter")
    shop.press(f"*13 * {shop.receipt_keys(entry)} Enter {OPERATOR} Enter")


def voided_after_z(shop: Counter) -> None:
    entry = shop.sell_milk(shop.members[0])
    shop.press(f"*12 * 0 Enter {OPERATOR} Enter")
    shop.press(f"*13 * {shop.receipt_keys(entry)} Enter {OPERATOR} Enter")


def refunded_whole_twice(shop: Counter) -> None:
    entry = shop.sell_milk(shop.members[0])
    shop.press(f"*14 * {shop.receipt_keys(entry)} Enter {OPERATOR} Enter 1 Enter + Enter")
    shop.press(f"*14 * {shop.receipt_keys(entry)} Enter {OPERATOR} Enter")


def mistyped_announcement(shop: Counter) -> None:
    shop.press("*15 * 1234567890123 Enter")


def announcement_typed_twice(shop: Counter) -> None:
    code = "123456789012" + check_digit("123456789012")
    other = shop.center.lock("0000000000000", tranche=23)
    shop.send(mail.Locks(locks=(shop.center.lock(code), other)), MailKind.LOCKS)
    for _ in range(2):
        shop.press(f"*15 * {code} Enter")


def outdated_device(shop: Counter) -> None:
    shop.clock.advance_s(FOREVER_S - OPENING_S)
    shop.rules(policy_age_s=10**9)
    shop.scan(MILK)
    shop.press(f"35000 Enter *3 * 0084575948 Enter Enter {CODE} Enter +")


def foreign_id(shop: Counter) -> None:
    shop.press(f"*3 * {OTHER_ID} Enter")


JOURNALED = {
    DeclineReason.UNKNOWN_CARD: unknown_card,
    DeclineReason.CARD_REVOKED: revoked_card,
    DeclineReason.NO_ALLOWANCE_HERE: card_of_another_shop,
    DeclineReason.NOT_YOUR_DAY: too_early,
    DeclineReason.NOT_ANNOUNCED: not_announced,
    DeclineReason.EXPIRED: expired,
    DeclineReason.CREDIT_USED_UP: used_up,
    DeclineReason.PIN_BLOCKED: blocked,
    DeclineReason.NO_ELIGIBLE_GOODS: own_goods_only,
    DeclineReason.PURCHASE_LIMIT: over_purchase_limit,
    DeclineReason.HOUSEHOLD_LIMIT: over_household_limit,
    DeclineReason.DEVICE_LIMIT: over_device_limit,
    DeclineReason.POLICY_TOO_OLD: old_rules,
    DeclineReason.CLOCK_DOUBTFUL: no_clock,
    DeclineReason.NOT_FOUND: unknown_receipt,
    DeclineReason.ALREADY_VOIDED: voided_twice,
    DeclineReason.DAY_CLOSED: voided_after_z,
    DeclineReason.NOTHING_TO_REFUND: refunded_whole_twice,
    DeclineReason.WRONG_ANNOUNCEMENT: mistyped_announcement,
    DeclineReason.ALREADY_OPEN: announcement_typed_twice,
    DeclineReason.DEVICE_SUSPENDED: outdated_device,
    DeclineReason.UNKNOWN_ID: foreign_id,
}
ENTRIES_OF_THEIR_OWN = {DeclineReason.WRONG_PIN, DeclineReason.WRONG_CODE, DeclineReason.WRONG_OPERATOR_PIN}
"""A wrong try is journaled as such."""
WITHOUT_PAPER = {DeclineReason.NO_PAPER}
"""See `tests.firmware.till.test_paperless`: it is not printed."""


def test_every_reason_is_reached_here() -> None:
    assert set(JOURNALED) | ENTRIES_OF_THEIR_OWN | WITHOUT_PAPER == set(DeclineReason)


def test_every_reason_has_its_words_on_paper() -> None:
    assert set(TEXTS) == {reason.name for reason in DeclineReason}


@pytest.mark.parametrize("reason", JOURNALED, ids=lambda reason: reason.name.lower())
def test_a_decline_is_journaled_sounded_and_printed(shop: Counter, reason: DeclineReason) -> None:
    JOURNALED[reason](shop)
    fact = shop.facts()[-1]
    assert isinstance(fact, Decline)
    assert fact.reason is reason
    assert shop.paper.sounds[-1] is Sound.REFUSED
    assert TEXTS[reason.name].what in shop.paper.last()


def test_a_wrong_pin_is_journaled_before_it_shows(shop: Counter) -> None:
    milk_and_card(shop, 1)
    shop.press("+ 9999 Enter")
    entry = shop.entries()[-1]
    assert entry.fact == PinFailure(failures=1)
    assert entry.private is not None
    assert entry.private.household == 1
    assert TEXTS["WRONG_PIN"].what in shop.paper.last()
    assert "۲ بار" in shop.paper.last()
    assert shop.state is State.TOTALED
    shop.press("0001 Enter")
    assert shop.count(EntryKind.PURCHASE) == 1
    assert shop.failures(1) == 0


def test_the_last_wrong_pin_blocks_and_no_right_one_is_tried_any_more(shop: Counter) -> None:
    milk_and_card(shop, 1)
    shop.press("+ 9999 Enter 9999 Enter 9999 Enter")
    assert TEXTS["PIN_BLOCKED"].what in shop.paper.last()
    assert shop.failures(1) == 3
    shop.press("+ 0001 Enter")
    assert shop.count(EntryKind.PURCHASE) == 0
    assert shop.failures(1) == 3


def test_a_blocked_pin_stays_blocked_over_a_restart(shop: Counter) -> None:
    milk_and_card(shop, 1)
    shop.press("+ 9999 Enter 9999 Enter")
    shop.cut_power()
    shop.scan_card(shop.members[0])
    shop.press("+ 9999 Enter")
    assert shop.failures(1) == 3


@pytest.mark.parametrize("keys", ["123 Enter", "12345 Enter", "Enter", "1 * 2 Enter"])
def test_what_is_not_four_digits_is_no_wrong_pin(shop: Counter, keys: str) -> None:
    milk_and_card(shop, 1)
    shop.press(f"+ {keys}")
    assert shop.failures(1) == 0
    assert shop.state is State.TOTALED


def test_a_one_time_code_mends_a_blocked_pin_for_one_purchase(shop: Counter) -> None:
    milk_and_card(shop, 1)
    shop.press(f"+ 9999 Enter 9999 Enter 9999 Enter *4 * {CODE} Enter + Enter")
    entry = shop.last_entry(EntryKind.PURCHASE)
    outcome = shop.last_entry(EntryKind.CODE_OUTCOME)
    assert outcome.sequence == entry.sequence - 1
    assert entry.private is not None
    assert (entry.private.code, entry.private.code_entry, entry.private.proof) == (
        CODE,
        outcome.sequence,
        None,
    )
    assert shop.failures(1) == 0
    milk_and_card(shop, 1)
    shop.press("+ Enter")
    assert shop.count(EntryKind.PURCHASE) == 1


def test_a_wrong_code_counts_against_the_device_and_is_an_entry(shop: Counter) -> None:
    milk_and_card(shop, 1)
    shop.press("*4 * 87654321 Enter")
    assert shop.facts()[-1] == CodeOutcome(right=False)
    assert TEXTS["WRONG_CODE"].what in shop.paper.last()
    assert shop.failures(1) == 0


def test_wrong_codes_lock_the_device_for_some_minutes(shop: Counter) -> None:
    milk_and_card(shop, 1)
    for _ in range(5):
        shop.press("*4 * 87654321 Enter")
    assert Sound.LOCKED in shop.paper.sounds
    shop.press(f"*4 * {CODE} Enter")
    assert shop.facts()[-1] == Decline(reason=DeclineReason.WRONG_CODE, total_rial=0)
    shop.clock.advance_s(600)
    shop.scan_card(shop.members[0])
    shop.press(f"*4 * {CODE} Enter")
    assert shop.facts()[-1] == CodeOutcome(right=True)


def test_a_used_code_is_wrong_the_second_time(shop: Counter) -> None:
    for _ in range(2):
        milk_and_card(shop, 1)
        shop.press(f"*4 * {CODE} Enter + Enter")
    assert shop.count(EntryKind.PURCHASE) == 1
    assert CodeOutcome(right=False) in shop.facts()


def test_a_national_id_is_confirmed_masked_and_proven_by_its_code(shop: Counter) -> None:
    shop.scan(MILK)
    shop.press("35000 Enter *3 * 13542419 Enter")
    assert "2419" in shop.paper.last()
    assert "13542419" not in shop.paper.last()
    shop.press(f"Enter {CODE} Enter + Enter")
    private = shop.last_entry(EntryKind.PURCHASE).private
    assert private is not None
    assert (private.household, private.card) == (2, None)
    assert "2419" in shop.paper.text()


def test_a_code_is_tried_on_each_household_with_the_same_tag(shop: Counter) -> None:
    twin = shop.center.member(60, codes=("11112222",), national_id=shop.members[1].national_id)
    told = shop.center.household(twin, shop.identity)
    shop.send(mail.Households(households=(told,)), MailKind.HOUSEHOLDS)
    shop.send(mail.Allowances(allowances=(shop.center.allowance(60, 5_000_000),)), MailKind.ALLOWANCES)
    shop.scan(MILK)
    shop.press("35000 Enter *3 * 0013542419 Enter Enter 11112222 Enter + Enter")
    private = shop.last_entry(EntryKind.PURCHASE).private
    assert private is not None
    assert private.household == 60


def test_a_mistyped_national_id_is_asked_for_again(shop: Counter) -> None:
    shop.press("*3 Enter 0013542418 Enter")
    assert shop.state is State.ASKING
    assert shop.paper.sounds[-1] is Sound.LOOK
    shop.press("0013542419 Enter")
    assert shop.state is State.ID_CONFIRM
    shop.press("-")
    assert shop.state is State.IDLE


def test_a_card_number_alone_needs_a_code(shop: Counter) -> None:
    shop.scan(MILK)
    shop.press("35000 Enter")
    shop.scan(cards.to_code128(90_001))
    shop.press("+")
    assert shop.state is State.BASKET
    shop.press(f"*4 * {CODE} Enter + Enter")
    assert shop.count(EntryKind.PURCHASE) == 1


def test_a_card_number_may_be_typed_with_its_check_digit(shop: Counter) -> None:
    typed = cards.to_code128(90_001)[1:]
    shop.press(f"*2 * {typed[:-1]}{(int(typed[-1]) + 1) % 10} Enter")
    assert shop.state is State.ASKING
    shop.press(f"{typed} Enter")
    assert shop.state is State.BASKET
    assert "0001" in shop.paper.text()


def test_an_outdated_card_is_refused(shop: Counter) -> None:
    number, secret = 90_001, shop.members[0].card.secret
    old = cards.issue(
        number=number,
        until_s=OPENING_S,
        secret=secret,
        issuer=int(Role.CARD),
        key=shop.center.keys[Role.CARD],
    )
    shop.scan(cards.to_qr(old))
    assert shop.facts()[-1] == Decline(reason=DeclineReason.CARD_REVOKED, total_rial=0)


def test_a_wrong_operator_pin_is_an_entry_and_the_last_one_locks(shop: Counter) -> None:
    shop.press("*12 Enter 1111 Enter")
    assert shop.facts()[-1] == OperatorPinFailure(failures=1)
    shop.press("1111 Enter 1111 Enter")
    assert shop.facts()[-1] == OperatorPinFailure(failures=3)
    assert Sound.LOCKED in shop.paper.sounds
    shop.press(f"*12 Enter {OPERATOR} Enter")
    assert shop.count(EntryKind.CLOSING) == 0
    shop.cut_power()
    shop.press(f"*12 Enter {OPERATOR} Enter")
    assert shop.count(EntryKind.CLOSING) == 0
    shop.clock.advance_s(600)
    shop.press(f"*12 Enter {OPERATOR} Enter 0 Enter")
    assert shop.count(EntryKind.CLOSING) == 1


def test_a_balance_is_told_only_to_who_proves_the_household(shop: Counter) -> None:
    shop.press("*5 Enter")
    assert shop.paper.sounds == [Sound.LOOK]
    shop.scan_card(shop.members[0])
    shop.press("*5 Enter 9999 Enter")
    assert shop.facts()[-1] == PinFailure(failures=1)
    assert "۴٬۰۰۰٬۰۰۰" not in shop.paper.text()
    shop.press("0001 Enter")
    assert shop.facts()[-1] == Inquiry()
    assert "۴٬۰۰۰٬۰۰۰ تومان" in shop.paper.last()
