"""What may be plugged into a card, seen in the booted image: sticks, what no till uses, keyboards, a technician, networks.

One machine for all stories, for a start takes an emulated machine minutes; each leaves the card as it found it. The till is one
that has no line to its center: a courier carries its sticks.
"""

from __future__ import annotations

import asyncio
import subprocess
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.hardware import sticks
from tests.hardware.brought_drivers import RADIOS, WATCHDOG, bring_drivers, open_access_point
from tests.hardware.callers import free_port, gets_in, is_silent
from tests.hardware.card_machine import CONFIG, HOME, UNIT, image_there
from tests.hardware.carrying_card import OF_NO_USE, STICK_SOCKET, CarryingCard

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.lab, pytest.mark.timeout(1_800)]
Story = Callable[[CarryingCard], Coroutine[None, None, None]]
QUESTION, ANSWER = "S1001.Q01", "S1001.A01"
SLOW_BYTES_PER_S = 256 << 10
ANSWERS_WITHIN_S = 90
HARDWARE_S = 15
"""All that a Raspberry Pi's watchdog can."""
WIFI, PASSPHRASE = "Dokan", "gole-sorkh-1404"
CHIP_CARD, CAMERA, KEYBOARD = "usb-ccid", "usb-mtp", "usb-kbd"
SETTLED = "udevadm settle --timeout=60"
KEYS = "/data/technician/authorized_keys"
NETWORK = f"{HOME}/network.toml"

_UNTIL_O_IS_LET_GO = """
import glob, struct
(keyboard,) = glob.glob("/dev/input/event*")
with open(keyboard, "rb", buffering=0) as events:
    print("listens", flush=True)
    while struct.unpack("<16xHHi", events.read(24)) != (1, 24, 0):
        pass
"""
"""struct input_event of the kernel's input.h, 64 bits; EV_KEY, KEY_O, no longer pressed."""


class Told:
    """The card in its machine, and the loop that its devices live on."""

    def __init__(self, runner: asyncio.Runner, card: CarryingCard) -> None:
        self._runner = runner
        self._card = card

    def __call__(self, story: Story) -> None:
        self._runner.run(story(self._card))


@pytest.fixture(scope="module")
def tell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    with tempfile.TemporaryDirectory(prefix="card") as folder, asyncio.Runner() as runner:
        card = CarryingCard(image_there(), Path(folder), tmp_path_factory.mktemp("desk"))
        try:
            runner.run(card.switch_on())
            runner.run(card.give_identity())
            yield Told(runner, card)
        finally:
            runner.run(card.machine.switch_off())


def import_at_the_center(card: CarryingCard, **files: bytes) -> tuple[str, bytes]:
    """The center reads questions that a courier brought; what it says of them, and its answer."""
    folder = card.desk / "brought"
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    (folder / QUESTION).write_bytes(files["question"])
    done = card.center.call("import", folder)
    assert done.returncode == 0, done.stderr
    return done.stdout, (folder / ANSWER).read_bytes()


def test_a_stick_goes_to_the_center_and_back(tell: Told, tmp_path: Path) -> None:
    """With a partition table, as they are sold."""
    stick = sticks.with_table(tmp_path / "stick", (sticks.FAT, sticks.make_fat(tmp_path / "fat")))

    async def story(card: CarryingCard) -> None:
        await card.put_in(stick)
        await card.visited(taken=0, wrong=0, written=1)
        await card.till.until_told("beeped", sound="ACCEPTED")
        assert " vfat rw,nosuid,nodev,noexec," in await card.says("grep /run/sofreh/stick /proc/mounts")
        await card.pull()
        question = sticks.taken(stick, QUESTION, at_sector=sticks.FIRST_SECTOR)
        said, answer = import_at_the_center(card, question=question)
        assert said.startswith(f"{QUESTION}: device 1001: entries 0 to "), said
        sticks.put(stick, ANSWER, answer, at_sector=sticks.FIRST_SECTOR)
        await card.put_in(stick)
        await card.visited(taken=1, wrong=0, written=1)
        await card.pull()
        question = sticks.taken(stick, QUESTION, at_sector=sticks.FIRST_SECTOR)
        said, _ = import_at_the_center(card, question=question)
        # What was acknowledged is not sent again.
        assert said.startswith(f"{QUESTION}: device 1001: entries "), said
        assert " entries 0 to " not in said
        (device,) = card.center.order("report")["devices"]
        assert device["verdicts"] == {"accepted": device["held"]}

    tell(story)


