"""Who this device is: what is stored holds to the last byte, or nothing is signed with it."""

from __future__ import annotations

import functools
import hashlib
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from firmware import identity
from firmware.errors import NotEnrolled
from firmware.identity import IDENTITY_FILE, Identity, identity_from
from sync.wire import cose, credential, proof
from sync.wire.credential import ANSWER_CONTEXT, CREDENTIAL_CONTEXT, Credential, EnrollmentAnswer, slim
from sync.wire.errors import Malformed, NotAuthentic, WireError
from sync.wire.kinds import Role
from tests.fakes.paper_center import FOREVER_S, OPENING_S, PaperCenter
from tests.fakes.software_key import SoftwareKey

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KEY = SoftwareKey("till")
URL = "https://center.example:8443"


@functools.cache
def center() -> PaperCenter:
    return PaperCenter()


def given(**changes: object) -> Credential:
    """A credential as the center would issue it, with `changes`."""
    made = Credential(
        version=1, device=1001, shop=7, public=KEY.public, exchange_public=KEY.exchange_public, not_before_s=OPENING_S,
        until_s=FOREVER_S,
    )  # fmt: skip
    return replace(made, **changes)


def answer(
    subject: Credential | None = None,
    *,
    on_paper: Credential | None = None,
    root_public: bytes | None = None,
    credential_key: SoftwareKey | None = None,
    answer_key: SoftwareKey | None = None,
) -> bytes:
    """An enrollment answer; each argument falsifies one part."""
    subject = subject or given()
    issuer = center().keys[Role.CREDENTIAL]
    content = EnrollmentAnswer(
        version=1, nonce=bytes(16), root_public=root_public or center().root.public,
        delegations=tuple(center()._delegation(role) for role in Role),
        credential=cose.sign(subject.to_cbor(), credential_key or issuer, context=CREDENTIAL_CONTEXT),
        slim=slim(on_paper or subject, issuer=int(Role.CREDENTIAL), key=issuer).to_cbor(),
        center_exchange_public=center().exchange.exchange_public, epoch=3, now_s=OPENING_S + 5,
    )  # fmt: skip
    return cose.sign(content.to_cbor(), answer_key or center().keys[Role.MAIL], context=ANSWER_CONTEXT)


def opened(message: bytes, key: SoftwareKey = KEY) -> Identity:
    return identity_from(message, key, root_public=center().root.public, center_url=URL)


def test_an_answer_that_holds_gives_an_identity() -> None:
    device = opened(answer())
    assert (device.device, device.shop, device.epoch, device.enrolled_s) == (1001, 7, 3, OPENING_S + 5)
    assert device.center_url == URL
    assert credential.verify_slim(device.slim, device.trusted).public == KEY.public


def test_the_device_and_the_center_derive_the_same_blinding_and_tag_keys() -> None:
    device = opened(answer())
    shared = center().exchange.exchange(KEY.exchange_public)
    assert device.blinding_key == proof.blinding_key(shared)
    assert device.tag_key == proof.tag_key(shared)
    assert device.blinding_key != device.tag_key


def test_the_credential_s_hash_does_not_depend_on_its_signature() -> None:
    device = opened(answer())
    issuer = center().keys[Role.CREDENTIAL].public
    signed_bytes = cose.to_be_signed(given().to_cbor(), public=issuer, context=CREDENTIAL_CONTEXT)
    assert device.credential_hash == hashlib.sha256(signed_bytes).digest()


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: answer(root_public=SoftwareKey("thief").public), "another root key"),
        (lambda: answer(answer_key=SoftwareKey("thief")), "not delegated for mail"),
        (lambda: answer(answer_key=center().keys[Role.POLICY]), "not delegated for mail"),
        (lambda: answer(credential_key=SoftwareKey("thief")), "not delegated for credential"),
        (lambda: answer(given(public=SoftwareKey("other").public)), "another device's keys"),
        (
            lambda: answer(given(exchange_public=SoftwareKey("other").exchange_public)),
            "another device's keys",
        ),
        (lambda: answer(on_paper=given(device=1002)), "slim credential"),
        (lambda: answer(on_paper=given(shop=8)), "slim credential"),
        (lambda: answer(on_paper=given(public=SoftwareKey("other").public)), "slim credential"),
    ],
)
def test_an_answer_with_one_false_part_gives_none(make: Callable[[], bytes], why: str) -> None:
    with pytest.raises(NotAuthentic, match=why):
        opened(make())


def test_an_answer_under_another_root_gives_none() -> None:
    with pytest.raises(NotAuthentic, match="another root key"):
        identity_from(answer(), KEY, root_public=SoftwareKey("thief").public, center_url=URL)


def test_an_answer_for_another_device_gives_none() -> None:
    with pytest.raises(NotAuthentic, match="another device's keys"):
        opened(answer(), SoftwareKey("other"))


def test_what_is_no_answer_gives_none() -> None:
    with pytest.raises(Malformed):
        opened(b"\xd2\x80")


def stored(folder: Path) -> Path:
    identity.store(folder, answer(), root_public=center().root.public, center_url=URL)
    return folder / IDENTITY_FILE


def test_what_was_stored_is_loaded(tmp_path: Path) -> None:
    stored(tmp_path)
    device = identity.load(tmp_path, KEY)
    assert (device.device, device.center_url) == (1001, URL)
    assert device.credential_hash == opened(answer()).credential_hash


def test_only_the_owner_may_read_the_file(tmp_path: Path) -> None:
    assert stored(tmp_path).stat().st_mode & 0o777 == 0o600


def test_nothing_is_left_beside_the_file(tmp_path: Path) -> None:
    stored(tmp_path)
    stored(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [IDENTITY_FILE]


def test_without_a_file_the_way_to_one_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotEnrolled, match="sofreh-till enroll"):
        identity.load(tmp_path, KEY)


def test_a_file_that_cannot_be_read_is_no_identity(tmp_path: Path) -> None:
    (tmp_path / IDENTITY_FILE).mkdir()
    with pytest.raises(NotEnrolled, match="cannot be read"):
        identity.load(tmp_path, KEY)


def test_a_flipped_bit_anywhere_but_in_the_address_is_found(tmp_path: Path) -> None:
    """The answer is signed; the center's address is not, for the exchange proves who answers there."""
    path = stored(tmp_path)
    original = path.read_bytes()
    address = original.index(URL.encode())
    slim_at = original.index(opened(answer()).slim.to_cbor())
    for at in {
        *range(0, address, 29),
        *range(slim_at, slim_at + 40, 7),
        *range(address + len(URL), len(original)),
    }:
        path.write_bytes(original[:at] + bytes([original[at] ^ 0x04]) + original[at + 1 :])
        with pytest.raises(NotEnrolled, match=IDENTITY_FILE):
            identity.load(tmp_path, KEY)


def test_a_torn_file_is_found(tmp_path: Path) -> None:
    path = stored(tmp_path)
    whole = path.read_bytes()
    for size in (0, 1, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(NotEnrolled, match="does not hold"):
            identity.load(tmp_path, KEY)


def test_wire_errors_are_the_only_ones_that_an_answer_raises() -> None:
    message = answer()
    for at in range(0, len(message), 41):
        with pytest.raises(WireError):
            opened(message[:at] + bytes([message[at] ^ 0x81]) + message[at + 1 :])
