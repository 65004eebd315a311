"""The same as people do it: three commands and a stick, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.sync.central.conftest import POLICIES
from tests.sync.central.doors.test_serving import COMMAND, Served

if TYPE_CHECKING:
    from pathlib import Path

TILL = (sys.executable, "-m", "firmware.command")


class Shop:
    """A till's configuration, and its command."""

    def __init__(self, folder: Path, clock: Path) -> None:
        folder.mkdir()
        self.config = folder / "till.toml"
        self.config.write_text(f'data_folder = "data"\nclock.chip = true\nclock.file = "{clock}"\n')

    def run(self, action: str, *words: object) -> subprocess.CompletedProcess[str]:
        line = [*TILL, *action.split(), "--config", str(self.config), *map(str, words)]
        return subprocess.run(line, check=False, capture_output=True, text=True)

    def told(self, action: str, *words: object) -> list[str]:
        done = self.run(action, *words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.splitlines()


@pytest.mark.timeout(180)
def test_a_stick_goes_from_the_till_to_the_center_and_back(tmp_path: Path) -> None:
    center, stick = Served(tmp_path), tmp_path / "stick"
    shop = Shop(tmp_path / "shop", center.clock)
    stick.mkdir()
    assert (
        subprocess.run([*COMMAND, "init", str(center.path)], check=False, capture_output=True).returncode == 0
    )
    center.order("policy", "load", POLICIES / "dey-1404.toml")
    center.order("shop", "add", 6001, "فروشگاه", "لرستان")
    with center.serving():
        ticket = center.order("enroll", "--shop", 6001)
        shop.told(
            "enroll", "--center", f"http://127.0.0.1:{center.port}",
            f"{ticket['token']}.{ticket['root_fingerprint']}",
        )  # fmt: skip

    # From here on there is no line.
    assert shop.told("export", stick) == [
        "S1001.Q01: questions of device 1001 with 2 entries, file 1 of 1, to take to the center"
    ]
    assert (
        center.call("import", stick).stdout.splitlines()[0] == "S1001.Q01: device 1001: entries 0 to 1 taken"
    )
    answered, asked = shop.told("import", stick)
    assert answered.startswith("S1001.A01: the center holds the entries before 2, ")
    assert answered.endswith(" items of mail took effect")
    assert asked.startswith("S1001.Q01: questions of device 1001 with 2 entries")
    assert (
        center.call("import", stick).stdout.splitlines()[0] == "S1001.Q01: device 1001: entries 2 to 3 taken"
    )
    assert shop.told("journal verify")[0].startswith("4 entries and ")

    # Once more the same stick: nothing new, and no harm.
    once_more = center.call("import", stick)
    assert once_more.returncode == 0
    assert once_more.stdout.startswith("S1001.Q01: device 1001: nothing new, all of it was here before\n")
    device = center.order("report")["devices"][0]
    assert (device["held"], device["verdicts"]) == (4, {"accepted": 4})
    assert sorted(path.name for path in stick.iterdir()) == ["S1001.A01", "S1001.Q01"]
