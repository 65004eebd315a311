"""Mandates: numbers that a technician may give to devices where there is no network, and what became of them.

A mandate makes a device in the books at once, with blanks for keys that nobody knows yet, so that credit is reserved for it and mail
waits for it as for any other; the mail begins with the mandate's hash. An introduction fills in the blanks, and the device's credential
is replaced at once by one of the center's own, by mail. What the technician answered twice for one number is a fork: the proof is
kept, the device suspended. A number that never comes to light holds nothing for long: its allowances fall back as any others. A
mandate is revoked by suspending its number: whatever was answered under it is held back.

Owns the tables mandate, second_introduction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from sync.central.config import FIRST_DEVICE
from sync.central.credit import people
from sync.central.credit.scheme import current_policy, random_digits
from sync.central.dates import moment_text
from sync.central.enrolling import renewal
from sync.central.errors import Refused, WrongInput
from sync.central.mailing.briefing import brief_announcements, brief_credit, brief_documents, device_row
from sync.wire import base45, cose, credential
from sync.wire.credential import Predecessor
from sync.wire.enrolling import mandate, mandate_file
from sync.wire.enrolling.mandate import Introduced, Mandate
from sync.wire.enrolling.mandate_file import FIRST_MAIL_MAX, Grant, MandateFile
from sync.wire.enrolling.provision import Secrets, Settings
from sync.wire.errors import Malformed, NotAuthentic
from sync.wire.kinds import Role
from sync.wire.proof import PIN_DIGITS, SALT_BYTES, slow_hash
from sync.wire.record import Record, array_record, item
from sync.wire.shapes import octets

if TYPE_CHECKING:
    import sqlite3

    from sync.central.keys import Chance, Keys

VERSION = 1
LAPTOP_PREFIX = "L1:"
_NO_KEY = bytes(32)


@array_record
class LaptopKeys(Record):
    """A technician's laptop by its public keys: what signs, and what files are sealed to."""

    public: bytes = item(0, octets(32))
    exchange_public: bytes = item(1, octets(32))


class Trip(Struct, frozen=True, kw_only=True):
    """What a technician sets out with: so many numbers for each of these shops, and for how long. Times in Unix seconds."""

    laptop: LaptopKeys
    shops: tuple[int, ...]
    devices_each: int
    until_s: int
    credential_until_s: int
    center_url: str
    technician: str | None
    secrets: Secrets
    replaces: int | None = None


def laptop_text(laptop: LaptopKeys) -> str:
    """How the laptop's keys are told to the center: typed, copied or scanned."""
    return LAPTOP_PREFIX + base45.encode(laptop.to_cbor())


def laptop_from(text: str) -> LaptopKeys:
    """Raises: WrongInput."""
    if not text.startswith(LAPTOP_PREFIX):
        raise WrongInput("laptop", f"does not begin with {LAPTOP_PREFIX}")
    try:
        return LaptopKeys.from_cbor(base45.decode(text[len(LAPTOP_PREFIX) :], where="laptop"), where="laptop")
    except Malformed as error:
        raise WrongInput(error.where, error.why) from None


def issue(
    database: sqlite3.Connection, trip: Trip, *, keys: Keys, now_s: int, chance: Chance
) -> tuple[MandateFile, tuple[int, ...]]:
    """Numbers for the trip, reserved in the books; the file's content and the numbers. Raises: Unknown, Refused."""
    predecessor = None if trip.replaces is None else replaced(database, trip.replaces, now_s=now_s)
    keys.shared_secret(trip.laptop.exchange_public)
    made_all = []
    for shop in trip.shops:
        if predecessor is not None and device_row(database, predecessor.device)["shop"] != shop:
            raise Refused(f"device {predecessor.device} is not of shop {shop}")
        for _ in range(trip.devices_each):
            number = next_number(database)
            made = Mandate(
                version=VERSION, device=number, shop=shop, public=trip.laptop.public, not_before_s=now_s, until_s=trip.until_s,
                credential_until_s=trip.credential_until_s, center_exchange_public=keys.exchange_public,
                epoch=database.execute("SELECT epoch FROM center").fetchone()["epoch"], predecessor=predecessor,
            )  # fmt: skip
            made_all.append((made, *_reserved(database, made, trip, keys=keys, now_s=now_s, chance=chance)))
    # Credit is shared by all numbers of a shop: none is granted any before all are in the books.
    grants = tuple(
        _granted(database, made, trip, message, pin, keys=keys, now_s=now_s)
        for made, message, pin in made_all
    )
    held = MandateFile(
        version=VERSION, root_public=keys.trusted.root.public, delegations=keys.delegations, grants=grants
    )  # fmt: skip
    return held, tuple(made.device for made, _, _ in made_all)


