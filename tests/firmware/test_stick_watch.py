"""A stick that is put in is visited once, and told of; what goes wrong with it is told too."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from firmware.errors import JournalFull
from firmware.log import Level, Log
from firmware.receipt.stick_slips import StickVisited, stick_slip
from firmware.stick_watch import StickWatch
from sync.stick import StickFailed
from tests.firmware.till.counter import Counter, words_of_slip

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GOOD = StickVisited(taken=1, written=2)


class _Enough(Exception):
    pass


class Shop:
    """A slot for sticks; each step is a second."""

    def __init__(self, folder: Path, *, outcome: StickVisited | Exception = GOOD) -> None:
        self.slot, self._away = folder / "slot", folder / "pocket"
        self._away.mkdir()
        (self._away / "S1001.A01").write_bytes(b"")
        self.visits, self.told = 0, list[StickVisited]()
        self._outcome = outcome

    def put_in(self) -> None:
        self._away.rename(self.slot)

    def pull_out(self) -> None:
        self.slot.rename(self._away)

    async def _visit(self, folder: Path) -> StickVisited:
        assert folder == self.slot
        self.visits += 1
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome

    async def _tell(self, visited: StickVisited) -> None:
        self.told.append(visited)

    def seconds(self, *each: Callable[[], None] | None) -> None:
        steps = list(each)

        async def sleep_ms(_: int) -> None:
            if not steps:
                raise _Enough
            step = steps.pop(0)
            if step is not None:
                step()

        watch = StickWatch(
            self.slot, self._visit, tell=self._tell, sleep_ms=sleep_ms,
            log=Log(lambda _: None, level=Level.ERROR, monotonic_ms=lambda: 0),
        )  # fmt: skip
        with pytest.raises(_Enough):
            asyncio.run(watch.run())


def test_a_stick_is_visited_once_until_it_comes_again(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.seconds(None, shop.put_in, None, None, shop.pull_out, None)
    assert (shop.visits, shop.told) == (1, [GOOD])
    shop.seconds(shop.put_in, shop.pull_out, shop.put_in, None)
    assert shop.visits == 3


def test_an_empty_folder_or_a_file_is_no_stick(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.slot.mkdir()
    shop.seconds(None, None)
    shop.slot.rmdir()
    shop.slot.write_bytes(b"")
    shop.seconds(None, None)
    assert shop.visits == 0


@pytest.mark.parametrize("error", [StickFailed("pulled"), JournalFull("full")])
def test_a_stick_that_fails_is_told_of(tmp_path: Path, error: Exception) -> None:
    shop = Shop(tmp_path, outcome=error)
    shop.seconds(shop.put_in, None)
    assert shop.told == [StickVisited(failed=True)]


def test_the_slip_says_what_came_and_what_goes_along() -> None:
    well = words_of_slip(stick_slip(GOOD))
    assert "حافظه را بردارید" in well
    assert "پرونده‌های نوشته‌شده برای مرکز: ۲" in well
    assert "نادرست" not in well
    assert "پرونده‌های نادرست: ۱" in words_of_slip(stick_slip(StickVisited(wrong=1)))
    assert "حافظه دیگری بگذارید" in words_of_slip(stick_slip(StickVisited(failed=True)))


def test_it_sounds_at_once_and_prints_when_nobody_is_at_the_counter(tmp_path: Path) -> None:
    with Counter(tmp_path) as till:
        till._runner.run(till.till.stick(GOOD))
        assert till.paper.sounds
        till.wait_s(1)
        assert "حافظه را بردارید" in till.paper.text()
