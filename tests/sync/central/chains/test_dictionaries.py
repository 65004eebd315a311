"""What a batch leaves out because the center holds it already is found in the center's own books, or asked for."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest

from sync.central.chains import dictionaries
from sync.central.errors import WrongInput
from sync.wire import exported
from sync.wire.batches import known_before
from sync.wire.batches.batch import dictionary_named, pack_batch
from sync.wire.batches.batch_tables import Dictionary, Thing
from sync.wire.batches.known_before import entries_before, known_from
from sync.wire.credential import SlimCredential
from sync.wire.exchange import Span
from sync.wire.kinds import Unit
from sync.wire.verifiable import Finding, verify

if TYPE_CHECKING:
    from sync.wire.entry import Entry
    from sync.wire.exchange import ExchangeAnswer
    from tests.sync.central.conftest import Lab

OTHER = Dictionary((Thing(gtin=1, good=1, unit=Unit.PIECE, price_rial=1),))


@pytest.fixture(autouse=True)
def short_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """These chains are short."""
    monkeypatch.setattr(known_before, "STEP_ENTRIES", 1)


def known_before_(lab: Lab, base: int) -> Dictionary:
    told = entries_before(base)
    made = known_from(entry.stored for entry in lab.device.journal[told.start : told.stop])
    assert made is not None
    return made


def sold(lab: Lab, count: int = 3) -> list[Entry]:
    return [lab.buy(1, 100_000) for _ in range(count)]


def sent(lab: Lab, entries: list[Entry], known: Dictionary | None = None) -> ExchangeAnswer:
    known = known or known_before_(lab, entries[0].sequence)
    batch = pack_batch([entry.stored for entry in entries], dictionary=known)
    assert dictionary_named(batch) == known.hash
    return lab.device.take_answer(lab.send(lab.device.request(entries, batch=batch)))


def kept(lab: Lab) -> set[bytes]:
    return set(lab.center.dictionaries)


def test_what_was_bought_before_is_known_to_both(lab: Lab) -> None:
    sold(lab)
    lab.exchange()
    later = sold(lab)
    answer = sent(lab, later)
    assert (answer.held, answer.verbatim) == (later[-1].sequence + 1, None)
    assert {lab.verdict(entry) for entry in later} == {"accepted"}
    assert lab.order("verify").ok


def test_a_batch_that_comes_again_weeks_later_is_read_as_it_was(lab: Lab) -> None:
    sold(lab)
    lab.exchange()
    later = sold(lab)
    sent(lab, later)
    lab.exchange()
    sold(lab)
    lab.exchange()
    lab.center.dictionaries.clear()
    before = lab.report()
    assert sent(lab, later).verbatim is None
    assert lab.report() == before


def test_what_these_books_do_not_give_is_asked_for_verbatim(lab: Lab) -> None:
    sold(lab)
    lab.exchange()
    later = sold(lab)
    answer = sent(lab, later, OTHER)
    assert (answer.held, answer.verbatim) == (
        later[0].sequence,
        Span(first=later[0].sequence, last=later[-1].sequence),
    )
    assert not kept(lab)
    lab.exchange()
    assert {lab.verdict(entry) for entry in later} == {"accepted"}


@pytest.mark.parametrize("behind", [0, 1, 2])
def test_what_lies_before_a_batch_comes_first(lab: Lab, behind: int) -> None:
    """One that begins behind the next entry may close a hole; one further on is not even asked for."""
    sold(lab)
    lab.exchange()
    later = sold(lab, 4)
    answer = sent(lab, later[behind:], OTHER)
    assert answer.held == later[0].sequence
    asked = Span(first=later[behind].sequence, last=later[-1].sequence)
    assert answer.verbatim == (None if behind == 2 else asked)


def test_one_batch_behind_the_other_is_read_if_the_first_was_taken(lab: Lab) -> None:
    """As on a line that lost an answer: the second question is already on its way."""
    sold(lab)
    lab.exchange()
    first, second = sold(lab, 2), sold(lab, 2)
    known = known_before_(lab, second[0].sequence)
    assert sent(lab, second, known).held == first[0].sequence
    assert sent(lab, first).held == second[0].sequence
    assert sent(lab, second, known).held == second[-1].sequence + 1


def test_an_inspector_verifies_it_with_the_dictionary_that_anybody_makes_of_the_chain(lab: Lab) -> None:
    sold(lab)
    lab.exchange()
    later = sold(lab)
    known = known_before_(lab, later[0].sequence)
    batch = pack_batch([entry.stored for entry in later], dictionary=known)
    trusted = lab.device.trusted
    assert trusted is not None
    slim = SlimCredential.from_cbor(lab.sql("SELECT slim FROM device")[0]["slim"], where="slim")
    whole, lacking = (
        exported.batch_file(
            lab.device.request(later, batch=batch), [entry.sequence for entry in later], slim, trusted,
            blinding_key=lab.device.blinding, dictionary=brought,
        )
        for brought in (known, None)
    )  # fmt: skip
    found = verify(whole, trusted.root.public)
    assert (found.finding, found.entries) == (Finding.PROVEN, len(later))
    assert verify(lacking, trusted.root.public).finding is Finding.MALFORMED


def test_it_is_made_once_and_the_oldest_is_forgotten(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dictionaries, "KEPT_MOST", 2)
    sold(lab)
    lab.exchange()
    names: list[bytes] = []
    later: list[Entry] = []
    while len(names) < 3:
        later = sold(lab, 1)
        names.append(known_before_(lab, later[0].sequence).hash)
        sent(lab, later)
        assert names[-1] in kept(lab)
    assert kept(lab) == set(names[1:])
    lab.sql("UPDATE entry SET private = NULL")
    assert sent(lab, later).verbatim is None, "what is kept is not read again"


def test_where_nobody_bought_there_is_none(lab: Lab) -> None:
    first = sold(lab)
    assert sent(lab, first, OTHER).verbatim is not None
    assert not kept(lab)


def test_a_batch_that_is_none_is_refused_as_before(lab: Lab) -> None:
    entries = sold(lab)
    with pytest.raises(WrongInput, match="batch"):
        lab.send(lab.device.request(entries, batch=b"\xa0"))


def test_one_passes_from_a_worker_process_and_back(lab: Lab) -> None:
    sold(lab)
    made = known_before_(lab, len(lab.device.journal))
    assert made.hash
    assert pickle.loads(pickle.dumps(made)) == made
