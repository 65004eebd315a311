"""The paper center behind a counter: takes signed requests, keeps entries, answers truly; it can be away or false."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.central.chains.checking import Examined, check_batch
from sync.uplink.errors import Unreachable
from sync.wire import cose
from sync.wire.batches.batch import dictionary_named
from sync.wire.batches.known_before import entries_before, known_from
from sync.wire.entry import Entry, Head
from sync.wire.exchange import ANSWER_CONTEXT, REQUEST_CONTEXT, VERSION, ExchangeAnswer, ExchangeRequest
from sync.wire.kinds import Role

if TYPE_CHECKING:
    from firmware.identity import Identity
    from sync.wire.batches.batch_tables import Dictionary
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

    def drop(self) -> None:
        """Every question has its own answer here."""

    def _take(self, request: ExchangeRequest, key: cose.VerifyingKey) -> None:
        if not request.batch:
            return
        base = Head(request.base, request.base_prev)
        examined = check_batch(
            request.batch, base, device=request.device, public=key.public, blinding_key=self._identity.blinding_key,
            dictionary=self._known(request),
        )  # fmt: skip
        assert isinstance(examined, Examined), "an honest till sends what can be read"
        for one in examined.checked:
            assert one.entry is not None, one.reason
            if one.entry.sequence == len(self.entries) < self.held_at_most:
                self.entries.append(one.entry)

    def _known(self, request: ExchangeRequest) -> Dictionary | None:
        if dictionary_named(request.batch) is None:
            return None
        told = entries_before(request.base)
        return known_from(entry.stored for entry in self.entries[told.start : told.stop])

    def _answer(self, request: ExchangeRequest) -> bytes:
        answer = ExchangeAnswer(
            version=VERSION, device=request.device, nonce=request.nonce, epoch=self.epoch, statement=self._statement,
            held=len(self.entries),
            head=self.entries[-1].hash if self.entries else self._identity.credential_hash,
            mail=tuple(item.message for item in self.mail[request.mail_number :][:2]), mail_last=len(self.mail),
            now_s=self._clock.wall_s + self.clock_ahead_s,
        )  # fmt: skip
        return cose.sign(answer.to_cbor(), self._center.keys[Role.MAIL], context=ANSWER_CONTEXT)
