"""An update of the card, from the stick to the slot that is kept: the power goes in the middle, and the board starts what it was told.

The image is that of `make image KEY=...`, or the file that LAB_IMAGE names; LAB_UPDATE names the update of a later one with the same key.
"""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from firmware import boot
from firmware.technician import update_files
from lab.guest import GuestFailed
from lab.qemu_devices import QemuDevices
from tests.fakes.paper_center import OPERATOR_PIN
from tests.hardware import sticks
from tests.hardware.card_machine import CONFIG, STARTS_WITHIN_S, UNIT, unit_settings, with_a_card
from tests.hardware.test_card import WITH_CHIP, give_identity

if TYPE_CHECKING:
    from tests.hardware.card_machine import CardTill, Machine

pytestmark = [pytest.mark.lab, pytest.mark.timeout(3_000)]
SETTINGS = f"""\
{WITH_CHIP}
[stick]
folder = "/run/sofreh/stick"
"""
STICK_SOCKET = 4
STICK_MEBIBYTES = 128
CUT_AT_PERCENT = 30
SLOW_BYTES_PER_S = 1 << 19
"""Of a stick that leaves time to cut the power in the middle."""
WRITTEN_WITHIN_S = 900
OLD_ROOT, NEW_ROOT, NEW_BOOT = "vda5", "vda6", 3
OFFERED, CUT_OFF = "نسخه تازه روی حافظه", "برق پیش از پایان نصب رفت."
RUNS = "نسخه تازه کار می‌کند"


def update_there() -> Path:
    given = os.environ.get("LAB_UPDATE", "")
    if not given or not Path(given).exists():
        pytest.skip("LAB_UPDATE names no update: `make image KEY=...` of a later commit makes one")
    return Path(given)


async def reads(till: CardTill, text: str) -> None:
    """Wait until this row is on paper."""
    await till.until(lambda: text in till.texts, what=text)


async def orders(till: CardTill, stick: Path, *, bytes_per_s: int = 0) -> None:
    """The stick is put in, the till offers what lies there, and the operator takes it."""
    await QemuDevices(till.guest.emulator).plug_in_stick(stick, socket=STICK_SOCKET, bytes_per_s=bytes_per_s)
    await reads(till, OFFERED)
    till.forget()
    await till.press(f"*25\n{OPERATOR_PIN}\n")
    await till.until_told("update", step="ordered")


def percent_in(said: list[str]) -> int:
    """How far the update is, as last told."""
    told = [json.loads(line) for line in said if line.startswith("{")]
    assert not any("failed" in one or "done" in one for one in told), "it is cut in the middle"
    return max((one["percent"] for one in told), default=0)


async def started(machine: Machine, *, partition: int | None = None) -> CardTill:
    """The machine has power again, and its till talks."""
    till = await machine.power_on(settings=unit_settings(), partition=partition)
    async with asyncio.TaskGroup() as group:
        group.create_task(till.plug_in_printer())
        group.create_task(till.plug_in_pad())
    await till.guest.answers(within_s=STARTS_WITHIN_S)
    till.listen_from("--no-tail")
    await till.until_told("ready")
    return till


async def root_of(till: CardTill) -> str:
    return (await till.says("busybox", "cat", "/run/card")).split()[2]


async def is_cut_off_in_the_middle(machine: Machine, stick: Path, folder: Path) -> None:
    till = await machine.switch_on()
    await give_identity(till, folder)
    await till.set_up(SETTINGS)
    await till.start()
    await till.plug_in_printer()
    await till.plug_in_pad()
    await till.answer_the_search()
    # Started before it: a machine that writes its card has no time to start a program.
    look = f"while :; do cat {update_files.TOLD_FILE}; sleep 1; done 2>/dev/null"
    looks = till.guest.start("busybox", "sh", "-c", look)
    await orders(till, stick, bytes_per_s=SLOW_BYTES_PER_S)
    await looks.until(
        lambda: percent_in(looks.said) >= CUT_AT_PERCENT,
        what="it is being written",
        within_s=WRITTEN_WITHIN_S,
    )
    await machine.switch_off()


async def restarts_into_it(machine: Machine, stick: Path) -> None:
    """The old slot tells that it was cut off; ordered once more the machine ends by itself, with the slot's number."""
    till = await started(machine)
    assert await root_of(till) == OLD_ROOT
    await reads(till, CUT_OFF)
    await orders(till, stick)
    with pytest.raises(GuestFailed):
        await till.until(lambda: False, what="the restart", within_s=WRITTEN_WITHIN_S)
    assert any(told.get("step") == "restarts" for told in till.told)
    assert f"Restarting system with command '{NEW_BOOT}'" in till.guest.emulator.last_words
    await machine.switch_off()


async def runs_and_is_kept(machine: Machine, version: str) -> None:
    till = await started(machine, partition=NEW_BOOT)
    assert await root_of(till) == NEW_ROOT
    await reads(till, RUNS)
    image = json.loads(await till.says("busybox", "cat", str(boot.CARD_FILE)))
    assert image["version"] == version
    kept = till.guest.start("journalctl", "--follow", "--output=cat", "--unit", "sofreh-keep.service")
    await kept.until(
        lambda: any("from now on" in line for line in kept.said), what="it is kept", within_s=600
    )
    await machine.switch_off()


async def is_started_from_then_on(machine: Machine) -> None:
    till = await started(machine)
    assert await root_of(till) == NEW_ROOT
    await till.does("systemctl", "stop", UNIT)
    assert " hold." in await till.says("sofreh-till", "journal", "verify", "--config", CONFIG)


def test_an_update_survives_a_power_cut_and_is_kept_once_its_till_has_run(tmp_path: Path) -> None:
    update = update_there()

    async def story(machine: Machine) -> None:
        stick = sticks.make_fat(tmp_path / "stick.img", mebibytes=STICK_MEBIBYTES)
        sticks.put(stick, update.name, update.read_bytes())
        await is_cut_off_in_the_middle(machine, stick, tmp_path)
        await restarts_into_it(machine, stick)
        await runs_and_is_kept(machine, update_files.version_of(update.name) or "")
        await is_started_from_then_on(machine)

    with_a_card(story)
