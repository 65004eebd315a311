"""Cards are drawn so that scanners read them; an outside reader is the judge."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import zxingcpp
from PIL import Image

from sync.central.errors import Refused, StoreFailed
from sync.wire.card import from_code128, from_qr
from sync.wire.proof import household_key

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sync.central.conftest import Lab


def test_each_card_bears_its_qr_and_its_bars(lab: Lab, tmp_path: Path) -> None:
    data = lab.order("cards", folder=str(tmp_path / "cards"), forget=False).data
    assert data["pages"] == [str(tmp_path / "cards" / "cards-001.png")]
    assert lab.said[-1] == "1 of 1 pages drawn"
    read = {found.text for found in zxingcpp.read_barcodes(Image.open(data["pages"][0]))}
    assert read == {card[code] for card in data["cards"] for code in ("qr", "code128")}


def test_what_the_scanner_reads_and_the_pin_give_the_key_that_the_center_holds(lab: Lab) -> None:
    for card in lab.order("cards", folder=None, forget=False).data["cards"]:
        scanned = from_qr(card["qr"], lab.center.keys.trusted)
        held = lab.sql("SELECT household_key FROM card WHERE number = ?", card["number"])[0]["household_key"]
        assert household_key(scanned.secret, card["pin"]) == held
        assert from_code128(card["code128"]) == scanned.number == card["number"]


def test_secrets_and_pins_can_be_forgotten_and_proofs_still_hold(lab: Lab) -> None:
    bought = lab.buy(1, 1_000_000)
    lab.order("cards", folder=None, forget=True)
    assert lab.sql("SELECT DISTINCT secret, pin FROM card")[0][:] == (None, None)
    lab.exchange()
    assert lab.verdict(bought) == "accepted"
    with pytest.raises(Refused, match="no cards to draw"):
        lab.order("cards", folder=None, forget=False)


def test_a_folder_that_cannot_be_made_is_named(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreFailed, match="file"):
        lab.order("cards", folder=str(tmp_path / "file"), forget=False)
