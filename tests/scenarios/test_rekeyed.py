"""A till dies with its disk: its paper is scanned, and all that it had sold is paid, once, even if the disk turns up again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sync.wire import receipt_qr
from tests.scenarios.countryside import Countryside, Till

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sync.wire.entry import Entry

SOLD = 2_000_000


@pytest.fixture
def country(tmp_path: Path) -> Iterator[Countryside]:
    made = Countryside.founded(tmp_path)
    yield made
    made.close()


@pytest.fixture
def till(country: Countryside) -> Till:
    """A till with allowances for everybody."""
    made = country.till()
    made.visit()
    country.lab.order("allot")
    for _ in range(2):
        made.visit()
        country.import_()
    made.take()
    return made


def scanned(country: Countryside, till: Till, sold: list[Entry]) -> dict[str, Any]:
    """What `sofreh-central rekey` says of these receipts."""
    texts = [receipt_qr.to_qr(entry, till.identity.slim) for entry in sold]
    scans = [[f"line {number}", text] for number, text in enumerate(texts, start=1)]
    given: dict[str, Any] = country.lab.order("rekey", scans=scans).data
    return given


def test_paper_pays_for_what_a_dead_till_had_sold_and_its_disk_pays_nothing_twice(
    country: Countryside, till: Till
) -> None:
    sold = [till.sell(1 + index % 4, SOLD) for index in range(6)]
    told = scanned(country, till, sold[1:])
    assert [one["fate"] for one in told["receipts"]] == ["booked"] * 5
    (missing,) = told["missing"]
    assert [gap["credit_rial"] for gap in missing["purchases"]] == [SOLD]
    report = country.lab.report()["reconciliation"]
    assert report["agrees"]
    assert report["ledger_rial"] == 5 * SOLD

    # The disk turns up: everything comes in full.
    for _ in range(2):
        till.visit()
        country.import_()
    report = country.lab.report()
    assert report["reconciliation"]["agrees"]
    assert report["reconciliation"]["ledger_rial"] == 6 * SOLD
    assert set(report["verdicts"]) == {"accepted"}
    assert country.lab.order("verify").ok
    assert {one["fate"] for one in scanned(country, till, sold)["receipts"]} == {"known"}
    assert country.lab.report()["reconciliation"]["ledger_rial"] == 6 * SOLD


def test_paper_of_another_center_s_till_pays_nothing(
    country: Countryside, till: Till, tmp_path: Path
) -> None:
    (tmp_path / "abroad").mkdir()
    abroad = Countryside.founded(tmp_path / "abroad", seed=77)
    try:
        stranger = abroad.till()
        abroad.lab.order("allot")
        abroad.export()
        stranger.take()
        told = scanned(country, stranger, [stranger.sell(1, SOLD)])
    finally:
        abroad.close()
    assert [one["fate"] for one in told["receipts"]] == ["malformed"]
    assert country.lab.report()["reconciliation"]["ledger_rial"] == 0


def test_what_is_settled_after_paper_was_booked_is_paid_once(country: Countryside, till: Till) -> None:
    sold = [till.sell(1, SOLD), till.sell(2, SOLD)]
    scanned(country, till, sold)
    country.lab.order("settle", whole_days=False)
    till.visit()
    country.import_()
    country.lab.order("settle", whole_days=False)
    report = country.lab.report()["reconciliation"]
    assert (report["settled_rial"], report["unsettled_rial"]) == (2 * SOLD, 0)
    assert report["final"]
