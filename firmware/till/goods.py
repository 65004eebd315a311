"""From a scan or a number to a line: which good, how much of it, at what price."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.sound import Sound
from firmware.basket import QUANTITY_MAX, Bound, Change, Item, price_is_unusual, read_label
from firmware.receipt import basket_slips, display_lines
from firmware.receipt.prompt_slips import PRESS_ENTER, Prompt
from firmware.till.asking import PRESS_BACK
from firmware.till.grammar import Misfit, NamedGood, Number, Quantity, TypedBarcode, quantity
from firmware.till.slips_of import basket_line, name_of
from firmware.till.states import State
from firmware.till.talk import Found, Talk, Waiting
from sync.wire.kinds import Unit
from sync.wire.money import of_toman
from sync.wire.numbers import is_gtin

if TYPE_CHECKING:
    from drivers.scanner.scan import GtinScan, WeighedScan
    from firmware.till.grammar import Confirm

TOMAN_MAX = 10**9
BOUND_PROMPTS = {
    Bound.FULL: Prompt.BASKET_FULL,
    Bound.QUANTITY: Prompt.QUANTITY,
    Bound.PRICE: Prompt.PRICE,
    Bound.AMOUNT: Prompt.BASKET_FULL,
}


async def scanned(talk: Talk, scan: GtinScan) -> State:
    """A trade number was scanned; one that the list does not know is the buyer's own money."""
    typed = talk.typing.take_quantity()
    if isinstance(typed, Misfit):
        return await talk.look(Prompt.BAD_KEYS)
    found = await found_by_gtin(talk, int(scan.gtin))
    if typed is not None and typed.amount == 0:
        return await remove_like(talk, found, None)
    return await measure(talk, found, typed)


async def typed_barcode(talk: Talk, command: TypedBarcode) -> State:
    """A barcode that the scanner cannot read; only of the approved list, so that nothing is made up."""
    product = await talk.journal.product(int(command.digits)) if is_gtin(command.digits) else None
    if product is None:
        return await talk.look(Prompt.BAD_SCAN)
    return await measure(talk, Found(product.good, product.gtin, product.name, product.unit), None)


async def label(talk: Talk, scan: WeighedScan) -> State:
    """A label of the shop's scales: the shop's template tells good and weight."""
    typed = talk.typing.take_quantity()
    template = talk.journal.shop.label_template if talk.journal.shop else None
    read = read_label(template, scan.digits) if template else None
    if read is None or isinstance(typed, Misfit):
        return await talk.look(Prompt.BAD_SCAN)
    policy = talk.journal.policy
    listed = policy.good(read.plu) if policy else None
    if listed is not None and Unit.GRAM in listed.units:
        found = Found(listed.number, 0, listed.name, Unit.GRAM)
    else:
        found = Found(0, read.gtin, await name_of(talk, good=0, gtin=read.gtin), Unit.GRAM)
    if typed is None:
        return await measured(talk, found, read.grams)
    return await (talk.look(Prompt.QUANTITY) if typed.amount else remove_like(talk, found, read.grams))


async def named(talk: Talk, command: NamedGood) -> State:
    """A good by its number and unit."""
    found = found_by_number(talk, command)
    if found is None:
        return await talk.look(Prompt.BAD_KEYS)
    return await measure(talk, found, command.quantity)


async def found_by_gtin(talk: Talk, gtin: int) -> Found:
    """The thing with this barcode, by the approved list or else outside it."""
    product = await talk.journal.product(gtin)
    if product is not None:
        return Found(product.good, gtin, product.name, product.unit)
    return Found(0, gtin, await name_of(talk, good=0, gtin=gtin), Unit.PIECE)


def found_by_number(talk: Talk, command: NamedGood) -> Found | None:
    """The good of the policy; a weight chooses gram by itself. None if there is no such good or unit."""
    policy = talk.journal.policy
    listed = policy.good(command.good) if policy else None
    if listed is None or command.choice > len(listed.units):
        return None
    weighed = command.quantity is not None and command.quantity.weighed
    unit = Unit.GRAM if weighed else listed.units[command.choice - 1]
    return Found(listed.number, 0, listed.name, unit) if unit in listed.units else None


async def measure(talk: Talk, found: Found, typed: Quantity | None) -> State:
    """A thing, and what was typed for it; what goes by weight and has none is asked for it."""
    if typed is not None and typed.weighed and found.unit is not Unit.GRAM:
        return await talk.look(Prompt.QUANTITY)
    if typed is not None:
        return await measured(talk, found, typed.amount)
    if found.unit is not Unit.GRAM:
        return await measured(talk, found, 1)
    talk.waiting = Waiting(found, None)
    await talk.prompt(Prompt.WEIGHT, PRESS_BACK)
    return State.WEIGHT


async def weight(talk: Talk, command: Number) -> State:
    """The weight of the thing that waits: grams, or kilograms with a point."""
    assert talk.waiting is not None, "a thing waits for its weight"
    typed = quantity(command.typed)
    assert typed is not None, "something was typed"
    return await measured(talk, talk.waiting.found, typed.amount)


