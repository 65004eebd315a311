"""The journal: what is confirmed stays, what is stored is proven, what is decided twice is spent once."""

from __future__ import annotations

import asyncio
import resource
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from firmware.errors import JournalCorrupt, StaleDecision
from firmware.journal import audit, storage
from firmware.journal.loading import TAIL_ENTRIES
from sync.wire.entry import PrivatePart
from sync.wire.facts import (
    AllowanceGivenBack,
    Booted,
    CodeOutcome,
    Enrolled,
    MailApplied,
    PinFailure,
    PriceChanged,
    Purchase,
)
from sync.wire.kinds import ClosingKind, EntryKind, MailKind, Unit
from sync.wire.mail import Recall, Verdicts
from tests.fakes.selling import buy, purchase_draft
from tests.fakes.village_till import CENTER_TIME_S, VillageTill

if TYPE_CHECKING:
    from pathlib import Path

    from firmware.journal.journal import Journal


@pytest.fixture
def shop(tmp_path: Path) -> VillageTill:
    return VillageTill(tmp_path)


def test_the_first_entry_names_the_credential(shop: VillageTill) -> None:
    async def story(journal: Journal) -> None:
        entry = await journal.entry(0)
        assert entry is not None
        assert entry.fact == Enrolled(credential_hash=shop.identity.credential_hash, version="test")
        assert entry.prev == shop.identity.credential_hash

    shop.day(story)


def test_a_purchase_moves_the_allowance_and_survives_a_restart(shop: VillageTill) -> None:
    async def sell(journal: Journal) -> None:
        entry = await buy(journal, shop.members[0], 1_050_000)
        assert isinstance(entry.fact, Purchase)
        assert (entry.fact.credit_rial, entry.fact.own_rial) == (1_000_000, 50_000)

    async def look(journal: Journal) -> None:
        account = await journal.account(1)
        assert account is not None
        assert account.allowances[0].left_rial == 39_000_000
        assert account.unacknowledged.purchases == 1
        assert journal.counters.credit_rial == 1_000_000

    shop.day(sell)
    shop.day(look)


def test_an_account_is_answered_from_memory_only_until_something_is_written(shop: VillageTill) -> None:
    async def story(journal: Journal) -> None:
        before = await journal.account(1)
        assert before is not None
        assert await journal.account(1) is before
        other = await journal.account(2)
        assert other is not None
        assert other.household == 2

        bought = await buy(journal, shop.members[0], 1_050_000)
        spent = await journal.account(1)
        assert spent is not None
        assert (spent.allowances[0].left_rial, spent.unacknowledged.purchases) == (39_000_000, 1)

        await journal.acknowledge(bought.sequence + 1, now_s=CENTER_TIME_S, epoch=1, statement=1)
        settled = await journal.account(1)
        assert settled is not None
        assert settled.unacknowledged.purchases == 0

    shop.day(story)


def test_a_decision_that_was_overtaken_spends_nothing(shop: VillageTill) -> None:
    async def story(journal: Journal) -> None:
        first = await purchase_draft(journal, shop.members[0], 30_000_000)
        second = await purchase_draft(journal, shop.members[0], 30_000_000)
        await journal.commit(first)
        before = journal.head
        with pytest.raises(StaleDecision):
            await journal.commit(second)
        assert journal.head == before
        account = await journal.account(1)
        assert account is not None
        assert account.allowances[0].left_rial == 40_000_000 - 29_950_000

    shop.day(story)


def test_a_canceled_commit_is_either_whole_or_absent_and_the_next_one_works(shop: VillageTill) -> None:
    async def story(journal: Journal) -> None:
        task = asyncio.get_running_loop().create_task(
            journal.commit(await purchase_draft(journal, shop.members[0], 500_000))
        )
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await buy(journal, shop.members[1], 500_000)
        totals = await journal.day_totals()
        assert totals.purchases == 2
        assert journal.counters.purchases == 2

    shop.day(story)


def test_pin_failures_are_counted_and_cleared_by_the_right_pin(shop: VillageTill) -> None:
    async def story(journal: Journal) -> None:
        private = PrivatePart(household=1, card=shop.members[0].card.number)
        await journal.commit(journal.draft(PinFailure(failures=1), private=private))
        account = await journal.account(1)
        assert account is not None
        assert account.pin_failures == 1
        await buy(journal, shop.members[0], 500_000)
        account = await journal.account(1)
        assert account is not None
        assert account.pin_failures == 0

    shop.day(story)


