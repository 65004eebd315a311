"""The balance of a household, tranche by tranche, as this till knows it.

Rules: says what is usable here now, what opens when, what is not announced yet and what has expired. It is what is
reserved for this till; the whole balance is the center's to tell, by the USSD code.

Must not know: how allowances are kept.
"""

from __future__ import annotations

from enum import Enum
from typing import assert_never

from msgspec import Struct

from drivers.printer.slip import Pair, Rule, Size, Slip, Text
from firmware.receipt import persian
from firmware.receipt.fixed_parts import (
    TEAR_OFF,
    Household,
    Place,
    When,
    call_center_rows,
    heading,
    masked,
    place_rows,
    thin_rule,
    warning_rows,
    when_rows,
)


class TrancheState(Enum):
    """Whether a tranche's credit may be used now, and if not, why."""

    USABLE = "usable"
    OPENS_LATER = "opens later"
    NOT_ANNOUNCED = "not announced"
    EXPIRED = "expired"


class TrancheBalance(Struct, frozen=True, kw_only=True):
    """One tranche. `opens_at_s` is known where the state is OPENS_LATER; `until_s` is the last second of use."""

    title: str
    left_rial: int
    state: TrancheState
    opens_at_s: int | None = None
    until_s: int | None = None


class Inquiry(Struct, frozen=True, kw_only=True):
    """A household's balance at this till."""

    place: Place
    when: When
    household: Household
    tranches: tuple[TrancheBalance, ...]


def inquiry_slip(inquiry: Inquiry) -> Slip:
    """The answer to «چقدر مانده؟»."""
    usable_rial = sum(
        tranche.left_rial for tranche in inquiry.tranches if tranche.state is TrancheState.USABLE
    )
    return (
        Rule(),
        heading("مانده اعتبار"),
        Text(masked(inquiry.household)),
        Pair("امروز در این صندوق", persian.toman(usable_rial), bold=True),
        *(row for tranche in inquiry.tranches for row in _tranche_rows(tranche)),
        thin_rule(),
        Text("این مبلغ‌ها برای همین صندوق است.", size=Size.SMALL),
        *when_rows(inquiry.when),
        *place_rows(inquiry.place),
        *call_center_rows(),
        *warning_rows(),
        TEAR_OFF,
    )


def _tranche_rows(tranche: TrancheBalance) -> Slip:
    return (
        thin_rule(),
        Pair(tranche.title, persian.toman(tranche.left_rial)),
        Text(_state_text(tranche), size=Size.SMALL),
    )


def _state_text(tranche: TrancheBalance) -> str:
    match tranche.state:
        case TrancheState.USABLE:
            until = f" تا {persian.date_words(tranche.until_s)}" if tranche.until_s is not None else ""
            return f"اکنون قابل خرج است{until}."
        case TrancheState.OPENS_LATER:
            assert tranche.opens_at_s is not None, "a tranche that opens later has its day"
            return f"از {persian.date_words(tranche.opens_at_s)} قابل خرج است."
        case TrancheState.NOT_ANNOUNCED:
            return "واریز شده؛ پس از اعلام رسمی باز می‌شود."
        case TrancheState.EXPIRED:
            until = f" {persian.date_words(tranche.until_s)}" if tranche.until_s is not None else ""
            return f"مهلت آن{until} تمام شد."
        case _:
            assert_never(tranche.state)
