"""The device's half of one exchange: the question it signs, and what it believes of the answer. Pure.

An answer is checked in this order, and nothing of it is used before all of it holds:
1. it is signed by a key that the root delegated for mail
2. it answers this device and this question: version, device number, nonce
3. it is not older than what the center said before: epoch, then the rising statement number
4. it claims to hold no more than was ever sent, and no less than it held before in the same epoch
5. the hash of what it holds is the hash of this device's own journal at that place
6. its mail follows, item by item, the mail that this device has
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from sync.uplink.errors import AnswerRefused
from sync.wire import cose, mail
from sync.wire.errors import WireError
from sync.wire.exchange import (
    ANSWER_BYTES_MAX,
    ANSWER_CONTEXT,
    REQUEST_CONTEXT,
    VERSION,
    ExchangeAnswer,
    ExchangeRequest,
    pack_batch,
)
from sync.wire.kinds import Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sync.uplink.ports import Parties
    from sync.wire.entry import EntryBytes, Head
    from sync.wire.mail import Mail, MailHead

PATH = "/exchange"
NONCE_BYTES = 16


class Standing(Struct, frozen=True):
    """What the center last said of itself: it holds entries below `held`."""

    epoch: int
    statement: int
    held: int


class Question(Struct, frozen=True):
    """One signed request and what its answer is measured against. `sent_to` is the sequence after the last entry sent."""

    message: bytes
    nonce: bytes
    sent_to: int
    mail_head: MailHead
    before: Standing


class Answer(Struct, frozen=True):
    """An answer that holds. There is more mail at the center while `mail_last` exceeds the last item's number."""

    standing: Standing
    mail: tuple[Mail, ...]
    mail_last: int
    now_s: int


def question(
    parties: Parties,
    before: Standing,
    base: Head,
    entries: Sequence[EntryBytes],
    mail_head: MailHead,
    *,
    nonce: bytes,
) -> Question:
    """Sign a request that carries `entries` from `base` on. `nonce` is fresh and random, 16 bytes."""
    request = ExchangeRequest(
        version=VERSION, device=parties.device, nonce=nonce, mail_number=mail_head.number, mail_hash=mail_head.hash,
        epoch=before.epoch, base=base.sequence, base_prev=base.prev, batch=pack_batch(entries),
    )  # fmt: skip
    message = cose.sign(request.to_cbor(), parties.key, context=REQUEST_CONTEXT)
    return Question(message, nonce, base.sequence + len(entries), mail_head, before)


def claims(message: bytes, asked: Question, parties: Parties) -> ExchangeAnswer:
    """Checks 1 to 4: what the center claims in answer to `asked`. Raises: AnswerRefused."""
    # 1. the signature
    try:
        payload = parties.trusted.verify(message, Role.MAIL, context=ANSWER_CONTEXT, what="answer")
        answer = ExchangeAnswer.from_cbor(payload, bytes_max=ANSWER_BYTES_MAX)
    except WireError as error:
        raise AnswerRefused(str(error)) from None
    # 2. this question
    if (answer.version, answer.device, answer.nonce) != (VERSION, parties.device, asked.nonce):
        raise AnswerRefused("it answers another question")
    _check_progress(answer, asked)
    return answer


def _check_progress(answer: ExchangeAnswer, asked: Question) -> None:
    before = asked.before
    # 3. epoch and statement
    if (answer.epoch, answer.statement) <= (before.epoch, before.statement):
        raise AnswerRefused(
            f"statement {answer.statement} of epoch {answer.epoch} is not newer than the last"
        )
    # 4. what is held
    if answer.held > asked.sent_to:
        raise AnswerRefused(f"it holds {answer.held} entries, but only {asked.sent_to} were sent")
    if answer.epoch == before.epoch and answer.held < before.held:
        raise AnswerRefused(f"it holds {answer.held} entries, but held {before.held} before")


def believed(claimed: ExchangeAnswer, asked: Question, parties: Parties, own: Head) -> Answer:
    """Checks 5 and 6, with this journal's own place at `claimed.held`. Raises: AnswerRefused."""
    assert own.sequence == claimed.held, "the place that the center claims to be at"
    # 5. the same history
    if claimed.head != own.prev:
        raise AnswerRefused(f"the center holds another history before entry {claimed.held}")
    # 6. the mail
    standing = Standing(claimed.epoch, claimed.statement, claimed.held)
    return Answer(standing, _mail(claimed, asked, parties), claimed.mail_last, claimed.now_s)


def _mail(claimed: ExchangeAnswer, asked: Question, parties: Parties) -> tuple[Mail, ...]:
    items: list[Mail] = []
    after = asked.mail_head
    for message in claimed.mail:
        try:
            items.append(mail.reopen(message, after, parties.trusted, device=parties.device))
        except WireError as error:
            raise AnswerRefused(str(error)) from None
        after = items[-1].head
    return tuple(items)
