"""The center's half of the exchange: one signed request in, one signed answer out. Idempotent, one writer.

    1. the request is well-formed and signed by an enrolled device
    2. its batch is checked in a worker process
    3. in one transaction: each entry finds its place and its verdict; verdicts, settlements and the answer are made

A duplicate changes nothing. A fork is kept as proof and suspends the device. A gap is answered with what is expected.
Owns the table stray.
"""

from __future__ import annotations

from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

from msgspec import Struct

from sync.central import allotments, allowances, booking, mailbox, settlement
from sync.central.briefing import device_row
from sync.central.checking import Checked, Examined, Unreadable, check_batch
from sync.central.config import CLOCK_SKEW_S
from sync.central.errors import ClockBehind, Conflict, Refused, WrongInput
from sync.central.mailbox import Mailbox
from sync.central.verification import Place, Ruling, place
from sync.wire import cose, mail
from sync.wire.cose import VerifyingKey
from sync.wire.entry import Head
from sync.wire.errors import Malformed, NotAuthentic
from sync.wire.exchange import (
    ANSWER_CONTEXT,
    REQUEST_BYTES_MAX,
    REQUEST_CONTEXT,
    VERSION,
    ExchangeAnswer,
    ExchangeRequest,
    Span,
)
from sync.wire.kinds import EntryKind, Role, Verdict
from sync.wire.proof import blinding_key

if TYPE_CHECKING:
    import sqlite3

    from sync.central.center import Center
    from sync.central.keys import Keys

BODY_BYTES_MAX = REQUEST_BYTES_MAX + 4096
EXPIRED_AT_ONCE = 2_000
"""Credits, of one household and tranche each, that expire in one exchange: a village's phase must not hold up its tills."""
FORKED = "another entry stands at this place of the chain"


class _Sender(Struct, frozen=True):
    """The device whose key signed a request."""

    number: int
    public: bytes
    blinding_key: bytes


async def exchange(center: Center, body: bytes) -> bytes:
    """The answer to a request. Raises: WrongInput, Refused, Conflict; then nothing has changed."""
    sender, request = await _open_request(center, body)
    examined: Examined | Unreadable = Examined([])
    if request.batch:
        base = Head(request.base, request.base_prev)
        examined = await center.work(
            partial(
                check_batch, request.batch, base,
                device=sender.number, public=sender.public, blinding_key=sender.blinding_key,
            )
        )  # fmt: skip
    if isinstance(examined, Unreadable):
        raise WrongInput(f"batch from entry {request.base} of device {sender.number}", examined.why)
    now_s = center.clock.now_s()
    return await center.run(
        partial(_answer, keys=center.keys, request=request, examined=examined, now_s=now_s)
    )


async def _open_request(center: Center, body: bytes) -> tuple[_Sender, ExchangeRequest]:
    """1."""
    try:
        key_id = cose.parse(body, what="request", bytes_max=BODY_BYTES_MAX).key_id
        sender = await center.run(partial(_sender, keys=center.keys, key_id=key_id))
        payload = cose.verify(body, VerifyingKey(sender.public), context=REQUEST_CONTEXT, what="request")
        request = ExchangeRequest.from_cbor(payload, bytes_max=BODY_BYTES_MAX)
    except Malformed as error:
        raise WrongInput(error.where, error.why) from None
    except NotAuthentic as error:
        raise Refused(str(error)) from None
    if request.version != VERSION:
        raise WrongInput("request.version", f"{request.version} is unknown")
    if request.device != sender.number:
        raise Refused(
            f"the request of device {request.device} is signed by the key of device {sender.number}"
        )
    return sender, request


def _sender(database: sqlite3.Connection, *, keys: Keys, key_id: bytes) -> _Sender:
    row = database.execute(
        "SELECT number, public, exchange_public FROM device WHERE key_id = ?", (key_id,)
    ).fetchone()
    if row is None:
        raise Refused("the request is signed by no enrolled device's key")
    return _Sender(row["number"], row["public"], blinding_key(keys.shared_secret(row["exchange_public"])))


