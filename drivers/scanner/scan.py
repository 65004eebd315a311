"""What a scanner hands on: every scan is one of these values, never a bare string. Pure data.

Rules: a scan that must not be used is a `BadScan` with its reason, so that the till can answer it. The text of a
`TextScan` may be a secret (a household's card), so none of these values shows its text in a log.

Must not know: how a scan was typed or sent, what a card or an announcement looks like.
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct


class BadScanReason(Enum):
    """Why a scan is not believed."""

    DROPPED_EVENTS = "dropped_events"
    """The kernel or the till lost a part of it."""
    TOO_LONG = "too_long"
    """Longer than any code that the till reads."""
    HALF = "half"
    """It broke off, or is a known part of a longer code."""
    NO_END = "no_end"
    """It seems whole, but the scanner sends no Enter after it."""
    FRAME = "frame"
    """The configured prefix or suffix is missing: its beginning or end was lost, or the scanner was set anew."""
    LAYOUT = "layout"
    """Signs where there must be digits: the scanner was set to the keyboard of another country."""
    LINES = "lines"
    """More lines of the same code: one that holds line breaks is no code of ours, whatever its lines look like."""
    CHECK_DIGIT = "check_digit"
    NO_CHECK_DIGIT = "no_check_digit"
    """The first twelve digits of an Iranian good: the scanner keeps the check digit for itself."""
    UNKNOWN_KEY = "unknown_key"
    """A key or byte that no code of ours has."""
    UNKNOWN_AI = "unknown_ai"
    """An application identifier that is not in the table of `drivers.scanner.gs1`."""
    NO_SEPARATOR = "no_separator"
    """A lot or serial number that ends like a date or a weight: the scanner seems to keep FNC1 for itself."""
    ELEMENT = "element"
    """An element string with a value that cannot be, or that says two different things."""
    MEASURE = "measure"
    """A weight in pounds, a price in foreign money or with parts of a rial."""
    NOT_FOR_SALE = "not_for_sale"
    """No maker's good: an element string without one, such as a pallet's, or eight digits that a shop gave itself."""


class GtinScan(Struct, frozen=True):
    """A good's number, check digit right: 14 digits, zeros at the left."""

    gtin: str


class Gs1Scan(Struct, frozen=True, kw_only=True):
    """A good with more about this very piece, from an element string.

    `gtin` has 14 digits. `weight_g` is its net weight in gram (AI 310n), `count` how many it holds (30), `price_rial` what
    all of it costs (392n, 393n). `expires` is the last day on which it may be sold, `best_before` the day
    that it keeps until (15): YYMMDD as `drivers.scanner.gs1.last_day` reads it.
    """

    gtin: str
    weight_g: int | None = None
    count: int | None = None
    price_rial: int | None = None
    expires: str | None = None
    best_before: str | None = None


class WeighedScan(Struct, frozen=True):
    """A label of the shop's own scales: 13 digits, check digit right. What they mean is the shop's template."""

    digits: str


class TextScan(Struct, frozen=True):
    """Anything else that is printable ASCII: a card, an announcement, a receipt."""

    text: str

    def __repr__(self) -> str:
        return f"TextScan({len(self.text)} characters)"


class BadScan(Struct, frozen=True):
    """Something was scanned that must not be used. Its characters are not kept."""

    reason: BadScanReason


Scan = GtinScan | Gs1Scan | WeighedScan | TextScan | BadScan
