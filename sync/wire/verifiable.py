"""Verifies what anybody may hold in hand: a receipt or a card as text, an exported journal, a batch, mail.

Needs the root's public key by a way that the reader trusts, and the delegations by any way. Nothing that stands in a file is
told before all of it holds. FORMAT.md, section 12, says what the files are; the corpus in tests/vectors has one of each way
to be wrong. No private key, no blinding key, no center.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from datetime import UTC, datetime
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from sync.wire import (
    card,
    catalog,
    cbor,
    cose,
    entry,
    errors,
    exchange,
    exported,
    facts,
    mail,
    policy,
    receipt_qr,
)
from sync.wire.batches.opened_batch import opened_entries
from sync.wire.credential import SlimCredential, TrustedKeys, trust, verify_slim
from sync.wire.document import whole_message
from sync.wire.errors import (
    HashDiffers,
    Malformed,
    NotAuthentic,
    OtherDevice,
    OutOfChain,
    UnknownVersion,
    WireError,
)
from sync.wire.exported import Header, Items
from sync.wire.kinds import MailKind, Role
from sync.wire.numbers import receipt_number
from sync.wire.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sync.wire.cose import VerifyingKey
    from sync.wire.entry import Entry, Head, TimeInterval

FILE_BYTES_MAX = 256 << 20
"""Half a million entries. Whoever reads a file reads a byte more at most."""
TEXT_BYTES_MAX = 8192
LAST_DATE_S = 253_402_300_799
"""The end of the year 9999."""
_NOT_LATER = "that nothing was signed after it"
_NO_HOUSEHOLD = "who bought: no household stands in it"
_NO_VERDICT = "what the center decided"


class Finding(StrEnum):
    """What came of it, in words that stay. All but the first mean that nothing may be believed."""

    PROVEN = "proven"
    UNREADABLE = "unreadable"
    MALFORMED = "malformed"
    UNKNOWN_VERSION = "unknown_version"
    NOT_DELEGATED = "not_delegated"
    BAD_SIGNATURE = "bad_signature"
    BAD_HASH = "bad_hash"
    EXPIRED = "expired"
    OTHER_DEVICE = "other_device"
    BROKEN_CHAIN = "broken_chain"
    DUPLICATE = "duplicate"
    FORK = "fork"
    GAP = "gap"


class Outcome(Struct, frozen=True):
    """`what` was looked at. Where it is proven: `shown` says so in English, and `unproven` what is left open. Else `where`
    names the entry and the field, `why` the reason, and `entries` counts those before it that do hold.
    """

    what: str
    finding: Finding
    where: str = ""
    why: str = ""
    entries: int = 0
    shown: tuple[str, ...] = ()
    unproven: tuple[str, ...] = ()

    def lines(self, name: str) -> list[str]:
        """For people at a terminal: the finding about `name` first, then what follows from it."""
        if self.finding is Finding.PROVEN:
            unproven = [f"  not proven: {one}" for one in self.unproven]
            return [f"{name}: PROVEN, {self.what}", *(f"  {one}" for one in self.shown), *unproven]
        held = f"; the {self.entries} before it hold" if self.entries else ""
        return [f"{name}: NOT PROVEN, {self.what} ({self.finding}): {self.where}: {self.why}{held}"]


class _Misplaced(OutOfChain):
    """An entry that stands where it should not; `finding` says how."""

    def __init__(self, what: str, why: str, finding: Finding) -> None:
        super().__init__(what, why)
        self.finding = finding


class _Unreadable(Malformed):
    """Nothing that this module knows."""


_FINDINGS: dict[type[WireError], Finding] = {
    _Unreadable: Finding.UNREADABLE,
    Malformed: Finding.MALFORMED,
    UnknownVersion: Finding.UNKNOWN_VERSION,
    NotAuthentic: Finding.BAD_SIGNATURE,
    errors.NotDelegated: Finding.NOT_DELEGATED,
    HashDiffers: Finding.BAD_HASH,
    errors.Expired: Finding.EXPIRED,
    OtherDevice: Finding.OTHER_DEVICE,
    OutOfChain: Finding.BROKEN_CHAIN,
}


class _Look:
    """One file while it is looked at: what it is, whom to trust, how many entries hold so far."""

    def __init__(self, root_public: bytes, delegations: tuple[bytes, ...]) -> None:
        self.what = "file"
        self.entries = 0
        self._root_public, self._delegations = root_public, delegations

    def trusted(self, more: tuple[bytes, ...] = ()) -> TrustedKeys:
        theirs, ours = trust(self._root_public, more), trust(self._root_public, self._delegations)
        return TrustedKeys(ours.root, ours.delegations + theirs.delegations, ours.messages + theirs.messages)

    def proven(self, shown: Iterable[str], *unproven: str) -> Outcome:
        return Outcome(self.what, Finding.PROVEN, entries=self.entries, shown=tuple(shown), unproven=unproven)

    def failed(self, error: WireError) -> Outcome:
        finding = error.finding if isinstance(error, _Misplaced) else _FINDINGS[type(error)]
        where = error.where if isinstance(error, Malformed) else getattr(error, "what", "")
        return Outcome(self.what, finding, where, getattr(error, "why", ""), self.entries)


def verify(data: bytes, root_public: bytes, delegations: Iterable[bytes] = ()) -> Outcome:
    """What the bytes of a file, or of a text, prove to somebody who trusts the root's key. Raises nothing of its own."""
    look = _Look(root_public, tuple(delegations))
    try:
        return _looked_at(data, look)
    except WireError as error:
        return look.failed(error)


