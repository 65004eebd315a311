"""What the center answered is told once, on a slip that the shopkeeper keeps, whatever becomes of power and paper."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from msgspec import Struct

from firmware.journal import tellings
from firmware.receipt import persian
from firmware.till.notices import AGAIN_MS
from firmware.till.states import State
from sync.wire import mail
from sync.wire.facts import Purchase, Refund, Void
from sync.wire.kinds import EntryKind, MailKind, Verdict
from sync.wire.verdicts import VERDICT_TEXTS
from tests.fakes.paper_center import FOREVER_S, OPENING_S
from tests.fakes.paper_center import OPERATOR_PIN as OPERATOR
from tests.firmware.till.counter import MILK, Counter, PowerCut

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sync.wire.entry import Entry

Z = f"*12*50000 Enter {OPERATOR} Enter"
X = "*11 Enter"
STANDING = "*21 Enter"
TITLE = "پاسخ مرکز"
COPY = "رونوشت"


class Told(Struct):
    """News as the link's task tells it."""

    complete: bool = False
    link_is_up: bool | None = None
    forgotten: int | None = None


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Counter]:
    with Counter(tmp_path) as counter:
        yield counter


def judge(shop: Counter, first: int, last: int, **refused: Verdict) -> None:
    """The center's verdicts arrive; `e12=Verdict.LATE` refuses entry 12."""
    exceptions = tuple(
        mail.EntryVerdict(sequence=int(name[1:]), verdict=verdict) for name, verdict in refused.items()
    )
    arrive(shop, mail.Verdicts(first=first, last=last, exceptions=exceptions), MailKind.VERDICTS)


def settle(shop: Counter, number: int = 5, amount_rial: int = 300_000) -> None:
    body = mail.Settlement(
        number=number, day_s=OPENING_S, purchases=1, amount_rial=amount_rial, last=9, pay_by_s=FOREVER_S
    )
    arrive(shop, body, MailKind.SETTLEMENT)


def arrive(shop: Counter, body: mail.Body, kind: MailKind) -> None:
    shop.send(body, kind)
    asyncio.run(shop.till.news(Told(complete=True)))


def refuse(shop: Counter, entry: Entry, verdict: Verdict = Verdict.LATE) -> None:
    judge(shop, 0, entry.sequence, **{f"e{entry.sequence}": verdict})


def number(shop: Counter, entry: Entry) -> str:
    return f"1001-{shop.receipt_keys(entry)}"


def test_final_receipts_wait_for_the_closing_and_cost_no_slip_of_their_own(shop: Counter) -> None:
    first, last = shop.sell_milk(shop.members[0]), shop.sell_milk(shop.members[1])
    judge(shop, 0, shop.journal.head.sequence - 1)
    shop.paper.tear_off()
    shop.wait_s(60)
    assert shop.paper.slips == []
    shop.press(X)
    told = shop.paper.last()
    assert "رسیدهای قطعی‌شده: ۲" in told
    assert f"همه رسیدهای {number(shop, first)} تا {number(shop, last)}." in told
    shop.press(Z)
    assert "گزارش Z" in shop.paper.last()
    assert TITLE not in shop.paper.last()


@pytest.mark.parametrize("keys", [X, Z])
def test_either_closing_tells_all_that_waits(shop: Counter, keys: str) -> None:
    shop.scan(MILK)  # somebody is at the counter, so nothing is told by itself
    shop.press("35000 Enter")
    shop.press("*6 Enter")
    entry = shop.sell_milk(shop.members[0])
    refuse(shop, entry)
    settle(shop)
    shop.press(keys)
    told = shop.paper.last()
    assert f"رسید {number(shop, entry)}:" in told
    assert f"کد ۱۱: {VERDICT_TEXTS[Verdict.LATE].persian}" in told
    assert "پرداخت به فروشگاه: ۳۰٬۰۰۰ تومان" in told
    assert "واریز پول تا:" in told
    shop.paper.tear_off()
    shop.wait_s(60)
    assert shop.paper.slips == []


def test_a_quarantined_receipt_is_told_as_soon_as_nobody_is_at_the_counter(shop: Counter) -> None:
    entry = shop.sell_milk(shop.members[0])
    shop.scan(MILK)
    shop.press("35000 Enter")
    shop.paper.tear_off()
    refuse(shop, entry)
    shop.wait_s(2)
    assert shop.paper.slips == []
    shop.press("*0 Enter")
    shop.paper.tear_off()
    shop.wait_s(2)
    assert len(shop.paper.slips) == 1
    assert f"رسید {number(shop, entry)}:" in shop.paper.last()
    shop.wait_s(60)
    assert len(shop.paper.slips) == 1


