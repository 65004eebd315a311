"""The committee's report: devices, verdicts, money, and whether device totals = ledger = settlement. Reads only,
but that credit whose time is over expires first.

The report is a plain value; `sync.central.reports.page` shows it to people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sync.central.chains import closings, dossier, papers, unsigned
from sync.central.chains.closings import Totals
from sync.central.credit import allotments, epochs
from sync.central.dates import moment_text
from sync.central.enrolling.given_numbers import given_numbers
from sync.central.money import ledger
from sync.wire import facts
from sync.wire.kinds import ClosingKind, EntryKind, Verdict

if TYPE_CHECKING:
    import sqlite3

    Report = dict[str, Any]

REFUSED_SHOWN_MAX = 500


def report(database: sqlite3.Connection, *, now_s: int) -> Report:
    """Everything, at `now_s`. Amounts in rial, times in Unix seconds."""
    allotments.expire(database, now_s=now_s)
    devices = [
        _device(database, row, now_s=now_s)
        for row in database.execute("SELECT * FROM device ORDER BY number").fetchall()
    ]
    people = database.execute(
        "SELECT COUNT(*) AS households, COALESCE(SUM(members), 0) AS people FROM household"
    ).fetchone()
    return {
        "made_at_s": now_s,
        "made_at": moment_text(now_s),
        "policy": _policy(database),
        "shops": [dict(row) for row in database.execute("SELECT * FROM shop ORDER BY number")],
        "households": people["households"],
        "people": people["people"],
        "entries": database.execute("SELECT COUNT(*) AS n FROM entry").fetchone()["n"],
        "verdicts": _verdicts(database, None),
        "kinds": _kinds(database),
        "strays": database.execute("SELECT COUNT(*) AS n FROM stray").fetchone()["n"],
        "devices": devices,
        "given_numbers": [one._asdict() for one in given_numbers(database)],
        "restoration": _restoration(database),
        "credit": _credit(database),
        "ledger": _ledger(database),
        "settlements": [dict(row) for row in database.execute("SELECT * FROM settlement ORDER BY number")],
        "reconciliation": _reconciliation(devices),
        "refused": _refused(database),
        "observations": [
            dict(row)
            for row in database.execute("SELECT device, sequence, text FROM observation ORDER BY number")
        ],
    }


def _restoration(database: sqlite3.Connection) -> Report:
    """The center's epoch, and the devices whose mail a restored store still waits for."""
    row = database.execute(
        "SELECT center.epoch, opened_at_s, devices, why FROM center LEFT JOIN restoration USING (epoch)"
    ).fetchone()
    return {**row, "is_open": epochs.is_open(database), "waits_for": epochs.waits_for(database)}


def _policy(database: sqlite3.Connection) -> Report | None:
    row = database.execute(
        "SELECT version, phase, loaded_at_s FROM policy WHERE NOT rolled_back ORDER BY version DESC LIMIT 1"
    ).fetchone()
    return None if row is None else dict(row)


def _verdicts(database: sqlite3.Connection, device: int | None) -> dict[str, int]:
    rows = database.execute(
        "SELECT verdict, COUNT(*) AS n FROM entry WHERE ? IS NULL OR device = ? GROUP BY verdict",
        (device, device),
    )
    return {Verdict(row["verdict"]).name.lower(): row["n"] for row in rows}


def _kinds(database: sqlite3.Connection) -> dict[str, int]:
    rows = database.execute("SELECT kind, COUNT(*) AS n FROM entry WHERE kind IS NOT NULL GROUP BY kind")
    return {EntryKind(row["kind"]).name.lower(): row["n"] for row in rows}


def _device(database: sqlite3.Connection, row: sqlite3.Row, *, now_s: int) -> Report:
    number = row["number"]
    closed, unclosed = _totals(database, row)
    paper_rial = _paper_rial(database, number)
    device_rial = _net_rial(closed) + _net_rial(unclosed) + paper_rial
    refused_rial = _refused_rial(database, number)
    ledger_rial = _earned_rial(database, number, "1")
    settled_rial = database.execute(
        "SELECT COALESCE(SUM(amount_rial), 0) AS n FROM settlement WHERE device = ?", (number,)
    ).fetchone()["n"]
    unsettled_rial = _earned_rial(database, number, "settlement IS NULL")
    return {
        "number": number,
        "shop": row["shop"],
        "held": row["held"],
        "mail_last": row["mail_last"],
        "mail_applied": row["applied_mail"],
        "heard_at_s": row["heard_at_s"],
        "suspended_from": row["suspended_from"],
        "suspended_why": row["suspended_why"],
        "verdicts": _verdicts(database, number),
        "closings": _closings(database, number),
        "closed": {name: getattr(closed, name) for name in closings.NAMES},
        "unclosed": {name: getattr(unclosed, name) for name in closings.NAMES},
        "device_rial": device_rial,
        "paper_rial": paper_rial,
        "refused_rial": refused_rial,
        "ledger_rial": ledger_rial,
        "settled_rial": settled_rial,
        "unsettled_rial": unsettled_rial,
        "ended": row["until_s"] < now_s,
        "unsigned": unsigned.count(database, number),
        "agrees": device_rial - refused_rial == ledger_rial == settled_rial + unsettled_rial,
    }


