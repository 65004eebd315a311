"""Binds the device's key to a shop: once in its life, by a technician with a ticket from the center.

    ticket = token "." fingerprint of the root key        sofreh-till enroll --config F --center URL TICKET

The token is the center's leave to enroll one device of one shop; the fingerprint, typed from the same slip of paper, is
the only trust that does not come over the network. Everything else in the answer follows from that root.
May be repeated after any failure: the key is made once and kept, and the identity is written last, whole or not at all.
"""

from __future__ import annotations

import hmac
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from drivers.device_key import FileDeviceKey
from drivers.errors import DeviceKeyError, KeyFileMissing
from firmware import boot, identity, whole_file
from firmware.errors import EnrollmentRefused, NotEnrolled
from sync.uplink.errors import UplinkError
from sync.wire import cose
from sync.wire.credential import (
    ANSWER_CONTEXT,
    REQUEST_CONTEXT,
    EnrollmentAnswer,
    EnrollmentRequest,
    root_fingerprint,
)
from sync.wire.errors import WireError
from sync.wire.kinds import Role

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from drivers.device_key import DeviceKey
    from firmware.identity import Identity
    from sync.uplink.ports import Post

PATH = "/enroll"
ANSWER_BYTES_MAX = 128 << 10
NONCE_BYTES = 16
_TICKET = re.compile(r"([A-Za-z0-9_-]{1,64})\.([0-9a-f]{20})")


class Ticket(Struct, frozen=True):
    """What the technician types."""

    token: str
    fingerprint: str


def ticket_from(text: str) -> Ticket:
    """Read a ticket. Raises: EnrollmentRefused."""
    found = _TICKET.fullmatch(text.strip())
    if found is None:
        raise EnrollmentRefused(
            "the ticket is not TOKEN.FINGERPRINT with 20 characters 0-9 a-f after the point"
        )
    return Ticket(found[1], found[2])


def device_key(folder: Path) -> FileDeviceKey:
    """The key in `folder`, made if there is none. Raises: EnrollmentRefused."""
    path = folder / identity.KEY_FILE
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            return FileDeviceKey.load(path)
        except KeyFileMissing:
            return FileDeviceKey.create(path)
    except (DeviceKeyError, OSError) as error:
        raise EnrollmentRefused(f"no device key: {error}") from error


async def enroll(
    folder: Path,
    ticket: Ticket,
    center_url: str,
    post: Post,
    *,
    software: str,
    random_bytes: Callable[[int], bytes],
) -> Identity:
    """Ask the center for an identity and keep it in `folder`.

    Raises: EnrollmentRefused; the device is then what it was, save that it may have a key now.
    """
    if len(center_url) > identity.CENTER_URL_MAX:
        raise EnrollmentRefused(f"the center's address is longer than {identity.CENTER_URL_MAX} characters")
    key = device_key(folder)
    _refuse_second(folder, key)
    nonce = random_bytes(NONCE_BYTES)
    try:
        message = await post.post(
            PATH, _request(key, ticket, nonce, software), answer_bytes_max=ANSWER_BYTES_MAX
        )
    except UplinkError as error:
        raise EnrollmentRefused(str(error)) from error
    root_public = _root(message, ticket)
    given = _verified(message, key, root_public, center_url, nonce)
    try:
        whole_file.replace(folder / boot.ACTIVATION_FILE, b"")
        identity.store(folder, message, root_public=root_public, center_url=center_url)
    except OSError as error:
        raise EnrollmentRefused(f"{folder}: {error.strerror}; the same ticket may be used again") from error
    return given


def _refuse_second(folder: Path, key: DeviceKey) -> None:
    try:
        known = identity.load(folder, key)
    except NotEnrolled:
        return
    raise EnrollmentRefused(f"this is device {known.device} of shop {known.shop} already")


def _request(key: DeviceKey, ticket: Ticket, nonce: bytes, software: str) -> bytes:
    request = EnrollmentRequest(
        version=1, public=key.public, exchange_public=key.exchange_public, token=ticket.token, nonce=nonce,
        software=software,
    )  # fmt: skip
    return cose.sign(request.to_cbor(), key, context=REQUEST_CONTEXT)


def _root(message: bytes, ticket: Ticket) -> bytes:
    """The root key that the answer names, if it is the ticket's. Nothing else is believed yet."""
    try:
        claimed = EnrollmentAnswer.from_cbor(cose.parse(message, what="answer").payload)
    except WireError as error:
        raise EnrollmentRefused(f"the center's answer does not hold: {error}") from error
    if not hmac.compare_digest(root_fingerprint(claimed.root_public), ticket.fingerprint):
        raise EnrollmentRefused(
            "the center's root key is not the one on the ticket: wrong ticket, or wrong center"
        )
    return claimed.root_public


def _verified(message: bytes, key: DeviceKey, root_public: bytes, center_url: str, nonce: bytes) -> Identity:
    try:
        given = identity.identity_from(message, key, root_public=root_public, center_url=center_url)
        payload = given.trusted.verify(message, Role.MAIL, context=ANSWER_CONTEXT, what="answer")
        answered = EnrollmentAnswer.from_cbor(payload).nonce
    except (WireError, DeviceKeyError) as error:
        raise EnrollmentRefused(f"the center's answer does not hold: {error}") from error
    if answered != nonce:
        raise EnrollmentRefused("the center's answer is for another request")
    return given