def test_nothing_is_told_before_all_has_come(shop: Counter) -> None:
    entries = [shop.sell_milk(shop.members[n]) for n in range(2)]
    shop.wait_s(2)
    shop.paper.tear_off()
    for entry in entries:
        exception = mail.EntryVerdict(sequence=entry.sequence, verdict=Verdict.LATE)
        body = mail.Verdicts(first=entry.sequence, last=entry.sequence, exceptions=(exception,))
        shop.send(body, MailKind.VERDICTS)
        asyncio.run(shop.till.news(Told()))
        shop.wait_s(2)
        assert shop.paper.slips == []
    asyncio.run(shop.till.news(Told(complete=True)))
    shop.wait_s(2)
    assert len(shop.paper.slips) == 1
    assert "برای بررسی کنار گذاشته شد: ۲" in shop.paper.last()


def test_coming_money_is_told_with_the_receipts_that_became_final(shop: Counter) -> None:
    shop.sell_milk(shop.members[0])
    judge(shop, 0, shop.journal.head.sequence - 1)
    settle(shop)
    shop.paper.tear_off()
    shop.wait_s(2)
    assert len(shop.paper.slips) == 1
    assert "رسیدهای قطعی‌شده: ۱" in shop.paper.last()
    assert "پرداخت به فروشگاه: ۳۰٬۰۰۰ تومان" in shop.paper.last()


def test_what_was_voided_and_refunded_is_taken_off(shop: Counter) -> None:
    for member, code, rows in ((0, "13", "Enter"), (1, "14", "1 * 1 Enter + Enter"), (2, "", "")):
        entry = shop.sell_milk(shop.members[member], packs=2)
        if code:
            shop.press(f"*{code} * {shop.receipt_keys(entry)} Enter {OPERATOR} Enter {rows}")
    kept_rial = sum(
        (1 if isinstance(fact, Purchase) else -1) * fact.credit_rial
        for fact in shop.facts()
        if isinstance(fact, Purchase | Void | Refund)
    )
    judge(shop, 0, shop.journal.head.sequence - 1)
    shop.press(X)
    assert "رسیدهای قطعی‌شده: ۵" in shop.paper.last()
    assert f"اعتبار قطعی پس از برگشت‌ها: {persian.toman(kept_rial)}" in shop.paper.last()


def test_answers_about_no_receipt_are_told_to_nobody(shop: Counter) -> None:
    judge(shop, 0, shop.journal.head.sequence - 1)
    judge(shop, 900, 901, e900=Verdict.FORK)  # urgent, but no entry of this journal
    shop.paper.tear_off()
    shop.wait_s(5)
    shop.press(X)
    assert TITLE not in shop.paper.text()


def test_a_quarantined_entry_that_is_no_receipt_is_named_without_an_amount(shop: Counter) -> None:
    shop.press(X)
    closing = shop.last_entry(EntryKind.CLOSING)
    refuse(shop, closing, Verdict.HELD)
    shop.paper.tear_off()
    shop.wait_s(2)
    assert f"ثبت {number(shop, closing)}\nکد ۱۴:" in shop.paper.last()


def test_many_receipts_make_no_longer_slip(shop: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tellings, "REFUSED_MAX", 4)
    lengths = []
    for sold, settled in ((5, 4), (8, 6)):
        some = [shop.sell_milk(shop.members[n % 3]) for n in range(sold)]
        refused = {f"e{one.sequence}": Verdict.LIMIT for one in some}
        judge(shop, some[0].sequence, some[-1].sequence, **refused)
        for settlement in range(settled):
            settle(shop, number=settlement)
        shop.press(X)
        told = shop.paper.last()
        assert f"برای بررسی کنار گذاشته شد: {persian.number(sold)}" in told
        assert f"و {persian.number(sold - 4)} ثبت دیگر." in told
        assert f"{persian.number(settled - 3)} تسویه دیگر پیش از اینها." in told
        assert number(shop, some[3]) in told
        assert number(shop, some[4]) not in told
        lengths.append(len(shop.paper.slips[-1]))
    assert lengths[0] == lengths[1]


