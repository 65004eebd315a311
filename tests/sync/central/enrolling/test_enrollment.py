"""A ticket binds one key to one shop, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from sync.central.enrolling.enrollment import enroll
from sync.central.errors import Refused, Unknown, WrongInput
from sync.wire import cose
from sync.wire.credential import REQUEST_CONTEXT, EnrollmentRequest, SlimCredential, verify_slim
from sync.wire.kinds import MailKind
from sync.wire.mail import Shop
from sync.wire.proof import slow_hash
from tests.sync.central.device import Device

if TYPE_CHECKING:
    from tests.sync.central.conftest import Lab


def ticket(lab: Lab) -> str:
    token: str = lab.order("enroll", shop=6001, minutes=30).data["token"]
    return token


def ask(lab: Lab, device: Device, token: str, nonce: bytes = bytes(16)) -> bytes:
    return lab.run(enroll(lab.center, device.enrollment_request(token, nonce)))


def test_an_enrolled_device_has_a_credential_and_learns_its_shop(lab: Lab) -> None:
    given = lab.order("enroll", shop=6001, minutes=30).data
    device = Device(seed=b"new")
    answer = device.take_enrollment(ask(lab, device, given["token"]), given["root_fingerprint"])
    assert given["ticket"] == f"{given['token']}.{given['root_fingerprint']}"
    assert device.number == 1002
    assert device.trusted is not None
    assert verify_slim(SlimCredential.from_cbor(answer.slim), device.trusted).public == device.key.public
    lab.exchange(device)
    assert device.verdicts()[0] == "accepted"
    shop = device.bodies(MailKind.SHOP)[0]
    assert isinstance(shop, Shop)
    assert shop.name == "فروشگاه روستا"
    assert slow_hash(given["operator_pin"], shop.operator_salt) == shop.operator_hash
    assert len(device.bodies(MailKind.POLICY)) == len(device.bodies(MailKind.CATALOG)) == 1


def test_the_same_key_may_ask_again_even_after_the_ticket_s_time(lab: Lab) -> None:
    token, device = ticket(lab), Device(seed=b"new")
    first = ask(lab, device, token)
    assert ask(lab, device, token) == first
    lab.clock.at_s += 3600
    ask(lab, device, token, nonce=bytes([1]) * 16)
    assert len(lab.sql("SELECT 1 FROM device")) == 2


@pytest.mark.parametrize(("later_s", "good"), [(1800, True), (1801, False)])
def test_a_ticket_lapses(lab: Lab, later_s: int, good: bool) -> None:
    token = ticket(lab)
    lab.clock.at_s += later_s
    if good:
        ask(lab, Device(seed=b"new"), token)
        return
    with pytest.raises(Refused, match="has expired"):
        ask(lab, Device(seed=b"new"), token)


def test_a_ticket_is_good_for_one_key(lab: Lab) -> None:
    token = ticket(lab)
    ask(lab, Device(seed=b"new"), token)
    with pytest.raises(Refused, match="used by another device"):
        ask(lab, Device(seed=b"other"), token)


def test_a_key_is_enrolled_once(lab: Lab) -> None:
    with pytest.raises(Refused, match="this key is enrolled already"):
        ask(lab, lab.device, ticket(lab))


def test_an_unknown_token_is_refused(lab: Lab) -> None:
    with pytest.raises(Refused, match="token is unknown"):
        ask(lab, Device(seed=b"new"), "0" * 20)


def request_with(device: Device, **changes: object) -> bytes:
    payload = cose.parse(device.enrollment_request("x"), what="request").payload
    changed = replace(EnrollmentRequest.from_cbor(payload), **changes)
    return cose.sign(changed.to_cbor(), device.key, context=REQUEST_CONTEXT)


def test_a_request_must_be_signed_by_the_key_that_it_enrolls(lab: Lab) -> None:
    body = request_with(Device(seed=b"new"), public=Device(seed=b"other").key.public)
    with pytest.raises(Refused, match="signed by another key"):
        lab.run(enroll(lab.center, body))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"version": 2}, "version: 2 is unknown"),
        ({"exchange_public": bytes(32)}, "is not a usable X25519 key"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(lab: Lab, changes: dict[str, object], said: str) -> None:
    with pytest.raises(WrongInput, match=said):
        lab.run(enroll(lab.center, request_with(Device(seed=b"new"), **changes)))
    assert len(lab.sql("SELECT 1 FROM device")) == 1


def test_bytes_that_are_no_request_are_refused(lab: Lab) -> None:
    with pytest.raises(WrongInput, match="request"):
        lab.run(enroll(lab.center, b"\x00"))


def test_an_unknown_device_is_named(lab: Lab) -> None:
    with pytest.raises(Unknown, match="device 7 is not enrolled"):
        lab.order("suspend", device=7, last_good=0)
