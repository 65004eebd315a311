"""An enrollment's answer, from the center or under a mandate: what must hold before a device believes who it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from sync.wire import cose
from sync.wire.credential import ANSWER_CONTEXT, EnrollmentAnswer
from sync.wire.enrolling import mandate
from sync.wire.enrolling.enrolled import Enrolled, unproven, verify_answer
from sync.wire.errors import NotAuthentic, NotDelegated, WireError
from tests.vectors import samples
from tests.vectors.samples import (
    CREDENTIAL,
    CREDENTIAL_HASH,
    CREDENTIAL_MESSAGE,
    DELEGATION_MESSAGES,
    DEVICE_KEY,
    LAPTOP_KEY,
    MAIL_KEY,
    MANDATE,
    MANDATE_MESSAGE,
    MANDATED,
    MANDATED_MESSAGE,
    MANDATED_SLIM,
    ROOT,
    SLIM,
    TRUSTED,
)

if TYPE_CHECKING:
    from sync.wire.cose import SigningKey

BY_CENTER = EnrollmentAnswer(
    version=1, nonce=bytes(16), root_public=ROOT.public, delegations=DELEGATION_MESSAGES, credential=CREDENTIAL_MESSAGE,
    slim=SLIM.to_cbor(), center_exchange_public=MANDATE.center_exchange_public, epoch=1, now_s=2,
)  # fmt: skip
BY_LAPTOP = replace(
    BY_CENTER, credential=MANDATED_MESSAGE, slim=MANDATED_SLIM.to_cbor(), mandate=MANDATE_MESSAGE
)


def given(
    answer: EnrollmentAnswer, key: SigningKey, *, root_public: bytes = ROOT.public, **keys: bytes
) -> Enrolled:
    message = cose.sign(answer.to_cbor(), key, context=ANSWER_CONTEXT)
    mine = {"public": DEVICE_KEY.public, "exchange_public": CREDENTIAL.exchange_public} | keys
    return verify_answer(message, root_public=root_public, **mine)


def test_the_centers_answer_holds_and_both_chains_begin_with_the_credential() -> None:
    enrolled = given(BY_CENTER, MAIL_KEY)
    assert (enrolled.credential, enrolled.slim, enrolled.answer) == (CREDENTIAL, SLIM, BY_CENTER)
    assert enrolled.credential_hash == enrolled.mail_root == CREDENTIAL_HASH


def test_under_a_mandate_the_mail_begins_with_the_mandate() -> None:
    enrolled = given(BY_LAPTOP, LAPTOP_KEY)
    assert (enrolled.credential, enrolled.slim) == (MANDATED, MANDATED_SLIM)
    assert enrolled.credential_hash == mandate.credential_hash(MANDATED_MESSAGE, LAPTOP_KEY.public)
    assert enrolled.mail_root == mandate.open_mandate(MANDATE_MESSAGE, TRUSTED).hash


def test_an_answer_is_read_before_it_is_believed() -> None:
    assert unproven(cose.sign(BY_CENTER.to_cbor(), LAPTOP_KEY, context=ANSWER_CONTEXT)) == BY_CENTER


@pytest.mark.parametrize("answer", [BY_CENTER, BY_LAPTOP], ids=["center", "laptop"])
@pytest.mark.parametrize("key", [DEVICE_KEY, samples.OTHER_DEVICE_KEY], ids=["device", "other"])
def test_an_answer_by_anybody_else_is_refused(answer: EnrollmentAnswer, key: SigningKey) -> None:
    with pytest.raises(NotAuthentic, match="enrollment answer"):
        given(answer, key)


def test_the_mail_key_does_not_answer_under_a_mandate_nor_a_technician_without() -> None:
    with pytest.raises(NotAuthentic, match="enrollment answer: signed by another key"):
        given(BY_LAPTOP, MAIL_KEY)
    with pytest.raises(NotDelegated, match="enrollment answer"):
        given(BY_CENTER, LAPTOP_KEY)


@pytest.mark.parametrize(
    ("answer", "key", "change", "match"),
    [
        (BY_CENTER, MAIL_KEY, {"root_public": MAIL_KEY.public}, "another root key"),
        (BY_CENTER, MAIL_KEY, {"credential": MANDATED_MESSAGE}, "not delegated for credential"),
        (BY_CENTER, MAIL_KEY, {"slim": MANDATED_SLIM.to_cbor()}, "slim credential: is for another device"),
        (BY_LAPTOP, LAPTOP_KEY, {"slim": SLIM.to_cbor()}, "slim credential: is for another device"),
        (BY_LAPTOP, LAPTOP_KEY, {"credential": CREDENTIAL_MESSAGE}, "credential: signed by another key"),
        (BY_LAPTOP, LAPTOP_KEY, {"epoch": 2}, "what its mandate does not"),
        (BY_LAPTOP, LAPTOP_KEY, {"center_exchange_public": bytes(32)}, "what its mandate does not"),
        (BY_LAPTOP, LAPTOP_KEY, {"mandate": CREDENTIAL_MESSAGE}, "mandate: the signature does not hold"),
    ],
    ids=str,
)
def test_each_part_of_an_answer_must_hold(
    answer: EnrollmentAnswer, key: SigningKey, change: dict[str, Any], match: str
) -> None:
    with pytest.raises(NotAuthentic, match=match):
        given(replace(answer, **change), key)


def test_the_root_that_people_compared_is_the_one_that_counts() -> None:
    with pytest.raises(NotAuthentic, match="names another root key"):
        given(BY_CENTER, MAIL_KEY, root_public=MAIL_KEY.public)


@pytest.mark.parametrize("which", ["public", "exchange_public"])
def test_a_credential_for_other_keys_is_refused(which: str) -> None:
    with pytest.raises(NotAuthentic, match="credential: is for another device's keys"):
        given(BY_LAPTOP, LAPTOP_KEY, **{which: bytes(32)})


def test_a_flipped_byte_anywhere_in_an_answer_under_a_mandate_is_found() -> None:
    message = cose.sign(BY_LAPTOP.to_cbor(), LAPTOP_KEY, context=ANSWER_CONTEXT)
    for at in range(0, len(message), 7):
        flipped = message[:at] + bytes((message[at] ^ 4,)) + message[at + 1 :]
        with pytest.raises(WireError):
            verify_answer(
                flipped, root_public=ROOT.public, public=DEVICE_KEY.public, exchange_public=CREDENTIAL.exchange_public
            )  # fmt: skip
