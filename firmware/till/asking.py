"""Functions by code: the operator PIN where it guards, then whatever the function needs, one question at a time."""

from __future__ import annotations

import asyncio
import hmac
from typing import TYPE_CHECKING

from drivers.printer.slip import Pair
from drivers.sound import Sound
from firmware.receipt import persian, till_slips
from firmware.receipt.decline_slips import tries_left_row
from firmware.receipt.prompt_slips import Prompt
from firmware.receipt.service_slips import date_prompt
from firmware.till import undoing
from firmware.till.codes import BY_FUNCTION, BY_NUMBER, Function, Need
from firmware.till.states import State
from firmware.till.talk import CallInProgress, Talk, Tries
from sync.wire.facts import OperatorPinFailure
from sync.wire.kinds import DeclineReason, Grade
from sync.wire.proof import slow_hash

if TYPE_CHECKING:
    from firmware.till.codes import FunctionCode
    from firmware.till.grammar import Call, Confirm, Number

PROMPTS = {
    Need.PRICE: Prompt.PRICE,
    Need.CARD_NUMBER: Prompt.CARD_NUMBER,
    Need.NATIONAL_ID: Prompt.NATIONAL_ID,
    Need.CODE: Prompt.CODE,
    Need.RECEIPT: Prompt.RECEIPT_NUMBER,
    Need.ANNOUNCEMENT: Prompt.ANNOUNCEMENT,
    Need.COUNTED_CASH: Prompt.COUNTED_CASH,
}
DEFAULT_OPERATOR_TRIES = 5
ANSWERING = frozenset({State.ASKING, State.ASKING_RECEIPT})
MINUTE_MS = 60_000
PRESS_BACK = f"بازگشت: {persian.isolate('-')}"


async def call(talk: Talk, command: Call) -> State:
    """A function code was keyed."""
    code = BY_NUMBER.get(command.number)
    if code is None or len(command.given) > len(code.needs):
        return await talk.look(Prompt.BAD_KEYS)
    talk.call = CallInProgress(code, list(command.given))
    if code.function is Function.UNDO_ENROLLMENT and await undoing.refused(talk):
        return talk.rest()
    if not _is_guarded(talk, code):
        return await proceed(talk)
    if talk.journal.shop is None:
        await talk.look(Prompt.NO_OPERATOR_YET)
        return talk.rest()
    if await refused_while_locked(talk, talk.operator, DeclineReason.WRONG_OPERATOR_PIN):
        return talk.rest()
    await talk.prompt(Prompt.OPERATOR_PIN, PRESS_BACK)
    return State.OPERATOR_PIN


def _is_guarded(talk: Talk, code: FunctionCode) -> bool:
    return code.guarded or (code.function is Function.UNDO_ENROLLMENT and undoing.is_guarded(talk))


async def proceed(talk: Talk) -> State:
    """Ask for what is missing; when nothing is, do it."""
    running = talk.call
    assert running is not None, "a function is under way"
    needs = running.code.needs
    if len(running.given) < len(needs) and needs[-1] is not Need.RECEIPT_OR_LAST:
        return await ask(talk, needs[len(running.given)])
    return await talk.functions[running.code.function](talk, *running.given)


async def start(talk: Talk, function: Function) -> State:
    """Begin a function that the till itself calls for, unguarded."""
    talk.call = CallInProgress(BY_FUNCTION[function], [])
    return await proceed(talk)


async def ask(talk: Talk, need: Need) -> State:
    """Print the question."""
    if need is Need.DATE:
        now = talk.journal.keeper.now()
        floor_s = now.not_before_s if now.grade is Grade.DOUBTFUL else None
        talk.date_asked = await talk.show(date_prompt(not_before_s=floor_s, press=()))
    elif need is Need.BASKET_NUMBER:
        if not talk.held:
            await talk.show(till_slips.no_held_basket())
            return talk.rest()
        sums = {number: basket.total_rial for number, basket in talk.held.items()}
        await talk.show(till_slips.which_basket(sums))
    elif need is Need.DEVICE:
        await undoing.ask(talk)
    else:
        await talk.prompt(PROMPTS[need], PRESS_BACK)
    return State.ASKING_RECEIPT if need is Need.RECEIPT else State.ASKING


async def again(talk: Talk, prompt: Prompt) -> State:
    """The last answer cannot be: say so and ask once more. Enter alone gives the same answer again."""
    assert talk.call is not None, "a function is under way"
    talk.call.refused = talk.call.given.pop()
    await talk.look(prompt, PRESS_BACK)
    return State.ASKING


def take_back_answer(talk: Talk) -> None:
    """Nothing came of the last answer to a question, if it was one: it may be given again, by Enter alone too."""
    if talk.state in ANSWERING and talk.call is not None and talk.call.given:
        talk.call.refused = talk.call.given.pop()


async def answered(talk: Talk, command: Number) -> State:
    """The answer to a question."""
    assert talk.call is not None, "a question belongs to a function"
    talk.call.given.append(command.typed)
    return await proceed(talk)


async def insisted(talk: Talk, _: Confirm) -> State:
    """Enter alone: the answer that was doubted is meant."""
    assert talk.call is not None, "a question belongs to a function"
    if talk.call.refused is None:
        return await talk.look(Prompt.BAD_KEYS)
    talk.call.given.append(talk.call.refused)
    return await proceed(talk)


async def operator_pin(talk: Talk, command: Number) -> State:
    """The operator PIN for the function under way. A wrong one is journaled before anything shows it."""
    shop = talk.journal.shop
    assert shop is not None, "only then the PIN is asked for"
    # Argon2 takes up to half a second on a small board and lets other Python code run meanwhile: off the loop.
    typed_hash = await asyncio.to_thread(slow_hash, command.typed, shop.operator_salt)
    if hmac.compare_digest(typed_hash, shop.operator_hash):
        talk.operator.failures = 0
        return await proceed(talk)
    await _operator_failed(talk)
    return talk.rest() if talk.operator.locked_until_ms > talk.now_ms else State.OPERATOR_PIN


async def _operator_failed(talk: Talk) -> None:
    tries, policy = talk.operator, talk.journal.policy
    async with talk.journal.turn:
        failures = min(tries.failures + 1, 255)
        await talk.journal.commit(talk.journal.draft(OperatorPinFailure(failures=failures)))
    tries.failures = failures
    tries_max = policy.limits.operator_pin_tries if policy else DEFAULT_OPERATOR_TRIES
    await refuse_try(talk, tries, DeclineReason.WRONG_OPERATOR_PIN, tries_max=tries_max)


async def refuse_try(talk: Talk, tries: Tries, reason: DeclineReason, *, tries_max: int) -> None:
    """Print a wrong try; the last one allowed locks the device for some minutes."""
    left = tries_max - tries.failures
    if left > 0:
        await talk.print_refusal(reason, (tries_left_row(left),))
        return
    tries.failures = 0
    tries.locked_until_ms = talk.now_ms + talk.settings.lock_ms
    await talk.beep(Sound.LOCKED)
    await talk.print_refusal(reason, (_locked_row(talk.settings.lock_ms),))


async def refused_while_locked(talk: Talk, tries: Tries, reason: DeclineReason) -> bool:
    """Whether nothing may be tried now; then it is journaled and said."""
    left_ms = tries.locked_until_ms - talk.now_ms
    if left_ms <= 0:
        return False
    await talk.decline(reason, rows=(_locked_row(left_ms),))
    return True


def _locked_row(left_ms: int) -> Pair:
    return Pair("دوباره پس از", f"{persian.digits(-(-left_ms // MINUTE_MS))} دقیقه", bold=True)
