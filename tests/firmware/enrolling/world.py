"""Answers as a center or a technician's laptop would give them, for any request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from sync.wire import cose, credential
from sync.wire.credential import ANSWER_CONTEXT, CREDENTIAL_CONTEXT, EnrollmentAnswer
from sync.wire.enrolling import mandate, provision
from sync.wire.enrolling.provision import Apn, RoleAt, Secrets, Settings, Wifi
from tests.vectors import samples

if TYPE_CHECKING:
    from firmware.enrolling.request import Asked

CENTER_EXCHANGE_PUBLIC = bytes.fromhex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a")
"""The public key of Alice in RFC 7748, 6.1."""
SETTINGS = Settings(
    center_url="https://center.example:8443", shop_name="فروشگاه نمونه", shop_place="روستای نمونه", technician="فن‌ورز نمونه",
    roles=(RoleAt(role="printer", place="usb-1.2"), RoleAt(role="unheard of", place="usb-1.3")),
)  # fmt: skip
SECRETS = Secrets(
    wifi=Wifi(ssid="shop", passphrase='a "quoted" one'), apn=Apn(name="net", user="", password="")
)
MANDATE = replace(samples.MANDATE, center_exchange_public=CENTER_EXCHANGE_PUBLIC)
NOW_S = samples.MORNING_S


def answer_for(
    asked: Asked, *, under_mandate: bool = True, key: cose.SigningKey | None = None, **changed: Any
) -> bytes:
    """A right answer, with fields changed by name."""
    issuer = samples.LAPTOP_KEY if under_mandate else samples.CREDENTIAL_KEY
    given = replace(
        samples.MANDATED, public=asked.key.public, exchange_public=asked.key.exchange_public, not_before_s=NOW_S
    )  # fmt: skip
    slim = (
        credential.slim_under(given, samples.SLIM_MANDATE, key=samples.LAPTOP_KEY)
        if under_mandate
        else credential.slim(given, issuer=2, key=samples.CREDENTIAL_KEY)
    )
    answer = EnrollmentAnswer(
        version=1, nonce=asked.request.nonce, root_public=samples.ROOT.public, delegations=samples.DELEGATION_MESSAGES,
        credential=cose.sign(given.to_cbor(), issuer, context=CREDENTIAL_CONTEXT), slim=slim.to_cbor(),
        center_exchange_public=CENTER_EXCHANGE_PUBLIC, epoch=MANDATE.epoch, now_s=NOW_S,
        mandate=cose.sign(MANDATE.to_cbor(), samples.CREDENTIAL_KEY, context=mandate.MANDATE_CONTEXT) if under_mandate else None,
        settings=SETTINGS.to_cbor(), secrets=provision.seal(SECRETS, asked.request, ephemeral=bytes(31) + b"\x01"),
    )  # fmt: skip
    signer = key or (samples.LAPTOP_KEY if under_mandate else samples.MAIL_KEY)
    return cose.sign(replace(answer, **changed).to_cbor(), signer, context=ANSWER_CONTEXT)
