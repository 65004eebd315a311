"""What a technician's stick holds for a till: found once each time it is put in, and taken up by the journal once."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from firmware import boot
from firmware.courier import Fate, News
from firmware.enrolling.first_mail import Sticks, take_up, taken_off
from firmware.journal.journal import open_journal
from firmware.log import Level, Log
from sync import stick
from sync.stick import StickFailed
from sync.wire import carried, cbor
from sync.wire.carried import Place
from sync.wire.kinds import Way
from tests.fakes.hand_clock import HandClock
from tests.fakes.paper_center import OPENING_S, PaperCenter
from tests.fakes.software_key import SoftwareKey

if TYPE_CHECKING:
    from pathlib import Path

    from firmware.identity import Identity

KEY, OTHER = SoftwareKey("till"), SoftwareKey("other")
LOG = Log(lambda _: None, level=Level.ERROR, monotonic_ms=lambda: 0)


def put(folder: Path, *messages: bytes, key: SoftwareKey = KEY, device: int = 1001) -> None:
    place = Place(Way.ENROLLMENT, device, 1)
    data = carried.seal(messages, place, key.exchange_public, ephemeral=bytes(31) + b"\x07")
    stick.write(folder, place, data)


@pytest.fixture
def slot(tmp_path: Path) -> Path:
    (tmp_path / "slot").mkdir()
    return tmp_path / "slot"


def test_a_stick_is_looked_at_once_each_time_it_is_put_in(slot: Path, tmp_path: Path) -> None:
    sticks = Sticks(slot, KEY)
    assert sticks.look() is None
    put(slot, b"answer", b"mail 1")
    assert sticks.look() == ((b"answer", b"mail 1"),)
    assert sticks.look() is None
    (slot / "S1001.E01").rename(tmp_path / "pocket")
    assert sticks.look() is None
    (tmp_path / "pocket").rename(slot / "S1001.E01")
    assert sticks.look() == ((b"answer", b"mail 1"),)
    slot.rename(tmp_path / "away")
    assert sticks.look() is None
    (tmp_path / "away").rename(slot)
    assert sticks.look() == ((b"answer", b"mail 1"),)


def test_what_is_for_another_till_or_broken_is_passed_over(slot: Path) -> None:
    sticks = Sticks(slot, KEY)
    put(slot, b"not ours", key=OTHER)
    assert sticks.look() == ()
    (slot / "S1002.E01").write_bytes(b"broken")
    (slot / "S1003.A01").write_bytes(b"an answer of the center")
    assert sticks.look() == ()
    put(slot, b"ours", device=1003)
    assert sticks.look() == ((b"ours",),)


def test_a_stick_with_nothing_is_answered_once_and_not_when_it_goes(
    slot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sticks = Sticks(slot, KEY)
    monkeypatch.setattr(os.path, "ismount", lambda path: path == slot)
    assert sticks.look() == ()
    assert sticks.look() is None
    put(slot, b"answer")
    assert sticks.look() == ((b"answer",),)
    (slot / "S1001.E01").unlink()
    assert sticks.look() is None


def test_a_stick_that_cannot_be_listed_is_answered(slot: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(slot, b"answer")

    def failing(*_: object) -> list[tuple[Place, Path]]:
        raise StickFailed("pulled")

    monkeypatch.setattr(stick, "listed", failing)
    assert Sticks(slot, KEY).look() == ()


def test_a_till_that_knows_no_sticks_looks_at_none(slot: Path) -> None:
    put(slot, b"answer")
    assert Sticks(None, KEY).look() is None


async def _taken(folder: Path, identity: Identity) -> tuple[int, bool]:
    clock = HandClock(OPENING_S)
    async with open_journal(folder / "journal.db", identity, clock, version="1") as journal:
        await take_up(folder, journal, LOG)
        return journal.mail_head.number, journal.policy is not None


def test_the_first_mail_takes_effect_once(tmp_path: Path) -> None:
    center = PaperCenter()
    identity = center.enroll(KEY, now_s=OPENING_S)
    messages = [
        item.message for item in (*center.village(identity, (center.member(1),)), *center.rules(products=()))
    ]
    path = tmp_path / boot.FIRST_MAIL_FILE
    path.write_bytes(cbor.encode(messages))
    assert asyncio.run(_taken(tmp_path, identity)) == (len(messages), True)
    assert not path.exists()
    path.write_bytes(cbor.encode(messages))
    assert asyncio.run(_taken(tmp_path, identity)) == (len(messages), True)
    assert not path.exists()


@pytest.mark.parametrize("what", ["garbage", "number", "none", "other", "cut"])
def test_mail_that_does_not_hold_is_left_to_the_center(tmp_path: Path, what: str) -> None:
    center = PaperCenter()
    identity = center.enroll(KEY, now_s=OPENING_S)
    messages = [item.message for item in center.rules(products=())]
    if what == "other":
        identity = replace(identity, mail_root=bytes(32))
    broken = {"garbage": b"\xff", "number": b"\x07", "none": b"\x80", "cut": cbor.encode(messages)[:-1]}
    data = broken.get(what, cbor.encode(messages))
    (tmp_path / boot.FIRST_MAIL_FILE).write_bytes(data)
    assert asyncio.run(_taken(tmp_path, identity)) == (0, False)
    assert not (tmp_path / boot.FIRST_MAIL_FILE).exists()


async def _visited(folder: Path, identity: Identity, times: int = 1) -> tuple[list[News], int]:
    """What a running till that was enrolled by QRs makes of the stick."""
    news: list[News] = []
    async with open_journal(folder / "journal.db", identity, HandClock(OPENING_S), version="1") as journal:
        for _ in range(times):
            news += await taken_off(folder / "slot", journal)
        return news, journal.mail_head.number


def test_a_till_that_was_enrolled_by_qrs_takes_its_first_mail_off_the_stick(
    tmp_path: Path, slot: Path
) -> None:
    center = PaperCenter()
    identity = center.enroll(KEY, now_s=OPENING_S)
    messages = [item.message for item in center.rules(products=())]
    put(slot, b"answer", *messages)
    put(slot, b"answer", *messages, device=1002)
    news, number = asyncio.run(_visited(tmp_path, identity, times=2))
    assert [(one.file, one.fate, len(one.mail)) for one in news] == [("S1001.E01", Fate.TAKEN, len(messages))]
    assert number == len(messages)


def test_an_answer_s_file_without_mail_brings_none(tmp_path: Path, slot: Path) -> None:
    identity = PaperCenter().enroll(KEY, now_s=OPENING_S)
    put(slot, b"answer")
    news, number = asyncio.run(_visited(tmp_path, identity))
    assert ([one.fate for one in news], number) == ([Fate.OLD], 0)


@pytest.mark.parametrize("key", [KEY, OTHER])
def test_first_mail_that_is_not_this_till_s_changes_nothing(
    tmp_path: Path, slot: Path, key: SoftwareKey
) -> None:
    center = PaperCenter()
    identity = center.enroll(KEY, now_s=OPENING_S)
    messages = [item.message for item in center.rules(products=())]
    put(slot, b"answer", *messages, key=key)
    identity = replace(identity, mail_root=bytes(32)) if key is KEY else identity
    news, number = asyncio.run(_visited(tmp_path, identity))
    assert ([one.fate for one in news], number) == ([Fate.REFUSED], 0)
