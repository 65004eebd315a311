"""What a scanner and a keypad must do for the till, whether they are simulated or real."""

from __future__ import annotations

import asyncio
import string
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.hardware.benches import Bench
    from tests.hardware.conftest import BenchTeller

OIL = "6260000000019"
GOODS = (OIL, "6260000000026", "6260000000033")
BETWEEN_GOODS_S = 0.4
"""No hand is faster."""
PRINTABLE = "".join(character for character in string.printable if character.isprintable())


def gtin(digits: str) -> list[object]:
    return ["GtinScan", {"gtin": digits.zfill(14)}]


@pytest.mark.smoke
def test_a_burst_of_thirteen_digits_arrives_in_order(on_a_scanner: BenchTeller) -> None:
    async def story(bench: Bench) -> None:
        driver = await bench.scanner_driver()
        for code in GOODS:
            bench.scan(code)
            assert await driver.says() == gtin(code)
            await asyncio.sleep(BETWEEN_GOODS_S)

    on_a_scanner(story)


def test_every_printable_character_arrives_as_itself(on_a_scanner: BenchTeller) -> None:
    async def story(bench: Bench) -> None:
        driver = await bench.scanner_driver()
        bench.scan(PRINTABLE)
        assert await driver.says() == ["TextScan", {"text": PRINTABLE}]

    on_a_scanner(story)


def test_a_code_of_a_thousand_characters_arrives_whole(on_a_scanner: BenchTeller) -> None:
    text = "NCFXW0BSAK1:%$*+" * 62

    async def story(bench: Bench) -> None:
        driver = await bench.scanner_driver()
        bench.scan(text)
        assert await driver.says() == ["TextScan", {"text": text}]

    on_a_scanner(story)


def test_half_a_scan_is_told_and_is_no_part_of_the_next(on_a_scanner: BenchTeller) -> None:
    async def story(bench: Bench) -> None:
        driver = await bench.scanner_driver()
        bench.scan_half(OIL[:7])
        assert await driver.says() == ["BadScan", {"reason": "half"}]
        await asyncio.sleep(BETWEEN_GOODS_S)
        bench.scan(OIL)
        assert await driver.says() == gtin(OIL)

    on_a_scanner(story)


@pytest.mark.smoke
def test_keys_of_the_pad_mean_digits_whatever_num_lock_does(on_a_bench: BenchTeller) -> None:
    async def story(bench: Bench) -> None:
        driver = await bench.keypad_driver()
        await bench.press("0123456789+-*/.\n\b")
        wanted = [f"D{digit}" for digit in range(10)]
        wanted += ["PLUS", "MINUS", "TIMES", "DIVIDE", "DOT", "ENTER", "BACKSPACE"]
        assert [(await driver.says())[0] for _ in wanted] == wanted

    on_a_bench(story)


def test_keys_with_two_and_three_zeros_have_names(on_a_bench: BenchTeller) -> None:
    async def story(bench: Bench) -> None:
        driver = await bench.keypad_driver()
        bench.press_zeros(2)
        bench.press_zeros(3)
        await bench.press("7")
        assert [await driver.says() for _ in range(3)] == [["DOUBLE_ZERO"], ["TRIPLE_ZERO"], ["D7"]]

    on_a_bench(story)


def test_a_key_that_is_held_counts_once(on_a_bench: BenchTeller) -> None:
    async def story(bench: Bench) -> None:
        driver = await bench.keypad_driver()
        bench.hold_key("5")
        assert await driver.says() == ["D5"]
        await bench.press("6")
        assert await driver.says() == ["D6"]

    on_a_bench(story)
