"""The paper center behind a counter: takes signed requests, keeps entries, answers truly; it can be away or false."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.uplink.errors import Unreachable
from sync.wire import cose
from sync.wire.entry import Entry, Head
from sync.wire.exchange import ANSWER_CONTEXT, REQUEST_CONTEXT, ExchangeAnswer, ExchangeRequest, open_batch
from sync.wire.kinds import Role

if TYPE_CHECKING:
    from firmware.identity import Identity
    from sync.wire.mail import Mail
    from tests.fakes.hand_clock import HandClock
    from tests.fakes.paper_center import PaperCenter


class AnsweringCenter:
    """Implements `sync.uplink.ports.Post`."""

    def __init__(self, center: PaperCenter, identity: Identity, clock: HandClock) -> None:
        self._center = center
        self._identity = identity
        self._clock = clock
        self._statement = 0
        self.entries: list[Entry] = []
        self.mail: list[Mail] = []
        self.visits = 0
        self.epoch = 1
        self.away = False
        self.clock_ahead_s = 0
        self.takes_s = 0
        self.held_at_most = 1 << 30

    async def post(self, path: str, body: bytes, *, answer_bytes_max: int) -> bytes:
        self.visits += 1
        if self.away:
            raise Unreachable("nobody there")
        key = cose.VerifyingKey(self._identity.key.public)
        request = ExchangeRequest.from_cbor(cose.verify(body, key, context=REQUEST_CONTEXT, what="request"))
        self._take(request, key)
        self._statement += 1
        answer = self._answer(request)
        self._clock.advance_s(self.takes_s)
        return answer

    def _take(self, request: ExchangeRequest, key: cose.VerifyingKey) -> None:
        base = Head(request.base, request.base_prev)
        sent = open_batch(
            request.batch, base, device=request.device, key=key, blinding_key=self._identity.blinding_key
        )
        for entry in sent:
            if entry.sequence == len(self.entries) < self.held_at_most:
                self.entries.append(entry)

    def _answer(self, request: ExchangeRequest) -> bytes:
        answer = ExchangeAnswer(
            version=1, device=request.device, nonce=request.nonce, epoch=self.epoch, statement=self._statement,
            held=len(self.entries),
            head=self.entries[-1].hash if self.entries else self._identity.credential_hash,
            mail=tuple(item.message for item in self.mail[request.mail_number :][:2]), mail_last=len(self.mail),
            now_s=self._clock.wall_s + self.clock_ahead_s,
        )  # fmt: skip
        return cose.sign(answer.to_cbor(), self._center.keys[Role.MAIL], context=ANSWER_CONTEXT)
