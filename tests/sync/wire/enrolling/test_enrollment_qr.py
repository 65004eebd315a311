"""An enrollment's answer as QRs: whole again in any order, and nothing else."""

from __future__ import annotations

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sync.wire import base45
from sync.wire.enrolling.enrollment_qr import (
    MESSAGE_BYTES_MAX,
    PARTS_MAX,
    PIECE_BYTES_MAX,
    PREFIX,
    EnrollmentPart,
    EnrollmentParts,
    from_qr,
    to_qrs,
)
from sync.wire.errors import Malformed

MESSAGE = bytes(range(250)) * 5


@given(st.binary(min_size=1, max_size=MESSAGE_BYTES_MAX), st.randoms())
def test_a_message_is_whole_again_in_any_order_each_part_as_often_as_it_is_read(
    message: bytes, chance: object
) -> None:
    texts = list(to_qrs(message)) * 2
    chance.shuffle(texts)  # type: ignore[attr-defined]  # hypothesis' own Random
    got, reading = [], EnrollmentParts()
    for text in texts:
        whole = reading.take(from_qr(text))
        got += [] if whole is None else [whole]
    assert got
    assert set(got) == {message}


@pytest.mark.parametrize(
    ("size", "parts"),
    [(1, 1), (PIECE_BYTES_MAX, 1), (PIECE_BYTES_MAX + 1, 2), (MESSAGE_BYTES_MAX, PARTS_MAX)],
)
def test_as_many_parts_as_it_needs(size: int, parts: int) -> None:
    assert len(to_qrs(bytes(size))) == parts


@pytest.mark.parametrize("size", [0, MESSAGE_BYTES_MAX + 1])
def test_what_cannot_be_cut_is_a_programmers_error(size: int) -> None:
    with pytest.raises(AssertionError):
        to_qrs(bytes(size))


def test_the_longest_part_fits_the_largest_qr_on_58_mm_paper() -> None:
    longest = max(to_qrs(b"\xff" * MESSAGE_BYTES_MAX), key=len)
    version = segno.make(longest, error="m", boost_error=False).version
    assert isinstance(version, int)
    assert version <= 17


def test_it_says_what_is_missing() -> None:
    first, second, third = (from_qr(text) for text in to_qrs(MESSAGE))
    reading = EnrollmentParts()
    assert reading.missing == ()
    assert reading.take(second) is None
    assert reading.missing == (0, 2)
    assert reading.take(second) is None
    assert reading.take(third) is None
    assert reading.missing == (0,)
    assert reading.take(first) == MESSAGE
    assert reading.missing == ()


def test_a_part_of_another_answer_begins_anew() -> None:
    mine, other = (tuple(from_qr(text) for text in to_qrs(message)) for message in (MESSAGE, MESSAGE[::-1]))
    reading = EnrollmentParts()
    assert reading.take(mine[0]) is None
    assert reading.take(other[1]) is None
    assert reading.missing == (0, 2)
    assert reading.take(replace(other[0], parts=4)) is None
    assert reading.missing == (1, 2, 3)


def test_parts_that_lie_about_what_they_make_are_refused_and_forgotten() -> None:
    first, second, third = (from_qr(text) for text in to_qrs(MESSAGE))
    reading = EnrollmentParts()
    reading.take(first)
    reading.take(replace(second, piece=b"forged"))
    with pytest.raises(Malformed):
        reading.take(third)
    assert reading.missing == ()
    assert [reading.take(part) for part in (first, second, third)] == [None, None, MESSAGE]


def spelled(part: EnrollmentPart) -> str:
    return PREFIX + base45.encode(part.to_cbor())


@pytest.mark.parametrize(
    "change", [{"part": 3}, {"part": 15}, {"parts": 0}, {"piece": b""}], ids=lambda change: next(iter(change))
)
def test_a_part_that_cannot_be_is_refused(change: dict[str, object]) -> None:
    part = from_qr(to_qrs(MESSAGE)[0])
    assert from_qr(spelled(replace(part, part=2))).part == 2
    with pytest.raises(Malformed):
        from_qr(spelled(replace(part, **change)))


@pytest.mark.parametrize("text", ["", "E1", "E1:", "E1:%", "R1:00", "e1:00", to_qrs(MESSAGE)[0][:-1]])
def test_what_is_no_part_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        from_qr(text)
