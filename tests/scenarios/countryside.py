"""Tills without any line: a real center, real journals, and a stick that somebody carries between them."""

from __future__ import annotations

import itertools
import shutil
from typing import TYPE_CHECKING, Any, TypeVar

from drivers.device_key import FileDeviceKey
from firmware import identity
from firmware.courier import Courier
from firmware.enrolling import undoing
from firmware.journal import audit
from firmware.journal.journal import open_journal
from firmware.technician import enrollment
from sync.central import center as centers
from sync.central.chains import exchange
from sync.central.config import Folder
from sync.central.enrolling.enrollment import enroll
from sync.uplink.correspondence import Correspondence
from sync.uplink.exchange import Standing
from sync.uplink.ports import Parties
from sync.wire.card import Card
from sync.wire.kinds import Grade
from tests.fakes.hand_clock import DAY_S, HandClock, iran_day_start_s
from tests.fakes.paper_center import Member
from tests.fakes.selling import purchase_draft
from tests.sync.central.conftest import DEY_17, POLICIES, Chance, Lab, village_csv
from tests.sync.central.device import Device, piece

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from firmware.courier import News
    from firmware.journal.journal import Journal
    from sync.wire.entry import Entry
    from sync.wire.facts import Line

T = TypeVar("T")
OPENING_S = DEY_17 + 12 * DAY_S + 10 * 3600
"""29 Dey: every cohort's day has come."""
OWN_RIAL = 50_000


class _Line:
    """A line to the center, for who has one; implements `sync.uplink.ports.Post`."""

    def __init__(self, center: centers.Center) -> None:
        self._center = center

    async def post(self, path: str, body: bytes, *, answer_bytes_max: int) -> bytes:
        take = {"/enroll": enroll, "/exchange": exchange.exchange}[path]
        answer = await take(self._center, body)
        assert len(answer) <= answer_bytes_max
        return answer

    def drop(self) -> None:
        pass


class Countryside:
    """The center, its village, the stick. Time moves for all at once."""

    def __init__(self, folder: Path, *, tills: int = 0) -> None:
        """The country that was founded in `folder`, with so many tills that were made there."""
        self.lab = Lab(Folder(folder / "center"), Device(seed=b"unused"), at_s=OPENING_S)
        self.line = _Line(self.lab.center)
        self.stick = folder / "stick"
        self._folder = folder
        self.tills = [Till(self, folder / f"till-{number}") for number in range(tills)]

    @classmethod
    def founded(cls, folder: Path, *, seed: int = 0) -> Countryside:
        """A new one, with keys of this seed: a policy, a list of products, a shop, four households."""
        centers.found(Folder(folder / "center"), now_s=DEY_17, chance=Chance(seed))
        (folder / "stick").mkdir()
        made = cls(folder)
        for order, given in (
            ("policy load", {"file": POLICIES / "tir-1404.toml"}),
            ("policy load", {"file": POLICIES / "dey-1404.toml"}),
            ("policy catalog", {"file": POLICIES / "catalog-1404.csv", "force_shrink": False}),
            ("shop add", {"number": 6001, "name": "فروشگاه", "place": "لرستان", "label_template": None}),
        ):
            made.lab.order(order, **given)
        (folder / "village.csv").write_text(village_csv())
        made.lab.order("import-households", file=folder / "village.csv")
        return made

    def till(self, *, has_chip: bool = True) -> Till:
        """A new till, enrolled, with an empty journal."""
        made = Till(self, self._folder / f"till-{len(self.tills)}", has_chip=has_chip)
        made.enroll()
        self.tills.append(made)
        return made

    def later(self, days: int) -> None:
        """So many days go by for everybody."""
        self.lab.clock.at_s += days * DAY_S
        for till in self.tills:
            till.clock.advance_s(days * DAY_S)

    def import_(self) -> dict[str, tuple[str, str]]:
        """What `sofreh-central import` says of the stick: fate and words by file."""
        files: list[dict[str, str]] = self.lab.order("import", path=str(self.stick)).data["files"]
        return {one["file"]: (one["fate"], one["words"]) for one in files}

    def export(self) -> None:
        """`sofreh-central export`."""
        self.lab.order("export", path=str(self.stick), devices=[])

    def member(self, household: int) -> Member:
        row = self.lab.sql("SELECT number, secret, pin FROM card WHERE household = ?", household)[0]
        card = Card(number=row["number"], until_s=0, secret=row["secret"], issuer=3, signature=bytes(64))
        return Member(household, card, row["pin"], (), "")

    def save(self, backup: Path) -> None:
        """Back the center up."""
        self.lab.close()
        shutil.copytree(self.lab.folder.path, backup)
        self._open(self.lab.clock.at_s)

    def restore(self, backup: Path) -> None:
        """The center's disk broke; it goes on from its backup."""
        self.lab.close()
        shutil.rmtree(self.lab.folder.path)
        shutil.copytree(backup, self.lab.folder.path)
        self._open(self.lab.clock.at_s)

    def close(self) -> None:
        self.lab.close()

    def _open(self, at_s: int) -> None:
        self.lab = Lab(self.lab.folder, Device(seed=b"unused"), at_s=at_s, seed=at_s)
        self.line = _Line(self.lab.center)