async def measured(talk: Talk, found: Found, amount: int) -> State:
    """A thing with its quantity: its price is remembered, or asked for."""
    if not 0 < amount <= QUANTITY_MAX[found.unit]:
        return await talk.look(Prompt.WEIGHT if found.unit is Unit.GRAM else Prompt.QUANTITY)
    price_rial = await talk.journal.price(found.good, found.gtin, found.unit)
    if price_rial is None:
        talk.waiting = Waiting(found, amount)
        await ask_price(talk, found)
        return State.PRICE
    return await put(talk, found, amount, price_rial, keyed=False)


async def ask_price(talk: Talk, found: Found) -> None:
    """Of what, in which unit."""
    await talk.prompt(Prompt.PRICE, basket_slips.price_asked(found.name, found.unit), PRESS_BACK)


async def price(talk: Talk, command: Number) -> State:
    """The price of the thing that waits."""
    price_rial = await price_typed(talk, command)
    return talk.state if price_rial is None else await _take_price(talk, price_rial, keyed=True)


async def price_insisted(talk: Talk, _: Confirm) -> State:
    """Enter alone: the unusual price is meant."""
    price_rial = await price_doubted(talk)
    if price_rial is None:
        return talk.state
    return await _take_price(talk, price_rial, keyed=talk.waiting is not None and not talk.waiting.labeled)


async def price_typed(talk: Talk, command: Number) -> int | None:
    """A price of the thing that waits, in rial for the toman typed.

    None if it cannot be, or is unusual and has not been typed twice; that was said.
    """
    waiting = talk.waiting
    assert waiting is not None, "a thing waits for its price"
    price_rial = toman_typed(command.typed)
    if price_rial is None:
        await talk.look(Prompt.PRICE)
    elif is_unusual(talk, waiting.found, price_rial) and waiting.doubted_rial != price_rial:
        waiting.doubted_rial, waiting.labeled = price_rial, False
        await talk.look(Prompt.PRICE_UNUSUAL, PRESS_ENTER, PRESS_BACK)
    else:
        return price_rial
    return None


async def price_doubted(talk: Talk) -> int | None:
    """The unusual price that Enter alone insists on; None if no price was typed, which was said."""
    doubted_rial = None if talk.waiting is None else talk.waiting.doubted_rial
    if doubted_rial is None:
        await talk.look(Prompt.PRICE)
    return doubted_rial


async def _take_price(talk: Talk, price_rial: int, *, keyed: bool) -> State:
    waiting = talk.waiting
    assert waiting is not None, "a thing waits for its price"
    assert waiting.amount is not None, "its quantity is known"
    return await put(talk, waiting.found, waiting.amount, price_rial, keyed=keyed)


def is_unusual(talk: Talk, found: Found, price_rial: int) -> bool:
    """Whether the price lies outside the good's sane band."""
    policy = talk.journal.policy
    return price_is_unusual(policy.good(found.good) if policy else None, found.unit, price_rial)


def toman_typed(typed: str) -> int | None:
    """Typed toman in rial; None for zero, fractions and too much."""
    if not typed.isdecimal() or not 0 < int(typed) <= TOMAN_MAX:
        return None
    return of_toman(int(typed))


async def put(talk: Talk, found: Found, amount: int, price_rial: int, *, keyed: bool) -> State:
    """Into the basket. A `keyed` price is remembered when the basket is paid."""
    item = Item(
        good=found.good, gtin=found.gtin, name=found.name, unit=found.unit, quantity=amount, price_rial=price_rial,
        keyed=keyed,
    )  # fmt: skip
    change = talk.basket.put(item)
    talk.waiting = None
    if isinstance(change, Bound):
        await talk.look(BOUND_PROMPTS[change])
        return talk.rest()
    await accept(talk, change)
    return State.BASKET


async def accept(talk: Talk, change: Change) -> None:
    """The line is in the basket: sound and print it. A block that TOTAL printed does not hold any more."""
    talk.basket, talk.shown = change.basket, None
    line = basket_line(change.line)
    talk.paper.amounts(display_lines.put_in(line, basket_rial=talk.basket.total_rial))
    await talk.beep(Sound.ACCEPTED)
    await talk.open_strip()
    await talk.show(
        basket_slips.accepted(line) if change.before is None else basket_slips.quantity_corrected(line)
    )


async def remove_like(talk: Talk, found: Found, grams: int | None) -> State:
    """Take out the line of the same thing, and of the same weight if one is given."""
    placed = talk.basket.like(good=found.good, gtin=found.gtin, unit=found.unit, quantity=grams)
    if placed is None:
        return await talk.look(Prompt.NO_SUCH_LINE)
    return await remove_position(talk, placed.position)


async def remove_position(talk: Talk, position: int) -> State:
    """Take one line out and say so."""
    change = talk.basket.without(position)
    if change is None:
        return await talk.look(Prompt.NO_SUCH_LINE)
    talk.basket, talk.shown = change.basket, None
    talk.paper.amounts(display_lines.basket(talk.basket.total_rial))
    await talk.beep(Sound.ACCEPTED)
    await talk.show(basket_slips.removed(basket_line(change.line)))
    return talk.rest()
