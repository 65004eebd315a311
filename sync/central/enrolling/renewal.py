"""Renews the credentials of devices that no technician visits: by mail, some time before they end.

One that ended while its device was far from any network is still renewed within a grace that the policy sets. After it a
person decides (`sofreh-central renew`): until then nothing of the device is taken, and nothing is lost, for its journal
keeps all. The keys stay, and so does the first credential's hash with which both chains begin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from sync.central.config import CREDENTIAL_FOR_S
from sync.central.credit import scheme
from sync.central.dates import date_text
from sync.central.errors import Refused
from sync.central.mailbox import Mailbox
from sync.central.mailing.briefing import device_row
from sync.wire import cose, credential, mail
from sync.wire.credential import Credential
from sync.wire.kinds import Role

if TYPE_CHECKING:
    import sqlite3

    from sync.central.keys import Keys

RENEW_BEFORE_S = 90 * 86_400


def renew_if_due(database: sqlite3.Connection, keys: Keys, device: int, *, now_s: int) -> None:
    """Mail a new credential when the old one ends soon, or ended within the grace. Raises: Refused, after the grace."""
    row = device_row(database, device)
    if now_s > row["until_s"] + _grace_s(database):
        raise Refused(
            f"the credential of device {device} ended on {date_text(row['until_s'])} and its grace is over:"
            f" 'sofreh-central renew {device}' lets it go on"
        )
    if now_s > row["until_s"] - RENEW_BEFORE_S and row["suspended_from"] is None:
        renew(database, keys, device, now_s=now_s)


def renew(database: sqlite3.Connection, keys: Keys, device: int, *, now_s: int) -> int:
    """Mail a credential for the same keys that is good from now on; until when, in Unix seconds. Raises: Unknown."""
    row = device_row(database, device)
    old = Credential.from_cbor(cose.parse(row["renewed"] or row["credential"], what="credential").payload)
    made = replace(old, not_before_s=now_s, until_s=now_s + CREDENTIAL_FOR_S)
    key = keys.signing[Role.CREDENTIAL]
    message = cose.sign(made.to_cbor(), key, context=credential.CREDENTIAL_CONTEXT)
    slim = credential.slim(made, issuer=int(Role.CREDENTIAL), key=key).to_cbor()
    database.execute(
        "UPDATE device SET renewed = ?, slim = ?, until_s = ? WHERE number = ?",
        (message, slim, made.until_s, device),
    )
    Mailbox(database, device, keys, now_s=now_s).append(mail.Renewal(credential=message, slim=slim))
    return made.until_s


def _grace_s(database: sqlite3.Connection) -> int:
    row = database.execute(
        "SELECT message FROM policy WHERE NOT rolled_back ORDER BY version DESC LIMIT 1"
    ).fetchone()
    return 0 if row is None else scheme.opened_policy(row["message"]).credential_grace_s or 0
