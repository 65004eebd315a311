"""A start loads what a first scan needs; what can wait is loaded beside it or at its first use."""

from __future__ import annotations

import gc
import subprocess
import sys

from firmware import command

LATER = {
    "PIL": "slips, in a thread beside the start",
    "persiantools": "dates on slips, in the same thread",
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


def test_garbage_is_collected_again_once_all_is_loaded() -> None:
    command.load_appliance()
    assert gc.isenabled()