def _looked_at(data: bytes, look: _Look) -> Outcome:
    if len(data) > FILE_BYTES_MAX:
        raise _Unreadable("file", f"is larger than {FILE_BYTES_MAX} bytes")
    text = data.removeprefix(BOM_UTF8)
    if text.startswith(receipt_qr.PREFIX.encode()):
        return _receipt(_text(text, look, "receipt"), look)
    if text.startswith(card.PREFIX.encode()):
        return _card(_text(text, look, "card"), look)
    if data[:1] not in (b"\xa2", b"\xa3"):
        raise _Unreadable("file", "is neither R1: nor C1: text, nor a file that was exported")
    items = Items(data)
    header = items.take(Header.read, "file.header")
    if header.magic not in _FILES:
        raise _Unreadable("file.header.magic", "is no kind of file that is known")
    look.what = _WORDS[header.magic]
    trusted = look.trusted(header.delegations or ())
    slim = SlimCredential.from_cbor(header.slim, where="slim credential")
    return _FILES[header.magic](items, slim, verify_slim(slim, trusted), trusted, look)


def _text(data: bytes, look: _Look, what: str) -> str:
    look.what = what
    text = data.rstrip(b"\r\n")
    if len(text) > TEXT_BYTES_MAX:
        raise Malformed(what, f"{len(text)} bytes are more than the {TEXT_BYTES_MAX} allowed")
    return text.decode("utf-8", "replace")


def _receipt(text: str, look: _Look) -> Outcome:
    seen = receipt_qr.verify(text, look.trusted())
    look.entries = 1
    number = receipt_number(device=seen.slim.device, sequence=seen.sequence)
    shown = [
        f"device {seen.slim.device} of shop {seen.slim.shop} signed receipt {number}, entry {seen.sequence}",
        _moment(seen.time),
        *_said(seen.fact),
        *(
            f"line {index}: {_shown(line)} total_rial {line.total_rial}"
            for index, line in enumerate(seen.lines or ())
        ),
    ]
    lines = (
        ()
        if seen.lines is not None or not _has_lines(seen.fact)
        else ("which goods: only their hash is here",)
    )
    return look.proven(shown, "that it was not voided or refunded later", _NO_HOUSEHOLD, *lines)


def _card(text: str, look: _Look) -> Outcome:
    seen = card.from_qr(text, look.trusted())
    shown = [f"the card key signed card {seen.number}, good until {_date(seen.until_s)}"]
    return look.proven(shown, "that it was not revoked", "who holds it")


def _journal(items: Items, slim: SlimCredential, key: VerifyingKey, _: TrustedKeys, look: _Look) -> Outcome:
    head = entry.Head(0, b"")
    hashes: list[bytes] = []
    while not (items.ended and look.entries):
        what = f"entry {head.sequence}"
        stored = items.take(entry.EntryBytes.read, what)
        if stored.private is not None:
            raise Malformed(f"{what}.private", "does not belong into a file for third parties")
        opened = entry.reopen(stored, key=key, blinding_key=None, what=what)
        _check_place(opened, head, hashes, slim)
        hashes.append(opened.hash)
        head = opened.next_head
        look.entries += 1
    return look.proven(_chain_shown(slim, 0, head), _NOT_LATER, _NO_HOUSEHOLD, _NO_VERDICT)


def _check_place(opened: Entry, head: Head, hashes: list[bytes], slim: SlimCredential) -> None:
    _check_own(opened, slim)
    what = f"entry {opened.sequence}"
    if opened.sequence > head.sequence:
        raise _Misplaced(what, f"entry {head.sequence} is missing before it", Finding.GAP)
    if opened.sequence < head.sequence:
        if hashes[opened.sequence] == opened.hash:
            raise _Misplaced(what, "stands there twice", Finding.DUPLICATE)
        raise _Misplaced(what, "two entries have this number", Finding.FORK)
    first = opened.fact.credential_hash if isinstance(opened.fact, facts.Enrolled) else None
    if opened.prev != (head.prev if opened.sequence else first):
        raise OutOfChain(what, "does not name the entry before it" if opened.sequence else "is no enrollment")
    _check_begun(opened)


def _check_begun(opened: Entry) -> None:
    if isinstance(opened.fact, facts.Enrolled) != (opened.sequence == 0):
        raise OutOfChain(f"entry {opened.sequence}", "only the first enrolls, and it does")


def _check_own(opened: Entry, slim: SlimCredential) -> None:
    what = f"entry {opened.sequence}"
    if opened.device != slim.device:
        raise OtherDevice(what, f"is of device {opened.device}")
    if opened.time.not_before_s > slim.until_s:
        raise errors.Expired(what, "was made after its device's credential had ended")


