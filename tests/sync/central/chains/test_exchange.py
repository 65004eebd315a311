"""What devices send finds its place, its verdict and its money."""

from __future__ import annotations

import asyncio
import hashlib
from functools import partial
from typing import TYPE_CHECKING

import cbor2
import pytest
from msgspec.structs import replace

from sync.central.chains.exchange import accept_clock, exchange
from sync.central.config import CLOCK_SKEW_S
from sync.central.errors import ClockBehind, Conflict, Refused, WrongInput
from sync.central.workers import Workers
from sync.wire import cose, facts
from sync.wire.batches.batch import Batch, pack_batch
from sync.wire.batches.columns import column, pressed
from sync.wire.entry import CONTEXT, Head, lines_bytes
from sync.wire.exchange import ExchangeRequest, Span
from tests.field_failure import field_failure
from tests.sync.central.device import piece

if TYPE_CHECKING:
    from sync.wire.entry import Entry
    from tests.sync.central.conftest import Lab


def test_a_purchase_is_verified_paid_from_the_allowance_and_told(lab: Lab) -> None:
    entry = lab.buy(1, 3_000_000)
    lab.exchange()
    assert lab.verdict(entry) == "accepted"
    credit = lab.report()["credit"]
    assert credit["spent_rial"] == 3_000_000
    assert credit["own_rial"] == 50_000


def test_two_sides_with_nothing_to_say_fall_silent(lab: Lab) -> None:
    lab.buy(1, 1_000_000)
    lab.exchange()
    assert lab.device.request()
    answer = lab.exchange()
    assert answer.mail == ()
    assert len(lab.device.journal) == answer.held


@field_failure(
    "an answer that was lost books the sale twice",
    "odoo/odoo#40567",
    "odoo/odoo#85527",
    "BrainWise-DEV/POSNext#50",
)
def test_a_batch_that_arrives_twice_changes_nothing(lab: Lab) -> None:
    lab.buy(1, 1_000_000)
    body = lab.device.request()
    lab.send(body)
    before = lab.report()
    lab.send(body)
    assert lab.report() == before


def test_batches_may_overlap(lab: Lab) -> None:
    first, second = lab.buy(1, 1_000_000), lab.buy(2, 1_000_000, at_s=lab.at(19).device.now_s)
    lab.send(lab.device.request([first]))
    lab.device.take_answer(lab.send(lab.device.request([first, second])))
    assert lab.report()["credit"]["spent_rial"] == 2_000_000


def test_a_gap_is_answered_with_what_is_expected(lab: Lab) -> None:
    lab.buy(1, 1_000_000)
    second = lab.buy(1, 1_000_000)
    answer = lab.device.take_answer(lab.send(lab.device.request([second])))
    assert (answer.held, answer.head) == (second.sequence - 1, lab.device.journal[second.sequence - 1].prev)
    assert lab.report()["credit"]["spent_rial"] == 0


def test_a_second_entry_at_one_place_is_kept_as_proof_and_suspends_the_device(lab: Lab) -> None:
    entry = lab.buy(1, 1_000_000)
    lab.exchange()
    other = lab.device.say(facts.Inquiry(), after=Head(entry.sequence, entry.prev), keep=False)
    later = lab.buy(1, 500_000)
    lab.device.take_answer(lab.send(lab.device.request([other])))
    lab.exchange()
    assert lab.device.verdicts()[other.sequence] == "fork"
    assert lab.verdict(later) == "held"
    report = lab.report()
    assert report["devices"][0]["suspended_why"] == f"fork at entry {entry.sequence}"
    assert report["credit"]["spent_rial"] == 1_000_000, "acceptance is never withdrawn"
    assert lab.order("verify").ok


def test_a_branch_from_an_older_entry_is_a_fork_too(lab: Lab) -> None:
    entry = lab.buy(1, 1_000_000)
    lab.exchange()
    branch = lab.device.say(facts.Inquiry(), after=Head(lab.device.held, entry.hash), keep=False)
    lab.send(lab.device.request([branch]))
    assert lab.report()["strays"] == 1


def broken(entry: Entry, **parts: bytes) -> Entry:
    return replace(entry, stored=replace(entry.stored, **parts))


def test_an_entry_whose_signature_broke_is_held_back_but_its_successors_go_on(lab: Lab) -> None:
    bad = broken(lab.buy(1, 1_000_000), signature=bytes(64))
    good = lab.buy(1, 2_000_000)
    lab.device.take_answer(lab.send(lab.device.request([bad, good])))
    assert lab.device.verdicts()[bad.sequence] == "bad_signature"
    assert lab.verdict(good) == "accepted"
    assert lab.report()["credit"]["spent_rial"] == 2_000_000
    assert lab.order("verify").ok


