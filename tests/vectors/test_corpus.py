"""The corpus holds what its generator makes, and each file of it is found as the manifest says."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from sync.central.chains.checking import Checked, Examined, check_batch
from sync.central.chains.evidence import (
    AllowanceView,
    CodeStanding,
    ProofView,
    PurchaseView,
    Standing,
    UseView,
)
from sync.central.chains.verification import (
    Place,
    Ruling,
    judge_purchase,
    judge_refund,
    judge_standing,
    place,
)
from sync.wire import cbor, cose, entry, exchange, exported, facts
from sync.wire.kinds import Verdict
from sync.wire.verifiable import Finding, verify
from tests.vectors import corpus, corpus_verdicts, samples
from tests.vectors.corpus_verdicts import LOCKED, OPEN

HELD = corpus.read_manifest()
ROOT = bytes.fromhex(HELD["root_public"])
DELEGATIONS = tuple(bytes.fromhex(message) for message in HELD["delegations"])
ROWS: list[dict[str, Any]] = HELD["files"]
JUDGED = {row["verdict"]: row for row in ROWS if "verdict" in row and row["kind"] == "batch"}
BAD_AT_LEAST = 60


def test_the_generator_makes_the_kept_files_to_the_byte() -> None:
    kept = {
        path.relative_to(corpus.FOLDER): path.read_bytes()
        for path in corpus.FOLDER.rglob("*")
        if path.is_file()
    }
    assert kept == corpus.files()


def test_the_corpus_is_as_large_as_it_should_be() -> None:
    assert sum(row["expected"] != "proven" for row in ROWS) >= BAD_AT_LEAST
    assert {row["expected"] for row in ROWS} == set(Finding)
    assert {row["verdict"] for row in ROWS if "verdict" in row} == {
        verdict.name.lower() for verdict in Verdict
    }
    assert Counter(row["kind"] for row in ROWS if row["expected"] == "proven").keys() == {
        "batch", "card", "journal", "mail", "receipt",
    }  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=[row["file"] for row in ROWS])
def test_a_file_is_found_as_the_manifest_says(row: dict[str, Any]) -> None:
    outcome = verify((corpus.FOLDER / row["file"]).read_bytes(), ROOT, DELEGATIONS)
    assert (outcome.finding, outcome.where) == (row["expected"], row["where"])
    assert bool(outcome.shown) == bool(outcome.unproven) == (row["expected"] == "proven")
    assert bool(outcome.why) == (row["expected"] != "proven")


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row["expected"] == "proven"], ids=lambda row: row["file"]
)
def test_no_file_is_proven_to_whom_trusts_another_root(row: dict[str, Any]) -> None:
    data = (corpus.FOLDER / row["file"]).read_bytes()
    outcome = verify(data, samples.SeedKey("stranger's root").public, DELEGATIONS)
    assert (outcome.finding, outcome.shown) == (Finding.BAD_SIGNATURE, ())


def test_without_delegations_a_file_that_brings_its_own_is_proven_and_a_receipt_is_not() -> None:
    read = {
        name: (corpus.FOLDER / name).read_bytes()
        for name in ("journal-short.bin", "journal-bare-header.bin", "receipt-lines.txt")
    }
    assert [verify(data, ROOT).finding for data in read.values()] == [
        "proven",
        "not_delegated",
        "not_delegated",
    ]


@pytest.mark.parametrize(
    "name",
    [
        "journal-short.bin",
        "batch-later.bin",
        "batch-one.bin",
        "mail-later.bin",
        "receipt-hash.txt",
        "card-good.txt",
    ],
)
def test_a_flipped_bit_anywhere_is_found(name: str) -> None:
    data = (corpus.FOLDER / name).read_bytes()
    for at in range(0, len(data), 7):
        assert (
            verify(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :], ROOT, DELEGATIONS).finding != "proven"
        ), at


@pytest.mark.parametrize(
    "name", ["journal-short.bin", "batch-later.bin", "mail-later.bin", "receipt-lines.txt"]
)
def test_a_file_cut_anywhere_is_never_taken_for_the_whole(name: str) -> None:
    data = (corpus.FOLDER / name).read_bytes()
    whole = verify(data, ROOT, DELEGATIONS)
    for at in range(0, len(data), 5):
        outcome = verify(data[:at], ROOT, DELEGATIONS)
        assert outcome.finding != "proven" or outcome.entries < whole.entries, at


# -- what only a center can say


def ruling(row: dict[str, Any]) -> Ruling:
    """What a center says that knows the world of the verdicts."""
    checked = _checked(row)
    if checked.entry is None:
        return Ruling(checked.verdict)
    standing = judge_standing(
        checked.entry, Standing(suspended_from=None, arrived_s=HELD["arrived_s"], skew_s=600)
    )
    if standing.verdict is not Verdict.ACCEPTED:
        return standing
    if isinstance(checked.entry.fact, facts.Refund):
        return judge_refund(checked.entry.fact, None)
    return judge_purchase(checked.entry, _view(checked.entry))


def _checked(row: dict[str, Any]) -> Checked:
    request = _request(row)
    base = entry.Head(request.base, request.base_prev)
    examined = check_batch(
        request.batch,
        base,
        device=samples.DEVICE,
        public=samples.DEVICE_KEY.public,
        blinding_key=samples.BLINDING_KEY,
    )
    assert isinstance(examined, Examined)
    index: int = row["entry"] - base.sequence
    return examined.checked[index]


def _request(row: dict[str, Any]) -> exchange.ExchangeRequest:
    items = exported.Items((corpus.FOLDER / row["file"]).read_bytes())
    items.take(exported.Header.read, "header")
    message = items.take(cbor.read_value, "request")
    return exchange.ExchangeRequest.from_cbor(cose.parse(message, what="request").payload)


def _view(judged: entry.Entry) -> PurchaseView:
    assert isinstance(judged.fact, facts.Purchase)
    known = judged.fact.policy == samples.POLICY.version
    return PurchaseView(
        policy=samples.POLICY if known else None, policy_heard_s=samples.MORNING_S, floor_s=samples.MORNING_S,
        goods={one.gtin: one.good for one in samples.CATALOG.products},
        proof=ProofView(bytes.fromhex(HELD["household_key"]), CodeStanding.NONE),
        allowances={
            one.number: AllowanceView(
                number=one.number, household=one.household, tranche=one.tranche, cohort=2, left_rial=one.amount_rial,
                opens_at_s=one.opens_at_s, authorize_until_s=one.authorize_until_s, closed=False, free_rial=0,
            )
            for one in (OPEN, LOCKED)
        },
        openings=frozenset(), household_use=UseView(0, 0), device_use=UseView(0, 0),
    )  # fmt: skip


@pytest.mark.parametrize("verdict", sorted(JUDGED.keys() - {"hole"}))
def test_the_center_judges_an_entry_as_the_manifest_says(verdict: str) -> None:
    assert ruling(JUDGED[verdict]).verdict.name.lower() == verdict


def test_an_entry_that_is_lost_is_named_by_its_successor() -> None:
    lost = corpus_verdicts.sold(*corpus_verdicts.purchase())[2]
    request = _request(JUDGED["hole"])
    assert (request.base, request.base_prev) == (lost.sequence + 1, lost.hash)


@pytest.mark.parametrize(
    ("verdict", "sequence", "hash_", "expected"),
    [("gap", 4, b"x", Place.GAP), ("duplicate", 3, b"x", Place.DUPLICATE), ("fork", 3, b"y", Place.FORK)],
)
def test_a_verdict_about_the_place_is_the_center_s_too(
    verdict: str, sequence: int, hash_: bytes, expected: Place
) -> None:
    held = {"gap": 3}.get(verdict, 4)
    assert place(sequence=sequence, hash_=hash_, held=held, known=b"x") is expected
    (row,) = (row for row in ROWS if row.get("verdict") == verdict)
    assert (row["expected"], row["entry"]) == (verdict, sequence)
