"""Columns come back, have one spelling, and cannot make work without end."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.wire.batches.columns import ColumnReader, column, folded, pressed, unpressed
from sync.wire.errors import Malformed
from sync.wire.shapes import UINT_MAX
from tests.vectors.plain_lzma import plain_lzma

NUMBERS = st.lists(
    st.integers(0, UINT_MAX) | st.integers(0, 300) | st.integers(0, 40).map(lambda n: n * 10**8)
)


@given(NUMBERS)
def test_numbers_come_back(values: list[int]) -> None:
    assert ColumnReader(column(values)).take("x", len(values)) == values


@given(st.lists(st.integers(-(UINT_MAX // 2), UINT_MAX // 2)))
def test_signed_numbers_come_back(values: list[int]) -> None:
    assert ColumnReader(column(folded(values))).take_signed("x", len(values)) == values


@given(st.binary(max_size=12), st.integers(0, 4))
def test_a_column_that_is_read_has_the_one_spelling_of_its_numbers(data: bytes, count: int) -> None:
    reader = ColumnReader(data)
    with suppress(Malformed):
        assert column(reader.take("x", count)) + reader.rest() == data


@pytest.mark.parametrize(
    ("values", "data"),
    [
        ([], "00"),
        ([0, 0], "00"),
        ([255], "01ff"),
        ([256, 1], "0200010100"),
        ([70_001], "03711101"),
        ([10, 30], "090103"),
        ([1_000_000_000], "4901"),
        ([10_000_000_000], "490a"),
        ([0, 10], "090001"),
        ([UINT_MAX], "07ffffffffffff1f"),
    ],
)
def test_a_column_is_these_bytes(values: list[int], data: str) -> None:
    assert column(values).hex() == data


@pytest.mark.parametrize("most", [255, 2_550, 65_535])
def test_the_largest_number_of_a_width_is_held_against_the_bound_too(most: int) -> None:
    assert ColumnReader(column([1, most])).take("x", 2, most) == [1, most]
    assert ColumnReader(column([most])).take("x", 1, most + 1) == [most]
    with pytest.raises(Malformed, match=r"^\.x: not integers from 0 to "):
        ColumnReader(column([most])).take("x", 1, most - 1)


def test_a_number_may_be_the_largest_and_no_larger() -> None:
    assert ColumnReader(column([9, 200])).take("x", 2, 200) == [9, 200]
    for most in (199, -1):
        with pytest.raises(Malformed, match=r"^\.x: "):
            ColumnReader(column([9, 200])).take("x", 2, most)
    with pytest.raises(Malformed, match="refers to nothing"):
        ColumnReader(column([0])).take("x", 1, -1)
    assert ColumnReader(column([])).take("x", 0, -1) == []


@given(st.binary(max_size=2000))
def test_what_was_pressed_comes_back(data: bytes) -> None:
    for made in (pressed(data), plain_lzma(data)):
        assert unpressed(made, bytes_max=len(data), where="") == data
        with pytest.raises(Malformed):
            unpressed(made + b"\x00", bytes_max=len(data), where="")
        with pytest.raises(Malformed):
            unpressed(made[:-1], bytes_max=len(data), where="")


def test_a_bomb_stops_at_the_bound() -> None:
    made = pressed(bytes(64 << 20))
    for most in (0, 1 << 20):
        with pytest.raises(Malformed, match=f"more than the {most} bytes"):
            unpressed(made, bytes_max=most, where="")


@given(st.binary(max_size=60))
def test_chance_bytes_are_no_stream(data: bytes) -> None:
    with pytest.raises(Malformed, match=r"^columns: "):
        unpressed(data, bytes_max=100, where="columns")
