"""The whole line in processes of its own: till, center, link, printer, power."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import zxingcpp
from PIL import Image

from firmware import boot
from sync.wire import card, receipt_qr
from sync.wire.facts import Purchase

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a day without network and the morning after leave behind."""
    folder = tmp_path_factory.mktemp("demo") / "out"
    told = subprocess.run(
        [sys.executable, "-m", "firmware.demo", "--short", "--out", str(folder)],
        capture_output=True, text=True, timeout=150, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stdout + told.stderr
    assert "DIFFERS" not in told.stdout
    return folder


@pytest.mark.timeout(180)
def test_journal_ledger_and_settlement_agree(out: Path) -> None:
    report = json.loads((out / "report.json").read_text())
    assert report["reconciliation"]["final"]
    assert report["reconciliation"]["settled_rial"] > 0
    assert report["verdicts"] == {"accepted": report["entries"]}


@pytest.mark.timeout(180)
def test_what_people_want_to_see_is_left_behind(out: Path) -> None:
    slips = {path.name for path in (out / "slips").iterdir()}
    assert "19-02-split-tender-above-the-credit.png" in slips
    assert "20-01-settlement.png" in slips
    with Image.open(out / "slips" / "19-06-power-cut-after-the-pin.png") as picture:
        assert picture.width == 384
        assert picture.height > 1_000
    assert list((out / "cards").glob("*.png"))
    assert "گزارش" in (out / "report.html").read_text()


@pytest.mark.timeout(180)
def test_a_phone_reads_receipt_and_card_off_the_pictures(out: Path) -> None:
    trusted = boot.who_we_are(out / "shop" / "data").trusted
    receipt = receipt_qr.verify(
        _read(out / "slips" / "19-02-split-tender-above-the-credit.png", "R1:"), trusted
    )
    assert isinstance(receipt.fact, Purchase)
    assert receipt.fact.credit_rial == 8_000_000
    assert receipt.lines is not None
    assert len(receipt.lines) == 2
    assert card.from_qr(_read(out / "cards" / "cards-001.png", "C1:"), trusted).number >= 10_000_001


def _read(path: Path, prefix: str) -> str:
    with Image.open(path) as picture:
        found = zxingcpp.read_barcodes(picture.convert("L"))
    return next(code.text for code in found if code.text.startswith(prefix))