def test_a_stick_with_exfat_and_no_partition_table_is_as_good(tell: Told, tmp_path: Path) -> None:
    stick = sticks.make_exfat(tmp_path / "stick")

    async def story(card: CarryingCard) -> None:
        await card.put_in(stick)
        await card.visited(wrong=0, written=1)
        assert " exfat rw,nosuid,nodev,noexec," in await card.says("grep /run/sofreh/stick /proc/mounts")
        question = await card.till.guest.get(f"/run/sofreh/stick/{QUESTION}")
        await card.pull()
        said, _ = import_at_the_center(card, question=question)
        assert said.startswith(f"{QUESTION}: device 1001: "), said

    tell(story)


def test_of_several_partitions_the_first_of_the_two_kinds_is_taken(tell: Told, tmp_path: Path) -> None:
    parts = [
        (sticks.LINUX, sticks.make_linux(tmp_path / "ext4")),
        (sticks.FAT, sticks.make_fat(tmp_path / "fat")),
        (sticks.FAT, sticks.make_fat(tmp_path / "second")),
    ]
    stick = sticks.with_table(tmp_path / "stick", *parts)

    async def story(card: CarryingCard) -> None:
        await card.put_in(stick)
        await card.visited(wrong=0, written=1)
        (mount,) = (await card.says("grep /run/sofreh/stick /proc/mounts")).splitlines()
        assert mount.split()[0].endswith("2")
        await card.pull()

    tell(story)


@pytest.mark.parametrize(
    "make", [sticks.make_blank, sticks.make_linux, sticks.make_damaged, sticks.make_full], ids=lambda make: make.__name__
)  # fmt: skip
def test_a_stick_of_no_use_is_told_of_and_does_no_harm(
    tell: Told, make: Callable[[Path], Path], tmp_path: Path
) -> None:
    stick = make(tmp_path / "stick")

    async def story(card: CarryingCard) -> None:
        process = await card.says(f"systemctl show -P MainPID {UNIT}")
        await card.put_in(stick)
        await card.till.until(lambda: OF_NO_USE in card.till.texts, what="the slip")
        await card.till.until_told("beeped", sound="LOOK")
        await card.pull()
        assert await card.says(f"systemctl show -P MainPID {UNIT}") == process

    tell(story)


def test_what_else_lies_on_a_stick_is_left_alone_and_no_program_of_it_runs(
    tell: Told, tmp_path: Path
) -> None:
    stick = sticks.make_fat(tmp_path / "stick")
    program = b"#!/bin/sh\necho ran >/run/ran\n"
    foreign = {
        "AUTORUN.INF": b"[autorun]\nopen=run.sh\n",
        "run.sh": program,
        "S1002.A01": b"another till's",
        "x" * 200: b"",
    }
    for name, content in {**foreign, ANSWER: bytes(1_000)}.items():
        sticks.put(stick, name, content)

    async def story(card: CarryingCard) -> None:
        await card.put_in(stick)
        # The one with its own name is named wrong; no other was opened.
        await card.visited(taken=0, wrong=1, written=1)
        said = await card.says("/run/sofreh/stick/run.sh 2>&1 || true; test ! -e /run/ran")
        assert "Permission denied" in said
        await card.pull()
        for name, content in foreign.items():
            assert sticks.taken(stick, name) == content

    tell(story)


def test_a_stick_that_is_pulled_while_it_is_read_does_no_harm(tell: Told, tmp_path: Path) -> None:
    stick = sticks.make_fat(tmp_path / "stick")
    sticks.put(stick, ANSWER, bytes(8 << 20))

    async def story(card: CarryingCard) -> None:
        process = await card.says(f"systemctl show -P MainPID {UNIT}")
        await card.put_in(stick, bytes_per_s=SLOW_BYTES_PER_S)
        held = f"/proc/{process}/fd"
        await card.says(f"until ls -l {held} | grep -q {ANSWER}; do sleep 0.2; done")
        await card.pull()
        await card.till.until(lambda: OF_NO_USE in card.till.texts, what="the slip")
        assert await card.says(f"systemctl show -P MainPID {UNIT}") == process
        # And the next one is seen again.
        await card.put_in(sticks.make_fat(tmp_path / "next"))
        await card.visited(wrong=0, written=1)
        await card.pull()

    tell(story)


