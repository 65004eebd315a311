"""A technician's key issues what the center let it issue, and nothing else: each bound below, at and above."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from sync.wire import cose, credential
from sync.wire.credential import CREDENTIAL_CONTEXT, REQUEST_CONTEXT, EnrollmentRequest
from sync.wire.enrolling import mandate
from sync.wire.errors import Expired, Malformed, NotAuthentic, NotDelegated, OtherDevice, UnknownVersion
from tests.vectors.samples import (
    CREDENTIAL_KEY,
    CREDENTIAL_MESSAGE,
    DEVICE_KEY,
    LAPTOP_KEY,
    MAIL_KEY,
    MANDATE,
    MANDATE_MESSAGE,
    MANDATED,
    MANDATED_MESSAGE,
    MANDATED_SLIM,
    OTHER_DEVICE_KEY,
    SLIM_MANDATE,
    TRUSTED,
    octets,
)

if TYPE_CHECKING:
    from sync.wire.cose import SigningKey

REQUEST = EnrollmentRequest(
    version=1, public=DEVICE_KEY.public, exchange_public=MANDATED.exchange_public, token="",
    nonce=octets("nonce", 16), software="0.1.0",
)  # fmt: skip


def leave(one: mandate.Mandate = MANDATE, key: SigningKey = CREDENTIAL_KEY) -> bytes:
    return cose.sign(one.to_cbor(), key, context=mandate.MANDATE_CONTEXT)


def issued(one: credential.Credential = MANDATED, key: SigningKey = LAPTOP_KEY) -> bytes:
    return cose.sign(one.to_cbor(), key, context=CREDENTIAL_CONTEXT)


def asked(one: EnrollmentRequest = REQUEST, key: SigningKey = DEVICE_KEY) -> bytes:
    return cose.sign(one.to_cbor(), key, context=REQUEST_CONTEXT)


def introduced(
    request: bytes | None = None,
    given: bytes = MANDATED_MESSAGE,
    by: bytes = MANDATE_MESSAGE,
    version: int = 1,
) -> bytes:
    request = asked() if request is None else request
    return mandate.Introduction(version=version, request=request, credential=given, mandate=by).to_cbor()


def test_a_mandate_is_opened_and_begins_the_mail_of_its_number() -> None:
    opened = mandate.open_mandate(MANDATE_MESSAGE, TRUSTED)
    assert opened.mandate == MANDATE
    other = mandate.open_mandate(leave(replace(MANDATE, device=1002)), TRUSTED)
    assert len(opened.hash) == 32
    assert opened.hash != other.hash


def test_only_the_credential_key_gives_mandates() -> None:
    with pytest.raises(NotDelegated, match="mandate: its key is not delegated for credential"):
        mandate.open_mandate(leave(key=MAIL_KEY), TRUSTED)
    with pytest.raises(NotAuthentic, match="mandate: the signature does not hold"):
        mandate.open_mandate(CREDENTIAL_MESSAGE, TRUSTED)


def test_a_mandate_of_another_version_is_refused() -> None:
    with pytest.raises(UnknownVersion, match="2 is unknown"):
        mandate.open_mandate(leave(replace(MANDATE, version=2)), TRUSTED)


def test_a_credential_within_its_mandate_holds() -> None:
    assert mandate.open_credential(MANDATED_MESSAGE, MANDATE) == MANDATED


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"not_before_s": MANDATE.not_before_s}, None),
        ({"not_before_s": MANDATE.not_before_s - 1}, Expired),
        ({"not_before_s": MANDATE.until_s}, None),
        ({"not_before_s": MANDATE.until_s + 1}, Expired),
        ({"until_s": MANDATE.credential_until_s}, None),
        ({"until_s": MANDATE.credential_until_s + 1}, Expired),
        ({"device": 1002}, OtherDevice),
        ({"shop": 8}, OtherDevice),
        ({"predecessor": None}, OtherDevice),
        ({"version": 2}, UnknownVersion),
    ],
)
def test_a_credential_keeps_the_bounds_of_its_mandate(
    change: dict[str, object], error: type[Exception] | None
) -> None:
    made = replace(MANDATED, **change)
    if error is None:
        assert mandate.open_credential(issued(made), MANDATE) == made
        return
    with pytest.raises(error, match="credential"):
        mandate.open_credential(issued(made), MANDATE)


def test_another_technicians_credential_is_none_of_this_mandate() -> None:
    with pytest.raises(NotAuthentic, match="credential: signed by another key"):
        mandate.open_credential(issued(key=MAIL_KEY), MANDATE)


def test_a_request_is_signed_by_the_key_that_it_names() -> None:
    assert mandate.open_request(asked()) == REQUEST
    with pytest.raises(NotAuthentic, match="request: signed by another key"):
        mandate.open_request(asked(key=OTHER_DEVICE_KEY))
    with pytest.raises(UnknownVersion, match="2 is unknown"):
        mandate.open_request(asked(replace(REQUEST, version=2)))


def test_an_introduction_proves_who_was_enrolled_by_whom() -> None:
    proven = mandate.open_introduction(introduced(), TRUSTED)
    assert (proven.mandate, proven.request, proven.credential) == (MANDATE, REQUEST, MANDATED)
    assert proven.credential_hash == mandate.credential_hash(MANDATED_MESSAGE, LAPTOP_KEY.public)


def test_an_introduction_is_of_one_device() -> None:
    stranger = replace(REQUEST, public=OTHER_DEVICE_KEY.public)
    for request in (
        asked(stranger, OTHER_DEVICE_KEY),
        asked(replace(REQUEST, exchange_public=bytes(32))),
    ):
        with pytest.raises(NotAuthentic, match="of two devices"):
            mandate.open_introduction(introduced(request), TRUSTED)


def test_an_introduction_of_another_version_or_too_long_is_refused() -> None:
    with pytest.raises(UnknownVersion, match="2 is unknown"):
        mandate.open_introduction(introduced(version=2), TRUSTED)
    with pytest.raises(Malformed, match="introduction"):
        mandate.open_introduction(introduced() + b"\x00", TRUSTED)


def test_a_slim_credential_under_a_mandate_gives_the_devices_key() -> None:
    assert credential.verify_slim(MANDATED_SLIM, TRUSTED).public == DEVICE_KEY.public
    assert credential.SlimCredential.from_cbor(MANDATED_SLIM.to_cbor()) == MANDATED_SLIM


@pytest.mark.parametrize("change", [{"device": 1002}, {"shop": 8}], ids=lambda change: next(iter(change)))
def test_a_slim_mandate_holds_for_its_device_and_shop_only(change: dict[str, object]) -> None:
    with pytest.raises(NotAuthentic, match="slim mandate: the signature does not hold"):
        credential.verify_slim(replace(MANDATED_SLIM, **change), TRUSTED)


@pytest.mark.parametrize(
    "change",
    [{"public": octets("x", 32)}, {"until_s": MANDATED.until_s - 1}, {"signature": bytes(64)}],
    ids=lambda change: next(iter(change)),
)
def test_an_altered_slim_credential_under_a_mandate_does_not_hold(change: dict[str, object]) -> None:
    with pytest.raises(NotAuthentic, match="slim credential: the signature does not hold"):
        credential.verify_slim(replace(MANDATED_SLIM, **change), TRUSTED)


@pytest.mark.parametrize(("more_s", "holds"), [(-1, True), (0, True), (1, False)])
def test_a_slim_credential_ends_with_its_mandate_at_the_latest(more_s: int, holds: bool) -> None:
    made = replace(MANDATED, until_s=SLIM_MANDATE.until_s + more_s)
    given = credential.slim_under(made, SLIM_MANDATE, key=LAPTOP_KEY)
    if holds:
        assert credential.verify_slim(given, TRUSTED).public == DEVICE_KEY.public
        return
    with pytest.raises(Expired, match="longer than its mandate"):
        credential.verify_slim(given, TRUSTED)


def test_a_mandate_by_a_key_without_that_role_does_not_hold() -> None:
    by_mail_key = credential.slim_mandate(
        device=MANDATED.device, shop=MANDATED.shop, public=LAPTOP_KEY.public, until_s=MANDATED.until_s, issuer=5, key=MAIL_KEY
    )  # fmt: skip
    with pytest.raises(NotDelegated, match="slim mandate: key 5 is not delegated for credential"):
        credential.verify_slim(credential.slim_under(MANDATED, by_mail_key, key=LAPTOP_KEY), TRUSTED)


def test_a_mandate_is_no_credential_of_the_center() -> None:
    without = replace(MANDATED_SLIM, issuer=2)
    with pytest.raises(NotAuthentic, match="slim credential: the signature does not hold"):
        credential.verify_slim(without, TRUSTED)
