"""What the shopkeeper and the technician ask of the till: balance, reprint, status, help, prices, date, announcements."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING

from drivers.sound import Sound
from firmware.basket import Item, Placed
from firmware.entitlements import Opening
from firmware.errors import ClockRefused
from firmware.receipt import basket_slips, inquiry_slips, notice_slips, persian, service_slips, till_slips
from firmware.receipt.device_slips import device_list
from firmware.receipt.prompt_slips import PRESS_ENTER, Prompt
from firmware.till.asking import PRESS_BACK, again, start
from firmware.till.codes import Function, help_parts
from firmware.till.goods import ask_price, found_by_gtin, found_by_number, price_doubted, price_typed
from firmware.till.owed import print_next
from firmware.till.paying import check_pin, is_blocked, print_wrong_pin
from firmware.till.reversing import sequence_typed
from firmware.till.slips_of import Printable, basket_line, tranche_title, whole_slip
from firmware.till.states import State
from firmware.till.talk import Found, Talk, Waiting
from sync.wire import proof, receipt_qr
from sync.wire.facts import Announcement, ClockSet, GroupProof, Inquiry, PriceChanged
from sync.wire.kinds import ClockSource, DeclineReason, Grade, Unit
from sync.wire.numbers import has_check_digit

if TYPE_CHECKING:
    from drivers.scanner.scan import Gs1Scan, GtinScan
    from firmware.entitlements import Account, AllowanceState
    from firmware.till.grammar import Confirm, NamedGood, Number, Pin, TypedBarcode
    from firmware.till.scans import AnnouncementScan
    from firmware.till.talk import Presented
    from sync.wire.entry import Entry
    from sync.wire.mail import Lock

ANNOUNCEMENT_DIGITS = 13


async def inquiry(talk: Talk) -> State:
    """A household's balance, told to who proves to be it: by PIN, or by a one-time code that was right."""
    presented = talk.presented
    if presented is None:
        await talk.look(Prompt.CARD)
        return talk.rest()
    if presented.code_entry is None and presented.secret is None:
        await talk.look(Prompt.CODE)
        return talk.rest()
    account = await talk.journal.account(presented.household)
    if account is None or is_blocked(talk, presented, account):
        reason = DeclineReason.PIN_BLOCKED if account else DeclineReason.NO_ALLOWANCE_HERE
        await talk.decline(reason, private=presented.private())
        return talk.rest()
    if presented.code_entry is not None:
        return await _tell_balance(talk, presented, None)
    await talk.prompt(Prompt.PIN, PRESS_BACK)
    return State.INQUIRY_PIN


async def inquiry_pin(talk: Talk, command: Pin) -> State:
    """The household's PIN for its balance."""
    presented = talk.presented
    assert presented is not None, "a card was read"
    assert presented.secret is not None, "its secret was read"
    return await _tell_balance(talk, presented, proof.household_key(presented.secret, command.digits))


async def _tell_balance(talk: Talk, presented: Presented, key: bytes | None) -> State:
    async with talk.journal.turn:
        account = await talk.journal.account(presented.household)
        wrong = None if account is None or key is None else await check_pin(talk, presented, account, key)
        if account is not None and wrong is None:
            await talk.journal.commit(talk.journal.draft(Inquiry(), private=presented.private()))
    if account is None:
        await talk.decline(DeclineReason.NO_ALLOWANCE_HERE, private=presented.private())
        return talk.rest()
    if wrong is not None:
        return await print_wrong_pin(talk, wrong)
    await talk.beep(Sound.ACCEPTED)
    slip = inquiry_slips.Inquiry(
        place=talk.place, when=talk.when(), household=presented.shown, tranches=_balances(talk, account)
    )
    await talk.show(inquiry_slips.inquiry_slip(slip))
    return talk.rest()


_TRANCHE_STATES = {
    Opening.USABLE: inquiry_slips.TrancheState.USABLE,
    Opening.OPENS_LATER: inquiry_slips.TrancheState.OPENS_LATER,
    Opening.NOT_ANNOUNCED: inquiry_slips.TrancheState.NOT_ANNOUNCED,
    Opening.EXPIRED: inquiry_slips.TrancheState.EXPIRED,
}


