"""Receipts: paper that proves itself to anybody with the root's delegations, and fits on 58 mm."""

from __future__ import annotations

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sync.wire import base45, cbor, entry, facts, receipt_qr
from sync.wire.credential import TrustedKeys
from sync.wire.entry import pack_lines
from sync.wire.errors import Malformed, NotAuthentic, WireError
from sync.wire.kinds import EntryKind, Grade
from tests.vectors.samples import (
    BLINDING_KEY,
    DEVICE,
    DEVICE_KEY,
    FIRST_HEAD,
    JOURNAL,
    LINES,
    MANDATED_SLIM,
    PRIVATE,
    PURCHASE,
    PURCHASE_ENTRY,
    SLIM,
    TRUSTED,
    UNTIL_S,
    draft,
)

QR = receipt_qr.to_qr(PURCHASE_ENTRY, SLIM)
PAPER_DOTS = 384
DOTS_PER_MODULE = 4
QUIET_MODULES = 4


def sealed(*, lines: int, legs: int = 1) -> entry.Entry:
    fact = replace(PURCHASE, legs=PURCHASE.legs * legs)
    said = replace(draft(EntryKind.PURCHASE), fact=fact, lines=pack_lines(LINES[:1] * lines))
    return entry.seal(said, FIRST_HEAD, device=DEVICE, key=DEVICE_KEY, blinding_key=BLINDING_KEY)


def width_dots(text: str) -> int:
    code = segno.make(text, error="m", boost_error=False, micro=False)
    return DOTS_PER_MODULE * (len(code.matrix) + 2 * QUIET_MODULES)


def test_a_receipt_proves_the_purchase_with_its_lines() -> None:
    read = receipt_qr.verify(QR, TRUSTED)
    assert (read.slim, read.sequence, read.time) == (SLIM, PURCHASE_ENTRY.sequence, PURCHASE_ENTRY.time)
    assert (read.fact, read.lines, read.hash) == (PURCHASE, LINES, PURCHASE_ENTRY.hash)


def test_nothing_of_the_household_stands_on_paper() -> None:
    data = base45.decode(QR[3:], where="it")
    assert PURCHASE_ENTRY.stored.private is not None
    assert PURCHASE_ENTRY.stored.private not in data
    assert cbor.encode(PRIVATE.card) not in data


@pytest.mark.parametrize("each", JOURNAL, ids=lambda each: each.kind.name.lower())
def test_an_entry_of_each_kind_can_stand_on_paper(each: entry.Entry) -> None:
    read = receipt_qr.verify(receipt_qr.to_qr(each, SLIM), TRUSTED)
    assert (read.fact, read.hash, read.lines or ()) == (each.fact, each.hash, each.lines)


def test_lines_that_do_not_fit_are_replaced_by_their_hash() -> None:
    with_lines = [
        receipt_qr.verify(receipt_qr.to_qr(sealed(lines=count), SLIM), TRUSTED).lines
        for count in range(1, 30)
    ]
    assert with_lines[0] == LINES[:1]
    assert with_lines[-1] is None
    assert sealed(lines=29).hash == receipt_qr.verify(receipt_qr.to_qr(sealed(lines=29), SLIM), TRUSTED).hash


@pytest.mark.parametrize("lines", [1, 4, 8, 9, 10, 11, 29, facts.LINES_MAX])
def test_a_receipt_fits_on_58_mm_paper_at_four_dots_a_module(lines: int) -> None:
    text = receipt_qr.to_qr(sealed(lines=lines), SLIM)
    assert len(base45.decode(text[3:], where="it")) <= receipt_qr.FITS_BYTES <= 489
    assert width_dots(text) <= PAPER_DOTS


def test_the_bound_is_the_largest_that_fits() -> None:
    assert width_dots("R1:" + base45.encode(bytes(receipt_qr.FITS_BYTES))) <= PAPER_DOTS
    assert width_dots("R1:" + base45.encode(bytes(receipt_qr.FITS_BYTES + 1))) > PAPER_DOTS


