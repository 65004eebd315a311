"""RFC 8949, 4.2.1: one spelling for each value, and each way of being malformed is refused and named."""

from __future__ import annotations

from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.wire import cbor
from sync.wire.errors import Malformed

KEYS = st.one_of(st.integers(0, 23), st.integers(-24, -1))


def in_order(pairs: dict[int, Any]) -> dict[int, Any]:
    return dict(sorted(pairs.items(), key=lambda pair: cbor.encode(pair[0])))


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-cbor.INTEGER_MAX, cbor.INTEGER_MAX)
    | st.binary(max_size=300)
    | st.text(max_size=300),
    lambda inner: st.lists(inner, max_size=30) | st.dictionaries(KEYS, inner).map(in_order),
    max_leaves=20,
)


def decoded(data: str, bytes_max: int = 100) -> Any:
    return cbor.decode(bytes.fromhex(data), where="it", bytes_max=bytes_max)


def why(data: str, bytes_max: int = 100) -> str:
    with pytest.raises(Malformed) as raised:
        decoded(data, bytes_max)
    assert raised.value.where == "it"
    return raised.value.why


@pytest.mark.parametrize(
    ("data", "value"),
    [
        ("00", 0),
        ("17", 23),
        ("1818", 24),
        ("18ff", 255),
        ("190100", 256),
        ("19ffff", 65_535),
        ("1a00010000", 65_536),
        ("1affffffff", 2**32 - 1),
        ("1b0000000100000000", 2**32),
        ("1b001fffffffffffff", 2**53 - 1),
        ("20", -1),
        ("3863", -100),
        ("3b001ffffffffffffe", -(2**53) + 1),
        ("40", b""),
        ("4401020304", b"\1\2\3\4"),
        ("60", ""),
        ("62c3bc", "ü"),
        ("63e6b0b4", "水"),
        ("80", []),
        ("83010203", [1, 2, 3]),
        ("a0", {}),
        ("a201022003", {1: 2, -1: 3}),
        ("f4", False),
        ("f5", True),
        ("f6", None),
    ],
)
def test_each_value_has_the_spelling_of_the_rfc(data: str, value: object) -> None:
    assert cbor.encode(value).hex() == data
    read = decoded(data)
    assert read == value
    assert type(read) is type(value)


@given(VALUES)
def test_what_is_written_reads_back_and_an_outside_library_writes_and_reads_the_same(value: Any) -> None:
    data = cbor.encode(value)
    assert data == cbor2.dumps(value)
    assert cbor2.loads(data) == value
    assert cbor.decode(data, where="it", bytes_max=len(data)) == value


@given(st.binary(max_size=40))
def test_what_is_accepted_is_the_only_spelling_of_its_value(data: bytes) -> None:
    try:
        value = cbor.decode(data, where="it", bytes_max=40)
    except Malformed:
        return
    assert cbor.encode(value) == data


@pytest.mark.parametrize(
    "data",
    [
        "1817",
        "1900ff",
        "1a0000ffff",
        "1b00000000ffffffff",
        "3817",
        "5800",
        "7817" + "61" * 23,
        "9800",
        "b800",
        "b90001",
    ],
)
def test_a_number_not_in_its_shortest_spelling_is_refused(data: str) -> None:
    assert why(data) == "byte 0 begins no number in its shortest spelling"


@pytest.mark.parametrize("data", ["1c", "1d", "1e", "3f", "5f4100ff", "7f6100ff", "9f00ff", "bf0000ff"])
def test_reserved_and_indefinite_lengths_are_refused(data: str) -> None:
    assert why(data) == "byte 0 begins no number in its shortest spelling"


@pytest.mark.parametrize(
    "data", ["f7", "e0", "f818", "f90000", "fa00000000", "fb0000000000000000", "ff", "c000", "d81c80"]
)
def test_floats_tags_undefined_and_breaks_are_refused(data: str) -> None:
    assert why(data) == "byte 0 begins a tag, float or other value that is not allowed"


def test_map_keys_ascend_and_none_repeats() -> None:
    assert why("a201000000") == "byte 3 is a map key that does not ascend"
    assert why("a200000000") == "byte 3 is a map key that does not ascend"
    assert why("a220000000") == "byte 3 is a map key that does not ascend"


@pytest.mark.parametrize("key", ["1818", "3818", "40", "60", "f5", "80"])
def test_map_keys_are_integers_of_one_byte(key: str) -> None:
    assert why(f"a1{key}00") == "byte 1 is no map key from -24 to 23"


@pytest.mark.parametrize(
    "data", ["", "18", "19ff", "1a0001", "1b00", "4201", "6261", "8201", "a1", "a100", "5bffffffffffffffff"]
)
def test_bytes_that_end_too_early_are_refused(data: str) -> None:
    assert why(data) == "the bytes end too early"


def test_a_count_beyond_the_bytes_costs_nothing() -> None:
    assert why("9bffffffffffffffff") == "the bytes end too early"
    assert why("bb7fffffffffffffff") == "the bytes end too early"


def test_bytes_left_over_are_refused() -> None:
    assert why("0001ff") == "2 bytes are left over"


def test_more_bytes_than_allowed_are_not_looked_at() -> None:
    assert decoded("4101", bytes_max=2) == b"\1"
    assert why("ffffff", bytes_max=2) == "3 bytes are more than the 2 allowed"


def test_a_text_is_utf8() -> None:
    assert why("62c328") == "byte 0 begins a text that is not UTF-8"
    assert why("8163eda080") == "byte 1 begins a text that is not UTF-8"


def test_nesting_is_bounded_when_reading_and_when_writing() -> None:
    deepest = "81" * cbor.DEPTH_MAX + "00"
    assert cbor.encode(decoded(deepest)).hex() == deepest
    assert why("81" + deepest) == f"byte {cbor.DEPTH_MAX} is nested too deeply"
    with pytest.raises(TypeError, match="deeply"):
        cbor.encode([decoded(deepest)])
    assert "deeply" in why("81" * 100_000, bytes_max=100_000)


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        {"1": 1},
        {True: 1},
        {24: 1},
        {-25: 1},
        {1: 1, 0: 1},
        {-1: 1, 0: 1},
        2**64,
        -(2**64) - 1,
        {1},
        object(),
    ],
)
def test_what_has_no_spelling_cannot_be_written(value: object) -> None:
    with pytest.raises(TypeError):
        cbor.encode(value)


@pytest.mark.parametrize("data", ["1b0020000000000000", "3b001fffffffffffff", "811bffffffffffffffff"])
def test_an_integer_that_not_every_language_holds_is_refused(data: str) -> None:
    assert "too large" in why(data)


def test_a_tuple_is_written_as_an_array() -> None:
    assert cbor.encode((1, (2,))) == cbor.encode([1, [2]])
