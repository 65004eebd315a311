"""What a hundred purchases cost on the line, and what the center's look at each costs in time."""

from __future__ import annotations

import base64
import json
from enum import Enum
from itertools import islice
from random import Random
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import asdict

from sync.uplink.exchange import Standing, carrying, pack
from sync.uplink.ports import Parties
from sync.wire import cose
from sync.wire.batches.known_before import LOOKED_AT_ENTRIES, known_from
from sync.wire.cose import SIGNATURE_BYTES
from sync.wire.entry import Head
from tests.benchmarks.checking import over_bare
from tests.benchmarks.counter import Counter
from tests.benchmarks.entropy import PAUSES_S, purchase_bits
from tests.benchmarks.first_mail import opening_day_bytes
from tests.benchmarks.workload import SEED, Village

if TYPE_CHECKING:
    from pathlib import Path

    from sync.wire.batches.batch_tables import Dictionary
    from sync.wire.entry import Entry
    from tests.benchmarks.progress import Tell

BATCH = 100
FEW = 10


async def measure(folder: Path, tell: Tell) -> dict[str, float]:
    """Bytes and verification of one batch, full and lean, and bytes of a shop's first mail."""
    village = Village(folder)
    day = await purchases(village, LOOKED_AT_ENTRIES + FEW)
    entries = day[:BATCH]
    full, lean = (_asked(village, entries, lean=lean) / BATCH for lean in (False, True))
    floor = SIGNATURE_BYTES + sum(map(purchase_bits, islice(village.sales(), BATCH))) / 8 / BATCH
    jws = sum(len(_jws(village, entry)) for entry in entries) / BATCH
    return {
        "batch100_bytes_per_purchase": full,
        "lean100_bytes_per_purchase": lean,
        "batch100_over_floor": full / floor,
        "batch100_over_jws": full / jws,
        "lean100_over_jws": lean / jws,
        "lean10_known_over_new": _known_over_new(village, day),
        "verify_over_bare": await over_bare(village, entries, lean=False),
        "verify_lean_over_bare": await over_bare(village, entries, lean=True),
        "mail_opening_day_bytes": opening_day_bytes(village.key),
        "judge_over_bare": await over_bare(village, entries, lean=False, judged=True),
    }


async def purchases(village: Village, count: int = BATCH) -> list[Entry]:
    """A hundred purchases, or another number of them, minutes apart."""
    pauses_s = Random(SEED)
    async with village.journal("batch.db") as journal:
        counter, sales = Counter(journal, village.folder), village.sales()
        await counter.open()
        first = journal.head.sequence
        for _ in range(count):
            village.clock.advance_s(pauses_s.choice(PAUSES_S))
            await counter.ring_up(next(sales))
            await counter.last_key_s()
        return [entry for sequence in range(first, first + count) if (entry := await journal.entry(sequence))]


def _asked(village: Village, entries: list[Entry], *, lean: bool, known: Dictionary | None = None) -> int:
    """Bytes of the whole signed request."""
    identity = village.identity
    base = Head(entries[0].sequence, entries[0].prev)
    asked = carrying(
        Parties(identity.device, identity.key, identity.trusted), Standing(1, 1, base.sequence), base,
        pack([entry.stored for entry in entries], lean=lean, known=known), village.mails[-1].head, nonce=bytes(range(16)),
    )  # fmt: skip
    return len(asked.message)


def _known_over_new(village: Village, day: list[Entry]) -> float:
    """The last purchases of a day in one lean request, with what is known from those before, against the same without."""
    early, late = day[:-FEW], day[-FEW:]
    known = known_from(entry.stored for entry in early)
    assert known is not None, "somebody bought"
    return _asked(village, late, lean=True, known=known) / _asked(village, late, lean=True)


def stated(entry: Entry) -> dict[str, Any]:
    """What the entry states, as JSON has it: values for hashes, since JSON has them."""
    plain: dict[str, Any] = _plain({
        "version": 1, "device": entry.device, "sequence": entry.sequence, "prev": entry.prev, "kind": entry.kind,
        "time": entry.time, "boot": entry.boot, "purchase": entry.fact, "lines": entry.lines, "private": entry.private,
    })  # fmt: skip
    return plain


def _jws(village: Village, entry: Entry) -> bytes:
    """The same under a compact JWS (RFC 7515, 3.1; RFC 8037)."""
    header = {"alg": "EdDSA", "kid": _plain(cose.key_id(village.key.public))}
    signed = b".".join(
        _unpadded(json.dumps(part, separators=(",", ":")).encode()) for part in (header, stated(entry))
    )
    return signed + b"." + _unpadded(village.key.sign(signed))


def _unpadded(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _plain(value: object) -> Any:
    """As JSON has it: records by the names of their fields, without what is absent; bytes as base64url."""
    if isinstance(value, Struct):
        return {name: _plain(part) for name, part in asdict(value).items() if part is not None}
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if isinstance(value, Enum):
        return value.name.lower()
    return _unpadded(value).decode() if isinstance(value, bytes) else value
