"""A village that nobody lives in: synthetic households with valid national IDs, the same for the same size.

Rules: no names; the first households of each cohort have a given number of members, for the story counts on them; the
rest is drawn by a seeded generator. The IDs begin with 999, so that they are easily told from real ones.
Must not know: what anybody buys.
"""

from __future__ import annotations

import csv
import random
from typing import TYPE_CHECKING

from msgspec import Struct

from sync.wire.numbers import is_national_id

if TYPE_CHECKING:
    from pathlib import Path

SEED = 1404
PREFIX = "999"
SHOP = 501
OTHER_SHOP = 502
SUPPORTED, LOW, MIDDLE, UPPER = 1, 2, 3, 4
"""The cohorts of the Dey policy: under a support body, deciles 1-3, 4-7, 8-10."""
DECILES = {SUPPORTED: (1, 3), LOW: (1, 3), MIDDLE: (4, 7), UPPER: (8, 10)}
SHARES = {SUPPORTED: 24, LOW: 28, MIDDLE: 30, UPPER: 18}
"""Of a hundred households."""
MEMBERS_OF_THE_FIRST = {
    SUPPORTED: (4, 3, 1, 9, 5, 2, 4, 6),
    LOW: (4, 1, 5, 3, 2, 6, 4, 3),
    MIDDLE: (4, 3, 5, 2, 1, 4, 3, 6),
    UPPER: (3, 4, 2, 5),
}
"""The cast: what the story needs to know of them beforehand."""
COLUMNS = ("national_id", "members", "decile", "supported", "shop", "phone")


class Household(Struct, frozen=True):
    """One household. `number` is the center's: its row in the list."""

    number: int
    national_id: str
    members: int
    decile: int
    cohort: int
    shop: int

    @property
    def row(self) -> tuple[str, int, int, int, int, str]:
        """Its row for `sofreh-central import-households`."""
        supported = int(self.cohort == SUPPORTED)
        return self.national_id, self.members, self.decile, supported, self.shop, ""


class Village(Struct, frozen=True):
    """All households, in the order of the list."""

    households: tuple[Household, ...]

    def of(self, cohort: int, place: int) -> Household:
        """The household at this place, from 1, of a cohort at the story's shop."""
        return [one for one in self.households if (one.cohort, one.shop) == (cohort, SHOP)][place - 1]

    @property
    def at_the_shop(self) -> tuple[Household, ...]:
        """Households of the story's shop."""
        return tuple(one for one in self.households if one.shop == SHOP)

    @property
    def unknown_national_id(self) -> str:
        """A valid national ID that nobody here has."""
        return _national_id(random.Random(0), {one.national_id for one in self.households})  # noqa: S311 -- no secret

    @property
    def strangers(self) -> tuple[Household, ...]:
        """Households of the other shop."""
        return tuple(one for one in self.households if one.shop == OTHER_SHOP)

    def write(self, path: Path) -> None:
        """Write the list that the center imports."""
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            writer.writerows(one.row for one in self.households)


def village(size: int) -> Village:
    """A village of `size` households at the shop, and a tenth of that at the other one."""
    chance = random.Random(SEED)  # noqa: S311 -- no secret -- a village, not a key
    made: list[Household] = []
    taken: set[str] = set()
    for shop, households in ((SHOP, size), (OTHER_SHOP, max(1, size // 10))):
        for cohort, count in _counts(households).items():
            for place in range(count):
                national_id = _national_id(chance, taken)
                members = _members(
                    chance, cohort, place if shop == SHOP else len(MEMBERS_OF_THE_FIRST[cohort])
                )
                decile = chance.randint(*DECILES[cohort])
                made.append(Household(len(made) + 1, national_id, members, decile, cohort, shop))
    return Village(tuple(made))


def _counts(households: int) -> dict[int, int]:
    """How many of each cohort; at least one, and the sum is right."""
    counts = {cohort: max(1, households * share // 100) for cohort, share in SHARES.items()}
    counts[MIDDLE] = max(1, counts[MIDDLE] + households - sum(counts.values()))
    return counts


def _members(chance: random.Random, cohort: int, place: int) -> int:
    first = MEMBERS_OF_THE_FIRST[cohort]
    return first[place] if place < len(first) else chance.choice((1, 2, 2, 3, 3, 4, 4, 4, 5, 5, 6, 7))


def _national_id(chance: random.Random, taken: set[str]) -> str:
    while True:
        nine = f"{PREFIX}{chance.randrange(10**6):06d}"
        whole = next(nine + digit for digit in "0123456789" if is_national_id(nine + digit))
        if whole not in taken:
            taken.add(whole)
            return whole