def _answer(
    database: sqlite3.Connection, *, keys: Keys, request: ExchangeRequest, examined: Examined, now_s: int
) -> bytes:
    """3."""
    _check_clock(database, now_s)
    _check_mail_head(database, request)
    if examined.checked:
        told = _take(database, request, examined.checked, arrived_s=now_s)
        _tell_verdicts(database, request.device, told, keys=keys, now_s=now_s)
    return state(
        database,
        keys,
        device=request.device,
        mail_number=request.mail_number,
        nonce=request.nonce,
        now_s=now_s,
        verbatim=examined.verbatim,
    )


def state(
    database: sqlite3.Connection,
    keys: Keys,
    *,
    device: int,
    mail_number: int,
    nonce: bytes,
    now_s: int,
    verbatim: Span | None = None,
) -> bytes:
    """What the center holds of a device's journal and the mail behind `mail_number`, signed: an answer, asked for or not.
    `verbatim` are entries that it asks for in return.

    Raises: Unknown, ClockBehind.
    """
    _check_clock(database, now_s)
    allowances.fall_back(database, now_s=now_s)
    allotments.expire(database, now_s=now_s, at_most=EXPIRED_AT_ONCE)
    settlement.settle(database, keys, now_s=now_s)
    database.execute(
        "UPDATE device SET acknowledged = held, heard_at_s = ? WHERE number = ?", (now_s, device)
    )
    said = database.execute(
        "UPDATE center SET statement = statement + 1 RETURNING epoch, statement"
    ).fetchone()
    row = device_row(database, device)
    answer = ExchangeAnswer(
        version=VERSION, device=device, nonce=nonce, epoch=said["epoch"], statement=said["statement"],
        held=row["held"], head=row["head"], mail=mailbox.after(database, device, mail_number),
        mail_last=row["mail_last"], now_s=now_s, verbatim=verbatim,
    )  # fmt: skip
    return cose.sign(answer.to_cbor(), keys.signing[Role.MAIL], context=ANSWER_CONTEXT)


def accept_clock(database: sqlite3.Connection, *, now_s: int) -> None:
    """Go on from `now_s`, although later times were signed: the clock had been ahead by mistake."""
    database.execute("UPDATE device SET heard_at_s = MIN(heard_at_s, ?)", (now_s,))


def _check_clock(database: sqlite3.Connection, now_s: int) -> None:
    """A clock that fell back (a dead battery) would hold honest entries for ever and sign wrong times for tills."""
    latest_s = database.execute("SELECT MAX(heard_at_s) AS s FROM device").fetchone()["s"]
    if now_s < latest_s - CLOCK_SKEW_S:
        raise ClockBehind(
            f"the center's clock says {now_s}, but it signed {latest_s} before: set it, or serve with --accept-clock"
        )


def _check_mail_head(database: sqlite3.Connection, request: ExchangeRequest) -> None:
    known = mailbox.hash_of(database, request.device, request.mail_number)
    if known != request.mail_hash:
        raise Conflict(
            f"device {request.device} holds mail {request.mail_number}, which is not what this center sent"
        )


def _take(
    database: sqlite3.Connection, request: ExchangeRequest, checked: list[Checked], *, arrived_s: int
) -> list[mail.EntryVerdict]:
    """Give each entry its place; what found none and must be told all the same."""
    stray: list[mail.EntryVerdict] = []
    _close_hole(database, request, checked[0], arrived_s=arrived_s)
    prev = request.base_prev
    for index, one in enumerate(checked):
        sequence = request.base + index
        device = device_row(database, request.device)
        chained = checked[index + 1].verdict != Verdict.BAD_SIGNATURE if index + 1 < len(checked) else False
        where = place(
            sequence=sequence,
            hash_=one.hash,
            held=device["held"],
            known=_hash_at(database, request.device, sequence),
        )
        if where is Place.GAP:
            break
        if where is Place.NEXT and prev != device["head"]:
            where = Place.FORK
        prev = one.hash
        if where is Place.DUPLICATE:
            continue
        if where is Place.NEXT and _append(
            database, request.device, sequence, one, chained=chained, arrived_s=arrived_s
        ):
            continue
        stray += _keep_stray(database, request.device, sequence, one, arrived_s=arrived_s)
        if one.verdict == Verdict.BAD_SIGNATURE:
            break
    return stray


