"""Who buys: a card, a typed card number, or a national ID; and the one-time code where there is no PIN.

Rules:
- A card's signature tells a forged or foreign card (unknown) from one for which this till holds nothing.
- A second card during a purchase is refused with a look, and the purchase goes on.
- The outcome of a code is its own entry before anything shows it; a wrong one counts against this device only.
- A national ID names nobody for sure: its tag may fit several households, and the code tells which.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from drivers.sound import Sound
from firmware.receipt import notice_slips, persian, prompt_slips
from firmware.receipt.fixed_parts import Household
from firmware.receipt.prompt_slips import PRESS_ENTER, Prompt
from firmware.till.asking import PRESS_BACK, again, refuse_try, refused_while_locked
from firmware.till.states import State
from firmware.till.talk import Candidate, Presented, Talk
from sync.wire import card as cards
from sync.wire.entry import PrivatePart
from sync.wire.errors import WireError
from sync.wire.facts import CodeOutcome
from sync.wire.kinds import DeclineReason, Grade
from sync.wire.numbers import is_national_id
from sync.wire.proof import CODE_DIGITS, national_id_tag, slow_hash

if TYPE_CHECKING:
    from firmware.till.grammar import Confirm, Number
    from firmware.till.scans import CardNumberScan, CardScan

PRESS_TOTAL = f"جمع: {persian.isolate('+')}"
PRESS_CODE = f"رمز یک‌بارمصرف: {persian.isolate('*4 Enter')}"


async def card(talk: Talk, scan: CardScan) -> State:
    """A card's QR was scanned."""
    try:
        read = cards.from_qr(scan.text, talk.journal.identity.trusted)
    except WireError:
        await talk.decline(DeclineReason.UNKNOWN_CARD)
        return talk.state
    if _second(talk, read.number):
        return await second_card(talk)
    now = talk.journal.keeper.now()
    if now.grade is not Grade.DOUBTFUL and now.not_after_s > read.until_s:
        await talk.decline(DeclineReason.CARD_REVOKED)
        return talk.state
    return await _present(talk, read.number, read.secret)


async def card_number(talk: Talk, scan: CardNumberScan) -> State:
    """The card's plain number was scanned: it names a household and proves nothing."""
    try:
        number = cards.from_code128(scan.text)
    except WireError:
        await talk.decline(DeclineReason.UNKNOWN_CARD)
        return talk.state
    return await second_card(talk) if _second(talk, number) else await _present(talk, number, None)


async def typed_card(talk: Talk, typed: str) -> State:
    """The card's number with its check digit, typed."""
    try:
        number = cards.from_code128(f"C{typed}")
    except WireError:
        return await again(talk, Prompt.CARD_NUMBER)
    if _second(talk, number):
        await second_card(talk)
    else:
        await _present(talk, number, None)
    return talk.rest()


async def second_card(talk: Talk) -> State:
    """Another card while a purchase is open."""
    return await talk.look(Prompt.SECOND_CARD)


def _second(talk: Talk, number: int) -> bool:
    return talk.presented is not None and talk.presented.card != number


async def _present(talk: Talk, number: int, secret: bytes | None) -> State:
    known = await talk.journal.card(number)
    reason = None
    if known is None:
        reason = DeclineReason.NO_ALLOWANCE_HERE if secret else DeclineReason.UNKNOWN_CARD
    elif known.revoked:
        reason = DeclineReason.CARD_REVOKED
    if known is None or reason is not None:
        assert reason is not None, "an unknown card has its reason"
        await talk.decline(reason, private=PrivatePart(card=number))
        return talk.state
    before = talk.presented
    if before is None:
        talk.presented = Presented(
            household=known.household, shown=Household(card=str(number)), card=number, secret=secret,
            key_check=known.key_check,
        )  # fmt: skip
    elif secret is not None:
        talk.presented = replace(before, secret=secret, key_check=known.key_check)
    talk.shown = None
    await talk.beep(Sound.ACCEPTED)
    await talk.open_strip()
    await talk.show(prompt_slips.card_read(Household(card=str(number))))
    if talk.presented is not None and talk.presented.secret is None:
        await talk.prompt(Prompt.CODE, PRESS_CODE)
    return State.BASKET