def test_the_most_legs_still_verify() -> None:
    widest = facts.Leg(allowance=2**53 - 1, amount_rial=10**14, left_rial=10**14)
    fact = replace(PURCHASE, legs=(widest,) * facts.LEGS_MAX)
    said = replace(draft(EntryKind.PURCHASE), fact=fact)
    made = entry.seal(said, FIRST_HEAD, device=DEVICE, key=DEVICE_KEY, blinding_key=BLINDING_KEY)
    assert receipt_qr.verify(receipt_qr.to_qr(made, SLIM), TRUSTED).fact == fact


@pytest.mark.parametrize("made", [PURCHASE_ENTRY, sealed(lines=40), JOURNAL[1]])
def test_a_flipped_byte_anywhere_in_a_receipt_is_found(made: entry.Entry) -> None:
    data = base45.decode(receipt_qr.to_qr(made, SLIM)[3:], where="it")
    for at in range(len(data)):
        text = receipt_qr.PREFIX + base45.encode(data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :])
        with pytest.raises(WireError):
            receipt_qr.verify(text, TRUSTED)


def test_a_receipt_of_an_unknown_issuer_is_refused() -> None:
    with pytest.raises(NotAuthentic, match="key 2 is not delegated for credential"):
        receipt_qr.verify(QR, TrustedKeys(TRUSTED.root, ()))


@pytest.mark.parametrize(
    "text", ["", "R1", "R1:", "C1:" + QR[3:], QR[:-1], QR + "00", "R1:" + base45.encode(bytes(3000))]
)
def test_what_is_no_receipt_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        receipt_qr.verify(text, TRUSTED)


@given(st.binary(max_size=200))
def test_chance_bytes_raise_wire_errors_only(data: bytes) -> None:
    with pytest.raises(WireError):
        receipt_qr.verify("R1:" + base45.encode(data), TRUSTED)


@pytest.mark.parametrize(("late_s", "holds"), [(-1, True), (0, True), (1, False)])
def test_a_receipt_made_after_the_credentials_end_proves_nothing(late_s: int, holds: bool) -> None:
    time = entry.TimeInterval(not_before_s=UNTIL_S + late_s, span_s=0, grade=Grade.TRUSTED)
    said = replace(draft(EntryKind.PURCHASE), time=time)
    made = entry.seal(said, FIRST_HEAD, device=DEVICE, key=DEVICE_KEY, blinding_key=BLINDING_KEY)
    if holds:
        assert receipt_qr.verify(receipt_qr.to_qr(made, SLIM), TRUSTED).time == time
        return
    with pytest.raises(NotAuthentic, match="credential had ended"):
        receipt_qr.verify(receipt_qr.to_qr(made, SLIM), TRUSTED)


@pytest.mark.parametrize("lines", [1, 4, 10, facts.LINES_MAX])
def test_a_receipt_under_a_mandate_fits_on_58_mm_paper_at_level_l(lines: int) -> None:
    text = receipt_qr.to_qr(sealed(lines=lines), MANDATED_SLIM)
    code = segno.make(text, error="l", boost_error=False, micro=False)
    assert DOTS_PER_MODULE * (len(code.matrix) + 2 * QUIET_MODULES) <= PAPER_DOTS
    read = receipt_qr.verify(text, TRUSTED)
    assert (read.slim, read.hash) == (MANDATED_SLIM, sealed(lines=lines).hash)


def test_the_bound_under_a_mandate_is_the_largest_that_fits() -> None:
    for more, version in ((0, 17), (1, 18)):
        text = "R1:" + base45.encode(bytes(receipt_qr.room_bytes(MANDATED_SLIM) + more))
        assert segno.make(text, error="l", boost_error=False, micro=False).version == version
    assert receipt_qr.room_bytes(SLIM) == receipt_qr.FITS_BYTES
