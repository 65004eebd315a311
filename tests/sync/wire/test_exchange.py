"""Batches: entries come back byte for byte, a flipped byte is found and named, and no bytes can make work without end."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sync.wire import cbor, entry, exchange
from sync.wire.cose import VerifyingKey
from sync.wire.entry import Entry, EntryBytes, Head
from sync.wire.errors import Malformed, NotAuthentic, WireError
from tests.vectors.samples import (
    BLINDING_KEY,
    CREDENTIAL_HASH,
    DEVICE,
    DEVICE_KEY,
    FIRST_HEAD,
    JOURNAL,
    octets,
)

KEY = VerifyingKey(DEVICE_KEY.public)
STORED = [each.stored for each in JOURNAL]
BATCH = exchange.pack_batch(STORED)


def opened(
    batch: bytes, base: Head = FIRST_HEAD, *, device: int = DEVICE, blinding_key: bytes = BLINDING_KEY
) -> list[Entry]:
    return exchange.open_batch(batch, base, device=device, key=KEY, blinding_key=blinding_key)


def unpacked(batch: bytes, base: Head = FIRST_HEAD) -> list[EntryBytes]:
    return list(exchange.unpack_batch(batch, base, device=DEVICE, key=KEY, blinding_key=BLINDING_KEY))


def inflated(batch: bytes) -> bytes:
    return zlib.decompress(batch, -15)


def deflated(data: bytes) -> bytes:
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    return compressor.compress(data) + compressor.flush()


def refusal(batch: bytes) -> str | None:
    try:
        opened(batch)
    except WireError as error:
        return str(error)
    return None


def test_entries_come_back_byte_for_byte_and_verified() -> None:
    assert opened(BATCH) == list(JOURNAL)
    assert unpacked(BATCH) == STORED


def test_a_batch_may_begin_anywhere_and_be_empty() -> None:
    base = JOURNAL[6].next_head
    assert opened(exchange.pack_batch(STORED[7:12]), base) == list(JOURNAL[7:12])
    assert opened(exchange.pack_batch([])) == []


def test_what_the_receiver_can_compute_is_not_sent() -> None:
    sent = inflated(BATCH)
    for each in JOURNAL:
        assert each.hash not in sent
        assert each.prev not in sent or each.sequence == 0


def test_another_base_device_or_blinding_key_makes_the_first_affected_entry_fail() -> None:
    for base in (Head(1, CREDENTIAL_HASH), Head(0, bytes(32))):
        with pytest.raises(NotAuthentic, match=f"entry {base.sequence}: "):
            opened(BATCH, base)
    with pytest.raises(NotAuthentic, match="entry 0: "):
        opened(BATCH, device=DEVICE + 1)
    with pytest.raises(NotAuthentic, match="entry 5: "):
        opened(BATCH, blinding_key=bytes(32))


def test_an_entry_left_out_or_swapped_is_found() -> None:
    with pytest.raises(NotAuthentic, match="entry 3: "):
        opened(exchange.pack_batch(STORED[:3] + STORED[4:]))
    with pytest.raises(NotAuthentic, match="entry 3: "):
        opened(exchange.pack_batch([*STORED[:3], STORED[4], STORED[3], *STORED[5:]]))


def test_a_flipped_byte_anywhere_in_a_batch_is_found_and_named() -> None:
    for at in range(len(BATCH)):
        flipped = BATCH[:at] + bytes((BATCH[at] ^ 0x10,)) + BATCH[at + 1 :]
        refused = refusal(flipped)
        if refused is None:
            assert inflated(flipped) == inflated(BATCH), "another spelling of the same deflated bytes"
        else:
            assert refused.startswith(("batch", "entry"))


def test_a_flipped_byte_anywhere_in_the_inflated_batch_is_found_and_the_entry_named() -> None:
    few = exchange.pack_batch(STORED[:10])
    data = inflated(few)
    for at in range(len(data)):
        flipped = deflated(data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :])
        with pytest.raises(WireError) as raised:
            opened(flipped)
        assert "entry" in str(raised.value) or at == 0


def test_a_truncated_batch_is_found() -> None:
    for size in range(len(BATCH)):
        with pytest.raises(Malformed, match=r"^batch: "):
            opened(BATCH[:size])


def test_bytes_left_over_are_found() -> None:
    with pytest.raises(Malformed, match="batch"):
        opened(BATCH + b"\0")
    with pytest.raises(Malformed, match="1 bytes are left over"):
        opened(deflated(inflated(BATCH) + b"\0"))


def test_a_bomb_stops_at_the_bound() -> None:
    for size in (exchange.BATCH_BYTES_MAX + 1, 64 << 20):
        with pytest.raises(Malformed, match="over 1048576 bytes inflated"):
            opened(deflated(bytes(size)))
    with pytest.raises(Malformed, match="not an array"):
        opened(deflated(bytes(exchange.BATCH_BYTES_MAX - 1)))


def test_too_many_entries_are_refused_by_both_sides() -> None:
    row = inflated(exchange.pack_batch(STORED[1:2]))[1:]
    many = deflated(cbor.head(cbor.ARRAY, 201) + row * 201)
    with pytest.raises(Malformed, match="at most 200"):
        opened(many)
    with pytest.raises(Malformed, match="at most 200"):
        unpacked(many)
    with pytest.raises(AssertionError):
        exchange.pack_batch(STORED[1:2] * 201)
    assert len(unpacked(exchange.pack_batch(STORED[1:2] * 200))) == 200


@pytest.mark.parametrize(
    "batch",
    [b"", b"\xff\xff", deflated(b"\xa0"), deflated(b""), deflated(b"\x81\x80"), deflated(b"\x81\x00")],
)
def test_what_is_no_batch_is_refused(batch: bytes) -> None:
    with pytest.raises(Malformed):
        opened(batch)
    with pytest.raises(Malformed):
        unpacked(batch)


def test_an_entry_that_is_not_understood_is_named_and_the_ones_behind_it_can_still_be_rebuilt() -> None:
    rows = cbor.decode(inflated(BATCH), where="", bytes_max=1 << 20)
    rows[1][0] = 21
    batch = deflated(cbor.encode(rows))
    with pytest.raises(Malformed) as raised:
        opened(batch)
    assert raised.value.where == "batch.entry 1.kind"
    rebuilt = unpacked(batch)
    assert (rebuilt[0], len(rebuilt)) == (STORED[0], len(STORED))
    with pytest.raises(Malformed, match=r"entry 1\.kind"):
        entry.reopen(rebuilt[1], key=KEY, blinding_key=BLINDING_KEY, what="entry 1")


def test_a_stored_entry_that_is_no_cbor_is_not_packed() -> None:
    with pytest.raises(Malformed):
        exchange.pack_batch([replace(STORED[1], payload=b"\xff")])
    with pytest.raises(AssertionError):
        exchange.pack_batch([replace(STORED[8], lines=b"\x82\x00")])


@given(st.binary(max_size=300))
def test_chance_bytes_raise_wire_errors_only(data: bytes) -> None:
    for batch in (data, deflated(data), deflated(b"\x81\x87" + data)):
        with pytest.raises(WireError):
            opened(batch, Head(1, bytes(32)))


@given(st.data())
def test_open_and_unpack_with_reopen_agree_on_mutated_batches(data: st.DataObject) -> None:
    whole = bytearray(inflated(BATCH))
    for _ in range(data.draw(st.integers(1, 3))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    batch = deflated(bytes(whole))

    def slowly() -> list[Entry]:
        return [
            entry.reopen(stored, key=KEY, blinding_key=BLINDING_KEY, what="entry")
            for stored in unpacked(batch)
        ]

    if refusal(batch) is None:
        assert opened(batch) == slowly()
    else:
        with pytest.raises(WireError):
            slowly()


def test_requests_and_answers_come_back() -> None:
    request = exchange.ExchangeRequest(
        version=1, device=DEVICE, nonce=bytes(16), mail_number=3, mail_hash=octets("mail", 32), epoch=1, base=0,
        base_prev=CREDENTIAL_HASH, batch=BATCH,
    )  # fmt: skip
    answer = exchange.ExchangeAnswer(
        version=1, device=DEVICE, nonce=bytes(16), epoch=1, statement=9, held=19, head=JOURNAL[-1].hash,
        mail=(b"message",), mail_last=4, now_s=1_767_850_200,
    )  # fmt: skip
    assert exchange.ExchangeRequest.from_cbor(request.to_cbor()) == request
    assert exchange.ExchangeAnswer.from_cbor(answer.to_cbor()) == answer
    with pytest.raises(AssertionError):
        replace(answer, mail=(b"",) * 51).to_cbor()
