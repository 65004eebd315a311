"""Records: numbered fields with bounds; the field that breaks them is named; only one spelling is read."""

from __future__ import annotations

import pickle
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sync.wire import cbor, facts
from sync.wire.errors import Malformed
from sync.wire.record import Record, array_record, item, record
from sync.wire.shapes import (
    chosen_by,
    digits,
    flag,
    list_of,
    nested,
    octets,
    one_of,
    optional,
    sint,
    text,
    uint,
    verbatim,
    with_bytes,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from sync.wire.compiled import Field


class Color(IntEnum):
    RED = 0
    FAR = 300


@array_record
class Point(Record):
    x: int = item(0, uint(1000))
    y: int | None = item(1, optional(sint(1000)), default=None)


@record
class Name(Record):
    name: str = item(0, text(3))


@record
class Everything(Record):
    number: int = item(0, uint())
    signed: int = item(1, sint())
    right: bool = item(2, flag())
    hash: bytes = item(3, octets(32))
    data: bytes = item(4, octets(most=300))
    label: str = item(5, text(5))
    code: str | None = item(6, optional(digits(4)), default=None)
    color: Color = item(7, one_of(Color))
    point: Point = item(8, nested(Point))
    points: tuple[Point, ...] = item(9, list_of(nested(Point), 3))
    numbers: tuple[int, ...] | None = item(10, optional(list_of(uint(9), 30)), default=None)
    body: Point | Name = item(11, chosen_by("color", {Color.RED: Point, Color.FAR: Name}))
    raw: bytes | None = item(12, optional(verbatim()), default=None)


@array_record
class Seen(Record):
    point: tuple[Point, bytes] = item(0, with_bytes(nested(Point)))


WHOLE = Everything(
    number=2**53 - 1, signed=-(2**53) + 1, right=True, hash=bytes(32), data=b"d" * 300, label="نمونه", code="0042",
    color=Color.FAR, point=Point(x=1000, y=-1), points=(Point(x=0), Point(x=24, y=1000)), numbers=(0, 9) * 15,
    body=Name(name="abc"), raw=bytes.fromhex("820102"),
)  # fmt: skip
SPARSE = replace(WHOLE, code=None, numbers=None, raw=None, color=Color.RED, body=Point(x=1), right=False)


def refusal(value: object, where: str = "") -> Malformed:
    with pytest.raises(Malformed) as raised:
        Everything.from_value(value, where)
    return raised.value


@pytest.mark.parametrize("each", [WHOLE, SPARSE])
def test_a_record_reads_back_as_it_was_written(each: Everything) -> None:
    assert Everything.from_cbor(each.to_cbor()) == each
    assert Everything.from_value(each.to_value()) == each
    assert cbor.encode(each.to_value()) == each.to_cbor()


def test_optional_fields_are_left_out_of_a_map_and_null_in_an_array() -> None:
    assert sorted(SPARSE.to_value()) == [0, 1, 2, 3, 4, 5, 7, 8, 9, 11]
    assert Point(x=7).to_value() == [7, None]
    assert Point.from_value([7, None]) == Point(x=7)


@pytest.mark.parametrize(
    ("key", "wrong", "where"),
    [
        (0, -1, ".number"),
        (0, 2**53, ".number"),
        (0, True, ".number"),
        (0, "1", ".number"),
        (1, -(2**53), ".signed"),
        (1, 2**53, ".signed"),
        (1, False, ".signed"),
        (2, 1, ".right"),
        (2, None, ".right"),
        (3, bytes(31), ".hash"),
        (3, bytes(33), ".hash"),
        (3, "0" * 32, ".hash"),
        (4, bytes(301), ".data"),
        (4, 4, ".data"),
        (5, "123456", ".label"),
        (5, b"12", ".label"),
        (6, "12345", ".code"),
        (6, "12a", ".code"),
        (6, "۱۲", ".code"),
        (6, "", ".code"),
        (6, None, ".code"),
        (7, 1, ".color"),
        (7, -1, ".color"),
        (7, 301, ".color"),
        (7, None, ".color"),
        (8, [1], ".point"),
        (8, [1, 2, 3], ".point"),
        (8, {0: 1}, ".point"),
        (8, [1001, None], ".point.x"),
        (8, [0, 1001], ".point.y"),
        (9, [[1, 2], [1, 2], [0, "y"]], ".points[2].y"),
        (9, [[1, 2]] * 4, ".points"),
        (9, {}, ".points"),
        (10, [1, 10], ".numbers[1]"),
        (10, None, ".numbers"),
        (11, [1, None], ".body"),
        (11, {0: "abcd"}, ".body.name"),
        (11, {}, ".body"),
    ],
)
def test_a_wrong_value_is_refused_and_its_field_named(key: int, wrong: object, where: str) -> None:
    refused = refusal(WHOLE.to_value() | {key: wrong})
    assert refused.where == f"Everything{where}"
    assert refusal(WHOLE.to_value() | {key: wrong}, "entry 7").where == f"entry 7{where}"


@pytest.mark.parametrize("field", Everything.fields)
def test_a_missing_field_is_refused_unless_it_is_optional(field: Field) -> None:
    key, name, shape = field.key, field.name, field.shape
    value = {each: part for each, part in WHOLE.to_value().items() if each != key}
    if shape.optional:
        assert getattr(Everything.from_value(value), name) is None
        return
    refused = refusal(value)
    assert refused.where in {f"Everything.{name}", "Everything"}
    assert refusal(value | {20: 0}).where in {f"Everything.{name}", "Everything"}


def test_an_unknown_field_number_is_refused() -> None:
    assert "field number" in refusal(SPARSE.to_value() | {13: 0}).why
    assert "not a map" in refusal(WHOLE.to_value() | {13: 0}).why
    assert "not a map" in refusal([1, 2]).why


def test_fields_out_of_order_or_repeated_are_refused() -> None:
    unsorted = b"\xa2\x01\x00\x00\x00"
    repeated = b"\xa2\x00\x61a\x00\x61a"
    with pytest.raises(Malformed):
        Name.from_cbor(repeated)
    with pytest.raises(Malformed):
        Everything.from_cbor(unsorted)
    late = SPARSE.to_cbor() + b"\x06\x6242"
    with pytest.raises(Malformed, match="unknown, repeated or unsorted field number 6"):
        Everything.from_cbor(bytes((late[0] + 1,)) + late[1:])


def test_a_value_that_has_no_cbor_is_malformed_too() -> None:
    assert refusal({0: 1.5}).why == "float is not allowed"


def test_a_record_may_be_read_with_the_bytes_of_a_part() -> None:
    assert Seen.from_cbor(b"\x81\x82\x05\xf6").point == (Point(x=5), b"\x82\x05\xf6")


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("number", -1),
        ("number", 2**53),
        ("number", True),
        ("number", None),
        ("signed", 2**53),
        ("right", 1),
        ("hash", bytes(31)),
        ("data", bytes(301)),
        ("data", bytearray(3)),
        ("label", "123456"),
        ("code", "12a"),
        ("color", 2),
        ("point", [1, 2]),
        ("points", [Point(x=1)]),
        ("points", (Point(x=1),) * 4),
        ("points", (Name(name=""),)),
        ("numbers", (10,)),
        ("body", Point(x=1)),
        ("raw", b"\x82\x01"),
        ("raw", "text"),
    ],
)
def test_what_reading_would_refuse_cannot_be_written(field: str, wrong: Any) -> None:
    broken = replace(WHOLE, **{field: wrong})
    with pytest.raises(AssertionError):
        broken.to_cbor()


