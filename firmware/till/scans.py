"""What a scanned text is to the till: a card, an announcement, a receipt, a part of an enrollment, or nothing that it knows. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from drivers.scanner.layout import settings_changed
from drivers.scanner.scan import BadScan, BadScanReason, Gs1Scan, GtinScan, WeighedScan
from firmware.receipt.prompt_slips import Prompt
from firmware.receipt.selftest_slips import ECHO_BARS, ECHO_QR
from sync.wire import card, receipt_qr
from sync.wire.errors import Malformed

if TYPE_CHECKING:
    from drivers.scanner.scan import Scan
    from sync.wire.enrolling.enrollment_qr import EnrollmentPart

_ANNOUNCEMENT = r"A1:(\d{13})"
_CARD_NUMBER = r"C\d{2,20}"
_ENROLLMENT, _REQUEST = "E1:", "Q1:"
"""`PREFIX` of `sync.wire.enrolling.enrollment_qr` and `request_qr`, without loading what an enrolled till never reads."""


class CardScan(Struct, frozen=True):
    """A card's QR; it holds the card's secret."""

    text: str

    def __repr__(self) -> str:
        return "CardScan()"


class CardNumberScan(Struct, frozen=True):
    """The Code 128 beside the QR."""

    text: str


class AnnouncementScan(Struct, frozen=True):
    """An official announcement's code."""

    digits: str


class ReceiptScan(Struct, frozen=True):
    """A receipt's QR."""

    text: str


class EnrollmentScan(Struct, frozen=True):
    """One QR of the answer to an enrollment request: which part of how many, of which message."""

    part: EnrollmentPart


class EchoScan(Struct, frozen=True):
    """A pattern of the self-test."""

    text: str


class StrangeScan(Struct, frozen=True):
    """Unreadable, or nothing of ours. `answer` says what is wrong, where somebody can mend it."""

    answer: Prompt = Prompt.BAD_SCAN


Seen = (
    GtinScan
    | Gs1Scan
    | WeighedScan
    | CardScan
    | CardNumberScan
    | AnnouncementScan
    | ReceiptScan
    | EnrollmentScan
    | EchoScan
    | StrangeScan
)


_ANSWERS = {
    BadScanReason.LAYOUT: Prompt.SCANNER_SETTINGS,
    BadScanReason.FRAME: Prompt.SCANNER_SETTINGS,
    BadScanReason.NO_END: Prompt.SCANNER_NO_END,
    BadScanReason.NO_CHECK_DIGIT: Prompt.SCANNER_NO_CHECK_DIGIT,
    BadScanReason.NOT_FOR_SALE: Prompt.SCAN_NOT_HERE,
    BadScanReason.NO_SEPARATOR: Prompt.SCAN_NOT_HERE,
}


def seen(scan: Scan) -> Seen:
    """What the scan is to the conversation."""
    if isinstance(scan, GtinScan | Gs1Scan | WeighedScan):
        return scan
    if isinstance(scan, BadScan):
        return StrangeScan(_ANSWERS.get(scan.reason, Prompt.BAD_SCAN))
    known = _known(scan.text)
    if known is not None:
        return known
    changed = settings_changed(scan.text, lambda text: _known(text) is not None)
    return StrangeScan(Prompt.SCANNER_SETTINGS if changed else Prompt.BAD_SCAN)


def _known(text: str) -> Seen | None:
    if text.startswith(card.PREFIX):
        return CardScan(text)
    if text.startswith(receipt_qr.PREFIX):
        return ReceiptScan(text)
    if text.startswith(_ENROLLMENT):
        return _enrollment(text)
    if text.startswith(_REQUEST):
        return StrangeScan(Prompt.SCAN_NOT_HERE)
    if text in (ECHO_BARS, ECHO_QR):
        return EchoScan(text)
    announcement = re.fullmatch(_ANNOUNCEMENT, text)
    if announcement is not None:
        return AnnouncementScan(announcement[1])
    return CardNumberScan(text) if re.fullmatch(_CARD_NUMBER, text) else None


def _enrollment(text: str) -> Seen:
    from sync.wire.enrolling.enrollment_qr import from_qr  # noqa: PLC0415 -- read once in a till's life

    try:
        return EnrollmentScan(from_qr(text))
    except Malformed:
        return StrangeScan()
