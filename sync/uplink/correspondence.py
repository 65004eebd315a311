"""The device's conversation with the center: what it last said, and one exchange after the other.

Rules: one exchange at a time; a batch begins where the center's last answer ended, so any failure is mended by asking
again. After a start or a failure nobody knows what the center holds: then a small question goes before a large batch, and before
any by a till that never heard of the center: its journal may have been emptied, and a new one would stand there as a fork. What a
restored center has forgotten goes up again, mail first, for entries are judged by it. Over a slow line batches are lean: the
last entry's signature binds all before it, and the others follow when the line is good. What both sides know from the chain
before a batch is not told in it again. What the center asks for verbatim goes before anything new. The owner decides when to ask, and what to do with the answer. The standing lives as long as the
process: nonces keep an old answer from being taken for a new one.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from msgspec import Struct

from sync.uplink import exchange
from sync.uplink.errors import AnswerRefused, Refused, TimedOut, Unreachable
from sync.uplink.exchange import NONCE_BYTES, Answer, Standing
from sync.uplink.known import Known
from sync.uplink.room import Room
from sync.wire.cose import SIGNATURE_BYTES
from sync.wire.entry import Head
from sync.wire.exchange import (
    ANSWER_BYTES_MAX,
    ANSWER_MAIL_MAX,
    LATER_SIGNATURES_MAX,
    LaterSignatures,
    Span,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sync.uplink.exchange import Packed, Question
    from sync.uplink.ports import Chain, Parties, Post
    from sync.wire.entry import EntryBytes

BATCH_ENTRIES_MAX = 200
ASK_FIRST_BYTES = 4 << 10
"""A batch over this is not sent on a mere guess of what the center holds; less is sent sooner than a question is answered."""
TOO_LARGE = 413
GOOD_BYTES_PER_S = 6_000
"""More than GPRS ever gives: then signatures cost nobody anything."""
GOOD_MS = 500
"""Of an exchange, whatever it carries."""


class Told(Struct, frozen=True):
    """A believed answer, how long it took, whether entries or mail remain to be exchanged, and how many entries that the
    center had promised to hold are gone there: None unless it was restored from a backup.
    """

    answer: Answer
    round_trip_ms: int
    more: bool
    forgotten: int | None


class Correspondence:
    """One device's side. Owns the standing; one task at a time calls `exchange`."""

    def __init__(
        self,
        parties: Parties,
        chain: Chain,
        post: Post,
        *,
        standing: Standing,
        asks_first: bool = False,
        monotonic_ms: Callable[[], int],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._parties = parties
        self._chain = chain
        self._post = post
        self._known = Known(chain)
        self.standing = standing
        self.room = Room()
        self._monotonic_ms = monotonic_ms
        self._random_bytes = random_bytes
        self._is_sure = False
        """Whether the standing is what the center holds now."""
        self._asks_first = asks_first
        """Whether nothing may go up before the center has said what it holds."""
        self._is_good = False
        """Whether the last exchange was quick: a till's first batch cannot know."""
        self._mail_from: int | None = None
        """From where on a restored center asks for its mail."""
        self._verbatim: Span | None = None
        self._unsigned: Span | None = None

    async def exchange(self) -> Told:
        """Send the next batch, which may be empty, and return what the center said.

        Raises: UplinkError; the standing is then what it was.
        """
        asked = await self._ask()
        sent_ms = self._monotonic_ms()
        message = await self._posted(asked)
        round_trip_ms = self._monotonic_ms() - sent_ms
        went_bytes = len(asked.message) + len(message)
        self._is_good = went_bytes * 1000 >= GOOD_BYTES_PER_S * (round_trip_ms - GOOD_MS)
        try:
            claimed = exchange.claims(message, asked, self._parties)
            own = await self._place(claimed.held)
            answer = exchange.believed(claimed, asked, self._parties, own)
        except AnswerRefused:
            # It may be the answer to an earlier question, with this one's behind it.
            self._post.drop()
            raise
        self.room.got_through(max(len(asked.message), len(message)))
        return self._follow(answer, asked, round_trip_ms)

    async def _posted(self, asked: Question) -> bytes:
        self._is_sure = False
        try:
            return await self._post.post(exchange.PATH, asked.message, answer_bytes_max=ANSWER_BYTES_MAX)
        except (Unreachable, TimedOut):
            self.room.broke()
            raise
        except Refused as error:
            if error.status == TOO_LARGE:
                self.room.broke()
            raise

    def _follow(self, answer: Answer, asked: Question, round_trip_ms: int) -> Told:
        was_asked_back = self._mail_from is not None
        forgotten = max(0, asked.before.held - answer.standing.held)
        more = self._more(answer, asked)
        self.standing, self._mail_from, self._is_sure = answer.standing, answer.mail_from, True
        self._asks_first = False
        self._verbatim, self._unsigned = self._still_wanted(answer, asked), answer.unsigned
        if _is_beyond_it(answer, asked):
            self._known.refused()
        return Told(
            answer, round_trip_ms, more, forgotten if answer.restored and not was_asked_back else None
        )

    def _still_wanted(self, answer: Answer, asked: Question) -> Span | None:
        """What the center asks for verbatim, and what of that found no room in the last batch."""
        if _is_beyond_it(answer, asked):
            # It may be the dictionary alone that it lacks: the same without one is a third of the bytes.
            return None
        wanted = self._verbatim
        if answer.verbatim is not None or wanted is None or asked.sent_to > wanted.last:
            return answer.verbatim
        return Span(first=asked.sent_to, last=wanted.last)

    async def _ask(self) -> Question:
        sending = await self._next()
        made_to, mail_head = self._chain.head.sequence, self._chain.mail_head
        base = await self._place(sending.first)
        packed = await self._packed(sending)
        return exchange.carrying(
            self._parties, self.standing, base, packed, mail_head, nonce=self._random_bytes(NONCE_BYTES),
            signatures=sending.signatures, made_to=made_to, returned=sending.returned, mail_bytes=self.room.size_bytes,
        )  # fmt: skip

    async def _packed(self, sending: _Sending) -> Packed:
        """As many of the entries as the line takes, one at least; none that are many on a mere guess."""
        entries = sending.entries
        known = None if sending.verbatim else await self._known.before(sending.first, entries)
        while True:
            lean = not self._is_good and len(entries) > 1 and not sending.verbatim
            # In a thread, for somebody may stand at the counter.
            packed = await asyncio.to_thread(
                exchange.pack, entries, lean=lean, verbatim=sending.verbatim, known=known
            )
            if not self._is_sure and len(packed.batch) > ASK_FIRST_BYTES:
                entries = ()
            elif self.room.fits(len(packed.batch), len(entries)):
                return packed
            else:
                entries = entries[: min(len(entries) - 1, self.room.entries(len(entries)))]

    async def _next(self) -> _Sending:
        """What goes next: lost mail, what is wanted verbatim, new entries, signatures left out before."""
        held = self.standing.held
        if self._asks_first:
            return _Sending(min(held, self._chain.head.sequence))
        if self._mail_from is not None:
            return _Sending(held, returned=await self._returned(self._mail_from))
        if self._verbatim is not None and self._verbatim.last < self._chain.head.sequence:
            first, last = self._verbatim.first, self._verbatim.last
            entries = await self._entries(first, last + 1 - first)
            return _Sending(first, entries, verbatim=range(first, last + 1))
        entries = await self._entries(held, BATCH_ENTRIES_MAX)
        if entries or self._unsigned is None or not self._is_good:
            return _Sending(held, entries)
        return _Sending(held, signatures=await self._signatures(self._unsigned))

    async def _entries(self, first: int, most: int) -> Sequence[EntryBytes]:
        return await self._chain.unsent_entries(first, self.room.entries(min(most, BATCH_ENTRIES_MAX)))

    async def _signatures(self, span: Span) -> LaterSignatures | None:
        """Those of the first entries in `span`, as many as the line takes. None for entries that were never made."""
        count = min(span.last + 1 - span.first, LATER_SIGNATURES_MAX, self.room.size_bytes // SIGNATURE_BYTES)
        entries = await self._chain.unsent_entries(span.first, count)
        signatures = b"".join(entry.signature for entry in entries)
        return LaterSignatures(first=span.first, signatures=signatures) if entries else None

    async def _returned(self, first: int) -> tuple[bytes, ...]:
        """Mail from item `first` on, as much as the line takes, one item at least."""
        taken: list[bytes] = []
        room = self.room.size_bytes
        for message in await self._chain.mail_messages(first, ANSWER_MAIL_MAX):
            room -= len(message)
            if taken and room < 0:
                break
            taken.append(message)
        return tuple(taken)

    async def _place(self, sequence: int) -> Head:
        if sequence > self._chain.head.sequence:
            raise AnswerRefused(f"the center holds entry {sequence - 1}, which this journal does not have")
        return Head(sequence, await self._chain.hash_before(sequence))

    def _more(self, answer: Answer, asked: Question) -> bool:
        before, now = asked.before, answer.standing
        if answer.mail_from is not None or answer.restored:
            return True
        if answer.mail and answer.mail_last > answer.mail[-1].number:
            return True
        if answer.verbatim is not None:
            return _is_beyond_it(answer, asked) or answer.verbatim != self._verbatim
        if answer.unsigned is not None and self._is_good and answer.unsigned != self._unsigned:
            return True
        went_on = now.held > before.held or not asked.packed
        return went_on and now.held < self._chain.head.sequence


def _is_beyond_it(answer: Answer, asked: Question) -> bool:
    """Whether the center could not read a batch with a dictionary."""
    return asked.names and answer.verbatim is not None and answer.standing.held < asked.sent_to


class _Sending(Struct, frozen=True):
    """What one request brings, from entry `first` on."""

    first: int
    entries: Sequence[EntryBytes] = ()
    verbatim: range = range(0)
    signatures: LaterSignatures | None = None
    returned: tuple[bytes, ...] | None = None
