"""From a label that says more than the good's number (GS1-128, DataBar, DataMatrix): weight, count, price, last day.

Rules:
- What is past its last day of sale is not sold: if even the earliest time that it may be now is later than that day in
  Iran. Best-before days bind nobody.
- What the label says of weight and count holds; a count typed before it would say it twice and is refused. ``0 *`` takes
  the line out again.
- A price on the label is what all of it costs, in rial. It holds for this line and is not remembered; outside the good's
  sane band, as with a scale that was set to toman, it must be confirmed like a keyed one.
- A line is priced by the kilogram: the price per kilogram is the highest with which the line costs no more than its label
  says. Up to 1 kg that is exact; above, at most one rial a kilogram is missing.

Source: `drivers.scanner.gs1`; GS1 General Specifications 3.4 (days), 3.6, 3.7.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from msgspec.structs import replace

from drivers.scanner.gs1 import last_day
from firmware.basket import PRICE_RIAL_MAX, QUANTITY_MAX
from firmware.receipt import persian
from firmware.receipt.prompt_slips import PRESS_ENTER, Prompt
from firmware.till.asking import PRESS_BACK
from firmware.till.goods import found_by_gtin, is_unusual, measure, put, remove_like
from firmware.till.grammar import Misfit, Quantity
from firmware.till.states import State
from firmware.till.talk import Waiting
from sync.wire.kinds import Unit

if TYPE_CHECKING:
    from drivers.scanner.scan import Gs1Scan
    from firmware.till.talk import Found, Talk


async def scanned(talk: Talk, scan: Gs1Scan) -> State:
    """A good with a label of its own."""
    typed = talk.typing.take_quantity()
    if isinstance(typed, Misfit):
        return await talk.look(Prompt.BAD_KEYS)
    found = await found_by_gtin(talk, int(scan.gtin))
    if not found.good and scan.weight_g is not None:
        found = replace(found, unit=Unit.GRAM)
    by_label = _by_label(scan, found.unit)
    if typed is not None and not typed.amount:
        grams = by_label.amount if by_label is not None and found.unit is Unit.GRAM else None
        return await remove_like(talk, found, grams)
    if scan.expires is not None and _is_past(talk, scan.expires):
        return await talk.look(Prompt.EXPIRED)
    if typed is not None and by_label is not None:
        return await talk.look(Prompt.QUANTITY)
    if scan.price_rial is None:
        return await measure(talk, found, by_label or typed)
    return await _priced(talk, found, scan.price_rial, by_label, typed)


def _by_label(scan: Gs1Scan, unit: Unit) -> Quantity | None:
    amount = scan.weight_g if unit is Unit.GRAM else scan.count
    return None if amount is None else Quantity(amount, weighed=unit is Unit.GRAM)


def _is_past(talk: Talk, yymmdd: str) -> bool:
    today = datetime.fromtimestamp(talk.journal.keeper.now().not_before_s, tz=persian.IRAN).date()
    last = last_day(yymmdd, year=today.year)
    return last is None or today > last


async def _priced(
    talk: Talk, found: Found, label_rial: int, by_label: Quantity | None, typed: Quantity | None
) -> State:
    if found.unit is Unit.GRAM and by_label is None:
        return await talk.look(Prompt.LABEL_WITHOUT_WEIGHT)
    if typed is not None and typed.weighed:
        return await talk.look(Prompt.QUANTITY)
    amount = (by_label or typed or Quantity(1, weighed=False)).amount
    if amount > QUANTITY_MAX[found.unit]:
        return await talk.look(Prompt.QUANTITY)
    price_rial = _unit_price_rial(label_rial, found.unit, by_label)
    if price_rial is None:
        return await talk.look(Prompt.BAD_SCAN)
    if is_unusual(talk, found, price_rial):
        talk.waiting = Waiting(found, amount, doubted_rial=price_rial, labeled=True)
        said = f"روی برچسب: {persian.toman(label_rial)}"
        await talk.look(Prompt.PRICE_UNUSUAL, said, PRESS_ENTER, PRESS_BACK)
        return State.PRICE
    return await put(talk, found, amount, price_rial, keyed=False)


def _unit_price_rial(label_rial: int, unit: Unit, by_label: Quantity | None) -> int | None:
    """Per kilogram or piece; None if it is no whole number of rial a piece, or no price that a line may have."""
    if by_label is None:
        price_rial = label_rial
    elif unit is Unit.GRAM:
        price_rial = (1000 * label_rial + 499) // by_label.amount
    elif label_rial % by_label.amount == 0:
        price_rial = label_rial // by_label.amount
    else:
        return None
    return price_rial if 0 < price_rial <= PRICE_RIAL_MAX else None
