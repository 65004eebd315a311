"""What a worker says of a batch: all of it, a part and what to ask for, or nothing."""

from __future__ import annotations

import pickle

import pytest
from msgspec.structs import replace

from sync.central.chains.checking import Examined, Unreadable, check_batch, check_signatures
from sync.wire.batches.batch import Batch, pack_batch
from sync.wire.batches.batch_tables import Dictionary
from sync.wire.exchange import Span
from sync.wire.kinds import Verdict
from tests.vectors.batch_parts import MARKET
from tests.vectors.corpus_batches import KNOWN
from tests.vectors.samples import BLINDING_KEY, DEVICE, DEVICE_KEY, FIRST_HEAD

STORED = [each.stored for each in MARKET]
LAST = len(MARKET) - 1
ALL = Span(first=0, last=LAST)


def examined(batch: bytes, dictionary: Dictionary | None = None) -> Examined:
    found = check_batch(
        batch, FIRST_HEAD, device=DEVICE, public=DEVICE_KEY.public, blinding_key=BLINDING_KEY, dictionary=dictionary
    )  # fmt: skip
    assert isinstance(found, Examined)
    return found


def changed(*, lean: bool, **parts: bytes) -> bytes:
    return replace(Batch.from_cbor(pack_batch(STORED, lean=lean)), **parts).to_cbor()


@pytest.mark.parametrize("lean", [False, True])
@pytest.mark.parametrize("verbatim", [range(0), range(LAST + 1)])
def test_an_honest_batch_is_proven_whole(lean: bool, verbatim: range) -> None:
    found = examined(pack_batch(STORED, lean=lean, verbatim=verbatim))
    assert found.verbatim is None
    assert [one.hash for one in found.checked] == [each.hash for each in MARKET]
    for one, each in zip(found.checked, MARKET, strict=True):
        own = b"" if lean and each.sequence < LAST else each.stored.signature
        assert (one.verdict, one.stored) == (Verdict.ACCEPTED, replace(each.stored, signature=own))
        assert one.entry == replace(each, stored=one.stored)


def test_bytes_alone_go_from_process_to_process() -> None:
    """A value for each line would take longer on the way than reading it again."""
    found = examined(pack_batch(STORED))
    sent = pickle.dumps(found)
    assert all(one.entry is not None for one in found.checked)
    assert pickle.dumps(found) == sent
    assert pickle.loads(sent) == found
    assert len(sent) < 2 * sum(len(one.to_cbor()) for one in STORED)


def test_a_broken_block_is_asked_for_and_what_lies_before_it_stands_if_it_is_signed() -> None:
    checks = Batch.from_cbor(pack_batch(STORED)).checks[:8] + bytes(8)
    found = examined(changed(lean=False, checks=checks))
    assert (len(found.checked), found.verbatim) == (32, Span(first=32, last=LAST))
    found = examined(changed(lean=True, checks=checks))
    assert (found.checked, found.verbatim) == ([], Span(first=32, last=LAST))


def test_a_signature_that_fails_is_its_entry_s_verdict_in_a_full_batch_and_all_entries_question_in_a_lean_one() -> (
    None
):
    joined = Batch.from_cbor(pack_batch(STORED)).signatures
    found = examined(changed(lean=False, signatures=joined[:320] + bytes(64) + joined[384:]))
    assert [index for index, one in enumerate(found.checked) if one.verdict] == [5]
    assert (found.checked[5].verdict, found.checked[5].entry) == (Verdict.BAD_SIGNATURE, None)
    found = examined(changed(lean=True, signatures=bytes(64)))
    assert (found.checked, found.verbatim) == ([], ALL)


def test_a_dictionary_that_is_not_at_hand_is_done_without() -> None:
    batch = pack_batch(STORED, dictionary=KNOWN)
    assert len(examined(batch, KNOWN).checked) == len(MARKET)
    for other in (None, Dictionary()):
        found = examined(batch, other)
        assert (found.checked, found.verbatim) == ([], ALL)


def test_a_batch_that_breaks_the_format_is_named() -> None:
    found = check_batch(
        b"\x80", FIRST_HEAD, device=DEVICE, public=DEVICE_KEY.public, blinding_key=BLINDING_KEY
    )
    assert isinstance(found, Unreadable)
    assert found.why.startswith("batch")


def test_later_signatures_are_held_against_the_entries() -> None:
    entries = [(each.sequence, each.stored.payload) for each in MARKET]
    signatures = [each.stored.signature for each in MARKET]
    assert check_signatures(entries, signatures, public=DEVICE_KEY.public) == []
    signatures[3], signatures[7] = signatures[7], signatures[3]
    assert check_signatures(entries, signatures, public=DEVICE_KEY.public) == [3, 7]
    with pytest.raises(ValueError, match="shorter"):
        check_signatures(entries, signatures[:-1], public=DEVICE_KEY.public)
