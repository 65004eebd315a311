"""A small village with one shop: synthetic households, a center with the scheme's two phases, an enrolled till.

Every name and number is made up by rule from a seed; national IDs have right check digits and belong to nobody known.
"""

from __future__ import annotations

import asyncio
import csv
import io
import json
import random
import sys
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import asdict

from firmware.simulation.center_process import OrderFailed, scheme_file

if TYPE_CHECKING:
    from pathlib import Path

    from firmware.simulation.center_process import CenterProcess

SHOP = 101
SHOP_NAME = "فروشگاه روستا"
SHOP_PLACE = "روستای نمونه"
LABEL_TEMPLATE = "2PIIIIIVVVVVC"
POLICIES = ("tir-1404.toml", "dey-1404.toml")
CATALOG = "catalog-1404.csv"
TILL = (sys.executable, "-m", "firmware.command")


class Villager(Struct, frozen=True):
    """A household as it comes to the shop: what stands on its card, and what it knows by heart."""

    household: int
    national_id: str
    members: int
    decile: int
    supported: bool
    card: int
    card_qr: str
    card_barcode: str
    pin: str


class Village(Struct, frozen=True):
    """Who lives there, and what the shopkeeper knows."""

    villagers: tuple[Villager, ...]
    operator_pin: str


def households_csv(count: int, *, shop: int, seed: int) -> str:
    """A list of `count` synthetic households of all deciles, as `sofreh-central import-households` takes it."""
    chance = random.Random(seed)  # noqa: S311 -- a village, no secret
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("national_id", "members", "decile", "supported", "shop", "phone"))
    ids = chance.sample(range(10_000_000, 899_999_999), count)
    for index, number in enumerate(ids):
        decile = index % 10 + 1
        supported = int(decile <= 3 and index % 20 < 10)
        writer.writerow((national_id(number), chance.randint(1, 6), decile, supported, shop, ""))
    return out.getvalue()


def national_id(number: int) -> str:
    """Nine digits and the check digit (weights 10 to 2, modulo 11)."""
    digits = f"{number:09d}"
    rest = sum(int(digit) * (10 - index) for index, digit in enumerate(digits)) % 11
    return f"{digits}{rest if rest < 2 else 11 - rest}"


async def settle_village(center: CenterProcess, *, households: int, seed: int = 1404) -> str:
    """Register all at a center that was founded; the enrollment ticket of the shop's till. Quicker at one that serves.

    Raises: OrderFailed.
    """
    for name in POLICIES:
        await center.order("policy", "load", scheme_file(name))
    await center.order("policy", "catalog", scheme_file(CATALOG))
    await center.order("shop", "add", SHOP, SHOP_NAME, SHOP_PLACE, "--label-template", LABEL_TEMPLATE)
    listed = center.folder / "households.csv"
    listed.write_text(households_csv(households, shop=SHOP, seed=seed))
    await center.order("import-households", listed)
    ticket = await center.order("enroll", "--shop", SHOP)
    (center.folder / "operator-pin").write_text(ticket["operator_pin"])
    return str(ticket["ticket"])


async def enroll_till(config: Path, *, url: str, ticket: str) -> None:
    """Run `sofreh-till enroll`. Raises: OrderFailed."""
    process = await asyncio.create_subprocess_exec(
        *TILL, "enroll", "--config", str(config), "--center", url, ticket,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, complained = await process.communicate()
    if process.returncode:
        raise OrderFailed(complained.decode("utf-8", "replace").strip())


async def village_of(center: CenterProcess) -> Village:
    """Who lives there, from the center's own cards. Raises: OrderFailed."""
    known = center.folder / "villagers.json"
    if not known.exists():
        issued = (await center.order("cards"))["cards"]
        known.write_text(json.dumps([asdict(_villager(card)) for card in issued]))
    villagers = tuple(Villager(**card) for card in json.loads(known.read_text()))
    return Village(villagers, (center.folder / "operator-pin").read_text())


def _villager(card: dict[str, Any]) -> Villager:
    return Villager(
        household=card["household"], national_id=card["national_id"], members=card["members"], decile=card["decile"],
        supported=bool(card["supported"]), card=card["number"], card_qr=card["qr"], card_barcode=card["code128"],
        pin=card["pin"],
    )  # fmt: skip
