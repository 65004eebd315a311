"""Binds a device's new keys to a shop: a single-use, short-lived ticket in, a signed credential out.

A ticket belongs to the first key that shows it; the same key may ask again and gets the same credential, for the first
answer may have been lost. The device itself shows it over the network, or a technician does who has the device's request on paper and
carries the answer back. Owns the tables ticket and device.
"""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from sync.central.config import CREDENTIAL_FOR_S
from sync.central.credit import allowances, people
from sync.central.credit.scheme import random_digits
from sync.central.enrolling.mandates import next_number, replaced, settings_of
from sync.central.errors import Refused, WrongInput
from sync.central.mailing.briefing import brief_announcements, brief_documents, device_row
from sync.wire import cose, credential, hpke
from sync.wire.cose import VerifyingKey
from sync.wire.credential import Credential, EnrollmentAnswer, EnrollmentRequest, root_fingerprint
from sync.wire.enrolling import provision
from sync.wire.enrolling.provision import Secrets
from sync.wire.errors import Malformed, NotAuthentic
from sync.wire.kinds import Role
from sync.wire.proof import PIN_DIGITS, SALT_BYTES, slow_hash

if TYPE_CHECKING:
    import sqlite3

    from sync.central.center import Center
    from sync.central.keys import Chance, Keys

VERSION = 1
BODY_BYTES_MAX = 4096
TOKEN_BYTES = 10


class Ticket(NamedTuple):
    """What a technician takes to a shop. `text` is the token and the root's fingerprint."""

    text: str
    shop: int
    operator_pin: str
    expires_s: int


def issue_ticket(
    database: sqlite3.Connection,
    shop: int,
    *,
    keys: Keys,
    now_s: int,
    valid_s: int,
    chance: Chance,
    replaces: int | None = None,
) -> Ticket:
    """A ticket for one device of a shop, and the operator PIN that the device will know. Raises: Unknown, Refused."""
    people.shop_row(database, shop)
    if replaces is not None and device_row(database, replaces)["shop"] != shop:
        raise Refused(f"device {replaces} is not of shop {shop}")
    token, pin, salt = chance(TOKEN_BYTES).hex(), random_digits(PIN_DIGITS, chance), chance(SALT_BYTES)
    database.execute(
        "INSERT INTO ticket (token, shop, expires_s, operator_salt, operator_hash, replaces) VALUES (?, ?, ?, ?, ?, ?)",
        (token, shop, now_s + valid_s, salt, slow_hash(pin, salt), replaces),
    )
    return Ticket(f"{token}.{root_fingerprint(keys.trusted.root.public)}", shop, pin, now_s + valid_s)


async def enroll(center: Center, body: bytes) -> bytes:
    """The answer to an enrollment request. Raises: WrongInput, Refused; then nothing has changed."""
    request = _open_request(body)
    center.keys.shared_secret(request.exchange_public)
    return await center.run(partial(_enroll, keys=center.keys, request=request, now_s=center.clock.now_s()))


async def enroll_for(center: Center, body: bytes, token: str, *, center_url: str, secrets: Secrets) -> bytes:
    """The same for a request on paper, whose token is the technician's; the answer tells the device what the network would.

    Raises: WrongInput, Refused; then nothing has changed.
    """
    request = _open_request(body)
    if request.token:
        raise WrongInput("request.token", "is the device's own: it asks over the network")
    center.keys.shared_secret(request.exchange_public)
    sealed = provision.seal(secrets, request, ephemeral=center.chance(hpke.KEY_BYTES))
    told = _Told(center_url, sealed if secrets != Secrets() else None)
    step = partial(
        _enroll, keys=center.keys, request=replace(request, token=token), now_s=center.clock.now_s(), told=told
    )  # fmt: skip
    return await center.run(step)


def suspend(database: sqlite3.Connection, device: int, *, last_good: int, now_s: int) -> int:
    """Hold back everything that a device says after entry `last_good`; how many allowances are free at once, for others to be
    granted. Raises: Unknown.
    """
    device_row(database, device)
    database.execute(
        "UPDATE device SET suspended_from = ?, suspended_why = 'revoked', replaced_at_s = NULL WHERE number = ?",
        (last_good + 1, device),
    )
    return allowances.take_back(database, device, now_s=now_s)


