"""How many bits a purchase of the workload holds for who knows the village: the least that any code could send on average.

Counted is each choice as the workload makes it (Shannon: -log2 of its probability), never what some compressor makes of it:
who buys, what and how much, when; and the household's proof, 64 bits that look like chance. Not counted is what follows from
these for a center that knows the list, the prices, the cards and the allowances: sums, split, what is left, numbers.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sync.wire.kinds import Unit
from sync.wire.proof import PROOF_BYTES
from tests.benchmarks.workload import HOUSEHOLDS, LINES_MOST, NUMBERED, OTHERS, PACKED

if TYPE_CHECKING:
    from sync.wire.facts import Line
    from tests.benchmarks.workload import Sale

PAUSES_S = range(60, 901)
"""Between two purchases, each as likely as the other."""
_GRAMS, _PIECES = 4801, 3


def purchase_bits(sale: Sale) -> float:
    """The bits of one purchase."""
    quantities = sum(math.log2(_GRAMS if line.unit is Unit.GRAM else _PIECES) for line in sale.lines)
    who, when = math.log2(HOUSEHOLDS), math.log2(len(PAUSES_S))
    return who + when + quantities - math.log2(_likelihood(sale.lines)) + 8 * PROOF_BYTES


def _likelihood(lines: tuple[Line, ...]) -> float:
    """How likely these things come up in this order. The first is packed; then 0 to 7 draws, and what came before is not taken
    again: `at[k]` is the probability that the first k things are there after so many draws.
    """
    odds = [_odds(line) for line in lines]
    at = [1 / len(PACKED)] + [0.0] * (len(odds) - 1)
    total = 0.0
    for _ in range(LINES_MOST):
        total += at[-1] / LINES_MOST
        at = [at[k] * sum(odds[: k + 1]) + (at[k - 1] * odds[k] if k else 0.0) for k in range(len(odds))]
    return total


def _odds(line: Line) -> float:
    """That one draw gives this thing."""
    if not line.good:
        return 0.15 / len(OTHERS)
    return 0.6 / len(PACKED) if line.gtin else 0.25 / len(NUMBERED)
