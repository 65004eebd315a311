"""What survives a flicker without being true: open baskets, and how far the last receipt got onto paper.

Never synced: no purchase waits for it, and nothing in it can move money. The journal alone says what happened; a draft that
is missing, old or damaged costs a basket or turns a receipt into a copy. Cards, PINs and secrets are never written here; a
one-time code that was used is named by its entry.

The file is overwritten where it lies, and holds whole blocks from the start: one that took another's place at each step of a
basket had the file system write inodes, folder and its own journal each time, ten times what the draft is. What a power cut
tears is known by its hash, and is no draft:

| bytes | what |
| --- | --- |
| 4 | how long the draft is, big-endian |
| 32 | SHA-256 of the draft |
| so many | the draft, CBOR |
| the rest | of older drafts |
"""

from __future__ import annotations

import contextlib
import os
from hashlib import sha256
from typing import TYPE_CHECKING

from firmware.basket import Basket, Item, Placed
from sync.wire.errors import WireError
from sync.wire.facts import LINES_MAX
from sync.wire.kinds import Unit
from sync.wire.record import Record, array_record, item, record
from sync.wire.shapes import flag, list_of, nested, one_of, optional, text, uint

if TYPE_CHECKING:
    from pathlib import Path

BASKETS_MAX = 9
BEGUN_MAX = 64
BLOCK_BYTES = 4096
_LENGTH_BYTES, _HASH_BYTES = 4, 32


@array_record
class DraftLine(Record):
    """A line of an open basket."""

    position: int = item(0, uint())
    good: int = item(1, uint(255))
    gtin: int = item(2, uint(10**14 - 1))
    name: str = item(3, text(80))
    unit: Unit = item(4, one_of(Unit))
    quantity: int = item(5, uint(10**6))
    price_rial: int = item(6, uint())
    keyed: bool = item(7, flag())


@array_record
class DraftBasket(Record):
    """An open basket; number 0 is the one on the counter."""

    number: int = item(0, uint(BASKETS_MAX))
    positions: int = item(1, uint())
    lines: tuple[DraftLine, ...] = item(2, list_of(nested(DraftLine), LINES_MAX))


@record
class Draft(Record):
    """`printed` is the last sequence whose slip is wholly on paper, `begun` are those of which a byte may have left.

    `code_entry` names a one-time code's outcome that waits for its purchase. `machine_boot` tells whether the machine
    itself went down since, so that younger writes may be lost.
    """

    baskets: tuple[DraftBasket, ...] = item(0, list_of(nested(DraftBasket), BASKETS_MAX + 1))
    printed: int | None = item(1, optional(uint()), default=None)
    begun: tuple[int, ...] = item(2, list_of(uint(), BEGUN_MAX))
    code_entry: int | None = item(3, optional(uint()), default=None)
    machine_boot: str = item(4, text(64))


def read_draft(path: Path) -> Draft | None:
    """What was there, if it can be read."""
    try:
        return Draft.from_cbor(_unframed(path.read_bytes()))
    except (OSError, WireError):
        return None


def write_draft(path: Path, data: bytes) -> None:
    """Overwrite the file. A disk that refuses costs nothing but the draft: an old one would have receipts printed twice."""
    framed = len(data).to_bytes(_LENGTH_BYTES, "big") + sha256(data).digest() + data
    try:
        with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b") as file:
            room = file.seek(0, os.SEEK_END)
            file.seek(0)
            file.write(framed if len(framed) <= room else framed.ljust(_whole_blocks(len(framed)), b"\0"))
    except OSError:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def _unframed(found: bytes) -> bytes:
    """The draft in the file; b"", which is none, if it was torn."""
    hash_, rest = found[_LENGTH_BYTES:][:_HASH_BYTES], found[_LENGTH_BYTES + _HASH_BYTES :]
    data = rest[: int.from_bytes(found[:_LENGTH_BYTES], "big")]
    return data if sha256(data).digest() == hash_ else b""


def _whole_blocks(size: int) -> int:
    return -(-size // BLOCK_BYTES) * BLOCK_BYTES


def draft_basket(number: int, basket: Basket) -> DraftBasket:
    """`basket` as it is written."""
    lines = tuple(
        DraftLine(
            position=placed.position, good=placed.item.good, gtin=placed.item.gtin, name=placed.item.name,
            unit=placed.item.unit, quantity=placed.item.quantity, price_rial=placed.item.price_rial,
            keyed=placed.item.keyed,
        )
        for placed in basket.lines
    )  # fmt: skip
    return DraftBasket(number=number, positions=basket.positions, lines=lines)


def open_basket(draft: DraftBasket) -> Basket:
    """The basket that was written; lines that break a bound are left out."""
    items = [
        Placed(
            line.position,
            Item(
                good=line.good, gtin=line.gtin, name=line.name, unit=line.unit, quantity=line.quantity,
                price_rial=line.price_rial, keyed=line.keyed,
            ),
        )
        for line in draft.lines
    ]  # fmt: skip
    kept = tuple(placed for placed in items if placed.item.bound() is None)
    return Basket(kept, max([draft.positions, *(placed.position for placed in kept)]))
