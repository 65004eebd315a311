"""Answers of a printer, whole, cut up, mixed, and among noise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.printer.status import (
    AtOnce,
    Changed,
    Condition,
    Heard,
    InTurn,
    JobPrinted,
    Question,
    StatusReader,
    condition_from,
    job_question,
)

ALL_WELL = bytes((0x10, 0x00, 0x00, 0x00))
NO_PAPER = bytes((0x18, 0x00, 0x0C, 0x00))
JOB_7 = b"\x37\x220007\x00"


def heard(*pieces: bytes) -> list[Heard]:
    reader = StatusReader()
    return [answer for piece in pieces for answer in reader.feed(piece)]


@pytest.mark.parametrize(
    ("question", "byte", "condition"),
    [
        (Question.PRINTER, 0x12, Condition(offline=False)),
        (Question.PRINTER, 0x1A, Condition(offline=True)),
        (Question.OFFLINE, 0x12, Condition(cover_open=False, paper_out=False, error=False)),
        (Question.OFFLINE, 0x16, Condition(cover_open=True, paper_out=False, error=False)),
        (Question.OFFLINE, 0x32, Condition(cover_open=False, paper_out=True, error=False)),
        (Question.OFFLINE, 0x52, Condition(cover_open=False, paper_out=False, error=True)),
        (Question.ERROR, 0x12, Condition(error=False)),
        (Question.ERROR, 0x1A, Condition(error=True)),
        (Question.PAPER, 0x12, Condition(paper_low=False, paper_out=False)),
        (Question.PAPER, 0x1E, Condition(paper_low=True, paper_out=False)),
        (Question.PAPER, 0x7E, Condition(paper_low=True, paper_out=True)),
    ],
)
def test_an_answer_at_once_means_what_was_asked(question: Question, byte: int, condition: Condition) -> None:
    (answer,) = heard(bytes((byte,)))
    assert isinstance(answer, AtOnce)
    assert condition_from(question, answer) == condition


def test_the_other_three_kinds_of_answer_are_known_by_themselves() -> None:
    assert heard(NO_PAPER) == [
        Changed(Condition(offline=True, cover_open=False, error=False, paper_low=False, paper_out=True))
    ]
    assert heard(b"\x03") == [InTurn(Condition(paper_low=True, paper_out=False))]
    assert heard(JOB_7) == [JobPrinted(7)]


def test_an_answer_at_once_may_stand_inside_an_automatic_status() -> None:
    assert heard(NO_PAPER[:2] + b"\x12" + NO_PAPER[2:]) == [AtOnce(0x12), *heard(NO_PAPER)]


def test_garbage_after_a_reset_is_left_out() -> None:
    noise = b"\x11\x13\xff\xfe\x80"
    assert heard(noise + b"\x16" + noise + NO_PAPER + noise) == [AtOnce(0x16), *heard(NO_PAPER)]


def test_half_an_answer_does_not_spoil_the_next() -> None:
    assert heard(NO_PAPER[:2] + ALL_WELL) == heard(ALL_WELL)
    assert heard(JOB_7[:4] + b"\xff" + JOB_7) == [JobPrinted(7)]


def test_a_port_that_was_lost_takes_half_an_answer_with_it() -> None:
    reader = StatusReader()
    assert list(reader.feed(NO_PAPER[:3])) == []
    reader.forget()
    assert list(reader.feed(b"\x00")) == [InTurn(Condition(paper_low=False, paper_out=False))]
    assert reader.noise_bytes == 3


def test_job_numbers_go_out_and_come_back_with_four_digits() -> None:
    assert job_question(7) == b"\x1d(H\x06\x00000007"
    assert job_question(10_007) == job_question(7)


def test_a_condition_keeps_what_newer_news_do_not_say() -> None:
    known = Condition(paper_out=True, paper_low=True, cover_open=False)
    assert known.and_then(Condition(paper_out=False, offline=True)) == Condition(
        paper_out=False, paper_low=True, cover_open=False, offline=True
    )
    assert known.holds
    assert not Condition().holds
    assert not Condition(offline=True, paper_low=True).holds


whole_answers = st.lists(
    st.sampled_from([b"\x12", b"\x16", ALL_WELL, NO_PAPER, JOB_7, b"\xff", b"\x11"]), max_size=12
)


@given(whole_answers, st.data())
def test_however_answers_are_cut_the_same_is_heard(answers: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(answers)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=5)))
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert heard(*pieces) == heard(stream)
    assert len(heard(stream)) == sum(answer not in (b"\xff", b"\x11") for answer in answers)


@given(st.binary(max_size=64))
def test_no_noise_stops_the_reader(noise: bytes) -> None:
    reader = StatusReader()
    list(reader.feed(noise))
    reader.forget()
    assert list(reader.feed(b"\x12")) == [AtOnce(0x12)]
