"""A carried file: its name, its bytes, and that nothing but the whole file for the right reader opens."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.wire import carried, cose, hpke
from sync.wire.carried import DEVICE_MAX, MESSAGES_MAX, NUMBER_MAX, Envelope, Place, place_of
from sync.wire.errors import Malformed, NotAuthentic, OtherReader, WireError
from sync.wire.kinds import Way
from tests.fakes.software_key import SoftwareKey

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

KEY = SoftwareKey("reader")
PLACE = Place(Way.QUESTION, 1001, 1)
MESSAGES = (b"first request", b"", b"third")


def sealed(messages: tuple[bytes, ...] = MESSAGES, place: Place = PLACE) -> bytes:
    return carried.seal(messages, place, KEY.exchange_public, ephemeral=b"\x07" * 32)


def opened(data: bytes, way: Way = Way.QUESTION) -> tuple[Place, tuple[bytes, ...]]:
    return carried.open_file(data, KEY, way=way)


def test_what_is_sealed_opens_with_its_place() -> None:
    assert opened(sealed()) == (PLACE, MESSAGES)
    back = Place(Way.ANSWER, 1002, NUMBER_MAX)
    assert opened(sealed((), back), Way.ANSWER) == (back, ())
    assert len(opened(sealed((b"",) * MESSAGES_MAX))[1]) == MESSAGES_MAX


def test_nothing_of_the_messages_can_be_seen() -> None:
    data = sealed((b"household 517" * 20,))
    assert b"household" not in data
    assert len(data) < 13 * 20 + 120


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("S1001.Q01", Place(Way.QUESTION, 1001, 1)),
        ("S1.A99", Place(Way.ANSWER, 1, 99)),
        ("s9999999.q10", Place(Way.QUESTION, DEVICE_MAX, 10)),
        ("S1001.Q00", None),
        ("S0.Q01", None),
        ("S01.Q01", None),
        ("S10000000.Q01", None),
        ("S1001.Q1", None),
        ("S1001.Q001", None),
        ("S1001.X01", None),
        ("S1001.NEW", None),
        ("S1001 (1).Q01", None),
        ("S۱۰۰۱.Q01", None),
        ("S1001.Q01\n", None),
        ("../S1001.Q01", None),
    ],
)
def test_a_name_says_way_device_and_number_or_is_not_ours(name: str, place: Place | None) -> None:
    assert place_of(name) == place
    if place is not None:
        assert place.name == name.upper()
        assert len(place.name.split(".")[0]) <= 8


@pytest.mark.parametrize("place", [Place(Way.ANSWER, DEVICE_MAX + 1, 1), Place(Way.ANSWER, 0, 1)])
def test_a_device_without_a_name_is_a_programmer_s_error(place: Place) -> None:
    with pytest.raises(AssertionError, match="devices are numbered"):
        _ = place.name


@pytest.mark.parametrize("number", [0, NUMBER_MAX + 1])
def test_so_is_a_file_number_that_no_name_holds(number: int) -> None:
    with pytest.raises(AssertionError, match="so many files"):
        _ = Place(Way.ANSWER, 1, number).name


def test_a_file_that_was_cut_anywhere_or_goes_on_is_refused() -> None:
    data = sealed()
    for length in range(len(data)):
        with pytest.raises(Malformed, match=r"^file"):
            opened(data[:length])
    with pytest.raises(Malformed):
        opened(data + b"\x00")


def test_each_bit_of_a_file_counts() -> None:
    data = sealed()
    for index in range(len(data)):
        for bit in (1, 0x80):
            with pytest.raises(WireError):
                opened(data[:index] + bytes((data[index] ^ bit,)) + data[index + 1 :])


def test_a_file_for_somebody_else_says_so() -> None:
    with pytest.raises(OtherReader, match="sealed to somebody else's key"):
        carried.open_file(sealed(), SoftwareKey("another"), way=Way.QUESTION)


def test_a_file_that_only_names_our_key_does_not_open() -> None:
    theirs = SoftwareKey("another")
    made = Envelope.from_cbor(carried.seal(MESSAGES, PLACE, theirs.exchange_public, ephemeral=b"\x07" * 32))
    forged = Envelope(
        magic=made.magic, way=made.way, device=made.device, number=made.number, key_id=cose.key_id(KEY.exchange_public),
        enc=made.enc, ciphertext=made.ciphertext,
    )  # fmt: skip
    with pytest.raises(NotAuthentic, match="altered, or sealed to another key"):
        opened(forged.to_cbor())


def test_an_answer_is_no_question_and_a_later_format_none_of_ours() -> None:
    with pytest.raises(Malformed, match="holds questions, not answers"):
        opened(sealed(), Way.ANSWER)
    data = sealed().replace(carried.MAGIC, b"sofreh-carried-2")
    with pytest.raises(Malformed, match="not that of a carried file of this version"):
        opened(data)


def test_bounds_hold_for_who_writes_and_who_reads() -> None:
    with pytest.raises(AssertionError):
        sealed((b"",) * (MESSAGES_MAX + 1))
    with pytest.raises(AssertionError, match="a file is bounded"):
        sealed((bytes(carried.MESSAGE_BYTES_MAX),) * 2)
    with pytest.raises(Malformed, match="bytes are more than"):
        opened(bytes(carried.FILE_BYTES_MAX + 1))


def test_what_is_sealed_must_be_messages_too() -> None:
    covered = carried._covered(PLACE, cose.key_id(KEY.exchange_public))
    enc, ciphertext = hpke.seal(
        b"\xa0", KEY.exchange_public, info=carried.INFO, aad=covered, ephemeral=b"\x07" * 32
    )
    envelope = Envelope(
        magic=carried.MAGIC, way=PLACE.way, device=PLACE.device, number=PLACE.number, key_id=cose.key_id(KEY.exchange_public),
        enc=enc, ciphertext=ciphertext,
    )  # fmt: skip
    with pytest.raises(Malformed, match=r"^file\.messages"):
        opened(envelope.to_cbor())


@given(st.binary(max_size=200))
@settings(max_examples=100)
def test_nothing_else_leaves_whatever_lies_on_a_stick(data: bytes) -> None:
    with pytest.raises(WireError):
        opened(data)


@given(st.text(max_size=14))
def test_any_name_is_ours_or_not(name: str) -> None:
    place = place_of(name)
    assert place is None or place.name == name.upper()


def files_of(*messages: bytes) -> list[tuple[bytes, ...]]:
    async def each() -> AsyncIterator[bytes]:
        for message in messages:
            yield message

    async def all_of_them() -> list[tuple[bytes, ...]]:
        return [file async for file in carried.in_files(each())]

    return asyncio.run(all_of_them())


def test_messages_fill_one_file_after_the_other_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    assert files_of() == []
    assert files_of(b"a", b"b") == [(b"a", b"b")]
    assert [len(file) for file in files_of(*[b""] * (MESSAGES_MAX + 1))] == [MESSAGES_MAX, 1]
    monkeypatch.setattr(carried, "SEALED_BYTES_MAX", carried.HEADS_BYTES_MAX + 10)
    for size, counts in ((5, [2, 1]), (6, [1, 1, 1]), (11, [1, 1, 1])):
        assert [len(file) for file in files_of(*[bytes(size)] * 3)] == counts


def test_the_fullest_file_can_be_sealed() -> None:
    """What CBOR spends on the messages' lengths is within what is kept free for it."""
    size = (carried.SEALED_BYTES_MAX - carried.HEADS_BYTES_MAX) // MESSAGES_MAX
    (file,) = files_of(*[bytes(size)] * MESSAGES_MAX)
    assert opened(sealed(file))[1] == file
