"""What goes up is acknowledged, what comes down takes effect, and an absent center delays nobody."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from firmware.center_link import AskNow, CenterLink, News
from firmware.errors import JournalFull
from firmware.journal.journal import Journal, open_journal
from firmware.log import Level, Log
from firmware.watchdog import CheckIn
from sync.uplink.correspondence import Correspondence
from sync.uplink.errors import Unreachable
from sync.uplink.exchange import Standing
from sync.uplink.link import Link, Pace
from sync.uplink.ports import Parties
from sync.wire.facts import CashSale, ClockSet, MailApplied, OutageClosed, OutageOpened
from sync.wire.kinds import ClockSource, Grade
from tests.fakes.answering_center import AnsweringCenter
from tests.fakes.hand_clock import HandClock
from tests.fakes.paper_center import OPENING_S, PaperCenter
from tests.fakes.software_key import SoftwareKey
from tests.field_failure import field_failure

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from sync.wire.entry import Entry
    from sync.wire.mail import Mail

PACE = Pace(interval_ms=60_000, retry_ms=1_000, retry_max_ms=30_000, settle_ms=5_000)
NOW_S = OPENING_S + 8 * 3600


class Shop:
    """A till with its journal, and a center that it may or may not reach."""

    def __init__(self, folder: Path, *, has_chip: bool = True) -> None:
        self.path = folder / "journal.db"
        self.clock = HandClock(NOW_S, has_chip=has_chip)
        self.paper_center = PaperCenter()
        self.identity = self.paper_center.enroll(SoftwareKey("till"), now_s=NOW_S)
        self.center = AnsweringCenter(self.paper_center, self.identity, self.clock)
        self.news: list[News] = []
        self.lines: list[str] = []

    async def tell(self, news: News) -> None:
        self.news.append(news)

    def link(self, journal: Journal) -> CenterLink:
        now_ms = self.clock.monotonic_ms
        correspondence = Correspondence(
            Parties(self.identity.device, self.identity.key, self.identity.trusted), journal, self.center,
            standing=Standing(journal.epoch, journal.statement, journal.acknowledged),
            monotonic_ms=now_ms, random_bytes=bytes,
        )  # fmt: skip
        return CenterLink(
            journal, correspondence, Link(PACE, outage_open=journal.outage_open), AskNow(), tell=self.tell,
            log=Log(self.lines.append, level=Level.DEBUG, monotonic_ms=now_ms), check_in=CheckIn("center", now_ms),
            monotonic_ms=now_ms, chance=lambda: 0.5,
        )  # fmt: skip

    def day(self, story: Callable[[Journal, CenterLink], Awaitable[None]]) -> None:
        async def run() -> None:
            async with open_journal(self.path, self.identity, self.clock, version="test") as journal:
                await story(journal, self.link(journal))

        asyncio.run(run())

    def kinds(self) -> list[type]:
        return [type(entry.fact) for entry in self.center.entries]


async def sell(journal: Journal, times: int = 1) -> None:
    for _ in range(times):
        await journal.commit(journal.draft(CashSale(total_rial=100_000)))


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_all_entries_go_up_in_one_visit(shop: Shop) -> None:
    async def story(journal: Journal, link: CenterLink) -> None:
        await sell(journal, 450)
        await link.visit()
        await link.visit()
        assert journal.acknowledged == journal.head.sequence

    shop.day(story)
    assert shop.kinds().count(CashSale) == 450


def test_mail_takes_effect_and_the_center_learns_of_it_in_the_same_visit(shop: Shop) -> None:
    shop.center.mail = shop.paper_center.village(shop.identity, (shop.paper_center.member(1),))

    async def story(journal: Journal, link: CenterLink) -> None:
        await link.visit()
        assert journal.policy is not None
        assert await journal.account(1) is not None
        assert journal.acknowledged == journal.head.sequence

    shop.day(story)
    assert shop.kinds().count(MailApplied) == 3
    assert [news.complete for news in shop.news] == [True], "told once, when no more is on its way"


def test_a_lost_tail_is_logged_once_and_asked_about_ever_more_rarely(shop: Shop) -> None:
    async def before(journal: Journal, link: CenterLink) -> None:
        await sell(journal, 5)
        await link.visit()

    async def after(journal: Journal, link: CenterLink) -> None:
        running = asyncio.create_task(link.run())
        for times in range(1, 6):
            while len(waits()) < times:
                await asyncio.sleep(0)
            link._asked.ask()
        running.cancel()
        assert journal.tail_lost == len(shop.center.entries)

    def waits() -> list[int]:
        said = [json.loads(line) for line in shop.lines]
        return [line["ms"] for line in said if line["event"] == "waits"]

    shop.day(before)
    for path in shop.path.parent.glob("journal.db*"):
        path.unlink()
    shop.lines.clear()
    shop.day(after)
    assert sum("TailLost" in line for line in shop.lines) == 1
    assert waits()[:5] == [90_000, 180_000, 360_000, 720_000, 1_440_000]
    assert shop.news == [], "the line is good"


def test_a_quiet_center_and_a_quiet_till_write_nothing(shop: Shop) -> None:
    async def story(journal: Journal, link: CenterLink) -> None:
        await link.visit()
        await link.visit()
        before = journal.head
        await link.visit()
        assert journal.head == before

    shop.day(story)
    assert shop.news == []


def test_an_outage_is_journaled_and_sent_when_it_is_over(shop: Shop) -> None:
    async def story(journal: Journal, link: CenterLink) -> None:
        await link.visit()
        shop.center.away = True
        for _ in range(4):
            await link.visit()
        assert journal.outage_open
        shop.center.away = False
        await link.visit()
        assert journal.outage_open, "not before the link has stayed up"
        shop.clock.advance_s(5)
        await link.visit()
        assert not journal.outage_open
        await link.visit()

    shop.day(story)
    assert shop.kinds()[-2:] == [OutageOpened, OutageClosed]
    assert [news.link_is_up for news in shop.news] == [False, True]


@field_failure(
    "an offline payment is charged again at each reconnection", "stripe/stripe-terminal-android#747"
)
def test_what_is_sold_while_the_link_drains_and_breaks_is_sent_once(shop: Shop) -> None:
    async def story(journal: Journal, link: CenterLink) -> None:
        answer = shop.center.post
        sold = 300

        async def breaking(path: str, body: bytes, *, answer_bytes_max: int) -> bytes:
            nonlocal sold
            await sell(journal)
            sold += 1
            told = await answer(path, body, answer_bytes_max=answer_bytes_max)
            if shop.center.visits % 2:
                raise Unreachable("cut while the answer was under way")
            return told

        await sell(journal, 300)
        shop.center.post = breaking
        for _ in range(6):
            await link.visit()
            shop.clock.advance_s(60)
        assert shop.center.visits > 6, "else nothing was cut between two batches"
        shop.center.post = answer
        await link.visit()
        assert shop.kinds().count(CashSale) == sold
        assert journal.acknowledged == journal.head.sequence == len(shop.center.entries)

    shop.day(story)


def test_an_outage_is_remembered_over_a_restart(shop: Shop) -> None:
    async def fall(_: Journal, link: CenterLink) -> None:
        shop.center.away = True
        await link.visit()
        await link.visit()

    async def still_down(journal: Journal, link: CenterLink) -> None:
        before = journal.head
        await link.visit()
        await link.visit()
        assert journal.outage_open
        assert journal.head == before, "one outage is one entry"

    shop.day(fall)
    shop.day(still_down)


def test_nothing_waits_for_the_center_but_the_task_itself(shop: Shop) -> None:
    """While an answer is awaited, the journal's turn is free."""

    async def story(journal: Journal, link: CenterLink) -> None:
        answer = shop.center.post

        async def slow(path: str, body: bytes, *, answer_bytes_max: int) -> bytes:
            assert not journal.turn.locked()
            async with journal.turn:
                await sell(journal)
            return await answer(path, body, answer_bytes_max=answer_bytes_max)

        shop.center.post = slow
        await link.visit()

    shop.day(story)


