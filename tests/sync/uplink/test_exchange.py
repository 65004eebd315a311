"""Nothing of an answer is believed before all of it holds; the check that fails is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from sync.uplink import exchange
from sync.uplink.errors import AnswerRefused
from sync.uplink.exchange import Standing
from sync.wire import cose
from sync.wire.entry import Head
from sync.wire.exchange import open_batch
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
    key = cose.VerifyingKey(DEVICE_KEY.public)
    sent = open_batch(
        request.batch, Head(2, request.base_prev), device=DEVICE, key=key, blinding_key=bytes(32)
    )
    assert [entry.stored for entry in sent] == [entry.stored for entry in ENTRIES[2:]]


def test_an_honest_answer_is_believed() -> None:
    answer = read(honest())
    assert answer.standing == Standing(EPOCH, 1, 5)
    assert [item.message for item in answer.mail] == [item.message for item in MAIL]
    assert (answer.mail_last, answer.now_s) == (3, NOW_S)


def test_a_partly_held_batch_is_believed_up_to_there() -> None:
    answer = read(replace(honest(), held=3, head=ENTRIES[2].hash))
    assert answer.standing.held == 3


def test_a_new_epoch_may_hold_less_than_before() -> None:
    answer = read(replace(honest(), epoch=EPOCH + 1, statement=0, held=0, head=FIRST_PREV, mail=()))
    assert answer.standing == Standing(EPOCH + 1, 0, 0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"nonce": bytes(15) + b"\x01"}, "another question"),
        ({"device": DEVICE + 1}, "another question"),
        ({"version": 2}, "another question"),
        ({"statement": 0}, "not newer"),
        ({"epoch": EPOCH - 1, "statement": 99}, "not newer"),
        ({"held": 6}, "only 5 were sent"),
        ({"held": 1, "head": ENTRIES[0].hash}, "held 2 before"),
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
