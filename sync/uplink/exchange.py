"""The device's half of one exchange: the question it signs, and what it believes of the answer. Pure.

An answer is checked in this order, and nothing of it is used before all of it holds:
1. it is signed by a key that the root delegated for mail
2. it answers this device and this question: version, device number, nonce
3. it claims to hold no more than this device had made when it asked
4. the hash of what it holds is the hash of this device's own journal at that place
5. its mail follows, item by item, the mail that this device has; one that asks for lost mail brings none

Where 3 or 4 fails the journal has lost what the device once sent: an emptied file, a card that forgot its last writes. Nothing of
the answer is used then either; people must know (`TailLost`).

The nonce makes an answer fresh. So one that holds less than was promised, that counts its statements from further back, or
that asks for mail which it once wrote, comes from a center that was restored from a backup. It is believed, for what it
forgot is sent again; and told, for people must know (`Answer.restored`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from sync.uplink.errors import AnswerRefused, TailLost
from sync.wire import cose, mail
from sync.wire.errors import WireError
from sync.wire.exchange import (
    ANSWER_BYTES_MAX,
    ANSWER_CONTEXT,
    REQUEST_CONTEXT,
    VERSION,
    ExchangeAnswer,
    ExchangeRequest,
)
from sync.wire.kinds import Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sync.uplink.ports import Parties
    from sync.wire.batches.batch_tables import Dictionary
    from sync.wire.entry import EntryBytes, Head
    from sync.wire.exchange import LaterSignatures, Span
    from sync.wire.mail import Mail, MailHead

PATH = "/exchange"
NONCE_BYTES = 16


class Standing(Struct, frozen=True):
    """What the center last said of itself: it holds entries below `held`."""

    epoch: int
    statement: int
    held: int


class Packed(Struct, frozen=True):
    """A batch, how many entries it holds, and whether it names a dictionary."""

    batch: bytes
    entries: int
    names: bool = False


class Question(Struct, frozen=True):
    """One signed request and what its answer is measured against. `made_to` is the sequence after this device's last entry;
    `packed` the bytes of its batch; `sent_to` the sequence after the last entry in it; `names` whether it names a dictionary.
    """

    message: bytes
    nonce: bytes
    made_to: int
    packed: int
    sent_to: int
    mail_head: MailHead
    before: Standing
    names: bool = False


class Answer(Struct, frozen=True):
    """An answer that holds. There is more mail at the center while `mail_last` exceeds the last item's number; `mail_from` is
    from where on it asks for the mail that it has lost; `verbatim` are entries that it wants as they were written, `unsigned` the
    oldest whose own signatures it lacks.
    """

    standing: Standing
    mail: tuple[Mail, ...]
    mail_last: int
    now_s: int
    mail_from: int | None
    restored: bool
    verbatim: Span | None
    unsigned: Span | None


def pack(
    entries: Sequence[EntryBytes],
    *,
    lean: bool = False,
    verbatim: range = range(0),
    known: Dictionary | None = None,
) -> Packed:
    """The batch of consecutive entries; those in `verbatim` as they were written, of a `lean` one only the last one's
    signature, and without what both sides have `known` before if it is smaller so. It takes long where there are many: for a thread.
    """
    from sync.wire.batches.batch import pack_batch  # noqa: PLC0415 -- a till sells before it sends

    if not entries:
        return Packed(b"", 0)
    plain = pack_batch(entries, lean=lean, verbatim=verbatim)
    if known is not None:
        short = pack_batch(entries, lean=lean, verbatim=verbatim, dictionary=known)
        if len(short) < len(plain):
            return Packed(short, len(entries), names=True)
    return Packed(plain, len(entries))


def question(  # noqa: PLR0913 -- what a request says
    parties: Parties,
    before: Standing,
    base: Head,
    entries: Sequence[EntryBytes],
    mail_head: MailHead,
    *,
    nonce: bytes,
    lean: bool = False,
    signatures: LaterSignatures | None = None,
    made_to: int | None = None,
    returned: tuple[bytes, ...] | None = None,
) -> Question:
    """Pack and sign at once: a request that carries `entries` from `base` on; see `carrying`."""
    return carrying(
        parties, before, base, pack(entries, lean=lean), mail_head,
        nonce=nonce, signatures=signatures, made_to=made_to, returned=returned,
    )  # fmt: skip


def carrying(  # noqa: PLR0913 -- what a request says
    parties: Parties,
    before: Standing,
    base: Head,
    packed: Packed,
    mail_head: MailHead,
    *,
    nonce: bytes,
    signatures: LaterSignatures | None = None,
    made_to: int | None = None,
    returned: tuple[bytes, ...] | None = None,
    mail_bytes: int | None = None,
) -> Question:
    """Sign a request with a batch that begins at `base`. `nonce` is fresh and random, 16 bytes. Without `made_to` its entries
    are the last that were made.
    """
    request = ExchangeRequest(
        version=VERSION, device=parties.device, nonce=nonce, mail_number=mail_head.number, mail_hash=mail_head.hash,
        epoch=before.epoch, base=base.sequence, base_prev=base.prev, batch=packed.batch, statement=before.statement,
        held=before.held, returned=returned, signatures=signatures, mail_bytes=mail_bytes,
    )  # fmt: skip
    message = cose.sign(request.to_cbor(), parties.key, context=REQUEST_CONTEXT)
    sent_to = base.sequence + packed.entries
    return Question(
        message,
        nonce,
        sent_to if made_to is None else made_to,
        len(packed.batch),
        sent_to,
        mail_head,
        before,
        packed.names,
    )


def claims(message: bytes, asked: Question, parties: Parties) -> ExchangeAnswer:
    """Checks 1 to 3: what the center claims in answer to `asked`. Raises: AnswerRefused, TailLost."""
    # 1. the signature
    try:
        payload = parties.trusted.verify(message, Role.MAIL, context=ANSWER_CONTEXT, what="answer")
        answer = ExchangeAnswer.from_cbor(payload, bytes_max=ANSWER_BYTES_MAX)
    except WireError as error:
        raise AnswerRefused(str(error)) from None
    # 2. this question
    if (answer.version, answer.device, answer.nonce) != (VERSION, parties.device, asked.nonce):
        raise AnswerRefused("it answers another question")
    # 3. what is held
    if answer.held > asked.made_to:
        raise TailLost(answer.held, f"it holds {answer.held} entries, but only {asked.made_to} were made")
    return answer


def believed(claimed: ExchangeAnswer, asked: Question, parties: Parties, own: Head) -> Answer:
    """Checks 4 and 5, with this journal's own place at `claimed.held`. Raises: AnswerRefused, TailLost."""
    assert own.sequence == claimed.held, "the place that the center claims to be at"
    # 4. the same history
    if claimed.head != own.prev:
        raise TailLost(claimed.held, f"the center holds another history before entry {claimed.held}")
    # 5. the mail
    if claimed.mail_from is not None and (
        claimed.mail or not 1 <= claimed.mail_from <= asked.mail_head.number
    ):
        raise AnswerRefused(f"it asks for mail {claimed.mail_from}, which this device does not have")
    standing = Standing(claimed.epoch, claimed.statement, claimed.held)
    mail_items = _mail(claimed, asked, parties)
    return Answer(
        standing, mail_items, claimed.mail_last, claimed.now_s, claimed.mail_from, _restored(claimed, asked),
        claimed.verbatim, claimed.unsigned,
    )  # fmt: skip


def _restored(claimed: ExchangeAnswer, asked: Question) -> bool:
    before = asked.before
    forgets = claimed.held < before.held or claimed.mail_from is not None
    return forgets or (claimed.epoch, claimed.statement) <= (before.epoch, before.statement)


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
