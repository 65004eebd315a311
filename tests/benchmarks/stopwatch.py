"""Two things timed in turn (A B A B ...), so that what else the machine does falls on both alike."""

from __future__ import annotations

import gc
from collections.abc import Awaitable, Callable
from statistics import median

Timed = Callable[[int], Awaitable[float]]


async def interleaved(first: Timed, second: Timed, *, rounds: int, warm: int = 10) -> float:
    """The first in units of the second: the median of the rounds' own ratios, for a machine is fast in one round and slow in the next.

    Each is called once a round with the round's number and returns the seconds that count. `warm` rounds do not.
    """
    ratios = []
    gc.collect()
    gc.freeze()  # or the collector would look through what other figures left behind, time and again
    for number in range(warm + rounds):
        taken_s = await first(number)
        ratios.append(taken_s / await second(number))
    gc.unfreeze()
    return median(ratios[warm:])
