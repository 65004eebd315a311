"""Mail: one chain a device, signed by the mail key; what is reordered, dropped, foreign or altered does not open."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sync.wire import cbor, cose, mail
from sync.wire.credential import TrustedKeys
from sync.wire.errors import Malformed, NotAuthentic, WireError
from sync.wire.kinds import SIGNING_ROLES, MailKind, Role
from tests.vectors.samples import (
    BODIES,
    CREDENTIAL_HASH,
    DELEGATED,
    DEVICE,
    FIRST_MAIL_HEAD,
    MAIL_KEY,
    MAILBOX,
    MORNING_S,
    OTHER_DEVICE_KEY,
    TRUSTED,
    SeedKey,
)

RECALL = mail.Recall(allowances=(1, 2))


def reopened(message: bytes, after: mail.MailHead = FIRST_MAIL_HEAD, *, device: int = DEVICE) -> mail.Mail:
    return mail.reopen(message, after, TRUSTED, device=device)


def sealed(
    after: mail.MailHead = FIRST_MAIL_HEAD, *, device: int = DEVICE, key: SeedKey = MAIL_KEY
) -> mail.Mail:
    return mail.seal(RECALL, MailKind.RECALL, after, device=device, issued_s=MORNING_S, key=key)


def signed(payload: dict[int, object]) -> bytes:
    return cose.sign(cbor.encode(payload), MAIL_KEY, context=mail.CONTEXT)


PAYLOAD: dict[int, object] = {0: 1, 1: DEVICE, 2: 1, 3: CREDENTIAL_HASH, 4: 5, 5: MORNING_S, 6: {0: [1, 2]}}


def test_mail_of_each_kind_reopens_in_its_order() -> None:
    assert [each.kind for each in MAILBOX] == list(MailKind) == list(mail.BODY_OF_KIND)
    head = FIRST_MAIL_HEAD
    for each in MAILBOX:
        assert reopened(each.message, head) == each
        head = each.head


def test_the_payload_is_the_table() -> None:
    assert signed(PAYLOAD) == sealed().message


def test_reordered_mail_is_refused() -> None:
    with pytest.raises(NotAuthentic, match="mail 1: does not follow"):
        reopened(MAILBOX[1].message)
    with pytest.raises(NotAuthentic, match="mail 2: does not follow"):
        reopened(MAILBOX[0].message, MAILBOX[0].head)


def test_mail_behind_a_dropped_item_is_refused() -> None:
    with pytest.raises(NotAuthentic, match="mail 2: does not follow"):
        reopened(MAILBOX[2].message, MAILBOX[0].head)
    renumbered = sealed(mail.MailHead(1, MAILBOX[2].hash))
    with pytest.raises(NotAuthentic, match="mail 2: does not follow"):
        reopened(renumbered.message, MAILBOX[0].head)


def test_mail_of_another_device_is_refused() -> None:
    with pytest.raises(NotAuthentic, match="mail 1: is for device 1002"):
        reopened(sealed(device=1002).message)


def test_a_key_that_the_root_did_not_delegate_is_refused() -> None:
    with pytest.raises(NotAuthentic, match="not delegated for mail"):
        reopened(sealed(key=OTHER_DEVICE_KEY).message)


@pytest.mark.parametrize("role", [role for role in SIGNING_ROLES if role is not Role.MAIL])
def test_a_key_of_another_role_is_refused(role: Role) -> None:
    with pytest.raises(NotAuthentic, match="not delegated for mail"):
        reopened(sealed(key=DELEGATED[role]).message)


def test_another_key_under_the_mail_keys_name_is_refused() -> None:
    forged = cose.parse(sealed(key=OTHER_DEVICE_KEY).message, what="it")
    header = cbor.encode({1: cose.EDDSA, 4: cose.key_id(MAIL_KEY.public)})
    message = cbor.encode([header, {}, forged.payload, forged.signature])
    with pytest.raises(NotAuthentic, match="mail 1: the signature does not hold"):
        reopened(message)


def test_a_signature_for_another_purpose_is_refused() -> None:
    message = cose.sign(cbor.encode(PAYLOAD), MAIL_KEY, context="sofreh/exchange-answer/1")
    with pytest.raises(NotAuthentic, match="mail 1"):
        reopened(message)


@pytest.mark.parametrize(
    ("field", "value", "where"),
    [
        (0, 2, "mail 1.version"),
        (4, 11, "mail 1.kind"),
        (4, 99, "mail 1.kind"),
        (6, {}, "mail 1.body"),
        (6, {0: [-1]}, "mail 1.body.allowances[0]"),
        (6, {0: [1] * 2001}, "mail 1.body.allowances"),
        (3, b"", "mail 1.prev"),
        (7, 0, "mail 1"),
    ],
)
def test_signed_mail_that_breaks_the_format_is_refused_and_named(
    field: int, value: object, where: str
) -> None:
    with pytest.raises(Malformed) as raised:
        reopened(signed(PAYLOAD | {field: value}))
    assert raised.value.where == where


def test_a_flipped_byte_anywhere_in_mail_is_found_and_the_item_named() -> None:
    message = MAILBOX[3].message
    for at in range(len(message)):
        for bit in (1, 0x80):
            with pytest.raises(WireError) as raised:
                reopened(message[:at] + bytes((message[at] ^ bit,)) + message[at + 1 :], MAILBOX[2].head)
            assert str(raised.value).startswith("mail 4")


@given(st.binary(max_size=200))
def test_chance_bytes_raise_wire_errors_only(data: bytes) -> None:
    with pytest.raises(WireError):
        reopened(data)
    with pytest.raises(WireError):
        reopened(cose.sign(data, MAIL_KEY, context=mail.CONTEXT))


def test_a_body_of_another_kind_is_not_sealed() -> None:
    with pytest.raises(AssertionError):
        mail.seal(RECALL, MailKind.SHOP, FIRST_MAIL_HEAD, device=DEVICE, issued_s=0, key=MAIL_KEY)


def test_without_delegations_nobody_may_send_mail() -> None:
    with pytest.raises(NotAuthentic):
        mail.reopen(MAILBOX[0].message, FIRST_MAIL_HEAD, TrustedKeys(TRUSTED.root, ()), device=DEVICE)


@pytest.mark.parametrize("body", BODIES.values(), ids=lambda body: type(body).__name__)
def test_each_body_comes_back(body: mail.Body) -> None:
    assert type(body).from_cbor(body.to_cbor()) == body


def test_an_item_holds_two_thousand_households_or_allowances() -> None:
    household = BODIES[MailKind.HOUSEHOLDS]
    assert isinstance(household, mail.Households)
    many = replace(household, households=household.households * mail.HOUSEHOLDS_MAX)
    item = mail.seal(many, MailKind.HOUSEHOLDS, FIRST_MAIL_HEAD, device=DEVICE, issued_s=0, key=MAIL_KEY)
    assert len(item.message) < mail.MAIL_BYTES_MAX
    assert reopened(item.message).body == many