def _balances(talk: Talk, account: Account) -> tuple[inquiry_slips.TrancheBalance, ...]:
    """Allowances of one tranche in one state count as one."""
    policy, now = talk.journal.policy, talk.journal.keeper.now()
    stated_opens = policy is None or policy.stated_time_opens
    groups: dict[tuple[int, Opening], list[AllowanceState]] = defaultdict(list)
    for allowance in sorted(account.allowances, key=lambda part: (part.tranche, part.number)):
        groups[allowance.tranche, allowance.opening(now, stated_time_opens=stated_opens)].append(allowance)
    return tuple(
        inquiry_slips.TrancheBalance(
            title=tranche_title(tranche), left_rial=sum(part.left_rial for part in parts),
            state=_TRANCHE_STATES[opening], until_s=min(part.authorize_until_s for part in parts),
            opens_at_s=min((part.opens_at_s for part in parts if part.opens_at_s is not None), default=None),
        )
        for (tranche, opening), parts in groups.items()
    )  # fmt: skip


async def reprint(talk: Talk, typed: str = "") -> State:
    """A slip once more, marked as a copy: the named one, or the last. What is still owed comes as it is owed."""
    entry = await _entry_to_reprint(talk, typed)
    if entry is None or not isinstance(entry.fact, Printable):
        await talk.decline(DeclineReason.NOT_FOUND)
        return talk.rest()
    if entry.sequence in talk.owed:
        await print_next(talk)
    else:
        await talk.show(await whole_slip(talk, entry, copy=True))
    return talk.rest()


async def _entry_to_reprint(talk: Talk, typed: str) -> Entry | None:
    if not typed:
        return await talk.journal.last_printable()
    sequence = sequence_typed(talk, typed)
    return None if sequence is None else await talk.journal.entry(sequence)


async def help_card(talk: Talk) -> State:
    """The card to stick beside the till."""
    policy = talk.journal.policy
    await talk.show(service_slips.help_card(help_parts(policy.goods if policy else ())))
    return talk.rest()


async def devices(talk: Talk) -> State:
    """Every device of the till, with the socket where it sits."""
    await talk.show(device_list(talk.settings.devices()))
    return talk.rest()


async def find_printer(talk: Talk) -> State:
    """Have every port and speed print its number; what is pressed then is the printer's."""
    await talk.beep(Sound.ACCEPTED)
    talk.settings.find_printer()
    return talk.rest()


async def status(talk: Talk) -> State:
    """The inspection slip."""
    journal, policy, updates = talk.journal, talk.journal.policy, talk.settings.updates
    last = await journal.entry(journal.head.sequence - 1)
    assert last is not None, "a journal has its first entry"
    slip = service_slips.Status(
        place=talk.place, when=talk.when(), version=talk.settings.version, entries=journal.head.sequence,
        purchases=journal.counters.purchases, unsent=journal.head.sequence - journal.acknowledged,
        unsent_credit_rial=journal.device_use.credit_rial, send_by_s=await journal.send_by_s(),
        acknowledged_s=journal.policy_confirmed_s or None, households=await journal.households(),
        policy_title=policy.title if policy else "", policy_version=policy.version if policy else 0,
        catalog_version=journal.catalog_version, head_qr=receipt_qr.to_qr(last, journal.identity.slim),
        tail_lost=journal.tail_lost, card_version=updates.running if updates else "",
        update=updates.under_way if updates else None,
    )  # fmt: skip
    await talk.show(service_slips.status_slip(slip))
    return talk.rest()


async def date(talk: Talk, typed: str) -> State:
    """The keyed day, shown in words before it counts."""
    day_s = persian.start_of_keyed_day(typed)
    if day_s is None:
        return await again(talk, Prompt.BAD_DATE)
    talk.day_s = day_s
    return await talk.question(
        service_slips.date_confirmation(day_s=day_s, press=(PRESS_ENTER, PRESS_BACK)), State.DATE_CONFIRM
    )


async def date_confirmed(talk: Talk, _: Confirm) -> State:
    """The clock takes the day, and its entry is the first with the new time."""
    journal = talk.journal
    async with journal.turn:
        before = journal.keeper.now()
        try:
            journal.keeper.state_day(talk.day_s)
        except ClockRefused:
            taken = False
        else:
            taken = True
            known = before.grade is not Grade.DOUBTFUL
            shift_s = journal.keeper.now().not_before_s - before.not_before_s if known else None
            await journal.commit(journal.draft(ClockSet(source=ClockSource.KEYED, shift_s=shift_s)))
    await talk.beep(Sound.ACCEPTED if taken else Sound.REFUSED)
    await talk.show(till_slips.date_set(talk.day_s) if taken else till_slips.date_refused())
    unknown = journal.keeper.now().grade is Grade.DOUBTFUL
    return await start(talk, Function.DATE) if unknown else talk.rest()


async def change_price(talk: Talk) -> State:
    """Ask whose remembered price is to change."""
    await talk.show(till_slips.pick_good())
    return State.PICKING_GOOD


async def picked(talk: Talk, command: NamedGood) -> State:
    """A good by its number."""
    found = found_by_number(talk, command)
    return await talk.look(Prompt.BAD_KEYS) if found is None else await _ask_new_price(talk, found)


