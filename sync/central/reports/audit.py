"""Verifies the whole store once more: every entry's bytes, chains, mail, documents, and the ledger. Reads only.

A byte that was flipped anywhere in what was signed or hashed is found and named; findings are texts, none means sound.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from sync.central.chains import unsigned
from sync.central.chains.checking import check_entry
from sync.central.mailbox import hash_of
from sync.central.money import ledger
from sync.wire import catalog, cose, mail, policy
from sync.wire.cose import VerifyingKey
from sync.wire.credential import CREDENTIAL_CONTEXT
from sync.wire.enrolling.mandate import open_introduction
from sync.wire.entry import CONTEXT, EntryBytes, Payload, reopen
from sync.wire.errors import WireError
from sync.wire.kinds import Role, Verdict
from sync.wire.mail import MailHead
from sync.wire.proof import blinding_key

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from sync.central.credit.people import Progress
    from sync.central.keys import Keys

ENTRIES_BETWEEN_PROGRESS = 5_000


def audit(database: sqlite3.Connection, keys: Keys, *, progress: Progress) -> list[str]:
    """Every contradiction, named."""
    findings = list(_documents(database, keys))
    for device in database.execute("SELECT * FROM device ORDER BY number").fetchall():
        progress(f"device {device['number']}: {device['held']} entries, {device['mail_last']} items of mail")
        findings += _credential(database, device, keys)
        findings += _chain(database, device, keys, progress)
        told: dict[int, Verdict] = {}
        findings += _mail(database, device, keys, told)
        findings += _verdicts(database, device, told)
        findings += _strays(database, device, keys)
        findings += _papers(database, device)
    findings += ledger.faults(database)
    findings += _money(database)
    return findings


def _documents(database: sqlite3.Connection, keys: Keys) -> Iterator[str]:
    for table, context in (("policy", policy.CONTEXT), ("catalog", catalog.CONTEXT)):
        for row in database.execute(f"SELECT version, message FROM {table}"):  # noqa: S608 -- one of two words
            try:
                keys.trusted.verify(
                    row["message"], Role.POLICY, context=context, what=f"{table} {row['version']}"
                )
            except WireError as error:
                yield str(error)


def _credential(database: sqlite3.Connection, device: sqlite3.Row, keys: Keys) -> Iterator[str]:
    """By the credential key, or by a technician's under the mandate; a number that is only mandated has none yet."""
    what = f"credential of device {device['number']}"
    row = database.execute(
        "SELECT introduction FROM mandate WHERE device = ?", (device["number"],)
    ).fetchone()
    try:
        if row is None:
            keys.trusted.verify(device["credential"], Role.CREDENTIAL, context=CREDENTIAL_CONTEXT, what=what)
        elif row["introduction"] is not None:
            open_introduction(row["introduction"], keys.trusted)
    except WireError as error:
        yield str(error)


def _chain(
    database: sqlite3.Connection, device: sqlite3.Row, keys: Keys, progress: Progress
) -> Iterator[str]:
    """Hashes chain from the credential to the head, and each signature holds where the verdict says that it did. An entry
    without its own is in the book of those, and a later signature binds it.
    """
    number, key = device["number"], VerifyingKey(device["public"])
    secret = blinding_key(keys.shared_secret(device["exchange_public"]))
    sequence, prev = 0, device["credential_hash"]
    lean = unsigned.numbers(database, number)
    is_bound = True
    for row in database.execute("SELECT * FROM entry WHERE device = ? ORDER BY sequence", (number,)):
        what = f"device {number} entry {row['sequence']}"
        if row["sequence"] != sequence:
            yield f"{what}: entry {sequence} is missing before it"
        if row["verdict"] != Verdict.HOLE:
            yield from _entry(row, prev, key=key, secret=secret, what=what)
            is_bound = bool(row["signature"])
            if not is_bound and row["sequence"] not in lean:
                yield f"{what}: its signature is gone"
        sequence, prev = row["sequence"] + 1, row["hash"]
        if sequence % ENTRIES_BETWEEN_PROGRESS == 0:
            progress(f"device {number}: {sequence} entries verified")
    if (sequence, prev) != (device["held"], device["head"]):
        yield f"device {number}: its chain does not end at the head that was acknowledged"
    if not is_bound:
        yield f"device {number}: no signature binds its last entries"


def _entry(row: sqlite3.Row, prev: bytes, *, key: VerifyingKey, secret: bytes, what: str) -> Iterator[str]:
    try:
        stored = EntryBytes(
            payload=row["payload"], lines=row["lines"], private=row["private"], signature=row["signature"]
        )
        checked = check_entry(stored, row["sequence"], key=key, blinding_key=secret)
        head = (
            _place(stored.payload) if checked.entry is None else (checked.entry.sequence, checked.entry.prev)
        )
    except WireError as error:
        yield f"{what}: {error}"
        return
    as_told = (
        row["verdict"] if row["verdict"] in (Verdict.BAD_SIGNATURE, Verdict.MALFORMED) else Verdict.ACCEPTED
    )
    if checked.verdict != as_told and not (checked.entry is not None and row["verdict"] == Verdict.MALFORMED):
        yield f"{what}: {checked.reason or 'its verdict says that it did not hold, but it does'}"
    if checked.hash != row["hash"]:
        yield f"{what}: its bytes do not have the hash that was stored"
    if head not in ((row["sequence"], prev), None):
        yield f"{what}: does not follow the entry before it"
    if checked.entry is not None and row["kind"] != checked.entry.kind:
        yield f"{what}: is not of the kind that was stored"