def test_a_one_time_code_works_once(shop: VillageTill) -> None:
    async def story(journal: Journal) -> None:
        codes = await journal.codes(1)
        private = PrivatePart(household=1, code="12345678", code_hash=codes.hashes[0])
        await journal.commit(journal.draft(CodeOutcome(right=True), private=private))
        assert (await journal.codes(1)).hashes == ()
        with pytest.raises(StaleDecision):
            await journal.commit(journal.draft(CodeOutcome(right=True), private=private))

    shop.day(story)


def test_a_recalled_allowance_is_given_back_in_the_same_transaction(shop: VillageTill) -> None:
    async def story(journal: Journal) -> None:
        account = await journal.account(2)
        assert account is not None
        number = account.allowances[0].number
        await buy(journal, shop.members[1], 1_050_000)
        applied = await journal.apply_mail((shop.center.send(Recall(allowances=(number,)), MailKind.RECALL),))
        assert isinstance(applied.fact, MailApplied)
        given_back = await journal.entry(applied.sequence + 1)
        assert given_back is not None
        assert isinstance(given_back.fact, AllowanceGivenBack)
        assert [(leg.allowance, leg.amount_rial) for leg in given_back.fact.legs] == [(number, 39_000_000)]
        account = await journal.account(2)
        assert account is not None
        assert account.allowances == ()

    shop.day(story)


def test_verdicts_and_acknowledgements_are_known(shop: VillageTill) -> None:
    async def story(journal: Journal) -> None:
        entry = await buy(journal, shop.members[0], 1_050_000)
        assert journal.device_use.purchases == 1
        await journal.acknowledge(entry.sequence + 1, now_s=CENTER_TIME_S + 5, epoch=1, statement=1)
        assert journal.device_use.purchases == 0
        await journal.apply_mail(
            (shop.center.send(Verdicts(first=0, last=entry.sequence, exceptions=()), MailKind.VERDICTS),)
        )
        record = await journal.purchase(entry.sequence)
        assert record is not None
        assert record.verdict == 0

    shop.day(story)


def test_rebuilt_projections_equal_those_of_the_day(shop: VillageTill) -> None:
    async def story(journal: Journal) -> None:
        await buy(journal, shop.members[0], 1_050_000)
        await journal.commit(
            journal.draft(PinFailure(failures=2), private=PrivatePart(household=2, card=90002))
        )
        await journal.commit(journal.draft(PriceChanged(good=8, gtin=0, unit=Unit.GRAM, price_rial=950_000)))
        codes = await journal.codes(3)
        private = PrivatePart(household=3, code="12345678", code_hash=codes.hashes[0])
        await journal.commit(journal.draft(CodeOutcome(right=True), private=private))

    shop.day(story)
    before = _projections(shop.path)
    audit.rebuild(shop.path, shop.identity, lambda _: None)
    assert _projections(shop.path) == before


def test_a_flipped_byte_in_any_stored_part_is_found_and_named(shop: VillageTill) -> None:
    async def story(journal: Journal) -> None:
        await buy(journal, shop.members[0], 1_050_000)

    shop.day(story)
    for column in ("payload", "lines", "private", "signature", "hash"):
        original = _cell(shop.path, column)
        for at in range(0, len(original), 7):
            _set_cell(shop.path, column, original[:at] + bytes([original[at] ^ 0x10]) + original[at + 1 :])
            with pytest.raises(JournalCorrupt, match="entry 2"):
                audit.verify(shop.path, shop.identity, lambda _: None)
        _set_cell(shop.path, column, original)
    assert audit.verify(shop.path, shop.identity, lambda _: None).entries == 3


def test_a_removed_entry_is_found_at_the_next_start(shop: VillageTill) -> None:
    async def story(journal: Journal) -> None:
        await buy(journal, shop.members[0], 1_050_000)
        await buy(journal, shop.members[1], 1_050_000)

    shop.day(story)
    with closing(sqlite3.connect(shop.path, isolation_level=None)) as sql:
        sql.execute("DELETE FROM entry WHERE sequence = 2")
    with pytest.raises(JournalCorrupt, match="entry 2"):
        shop.day(story)


def test_a_clean_end_and_a_power_cut_are_told_apart(shop: VillageTill) -> None:
    async def story(journal: Journal) -> None:
        assert journal.was_clean

    shop.day(story)
    shop.day(story)
    with closing(sqlite3.connect(shop.path, isolation_level=None)) as sql:
        sql.execute("UPDATE known SET value = 0 WHERE name = 'clean'")

    async def after_the_cut(journal: Journal) -> None:
        assert not journal.was_clean

    shop.day(after_the_cut)


def test_a_full_disk_keeps_nobody_from_ending_in_order(shop: VillageTill) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    async def fill_the_disk(_: Journal) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))

    try:
        shop.day(fill_the_disk)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    async def again(journal: Journal) -> None:
        assert not journal.was_clean

    shop.day(again)


