"""A center that was restored from an older backup takes back from its devices the mail that it had signed.

What a device returns proves itself: signed by this center, for this device, in its chain. Where this center has meanwhile
written something else to the same numbers, which that device never had, it is written anew behind. Returned allowances are
reserved again, told verdicts keep their entries from being late, settlements from being paid twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.central import mailbox
from sync.central.credit import epochs
from sync.central.errors import Conflict
from sync.central.mailbox import Mailbox
from sync.central.mailing import documents
from sync.central.mailing.briefing import device_row
from sync.central.restoring import returning
from sync.wire import mail
from sync.wire.errors import WireError
from sync.wire.mail import MailHead

if TYPE_CHECKING:
    import sqlite3

    from sync.central.keys import Keys
    from sync.wire.exchange import ExchangeRequest
    from sync.wire.kinds import MailKind
    from sync.wire.mail import Body


def hear(database: sqlite3.Connection, keys: Keys, request: ExchangeRequest, *, now_s: int) -> int | None:
    """Compare what a device holds of this center's mail, and take back what it returns. From where on mail is missing here;
    None when both hold the same, and only then its entries can be judged.

    Raises: Conflict, when the device holds what this center never signed.
    """
    _note_forgotten(database, request)
    if request.returned:
        _take_back(database, keys, request.device, request.returned, now_s=now_s)
    if mailbox.hash_of(database, request.device, request.mail_number) == request.mail_hash:
        # Only a request that names the new epoch was made after the restoration: an old one proves nothing.
        database.execute(
            "UPDATE device SET returned_epoch = ? WHERE number = ? AND ? = (SELECT epoch FROM center)",
            (request.epoch, request.device, request.epoch),
        )
        return None
    device = device_row(database, request.device)
    first = max(device["applied_mail"], device["mail_agreed"]) + 1
    if first > request.mail_number:
        raise Conflict(
            f"device {request.device} holds mail {request.mail_number}, which is not what this center sent"
        )
    return int(first)


def _note_forgotten(database: sqlite3.Connection, request: ExchangeRequest) -> None:
    """A device may say what it was promised; that is not proven, but people should know. Once an epoch and device."""
    center = database.execute("SELECT epoch, statement FROM center").fetchone()
    device = device_row(database, request.device)
    told = (request.epoch, request.statement or 0)
    forgotten = max(0, (request.held or 0) - device["held"])
    if not forgotten and told <= (center["epoch"], center["statement"]):
        return
    noted = database.execute(
        "UPDATE device SET warned_epoch = ? WHERE number = ? AND warned_epoch < ?",
        (center["epoch"], request.device, center["epoch"]),
    )
    if noted.rowcount:
        returning.observe(
            database, request.device, request.held or 0,
            f"the device was promised by statement {told[1]} of epoch {told[0]} that {request.held} entries are held;"
            f" {device['held']} are: was this center restored from a backup?",
        )  # fmt: skip


def _take_back(
    database: sqlite3.Connection, keys: Keys, device: int, messages: tuple[bytes, ...], *, now_s: int
) -> None:
    try:
        first = mail.number_of(messages[0])
    except WireError as error:
        raise Conflict(f"device {device} returns what is no mail: {error}") from None
    prev = mailbox.hash_of(database, device, first - 1) if first else None
    if prev is None:
        raise Conflict(f"device {device} returns mail {first}, and the one before it is missing")
    head = MailHead(first - 1, prev)
    displaced: list[tuple[Body, MailKind, int | None]] = []
    for message in messages:
        try:
            item = mail.reopen(message, head, keys.trusted, device=device)
        except WireError as error:
            raise Conflict(f"device {device} returns what this center never sent: {error}") from None
        head = item.head
        if mailbox.hash_of(database, device, item.number) == item.hash:
            continue
        if not epochs.is_open(database):
            epochs.open_epoch(
                database, now_s=now_s, devices=None, why=f"device {device} returned mail {item.number}, which was lost"
            )  # fmt: skip
        displaced += mailbox.displace(database, device, item.number)
        mailbox.put_back(database, device, item, document=returning.document_of(database, device, item))
        returning.take(database, keys, device, item)
    database.execute("UPDATE device SET mail_agreed = ? WHERE number = ?", (head.number, device))
    box = Mailbox(database, device, keys, now_s=now_s)
    for body, kind, document in displaced:
        number = box.append(documents.again(database, kind, document, body), kind=kind, document=document)
        if isinstance(body, mail.Revocation):
            mailbox.revoked_by(database, device, body.cards, number)
