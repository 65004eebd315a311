"""A purchase without the till around it: what a test of the journal or the center needs to make entries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firmware.authorizer import Approval, Ask, Surroundings, authorize
from sync.wire.entry import Draft, Entry, PrivatePart, pack_lines
from sync.wire.facts import Line
from sync.wire.kinds import Unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from firmware.journal.journal import Journal
    from tests.fakes.paper_center import Member


def lines_worth(total_rial: int) -> tuple[Line, ...]:
    """One line of milk for exactly `total_rial`."""
    return (Line(good=1, gtin=6260000000014, unit=Unit.PIECE, price_rial=total_rial, quantity=1),)


async def purchase_draft(
    journal: Journal, member: Member, total_rial: int, *, lines: tuple[Line, ...] | None = None
) -> Draft:
    """An authorized purchase by card and PIN, not yet committed: milk, if nothing else."""
    account = await journal.account(member.household)
    assert account is not None
    assert journal.policy is not None
    around = Surroundings(
        journal.policy,
        journal.catalog_version,
        journal.keeper.now(),
        journal.device_use,
        journal.policy_confirmed_s,
    )
    approval = authorize(Ask(total_rial, total_rial), account, around)
    assert isinstance(approval, Approval), approval
    fact = approval.fact(
        number=journal.counters.purchases + 1, credit_before_rial=journal.counters.credit_rial
    )
    private = PrivatePart(household=member.household, card=member.card.number)
    return journal.draft(
        fact, lines=pack_lines(lines or lines_worth(total_rial)), private=private, proof_key=member.key
    )


async def buy(journal: Journal, member: Member, total_rial: int) -> Entry:
    """A committed purchase."""
    return await journal.commit(await purchase_draft(journal, member, total_rial))


async def buy_twice(journal: Journal, members: Sequence[Member]) -> None:
    """The first household for 105,000 toman and the second for 205,000."""
    await buy(journal, members[0], 1_050_000)
    await buy(journal, members[1], 2_050_000)
