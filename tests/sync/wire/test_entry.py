"""Entries: what is sealed reopens, what was not sealed does not; each claim is checked and each failure named."""

from __future__ import annotations

import hashlib
from itertools import pairwise

import pytest
from msgspec.structs import fields, replace

from sync.wire import cbor, cose, entry, facts
from sync.wire.cose import VerifyingKey
from sync.wire.errors import Malformed, NotAuthentic, WireError
from sync.wire.kinds import EntryKind, Grade, Unit
from tests.vectors.samples import (
    BLINDING_KEY,
    CREDENTIAL_HASH,
    DEVICE,
    DEVICE_KEY,
    FACTS,
    FIRST_HEAD,
    HOUSEHOLD_KEY,
    JOURNAL,
    LINES,
    OTHER_DEVICE_KEY,
    PRIVATE,
    PURCHASE,
    PURCHASE_ENTRY,
    draft,
)

KEY = VerifyingKey(DEVICE_KEY.public)


def reopened(
    stored: entry.EntryBytes, *, key: VerifyingKey = KEY, blinding_key: bytes | None = BLINDING_KEY
) -> entry.Entry:
    return entry.reopen(stored, key=key, blinding_key=blinding_key, what="entry 5")


def signed_again(payload: bytes) -> entry.EntryBytes:
    """`payload`, signed by the device although it should not be."""
    signature = DEVICE_KEY.sign(cose.to_be_signed(payload, public=DEVICE_KEY.public, context=entry.CONTEXT))
    return entry.EntryBytes(payload=payload, lines=None, private=None, signature=signature)


@pytest.mark.parametrize("each", JOURNAL, ids=lambda each: each.kind.name.lower())
def test_an_entry_of_each_kind_reopens_as_it_was_sealed(each: entry.Entry) -> None:
    assert reopened(each.stored) == each
    assert entry.EntryBytes.from_cbor(each.stored.to_cbor()) == each.stored


def test_each_kind_has_a_fact_and_a_sample() -> None:
    assert set(facts.FACT_OF_KIND) == set(EntryKind) == set(FACTS)
    assert [each.kind for each in JOURNAL] == list(EntryKind)


def test_entries_name_the_hash_of_the_one_before_and_the_first_the_credentials() -> None:
    assert (JOURNAL[0].sequence, JOURNAL[0].prev) == (0, CREDENTIAL_HASH)
    for before, each in pairwise(JOURNAL):
        assert (each.sequence, each.prev) == (before.sequence + 1, before.hash)
        assert each == replace(each, sequence=before.next_head.sequence, prev=before.next_head.prev)


def test_the_hash_is_of_what_is_signed_and_not_of_the_signature() -> None:
    signed = cose.to_be_signed(PURCHASE_ENTRY.stored.payload, public=DEVICE_KEY.public, context=entry.CONTEXT)
    assert PURCHASE_ENTRY.hash == hashlib.sha256(signed).digest()
    assert PURCHASE_ENTRY.stored.signature not in signed


def test_the_payload_is_the_record_of_the_table() -> None:
    for each in JOURNAL:
        payload = entry.Payload.from_cbor(each.stored.payload)
        assert payload.to_cbor() == each.stored.payload
        assert (payload.version, payload.device, payload.kind, payload.public) == (
            1,
            DEVICE,
            each.kind,
            each.fact,
        )


def test_an_interval_ends_span_seconds_later() -> None:
    assert entry.TimeInterval(not_before_s=100, span_s=30, grade=Grade.STATED).not_after_s == 130


def test_another_devices_key_does_not_open_it() -> None:
    with pytest.raises(NotAuthentic, match="entry 5: the signature does not hold"):
        reopened(PURCHASE_ENTRY.stored, key=VerifyingKey(OTHER_DEVICE_KEY.public))


def test_a_signature_of_another_entry_does_not_hold() -> None:
    with pytest.raises(NotAuthentic, match="signature"):
        reopened(replace(PURCHASE_ENTRY.stored, signature=JOURNAL[0].stored.signature))


def test_lines_that_were_not_signed_are_found() -> None:
    for lines in (None, b"\x80", entry.lines_bytes(LINES[:3])):
        with pytest.raises(NotAuthentic, match=r"entry 5\.lines: do not have the hash"):
            reopened(replace(PURCHASE_ENTRY.stored, lines=lines))
    with pytest.raises(NotAuthentic, match=r"entry 5\.lines"):
        reopened(replace(JOURNAL[0].stored, lines=entry.lines_bytes(LINES)))


