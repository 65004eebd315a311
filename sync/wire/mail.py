"""The center's mail to one device: a signed, numbered, hash-chained log.

    payload = {0: version, 1: device, 2: number from 1, 3: prev, 4: kind, 5: issued_s, 6: body}
    hash    = SHA-256 of the Sig_structure; `prev` of item 1 is the credential's hash

Policy and catalog bodies carry whole signed documents, so that their own key vouches for them.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from msgspec import Struct

from sync.wire import cose
from sync.wire.errors import OtherDevice, OutOfChain, UnknownVersion
from sync.wire.kinds import MailKind, Role, Verdict
from sync.wire.money import AMOUNT_RIAL_MAX
from sync.wire.proof import SALT_BYTES, SLOW_HASH_BYTES, TAG_BITS
from sync.wire.record import Record, array_record, item, record
from sync.wire.shapes import chosen_by, list_of, nested, octets, one_of, optional, text, uint

if TYPE_CHECKING:
    from sync.wire.cose import SigningKey
    from sync.wire.credential import TrustedKeys

VERSION = 1
CONTEXT = "sofreh/mail/1"
MAIL_BYTES_MAX = 1 << 20
STEPS_MAX = 10_000
HOUSEHOLDS_MAX = 2_000
"""Households, or allowances, in one item."""


@array_record
class Step(Record):
    """`size` bytes of the earlier payload from `start` on, then `more`."""

    start: int = item(0, uint(MAIL_BYTES_MAX))
    size: int = item(1, uint(MAIL_BYTES_MAX))
    more: bytes = item(2, octets(most=MAIL_BYTES_MAX))


@record
class SignedDocument(Record):
    """A policy or a catalog, as a COSE_Sign1 message by the policy key. With `base`, SHA-256 of the payload that the device
    got before, the message has an empty payload, and `changes` make the new one; see `sync.wire.document`.
    """

    message: bytes = item(0, octets(most=MAIL_BYTES_MAX))
    base: bytes | None = item(1, optional(octets(32)), default=None)
    changes: tuple[Step, ...] | None = item(2, optional(list_of(nested(Step), STEPS_MAX)), default=None)


@array_record
class CardCheck(Record):
    """A card of a household and SHA-256 of its key K."""

    number: int = item(0, uint())
    key_check: bytes = item(1, octets(32))


@record
class Household(Record):
    """What a till must know of a household; replaces what it knew. `code_hashes` are one-time codes not yet used."""

    household: int = item(0, uint())
    cohort: int = item(1, uint(255))
    tag: int = item(2, uint(2**TAG_BITS - 1))
    cards: tuple[CardCheck, ...] = item(3, list_of(nested(CardCheck), 8))
    code_salt: bytes = item(4, octets(SALT_BYTES))
    code_hashes: tuple[bytes, ...] = item(5, list_of(octets(SLOW_HASH_BYTES), 16))


@record
class Households(Record):
    """Households that may buy here."""

    households: tuple[Household, ...] = item(0, list_of(nested(Household), HOUSEHOLDS_MAX))


@record
class Allowance(Record):
    """A part of a household's credit that is reserved for this device. Without `opens_at_s` a lock holds it."""

    number: int = item(0, uint())
    household: int = item(1, uint())
    tranche: int = item(2, uint())
    amount_rial: int = item(3, uint(AMOUNT_RIAL_MAX))
    opens_at_s: int | None = item(4, optional(uint()), default=None)
    authorize_until_s: int = item(5, uint())
    present_by_s: int = item(6, uint())


@record
class Allowances(Record):
    """New allowances."""

    allowances: tuple[Allowance, ...] = item(0, list_of(nested(Allowance), HOUSEHOLDS_MAX))


@record
class Recall(Record):
    """Allowances that the center asks back."""

    allowances: tuple[int, ...] = item(0, list_of(uint(), HOUSEHOLDS_MAX))


@array_record
class Lock(Record):
    """How this device recognizes the code of a tranche's announcement, for one cohort."""

    tranche: int = item(0, uint())
    cohort: int = item(1, uint(255))
    salt: bytes = item(2, octets(SALT_BYTES))
    lock: bytes = item(3, octets(SLOW_HASH_BYTES))


@record
class Locks(Record):
    """Locks of tranches that are credited but not announced."""

    locks: tuple[Lock, ...] = item(0, list_of(nested(Lock), 256))


@record
class AnnouncementNotice(Record):
    """A tranche was officially announced, for these cohorts."""

    tranche: int = item(0, uint())
    cohorts: tuple[int, ...] = item(1, list_of(uint(255), 64))


@record
class Revocation(Record):
    """Cards that are no longer good."""

    cards: tuple[int, ...] = item(0, list_of(uint(), HOUSEHOLDS_MAX))


@array_record
class EntryVerdict(Record):
    """What the center decided about one entry."""

    sequence: int = item(0, uint())
    verdict: Verdict = item(1, one_of(Verdict))


@record
class Verdicts(Record):
    """Entries `first` to `last` were judged: accepted, save those in `exceptions`."""

    first: int = item(0, uint())
    last: int = item(1, uint())
    exceptions: tuple[EntryVerdict, ...] = item(2, list_of(nested(EntryVerdict), 1000))


