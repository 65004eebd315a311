"""The image itself, in a machine: it starts, is given an identity, trades, is killed, and starts from the card as it is.

The image is the one that `make image` made, or the file that LAB_IMAGE names. One machine for the whole story, for a start takes
an emulated machine minutes.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from pathlib import Path

import pytest

from tests.firmware.simulation.test_shop import a_shop
from tests.hardware.card_machine import (
    CONFIG,
    HOME,
    SETTINGS,
    UNIT,
    CardTill,
    Machine,
    image_there,
)
from tests.hardware.conftest import STARTED_S

pytestmark = [pytest.mark.lab, pytest.mark.timeout(3_000)]
RECEIPT = "رسید خرید"
BLOCK_BYTES = 512
PURCHASES = 5
PURCHASE_BYTES_MAX = 8 << 10
WRITTEN_BACK_S = 45
"""What is not synced, the draft, is written by the kernel within half a minute, and it looks every five seconds."""
IDLE_S = 60
MARKS = "ExecMainStartTimestampMonotonic,ActiveEnterTimestampMonotonic"
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
    _, partition = (await till.says("busybox", "cat", "/run/card")).split()
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
    await till.until_told("tidied")
    await asyncio.sleep(WRITTEN_BACK_S)
    before = await written_bytes(till)
    for number in range(PURCHASES):
        await buy(till, card_of=1 - number % 2)
    await asyncio.sleep(WRITTEN_BACK_S)
    after = await written_bytes(till)
    _tell("written for a purchase, bytes", (after - before) // PURCHASES)
    assert (after - before) / PURCHASES <= PURCHASE_BYTES_MAX
    await asyncio.sleep(IDLE_S)
    assert await written_bytes(till) == after


async def starts_again(till: CardTill) -> None:
    """Of what the start was made, until the till was ready. The journal holds."""
    # Of `systemd-analyze` only what is there before the start is over.
    _tell("kernel", await till.says("systemctl", "show", "--property=UserspaceTimestampMonotonic"))
    _tell("till", await till.says("systemctl", "show", f"--property={MARKS}", UNIT))
    _tell("log", await till.says("journalctl", "--boot", "--output=short-monotonic", "--unit", UNIT))
    await till.does("systemctl", "stop", UNIT)
    assert " hold." in await till.says("sofreh-till", "journal", "verify", "--config", CONFIG)


def _tell(what: str, figure: object) -> None:
    print(f"{what}: {figure}", file=sys.stderr)  # noqa: T201 -- the figures of image-build/image/README.md


def test_a_card_trades_and_a_machine_killed_in_the_middle_starts_from_it_as_it_is(tmp_path: Path) -> None:
    image = image_there()

    async def story(folder: Path) -> None:
        machine = Machine(image, folder)
        try:
            till = await machine.switch_on()
            await give_identity(till, tmp_path)
            await till.start()
            await till.plug_in_everything()
            await till.give_role()
            await till.answer_the_search()
            await buy(till, card_of=0)
            assert RECEIPT in till.texts
            await writes_little(till)
            free = await free_mebibytes(till)
            _tell("memory free, MiB", free)
            assert free >= FREE_MEBIBYTES_MIN
            # In the middle of the next one.
            await till.fill_basket(card_of=1)
            await machine.switch_off()
            await starts_again(await machine.switch_on())
        finally:
            await machine.switch_off()

    with tempfile.TemporaryDirectory(prefix="card") as folder:
        asyncio.run(story(Path(folder)))
