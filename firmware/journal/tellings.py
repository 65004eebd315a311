"""What paper told the shop of the center's answers, and what it has yet to tell: verdicts and settlements.

A telling covers mail `after` one number up to `last`. One that belongs to a closing begins with the closing's own entry, in
its transaction, and is printed with that slip, which is owed until it is out. One of its own is written down before its
first byte leaves and again when its slip is out: what a power cut parts is found at the next start and told as a copy.
So nothing is lost, and nothing is told twice as if it were new. Runs on the database's worker.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from firmware.journal import storage
from firmware.journal.records import Final, News, Refused, Telling, Untold
from sync.wire.kinds import EntryKind, MailKind, Verdict
from sync.wire.mail import Settlement, Verdicts

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator

    from sync.wire.mail import Mail

REFUSED_MAX = 12
"""Refused receipts named in one telling; the others are counted."""
SETTLEMENTS_MAX = 3
WAITING_MAX = 400
"""Answers that wait for a closing at most: then they are told by themselves."""
_CREDIT = (
    "SELECT sequence, credit_rial, 0 AS back FROM purchase"
    " UNION ALL SELECT sequence, -credit_rial, 1 FROM reversal"
)


def keep_notice(sql: sqlite3.Connection, item: Mail) -> None:
    """Remember an item of mail that the shop will want to hear of."""
    body = item.body
    if isinstance(body, Settlement):
        urgent = True
    elif isinstance(body, Verdicts):
        urgent = any(judged.verdict > Verdict.DUPLICATE for judged in body.exceptions)
    else:
        return
    sql.execute(
        "INSERT INTO notice VALUES (?, ?, ?, ?)", (item.number, int(item.kind), urgent, body.to_cbor())
    )


def untold(sql: sqlite3.Connection) -> Untold | None:
    """What has not been told yet, if anything."""
    after = _told_last(sql)
    last, urgent, count = sql.execute(
        "SELECT max(mail), max(urgent), count(*) FROM notice WHERE mail > ?", (after,)
    ).fetchone()
    return None if last is None else Untold(after, last, urgent=bool(urgent) or count >= WAITING_MAX)


def begin(sql: sqlite3.Connection) -> Telling | None:
    """Write down that all that is untold is told now, by a slip of its own; None without any. Raises: JournalFull."""
    with storage.transaction(sql):
        waiting = untold(sql)
        if waiting is None:
            return None
        row = sql.execute(
            "INSERT INTO told (after, last, printed) VALUES (?, ?, 0)", (waiting.after, waiting.last)
        )
        return Telling(row.lastrowid or 0, waiting.after, waiting.last)


def end(sql: sqlite3.Connection, telling: Telling) -> None:
    """The slip is out. Raises: JournalFull."""
    with storage.transaction(sql):
        sql.execute("UPDATE told SET printed = 1 WHERE number = ?", (telling.number,))


def tell_with(sql: sqlite3.Connection, closing: int) -> None:
    """The closing with this sequence tells what is untold; its slip is owed like any other. At a rebuild it has told."""
    waiting = untold(sql)
    if waiting is not None:
        sql.execute(
            "INSERT OR IGNORE INTO told (after, last, entry, printed) VALUES (?, ?, ?, 1)",
            (waiting.after, waiting.last, closing),
        )


def half_told(sql: sqlite3.Connection) -> Telling | None:
    """A slip of its own that was begun and, as far as is known, is not out."""
    row = sql.execute(
        "SELECT number, after, last FROM told WHERE NOT printed ORDER BY number LIMIT 1"
    ).fetchone()
    return None if row is None else Telling(*row)


def telling_of(sql: sqlite3.Connection, closing: int) -> Telling | None:
    """What the closing with this sequence tells."""
    row = sql.execute("SELECT number, after, last FROM told WHERE entry = ?", (closing,)).fetchone()
    return None if row is None else Telling(*row)


def news(sql: sqlite3.Connection, telling: Telling) -> News:
    """What this telling says, by what is known now."""
    spans, settlements = [], []
    for kind, body in sql.execute(
        "SELECT kind, body FROM notice WHERE mail > ? AND mail <= ? ORDER BY mail",
        (telling.after, telling.last),
    ):
        if kind == MailKind.SETTLEMENT:
            settlements.append(Settlement.from_cbor(body))
        else:
            spans.append(_span(Verdicts.from_cbor(body)))
    merged = list(_merged(spans))
    shown, refused = _refused(sql, merged)
    return News(_final(sql, merged), shown, refused, tuple(settlements[-SETTLEMENTS_MAX:]), len(settlements))


def standing(sql: sqlite3.Connection) -> News:
    """What is quarantined and what was settled, whether told or not: the newest of each. Nothing of what is final."""
    rows = sql.execute(
        "SELECT body FROM notice WHERE kind = ? ORDER BY mail DESC LIMIT ?",
        (int(MailKind.SETTLEMENT), SETTLEMENTS_MAX),
    )
    settlements = tuple(Settlement.from_cbor(body) for (body,) in rows)[::-1]
    (count,) = sql.execute("SELECT count(*) FROM verdict WHERE verdict > 1").fetchone()
    newest = sql.execute(
        "SELECT sequence FROM verdict WHERE verdict > 1 ORDER BY sequence DESC LIMIT ?", (REFUSED_MAX,)
    )
    shown, _ = _refused(sql, [(sequence, sequence) for (sequence,) in newest][::-1])
    return News(None, shown, count, settlements, len(settlements))


def _told_last(sql: sqlite3.Connection) -> int:
    last: int | None = sql.execute("SELECT max(last) FROM told").fetchone()[0]
    return last or 0


def _span(verdicts: Verdicts) -> tuple[int, int]:
    named = [verdicts.first, verdicts.last, *(judged.sequence for judged in verdicts.exceptions)]
    return min(named), max(named)


def _merged(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The same sequences as few spans that do not touch."""
    first, last = -1, -2
    for start, end in sorted(spans):
        if start > last + 1:
            if last >= first:
                yield first, last
            first, last = start, end
        last = max(last, end)
    if last >= first:
        yield first, last