@record
class Settlement(Record):
    """Money for the shop: what entries up to sequence `last` earned on `day_s`, paid at the latest at `pay_by_s`."""

    number: int = item(0, uint())
    day_s: int = item(1, uint())
    purchases: int = item(2, uint())
    amount_rial: int = item(3, uint(AMOUNT_RIAL_MAX))
    last: int = item(4, uint())
    pay_by_s: int = item(5, uint())


@record
class Shop(Record):
    """What the device prints about its shop, and the operator PIN's slow hash. `label_template` describes weighed
    labels, such as ``2PIIIIIVVVVVC``: P fixed digits, I the product's PLU, V grams, C the check digit.
    """

    name: str = item(0, text(80))
    place: str = item(1, text(80))
    operator_salt: bytes = item(2, octets(SALT_BYTES))
    operator_hash: bytes = item(3, octets(SLOW_HASH_BYTES))
    label_template: str | None = item(4, optional(text(13)), default=None)


@record
class Renewal(Record):
    """A credential that goes on where the old one ends, for the same keys, and its slim form. The chain's root stays the
    first one's hash.
    """

    credential: bytes = item(0, octets(most=1024))
    slim: bytes = item(1, octets(most=512))


Body = (
    SignedDocument
    | Households
    | Allowances
    | Recall
    | Locks
    | AnnouncementNotice
    | Revocation
    | Verdicts
    | Settlement
    | Shop
    | Renewal
)
BODY_OF_KIND: dict[MailKind, type[Body]] = {
    MailKind.POLICY: SignedDocument,
    MailKind.CATALOG: SignedDocument,
    MailKind.HOUSEHOLDS: Households,
    MailKind.ALLOWANCES: Allowances,
    MailKind.RECALL: Recall,
    MailKind.LOCKS: Locks,
    MailKind.ANNOUNCEMENT: AnnouncementNotice,
    MailKind.REVOCATION: Revocation,
    MailKind.VERDICTS: Verdicts,
    MailKind.SETTLEMENT: Settlement,
    MailKind.SHOP: Shop,
    MailKind.CREDENTIAL: Renewal,
}


@record
class _Payload(Record):
    version: int = item(0, uint(255))
    device: int = item(1, uint())
    number: int = item(2, uint())
    prev: bytes = item(3, octets(32))
    kind: MailKind = item(4, one_of(MailKind))
    issued_s: int = item(5, uint())
    body: Body = item(6, chosen_by("kind", BODY_OF_KIND))


class MailHead(Struct, frozen=True):
    """The last item of a device's mail: its number (0 before the first) and hash."""

    number: int
    hash: bytes


class Mail(Struct, frozen=True):
    """An item whose signature and place in the chain hold."""

    number: int
    kind: MailKind
    issued_s: int
    body: Body
    hash: bytes
    message: bytes

    @property
    def head(self) -> MailHead:
        """The chain's head when this is the last item."""
        return MailHead(self.number, self.hash)


def seal(body: Body, kind: MailKind, after: MailHead, *, device: int, issued_s: int, key: SigningKey) -> Mail:
    """The next item of a device's mail, signed by the mail key."""
    assert isinstance(body, BODY_OF_KIND[kind]), "the body is of its kind"
    payload = _Payload(
        version=VERSION, device=device, number=after.number + 1, prev=after.hash, kind=kind, issued_s=issued_s,
        body=body,
    ).to_cbor()  # fmt: skip
    hash_ = _hash(payload, key.public)
    return Mail(after.number + 1, kind, issued_s, body, hash_, cose.sign(payload, key, context=CONTEXT))


def reopen(message: bytes, after: MailHead, trusted: TrustedKeys, *, device: int) -> Mail:
    """The item in `message`, once it is signed by the mail key and follows `after`. Raises: Malformed, NotAuthentic."""
    what = f"mail {after.number + 1}"
    key = trusted.key_of(message, Role.MAIL, what=what)
    payload_bytes = cose.verify(message, key, context=CONTEXT, what=what)
    payload = _Payload.from_cbor(payload_bytes, bytes_max=MAIL_BYTES_MAX, where=what)
    if payload.version != VERSION:
        raise UnknownVersion(what, payload.version)
    if payload.device != device:
        raise OtherDevice(what, f"is for device {payload.device}")
    if (payload.number, payload.prev) != (after.number + 1, after.hash):
        raise OutOfChain(what, "does not follow the mail that this device holds")
    return Mail(
        payload.number,
        payload.kind,
        payload.issued_s,
        payload.body,
        _hash(payload_bytes, key.public),
        message,
    )


def number_of(message: bytes) -> int:
    """The number that an item claims, which nobody has verified yet. Raises: Malformed."""
    return _claimed(message).number


def body_of(message: bytes) -> Body:
    """The body of an item that its own writer kept. Raises: Malformed."""
    return _claimed(message).body


def _claimed(message: bytes) -> _Payload:
    payload = cose.parse(message, what="mail").payload
    return _Payload.from_cbor(payload, bytes_max=MAIL_BYTES_MAX, where="mail")


def _hash(payload: bytes, public: bytes) -> bytes:
    return hashlib.sha256(cose.to_be_signed(payload, public=public, context=CONTEXT)).digest()
