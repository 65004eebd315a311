"""A start loads what a first scan needs; what can wait is loaded at its first use."""

from __future__ import annotations

import gc
import subprocess
import sys
from typing import TYPE_CHECKING

from firmware import command

if TYPE_CHECKING:
    from pathlib import Path

LATER = {
    "PIL": "the first slip, in a thread",
    "persiantools": "dates on slips, with it",
    "h11": "the first question to the center",
    "argon2": "the first short code",
    "segno": "the first QR",
    "serial": "the first serial port",
    "evdev": "the first look at what is plugged in",
    "dataclasses": "value classes are Structs",
    "json": "msgspec writes the log",
    "random": "the kernel gives random bytes",
}


def test_what_no_first_scan_needs_is_not_loaded() -> None:
    """In a process of its own: here everything is loaded."""
    program = (
        "import sys, msgspec; before = set(sys.modules); from firmware import command; command.load_appliance()\n"
        "print(*sys.modules.keys() - before)"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert {name: LATER[name] for name in loaded.stdout.split() if name in LATER} == {}


def test_a_first_scan_is_accepted_before_anything_that_draws_is_loaded(tmp_path: Path) -> None:
    """In a process of its own, likewise: what is loaded when the first scan of a started till sounds."""
    program = (
        "import sys; from pathlib import Path; from tests.firmware.till.counter import MILK, MILK_RIAL, Counter, PaperRoll\n"
        "from sync.wire.facts import PriceChanged\n"
        "heard = []\n"
        "async def beep(self, sound): heard.append((sound.name, *sorted({'PIL', 'persiantools'} & set(sys.modules))))\n"
        "PaperRoll.beep = beep\n"
        "with Counter(Path(sys.argv[1])) as shop:\n"
        "    shop.say(PriceChanged(good=1, gtin=int(MILK), unit=0, price_rial=MILK_RIAL)); shop.scan(MILK)\n"
        "print(heard)"
    )
    heard = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert heard.stdout.strip() == "[('ACCEPTED',)]"


def test_garbage_is_collected_again_once_all_is_loaded() -> None:
    command.load_appliance()
    assert gc.isenabled()
