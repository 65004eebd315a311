"""A byte flipped anywhere in the store is found and named."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from sync.wire import facts
from sync.wire.entry import Head
from tests.sync.central.device import piece

if TYPE_CHECKING:
    from tests.sync.central.conftest import Lab


def filled(lab: Lab) -> int:
    entry = lab.buy(1, 1_000_000, piece(7, 1_050_000, gtin=6261259007019), piece(0, 50_000))
    lab.buy(2, 1_000_000)
    lab.exchange()
    assert lab.verdict(entry) == "accepted"
    assert lab.order("verify").data == {"sound": True, "findings": []}
    return entry.sequence


@pytest.mark.parametrize("column", ["payload", "lines", "private", "signature", "hash"])
def test_every_flipped_byte_of_a_stored_entry_is_found_and_named(lab: Lab, column: str) -> None:
    sequence = filled(lab)
    data = bytes(lab.sql(f"SELECT {column} AS data FROM entry WHERE sequence = ?", sequence)[0]["data"])
    for at in range(len(data)):
        flipped = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        lab.sql(f"UPDATE entry SET {column} = ? WHERE sequence = ?", flipped, sequence)
        findings = lab.order("verify").data["findings"]
        assert any(finding.startswith(f"device 1001 entry {sequence}: ") for finding in findings), at
    lab.sql(f"UPDATE entry SET {column} = ? WHERE sequence = ?", data, sequence)
    assert lab.order("verify").ok


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            "UPDATE entry SET verdict = 9 WHERE sequence = 2",
            "entry 2: its verdict is not the one that was told",
        ),
        (
            "UPDATE entry SET verdict = 15 WHERE sequence = 2",
            "entry 2: its verdict is not the one that was told",
        ),
        (
            "UPDATE entry SET verdict = 5 WHERE sequence = 2",
            "entry 2: its verdict says that it did not hold, but it does",
        ),
        ("UPDATE entry SET kind = 9 WHERE sequence = 2", "entry 2: is not of the kind that was stored"),
        ("DELETE FROM entry WHERE sequence = 1", "entry 2: entry 1 is missing before it"),
        ("DELETE FROM entry WHERE sequence = (SELECT MAX(sequence) FROM entry)", "does not end at the head"),
        ("UPDATE entry SET payload = x'00' WHERE sequence = 2", "device 1001 entry 2: "),
        ("UPDATE entry SET signature = x'00' WHERE sequence = 2", "device 1001 entry 2: "),
        ("UPDATE mail SET message = x'00' WHERE number = 3", "device 1001 mail 3: "),
        ("UPDATE mail SET kind = 9 WHERE number = 3", "device 1001 mail 3: is not what was stored beside it"),
        (
            "UPDATE mail SET hash = zeroblob(32) WHERE number = 3",
            "device 1001 mail 3: is not what was stored beside it",
        ),
        ("DELETE FROM mail WHERE number = 3", "device 1001 mail 4: "),
        ("UPDATE device SET mail_head = zeroblob(32)", "its mail does not end at the head"),
        ("UPDATE device SET credential = x'00'", "credential of device 1001"),
        ("UPDATE policy SET message = x'00' WHERE version = 1", "policy 1"),
        ("UPDATE catalog SET message = x'00'", "catalog 1"),
        (
            "UPDATE movement SET amount_rial = amount_rial + 1 WHERE rowid = 1",
            "ledger posting 1: its movements sum to 1",
        ),
        (
            "UPDATE account SET balance_rial = -1 WHERE kind = 'free' AND owner = 1",
            "ledger account free/1/1: below zero",
        ),
        (
            "UPDATE allowance SET left_rial = left_rial - 1 WHERE household = 3 AND tranche = 1",
            "household 3 tranche 1: ",
        ),
        ("UPDATE purchase SET credit_rial = 1", "credit 1, but 1000000 was posted"),
    ],
)
def test_what_contradicts_itself_is_named(lab: Lab, change: str, said: str) -> None:
    filled(lab)
    lab.sql(change)
    result = lab.order("verify")
    assert not result.ok
    assert any(said in finding for finding in result.lines), result.lines


def test_a_flipped_proof_of_a_fork_is_found(lab: Lab) -> None:
    sequence = filled(lab)
    original = lab.device.journal[sequence]
    other = lab.device.say(facts.Inquiry(), after=Head(sequence, original.prev), keep=False)
    lab.send(lab.device.request([other]))
    assert lab.order("verify").ok
    lab.sql("UPDATE stray SET hash = zeroblob(32)")
    assert "stray 1: its bytes do not have the hash" in lab.order("verify").lines[0]
    lab.sql("UPDATE stray SET hash = ?, verdict = 5", other.hash)
    assert "stray 1: its signature is not as its verdict says" in lab.order("verify").lines[0]
    lab.sql("UPDATE stray SET entry = x'00'")
    assert "stray 1" in lab.order("verify").lines[0]


def test_a_long_verification_shows_its_progress(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.central.reports.audit.ENTRIES_BETWEEN_PROGRESS", 2)
    lab.order("verify")
    assert "device 1001: 2 entries verified" in lab.said


def test_the_store_is_sqlite_s_own_opinion_sound(lab: Lab) -> None:
    assert lab.sql("PRAGMA integrity_check")[0][0] == "ok"
    assert lab.sql("PRAGMA foreign_key_check") == []
    assert sqlite3.sqlite_version_info >= (3, 35)
