"""What lies on the shop's shelves: barcodes, numbers of goods, scale labels and prices in toman.

Rules: barcodes of the approved list are those of the center's list; those of other goods are made up. A weighed good
comes with a label of the shop's scale or is weighed by hand and keyed.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from drivers.scanner.gs1 import check_digit
from sync.wire.money import RIAL_PER_TOMAN

LABEL_TEMPLATE = "2PIIIIIVVVVVC"
GRAMS_PER_KG = 1000


class Goods(Struct, frozen=True, kw_only=True):
    """Something that is put on the counter. `quantity` is pieces, trays, or grams where it is weighed.

    First `keys` are pressed, then `barcode` is scanned, where there is one; `weight_keys` answer the question for the
    weight. The price is per piece or tray, or per kilogram.
    """

    price_toman: int
    keys: str = ""
    barcode: str = ""
    weight_keys: str = ""
    quantity: int = 1
    weighed: bool = False
    listed: bool = True

    @property
    def total_rial(self) -> int:
        """What it costs; half a rial rounds up."""
        price_rial = self.price_toman * RIAL_PER_TOMAN
        if self.weighed:
            return (price_rial * self.quantity + GRAMS_PER_KG // 2) // GRAMS_PER_KG
        return price_rial * self.quantity

    def times(self, count: int) -> Goods:
        """So many of what is scanned: ``3 *`` and the scan."""
        assert self.barcode, "only what is scanned"
        return replace(self, keys=f"{count}*", quantity=count)

    def at(self, price_toman: int) -> Goods:
        """The same at another price."""
        return replace(self, price_toman=price_toman)


def _packed(barcode: str, price_toman: int) -> Goods:
    return Goods(barcode=barcode, price_toman=price_toman)


def _other(twelve: str, price_toman: int) -> Goods:
    """Something outside the approved list."""
    barcode = f"{twelve}{check_digit(twelve)}"
    return Goods(barcode=barcode, price_toman=price_toman, listed=False)


class Loose(Struct, frozen=True):
    """A good that is sold by weight. `number` is the policy's."""

    number: int
    price_toman: int

    def label(self, grams: int) -> Goods:
        """With the scale's label on the bag."""
        twelve = f"20{self.number:05d}{grams:05d}"
        barcode = f"{twelve}{check_digit(twelve)}"
        return Goods(barcode=barcode, price_toman=self.price_toman, quantity=grams, weighed=True)

    def weighed(self, grams: int) -> Goods:
        """Weighed beside the till: the till asks for the grams."""
        keys = f"{self.number}/"
        return Goods(
            keys=keys, weight_keys=f"{grams}\n", price_toman=self.price_toman, quantity=grams, weighed=True
        )

    def kilograms(self, typed: str) -> Goods:
        """Weight and good in one go: ``1.25 * 4 /``."""
        whole, _, part = typed.partition(".")
        grams = int(whole or "0") * GRAMS_PER_KG + int(part.ljust(3, "0"))
        keys = f"{typed}*{self.number}/"
        return Goods(keys=keys, price_toman=self.price_toman, quantity=grams, weighed=True)


def eggs_by_the_tray(trays: int) -> Goods:
    """Trays from the stack, by number: the second unit of good 5."""
    return Goods(keys=f"{trays}*5.2/", price_toman=TRAY_TOMAN, quantity=trays)


def loose_eggs(count: int) -> Goods:
    """Single eggs: the usual unit of good 5."""
    return Goods(keys=f"{count}*5/", price_toman=8_000, quantity=count)


TRAY_TOMAN = 230_000

MILK = _packed("6261037001017", 46_000)
YOGHURT = _packed("6261074002022", 68_000)
CHEESE = _packed("6261111003012", 134_000)
CHICKEN_THIGHS = _packed("6261148004020", 212_000)
TRAY_OF_EGGS = _packed("6261185005011", 235_000)
FROZEN_MEAT = _packed("6261222006018", 890_000)
RICE_5_KG = _packed("6261259007026", 1_290_000)
RICE_10_KG = _packed("6261259007040", 1_480_000)
OIL = _packed("6261296008017", 78_000)
BIG_OIL = _packed("6261296008031", 152_000)
PASTA = _packed("6261333009014", 41_000)
SUGAR = _packed("6261370010035", 57_000)
DEARER_SUGAR = SUGAR.at(59_500)
"""From the second Friday on."""
SUGAR_CUBES = _packed("6261370010066", 74_000)
LENTILS = _packed("6261407011042", 139_000)
BEANS = _packed("6261407011011", 168_000)

CHICKEN = Loose(4, 165_000)
MEAT = Loose(6, 820_000)
RICE = Loose(7, 245_000)
LOAF_SUGAR = Loose(10, 69_000)
PULSES = Loose(11, 173_000)

SOAP = _other("626999000101", 32_000)
TEA = _other("626999000202", 187_000)
BATTERIES = _other("626999000303", 54_500)
NOTEBOOK = _other("626999000404", 43_000)
