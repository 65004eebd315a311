"""The last resort for a dead device: what its printed receipts prove is booked, and what is missing between them is named.

    1. the receipt is whole, and signed by a device of this center
    2. its entry never came: else it is in the books already, or another one stands there, which is a fork
    3. its private part is found (`sync.central.receipts.found_parts`), for paper does not show it
    4. it is judged by the same rules as ever; where paper lacks the lines, without the goods, which is an observation
    5. what is accepted is booked, once: the entry that comes later in full moves nothing again

A receipt proves that it was valid when signed. Voids and refunds are receipts too; who leaves one out is found by the next
receipt's numbers. Any order, any number of times.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from msgspec.structs import replace

from sync.central import mailbox
from sync.central.chains import booking, dossier, papers, placing, verification
from sync.central.chains.checking import Checked
from sync.central.chains.evidence import OriginalView, Standing
from sync.central.chains.papers import Paper
from sync.central.chains.verification import ACCEPTED, Ruling
from sync.central.config import CLOCK_SKEW_S
from sync.central.credit import scheme
from sync.central.errors import Unknown
from sync.central.mailing.briefing import device_row
from sync.central.receipts import missing
from sync.central.receipts.found_parts import private_of
from sync.central.restoring import returning
from sync.central.result import Result
from sync.wire import receipt_qr
from sync.wire.entry import Entry, Payload, lines_from_bytes
from sync.wire.errors import WireError
from sync.wire.facts import Closing, Purchase, Refund, Void
from sync.wire.kinds import ClosingKind, MailKind, Verdict
from sync.wire.money import RIAL_PER_TOMAN
from sync.wire.numbers import receipt_number
from sync.wire.proof import blinding_key
from sync.wire.refunds import returned_by

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from sync.central.center import Center
    from sync.central.chains.evidence import PurchaseView
    from sync.central.keys import Keys
    from sync.wire.receipt_qr import VerifiedReceipt

WITHOUT_LINES = "booked from a receipt that does not show its lines: the goods were not checked"


class Scan(NamedTuple):
    """A line that a scanner typed, and where."""

    where: str
    text: str


class News(NamedTuple):
    """What became of one scan."""

    where: str
    fate: str
    words: str


BAD = frozenset({"malformed", "foreign", "fork", "refused"})


class _Receipt(NamedTuple):
    where: str
    seen: VerifiedReceipt

    @property
    def name(self) -> str:
        return receipt_number(device=self.seen.slim.device, sequence=self.seen.sequence)


async def rekey(center: Center, scans: Sequence[Scan]) -> Result:
    """Book what the receipts prove, and say what is missing between them."""
    news: list[News] = []
    by_device: dict[int, list[_Receipt]] = {}
    for scan in scans:
        try:
            seen = receipt_qr.verify(scan.text, center.keys.trusted)
        except WireError as error:
            news.append(News(scan.where, "malformed", f"proves nothing: {error}"))
        else:
            by_device.setdefault(seen.slim.device, []).append(_Receipt(scan.where, seen))
    gaps: list[missing.Gaps] = []
    for device, receipts in sorted(by_device.items()):
        ordered = sorted(receipts, key=lambda one: one.seen.sequence)
        step = partial(
            _take_device, keys=center.keys, device=device, receipts=ordered, now_s=center.clock.now_s()
        )
        try:
            told, found = await center.run(step)
        except Unknown as error:
            news += [News(one.where, "foreign", f"receipt {one.name}: {error}") for one in ordered]
        else:
            news += told
            gaps.append(found)
    return _result(news, gaps)


def _result(news: list[News], gaps: list[missing.Gaps]) -> Result:
    lines = [f"{one.where}: {one.words}" for one in news]
    for found in gaps:
        lines += found.lines()
    data: dict[str, Any] = {
        "receipts": [one._asdict() for one in news],
        "missing": [found.data() for found in gaps],
    }
    return Result(data, lines, not any(one.fate in BAD for one in news))


def _take_device(
    database: sqlite3.Connection, *, keys: Keys, device: int, receipts: Iterable[_Receipt], now_s: int
) -> tuple[list[News], missing.Gaps]:
    row = device_row(database, device)
    blinding = blinding_key(keys.shared_secret(row["exchange_public"]))
    news = [_take(database, one, blinding=blinding, now_s=now_s) for one in receipts]
    return news, missing.gaps(database, device)


def _take(database: sqlite3.Connection, one: _Receipt, *, blinding: bytes, now_s: int) -> News:
    def told(fate: str, words: str) -> News:
        return News(one.where, fate, f"receipt {one.name}: {words}")

    seen, device = one.seen, device_row(database, one.seen.slim.device)
    if seen.slim.public != device["public"]:
        return told("refused", "is signed by a key that is not this device's here")
    held = _hash_held(database, device["number"], seen.sequence)
    before = papers.kept(database, device["number"], seen.sequence)
    if (held is not None and held[0] != seen.hash) or (before is not None and before.hash != seen.hash):
        checked = Checked(seen.stored, seen.hash, Verdict.FORK)
        placing.keep_stray(database, device["number"], seen.sequence, checked, arrived_s=now_s)
        return told("fork", "another entry stands at its place: kept as proof, the device is suspended")
    if held is not None and held[1] != Verdict.HOLE:
        return told("known", f"its entry is in the books already ({held[1].name.lower()})")
    if before is not None and before.is_booked:
        return told("old", "was booked from paper before")
    entry = _entry(database, seen, blinding)
    if not isinstance(entry.fact, Purchase | Void | Refund) or not entry.fact.legs:
        _keep(database, entry, ACCEPTED, is_booked=False, now_s=now_s)
        return told("shown", "moves no credit: it only tells what came before it")
    ruling = _judge(database, device, entry, now_s)
    is_booked = ruling is ACCEPTED
    _keep(database, entry, ruling, is_booked=is_booked, now_s=now_s)
    if not is_booked:
        return told("refused", f"is not booked ({ruling.verdict.name.lower()}): {ruling.reason}")
    booking.take_from_paper(database, entry, arrived_s=now_s)
    if isinstance(entry.fact, Purchase) and entry.stored.lines is None:
        returning.observe(database, device["number"], entry.sequence, WITHOUT_LINES)
    return told(
        "booked",
        f"{_word(entry.fact)} of {entry.fact.credit_rial // RIAL_PER_TOMAN:,} toman of credit is booked",
    )


def _word(fact: Purchase | Void | Refund) -> str:
    return {Purchase: "a purchase", Void: "the void", Refund: "a refund"}[type(fact)]


def _hash_held(database: sqlite3.Connection, device: int, sequence: int) -> tuple[bytes, Verdict] | None:
    row = database.execute(
        "SELECT hash, verdict FROM entry WHERE device = ? AND sequence = ?", (device, sequence)
    ).fetchone()
    return None if row is None else (row["hash"], Verdict(row["verdict"]))


def _keep(database: sqlite3.Connection, entry: Entry, ruling: Ruling, *, is_booked: bool, now_s: int) -> None:
    paper = Paper(entry.sequence, entry.kind, entry.hash, entry.stored, ruling.verdict, is_booked)
    papers.keep(database, entry.device, paper, reason=ruling.reason, arrived_s=now_s)


def _entry(database: sqlite3.Connection, seen: VerifiedReceipt, blinding: bytes) -> Entry:
    """The receipt as an entry, with its private part where that is found."""
    payload = Payload.from_cbor(seen.stored.payload)
    public = payload.public.to_cbor()
    private = None
    if payload.private_hash is not None and isinstance(payload.public, Purchase | Void | Refund):
        private = private_of(database, payload, public, blinding)
    return Entry(
        payload.device, payload.sequence, payload.prev, payload.public, payload.time, payload.boot, seen.lines or (),
        private, seen.hash, public, seen.stored,
    )  # fmt: skip


def _judge(database: sqlite3.Connection, device: sqlite3.Row, entry: Entry, now_s: int) -> Ruling:
    standing = Standing(suspended_from=_suspended_from(device, entry), arrived_s=now_s, skew_s=CLOCK_SKEW_S)
    ruling = verification.judge_standing(entry, standing)
    if ruling is not ACCEPTED:
        return ruling
    match entry.fact:
        case Purchase():
            view = _purchase_view(database, device, entry, now_s)
            judge = verification.judge_paper if entry.stored.lines is None else verification.judge_purchase
            return judge(entry, view)
        case Void() as void:
            return verification.judge_void(
                void, _original(database, device, void.purchase, before=entry.sequence)
            )
        case Refund() as refund:
            original = _original(database, device, refund.purchase, before=entry.sequence)
            if original is not None and not original.lines:
                return Ruling(Verdict.HELD, "the lines of its purchase are not on paper")
            return verification.judge_refund(refund, original)
        case _:
            raise AssertionError(type(entry.fact))


def _suspended_from(device: sqlite3.Row, entry: Entry) -> int | None:
    """A device that was replaced is held back from there on; but what it printed before that is why it has paper."""
    replaced_s = device["replaced_at_s"]
    if replaced_s is not None and entry.time.not_after_s <= replaced_s:
        return None
    suspended_from: int | None = device["suspended_from"]
    return suspended_from


def _purchase_view(
    database: sqlite3.Connection, device: sqlite3.Row, entry: Entry, now_s: int
) -> PurchaseView:
    """As of the mail that its chain must have applied to sell so: the first by which both its policy and its list had come.

    What an announcement had opened there nobody knows; that it was announced by now is known.
    """
    assert isinstance(entry.fact, Purchase), "a purchase is judged as one"
    applied = next(
        (
            number
            for number in range(device["applied_mail"], device["mail_last"] + 1)
            if _newest(database, device, MailKind.POLICY, number) == entry.fact.policy
            and _newest(database, device, MailKind.CATALOG, number) == entry.fact.catalog
        ),
        device["applied_mail"],
    )
    then = cast("sqlite3.Row", {**dict(device), "applied_mail": applied})
    view = dossier.purchase_view(database, then, entry, arrived_s=now_s)
    return replace(view, openings=view.openings | scheme.announced(database, by_s=now_s))


def _newest(database: sqlite3.Connection, device: sqlite3.Row, kind: MailKind, most: int) -> int:
    return mailbox.newest_document(database, device["number"], kind, most=most) or 0


def _original(
    database: sqlite3.Connection, device: sqlite3.Row, sequence: int, *, before: int
) -> OriginalView | None:
    """The purchase that a receipt of a void or refund names, off the chain or off paper, and what is known to have come back."""
    number = device["number"]
    kept = [paper for paper in papers.of_device(database, number) if paper.sequence < before]
    facts = [paper.fact for paper in kept if paper.is_booked]
    refunds = [fact for fact in facts if isinstance(fact, Refund) and fact.purchase == sequence]
    returned = returned_by([*dossier.refunds(database, number, sequence), *refunds])
    closed = any(_is_z(paper) and paper.sequence > sequence for paper in kept)
    view = dossier.original_view(database, device, sequence)
    if view is not None:
        return replace(view, returned=returned, before_last_z=view.before_last_z or closed)
    paper = next((one for one in kept if one.sequence == sequence), None)
    if paper is None or not isinstance(paper.fact, Purchase):
        return None
    row = database.execute(
        "SELECT voided FROM purchase WHERE device = ? AND sequence = ?", (number, sequence)
    ).fetchone()
    return OriginalView(
        purchase=paper.fact, lines=() if paper.stored.lines is None else lines_from_bytes(paper.stored.lines),
        accepted=paper.is_booked, voided=row is not None and bool(row["voided"]),
        before_last_z=sequence < device["last_z"] or closed, returned=returned,
    )  # fmt: skip


def _is_z(paper: Paper) -> bool:
    fact = paper.fact
    return isinstance(fact, Closing) and fact.closing is ClosingKind.Z
