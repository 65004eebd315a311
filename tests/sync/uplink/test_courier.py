"""The device's half of what is carried: everything goes in one trip, and an answer is believed whenever it comes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from sync.uplink import courier
from sync.uplink.errors import AnswerRefused
from sync.uplink.exchange import Standing
from sync.wire.exchange import ANSWER_MAIL_MAX, BATCH_ENTRIES_MAX, ExchangeAnswer, ExchangeRequest, Span
from sync.wire.mail import MailHead
from tests.sync.uplink.world import (
    EPOCH,
    FIRST_PREV,
    NOW_S,
    PARTIES,
    POLICY_KEY,
    Notebook,
    entries_of,
    journal,
    letters,
    opened,
    signed,
    truth,
)

if TYPE_CHECKING:
    from sync.uplink.courier import Brought

NEW = Standing(EPOCH, 0, 0)
ENTRIES = journal(5)
LETTERS = letters(4, MailHead(0, FIRST_PREV))


def asked(
    chain: Notebook, standing: Standing = NEW, *, mail_from: int | None = None, unsigned: Span | None = None
) -> list[ExchangeRequest]:
    async def all_of_them() -> list[bytes]:
        made = courier.questions(
            PARTIES, chain, standing, random_bytes=bytes, mail_from=mail_from, unsigned=unsigned
        )
        return [message async for message in made]

    return [opened(message) for message in asyncio.run(all_of_them())]


def answer(**changed: object) -> ExchangeAnswer:
    """What an honest center says to a question that nobody remembers."""
    request = asked(Notebook(ENTRIES))[0]
    return replace(truth(request, ENTRIES, LETTERS), **{"statement": 9, "nonce": b"\x55" * 16, **changed})


def brought(
    given: ExchangeAnswer | bytes, chain: Notebook | None = None, standing: Standing = NEW
) -> Brought:
    message = given if isinstance(given, bytes) else signed(given)
    return asyncio.run(courier.opened(message, PARTIES, chain or Notebook(ENTRIES), standing))


def at_mail(number: int) -> Notebook:
    return Notebook(
        ENTRIES, LETTERS[number - 1].head if number else MailHead(0, FIRST_PREV), LETTERS[:number]
    )


# Questions


def test_a_device_with_nothing_to_tell_asks_all_the_same_for_its_mail() -> None:
    (request,) = asked(Notebook(ENTRIES), Standing(EPOCH, 3, 5))
    assert (request.base, request.batch, request.held, request.statement) == (5, b"", 5, 3)


@pytest.mark.parametrize(
    ("entries", "counts"),
    [
        (1, [1]),
        (BATCH_ENTRIES_MAX, [BATCH_ENTRIES_MAX]),
        (BATCH_ENTRIES_MAX + 1, [BATCH_ENTRIES_MAX, 1]),
        (2 * BATCH_ENTRIES_MAX + 7, [BATCH_ENTRIES_MAX, BATCH_ENTRIES_MAX, 7]),
    ],
)
def test_the_whole_backlog_goes_each_question_where_the_last_one_ended(
    entries: int, counts: list[int]
) -> None:
    made = journal(entries)
    requests = asked(Notebook(made))
    assert [len(entries_of(request)) for request in requests] == counts
    assert [request.base for request in requests] == [sum(counts[:index]) for index in range(len(counts))]
    assert [stored for request in requests for stored in entries_of(request)] == [one.stored for one in made]


def test_only_what_the_center_is_not_known_to_hold_goes() -> None:
    (request,) = asked(Notebook(ENTRIES), Standing(EPOCH, 1, 3))
    assert (request.base, request.base_prev) == (3, ENTRIES[2].hash)
    assert entries_of(request) == [entry.stored for entry in ENTRIES[3:]]


def test_a_center_that_holds_more_than_this_journal_is_asked_from_its_end() -> None:
    (request,) = asked(Notebook(ENTRIES), Standing(EPOCH, 1, 9))
    assert (request.base, request.batch) == (5, b"")


def test_few_entries_go_at_once_when_they_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    size = max(len(entry.stored.payload) for entry in ENTRIES)
    monkeypatch.setattr(courier, "ENTRY_BYTES_MAX", 2 * size)
    assert [len(entries_of(request)) for request in asked(Notebook(ENTRIES))] == [2, 2, 1]
    monkeypatch.setattr(courier, "ENTRY_BYTES_MAX", 1)
    assert [len(entries_of(request)) for request in asked(Notebook(ENTRIES))] == [1] * 5


def test_mail_that_a_restored_center_lost_goes_before_the_entries() -> None:
    many = letters(ANSWER_MAIL_MAX + 2, MailHead(0, FIRST_PREV))
    requests = asked(Notebook(ENTRIES, many[-1].head, many), mail_from=2)
    returned = [len(request.returned) for request in requests if request.returned is not None]
    assert returned == [ANSWER_MAIL_MAX, 1]
    assert [message for request in requests for message in request.returned or ()] == [
        item.message for item in many[1:]
    ]
    assert requests[2].returned is None
    assert len(entries_of(requests[2])) == 5


def test_signatures_that_stayed_behind_go_after_the_entries() -> None:
    requests = asked(Notebook(ENTRIES), Standing(EPOCH, 1, 4), unsigned=Span(first=1, last=3))
    assert len(requests) == 2
    assert entries_of(requests[0]) == [ENTRIES[4].stored]
    later = requests[1].signatures
    assert later is not None
    assert (later.first, later.each()) == (1, [entry.stored.signature for entry in ENTRIES[1:4]])


# Answers


def test_a_newer_answer_is_believed_although_nobody_remembers_its_question() -> None:
    got = brought(answer())
    assert got.is_new
    assert got.answer.standing == Standing(EPOCH, 9, 5)
    assert got.answer.mail == tuple(LETTERS)
    assert got.answer.now_s == NOW_S
    assert not got.answer.restored


@pytest.mark.parametrize(
    ("known", "is_new"),
    [((EPOCH, 8), True), ((EPOCH, 9), False), ((EPOCH, 10), False), ((EPOCH - 1, 99), True)],
)
def test_what_is_new_is_said_by_epoch_and_statement(known: tuple[int, int], is_new: bool) -> None:
    assert brought(answer(), standing=Standing(*known, 5)).is_new is is_new


def test_an_overtaken_answer_raises_no_alarm_and_still_brings_mail_that_follows() -> None:
    got = brought(answer(held=2, head=ENTRIES[1].hash), at_mail(2), Standing(EPOCH, 10, 5))
    assert not got.is_new
    assert got.answer.mail == tuple(LETTERS[2:])


def test_mail_that_came_another_way_meanwhile_is_not_taken_twice() -> None:
    for number in range(5):
        assert brought(answer(), at_mail(number)).answer.mail == tuple(LETTERS[number:])


def test_mail_that_does_not_follow_is_refused() -> None:
    with pytest.raises(AnswerRefused, match="mail 1: does not follow"):
        brought(answer(mail=tuple(item.message for item in LETTERS[2:])))


def test_mail_of_an_epoch_that_is_over_is_left_alone() -> None:
    got = brought(answer(), at_mail(1), Standing(EPOCH + 1, 1, 5))
    assert not got.is_new
    assert got.answer.mail == ()


def test_a_restored_center_is_told_from_an_honest_one() -> None:
    got = brought(
        answer(epoch=EPOCH + 1, statement=1, held=2, head=ENTRIES[1].hash), standing=Standing(EPOCH, 10, 5)
    )
    assert got.is_new
    assert got.answer.restored


def test_an_old_wish_for_lost_mail_is_no_wish_any_more() -> None:
    wishing = answer(mail=(), mail_from=2)
    assert brought(wishing, at_mail(3)).answer.mail_from == 2
    assert brought(wishing, at_mail(3), Standing(EPOCH, 10, 5)).answer.mail_from is None


def test_another_history_is_refused() -> None:
    with pytest.raises(AnswerRefused, match="another history before entry 5"):
        brought(answer(head=bytes(32)))


def test_a_center_that_holds_what_this_journal_lost_says_so() -> None:
    with pytest.raises(AnswerRefused, match="holds 5 entries, but only 3 were made"):
        brought(answer(), Notebook(ENTRIES[:3]))


def test_what_another_device_was_told_is_refused() -> None:
    with pytest.raises(AnswerRefused, match="answers another question"):
        brought(answer(device=8))


@pytest.mark.parametrize(
    "message", [b"", b"\x80", signed(answer())[:-1], signed(answer(), POLICY_KEY)], ids=["empty", "cbor", "cut", "key"]
)  # fmt: skip
def test_what_the_center_did_not_sign_is_refused(message: bytes) -> None:
    with pytest.raises(AnswerRefused):
        brought(message)


def test_mail_that_is_none_is_refused() -> None:
    with pytest.raises(AnswerRefused, match="mail"):
        brought(answer(mail=(b"\x80",)))
