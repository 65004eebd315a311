"""The fault matrix of what anybody carries: whatever becomes of a stick, each entry is there once and every total is equal."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from firmware.courier import Fate
from sync import stick
from sync.central.errors import WrongInput
from sync.stick import StickFailed
from sync.wire.kinds import Way
from tests.scenarios.countryside import Countryside, Till, all_is_equal, earned_rial, round_trip

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from firmware.journal.journal import Journal
    from sync.wire.entry import Entry

SOLD = 2_000_000


# Undisturbed


def test_a_till_without_any_line_trades_from_the_first_stick_on(tmp_path: Path) -> None:
    country = Countryside.founded(tmp_path)
    till = country.till(has_chip=False)
    country.lab.order("allot")
    country.export()
    (news,) = till.take()
    assert news.fate is Fate.TAKEN
    till.sell(1, SOLD)
    round_trip(country, till)
    assert earned_rial(country) == SOLD
    all_is_equal(country, till)
    country.close()


def test_many_weeks_and_several_tills_on_one_stick(country: Countryside) -> None:
    tills = [*country.tills, country.till(), country.till()]
    for till in tills:
        till.visit()
    country.lab.order("recall", device=country.tills[0].number, national_id=None)
    round_trip(country, *tills)
    country.lab.order("allot")
    round_trip(country, *tills)
    for week in range(3):
        for index, till in enumerate(tills):
            till.sell(1 + (index + week) % 4, SOLD)
        country.later(7)
        round_trip(country, *tills)
    assert earned_rial(country) == 9 * SOLD
    all_is_equal(country, *tills)


def test_a_stick_s_time_is_a_lower_bound_and_no_more(country: Countryside, till: Till) -> None:
    assert till.clock.chip_s() is not None
    till.put()
    country.import_()
    signed_s = country.lab.clock.at_s
    country.later(30)
    till.clock.wall_s -= 3650 * 86_400
    till.take()
    now = till.fact("keeper").now()
    assert now.not_before_s == signed_s


# What becomes of the questions, and of the answers


def _lose(folder: Path, way: Way) -> None:
    for path in _files(folder, way):
        path.unlink()


def _cut_to_nothing(folder: Path, way: Way) -> None:
    for path in _files(folder, way):
        path.write_bytes(b"")


def _cut_in_half(folder: Path, way: Way) -> None:
    for path in _files(folder, way):
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _cut_the_last_byte(folder: Path, way: Way) -> None:
    for path in _files(folder, way):
        path.write_bytes(path.read_bytes()[:-1])


def _alter_a_bit(folder: Path, way: Way) -> None:
    for path in _files(folder, way):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 0x10
        path.write_bytes(data)


def _zero_a_sector(folder: Path, way: Way) -> None:
    """What a stick that was pulled may leave of a file whose length was written first."""
    for path in _files(folder, way):
        size = path.stat().st_size
        path.write_bytes(path.read_bytes()[: size - 200] + bytes(200))


def _double(folder: Path, way: Way) -> None:
    for path in _files(folder, way):
        shutil.copy(path, path.with_name(path.name[:-2] + "77"))


def _rename(folder: Path, way: Way) -> None:
    for path in _files(folder, way):
        path.rename(path.with_name(path.name[:-2] + "55"))


def _leave_a_draft(folder: Path, way: Way) -> None:
    for path in _files(folder, way):
        (folder / f"{path.name[:5]}.NEW").write_bytes(path.read_bytes()[:99])


def _fill_with_other_things(folder: Path, way: Way) -> None:
    (folder / "DCIM").mkdir(exist_ok=True)
    (folder / "S1001.Q").write_bytes(b"almost a name of ours")
    (folder / f"S9999.{'Q' if way is Way.QUESTION else 'A'}01").write_bytes(b"somebody's joke")


def _files(folder: Path, way: Way) -> list[Path]:
    letter = "Q" if way is Way.QUESTION else "A"
    found = sorted(folder.glob(f"S*.{letter}[0-9][0-9]"))
    assert found, "a fault befalls something"
    return found


FAULTS: tuple[Callable[[Path, Way], None], ...] = (
    _lose, _cut_to_nothing, _cut_in_half, _cut_the_last_byte, _alter_a_bit, _zero_a_sector, _double, _rename,
    _leave_a_draft, _fill_with_other_things,
)  # fmt: skip


@pytest.mark.parametrize("way", list(Way), ids=lambda way: way.name.lower())
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__.strip("_"))
def test_whatever_becomes_of_a_file_the_next_trip_mends_it(
    country: Countryside, till: Till, fault: Callable[[Path, Way], None], way: Way
) -> None:
    sold: list[Entry] = [till.sell(1, SOLD)]
    till.put()
    if way is Way.QUESTION:
        fault(country.stick, way)
    if fault is _lose and way is Way.QUESTION:
        with pytest.raises(WrongInput, match="holds no question"):
            country.import_()
    else:
        country.import_()
    sold.append(till.sell(2, SOLD))
    if way is Way.ANSWER:
        fault(country.stick, way)
    till.take()
    round_trip(country, till)
    assert earned_rial(country) == len(sold) * SOLD
    all_is_equal(country, till)


@pytest.mark.parametrize("way", list(Way), ids=lambda way: way.name.lower())
def test_a_file_cut_at_any_byte_is_named_and_changes_nothing(
    country: Countryside, till: Till, way: Way
) -> None:
    till.sell(1, SOLD)
    till.put()
    if way is Way.ANSWER:
        country.import_()
    (path,) = _files(country.stick, way)
    whole, before = path.read_bytes(), till.fact("head").sequence
    for length in range(0, len(whole), max(1, len(whole) // 25)):
        path.write_bytes(whole[:length])
        if way is Way.QUESTION:
            assert country.import_()[path.name][0] == "damaged"
            continue
        (news,) = till.take()
        assert (news.file, news.fate) == (path.name, Fate.DAMAGED)
    assert till.fact("head").sequence == before
    round_trip(country, till)
    all_is_equal(country, till)


# Old, late, foreign, mixed up


def test_an_answer_that_comes_long_after_newer_ones_raises_no_alarm(country: Countryside, till: Till) -> None:
    till.put()
    country.import_()
    late = _files(country.stick, Way.ANSWER)[0].read_bytes()
    till.sell(1, SOLD)
    round_trip(country, till)
    country.later(40)
    (country.stick / f"S{till.number}.A01").write_bytes(late)
    before = till.fact("statement"), till.fact("acknowledged"), till.fact("mail_head")
    (news,) = till.take()
    assert news.fate is Fate.OLD
    assert news.words == "nothing new: taken before, or overtaken by a later answer"
    assert (till.fact("statement"), till.fact("acknowledged"), till.fact("mail_head")) == before
    round_trip(country, till)
    all_is_equal(country, till)


def test_a_late_answer_still_brings_the_mail_that_nobody_else_brought(
    country: Countryside, till: Till
) -> None:
    till.sell(1, SOLD)
    till.put()
    country.import_()
    with_verdicts = _files(country.stick, Way.ANSWER)[0].read_bytes()
    newer = till.fact("statement") + 100

    async def overtaken(journal: Journal) -> None:
        await journal.acknowledge(journal.acknowledged, now_s=1, epoch=journal.epoch, statement=newer)

    till.day(overtaken)
    before = till.fact("mail_head").number
    (country.stick / f"S{till.number}.A01").write_bytes(with_verdicts)
    (news,) = till.take()
    assert (news.fate, len(news.mail)) == (Fate.TAKEN, 1)
    assert till.fact("mail_head").number == before + 1
    assert till.fact("statement") == newer


def test_old_questions_after_newer_ones_change_nothing(country: Countryside, till: Till) -> None:
    till.sell(1, SOLD)
    till.put()
    old = _files(country.stick, Way.QUESTION)[0].read_bytes()
    till.sell(2, SOLD)
    round_trip(country, till)
    (country.stick / f"S{till.number}.Q77").write_bytes(old)
    assert country.import_()[f"S{till.number}.Q77"][0] == "old"
    round_trip(country, till)
    assert earned_rial(country) == 2 * SOLD
    all_is_equal(country, till)


def test_a_line_and_a_stick_together_count_nothing_twice(country: Countryside, till: Till) -> None:
    till.sell(1, SOLD)
    till.put()
    till.visit_by_line()
    till.sell(2, SOLD)
    country.import_()
    till.visit_by_line()
    till.take()
    round_trip(country, till)
    assert earned_rial(country) == 2 * SOLD
    all_is_equal(country, till)


def test_answers_of_two_tills_that_were_swapped_are_somebody_else_s(country: Countryside, till: Till) -> None:
    other = country.till()
    till.put()
    other.put()
    country.import_()
    one, two = (country.stick / f"S{each.number}.A01" for each in (till, other))
    one.rename(country.stick / "x")
    two.rename(one)
    (country.stick / "x").rename(two)
    for each in (till, other):
        (news,) = each.take()
        assert news.fate is Fate.FOREIGN
        assert news.words == f"is sealed to another device's key, not to that of device {each.number}"
    round_trip(country, till, other)
    all_is_equal(country, till, other)


def test_another_center_s_stick_is_nobody_s(country: Countryside, till: Till, tmp_path: Path) -> None:
    (tmp_path / "abroad").mkdir()
    abroad = Countryside.founded(tmp_path / "abroad", seed=77)
    try:
        stranger = abroad.till()
        stranger.put()
        for path in abroad.stick.iterdir():
            shutil.copy(path, country.stick / path.name)
        assert {fate for fate, _ in country.import_().values()} <= {"foreign", "taken", "written", "old"}
        assert country.import_()[f"S{stranger.number}.Q01"][0] == "foreign"
        abroad.export()
        for path in abroad.stick.glob("*.A*"):
            shutil.copy(path, country.stick / f"S{till.number}.A01")
        assert till.take()[0].fate is Fate.FOREIGN
    finally:
        abroad.close()
    round_trip(country, till)
    all_is_equal(country, till)


# A stick that is full, or pulled


def test_a_stick_that_is_pulled_while_it_is_written_costs_a_trip_at_most(
    country: Countryside, till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = stick._write_durably

    def pulled_after(most: int) -> Callable[[Path, bytes], None]:
        def write(path: Path, data: bytes) -> None:
            written(path, data[:most])
            shutil.copy(path, path.with_name("S1001.BAK"))
            raise OSError(5, "Input/output error")

        return write

    till.sell(1, SOLD)
    till.put()
    till.sell(2, SOLD)
    for most in (0, 1, 100, 500, 10_000):
        monkeypatch.setattr(stick, "_write_durably", pulled_after(most))
        with pytest.raises(StickFailed, match=r"S1001\.Q01: Input/output error"):
            till.put()
        monkeypatch.undo()
        # A draft that the kernel brought out as far as it came.
        (country.stick / "S1001.BAK").rename(country.stick / "S1001.NEW")
    assert country.import_()["S1001.Q01"][0] == "taken"
    assert earned_rial(country) == SOLD
    round_trip(country, till)
    assert earned_rial(country) == 2 * SOLD
    all_is_equal(country, till)


def test_a_backlog_of_many_files_and_one_of_them_lost_in_the_middle(
    country: Countryside, till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.uplink.courier.BATCH_ENTRIES_MAX", 2)
    monkeypatch.setattr("sync.wire.carried.MESSAGES_MAX", 1)
    for household in (1, 2, 3, 4, 1):
        till.sell(household, SOLD)
    files = [news.file for news in till.put()]
    assert len(files) >= 3
    (country.stick / files[1]).unlink()
    fates = country.import_()
    assert [fates[files[index]][0] for index in (0, 2)] == ["taken", "early"]
    till.visit()
    assert {fate for fate, _ in country.import_().values()} <= {"taken", "old", "written"}
    round_trip(country, till)
    assert earned_rial(country) == 5 * SOLD
    all_is_equal(country, till)


def test_an_unlimited_backlog_stops_at_the_last_name_and_goes_on_with_the_next_stick(
    country: Countryside, till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (
        ("sync.uplink.courier.BATCH_ENTRIES_MAX", 1),
        ("sync.wire.carried.MESSAGES_MAX", 1),
        ("firmware.courier.NUMBER_MAX", 2),
    ):
        monkeypatch.setattr(name, value)
    for household in (1, 2, 3, 4):
        till.sell(household, SOLD)
    assert [news.file for news in till.put()] == ["S1001.Q01", "S1001.Q02"]
    for _ in range(12):
        country.import_()
        till.visit()
    monkeypatch.undo()
    round_trip(country, till)
    assert earned_rial(country) == 4 * SOLD
    all_is_equal(country, till)
