"""What a file or a text proves is said after the verdict and in full; the corpus holds the ways to be wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.wire import cose, entry, exported, facts, receipt_qr, verifiable
from sync.wire.batches.batch_tables import Dictionary
from sync.wire.entry import Draft, TimeInterval
from sync.wire.kinds import EntryKind, Grade
from sync.wire.verifiable import Finding, Outcome, verify
from tests.vectors import batch_parts, corpus, samples
from tests.vectors.corpus_parts import ITEMS, SHORT, chain, journal, slim_of

if TYPE_CHECKING:
    from sync.wire.credential import SlimCredential

ROOT, DELEGATIONS = samples.ROOT.public, samples.DELEGATION_MESSAGES


def receipt_of(draft: Draft, slim: SlimCredential = samples.SLIM) -> Outcome:
    (made,) = chain(draft)
    return verify(receipt_qr.to_qr(made, slim).encode(), ROOT, DELEGATIONS)


def test_a_proven_receipt_says_who_signed_what_when_and_what_it_leaves_open() -> None:
    outcome = verify(receipt_qr.to_qr(samples.PURCHASE_ENTRY, samples.SLIM).encode(), ROOT, DELEGATIONS)
    said = "\n".join(outcome.lines("slip"))
    assert said.startswith(
        "slip: PROVEN, receipt\n  device 1001 of shop 7 signed receipt 1001-8-8, entry 8\n"
    )
    assert "  between 2026-01-08 05:38:00 UTC and 2026-01-08 05:38:04 UTC, time trusted\n" in said
    assert "  total_rial 5100000\n" in said
    assert "  line 1: good 4 gtin 0 unit gram price_rial 890000 quantity 1235 total_rial 1099150\n" in said
    assert "  not proven: that it was not voided or refunded later\n" in said


def test_what_is_not_proven_is_not_shown() -> None:
    text = receipt_qr.to_qr(samples.PURCHASE_ENTRY, samples.SLIM)
    outcome = verify(text.encode(), samples.SeedKey("another root").public, DELEGATIONS)
    assert outcome.lines("slip") == [
        "slip: NOT PROVEN, receipt (bad_signature): delegation[0]: signed by another key"
    ]


def test_what_holds_before_the_first_fault_is_counted() -> None:
    outcome = verify(journal(*ITEMS[:3], b"\x00"), ROOT)
    assert outcome.entries == 3
    assert outcome.lines("f")[0].endswith("; the 3 before it hold")


@pytest.mark.parametrize(("letters", "why"), [(0, "is not a base45 character"), (1, "bytes are more than")])
def test_a_text_is_bounded_and_its_line_ends_do_not_count(letters: int, why: str) -> None:
    text = b"R1:".ljust(verifiable.TEXT_BYTES_MAX + letters, b"a")
    for ends in (b"", b"\r\n" * verifiable.TEXT_BYTES_MAX):
        outcome = verify(text + ends, ROOT, DELEGATIONS)
        assert (outcome.finding, outcome.where) == (Finding.MALFORMED, "receipt")
        assert why in outcome.why


def test_a_receipt_with_the_hash_of_its_lines_says_that_goods_are_not_proven() -> None:
    many = entry.pack_lines(samples.LINES * 8)
    draft = Draft(samples.PURCHASE, samples.draft(EntryKind.PURCHASE).time, 3, many)
    outcome = receipt_of(draft)
    assert "which goods: only their hash is here" in outcome.unproven
    assert not any(line.startswith("line ") for line in outcome.shown)


def test_a_text_that_a_device_signed_cannot_steer_a_terminal() -> None:
    draft = Draft(facts.Booted(version="\x1b[2J", clean=True), samples.draft(EntryKind.BOOTED).time, 1)
    assert "version '\\x1b[2J'" in receipt_of(draft).shown


@pytest.mark.parametrize(
    ("at_s", "said"),
    [(0, "1970-01-01 00:00:00 UTC"), (verifiable.LAST_DATE_S, "9999-12-31 23:59:59 UTC"), (verifiable.LAST_DATE_S + 1, "second 253402300800")],
)  # fmt: skip
def test_any_second_can_be_said(at_s: int, said: str) -> None:
    time = TimeInterval(not_before_s=at_s, span_s=0, grade=Grade.DOUBTFUL)
    outcome = receipt_of(Draft(facts.Inquiry(), time, 1), slim_of(until_s=2**53 - 1))
    assert f"between {said} and {said}, time doubtful" in outcome.shown


def test_a_delegation_of_the_file_is_believed_only_if_the_root_signed_it() -> None:
    forged = cose.sign(
        samples.DELEGATIONS[1].to_cbor(), samples.SeedKey("a forger"), context="sofreh/delegation/1"
    )
    header = exported.Header(
        magic=exported.JOURNAL, slim=samples.SLIM.to_cbor(), delegations=(forged,)
    ).to_cbor()
    outcome = verify(journal(*ITEMS, header=header), ROOT, DELEGATIONS)
    assert (outcome.finding, outcome.where) == (Finding.BAD_SIGNATURE, "delegation[0]")


def test_a_file_that_is_too_large_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifiable, "FILE_BYTES_MAX", 99)
    assert verify(journal(*ITEMS), ROOT).finding == Finding.UNREADABLE


def test_a_file_of_mail_is_proven_with_what_it_holds() -> None:
    messages = [each.message for each in samples.MAILBOX]
    file = exported.mail_file(messages, samples.FIRST_MAIL_HEAD, samples.SLIM, samples.TRUSTED)
    outcome = verify(file, ROOT, DELEGATIONS)
    said = "\n".join(outcome.lines("stick"))
    assert said.startswith("stick: PROVEN, mail\n")
    assert f"item {len(messages)}: {samples.MAILBOX[-1].kind.name.lower()}" in said
    assert "not proven: what came before item 1" in said


def test_a_file_of_a_batch_is_proven_with_the_blinds_it_brings() -> None:
    outcome = verify(batch_parts.batch_of(SHORT), ROOT, DELEGATIONS)
    assert outcome.finding is Finding.PROVEN
    with_dictionary = batch_parts.batch_of(SHORT, Dictionary())
    assert verify(with_dictionary, ROOT, DELEGATIONS).finding is Finding.PROVEN
    assert verify(with_dictionary[:-1], ROOT, DELEGATIONS).finding is not Finding.PROVEN


HEADERS = [
    exported.header(magic, samples.SLIM, samples.TRUSTED)
    for magic in (exported.JOURNAL, exported.BATCH, exported.MAIL)
]


@given(start=st.sampled_from([b"", b"R1:", b"C1:", b"\xa3", *HEADERS]), rest=st.binary(max_size=200))
@settings(max_examples=300, deadline=None)
def test_whatever_bytes_come_only_an_outcome_leaves(start: bytes, rest: bytes) -> None:
    assert verify(start + rest, ROOT, DELEGATIONS).finding != Finding.PROVEN


@given(
    name=st.sampled_from(["journal-short.bin", "batch-later.bin", "mail-later.bin", "receipt-lines.txt"]),
    at=st.integers(0, 10_000),
    cut=st.integers(0, 9),
    put=st.binary(max_size=9),
)
@settings(max_examples=200, deadline=None)
def test_a_good_file_with_a_piece_exchanged_is_never_a_longer_proof(
    name: str, at: int, cut: int, put: bytes
) -> None:
    data = (corpus.FOLDER / name).read_bytes()
    at %= len(data)
    changed = data[:at] + put + data[at + cut :]
    outcome = verify(changed, ROOT, DELEGATIONS)
    assert outcome.finding != Finding.PROVEN or outcome.shown == verify(data, ROOT, DELEGATIONS).shown