def test_answers_that_nobody_closes_over_tell_themselves_in_the_end(
    shop: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tellings, "WAITING_MAX", 3)
    shop.sell_milk(shop.members[0])
    for expected in (False, False, True):
        judge(shop, 0, shop.journal.head.sequence - 1)
        shop.paper.tear_off()
        shop.wait_s(2)
        assert (TITLE in shop.paper.text()) is expected


def test_the_code_prints_what_is_new_and_what_stands_and_counts_as_told(shop: Counter) -> None:
    shop.press(STANDING)
    assert "خبر تازه‌ای نیست" in shop.paper.last()
    entry = shop.sell_milk(shop.members[0])
    refuse(shop, entry)
    shop.press(X)
    settle(shop)
    shop.press(STANDING)
    told = shop.paper.last()
    assert told.count(number(shop, entry)) == 1
    assert "پرداخت به فروشگاه: ۳۰٬۰۰۰ تومان" in told
    assert shop.state is State.IDLE
    shop.paper.tear_off()
    shop.wait_s(5)
    assert shop.paper.slips == []
    shop.press(STANDING)
    assert shop.paper.last().count("پرداخت به فروشگاه") == 1


# Power and paper


@pytest.mark.parametrize("machine", [False, True])
def test_a_power_cut_loses_no_answer(shop: Counter, machine: bool) -> None:
    entry = shop.sell_milk(shop.members[0])
    refuse(shop, entry)
    shop.cut_power(machine=machine)
    shop.paper.tear_off()
    shop.wait_s(2)
    assert f"رسید {number(shop, entry)}:" in shop.paper.text()
    assert COPY not in shop.paper.text()


@pytest.mark.parametrize("machine", [False, True])
def test_what_was_told_before_a_power_cut_is_not_told_again(shop: Counter, machine: bool) -> None:
    refuse(shop, shop.sell_milk(shop.members[0]))
    shop.wait_s(2)
    assert TITLE in shop.paper.text()
    shop.cut_power(machine=machine)
    shop.paper.tear_off()
    shop.wait_s(5)
    shop.press(X)
    assert TITLE not in shop.paper.text()


def test_a_slip_of_answers_that_a_power_cut_parts_comes_again_as_a_copy(shop: Counter) -> None:
    entry = shop.sell_milk(shop.members[0])
    refuse(shop, entry)
    shop.kill_while("print")
    with pytest.raises(PowerCut):
        shop.wait_s(2)
    del shop.paper.print
    shop.cut_power(machine=True)
    shop.paper.tear_off()
    shop.wait_s(2)
    text = shop.paper.tear_off()
    assert text.count(COPY) == 2
    assert f"رسید {number(shop, entry)}:" in text
    shop.cut_power(machine=True)
    shop.paper.tear_off()
    shop.wait_s(5)
    assert TITLE not in shop.paper.text()


def test_a_closing_that_a_power_cut_parts_tells_the_same_as_a_copy(shop: Counter) -> None:
    entry = shop.sell_milk(shop.members[0])
    refuse(shop, entry)
    shop.kill_while("print")
    with pytest.raises(PowerCut):
        shop.press(X)
    del shop.paper.print
    shop.cut_power(machine=True)
    text = shop.paper.tear_off()
    assert text.count(f"رسید {number(shop, entry)}:") == 1
    shop.wait_s(5)
    assert TITLE not in shop.paper.text()


@pytest.mark.parametrize(("after_bytes", "copies"), [(0, 0), (1, 2)])
def test_answers_wait_for_paper_and_are_a_copy_if_a_byte_had_left(
    shop: Counter, after_bytes: int, copies: int
) -> None:
    entry = shop.sell_milk(shop.members[0])
    shop.paper.tear_off()
    shop.paper.run_out(after_bytes=after_bytes)
    refuse(shop, entry)
    shop.wait_s(2)
    assert shop.paper.slips == []
    shop.paper.refill()
    shop.wait_s(AGAIN_MS // 1000)
    assert shop.paper.text().count(COPY) == copies
    assert f"رسید {number(shop, entry)}:" in shop.paper.text()


def test_the_code_without_paper_leaves_its_answers_to_be_told(shop: Counter) -> None:
    entry = shop.sell_milk(shop.members[0])
    refuse(shop, entry)
    shop.paper.run_out()
    shop.press(STANDING)
    shop.paper.refill()
    shop.paper.tear_off()
    shop.wait_s(2)
    assert f"رسید {number(shop, entry)}:" in shop.paper.text()
