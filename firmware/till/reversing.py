"""Void and refund: a purchase of this till is found, read on paper, and undone after the operator's Enter.

Rules: a void undoes the whole purchase before the next Z, and never one of which something came back already; a refund
takes lines back, before or after. What is undone is computed again under the journal's turn. A till that lost its journal's tail
undoes nothing: the center would never hear of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.printer.slip import Pair
from drivers.sound import Sound
from firmware import reversals
from firmware.errors import StaleDecision
from firmware.receipt import basket_slips, decline_slips, persian, receipt_slips, total_slips
from firmware.receipt.prompt_slips import PRESS_ENTER, Prompt
from firmware.till.asking import PRESS_BACK
from firmware.till.grammar import Misfit
from firmware.till.owed import print_owed
from firmware.till.slips_of import number_of, refund_of, signed_line, void_of
from firmware.till.states import State
from firmware.till.talk import Reversing, Talk
from sync.wire import receipt_qr
from sync.wire.entry import PrivatePart
from sync.wire.errors import WireError
from sync.wire.facts import Purchase, Refund, Void
from sync.wire.kinds import DeclineReason, Unit
from sync.wire.numbers import receipt_number

if TYPE_CHECKING:
    from drivers.scanner.scan import Gs1Scan, GtinScan
    from firmware.journal.records import PurchaseRecord
    from firmware.till.grammar import Confirm, Quantity, Return, Total
    from firmware.till.scans import ReceiptScan
    from sync.wire.entry import Entry

PRESS_TOTAL = f"جمع برگشت: {persian.isolate('+')}"
PARTLY_BACK = Pair("بخشی برگشت خورده؛ بقیه را برگشت بزنید", persian.isolate("*14"))


def sequence_typed(talk: Talk, typed: str) -> int | None:
    """The entry that a typed receipt number means: ``37-4``, or whole ``1001-37-4``; None for none of this journal.

    The check digit must be right.
    """
    whole = typed if typed.count("-") == 2 else f"{talk.journal.identity.device}-{typed}"
    digits = whole.split("-")[1]
    sequence = int(digits) if digits.isdecimal() else talk.journal.head.sequence
    return sequence if sequence < talk.journal.head.sequence and whole == number_of(talk, sequence) else None


def sequence_scanned(talk: Talk, scan: ReceiptScan) -> int | None:
    """The entry that a scanned receipt means, if it is a receipt of this till."""
    try:
        receipt = receipt_qr.verify(scan.text, talk.journal.identity.trusted)
    except WireError:
        return None
    return receipt.sequence if receipt.slim.device == talk.journal.identity.device else None


def as_typed(talk: Talk, sequence: int) -> str:
    """The number that would have been typed for it."""
    return receipt_number(device=talk.journal.identity.device, sequence=sequence)


async def void(talk: Talk, typed: str) -> State:
    """Find the purchase to be voided and print what its void undoes."""
    if talk.journal.tail_lost:
        return await _refuse(talk, DeclineReason.DEVICE_SUSPENDED)
    record = await _find(talk, typed)
    reason, rows = _why_no_void(record)
    if record is None or reason is not None:
        return await _refuse(talk, reason or DeclineReason.NOT_FOUND, rows)
    fact = record.entry.fact
    assert isinstance(fact, Purchase), "a purchase record holds a purchase"
    talk.reversing = Reversing(record)
    block = total_slips.void_block(
        purchase_number=number_of(talk, record.entry.sequence),
        credit_rial=fact.credit_rial,
        own_rial=fact.own_rial,
        press=(PRESS_ENTER, PRESS_BACK),
    )
    return await talk.question(block, State.VOID_CONFIRM)


async def void_confirmed(talk: Talk, _: Confirm) -> State:
    """Void it, if it may still be voided."""
    assert talk.reversing is not None, "a purchase was found"
    sequence = talk.reversing.record.entry.sequence
    async with talk.journal.turn:
        record = await talk.journal.purchase(sequence)
        reason, rows = _why_no_void(record)
        done = None if record is None or reason is not None else await _commit_void(talk, record)
    if done is None:
        return await _refuse(talk, reason or DeclineReason.ALREADY_VOIDED, rows)
    await talk.beep(Sound.APPROVED)
    assert isinstance(done.fact, Void), "a void was committed"
    await print_owed(talk, done, receipt_slips.void_slip(await void_of(talk, done, done.fact)))
    return talk.rest()


async def _commit_void(talk: Talk, record: PurchaseRecord) -> Entry | None:
    purchase = record.entry.fact
    assert isinstance(purchase, Purchase), "a purchase record holds a purchase"
    left = await talk.journal.open_left(leg.allowance for leg in purchase.legs)
    fact = reversals.void(record.entry.sequence, purchase, left)
    try:
        return await talk.journal.commit(talk.journal.draft(fact, private=_private(record)))
    except StaleDecision:
        return None


def _why_no_void(record: PurchaseRecord | None) -> tuple[DeclineReason | None, tuple[Pair, ...]]:
    if record is None:
        return DeclineReason.NOT_FOUND, ()
    if record.voided:
        return DeclineReason.ALREADY_VOIDED, ()
    if record.closed:
        return DeclineReason.DAY_CLOSED, ()
    if record.returned.quantities:
        return DeclineReason.ALREADY_VOIDED, (PARTLY_BACK,)
    return None, ()


async def refund(talk: Talk, typed: str) -> State:
    """Find the purchase and print its lines with what is left of each."""
    if talk.journal.tail_lost:
        return await _refuse(talk, DeclineReason.DEVICE_SUSPENDED)
    record = await _find(talk, typed)
    if record is None or record.voided:
        return await _refuse(talk, DeclineReason.ALREADY_VOIDED if record else DeclineReason.NOT_FOUND)
    talk.reversing = Reversing(record)
    left = [index for index in range(len(record.entry.lines)) if _left(talk.reversing, index)]
    if not left:
        return await _refuse(talk, DeclineReason.NOTHING_TO_REFUND)
    for index in left:
        await _show_line(talk, index, _left(talk.reversing, index))
    await talk.prompt(Prompt.REFUND_LINE, PRESS_TOTAL, PRESS_BACK)
    return State.RETURNS


async def choose(talk: Talk, command: Return) -> State:
    """A line comes back: so much of it, or all that is left."""
    reversing = talk.reversing
    assert reversing is not None, "a purchase was found"
    index = command.row - 1
    if not 0 <= index < len(reversing.record.entry.lines):
        return await talk.look(Prompt.REFUND_LINE)
    line = reversing.record.entry.lines[index]
    amount = _amount(command.quantity, line.unit, left=_left(reversing, index))
    return await _take_back(talk, index, amount)


async def choose_scanned(talk: Talk, scan: GtinScan | Gs1Scan) -> State:
    """One of what was scanned comes back, or as many as were typed before."""
    reversing, typed = talk.reversing, talk.typing.take_quantity()
    assert reversing is not None, "a purchase was found"
    if isinstance(typed, Misfit) or (typed is not None and typed.weighed):
        return await talk.look(Prompt.REFUND_LINE)
    for index, line in enumerate(reversing.record.entry.lines):
        if line.gtin == int(scan.gtin) and line.unit is not Unit.GRAM and _left(reversing, index):
            return await _take_back(talk, index, 1 if typed is None else typed.amount)
    return await talk.look(Prompt.REFUND_LINE)


async def refund_total(talk: Talk, command: Total) -> State:
    """Print what goes back."""
    reversing = talk.reversing
    assert reversing is not None, "a purchase was found"
    fact = (
        await _fact(talk, reversing, reversing.record) if reversing.back and not command.cap_toman else None
    )
    if fact is None:
        return await talk.look(Prompt.REFUND_LINE)
    lines = [
        await signed_line(talk, reversing.record.entry.lines[index], index + 1, quantity=quantity)
        for index, quantity in sorted(reversing.back.items())
    ]
    block = total_slips.refund_block(
        purchase_number=number_of(talk, fact.purchase),
        lines=tuple(lines),
        credit_rial=fact.credit_rial,
        own_rial=fact.own_rial,
        press=(PRESS_ENTER, PRESS_BACK),
    )
    return await talk.question(block, State.REFUND_CONFIRM)


async def refund_confirmed(talk: Talk, _: Confirm) -> State:
    """Give it back, if it is still there to give."""
    reversing = talk.reversing
    assert reversing is not None, "a purchase was found"
    async with talk.journal.turn:
        record = await talk.journal.purchase(reversing.record.entry.sequence)
        fact = None if record is None or record.voided else await _fact(talk, reversing, record)
        done = None
        if fact is not None:
            done = await talk.journal.commit(talk.journal.draft(fact, private=_private(reversing.record)))
    if done is None or fact is None:
        return await _refuse(talk, DeclineReason.NOTHING_TO_REFUND)
    await talk.beep(Sound.APPROVED)
    await print_owed(talk, done, receipt_slips.refund_slip(await refund_of(talk, done, fact)))
    return talk.rest()


async def _find(talk: Talk, typed: str) -> PurchaseRecord | None:
    sequence = sequence_typed(talk, typed)
    return None if sequence is None else await talk.journal.purchase(sequence)


async def _fact(talk: Talk, reversing: Reversing, record: PurchaseRecord) -> Refund | None:
    purchase = record.entry.fact
    assert isinstance(purchase, Purchase), "a purchase record holds a purchase"
    left = await talk.journal.open_left(leg.allowance for leg in purchase.legs)
    return reversals.refund(
        record.entry.sequence, purchase, record.entry.lines, reversing.back, record.returned, left
    )


async def _take_back(talk: Talk, index: int, amount: int | None) -> State:
    reversing = talk.reversing
    assert reversing is not None, "a purchase was found"
    if amount is None or not 0 < amount <= _left(reversing, index):
        line = reversing.record.entry.lines[index]
        left = await signed_line(talk, line, index + 1, quantity=_left(reversing, index))
        await talk.decline(
            DeclineReason.NOTHING_TO_REFUND, private=_private(reversing.record),
            rows=(decline_slips.left_to_refund_row(left),),
        )  # fmt: skip
        return State.RETURNS
    reversing.back[index] = reversing.back.get(index, 0) + amount
    await talk.beep(Sound.ACCEPTED)
    await _show_line(talk, index, reversing.back[index])
    return State.RETURNS


async def _show_line(talk: Talk, index: int, quantity: int) -> None:
    assert talk.reversing is not None, "a purchase was found"
    line = talk.reversing.record.entry.lines[index]
    await talk.show(basket_slips.line_rows(await signed_line(talk, line, index + 1, quantity=quantity)))


def _left(reversing: Reversing, index: int) -> int:
    earlier = reversing.record.returned.quantities.get(index, 0)
    return reversing.record.entry.lines[index].quantity - earlier - reversing.back.get(index, 0)


def _amount(typed: Quantity | None, unit: Unit, *, left: int) -> int | None:
    if typed is None:
        return left
    return None if typed.weighed and unit is not Unit.GRAM else typed.amount


async def _refuse(talk: Talk, reason: DeclineReason, rows: tuple[Pair, ...] = ()) -> State:
    await talk.decline(reason, rows=rows)
    return talk.rest()


def _private(record: PurchaseRecord) -> PrivatePart | None:
    private = record.entry.private
    return None if private is None else PrivatePart(household=private.household, card=private.card)