def test_the_day_begins_after_the_last_z(shop: VillageTill) -> None:
    async def story(journal: Journal) -> None:
        assert journal.closings == {ClosingKind.X: 0, ClosingKind.Z: 0}
        assert journal.first_of_day == 0
        assert (await journal.last_printable()) is None
        entry = await buy(journal, shop.members[0], 1_050_000)
        last = await journal.last_printable()
        assert last is not None
        assert (last.kind, last.sequence) == (EntryKind.PURCHASE, entry.sequence)

    shop.day(story)


def test_an_export_holds_no_private_part(shop: VillageTill, tmp_path: Path) -> None:
    async def story(journal: Journal) -> None:
        await buy(journal, shop.members[0], 1_050_000)

    shop.day(story)
    private = _cell(shop.path, "private")
    target = tmp_path / "journal.export"
    assert audit.export(shop.path, shop.identity, target, lambda _: None).entries == 3
    assert _cell(shop.path, "payload") in target.read_bytes()
    assert private not in target.read_bytes()


def _projections(path: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(path, isolation_level=None)) as sql:
        found = {table: sql.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in _TABLES}
        found["known"] = sql.execute("SELECT * FROM known WHERE name != 'clean' ORDER BY 1").fetchall()
    return found


def _cell(path: Path, column: str) -> bytes:
    with closing(sqlite3.connect(path, isolation_level=None)) as sql:
        value = sql.execute(f"SELECT {column} FROM entry WHERE sequence = 2").fetchone()[0]
        assert isinstance(value, bytes)
        return value


def _set_cell(path: Path, column: str, value: bytes) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as sql:
        sql.execute(f"UPDATE entry SET {column} = ? WHERE sequence = 2", (value,))


_TABLES = (
    "household",
    "card",
    "code",
    "allowance",
    "lock",
    "release",
    "purchase",
    "reversal",
    "price",
    "product",
    "verdict",
)


def test_a_carried_answer_confirms_the_policy_and_raises_the_floor_of_the_next_start(
    shop: VillageTill,
) -> None:
    later_s = CENTER_TIME_S + 90 * 86_400

    async def take(journal: Journal) -> None:
        held = journal.head.sequence
        await journal.acknowledge(held, now_s=later_s, epoch=1, statement=3, is_carried=True)
        assert (journal.acknowledged, journal.statement, journal.policy_confirmed_s) == (held, 3, later_s)

    async def start_again(journal: Journal) -> None:
        assert journal.policy_confirmed_s == later_s
        assert journal.keeper.now().not_before_s >= later_s
        await journal.acknowledge(journal.head.sequence, now_s=CENTER_TIME_S + 60, epoch=1, statement=4)
        assert journal.policy_confirmed_s == CENTER_TIME_S + 60

    async def and_again(journal: Journal) -> None:
        assert journal.keeper.now().not_before_s < later_s

    shop.day(take)
    audit.rebuild(shop.path, shop.identity, lambda _: None)
    shop.day(start_again)
    shop.day(and_again)


def test_a_till_that_never_knew_the_time_proves_its_tail_alone_at_each_start(
    shop: VillageTill, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.clock.has_chip = False
    proven = 0
    prove = storage._proven

    def counted(*given: Any) -> Any:
        nonlocal proven
        proven += 1
        return prove(*given)

    async def a_long_life(journal: Journal) -> None:
        for _ in range(3 * TAIL_ENTRIES):
            await journal.commit(journal.draft(Booted(version="test", clean=True)))

    async def start(journal: Journal) -> None:
        assert journal.keeper.now().not_before_s == shop.identity.enrolled_s

    shop.day(a_long_life)
    shop.day(start)
    monkeypatch.setattr(storage, "_proven", counted)
    shop.day(start)
    assert TAIL_ENTRIES <= proven <= TAIL_ENTRIES + 4


def test_a_trusted_time_is_found_again_however_long_ago_it_was(shop: VillageTill) -> None:
    async def trusted_once(journal: Journal) -> None:
        journal.keeper.accept_signed(CENTER_TIME_S + 1000, round_trip_ms=1)
        await journal.commit(journal.draft(Booted(version="test", clean=True)))

    async def never_again(journal: Journal) -> None:
        assert journal.keeper.now().not_before_s == CENTER_TIME_S + 1000
        await journal.commit(journal.draft(Booted(version="test", clean=True)))
        await journal.checkpoint()

    shop.day(trusted_once)
    shop.clock.has_chip = False
    for _ in range(3):
        shop.day(never_again)
    audit.rebuild(shop.path, shop.identity, lambda _: None)
    audit.verify(shop.path, shop.identity, lambda _: None)
    shop.day(never_again)
