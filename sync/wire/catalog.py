"""The approved product list: which GTIN is which basic good. Signed by the policy key, versioned."""

from __future__ import annotations

from sync.wire.kinds import Unit
from sync.wire.record import Record, array_record, item, record
from sync.wire.shapes import list_of, nested, one_of, text, uint

CONTEXT = "sofreh/catalog/1"
PRODUCTS_MAX = 20_000


@array_record
class Product(Record):
    """A packed product that counts as basic good `good`."""

    gtin: int = item(0, uint(10**14 - 1))
    good: int = item(1, uint(255))
    name: str = item(2, text(80))
    unit: Unit = item(3, one_of(Unit))


@record
class Catalog(Record):
    """One version of the list."""

    version: int = item(0, uint())
    products: tuple[Product, ...] = item(1, list_of(nested(Product), PRODUCTS_MAX))
