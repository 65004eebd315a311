"""A tiny world with fixed keys: one device, its credential, a journal with an entry of each kind, mail of each kind."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from sync.wire import card, catalog, cose, credential, entry, facts, mail, policy, proof
from sync.wire.enrolling import mandate
from sync.wire.kinds import (
    SIGNING_ROLES,
    ClockSource,
    ClosingKind,
    DeclineReason,
    EntryKind,
    Grade,
    Leftover,
    MailKind,
    Role,
    Unit,
    Verdict,
)


@dataclass(frozen=True)
class SeedKey:
    """A key whose seed is the SHA-256 of its name: for vectors and tests only."""

    name: str

    @property
    def seed(self) -> bytes:
        return hashlib.sha256(f"sofreh vector key: {self.name}".encode()).digest()

    @property
    def public(self) -> bytes:
        return self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)

    @property
    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


def octets(name: str, size: int) -> bytes:
    """Bytes that look like chance and are always the same."""
    return hashlib.sha256(f"sofreh vector bytes: {name}".encode()).digest()[:size]


DEVICE = 1001
SHOP = 7
UNTIL_S = 1_830_000_000
MORNING_S = 1_767_850_200
ROOT, DEVICE_KEY, OTHER_DEVICE_KEY = SeedKey("root"), SeedKey("device"), SeedKey("other device")
DELEGATED = {role: SeedKey(role.name.lower()) for role in SIGNING_ROLES}
BLINDING_KEY = octets("blinding key", 32)
CARD_SECRET, PIN = octets("card secret", card.SECRET_BYTES), "2468"
HOUSEHOLD_KEY = proof.household_key(CARD_SECRET, PIN)

DELEGATIONS = tuple(
    credential.Delegation(
        version=1, number=number, role=role, public=key.public, not_before_s=1_760_000_000, until_s=UNTIL_S
    )
    for number, (role, key) in enumerate(DELEGATED.items(), start=1)
)
DELEGATION_MESSAGES = tuple(
    cose.sign(each.to_cbor(), ROOT, context=credential.DELEGATION_CONTEXT) for each in DELEGATIONS
)
TRUSTED = credential.trust(ROOT.public, DELEGATION_MESSAGES)
CREDENTIAL_KEY, CARD_KEY, MAIL_KEY = (DELEGATED[role] for role in (Role.CREDENTIAL, Role.CARD, Role.MAIL))
CREDENTIAL = credential.Credential(
    version=1, device=DEVICE, shop=SHOP, public=DEVICE_KEY.public, exchange_public=octets("exchange key", 32),
    not_before_s=1_760_000_000, until_s=UNTIL_S,
)  # fmt: skip
CREDENTIAL_MESSAGE = cose.sign(CREDENTIAL.to_cbor(), CREDENTIAL_KEY, context=credential.CREDENTIAL_CONTEXT)
CREDENTIAL_HASH = hashlib.sha256(
    cose.to_be_signed(
        CREDENTIAL.to_cbor(), public=CREDENTIAL_KEY.public, context=credential.CREDENTIAL_CONTEXT
    )
).digest()
SLIM = credential.slim(CREDENTIAL, issuer=2, key=CREDENTIAL_KEY)
RENEWED = replace(CREDENTIAL, not_before_s=UNTIL_S - 86_400, until_s=UNTIL_S + 31_622_400)
RENEWED_MESSAGE = cose.sign(RENEWED.to_cbor(), CREDENTIAL_KEY, context=credential.CREDENTIAL_CONTEXT)
RENEWED_SLIM = credential.slim(RENEWED, issuer=2, key=CREDENTIAL_KEY)
CARD = card.issue(number=90_001, until_s=UNTIL_S, secret=CARD_SECRET, issuer=3, key=CARD_KEY)

LINES = (
    facts.Line(good=1, gtin=6260152300012, unit=Unit.PIECE, price_rial=1_150_000, quantity=2),
    facts.Line(good=4, gtin=0, unit=Unit.GRAM, price_rial=890_000, quantity=1_235),
    facts.Line(good=2, gtin=0, unit=Unit.TRAY, price_rial=1_450_000, quantity=1),
    facts.Line(good=0, gtin=6260001234567, unit=Unit.PIECE, price_rial=250_850, quantity=1),
)
LEG = facts.Leg(allowance=100_017, amount_rial=4_000_000, left_rial=6_000_000)
PURCHASE = facts.Purchase(
    policy=2, catalog=1, total_rial=5_100_000, credit_rial=4_000_000, own_rial=1_100_000, legs=(LEG,), number=1,
    credit_so_far_rial=4_000_000,
)  # fmt: skip
PRIVATE = entry.PrivatePart(household=517, card=90_001)

FACTS: dict[EntryKind, facts.Fact] = {
    EntryKind.ENROLLED: facts.Enrolled(credential_hash=CREDENTIAL_HASH, version="0.1.0"),
    EntryKind.BOOTED: facts.Booted(version="0.1.0", clean=False),
    EntryKind.CLOCK_SET: facts.ClockSet(source=ClockSource.KEYED, shift_s=-90),
    EntryKind.MAIL_APPLIED: facts.MailApplied(first=1, last=12, head=octets("mail head", 32)),
    EntryKind.ALLOWANCE_GIVEN_BACK: facts.AllowanceGivenBack(legs=(LEG,)),
    EntryKind.PIN_FAILURE: facts.PinFailure(failures=2),
    EntryKind.CODE_OUTCOME: facts.CodeOutcome(right=True),
    EntryKind.ANNOUNCEMENT: facts.Announcement(
        tranche=202, groups=(facts.GroupProof(cohort=1, proof=octets("group proof", 16)),)
    ),
    EntryKind.PURCHASE: PURCHASE,
    EntryKind.DECLINE: facts.Decline(reason=DeclineReason.UNKNOWN_ID, total_rial=900_000),
    EntryKind.INQUIRY: facts.Inquiry(),
    EntryKind.VOID: facts.Void(purchase=8, credit_rial=4_000_000, own_rial=1_100_000, legs=(LEG,)),
    EntryKind.REFUND: facts.Refund(
        purchase=8, lines=(facts.RefundLine(index=1, quantity=235),), credit_rial=209_150, own_rial=0, legs=(LEG,)
    ),
    EntryKind.PRICE_CHANGED: facts.PriceChanged(good=4, gtin=0, unit=Unit.GRAM, price_rial=910_000),
    EntryKind.OPERATOR_PIN_FAILURE: facts.OperatorPinFailure(failures=1),
    EntryKind.OUTAGE_OPENED: facts.OutageOpened(),
    EntryKind.OUTAGE_CLOSED: facts.OutageClosed(),
    EntryKind.CLOSING: facts.Closing(
        closing=ClosingKind.Z, number=3, first=1, purchases=1, credit_rial=4_000_000, own_rial=1_100_000,
        cash_sales=1, cash_sales_rial=310_000, voids=1, void_credit_rial=4_000_000, void_own_rial=1_100_000,
        refunds=1, refund_credit_rial=209_150, refund_own_rial=0, declines=1, cash_expected_rial=-20_000,
        cash_counted_rial=310_000, unsent=16, unsent_credit_rial=4_000_000, send_by_s=1_768_400_000,
    ),
    EntryKind.CASH_SALE: facts.CashSale(total_rial=310_000),
}  # fmt: skip


def draft(kind: EntryKind) -> entry.Draft:
    """What the entry of this kind says, with lines and private part where the kind has them."""
    time = entry.TimeInterval(not_before_s=MORNING_S + 60 * int(kind), span_s=4, grade=Grade.TRUSTED)
    if kind is EntryKind.PURCHASE:
        return entry.Draft(PURCHASE, time, 3, entry.pack_lines(LINES), PRIVATE, HOUSEHOLD_KEY)
    if kind is EntryKind.CODE_OUTCOME:
        return entry.Draft(FACTS[kind], time, 3, None, entry.PrivatePart(household=517, code="40271835"))
    private = PRIVATE if kind in {EntryKind.PIN_FAILURE, EntryKind.INQUIRY} else None
    lines = entry.pack_lines(LINES[:2]) if kind is EntryKind.CASH_SALE else None
    return entry.Draft(FACTS[kind], time, 3, lines, private)


FIRST_HEAD = entry.Head(0, CREDENTIAL_HASH)


def journal() -> tuple[entry.Entry, ...]:
    """An entry of each kind, chained in the order of the kinds' numbers."""
    head, made = FIRST_HEAD, []
    for kind in FACTS:
        sealed = entry.seal(draft(kind), head, device=DEVICE, key=DEVICE_KEY, blinding_key=BLINDING_KEY)
        head = sealed.next_head
        made.append(sealed)
    return tuple(made)


