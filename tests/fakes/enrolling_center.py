"""The paper center's counter for new devices: answers enrollment requests, truly or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.wire import cose, credential
from sync.wire.credential import EnrollmentAnswer, EnrollmentRequest, root_fingerprint
from sync.wire.kinds import Role
from tests.fakes.paper_center import FOREVER_S, OPENING_S, PaperCenter

if TYPE_CHECKING:
    from collections.abc import Callable


class EnrollingCenter:
    """Gives every request a credential; `spoil` makes the answer false before it is signed."""

    def __init__(self) -> None:
        self.paper = PaperCenter()
        self.requests: list[EnrollmentRequest] = []
        self.spoil: Callable[[EnrollmentAnswer], EnrollmentAnswer] = lambda answer: answer
        self.signed_by = self.paper.keys[Role.MAIL]
        self.error: Exception | None = None

    @property
    def ticket(self) -> str:
        return f"a1b2c3.{root_fingerprint(self.paper.root.public)}"

    async def post(self, path: str, body: bytes, *, answer_bytes_max: int) -> bytes:
        assert path == "/enroll"
        if self.error is not None:
            raise self.error
        request = EnrollmentRequest.from_cbor(cose.parse(body, what="request").payload)
        cose.verify(
            body, cose.VerifyingKey(request.public), context=credential.REQUEST_CONTEXT, what="request"
        )
        self.requests.append(request)
        answer = self.spoil(self._answer(request))
        return cose.sign(answer.to_cbor(), self.signed_by, context=credential.ANSWER_CONTEXT)

    def drop(self) -> None:
        """Every question has a line of its own."""

    def _answer(self, request: EnrollmentRequest) -> EnrollmentAnswer:
        issuer = self.paper.keys[Role.CREDENTIAL]
        given = credential.Credential(
            version=1, device=1001, shop=7, public=request.public, exchange_public=request.exchange_public,
            not_before_s=OPENING_S, until_s=FOREVER_S,
        )  # fmt: skip
        return EnrollmentAnswer(
            version=1, nonce=request.nonce, root_public=self.paper.root.public, delegations=self.paper._delegations,
            credential=cose.sign(given.to_cbor(), issuer, context=credential.CREDENTIAL_CONTEXT),
            slim=credential.slim(given, issuer=int(Role.CREDENTIAL), key=issuer).to_cbor(),
            center_exchange_public=self.paper.exchange.exchange_public, epoch=1, now_s=OPENING_S,
        )  # fmt: skip
