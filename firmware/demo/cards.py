"""The household cards that the center made: pictures to cut out, and what they say when a scanner reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from pathlib import Path

    from firmware.simulation.center_process import CenterProcess


class Card(Struct, frozen=True):
    """A household's card: what its codes say, and the PIN that came by another way."""

    number: int
    qr: str
    code128: str
    pin: str


async def cut_out(center: CenterProcess, pictures: Path) -> dict[int, Card]:
    """Draw all cards into a folder; the cards by household. Raises: OrderFailed."""
    made = await center.order("cards", pictures)
    return {
        one["household"]: Card(one["number"], one["qr"], one["code128"], one["pin"]) for one in made["cards"]
    }
