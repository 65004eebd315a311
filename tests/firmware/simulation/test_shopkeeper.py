"""The person at the terminal, with a till that looks for its printer, is slow, or has no printer or paper."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from firmware.receipt.selftest_slips import ECHO_KEYS, Part, Verdict
from firmware.simulation import shop as shop_module
from firmware.simulation import terminal
from firmware.simulation.center_process import CenterProcess
from firmware.simulation.child import Child
from firmware.simulation.shop import ShopSettings, SimulatedShop
from firmware.simulation.terminal import Shopkeeper, close_for_today, first_exchange, tell
from firmware.simulation.village import Village
from sync.wire.facts import Purchase
from tests.firmware.simulation.test_shop import in_a_shop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.firmware.simulation.test_shop import World


def shopkeeper_of(shop: SimulatedShop) -> Shopkeeper:
    """At a shop whose center nobody asks, in a village where nobody lives."""
    center = CenterProcess(shop.folder / "center", clock=shop.folder / "clock")
    return Shopkeeper(shop, center, Village((), operator_pin=""))


async def typed(world: World, *lines: str) -> None:
    async def one_by_one() -> AsyncIterator[str]:
        for line in lines:
            yield line

    await shopkeeper_of(world.shop).obey(one_by_one())


def printed(world: World) -> list[str]:
    """All that the till has told to have printed, torn off or not."""
    told = map(json.loads, (world.shop.folder / "till.log").read_text().splitlines())
    return [text for event in told if event["event"] == "printed" for text in event["slip"]]


async def until_printed(world: World, text: str) -> None:
    """Let time pass until the till tells that it has printed `text`."""
    async with asyncio.timeout(20):
        while text not in printed(world):
            world.shop.clock.advance(ms=1_000)
            await asyncio.sleep(0.05)


def row(part: Part, verdict: Verdict) -> str:
    return f"{part.value[0]} | {verdict.value[0]}"


def test_a_printer_is_searched_for_with_a_code_and_found_with_a_digit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def story(world: World) -> None:
        child = world.shop.plug.child
        await typed(world, "*20e")
        await child.until_told("printer search", pages=5)
        await typed(world, "1")
        await child.until_told("printer found", baud=9_600)
        await until_printed(world, "چاپگر شناخته شد.")
        assert [text for text in printed(world) if text in "۱۲۳۴۵"] == list("۱۲۳۴۵"), "pages are shown"
        await world.buy(card_of=0)
        assert "رسید خرید" in printed(world)
        assert world.shop.plug.child is child, "nobody pulled the plug"
        assert "the till:" not in capsys.readouterr().out

    in_a_shop(tmp_path, story)


def test_a_till_that_takes_its_time_keeps_its_power(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def story(world: World) -> None:
        child = world.shop.plug.child
        monkeypatch.setattr(shop_module, "HANDLED_WITHIN_MS", 100)
        os.kill(child._process.pid, signal.SIGSTOP)
        await typed(world, "5")
        os.kill(child._process.pid, signal.SIGCONT)
        assert "the till is still at work: input " in capsys.readouterr().out
        monkeypatch.setattr(shop_module, "HANDLED_WITHIN_MS", 20_000)
        await typed(world, "b")
        assert world.shop.plug.child is child
        await world.buy(card_of=0)
        await world.shop.until_exchanged()
        assert len(world.facts(Purchase)) == 1

    in_a_shop(tmp_path, story)


def test_a_till_that_does_not_end_in_order_is_left_to_the_plug(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shop_module, "SHUT_DOWN_WITHIN_MS", 100)

    async def story(world: World) -> None:
        os.kill(world.shop.plug.child._process.pid, signal.SIGSTOP)
        await close_for_today(world.shop)
        assert "it has not ended within 100 ms; its plug is pulled" in capsys.readouterr().out

    in_a_shop(tmp_path, story)


def test_what_could_not_be_printed_is_shown_to_be_missing(capsys: pytest.CaptureFixture[str]) -> None:
    tell({"event": "not printed", "error": "takes no more bytes"})
    assert "not printed: takes no more bytes" in capsys.readouterr().out


def test_a_till_that_has_ended_is_said_to_be_without_power(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def story(world: World) -> None:
        world.shop.plug.child.stop()
        await world.shop.plug.child.until_told("ended")
        await typed(world, "5", "5")
        assert not world.shop.plug.is_in
        shown = capsys.readouterr().out
        assert ":insert starts it again" in shown
        assert "the till has no power" in shown
        await typed(world, ":insert")
        await world.buy(card_of=0)
        assert "رسید خرید" in printed(world)

    in_a_shop(tmp_path, story)


def test_the_echoes_of_the_self_test_can_be_played_from_what_is_shown(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.shop.press("*19\n")
        patterns = [
            text.strip("[]").split() for text in printed(world) if text.startswith(("[bars ", "[QR "))
        ]
        scans = [f":scan {said.strip(chr(0x2066) + chr(0x2069))}" for _, said in patterns]
        await typed(world, *scans, f"{ECHO_KEYS}e", "e")
        for part in (Part.BARS, Part.QR, Part.KEYS):
            assert row(part, Verdict.GOOD) in printed(world)
        assert world.shop.plug.child.state == "IDLE"

    in_a_shop(tmp_path, story)


def test_the_shop_opens_though_the_center_does_not_take_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def story() -> None:
        shop = SimulatedShop(tmp_path, ShopSettings(center_port=0, wall_s=0))
        silent = await asyncio.create_subprocess_exec("sleep", "60")
        shop.plug._child = Child(silent, hear=tell)
        with contextlib.closing(shop.clock):
            await first_exchange(shop)
        silent.kill()
        await silent.wait()

    monkeypatch.setattr(terminal, "EXCHANGED_WITHIN_MS", 50)
    asyncio.run(story())
    (line,) = capsys.readouterr().out.splitlines()
    assert line.endswith("everything that the till has to send; the shop opens all the same")


def test_the_printer_is_pulled_out_and_owes_the_receipt_until_it_is_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def story(world: World) -> None:
        await world.fill_basket(card_of=0)
        await typed(world, ":unplug printer", ":unplug printer")
        await world.shop.press(world.members[0].pin + "\n")
        assert "رسید خرید" not in printed(world)
        await typed(world, ":replug printer", ":replug printer")
        await until_printed(world, "رسید خرید")
        assert "the printer is plugged in" in capsys.readouterr().out

    in_a_shop(tmp_path, story)


def test_a_roll_at_its_end_prints_nothing_and_a_new_one_what_was_swallowed(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.fill_basket(card_of=0)
        await world.shop.paper.tear_off()
        await typed(world, ":paper out")
        await world.shop.press(world.members[0].pin + "\n")
        assert world.shop.printer.tear_off().height == 0
        await typed(world, ":paper in")
        (strip,) = (world.shop.folder / "paper").glob("*.png")
        with Image.open(strip) as receipt:
            assert receipt.height > 500
        await world.shop.until_exchanged()
        assert len(world.facts(Purchase)) == 1

    in_a_shop(tmp_path, story)


@pytest.mark.parametrize("line", [":unplug keypad", ":replug keypad", ":paper", ":paper jam"])
def test_what_cannot_be_done_to_the_printer_is_said(
    line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def story() -> None:
        shop = SimulatedShop(tmp_path, ShopSettings(center_port=0, wall_s=0))
        with contextlib.closing(shop.clock):
            word, _, rest = line[1:].partition(" ")
            await shopkeeper_of(shop)._words[word](rest)

    asyncio.run(story())
    assert "? such as " in capsys.readouterr().out
