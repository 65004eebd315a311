"""What the buyer reads on the two-line display: amounts in toman, and nothing else.

Rules: Latin digits, at most 20 characters a line; what does not fit beside an amount is left out, never the amount. Nothing
about the household: not its card, not what it has left, not why it was refused. Everybody in the shop can read it.

| moment | upper line | lower line |
| --- | --- | --- |
| a thing was put in | quantity x price, its sum | sum of the basket |
| TOTAL | sum | credit part + buyer's part |
| approved | OK, sum | what the buyer pays |
| refused | NO | |

Must not know: sounds, paper, who is at the counter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from drivers.line_display import COLUMNS, TwoLines
from sync.wire.kinds import Unit
from sync.wire.money import RIAL_PER_TOMAN

if TYPE_CHECKING:
    from firmware.receipt.basket_slips import BasketLine

BLANK: Final = TwoLines()
REFUSED: Final = TwoLines("NO")
GRAMS_PER_KG = 1_000


def put_in(line: BasketLine, *, basket_rial: int) -> TwoLines:
    """A line was put into the basket, or corrected."""
    amount = _quantity(line)
    fuller = f"{amount} x {toman(line.price_rial)}"
    total = toman(line.total_rial)
    return TwoLines(_beside(total, fuller, amount), _beside(toman(basket_rial), "SUM"))


def basket(basket_rial: int) -> TwoLines:
    """A line was taken out, or a basket came back."""
    return TwoLines("", _beside(toman(basket_rial), "SUM"))


def total(*, total_rial: int, credit_rial: int, own_rial: int) -> TwoLines:
    """What will be paid: the sum is the credit part + the buyer's part."""
    parts = f"{toman(credit_rial)} + {toman(own_rial)}"
    short = parts if len(parts) <= COLUMNS else parts.replace(",", "").replace(" ", "")
    return TwoLines(_beside(toman(total_rial), "TOTAL"), short.rjust(COLUMNS))


def approved(*, total_rial: int, own_rial: int) -> TwoLines:
    """Paid; the buyer's part is due in cash."""
    return TwoLines(_beside(toman(total_rial), "OK"), _beside(toman(own_rial), "CASH"))


def toman(amount_rial: int) -> str:
    """Rial as toman with Latin digits; a rest of rials as a decimal."""
    whole, rest = divmod(amount_rial, RIAL_PER_TOMAN)
    return f"{whole:,}" + (f".{rest}" if rest else "")


def _quantity(line: BasketLine) -> str:
    if line.unit is not Unit.GRAM:
        return str(line.quantity)
    return f"{line.quantity / GRAMS_PER_KG:.3f}".rstrip("0").rstrip(".") + "kg"


def _beside(amount: str, *labels: str) -> str:
    """The amount at the right, with the first label at the left that leaves a blank between them."""
    label = next((label for label in labels if len(label) + len(amount) < COLUMNS), "")
    return label + amount.rjust(COLUMNS - len(label))
