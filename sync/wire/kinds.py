"""The numbered words of the format. A number is never used again for something else; gaps are reserved."""

from __future__ import annotations

from enum import IntEnum


class EntryKind(IntEnum):
    """What an entry of a device's journal says. 18 policy switched, 19 key rotated, 20 handed over and
    21 decommissioned are reserved.
    """

    ENROLLED = 0
    BOOTED = 1
    CLOCK_SET = 2
    MAIL_APPLIED = 3
    ALLOWANCE_GIVEN_BACK = 4
    PIN_FAILURE = 5
    CODE_OUTCOME = 6
    ANNOUNCEMENT = 7
    PURCHASE = 8
    DECLINE = 9
    INQUIRY = 10
    VOID = 11
    REFUND = 12
    PRICE_CHANGED = 13
    OPERATOR_PIN_FAILURE = 14
    OUTAGE_OPENED = 15
    OUTAGE_CLOSED = 16
    CLOSING = 17
    CASH_SALE = 22


class MailKind(IntEnum):
    """What an item of a device's mail brings. 11 key rotation is reserved."""

    POLICY = 1
    CATALOG = 2
    HOUSEHOLDS = 3
    ALLOWANCES = 4
    RECALL = 5
    LOCKS = 6
    ANNOUNCEMENT = 7
    REVOCATION = 8
    VERDICTS = 9
    SETTLEMENT = 10
    SHOP = 12
    CREDENTIAL = 13


class Verdict(IntEnum):
    """What the center decides about one entry."""

    ACCEPTED = 0
    DUPLICATE = 1
    FORK = 2
    GAP = 3
    HOLE = 4
    BAD_SIGNATURE = 5
    BAD_HOUSEHOLD_PROOF = 6
    NOT_YET_OPEN = 7
    UNKNOWN_POLICY = 8
    OVER_ALLOWANCE = 9
    LIMIT = 10
    LATE = 11
    REFUND_WITHOUT_ORIGINAL = 12
    INELIGIBLE_GOODS = 13
    HELD = 14
    MALFORMED = 15


class DeclineReason(IntEnum):
    """Why the appliance refuses; printed for the household and journaled."""

    UNKNOWN_CARD = 1
    CARD_REVOKED = 2
    NO_ALLOWANCE_HERE = 3
    NOT_YOUR_DAY = 4
    NOT_ANNOUNCED = 5
    EXPIRED = 6
    CREDIT_USED_UP = 7
    WRONG_PIN = 8
    PIN_BLOCKED = 9
    WRONG_CODE = 10
    NO_ELIGIBLE_GOODS = 11
    PURCHASE_LIMIT = 12
    HOUSEHOLD_LIMIT = 13
    DEVICE_LIMIT = 14
    POLICY_TOO_OLD = 15
    CLOCK_DOUBTFUL = 16
    NOT_FOUND = 17
    ALREADY_VOIDED = 18
    DAY_CLOSED = 19
    NOTHING_TO_REFUND = 20
    WRONG_OPERATOR_PIN = 21
    WRONG_ANNOUNCEMENT = 22
    ALREADY_OPEN = 23
    DEVICE_SUSPENDED = 24
    UNKNOWN_ID = 25
    NO_PAPER = 26


class Grade(IntEnum):
    """How far a time is to be believed; see `sync.wire.entry.TimeInterval`."""

    DOUBTFUL = 0
    STATED = 1
    ESTIMATED = 2
    TRUSTED = 3


class Unit(IntEnum):
    """What a quantity counts. Prices of weighed goods are per kilogram, quantities in gram."""

    PIECE = 0
    GRAM = 1
    TRAY = 2


class Role(IntEnum):
    """What a delegated key is for: what it may sign, or, for the last, that files to the center are sealed to it."""

    POLICY = 1
    CREDENTIAL = 2
    CARD = 3
    ANNOUNCEMENT = 4
    MAIL = 5
    ENCRYPTION = 6


SIGNING_ROLES: tuple[Role, ...] = tuple(role for role in Role if role is not Role.ENCRYPTION)


class Way(IntEnum):
    """Which way a carried file goes: a device's questions to the center, the center's answers back, or what enrolls a device."""

    QUESTION = 1
    ANSWER = 2
    ENROLLMENT = 3


class Leftover(IntEnum):
    """What becomes of credit that a tranche leaves over."""

    EXPIRES = 0
    CARRIES_OVER = 1


class ClosingKind(IntEnum):
    """X reads the day's totals, Z also ends the day."""

    X = 0
    Z = 1


class ClockSource(IntEnum):
    """Who set the clock."""

    KEYED = 0
    CENTER = 1
