"""Entries that came lean count at once; the book says whose own signatures are still to come, and gets them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sync.central.errors import WrongInput
from sync.wire.exchange import LaterSignatures, Span

if TYPE_CHECKING:
    from sync.wire.exchange import ExchangeAnswer
    from tests.sync.central.conftest import Lab


def send(lab: Lab, **how: object) -> ExchangeAnswer:
    return lab.device.take_answer(lab.send(lab.device.request(**how)))  # type: ignore[arg-type]  # named by the caller


def sold(lab: Lab, count: int = 5) -> tuple[int, int]:
    """Sell so much; the first and the last of the entries that the center does not hold yet."""
    first = lab.device.held
    for _ in range(count):
        lab.buy(1, 100_000)
    return first, len(lab.device.journal) - 1


def signatures(lab: Lab, first: int, last: int) -> LaterSignatures:
    entries = lab.device.journal[first : last + 1]
    return LaterSignatures(first=first, signatures=b"".join(entry.stored.signature for entry in entries))


def unsigned(lab: Lab) -> int:
    return int(lab.report()["devices"][0]["unsigned"])


def test_lean_entries_are_final_at_once_and_the_book_says_what_is_lacking(lab: Lab) -> None:
    first, last = sold(lab)
    answer = send(lab, lean=True)
    assert answer.unsigned == Span(first=first, last=last - 1), "the last one's own signature came"
    assert unsigned(lab) == last - first
    assert {lab.device.verdicts()[one] for one in range(first, last + 1)} == {"accepted"}
    assert lab.order("verify").ok
    assert f"signatures     device 1001: {last - first} entries" in "\n".join(
        lab.order("report", html=None).lines
    )


def test_later_signatures_fill_the_book_in_any_pieces(lab: Lab) -> None:
    first, last = sold(lab)
    send(lab, lean=True)
    assert send(lab, entries=[], signatures=signatures(lab, first, first + 1)).unsigned == Span(
        first=first + 2, last=last - 1
    )
    assert send(lab, entries=[], signatures=signatures(lab, first, last)).unsigned is None
    assert unsigned(lab) == 0
    stored = [row["signature"] for row in lab.sql("SELECT signature FROM entry ORDER BY sequence")]
    assert stored[first : last + 1] == [
        entry.stored.signature for entry in lab.device.journal[first : last + 1]
    ]
    assert lab.order("verify").ok


def test_a_later_signature_that_fails_is_an_observation_and_no_undoing(lab: Lab) -> None:
    first, last = sold(lab)
    send(lab, lean=True)
    good = signatures(lab, first, last - 1)
    bad = LaterSignatures(first=first, signatures=bytes(64) + good.signatures[64:])
    for _ in range(2):
        assert send(lab, entries=[], signatures=bad).unsigned is None, "it is not asked for again and again"
    assert unsigned(lab) == 1
    texts = [(row["sequence"], row["text"]) for row in lab.report()["observations"]]
    assert [sequence for sequence, text in texts if "sent later, does not hold" in text] == [first]
    assert lab.verdict(lab.device.journal[first]) == "accepted"
    assert send(lab, entries=[], signatures=good).unsigned is None
    assert unsigned(lab) == 0, "the true one is still welcome"


def test_signatures_of_entries_that_nobody_lacks_change_nothing(lab: Lab) -> None:
    first, last = sold(lab)
    send(lab)
    before = lab.sql("SELECT signature FROM entry ORDER BY sequence")
    forged = LaterSignatures(first=first, signatures=bytes(64) * (last - first + 9))
    send(lab, entries=[], signatures=forged)
    assert lab.sql("SELECT signature FROM entry ORDER BY sequence") == before
    assert not lab.report()["observations"]


def test_in_a_dispute_entries_are_asked_for_verbatim(lab: Lab) -> None:
    first, last = sold(lab)
    send(lab, lean=True)
    ordered = lab.order("signatures", device=1001, first=first, last=last)
    assert ordered.data["lacking"] == last - first
    wanted = send(lab, entries=[]).verbatim
    assert wanted == Span(first=first, last=last - 1)
    answer = send(lab, entries=lab.device.journal[wanted.first : wanted.last + 1])
    assert (answer.verbatim, answer.unsigned) == (None, None)
    assert unsigned(lab) == 0


def test_a_span_that_runs_backward_is_refused(lab: Lab) -> None:
    first, last = sold(lab)
    send(lab, lean=True)
    with pytest.raises(WrongInput, match=f"entries {last} to {last - 1}: the last lies before the first"):
        lab.order("signatures", device=1001, first=last, last=last - 1)
    assert send(lab, entries=[]).verbatim is None
    assert lab.order("signatures", device=1001, first=first, last=first).data["lacking"] == 1


def test_a_fork_in_a_lean_batch_is_asked_for_verbatim_before_it_is_a_proof(lab: Lab) -> None:
    sold(lab)
    send(lab)
    device = lab.device
    at = len(device.journal) - 3
    other = device.copy()
    del other.journal[at:]
    for _ in range(3):
        other.say(device.journal[at].fact, lines=device.journal[at].lines, at_s=device.now_s + 7)
    forked = other.journal[at:]
    answer = other.take_answer(lab.send(other.request(forked, lean=True)))
    assert answer.verbatim == Span(first=at, last=at + 2)
    assert lab.sql("SELECT COUNT(*) AS n FROM stray")[0]["n"] == 0
    assert lab.report()["devices"][0]["suspended_from"] is None
    lab.send(other.request(forked))
    assert lab.report()["devices"][0]["suspended_why"] == f"fork at entry {at}"
    assert lab.order("verify").ok


def test_a_signature_that_vanishes_from_the_store_is_found(lab: Lab) -> None:
    first, last = sold(lab)
    send(lab, lean=True)
    for sequence, words in (
        (last, "no signature binds its last entries"),
        (first - 1, "its signature is gone"),
    ):
        kept = lab.sql("SELECT signature FROM entry WHERE sequence = ?", sequence)[0]["signature"]
        lab.sql("UPDATE entry SET signature = x'' WHERE sequence = ?", sequence)
        findings = lab.order("verify").data["findings"]
        assert any(words in finding for finding in findings)
        lab.sql("UPDATE entry SET signature = ? WHERE sequence = ?", kept, sequence)
    assert lab.order("verify").ok
