"""What each household is due: members times the amount per person, for every tranche of the policy in force.

What a phase left over and no device may spend follows that phase's rule: it expires when the tranche does, or is carried
over to the oldest tranche of a newer phase, and expires when nothing is left that it could be carried to. A reserved
part follows when it comes back.
Owns the table allotment.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from sync.central.credit import scheme
from sync.central.money import ledger
from sync.wire.kinds import Leftover

if TYPE_CHECKING:
    import sqlite3

    from sync.central.credit.people import Progress
    from sync.wire.policy import Policy, Tranche

ROWS_BETWEEN_PROGRESS = 5_000
EVERYTHING = -1
"""No limit, to SQLite."""


class Allotted(NamedTuple):
    """What one run did. Amounts in rial."""

    households: int
    amount_rial: int
    without_cohort: int
    tranches_expired: int
    carried_rial: int
    expired_rial: int


def allot(database: sqlite3.Connection, policy: Policy, *, now_s: int, progress: Progress) -> Allotted:
    """Allot the tranches of `policy` that households do not have yet. Running it again changes nothing."""
    carried_rial, expired_rial = settle_leftovers(database, policy, now_s=now_s)
    households = amount_rial = without = 0
    live = [tranche for tranche in policy.tranches if tranche.authorize_until_s > now_s]
    rows = database.execute(
        "SELECT number, members, decile, supported FROM household ORDER BY number"
    ).fetchall()
    known = {
        (row["household"], row["tranche"])
        for row in database.execute("SELECT household, tranche FROM allotment")
    }
    for index, row in enumerate(rows, start=1):
        if index % ROWS_BETWEEN_PROGRESS == 0:
            progress(f"{index} of {len(rows)} households allotted")
        cohort = policy.cohort_of(decile=row["decile"], supported=bool(row["supported"]))
        if cohort is None:
            without += 1
            continue
        due = [
            (tranche.number, tranche.per_person_rial * row["members"])
            for tranche in live
            if tranche.cohort == cohort.number and (row["number"], tranche.number) not in known
        ]
        for tranche, due_rial in due:
            _credit(database, row["number"], tranche, due_rial, policy=policy.version, now_s=now_s)
        households += bool(due)
        amount_rial += sum(due_rial for _, due_rial in due)
    skipped = len(policy.tranches) - len(live)
    return Allotted(households, amount_rial, without, skipped, carried_rial, expired_rial)


def allot_one(
    database: sqlite3.Connection, household: sqlite3.Row, tranche: Tranche, *, policy: int, now_s: int
) -> None:
    """Allot a household one tranche, unless it has that already."""
    known = database.execute(
        "SELECT 1 FROM allotment WHERE household = ? AND tranche = ?", (household["number"], tranche.number)
    ).fetchone()
    if known is None:
        due_rial = tranche.per_person_rial * household["members"]
        _credit(database, household["number"], tranche.number, due_rial, policy=policy, now_s=now_s)


def settle_leftovers(database: sqlite3.Connection, policy: Policy, *, now_s: int) -> tuple[int, int]:
    """Carry the unreserved credit of older phases over to `policy`, expire what has ended; rial carried, rial expired."""
    carried_rial = 0
    own = {tranche.number for tranche in policy.tranches}
    older = [
        number
        for number, ruling in _ruling_policies(database).items()
        if ruling.leftover == Leftover.CARRIES_OVER and number not in own and _is_older(ruling, policy)
    ]
    for household, tranche, amount_rial in _unreserved(database, older, at_most=EVERYTHING):
        target = _first_tranche(database, policy, household, now_s)
        if target is not None:
            to = ledger.free(household, target)
            _move(database, household, tranche, to, amount_rial, now_s=now_s, reason="carried over")
            carried_rial += amount_rial
    return carried_rial, expire(database, now_s=now_s)


def expire(database: sqlite3.Connection, *, now_s: int, at_most: int = EVERYTHING) -> int:
    """Expire unreserved credit whose time is over, of so many households' tranches; rial expired. Again: nothing more."""
    expired_rial = 0
    for household, tranche, amount_rial in _unreserved(database, _ended(database, now_s), at_most=at_most):
        to = ledger.expired(household, tranche)
        _move(database, household, tranche, to, amount_rial, now_s=now_s, reason="expired")
        expired_rial += amount_rial
    return expired_rial


def _ended(database: sqlite3.Connection, now_s: int) -> list[int]:
    """The tranches whose unreserved credit can neither be spent nor be carried over any more."""
    ruling = _ruling_policies(database)
    if not ruling:
        return []
    newest = max(ruling.values(), key=lambda policy: policy.version)
    return [number for number, policy in ruling.items() if _end_s(number, policy, newest=newest) < now_s]


def _end_s(number: int, policy: Policy, *, newest: Policy) -> int:
    """The last second of what is left over of a tranche: its own, or that of the last to which it could be carried."""
    if policy.leftover == Leftover.EXPIRES:
        return max(t.authorize_until_s for t in policy.tranches if t.number == number)
    targets = policy.tranches + (newest.tranches if _is_older(policy, newest) else ())
    return max(t.authorize_until_s for t in targets)


def _ruling_policies(database: sqlite3.Connection) -> dict[int, Policy]:
    """For each tranche the newest policy that names it; one that was rolled back, only where there is no other."""
    rows = database.execute("SELECT message FROM policy ORDER BY rolled_back DESC, version").fetchall()
    policies = [scheme.opened_policy(row["message"]) for row in rows]
    return {tranche.number: policy for policy in policies for tranche in policy.tranches}


def _unreserved(
    database: sqlite3.Connection, tranches: list[int], *, at_most: int
) -> list[tuple[int, int, int]]:
    """Household, tranche, amount in rial."""
    rows = database.execute(
        "SELECT owner, tranche, balance_rial FROM account WHERE kind = 'free' AND balance_rial > 0"
        " AND tranche IN (SELECT value FROM json_each(?)) ORDER BY owner, tranche LIMIT ?",
        (json.dumps(tranches), at_most),
    )
    return [tuple(row) for row in rows]


def _move(
    database: sqlite3.Connection,
    household: int,
    tranche: int,
    to: ledger.Account,
    amount_rial: int,
    *,
    now_s: int,
    reason: str,
) -> None:
    movements = [(ledger.free(household, tranche), -amount_rial), (to, amount_rial)]
    ledger.post(database, movements, at_s=now_s, reason=reason)


def _is_older(one: Policy, other: Policy) -> bool:
    return one.valid_from_s < other.valid_from_s


def _first_tranche(database: sqlite3.Connection, policy: Policy, household: int, now_s: int) -> int | None:
    row = database.execute(
        "SELECT decile, supported FROM household WHERE number = ?", (household,)
    ).fetchone()
    cohort = policy.cohort_of(decile=row["decile"], supported=bool(row["supported"]))
    numbers = [
        t.number
        for t in policy.tranches
        if cohort and t.cohort == cohort.number and t.authorize_until_s > now_s
    ]
    return min(numbers, default=None)


def _credit(
    database: sqlite3.Connection, household: int, tranche: int, amount_rial: int, *, policy: int, now_s: int
) -> None:
    database.execute("INSERT INTO allotment VALUES (?, ?, ?, ?)", (household, tranche, policy, amount_rial))
    movements = [(ledger.STATE, -amount_rial), (ledger.free(household, tranche), amount_rial)]
    ledger.post(database, movements, at_s=now_s, reason="allotted")
