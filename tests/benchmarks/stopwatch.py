"""Two things timed in turn (A B A B ...), so that what else the machine does falls on both alike."""

from __future__ import annotations

import gc
from collections.abc import Awaitable, Callable
from statistics import median
from typing import NamedTuple

Timed = Callable[[int], Awaitable[float]]


class Compared(NamedTuple):
    """Seconds of each round."""

    first_s: list[float]
    second_s: list[float]

    @property
    def ratio(self) -> float:
        """The first's median in units of the second's: for what waits for a disk, whose slow moments hit one side only."""
        return median(self.first_s) / median(self.second_s)

    @property
    def ratio_of_rounds(self) -> float:
        """The median of the rounds' own ratios: for what computes, since a processor is fast in one second and slow in the next,
        and both sides of a round share it.
        """
        return median(first_s / second_s for first_s, second_s in zip(*self, strict=True))


async def interleaved(first: Timed, second: Timed, *, rounds: int, warm: int = 10) -> Compared:
    """Each is called once a round with the round's number and returns the seconds that count. `warm` rounds do not."""
    compared = Compared([], [])
    gc.collect()
    gc.freeze()  # or the collector would look through what other figures left behind, time and again
    for number in range(warm + rounds):
        compared.first_s.append(await first(number))
        compared.second_s.append(await second(number))
    gc.unfreeze()
    return Compared(compared.first_s[warm:], compared.second_s[warm:])
