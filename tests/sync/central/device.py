"""A device of the tests: it seals real entries with the wire, and can misbehave. It decides nothing by itself."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from msgspec import Struct, field
from msgspec.structs import replace

from sync.central.keys import FileKey
from sync.wire import cose, credential, facts, mail
from sync.wire.batches.batch import pack_batch
from sync.wire.credential import EnrollmentAnswer, EnrollmentRequest, TrustedKeys, root_fingerprint, trust
from sync.wire.entry import Draft, Entry, Head, PrivatePart, TimeInterval, pack_lines, seal
from sync.wire.exchange import (
    ANSWER_CONTEXT,
    REQUEST_CONTEXT,
    VERSION,
    ExchangeAnswer,
    ExchangeRequest,
    LaterSignatures,
)
from sync.wire.facts import Leg, Line, Purchase
from sync.wire.kinds import Grade, MailKind, Role, Unit
from sync.wire.mail import MailHead
from sync.wire.proof import blinding_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sync.wire.facts import Fact

RICE_10_KG = 6261259070170


def piece(good: int, price_rial: int, quantity: int = 1, gtin: int = 0) -> Line:
    return Line(good=good, gtin=gtin, unit=Unit.PIECE, price_rial=price_rial, quantity=quantity)


class Device(Struct):
    """Its journal, its mail, and what it knows from mail."""

    seed: bytes
    number: int = 0
    trusted: TrustedKeys | None = None
    credential_hash: bytes = bytes(32)
    mail_root: bytes | None = None
    """Of a mandate; without one the mail begins with the credential's hash."""
    blinding: bytes = b""
    journal: list[Entry] = field(default_factory=list)
    inbox: list[mail.Mail] = field(default_factory=list)
    held: int = 0
    now_s: int = 0
    answer: ExchangeAnswer | None = None

    def copy(self) -> Device:
        return replace(self, journal=list(self.journal), inbox=list(self.inbox))

    # -- enrollment

    @property
    def key(self) -> FileKey:
        return FileKey(hashlib.sha256(b"sign" + self.seed).digest())

    @property
    def exchange_key(self) -> X25519PrivateKey:
        return X25519PrivateKey.from_private_bytes(hashlib.sha256(b"exchange" + self.seed).digest())

    def enrollment_request(self, token: str, nonce: bytes = bytes(16)) -> bytes:
        request = EnrollmentRequest(
            version=1, public=self.key.public, exchange_public=self.exchange_key.public_key().public_bytes_raw(),
            token=token, nonce=nonce, software="test",
        )  # fmt: skip
        return cose.sign(request.to_cbor(), self.key, context=credential.REQUEST_CONTEXT)

    def take_enrollment(self, body: bytes, fingerprint: str) -> EnrollmentAnswer:
        answer = EnrollmentAnswer.from_cbor(cose.parse(body, what="answer").payload)
        assert root_fingerprint(answer.root_public) == fingerprint
        self.trusted = trust(answer.root_public, answer.delegations)
        self.trusted.verify(body, Role.MAIL, context=credential.ANSWER_CONTEXT, what="answer")
        payload = self.trusted.verify(
            answer.credential, Role.CREDENTIAL, context=credential.CREDENTIAL_CONTEXT, what="credential"
        )
        issuer = self.trusted.key_of(answer.credential, Role.CREDENTIAL, what="credential")
        signed = cose.to_be_signed(payload, public=issuer.public, context=credential.CREDENTIAL_CONTEXT)
        self.credential_hash = hashlib.sha256(signed).digest()
        self.number = credential.Credential.from_cbor(payload).device
        shared = self.exchange_key.exchange(X25519PublicKey.from_public_bytes(answer.center_exchange_public))
        self.blinding = blinding_key(shared)
        self.now_s = answer.now_s
        self.say(facts.Enrolled(credential_hash=self.credential_hash, version="test"))
        return answer

    # -- journal

    @property
    def head(self) -> Head:
        return self.journal[-1].next_head if self.journal else Head(0, self.credential_hash)

    def say(
        self,
        fact: Fact,
        *,
        lines: tuple[Line, ...] | None = None,
        private: PrivatePart | None = None,
        proof_key: bytes | None = None,
        at_s: int | None = None,
        span_s: int = 1,
        grade: Grade = Grade.TRUSTED,
        after: Head | None = None,
        keep: bool = True,
    ) -> Entry:
        time = TimeInterval(not_before_s=self.now_s if at_s is None else at_s, span_s=span_s, grade=grade)
        draft = Draft(
            fact=fact,
            time=time,
            boot=1,
            lines=None if lines is None else pack_lines(lines),
            private=private,
            proof_key=proof_key,
        )
        entry = seal(draft, after or self.head, device=self.number, key=self.key, blinding_key=self.blinding)
        if keep:
            self.journal.append(entry)
        return entry

    def purchase(
        self,
        legs: Sequence[tuple[mail.Allowance, int]],
        lines: tuple[Line, ...],
        *,
        policy: int = 2,
        catalog: int = 1,
    ) -> Purchase:
        total_rial = sum(line.total_rial for line in lines)
        credit_rial = sum(amount_rial for _, amount_rial in legs)
        return Purchase(
            policy=policy, catalog=catalog, total_rial=total_rial, credit_rial=credit_rial,
            own_rial=total_rial - credit_rial, number=1, credit_so_far_rial=credit_rial,
            legs=tuple(
                Leg(allowance=one.number, amount_rial=amount_rial, left_rial=max(0, one.amount_rial - amount_rial))
                for one, amount_rial in legs
            ),
        )  # fmt: skip

    # -- mail

    @property
    def mail_head(self) -> MailHead:
        return self.inbox[-1].head if self.inbox else MailHead(0, self.mail_root or self.credential_hash)

    def bodies(self, kind: MailKind) -> list[mail.Body]:
        return [one.body for one in self.inbox if one.kind == kind]

    def allowances(self, household: int, tranche: int | None = None) -> list[mail.Allowance]:
        return [
            allowance
            for body in self.bodies(MailKind.ALLOWANCES)
            if isinstance(body, mail.Allowances)
            for allowance in body.allowances
            if allowance.household == household and tranche in (None, allowance.tranche)
        ]

    def verdicts(self) -> dict[int, str]:
        told: dict[int, str] = {}
        for body in self.bodies(MailKind.VERDICTS):
            assert isinstance(body, mail.Verdicts)
            told |= dict.fromkeys(range(body.first, body.last + 1), "accepted")
            told |= {one.sequence: one.verdict.name.lower() for one in body.exceptions}
        return told

    # -- exchange

    def request(
        self,
        entries: Sequence[Entry] | None = None,
        *,
        base: Head | None = None,
        batch: bytes | None = None,
        lean: bool = False,
        returned: tuple[bytes, ...] | None = None,
        signatures: LaterSignatures | None = None,
    ) -> bytes:
        waiting = self.journal[self.held :][:200] if entries is None else list(entries)
        base = base or (Head(waiting[0].sequence, waiting[0].prev) if waiting else self.head)
        said = self.answer
        request = ExchangeRequest(
            version=VERSION, device=self.number, nonce=bytes(16), mail_number=self.mail_head.number,
            mail_hash=self.mail_head.hash, epoch=1 if said is None else said.epoch, base=base.sequence,
            base_prev=base.prev,
            batch=pack_batch([entry.stored for entry in waiting], lean=lean) if batch is None else batch,
            statement=0 if said is None else said.statement, held=self.held, returned=returned, signatures=signatures,
        )  # fmt: skip
        return self.sign(request)

    def sign(self, request: ExchangeRequest) -> bytes:
        return cose.sign(request.to_cbor(), self.key, context=REQUEST_CONTEXT)

    def take_answer(self, body: bytes, *, journal_mail: bool = True) -> ExchangeAnswer:
        assert self.trusted is not None
        payload = self.trusted.verify(body, Role.MAIL, context=ANSWER_CONTEXT, what="answer")
        answer = ExchangeAnswer.from_cbor(payload, bytes_max=4 << 20)
        self.held, self.now_s, self.answer = answer.held, answer.now_s, answer
        self.take_mail(answer.mail, journal_mail=journal_mail)
        return answer

    def take_mail(self, messages: Sequence[bytes], *, journal_mail: bool = True) -> None:
        assert self.trusted is not None
        first = self.mail_head.number + 1
        for message in messages:
            self.inbox.append(mail.reopen(message, self.mail_head, self.trusted, device=self.number))
        if messages and journal_mail:
            self.say(facts.MailApplied(first=first, last=self.mail_head.number, head=self.mail_head.hash))
