"""Requests and answers come back, and bound what they carry."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from sync.wire import exchange
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
