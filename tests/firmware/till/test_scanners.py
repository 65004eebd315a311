"""Scanners of all kinds at the counter: without QR, set up wrongly, running wild, and beside a PIN."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from drivers.scanner.barcode_decoder import BarcodeDecoder
from drivers.scanner.framing import SCAN_CHARACTERS_MAX
from drivers.scanner.scan import BadScan, BadScanReason, TextScan
from drivers.simulated.input_events import scan_events
from drivers.sound import Sound
from firmware.receipt.prompt_slips import Prompt, prompt_slip
from firmware.till.scans import ReceiptScan, seen
from firmware.till.states import State
from sync.wire import card as cards
from sync.wire import entry, facts, mail, receipt_qr
from sync.wire.facts import Announcement, Inquiry, Purchase
from sync.wire.kinds import EntryKind, MailKind
from sync.wire.numbers import check_digit
from tests.fakes.paper_center import OPERATOR_PIN
from tests.firmware.till.counter import CODE, JAM, MILK, words_of_slip
from tests.vectors.samples import BLINDING_KEY, DEVICE, DEVICE_KEY, FIRST_HEAD, PURCHASE, SLIM, draft

if TYPE_CHECKING:
    from tests.firmware.till.counter import Counter

GTIN = f"0{MILK}"
ANNOUNCED = "1234567890128"


def told(shop: Counter, prompt: Prompt) -> bool:
    return shop.paper.sounds[-1:] == [Sound.LOOK] and words_of_slip(prompt_slip(prompt)) in shop.paper.last()


def bad(shop: Counter, reason: BadScanReason) -> None:
    shop._runner.run(shop.till.take(BadScan(reason), shop.clock.monotonic_ms()))


# a laser scanner: bars only


def test_a_scanner_that_reads_no_qr_sells_on_credit_by_the_cards_bars_and_a_code(shop: Counter) -> None:
    shop.scan(MILK)
    shop.press("35000 Enter")
    shop.scan(f"]C0{cards.to_code128(90_001)}")
    shop.press(f"*5 Enter *4 * {CODE} Enter")
    assert shop.state is State.BASKET
    shop.press("*5 Enter")
    assert shop.facts()[-1] == Inquiry()
    shop.press("+ Enter")
    entry = shop.last_entry(EntryKind.PURCHASE)
    assert isinstance(entry.fact, Purchase)
    assert shop.left_rial(1) == 40_000_000 - entry.fact.credit_rial
    assert shop.state is State.IDLE


def test_without_qr_a_purchase_is_voided_refunded_and_reprinted_by_its_number(shop: Counter) -> None:
    numbers = [shop.receipt_keys(shop.sell_milk(shop.members[0])) for _ in range(2)]
    shop.press(f"*8 * {numbers[0]} Enter")
    assert "رونوشت" in shop.paper.last()
    shop.press(f"*13 Enter {OPERATOR_PIN} Enter {numbers[0]} Enter Enter")
    shop.press(f"*14 Enter {OPERATOR_PIN} Enter {numbers[1]} Enter")
    shop.scan(MILK)
    shop.press("+ Enter")
    assert (shop.count(EntryKind.VOID), shop.count(EntryKind.REFUND)) == (1, 1)


def test_without_qr_an_announcement_is_typed(shop: Counter) -> None:
    code = ANNOUNCED[:12] + check_digit(ANNOUNCED[:12])
    shop.send(mail.Locks(locks=(shop.center.lock(code),)), MailKind.LOCKS)
    shop.press(f"*15 * {code} Enter")
    assert isinstance(shop.facts()[-1], Announcement)


def test_without_qr_a_forgotten_card_is_typed_and_so_is_a_national_id(shop: Counter) -> None:
    shop.press(f"*2 * {cards.to_code128(90_001)[1:]} Enter *4 * {CODE} Enter *0 Enter")
    shop.press(f"*3 * 13542419 Enter Enter {CODE} Enter")
    assert shop.state is State.BASKET
    assert shop.count(EntryKind.CODE_OUTCOME) == 2


# long codes


def test_the_longest_receipt_is_read_whole() -> None:
    widest = facts.Leg(allowance=2**53 - 1, amount_rial=10**14, left_rial=10**14)
    fact = replace(PURCHASE, legs=(widest,) * facts.LEGS_MAX)
    said = replace(draft(EntryKind.PURCHASE), fact=fact)
    made = entry.seal(said, FIRST_HEAD, device=DEVICE, key=DEVICE_KEY, blinding_key=BLINDING_KEY)
    text = receipt_qr.to_qr(made, SLIM)
    assert 1_800 < len(text) < SCAN_CHARACTERS_MAX
    (scan,) = BarcodeDecoder().feed(scan_events(text))
    assert isinstance(seen(scan), ReceiptScan)
    assert scan == TextScan(text)


# a scanner whose settings were changed


@pytest.mark.parametrize(
    ("reason", "prompt"),
    [
        (BadScanReason.LAYOUT, Prompt.SCANNER_SETTINGS),
        (BadScanReason.FRAME, Prompt.SCANNER_SETTINGS),
        (BadScanReason.NO_END, Prompt.SCANNER_NO_END),
        (BadScanReason.NO_CHECK_DIGIT, Prompt.SCANNER_NO_CHECK_DIGIT),
        (BadScanReason.NOT_FOR_SALE, Prompt.SCAN_NOT_HERE),
        (BadScanReason.NO_SEPARATOR, Prompt.SCAN_NOT_HERE),
        *((reason, Prompt.BAD_SCAN) for reason in (
            BadScanReason.HALF, BadScanReason.TOO_LONG, BadScanReason.LINES, BadScanReason.DROPPED_EVENTS,
            BadScanReason.CHECK_DIGIT, BadScanReason.UNKNOWN_KEY, BadScanReason.UNKNOWN_AI, BadScanReason.ELEMENT,
            BadScanReason.MEASURE,
        )),
    ],
)  # fmt: skip
def test_every_bad_scan_is_answered_with_what_helps(
    shop: Counter, reason: BadScanReason, prompt: Prompt
) -> None:
    bad(shop, reason)
    assert told(shop, prompt)
    assert shop.state is State.IDLE


@pytest.mark.parametrize(
    "text", [f"A{MILK}", "c1:abc", "C!.ABC", "C1>ABC", "C)))$!", "R1?ABC", "Q!.)!@#$%^&*())!"]
)
def test_a_scanner_of_another_layout_is_told_what_to_scan_and_nothing_is_sold(
    shop: Counter, text: str
) -> None:
    shop.scan(text)
    assert told(shop, Prompt.SCANNER_SETTINGS)
    assert shop.state is State.IDLE


def test_the_advice_is_printed_once_a_minute_and_sounded_each_time(shop: Counter) -> None:
    for _ in range(30):
        shop.scan(f"A{MILK}")
        shop.clock.advance_s(2)
    assert shop.paper.sounds == [Sound.LOOK] * 30
    assert len(shop.paper.slips) == 1
    shop.scan(f"A{MILK}")
    assert len(shop.paper.slips) == 2


def test_a_scanner_that_runs_wild_is_answered_once_a_second(shop: Counter) -> None:
    for _ in range(50):
        bad(shop, BadScanReason.CHECK_DIGIT)
    assert shop.paper.sounds == [Sound.LOOK]
    assert len(shop.paper.slips) == 1
    shop.clock.advance_s(1)
    bad(shop, BadScanReason.CHECK_DIGIT)
    assert shop.paper.sounds == [Sound.LOOK] * 2
    bad(shop, BadScanReason.LAYOUT)
    assert told(shop, Prompt.SCANNER_SETTINGS)


# beside a PIN


def test_a_scan_while_a_pin_is_typed_is_no_part_of_it_and_the_pin_is_still_awaited(shop: Counter) -> None:
    shop.scan(MILK)
    shop.press("35000 Enter")
    shop.scan_card(shop.members[0])
    shop.press("+ 00")
    for what in (MILK, f"0106260000000019{'310300125'}0", "01", "C1:ABC", f"A{MILK}"):
        shop.scan(what)
        assert told(shop, Prompt.TYPE_AGAIN)
        assert shop.state is State.TOTALED
        shop.press("00")
    shop.press("01 Enter")
    assert shop.count(EntryKind.PURCHASE) == 1
    assert shop.count(EntryKind.PIN_FAILURE) == 0


def test_what_is_left_of_a_parted_pin_is_no_wrong_pin(shop: Counter) -> None:
    shop.sell_milk(shop.members[1])
    shop.scan(MILK)
    shop.scan_card(shop.members[0])
    shop.press("+ 00")
    shop.scan(JAM)
    shop.press("01 Enter")
    assert told(shop, Prompt.PIN)
    shop.press("0001 Enter")
    assert shop.count(EntryKind.PURCHASE) == 2
    assert shop.count(EntryKind.PIN_FAILURE) == 0


def test_the_keys_of_a_scanner_in_the_keypads_place_are_no_pin(shop: Counter) -> None:
    shop.sell_milk(shop.members[1])
    shop.scan(MILK)
    shop.scan_card(shop.members[0])
    shop.press("+ 62600")
    shop.lose_keys()
    assert told(shop, Prompt.PIN)
    shop.press("0001 Enter")
    assert shop.count(EntryKind.PURCHASE) == 2


# whatever lies under the beam


def test_no_text_whatever_breaks_the_till_or_sells_what_it_does_not_say(shop: Counter) -> None:
    shop.sell_milk(shop.members[0])
    chance = Random("under the beam")
    parts = ["01", GTIN, "310", "3103", "392", "3930364", "17", "10", "30", "\x1d", "]C1", "]E0", "]d2", "C1:", "R1:", "A1:", "C9",
             "000", "999999", "261231", MILK, MILK[:-1], "96385074", "%$*", "~", " "]  # fmt: skip
    for _ in range(400):
        text = "".join(chance.choices(parts, k=chance.randint(1, 6)))
        before = shop.till._talk.basket.lines
        shop.clock.advance_s(1)
        shop.scan(text)
        for placed in shop.till._talk.basket.lines[len(before) :]:
            assert placed.item.gtin == 0 or f"{placed.item.gtin:013d}"[:12] in text
        if shop.state not in (State.IDLE, State.BASKET):
            shop.press("-")
    assert shop.count(EntryKind.PURCHASE) == 1
