"""Where the conversation stands. What each state takes is in `firmware.till.table`."""

from __future__ import annotations

from enum import Enum, auto

from firmware.till.grammar import Mode


class State(Enum):
    """What the till waits for."""

    IDLE = auto()
    BASKET = auto()
    PRICE = auto()
    WEIGHT = auto()
    TOTALED = auto()
    FLASHES = auto()
    SUM = auto()
    INQUIRY_PIN = auto()
    ASKING = auto()
    ASKING_RECEIPT = auto()
    OPERATOR_PIN = auto()
    ID_CONFIRM = auto()
    CODE = auto()
    VOID_CONFIRM = auto()
    RETURNS = auto()
    REFUND_CONFIRM = auto()
    PICKING_GOOD = auto()
    NEW_PRICE = auto()
    DATE_CONFIRM = auto()
    SELF_TEST = auto()


MODES = {
    State.IDLE: Mode.SELLING,
    State.BASKET: Mode.SELLING,
    State.PRICE: Mode.NUMBER,
    State.WEIGHT: Mode.NUMBER,
    State.TOTALED: Mode.PIN,
    State.FLASHES: Mode.NUMBER,
    State.SUM: Mode.NUMBER,
    State.INQUIRY_PIN: Mode.PIN,
    State.ASKING: Mode.NUMBER,
    State.ASKING_RECEIPT: Mode.RECEIPT,
    State.OPERATOR_PIN: Mode.NUMBER,
    State.ID_CONFIRM: Mode.NUMBER,
    State.CODE: Mode.NUMBER,
    State.VOID_CONFIRM: Mode.NUMBER,
    State.RETURNS: Mode.RETURNS,
    State.REFUND_CONFIRM: Mode.NUMBER,
    State.PICKING_GOOD: Mode.GOOD,
    State.NEW_PRICE: Mode.NUMBER,
    State.DATE_CONFIRM: Mode.NUMBER,
    State.SELF_TEST: Mode.ECHO,
}
AWAITING_PIN = frozenset({State.TOTALED, State.INQUIRY_PIN, State.OPERATOR_PIN, State.CODE})
"""States that lapse: nobody may finish what another began to type."""
RESTING = frozenset({State.IDLE, State.BASKET})
