"""Cards: the QR holds a signed number and secret; the bar code beside it only the number."""

from __future__ import annotations

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sync.wire import base45, card
from sync.wire.errors import Malformed, NotAuthentic, WireError
from tests.vectors.samples import CARD, CARD_SECRET, DELEGATED, MAIL_KEY, TRUSTED, UNTIL_S

QR = card.to_qr(CARD)


def test_a_card_reads_as_it_was_issued() -> None:
    assert card.from_qr(QR, TRUSTED) == CARD
    assert set(DELEGATED) >= {each.role for each in TRUSTED.delegations}


def test_the_qr_is_small_enough_for_a_plastic_card_and_a_keyboard_scanner() -> None:
    assert segno.make(QR, error="m", boost_error=False, micro=False).designator in {"5-M", "6-M", "7-M"}
    assert all(character in base45.ALPHABET for character in QR)


def test_a_card_never_shows_its_secret_in_a_log() -> None:
    assert repr(CARD) == "Card(number=90001)"
    assert CARD_SECRET.hex() not in repr(CARD)


def test_a_flipped_byte_anywhere_in_a_card_is_found() -> None:
    data = CARD.to_cbor()
    for at in range(len(data)):
        for bit in (1, 0x80):
            text = card.PREFIX + base45.encode(data[:at] + bytes((data[at] ^ bit,)) + data[at + 1 :])
            with pytest.raises(WireError):
                card.from_qr(text, TRUSTED)


def test_a_misread_character_anywhere_is_found() -> None:
    for at in range(len(QR)):
        with pytest.raises(WireError):
            card.from_qr(QR[:at] + ("A" if QR[at] != "A" else "B") + QR[at + 1 :], TRUSTED)


def test_a_card_signed_by_another_role_is_refused() -> None:
    forged = card.issue(number=90_001, until_s=UNTIL_S, secret=CARD_SECRET, issuer=5, key=MAIL_KEY)
    with pytest.raises(NotAuthentic, match="key 5 is not delegated for card"):
        card.from_qr(card.to_qr(forged), TRUSTED)
    with pytest.raises(NotAuthentic, match="card: the signature does not hold"):
        card.from_qr(card.to_qr(replace(forged, issuer=3)), TRUSTED)


@pytest.mark.parametrize(
    "text", ["", "C1", "C1:", "R1:" + QR[3:], QR.lower(), QR[:-1], QR + "00", "C1:" + "0" * 900]
)
def test_what_is_no_card_is_refused(text: str) -> None:
    with pytest.raises(WireError):
        card.from_qr(text, TRUSTED)


@given(st.text(base45.ALPHABET, max_size=150))
def test_chance_texts_raise_wire_errors_only(text: str) -> None:
    with pytest.raises(WireError):
        card.from_qr("C1:" + text, TRUSTED)


@given(st.integers(0, 10**15 - 1))
def test_the_bar_code_gives_the_number(number: int) -> None:
    assert card.from_code128(card.to_code128(number)) == number


@pytest.mark.parametrize(
    "text", ["", "C", "C0", "C12", "D123", "C90001", "C" + "0" * 5000, "c900019", "C۱۲۳"]
)
def test_what_is_no_bar_code_of_a_card_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        card.from_code128(text)


def test_a_number_has_one_bar_code() -> None:
    bar = card.to_code128(90_001)
    with pytest.raises(Malformed):
        card.from_code128("C0" + bar[1:])
