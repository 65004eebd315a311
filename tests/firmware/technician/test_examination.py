"""What the appliance finds out about itself: each kind of trouble has its words, and nothing is left behind."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from drivers.printer.slip import Text
from drivers.printer.status import Condition
from firmware.journal.records import Glance
from firmware.receipt.selftest_slips import Part, Verdict, finding_rows
from firmware.roles import Listed, Role
from firmware.technician import examination
from sync.wire.entry import TimeInterval
from sync.wire.kinds import Grade
from tests.fakes.paper_center import PaperCenter
from tests.fakes.software_key import SoftwareKey

if TYPE_CHECKING:
    from firmware.identity import Identity

NOW_S = 1_767_800_000
PLAIN = re.compile("[\u2066-\u2069]")
LATIN = re.compile("[A-Za-z]")
NOW = TimeInterval(not_before_s=NOW_S, span_s=2, grade=Grade.TRUSTED)


@pytest.fixture
def identity() -> Identity:
    return PaperCenter().enroll(SoftwareKey("till"), now_s=NOW_S)


def _glance(*, link_is_down: bool = False, unclean_starts: int = 0, tail_lost: int = 0) -> Glance:
    return Glance(
        now=NOW, unsent=7, link_is_down=link_is_down, unclean_starts=unclean_starts, tail_lost=tail_lost
    )


def _row(role: Role, path: Path | None) -> Listed:
    return Listed(role=role, place="usb-1.2", model="0c2e:0b61", name="Voyager", path=path)


def test_a_device_at_its_place_is_shown_with_place_and_model() -> None:
    found = next(examination.devices([_row(Role.SCANNER, Path("/dev/input/event3"))]))
    assert (found.verdict, found.told) == (Verdict.GOOD, "usb-1.2 0c2e:0b61 Voyager")


def test_a_device_that_is_not_plugged_in_is_bad_and_named() -> None:
    found = next(examination.devices([_row(Role.SCANNER, None)]))
    assert (found.verdict, found.told) == (Verdict.BAD, "usb-1.2 0c2e:0b61 Voyager")
    assert found.english == "not plugged in:"


def test_a_role_that_nobody_has_is_bad_but_for_the_display() -> None:
    found = list(examination.devices([]))
    assert [finding.part for finding in found] == [Part.SCANNER, Part.KEYPAD, Part.PRINTER]
    assert {finding.verdict for finding in found} == {Verdict.BAD}


def test_the_disk_is_written_and_left_as_it_was(tmp_path: Path) -> None:
    found = list(examination.disk(tmp_path))
    assert [finding.part for finding in found] == [Part.DISK, Part.DISK_SPEED]
    assert found[0].english.endswith(" MiB")
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_takes_nothing_is_bad(tmp_path: Path) -> None:
    (found,) = examination.disk(tmp_path / "missing")
    assert (found.verdict, found.told) == (Verdict.BAD, os.strerror(2))


@pytest.mark.parametrize(
    ("free_mib", "verdict"),
    [(15, Verdict.BAD), (16, Verdict.NOTICE), (127, Verdict.NOTICE), (128, Verdict.GOOD)],
)
def test_little_room_is_noticed_before_it_is_too_little(
    free_mib: int, verdict: Verdict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = os.statvfs(tmp_path)
    blocks = free_mib * (1 << 20) // room.f_frsize
    given = os.statvfs_result((*room[:4], blocks, *room[5:]))
    monkeypatch.setattr(os, "statvfs", lambda _: given)
    assert next(iter(examination.disk(tmp_path))).verdict is verdict


@pytest.mark.parametrize(
    ("grade", "verdict"),
    [
        (Grade.DOUBTFUL, Verdict.BAD),
        (Grade.STATED, Verdict.NOTICE),
        (Grade.ESTIMATED, Verdict.GOOD),
        (Grade.TRUSTED, Verdict.GOOD),
    ],
)
def test_a_clock_is_as_good_as_its_grade(grade: Grade, verdict: Verdict) -> None:
    assert examination.clock(TimeInterval(not_before_s=NOW_S, span_s=0, grade=grade)).verdict is verdict


@pytest.mark.parametrize(
    ("grade", "on_paper", "on_a_terminal"),
    [
        (Grade.STATED, "۱۴۰۴/۱۰/۱۷؛ تاریخ را فروشنده وارد کرده است.", "stated by the shopkeeper: 2026-01-07 15:33 UTC"),
        (Grade.ESTIMATED, "۱۴۰۴/۱۰/۱۷ ساعت ۱۹:۰۳؛ ساعت تخمینی است.", "2026-01-07 15:33 UTC (estimated)"),
        (Grade.TRUSTED, "۱۴۰۴/۱۰/۱۷ ساعت ۱۹:۰۳؛ مورد اعتماد.", "2026-01-07 15:33 UTC (trusted)"),
    ],
)  # fmt: skip
def test_the_time_is_irans_on_paper_and_utc_on_a_terminal(
    grade: Grade, on_paper: str, on_a_terminal: str
) -> None:
    found = examination.clock(TimeInterval(not_before_s=NOW_S, span_s=0, grade=grade))
    assert PLAIN.sub("", found.persian) == on_paper
    assert (found.english, found.told) == (on_a_terminal, "")


def test_a_key_that_signs_within_its_time_is_good(identity: Identity) -> None:
    assert examination.key(identity, NOW).verdict is Verdict.GOOD
    late = TimeInterval(not_before_s=identity.credential.until_s, span_s=1, grade=Grade.TRUSTED)
    assert examination.key(identity, late).english.startswith("its credential has ended: ")


def test_a_key_that_signs_wrongly_is_found(identity: Identity, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(identity.key), "sign", lambda *_: bytes(64))
    found = examination.key(identity, NOW)
    assert found.verdict is Verdict.BAD
    assert found.english.startswith("does not sign: ")


def test_a_device_that_is_not_enrolled_yet_is_only_noticed() -> None:
    assert examination.key(None, None).verdict is Verdict.NOTICE


def test_a_village_without_network_is_no_fault() -> None:
    assert examination.link(_glance(link_is_down=True)).verdict is Verdict.NOTICE
    assert examination.link(_glance()).verdict is Verdict.GOOD


def test_power_cuts_since_the_last_closing_are_counted() -> None:
    found = examination.power(_glance(unclean_starts=3))
    assert (found.persian, found.english) == ("تعداد قطع ناگهانی: ۳", "unclean starts: 3")
    assert examination.power(_glance(unclean_starts=3)).verdict is Verdict.NOTICE
    assert examination.power(_glance()).verdict is Verdict.GOOD


@pytest.mark.parametrize(
    ("condition", "verdict", "told"),
    [
        (Condition(), Verdict.NOTICE, "does not say"),
        (Condition(paper_out=False, paper_low=False), Verdict.GOOD, ""),
        (Condition(paper_out=False, paper_low=True), Verdict.NOTICE, "nearly out"),
        (Condition(paper_out=True, paper_low=True), Verdict.BAD, "no paper"),
        (Condition(cover_open=True), Verdict.BAD, "open"),
    ],
)
def test_the_printer_says_how_its_paper_stands_if_it_says_anything(
    condition: Condition, verdict: Verdict, told: str
) -> None:
    finding = examination.paper(examination.PrinterNow("58mm", condition))
    assert (finding.part, finding.verdict, finding.told) == (Part.PAPER, verdict, "58mm")
    assert told in finding.english


def test_what_the_till_says_of_itself_is_persian_on_paper(identity: Identity, tmp_path: Path) -> None:
    for enrolled in (identity, None):
        for finding in examination.everything([], tmp_path, enrolled, _glance(unclean_starts=2)):
            (_, *behind) = finding_rows(finding)
            assert not [row for row in behind if isinstance(row, Text) and LATIN.search(row.text)]
            assert finding.told == ""


def test_a_journal_that_lost_its_tail_is_bad_whatever_the_link() -> None:
    found = examination.link(_glance(link_is_down=True, tail_lost=3214))
    assert (found.part, found.verdict) == (Part.LINK, Verdict.BAD)
    assert "3214" in found.english
    assert "۳٬۲۱۴" in found.persian
