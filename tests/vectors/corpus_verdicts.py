"""A batch for each verdict: rightly signed, so that anybody may prove it, and yet refused by a center that knows more.

What this center knows is in `mail-world`: the policy, the list, the household, its two allowances. It has K, and the entries
arrive at ARRIVED_S.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from sync.wire import entry, facts, mail
from sync.wire.kinds import EntryKind, Grade, MailKind, Unit
from tests.vectors import samples
from tests.vectors.batch_parts import batch_of
from tests.vectors.corpus_parts import Case, chain, mailbag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sync.wire.entry import Entry
    from sync.wire.facts import Fact, Line

DAY_S = 86_400
ARRIVED_S = samples.MORNING_S + 2 * DAY_S
OPEN = mail.Allowance(
    number=100_017, household=517, tranche=1, amount_rial=20_000_000, opens_at_s=samples.MORNING_S,
    authorize_until_s=samples.MORNING_S + DAY_S, present_by_s=samples.UNTIL_S,
)  # fmt: skip
LOCKED = mail.Allowance(
    number=100_018, household=517, tranche=2, amount_rial=20_000_000, authorize_until_s=samples.MORNING_S + DAY_S,
    present_by_s=samples.UNTIL_S,
)  # fmt: skip
LINE = facts.Line(good=1, gtin=6260152300012, unit=Unit.PIECE, price_rial=1_150_000, quantity=4)
AT_S = samples.MORNING_S + 3_600


def world() -> tuple[mail.Mail, ...]:
    """The center's mail to the device before it sold anything."""
    head, made = samples.FIRST_MAIL_HEAD, []
    for kind, body in (
        (MailKind.POLICY, samples.BODIES[MailKind.POLICY]),
        (MailKind.CATALOG, samples.BODIES[MailKind.CATALOG]),
        (MailKind.HOUSEHOLDS, samples.BODIES[MailKind.HOUSEHOLDS]),
        (MailKind.ALLOWANCES, mail.Allowances(allowances=(OPEN, LOCKED))),
    ):
        item = mail.seal(
            body, kind, head, device=samples.DEVICE, issued_s=samples.MORNING_S - DAY_S, key=samples.MAIL_KEY
        )
        head = item.head
        made.append(item)
    return tuple(made)


def purchase(
    *lines: Line, credit_rial: int = 4_000_000, allowance: int = OPEN.number, policy: int = 2
) -> tuple[facts.Purchase, tuple[Line, ...]]:
    """A purchase that adds up."""
    lines = lines or (LINE,)
    total_rial = sum(line.total_rial for line in lines)
    leg = facts.Leg(allowance=allowance, amount_rial=credit_rial, left_rial=0)
    made = facts.Purchase(
        policy=policy, catalog=1, total_rial=total_rial, credit_rial=credit_rial, own_rial=total_rial - credit_rial, legs=(leg,),
        number=1, credit_so_far_rial=credit_rial,
    )  # fmt: skip
    return made, lines


def sold(
    fact: Fact, lines: tuple[Line, ...] = (LINE,), *, at_s: int = AT_S, grade: Grade = Grade.TRUSTED, key: bytes = samples.HOUSEHOLD_KEY
) -> tuple[Entry, ...]:  # fmt: skip
    """Enrolled, started, and what is judged as entry 2."""
    time = entry.TimeInterval(not_before_s=at_s, span_s=4, grade=grade)
    proof_key = key if isinstance(fact, facts.Purchase) else None
    draft = entry.Draft(fact, time, 3, entry.pack_lines(lines), samples.PRIVATE, proof_key)
    return chain(samples.draft(EntryKind.ENROLLED), samples.draft(EntryKind.BOOTED), draft)


def cases() -> Iterator[Case]:
    """All of them."""
    yield Case(
        "mail-world",
        mailbag(*(item.message for item in world())),
        "proven",
        "",
        "what the center of the verdicts has sent",
    )
    fact, lines = purchase()
    dear = purchase(replace(LINE, quantity=10), credit_rial=9_500_000)
    refund = facts.Refund(
        purchase=99,
        lines=(facts.RefundLine(index=0, quantity=1),),
        credit_rial=1_150_000,
        own_rial=0,
        legs=fact.legs,
    )
    for verdict, entries, means in (
        ("accepted", sold(fact, lines), "nothing is wrong"),
        ("unknown_policy", sold(*purchase(policy=9)), "policy 9 had not reached the chain"),
        ("ineligible_goods", sold(*purchase(replace(LINE, gtin=6260001234567))), "a GTIN that is not on the list"),
        ("bad_household_proof", sold(fact, lines, key=bytes(32)), "made without the card"),
        ("over_allowance", sold(*purchase(replace(LINE, quantity=20), credit_rial=20_000_001)), "a rial more than the allowance"),
        ("not_yet_open", sold(*purchase(allowance=LOCKED.number)), "the tranche was not announced"),
        ("late", sold(fact, lines, at_s=samples.MORNING_S + DAY_S), "the interval ends behind the allowance"),
        ("limit", sold(*dear, grade=Grade.STATED), "more than a keyed date may open"),
        ("refund_without_original", sold(refund), "there is no purchase 99"),
        ("held", sold(fact, lines, at_s=ARRIVED_S + 3_600), "its time lies an hour behind its arrival"),
        ("malformed", sold(fact, (replace(LINE, quantity=3),)), "the lines sum to another total"),
    ):  # fmt: skip
        name = f"batch-verdict-{verdict.replace('_', '-')}"
        yield Case(name, batch_of(entries), "proven", "", means, verdict, 2)
    after = chain(samples.draft(EntryKind.CLOSING), head=sold(fact, lines)[2].next_head)
    yield Case(
        "batch-verdict-hole",
        batch_of(after),
        "proven",
        "",
        "entry 2 is lost, and its successor names its hash",
        "hole",
        2,
    )
