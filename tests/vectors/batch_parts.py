"""Batches of the corpus: rows and columns put together by hand, and the files that carry them."""

from __future__ import annotations

import hashlib
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

from sync.wire import cbor, cose, entry, exchange, exported, facts
from sync.wire.batches.batch import BATCH_BYTES_MAX, BLOCK_ENTRIES, CHECK_BYTES, Batch, Verbatim, pack_batch
from sync.wire.batches.batch_purchases import read_purchases
from sync.wire.batches.batch_tables import NOTHING_KNOWN
from sync.wire.batches.columns import ColumnReader, column, unpressed
from sync.wire.entry import Head
from sync.wire.facts import Leg, Line
from sync.wire.kinds import EntryKind, Grade, Unit
from sync.wire.shapes import UINT_MAX
from tests.vectors import samples
from tests.vectors.corpus_parts import DEVICE_KEY, SHORT, SLIM, TRUSTED, chain
from tests.vectors.plain_lzma import plain_lzma

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sync.wire.batches.batch_tables import Dictionary
    from sync.wire.entry import Entry

PURCHASES = 40
_ON_SALE = (
    (1, 6_260_000_000_014, Unit.PIECE, 350_000),
    (8, 6_260_000_000_021, Unit.PIECE, 9_100_000),
    (8, 0, Unit.GRAM, 1_234_500),
    (5, 0, Unit.TRAY, 2_200_000),
    (0, 6_269_000_000_017, Unit.PIECE, 77_700),
)


def row(each: Entry, **changed: Any) -> bytes:
    """An entry as a batch has it verbatim, with parts changed by name."""
    payload = entry.Payload.from_cbor(each.stored.payload).to_value()
    lines, private = (
        None if data is None else cbor.decode(data, where="", bytes_max=1 << 13)
        for data in (each.stored.lines, each.stored.private)
    )
    value = dict(
        zip(("kind", "time", "boot", "public", "lines", "private"), (*(payload[key] for key in (4, 5, 6, 7)), lines, private), strict=True)
    )  # fmt: skip
    return cbor.encode(list((value | changed).values()))


def payloads(rows: Sequence[bytes], base: Head = samples.FIRST_HEAD) -> list[bytes]:
    """What a receiver makes of rows."""
    said, lines, private = zip(*[Verbatim.from_cbor(data).parts for data in rows], strict=True)
    whose = [sequence for sequence, one in enumerate(private, base.sequence) if one is not None]
    made, _, _ = entry.links(
        base, said, entry.lines_fields(lines),
        entry.private_fields(private, entry.blinds(whose, samples.BLINDING_KEY)), device=samples.DEVICE, public=DEVICE_KEY.public,
    )  # fmt: skip
    return made


def checks(made: Sequence[bytes]) -> bytes:
    """The checks of a batch with these payloads."""
    ends = [made[at : at + BLOCK_ENTRIES][-1] for at in range(0, len(made), BLOCK_ENTRIES)]
    return b"".join(hashlib.sha256(end).digest()[:CHECK_BYTES] for end in ends)


def of_rows(rows: Sequence[bytes], entries: Sequence[Entry] = SHORT, **changed: Any) -> bytes:
    """A batch of rows, with the signatures and checks of these entries, and with fields changed by name."""
    value = {
        "count": len(rows), "lean": False, "checks": checks([each.stored.payload for each in entries]),
        "signatures": b"".join(each.stored.signature for each in entries), "proofs": b"",
        "columns": plain_lzma(column([0] * len(rows)) + b"".join(rows)),
    }  # fmt: skip
    return _of_value(value | changed)


def _of_value(value: dict[str, Any]) -> bytes:
    keys = {field.name: field.key for field in Batch.fields} | {"unknown": 7}
    return cbor.encode(dict(sorted((keys[name], what) for name, what in value.items() if what is not ...)))


def packed(entries: Iterable[Entry], known: Dictionary | None = None, **changed: Any) -> bytes:
    """A batch as a device packs it, the same bytes with any library, with fields changed by name."""
    lean = changed.pop("packed_lean", False)
    data = pack_batch([each.stored for each in entries], lean=lean, dictionary=known)
    made = Batch.from_cbor(data)
    value = {field.name: getattr(made, field.name) for field in Batch.fields}
    if made.dictionary is None:
        value["dictionary"] = ...
    return _of_value(value | {"columns": plain_lzma(spread(data))} | changed)


def spread(batch: bytes) -> bytes:
    """The columns of a batch, no longer pressed."""
    return unpressed(Batch.from_cbor(batch).columns, bytes_max=BATCH_BYTES_MAX, where="")


