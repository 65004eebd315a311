"""A center on paper: the keys, credentials and mail that a device needs, sealed with the real wire format.

It keeps no ledger and judges nothing; the real center has its own tests.
"""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from firmware.identity import Identity, identity_from
from sync.wire import card, catalog, cose, credential, mail, policy, proof
from sync.wire.kinds import Leftover, MailKind, Role, Unit
from tests.fakes.software_key import SoftwareKey

if TYPE_CHECKING:
    from drivers.device_key import DeviceKey

OPENING_S = 1_767_731_400
"""17 Dey 1404, 00:00 in Iran."""
DAY_S = 86_400
FOREVER_S = 1_900_000_000
CENTER_URL = "http://127.0.0.1:1"
"""Where nobody listens."""
OPERATOR_PIN = "7391"
OPERATOR_SALT = bytes(16)


slow_hash = functools.lru_cache(maxsize=256)(proof.slow_hash)
"""The real hash, computed once a run for each code."""


@dataclass(frozen=True)
class Member:
    """A household as the village knows it: its card, its PIN, and one-time codes."""

    household: int
    card: card.Card
    pin: str
    codes: tuple[str, ...]
    national_id: str

    @property
    def key(self) -> bytes:
        return proof.household_key(self.card.secret, self.pin)


LIMITS = policy.Limits(
    purchase_credit_rial=60_000_000, household_purchases=5, household_credit_rial=100_000_000, device_purchases=400,
    device_credit_rial=4_000_000_000, stated_purchase_credit_rial=20_000_000, policy_age_s=40 * DAY_S, pin_tries=3,
    operator_pin_tries=3,
)  # fmt: skip
GOODS = (
    policy.Good(number=1, group=1, name="شیر کم‌چرب", units=(Unit.PIECE,), low_rial=100_000, high_rial=2_000_000),
    policy.Good(number=5, group=2, name="تخم‌مرغ", units=(Unit.TRAY, Unit.PIECE, Unit.GRAM), low_rial=500_000, high_rial=9_000_000),
    policy.Good(number=8, group=3, name="برنج", units=(Unit.GRAM, Unit.PIECE), low_rial=500_000, high_rial=5_000_000),
)  # fmt: skip
MILK = catalog.Product(gtin=6260000000014, good=1, name="شیر کم‌چرب یک لیتری", unit=Unit.PIECE)
RICE = catalog.Product(gtin=6260000000021, good=8, name="برنج ده کیلویی", unit=Unit.PIECE)
POLICY = policy.Policy(
    version=2, phase="dey-1404", title="مرحله دی ۱۴۰۴", valid_from_s=OPENING_S, goods=GOODS,
    cohorts=(policy.Cohort(number=1, name="دهک ۱ تا ۳", decile_from=1, decile_to=3, supported=False),),
    tranches=(
        policy.Tranche(number=21, cohort=1, per_person_rial=10_000_000, opens_at_s=OPENING_S, authorize_until_s=FOREVER_S),
        policy.Tranche(number=22, cohort=1, per_person_rial=10_000_000, authorize_until_s=FOREVER_S),
    ),
    leftover=Leftover.CARRIES_OVER, minimum_own_rial=50_000, cash_step_rial=1_000, limits=LIMITS, stated_time_opens=True,
    usual_shop_percent=80, present_within_s=60 * DAY_S, second_deadline_s=120 * DAY_S, contacts=("021-6369",),
)  # fmt: skip