JOURNAL = journal()
PURCHASE_ENTRY = next(each for each in JOURNAL if each.kind is EntryKind.PURCHASE)

POLICY = policy.Policy(
    version=2, phase="dey-1404", title="مرحله دی ۱۴۰۴", valid_from_s=1_766_000_000,
    goods=(
        policy.Good(
            number=1, group=1, name="مرغ", units=(Unit.PIECE, Unit.GRAM), low_rial=500_000, high_rial=2_000_000
        ),
        policy.Good(number=2, group=2, name="تخم‌مرغ", units=(Unit.TRAY,), low_rial=900_000, high_rial=3_000_000),
    ),
    cohorts=(
        policy.Cohort(number=1, name="دهک ۱ تا ۳", decile_from=1, decile_to=3, supported=True),
        policy.Cohort(number=2, name="دهک ۱ تا ۹", decile_from=1, decile_to=9, supported=False),
    ),
    tranches=(
        policy.Tranche(number=1, cohort=1, per_person_rial=10_000_000, opens_at_s=None, authorize_until_s=UNTIL_S),
        policy.Tranche(
            number=1, cohort=2, per_person_rial=10_000_000, opens_at_s=MORNING_S, authorize_until_s=UNTIL_S
        ),
    ),
    leftover=Leftover.CARRIES_OVER, minimum_own_rial=0, cash_step_rial=10_000,
    limits=policy.Limits(
        purchase_credit_rial=50_000_000, household_purchases=8, household_credit_rial=90_000_000,
        device_purchases=400, device_credit_rial=900_000_000, stated_purchase_credit_rial=9_000_000,
        policy_age_s=2_592_000, pin_tries=3, operator_pin_tries=5,
    ),
    stated_time_opens=True, usual_shop_percent=70, present_within_s=604_800, second_deadline_s=1_209_600,
    contacts=("*500*1463#", "021-6369"),
)  # fmt: skip
CATALOG = catalog.Catalog(
    version=1,
    products=(catalog.Product(gtin=6260152300012, good=1, name="مرغ منجمد", unit=Unit.PIECE),),
)

