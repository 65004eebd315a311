"""A village without a signal: a technician brings a till, enrolls it with her laptop, and reports when she is back.

Real processes: the till with simulated devices, the center, and the technician's laptop; the request is read off the printed slip, the answer
off the laptop's page, as cameras and scanners would.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
import zxingcpp

from firmware.receipt.enrollment_slips import Wrong
from firmware.receipt.prompt_slips import Prompt
from firmware.simulation.center_process import CenterProcess
from firmware.simulation.clock_file import SimulatedClock
from firmware.simulation.shop import ShopSettings, SimulatedShop, TornOff
from firmware.simulation.village import SHOP, enroll_till, settle_village, village_of
from sync.wire import receipt_qr
from sync.wire.credential import SlimMandate, TrustedKeys, trust
from tests.firmware.enrolling.laptop import Laptop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from firmware.simulation.village import Villager

MORNING_S = 1_767_850_200
"""Thu 18 Dey 1404, 09:00 in Iran: a day after the phase opened for supported households."""


class World:
    """The shop, its center, and the technician's laptop, one clock for all."""

    def __init__(self, shop: SimulatedShop, center: CenterProcess) -> None:
        self.shop, self.center = shop, center
        self.laptop = Laptop(shop.folder / "laptop", clock=shop.folder / "clock")

    async def set_out(self, *more: str | Path | int) -> dict[str, Any]:
        """The technician gets mandates for her laptop."""
        return await self.laptop.set_out(self.center, self.shop.link.url, *more)

    async def scan_all(self, told: dict[str, Any]) -> None:
        for text in told["qrs"]:
            await self.shop.scan(text)

    def has_stick(self) -> None:
        """It has a slot for sticks. Before the plug is in."""
        config = self.shop.config
        config.write_text(f'{config.read_text()}[stick]\nfolder = "stick"\n')

    async def welcome(self) -> TornOff:
        """Plug the till in: welcome, self-test and request. On a busy machine its printer comes after `ready`."""
        plug = self.shop.plug
        await plug.insert()
        await plug.child.until(lambda: "درخواست ثبت صندوق" in plug.texts, what="the request")
        return await self.shop.paper.tear_off()

    async def signal(self) -> None:
        """The shop has a network, and the center answers."""
        await self.center.serve(port=self.shop.settings.center_port)
        await self.shop.link.restore()

    async def trade(self) -> None:
        """Wait until the till is one that sells."""
        await self.shop.plug.child.until_told("opened")
        await self.shop.plug.child.until_told("ready", timeout_ms=30_000)
        self.shop.plug.inputs_sent = self.shop.plug.child.inputs_handled = 0


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A center's folder with a village in it, for each story to begin from."""
    folder = tmp_path_factory.mktemp("settled")

    async def settle() -> None:
        clock = SimulatedClock(folder / "clock", wall_s=MORNING_S)
        center = CenterProcess(folder / "center", clock=clock.path)
        await center.found()
        await center.serve()
        await settle_village(center, households=10)
        await village_of(center)
        await center.order("allot")
        await center.stop()

    asyncio.run(settle())
    return folder / "center"


@asynccontextmanager
async def village(folder: Path, settled: Path) -> AsyncIterator[World]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with SimulatedShop(folder / "shop", ShopSettings(center_port=port, wall_s=MORNING_S)) as shop:
        shop.link.cut()
        center = CenterProcess(folder / "center", clock=shop.folder / "clock")
        shutil.copytree(settled, center.folder)
        try:
            yield World(shop, center)
        finally:
            await center.stop()


def request_on(paper: TornOff, folder: Path) -> Path:
    """A photo of the slip, with the request's QR in it."""
    photo = folder / "photo.png"
    paper.picture.save(photo)
    return photo


def receipts_on(paper: TornOff) -> list[str]:
    found = zxingcpp.read_barcodes(paper.picture.convert("L"))
    return [code.text for code in found if code.text.startswith(receipt_qr.PREFIX)]


def trusted_by(center: CenterProcess) -> TrustedKeys:
    keys = center.folder / "keys"
    return trust(
        (keys / "root.public").read_bytes(), [path.read_bytes() for path in keys.glob("*.delegation")]
    )


async def _supported(world: World) -> Villager:
    people = (await village_of(world.center)).villagers
    return next(one for one in people if one.supported)


