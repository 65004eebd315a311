"""What happens to the till rather than at it: power cuts, cold nights, a center that is far away."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from firmware.till.conversation import RETRY_MS

if TYPE_CHECKING:
    from firmware.demo.story import Story
    from firmware.demo.village import Household

SLOW_BYTES_PER_S = 6_000
BEGUN_BYTES = 900
"""A beep and the first rows of a receipt."""
POLL_S = 0.01
TOLD_WITHIN_S = 15


async def line_breaks(story: Story) -> None:
    """The line to the center is cut, and the till has noticed."""
    story.shop.link.cut()
    await story.until(lambda: story.heard.facts["link"]["up"] is False, "the till notices")


async def power_cut(story: Story) -> None:
    """The process is killed at once, and started again."""
    await story.shop.plug.pull()
    await story.shop.plug.insert()


async def power_cut_in_the_receipt(story: Story, keys: str) -> None:
    """`keys` end a purchase; the power goes while a slow printer has printed the first rows of its receipt."""
    printer = story.shop.printer
    before = printer.paper.bytes_taken
    printer.pace(SLOW_BYTES_PER_S)
    await story.shop.press_without_waiting(keys)
    async with asyncio.timeout(10):
        while printer.paper.bytes_taken < before + BEGUN_BYTES:  # noqa: ASYNC110 -- paper moves, and tells nobody
            await asyncio.sleep(POLL_S)
    await story.shop.plug.pull()
    printer.pace(None)
    await printer.settle()
    await story.shop.plug.insert()


async def printer_is_back(story: Story, *, owes: str, times: int) -> None:
    """The printer is plugged in again; what it owes comes out, a little later."""
    story.shop.printer.plug_in()
    async with asyncio.timeout(TOLD_WITHIN_S):
        while sum(owes in text for text in story.heard.texts) < times:
            story.shop.clock.advance(ms=RETRY_MS)
            await asyncio.sleep(POLL_S * 10)


async def night(story: Story, *, has_clock_chip: bool = True) -> None:
    """The till is switched off in order and on again; without a clock chip nobody knows the time then."""
    await story.shop.plug.shut_down()
    story.shop.write_config(has_clock_chip=has_clock_chip)
    await story.shop.plug.insert()


async def code_for(story: Story, household: Household) -> str:
    """The center gives out a one-time code, by telephone: the till need not be reached."""
    given = await story.center.order("code", household.national_id)
    code = str(given["code"])
    story.codes[household.number] = code
    return code


async def announced(story: Story, tranche: int) -> str:
    """The center announces a tranche on the radio; its code, which everybody remembers."""
    if tranche not in story.announcements:
        story.announcements[tranche] = str((await story.center.order("announce", tranche))["code"])
    return story.announcements[tranche]


async def held_by_the_center(story: Story) -> int:
    """How many entries of the till the center holds."""
    report = await story.center.order("report")
    return int(report["devices"][0]["held"])