def _final(sql: sqlite3.Connection, spans: list[tuple[int, int]]) -> Final | None:
    receipts = backs = credit_rial = 0
    ends: list[int] = []
    for span in spans:
        count, back, sum_rial, first, last = sql.execute(
            "SELECT count(*), coalesce(sum(back), 0), coalesce(sum(credit_rial), 0), min(sequence), max(sequence)"  # noqa: S608 -- our own words
            f" FROM ({_CREDIT}) JOIN verdict USING (sequence) WHERE sequence BETWEEN ? AND ? AND verdict <= 1",
            span,
        ).fetchone()
        receipts, backs, credit_rial = receipts + count, backs + back, credit_rial + sum_rial
        ends += [first, last] if count else []
    return Final(min(ends), max(ends), receipts, backs, credit_rial) if receipts else None


def _refused(sql: sqlite3.Connection, spans: list[tuple[int, int]]) -> tuple[tuple[Refused, ...], int]:
    """The first refused entries of these spans, and how many there are. Only what stands in this journal is named."""
    shown: list[Refused] = []
    count = 0
    for span in spans:
        rows = sql.execute(
            f"SELECT sequence, kind, verdict, credit_rial FROM verdict JOIN entry USING (sequence) LEFT JOIN ({_CREDIT})"  # noqa: S608 -- our own words
            " USING (sequence) WHERE sequence BETWEEN ? AND ? AND verdict > 1 ORDER BY sequence",
            span,
        )
        for sequence, kind, verdict, credit_rial in rows:
            count += 1
            if len(shown) < REFUSED_MAX:
                shown.append(Refused(sequence, EntryKind(kind), Verdict(verdict), credit_rial))
    return tuple(shown), count