async def enrolled_by_paper(world: World, folder: Path, *more: object) -> dict[str, Any]:
    """From the plug to the shop's slip, which is left in the printer."""
    welcome = await world.welcome()
    assert "خوش آمدید" in welcome.texts
    told = await world.laptop.answer(request_on(welcome, folder), *more)
    await world.scan_all(told)
    offered = "".join((await world.shop.paper.tear_off()).texts)
    assert told["root_fingerprint"] in re.sub(r"[^0-9a-f]", "", offered), "to be compared"
    await world.shop.press("\n")
    await world.trade()
    return told


async def buys(world: World, villager: Villager) -> TornOff:
    """A household buys two trays of eggs with its card and PIN."""
    await world.shop.paper.tear_off()
    await world.shop.scan(villager.card_qr)
    await world.shop.press("2*2/")
    await world.shop.press("150000\n+")
    await world.shop.press(f"{villager.pin}\n")
    return await world.shop.paper.tear_off()


def issuer_on(paper: TornOff, world: World) -> int | SlimMandate:
    """Whose credential stands in the receipt's QR, once anybody with the root's key has verified it."""
    return receipt_qr.verify(receipts_on(paper)[-1], trusted_by(world.center)).slim.issuer


@pytest.mark.timeout(240)
def test_a_till_is_enrolled_from_paper_and_reported_later(tmp_path: Path, settled: Path) -> None:
    async def story() -> None:
        async with village(tmp_path, settled) as world:
            given = await world.set_out()
            told = await enrolled_by_paper(world, tmp_path)
            assert told["device"] == given["devices"][0]
            sheet = await world.shop.paper.tear_off()
            assert "برگه تحویل صندوق" in sheet.texts
            await world.shop.press("*10\n")
            status = await world.shop.paper.tear_off()
            assert isinstance(issuer_on(status, world), SlimMandate)
            name = sheet.texts[sheet.texts.index("برگه تحویل صندوق") + 1]
            assert name in status.texts, "known before the first mail"
            # a signal: the till introduces itself; then she comes home and reports the same
            await world.signal()
            await world.shop.until_exchanged()
            reported = await world.laptop.introduce(world.center)
            assert [one["good"] for one in reported["introduced"]] == [True]
            await world.shop.press("*10\n")
            assert issuer_on(await world.shop.paper.tear_off(), world) == 2, "the center's own, by mail"
            receipt = await buys(world, await _supported(world))
            assert issuer_on(receipt, world) == 2
            await world.shop.until_exchanged()
            await world.center.stop()
            assert (await world.center.order("verify"))["sound"]
            assert (await world.center.order("report"))["devices"][0]["agrees"]

    asyncio.run(story())


@pytest.mark.timeout(240)
def test_with_a_stick_a_shop_without_any_network_trades_on_the_first_day(
    tmp_path: Path, settled: Path
) -> None:
    async def story() -> None:
        async with village(tmp_path, settled) as world:
            await world.set_out()
            world.has_stick()
            away = tmp_path / "pocket"
            away.mkdir()
            welcome = await world.welcome()
            told = await world.laptop.answer(request_on(welcome, tmp_path), "--stick", away)
            away.rename(world.shop.folder / "stick")
            await world.shop.plug.child.until(
                lambda: "پاسخ خوانده شد" in world.shop.plug.texts, what="the stick is read"
            )
            await world.shop.press("\n")
            await world.trade()
            plug = world.shop.plug
            await plug.child.until(lambda: "صندوق راه‌اندازی شد" in plug.texts, what="its first rules")
            receipt = await buys(world, await _supported(world))
            assert isinstance(issuer_on(receipt, world), SlimMandate)
            assert any("سهم خریدار" in row for row in receipt.texts)
            # the stick was visited by itself, and goes to the center, whose answer comes back with it
            assert (world.shop.folder / "stick" / f"S{told['device']}.Q01").exists()
            (world.shop.folder / "stick").rename(away)
            await world.center.order("introduce", world.laptop.folder / "answered.cbor")
            await world.center.order("import", away)
            await world.center.order("export", away)
            away.rename(world.shop.folder / "stick")
            await world.shop.plug.child.until_told("stick", taken=1, wrong=0)
            await world.shop.press("*10\n")
            assert issuer_on(await world.shop.paper.tear_off(), world) == 2, "the center's own, by stick"

    asyncio.run(story())