@given(st.data())
def test_every_byte_of_a_record_matters(data: st.DataObject) -> None:
    written = WHOLE.to_cbor()
    at = data.draw(st.integers(0, len(written) - 1))
    flipped = bytearray(written)
    flipped[at] ^= data.draw(st.integers(1, 255))
    try:
        read = Everything.from_cbor(bytes(flipped))
    except Malformed:
        return
    assert read != WHOLE
    assert read.to_cbor() == flipped


@pytest.mark.parametrize("size", range(len(WHOLE.to_cbor())))
def test_a_record_cut_short_anywhere_is_refused(size: int) -> None:
    with pytest.raises(Malformed):
        Everything.from_cbor(WHOLE.to_cbor()[:size])


def test_more_bytes_than_allowed_are_refused() -> None:
    with pytest.raises(Malformed, match="more than the 2 allowed"):
        Point.from_cbor(Point(x=24, y=0).to_cbor(), bytes_max=2)


def test_field_numbers_ascend() -> None:
    class Unsorted(Record):
        b: int = item(1, uint())
        a: int = item(0, uint())

    with pytest.raises(AssertionError, match="ascend"):
        record(Unsorted)


def test_an_array_has_no_holes() -> None:
    class Holed(Record):
        a: int = item(0, uint())
        c: int = item(2, uint())

    with pytest.raises(AssertionError, match="no holes"):
        array_record(Holed)


def test_records_are_frozen_and_small() -> None:
    point = Point(x=1)
    with pytest.raises(AttributeError):
        point.x = 2
    assert not hasattr(point, "__dict__")


def test_a_record_is_a_value() -> None:
    leg = facts.Leg(allowance=1, amount_rial=2, left_rial=3)
    assert (
        leg
        == facts.Leg(allowance=1, amount_rial=2, left_rial=3)
        != facts.Leg(allowance=1, amount_rial=2, left_rial=4)
    )
    assert len({leg, pickle.loads(pickle.dumps(leg)), replace(leg)}) == 1
    assert repr(leg) == "Leg(allowance=1, amount_rial=2, left_rial=3)"
    assert leg != (1, 2, 3)


@pytest.mark.parametrize(
    "change", [lambda leg: setattr(leg, "left_rial", 9), lambda leg: delattr(leg, "left_rial")]
)
def test_a_record_cannot_be_changed(change: Callable[[facts.Leg], None]) -> None:
    with pytest.raises(AttributeError):
        change(facts.Leg(allowance=1, amount_rial=2, left_rial=3))


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"allowance": 1, "amount_rial": 2}, "left_rial"),
        ({"allowance": 1, "amount_rial": 2, "left_rial": 3, "more": 4}, "more"),
    ],
)
def test_a_record_takes_its_own_fields_only(values: dict[str, int], named: str) -> None:
    with pytest.raises(TypeError, match=named):
        facts.Leg(**values)
