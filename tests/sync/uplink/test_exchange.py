"""Nothing of an answer is believed before all of it holds; the check that fails is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from sync.uplink import exchange
from sync.uplink.errors import AnswerRefused
from sync.uplink.exchange import Standing
from sync.wire.entry import Head
from sync.wire.exchange import VERSION
from sync.wire.mail import MailHead
from tests.sync.uplink.world import (
    DEVICE,
    DEVICE_KEY,
    EPOCH,
    FIRST_PREV,
    MAIL_KEY,
    NOW_S,
    PARTIES,
    POLICY_KEY,
    Key,
    digest,
    entries_of,
    journal,
    letters,
    opened,
    signed,
    truth,
)

if TYPE_CHECKING:
    from sync.uplink.exchange import Answer, Question
    from sync.wire.exchange import ExchangeAnswer

ENTRIES = journal(5)
NO_MAIL = MailHead(0, FIRST_PREV)
MAIL = letters(3, NO_MAIL)
BEFORE = Standing(epoch=EPOCH, statement=0, held=2)
NONCE = bytes(16)


def asked() -> Question:
    entries = [entry.stored for entry in ENTRIES[2:]]
    return exchange.question(PARTIES, BEFORE, Head(2, ENTRIES[1].hash), entries, NO_MAIL, nonce=NONCE)


def honest() -> ExchangeAnswer:
    return truth(opened(asked().message), ENTRIES, MAIL)


def read(answer: ExchangeAnswer, *, key: Key = MAIL_KEY) -> Answer:
    message = signed(answer, key)
    claimed = exchange.claims(message, asked(), PARTIES)
    own = Head(claimed.held, ENTRIES[claimed.held - 1].hash if claimed.held else FIRST_PREV)
    return exchange.believed(claimed, asked(), PARTIES, own)


def test_the_question_carries_the_entries_that_the_center_does_not_hold() -> None:
    request = opened(asked().message)
    assert (request.device, request.epoch, request.base, request.base_prev) == (
        DEVICE,
        EPOCH,
        2,
        ENTRIES[1].hash,
    )
    assert entries_of(request) == [entry.stored for entry in ENTRIES[2:]]


def test_an_honest_answer_is_believed() -> None:
    answer = read(honest())
    assert answer.standing == Standing(EPOCH, 1, 5)
    assert [item.message for item in answer.mail] == [item.message for item in MAIL]
    assert (answer.mail_last, answer.now_s) == (3, NOW_S)


def test_a_partly_held_batch_is_believed_up_to_there() -> None:
    answer = read(replace(honest(), held=3, head=ENTRIES[2].hash))
    assert answer.standing.held == 3


@pytest.mark.parametrize(
    ("change", "restored"),
    [
        ({}, False),
        ({"epoch": EPOCH + 1, "statement": 0}, False),
        ({"held": 2, "head": ENTRIES[1].hash}, False),
        ({"held": 1, "head": ENTRIES[0].hash}, True),
        ({"epoch": EPOCH + 1, "statement": 0, "held": 0, "head": FIRST_PREV}, True),
        ({"statement": 0}, True),
        ({"epoch": EPOCH - 1, "statement": 99}, True),
    ],
)
def test_a_center_that_forgot_what_it_said_was_restored(change: dict[str, object], restored: bool) -> None:
    answer = read(replace(honest(), **change))
    assert answer.restored is restored
    assert answer.standing.held == change.get("held", 5)


@pytest.mark.parametrize(("mail_from", "good"), [(0, False), (1, True), (3, True), (4, False)])
def test_mail_is_asked_back_only_where_there_is_some(mail_from: int, good: bool) -> None:
    request = exchange.question(
        PARTIES, BEFORE, Head(2, ENTRIES[1].hash), [], MAIL[-1].head, nonce=NONCE, made_to=5
    )
    answer = replace(truth(opened(request.message), ENTRIES, []), mail_from=mail_from)
    claimed = exchange.claims(signed(answer), request, PARTIES)
    if good:
        told = exchange.believed(claimed, request, PARTIES, Head(5, ENTRIES[-1].hash))
        assert (told.mail_from, told.restored) == (mail_from, True)
    else:
        with pytest.raises(AnswerRefused, match=f"asks for mail {mail_from}"):
            exchange.believed(claimed, request, PARTIES, Head(5, ENTRIES[-1].hash))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"nonce": bytes(15) + b"\x01"}, "another question"),
        ({"device": DEVICE + 1}, "another question"),
        ({"version": VERSION + 1}, "another question"),
        ({"held": 6}, "only 5 were made"),
        ({"mail_from": 1}, "asks for mail 1"),
        ({"mail_from": 1, "mail": ()}, "asks for mail 1"),
        ({"head": digest("another history")}, "another history before entry 5"),
        ({"mail": tuple(item.message for item in MAIL[1:])}, "mail 1: does not follow"),
        ({"mail": (MAIL[0].message, MAIL[2].message)}, "mail 2: does not follow"),
        ({"mail": (MAIL[0].message[:-1] + b"\x00",)}, "mail 1: the signature does not hold"),
        ({"mail": (b"mail",)}, "mail 1"),
    ],
)
def test_an_answer_that_does_not_hold_is_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(AnswerRefused, match=words):
        read(replace(honest(), **change))


@pytest.mark.parametrize("key", [POLICY_KEY, DEVICE_KEY], ids=["policy", "device"])
def test_only_the_mail_key_may_answer(key: Key) -> None:
    with pytest.raises(AnswerRefused, match="not delegated for mail"):
        read(honest(), key=key)


@pytest.mark.parametrize("message", [b"", b"<html>", b"\x84\x40\xa0\x40\x40"])
def test_garbage_is_no_answer(message: bytes) -> None:
    with pytest.raises(AnswerRefused):
        exchange.claims(message, asked(), PARTIES)