@pytest.mark.timeout(240)
def test_a_wrong_enrollment_is_undone_by_keypad_and_the_till_asks_with_new_keys(
    tmp_path: Path, settled: Path
) -> None:
    async def story() -> None:
        async with village(tmp_path, settled) as world:
            wrong, right = (await world.set_out("--devices", 2))["devices"]
            world.has_stick()
            away = tmp_path / "pocket"
            away.mkdir()
            told = await enrolled_by_paper(world, tmp_path)
            assert told["device"] == wrong
            await world.shop.paper.tear_off()
            await world.shop.press("*24\n9999\n")
            paper = await world.shop.paper.tear_off()
            assert Prompt.UNDO_OTHER_DEVICE.value in paper.texts
            child = world.shop.plug.child
            await world.shop.press_without_waiting(f"*24*{wrong}\n")
            plug = world.shop.plug
            await child.until(lambda: "درخواست ثبت صندوق" in plug.texts, what="it asks anew")
            world.shop.plug.inputs_sent = child.inputs_handled = 0
            welcome = await world.shop.paper.tear_off()
            assert f"ثبت دستگاه \u2066{wrong}\u2069 باطل شد. صندوق اکنون از نو آماده می‌شود." in welcome.texts
            # the old answer is for keys that are no more
            await world.scan_all(told)
            assert Wrong.OTHER_DEVICE.value in (await world.shop.paper.tear_off()).texts
            told = await world.laptop.answer(request_on(welcome, tmp_path), "--stick", away)
            assert told["device"] == right
            await world.scan_all(told)
            await world.shop.press("\n")
            await child.until_told("enrolled", device=right)
            aside = world.shop.folder / "data" / f"undone-{wrong}-1"
            assert {"device.key", "identity.cbor", "journal.db"} <= {path.name for path in aside.iterdir()}
            # enrolled by QRs, it takes its first mail off the stick with the same answer
            await world.trade()
            assert "صندوق راه‌اندازی شد" not in plug.texts
            away.rename(world.shop.folder / "stick")
            await child.until_told("stick", taken=1, wrong=0)
            await child.until(lambda: "صندوق راه‌اندازی شد" in plug.texts, what="its first rules")

    asyncio.run(story())


@pytest.mark.timeout(240)
def test_a_power_cut_at_any_step_of_an_enrollment_is_gone_on_from(tmp_path: Path, settled: Path) -> None:
    async def story() -> None:
        async with village(tmp_path, settled) as world:
            await world.set_out()
            shop = world.shop
            welcome = await world.welcome()
            told = await world.laptop.answer(request_on(welcome, tmp_path))
            first, *rest = told["qrs"]
            again = welcome
            # between two QRs; and with all of them read, before Enter
            for read in ([first], [first, *rest]):
                for text in read:
                    await shop.scan(text)
                await shop.plug.pull()
                again = await world.welcome()
                assert "درخواست ثبت صندوق" in again.texts
            assert (await world.laptop.answer(request_on(again, tmp_path)))["device"] == told["device"]
            # in the very moment of Enter: it asks, or it is enrolled and owes the shop's slip
            for wait_s in (0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8):
                await world.scan_all(told)
                await shop.press_without_waiting("\n")
                await asyncio.sleep(wait_s)
                await shop.plug.pull()
                await shop.plug.insert()
                if (shop.folder / "data" / "identity.cbor").exists():
                    break
            await world.trade()
            assert "برگه تحویل صندوق" in (await shop.paper.tear_off()).texts
            assert not (shop.folder / "data" / "handover.owed").exists()

    asyncio.run(story())


@pytest.mark.timeout(240)
def test_a_technician_s_command_enrolls_a_till_that_is_asking(tmp_path: Path, settled: Path) -> None:
    async def story() -> None:
        async with village(tmp_path, settled) as world:
            await world.signal()
            await world.shop.plug.insert()
            ticket = (await world.center.order("enroll", "--shop", SHOP))["ticket"]
            await enroll_till(world.shop.config, url=world.shop.link.url, ticket=ticket)
            await world.shop.plug.child.until_told("opened")
            await world.shop.plug.child.until(
                lambda: "صندوق راه‌اندازی شد" in world.shop.plug.texts, what="its first rules"
            )

    asyncio.run(story())
