"""An answer to the till's request: judged, and, when a person has compared it, kept.

Judging asks in this order, so that the slip says what helps: readable, for these keys, for this request, authentic
(`sync.wire.enrolling.enrolled`), with an address that can be, in time. The root key is the answer's own: no network can vouch for it, so its fingerprint is printed and compared.

Keeping is enrollment, the second of three steps. What goes with the identity is written before it, each file whole; the identity is the
last but one, and makes the till what it is. A power cut before it leaves a till that asks; the same answer is read again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct, json
from msgspec.structs import replace

from drivers.errors import DeviceKeyError
from firmware import boot, identity, whole_file
from firmware.errors import EnrollmentRefused, RolesNotStored
from firmware.receipt.enrollment_slips import Enrolled, Offer, Wrong
from firmware.roles import Role
from sync.uplink.client import center_address
from sync.uplink.errors import UplinkError
from sync.wire import cbor, cose
from sync.wire.credential import Credential, root_fingerprint
from sync.wire.enrolling import enrolled, provision
from sync.wire.enrolling.provision import Secrets, Settings
from sync.wire.errors import WireError

if TYPE_CHECKING:
    from pathlib import Path

    from firmware.enrolling.request import Asked
    from firmware.roles import Roles
    from sync.wire.credential import EnrollmentAnswer

NETWORK_FILE: Final = "network.toml"
ANSWER_FOR_S: Final = 7 * 86_400
"""How long an answer is good: a courier's way. A till without a clock chip cannot tell."""
_NETWORK_HEAD: Final = (
    "# How this till reaches a network, as the enrollment's signed answer says. Written by the appliance.\n"
)


class Taken(Struct, frozen=True):
    """An answer that holds, opened."""

    message: bytes
    proven: enrolled.Enrolled
    settings: Settings
    secrets: Secrets
    mail: tuple[bytes, ...] = ()
    """What came with it on a stick: the first items of the device's mail."""

    @property
    def offer(self) -> Offer:
        """What it would make of this till."""
        offer = _offer(self.proven.credential, self.settings, self.proven.answer)
        wifi, apn = self.secrets.wifi, self.secrets.apn
        return replace(offer, wifi=wifi.ssid if wifi else "", apn=apn.name if apn else "")


def judge(message: bytes, asked: Asked, *, chip_s: int | None) -> Taken | Wrong:
    """What `message` is to this till. `chip_s` is what the clock chip says, None without one."""
    try:
        claimed = enrolled.unproven(message)
        given = Credential.from_cbor(cose.parse(claimed.credential, what="credential").payload)
    except WireError:
        return Wrong.NO_ANSWER
    if (given.public, given.exchange_public) != (asked.key.public, asked.key.exchange_public):
        return Wrong.OTHER_DEVICE
    if claimed.nonce != asked.request.nonce:
        return Wrong.OLD
    try:
        taken = _opened(message, claimed, asked)
    except UplinkError:
        return Wrong.ADDRESS
    except (WireError, DeviceKeyError):
        return Wrong.NOT_AUTHENTIC
    if chip_s is not None and chip_s > min(claimed.now_s + ANSWER_FOR_S, given.until_s):
        return Wrong.EXPIRED
    return taken


def _opened(message: bytes, claimed: EnrollmentAnswer, asked: Asked) -> Taken:
    """Raises: WireError, UplinkError where the center's address cannot be, DeviceKeyError."""
    proven = enrolled.verify_answer(
        message, root_public=claimed.root_public, public=asked.key.public, exchange_public=asked.key.exchange_public
    )  # fmt: skip
    settings = Settings.from_cbor(claimed.settings or b"", where="settings")
    center_address(settings.center_url)
    secrets = Secrets()
    if claimed.secrets is not None:
        secrets = provision.open_secrets(claimed.secrets, asked.key, nonce=asked.request.nonce)
    asked.key.exchange(claimed.center_exchange_public)
    return Taken(message, proven, settings, secrets)


def keep(folder: Path, taken: Taken, roles: Roles) -> None:
    """Make this till what the answer says. May be repeated. Raises: EnrollmentRefused; then it still asks."""
    try:
        network = network_text(taken.secrets)
        if network:
            whole_file.replace(folder / NETWORK_FILE, (_NETWORK_HEAD + network).encode())
        for one in taken.settings.roles or ():
            if one.role in {role.value for role in Role}:
                roles.reserve(Role(one.role), one.place)
        if taken.mail:
            whole_file.replace(folder / boot.FIRST_MAIL_FILE, cbor.encode(list(taken.mail)))
        whole_file.replace(folder / boot.OWED_FILE, b"")
        whole_file.replace(folder / boot.ACTIVATION_FILE, b"")
        identity.store(
            folder, taken.message, root_public=taken.proven.answer.root_public, center_url=taken.settings.center_url
        )  # fmt: skip
    except (OSError, RolesNotStored) as error:
        raise EnrollmentRefused(f"{folder}: {error}") from error


def network_text(secrets: Secrets) -> str:
    """The keys of the file `NETWORK_FILE`: ssid, passphrase, apn, user, password, those that have a value.

    An open Wi-Fi has no passphrase, and most access points ask for no user: who reads the file takes an empty text for a mistake.
    """
    said: dict[str, str] = {}
    if secrets.wifi is not None:
        said |= {"ssid": secrets.wifi.ssid, "passphrase": secrets.wifi.passphrase}
    if secrets.apn is not None:
        said |= {"apn": secrets.apn.name, "user": secrets.apn.user, "password": secrets.apn.password}
    return "".join(f"{key} = {_quoted(word)}\n" for key, word in said.items() if word)


def _quoted(word: str) -> str:
    """A JSON string is one of TOML's too, once DEL is escaped."""
    return json.encode(word).decode().replace("\x7f", "\\u007f")


def shop_name(folder: Path) -> str:
    """The shop's name in the answer that is kept; empty where it has none. Raises: OSError, WireError."""
    said = enrolled.unproven(identity.answer_kept(folder)).settings
    return "" if said is None else Settings.from_cbor(said, where="settings").shop_name


def handover(folder: Path) -> Enrolled:
    """What the shop's slip says, from what is kept. Raises: NotEnrolled, DeviceKeyError."""
    known = boot.who_we_are(folder)
    claimed = enrolled.unproven(identity.answer_kept(folder))
    settings = Settings.from_cbor(claimed.settings or b"", where="settings")
    return Enrolled(
        offer=_offer(known.credential, settings, claimed), key_fingerprint=root_fingerprint(known.key.public),
        made_s=claimed.now_s, technician=settings.technician or "", center_url=known.center_url,
        credential_until_s=known.credential.until_s, is_active=(folder / boot.FIRST_MAIL_FILE).exists(),
    )  # fmt: skip


def _offer(credential: Credential, settings: Settings, answer: EnrollmentAnswer) -> Offer:
    predecessor = credential.predecessor
    return Offer(
        shop_name=settings.shop_name, shop_place=settings.shop_place, shop=credential.shop, device=credential.device,
        root_fingerprint=root_fingerprint(answer.root_public), under_mandate=answer.mandate is not None,
        replaces=None if predecessor is None else predecessor.device,
    )  # fmt: skip