def test_an_entry_whose_bytes_broke_is_kept_and_later_becomes_a_hole(lab: Lab) -> None:
    entry, good = lab.buy(1, 1_000_000), lab.buy(1, 2_000_000)
    bad = broken(entry, lines=lines_bytes((piece(7, 1),)))
    answer = lab.device.take_answer(lab.send(lab.device.request([bad, good])))
    assert (answer.held, answer.verbatim) == (entry.sequence, Span(first=bad.sequence, last=good.sequence))
    assert bad.sequence not in lab.device.verdicts()
    stored = [bad.stored, good.stored]
    asked = pack_batch(stored, verbatim=range(bad.sequence, good.sequence + 1))
    answer = lab.device.take_answer(lab.send(lab.device.request([bad, good], batch=asked)))
    assert (answer.held, answer.verbatim) == (entry.sequence, None)
    assert lab.device.verdicts()[bad.sequence] == "bad_signature"
    lab.device.take_answer(lab.send(lab.device.request([good])))
    assert lab.device.verdicts()[bad.sequence] == "hole"
    assert lab.verdict(good) == "accepted"
    assert lab.order("verify").ok


def test_a_signed_entry_that_nobody_understands_has_its_place(lab: Lab) -> None:
    inquiry = lab.device.say(facts.Inquiry(), keep=False)
    payload = inquiry.stored.payload.replace(b"\x04\x0a\x05", b"\x04\x12\x05")  # kind 10 becomes 18, reserved
    signed_bytes = cose.to_be_signed(payload, public=lab.device.key.public, context=CONTEXT)
    stored = replace(inquiry.stored, payload=payload, signature=lab.device.key.sign(signed_bytes))
    newer = replace(inquiry, stored=stored, hash=hashlib.sha256(signed_bytes).digest())
    lab.device.journal.append(newer)
    later = lab.buy(1, 1_000_000)
    row = [18, [inquiry.time.not_before_s, 1, 3], 1, {}, None, None]
    said = cbor2.loads(later.stored.payload)
    parts = [cbor2.loads(part) for part in (later.stored.lines or b"", later.stored.private or b"")]
    later_row = [said[4], said[5], said[6], said[7], *parts]
    batch = Batch(
        count=2, lean=False, checks=hashlib.sha256(later.stored.payload).digest()[:8],
        signatures=stored.signature + later.stored.signature, proofs=b"",
        columns=pressed(column([0, 0]) + cbor2.dumps(row) + cbor2.dumps(later_row)),
    )  # fmt: skip
    request = lab.device.request([], base=Head(inquiry.sequence, inquiry.prev), batch=batch.to_cbor())
    lab.device.take_answer(lab.send(request))
    assert lab.device.verdicts()[inquiry.sequence] == "malformed"
    assert lab.verdict(later) == "accepted"
    assert lab.order("verify").ok


@pytest.mark.parametrize("cut", [1, 20])
def test_a_truncated_batch_is_named_and_changes_nothing(lab: Lab, cut: int) -> None:
    lab.buy(1, 1_000_000)
    before = lab.report()
    batch = pack_batch([entry.stored for entry in lab.device.journal[lab.device.held :]])[:-cut]
    waiting = lab.device.journal[lab.device.held]
    body = lab.device.request([], base=Head(waiting.sequence, waiting.prev), batch=batch)
    with pytest.raises(
        WrongInput,
        match=f"batch from entry {waiting.sequence} of device 1001: batch: the bytes end too early",
    ):
        lab.send(body)
    assert lab.report() == before


def test_a_request_by_a_key_that_is_not_enrolled_is_refused(lab: Lab) -> None:
    stranger = replace(lab.device.copy(), seed=b"stranger")
    with pytest.raises(Refused, match="no enrolled device's key"):
        lab.send(stranger.request([]))


def test_a_request_for_another_device_is_refused(lab: Lab) -> None:
    other = replace(lab.device.copy(), number=1002)
    with pytest.raises(Refused, match="request of device 1002 is signed by the key of device 1001"):
        lab.send(other.request([]))


def test_a_request_with_a_flipped_byte_is_refused(lab: Lab) -> None:
    body = bytearray(lab.device.request())
    body[-100] ^= 1
    with pytest.raises((Refused, WrongInput)):
        lab.send(bytes(body))


def test_a_request_of_another_version_is_refused(lab: Lab) -> None:
    payload = cose.parse(lab.device.request(), what="request").payload
    newer = replace(ExchangeRequest.from_cbor(payload), version=3)
    with pytest.raises(WrongInput, match=r"request\.version: 3 is unknown"):
        lab.send(lab.device.sign(newer))


