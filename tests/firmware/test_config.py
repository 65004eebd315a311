"""A configuration is read whole or not at all, and an error names the key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from firmware.config import KEYS, Config, config_from, load
from firmware.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

LEAST = """
data_folder = "data"
scanner.path = "/dev/input/scanner"
keypad.path = "/dev/input/keypad"
printer.path = "printer"
"""


def test_what_is_not_said_has_a_default(tmp_path: Path) -> None:
    config = config_from(LEAST, folder=tmp_path)
    assert (config.printer_profile, config.center_interval_ms, config.clock_chip) == (None, 60_000, False)
    assert config.clock_file is None


def test_scanner_and_keypad_need_no_path_for_they_have_roles(tmp_path: Path) -> None:
    config = config_from('data_folder = "data"\nprinter.path = "printer"\n', folder=tmp_path)
    assert (config.scanner_path, config.keypad_path) == (None, None)
    assert (config.scanner_prefix, config.scanner_gap_ms, config.scanner_baud) == ("", 300, 9_600)


def test_relative_paths_begin_at_the_file_s_own_folder(tmp_path: Path) -> None:
    (tmp_path / "till.toml").write_text(LEAST)
    config = load(tmp_path / "till.toml")
    assert config.data_folder == tmp_path / "data"
    assert str(config.scanner_path) == "/dev/input/scanner"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ('printer.paper = "58mm"', "printer.paper is no key"),
        ('colour = "blue"', "colour is no key"),
        ("[center.tls]\nx = 1", "center.tls is no key|center.tls is"),
        ('printer.flow = "dtr"', "printer.flow is not one of none, rts_cts, dtr_dsr, xon_xoff"),
        ("clock.chip = 1", "clock.chip is not true or false"),
        ("center.interval_ms = 99", "center.interval_ms is not a whole number from 100"),
        ("center.interval_ms = 86400001", "center.interval_ms is not a whole number"),
        ("center.interval_ms = 1000.0", "center.interval_ms is not a whole number"),
        ("center.interval_ms = true", "center.interval_ms is not a whole number"),
        ('scanner.prefix = "12345678901234567"', "scanner.prefix is not a text of at most 16"),
        ('scanner.suffix = "\\t"', "scanner.suffix is not a text of at most 16 printable"),
        ('scanner.separator = "||"', "scanner.separator is not a text of at most 1"),
        ('scanner.separator = "۱"', "scanner.separator is not a text"),
        ("scanner.gap_ms = 19", "scanner.gap_ms is not a whole number from 20 to 2000"),
        ("scanner.baud = 9601", "scanner.baud is not one of 2400"),
        ("scanner.upc_e = 1", "scanner.upc_e is not true or false"),
        ('clock.file = ""', "clock.file is not a path"),
        ("beeper.device = []", "beeper.device is not a list of 1 to 8 texts"),
        ('beeper.device = "aplay"', "beeper.device is not a list"),
        ('beeper.device = [""]', "beeper.device is not a text"),
        ('display.protocol = "vt100"', "display.protocol is not one of cd5220, escpos"),
        ("display.baud = 9601", "display.baud is not one of 2400"),
        ('center.url = ""', "center.url is not a text"),
        ("x = ", "not TOML"),
        (f"x = {'[' * 5_000}", "not TOML"),
        (f"scanner.baud = {'9' * 5_000}", "not TOML"),
        ("#" * 70_000, "more than 16384 characters"),
    ],
)
def test_a_wrong_key_is_named(tmp_path: Path, more: str, words: str) -> None:
    (tmp_path / "till.toml").write_text(LEAST + more)
    with pytest.raises(ConfigError, match=f"till.toml: ({words})"):
        load(tmp_path / "till.toml")


def test_a_sound_device_s_path_is_told_from_the_known_words(tmp_path: Path) -> None:
    config = config_from(f'{LEAST}beeper.device = ["aplay:hw:1", "buzzer", "printer"]', folder=tmp_path)
    assert config.beeper_device == ("aplay:hw:1", str(tmp_path / "buzzer"), "printer")
    assert config_from(LEAST, folder=tmp_path).beeper_device == ("printer",)


@pytest.mark.parametrize("interval_ms", [100, 86_400_000])
def test_a_bound_itself_is_allowed(tmp_path: Path, interval_ms: int) -> None:
    config = config_from(f"{LEAST}center.interval_ms = {interval_ms}", folder=tmp_path)
    assert config.center_interval_ms == interval_ms


@pytest.mark.parametrize("name", [key.name for key in KEYS if key.default is ...])
def test_a_key_without_default_must_be_there(tmp_path: Path, name: str) -> None:
    text = "\n".join(line for line in LEAST.splitlines() if not line.startswith(name))
    with pytest.raises(ConfigError, match=f"{name} is missing"):
        config_from(text, folder=tmp_path)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"till.toml: No such file"):
        load(tmp_path / "till.toml")
    (tmp_path / "till.toml").write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load(tmp_path / "till.toml")


def test_the_table_of_keys_and_the_configuration_are_one() -> None:
    assert [key.field for key in KEYS] == list(Config.__struct_fields__)
