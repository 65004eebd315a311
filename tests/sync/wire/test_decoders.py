"""Every decoder of the wire, given any bytes: what it reads it writes again byte for byte, or it raises Malformed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.wire import card, catalog, credential, entry, exchange, facts, mail, policy, receipt_qr
from sync.wire.enrolling import enrollment_qr
from sync.wire.errors import Malformed
from sync.wire.record import Record
from tests.vectors.samples import BODIES, CARD, CATALOG, CREDENTIAL, DELEGATIONS, JOURNAL, POLICY, SLIM

SAMPLES: list[Record] = [
    *(each.fact for each in JOURNAL),
    *(each.private for each in JOURNAL if each.private is not None),
    *(each.stored for each in JOURNAL),
    *(entry.Payload.from_cbor(each.stored.payload) for each in JOURNAL),
    *BODIES.values(),
    *DELEGATIONS,
    CARD,
    CATALOG,
    CREDENTIAL,
    enrollment_qr.from_qr(enrollment_qr.to_qrs(bytes(900))[0]),
    POLICY,
    SLIM,
]
MODULES = (card, catalog, credential, enrollment_qr, entry, exchange, facts, mail, policy, receipt_qr)
RECORDS = sorted(
    {
        thing
        for module in MODULES
        for thing in vars(module).values()
        if isinstance(thing, type) and issubclass(thing, Record) and thing is not Record
    },
    key=lambda record: record.__name__,
)


def check(record: type[Record], data: bytes) -> None:
    try:
        read = record.from_cbor(data)
    except Malformed as error:
        named = error.where.startswith(record.__name__) and error.why != ""
    else:
        named = read.to_cbor() == data
    assert named


@settings(max_examples=300)
@given(st.data())
def test_a_mutated_record_is_refused_or_is_another_record(data: st.DataObject) -> None:
    sample = data.draw(st.sampled_from(SAMPLES))
    mutated = bytearray(sample.to_cbor())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(mutated) - 1))
        mutated[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
        mutated = mutated or bytearray(1)
    check(type(sample), bytes(mutated))


READABLE = [record for record in RECORDS if record.__name__ not in {"Record", "_ReadRow"}]


@pytest.mark.parametrize("record", READABLE, ids=lambda record: record.__name__)
@settings(max_examples=25)
@given(data=st.binary(max_size=60))
def test_chance_bytes_are_refused_or_are_a_record(record: type[Record], data: bytes) -> None:
    check(record, data)
    check(record, bytes((0xA0 + len(record.fields),)) + data)


def test_all_records_are_tried() -> None:
    assert {type(sample).__name__ for sample in SAMPLES} <= {record.__name__ for record in READABLE}
    assert len(READABLE) > 40
