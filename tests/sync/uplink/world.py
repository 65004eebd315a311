"""A device with a short journal, and the center's keys to answer it truly or falsely."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.central.chains.checking import Examined, check_batch
from sync.uplink.ports import Parties
from sync.wire import cose, mail
from sync.wire.credential import DELEGATION_CONTEXT, Delegation, trust
from sync.wire.entry import Draft, Entry, EntryBytes, Head, TimeInterval, seal
from sync.wire.exchange import ANSWER_CONTEXT, REQUEST_CONTEXT, VERSION, ExchangeAnswer, ExchangeRequest
from sync.wire.facts import Booted
from sync.wire.kinds import Grade, MailKind, Role
from sync.wire.mail import Mail, MailHead, Revocation

DEVICE = 7
EPOCH = 3
NOW_S = 1_767_000_000
FIRST_PREV = bytes(range(32))


class Key:
    """A software key from one byte of seed."""

    def __init__(self, seed: int) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        self.public = self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


ROOT, DEVICE_KEY, MAIL_KEY, POLICY_KEY = (Key(seed) for seed in (1, 2, 3, 4))


def delegation(number: int, role: Role, key: Key) -> bytes:
    given = Delegation(
        version=1, number=number, role=role, public=key.public, not_before_s=0, until_s=NOW_S * 2
    )
    return cose.sign(given.to_cbor(), ROOT, context=DELEGATION_CONTEXT)


TRUSTED = trust(ROOT.public, [delegation(1, Role.MAIL, MAIL_KEY), delegation(2, Role.POLICY, POLICY_KEY)])
PARTIES = Parties(DEVICE, DEVICE_KEY, TRUSTED)


def journal(entries: int, *, version: str = "1", bulky: bool = False) -> list[Entry]:
    """That many entries that a device of software `version` made; bulky ones cannot be packed much."""
    made: list[Entry] = []
    head = Head(0, FIRST_PREV)
    for sequence in range(entries):
        time = TimeInterval(not_before_s=NOW_S + sequence, span_s=1, grade=Grade.TRUSTED)
        named = digest(f"{version} {sequence}").hex()[:40] if bulky else version
        draft = Draft(Booted(version=named, clean=True), time, sequence)
        made.append(seal(draft, head, device=DEVICE, key=DEVICE_KEY, blinding_key=bytes(32)))
        head = made[-1].next_head
    return made


def letters(count: int, after: MailHead) -> list[Mail]:
    """That many items of mail that follow `after`."""
    items: list[Mail] = []
    for number in range(count):
        body = Revocation(cards=(number,))
        items.append(mail.seal(body, MailKind.REVOCATION, after, device=DEVICE, issued_s=NOW_S, key=MAIL_KEY))
        after = items[-1].head
    return items


@dataclass
class Notebook:
    """The device's journal, as the exchange sees it."""

    entries: list[Entry]
    mail_head: MailHead = field(default_factory=lambda: MailHead(0, FIRST_PREV))
    inbox: list[Mail] = field(default_factory=list)

    @property
    def head(self) -> Head:
        return self.entries[-1].next_head if self.entries else Head(0, FIRST_PREV)

    async def hash_before(self, sequence: int) -> bytes:
        return self.entries[sequence - 1].hash if sequence else FIRST_PREV

    async def unsent_entries(self, from_sequence: int, most: int) -> list[EntryBytes]:
        return [entry.stored for entry in self.entries[from_sequence : from_sequence + most]]

    async def mail_messages(self, from_number: int, most: int) -> list[bytes]:
        return [item.message for item in self.inbox[from_number - 1 : from_number - 1 + most]]


def truth(request: ExchangeRequest, entries: list[Entry], mail_items: list[Mail]) -> ExchangeAnswer:
    """What an honest center says that has taken all of `entries`."""
    return ExchangeAnswer(
        version=VERSION, device=DEVICE, nonce=request.nonce, epoch=EPOCH, statement=1, held=len(entries),
        head=entries[-1].hash if entries else FIRST_PREV,
        mail=tuple(item.message for item in mail_items), mail_last=len(mail_items), now_s=NOW_S,
    )  # fmt: skip


def opened(message: bytes) -> ExchangeRequest:
    payload = cose.verify(
        message, cose.VerifyingKey(DEVICE_KEY.public), context=REQUEST_CONTEXT, what="request"
    )
    return ExchangeRequest.from_cbor(payload)


def signed(answer: ExchangeAnswer, key: Key = MAIL_KEY) -> bytes:
    return cose.sign(answer.to_cbor(), key, context=ANSWER_CONTEXT)


def digest(text: str) -> bytes:
    return sha256(text.encode()).digest()


def entries_of(request: ExchangeRequest) -> list[EntryBytes]:
    """What the request's batch brings."""
    if not request.batch:
        return []
    examined = check_batch(
        request.batch, Head(request.base, request.base_prev), device=DEVICE, public=DEVICE_KEY.public, blinding_key=bytes(32)
    )  # fmt: skip
    assert isinstance(examined, Examined)
    return [one.stored for one in examined.checked]
