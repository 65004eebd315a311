"""A device becomes a shop's only by a whole, true answer; anything less leaves it as it was, to try again."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from drivers.device_key import FileDeviceKey
from firmware import identity
from firmware.errors import EnrollmentRefused, NotEnrolled
from firmware.technician.enrollment import enroll, ticket_from
from sync.uplink.errors import Refused, Unreachable
from sync.wire import cose, credential
from sync.wire.credential import EnrollmentAnswer, EnrollmentRequest
from sync.wire.kinds import Role
from tests.fakes.enrolling_center import EnrollingCenter
from tests.fakes.paper_center import PaperCenter
from tests.fakes.software_key import SoftwareKey

if TYPE_CHECKING:
    from pathlib import Path

    from firmware.identity import Identity

URL = "https://center.example"
NONCE = bytes(range(16))


def try_to_enroll(folder: Path, center: EnrollingCenter, *, ticket: str | None = None) -> Identity:
    return asyncio.run(
        enroll(
            folder,
            ticket_from(ticket or center.ticket),
            URL,
            center,
            software="0.1",
            random_bytes=lambda _: NONCE,
        )
    )


def is_enrolled(folder: Path) -> bool:
    try:
        identity.load(folder, FileDeviceKey.load(folder / identity.KEY_FILE))
    except NotEnrolled:
        return False
    return True


def test_a_device_makes_its_key_and_becomes_the_shop_s(tmp_path: Path) -> None:
    center = EnrollingCenter()
    enrolled = try_to_enroll(tmp_path / "data", center)
    assert (enrolled.device, enrolled.shop, enrolled.center_url) == (1001, 7, URL)
    assert (center.requests[0].token, center.requests[0].nonce) == ("a1b2c3", NONCE)
    again = identity.load(tmp_path / "data", FileDeviceKey.load(tmp_path / "data" / identity.KEY_FILE))
    assert again.credential_hash == enrolled.credential_hash


def test_an_enrolled_device_is_not_enrolled_again(tmp_path: Path) -> None:
    center = EnrollingCenter()
    try_to_enroll(tmp_path, center)
    with pytest.raises(EnrollmentRefused, match="device 1001 of shop 7 already"):
        try_to_enroll(tmp_path, center)
    assert len(center.requests) == 1


@pytest.mark.parametrize("error", [Unreachable("cut"), Refused(403, "the token was used")])
def test_after_a_failure_the_same_key_tries_again(tmp_path: Path, error: Exception) -> None:
    center = EnrollingCenter()
    center.error = error
    with pytest.raises(EnrollmentRefused, match=r"cut|used"):
        try_to_enroll(tmp_path, center)
    key = FileDeviceKey.load(tmp_path / identity.KEY_FILE).public
    assert not is_enrolled(tmp_path)
    center.error = None
    try_to_enroll(tmp_path, center)
    assert center.requests[0].public == key


FALSE = {
    "nonce": ("another request", lambda answer: replace(answer, nonce=bytes(16))),
    "device key": ("credential", lambda answer: replace(answer, credential=other_answer().credential)),
    "slim": ("slim", lambda answer: replace(answer, slim=other_answer().slim)),
    "delegations": ("not delegated", lambda answer: replace(answer, delegations=answer.delegations[:1])),
    "forged delegation": ("delegation", lambda answer: replace(answer, delegations=(forged_delegation(),))),
    "exchange key": ("does not hold", lambda answer: replace(answer, center_exchange_public=bytes(32))),
}


def other_answer() -> EnrollmentAnswer:
    key = SoftwareKey("another till")
    request = EnrollmentRequest(
        version=1,
        public=key.public,
        exchange_public=key.exchange_public,
        token="t",
        nonce=NONCE,
        software="0",
    )
    return EnrollingCenter()._answer(request)


def forged_delegation() -> bytes:
    forged = credential.Delegation(
        version=1,
        number=5,
        role=Role.MAIL,
        public=PaperCenter().keys[Role.MAIL].public,
        not_before_s=0,
        until_s=1,
    )
    return cose.sign(forged.to_cbor(), SoftwareKey("not the root"), context=credential.DELEGATION_CONTEXT)


@pytest.mark.parametrize("what", FALSE)
def test_a_false_answer_changes_nothing(tmp_path: Path, what: str) -> None:
    words, spoil = FALSE[what]
    center = EnrollingCenter()
    center.spoil = spoil
    with pytest.raises(EnrollmentRefused, match=words):
        try_to_enroll(tmp_path, center)
    assert not is_enrolled(tmp_path)


def test_an_answer_by_another_key_is_refused(tmp_path: Path) -> None:
    center = EnrollingCenter()
    center.signed_by = center.paper.keys[Role.CARD]
    with pytest.raises(EnrollmentRefused, match="not delegated for mail"):
        try_to_enroll(tmp_path, center)


def test_another_center_s_root_is_refused_by_the_ticket(tmp_path: Path) -> None:
    with pytest.raises(EnrollmentRefused, match="not the one on the ticket"):
        try_to_enroll(tmp_path, EnrollingCenter(), ticket=f"a1b2c3.{'0' * 20}")


@pytest.mark.parametrize("text", ["", "a1b2c3", "a1b2c3.", "a1b2c3.0123", f"a b.{'0' * 20}", f"a.{'0' * 21}", f".{'0' * 20}"])  # fmt: skip
def test_a_ticket_that_was_mistyped_is_refused(text: str) -> None:
    with pytest.raises(EnrollmentRefused, match=r"TOKEN.FINGERPRINT"):
        ticket_from(text)


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EnrollmentRefused, match="no device key"):
        try_to_enroll(tmp_path / "file" / "data", EnrollingCenter())


def test_an_address_that_could_not_be_kept_is_refused_before_the_ticket_is_spent(tmp_path: Path) -> None:
    center = EnrollingCenter()
    with pytest.raises(EnrollmentRefused, match="longer than 200"):
        asyncio.run(
            enroll(
                tmp_path, ticket_from(center.ticket), f"http://127.0.0.1/{'a' * 200}", center, software="1",
                random_bytes=bytes,
            )
        )  # fmt: skip
    assert not center.requests


def test_a_disk_without_room_for_the_identity_costs_no_ticket(tmp_path: Path) -> None:
    (tmp_path / f"{identity.IDENTITY_FILE}.new").mkdir()
    center = EnrollingCenter()
    with pytest.raises(EnrollmentRefused, match="may be used again"):
        try_to_enroll(tmp_path, center)
    (tmp_path / f"{identity.IDENTITY_FILE}.new").rmdir()
    try_to_enroll(tmp_path, center)
    assert is_enrolled(tmp_path)