@pytest.mark.parametrize(("driver", "is_taken"), [(CHIP_CARD, False), (CAMERA, False), (KEYBOARD, True)])
def test_what_no_till_uses_gets_no_driver(tell: Told, driver: str, *, is_taken: bool, tmp_path: Path) -> None:
    settings = {"rootdir": str(tmp_path)} if driver == CAMERA else {}

    async def story(card: CarryingCard) -> None:
        await card.devices.plug_in(driver, socket=STICK_SOCKET, **settings)
        one = f"/sys/bus/usb/devices/[12]-{STICK_SOCKET}:1.0"
        try:
            if is_taken:
                await card.says(f"until test -e {one}/driver; do sleep 0.2; done")
                assert await card.says(f"cat {one}/authorized") == "1"
            else:
                await card.says(f"until test -e {one}; do sleep 0.2; done; {SETTLED}")
                assert await card.says(f"cat {one}/authorized; test ! -e {one}/driver") == "0"
        finally:
            await card.devices.pull(socket=STICK_SOCKET)
            await card.says(f"while test -e {one}; do sleep 0.2; done")

    tell(story)


def test_no_key_of_a_keyboard_restarts_the_machine_or_finds_a_login(tell: Told) -> None:
    """Without the till, which would have the keyboard for itself: what is left is the system's own answer."""
    machine = "cat /proc/sys/kernel/random/boot_id"

    async def story(card: CarryingCard) -> None:
        card.till.forget()
        await card.says(f"systemctl stop {UNIT}")
        before = await card.says(machine)
        await card.devices.plug_in(KEYBOARD, socket=STICK_SOCKET)
        await card.says(f"until ls /dev/input/event* >/dev/null 2>&1; do sleep 0.2; done; {SETTLED}")
        for _ in range(9):
            # Seven within two seconds would be systemd's own way to restart at once.
            await card.devices.press("ctrl", "alt", "delete")
        await card.says("until journalctl -b | grep -q 'ctrl-alt-del.target is masked'; do sleep 1; done")
        keys = card.till.guest.start("/usr/bin/python3", "-I", "-c", _UNTIL_O_IS_LET_GO)
        assert await keys.line(0) == "listens"
        for key in "hbo":
            await card.devices.press("alt", "sysrq", key)
        assert await keys.ended() == 0  # or one that comes late would be obeyed below
        assert "sysrq: " not in await card.says("dmesg")
        # The keys do arrive: where they may, they are obeyed.
        await card.says("echo 1 >/proc/sys/kernel/sysrq")
        await card.devices.press("alt", "sysrq", "h")
        await card.says(
            "until dmesg | grep -q 'sysrq: HELP'; do sleep 0.2; done; echo 0 >/proc/sys/kernel/sysrq"
        )
        assert await card.says(machine) == before
        assert await card.says("ps | grep -c -E '[g]etty|[l]ogin' || true") == "0"
        await card.devices.pull(socket=STICK_SOCKET)
        await card.till.start()

    tell(story)


def test_a_technician_gets_in_by_his_key_alone_and_nobody_else_at_all(tell: Told, tmp_path: Path) -> None:
    for name in ("his", "another"):
        line = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / name))
        subprocess.run(line, check=True, capture_output=True)

    async def story(card: CarryingCard) -> None:
        port = free_port()
        await card.devices.lead_in(line="net", port=port, to=22)
        assert await card.says("netstat -ltn | grep -c LISTEN || true") == "0"
        assert await asyncio.to_thread(is_silent, port)
        await card.till.guest.put(KEYS, (tmp_path / "his.pub").read_bytes())
        await card.says("until netstat -ltn | grep -q :22; do sleep 0.5; done")
        assert await asyncio.to_thread(gets_in, port, tmp_path / "his", "root") == (0, "sofreh\n")
        for key, user in (("another", "root"), ("his", "sofreh"), ("his", "nobody")):
            code, said = await asyncio.to_thread(gets_in, port, tmp_path / key, user)
            assert (code, said.rpartition(": ")[2]) == (255, "Permission denied (publickey).\n")
        # On both kinds of addresses, and nothing else.
        listening = (await card.says("netstat -ltn | grep LISTEN")).splitlines()
        assert {one.split()[3].rpartition(":")[2] for one in listening} == {"22"}
        await card.says(f"rm {KEYS}; systemctl restart sofreh-technician.service")
        assert await asyncio.to_thread(is_silent, port)

    tell(story)