def test_a_private_part_that_was_not_signed_is_found() -> None:
    for private in (None, replace(PRIVATE, household=518).to_cbor()):
        with pytest.raises(NotAuthentic, match=r"entry 5\.private: does not have the hash"):
            reopened(replace(PURCHASE_ENTRY.stored, private=private))
    with pytest.raises(NotAuthentic, match=r"entry 5\.private"):
        reopened(PURCHASE_ENTRY.stored, blinding_key=bytes(32))


def test_a_third_party_verifies_without_the_private_part_but_cannot_check_a_given_one() -> None:
    seen = reopened(replace(PURCHASE_ENTRY.stored, private=None), blinding_key=None)
    assert (seen.fact, seen.lines, seen.private, seen.hash) == (PURCHASE, LINES, None, PURCHASE_ENTRY.hash)
    with pytest.raises(NotAuthentic, match="cannot be checked without the blinding key"):
        reopened(PURCHASE_ENTRY.stored, blinding_key=None)


def test_the_private_hash_shows_nothing_without_the_key_and_never_repeats() -> None:
    private = PRIVATE.to_cbor()
    hashes = {entry.blinded_hash(private, sequence, BLINDING_KEY) for sequence in range(50)}
    assert len(hashes) == 50
    assert hashlib.sha256(private).digest() not in hashes


def test_only_a_purchase_is_proven_and_the_proof_stays_in_the_private_part() -> None:
    assert PURCHASE_ENTRY.private is not None
    assert len(PURCHASE_ENTRY.private.proof or b"") == 8
    assert HOUSEHOLD_KEY not in PURCHASE_ENTRY.stored.to_cbor()
    for broken in (
        replace(draft(EntryKind.INQUIRY), proof_key=HOUSEHOLD_KEY),
        replace(draft(EntryKind.PURCHASE), private=None),
        replace(draft(EntryKind.PURCHASE), lines=None),
    ):
        with pytest.raises(AssertionError):
            entry.seal(broken, FIRST_HEAD, device=DEVICE, key=DEVICE_KEY, blinding_key=BLINDING_KEY)


def test_a_proof_leaves_the_rest_of_the_private_part_as_it_is() -> None:
    said = entry.PrivatePart(household=517, card=90_001, code="40271835", code_entry=6, code_hash=bytes(16))
    assert [field.name for field in fields(said) if getattr(said, field.name) is None] == ["proof"]
    sealed = entry.seal(
        replace(draft(EntryKind.PURCHASE), private=said),
        FIRST_HEAD,
        device=DEVICE,
        key=DEVICE_KEY,
        blinding_key=BLINDING_KEY,
    )
    assert sealed.private is not None
    assert replace(sealed.private, proof=None) == said


def test_a_purchase_by_code_carries_no_proof() -> None:
    by_code = replace(draft(EntryKind.PURCHASE), proof_key=None)
    sealed = entry.seal(by_code, FIRST_HEAD, device=DEVICE, key=DEVICE_KEY, blinding_key=BLINDING_KEY)
    assert sealed.private == PRIVATE
    assert reopened(sealed.stored) == sealed


@pytest.mark.parametrize(
    ("field", "value", "where"),
    [
        (0, 2, "entry 5.version"),
        (4, 18, "entry 5.kind"),
        (4, 9, "entry 5.public"),
        (5, [1, 2], "entry 5.time"),
        (5, [1, 2, 4], "entry 5.time.grade"),
        (7, {}, "entry 5.public"),
        (7, {0: -1}, "entry 5.public.failures"),
        (8, b"", "entry 5.lines_hash"),
        (10, 0, "entry 5"),
    ],
)
def test_a_payload_that_breaks_the_format_is_named_even_when_it_is_signed(
    field: int, value: object, where: str
) -> None:
    payload = cbor.decode(JOURNAL[5].stored.payload, where="", bytes_max=999) | {field: value}
    with pytest.raises(Malformed) as raised:
        reopened(signed_again(cbor.encode(dict(sorted(payload.items())))))
    assert raised.value.where == where


