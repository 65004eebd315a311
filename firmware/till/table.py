"""The state table: what each state takes, and which function answers. Whatever is not here is refused with a look.

Every handler commits what it decides before anything shows it, and returns the next state. `FUNCTIONS` are reached by code
(`firmware.till.codes`) and come through the operator PIN and the questions of `firmware.till.asking`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from drivers.scanner.scan import Gs1Scan, GtinScan, WeighedScan
from firmware.receipt import persian
from firmware.receipt.prompt_slips import Prompt
from firmware.till import (
    asking,
    closing,
    goods,
    household,
    labels,
    notices,
    paperless,
    paying,
    reversing,
    self_testing,
    selling,
    service,
    undoing,
    updating,
)
from firmware.till.codes import Function
from firmware.till.grammar import (
    Back,
    Call,
    Confirm,
    NamedGood,
    Number,
    Pin,
    Remove,
    Return,
    Total,
    Typed,
    TypedBarcode,
)
from firmware.till.scans import (
    AnnouncementScan,
    CardNumberScan,
    CardScan,
    EchoScan,
    EnrollmentScan,
    ReceiptScan,
)
from firmware.till.states import State
from firmware.till.talk import FunctionHandler, Talk

Handler = Callable[[Talk, Any], Awaitable[State]]


async def back(talk: Talk, _: Back) -> State:
    """What was asked is dropped; the basket stays."""
    return talk.rest()


async def enrollment_scanned(talk: Talk, _: EnrollmentScan) -> State:
    """Somebody reads a new till's papers at this one, which has its own."""
    identity = talk.journal.identity
    whose = f"شماره صندوق: {persian.code(identity.device)}، فروشگاه: {persian.code(identity.shop)}"
    return await talk.look(Prompt.ALREADY_ENROLLED, whose)


async def receipt_scanned(talk: Talk, scan: ReceiptScan) -> State:
    """A receipt's QR answers the question for its number."""
    assert talk.call is not None, "a receipt was asked for"
    sequence = reversing.sequence_scanned(talk, scan)
    talk.call.given.append("" if sequence is None else reversing.as_typed(talk, sequence))
    return await asking.proceed(talk)


_GOODS: dict[type, Handler] = {
    GtinScan: goods.scanned,
    Gs1Scan: labels.scanned,
    WeighedScan: goods.label,
    CardScan: household.card,
    CardNumberScan: household.card_number,
}
_SELLING: dict[type, Handler] = {
    **_GOODS,
    AnnouncementScan: service.announcement_scanned,
    EnrollmentScan: enrollment_scanned,
    NamedGood: goods.named,
    TypedBarcode: goods.typed_barcode,
    Remove: selling.remove,
    Total: paying.total,
    Call: asking.call,
}

TABLE: dict[State, dict[type, Handler]] = {
    State.IDLE: _SELLING,
    State.BASKET: _SELLING,
    State.PRICE: {Number: goods.price, Confirm: goods.price_insisted, Back: back},
    State.WEIGHT: {Number: goods.weight, Back: back},
    State.TOTALED: {**_GOODS, Pin: paying.pin, Confirm: paying.confirmed, Back: back},
    State.FLASHES: {
        Number: paperless.flashes_counted,
        Confirm: paperless.flash_again,
        Back: back,
    },
    State.SUM: {Number: paperless.sum_typed, Back: back},
    State.INQUIRY_PIN: {Pin: service.inquiry_pin, Back: back},
    State.ASKING: {Number: asking.answered, Confirm: asking.insisted, Back: back},
    State.ASKING_RECEIPT: {Number: asking.answered, ReceiptScan: receipt_scanned, Back: back},
    State.OPERATOR_PIN: {Number: asking.operator_pin, Back: back},
    State.ID_CONFIRM: {Confirm: household.id_confirmed, Back: back},
    State.CODE: {Number: household.code_for_id, Back: back},
    State.VOID_CONFIRM: {Confirm: reversing.void_confirmed, Back: back},
    State.RETURNS: {
        Return: reversing.choose,
        GtinScan: reversing.choose_scanned,
        Gs1Scan: reversing.choose_scanned,
        Total: reversing.refund_total,
        Back: back,
    },
    State.REFUND_CONFIRM: {Confirm: reversing.refund_confirmed, Back: back},
    State.PICKING_GOOD: {
        NamedGood: service.picked,
        GtinScan: service.picked_by_scan,
        Gs1Scan: service.picked_by_scan,
        TypedBarcode: service.picked_by_barcode,
        Back: back,
    },
    State.NEW_PRICE: {Number: service.new_price, Confirm: service.new_price_insisted, Back: back},
    State.SELF_TEST: {
        EchoScan: self_testing.echoed,
        Typed: self_testing.echoed,
        Confirm: self_testing.ended,
    },
    State.DATE_CONFIRM: {Confirm: service.date_confirmed, Back: back},
}

FUNCTIONS: dict[Function, FunctionHandler] = {
    Function.CANCEL: selling.cancel,
    Function.PRICE: selling.correct_price,
    Function.CARD: household.typed_card,
    Function.NATIONAL_ID: household.national_id,
    Function.CODE: household.code_for_card,
    Function.INQUIRY: service.inquiry,
    Function.HOLD: selling.hold,
    Function.RECALL: selling.recall,
    Function.REPRINT: service.reprint,
    Function.HELP: service.help_card,
    Function.STATUS: service.status,
    Function.DEVICES: service.devices,
    Function.X: closing.x,
    Function.Z: closing.z,
    Function.VOID: reversing.void,
    Function.REFUND: reversing.refund,
    Function.ANNOUNCEMENT: service.announcement,
    Function.PRICE_CHANGE: service.change_price,
    Function.DATE: service.date,
    Function.SELF_TEST: self_testing.start,
    Function.FIND_PRINTER: service.find_printer,
    Function.ANSWERS: notices.answers,
    Function.UNDO_ENROLLMENT: undoing.undo,
    Function.UPDATE: updating.install,
}
