"""What is on the card beside programs: units, rules and lists hold together. Files are parsed, not searched."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from image.lock import HERE, listed, read_lock

if TYPE_CHECKING:
    from pathlib import Path

UNITS = [*(HERE / "package").rglob("*.service"), *(HERE / "files/usr/lib/systemd/system").iterdir()]
RULES = HERE / "package/usr/lib/udev/rules.d/60-sofreh.rules"
TILL = "sofreh-till.service"
COUNTER_DEVICES = {13: "input", 116: "sound", 166: "ttyACM", 180: "USB printers", 188: "ttyUSB"}
"""By number, for a name means nothing before its driver is loaded; systemd looks it up when the till starts."""
EXPOSURE_MAX_TENTHS = 15
"""Of systemd's own scale from 0 to 10, in tenths."""


class Unit:
    """A unit file: each setting's values in order; an empty one takes back those before it."""

    def __init__(self, path: Path) -> None:
        self.settings: dict[tuple[str, str], list[str]] = {}
        section = ""
        for line in path.read_text().splitlines():
            if line.startswith("["):
                section = line.strip("[]")
            elif line and line[0] not in "#;":
                name, equals, value = line.partition("=")
                assert equals, f"{path.name}: {line}"
                self.settings.setdefault((section, name), []).append(value)

    def all(self, name: str, section: str = "Service") -> list[str]:
        return self.settings.get((section, name), [])

    def one(self, name: str, section: str = "Service") -> str:
        (value,) = self.all(name, section)
        return value


@pytest.fixture(scope="module")
def till() -> Unit:
    return Unit(next(path for path in UNITS if path.name == TILL))


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_each_unit_has_sections_that_its_kind_knows(path: Path) -> None:
    own = {".service": "Service", ".path": "Path"}[path.suffix]
    assert {section for section, _ in Unit(path).settings} <= {"Unit", own, "Install"}


def test_the_till_starts_again_whatever_happens(till: Unit) -> None:
    assert till.one("Restart") == "always"
    assert till.one("StartLimitIntervalSec", "Unit") == "0"


def test_the_till_is_watched_by_its_own_loop(till: Unit) -> None:
    assert till.one("Type") == "notify"
    assert int(till.one("WatchdogSec")) > 0


def test_the_till_reaches_only_the_devices_of_a_counter(till: Unit) -> None:
    assert till.one("DevicePolicy") == "closed"
    allowed = {value.split()[0] for value in till.all("DeviceAllow")}
    assert allowed == {f"char-{number}" for number in COUNTER_DEVICES}


def test_the_till_has_no_rights_but_its_own(till: Unit) -> None:
    assert till.one("User") == "sofreh"
    assert till.one("CapabilityBoundingSet") == ""
    assert till.one("NoNewPrivileges") == "yes"
    assert till.one("ProtectSystem") == "strict"
    assert till.one("ReadWritePaths").split()[0] == "/data/sofreh"


def test_whatever_is_started_is_there_and_not_masked() -> None:
    own = {path.name for path in UNITS}
    started = [line.split()[1] for line in listed("units.txt")]
    assert {unit for unit in started if unit.startswith("sofreh-")} <= own
    assert not set(started) & set(listed("masked.txt"))
    assert len(started) == len(set(started))


def test_nobody_logs_in_and_no_key_restarts_the_machine() -> None:
    masked = set(listed("masked.txt"))
    assert {"getty.target", "getty@.service", "serial-getty@.service", "systemd-logind.service"} <= masked
    assert {"ctrl-alt-del.target", "emergency.service", "rescue.service", "debug-shell.service"} <= masked
    settings = dict(
        line.replace(" ", "").split("=")
        for line in (HERE / "files/etc/sysctl.d/90-sofreh.conf").read_text().splitlines()
        if "=" in line
    )
    assert settings["kernel.sysrq"] == "0"


KEY = re.compile(
    r'(?P<key>[A-Z]+(?:\{builtin\})?(?:\{[^{}]*(?:\[[^\]]*\])?[^{}]*\})?)(?P<op>==|!=|\+=|=)"(?P<value>[^"]*)"'
)