BODIES: dict[MailKind, mail.Body] = {
    MailKind.POLICY: mail.SignedDocument(
        message=cose.sign(POLICY.to_cbor(), DELEGATED[Role.POLICY], context=policy.CONTEXT)
    ),
    MailKind.CATALOG: mail.SignedDocument(
        message=cose.sign(CATALOG.to_cbor(), DELEGATED[Role.POLICY], context=catalog.CONTEXT)
    ),
    MailKind.HOUSEHOLDS: mail.Households(
        households=(
            mail.Household(
                household=517, cohort=2, tag=0xABCDE, code_salt=octets("code salt", 16),
                cards=(mail.CardCheck(number=90_001, key_check=proof.key_check(HOUSEHOLD_KEY)),),
                code_hashes=(octets("code", 16),),
            ),
        )
    ),
    MailKind.ALLOWANCES: mail.Allowances(
        allowances=(
            mail.Allowance(
                number=100_017, household=517, tranche=202, amount_rial=10_000_000, opens_at_s=MORNING_S,
                authorize_until_s=UNTIL_S, present_by_s=UNTIL_S + 604_800,
            ),
        )
    ),
    MailKind.RECALL: mail.Recall(allowances=(100_017,)),
    MailKind.LOCKS: mail.Locks(
        locks=(mail.Lock(tranche=202, cohort=1, salt=octets("lock salt", 16), lock=octets("lock", 16)),)
    ),
    MailKind.ANNOUNCEMENT: mail.AnnouncementNotice(tranche=202, cohorts=(1, 2)),
    MailKind.REVOCATION: mail.Revocation(cards=(90_001,)),
    MailKind.VERDICTS: mail.Verdicts(
        first=0, last=18, exceptions=(mail.EntryVerdict(sequence=8, verdict=Verdict.LATE),)
    ),
    MailKind.SETTLEMENT: mail.Settlement(
        number=1, day_s=1_767_817_800, purchases=1, amount_rial=4_000_000, last=18, pay_by_s=1_767_990_600
    ),
    MailKind.SHOP: mail.Shop(
        name="فروشگاه نمونه", place="روستای نمونه", operator_salt=octets("operator salt", 16),
        operator_hash=octets("operator", 16), label_template="2PIIIIIVVVVVC",
    ),
    MailKind.CREDENTIAL: mail.Renewal(credential=RENEWED_MESSAGE, slim=RENEWED_SLIM.to_cbor()),
}  # fmt: skip
FIRST_MAIL_HEAD = mail.MailHead(0, CREDENTIAL_HASH)


