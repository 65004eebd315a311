"""Requests and answers come back, and bound what they carry."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from sync.wire import exchange
from sync.wire.batches.columns import pressed
from sync.wire.errors import Malformed
from sync.wire.exchange import LaterSignatures, Span
from tests.vectors.samples import CREDENTIAL_HASH, DEVICE, JOURNAL, octets

REQUEST = exchange.ExchangeRequest(
    version=2, device=DEVICE, nonce=bytes(16), mail_number=3, mail_hash=octets("mail", 32), epoch=1, base=0,
    base_prev=CREDENTIAL_HASH, batch=b"batch", signatures=LaterSignatures(first=3, signatures=bytes(128)),
)  # fmt: skip
ANSWER = exchange.ExchangeAnswer(
    version=2, device=DEVICE, nonce=bytes(16), epoch=1, statement=9, held=19, head=JOURNAL[-1].hash,
    mail=(b"message",), mail_last=4, now_s=1_767_850_200, verbatim=Span(first=3, last=7), unsigned=Span(first=0, last=2),
)  # fmt: skip


def test_requests_and_answers_come_back() -> None:
    assert exchange.ExchangeRequest.from_cbor(REQUEST.to_cbor()) == REQUEST
    assert exchange.ExchangeAnswer.from_cbor(ANSWER.to_cbor()) == ANSWER
    with pytest.raises(AssertionError):
        replace(ANSWER, mail=(b"",) * 51).to_cbor()


def test_later_signatures_are_64_bytes_each() -> None:
    several = LaterSignatures(first=3, signatures=bytes(64) + b"\x01" * 64)
    assert several.each() == [bytes(64), b"\x01" * 64]
    for size in (0, 63, 65):
        with pytest.raises(Malformed, match="64 bytes each"):
            LaterSignatures(first=3, signatures=bytes(size)).each()


def test_the_mail_of_an_answer_travels_pressed() -> None:
    many = replace(ANSWER, mail=(bytes(10_000),) * 20)
    assert exchange.ExchangeAnswer.from_cbor(many.to_cbor()) == many
    assert len(many.to_cbor()) < 500
    empty = replace(ANSWER, mail=())
    assert empty.to_value()[7] == b""
    assert exchange.ExchangeAnswer.from_cbor(empty.to_cbor()) == empty


@pytest.mark.parametrize(
    ("mail", "why"),
    [
        ([], "not a byte string"),
        (b"\xff\xff", "no LZMA stream"),
        (pressed(b"\x80"), "an empty list that is pressed"),
        (pressed(b"\x81\x40\x00"), "left over"),
        (pressed(b"\x98\x33" + b"\x40" * 51), "at most 50"),
        (pressed(b"\x81\x5a\x00\x60\x00\x00" + bytes(6 << 20)), "more than the 4194304 bytes"),
    ],
)
def test_mail_that_is_not_a_pressed_list_is_refused(mail: object, why: str) -> None:
    value = ANSWER.to_value() | {7: mail}
    with pytest.raises(Malformed, match=why) as raised:
        exchange.ExchangeAnswer.from_value(value)
    assert raised.value.where.startswith("ExchangeAnswer.mail")