def test_the_first_signed_time_is_an_entry_and_the_next_is_not(shop: Shop) -> None:
    async def story(journal: Journal, link: CenterLink) -> None:
        for _ in range(3):
            await link.visit()
            await sell(journal)
            shop.clock.advance_s(60)
        assert journal.keeper.now().grade is Grade.TRUSTED

    shop.day(story)
    assert shop.kinds().count(ClockSet) == 1


@pytest.mark.parametrize(("ahead_s", "entries"), [(2, 1), (3, 2), (-2, 1), (-3, 2)])
def test_a_clock_chip_that_went_wrong_is_an_entry(shop: Shop, ahead_s: int, entries: int) -> None:
    async def story(_: Journal, link: CenterLink) -> None:
        await link.visit()
        shop.center.clock_ahead_s = ahead_s
        await link.visit()
        await link.visit()

    shop.day(story)
    facts = [entry.fact for entry in shop.center.entries if isinstance(entry.fact, ClockSet)]
    assert len(facts) == entries
    assert facts[-1] == ClockSet(source=ClockSource.CENTER, shift_s=ahead_s if entries == 2 else 0)


def test_a_till_without_a_clock_chip_takes_the_center_s_time(tmp_path: Path) -> None:
    shop = Shop(tmp_path, has_chip=False)

    async def story(journal: Journal, link: CenterLink) -> None:
        assert journal.keeper.now().grade is Grade.DOUBTFUL
        await link.visit()
        assert journal.keeper.now().grade is Grade.TRUSTED
        await link.visit()

    shop.day(story)
    facts = [entry.fact for entry in shop.center.entries if isinstance(entry.fact, ClockSet)]
    assert facts == [ClockSet(source=ClockSource.CENTER, shift_s=None)]


