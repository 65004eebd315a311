"""An update on a stick is offered, ordered by the operator, watched and told; who writes the card is played by the test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec import json, structs

from firmware import whole_file
from firmware.log import Level, Log
from firmware.receipt.stick_slips import StickVisited
from firmware.receipt.update_slips import FAILURES, UNKNOWN_FAILURE, UpdateStep
from firmware.technician import update_files, updating
from firmware.technician.update_files import Order, order_in, running_version, told_of, versions_on
from firmware.technician.updating import CardUpdates, Places
from firmware.till.states import State
from firmware.watchdog import CheckIn
from sync.wire.kinds import EntryKind
from tests.firmware.till.counter import MILK, Counter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from firmware.receipt.update_slips import UpdateNews

OLD, NEW = "0.1.0+1795370000", "0.2.0+1795990000"
FILE = update_files.file_of(NEW)
INSTALL = "*25 Enter 7391 Enter"


class Card:
    """A till on a card, with a slot for sticks; the test writes what root's service would tell."""

    def __init__(self, folder: Path) -> None:
        self.stick, self.told, self.running = folder / "stick", folder / "run-update.json", OLD
        self.trial, self.lines = folder / "trial", list[str]()
        (folder / "shop").mkdir()
        self.till = Counter(folder / "shop")
        self.order_path = self.till.folder / update_files.ORDER_FILE
        self._load()

    def _load(self) -> None:
        self.updates = CardUpdates(
            self.running, Places(self.till.folder, self.stick, self.told, self.trial), tell=self._tell, sleep_ms=self.till.clock.sleep_ms,
            log=Log(self.lines.append, level=Level.INFO, monotonic_ms=lambda: 0), check_in=CheckIn("update", lambda: 0),
            monotonic_ms=self.till.clock.monotonic_ms,
        )  # fmt: skip
        self.till.settings = structs.replace(self.till.settings, updates=self.updates)

    async def _tell(self, news: UpdateNews) -> None:
        await self.till.till.update(news)

    def put_in(self, *versions: str) -> None:
        self.stick.mkdir()
        for version in versions:
            (self.stick / update_files.file_of(version)).write_bytes(b"")
        self.till._runner.run(self.till.till.stick(StickVisited(written=1)))
        self.till._runner.run(self.updates.offer())

    def pull_out(self) -> None:
        for path in self.stick.iterdir():
            path.unlink()
        self.stick.rmdir()

    def tells(self, **words: object) -> None:
        if "done" in words:
            self.trial.touch()
        whole_file.replace(self.told, json.encode({"file": FILE} | words))
        self.look()

    def look(self) -> None:
        self.till._runner.run(self.updates.look())
        self.till.wait_s(1)

    def ordered(self) -> None:
        """As `*25` does it."""
        self.put_in(NEW)
        self.till.wait_s(2)
        assert self.order().step is UpdateStep.ORDERED
        self.till.paper.tear_off()

    def order(self) -> UpdateNews:
        return self.till._runner.run(self.updates.order())

    def starts(self, version: str = OLD, *, machine: bool = True, paper: bool = True) -> None:
        """After the power went, or was made to go; without `machine` the till's process alone."""
        if machine:
            self.told.unlink(missing_ok=True)
        self.running = version
        self._load()
        self.till.cut_power(machine=machine)
        if not paper:
            self.till.paper.run_out()
        self.till._runner.run(self.updates.begin())
        self.till.wait_s(1)


@pytest.fixture
def card(tmp_path: Path) -> Iterator[Card]:
    card = Card(tmp_path)
    with card.till:
        yield card


# what files say


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("sofreh-0.2.0.update", "0.2.0"),
        ("sofreh-1~rc1-2+3.update", "1~rc1-2+3"),
        (f"sofreh-{'1' * 41}.update", "1" * 41),
        (f"sofreh-{'1' * 42}.update", None),
        ("sofreh-v1.update", None),
        ("sofreh-1.update.part", None),
        ("._sofreh-1.update", None),
        ("sofreh-1/2.update", None),
        ("S1001.A01", None),
    ],
)
def test_an_update_is_known_by_its_name(name: str, version: str | None) -> None:
    assert update_files.version_of(name) == version


