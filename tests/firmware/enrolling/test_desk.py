"""What a till that belongs to nobody says to whatever is scanned, keyed or plugged in."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest

from drivers.errors import PrinterBlocked
from drivers.keypad import Key
from drivers.scanner.classification import classify
from drivers.sound import Sound
from firmware.desk.paper import texts
from firmware.enrolling.answer import Taken, judge
from firmware.enrolling.desk import MEANINGS, EnrollingDesk, Stage, Surroundings
from firmware.enrolling.request import ask
from firmware.errors import EnrollmentRefused
from firmware.receipt.enrollment_slips import Wrong
from firmware.receipt.prompt_slips import Prompt
from firmware.receipt.selftest_slips import Finding, Part, Verdict
from firmware.roles import Change, DeviceNews, Role
from sync.wire import base45
from sync.wire.enrolling import enrollment_qr
from tests.firmware.enrolling.world import NOW_S, answer_for

if TYPE_CHECKING:
    from pathlib import Path

    from drivers.printer.slip import Slip

KEYS = {"\n": Key.ENTER}


class Roll:
    """The printer: what came out of it, if it is there."""

    def __init__(self) -> None:
        self.rows: list[str] = []
        self.is_there = True

    async def print(self, slip: Slip) -> None:
        if not self.is_there:
            raise PrinterBlocked("none", sent=0)
        self.rows += [row for element in slip for row in texts(element)]

    def tear_off(self) -> list[str]:
        rows, self.rows = self.rows, []
        return rows


class World:
    """A till on a technician's table."""

    def __init__(self, folder: Path) -> None:
        self.asked = ask(folder, software="0.1.0", random_bytes=os.urandom)
        self.paper, self.sounds, self.kept, self.searches = Roll(), list[Sound](), list[Taken](), 0
        self.disk_is_full = False
        self.desk = EnrollingDesk(self.asked, self.paper, self._around())

    def _around(self) -> Surroundings:
        def search() -> None:
            self.searches += 1

        def keep(taken: Taken) -> None:
            if self.disk_is_full:
                raise EnrollmentRefused("full")
            self.kept.append(taken)

        return Surroundings(
            version="0.1.0", judge=lambda message: judge(message, self.asked, chip_s=NOW_S), keep=keep,
            examine=lambda: (Finding(Part.DISK, Verdict.GOOD, "fine"),), devices=tuple, find_printer=search,
            sound=self.sounds.append,
        )  # fmt: skip

    def start(self) -> list[str]:
        asyncio.run(self.desk.start())
        return self.paper.tear_off()

    def scan(self, *codes: str) -> list[str]:
        for code in codes:
            asyncio.run(self.desk.take(classify(code)))
        return self.paper.tear_off()

    def press(self, keys: str) -> list[str]:
        for sign in keys:
            asyncio.run(self.desk.take(KEYS.get(sign) or Key(sign)))
        return self.paper.tear_off()

    def scan_answer(self) -> list[str]:
        return self.scan(*enrollment_qr.to_qrs(answer_for(self.asked)))


