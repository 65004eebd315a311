"""What grows with the village and with the years: an account's lookup, and a purchase's commit.

A million signed purchases would take an hour to make. So the long journal gets rows that nobody signed, of the shape and size
that real ones have, written by SQL alone; the last entries, which each start proves, are sealed by the device as ever. The
rows lie acknowledged behind the till, as after years of trade.
"""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from random import Random
from shutil import copyfile
from typing import TYPE_CHECKING

from firmware.journal import questions, storage
from firmware.journal.entry_projections import put
from firmware.journal.loading import TAIL_ENTRIES
from sync.wire.entry import Draft, TimeInterval, pack_lines, seal
from sync.wire.kinds import EntryKind, Grade
from tests.benchmarks.counter import IDLE_EVERY
from tests.benchmarks.stopwatch import interleaved
from tests.benchmarks.workload import HOUSEHOLDS, NOW_S, SEED, Village
from tests.fakes.paper_center import DAY_S
from tests.fakes.selling import buy, purchase_draft

if TYPE_CHECKING:
    from pathlib import Path

    from firmware.identity import Identity
    from firmware.journal.journal import Journal
    from sync.wire.entry import Entry
    from tests.benchmarks.progress import Tell
    from tests.benchmarks.stopwatch import Timed

MANY = 1_000_000
LOOKUPS = 20
"""In one round."""
LOOKUP_ROUNDS = 400
COMMIT_ROUNDS = 300
ALLOWED_DAYS = 40
FILL = (
    (
        "households",
        (
            "INSERT INTO household WITH RECURSIVE n(x) AS (SELECT :household UNION ALL SELECT x + 1 FROM n WHERE x < :many)"
            " SELECT x, 1, x * 7919 % 1048576, zeroblob(16), 0 FROM n"
        ),
    ),
    (
        "cards",
        "INSERT INTO card SELECT 90000 + number, number, zeroblob(32), 0 FROM household WHERE number >= :household",
    ),
    (
        "allowances",
        (
            "INSERT INTO allowance SELECT number, tranche * 1000000 + number, tranche, 40000000, 40000000, :now_s, :until_s,"
            " :until_s, 0 FROM (SELECT 21 AS tranche UNION ALL SELECT 22) CROSS JOIN household WHERE number >= :household"
        ),
    ),
    (
        "entries",
        (
            "INSERT INTO entry WITH RECURSIVE n(x) AS (SELECT :entry UNION ALL SELECT x + 1 FROM n WHERE x < :many)"
            " SELECT x, :kind, zeroblob(210), zeroblob(100), zeroblob(20), zeroblob(64), zeroblob(32) FROM n"
        ),
    ),
    (
        "purchases",
        (
            "INSERT INTO purchase SELECT sequence, sequence * 7919 % :many + 1, 9000000, 1000000, 0 FROM entry"
            " WHERE sequence >= :entry"
        ),
    ),
)


async def measure(folder: Path, tell: Tell) -> dict[str, float]:
    """Both figures: a small journal against one with a million households and a million entries."""
    village = Village(folder)
    async with village.journal("small.db") as journal:
        bought = await buy(journal, village.members[0], 1_050_000)
    copyfile(folder / "small.db", folder / "large.db")
    _fill(folder / "large.db", village, bought, tell)
    tell("looking up and buying")
    async with village.journal("small.db") as small, village.journal("large.db") as large:
        return {
            "balance_growth": await _balance_growth(small, large),
            "commit_growth": await _commit_growth(village, small, large),
        }


async def _balance_growth(small: Journal, large: Journal) -> float:
    chance = Random(SEED)

    def lookups(journal: Journal, households: int) -> Timed:
        async def lookups_s(_: int) -> float:
            numbers = [chance.randint(1, households) for _ in range(LOOKUPS)]
            return await journal._run(_accounts_s, numbers)

        return lookups_s

    compared = await interleaved(lookups(large, MANY), lookups(small, HOUSEHOLDS), rounds=LOOKUP_ROUNDS)
    return compared.ratio


def _accounts_s(sql: sqlite3.Connection, households: list[int]) -> float:
    """On the database's worker: the way there costs the same for any village and would hide the growth."""
    start_s = time.perf_counter()
    accounts = [questions.account(sql, household) for household in households]
    taken_s = time.perf_counter() - start_s
    assert all(account is not None and account.allowances for account in accounts), (
        "everybody has an allowance"
    )
    return taken_s


async def _commit_growth(village: Village, small: Journal, large: Journal) -> float:
    members = Random(SEED).choices(village.members, k=2 * COMMIT_ROUNDS)

    def commits(journal: Journal) -> Timed:
        async def commit_s(number: int) -> float:
            if number % IDLE_EVERY == 0:
                await journal.checkpoint()
            draft = await purchase_draft(journal, members[number], 1_050_000)
            start_s = time.perf_counter()
            await journal.commit(draft)
            return time.perf_counter() - start_s

        return commit_s

    return (await interleaved(commits(large), commits(small), rounds=COMMIT_ROUNDS)).ratio


def _fill(path: Path, village: Village, bought: Entry, tell: Tell) -> None:
    """Write the rows, their indexes last, then the entries that the next start will prove."""
    with closing(sqlite3.connect(path, isolation_level=None)) as sql:
        for setting in (
            "journal_mode = OFF",
            "synchronous = OFF",
            "locking_mode = EXCLUSIVE",
            "cache_size = -65536",
        ):
            sql.execute(f"PRAGMA {setting}")
        indexes = sql.execute(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql NOTNULL"
        ).fetchall()
        head = storage.head_of(sql, village.identity)
        values = {
            "household": HOUSEHOLDS + 1, "entry": head.sequence, "many": MANY, "kind": int(EntryKind.PURCHASE),
            "now_s": NOW_S, "until_s": NOW_S + ALLOWED_DAYS * DAY_S,
        }  # fmt: skip
        sql.execute("BEGIN")
        for name, _ in indexes:
            sql.execute(f"DROP INDEX {name}")
        for what, statement in FILL:
            tell(f"writing {what}")
            sql.execute(statement, values)
        tell("indexing")
        for _, index in indexes:
            sql.execute(index)
        _seal_tail(sql, village.identity, bought)
        sql.execute("COMMIT")
    tell("bringing it to the disk")
    with path.open("rb") as written:
        os.fsync(written.fileno())  # or all that is measured next would wait for it


def _seal_tail(sql: sqlite3.Connection, identity: Identity, bought: Entry) -> None:
    """As many purchases as a start proves, behind all that nobody signed; the center has acknowledged everything."""
    head = storage.head_of(sql, identity)
    time_known = TimeInterval(not_before_s=NOW_S, span_s=2, grade=Grade.TRUSTED)
    draft = Draft(bought.fact, time_known, bought.boot, pack_lines(bought.lines), bought.private)
    for _ in range(TAIL_ENTRIES):
        entry = seal(
            draft, head, device=identity.device, key=identity.key, blinding_key=identity.blinding_key
        )
        storage.write_entry(sql, entry)
        sql.execute("INSERT INTO purchase VALUES (?, 1, 9000000, 1000000, 0)", (entry.sequence,))
        head = entry.next_head
    put(sql, "acknowledged", head.sequence)
