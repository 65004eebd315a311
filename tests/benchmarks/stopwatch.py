"""Two things timed in turn (A B A B ...), so that what else the machine does falls on both alike."""

from __future__ import annotations

import gc
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from statistics import median

Timed = Callable[[int], Awaitable[float]]


@dataclass(frozen=True, slots=True)
class Compared:
    """Medians in seconds."""

    first_s: float
    second_s: float

    @property
    def ratio(self) -> float:
        """The first in units of the second."""
        return self.first_s / self.second_s


async def interleaved(first: Timed, second: Timed, *, rounds: int, warm: int = 10) -> Compared:
    """Each is called once a round with the round's number and returns the seconds that count. `warm` rounds do not."""
    firsts, seconds = [], []
    gc.collect()
    gc.freeze()  # or the collector would look through what other figures left behind, time and again
    for number in range(warm + rounds):
        firsts.append(await first(number))
        seconds.append(await second(number))
    gc.unfreeze()
    return Compared(median(firsts[warm:]), median(seconds[warm:]))
