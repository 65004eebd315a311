"""Batches go up one after the other until nothing is left; any failure is mended by asking again."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from sync.uplink import correspondence as correspondences
from sync.uplink.correspondence import Correspondence, Told
from sync.uplink.errors import AnswerRefused, TimedOut, Unreachable
from sync.uplink.exchange import Standing
from sync.wire.exchange import Span
from sync.wire.mail import MailHead
from tests.sync.uplink.world import (
    EPOCH,
    FIRST_PREV,
    PARTIES,
    Notebook,
    entries_of,
    journal,
    letters,
    opened,
    signed,
    truth,
)

if TYPE_CHECKING:
    from sync.wire.entry import Entry
    from sync.wire.exchange import ExchangeRequest


class Center:
    """Takes every batch, keeps what follows, answers truly; `cut` breaks the next answer after the batch was taken."""

    def __init__(self, entries: list[Entry]) -> None:
        self.all = entries
        self.held = 0
        self.statement = 0
        self.asked: list[ExchangeRequest] = []
        self.cut = False
        self.most_bytes = 1 << 20
        self.drops = 0

    @property
    def sent(self) -> list[tuple[int, int]]:
        """Base and number of entries of each request that carried some."""
        return [(request.base, len(entries_of(request))) for request in self.asked if request.batch]

    async def post(self, path: str, body: bytes, *, answer_bytes_max: int) -> bytes:
        assert path == "/exchange"
        request = opened(body)
        self.asked.append(request)
        if len(body) > self.most_bytes:
            raise TimedOut("nothing so large gets through")
        if request.base <= self.held:
            self.held = max(self.held, request.base + len(entries_of(request)))
        self.statement += 1
        if self.cut:
            self.cut = False
            raise Unreachable("cut")
        answer = truth(request, self.all[: self.held], [])
        return signed(replace(answer, statement=self.statement))

    def drop(self) -> None:
        self.drops += 1


@pytest.fixture(autouse=True)
def all_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """These entries are small: what is large begins earlier here."""
    monkeypatch.setattr(correspondences, "ASK_FIRST_BYTES", 1 << 10)


def correspondence(notebook: Notebook, center: Center, *, held: int = 0) -> Correspondence:
    ticks = iter(range(0, 1_000_000, 40))
    return Correspondence(
        PARTIES, notebook, center, standing=Standing(EPOCH, 0, held),
        monotonic_ms=lambda: next(ticks), random_bytes=bytes,
    )  # fmt: skip


def told_all(talk: Correspondence) -> list[Told]:
    told = [asyncio.run(talk.exchange())]
    while told[-1].more:
        told.append(asyncio.run(talk.exchange()))
    return told


def test_batches_go_up_until_nothing_is_left() -> None:
    entries = journal(450, bulky=True)
    center = Center(entries)
    talk = correspondence(Notebook(entries), center)
    told_all(talk)
    assert not center.asked[0].batch, "after a start a small question comes first"
    bases, counts = zip(*center.sent, strict=True)
    assert bases == tuple(sum(counts[:at]) for at in range(len(counts)))
    assert talk.standing.held == sum(counts) == 450


def test_a_small_batch_is_sent_at_once() -> None:
    entries = journal(3)
    center = Center(entries)
    assert len(told_all(correspondence(Notebook(entries), center))) == 1
    assert center.sent == [(0, 3)]


def test_after_a_break_what_the_center_took_is_not_sent_again() -> None:
    entries = journal(100, bulky=True)
    center = Center(entries)
    talk = correspondence(Notebook(entries), center)
    asyncio.run(talk.exchange())
    center.cut = True
    with pytest.raises(Unreachable):
        asyncio.run(talk.exchange())
    told_all(talk)
    assert center.sent == [(0, 100)]
    assert talk.standing.held == 100


@pytest.mark.parametrize("most_bytes", [1_400, 2_000, 2_800])
def test_batches_shrink_to_what_gets_through(most_bytes: int) -> None:
    entries = journal(300, bulky=True)
    center = Center(entries)
    center.most_bytes = most_bytes
    talk = correspondence(Notebook(entries), center)
    breaks = 0
    while talk.standing.held < 300:
        try:
            asyncio.run(talk.exchange())
        except TimedOut:
            breaks += 1
    assert talk.standing.held == 300
    assert breaks < len(center.sent), "most go through"
    went = [len(request.to_cbor()) for request in center.asked[-3:-1]]
    assert max(went) > most_bytes // 4, "and not in crumbs"


def test_an_exchange_without_entries_asks_for_mail() -> None:
    entries = journal(3)
    center = Center(entries)
    center.held = 3
    told = asyncio.run(correspondence(Notebook(entries), center, held=3).exchange())
    assert not told.more
    assert told.round_trip_ms == 40


def test_a_lost_answer_is_mended_by_asking_again() -> None:
    entries = journal(3)
    center = Center(entries)
    center.cut = True
    talk = correspondence(Notebook(entries), center)
    with pytest.raises(Unreachable):
        asyncio.run(talk.exchange())
    asyncio.run(talk.exchange())
    assert center.sent == [(0, 3), (0, 3)], "so few are not worth a question"
    assert talk.standing.held == 3


def test_a_center_that_forgot_is_sent_all_again_and_the_alarm_is_raised_once() -> None:
    entries = journal(9)
    center = Center(entries)
    talk = correspondence(Notebook(entries), center)
    told_all(talk)
    center.held, center.statement = 4, 0
    told = told_all(talk)
    assert [one.forgotten for one in told] == [5, None]
    assert center.sent[-1] == (4, 5)
    assert talk.standing == Standing(EPOCH, 2, 9)


def test_a_center_that_lost_its_mail_gets_that_before_any_entry() -> None:
    entries = journal(3)
    items = letters(5, MailHead(0, FIRST_PREV))
    has: list[bytes] = [items[0].message]

    class Forgetful(Center):
        async def post(self, path: str, body: bytes, *, answer_bytes_max: int) -> bytes:
            request = opened(body)
            self.asked.append(request)
            has.extend(request.returned or ())
            lacks = len(has) + 1 if len(has) < request.mail_number else None
            if lacks is None:
                self.held = max(self.held, request.base + len(entries_of(request)))
            self.statement += 1
            answer = truth(request, self.all[: self.held], [])
            return signed(replace(answer, statement=self.statement, mail_from=lacks))

    center = Forgetful(entries)
    notebook = Notebook(entries, items[-1].head, items)
    talk = correspondence(notebook, center)
    talk.room.size_bytes = len(items[0].message) + 10
    told = told_all(talk)
    assert [one.forgotten for one in told] == [0] + [None] * (len(told) - 1)
    assert has == [item.message for item in items]
    returned = [len(request.returned or ()) for request in center.asked]
    assert sum(returned) == 4
    assert max(returned) < 4, "no more than the line takes at once"
    assert [bool(request.batch) for request in center.asked[1:]] == [False] * (len(told) - 2) + [True]


def test_a_center_that_holds_what_was_never_made_is_not_believed() -> None:
    entries = journal(3)
    center = Center(entries)
    center.held = 3
    talk = correspondence(Notebook(entries[:2]), center)
    with pytest.raises(AnswerRefused, match="only 2 were made"):
        asyncio.run(talk.exchange())


def test_more_mail_at_the_center_asks_for_another_exchange() -> None:
    entries = journal(1)
    first, second = letters(2, Notebook(entries).mail_head)

    class Mailer(Center):
        async def post(self, path: str, body: bytes, *, answer_bytes_max: int) -> bytes:
            answer = truth(opened(body), entries, [first])
            return signed(replace(answer, mail_last=second.number))

    told = asyncio.run(correspondence(Notebook(entries), Mailer(entries)).exchange())
    assert told.more
    assert told.answer.mail[0].head == first.head


def test_a_device_and_a_center_with_other_histories_do_not_go_on() -> None:
    ours, theirs = journal(3), journal(3, version="2")
    center = Center(theirs)
    talk = correspondence(Notebook(ours), center)
    with pytest.raises(AnswerRefused, match="another history"):
        asyncio.run(talk.exchange())
    assert talk.standing.held == 0
    assert center.drops == 1, "this line may be one answer behind"
    assert ours[0].prev == FIRST_PREV


class LeanCenter(Center):
    """Says which entries lack their signatures, and may ask for some verbatim."""

    def __init__(self, entries: list[Entry]) -> None:
        super().__init__(entries)
        self.lacking: set[int] = set()
        self.wants: Span | None = None
        self.signatures: dict[int, bytes] = {}

    async def post(self, path: str, body: bytes, *, answer_bytes_max: int) -> bytes:
        request = opened(body)
        self.asked.append(request)
        wanted, self.wants = self.wants, None
        for sequence, stored in enumerate(entries_of(request), request.base):
            self.held = max(self.held, sequence + 1)
            (self.lacking.discard if stored.signature else self.lacking.add)(sequence)
        if request.signatures is not None:
            for sequence, signature in enumerate(request.signatures.each(), request.signatures.first):
                self.signatures[sequence] = signature
                self.lacking.discard(sequence)
        self.statement += 1
        first = min(self.lacking, default=None)
        unsigned = None if first is None else Span(first=first, last=max(self.lacking))
        answer = truth(request, self.all[: self.held], [])
        return signed(replace(answer, statement=self.statement, unsigned=unsigned, verbatim=wanted))


def at_pace(notebook: Notebook, center: Center, round_trips_ms: list[int]) -> Correspondence:
    """Exchanges take so long, one after the other."""
    now_ms = [0]
    pace = iter(round_trips_ms)
    posts = [0]

    def monotonic_ms() -> int:
        posts[0] += 1
        if posts[0] % 2 == 0:
            now_ms[0] += next(pace)
        return now_ms[0]

    return Correspondence(
        PARTIES,
        notebook,
        center,
        standing=Standing(EPOCH, 0, 0),
        monotonic_ms=monotonic_ms,
        random_bytes=bytes,
    )


def test_over_a_slow_line_signatures_wait_until_it_is_good() -> None:
    entries = journal(9)
    center = LeanCenter(entries)
    talk = at_pace(Notebook(entries), center, [8_000, 8_000, 40, 40])
    assert not asyncio.run(talk.exchange()).more
    assert center.lacking == set(range(8)), "the head's own signature binds them all"
    assert not asyncio.run(talk.exchange()).more, "slow as ever"
    assert center.asked[-1].signatures is None
    asyncio.run(talk.exchange())
    asyncio.run(talk.exchange())
    assert center.signatures == {at: entries[at].stored.signature for at in range(8)}
    assert not center.lacking


def test_over_a_good_line_every_signature_goes_at_once() -> None:
    entries = journal(9)
    center = LeanCenter(entries)
    talk = at_pace(Notebook(entries[:1]), center, [40, 40])
    asyncio.run(talk.exchange())
    talk._chain = Notebook(entries)
    asyncio.run(talk.exchange())
    assert center.held == 9
    assert not center.lacking


def test_what_is_wanted_verbatim_goes_first_whatever_the_line() -> None:
    entries = journal(9)
    center = LeanCenter(entries)
    talk = at_pace(Notebook(entries), center, [8_000] * 9)
    asyncio.run(talk.exchange())
    center.wants = Span(first=2, last=5)
    assert asyncio.run(talk.exchange()).more
    asyncio.run(talk.exchange())
    assert center.sent[-1] == (2, 4)
    assert center.lacking == {0, 1, 6, 7}
    assert not asyncio.run(talk.exchange()).more


def test_a_long_span_is_sent_verbatim_in_pieces() -> None:
    entries = journal(60, bulky=True)
    center = LeanCenter(entries)
    talk = at_pace(Notebook(entries), center, [8_000] * 40)
    told_all(talk)
    talk.room.size_bytes = 4_000
    center.wants = Span(first=0, last=58)
    asyncio.run(talk.exchange())
    while center.lacking:
        asyncio.run(talk.exchange())
    verbatim = [one for one in center.sent if one != center.sent[0]]
    assert len(verbatim) > 1
    assert sum(count for _, count in verbatim) >= 59
    assert all(len(request.to_cbor()) < 5_000 for request in center.asked[2:])
