"""The shopkeeper's hands: what is scanned and pressed, one act after the other.

Rules: everything goes through scanner and keypad; where the till asks for a weight or a price, the hands answer. The hands
know no sums and expect nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from firmware.demo.cards import Card
    from firmware.demo.shelf import Goods
    from firmware.simulation.shop import SimulatedShop

ENTER = "\n"


class Till:
    """The counter of the simulated shop. `operator_pin` is the shopkeeper's own."""

    def __init__(self, shop: SimulatedShop, operator_pin: str) -> None:
        self.shop = shop
        self.keys = self.scans = 0
        self._operator_pin = operator_pin

    @property
    def state(self) -> str:
        """Where the conversation stands, by its own log."""
        return self.shop.plug.child.state

    @property
    def wrong_operator_pin(self) -> str:
        """Another PIN than the shopkeeper's."""
        return other(self._operator_pin)

    async def press(self, keys: str) -> None:
        """Press keys of the pad."""
        self.keys += len(keys)
        await self.shop.press(keys)

    async def scan(self, text: str) -> None:
        """Hold something before the scanner."""
        self.scans += 1
        await self.shop.scan(text)

    async def press_wrong_pin(self, card: Card) -> None:
        """Another PIN than the household's."""
        await self.press(other(card.pin) + ENTER)

    async def call(self, number: str, *given: str, pin: str | None = None) -> None:
        """A function by its code; `given` is keyed with it, parted by stars. `pin`: where the function is guarded."""
        await self.press("*" + "*".join((number, *given)) + ENTER)
        if pin is not None:
            await self.press(pin + ENTER)

    async def guarded(self, number: str, *given: str) -> None:
        """A function that asks for the operator PIN."""
        await self.call(number, *given, pin=self._operator_pin)

    async def show(self, card: Card) -> None:
        """The household's card before the scanner."""
        await self.scan(card.qr)

    async def put(self, *goods: Goods) -> None:
        """Put things on the counter and answer what the till asks about them."""
        for one in goods:
            if one.keys:
                await self.press(one.keys)
            if one.barcode:
                await self.scan(one.barcode)
            if self.state == "WEIGHT":
                await self.press(one.weight_keys)
            if self.state == "PRICE":
                await self.press(f"{one.price_toman}{ENTER}")

    async def total(self, cap_toman: int | None = None) -> None:
        """TOTAL, with at most so much credit."""
        await self.press("+" if cap_toman is None else f"{cap_toman}+")

    async def pin(self, card: Card) -> None:
        """The household's PIN."""
        await self.press(card.pin + ENTER)

    async def enter(self) -> None:
        """Enter alone."""
        await self.press(ENTER)

    async def cancel(self) -> None:
        """Clear the counter."""
        await self.call("0")


def other(digits: str) -> str:
    """The same digits with another last one."""
    return digits[:-1] + str((int(digits[-1]) + 1) % 10)