def _totals(database: sqlite3.Connection, device: sqlite3.Row) -> tuple[Totals, Totals]:
    """What the device's own Z slips say, and its entries after the last of them. A Z that was refused closes nothing."""
    closed = Totals()
    for closing in _closing_facts(database, device["number"], "verdict = 0"):
        if closing.closing == ClosingKind.Z:
            for name in closings.NAMES:
                setattr(closed, name, getattr(closed, name) + getattr(closing, name))
    unclosed = closings.totals(database, device["number"], device["last_z"] + 1, device["held"])
    return closed, unclosed


def _closing_facts(database: sqlite3.Connection, device: int, condition: str) -> list[facts.Closing]:
    rows = database.execute(
        f"SELECT payload FROM entry WHERE device = ? AND kind = ? AND {condition} ORDER BY sequence",  # noqa: S608 -- our words
        (device, int(EntryKind.CLOSING)),
    )
    return [fact for row in rows if isinstance(fact := dossier.fact_of(row["payload"]), facts.Closing)]


def _closings(database: sqlite3.Connection, device: int) -> Report:
    given = [closing.closing for closing in _closing_facts(database, device, "1")]
    differing = database.execute(
        "SELECT COUNT(DISTINCT sequence) AS n FROM observation WHERE device = ?", (device,)
    ).fetchone()["n"]
    return {"x": given.count(ClosingKind.X), "z": given.count(ClosingKind.Z), "differing": differing}


def _net_rial(totals: Totals) -> int:
    return totals.credit_rial - totals.void_credit_rial - totals.refund_credit_rial


def _paper_rial(database: sqlite3.Connection, device: int) -> int:
    """The net credit of receipts that were booked because their entries never came."""
    booked = Totals()
    for paper in papers.lost(database, device):
        booked.add(paper.fact)
    return _net_rial(booked)


def _refused_rial(database: sqlite3.Connection, device: int) -> int:
    """The net credit of purchases, voids and refunds that were not accepted."""
    refused = Totals()
    for row in database.execute(
        "SELECT payload FROM entry WHERE device = ? AND verdict <> 0 AND kind IN (?, ?, ?)",
        (device, int(EntryKind.PURCHASE), int(EntryKind.VOID), int(EntryKind.REFUND)),
    ):
        refused.add(dossier.fact_of(row["payload"]))
    return _net_rial(refused)


def _earned_rial(database: sqlite3.Connection, device: int, condition: str) -> int:
    row = database.execute(
        "SELECT COALESCE(SUM(amount_rial), 0) AS n FROM posting JOIN movement ON posting = posting.number"  # noqa: S608 -- our words
        f" JOIN account ON account.number = account AND kind = 'shop' WHERE device = ? AND {condition}",
        (device,),
    ).fetchone()
    return int(row["n"])


def _credit(database: sqlite3.Connection) -> Report:
    totals = ledger.totals_rial(database)
    allotted_rial = -totals.get("state", 0)
    spent_rial = totals.get("shop", 0) + totals.get("paid", 0)
    free_rial, reserved_rial = totals.get("free", 0), totals.get("reserved", 0)
    return {
        "allotted_rial": allotted_rial,
        "free_rial": free_rial,
        "reserved_rial": reserved_rial,
        "spent_rial": spent_rial,
        "expired_rial": totals.get("expired", 0),
        "left_rial": free_rial + reserved_rial,
        "own_rial": _own_rial(database),
    }


def _own_rial(database: sqlite3.Connection) -> int:
    """What buyers paid themselves in accepted purchases, less voids and refunds."""
    net = Totals()
    for row in database.execute(
        "SELECT payload FROM entry WHERE verdict = 0 AND kind IN (?, ?, ?)",
        (int(EntryKind.PURCHASE), int(EntryKind.VOID), int(EntryKind.REFUND)),
    ):
        net.add(dossier.fact_of(row["payload"]))
    return net.own_rial - net.void_own_rial - net.refund_own_rial


def _ledger(database: sqlite3.Connection) -> Report:
    totals = ledger.totals_rial(database)
    return {
        "accounts_rial": totals,
        "postings": database.execute("SELECT COUNT(*) AS n FROM posting").fetchone()["n"],
        "trial_balance_rial": sum(totals.values()),
        "faults": ledger.faults(database),
    }


def _reconciliation(devices: list[Report]) -> Report:
    sums = {
        name: sum(device[name] for device in devices)
        for name in ("device_rial", "refused_rial", "ledger_rial", "settled_rial", "unsettled_rial")
    }
    agrees = all(device["agrees"] for device in devices)
    return {**sums, "agrees": agrees, "final": agrees and sums["refused_rial"] == sums["unsettled_rial"] == 0}


def _refused(database: sqlite3.Connection) -> list[Report]:
    rows = database.execute(
        "SELECT device, sequence, kind, verdict, reason FROM entry WHERE verdict <> 0"
        " UNION ALL SELECT device, sequence, NULL, verdict, reason FROM stray ORDER BY device, sequence LIMIT ?",
        (REFUSED_SHOWN_MAX,),
    )
    return [
        {
            "device": row["device"],
            "sequence": row["sequence"],
            "kind": None if row["kind"] is None else EntryKind(row["kind"]).name.lower(),
            "verdict": Verdict(row["verdict"]).name.lower(),
            "code": row["verdict"],
            "reason": row["reason"],
        }
        for row in rows
    ]
