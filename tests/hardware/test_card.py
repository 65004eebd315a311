"""The image itself, in a machine: it starts, is given an identity, trades, is killed, and starts from the card as it is.

The image is the one that `make image` made, or the file that LAB_IMAGE names. One machine for the whole story, for a start takes
an emulated machine minutes.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import pytest

from tests.firmware.simulation.test_shop import a_shop
from tests.hardware.card_machine import (
    CONFIG,
    HOME,
    SETTINGS,
    UNIT,
    say,
    unit_settings,
    with_a_card,
)
from tests.hardware.card_start import scanning, start_of, the_till_comes_first
from tests.hardware.conftest import STARTED_S
from tests.hardware.guest_till import MILK

if TYPE_CHECKING:
    from pathlib import Path

    from tests.hardware.card_machine import CardTill, Machine

pytestmark = [pytest.mark.lab, pytest.mark.timeout(3_000)]
WELCOME, REQUEST = "خوش آمدید", "درخواست ثبت صندوق"
SCANNER_TAKEN = "دستگاه تازه از این پس بارکدخوان این صندوق است."
RECEIPT = "رسید خرید"
BLOCK_BYTES = 512
PURCHASES = 5
PURCHASE_BYTES_MAX = 8 << 10
WRITTEN_BACK_S = 45
"""What is not synced, the draft, is written by the kernel within half a minute, and it looks every five seconds."""
IDLE_S = 60
FREE_MEBIBYTES_MIN = 64
# The village's papers are of the past, and no center is there that would say so: a chip that knows the time.
WITH_CHIP = f"""\
{SETTINGS}
[clock]
chip = true
"""


async def give_identity(till: CardTill, folder: Path) -> None:
    """The card's till becomes one that was enrolled, and got its mail, on this machine."""
    async with a_shop(folder) as world:
        assert await world.shop.plug.shut_down() == 0
        till.members = world.members
    await till.does("systemctl", "stop", UNIT)
    # systemd lets no clock be before it was made itself; the village's papers are older.
    await till.does("busybox", "date", "-s", f"@{STARTED_S}")
    for file in await asyncio.to_thread(lambda: [path for path in folder.glob("data/*") if path.is_file()]):
        await till.guest.put(f"{HOME}/{file.name}", file.read_bytes())
    await till.set_up(WITH_CHIP)


async def buy(till: CardTill, *, card_of: int) -> None:
    till.forget()
    await till.fill_basket(card_of=card_of)
    await till.press(till.members[card_of].pin + "\n")
    await till.until_told("beeped", sound="APPROVED")


async def written_bytes(till: CardTill) -> int:
    """What the card's data partition was told to write since the start (Linux Documentation/block/stat.rst: field 7)."""
    _, partition, *_ = (await till.says("busybox", "cat", "/run/card")).split()
    return (
        int((await till.says("busybox", "cat", f"/sys/class/block/{partition}/stat")).split()[6])
        * BLOCK_BYTES
    )


async def free_mebibytes(till: CardTill) -> int:
    said = await till.says("busybox", "cat", "/proc/meminfo")
    found = re.search(r"MemAvailable: +(\d+) kB", said)
    assert found is not None, said
    return int(found[1]) >> 10


async def writes_little(till: CardTill) -> None:
    """A purchase within its bound, what is written late for it included; and then nothing."""
    await asyncio.sleep(WRITTEN_BACK_S)
    before = await written_bytes(till)
    for number in range(PURCHASES):
        await buy(till, card_of=1 - number % 2)
    await asyncio.sleep(WRITTEN_BACK_S)
    after = await written_bytes(till)
    say(f"written for a purchase, bytes: {(after - before) // PURCHASES}")
    assert (after - before) / PURCHASES <= PURCHASE_BYTES_MAX
    # Else the times of files that the purchases changed might be written just now, as they are every five minutes.
    await till.does("busybox", "sync")
    before = await written_bytes(till)
    await asyncio.sleep(IDLE_S)
    assert await written_bytes(till) == before


async def starts_again(machine: Machine) -> None:
    """With all plugged in and somebody at the counter, before anything that it can do without. The journal holds."""
    till = await machine.power_on(settings=unit_settings())
    async with scanning(till, MILK):
        say(f"{await start_of(till, MILK)}")
    await the_till_comes_first(till)
    await till.does("systemctl", "stop", UNIT)
    assert " hold." in await till.says("sofreh-till", "journal", "verify", "--config", CONFIG)


@pytest.mark.smoke
def test_a_new_card_starts_asks_for_its_shop_and_answers_a_scan() -> None:
    async def story(machine: Machine) -> None:
        till = await machine.switch_on()
        await till.set_up(SETTINGS)
        await till.start()
        await till.come_to_its_counter()
        await till.until(lambda: SCANNER_TAKEN in till.texts, what="the scan is answered")
        assert {WELCOME, REQUEST} <= set(till.texts)

    with_a_card(story)


def test_a_card_trades_and_a_machine_killed_in_the_middle_starts_from_it_as_it_is(tmp_path: Path) -> None:
    async def story(machine: Machine) -> None:
        till = await machine.switch_on()
        await give_identity(till, tmp_path)
        await till.start()
        await till.come_to_its_counter()
        await till.until_told("tidied")  # in the first quiet moment after a start, and then long not
        await till.scan_new_product(MILK)
        await till.press("45000\n")
        await buy(till, card_of=0)
        await till.until(lambda: RECEIPT in till.texts, what="the receipt")
        await writes_little(till)
        free = await free_mebibytes(till)
        say(f"memory free, MiB: {free}")
        assert free >= FREE_MEBIBYTES_MIN
        # In the middle of the next one.
        await till.fill_basket(card_of=1)
        await machine.switch_off()
        await starts_again(machine)

    with_a_card(story)