class PaperCenter:
    def __init__(self) -> None:
        self.root = SoftwareKey("root")
        self.keys = {role: SoftwareKey(role.name) for role in Role}
        self.exchange = SoftwareKey("center")
        self._delegations = tuple(self._delegation(role) for role in Role)
        self.trusted = credential.trust(self.root.public, self._delegations)
        self._heads: dict[int, mail.MailHead] = {}
        self._allowances = 100

    def enroll(self, key: DeviceKey, *, device: int = 1001, now_s: int = OPENING_S) -> Identity:
        """The identity of a new device."""
        message = self.enrollment(key, device=device, now_s=now_s)
        identity = identity_from(message, key, root_public=self.root.public, center_url=CENTER_URL)
        self._heads[device] = mail.MailHead(0, identity.mail_root)
        return identity

    def enrollment(self, key: DeviceKey, *, device: int, now_s: int) -> bytes:
        """The answer to a device's enrollment."""
        issuer = self.keys[Role.CREDENTIAL]
        given = credential.Credential(
            version=1, device=device, shop=7, public=key.public, exchange_public=key.exchange_public,
            not_before_s=now_s, until_s=FOREVER_S,
        )  # fmt: skip
        answer = credential.EnrollmentAnswer(
            version=1, nonce=bytes(16), root_public=self.root.public, delegations=self._delegations,
            credential=cose.sign(given.to_cbor(), issuer, context=credential.CREDENTIAL_CONTEXT),
            slim=credential.slim(given, issuer=int(Role.CREDENTIAL), key=issuer).to_cbor(),
            center_exchange_public=self.exchange.exchange_public, epoch=1, now_s=now_s,
        )  # fmt: skip
        return cose.sign(answer.to_cbor(), self.keys[Role.MAIL], context=credential.ANSWER_CONTEXT)

    def send(
        self, body: mail.Body, kind: MailKind, *, device: int = 1001, issued_s: int = OPENING_S
    ) -> mail.Mail:
        """The next item of a device's mail."""
        item = mail.seal(
            body, kind, self._heads[device], device=device, issued_s=issued_s, key=self.keys[Role.MAIL]
        )
        self._heads[device] = item.head
        return item

    def rules(
        self, rules: policy.Policy = POLICY, products: tuple[catalog.Product, ...] = (MILK, RICE)
    ) -> list[mail.Mail]:
        """Policy, approved products and the shop."""
        key = self.keys[Role.POLICY]
        listed = catalog.Catalog(version=4, products=products)
        shop = mail.Shop(
            name="فروشگاه نمونه", place="روستای نمونه", operator_salt=OPERATOR_SALT,
            operator_hash=slow_hash(OPERATOR_PIN, OPERATOR_SALT), label_template="2PIIIIIVVVVVC",
        )  # fmt: skip
        return [
            self.send(
                mail.SignedDocument(message=cose.sign(rules.to_cbor(), key, context=policy.CONTEXT)),
                MailKind.POLICY,
            ),
            self.send(
                mail.SignedDocument(message=cose.sign(listed.to_cbor(), key, context=catalog.CONTEXT)),
                MailKind.CATALOG,
            ),
            self.send(shop, MailKind.SHOP),
        ]

    def member(
        self, household: int, *, codes: tuple[str, ...] = (), national_id: str = "0084575948"
    ) -> Member:
        """A household with a signed card."""
        secret = hashlib.sha256(f"card {household}".encode()).digest()[:16]
        issued = card.issue(
            number=90_000 + household,
            until_s=FOREVER_S,
            secret=secret,
            issuer=int(Role.CARD),
            key=self.keys[Role.CARD],
        )
        return Member(household, issued, f"{household % 10_000:04d}", codes, national_id)

    def household(self, member: Member, identity: Identity) -> mail.Household:
        """What mail tells a till of a household."""
        salt = hashlib.sha256(b"salt %d" % member.household).digest()[:16]
        return mail.Household(
            household=member.household, cohort=1, tag=proof.national_id_tag(member.national_id, identity.tag_key),
            cards=(mail.CardCheck(number=member.card.number, key_check=proof.key_check(member.key)),), code_salt=salt,
            code_hashes=tuple(slow_hash(code, salt) for code in member.codes),
        )  # fmt: skip

    def allowance(
        self,
        household: int,
        amount_rial: int,
        *,
        tranche: int = 21,
        opens_at_s: int | None = OPENING_S,
        until_s: int = FOREVER_S,
    ) -> mail.Allowance:
        """A new allowance, the next number."""
        self._allowances += 1
        return mail.Allowance(
            number=self._allowances, household=household, tranche=tranche, amount_rial=amount_rial, opens_at_s=opens_at_s,
            authorize_until_s=until_s, present_by_s=until_s,
        )  # fmt: skip

    def lock(self, code: str, *, tranche: int = 22, cohort: int = 1, device: int = 1001) -> mail.Lock:
        """The lock of a tranche that waits for its announcement."""
        salt = hashlib.sha256(b"lock %d" % tranche).digest()[:16]
        release = proof.release_proof(slow_hash(code, salt), device=device)
        return mail.Lock(tranche=tranche, cohort=cohort, salt=salt, lock=proof.release_lock(release))

    def village(
        self, identity: Identity, members: tuple[Member, ...], amount_rial: int = 40_000_000
    ) -> list[mail.Mail]:
        """Rules, households and an open allowance for each."""
        households = mail.Households(households=tuple(self.household(member, identity) for member in members))
        allowances = mail.Allowances(
            allowances=tuple(self.allowance(m.household, amount_rial) for m in members)
        )
        return [
            *self.rules(),
            self.send(households, MailKind.HOUSEHOLDS),
            self.send(allowances, MailKind.ALLOWANCES),
        ]

    def _delegation(self, role: Role) -> bytes:
        given = credential.Delegation(
            version=1,
            number=int(role),
            role=role,
            public=self.keys[role].exchange_public if role is Role.ENCRYPTION else self.keys[role].public,
            not_before_s=0,
            until_s=FOREVER_S,
        )
        return cose.sign(given.to_cbor(), self.root, context=credential.DELEGATION_CONTEXT)
