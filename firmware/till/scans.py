"""What a scanned text is to the till: a card, an announcement, a receipt, or nothing that it knows. Pure."""

from __future__ import annotations

import re

from msgspec import Struct

from drivers.scanner.scan import BadScan, GtinScan, TextScan, WeighedScan
from firmware.receipt.selftest_slips import ECHO_BARS, ECHO_QR
from sync.wire import card, receipt_qr

_ANNOUNCEMENT = r"A1:(\d{13})"
_CARD_NUMBER = r"C\d{2,20}"


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


class EchoScan(Struct, frozen=True):
    """A pattern of the self-test."""

    text: str


class StrangeScan(Struct, frozen=True):
    """Unreadable, or nothing of ours."""


Seen = (
    GtinScan
    | WeighedScan
    | CardScan
    | CardNumberScan
    | AnnouncementScan
    | ReceiptScan
    | EchoScan
    | StrangeScan
)


def seen(scan: GtinScan | WeighedScan | TextScan | BadScan) -> Seen:
    """What the scan is to the conversation."""
    if isinstance(scan, GtinScan | WeighedScan):
        return scan
    return StrangeScan() if isinstance(scan, BadScan) else _of_text(scan.text)


def _of_text(text: str) -> Seen:
    if text.startswith(card.PREFIX):
        return CardScan(text)
    if text.startswith(receipt_qr.PREFIX):
        return ReceiptScan(text)
    if text in (ECHO_BARS, ECHO_QR):
        return EchoScan(text)
    announcement = re.fullmatch(_ANNOUNCEMENT, text)
    if announcement is not None:
        return AnnouncementScan(announcement[1])
    return CardNumberScan(text) if re.fullmatch(_CARD_NUMBER, text) else StrangeScan()
