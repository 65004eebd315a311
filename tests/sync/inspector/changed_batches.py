"""Batches whose columns were changed by chance, pressed by liblzma and signed anew: what only a right reading of columns tells apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.wire import cbor, cose, exchange, exported
from sync.wire.batches.batch import BATCH_BYTES_MAX, Batch
from sync.wire.batches.columns import pressed, unpressed
from tests.vectors.corpus_parts import DEVICE_KEY

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

COLUMNS_BYTES_MAX = 1 << 20


def with_columns(file: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """The file of a batch with its columns changed and pressed again, in a request that its device signed."""
    items = exported.Items(file)
    header: bytes = items.take(exported.Header.read, "header").to_cbor()
    request = exchange.ExchangeRequest.from_cbor(
        cose.parse(items.take(cbor.read_value, "request"), what="request").payload
    )
    blinds = cbor.encode(list(items.take(exported.BLINDS.read, "blinds")))
    dictionary = b"" if items.ended else cbor.encode(items.take(cbor.read_value, "dictionary"))
    batch = Batch.from_cbor(request.batch, bytes_max=BATCH_BYTES_MAX).to_value()
    columns = next(field.key for field in Batch.fields if field.name == "columns")
    batch[columns] = pressed(change(unpressed(batch[columns], bytes_max=COLUMNS_BYTES_MAX, where="columns")))
    carrying = next(field.key for field in exchange.ExchangeRequest.fields if field.name == "batch")
    payload = cbor.encode(request.to_value() | {carrying: cbor.encode(batch)})
    message = cose.sign(payload, DEVICE_KEY, context=exchange.REQUEST_CONTEXT)
    return header + cbor.encode(message) + blinds + dictionary


def disturbed(columns: bytes, chance: random.Random) -> bytes:
    """A byte changed, lost or doubled; most often among the first, which say how the others are to be read."""
    data = bytearray(columns)
    at = min(len(data) - 1, int(chance.expovariate(3 / len(data))))
    match chance.randrange(4):
        case 0:
            del data[at]
        case 1:
            data.insert(at, data[at])
        case 2:
            data[at] ^= 1 << chance.randrange(8)
        case _:
            data[at] = max(0, min(255, data[at] + chance.choice((-1, 1))))
    return bytes(data)
