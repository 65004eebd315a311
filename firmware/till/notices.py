"""What the center told: verdicts, settlements and the link, printed when nobody is at the counter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firmware.receipt import notice_slips
from firmware.receipt.device_slips import device_news
from firmware.receipt.service_slips import link_notice
from firmware.roles import DeviceNews
from firmware.till.slips_of import number_of
from sync.wire.facts import Purchase, Refund, Void
from sync.wire.kinds import Verdict
from sync.wire.mail import Settlement, Verdicts

if TYPE_CHECKING:
    from drivers.printer.slip import Slip
    from firmware.roles import Role
    from firmware.till.talk import Talk
    from sync.wire.facts import Fact

JUDGED_MAX = 40
"""Receipts on one verdict slip: half a meter of paper."""


async def print_next(talk: Talk) -> None:
    """Print the oldest notice that has something to say; it stays if it did not come out."""
    while talk.notices:
        notice = talk.notices[0]
        slips = await slips_of_notice(talk, notice)
        for slip in slips:
            if not await talk.show(slip):
                return
        if talk.notices and talk.notices[0] is notice:
            talk.notices.popleft()
        if slips:
            return


def forget_missing(talk: Talk, roles: tuple[Role, ...]) -> None:
    """Something newer is known of the devices with these roles."""
    stale = [item for item in talk.notices if isinstance(item, DeviceNews) and set(item.roles) & set(roles)]
    for item in stale:
        talk.notices.remove(item)


async def slips_of_notice(talk: Talk, notice: Verdicts | Settlement | DeviceNews | bool) -> tuple[Slip, ...]:  # noqa: FBT001 -- the link is up or not
    """The paper of one notice."""
    if isinstance(notice, bool):
        journal = talk.journal
        return (link_notice(up=notice, unsent=journal.head.sequence - journal.acknowledged),)
    if isinstance(notice, DeviceNews):
        return (device_news(notice),)
    if isinstance(notice, Settlement):
        settlement = notice_slips.Settlement(
            place=talk.place, number=notice.number, day_s=notice.day_s, purchases=notice.purchases,
            amount_rial=notice.amount_rial, pay_by_s=notice.pay_by_s,
        )  # fmt: skip
        return (notice_slips.settlement_notice(settlement),)
    return await _verdict_slips(talk, notice)


async def _verdict_slips(talk: Talk, verdicts: Verdicts) -> tuple[Slip, ...]:
    exceptions = {judged.sequence: judged.verdict for judged in verdicts.exceptions}
    final: list[notice_slips.JudgedReceipt] = []
    quarantined: list[notice_slips.JudgedReceipt] = []
    for sequence in sorted({*range(verdicts.first, verdicts.last + 1), *exceptions}):
        entry = await talk.journal.entry(sequence)
        verdict = exceptions.get(sequence, Verdict.ACCEPTED)
        if entry is None or (
            verdict is Verdict.ACCEPTED and not isinstance(entry.fact, Purchase | Refund | Void)
        ):
            continue
        judged = _judged(number_of(talk, sequence), entry.fact, verdict)
        (final if verdict in (Verdict.ACCEPTED, Verdict.DUPLICATE) else quarantined).append(judged)
    if not final and not quarantined:
        return ()
    parts = max(len(final), len(quarantined))
    return tuple(
        notice_slips.verdict_notice(
            notice_slips.VerdictNotice(
                place=talk.place, when=talk.when(), final=tuple(final[start : start + JUDGED_MAX]),
                quarantined=tuple(quarantined[start : start + JUDGED_MAX]),
            )
        )
        for start in range(0, parts, JUDGED_MAX)
    )  # fmt: skip


def _judged(number: str, fact: Fact, verdict: Verdict) -> notice_slips.JudgedReceipt:
    """Credit that went back counts against what was bought; the center accepts it only for an accepted purchase."""
    match fact:
        case Purchase():
            credit_rial, deed = fact.credit_rial, notice_slips.Deed.PURCHASE
        case Void():
            credit_rial, deed = -fact.credit_rial, notice_slips.Deed.VOID
        case Refund():
            credit_rial, deed = -fact.credit_rial, notice_slips.Deed.REFUND
        case _:
            credit_rial, deed = 0, notice_slips.Deed.PURCHASE
    return notice_slips.JudgedReceipt(number=number, credit_rial=credit_rial, verdict=verdict, deed=deed)
