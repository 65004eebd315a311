"""What a hundred purchases cost on the line, and what the center's look at each costs in time."""

from __future__ import annotations

import base64
import json
import time
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import asdict

from sync.central import evidence, verification
from sync.central.checking import check_batch
from sync.uplink.exchange import Standing, question
from sync.uplink.ports import Parties
from sync.wire import cose
from sync.wire.cose import VerifyingKey
from sync.wire.entry import CONTEXT, Head
from sync.wire.exchange import pack_batch
from sync.wire.facts import Purchase
from tests.benchmarks.counter import Counter
from tests.benchmarks.stopwatch import interleaved
from tests.benchmarks.workload import NOW_S, PRODUCTS, RULES, Village

if TYPE_CHECKING:
    from pathlib import Path

    from sync.central.checking import Checked
    from sync.wire.entry import Entry
    from tests.benchmarks.progress import Tell

BATCH = 100
ROUNDS = 15
GOODS = {product.gtin: product.good for product in PRODUCTS}


async def measure(folder: Path, tell: Tell) -> dict[str, float]:
    """Bytes and verification of one batch."""
    village = Village(folder)
    entries = await _purchases(village)
    asked = _asked(village, entries)
    return {
        "batch100_bytes_per_purchase": asked / BATCH,
        "batch100_over_jws": asked / sum(len(_jws(village, entry)) for entry in entries),
        "verify_over_bare": await _over_bare(village, entries),
    }


async def _purchases(village: Village) -> list[Entry]:
    """A hundred purchases in a row."""
    async with village.journal("batch.db") as journal:
        counter, sales = Counter(journal, village.folder), village.sales()
        await counter.open()
        first = journal.head.sequence
        for _ in range(BATCH):
            await counter.ring_up(next(sales))
            await counter.last_key_s()
        return [entry for sequence in range(first, first + BATCH) if (entry := await journal.entry(sequence))]


def _asked(village: Village, entries: list[Entry]) -> int:
    """Bytes of the whole signed request."""
    identity = village.identity
    base = Head(entries[0].sequence, entries[0].prev)
    asked = question(
        Parties(identity.device, identity.key, identity.trusted), Standing(1, 1, base.sequence), base,
        [entry.stored for entry in entries], village.mails[-1].head, nonce=bytes(range(16)),
    )  # fmt: skip
    return len(asked.message)


def _jws(village: Village, entry: Entry) -> bytes:
    """What the entry states, in JSON under a compact JWS (RFC 7515, 3.1; RFC 8037): values for hashes, since JSON has them."""
    stated = {
        "version": 1, "device": entry.device, "sequence": entry.sequence, "prev": entry.prev, "kind": entry.kind,
        "time": entry.time, "boot": entry.boot, "purchase": entry.fact, "lines": entry.lines, "private": entry.private,
    }  # fmt: skip
    header = {"alg": "EdDSA", "kid": cose.key_id(village.key.public)}
    signed = b".".join(
        _unpadded(json.dumps(_plain(part), separators=(",", ":")).encode()) for part in (header, stated)
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


async def _over_bare(village: Village, entries: list[Entry]) -> float:
    """The center's whole judgment of a batch against nothing but its signatures."""
    identity, first = village.identity, entries[0]
    batch = pack_batch([entry.stored for entry in entries])
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

    async def judge_s(_: int) -> float:
        start_s = time.perf_counter()
        checked = check()
        assert isinstance(checked, list), "the batch is well-formed"
        _judge(checked, views, held=first.sequence)
        return time.perf_counter() - start_s

    async def bare_s(_: int) -> float:
        start_s = time.perf_counter()
        for entry, message in signed:
            key.verify(entry.stored.signature, message, what="entry")
        return time.perf_counter() - start_s

    return (await interleaved(judge_s, bare_s, rounds=ROUNDS, warm=2)).ratio


def _judge(checked: list[Checked], views: list[evidence.PurchaseView], *, held: int) -> None:
    standing = evidence.Standing(suspended_from=None, arrived_s=NOW_S + 60, skew_s=300)
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
