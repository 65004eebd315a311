"""The open basket as a whole: lines out, prices corrected, canceled, held, recalled, parked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.sound import Sound
from firmware.basket import Basket, Bound
from firmware.receipt import basket_slips, display_lines
from firmware.receipt.prompt_slips import Prompt
from firmware.till.asking import again
from firmware.till.draft_file import BASKETS_MAX
from firmware.till.goods import BOUND_PROMPTS, is_unusual, remove_position, toman_typed
from firmware.till.slips_of import basket_line
from firmware.till.states import State
from firmware.till.talk import Found, Talk

if TYPE_CHECKING:
    from firmware.till.grammar import Remove


async def remove(talk: Talk, command: Remove) -> State:
    """The last line, or the one with this position, goes. With nothing left to remove, the card is put aside."""
    last = talk.basket.last
    if command.position is None and last is None:
        await talk.look(Prompt.BASKET_EMPTY)
        return talk.clear()
    position = command.position if command.position is not None else last.position if last else 0
    return await remove_position(talk, position)


async def correct_price(talk: Talk, typed: str) -> State:
    """Another price for the last line, for this basket only; what the shop remembers stays."""
    last = talk.basket.last
    if last is None:
        await talk.look(Prompt.BASKET_EMPTY)
        return talk.rest()
    price_rial = toman_typed(typed)
    if price_rial is None:
        return await again(talk, Prompt.PRICE)
    item = last.item
    call = talk.call
    assert call is not None, "a price was asked for"
    if (
        is_unusual(talk, Found(item.good, item.gtin, item.name, item.unit), price_rial)
        and call.refused != typed
    ):
        await again(talk, Prompt.PRICE_UNUSUAL)
        return State.ASKING
    change = talk.basket.repriced(last.position, price_rial)
    if change is None or isinstance(change, Bound):
        await talk.look(Prompt.PRICE if change is None else BOUND_PROMPTS[change])
        return talk.rest()
    talk.basket = change.basket
    line = basket_line(change.line)
    talk.paper.amounts(display_lines.put_in(line, basket_rial=talk.basket.total_rial))
    await talk.beep(Sound.ACCEPTED)
    await talk.show(basket_slips.price_corrected(line, old_price_rial=item.price_rial))
    return talk.rest()


async def cancel(talk: Talk) -> State:
    """The whole basket goes, and the card with it; where there is neither, nothing is said to have gone."""
    lines, presented = len(talk.basket.lines), talk.presented
    state = talk.clear()
    if not lines and presented is None:
        await talk.look(Prompt.BASKET_EMPTY)
        return state
    await talk.beep(Sound.ACCEPTED)
    await talk.show(basket_slips.canceled(lines=lines))
    return state


async def hold(talk: Talk) -> State:
    """The basket waits under a number; its household comes back with the card."""
    if not talk.basket.lines:
        await talk.look(Prompt.BASKET_EMPTY)
        return talk.rest()
    number = next((n for n in range(1, BASKETS_MAX + 1) if n not in talk.held), None)
    if number is None:
        await talk.look(Prompt.BASKET_FULL)
        return talk.rest()
    talk.held[number] = talk.basket
    slip = basket_slips.held(number=number, lines=len(talk.basket.lines), total_rial=talk.basket.total_rial)
    state = talk.clear()
    await talk.beep(Sound.ACCEPTED)
    await talk.show(slip)
    return state


async def recall(talk: Talk, typed: str) -> State:
    """A basket on hold is on the counter again; what lay there goes on hold first."""
    number = int(typed) if typed.isdecimal() else 0
    if number not in talk.held:
        return await again(talk, Prompt.BAD_KEYS)
    recalled = talk.held.pop(number)
    if talk.basket.lines:
        await hold(talk)
    await reopen(talk, number, recalled)
    return talk.rest()


async def reopen(talk: Talk, number: int, basket: Basket) -> None:
    """Put `basket` on the counter and print its lines."""
    talk.basket = basket
    talk.paper.amounts(display_lines.basket(basket.total_rial))
    await talk.beep(Sound.ACCEPTED)
    await talk.open_strip()
    lines = tuple(basket_line(placed) for placed in basket.lines)
    await talk.show(basket_slips.recalled(number=number, lines=lines))


async def show_again(talk: Talk) -> None:
    """Begin the strip anew: part of it did not come out."""
    talk.torn = talk.opened = False
    await talk.open_strip()
    await talk.show(basket_slips.again(lines=tuple(basket_line(placed) for placed in talk.basket.lines)))


async def park(talk: Talk) -> State:
    """Nobody has touched the basket for a while: it goes on hold, and is never charged."""
    return await hold(talk) if talk.basket.lines else talk.clear()
