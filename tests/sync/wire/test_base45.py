"""Base45 as in RFC 9285: its examples, and no second spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.wire import base45
from sync.wire.errors import Malformed


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"AB", "BB8"),
        (b"Hello!!", "%69 VD92EX0"),
        (b"base-45", "UJCLQE7W581"),
        (b"ietf!", "QED8WEX0"),
        (b"", ""),
    ],
)
def test_the_examples_of_the_rfc(data: bytes, text: str) -> None:
    assert base45.encode(data) == text
    assert base45.decode(text, where="it") == data


@given(st.binary(max_size=100))
def test_bytes_come_back(data: bytes) -> None:
    assert base45.decode(base45.encode(data), where="it") == data


@given(st.text(base45.ALPHABET, max_size=12))
def test_no_bytes_have_two_texts(text: str) -> None:
    try:
        data = base45.decode(text, where="it")
    except Malformed:
        return
    assert base45.encode(data) == text


@pytest.mark.parametrize("text", ["A", "BB8A", "GGW", ":::", "V5", "::", "bb8", "BB۸", "B\n8"])
def test_what_is_not_base45_is_refused(text: str) -> None:
    with pytest.raises(Malformed) as raised:
        base45.decode(text, where="card")
    assert raised.value.where == "card"


def test_the_largest_groups_are_read() -> None:
    assert base45.decode("FGW", where="it") == b"\xff\xff"
    assert base45.decode("U5", where="it") == b"\xff"