@pytest.mark.parametrize(("takes_s", "grade"), [(600, Grade.TRUSTED), (601, Grade.DOUBTFUL)])
def test_a_signed_time_that_took_too_long_is_not_taken(tmp_path: Path, takes_s: int, grade: Grade) -> None:
    shop = Shop(tmp_path, has_chip=False)
    shop.center.takes_s = takes_s

    async def story(journal: Journal, link: CenterLink) -> None:
        await link.visit()
        assert journal.keeper.now().grade is grade

    shop.day(story)


def test_a_center_that_takes_a_part_is_sent_the_rest(shop: Shop) -> None:
    async def story(journal: Journal, link: CenterLink) -> None:
        await sell(journal, 20)
        shop.center.held_at_most = 7
        await link.visit()
        assert journal.acknowledged == 7
        shop.center.held_at_most = 1_000
        await link.visit()
        assert journal.acknowledged > 20

    shop.day(story)


@pytest.mark.parametrize("epoch", [1, 2], ids=["it does not say so", "it says so"])
def test_a_restored_center_gets_what_it_lost_and_people_are_told_once(shop: Shop, epoch: int) -> None:
    async def story(journal: Journal, link: CenterLink) -> None:
        await sell(journal, 9)
        await link.visit()
        await link.visit()
        del shop.center.entries[4:]
        shop.center.epoch = epoch
        await link.visit()
        await link.visit()
        assert journal.acknowledged == journal.head.sequence == len(shop.center.entries)
        assert journal.epoch == epoch

    shop.day(story)
    assert shop.kinds().count(CashSale) == 9
    assert [news.forgotten for news in shop.news] == [7]
    alarms = [json.loads(line) for line in shop.lines if json.loads(line)["event"] == "center restored"]
    assert [(line["level"], line["forgotten"]) for line in alarms] == [("error", 7)]


def test_the_wait_for_the_next_attempt_is_visible(shop: Shop) -> None:
    async def story(_: Journal, link: CenterLink) -> None:
        shop.center.away = True
        running = asyncio.create_task(link.run())
        while not any(json.loads(line)["event"] == "waits" for line in shop.lines):
            await asyncio.sleep(0.01)
        running.cancel()

    shop.day(story)
    waits = [json.loads(line) for line in shop.lines if json.loads(line)["event"] == "waits"]
    assert [(line["ms"], line["failures"]) for line in waits] == [(750, 1)]


def test_a_false_answer_is_an_error_that_a_person_should_see(shop: Shop) -> None:
    async def story(_: Journal, link: CenterLink) -> None:
        shop.center.mail = [shop.paper_center.rules()[1]]
        await link.visit()

    shop.day(story)
    failures = [json.loads(line) for line in shop.lines if json.loads(line)["event"] == "exchange failed"]
    assert [(line["level"], line["kind"]) for line in failures] == [("error", "AnswerRefused")]


def test_a_full_disk_stops_neither_the_task_nor_what_was_sent(shop: Shop) -> None:
    async def story(journal: Journal, link: CenterLink) -> None:
        await link.visit()
        await sell(journal)
        shop.center.mail = shop.paper_center.rules()
        commit = journal.apply_mail

        async def full(mails: tuple[Mail, ...]) -> Entry:
            raise JournalFull("the disk takes no more")

        journal.apply_mail = full
        await link.visit()
        assert journal.acknowledged == journal.head.sequence
        assert journal.policy is None
        journal.apply_mail = commit
        await link.visit()
        assert journal.policy is not None

    shop.day(story)
    assert [json.loads(line)["event"] for line in shop.lines].count("disk full") == 1


def test_who_asks_is_not_kept_waiting() -> None:
    async def story() -> None:
        asked = AskNow()
        asked.ask()
        asked.ask()
        async with asyncio.timeout(1):
            await asked.wait(at_most_ms=60_000)
        await asked.wait(at_most_ms=1)

    asyncio.run(story())
