"""What the center answered, and what became of link and devices: printed when nobody is at the counter.

What is final waits for the next slip that the shopkeeper keeps anyway: an X or Z closing, or the slip of `*21`. A receipt
is the buyer's and says nothing of others. Quarantined receipts and coming money are told by a slip of their own, with
all else that waits. What was told is the journal's to know (`firmware.journal.tellings`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.errors import WriteInterrupted
from firmware.errors import JournalFull
from firmware.receipt import notice_slips
from firmware.receipt.device_slips import device_news
from firmware.receipt.service_slips import CenterRestored, link_notice, lost_notice, restored_notice
from firmware.receipt.stick_slips import StickVisited, stick_slip
from firmware.receipt.update_slips import UpdateNews, update_slip
from firmware.roles import DeviceNews
from firmware.till.slips_of import answers_of

if TYPE_CHECKING:
    from firmware.journal.records import News
    from firmware.roles import Role
    from firmware.till.states import State
    from firmware.till.talk import Talk
    from sync.wire.policy import Policy

AGAIN_MS = 5_000
"""How often a telling that did not come out is tried again."""


async def print_next(talk: Talk) -> None:
    """Print the oldest notice, else what the center answered; either stays if it did not come out."""
    if talk.journal.tail_lost and not talk.told_lost:
        slip = lost_notice(
            device=talk.journal.identity.device, held=talk.journal.tail_lost, own=talk.journal.head.sequence
        )
        talk.told_lost = await talk.show(slip)
        return
    if talk.owes_activation and talk.journal.policy is not None:
        await _activated(talk, talk.journal.policy)
        return
    if not talk.notices:
        await _tell(talk)
        return
    notice = talk.notices[0]
    unsent = talk.journal.head.sequence - talk.journal.acknowledged
    if isinstance(notice, DeviceNews):
        slip = device_news(notice)
    elif isinstance(notice, CenterRestored):
        slip = restored_notice(notice, unsent=unsent)
    elif isinstance(notice, StickVisited):
        slip = stick_slip(notice)
    elif isinstance(notice, UpdateNews):
        slip = update_slip(notice)
    else:
        slip = link_notice(up=notice, unsent=unsent)
    if await talk.show(slip) and talk.notices and talk.notices[0] is notice:
        talk.notices.popleft()
        if isinstance(notice, UpdateNews) and talk.settings.updates is not None:
            talk.settings.updates.printed(notice)


async def _activated(talk: Talk, policy: Policy) -> None:
    """The last of the three steps: with the first rules the till may sell on credit."""
    from firmware.receipt.enrollment_slips import activated_slip  # noqa: PLC0415 -- once in a till's life

    slip = activated_slip(policy_title=policy.title, households=await talk.journal.households())
    if await talk.show(slip):
        talk.owes_activation = False
        talk.settings.activation_mark.unlink(missing_ok=True)


def recall_activation(talk: Talk) -> None:
    """At start-up: the rules may have come with the enrollment, or have taken effect just before the power went."""
    talk.owes_activation = talk.settings.activation_mark.exists()


def forget_missing(talk: Talk, roles: tuple[Role, ...]) -> None:
    """Something newer is known of the devices with these roles."""
    stale = [item for item in talk.notices if isinstance(item, DeviceNews) and set(item.roles) & set(roles)]
    for item in stale:
        talk.notices.remove(item)


async def recover(talk: Talk) -> None:
    """At start-up: a telling that the process before had begun may be on paper."""
    talk.answers.telling = await talk.journal.half_told()
    talk.answers.begun = talk.answers.telling is not None
    talk.answers.unread = await talk.journal.untold() is not None


async def answers(talk: Talk) -> State:
    """The slip of `*21`: what is untold, told by it, and what is quarantined and was settled before."""
    journal = talk.journal
    telling = talk.answers.telling or await journal.begin_telling()
    fresh = answers_of(talk, await journal.news(telling)) if telling else notice_slips.Answers()
    standing = answers_of(talk, await journal.news(None))
    unsent = journal.head.sequence - journal.acknowledged
    slip = notice_slips.standing_slip(talk.place, talk.when(), fresh, standing, unsent=unsent)
    talk.answers.telling, talk.answers.begun = telling, True
    if await talk.show(slip) and telling is not None:
        await journal.end_telling(telling)
        talk.answers.telling = None
    return talk.rest()


async def _tell(talk: Talk) -> None:
    waiting = talk.answers
    if waiting.telling is None and not waiting.unread:
        return
    if talk.now_ms < waiting.again_ms:
        return
    try:
        if waiting.telling is None:
            waiting.unread = False
            untold = await talk.journal.untold()
            if untold is None or not untold.urgent:
                return
            waiting.telling, waiting.begun = await talk.journal.begin_telling(), False
        await _print_telling(talk)
    except JournalFull:
        # Nothing more can be written down, so nothing is told: it waits for room.
        waiting.unread, waiting.again_ms = True, talk.now_ms + AGAIN_MS


async def _print_telling(talk: Talk) -> None:
    waiting = talk.answers
    assert waiting.telling is not None, "a telling was begun"
    news: News = await talk.journal.news(waiting.telling)
    if not news.empty:
        slip = notice_slips.answers_slip(talk.place, talk.when(), answers_of(talk, news), copy=waiting.begun)
        try:
            await talk.paper.print(slip)
        except WriteInterrupted as error:
            waiting.begun = waiting.begun or error.started
            waiting.again_ms = talk.now_ms + AGAIN_MS
            return
    await talk.journal.end_telling(waiting.telling)
    waiting.telling, waiting.begun = None, False
