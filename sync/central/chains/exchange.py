"""The center's half of the exchange: one signed request in, one signed answer out. Idempotent, one writer.

    1. the request is well-formed and signed by an enrolled device
    2. its batch is checked in a worker process
    3. in one transaction: each entry finds its place and its verdict; verdicts, settlements and the answer are made

What a restored center lacks of its own mail comes back first (`sync.central.restoring.restoring`), for entries are judged by it.
"""

from __future__ import annotations

from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

from msgspec import Struct

from sync.central import mailbox
from sync.central.chains import dictionaries, placing, unsigned
from sync.central.chains.checking import Examined, Unreadable, check_batch, check_signatures
from sync.central.config import CLOCK_SKEW_S
from sync.central.credit import allotments, allowances
from sync.central.dates import moment_text
from sync.central.enrolling import renewal
from sync.central.errors import ClockBehind, Refused, WrongInput
from sync.central.mailbox import Mailbox
from sync.central.mailing.briefing import device_row
from sync.central.money import settlement
from sync.central.restoring import restoring
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


class _Later(Struct, frozen=True):
    """Signatures for entries that lacked them, by sequence, and which of them do not hold."""

    signatures: tuple[tuple[int, bytes], ...]
    failed: tuple[int, ...]


class _Sender(Struct, frozen=True):
    """The device whose key signed a request."""

    number: int
    public: bytes
    blinding_key: bytes


async def exchange(center: Center, body: bytes) -> bytes:
    """The answer to a request. Raises: WrongInput, Refused, Conflict; then nothing has changed."""
    sender, request = await _open_request(center, body)
    examined = await _examined(center, sender, request)
    later = await _later_signatures(center, sender, request)
    now_s = center.clock.now_s()
    return await center.run(
        partial(_answer, keys=center.keys, request=request, examined=examined, later=later, now_s=now_s)
    )


async def _examined(center: Center, sender: _Sender, request: ExchangeRequest) -> Examined:
    """2."""
    if not request.batch:
        return Examined([])
    examined = await center.work(
        partial(
            check_batch, request.batch, Head(request.base, request.base_prev),
            device=sender.number, public=sender.public, blinding_key=sender.blinding_key,
            dictionary=await dictionaries.at_hand(center, request),
        )
    )  # fmt: skip
    if isinstance(examined, Unreadable):
        raise WrongInput(f"batch from entry {request.base} of device {sender.number}", examined.why)
    return examined


async def _later_signatures(center: Center, sender: _Sender, request: ExchangeRequest) -> _Later:
    """2, for signatures that lean batches left out. What is not lacking any more is passed over."""
    if request.signatures is None:
        return _Later((), ())
    try:
        given = dict(enumerate(request.signatures.each(), request.signatures.first))
    except Malformed as error:
        raise WrongInput(error.where, error.why) from None
    lacking = await center.run(
        partial(unsigned.lacking, device=sender.number, first=request.signatures.first, count=len(given))
    )
    signatures = [given[sequence] for sequence, _ in lacking]
    failed = await center.work(partial(check_signatures, lacking, signatures, public=sender.public))
    numbers = [sequence for sequence, _ in lacking]
    return _Later(tuple(zip(numbers, signatures, strict=True)), tuple(failed))


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
        raise Refused(
            "the request is signed by no enrolled device's key:"
            " what a technician answered without a network is taken up by 'introduce' first"
        )
    return _Sender(row["number"], row["public"], blinding_key(keys.shared_secret(row["exchange_public"])))


def _answer(
    database: sqlite3.Connection,
    *,
    keys: Keys,
    request: ExchangeRequest,
    examined: Examined,
    later: _Later,
    now_s: int,
) -> bytes:
    """3."""
    _check_clock(database, now_s)
    renewal.renew_if_due(database, keys, request.device, now_s=now_s)
    mail_from = restoring.hear(database, keys, request, now_s=now_s)
    # What lies before a batch comes first: it may be all that is lacking to read it.
    verbatim = examined.verbatim if request.base <= device_row(database, request.device)["held"] + 1 else None
    if mail_from is None and examined.checked:
        placed = placing.take(database, request, examined.checked, arrived_s=now_s)
        verbatim = placed.verbatim or verbatim
        _tell_verdicts(database, request.device, placed.told, keys=keys, now_s=now_s)
    unsigned.later(database, request.device, later.signatures, later.failed)
    return state(
        database, keys,
        device=request.device, mail_number=request.mail_number, nonce=request.nonce, now_s=now_s,
        mail_from=mail_from, verbatim=verbatim, mail_bytes=request.mail_bytes,
    )  # fmt: skip


def state(  # noqa: PLR0913 -- what an answer says
    database: sqlite3.Connection,
    keys: Keys,
    *,
    device: int,
    mail_number: int,
    nonce: bytes,
    now_s: int,
    mail_from: int | None = None,
    verbatim: Span | None = None,
    mail_bytes: int | None = None,
) -> bytes:
    """What the center holds of a device's journal and the mail behind `mail_number`, signed: an answer, asked for or not. What
    it lacks itself is asked for in return: its own mail from `mail_from` on, entries `verbatim`, signatures.

    Raises: Unknown, ClockBehind.
    """
    _check_clock(database, now_s)
    allowances.fall_back(database, now_s=now_s)
    allotments.expire(database, now_s=now_s, at_most=EXPIRED_AT_ONCE)
    settlement.settle(database, keys, now_s=now_s)
    database.execute(
        "UPDATE device SET acknowledged = MAX(held, told), heard_at_s = ? WHERE number = ?", (now_s, device)
    )
    said = database.execute(
        "UPDATE center SET statement = statement + 1 RETURNING epoch, statement"
    ).fetchone()
    row = device_row(database, device)
    brought = () if mail_from else mailbox.after(database, device, mail_number, most_bytes=mail_bytes)
    answer = ExchangeAnswer(
        version=VERSION, device=device, nonce=nonce, epoch=said["epoch"], statement=said["statement"],
        held=row["held"], head=row["head"], mail=brought, mail_last=row["mail_last"], now_s=now_s,
        mail_from=mail_from, verbatim=verbatim or unsigned.wanted(database, device),
        unsigned=unsigned.oldest(database, device),
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
            f"the center's clock says {moment_text(now_s)}, but it signed {moment_text(latest_s)} before: set it,"
            " or serve with --accept-clock"
        )


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
