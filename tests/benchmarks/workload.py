"""The one workload of all figures: a seeded village that buys at one till.

Every run has the same households, baskets and prices; only the device's keys live in a real key file.
"""

from __future__ import annotations

import itertools
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from msgspec.structs import replace

from drivers.device_key import FileDeviceKey
from firmware.journal.journal import Journal, open_journal
from sync.wire import mail
from sync.wire.catalog import Product
from sync.wire.facts import Line, PriceChanged
from sync.wire.kinds import MailKind, Unit
from tests.fakes.hand_clock import HandClock
from tests.fakes.paper_center import DAY_S, OPENING_S, POLICY, Member, PaperCenter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from firmware.identity import Identity

SEED = 14_040_117
NOW_S = OPENING_S + 8 * 3600
HOUSEHOLDS = 100
LINES_MOST = 8
CREDIT_RIAL = 4_000_000_000
"""Of each household: no run ends for want of credit."""
RULES = replace(
    POLICY,
    limits=replace(
        POLICY.limits, household_purchases=10**6, household_credit_rial=10**12, device_purchases=10**6,
        device_credit_rial=10**13,
    ),
)  # fmt: skip
PRODUCTS = tuple(
    Product(gtin=6_260_000_000_000 + number * 7, good=(1, 8)[number % 2], name=f"کالای {number}", unit=Unit.PIECE)
    for number in range(1, 61)
)  # fmt: skip
UNLISTED = tuple(6_269_000_000_000 + number * 7 for number in range(1, 21))


@dataclass(frozen=True, slots=True)
class Sale:
    """A basket and who buys it."""

    member: Member
    lines: tuple[Line, ...]


class Village:
    """A device in `folder`, enrolled at a center on paper, and the village around it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.center = PaperCenter()
        self.key = FileDeviceKey.create(folder / "device.key", random_bytes=Random(SEED).randbytes)
        self.identity: Identity = self.center.enroll(self.key, now_s=NOW_S)
        self.clock = HandClock(NOW_S)
        self.members = tuple(self.center.member(number) for number in range(1, HOUSEHOLDS + 1))
        self.mails = tuple(self._mails())

    @asynccontextmanager
    async def journal(self, name: str) -> AsyncIterator[Journal]:
        """The device's journal in the file `name`; a new one has its mail applied."""
        async with open_journal(self.folder / name, self.identity, self.clock, version="bench") as journal:
            if journal.mail_head.number == 0:
                await journal.apply_mail(self.mails)
                await _remember_prices(journal)
            yield journal

    def sales(self) -> Iterator[Sale]:
        """Who buys what, without end."""
        chance = Random(SEED)
        while True:
            yield Sale(chance.choice(self.members), _basket(chance))

    def _mails(self) -> list[mail.Mail]:
        center, identity = self.center, self.identity
        households = mail.Households(
            households=tuple(center.household(member, identity) for member in self.members)
        )
        allowances = [
            center.allowance(member.household, amount_rial, until_s=NOW_S + until * DAY_S)
            for member, (amount_rial, until) in itertools.product(
                self.members, ((3_000_000, 20), (CREDIT_RIAL, 40))
            )
        ]
        return [
            *center.rules(RULES, PRODUCTS),
            center.send(households, MailKind.HOUSEHOLDS),
            center.send(mail.Allowances(allowances=tuple(allowances)), MailKind.ALLOWANCES),
        ]


async def _remember_prices(journal: Journal) -> None:
    for (good, gtin, unit), price_rial in PRICES.items():
        await journal.commit(
            journal.draft(PriceChanged(good=good, gtin=gtin, unit=unit, price_rial=price_rial))
        )


def _prices() -> dict[tuple[int, int, Unit], int]:
    """What the shop charges, in rial, for each good and trade number."""
    chance = Random(SEED)
    things = [
        *((product.good, product.gtin, product.unit) for product in PRODUCTS),
        *((0, gtin, Unit.PIECE) for gtin in UNLISTED),
        (5, 0, Unit.TRAY),
        (8, 0, Unit.GRAM),
    ]
    return {thing: chance.randint(60, 250) * 10_000 for thing in things}


def _basket(chance: Random) -> tuple[Line, ...]:
    """One to eight lines, the first always of the list; most are packed, some are eggs, loose rice or of no list."""
    things = [chance.choice(PACKED)]
    for _ in range(chance.randrange(LINES_MOST)):
        kind = chance.random()
        thing = chance.choice(PACKED if kind < 0.6 else NUMBERED if kind < 0.85 else OTHERS)
        if thing not in things:
            things.append(thing)
    return tuple(_line(thing, chance) for thing in things)


def _line(thing: tuple[int, int, Unit], chance: Random) -> Line:
    good, gtin, unit = thing
    quantity = chance.randint(200, 5000) if unit is Unit.GRAM else chance.randint(1, 3)
    return Line(good=good, gtin=gtin, unit=unit, price_rial=PRICES[thing], quantity=quantity)


PRICES = _prices()
PACKED = tuple(thing for thing in PRICES if thing[0] and thing[1])
NUMBERED = tuple(thing for thing in PRICES if not thing[1])
OTHERS = tuple(thing for thing in PRICES if not thing[0])
