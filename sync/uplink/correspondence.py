"""The device's conversation with the center: what it last said, and one exchange after the other.

Rules: one exchange at a time; a batch begins where the center's last answer ended, so any failure is mended by asking
again. The owner decides when to ask, and what to do with the answer. The standing lives as long as the process: nonces
keep an old answer from being taken for a new one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from sync.uplink import exchange
from sync.uplink.errors import AnswerRefused
from sync.uplink.exchange import NONCE_BYTES, Answer, Standing
from sync.wire.entry import Head
from sync.wire.exchange import ANSWER_BYTES_MAX, BATCH_ENTRIES_MAX

if TYPE_CHECKING:
    from collections.abc import Callable

    from sync.uplink.exchange import Question
    from sync.uplink.ports import Chain, Parties, Post


class Told(Struct, frozen=True):
    """A believed answer, how long it took, and whether entries or mail remain to be exchanged."""

    answer: Answer
    round_trip_ms: int
    more: bool


class Correspondence:
    """One device's side. Owns the standing; one task at a time calls `exchange`."""

    def __init__(
        self,
        parties: Parties,
        chain: Chain,
        post: Post,
        *,
        standing: Standing,
        monotonic_ms: Callable[[], int],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._parties = parties
        self._chain = chain
        self._post = post
        self.standing = standing
        self._monotonic_ms = monotonic_ms
        self._random_bytes = random_bytes

    async def exchange(self) -> Told:
        """Send the next batch, which may be empty, and return what the center said.

        Raises: UplinkError; the standing is then what it was.
        """
        asked = await self._ask()
        sent_ms = self._monotonic_ms()
        message = await self._post.post(exchange.PATH, asked.message, answer_bytes_max=ANSWER_BYTES_MAX)
        round_trip_ms = self._monotonic_ms() - sent_ms
        claimed = exchange.claims(message, asked, self._parties)
        own = await self._place(claimed.held)
        answer = exchange.believed(claimed, asked, self._parties, own)
        self.standing = answer.standing
        return Told(answer, round_trip_ms, self._more(answer, asked))

    async def _ask(self) -> Question:
        base = await self._place(self.standing.held)
        entries = await self._chain.unsent_entries(base.sequence, BATCH_ENTRIES_MAX)
        nonce = self._random_bytes(NONCE_BYTES)
        return exchange.question(
            self._parties, self.standing, base, entries, self._chain.mail_head, nonce=nonce
        )

    async def _place(self, sequence: int) -> Head:
        if sequence > self._chain.head.sequence:
            raise AnswerRefused(f"the center holds entry {sequence - 1}, which this journal does not have")
        return Head(sequence, await self._chain.hash_before(sequence))

    def _more(self, answer: Answer, asked: Question) -> bool:
        before, now = asked.before, answer.standing
        if answer.mail and answer.mail_last > answer.mail[-1].number:
            return True
        return (now.epoch, now.held) > (before.epoch, before.held) and now.held < self._chain.head.sequence
