"""Closing the day, reprints, status, help, prices, dates, announcements, notices, baskets on hold."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from drivers.sound import Sound
from firmware.receipt.prompt_slips import Prompt
from firmware.receipt.receipt_slips import Reach
from firmware.till.codes import FUNCTION_CODES
from firmware.till.states import State
from sync.wire import mail
from sync.wire.facts import Announcement, ClockSet, Closing, Decline, PriceChanged
from sync.wire.kinds import ClosingKind, DeclineReason, EntryKind, Grade, MailKind, Unit, Verdict
from sync.wire.numbers import check_digit
from tests.fakes.paper_center import FOREVER_S, OPENING_S
from tests.field_failure import field_failure
from tests.firmware.till.counter import JAM, MILK, Counter

if TYPE_CHECKING:
    from pathlib import Path

OPERATOR = "7391"
ANNOUNCED = "404122004567" + check_digit("404122004567")


@dataclass(frozen=True)
class Told:
    complete: bool = False
    link_is_up: bool | None = None
    forgotten: int | None = None


def test_z_counts_the_day_and_says_what_is_unsent_until_when(shop: Counter) -> None:
    shop.sell_milk(shop.members[0])
    shop.scan(JAM)
    shop.press("80000 Enter + Enter")
    shop.press(f"*12 Enter {OPERATOR} Enter 84000 Enter")
    closing = shop.last_entry(EntryKind.CLOSING)
    fact = closing.fact
    assert isinstance(fact, Closing)
    assert (fact.closing, fact.number, fact.purchases, fact.cash_sales) == (ClosingKind.Z, 1, 1, 1)
    assert (fact.cash_expected_rial, fact.cash_counted_rial) == (850_000, 840_000)
    assert (fact.unsent, fact.unsent_credit_rial) == (closing.sequence, 300_000)
    assert fact.send_by_s == FOREVER_S
    slip = shop.paper.last()
    assert "کسری صندوق: ۱٬۰۰۰ تومان" in slip
    assert slip.splitlines()[-1].startswith("R1:")


def test_x_reads_and_the_day_goes_on(shop: Counter) -> None:
    shop.sell_milk(shop.members[0])
    shop.press("*11 Enter *11 Enter")
    facts = [fact for fact in shop.facts() if isinstance(fact, Closing)]
    assert [(fact.number, fact.purchases, fact.cash_counted_rial) for fact in facts] == [
        (1, 1, None),
        (2, 1, None),
    ]


def test_after_z_a_new_day_begins(shop: Counter) -> None:
    shop.sell_milk(shop.members[0])
    shop.press(f"*12 * 0 Enter {OPERATOR} Enter *11 Enter")
    fact = shop.facts()[-1]
    assert isinstance(fact, Closing)
    assert fact.purchases == 0


def test_no_z_over_an_open_basket(shop: Counter) -> None:
    shop.scan(JAM)
    shop.press(f"80000 Enter *12 * 0 Enter {OPERATOR} Enter")
    assert shop.count(EntryKind.CLOSING) == 0
    assert shop.state is State.BASKET


def test_counted_cash_is_a_whole_number_of_toman(shop: Counter) -> None:
    shop.press(f"*12 Enter {OPERATOR} Enter 12.5 Enter")
    assert shop.count(EntryKind.CLOSING) == 0
    shop.press("0 Enter")
    assert shop.count(EntryKind.CLOSING) == 1


def test_a_reprint_is_marked_as_a_copy(shop: Counter) -> None:
    entry = shop.sell_milk(shop.members[0])
    shop.sell_milk(shop.members[1])
    shop.press(f"*8 * {shop.receipt_keys(entry)} Enter")
    copy = shop.paper.last()
    assert copy.splitlines()[0] == "رونوشت"
    assert f"1001-{shop.receipt_keys(entry)}" in copy
    assert "شیر کم‌چرب یک لیتری" in copy
    shop.press("*8 Enter")
    assert f"1001-{shop.receipt_keys(shop.last_entry(EntryKind.PURCHASE))}" in shop.paper.last()


@pytest.mark.parametrize(
    ("verdict", "reach"),
    [(None, Reach.ACCEPTED), (Verdict.DUPLICATE, Reach.ACCEPTED), (Verdict.LATE, Reach.QUARANTINED)],
)
def test_a_copy_says_what_the_center_answered(shop: Counter, verdict: Verdict | None, reach: Reach) -> None:
    entry = shop.sell_milk(shop.members[0])
    shop.press("*8 Enter")
    assert Reach.HERE.value in shop.paper.last()
    judged = () if verdict is None else (mail.EntryVerdict(sequence=entry.sequence, verdict=verdict),)
    shop.send(mail.Verdicts(first=0, last=entry.sequence, exceptions=judged), MailKind.VERDICTS)
    shop.journal.acknowledged = entry.sequence + 1
    shop.press("*8 Enter")
    assert reach.value in shop.paper.last()
    assert Reach.HERE.value not in shop.paper.last()


def test_a_copy_of_what_was_sent_says_so(shop: Counter) -> None:
    shop.sell_milk(shop.members[0])
    shop.journal.acknowledged = shop.journal.head.sequence
    shop.press("*8 Enter")
    assert Reach.SENT.value in shop.paper.last()


def test_an_entry_without_a_slip_is_not_reprinted(shop: Counter) -> None:
    shop.press(f"*8 * {shop.receipt_keys(shop.entries()[0])} Enter")
    assert shop.facts()[-1] == Decline(reason=DeclineReason.NOT_FOUND, total_rial=0)


def test_the_status_slip_counts_and_proves(shop: Counter) -> None:
    shop.sell_milk(shop.members[0])
    shop.press("*10 Enter")
    slip = shop.paper.last()
    assert "خانوارهای این صندوق: ۳" in slip
    assert "خریدها: ۱" in slip
    assert slip.splitlines()[-1].startswith("R1:")


def test_the_help_card_names_every_code_and_good(shop: Counter) -> None:
    shop.press("*9 Enter")
    card = shop.paper.last()
    assert all(code.keys in card for code in FUNCTION_CODES)
    assert "5.2 /" in card


def test_a_remembered_price_is_changed_by_the_operator(shop: Counter) -> None:
    shop.press(f"*16 Enter {OPERATOR} Enter 5 / 190000 Enter")
    assert shop.facts()[-1] == PriceChanged(good=5, gtin=0, unit=Unit.TRAY, price_rial=1_900_000)
    shop.press(f"*16 Enter {OPERATOR} Enter")
    shop.scan(MILK)
    shop.press("1 Enter")
    assert shop.state is State.NEW_PRICE
    shop.press("Enter")
    assert shop.facts()[-1] == PriceChanged(good=1, gtin=int(MILK), unit=Unit.PIECE, price_rial=10)
    shop.press(f"*16 Enter {OPERATOR} Enter {JAM} Enter")
    assert shop.state is State.PICKING_GOOD


def test_an_announcement_typed_in_opens_its_tranche_without_network(shop: Counter) -> None:
    lock = shop.center.lock(ANNOUNCED)
    shop.send(mail.Locks(locks=(lock,)), MailKind.LOCKS)
    allowance = shop.center.allowance(1, 7_000_000, tranche=22, opens_at_s=None)
    shop.send(mail.Allowances(allowances=(allowance,)), MailKind.ALLOWANCES)
    shop.press(f"*15 * {ANNOUNCED} Enter")
    fact = shop.facts()[-1]
    assert isinstance(fact, Announcement)
    assert (fact.tranche, [group.cohort for group in fact.groups]) == (22, [1])
    assert "اعلام رسمی پذیرفته شد" in shop.paper.last()
    shop.press(f"*15 * {ANNOUNCED} Enter")
    assert shop.facts()[-1] == Decline(reason=DeclineReason.ALREADY_OPEN, total_rial=0)


def test_an_announcement_may_be_scanned_and_a_wrong_one_opens_nothing(shop: Counter) -> None:
    shop.send(mail.Locks(locks=(shop.center.lock(ANNOUNCED),)), MailKind.LOCKS)
    other = "404122004568" + check_digit("404122004568")
    shop.scan(f"A1:{other}")
    assert shop.facts()[-1] == Decline(reason=DeclineReason.WRONG_ANNOUNCEMENT, total_rial=0)
    shop.scan(f"A1:{ANNOUNCED}")
    assert shop.count(EntryKind.ANNOUNCEMENT) == 1


@field_failure(
    "the clock stands at 1970", "rfmoz/tuptime#33", "learningequality/ka-lite#728", "opalenzuela/opendomo#29"
)
def test_a_cold_start_asks_for_the_date_and_takes_it_in_words(shop: Counter) -> None:
    shop.clock.has_chip = False
    shop.cut_power(machine=True)
    assert "امروز چه روزی است؟" in shop.paper.last()
    shop.press("14041399 Enter")
    assert shop.paper.sounds[-1] is Sound.LOOK
    shop.press("14041018 Enter")
    assert "پنجشنبه ۱۸ دی ۱۴۰۴" in shop.paper.last()
    shop.press("Enter")
    entry = shop.entries()[-1]
    assert isinstance(entry.fact, ClockSet)
    assert (entry.time.grade, entry.time.not_before_s) == (Grade.STATED, OPENING_S + 86_400)
    shop.sell_milk(shop.members[0])
    assert shop.count(EntryKind.PURCHASE) == 1


def test_a_date_behind_what_is_certain_is_refused(shop: Counter) -> None:
    shop.clock.has_chip = False
    shop.cut_power(machine=True)
    shop.press("14041016 Enter Enter")
    assert shop.count(EntryKind.CLOCK_SET) == 0
    assert shop.paper.sounds[-1] is Sound.REFUSED
    assert "امروز چه روزی است؟" in shop.paper.last()
    shop.press("14041018 Enter Enter")
    assert shop.count(EntryKind.CLOCK_SET) == 1


def test_a_basket_on_hold_comes_back_with_its_lines_and_without_its_card(shop: Counter) -> None:
    shop.scan(MILK)
    shop.press("35000 Enter")
    shop.scan_card(shop.members[0])
    shop.press("*6 Enter")
    assert shop.state is State.IDLE
    shop.scan(JAM)
    shop.press("80000 Enter + Enter *7 * 1 Enter + Enter")
    assert shop.count(EntryKind.CASH_SALE) == 2
    assert shop.last_entry(EntryKind.CASH_SALE).lines[0].gtin == int(MILK)


def test_a_recalled_basket_asks_for_its_card_again(shop: Counter) -> None:
    shop.scan(MILK)
    shop.press("35000 Enter")
    shop.scan_card(shop.members[0])
    shop.press("*6 Enter *7 * 1 Enter")
    assert "کارت را دوباره بخوانید" in shop.paper.last()


def test_a_code_and_its_answer_may_be_keyed_at_once_and_the_card_says_so(shop: Counter) -> None:
    shop.press("*9 Enter")
    assert "*8*1001-16-3 Enter" in shop.paper.last()
    entry = shop.sell_milk(shop.members[0])
    shop.press(f"*8*1001-{shop.receipt_keys(entry)} Enter")
    assert shop.paper.last().splitlines()[0] == "رونوشت"


def test_a_recall_over_an_open_basket_puts_that_one_on_hold(shop: Counter) -> None:
    shop.scan(MILK)
    shop.press("35000 Enter *6 Enter")
    shop.scan(JAM)
    shop.press("80000 Enter *7 Enter 1 Enter")
    assert shop.till._talk.basket.lines[0].item.gtin == int(MILK)
    shop.press("*0 Enter *7 Enter")
    assert "سبد ۱" in shop.paper.last()
    shop.press("1 Enter")
    assert shop.till._talk.basket.lines[0].item.gtin == int(JAM)


def test_nothing_on_hold_is_said(shop: Counter) -> None:
    shop.press("*7 Enter")
    assert shop.state is State.IDLE
    assert "سبدی نگه داشته نشده است" in shop.paper.last()


def test_cancel_throws_basket_and_card_away(shop: Counter) -> None:
    shop.scan(MILK)
    shop.press("35000 Enter")
    shop.scan_card(shop.members[0])
    shop.press("*0 Enter")
    assert shop.state is State.IDLE
    assert "سبد لغو شد" in shop.paper.last()
    shop.scan_card(shop.members[1])
    assert shop.state is State.BASKET


def test_cancel_puts_a_lone_card_aside_and_says_where_there_is_nothing(shop: Counter) -> None:
    shop.scan_card(shop.members[0])
    shop.paper.tear_off()
    shop.press("*0 Enter")
    assert "کارت کنار گذاشته شد" in shop.paper.last()
    shop.paper.tear_off()
    shop.press("*0 Enter")
    assert shop.state is State.IDLE
    assert shop.paper.last().strip() == Prompt.BASKET_EMPTY.value


def test_a_lost_link_is_said_when_nobody_is_at_the_counter(shop: Counter) -> None:
    shop.scan(MILK)
    shop.press("35000 Enter")
    shop.paper.tear_off()
    asyncio.run(shop.till.news(Told(link_is_up=False)))
    shop.wait_s(2)
    assert shop.paper.slips == []
    shop.press("*0 Enter")
    shop.paper.tear_off()
    shop.wait_s(2)
    assert "ارتباط با مرکز قطع است" in shop.paper.text()


def test_a_center_that_forgot_is_an_alarm_on_paper(shop: Counter) -> None:
    asyncio.run(shop.till.news(Told(forgotten=12)))
    shop.paper.tear_off()
    shop.wait_s(2)
    assert "هشدار: مرکز به نسخه قدیمی برگشته است." in shop.paper.text()
    assert "ثبت‌های فراموش‌شده مرکز: ۱۲" in shop.paper.text()


def test_keys_without_meaning_are_refused_with_a_look(shop: Counter) -> None:
    shop.press("*99 Enter")
    shop.press("*13 * 1-2 * 3 Enter")
    shop.press("5 Enter")
    assert shop.paper.sounds == [Sound.LOOK] * 3
    assert shop.state is State.IDLE


def test_a_till_is_active_with_its_first_rules_and_says_so_once(tmp_path: Path) -> None:
    with Counter(tmp_path, with_mail=False) as till:
        till.wait_s(2)
        assert "راه‌اندازی" not in till.paper.text()
        till.deliver(*till.center.village(till.identity, till.members), *till.center.rules(products=()))
        till.paper.run_out()
        till.wait_s(1)
        till.cut_power()
        till.wait_s(1)
        till.paper.refill()
        till.wait_s(2)
        slip = till.paper.tear_off()
        assert slip.count("صندوق راه‌اندازی شد") == 1
        assert "خانوارهای این صندوق: ۳" in slip
        till.cut_power()
        till.wait_s(2)
        assert "راه‌اندازی" not in till.paper.text()
