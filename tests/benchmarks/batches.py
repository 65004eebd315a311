"""What a hundred purchases cost on the line, and what the center's look at each costs in time."""

from __future__ import annotations

import base64
import json
import time
from enum import Enum
from functools import partial
from itertools import islice
from random import Random
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import asdict

from sync.central.chains import evidence, verification
from sync.central.chains.checking import Examined, check_batch
from sync.uplink.exchange import Standing, carrying, pack
from sync.uplink.ports import Parties
from sync.wire import cose
from sync.wire.batches.batch import pack_batch
from sync.wire.batches.known_before import LOOKED_AT_ENTRIES, known_from
from sync.wire.cose import SIGNATURE_BYTES, VerifyingKey
from sync.wire.entry import CONTEXT, Head
from sync.wire.facts import Purchase
from tests.benchmarks.counter import Counter
from tests.benchmarks.entropy import PAUSES_S, purchase_bits
from tests.benchmarks.first_mail import opening_day_bytes
from tests.benchmarks.stopwatch import interleaved
from tests.benchmarks.workload import NOW_S, PRODUCTS, RULES, SEED, Village

if TYPE_CHECKING:
    from pathlib import Path

    from sync.central.chains.checking import Checked
    from sync.wire.batches.batch_tables import Dictionary
    from sync.wire.entry import Entry
    from tests.benchmarks.progress import Tell

BATCH = 100
FEW = 10
ROUNDS = 41
GOODS = {product.gtin: product.good for product in PRODUCTS}


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
        "verify_over_bare": await _over_bare(village, entries, lean=False),
        "verify_lean_over_bare": await _over_bare(village, entries, lean=True),
        "mail_opening_day_bytes": opening_day_bytes(village.key),
        "judge_over_bare": await _over_bare(village, entries, lean=False, judged=True),
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


async def _over_bare(village: Village, entries: list[Entry], *, lean: bool, judged: bool = False) -> float:
    """A batch read, rebuilt and verified, and placed and judged too if so, against nothing but the check of each signature.

    Each side runs once untimed before it is timed: a worker of the center takes batch after batch, and a lean one would else
    be timed in caches that the other side's hundred checks have just emptied.
    """
    identity, first = village.identity, entries[0]
    batch = pack_batch([entry.stored for entry in entries], lean=lean)
    check = partial(
        check_batch, batch, Head(first.sequence, first.prev),
        device=identity.device, public=village.key.public, blinding_key=identity.blinding_key,
    )  # fmt: skip
    views = [_view(village, entry) for entry in entries]
    key = VerifyingKey(village.key.public)
    signed = [
        (entry, cose.to_be_signed(entry.stored.payload, public=key.public, context=CONTEXT))
        for entry in entries
    ]

    def bare() -> None:
        for entry, message in signed:
            key.verify(entry.stored.signature, message, what="entry")

    async def whole_s(_: int) -> float:
        check()
        start_s = time.perf_counter()
        examined = check()
        assert isinstance(examined, Examined), "the batch is well-formed"
        assert len(examined.checked) == BATCH, "all is proven"
        if judged:
            _judge(examined.checked, views, held=first.sequence)
        return time.perf_counter() - start_s

    async def bare_s(_: int) -> float:
        bare()
        start_s = time.perf_counter()
        bare()
        return time.perf_counter() - start_s

    return (await interleaved(whole_s, bare_s, rounds=ROUNDS, warm=2)).ratio


def _judge(checked: list[Checked], views: list[evidence.PurchaseView], *, held: int) -> None:
    standing = evidence.Standing(suspended_from=None, arrived_s=NOW_S + BATCH * PAUSES_S[-1], skew_s=300)
    for sequence, (one, view) in enumerate(zip(checked, views, strict=True), held):
        entry = one.entry
        assert entry is not None, "every entry holds"
        assert (
            verification.place(sequence=sequence, hash_=one.hash, held=sequence, known=None)
            is verification.Place.NEXT
        )
        for ruling in (
            verification.judge_standing(entry, standing),
            verification.judge_purchase(entry, view),
        ):
            assert ruling is verification.ACCEPTED, ruling


def _view(village: Village, entry: Entry) -> evidence.PurchaseView:
    """What the center's store would know of an honest purchase."""
    fact, private = entry.fact, entry.private
    assert isinstance(fact, Purchase)
    assert private is not None
    household = private.household
    assert household is not None
    member = village.members[household - 1]
    allowances = {
        leg.allowance: evidence.AllowanceView(
            number=leg.allowance, household=household, tranche=21, cohort=1, left_rial=leg.left_rial + leg.amount_rial,
            opens_at_s=RULES.valid_from_s, authorize_until_s=NOW_S * 2, closed=False, free_rial=0,
        )
        for leg in fact.legs
    }  # fmt: skip
    return evidence.PurchaseView(
        policy=RULES, policy_heard_s=NOW_S, floor_s=NOW_S, goods=GOODS, proof=evidence.ProofView(member.key, evidence.CodeStanding.NONE),
        allowances=allowances, openings=frozenset(), household_use=evidence.UseView(0, 0), device_use=evidence.UseView(0, 0),
    )  # fmt: skip
