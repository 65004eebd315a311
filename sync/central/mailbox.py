"""The mail of each device: appended here, signed and chained, sent by the exchange. Owns the tables mail, revoked_card.

Item 1 follows the device's credential. Nothing that was sent is ever changed: only a restored center takes what it wrote
since behind what the device returned (`sync.central.restoring.restoring`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.wire import mail
from sync.wire.exchange import ANSWER_MAIL_MAX
from sync.wire.kinds import MailKind, Role
from sync.wire.mail import MailHead

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from sync.central.keys import Keys
    from sync.wire.mail import Body, Mail

SENT_BYTES_MAX = 3 << 20
"""Of mail in one answer, unless a single item is larger."""
KIND_OF_BODY: dict[type[Body], MailKind] = {
    mail.Households: MailKind.HOUSEHOLDS,
    mail.Allowances: MailKind.ALLOWANCES,
    mail.Recall: MailKind.RECALL,
    mail.Locks: MailKind.LOCKS,
    mail.AnnouncementNotice: MailKind.ANNOUNCEMENT,
    mail.Revocation: MailKind.REVOCATION,
    mail.Verdicts: MailKind.VERDICTS,
    mail.Settlement: MailKind.SETTLEMENT,
    mail.Shop: MailKind.SHOP,
    mail.Renewal: MailKind.CREDENTIAL,
}


class Mailbox:
    """The mailbox of one device within one transaction."""

    def __init__(self, database: sqlite3.Connection, device: int, keys: Keys, *, now_s: int) -> None:
        self._database = database
        self._device = device
        self._key = keys.signing[Role.MAIL]
        self._now_s = now_s

    def append(self, body: Body, *, kind: MailKind | None = None, document: int | None = None) -> int:
        """Write the next item; its number. `kind` is given for signed documents, which come in two kinds."""
        kind = kind or KIND_OF_BODY[type(body)]
        sealed = mail.seal(body, kind, self._head(), device=self._device, issued_s=self._now_s, key=self._key)
        self._database.execute(
            "INSERT INTO mail (device, number, kind, document, issued_s, hash, message) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (self._device, sealed.number, kind, document, self._now_s, sealed.hash, sealed.message),
        )
        self._database.execute(
            "UPDATE device SET mail_last = ?, mail_head = ? WHERE number = ?",
            (sealed.number, sealed.hash, self._device),
        )
        return sealed.number

    def has(self, kind: MailKind, document: int) -> bool:
        """Whether such an item was written before."""
        return newest(self._database, self._device, kind, document=document) is not None

    def _head(self) -> MailHead:
        row = self._database.execute(
            "SELECT mail_last, mail_head FROM device WHERE number = ?", (self._device,)
        ).fetchone()
        return MailHead(row["mail_last"], row["mail_head"])


def newest(
    database: sqlite3.Connection,
    device: int,
    kind: MailKind,
    *,
    document: int | None = None,
    most: int | None = None,
) -> int | None:
    """The highest number of an item of this kind, with this document if given, not above `most`."""
    row = database.execute(
        "SELECT MAX(number) AS number FROM mail WHERE device = ? AND kind = ? AND (? IS NULL OR document = ?)"
        " AND (? IS NULL OR number <= ?)",
        (device, kind, document, document, most, most),
    ).fetchone()
    number: int | None = row["number"]
    return number


def newest_document(database: sqlite3.Connection, device: int, kind: MailKind, *, most: int) -> int | None:
    """The version in the newest item of this kind that is not above `most`."""
    number = newest(database, device, kind, most=most)
    row = database.execute(
        "SELECT document FROM mail WHERE device = ? AND number = ?", (device, number)
    ).fetchone()
    return None if row is None else int(row["document"])


def issued_s(database: sqlite3.Connection, device: int, number: int) -> int | None:
    """When item `number` was written, if there is one."""
    row = database.execute(
        "SELECT issued_s FROM mail WHERE device = ? AND number = ?", (device, number)
    ).fetchone()
    return None if row is None else int(row["issued_s"])


def hash_of(database: sqlite3.Connection, device: int, number: int) -> bytes | None:
    """The hash of item `number`; for 0 of the mandate, or else of the credential; None where there is none."""
    if number == 0:
        row = database.execute(
            "SELECT COALESCE(mandate.hash, credential_hash) AS hash FROM device LEFT JOIN mandate ON mandate.device = number"
            " WHERE number = ?",
            (device,),
        ).fetchone()
    else:
        row = database.execute(
            "SELECT hash FROM mail WHERE device = ? AND number = ?", (device, number)
        ).fetchone()
    return None if row is None else bytes(row["hash"])


def put_back(database: sqlite3.Connection, device: int, item: Mail, *, document: int | None) -> None:
    """Store an item that this center once wrote and lost; it follows what is held."""
    database.execute(
        "INSERT INTO mail (device, number, kind, document, issued_s, hash, message) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (device, item.number, item.kind, document, item.issued_s, item.hash, item.message),
    )
    database.execute(
        "UPDATE device SET mail_last = ?, mail_head = ? WHERE number = ?", (item.number, item.hash, device)
    )


def displace(
    database: sqlite3.Connection, device: int, number: int
) -> list[tuple[Body, MailKind, int | None]]:
    """Take out what was written from `number` on and never reached the device: body, kind and document of each."""
    rows = database.execute(
        "DELETE FROM mail WHERE device = ? AND number >= ? RETURNING number, kind, document, message", (device, number)
    ).fetchall()  # fmt: skip
    rows.sort(key=lambda row: row["number"])
    return [(mail.body_of(row["message"]), MailKind(row["kind"]), row["document"]) for row in rows]


def revoked_by(database: sqlite3.Connection, device: int, cards: Iterable[int], number: int) -> None:
    """Item `number` is now the one that revokes these cards."""
    database.executemany(
        "UPDATE revoked_card SET mail = ? WHERE device = ? AND card = ?",
        [(number, device, card) for card in cards],
    )


def after(
    database: sqlite3.Connection, device: int, number: int, *, most_bytes: int | None = None
) -> tuple[bytes, ...]:
    """The items behind `number`, as many as one answer takes; not over `most_bytes` but for the first."""
    rows = database.execute(
        "SELECT message FROM mail WHERE device = ? AND number > ? ORDER BY number LIMIT ?",
        (device, number, ANSWER_MAIL_MAX),
    )
    taken: list[bytes] = []
    room = SENT_BYTES_MAX if most_bytes is None else min(most_bytes, SENT_BYTES_MAX)
    for row in rows:
        room -= len(row["message"])
        if taken and room < 0:
            break
        taken.append(row["message"])
    return tuple(taken)