def rules() -> list[dict[str, tuple[str, str]]]:
    """Each rule as its keys; a line that is not wholly keys is an error."""
    parsed = []
    for line in RULES.read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        keys = [part.strip() for part in line.split(", ")]
        matches = [KEY.fullmatch(key) for key in keys]
        assert all(matches), line
        parsed.append({match["key"]: (match["op"], match["value"]) for match in matches if match})
    return parsed


def admitted() -> set[str]:
    """The interface classes that get a driver."""
    return {
        name
        for rule in rules()
        if rule.get("GOTO") == ("=", "admit")
        for name in rule["ATTR{bInterfaceClass}"][1].split("|")
    }


def test_each_jump_of_a_rule_has_a_place_to_land() -> None:
    labels = {rule["LABEL"][1] for rule in rules() if "LABEL" in rule}
    assert {rule["GOTO"][1] for rule in rules() if "GOTO" in rule} == labels


def test_a_driver_of_two_interfaces_is_asked_again_when_its_second_is_let_in() -> None:
    again = {
        rule["ATTR{bInterfaceNumber}"][1]: rule["ATTR{[subsystem/usb]drivers_probe}"][1]
        for rule in rules()
        if "ATTR{bInterfaceNumber}" in rule
    }
    assert again == {
        f"{number:02x}": f"$id:$attr{{bConfigurationValue}}.{number - 1}" for number in range(1, 8)
    }


@pytest.mark.parametrize(
    ("kind", "admits"),
    [
        ("01", True), ("02", True), ("03", True), ("07", True), ("08", True), ("09", True), ("0a", True), ("ff", True),
        ("06", False), ("0b", False), ("0d", False), ("0e", False), ("dc", False), ("fe", False),
    ],
)  # fmt: skip
def test_only_classes_of_a_till_are_admitted(kind: str, *, admits: bool) -> None:
    assert (kind in admitted()) is admits


def test_of_wireless_devices_only_network_cards_are_admitted_and_no_bluetooth() -> None:
    wireless = [rule for rule in rules() if rule.get("ATTR{bInterfaceClass}") == ("==", "e0")]
    assert [rule["ATTR{bInterfaceProtocol}"] for rule in wireless] == [("==", "03")]


def test_a_stick_is_a_disk_of_usb_of_two_kinds_and_runs_nothing() -> None:
    (rule,) = [rule for rule in rules() if "sofreh-stick" in rule.get("ENV{SYSTEMD_WANTS}", ("", ""))[1]]
    assert rule["SUBSYSTEMS"] == ("==", "usb")
    assert rule["ENV{DEVTYPE}"] == ("==", "disk")
    script = HERE / "package/usr/lib/sofreh/stick.sh"
    found = re.search(r"mount -t (\S+) \\\n\s+-o (\S+) /dev/", script.read_text())
    assert found is not None
    assert found[1] == "vfat,exfat"
    assert {"nosuid", "nodev", "noexec", "uid=sofreh"} <= set(found[2].split(","))


def test_a_technicians_way_in_is_by_key_alone_and_behind_a_key() -> None:
    unit = Unit(next(path for path in UNITS if path.name == "sofreh-technician.service"))
    assert unit.one("ConditionPathExists", "Unit") == "/data/technician/authorized_keys"
    words = unit.one("ExecStart").split()
    # -R makes keys below /etc, where nothing can be written; -s and -g are: no passwords.
    assert "-R" not in words
    assert {"-s", "-g"} <= set(words)


def test_numbers_of_accounts_are_used_once() -> None:
    lines = [line.split() for line in listed("accounts.txt")]
    assert len({line[1] for line in lines}) == len(lines)
    assert len({line[2] for line in lines}) == len(lines)


def test_the_lock_has_what_was_asked_for_and_nothing_that_is_left_out() -> None:
    names = {package.name for package in read_lock().card}
    assert set(listed("packages.txt")) <= names
    assert not set(listed("left_out.txt")) & names
    assert sum(package.is_kernel for package in read_lock().card) == 1


def test_systemd_finds_the_till_little_exposed(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed here")
    shutil.copytree(HERE / "package", tmp_path, dirs_exist_ok=True)
    line = (
        "systemd-analyze", "security", "--offline=true", f"--root={tmp_path}", f"--threshold={EXPOSURE_MAX_TENTHS}",
        "--no-pager", TILL,
    )  # fmt: skip
    said = subprocess.run(line, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout.splitlines()[-1:]