class Till:
    """A shop's till: each deed opens the journal, as after a power cut."""

    def __init__(self, country: Countryside, folder: Path, *, has_chip: bool = True) -> None:
        self.country = country
        self.clock = HandClock(OPENING_S, has_chip=has_chip)
        self._folder = folder

    @property
    def _lab(self) -> Lab:
        return self.country.lab

    def enroll(self, *, replaces: int | None = None) -> None:
        """Become a device of the one shop, in the place of another one if so."""
        given: dict[str, Any] = self._lab.order("enroll", shop=6001, minutes=30, replaces=replaces).data
        ticket = enrollment.ticket_from(f"{given['token']}.{given['root_fingerprint']}")
        self._lab.run(
            enrollment.enroll(
                self._folder, ticket, "https://center.example", self.country.line, software="test", random_bytes=bytes
            )
        )  # fmt: skip

    @property
    def identity(self) -> identity.Identity:
        return identity.load(self._folder, FileDeviceKey.load(self._folder / identity.KEY_FILE))

    @property
    def number(self) -> int:
        return self.identity.device

    def empty(self) -> None:
        """What `*24` and the device's number do."""
        undoing.begin(self._folder, self.number)
        undoing.finish(self._folder)

    def day(self, story: Callable[[Journal], Awaitable[T]]) -> T:
        """Open the journal, run the story, close it."""

        async def run() -> T:
            path = self._folder / "journal.db"
            async with open_journal(path, self.identity, self.clock, version="test") as journal:
                return await story(journal)

        return self._lab.run(run())

    def take(self) -> tuple[News, ...]:
        """Take the answers off the stick."""
        return self.day(lambda journal: Courier(journal, random_bytes=self._chance).take(self.country.stick))

    def put(self) -> tuple[News, ...]:
        """Put questions on it."""
        return self.day(lambda journal: Courier(journal, random_bytes=self._chance).put(self.country.stick))

    def visit(self) -> tuple[News, ...]:
        """What a stick that was put in is for: both."""
        return self.day(lambda journal: Courier(journal, random_bytes=self._chance).visit(self.country.stick))

    def _chance(self, count: int) -> bytes:
        return self._lab.center.chance(count)

    def sell(self, household: int, credit_rial: int) -> Entry:
        """A purchase by card and PIN: so much credit and the least own part."""
        member = self.country.member(household)
        return self.day(lambda journal: self.sell_to(journal, member, credit_rial))

    async def sell_to(
        self, journal: Journal, member: Member, credit_rial: int, lines: tuple[Line, ...] = ()
    ) -> Entry:
        """The same at an open journal; rice, if no lines are given that cost as much."""
        total_rial = credit_rial + OWN_RIAL
        if journal.keeper.now().grade is Grade.DOUBTFUL:
            journal.keeper.state_day(iran_day_start_s(self.clock.wall_s))
        lines = lines or (piece(7, total_rial),)
        return await journal.commit(await purchase_draft(journal, member, total_rial, lines=lines))

    def visit_by_line(self, *, step_ms: int = 0) -> None:
        """What a till does that has a line for once; each look at the clock shows `step_ms` more, as on a slow one."""
        ticks = itertools.count(step=step_ms)

        async def story(journal: Journal) -> None:
            who = Parties(journal.identity.device, journal.identity.key, journal.identity.trusted)
            correspondence = Correspondence(
                who, journal, self.country.line,
                standing=Standing(journal.epoch, journal.statement, journal.acknowledged),
                monotonic_ms=lambda: next(ticks), random_bytes=self._chance,
            )  # fmt: skip
            while True:
                told = await correspondence.exchange()
                standing = told.answer.standing
                await journal.acknowledge(
                    standing.held, now_s=told.answer.now_s, epoch=standing.epoch, statement=standing.statement
                )
                if told.answer.mail:
                    await journal.apply_mail(told.answer.mail)
                elif not told.more:
                    return

        self.day(story)

    def fact(self, name: str) -> Any:
        """An attribute of the journal."""

        async def story(journal: Journal) -> Any:
            return getattr(journal, name)

        return self.day(story)

    def check(self) -> None:
        """Every entry, every item of mail and every table is what was signed."""
        audit.verify(self._folder / "journal.db", self.identity, lambda _: None)


def round_trip(country: Countryside, *tills: Till) -> None:
    """One undisturbed trip, and so much of another that the center knows what came of it."""
    for _ in range(2):
        for till in tills:
            till.visit()
        country.import_()
    for till in tills:
        assert all(news.is_good for news in till.take())


def all_is_equal(country: Countryside, *tills: Till) -> None:
    """Every entry once, every total equal, both sides sound."""
    report = country.lab.order("report", html=None).data
    assert report["reconciliation"]["agrees"]
    assert report["strays"] == 0
    assert set(report["verdicts"]) == {"accepted"}
    assert country.lab.order("verify").ok
    for till in tills:
        till.check()
        row = country.lab.sql("SELECT * FROM device WHERE number = ?", till.number)[0]
        assert (row["held"], row["applied_mail"]) == (till.fact("head").sequence, row["mail_last"])
        assert till.fact("acknowledged") == row["held"]
        assert till.fact("device_use").purchases == 0


def earned_rial(country: Countryside) -> int:
    return int(country.lab.order("report", html=None).data["reconciliation"]["ledger_rial"])