def mailbox() -> tuple[mail.Mail, ...]:
    """An item of each kind, chained."""
    head, made = FIRST_MAIL_HEAD, []
    for kind, body in BODIES.items():
        item = mail.seal(body, kind, head, device=DEVICE, issued_s=MORNING_S, key=MAIL_KEY)
        head = item.head
        made.append(item)
    return tuple(made)


MAILBOX = mailbox()

LAPTOP_KEY = SeedKey("technician's laptop")
MANDATE_UNTIL_S, MANDATED_UNTIL_S = 1_768_300_000, 1_775_000_000
PREDECESSOR = credential.Predecessor(device=1000, held=57, head=octets("predecessor's head", 32))
MANDATE = mandate.Mandate(
    version=1, device=DEVICE, shop=SHOP, public=LAPTOP_KEY.public, not_before_s=1_767_700_000,
    until_s=MANDATE_UNTIL_S, credential_until_s=MANDATED_UNTIL_S,
    center_exchange_public=octets("center's exchange key", 32), epoch=1, predecessor=PREDECESSOR,
)  # fmt: skip
MANDATE_MESSAGE = cose.sign(MANDATE.to_cbor(), CREDENTIAL_KEY, context=mandate.MANDATE_CONTEXT)
SLIM_MANDATE = credential.slim_mandate(
    device=DEVICE, shop=SHOP, public=LAPTOP_KEY.public, until_s=MANDATED_UNTIL_S, issuer=2, key=CREDENTIAL_KEY
)
MANDATED = replace(
    CREDENTIAL, not_before_s=MORNING_S - 600, until_s=MANDATED_UNTIL_S, predecessor=PREDECESSOR
)
MANDATED_MESSAGE = cose.sign(MANDATED.to_cbor(), LAPTOP_KEY, context=credential.CREDENTIAL_CONTEXT)
MANDATED_SLIM = credential.slim_under(MANDATED, SLIM_MANDATE, key=LAPTOP_KEY)
"""The same device, enrolled without network: its journal is another, for it begins with another credential."""
