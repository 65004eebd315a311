"""A scanner that was never told to press Enter, from its keys to the slip that says what to scan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.scanner.barcode_decoder import BarcodeDecoder
from drivers.simulated.input_events import scan_events
from drivers.sound import Sound
from firmware.receipt.prompt_slips import Prompt
from firmware.till.states import State
from tests.field_failure import field_failure
from tests.firmware.till.counter import MILK, OIL

if TYPE_CHECKING:
    from tests.firmware.till.counter import Counter

ADVICE = str(Prompt.SCANNER_NO_END.value).translate(str.maketrans("", "", "\u2066\u2069"))


@field_failure(
    "a scanner without Enter never sells anything",
    "shaxxx/flutter_barcode_listener#24",
    "ShoppinPal/StockUp#394",
    "opensourcepos/opensourcepos#2390",
)
def test_a_scanner_without_enter_is_heard_each_time_and_told_once_what_to_scan(shop: Counter) -> None:
    decoder = BarcodeDecoder()
    for second in range(0, 40, 2):
        scans = decoder.feed(scan_events((MILK, OIL)[second % 4 // 2], end="", stamp=(second, 0)))
        silence = decoder.expire()
        assert silence is not None
        for scan in (*scans, silence):
            shop.take(scan)
        shop.clock.advance_s(2)
    assert shop.paper.sounds == [Sound.LOOK] * 20
    assert shop.paper.text().count(ADVICE) == 1
    assert (shop.state, len(shop.paper.slips)) == (State.IDLE, 1)
    for scan in decoder.feed(scan_events(MILK, stamp=(60, 0))):
        shop.take(scan)
    assert shop.state is State.PRICE, "and it sells as soon as it does"