async def picked_by_scan(talk: Talk, scan: GtinScan | Gs1Scan) -> State:
    """A packed product, or a thing outside the list. What was half typed is dropped: it was no part of the choice."""
    talk.typing.forget()
    return await _ask_new_price(talk, await found_by_gtin(talk, int(scan.gtin)))


async def picked_by_barcode(talk: Talk, command: TypedBarcode) -> State:
    """The same, typed; only what the list knows."""
    found = await found_by_gtin(talk, int(command.digits))
    return await _ask_new_price(talk, found) if found.good else await talk.look(Prompt.BAD_SCAN)


async def _ask_new_price(talk: Talk, found: Found) -> State:
    talk.waiting = Waiting(found, 1)
    await ask_price(talk, found)
    return State.NEW_PRICE


async def new_price(talk: Talk, command: Number) -> State:
    """The new price."""
    price_rial = await price_typed(talk, command)
    return talk.state if price_rial is None else await _set_price(talk, price_rial)


async def new_price_insisted(talk: Talk, _: Confirm) -> State:
    """Enter alone: the unusual price is meant."""
    price_rial = await price_doubted(talk)
    return talk.state if price_rial is None else await _set_price(talk, price_rial)


async def _set_price(talk: Talk, price_rial: int) -> State:
    assert talk.waiting is not None, "a good was picked"
    found = talk.waiting.found
    fact = PriceChanged(good=found.good, gtin=found.gtin, unit=found.unit, price_rial=price_rial)
    async with talk.journal.turn:
        await talk.journal.commit(talk.journal.draft(fact))
    await talk.beep(Sound.ACCEPTED)
    amount = 1000 if found.unit is Unit.GRAM else 1
    item = Item(
        good=found.good,
        gtin=found.gtin,
        name=found.name,
        unit=found.unit,
        quantity=amount,
        price_rial=price_rial,
    )
    await talk.show(basket_slips.price_remembered(basket_line(Placed(1, item))))
    return talk.rest()


async def announcement_scanned(talk: Talk, scan: AnnouncementScan) -> State:
    """An official announcement's QR."""
    return await announcement(talk, scan.digits)


async def announcement(talk: Talk, typed: str) -> State:
    """The code of an official announcement opens its tranche without network."""
    if len(typed) != ANNOUNCEMENT_DIGITS or not has_check_digit(typed):
        await talk.decline(DeclineReason.WRONG_ANNOUNCEMENT)
        return talk.rest()
    opened = await _opened_by(talk, typed, await talk.journal.closed_locks())
    if not opened:
        known = await _opened_by(talk, typed, await talk.journal.open_locks())
        await talk.decline(DeclineReason.ALREADY_OPEN if known else DeclineReason.WRONG_ANNOUNCEMENT)
        return talk.rest()
    for tranche, groups in opened.items():
        await _open_tranche(talk, tranche, groups)
    return talk.rest()


async def _opened_by(talk: Talk, typed: str, locks: tuple[Lock, ...]) -> dict[int, list[GroupProof]]:
    """The tranches, and in them the cohorts, whose locks the typed code opens."""
    opened: dict[int, list[GroupProof]] = defaultdict(list)
    roots: dict[bytes, bytes] = {}
    for lock in locks:
        if lock.salt not in roots:
            # Up to half a second on a small board; Argon2 lets other Python code run meanwhile: off the loop.
            roots[lock.salt] = await asyncio.to_thread(proof.slow_hash, typed, lock.salt)
        released = proof.release_proof(roots[lock.salt], device=talk.journal.identity.device)
        if proof.release_lock(released) == lock.lock:
            opened[lock.tranche].append(GroupProof(cohort=lock.cohort, proof=released))
    return opened


async def _open_tranche(talk: Talk, tranche: int, groups: list[GroupProof]) -> None:
    async with talk.journal.turn:
        fact = Announcement(tranche=tranche, groups=tuple(groups))
        await talk.journal.commit(talk.journal.draft(fact))
    policy = talk.journal.policy
    cohorts = {cohort.number: cohort.name for cohort in policy.cohorts} if policy else {}
    instalments = [policy.tranche(tranche, group.cohort) for group in groups] if policy else []
    until_s = min((part.authorize_until_s for part in instalments if part is not None), default=None)
    await talk.beep(Sound.APPROVED)
    slip = notice_slips.announcement_accepted(
        title=tranche_title(tranche), until_s=until_s,
        cohorts=tuple(cohorts[group.cohort] for group in groups if group.cohort in cohorts),
    )  # fmt: skip
    await talk.show(slip)
