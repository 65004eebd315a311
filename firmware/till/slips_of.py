"""From journal entries to their slips: what a receipt, void, refund, cash sale or closing says on paper.

A slip can be made at any later time from the journal alone: after a power cut, or as a reprint. What is left at this
till, and how far the entry has come, is then what is known at the time of printing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from firmware.journal.records import News
from firmware.receipt import closing_slips, notice_slips, persian, receipt_slips
from firmware.receipt.basket_slips import BasketLine
from firmware.receipt.fixed_parts import Household
from sync.wire import receipt_qr
from sync.wire.facts import (
    CashSale,
    Closing,
    Line,
    Purchase,
    Refund,
    Void,
    line_total_rial,
)
from sync.wire.kinds import ClosingKind, EntryKind, Verdict
from sync.wire.numbers import receipt_number

if TYPE_CHECKING:
    from drivers.printer.slip import Slip
    from firmware.basket import Placed
    from firmware.journal.records import Final
    from firmware.till.talk import Talk
    from sync.wire.entry import Entry

Printable = Purchase | CashSale | Void | Refund | Closing


def basket_line(placed: Placed) -> BasketLine:
    """A line of an open basket, as slips show it."""
    item = placed.item
    return BasketLine(
        position=placed.position, name=item.name, unit=item.unit, quantity=item.quantity, price_rial=item.price_rial,
        total_rial=item.total_rial, eligible=item.eligible,
    )  # fmt: skip


async def signed_lines(talk: Talk, lines: tuple[Line, ...]) -> tuple[BasketLine, ...]:
    """Signed lines with the names that their goods have now, numbered from 1."""
    return tuple([await signed_line(talk, line, position) for position, line in enumerate(lines, 1)])


async def signed_line(talk: Talk, line: Line, position: int, *, quantity: int | None = None) -> BasketLine:
    """One signed line, or a part of it."""
    part = line.quantity if quantity is None else quantity
    total_rial = line_total_rial(line.unit, price_rial=line.price_rial, quantity=part)
    return BasketLine(
        position=position, name=await name_of(talk, good=line.good, gtin=line.gtin), unit=line.unit, quantity=part,
        price_rial=line.price_rial, total_rial=total_rial, eligible=line.good != 0,
    )  # fmt: skip


async def name_of(talk: Talk, *, good: int, gtin: int) -> str:
    """What a thing is called: by the approved list, by its good, or by the end of its barcode.

    A weighed label's number ends in zeros, before which stands its PLU.
    """
    product = await talk.journal.product(gtin) if gtin else None
    if product is not None:
        return product.name
    listed = talk.journal.policy.good(good) if good and talk.journal.policy else None
    return listed.name if listed else f"کالای {str(gtin).rstrip('0')[-5:]}"


def number_of(talk: Talk, sequence: int) -> str:
    """What the entry is called on paper."""
    return receipt_number(device=talk.journal.identity.device, sequence=sequence)


async def left_of(talk: Talk, household: int | None) -> tuple[receipt_slips.Left, ...]:
    """What the household may still spend at this till, allowance by allowance."""
    account = None if household is None else await talk.journal.account(household)
    policy = talk.journal.policy
    if account is None or policy is None:
        return ()
    usable = account.usable(talk.journal.keeper.now(), stated_time_opens=policy.stated_time_opens)
    return tuple(
        receipt_slips.Left(
            left_rial=part.left_rial, until_s=part.authorize_until_s, title=tranche_title(part.tranche)
        )
        for part in usable
    )


def tranche_title(tranche: int) -> str:
    """What a tranche is called on paper."""
    return f"نوبت {persian.digits(tranche)}"


async def reach_of(talk: Talk, entry: Entry) -> receipt_slips.Reach:
    """How far the entry has come. The journal answers for the verdict of purchases only."""
    if entry.sequence >= talk.journal.acknowledged:
        return receipt_slips.Reach.HERE
    record = await talk.journal.purchase(entry.sequence) if isinstance(entry.fact, Purchase) else None
    if record is not None and record.verdict is not None:
        final = record.verdict in (Verdict.ACCEPTED, Verdict.DUPLICATE)
        return receipt_slips.Reach.ACCEPTED if final else receipt_slips.Reach.QUARANTINED
    return receipt_slips.Reach.SENT


async def receipt_of(talk: Talk, entry: Entry) -> receipt_slips.Receipt:
    """The receipt of a purchase or cash sale."""
    fact = entry.fact
    assert isinstance(fact, Purchase | CashSale), "only these have receipts"
    credit_rial = fact.credit_rial if isinstance(fact, Purchase) else 0
    policy = talk.journal.policy
    return receipt_slips.Receipt(
        place=talk.place, number=number_of(talk, entry.sequence), when=talk.when(entry.time), total_rial=fact.total_rial,
        credit_rial=credit_rial, own_rial=fact.total_rial - credit_rial, household=_household_of(talk, entry),
        left=await left_of(talk, entry.private.household if entry.private else None),
        qr=receipt_qr.to_qr(entry, talk.journal.identity.slim), contacts=policy.contacts if policy else (),
        reach=await reach_of(talk, entry),
    )  # fmt: skip


async def whole_slip(talk: Talk, entry: Entry, *, copy: bool) -> Slip:
    """Everything that the entry owes on paper, lines and all; for a reprint or after a power cut."""
    fact = entry.fact
    assert isinstance(fact, Printable), "only these owe paper"
    match fact:
        case Purchase() | CashSale():
            lines = await signed_lines(talk, entry.lines)
            draw = receipt_slips.receipt_copy if copy else receipt_slips.receipt_after_power_cut
            return draw(await receipt_of(talk, entry), lines)
        case Void():
            void = await void_of(talk, entry, fact)
            return receipt_slips.void_copy(void) if copy else receipt_slips.void_slip(void)
        case Refund():
            refund = await refund_of(talk, entry, fact)
            return receipt_slips.refund_copy(refund) if copy else receipt_slips.refund_slip(refund)
        case Closing():
            closing = await closing_of(talk, entry, fact)
            return closing_slips.closing_copy(closing) if copy else closing_slips.closing_slip(closing)
        case _:
            assert_never(fact)


async def void_of(talk: Talk, entry: Entry, fact: Void) -> receipt_slips.Void:
    """A void as its slip shows it."""
    return receipt_slips.Void(
        place=talk.place, number=number_of(talk, entry.sequence), purchase_number=number_of(talk, fact.purchase),
        when=talk.when(entry.time), credit_rial=fact.credit_rial, own_rial=fact.own_rial,
        household=_household_of(talk, entry), left=await left_of(talk, _household_number(entry)),
        qr=receipt_qr.to_qr(entry, talk.journal.identity.slim), reach=await reach_of(talk, entry),
    )  # fmt: skip


async def refund_of(talk: Talk, entry: Entry, fact: Refund) -> receipt_slips.Refund:
    """A refund as its slip shows it."""
    purchase = await talk.journal.entry(fact.purchase)
    assert purchase is not None, "a refund names a purchase of this journal"
    lines = [
        await signed_line(talk, purchase.lines[back.index], back.index + 1, quantity=back.quantity)
        for back in fact.lines
    ]
    return receipt_slips.Refund(
        place=talk.place, number=number_of(talk, entry.sequence), purchase_number=number_of(talk, fact.purchase),
        when=talk.when(entry.time), lines=tuple(lines), credit_rial=fact.credit_rial, own_rial=fact.own_rial,
        household=_household_of(talk, entry), usable_here=all(leg.left_rial for leg in fact.legs),
        left=await left_of(talk, _household_number(entry)), qr=receipt_qr.to_qr(entry, talk.journal.identity.slim),
        reach=await reach_of(talk, entry),
    )  # fmt: skip


async def closing_of(talk: Talk, entry: Entry, fact: Closing) -> closing_slips.Closing:
    """A closing as its slip shows it; Z carries the head, which the next sender may bring to the center."""
    is_z = fact.closing is ClosingKind.Z
    telling = await talk.journal.telling_of(entry.sequence)
    news = News() if telling is None else await talk.journal.news(telling)
    return closing_slips.Closing(
        place=talk.place, when=talk.when(entry.time), z=is_z, number=fact.number, purchases=fact.purchases,
        credit_rial=fact.credit_rial, own_rial=fact.own_rial, cash_sales=fact.cash_sales,
        cash_sales_rial=fact.cash_sales_rial, voids=fact.voids, void_credit_rial=fact.void_credit_rial,
        void_own_rial=fact.void_own_rial, refunds=fact.refunds, refund_credit_rial=fact.refund_credit_rial,
        refund_own_rial=fact.refund_own_rial, declines=fact.declines, cash_expected_rial=fact.cash_expected_rial,
        cash_counted_rial=fact.cash_counted_rial, unsent=fact.unsent, unsent_credit_rial=fact.unsent_credit_rial,
        send_by_s=fact.send_by_s,
        head_qr=receipt_qr.to_qr(entry, talk.journal.identity.slim) if is_z else None, answers=answers_of(talk, news),
    )  # fmt: skip


_DEEDS = {
    EntryKind.PURCHASE: notice_slips.Deed.PURCHASE,
    EntryKind.VOID: notice_slips.Deed.VOID,
    EntryKind.REFUND: notice_slips.Deed.REFUND,
}


def answers_of(talk: Talk, news: News) -> notice_slips.Answers:
    """What the center answered, as slips show it."""
    return notice_slips.Answers(
        final=None if news.final is None else _final_of(talk, news.final),
        quarantined=tuple(
            notice_slips.JudgedReceipt(
                number=number_of(talk, refused.sequence), credit_rial=refused.credit_rial, verdict=refused.verdict,
                deed=_DEEDS.get(refused.kind, notice_slips.Deed.OTHER),
            )
            for refused in news.refused
        ),
        quarantined_count=news.refused_count,
        settlements=tuple(
            notice_slips.Settlement(
                number=paid.number, day_s=paid.day_s, purchases=paid.purchases, amount_rial=paid.amount_rial,
                pay_by_s=paid.pay_by_s,
            )
            for paid in news.settlements
        ),
        settlements_count=news.settlements_count,
    )  # fmt: skip


def _final_of(talk: Talk, final: Final) -> notice_slips.FinalReceipts:
    return notice_slips.FinalReceipts(
        first=number_of(talk, final.first), last=number_of(talk, final.last), receipts=final.receipts,
        backs=final.backs, credit_rial=final.credit_rial,
    )  # fmt: skip


def _household_number(entry: Entry) -> int | None:
    return entry.private.household if entry.private else None


def _household_of(talk: Talk, entry: Entry) -> Household | None:
    presented = talk.presented
    if entry.private is None or entry.private.household is None:
        return None
    if presented is not None and presented.household == entry.private.household:
        return presented.shown
    return Household(card="" if entry.private.card is None else str(entry.private.card))
