"""The real till with a display on a pole and a buzzer of its own; and with devices that are all broken."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from drivers.beeper import NOTES
from drivers.simulated.pole_display import PoleDisplay
from drivers.simulated.tone_device import FifoBuzzer
from drivers.sound import Sound
from sync.wire.facts import Purchase
from tests.firmware.simulation.test_shop import in_a_shop

if TYPE_CHECKING:
    from pathlib import Path

    from tests.firmware.simulation.test_shop import World

DEVICES = """
[beeper]
device = ["buzzer"]

[display]
path = "pole"
protocol = "escpos"

[screen]
path = "screen"
"""


async def restart_with(world: World, lines: str) -> None:
    shop = world.shop
    assert await shop.plug.shut_down() == 0
    shop.config.write_text(shop.config.read_text() + lines)
    await shop.plug.insert()
    await shop.paper.tear_off()


async def reads(pole: PoleDisplay, upper: str) -> str:
    async with asyncio.timeout(10):
        while pole.lines[0] != upper:
            await asyncio.sleep(0.01)
    return pole.lines[1]


def test_the_buyer_reads_the_amounts_and_the_shopkeeper_hears_a_buzzer_of_its_own(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        buzzer = FifoBuzzer(tmp_path / "buzzer", monotonic_ms=lambda: int(time.monotonic() * 1_000))
        async with PoleDisplay("escpos", path=tmp_path / "pole") as pole, buzzer:
            await restart_with(world, DEVICES)
            await world.fill_basket(card_of=0)
            assert await reads(pole, "TOTAL         45,000") == "      40,000 + 5,000"
            buzzer.take_heard()
            await world.shop.press(world.members[0].pin + "\n")
            assert await reads(pole, "OK            45,000") == "CASH           5,000"
            await world.shop.plug.child.until_told("beeped", sound="APPROVED")
            heard = [note.hz for note in buzzer.take_heard()]
            assert heard[-2:] == [note.hz for note in NOTES[Sound.APPROVED] if note.hz]
            pole.unplug()
            pole.plug_in()
            await world.fill_basket(card_of=1)
            await reads(pole, "TOTAL         45,000")

    in_a_shop(tmp_path, story)


def test_broken_devices_never_stop_a_sale_and_the_printer_s_buzzer_steps_in(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        (tmp_path / "screen").write_bytes(b"no framebuffer")
        await restart_with(world, DEVICES)
        await world.buy(card_of=0)
        torn = await world.shop.paper.tear_off()
        assert "رسید خرید" in torn.texts
        assert torn.beeps[-1] == "APPROVED"
        await world.shop.until_exchanged()
        assert len(world.facts(Purchase)) == 1

    in_a_shop(tmp_path, story)