def _place(payload: bytes) -> tuple[int, bytes] | None:
    """Where an entry says that it stands; None for one that nobody can read."""
    try:
        read = Payload.from_cbor(payload)
    except WireError:
        return None
    return read.sequence, read.prev


def _mail(
    database: sqlite3.Connection, device: sqlite3.Row, keys: Keys, told: dict[int, Verdict]
) -> Iterator[str]:
    """The mail chains from the credential to the head; what it told of entries is collected in `told`."""
    number = device["number"]
    head = MailHead(0, hash_of(database, number, 0) or b"")
    for row in database.execute("SELECT * FROM mail WHERE device = ? ORDER BY number", (number,)):
        what = f"device {number} mail {row['number']}"
        try:
            opened = mail.reopen(row["message"], head, keys.trusted, device=number)
        except WireError as error:
            yield f"{what}: {error}"
            head = MailHead(row["number"], row["hash"])
            continue
        if (opened.hash, opened.kind, opened.issued_s) != (row["hash"], row["kind"], row["issued_s"]):
            yield f"{what}: is not what was stored beside it"
        head = MailHead(opened.number, row["hash"])
        if isinstance(opened.body, mail.Verdicts):
            told |= dict.fromkeys(range(opened.body.first, opened.body.last + 1), Verdict.ACCEPTED)
            told |= {one.sequence: one.verdict for one in opened.body.exceptions}
    if (head.number, head.hash) != (device["mail_last"], device["mail_head"]):
        yield f"device {number}: its mail does not end at the head that was stored"


def _verdicts(database: sqlite3.Connection, device: sqlite3.Row, told: dict[int, Verdict]) -> Iterator[str]:
    """A verdict is not signed where it is stored, but the mail that told it is. A stray's verdict may follow later."""
    for row in database.execute("SELECT sequence, verdict FROM entry WHERE device = ?", (device["number"],)):
        said = told.get(row["sequence"], row["verdict"])
        if said != row["verdict"] and said not in (Verdict.FORK, Verdict.BAD_SIGNATURE):
            yield f"device {device['number']} entry {row['sequence']}: its verdict is not the one that was told"


def _strays(database: sqlite3.Connection, device: sqlite3.Row, keys: Keys) -> Iterator[str]:
    key = VerifyingKey(device["public"])
    secret = blinding_key(keys.shared_secret(device["exchange_public"]))
    for row in database.execute("SELECT * FROM stray WHERE device = ?", (device["number"],)):
        what = f"device {row['device']} stray {row['number']}"
        try:
            stored = EntryBytes.from_cbor(row["entry"])
        except WireError as error:
            yield f"{what}: {error}"
            continue
        checked = check_entry(stored, row["sequence"], key=key, blinding_key=secret)
        if checked.hash != row["hash"]:
            yield f"{what}: its bytes do not have the hash that was stored"
        elif (checked.verdict == Verdict.BAD_SIGNATURE) != (row["verdict"] == Verdict.BAD_SIGNATURE):
            yield f"{what}: its signature is not as its verdict says"


def _papers(database: sqlite3.Connection, device: sqlite3.Row) -> Iterator[str]:
    """Each scanned receipt is what the device signed, as far as it stands on paper."""
    key = VerifyingKey(device["public"])
    for row in database.execute(
        "SELECT sequence, hash, entry FROM paper WHERE device = ?", (device["number"],)
    ):
        what = f"device {device['number']} receipt of entry {row['sequence']}"
        try:
            stored = EntryBytes.from_cbor(row["entry"])
            signed_bytes = cose.to_be_signed(stored.payload, public=key.public, context=CONTEXT)
            key.verify(stored.signature, signed_bytes, what=what)
            if stored.lines is not None:
                reopen(stored, key=key, blinding_key=None, what=what)
        except WireError as error:
            yield f"{what}: {error}"
            continue
        if hashlib.sha256(signed_bytes).digest() != row["hash"]:
            yield f"{what}: its bytes do not have the hash that was stored"


def _money(database: sqlite3.Connection) -> Iterator[str]:
    for row in database.execute(
        "SELECT device, sequence, credit_rial, (SELECT COALESCE(SUM(amount_rial), 0) FROM posting JOIN movement"
        "  ON posting = posting.number JOIN account ON account.number = account AND kind = 'shop'"
        "  WHERE posting.device = purchase.device AND posting.sequence = purchase.sequence) AS earned_rial"
        " FROM purchase WHERE earned_rial <> credit_rial * accepted"
    ):
        yield (
            f"device {row['device']} entry {row['sequence']}: credit {row['credit_rial']}, but {row['earned_rial']} was posted"
        )
    for row in database.execute(
        "SELECT owner, account.tranche, balance_rial, (SELECT COALESCE(SUM(left_rial), 0) FROM allowance"
        "  WHERE household = owner AND allowance.tranche = account.tranche AND closed_at_s IS NULL) AS left_rial"
        " FROM account WHERE kind = 'reserved' AND balance_rial <> left_rial"
    ):
        yield (
            f"household {row['owner']} tranche {row['tranche']}: {row['balance_rial']} is reserved,"
            f" its allowances have {row['left_rial']}"
        )
