"""Batches go up one after the other until nothing is left; any failure is mended by asking again."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from sync.uplink.correspondence import Correspondence
from sync.uplink.errors import AnswerRefused, Unreachable
from sync.uplink.exchange import Standing
from tests.sync.uplink.world import (
    EPOCH,
    FIRST_PREV,
    PARTIES,
    Notebook,
    journal,
    letters,
    opened,
    signed,
    truth,
)

if TYPE_CHECKING:
    from sync.wire.entry import Entry


class Center:
    """Takes every batch, keeps what follows, answers truly; `cut` breaks the next answer after the batch was taken."""

    def __init__(self, entries: list[Entry]) -> None:
        self.all = entries
        self.held = 0
        self.statement = 0
        self.bases: list[int] = []
        self.cut = False

    async def post(self, path: str, body: bytes, *, answer_bytes_max: int) -> bytes:
        assert path == "/exchange"
        request = opened(body)
        self.bases.append(request.base)
        self.held = min(len(self.all), request.base + 200)
        self.statement += 1
        if self.cut:
            self.cut = False
            raise Unreachable("cut")
        answer = truth(request, self.all[: self.held], [])
        return signed(replace(answer, statement=self.statement))


def correspondence(notebook: Notebook, center: Center, *, held: int = 0) -> Correspondence:
    ticks = iter(range(0, 1_000_000, 40))
    return Correspondence(
        PARTIES, notebook, center, standing=Standing(EPOCH, 0, held),
        monotonic_ms=lambda: next(ticks), random_bytes=bytes,
    )  # fmt: skip


def test_batches_go_up_until_nothing_is_left() -> None:
    entries = journal(450)
    center = Center(entries)
    talk = correspondence(Notebook(entries), center)
    more = [asyncio.run(talk.exchange()).more for _ in range(3)]
    assert center.bases == [0, 200, 400]
    assert more == [True, True, False]
    assert talk.standing == Standing(EPOCH, 3, 450)


def test_an_exchange_without_entries_asks_for_mail() -> None:
    entries = journal(3)
    told = asyncio.run(correspondence(Notebook(entries), Center(entries), held=3).exchange())
    assert not told.more
    assert told.round_trip_ms == 40


def test_a_lost_answer_is_mended_by_sending_the_same_again() -> None:
    entries = journal(3)
    center = Center(entries)
    center.cut = True
    talk = correspondence(Notebook(entries), center)
    with pytest.raises(Unreachable):
        asyncio.run(talk.exchange())
    asyncio.run(talk.exchange())
    assert center.bases == [0, 0]
    assert talk.standing.held == 3


def test_a_center_that_holds_what_was_never_made_is_not_believed() -> None:
    entries = journal(3)
    center = Center(entries)
    talk = correspondence(Notebook(entries[:2]), center)
    with pytest.raises(AnswerRefused, match="only 2 were sent"):
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
    talk = correspondence(Notebook(ours), Center(theirs))
    with pytest.raises(AnswerRefused, match="another history"):
        asyncio.run(talk.exchange())
    assert talk.standing.held == 0
    assert ours[0].prev == FIRST_PREV