def _append(
    database: sqlite3.Connection, device: int, sequence: int, one: Checked, *, chained: bool, arrived_s: int
) -> bool:
    """Append to the chain; False where a bad signature has no successor whose good one vouches for the entry's bytes."""
    if one.entry is not None:
        booking.take(database, one.entry, arrived_s=arrived_s)
        return True
    if one.verdict == Verdict.BAD_SIGNATURE and not chained:
        return False
    ruling = Ruling(one.verdict, one.reason)
    booking.keep(database, device, sequence, one.hash, one.stored, ruling, kind=None, arrived_s=arrived_s)
    return True


def _keep_stray(
    database: sqlite3.Connection, device: int, sequence: int, one: Checked, *, arrived_s: int
) -> list[mail.EntryVerdict]:
    """Keep signed bytes that have no place. A fork suspends the device. What was kept before is not told again."""
    fork = one.verdict != Verdict.BAD_SIGNATURE
    ruling = Ruling(Verdict.FORK, FORKED) if fork else Ruling(one.verdict, one.reason)
    kept = database.execute(
        "INSERT OR IGNORE INTO stray (device, sequence, hash, entry, arrived_s, verdict, reason) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (device, sequence, one.hash, one.stored.to_cbor(), arrived_s, int(ruling.verdict), ruling.reason),
    )
    if kept.rowcount == 0:
        return []
    if fork:
        database.execute(
            "UPDATE device SET suspended_from = COALESCE(suspended_from, held),"
            " suspended_why = COALESCE(suspended_why, ?) WHERE number = ?",
            (f"fork at entry {sequence}", device),
        )
    return [mail.EntryVerdict(sequence=sequence, verdict=ruling.verdict)]


def _close_hole(
    database: sqlite3.Connection, request: ExchangeRequest, first: Checked, *, arrived_s: int
) -> None:
    """An entry whose bytes were seen broken, and whose hash its signed successor names, becomes a hole."""
    held = device_row(database, request.device)["held"]
    seen = database.execute(
        "SELECT 1 FROM stray WHERE device = ? AND sequence = ? AND verdict = ?",
        (request.device, held, int(Verdict.BAD_SIGNATURE)),
    ).fetchone()
    if seen is not None and request.base == held + 1 and first.verdict != Verdict.BAD_SIGNATURE:
        ruling = Ruling(Verdict.HOLE, "its bytes are lost; its successor names its hash")
        booking.keep(
            database, request.device, held, request.base_prev, None, ruling, kind=None, arrived_s=arrived_s
        )


def _hash_at(database: sqlite3.Connection, device: int, sequence: int) -> bytes | None:
    row = database.execute(
        "SELECT hash FROM entry WHERE device = ? AND sequence = ?", (device, sequence)
    ).fetchone()
    return None if row is None else bytes(row["hash"])


def _tell_verdicts(
    database: sqlite3.Connection, device: int, stray: list[mail.EntryVerdict], *, keys: Keys, now_s: int
) -> None:
    """Mail the verdicts of entries not told yet. Applied mail alone is not answered, or mail would beget mail."""
    row = device_row(database, device)
    rows = database.execute(
        "SELECT sequence, kind, verdict FROM entry WHERE device = ? AND sequence >= ? ORDER BY sequence",
        (device, row["told"]),
    ).fetchall()
    refused = [
        mail.EntryVerdict(sequence=row["sequence"], verdict=Verdict(row["verdict"]))
        for row in rows
        if row["verdict"]
    ]
    box = Mailbox(database, device, keys, now_s=now_s)
    if any(row["kind"] != EntryKind.MAIL_APPLIED for row in rows):
        box.append(
            mail.Verdicts(first=rows[0]["sequence"], last=rows[-1]["sequence"], exceptions=tuple(refused))
        )
        database.execute("UPDATE device SET told = held WHERE number = ?", (device,))
    for _, numbered in groupby(enumerate(stray), key=lambda pair: pair[1].sequence - pair[0]):
        run = tuple(one for _, one in numbered)
        box.append(mail.Verdicts(first=run[0].sequence, last=run[-1].sequence, exceptions=run))
