"""Policies and lists in a device's mail: each new one as what changed since the one before, which the mailbox itself tells.

A center that was restored may have loaded a version anew, otherwise than a device was told; so what a device holds is never
taken from the store of versions, but put together from its mail, as the device does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.wire import mail
from sync.wire.document import changed_document, whole_message
from sync.wire.kinds import MailKind
from sync.wire.shapes import UINT_MAX

if TYPE_CHECKING:
    import sqlite3

    from sync.wire.mail import Body, Mail


def held_message(
    database: sqlite3.Connection, device: int, kind: MailKind, *, before: int = UINT_MAX
) -> bytes | None:
    """The signed policy or list that a device holds by its mail below number `before`."""
    message = None
    for row in database.execute(
        "SELECT message FROM mail WHERE device = ? AND kind = ? AND number < ? ORDER BY number",
        (device, kind, before),
    ):
        message = _whole(mail.body_of(row["message"]), message)
    return message


def message_in(database: sqlite3.Connection, device: int, item: Mail) -> bytes:
    """The signed policy or list that an item brings. Raises: Malformed, HashDiffers."""
    return _whole(item.body, held_message(database, device, item.kind, before=item.number))


def document_for(
    database: sqlite3.Connection, device: int, kind: MailKind, message: bytes
) -> mail.SignedDocument:
    """A policy or list as this device's next item brings it."""
    held = held_message(database, device, kind)
    return mail.SignedDocument(message=message) if held is None else changed_document(message, held)


def again(database: sqlite3.Connection, kind: MailKind, document: int | None, body: Body) -> Body:
    """A body that comes behind other mail than it was made for: a document is sent whole then."""
    if not isinstance(body, mail.SignedDocument) or body.changes is None:
        return body
    table = "policy" if kind is MailKind.POLICY else "catalog"
    row = database.execute(f"SELECT message FROM {table} WHERE version = ?", (document,)).fetchone()  # noqa: S608 -- one of two words
    return mail.SignedDocument(message=row["message"])


def _whole(body: Body, earlier: bytes | None) -> bytes:
    assert isinstance(body, mail.SignedDocument), "by its kind"
    return whole_message(body, earlier)