def test_each_network_card_gets_an_address(tell: Told) -> None:
    async def story(card: CarryingCard) -> None:
        assert "inet 10.0.2.15/24" in await card.says("ip addr show dev eth0")
        await card.devices.plug_in_network_card(socket=STICK_SOCKET, net="10.0.9.0/24")
        await card.says(
            "until ip addr show dev usb0 2>/dev/null | grep -q 'inet 10.0.9.15/24'; do sleep 0.5; done"
        )
        await card.devices.pull(socket=STICK_SOCKET)
        await card.says("while ip addr show dev usb0 >/dev/null 2>&1; do sleep 0.2; done")

    tell(story)


def test_a_shops_network_is_joined_as_its_enrollment_names_it(tell: Told) -> None:
    """Radios of the kernel's own, one of which is the shop's: no chip of a board, whose driver another computes."""

    async def story(card: CarryingCard) -> None:
        await bring_drivers(card.till, *RADIOS)
        await open_access_point(card.till.guest, name=WIFI, passphrase=PASSPHRASE)
        said = f'ssid = "{WIFI}"\npassphrase = "{PASSPHRASE}"\n'
        await card.till.guest.put(NETWORK, said.encode())
        await card.says(
            "until journalctl -u sofreh-wifi.service | grep -q CTRL-EVENT-CONNECTED; do sleep 1; done"
        )
        assert "LOWER_UP" in await card.says("ip link show dev wlan0")
        assert PASSPHRASE not in await card.says("cat /run/sofreh-network/wpa.conf")
        assert await card.says("stat -c %a /run/sofreh-network/wpa.conf") == "600"
        # Only who has an APN looks for modems; here is none.
        assert await card.says("systemctl is-active ModemManager.service || true") == "inactive"
        await card.till.guest.put(NETWORK, (said + 'apn = "mtnirancell"\n').encode())
        await card.says("until mmcli --list-modems | grep -q 'No modems'; do sleep 1; done")
        await card.says(
            f"rm {NETWORK}; systemctl stop sofreh-modem.service sofreh-wifi.service ModemManager.service"
        )

    tell(story)


def test_a_card_that_hangs_starts_anew_and_counts_it(tell: Told) -> None:
    """By a watchdog that the card takes as it takes its board's: systemd feeds it, and is frozen. So the power was cut, as it were."""

    async def story(card: CarryingCard) -> None:
        await bring_drivers(card.till, *WATCHDOG)
        await card.says("until journalctl -b | grep -q 'Using hardware watchdog'; do sleep 1; done")
        assert await card.says("cat /sys/class/watchdog/watchdog0/timeout") == f"{HARDWARE_S}"
        await asyncio.sleep(2 * HARDWARE_S)
        # It is fed. Now it is not.
        card.till.guest.start("busybox", "sh", "-c", "echo 1 >/sys/fs/cgroup/init.scope/cgroup.freeze")
        async with asyncio.timeout(ANSWERS_WITHIN_S):
            await card.till.guest.emulator.ended()
        await card.start_again()
        assert await _power_cuts(card) == 1

    tell(story)


async def _power_cuts(card: CarryingCard) -> int:
    """Since the last Z, as the self-test says it to a technician who has stopped the till."""
    await card.says(f"systemctl stop {UNIT}")
    program = card.till.guest.start("sofreh-till", "selftest", "--wait-s", "0", "--config", CONFIG)
    await program.ended()
    (line,) = [line for line in program.said if "unclean starts: " in line]
    return int(line.rpartition("unclean starts: ")[2])
