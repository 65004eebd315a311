"""What the center's look at a batch costs in time, in one of its own worker processes, where nothing else leaves objects behind.

Against nothing but the check of each signature. Each side runs once untimed before it is timed: a worker takes batch after
batch, and a lean one would else be timed in caches that the other side's hundred checks have just emptied.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, NamedTuple

from sync.central.chains import evidence, verification
from sync.central.chains.checking import Examined, check_batch
from sync.central.workers import processes
from sync.wire import cose
from sync.wire.batches.batch import pack_batch
from sync.wire.cose import VerifyingKey
from sync.wire.entry import CONTEXT, EntryBytes, Head
from sync.wire.facts import Purchase
from tests.benchmarks.stopwatch import interleaved
from tests.benchmarks.workload import NOW_S, PRODUCTS, RULES
from tests.fakes.paper_center import DAY_S

if TYPE_CHECKING:
    from sync.central.chains.checking import Checked
    from sync.wire.entry import Entry
    from tests.benchmarks.workload import Village

ROUNDS = 81
ARRIVED_S = NOW_S + 2 * DAY_S
GOODS = {product.gtin: product.good for product in PRODUCTS}


class Work(NamedTuple):
    """A batch, its entries, the device's part of the center's books, and what is known of each purchase where it is judged too."""

    batch: bytes
    stored: list[EntryBytes]
    base: Head
    device: int
    public: bytes
    blinding_key: bytes
    views: list[evidence.PurchaseView]


async def over_bare(village: Village, entries: list[Entry], *, lean: bool, judged: bool = False) -> float:
    """A batch read, rebuilt and verified, and placed and judged too if so, in units of its signatures' checks."""
    stored = [entry.stored for entry in entries]
    work = Work(
        pack_batch(stored, lean=lean), stored, Head(entries[0].sequence, entries[0].prev), village.identity.device,
        village.key.public, village.identity.blinding_key, [_view(village, entry) for entry in entries] if judged else [],
    )  # fmt: skip
    with processes() as pool:
        return await asyncio.get_running_loop().run_in_executor(pool, _measured, work)


def _measured(work: Work) -> float:
    return asyncio.run(_over_bare(work))


async def _over_bare(work: Work) -> float:
    key = VerifyingKey(work.public)
    signed = [
        (one, cose.to_be_signed(one.payload, public=key.public, context=CONTEXT)) for one in work.stored
    ]

    def whole() -> None:
        examined = check_batch(
            work.batch, work.base, device=work.device, public=work.public, blinding_key=work.blinding_key
        )
        assert isinstance(examined, Examined), "the batch is well-formed"
        assert len(examined.checked) == len(work.stored), "all is proven"
        if work.views:
            _judge(examined.checked, work)

    def bare() -> None:
        for one, message in signed:
            key.verify(one.signature, message, what="entry")

    async def whole_s(_: int) -> float:
        whole()
        start_s = time.perf_counter()
        whole()
        return time.perf_counter() - start_s

    async def bare_s(_: int) -> float:
        bare()
        start_s = time.perf_counter()
        bare()
        return time.perf_counter() - start_s

    return (await interleaved(whole_s, bare_s, rounds=ROUNDS, warm=2)).ratio_of_rounds


def _judge(checked: list[Checked], work: Work) -> None:
    standing = evidence.Standing(suspended_from=None, arrived_s=ARRIVED_S, skew_s=300)
    for sequence, (one, view) in enumerate(zip(checked, work.views, strict=True), work.base.sequence):
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