def next_number(database: sqlite3.Connection) -> int:
    """The next device's."""
    row = database.execute("SELECT COALESCE(MAX(number), ?) + 1 AS n FROM device", (FIRST_DEVICE - 1,))
    return int(row.fetchone()["n"])


def replaced(database: sqlite3.Connection, device: int, *, now_s: int) -> Predecessor:
    """A dead device and how far its journal is held; what it says from now on is held back. Raises: Unknown."""
    row = device_row(database, device)
    database.execute(
        "UPDATE device SET replaced_at_s = CASE WHEN suspended_from IS NULL THEN ? ELSE replaced_at_s END,"
        " suspended_from = COALESCE(suspended_from, held), suspended_why = COALESCE(suspended_why, ?) WHERE number = ?",
        (now_s, f"replaced at {moment_text(now_s)}", device),
    )
    return Predecessor(device=device, held=row["held"], head=row["head"])


def settings_of(
    database: sqlite3.Connection, shop: int, *, center_url: str, technician: str | None
) -> Settings:
    """What every device of a shop is told when it is enrolled. Raises: Unknown."""
    row = people.shop_row(database, shop)
    return Settings(
        center_url=center_url, shop_name=row["name"], shop_place=row["place"], label_template=row["label_template"],
        technician=technician,
    )  # fmt: skip


def _reserved(
    database: sqlite3.Connection, made: Mandate, trip: Trip, *, keys: Keys, now_s: int, chance: Chance
) -> tuple[bytes, str]:
    """Put the number into the books; the mandate as it is signed, and the operator PIN."""
    message = cose.sign(made.to_cbor(), keys.signing[Role.CREDENTIAL], context=mandate.MANDATE_CONTEXT)
    hash_ = mandate.open_mandate(message, keys.trusted).hash
    people.shop_row(database, made.shop)
    pin, salt = random_digits(PIN_DIGITS, chance), chance(SALT_BYTES)
    database.execute(
        "INSERT INTO device (number, shop, public, key_id, exchange_public, credential, credential_hash, slim, enrolled_at_s,"
        " operator_salt, operator_hash, head, mail_head, heard_at_s, until_s) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            made.device, made.shop, _NO_KEY, hash_[: cose.KEY_ID_BYTES], trip.laptop.exchange_public, b"", hash_, b"", now_s,
            salt, slow_hash(pin, salt), hash_, hash_, now_s, made.credential_until_s,
        ),
    )  # fmt: skip
    database.execute(
        "INSERT INTO mandate (device, hash, message) VALUES (?, ?, ?)", (made.device, hash_, message)
    )
    return message, pin


def _granted(
    database: sqlite3.Connection,
    made: Mandate,
    trip: Trip,
    message: bytes,
    pin: str,
    *,
    keys: Keys,
    now_s: int,
) -> Grant:
    _brief(database, made.device, keys, now_s=now_s)
    settings = settings_of(database, made.shop, center_url=trip.center_url, technician=trip.technician)
    slim = credential.slim_mandate(
        device=made.device, shop=made.shop, public=made.public, until_s=made.credential_until_s, issuer=int(Role.CREDENTIAL),
        key=keys.signing[Role.CREDENTIAL],
    )  # fmt: skip
    return Grant(
        mandate=message, slim=slim, settings=settings, secrets=trip.secrets, operator_pin=pin,
        mail=_first_mail(database, made.device),
    )  # fmt: skip


def _brief(database: sqlite3.Connection, device: int, keys: Keys, *, now_s: int) -> None:
    """Everything that any device is told; credit only where a policy is in force."""
    brief_documents(database, device, keys, now_s=now_s)
    brief_announcements(database, device, keys, now_s=now_s)
    if database.execute("SELECT 1 FROM policy WHERE NOT rolled_back").fetchone():
        brief_credit(database, device, current_policy(database), keys, now_s=now_s)


