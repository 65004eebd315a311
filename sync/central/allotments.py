"""What each household is due: members times the amount per person, for every tranche of the policy in force.

What an older phase left over and no device may spend follows that phase's rule: it expires when the tranche does, or is
carried over to the oldest tranche of the new policy. A reserved part follows when it comes back.
Owns the table allotment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sync.central import ledger, scheme
from sync.wire.kinds import Leftover

if TYPE_CHECKING:
    import sqlite3

    from sync.central.people import Progress
    from sync.wire.policy import Policy

ROWS_BETWEEN_PROGRESS = 5_000


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


def settle_leftovers(database: sqlite3.Connection, policy: Policy, *, now_s: int) -> tuple[int, int]:
    """Carry over or expire the unreserved credit of older phases; rial carried, rial expired."""
    carried_rial = expired_rial = 0
    own = {tranche.number for tranche in policy.tranches}
    for row in database.execute(
        "SELECT owner AS household, account.tranche, balance_rial, policy FROM account JOIN allotment"
        " ON allotment.household = owner AND allotment.tranche = account.tranche"
        " WHERE kind = 'free' AND balance_rial > 0"
    ).fetchall():
        source = scheme.policy_of(database, row["policy"])
        assert source is not None, "an allotment names its policy"
        here = ledger.free(row["household"], row["tranche"])
        ended = all(t.authorize_until_s <= now_s for t in source.tranches if t.number == row["tranche"])
        if source.leftover == Leftover.EXPIRES and ended:
            to, reason = ledger.expired(row["tranche"]), "expired"
            expired_rial += row["balance_rial"]
        elif (
            source.leftover == Leftover.CARRIES_OVER
            and row["tranche"] not in own
            and _is_older(source, policy)
        ):
            target = _first_tranche(database, policy, row["household"], now_s)
            if target is None:
                continue
            to, reason = ledger.free(row["household"], target), "carried over"
            carried_rial += row["balance_rial"]
        else:
            continue
        ledger.post(
            database, [(here, -row["balance_rial"]), (to, row["balance_rial"])], at_s=now_s, reason=reason
        )
    return carried_rial, expired_rial


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
