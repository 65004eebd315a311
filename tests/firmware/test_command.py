"""A technician gets one sentence and an exit code; never a traceback for what a technician can mend."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image

from drivers.device_key import FileDeviceKey
from drivers.simulated.paper import Paper
from drivers.simulated.pty_printer import PtyPrinter
from drivers.sound import Sound
from firmware import boot, command, identity
from firmware.clock import SystemClock
from firmware.errors import JournalFull
from firmware.journal.journal import open_journal
from firmware.technician.enrollment import enroll, ticket_from
from tests.fakes.enrolling_center import EnrollingCenter
from tests.fakes.printers import PAPER_58_MM


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "till.toml"
    path.write_text('data_folder = "data"\nscanner.path = "s"\nkeypad.path = "k"\nprinter.path = "p"\n')
    return path


@pytest.fixture
def enrolled(config: Path) -> Path:
    """The configuration of a device that is enrolled and has a short journal."""
    data = config.parent / "data"
    center = EnrollingCenter()
    asyncio.run(
        enroll(
            data, ticket_from(center.ticket), "http://127.0.0.1:1", center, software="1", random_bytes=bytes
        )
    )

    async def a_day() -> None:
        known = identity.load(data, FileDeviceKey.load(data / identity.KEY_FILE))
        async with open_journal(
            data / boot.JOURNAL_FILE, known, SystemClock(has_chip=True), version="1"
        ) as journal:
            await boot.booted(journal)

    asyncio.run(a_day())
    return config


def test_a_configuration_that_is_not_there_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["run", "--config", str(tmp_path / "none.toml")]) == 1
    assert capsys.readouterr().err == f"sofreh-till: {tmp_path / 'none.toml'}: No such file or directory\n"


def test_a_device_that_is_not_enrolled_says_how_to_enroll_it(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["journal", "verify", "--config", str(config)]) == 1
    assert "run `sofreh-till enroll`" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [[], ["run"], ["run", "--config", "a", "--simulate"], ["enroll", "T"], ["journal"], ["fly"]]
)
def test_a_wrong_command_line_is_another_exit_code(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(arguments)
    assert ended.value.code == 2
    assert "usage: sofreh-till" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("center", "ticket", "words"),
    [
        ("http://127.0.0.1:9", f"abc.{'0' * 20}", "127.0.0.1:9"),
        ("http://center.example", f"abc.{'0' * 20}", "use https"),
        ("https://center.example", "abc", "TOKEN.FINGERPRINT"),
    ],
)
def test_enrollment_that_fails_says_why(
    config: Path, capsys: pytest.CaptureFixture[str], center: str, ticket: str, words: str
) -> None:
    assert command.main(["enroll", "--config", str(config), "--center", center, ticket]) == 1
    assert words in capsys.readouterr().err


def test_a_sound_journal_is_verified_and_rebuilt(enrolled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for action in ("verify", "rebuild", "verify"):
        assert command.main(["journal", action, "--config", str(enrolled)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert len(set(said)) == 1
    assert said[0].startswith("2 entries and 0 items of mail hold. Head: ")


def test_a_journal_is_exported(enrolled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = enrolled.parent / "export.cbor"
    assert command.main(["journal", "export", "--config", str(enrolled), str(target)]) == 0
    assert target.stat().st_size > 200
    capsys.readouterr()
    assert command.main(["journal", "verify", "--config", str(enrolled), str(target)]) == 0
    assert capsys.readouterr().out.startswith(
        f"{target}: PROVEN, journal\n  device 1001 of shop 7 signed entries 0 to 1"
    )
    target.write_bytes(target.read_bytes()[:-1] + b"x")
    assert command.main(["journal", "verify", "--config", str(enrolled), str(target)]) == 1
    assert capsys.readouterr().out.startswith(f"{target}: NOT PROVEN, journal (bad_signature): entry 1: ")


@pytest.mark.parametrize("action", ["verify", "rebuild"])
def test_a_flipped_byte_is_named(enrolled: Path, capsys: pytest.CaptureFixture[str], action: str) -> None:
    path = enrolled.parent / "data" / boot.JOURNAL_FILE
    with closing(sqlite3.connect(path)) as sql, sql:
        payload = bytearray(sql.execute("SELECT payload FROM entry WHERE sequence = 1").fetchone()[0])
        payload[-1] ^= 1
        sql.execute("UPDATE entry SET payload = ? WHERE sequence = 1", (bytes(payload),))
    assert command.main(["journal", action, "--config", str(enrolled)]) == 1
    assert "entry 1" in capsys.readouterr().err
    assert command.main(["run", "--config", str(enrolled)]) == 1
    assert "entry 1" in capsys.readouterr().err


def test_a_device_whose_key_others_may_read_does_not_start(
    enrolled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (enrolled.parent / "data" / identity.KEY_FILE).chmod(0o644)
    assert command.main(["run", "--config", str(enrolled)]) == 1
    assert "0644" in capsys.readouterr().err


def test_the_help_card_is_drawn_as_a_picture(config: Path) -> None:
    target = config.parent / "help.png"
    assert command.main(["help-card", "--config", str(config), "--png", str(target)]) == 0
    with Image.open(target) as picture:
        assert picture.width == 384
        assert picture.height > 1_000


@pytest.mark.parametrize("seconds", ["-5", "-1", "86401", "99999999999", "1.5", "soon", "", "۵"])
def test_a_wait_that_is_no_number_of_seconds_is_a_wrong_command_line(
    seconds: str, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(["selftest", "--config", str(config), f"--wait-s={seconds}"])
    assert ended.value.code == 2
    said = f"argument --wait-s: {seconds!r} is no number of seconds from 0 to 86400\n"
    assert capsys.readouterr().err.endswith(said)


@pytest.mark.parametrize("seconds", [0, 86_400])
def test_a_wait_may_be_none_or_a_day(seconds: int) -> None:
    given = command._parser().parse_args(["selftest", "--config", "till.toml", "--wait-s", str(seconds)])
    assert given.wait_s == seconds


def test_what_the_system_refuses_is_a_path_and_a_reason(
    enrolled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = enrolled.parent
    for arguments, said in (
        (["verify", folder / "none"], f"{folder / 'none'}: No such file or directory"),
        (["verify", folder], f"{folder}: Is a directory"),
        (["export", folder / "none" / "out"], f"{folder / 'none' / 'out'}: No such file or directory"),
        (["export", folder], f"{folder}: is there already and is no regular file"),
    ):
        action, path = arguments
        assert command.main(["journal", str(action), "--config", str(enrolled), str(path)]) == 1
        assert capsys.readouterr().err == f"sofreh-till: {said}\n"
    picture = folder / "none" / "help.png"
    assert command.main(["help-card", "--config", str(enrolled), "--png", str(picture)]) == 1
    assert capsys.readouterr().err == f"sofreh-till: {picture}: No such file or directory\n"


def verify_into(config: Path, target: int, *, unbuffered: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "firmware.command", "journal", "verify", "--config", str(config)]
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    return subprocess.run(
        line, check=False, stdout=target, stderr=subprocess.PIPE, text=True, env=environment
    )


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_output_that_cannot_be_written_is_named(enrolled: Path, unbuffered: str) -> None:
    with Path("/dev/full").open("w") as full:
        done = verify_into(enrolled, full.fileno(), unbuffered=unbuffered)
    assert (done.returncode, done.stderr) == (1, "sofreh-till: output: No space left on device\n")


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_output_that_nobody_reads_is_one_sentence(enrolled: Path, unbuffered: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = verify_into(enrolled, writing, unbuffered=unbuffered)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, "sofreh-till: output: Broken pipe\n")


def test_a_printer_that_is_not_there_is_named(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["help-card", "--config", str(config)]) == 1
    assert str(config.parent / "p") in capsys.readouterr().err


def test_an_operating_error_of_a_task_is_one_sentence(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(_: object) -> None:
        raise ExceptionGroup("tasks", [ExceptionGroup("one", [JournalFull("the disk takes no more")])])

    monkeypatch.setattr(command, "_run", full)
    assert command.main(["run", "--config", str(config)]) == 1
    assert capsys.readouterr().err == "sofreh-till: the disk takes no more\n"


def test_a_programmer_s_error_is_not_hidden(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> None:
        raise ExceptionGroup("tasks", [JournalFull("the disk takes no more"), KeyError("x")])

    monkeypatch.setattr(command, "_run", broken)
    with pytest.raises(ExceptionGroup) as caught:
        command.main(["run", "--config", str(config)])
    assert caught.group_contains(KeyError)


def test_a_profile_that_there_is_not_is_one_sentence(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text(f'{config.read_text()}printer.profile = "59mm"\n')
    assert command.main(["help-card", "--config", str(config), "--png", str(config.parent / "help.png")]) == 1
    assert capsys.readouterr().err.startswith("sofreh-till: 59mm is no printer profile; there are 58mm, ")


@pytest.mark.parametrize("more", ["", 'printer.profile_file = "none.toml"\n', 'printer.profile = "59mm"\n'])
def test_a_till_that_cannot_run_says_so_on_paper_and_by_sound(config: Path, more: str) -> None:
    config.write_text(config.read_text() + more)
    (config.parent / "data").mkdir(exist_ok=True)
    (config.parent / "data" / boot.JOURNAL_FILE).write_bytes(b"a journal, and nobody's key")

    async def story() -> None:
        printer = PtyPrinter(Paper(PAPER_58_MM), path=config.parent / "p")
        async with printer, asyncio.timeout(10):
            assert await asyncio.to_thread(command.main, ["run", "--config", str(config)]) == 1
            await printer.settle()
        assert printer.paper.take_beeps() == [Sound.LOCKED.value]
        assert printer.tear_off().height > 60

    asyncio.run(story())


def test_a_journal_that_cannot_be_opened_is_said_without_a_traceback(
    enrolled: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = enrolled.parent / "data" / boot.JOURNAL_FILE
    path.unlink()
    path.mkdir()
    assert command.main(["run", "--config", str(enrolled)]) == 1
    assert capfd.readouterr().err == "sofreh-till: database: SQLITE_CANTOPEN: unable to open database file\n"