def test_bytes_that_are_no_request_are_refused(lab: Lab) -> None:
    with pytest.raises(WrongInput, match="request"):
        lab.send(b"nonsense")


def test_a_device_that_holds_other_mail_is_refused(lab: Lab) -> None:
    lab.device.inbox[-1] = replace(lab.device.inbox[-1], hash=bytes(32))
    with pytest.raises(Conflict, match="not what this center sent"):
        lab.send(lab.device.request())


def test_each_answer_bears_a_higher_statement_number_and_the_center_s_time(lab: Lab) -> None:
    first = lab.device.take_answer(lab.send(lab.device.request()))
    second = lab.device.take_answer(lab.send(lab.device.request()))
    assert second.statement == first.statement + 1
    assert second.now_s == lab.clock.at_s
    assert second.epoch == 1


def test_a_center_whose_clock_fell_back_holds_nothing_against_its_devices(lab: Lab) -> None:
    lab.exchange()
    bought = lab.buy(1, 1_000_000)
    right_s, lab.clock.at_s = lab.clock.at_s, 946_684_800
    before = lab.report()["entries"]
    with pytest.raises(ClockBehind, match="the center's clock says 1378-10-11 03:30, but it signed 1404-1"):
        lab.send(lab.device.request())
    assert lab.report()["entries"] == before
    lab.clock.at_s = right_s - CLOCK_SKEW_S
    lab.exchange()
    assert lab.verdict(bought) == "accepted"


def test_a_clock_that_had_been_ahead_can_be_accepted(lab: Lab) -> None:
    lab.at(25).exchange()
    lab.at(18)
    with pytest.raises(ClockBehind):
        lab.send(lab.device.request())
    lab.run(lab.center.run(partial(accept_clock, now_s=lab.clock.at_s)))
    assert lab.exchange().now_s == lab.clock.at_s


def test_requests_at_the_same_time_are_served_one_after_the_other(lab: Lab) -> None:
    lab.buy(1, 1_000_000)
    body = lab.device.request()

    async def both() -> list[bytes]:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(exchange(lab.center, body)) for _ in range(4)]
        return [task.result() for task in tasks]

    assert len(lab.run(both())) == 4
    assert lab.report()["credit"]["spent_rial"] == 1_000_000
    assert lab.order("verify").ok


def test_signatures_are_checked_in_a_worker_process(lab: Lab) -> None:
    lab.buy(1, 1_000_000)
    workers = Workers()
    try:
        center = replace(lab.center, workers=workers)
        lab.device.take_answer(lab.run(exchange(center, lab.device.request())))
    finally:
        lab.run(workers.close())
    assert lab.report()["credit"]["spent_rial"] == 1_000_000


def test_a_proof_of_a_fork_is_kept_and_told_once(lab: Lab) -> None:
    entry = lab.buy(1, 1_000_000)
    lab.exchange()
    other = lab.device.say(facts.Inquiry(), after=Head(entry.sequence, entry.prev), keep=False)
    lab.device.take_answer(lab.send(lab.device.request([other])))
    told = lab.device.mail_head.number
    lab.device.take_answer(lab.send(lab.device.request([other])))
    assert lab.device.mail_head.number == told
    assert lab.report()["strays"] == 1


def test_a_whole_branch_is_told_in_one_item_of_mail(lab: Lab) -> None:
    at = lab.device.head
    lab.device.say(facts.Inquiry())
    honest = lab.device.copy()
    lab.exchange()
    branch = [honest.journal.pop()]
    branch[0] = honest.say(facts.OutageOpened(), after=at)
    branch += [honest.say(facts.Inquiry()) for _ in range(3)]
    lab.send(lab.device.request(branch[:1]))
    told = lab.sql("SELECT mail_last FROM device")[0]["mail_last"]
    lab.send(lab.device.request(branch))
    lab.exchange()
    assert lab.sql("SELECT COUNT(*) AS n FROM stray")[0]["n"] > 1
    assert lab.sql("SELECT mail_last FROM device")[0]["mail_last"] <= told + 2
    assert lab.device.verdicts()[branch[0].sequence] == "fork"


def test_mail_is_sent_in_portions(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.central.mailbox.SENT_BYTES_MAX", 300)
    for _ in range(3):
        lab.buy(1, 1_000_000)
        lab.send(lab.device.request())
        lab.device.say(facts.Inquiry())
    answer = lab.device.take_answer(lab.send(lab.device.request()), journal_mail=False)
    assert len(answer.mail) < answer.mail_last - lab.device.mail_head.number + len(answer.mail)
    lab.exchange()
    assert lab.device.mail_head.number == lab.sql("SELECT mail_last FROM device")[0]["mail_last"]