def _open_request(body: bytes) -> EnrollmentRequest:
    """A request is signed by the very key that it asks to enroll."""
    try:
        unverified = cose.parse(body, what="request", bytes_max=BODY_BYTES_MAX)
        request = EnrollmentRequest.from_cbor(unverified.payload, bytes_max=BODY_BYTES_MAX)
        cose.verify(body, VerifyingKey(request.public), context=credential.REQUEST_CONTEXT, what="request")
    except Malformed as error:
        raise WrongInput(error.where, error.why) from None
    except NotAuthentic as error:
        raise Refused(str(error)) from None
    if request.version != VERSION:
        raise WrongInput("request.version", f"{request.version} is unknown")
    return request


class _Told(NamedTuple):
    """What an answer on paper adds: where the center is, and sealed secrets."""

    center_url: str
    secrets: bytes | None


def _enroll(
    database: sqlite3.Connection,
    *,
    keys: Keys,
    request: EnrollmentRequest,
    now_s: int,
    told: _Told | None = None,
) -> bytes:
    ticket = database.execute("SELECT * FROM ticket WHERE token = ?", (request.token,)).fetchone()
    if ticket is None:
        raise Refused("the enrollment token is unknown")
    if ticket["device"] is None:
        if now_s > ticket["expires_s"]:
            raise Refused("the enrollment token has expired")
        number = _new_device(database, ticket, keys=keys, request=request, now_s=now_s)
    else:
        number = ticket["device"]
    device = device_row(database, number)
    if (device["public"], device["exchange_public"]) != (request.public, request.exchange_public):
        raise Refused("the enrollment token was used by another device")
    answer = EnrollmentAnswer(
        version=VERSION,
        nonce=request.nonce,
        root_public=keys.trusted.root.public,
        delegations=keys.delegations,
        credential=device["credential"],
        slim=device["slim"],
        center_exchange_public=keys.exchange_public,
        epoch=database.execute("SELECT epoch FROM center").fetchone()["epoch"],
        now_s=now_s,
    )
    if told is not None:
        settings = settings_of(database, device["shop"], center_url=told.center_url, technician=None)
        answer = replace(answer, settings=settings.to_cbor(), secrets=told.secrets)
    return cose.sign(answer.to_cbor(), keys.signing[Role.MAIL], context=credential.ANSWER_CONTEXT)


def _new_device(
    database: sqlite3.Connection, ticket: sqlite3.Row, *, keys: Keys, request: EnrollmentRequest, now_s: int
) -> int:
    key_id = cose.key_id(request.public)
    if database.execute("SELECT 1 FROM device WHERE key_id = ?", (key_id,)).fetchone():
        raise Refused("this key is enrolled already")
    number = next_number(database)
    predecessor = None if ticket["replaces"] is None else replaced(database, ticket["replaces"], now_s=now_s)
    made = Credential(
        version=VERSION, device=number, shop=ticket["shop"], public=request.public,
        exchange_public=request.exchange_public, not_before_s=now_s, until_s=now_s + CREDENTIAL_FOR_S,
        predecessor=predecessor,
    )  # fmt: skip
    key = keys.signing[Role.CREDENTIAL]
    message = cose.sign(made.to_cbor(), key, context=credential.CREDENTIAL_CONTEXT)
    slim = credential.slim(made, issuer=int(Role.CREDENTIAL), key=key).to_cbor()
    hash_ = credential_hash(made, key.public)
    database.execute(
        "INSERT INTO device (number, shop, public, key_id, exchange_public, credential, credential_hash, slim, enrolled_at_s,"
        " operator_salt, operator_hash, head, mail_head, heard_at_s, until_s) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            number, ticket["shop"], request.public, key_id, request.exchange_public, message, hash_, slim, now_s,
            ticket["operator_salt"], ticket["operator_hash"], hash_, hash_, now_s, made.until_s,
        ),
    )  # fmt: skip
    database.execute("UPDATE ticket SET device = ? WHERE token = ?", (number, ticket["token"]))
    brief_documents(database, number, keys, now_s=now_s)
    brief_announcements(database, number, keys, now_s=now_s)
    return int(number)


def credential_hash(made: Credential, issuer_public: bytes) -> bytes:
    """Where a device's journal and mail begin: SHA-256 of what the credential's signature covers."""
    signed_bytes = cose.to_be_signed(
        made.to_cbor(), public=issuer_public, context=credential.CREDENTIAL_CONTEXT
    )
    return hashlib.sha256(signed_bytes).digest()