def test_versions_are_ordered_by_their_numbers(tmp_path: Path) -> None:
    newest_first = ("1.10", "1.9.1", "1.9", "1.9~rc2", "1.8+20", "1.8+3", "1.8")
    for version in sorted(newest_first):
        (tmp_path / update_files.file_of(version)).write_bytes(b"")
    (tmp_path / update_files.file_of("9")).mkdir()
    assert versions_on(tmp_path) == newest_first
    assert versions_on(tmp_path / "nowhere") == versions_on(None) == ()


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b'{"version": 1}', b'{"version": ""}', b"\xff" * 9, b'{"version": "\xff"}']
)
def test_a_machine_that_no_image_describes_is_no_card(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "image.json"
    assert running_version(path) is None
    path.write_bytes(data)
    assert running_version(path) is None
    path.write_bytes(b'{"version": "0.2.0", "made_s": 1795990000}')
    assert running_version(path) == "0.2.0"


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b"7", b"{}", b'{"file": "sofreh-0.3.update", "percent": 1}',
        f'{{"file": "{FILE}", "percent": 101}}'.encode(), f'{{"file": "{FILE}", "percent": -1}}'.encode(),
        f'{{"file": "{FILE}", "done": 1}}'.encode(), f'{{"file": "{FILE}", "failed": null}}'.encode(),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_not_told(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "update.json"
    assert told_of(FILE, path) is None
    path.write_bytes(data)
    assert told_of(FILE, path) is None
    path.write_bytes(f'{{"file": "{FILE}", "percent": 100, "more": 1}}'.encode())
    told = told_of(FILE, path)
    assert told is not None
    assert (told.percent, told.done, told.failed) == (100, False, "")


def test_a_reason_is_a_short_word_on_paper(tmp_path: Path) -> None:
    path = tmp_path / "update.json"
    path.write_bytes(json.encode({"file": FILE, "failed": "no room\u2067" + "x" * 99}))
    told = told_of(FILE, path)
    assert told is not None
    assert told.failed == ("no_room_" + "x" * 99)[:40]


@pytest.mark.parametrize("data", [b"", b"{", b'{"file": "x"}', b'{"files": "sofreh-1.update"}'])
def test_an_order_that_is_nobody_s_is_none(tmp_path: Path, data: bytes) -> None:
    assert order_in(tmp_path) is None
    (tmp_path / update_files.ORDER_FILE).write_bytes(data)
    assert order_in(tmp_path) is None


# what people see


def test_an_update_on_a_stick_is_offered_after_the_stick_s_own_slip(card: Card) -> None:
    card.put_in(NEW, "0.1.9")
    card.till.wait_s(3)
    stick, offer = card.till.paper.slips
    told = card.till.paper.last()
    assert (len(stick) > 1, len(offer) > 1) == (True, True)
    assert f"نسخه کنونی: {OLD}\nنسخه تازه: {NEW}\n" in told
    assert "نصب نمی‌شود: 0.1.9" in told
    assert "*25 Enter" in told
    assert [json.decode(line)["step"] for line in card.lines] == ["offered"]


@pytest.mark.parametrize("versions", [(), (OLD,), (OLD, "0.0.9")])
def test_what_runs_already_is_not_offered_and_not_installed(card: Card, versions: tuple[str, ...]) -> None:
    card.put_in(*versions)
    card.till.wait_s(3)
    assert len(card.till.paper.slips) == 1, "the stick's own"
    assert card.order().step is UpdateStep.NOTHING_THERE
    assert not card.order_path.exists()


@pytest.mark.parametrize(
    ("version", "is_offered"), [("0.1.0+1795369999", False), (OLD, False), ("0.1.0+1795370001", True)]
)
def test_only_a_version_above_what_runs_is_offered(card: Card, version: str, is_offered: bool) -> None:
    card.put_in(version)
    card.till.wait_s(3)
    assert (f"نسخه تازه: {version}\n" in card.till.paper.text()) is is_offered


def test_the_operator_orders_it_and_nobody_else(card: Card) -> None:
    card.put_in(NEW)
    card.till.press("*25 Enter 1111 Enter")
    assert not card.order_path.exists()
    card.till.press("7391 Enter")
    assert "نصب آغاز شد" in card.till.paper.last()
    assert "برای نصب" not in card.till.paper.text(), "who has ordered it needs no offer"
    assert json.decode(card.order_path.read_bytes()) == {"file": FILE}
    assert order_in(card.till.folder) == Order(FILE)
    assert card.till.state is State.IDLE


def test_a_stick_that_was_pulled_before_is_no_stick(card: Card) -> None:
    card.put_in(NEW)
    card.pull_out()
    assert card.order().step is UpdateStep.NOTHING_THERE


def test_a_till_that_is_on_no_card_says_so(tmp_path: Path) -> None:
    with Counter(tmp_path) as till:
        till.press(INSTALL)
        assert "این صندوق روی کارت نیست" in till.paper.last()
        till.press("*10 Enter")
        assert "نسخه کارت" not in till.paper.last()


def test_the_status_slip_says_how_far_it_is_while_the_till_sells_on(card: Card) -> None:
    card.till.press("*10 Enter")
    assert f"نسخه کارت: {OLD}\n" in card.till.paper.last()
    assert "نصب" not in card.till.paper.last()
    card.ordered()
    card.tells(percent=41)
    card.till.scan(MILK)
    card.tells(percent=42)
    card.till.press("-")
    card.till.sell_milk(card.till.members[0])
    card.till.press("*10 Enter")
    assert f"نصب نسخه تازه: ۴۲٪\nنسخه تازه: {NEW}\n" in card.till.paper.last()
    card.till.press(INSTALL)
    assert f"یک نسخه در حال نصب است.\nنسخه تازه: {NEW}\nپیشرفت: ۴۲٪" in card.till.paper.last()
    assert card.till.count(EntryKind.PURCHASE) == 1


@pytest.mark.parametrize("code", [*FAILURES, "flood"])
def test_a_failure_says_what_happened_and_what_to_do_and_the_next_order_may_come(
    card: Card, code: str
) -> None:
    card.ordered()
    card.tells(percent=7)
    if code == "no_answer":
        card.till.clock.advance_s(updating.SILENT_MS_MAX // 1_000 - 2)
        card.look()
        assert card.updates.under_way
        card.till.clock.advance_s(2)
        card.look()
    else:
        card.tells(failed=code)
    slip = card.till.paper.last()
    for words in FAILURES.get(code, UNKNOWN_FAILURE):
        assert words.replace("\u2066", "").replace("\u2069", "") in slip
    assert f"نسخه تازه: {NEW}\n" in slip
    assert f"کد: {code}" in slip
    assert json.decode(card.lines[-1])["code"] == code
    assert not card.order_path.exists()
    assert card.order().step is UpdateStep.ORDERED
    card.look()
    assert card.updates.under_way, "what was told of the order before is none of this one"


def test_an_order_that_cannot_be_written_has_failed(card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(whole_file, "replace", full)
    card.put_in(NEW)
    assert (card.order().step, card.order().code) == (UpdateStep.FAILED, "card_failed")
    assert card.updates.under_way is None


def test_a_failure_waits_until_the_basket_is_done(card: Card) -> None:
    card.ordered()
    card.till.scan(MILK)
    card.till.press("35000 Enter")
    card.tells(failed="stick_gone")
    assert "نسخه تازه نصب نشد" not in card.till.paper.text()
    assert card.order_path.exists(), "it is not told yet"
    card.till.press("+ Enter")
    card.till.wait_s(1)
    assert "نسخه تازه نصب نشد" in card.till.paper.last()


def test_the_new_version_is_told_of_after_its_first_start_and_the_open_basket_is_there(card: Card) -> None:
    card.ordered()
    card.till.scan(MILK)
    card.till.press("35000 Enter")
    card.tells(done=True)
    assert "حافظه را می‌توانید بردارید" in card.till.paper.last(), "at once, over an open basket too"
    card.starts(NEW)
    assert "نسخه تازه کار می‌کند" not in card.till.paper.text(), "somebody is at the counter"
    assert card.till.state is State.BASKET
    card.till.press("+ Enter")
    card.till.wait_s(1)
    assert f"نسخه تازه کار می‌کند\nنسخه کنونی: {NEW}\n" in card.till.paper.last()
    card.look()
    assert card.order_path.exists(), "the card has not kept it yet"
    card.trial.unlink()
    card.look()
    assert list(card.till.folder.glob("update*")) == []
    card.starts(NEW)
    assert "نسخه تازه" not in card.till.paper.text(), "once"


def test_a_version_that_did_not_start_is_told_of_by_the_old_one(card: Card) -> None:
    card.ordered()
    card.tells(done=True)
    card.starts()
    assert f"نسخه تازه راه نیفتاد\nنسخه تازه: {NEW}\nنسخه کنونی: {OLD}\n" in card.till.paper.last()
    assert list(card.till.folder.glob("update*")) == []


def test_power_that_went_before_the_new_version_was_kept_brings_back_the_old_one_and_says_so(
    card: Card,
) -> None:
    card.ordered()
    card.tells(done=True)
    card.starts(NEW)
    assert "تا دو دقیقه دیگر برق را نکشید" in card.till.paper.last()
    card.look()
    card.starts(OLD)
    assert f"نسخه پیشین بازگشت\nنسخه تازه: {NEW}\nنسخه کنونی: {OLD}\n" in card.till.paper.last()
    assert list(card.till.folder.glob("update*")) == []


def test_the_next_order_outlives_the_time_after_which_the_last_one_goes(card: Card) -> None:
    card.ordered()
    card.tells(done=True)
    card.starts(NEW)
    (card.stick / update_files.file_of("0.3")).write_bytes(b"")
    assert card.order().version == "0.3"
    card.trial.unlink()
    card.look()
    assert order_in(card.till.folder) == Order(update_files.file_of("0.3"))


def test_a_version_that_did_not_start_is_not_offered_again_but_installed_if_it_must_be(card: Card) -> None:
    card.ordered()
    card.tells(done=True)
    card.starts()
    card.till.paper.tear_off()
    card.till._runner.run(card.updates.offer())
    card.till.wait_s(2)
    assert card.till.paper.slips == []
    assert card.order().step is UpdateStep.ORDERED


def test_power_that_went_before_it_was_written_is_no_fault_of_the_version(card: Card) -> None:
    card.ordered()
    card.tells(percent=60)
    card.starts()
    assert "برق پیش از پایان نصب رفت" in card.till.paper.last()
    assert not card.order_path.exists()


def test_an_end_that_no_paper_told_is_told_again(card: Card) -> None:
    card.ordered()
    card.tells(done=True)
    card.starts(paper=False)
    assert card.order_path.exists()
    card.starts()
    assert "نسخه تازه راه نیفتاد" in card.till.paper.last()


def test_a_till_that_is_started_anew_alone_goes_on_watching(card: Card) -> None:
    card.ordered()
    card.tells(percent=60)
    card.starts(machine=False)
    assert card.till.paper.text().count("نسخه تازه") == 0
    assert card.updates.under_way
    card.tells(failed="damaged")
    assert FAILURES["damaged"][0] in card.till.paper.last()
    assert json.decode(card.lines[-1])["step"] == UpdateStep.FAILED.name.lower()