@pytest.fixture
def till(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.start()
    return world


def test_it_welcomes_examines_itself_and_asks(tmp_path: Path) -> None:
    rows = World(tmp_path).start()
    assert "خوش آمدید" in rows
    assert "حافظه | خوب" in rows
    assert "درخواست ثبت صندوق" in rows


def test_without_a_printer_everything_stays_owed_until_there_is_one(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.paper.is_there = False
    assert world.start() == []
    world.paper.is_there = True
    asyncio.run(world.desk.tick())
    assert "درخواست ثبت صندوق" in world.paper.tear_off()
    asyncio.run(world.desk.tick())
    assert world.paper.tear_off() == []


def test_each_part_is_told_and_the_whole_is_offered(till: World) -> None:
    first, *rest = enrollment_qr.to_qrs(answer_for(till.asked))
    assert till.scan(first) == [
        f"۱ از {'۰۱۲۳۴۵۶۷۸۹'[len(rest) + 1]} رمزینه خوانده شد. مانده: "
        + "، ".join("۰۱۲۳۴۵۶۷۸۹"[number] for number in range(2, len(rest) + 2))
    ]
    rows = till.scan(*rest)
    assert "پاسخ خوانده شد" in rows
    assert till.desk.stage is Stage.COMPARING
    assert till.sounds[-1] is Sound.APPROVED
    assert till.kept == []


def test_enter_makes_it_so(till: World) -> None:
    till.scan_answer()
    till.press("\n")
    assert till.desk.stage is Stage.ENROLLED
    assert [taken.offer.device for taken in till.kept] == [1001]


def test_a_fingerprint_that_differs_is_refused_by_minus(till: World) -> None:
    till.scan_answer()
    assert "درخواست ثبت صندوق" in till.press("-")
    assert (till.desk.stage, till.kept) == (Stage.ASKING, [])
    till.press("\n")
    assert till.kept == []


def test_an_offer_is_what_is_printed_again(till: World) -> None:
    till.scan_answer()
    rows = till.press("*10\n")
    assert "پاسخ خوانده شد" in rows
    assert "درخواست ثبت صندوق" not in rows
    assert (till.desk.stage, till.kept) == (Stage.COMPARING, [])
    till.press("-")
    assert "درخواست ثبت صندوق" in till.press("*10\n")


def test_the_same_answer_again_is_offered_again(till: World) -> None:
    till.scan_answer()
    assert "پاسخ خوانده شد" in till.scan_answer()
    till.press("\n")
    assert len(till.kept) == 1


def test_a_part_of_another_answer_takes_the_offer_back(till: World) -> None:
    till.scan_answer()
    till.scan(enrollment_qr.to_qrs(answer_for(till.asked, epoch=9))[0])
    till.press("\n")
    assert till.kept == []


@pytest.mark.parametrize("code", ["6260000000019", "C1:HELLO", "A1:1234567890123", "HELLO"])
def test_nothing_is_sold_or_read_yet(till: World, code: str) -> None:
    assert till.scan(code) == [Wrong.NO_ANSWER.value]
    assert till.sounds == [Sound.REFUSED]


@pytest.mark.parametrize("text", ["E1:", "E1:%%%", "E1:" + base45.encode(b"\x80")])
def test_a_part_that_cannot_be_read_is_asked_for_again(till: World, text: str) -> None:
    assert till.scan(text) == [Wrong.UNREADABLE.value]


def test_an_old_answer_brings_the_request_that_counts(till: World) -> None:
    rows = till.scan(*enrollment_qr.to_qrs(answer_for(till.asked, nonce=bytes(16))))
    assert rows[-1 - len(rows) :].count(Wrong.OLD.value) == 1
    assert "درخواست ثبت صندوق" in rows


def test_a_disk_that_takes_nothing_is_said_and_enter_tries_again(till: World) -> None:
    till.scan_answer()
    till.disk_is_full = True
    assert till.press("\n") == [Wrong.NOT_STORED.value]
    till.disk_is_full = False
    till.press("\n")
    assert till.desk.stage is Stage.ENROLLED


@pytest.mark.parametrize(
    ("keys", "row"),
    [
        ("\n", "درخواست ثبت صندوق"),
        ("*10\n", "درخواست ثبت صندوق"),
        ("*9\n", "راهنمای کلیدها"),
        ("*18\n", "دستگاه‌های صندوق"),
        ("*19\n", "آزمایش دستگاه"),
        ("*11\n", Prompt.BAD_KEYS.value),
        ("*10*3\n", Prompt.BAD_KEYS.value),
        ("-", Prompt.BAD_KEYS.value),
        ("5+", Prompt.BAD_KEYS.value),
    ],
)
def test_the_keypad_s_codes(till: World, keys: str, row: str) -> None:
    assert row in till.press(keys)


def test_the_help_card_names_every_code(till: World) -> None:
    rows = "".join(till.press("*9\n"))
    assert all(meaning in rows for meaning in MEANINGS.values())


def test_the_printer_is_searched_for_by_code(till: World) -> None:
    till.press("*20\n")
    assert till.searches == 1


def test_devices_are_told_of(till: World) -> None:
    asyncio.run(till.desk.take(DeviceNews(Change.BACK, (Role.SCANNER,))))
    assert till.paper.tear_off() == ["بارکدخوان دوباره وصل است."]


def test_a_stick_is_offered_like_a_scan_with_its_mail(till: World) -> None:
    asyncio.run(till.desk.stick(((answer_for(till.asked), b"mail 1"),)))
    assert "پاسخ خوانده شد" in till.paper.tear_off()
    till.press("\n")
    assert [taken.mail for taken in till.kept] == [(b"mail 1",)]


def test_a_stick_without_an_answer_is_named(till: World) -> None:
    asyncio.run(till.desk.stick(()))
    assert till.paper.tear_off() == [Wrong.NOT_ON_STICK.value]


def test_an_answer_that_is_wrong_on_a_stick_is_said(till: World) -> None:
    asyncio.run(till.desk.stick(((b"no answer",),)))
    assert till.paper.tear_off() == [Wrong.NO_ANSWER.value]
