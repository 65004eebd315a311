"""Secrets in an answer are for one device and one request; a request on paper is one QR; mandates are for one laptop."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import segno
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from msgspec.structs import replace

from sync.wire import cose
from sync.wire.credential import REQUEST_CONTEXT, EnrollmentRequest
from sync.wire.enrolling import mandate_file, provision, request_qr
from sync.wire.enrolling.mandate_file import Grant, MandateFile
from sync.wire.enrolling.provision import Apn, RoleAt, Secrets, Settings, Wifi
from sync.wire.errors import Malformed, NotAuthentic, NotDelegated, OtherReader, UnknownVersion
from tests.vectors.samples import (
    CREDENTIAL_KEY,
    DELEGATION_MESSAGES,
    DEVICE_KEY,
    LAPTOP_KEY,
    MAIL_KEY,
    MANDATE_MESSAGE,
    ROOT,
    SLIM_MANDATE,
    octets,
)


@dataclass(frozen=True)
class Opening:
    name: str

    @property
    def _key(self) -> X25519PrivateKey:
        return X25519PrivateKey.from_private_bytes(octets(self.name, 32))

    @property
    def exchange_public(self) -> bytes:
        return self._key.public_key().public_bytes_raw()

    def exchange(self, peer_public: bytes) -> bytes:
        return self._key.exchange(X25519PublicKey.from_public_bytes(peer_public))


TILL, LAPTOP, STRANGER = Opening("till"), Opening("laptop"), Opening("stranger")
REQUEST = EnrollmentRequest(
    version=1, public=DEVICE_KEY.public, exchange_public=TILL.exchange_public, token="", nonce=octets("n", 16), software="0.1.0"
)  # fmt: skip
SECRETS = Secrets(
    wifi=Wifi(ssid="روستا", passphrase="8 letters"), apn=Apn(name="mtnirancell", user="", password="")
)
SETTINGS = Settings(
    center_url="https://center.example", shop_name="فروشگاه نمونه", shop_place="روستای نمونه",
    technician="فن‌ورز نمونه", roles=(RoleAt(role="printer", place="usb-1.2"),),
)  # fmt: skip


def sealed() -> bytes:
    return provision.seal(SECRETS, REQUEST, ephemeral=octets("ephemeral", 32))


def test_secrets_come_back_for_the_device_that_asked() -> None:
    assert provision.open_secrets(sealed(), TILL, nonce=REQUEST.nonce) == SECRETS
    assert b"8 letters" not in sealed()
    assert Settings.from_cbor(SETTINGS.to_cbor()) == SETTINGS


def test_secrets_are_for_one_device_and_one_request() -> None:
    with pytest.raises(NotAuthentic, match="secrets: cannot be opened"):
        provision.open_secrets(sealed(), STRANGER, nonce=REQUEST.nonce)
    with pytest.raises(NotAuthentic, match="secrets: cannot be opened"):
        provision.open_secrets(sealed(), TILL, nonce=bytes(16))


@pytest.mark.parametrize(("size", "error"), [(47, Malformed), (48, NotAuthentic)])
def test_secrets_that_are_cut_are_refused(size: int, error: type[Exception]) -> None:
    with pytest.raises(error, match="secrets"):
        provision.open_secrets(sealed()[:size], TILL, nonce=REQUEST.nonce)


def test_a_request_is_one_qr_on_58_mm_paper() -> None:
    message = cose.sign(REQUEST.to_cbor(), DEVICE_KEY, context=REQUEST_CONTEXT)
    text = request_qr.to_qr(message)
    version = segno.make(text, error="m", boost_error=False).version
    assert isinstance(version, int)
    assert version <= 17
    assert request_qr.from_qr(text) == request_qr.from_qr(text + "\r\n") == message


@pytest.mark.parametrize("text", ["", "R1:00", "Q1:%", "q1:00", "Q1:" + "0" * 721])
def test_what_is_no_request_is_refused(text: str) -> None:
    with pytest.raises(Malformed, match="request"):
        request_qr.from_qr(text)


def test_the_longest_request_is_read() -> None:
    assert request_qr.from_qr(request_qr.to_qr(bytes(480))) == bytes(480)


GRANT = Grant(
    mandate=MANDATE_MESSAGE, slim=SLIM_MANDATE, settings=SETTINGS, secrets=SECRETS, operator_pin="1357", mail=(b"mail 1",)
)  # fmt: skip
HELD = MandateFile(version=1, root_public=ROOT.public, delegations=DELEGATION_MESSAGES, grants=(GRANT,))


def file_of(held: MandateFile = HELD, key: cose.SigningKey = CREDENTIAL_KEY) -> bytes:
    return mandate_file.seal(held, key, LAPTOP.exchange_public, ephemeral=octets("once", 32))


def test_a_laptop_opens_its_mandates() -> None:
    held, trusted, opened = mandate_file.open_file(file_of(), LAPTOP, public=LAPTOP_KEY.public)
    assert held == HELD
    assert trusted.root.public == ROOT.public
    assert [one.mandate.device for one in opened] == [1001]


def test_another_laptop_does_not() -> None:
    with pytest.raises(OtherReader, match="another laptop's key"):
        mandate_file.open_file(file_of(), STRANGER, public=LAPTOP_KEY.public)
    with pytest.raises(NotAuthentic, match="name another laptop's key"):
        mandate_file.open_file(file_of(), LAPTOP, public=MAIL_KEY.public)


def test_a_file_of_mandates_is_the_centers() -> None:
    with pytest.raises(NotDelegated, match="mandates: its key is not delegated for credential"):
        mandate_file.open_file(file_of(key=MAIL_KEY), LAPTOP, public=LAPTOP_KEY.public)


def test_a_file_of_another_kind_or_version_is_refused() -> None:
    with pytest.raises(UnknownVersion, match="2 is unknown"):
        mandate_file.open_file(file_of(replace(HELD, version=2)), LAPTOP, public=LAPTOP_KEY.public)
    other = replace(mandate_file.SealedMandates.from_cbor(file_of()), magic=b"sofreh-mandates-2").to_cbor()
    with pytest.raises(Malformed, match=r"mandates\.magic"):
        mandate_file.open_file(other, LAPTOP, public=LAPTOP_KEY.public)