def _first_mail(database: sqlite3.Connection, device: int) -> tuple[bytes, ...]:
    """As much of the waiting mail as the technician carries; the rest comes with the first exchange."""
    rows = database.execute(
        "SELECT message FROM mail WHERE device = ? ORDER BY number LIMIT ?", (device, FIRST_MAIL_MAX)
    )
    return tuple(row["message"] for row in rows)


def sealed_for(held: MandateFile, trip: Trip, keys: Keys, chance: Chance) -> bytes:
    """The file that the technician takes along. Raises: Refused, where the laptop's key cannot be sealed to."""
    try:
        return mandate_file.seal(
            held, keys.signing[Role.CREDENTIAL], trip.laptop.exchange_public, ephemeral=chance(32)
        )
    except NotAuthentic as error:
        raise Refused(str(error)) from None


def introduce(database: sqlite3.Connection, data: bytes, *, keys: Keys, now_s: int) -> Introduced:
    """Take up what a technician has answered; again and again with the same effect.

    Raises: WrongInput, Refused; then nothing has changed, but that a fork is kept and its device suspended first.
    """
    try:
        known = mandate.open_introduction(data, keys.trusted)
    except Malformed as error:
        raise WrongInput(error.where, error.why) from None
    except NotAuthentic as error:
        raise Refused(str(error)) from None
    row = database.execute("SELECT * FROM mandate WHERE device = ?", (known.mandate.device,)).fetchone()
    if row is None or mandate.Introduction.from_cbor(data).mandate != row["message"]:
        raise Refused(f"the mandate for number {known.mandate.device} is not one that these books know")
    if row["introduction"] is None:
        _fill_in(database, known, data, keys=keys, now_s=now_s)
    elif device_row(database, known.mandate.device)["credential_hash"] != known.credential_hash:
        _keep_fork(database, known, data, now_s=now_s)
    return known


def is_forked(database: sqlite3.Connection, device: int) -> bool:
    """Whether two credentials for this number are known."""
    return (
        database.execute("SELECT 1 FROM second_introduction WHERE device = ?", (device,)).fetchone()
        is not None
    )


def held_back(database: sqlite3.Connection, device: int) -> str | None:
    """Why the device is suspended; None where it is not. A number is revoked so, whether it was given to a device or not."""
    row = device_row(database, device)
    return None if row["suspended_from"] is None else str(row["suspended_why"])


def _fill_in(database: sqlite3.Connection, known: Introduced, data: bytes, *, keys: Keys, now_s: int) -> None:
    device, given = known.mandate.device, known.credential
    key_id = cose.key_id(given.public)
    if database.execute("SELECT 1 FROM device WHERE key_id = ?", (key_id,)).fetchone():
        raise Refused("this key is enrolled already")
    keys.shared_secret(given.exchange_public)
    message = mandate.Introduction.from_cbor(data).credential
    database.execute(
        "UPDATE device SET public = ?, key_id = ?, exchange_public = ?, credential = ?, credential_hash = ?, head = ?,"
        " enrolled_at_s = ?, until_s = ? WHERE number = ?",
        (
            given.public, key_id, given.exchange_public, message, known.credential_hash, known.credential_hash,
            given.not_before_s, given.until_s, device,
        ),
    )  # fmt: skip
    database.execute(
        "UPDATE mandate SET introduction = ?, introduced_at_s = ? WHERE device = ?", (data, now_s, device)
    )
    renewal.renew(database, keys, device, now_s=now_s)
    _brief(database, device, keys, now_s=now_s)


def _keep_fork(database: sqlite3.Connection, known: Introduced, data: bytes, *, now_s: int) -> None:
    device = known.mandate.device
    database.execute(
        "INSERT OR IGNORE INTO second_introduction VALUES (?, ?, ?, ?)",
        (device, known.credential_hash, data, now_s),
    )
    database.execute(
        "UPDATE device SET suspended_from = COALESCE(suspended_from, held), suspended_why = COALESCE(suspended_why, ?)"
        " WHERE number = ?",
        ("two credentials for one number", device),
    )