async def national_id(talk: Talk, typed: str) -> State:
    """A typed national ID: check digit, then confirmed masked, then the code."""
    if talk.presented is not None:
        await second_card(talk)
        return talk.rest()
    digits = typed.zfill(10) if len(typed) in (8, 9) else typed
    if not is_national_id(digits):
        return await again(talk, Prompt.BAD_NATIONAL_ID)
    tag = national_id_tag(digits, talk.journal.identity.tag_key)
    households = await talk.journal.households_with_tag(tag)
    if not households:
        await talk.decline(DeclineReason.UNKNOWN_ID)
        return talk.rest()
    talk.candidate = Candidate(digits, households)
    shown = Household(national_id=digits)
    return await talk.question(
        prompt_slips.confirm_household(shown, PRESS_ENTER, PRESS_BACK), State.ID_CONFIRM
    )


async def id_confirmed(talk: Talk, _: Confirm) -> State:
    """It is the right ID: now the code."""
    await talk.prompt(Prompt.CODE)
    return State.CODE


async def code_for_id(talk: Talk, command: Number) -> State:
    """The code for the typed national ID, tried on each household that it may be."""
    candidate = talk.candidate
    assert candidate is not None, "an ID was confirmed"
    shown = Household(national_id=candidate.national_id)
    whom = [Presented(household=household, shown=shown) for household in candidate.households]
    state = await _try_code(talk, command.typed, whom)
    return talk.rest() if talk.presented or talk.codes.locked_until_ms > talk.now_ms else state


async def code_for_card(talk: Talk, typed: str) -> State:
    """A one-time code for the card that was read: for one purchase it stands for a forgotten or blocked PIN."""
    presented = talk.presented
    if presented is None:
        await talk.look(Prompt.CARD)
        return talk.rest()
    if presented.code_entry is not None:
        await talk.show(notice_slips.code_accepted(PRESS_TOTAL))
        return talk.rest()
    if len(typed) != CODE_DIGITS:
        return await again(talk, Prompt.CODE)
    account = await talk.journal.account(presented.household)
    await _try_code(talk, typed, [presented])
    proved = talk.presented is not None and talk.presented.code_entry is not None
    if proved and account is not None and account.pin_failures:
        await talk.show(notice_slips.pin_cleared())
    return talk.rest()


class _Match(Struct, frozen=True):
    whom: Presented
    code_hash: bytes


async def _try_code(talk: Talk, typed: str, whom: list[Presented]) -> State:
    if await refused_while_locked(talk, talk.codes, DeclineReason.WRONG_CODE):
        return talk.rest()
    if len(typed) != CODE_DIGITS or not typed.isdecimal():
        await talk.look(Prompt.CODE)
        return State.CODE
    hashes = [await _hash_of(talk, presented, typed) for presented in whom]
    async with talk.journal.turn:
        match = await _match(talk, whom, hashes)
        private = (
            PrivatePart(card=whom[0].card, code=typed)
            if match is None
            else PrivatePart(
                household=match.whom.household, card=match.whom.card, code=typed, code_hash=match.code_hash
            )
        )
        fact = CodeOutcome(right=match is not None)
        entry = await talk.journal.commit(talk.journal.draft(fact, private=private))
    if match is None:
        talk.codes.failures += 1
        await refuse_try(talk, talk.codes, DeclineReason.WRONG_CODE, tries_max=talk.settings.code_tries)
        return State.CODE
    talk.codes.failures = 0
    talk.code_proved(typed, entry.sequence, match.whom)
    talk.save()
    await talk.beep(Sound.ACCEPTED)
    await talk.open_strip()
    await talk.show(notice_slips.code_accepted(PRESS_TOTAL))
    return talk.state


async def _hash_of(talk: Talk, presented: Presented, typed: str) -> bytes:
    salt = (await talk.journal.codes(presented.household)).salt
    # Up to half a second on a small board; Argon2 lets other Python code run meanwhile, so it goes off the loop.
    return await asyncio.to_thread(slow_hash, typed, salt) if salt else b""


async def _match(talk: Talk, whom: list[Presented], hashes: list[bytes]) -> _Match | None:
    for presented, hash_ in zip(whom, hashes, strict=True):
        if hash_ in (await talk.journal.codes(presented.household)).hashes:
            return _Match(presented, hash_)
    return None
