"""Before the first day: the center is set up, the village is registered, the till is enrolled and takes up its allowances.

All in separate processes over loopback, by the two commands that people use.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from msgspec import Struct

from firmware.demo.album import Album
from firmware.demo.books import Books
from firmware.demo.calendar import moment_s
from firmware.demo.cards import cut_out
from firmware.demo.heard import Heard, Unmet
from firmware.demo.shelf import LABEL_TEMPLATE
from firmware.demo.story import Story
from firmware.demo.till import Till
from firmware.demo.village import OTHER_SHOP, SHOP, village
from firmware.simulation.center_process import CenterProcess, scheme_file
from firmware.simulation.clock_file import SimulatedClock
from firmware.simulation.shop import ShopSettings, SimulatedShop
from firmware.simulation.village import enroll_till

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from firmware.demo.village import Village

SHOP_NAME, SHOP_PLACE = "فروشگاه روستای سفره", "بخش نمونه، لرستان"
OTHER_NAME, OTHER_PLACE = "فروشگاه آن سوی رود", "بخش نمونه، لرستان"
EVE = "14041016"
INTERVAL_MS = 200
"""Real time between two exchanges, for the story's days pass quickly."""


class Folders(Struct, frozen=True):
    """Where the demo leaves things."""

    out: Path

    @property
    def center(self) -> Path:
        """The center's own folder."""
        return self.out / "center"

    @property
    def shop(self) -> Path:
        """The till's data, its devices and the clock."""
        return self.out / "shop"

    @property
    def slips(self) -> Path:
        """What came out of the printer."""
        return self.out / "slips"

    @property
    def cards(self) -> Path:
        """Household cards to cut out."""
        return self.out / "cards"


@asynccontextmanager
async def made(folders: Folders, *, households: int) -> AsyncIterator[Story]:
    """The world on the eve of the first day; the till runs and holds its allowances. Raises: OrderFailed, Unmet."""
    folders.shop.mkdir(parents=True)
    clock_file = folders.shop / "clock"
    SimulatedClock(clock_file, wall_s=moment_s(EVE, 9)).close()
    people = village(households)
    center = CenterProcess(folders.center, clock=clock_file)
    await center.found()
    await center.serve()
    try:
        await _set_up(center, folders, people)
        heard = Heard()
        settings = ShopSettings(
            center_port=center.port, wall_s=moment_s(EVE, 9), has_display=True, interval_ms=INTERVAL_MS
        )
        async with SimulatedShop(folders.shop, settings, hear=heard.take) as shop:
            ticket = await center.order("enroll", "--shop", SHOP)
            await enroll_till(shop.config, url=shop.link.url, ticket=ticket["ticket"])
            _tell("the till of the shop is enrolled: its key never leaves it")
            async with asyncio.TaskGroup() as group:
                allotting = group.create_task(_allot(center))
                drawing = group.create_task(cut_out(center, folders.cards))
            await allotting
            till = Till(shop, ticket["operator_pin"])
            yield Story(
                people,
                shop,
                till,
                center,
                heard,
                Books(people),
                Album(folders.slips),
                folders.out,
                await drawing,
            )
    finally:
        await center.stop()


async def takes_up_allowances(story: Story) -> None:
    """Power on, and the mail of the center in the till's journal. Raises: Unmet."""
    await story.shop.plug.insert()
    await story.shop.until_exchanged()
    exchanged = story.heard.facts["exchanged"]
    if exchanged["head"] != exchanged["held"]:
        raise Unmet("the till has not sent everything on the eve")
    _tell(f"the till holds its allowances; {exchanged['held']} entries are at the center")
    story.album.keep((await story.shop.paper.tear_off()).picture, "16-01-power-on")


async def _set_up(center: CenterProcess, folders: Folders, people: Village) -> None:
    await center.order("policy", "load", scheme_file("tir-1404.toml"))
    await center.order("policy", "catalog", scheme_file("catalog-1404.csv"))
    for number, name, place in ((SHOP, SHOP_NAME, SHOP_PLACE), (OTHER_SHOP, OTHER_NAME, OTHER_PLACE)):
        await center.order("shop", "add", number, name, place, "--label-template", LABEL_TEMPLATE)
    listed = folders.out / "households.csv"
    people.write(listed)
    imported = await center.order("import-households", listed)
    _tell(f"{imported['households']} households of all cohorts are registered, with a card and a PIN each")
    expired = await center.order("allot")
    if expired["tranches_expired"] == 0 or expired["amount_rial"]:
        raise Unmet("the phase of Tir is over and gives nothing any more")
    _tell("the phase of Tir is loaded: its tranches have expired, nothing is allotted")
    await center.order("policy", "load", scheme_file("dey-1404.toml"))


async def _allot(center: CenterProcess) -> None:
    allotted = await center.order("allot")
    device = allotted["devices"][0]
    _tell(
        f"the phase of Dey is loaded: {allotted['amount_rial'] // 10:,} toman are due, "
        f"{device['amount_rial'] // 10:,} of them reserved for the till in {device['allowances']} allowances"
    )


def _tell(sentence: str) -> None:
    print(f"  {sentence}", flush=True)
