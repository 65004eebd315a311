"""A till with a village of three, on a disk of its own: what stories about the journal are told with."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from firmware.journal.journal import Journal, open_journal
from firmware.journal.schema import PROJECTION_TABLES
from firmware.reversals import refund, void
from sync.wire.facts import Purchase
from tests.fakes.hand_clock import HandClock
from tests.fakes.paper_center import OPENING_S, PaperCenter
from tests.fakes.software_key import SoftwareKey

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path

    from firmware.entitlements import Account
    from sync.wire.entry import Draft
    from sync.wire.kinds import MailKind
    from sync.wire.mail import Body, Mail

CENTER_TIME_S = OPENING_S + 8 * 3600
CREDIT_RIAL = 40_000_000


class VillageTill:
    def __init__(self, folder: Path) -> None:
        self.center = PaperCenter()
        self.identity = self.center.enroll(SoftwareKey("till"), now_s=CENTER_TIME_S)
        self.members = tuple(self.center.member(number, codes=("12345678",)) for number in (1, 2, 3))
        self.clock = HandClock(CENTER_TIME_S)
        self.path = folder / "journal.db"
        self.mails = tuple(self.center.village(self.identity, self.members, CREDIT_RIAL))

    def day(self, story: Callable[[Journal], Awaitable[None]]) -> None:
        """Open the journal, run the story, close it."""

        async def run() -> None:
            async with open_journal(self.path, self.identity, self.clock, version="test") as journal:
                if journal.mail_head.number == 0:
                    await journal.apply_mail(self.mails)
                await story(journal)

        asyncio.run(run())

    def post(self, body: Body, kind: MailKind) -> tuple[Mail]:
        """The next item of mail, as `apply_mail` takes it."""
        return (self.center.send(body, kind),)


async def account_of(journal: Journal, household: int) -> Account:
    account = await journal.account(household)
    assert account is not None
    return account


async def left_rial(journal: Journal, household: int) -> int:
    return sum(allowance.left_rial for allowance in (await account_of(journal, household)).allowances)


async def void_draft(journal: Journal, sequence: int) -> Draft:
    """A void as the till would make it, without asking whether it may."""
    record = await journal.purchase(sequence)
    assert record is not None
    purchase = record.entry.fact
    assert isinstance(purchase, Purchase)
    open_left = await journal.open_left(leg.allowance for leg in purchase.legs)
    return journal.draft(void(sequence, purchase, open_left))


async def refund_draft(journal: Journal, sequence: int, back: Mapping[int, int]) -> Draft:
    """A refund as the till would make it, without asking whether it may."""
    record = await journal.purchase(sequence)
    assert record is not None
    purchase = record.entry.fact
    assert isinstance(purchase, Purchase)
    open_left = await journal.open_left(leg.allowance for leg in purchase.legs)
    fact = refund(sequence, purchase, record.entry.lines, back, record.returned, open_left)
    assert fact is not None
    return journal.draft(fact)


def projections(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every projection."""
    with closing(sqlite3.connect(path, isolation_level=None)) as sql:
        return {
            table: sorted(sql.execute(f"SELECT * FROM {table}").fetchall(), key=repr)
            for table in PROJECTION_TABLES
        }


def change(path: Path, statement: str, *values: object) -> None:
    """Somebody else writes to the closed file."""
    with closing(sqlite3.connect(path, isolation_level=None)) as sql:
        assert sql.execute(statement, values).rowcount > 0