class _Noting(ColumnReader):
    """Notes where each column stands."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.noted: list[tuple[str, bytes]] = []

    def take(self, name: str, count: int, most: int = UINT_MAX) -> list[int]:
        return self._noting(name, partial(super().take, name, count, most))

    def take_signed(self, name: str, count: int) -> list[int]:
        return self._noting(name, partial(super().take_signed, name, count))

    def _noting(self, name: str, take: Callable[[], list[int]]) -> list[int]:
        start = self._at
        values = take()
        self.noted.append((name, self._data[start : self._at]))
        return values


def columns_of(batch: bytes, *, first: int, known: Dictionary = NOTHING_KNOWN) -> list[tuple[str, bytes]]:
    """The columns of a batch with purchases, by name, and what stands behind them as `rows`."""
    header = Batch.from_cbor(batch)
    reader = _Noting(spread(batch))
    forms = reader.take("form", header.count, 1)
    sequences = [sequence for sequence, form in enumerate(forms, first) if form]
    read_purchases(reader, sequences, header.proofs, known)
    return [*reader.noted, ("rows", reader.rest())]


def request(batch: bytes, base: Head = samples.FIRST_HEAD, **changed: Any) -> bytes:
    """The payload of a request with a batch."""
    value = exchange.ExchangeRequest(
        version=exchange.VERSION, device=samples.DEVICE, nonce=bytes(16), mail_number=0, mail_hash=samples.CREDENTIAL_HASH,
        epoch=1, base=base.sequence, base_prev=base.prev, batch=batch,
    ).to_value()  # fmt: skip
    keys = {field.name: field.key for field in exchange.ExchangeRequest.fields}
    return cbor.encode(value | {keys[name]: what for name, what in changed.items()})


def batch(
    data: bytes, *, base: Head = samples.FIRST_HEAD, private: Iterable[int] = (), key: samples.SeedKey = DEVICE_KEY,
    context: str = exchange.REQUEST_CONTEXT, dictionary: Dictionary | None = None, **changed: Any,
) -> bytes:  # fmt: skip
    """The file of a batch."""
    message = cose.sign(request(data, base, **changed), key, context=context)
    return exported.batch_file(
        message, private, SLIM, TRUSTED, blinding_key=samples.BLINDING_KEY, dictionary=dictionary
    )


def batch_of(entries: Iterable[Entry], dictionary: Dictionary | None = None, **changed: Any) -> bytes:
    """The file of a batch with these entries."""
    entries = tuple(entries)
    return batch(
        packed(entries, dictionary, **changed), base=Head(entries[0].sequence, entries[0].prev), private=_private(entries),
        dictionary=dictionary,
    )  # fmt: skip


def batch_of_rows(entries: Iterable[Entry]) -> bytes:
    """The same, each entry as it was written."""
    entries = tuple(entries)
    base = Head(entries[0].sequence, entries[0].prev)
    return batch(of_rows([row(each) for each in entries], entries), base=base, private=_private(entries))


def _private(entries: Iterable[Entry]) -> list[int]:
    return [each.sequence for each in entries if each.private]


def market(purchases: int = PURCHASES) -> tuple[Entry, ...]:
    """A morning: the journal begins, then many purchases of a few households, by card or by code, one of them voided."""
    chance = Random(4)
    left = dict.fromkeys(range(3001, 3013), 90_000_000)
    so_far = 0
    drafts = [samples.draft(EntryKind.ENROLLED), samples.draft(EntryKind.BOOTED)]
    for number in range(1, purchases + 1):
        household = chance.randrange(6)
        lines = tuple(_line(chance) for _ in range(chance.randint(1, 4)))
        total = sum(line.total_rial for line in lines)
        own = sum(line.total_rial for line in lines if not line.good) + 50_000 * chance.randint(0, 1)
        own = min(own, total)
        legs = _legs(left, (3001 + 2 * household, 3002 + 2 * household), total - own, chance)
        so_far += total - own
        fact = facts.Purchase(
            policy=2, catalog=1, total_rial=total, credit_rial=total - own, own_rial=own, legs=legs, number=number,
            credit_so_far_rial=so_far,
        )  # fmt: skip
        by_card = chance.random() < 0.7
        private = (
            entry.PrivatePart(household=510 + household, card=90_000 + household)
            if by_card
            else entry.PrivatePart(
                household=510 + household, code=f"{chance.randrange(10**8):08}", code_entry=number
            )
        )
        time = entry.TimeInterval(
            not_before_s=samples.MORNING_S + 60 * number + chance.randrange(60), span_s=4, grade=Grade.TRUSTED
        )
        drafts.append(
            entry.Draft(
                fact, time, 3, entry.pack_lines(lines), private, samples.HOUSEHOLD_KEY if by_card else None
            )
        )
    drafts.insert(20, samples.draft(EntryKind.INQUIRY))
    return chain(*drafts)


def _line(chance: Random) -> Line:
    good, gtin, unit, price_rial = chance.choice(_ON_SALE)
    quantity = chance.randint(200, 3000) if unit is Unit.GRAM else chance.randint(1, 3)
    return Line(good=good, gtin=gtin, unit=unit, price_rial=price_rial, quantity=quantity)


def _legs(left: dict[int, int], names: tuple[int, ...], credit_rial: int, chance: Random) -> tuple[Leg, ...]:
    """Some from the first, the rest from the second; nothing for nothing."""
    if not credit_rial:
        return ()
    first = min(left[names[0]], credit_rial if chance.random() < 0.5 else credit_rial // 3)
    legs = []
    for name, amount in zip(names, (first, credit_rial - first), strict=True):
        if amount:
            left[name] -= amount
            legs.append(Leg(allowance=name, amount_rial=amount, left_rial=left[name]))
    return tuple(legs)


MARKET = market()
