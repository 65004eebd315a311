"""How entries move what the till knows; what cannot follow from the entries before is refused whole."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from firmware.errors import JournalCorrupt, JournalFull, StaleDecision
from firmware.journal.journal import open_journal
from sync.wire import mail
from sync.wire.facts import (
    CashSale,
    ClockSet,
    Closing,
    Decline,
    PriceChanged,
    Void,
)
from sync.wire.kinds import ClockSource, ClosingKind, DeclineReason, MailKind, Unit
from tests.fakes.paper_center import DAY_S
from tests.fakes.selling import buy, purchase_draft
from tests.fakes.village_till import (
    CENTER_TIME_S,
    CREDIT_RIAL,
    VillageTill,
    account_of,
    left_rial,
    refund_draft,
    void_draft,
)
from tests.field_failure import field_failure

if TYPE_CHECKING:
    from pathlib import Path

    from firmware.journal.journal import Journal


@pytest.fixture
def till(tmp_path: Path) -> VillageTill:
    return VillageTill(tmp_path)


# Undoing


def test_a_void_restores_the_allowance_and_happens_once(till: VillageTill) -> None:
    async def story(journal: Journal) -> None:
        bought = await buy(journal, till.members[0], 1_050_000)
        draft = await void_draft(journal, bought.sequence)
        await journal.commit(draft)
        assert await left_rial(journal, 1) == CREDIT_RIAL
        record = await journal.purchase(bought.sequence)
        assert record is not None
        assert record.voided
        with pytest.raises(StaleDecision, match="voided or refunded"):
            await journal.commit(draft)
        assert await left_rial(journal, 1) == CREDIT_RIAL

    till.day(story)


def test_a_voided_purchase_is_not_refunded_and_a_refunded_one_not_voided(till: VillageTill) -> None:
    async def story(journal: Journal) -> None:
        first = await buy(journal, till.members[0], 1_050_000)
        refund_of_first = await refund_draft(journal, first.sequence, {0: 1})
        await journal.commit(await void_draft(journal, first.sequence))
        with pytest.raises(StaleDecision, match="left to refund"):
            await journal.commit(refund_of_first)
        second = await buy(journal, till.members[1], 1_050_000)
        void_of_second = await void_draft(journal, second.sequence)
        await journal.commit(await refund_draft(journal, second.sequence, {0: 1}))
        with pytest.raises(StaleDecision, match="voided or refunded"):
            await journal.commit(void_of_second)

    till.day(story)


def test_the_same_goods_are_not_refunded_twice(till: VillageTill) -> None:
    async def story(journal: Journal) -> None:
        bought = await buy(journal, till.members[0], 1_050_000)
        draft = await refund_draft(journal, bought.sequence, {0: 1})
        await journal.commit(draft)
        with pytest.raises(StaleDecision, match="left to refund"):
            await journal.commit(draft)
        assert await left_rial(journal, 1) == CREDIT_RIAL
        record = await journal.purchase(bought.sequence)
        assert record is not None
        assert (record.returned.credit_rial, dict(record.returned.quantities)) == (1_000_000, {0: 1})
        assert list(record.returned.leg_rial.values()) == [1_000_000]

    till.day(story)


def test_an_unknown_purchase_is_neither_voided_nor_found(till: VillageTill) -> None:
    async def story(journal: Journal) -> None:
        assert await journal.purchase(1) is None
        with pytest.raises(StaleDecision):
            await journal.commit(journal.draft(Void(purchase=1, credit_rial=0, own_rial=0, legs=())))

    till.day(story)


def test_a_recalled_allowance_is_not_restored_by_a_void(till: VillageTill) -> None:
    async def story(journal: Journal) -> None:
        bought = await buy(journal, till.members[0], 1_050_000)
        (allowance,) = (await account_of(journal, 1)).allowances
        await journal.apply_mail(till.post(mail.Recall(allowances=(allowance.number,)), MailKind.RECALL))
        voided = await journal.commit(await void_draft(journal, bought.sequence))
        assert isinstance(voided.fact, Void)
        assert [(leg.amount_rial, leg.left_rial) for leg in voided.fact.legs] == [(1_000_000, 0)]
        assert (await account_of(journal, 1)).allowances == ()

    till.day(story)


@pytest.mark.parametrize(("after_s", "restored"), [(-1, True), (0, True), (1, False)])
def test_an_allowance_is_restored_as_long_as_it_could_be_spent(
    till: VillageTill, after_s: int, restored: bool
) -> None:
    until_s = CENTER_TIME_S + DAY_S

    async def story(journal: Journal) -> None:
        one = till.center.allowance(2, 500_000, until_s=until_s)
        await journal.apply_mail(till.post(mail.Allowances(allowances=(one,)), MailKind.ALLOWANCES))
        upper_s = journal.keeper.now().not_after_s
        till.clock.advance_s(until_s - upper_s + after_s)
        till.clock.advance_s(until_s + after_s - journal.keeper.now().not_after_s)
        assert journal.keeper.now().not_after_s == until_s + after_s
        open_left = await journal.open_left((one.number,))
        assert dict(open_left.left_rial) == ({one.number: 500_000} if restored else {})

    till.day(story)


# Spending


@field_failure("two receipts have one number", "odoo/odoo#71455")
def test_a_purchase_number_is_used_once(till: VillageTill) -> None:
    async def story(journal: Journal) -> None:
        first = await purchase_draft(journal, till.members[0], 1_050_000)
        second = await purchase_draft(journal, till.members[1], 1_050_000)
        await journal.commit(first)
        with pytest.raises(StaleDecision, match="not the next"):
            await journal.commit(second)
        assert await left_rial(journal, 2) == CREDIT_RIAL

    till.day(story)


def test_the_account_follows_every_write(till: VillageTill) -> None:
    async def story(journal: Journal) -> None:
        bought = await buy(journal, till.members[0], 1_050_000)
        assert (await account_of(journal, 1)).unacknowledged.purchases == 1
        await journal.acknowledge(bought.sequence + 1, now_s=CENTER_TIME_S, epoch=1, statement=1)
        assert (await account_of(journal, 1)).unacknowledged.purchases == 0
        notice = mail.AnnouncementNotice(tranche=21, cohorts=(1,))
        await journal.apply_mail(till.post(notice, MailKind.ANNOUNCEMENT))
        assert (await account_of(journal, 1)).allowances[0].released

    till.day(story)


def test_a_full_disk_refuses_the_purchase_and_keeps_the_credit(till: VillageTill) -> None:
    async def story(journal: Journal) -> None:
        pages = await journal._run(lambda sql: sql.execute("PRAGMA page_count").fetchone()[0])
        await journal._run(lambda sql: sql.execute(f"PRAGMA max_page_count = {pages}").fetchone())
        with pytest.raises(JournalFull):
            await buy_on(journal, till)
        before = journal.head
        with pytest.raises(JournalFull):
            await journal.commit(await purchase_draft(journal, till.members[1], 1_050_000))
        assert journal.head == before
        assert await left_rial(journal, 1) == CREDIT_RIAL - journal.counters.credit_rial
        assert await left_rial(journal, 2) == CREDIT_RIAL
        await journal._run(lambda sql: sql.execute("PRAGMA max_page_count = 1000000").fetchone())
        await buy(journal, till.members[1], 1_050_000)

    till.day(story)


async def buy_on(journal: Journal, till: VillageTill) -> None:
    for _ in range(5):
        await buy(journal, till.members[0], 1_050_000)


# The file


def test_a_folder_that_is_not_there_is_said_so(till: VillageTill, tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "journal.db"

    async def run() -> None:
        before = set(threading.enumerate())
        with pytest.raises(JournalCorrupt, match="SQLITE_CANTOPEN"):
            async with open_journal(path, till.identity, till.clock, version="test"):
                pass
        while set(threading.enumerate()) - before:
            await asyncio.sleep(0.001)

    asyncio.run(run())


def test_no_entry_follows_one_that_is_not_there(till: VillageTill) -> None:
    async def story(journal: Journal) -> None:
        assert await journal.hash_before(journal.head.sequence) == journal.head.prev
        with pytest.raises(JournalCorrupt, match="is missing"):
            await journal.hash_before(journal.head.sequence + 1)
        assert await journal.households() == len(till.members)

    till.day(story)


# The day


def test_a_price_is_remembered_for_its_good_product_and_unit(till: VillageTill) -> None:
    async def story(journal: Journal) -> None:
        for price_rial in (900_000, 950_000):
            fact = PriceChanged(good=8, gtin=0, unit=Unit.GRAM, price_rial=price_rial)
            await journal.commit(journal.draft(fact))
        assert await journal.price(8, 0, Unit.GRAM) == 950_000
        assert await journal.price(8, 0, Unit.PIECE) is None

    till.day(story)


def z_of(journal: Journal, kind: ClosingKind) -> Closing:
    return Closing(
        closing=kind, number=journal.closings[kind] + 1, first=journal.first_of_day, purchases=0, credit_rial=0, own_rial=0,
        cash_sales=0, cash_sales_rial=0, voids=0, void_credit_rial=0, void_own_rial=0, refunds=0, refund_credit_rial=0,
        refund_own_rial=0, declines=0, cash_expected_rial=0, unsent=0, unsent_credit_rial=0,
    )  # fmt: skip


def test_the_day_s_totals_count_everything_once_and_begin_anew_after_z(till: VillageTill) -> None:
    async def story(journal: Journal) -> None:
        first = await buy(journal, till.members[0], 1_050_000)
        second = await buy(journal, till.members[1], 2_050_000)
        await journal.commit(await void_draft(journal, first.sequence))
        await journal.commit(await refund_draft(journal, second.sequence, {0: 1}))
        await journal.commit(journal.draft(CashSale(total_rial=77_000)))
        declined = Decline(reason=DeclineReason.WRONG_PIN, total_rial=5)
        await journal.commit(journal.draft(declined))
        totals = await journal.day_totals()
        assert (totals.purchases, totals.credit_rial, totals.own_rial) == (2, 3_000_000, 100_000)
        assert (totals.voids, totals.void_credit_rial, totals.void_own_rial) == (1, 1_000_000, 50_000)
        assert (totals.refunds, totals.refund_credit_rial, totals.refund_own_rial) == (1, 2_000_000, 50_000)
        assert (totals.cash_sales, totals.cash_sales_rial, totals.declines) == (1, 77_000, 1)
        assert totals.cash_expected_rial == 77_000
        await journal.commit(journal.draft(z_of(journal, ClosingKind.X)))
        assert await journal.day_totals() == totals
        closed = await journal.commit(journal.draft(z_of(journal, ClosingKind.Z)))
        assert journal.first_of_day == closed.sequence + 1
        assert journal.closings == {ClosingKind.X: 1, ClosingKind.Z: 1}
        after = await journal.day_totals()
        assert (after.purchases, after.cash_sales, after.voids, after.refunds, after.declines) == (0,) * 5
        record = await journal.purchase(second.sequence)
        assert record is not None
        assert record.closed

    till.day(story)


def test_only_the_center_s_comparison_is_remembered_for_the_chip(till: VillageTill) -> None:
    async def compare(journal: Journal) -> None:
        await journal.commit(journal.draft(ClockSet(source=ClockSource.CENTER, shift_s=-40)))
        await journal.commit(journal.draft(ClockSet(source=ClockSource.KEYED, shift_s=999)))

    async def look(journal: Journal) -> None:
        assert journal.keeper.chip_shift_s == -40

    till.day(compare)
    till.day(look)
