"""The guides say what the program does: every picture is what it prints, every table its own, every command and code exists."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageChops

from firmware.command import _parser as till_parser
from firmware.enrolling import desk
from firmware.receipt.enrollment_slips import Wrong
from firmware.receipt.update_slips import FAILURES
from firmware.till.codes import BY_NUMBER
from sync.central.command import _parser as central_parser
from sync.central.doors.enrolling_orders import network_in, roles_in
from tests.gate import guides, guides_words

if TYPE_CHECKING:
    from pathlib import Path

    from drivers.printer.slip import Slip

TEXTS = {name: (guides.FOLDER / f"{name}.md").read_text() for name in guides.GUIDES}
SHOWN = re.compile(r'<img src="slips/([\w-]+)\.png"')
COMMAND = re.compile(r"^\s*(sofreh-(?:till|central) .+)$|`(sofreh-(?:till|central) [^`]+)`", re.MULTILINE)
PLACEHOLDERS = {"DIR": "dir", "NUMBER": "1001", "L1:...": "L1:00", "NAME": "name", "PATH": "path"}


@pytest.fixture(scope="module")
def drawn() -> dict[str, Slip]:
    return guides.drawn()


def commands() -> list[str]:
    found = [one or other for text in TEXTS.values() for one, other in COMMAND.findall(text)]
    return sorted({" ".join(PLACEHOLDERS.get(word, word) for word in shlex.split(line)) for line in found})


def test_every_picture_is_what_the_program_prints(drawn: dict[str, Slip]) -> None:
    for name, slip in drawn.items():
        with Image.open(guides.PICTURES / f"{name}.png") as kept:
            now = guides.picture(slip)
            assert kept.size == now.size, f"{name}: `python -m tests.gate.guides` draws it anew"
            assert ImageChops.difference(kept.convert("1"), now.convert("1")).getbbox() is None, name


def test_every_picture_is_shown_and_every_shown_one_is_there(drawn: dict[str, Slip]) -> None:
    shown = {name for text in TEXTS.values() for name in SHOWN.findall(text)}
    kept = {path.stem for path in guides.PICTURES.iterdir()}
    assert shown == kept == drawn.keys()


@pytest.mark.parametrize("guide", guides.GUIDES)
def test_every_table_is_the_program_s(guide: str) -> None:
    assert guides.renewed(guide, TEXTS[guide]) == TEXTS[guide], "`python -m tests.gate.guides` renews it"
    assert TEXTS[guide].count(":begin -->") >= 2


@pytest.mark.parametrize("command", commands())
def test_every_command_is_understood(command: str) -> None:
    program, *words = shlex.split(command)
    parser = till_parser() if program == "sofreh-till" else central_parser()
    if len(words) == 1:  # named in passing
        assert re.search(rf"\b{words[0]}\b", parser.format_help())
    else:
        assert vars(parser.parse_args(words))


def test_there_are_commands_to_check() -> None:
    assert len(commands()) >= 6


@pytest.mark.parametrize("guide", guides.GUIDES)
def test_every_code_exists(guide: str) -> None:
    named = set(re.findall(r"\*(\d{1,2}) Enter", TEXTS[guide]))
    assert named
    assert named <= BY_NUMBER.keys()


def test_both_languages_show_the_same_pictures() -> None:
    for who in ("technician", "shopkeeper"):
        persian, english = (set(SHOWN.findall(TEXTS[f"{who}.{tongue}"])) for tongue in ("fa", "en"))
        assert english <= persian


def test_whoever_reads_persian_is_told_the_same_commands_and_codes() -> None:
    for who in ("technician", "shopkeeper"):
        persian, english = (TEXTS[f"{who}.{tongue}"] for tongue in ("fa", "en"))
        assert told(persian) == told(english)


def told(text: str) -> set[str]:
    """The commands and the codes of a guide."""
    commands = {one or other for one, other in COMMAND.findall(text)}
    return commands | set(re.findall(r"\*\d{1,2} Enter", text))


def test_nothing_that_the_till_says_is_left_without_words() -> None:
    assert guides_words.WRONG.keys() == {one.name for one in Wrong}
    assert guides_words.BEFORE.keys() == desk.MEANINGS.keys()
    assert guides_words.FAILURES.keys() == FAILURES.keys()


@pytest.mark.parametrize("guide", ["technician.en", "technician.fa"])
def test_the_network_s_file_is_taken(guide: str, tmp_path: Path) -> None:
    (shown,) = re.findall(r"^```toml\n(.*?)^```$", TEXTS[guide], re.MULTILINE | re.DOTALL)
    path = tmp_path / "wifi.toml"
    path.write_text(shown)
    secrets = network_in(str(path))
    assert secrets.wifi is not None
    assert secrets.apn is not None
    assert roles_in(str(path))


def test_every_picture_can_be_looked_at() -> None:
    for path in guides.PICTURES.iterdir():
        with Image.open(path) as picture:
            assert picture.width == 384
            assert 100 < picture.height < 6_000
