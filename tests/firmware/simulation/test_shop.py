"""The real till in a process of its own: it sells, it is cut off, it loses power, and nothing is lost or doubled."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from drivers.device_key import FileDeviceKey
from firmware import identity
from firmware.simulation.shop import ShopSettings, SimulatedShop
from firmware.technician.enrollment import enroll, ticket_from
from sync.wire import card
from sync.wire.facts import Booted, Closing, OutageClosed, OutageOpened, Purchase
from tests.fakes.answering_center import AnsweringCenter
from tests.fakes.enrolling_center import EnrollingCenter
from tests.fakes.hand_clock import HandClock
from tests.fakes.paper_center import OPENING_S, OPERATOR_PIN
from tests.fakes.served_center import served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from tests.fakes.paper_center import Member

NOW_S = OPENING_S + 8 * 3600


class World:
    """A shop, its center, and two households."""

    def __init__(self, shop: SimulatedShop, center: AnsweringCenter, members: tuple[Member, ...]) -> None:
        self.shop = shop
        self.center = center
        self.members = members

    async def fill_basket(self, *, card_of: int) -> None:
        """One milk at 45,000 toman, and a household's card."""
        await self.shop.press("1/")
        if self.shop.plug.child.state == "PRICE":
            await self.shop.press("45000\n")
        await self.shop.scan(card.to_qr(self.members[card_of].card))
        await self.shop.press("+")

    async def buy(self, *, card_of: int) -> None:
        await self.fill_basket(card_of=card_of)
        await self.shop.press(self.members[card_of].pin + "\n")

    def facts(self, kind: type) -> list[object]:
        return [entry.fact for entry in self.center.entries if isinstance(entry.fact, kind)]


@asynccontextmanager
async def a_shop(folder: Path, *, has_clock_chip: bool = True) -> AsyncIterator[World]:
    counter = EnrollingCenter()
    await enroll(
        folder / "data",
        ticket_from(counter.ticket),
        "http://127.0.0.1:1",
        counter,
        software="1",
        random_bytes=bytes,
    )
    key = FileDeviceKey.load(folder / "data" / identity.KEY_FILE)
    enrolled = counter.paper.enroll(key)
    members = (counter.paper.member(1), counter.paper.member(2))
    center = AnsweringCenter(counter.paper, enrolled, HandClock(NOW_S))
    center.mail = counter.paper.village(enrolled, members)
    async with served(center) as port:
        settings = ShopSettings(
            center_port=port, wall_s=NOW_S, has_clock_chip=has_clock_chip, interval_ms=200
        )
        async with SimulatedShop(folder, settings) as shop:
            await shop.plug.insert()
            await shop.until_exchanged()
            yield World(shop, center, members)


def in_a_shop(folder: Path, story: Callable[[World], Awaitable[None]], **settings: bool) -> None:
    async def run() -> None:
        async with a_shop(folder, **settings) as world:
            await story(world)

    asyncio.run(run())


def test_trade_goes_on_without_network_and_goes_up_when_it_is_back(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        shop = world.shop
        await world.buy(card_of=0)
        torn = await shop.paper.tear_off()
        assert "رسید خرید" in torn.texts
        assert torn.picture.width == 384
        assert torn.beeps[-1] == "APPROVED"
        await shop.until_exchanged()
        assert len(world.facts(Purchase)) == 1
        shop.link.cut()
        await world.buy(card_of=1)
        await shop.plug.child.until_told("link", up=False)
        await shop.press(f"*12\n{OPERATOR_PIN}\n5000\n")
        await shop.link.restore()
        await shop.plug.child.until_told("link", up=True)
        await shop.until_exchanged()
        assert len(world.facts(Purchase)) == 2
        assert len(world.facts(Closing)) == 1
        assert (len(world.facts(OutageOpened)), len(world.facts(OutageClosed))) == (1, 1)

    in_a_shop(tmp_path, story)


def test_a_pulled_plug_loses_nothing_and_charges_nothing_twice(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        shop = world.shop
        await world.fill_basket(card_of=0)
        await shop.press_without_waiting(world.members[0].pin + "\n")
        await shop.plug.child.until_told("beeped", sound="APPROVED")
        await shop.plug.pull()
        await shop.paper.tear_off()
        await shop.plug.insert()
        torn = await shop.paper.tear_off()
        assert "رسید خرید" in torn.texts
        await shop.until_exchanged()
        assert [fact.clean for fact in world.facts(Booted) if isinstance(fact, Booted)] == [True, False]
        assert await shop.plug.shut_down() == 0
        await shop.plug.insert()
        torn = await shop.paper.tear_off()
        assert "رسید خرید" not in torn.texts
        await shop.until_exchanged()
        assert len(world.facts(Purchase)) == 1
        assert [fact.clean for fact in world.facts(Booted) if isinstance(fact, Booted)] == [True, False, True]

    in_a_shop(tmp_path, story)


def test_a_printer_that_was_pulled_out_prints_what_it_owes_when_it_is_back(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        shop = world.shop
        await world.fill_basket(card_of=0)
        await shop.paper.tear_off()
        shop.printer.unplug()
        await shop.press(world.members[0].pin + "\n")
        shop.printer.plug_in()
        async with asyncio.timeout(20):
            while "رسید خرید" not in shop.plug.texts:
                shop.clock.advance(ms=1_000)
                await asyncio.sleep(0.05)
        await shop.until_exchanged()
        assert len(world.facts(Purchase)) == 1

    in_a_shop(tmp_path, story)


def test_a_till_without_a_clock_chip_and_network_asks_for_the_date(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        shop = world.shop
        await shop.plug.pull()
        shop.link.cut()
        await shop.paper.tear_off()
        await shop.plug.insert()
        await shop.press("14041018\n\n")
        await world.buy(card_of=0)
        torn = await shop.paper.tear_off()
        assert "رسید خرید" in torn.texts

    in_a_shop(tmp_path, story, has_clock_chip=False)


def test_a_scanner_pulled_out_in_the_middle_of_a_sale_is_told_and_the_sale_goes_on(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        shop = world.shop
        await world.fill_basket(card_of=0)
        shop.pull_out_scanner()
        await shop.plug.child.until_told("devices", change="missing", roles=["scanner"])
        await shop.press(world.members[0].pin + "\n")
        shop.plug_in_scanner()
        await shop.plug.child.until_told("devices", change="back", roles=["scanner"])
        await world.buy(card_of=1)
        torn = await shop.paper.tear_off()
        assert sum(text.startswith("بارکدخوان") for text in torn.texts) == 2, "gone and back, each once"
        await shop.until_exchanged()
        assert len(world.facts(Purchase)) == 2

    in_a_shop(tmp_path, story)
