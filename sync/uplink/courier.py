"""The device's half of an exchange that anybody carries: its questions, one behind the other, and what it believes of an
answer that comes weeks later, or twice, or never. Pure but for the chain's own reading.

Questions and checks are those of a line (`sync.uplink.exchange`), with two differences. No nonce ties an answer to a question,
for nobody keeps one so long: what makes an answer new is its statement number, and an older one raises no alarm and is worth
its mail alone, as far as that follows. And the center's time in it is a lower bound, nothing more.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from sync.uplink import exchange
from sync.uplink.errors import AnswerRefused
from sync.uplink.exchange import NONCE_BYTES, Answer
from sync.wire import cose, mail
from sync.wire.batches.batch import BATCH_BYTES_MAX
from sync.wire.entry import Head
from sync.wire.errors import WireError
from sync.wire.exchange import (
    ANSWER_BYTES_MAX,
    ANSWER_MAIL_MAX,
    BATCH_ENTRIES_MAX,
    ExchangeAnswer,
    LaterSignatures,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from sync.uplink.exchange import Standing
    from sync.uplink.ports import Chain, Parties
    from sync.wire.entry import EntryBytes
    from sync.wire.exchange import Span

ENTRY_BYTES_MAX = BATCH_BYTES_MAX // 2
"""Of stored entries in one question: far enough below what a batch may inflate to."""


class Brought(Struct, frozen=True):
    """A believed answer. Where it is not new, only its mail counts."""

    answer: Answer
    is_new: bool


async def questions(
    parties: Parties,
    chain: Chain,
    standing: Standing,
    *,
    random_bytes: Callable[[int], bytes],
    mail_from: int | None = None,
    unsigned: Span | None = None,
) -> AsyncIterator[bytes]:
    """Requests with all that the center is not known to hold, one at least, so that it can answer with mail.

    First the mail from number `mail_from` on, where a restored center has asked for it; last the signatures of entries
    that went up without their own.
    """
    end, mail_head = chain.head.sequence, chain.mail_head
    base = await _place(chain, min(standing.held, end))

    async def asked(
        entries: Sequence[EntryBytes] = (),
        returned: tuple[bytes, ...] | None = None,
        signatures: LaterSignatures | None = None,
    ) -> bytes:
        # In a thread: to pack many entries takes a small board long, and somebody may stand at the counter.
        made = await asyncio.to_thread(
            exchange.question, parties, standing, base, entries, mail_head,
            nonce=random_bytes(NONCE_BYTES), returned=returned, signatures=signatures,
        )  # fmt: skip
        return made.message

    async for items in _returned(chain, mail_from, mail_head.number):
        yield await asked(returned=items)
    while True:
        entries = _few_enough(await chain.unsent_entries(base.sequence, BATCH_ENTRIES_MAX))
        yield await asked(entries)
        base = await _place(chain, base.sequence + len(entries))
        if base.sequence >= end:
            break
    async for missing in _signatures(chain, unsigned, min(standing.held, end)):
        yield await asked(signatures=missing)


async def opened(message: bytes, parties: Parties, chain: Chain, standing: Standing) -> Brought:
    """What an answer says, once it holds. Raises: AnswerRefused; nothing of it was used.

    Nobody may take up mail between this and what is done about it.
    """
    try:
        payload = cose.parse(message, what="answer").payload
        nonce = ExchangeAnswer.from_cbor(payload, bytes_max=ANSWER_BYTES_MAX).nonce
    except WireError as error:
        raise AnswerRefused(str(error)) from None
    asked = exchange.question(parties, standing, chain.head, (), chain.mail_head, nonce=nonce)
    claimed = exchange.claims(message, asked, parties)
    is_new = (claimed.epoch, claimed.statement) > (standing.epoch, standing.statement)
    # What a center wrote before it was restored may not be what it remembers: such mail comes again if it is.
    following = () if claimed.epoch < standing.epoch else _following(claimed.mail, chain.mail_head.number)
    claimed = replace(claimed, mail=following, mail_from=claimed.mail_from if is_new else None)
    answer = exchange.believed(claimed, asked, parties, await _place(chain, claimed.held))
    return Brought(answer, is_new)


def _following(messages: Sequence[bytes], held: int) -> tuple[bytes, ...]:
    """The items behind number `held`, by what they claim: an answer may have been on its way while others came."""
    try:
        return tuple(message for message in messages if mail.number_of(message) > held)
    except WireError as error:
        raise AnswerRefused(str(error)) from None


async def _returned(chain: Chain, first: int | None, last: int) -> AsyncIterator[tuple[bytes, ...]]:
    while first is not None and first <= last:
        items = tuple(await chain.mail_messages(first, ANSWER_MAIL_MAX))
        yield items
        first += len(items)


async def _signatures(chain: Chain, span: Span | None, end: int) -> AsyncIterator[LaterSignatures]:
    first = end if span is None else span.first
    while first < end:
        entries = await chain.unsent_entries(first, min(BATCH_ENTRIES_MAX, end - first))
        yield LaterSignatures(first=first, signatures=b"".join(stored.signature for stored in entries))
        first += len(entries)


def _few_enough(entries: Sequence[EntryBytes]) -> Sequence[EntryBytes]:
    room = ENTRY_BYTES_MAX
    for index, stored in enumerate(entries):
        room -= len(stored.payload) + len(stored.lines or b"") + len(stored.private or b"")
        if room < 0 and index:
            return entries[:index]
    return entries


async def _place(chain: Chain, sequence: int) -> Head:
    return Head(sequence, await chain.hash_before(sequence))