def _batch(items: Items, slim: SlimCredential, key: VerifyingKey, _: TrustedKeys, look: _Look) -> Outcome:
    message = _octets(items, "request")
    blinds = iter(items.take(exported.BLINDS.read, "blinds"))
    brought = None if items.ended else _octets(items, "dictionary")
    if not items.ended:
        raise Malformed("dictionary", "bytes are left over")
    payload = cose.verify(message, key, context=exchange.REQUEST_CONTEXT, what="request")
    request = exchange.ExchangeRequest.from_cbor(payload, where="request")
    if request.version != exchange.VERSION:
        raise UnknownVersion("request", request.version)
    if request.device != slim.device:
        raise OtherDevice("request", f"is of device {request.device}")
    head = base = entry.Head(request.base, request.base_prev)
    for opened in opened_entries(request, key, blinds, brought):
        _check_own(opened, slim)
        _check_begun(opened)
        head = opened.next_head
        look.entries += 1
    if next(blinds, None) is not None:
        raise Malformed("blinds", "are more than private parts")
    shown = (
        _chain_shown(slim, base.sequence, head)
        if look.entries
        else ["the device signed a request without entries"]
    )
    return look.proven(shown, f"what came before entry {base.sequence}", _NOT_LATER, _NO_VERDICT)


def _mail(items: Items, slim: SlimCredential, _: VerifyingKey, trusted: TrustedKeys, look: _Look) -> Outcome:
    base = items.take(exported.MailBefore.read, "before")
    head = mail.MailHead(base.number, base.hash)
    shown = [f"mail of device {slim.device} of shop {slim.shop}, in a row from item {base.number + 1} on:"]
    unproven: list[str] = []
    documents: dict[MailKind, bytes] = {}
    while not (items.ended and look.entries):
        what = f"mail {head.number + 1}"
        opened = mail.reopen(_octets(items, what), head, trusted, device=slim.device)
        if isinstance(opened.body, mail.SignedDocument) and not _check_document(
            opened, documents, trusted, what
        ):
            unproven.append(f"what item {opened.number} says: it changes a document that is not in the file")
        head = opened.head
        look.entries += 1
        shown.append(f"item {opened.number}: {opened.kind.name.lower()}")
    return look.proven(shown, _NOT_LATER, f"what came before item {base.number + 1}", *unproven)


def _check_document(
    item: mail.Mail, documents: dict[MailKind, bytes], trusted: TrustedKeys, what: str
) -> bool:
    """Keeps a policy or a list that holds; False where it changes one that came before the file."""
    body = item.body
    assert isinstance(body, mail.SignedDocument), "one of the two"
    if body.changes is not None and item.kind not in documents:
        return False
    context, kind = _DOCUMENTS[item.kind]
    where = f"{what}.{item.kind.name.lower()}"
    message = whole_message(body, documents.get(item.kind), where=where)
    payload = trusted.verify(message, Role.POLICY, context=context, what=where)
    kind.from_cbor(payload, where=where, bytes_max=mail.MAIL_BYTES_MAX)
    documents[item.kind] = message
    return True


def _octets(items: Items, where: str) -> bytes:
    value = items.take(cbor.read_value, where)
    if type(value) is not bytes:
        raise Malformed(where, "not a byte string")
    return value


def _chain_shown(slim: SlimCredential, first: int, after: Head) -> list[str]:
    return [
        f"device {slim.device} of shop {slim.shop} signed entries {first} to {after.sequence - 1}; none is missing or changed",
        f"head {after.prev.hex()}",
    ]


def _moment(time: TimeInterval) -> str:
    return f"between {_date(time.not_before_s)} and {_date(time.not_after_s)}, time {time.grade.name.lower()}"


def _date(time_s: int) -> str:
    if time_s > LAST_DATE_S:
        return f"second {time_s}"
    return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _said(fact: facts.Fact) -> list[str]:
    return [f"{field.name} {_shown(getattr(fact, field.name))}" for field in type(fact).fields]


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(_shown(one) for one in value)
    if isinstance(value, Record):
        return " ".join(f"{field.name} {_shown(getattr(value, field.name))}" for field in type(value).fields)
    if isinstance(value, IntEnum):
        return value.name.lower()
    if isinstance(value, str):
        return value if value.isprintable() else ascii(value)
    return value.hex() if isinstance(value, bytes) else str(value)


def _has_lines(fact: facts.Fact) -> bool:
    return isinstance(fact, facts.Purchase | facts.CashSale)


_WORDS = {exported.JOURNAL: "journal", exported.BATCH: "batch", exported.MAIL: "mail"}
_FILES: dict[bytes, Callable[[Items, SlimCredential, VerifyingKey, TrustedKeys, _Look], Outcome]] = {
    exported.JOURNAL: _journal,
    exported.BATCH: _batch,
    exported.MAIL: _mail,
}
_DOCUMENTS: dict[MailKind, tuple[str, type[Record]]] = {
    MailKind.POLICY: (policy.CONTEXT, policy.Policy),
    MailKind.CATALOG: (catalog.CONTEXT, catalog.Catalog),
}