def test_a_signed_payload_in_another_spelling_is_refused() -> None:
    payload = JOURNAL[1].stored.payload
    with pytest.raises(Malformed, match="left over"):
        reopened(signed_again(payload + b"\0"))
    longer = payload.replace(b"\x02\x01\x03\x58\x20", b"\x02\x18\x01\x03\x58\x20")
    with pytest.raises(Malformed, match=r"entry 5\.sequence"):
        reopened(signed_again(longer))


def test_lines_are_bounded() -> None:
    many = entry.lines_bytes(LINES[:1] * facts.LINES_MAX)
    assert len(entry.lines_from_bytes(many)) == facts.LINES_MAX
    with pytest.raises(AssertionError):
        entry.lines_bytes(LINES[:1] * (facts.LINES_MAX + 1))
    one_more = b"\x98" + bytes((facts.LINES_MAX + 1,)) + many[2:] + entry.lines_bytes(LINES[:1])[1:]
    with pytest.raises(Malformed, match="at most 99"):
        entry.lines_from_bytes(one_more)


@pytest.mark.parametrize("code", ["1234567a", "۱۲۳۴۵۶۷۸", "123456789", "", "-1234567"])
def test_a_one_time_code_is_digits(code: str) -> None:
    with pytest.raises(Malformed, match=r"PrivatePart\.code"):
        entry.PrivatePart.from_value({0: 517, 3: code})


@pytest.mark.parametrize(
    ("unit", "price_rial", "quantity", "total_rial"),
    [
        (Unit.GRAM, 890_000, 1_235, 1_099_150),
        (Unit.GRAM, 1, 499, 0),
        (Unit.GRAM, 1, 500, 1),
        (Unit.GRAM, 1_000, 1_001, 1_001),
        (Unit.PIECE, 1_150_000, 2, 2_300_000),
        (Unit.TRAY, 1_450_000, 1, 1_450_000),
        (Unit.PIECE, 1_150_000, 0, 0),
    ],
)
def test_a_lines_total_rounds_half_a_rial_up_for_weighed_goods(
    unit: Unit, price_rial: int, quantity: int, total_rial: int
) -> None:
    line = facts.Line(good=4, gtin=0, unit=unit, price_rial=price_rial, quantity=quantity)
    assert line.total_rial == total_rial


@pytest.mark.parametrize("sequence", [0, 3, 4, 7, 2**53 - 1])
def test_four_blinds_are_one_keyed_hash(sequence: int) -> None:
    """FORMAT.md, section 7, read once more."""
    four = hashlib.blake2b((sequence // 4).to_bytes(8, "big"), digest_size=64, key=BLINDING_KEY).digest()
    place = 16 * (sequence % 4)
    assert entry.blind(sequence, BLINDING_KEY) == four[place : place + 16]
    private = PURCHASE_ENTRY.stored.private
    assert private is not None
    blinded = hashlib.sha256(four[place : place + 16] + private).digest()
    assert entry.blinded_hash(private, sequence, BLINDING_KEY) == blinded


def flips(data: bytes) -> list[bytes]:
    return [
        data[:at] + bytes((data[at] ^ bit,)) + data[at + 1 :] for at in range(len(data)) for bit in (1, 0x80)
    ]


@pytest.mark.parametrize("part", ["payload", "lines", "private", "signature"])
def test_a_flipped_byte_anywhere_in_a_stored_entry_is_found_and_the_entry_named(part: str) -> None:
    for flipped in flips(getattr(PURCHASE_ENTRY.stored, part)):
        with pytest.raises(WireError) as raised:
            reopened(replace(PURCHASE_ENTRY.stored, **{part: flipped}))
        assert str(raised.value).startswith("entry 5")


def test_a_flipped_byte_anywhere_in_an_exported_entry_is_found() -> None:
    exported = PURCHASE_ENTRY.stored.to_cbor()
    for flipped in flips(exported):
        with pytest.raises(WireError):
            reopened(entry.EntryBytes.from_cbor(flipped))


@pytest.mark.parametrize("part", ["payload", "lines", "private", "signature"])
def test_a_part_cut_short_is_found(part: str) -> None:
    whole = getattr(PURCHASE_ENTRY.stored, part)
    for size in range(0, len(whole), 7):
        with pytest.raises(WireError):
            reopened(replace(PURCHASE_ENTRY.stored, **{part: whole[:size]}))
