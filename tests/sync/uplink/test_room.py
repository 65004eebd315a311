"""What is sent at once follows what got through, and is bounded both ways."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.uplink.room import ROOM_BYTES_FIRST, ROOM_BYTES_LEAST, ROOM_BYTES_MOST, Room


def test_a_break_halves_and_an_exchange_that_needed_half_doubles() -> None:
    room = Room()
    room.broke()
    assert room.size_bytes == ROOM_BYTES_FIRST // 2
    room.got_through(ROOM_BYTES_FIRST // 4)
    assert room.size_bytes == ROOM_BYTES_FIRST


@pytest.mark.parametrize(("went_bytes", "grows"), [(8_191, False), (8_192, True), (8_193, True)])
def test_small_exchanges_prove_nothing(went_bytes: int, grows: bool) -> None:
    room = Room()
    room.got_through(went_bytes)
    assert (room.size_bytes > ROOM_BYTES_FIRST) is grows


@given(st.lists(st.one_of(st.none(), st.integers(0, 1 << 22))))
def test_the_room_stays_within_its_bounds(happened: list[int | None]) -> None:
    room = Room()
    for one in happened:
        if one is None:
            room.broke()
        else:
            room.got_through(one)
        assert ROOM_BYTES_LEAST <= room.size_bytes <= ROOM_BYTES_MOST


@pytest.mark.parametrize(
    ("packed_bytes", "entries", "fits"),
    [(ROOM_BYTES_FIRST, 9, True), (ROOM_BYTES_FIRST + 1, 9, False), (1 << 20, 1, True), (0, 0, True)],
)
def test_a_batch_fits_by_its_bytes_and_one_entry_always(packed_bytes: int, entries: int, fits: bool) -> None:
    assert Room().fits(packed_bytes, entries) is fits


@given(packed_bytes=st.integers(1, 1 << 20), entries=st.integers(1, 200), most=st.integers(1, 200))
def test_the_last_batch_is_the_measure_of_the_next(packed_bytes: int, entries: int, most: int) -> None:
    room = Room()
    room.fits(packed_bytes, entries)
    tried = room.entries(most)
    assert 1 <= tried <= most
    assert tried == 1 or tried * packed_bytes // entries <= ROOM_BYTES_FIRST
