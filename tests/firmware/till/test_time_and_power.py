"""What time does to a talk, and what power and paper do to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from drivers.sound import Sound
from firmware.till.states import State
from sync.wire.facts import OperatorPinFailure
from sync.wire.kinds import EntryKind, Grade
from tests.field_failure import field_failure
from tests.firmware.till.counter import CODE, JAM, MILK, MORNING_S, PowerCut

if TYPE_CHECKING:
    from drivers.printer.slip import Slip
    from tests.firmware.till.counter import Counter

DATE_ASKED = "امروز چه روزی است؟"


def asked_for_pin(shop: Counter) -> None:
    shop.scan(MILK)
    shop.press("35000 Enter")
    shop.scan_card(shop.members[0])
    shop.press("+")


@pytest.mark.parametrize(("seconds", "sold"), [(29, 1), (30, 0), (31, 0)])
def test_a_pin_lapses_after_thirty_seconds(shop: Counter, seconds: int, sold: int) -> None:
    asked_for_pin(shop)
    shop.wait_s(seconds)
    shop.press("0001 Enter")
    assert shop.count(EntryKind.PURCHASE) == sold
    assert shop.count(EntryKind.PIN_FAILURE) == 0


def test_half_a_pin_lapses_too(shop: Counter) -> None:
    asked_for_pin(shop)
    shop.press("00")
    shop.wait_s(30)
    assert shop.state is State.BASKET
    shop.press("+ 01 Enter")
    assert shop.count(EntryKind.PURCHASE) == 0
    shop.press("0001 Enter")
    assert shop.count(EntryKind.PURCHASE) == 1


@pytest.mark.parametrize(("seconds", "state"), [(299, State.BASKET), (300, State.IDLE)])
def test_an_idle_basket_is_parked_and_never_charged(shop: Counter, seconds: int, state: State) -> None:
    asked_for_pin(shop)
    shop.wait_s(seconds)
    assert shop.state is state
    assert shop.count(EntryKind.PURCHASE) == 0
    if state is State.IDLE:
        assert "سبد ۱ نگه داشته شد" in shop.paper.text()
        shop.press("*7 * 1 Enter")
        assert shop.till._talk.basket.total_rial == 350_000


def test_what_the_operator_left_open_is_dropped(shop: Counter) -> None:
    entry = shop.sell_milk(shop.members[0])
    shop.press(f"*13 * {shop.receipt_keys(entry)} Enter 7391 Enter")
    shop.wait_s(300)
    shop.press("Enter")
    assert shop.count(EntryKind.VOID) == 0


def test_the_tenth_basket_is_not_parked_and_not_lost(shop: Counter) -> None:
    shop.press("8 / 1 Enter 100000 Enter + Enter")
    for _ in range(9):
        shop.press("1 * 8 / *6 Enter")
    shop.press("2 * 8 /")
    shop.paper.tear_off()
    shop.wait_s(310)
    assert shop.paper.sounds == [Sound.LOOK]
    assert shop.till._talk.basket.lines[0].item.quantity == 2


def test_a_cold_start_waits_for_its_date_as_long_as_it_takes(shop: Counter) -> None:
    shop.clock.has_chip = False
    shop.cut_power(machine=True)
    shop.wait_s(1000)
    shop.press("14041017 Enter Enter")
    assert shop.count(EntryKind.CLOCK_SET) == 1


def test_a_date_that_the_center_tells_need_not_be_keyed(shop: Counter) -> None:
    shop.clock.has_chip = False
    shop.cut_power(machine=True)
    shop.press("1")  # somebody has begun to
    shop.journal.keeper.accept_signed(MORNING_S + 86_400, round_trip_ms=200)
    shop.wait_s(1)
    assert shop.state is State.ASKING
    shop.press("Backspace")
    shop.wait_s(1)
    assert shop.state is State.IDLE
    assert "پنجشنبه ۱۸ دی ۱۴۰۴" in shop.paper.last()
    shop.press("*17 Enter")  # who wants to key one all the same is asked
    shop.wait_s(2)
    assert shop.state is State.ASKING


def test_the_date_is_asked_for_as_soon_as_somebody_can_read_it(
    shop: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.clock.has_chip = False
    with monkeypatch.context() as no_paper:
        no_paper.setattr(shop.paper, "refill", shop.paper.run_out)
        shop.cut_power(machine=True)
    shop.wait_s(60)
    assert DATE_ASKED not in shop.paper.text()
    shop.paper.refill()
    shop.wait_s(5)
    assert shop.paper.text().count(DATE_ASKED) == 1
    shop.wait_s(60)
    assert shop.paper.text().count(DATE_ASKED) == 1
    shop.press("14041017 Enter Enter")
    assert shop.count(EntryKind.CLOCK_SET) == 1


def test_a_card_that_is_left_alone_is_put_aside(shop: Counter) -> None:
    shop.scan_card(shop.members[0])
    shop.wait_s(300)
    assert shop.state is State.IDLE


def test_an_open_basket_and_one_on_hold_survive_a_flicker(shop: Counter) -> None:
    shop.scan(MILK)
    shop.press("35000 Enter *6 Enter")
    shop.scan(JAM)
    shop.press("80000 Enter")
    shop.cut_power()
    assert "دوباره باز شد" in shop.paper.text()
    shop.press("+ Enter *7 * 1 Enter + Enter")
    assert [entry.lines[0].gtin for entry in shop.entries() if entry.lines] == [int(JAM), int(MILK)]


def test_no_card_secret_pin_or_code_is_in_the_draft(shop: Counter) -> None:
    asked_for_pin(shop)
    shop.press(f"0009 Enter - *4 * {CODE} Enter")
    draft = shop.settings.draft_path.read_bytes()
    assert shop.members[0].card.secret not in draft
    assert CODE.encode() not in draft
    assert b"0009" not in draft


def test_a_used_code_still_counts_after_a_flicker(shop: Counter) -> None:
    shop.scan(MILK)
    shop.press("35000 Enter")
    shop.scan_card(shop.members[0])
    shop.press(f"*4 * {CODE} Enter")
    shop.cut_power()
    shop.press("+ Enter")
    private = shop.last_entry(EntryKind.PURCHASE).private
    assert private is not None
    assert private.code_entry == shop.last_entry(EntryKind.CODE_OUTCOME).sequence
    shop.cut_power()
    assert shop.state is State.IDLE


def test_a_damaged_draft_is_no_draft(shop: Counter) -> None:
    shop.scan(MILK)
    shop.press("35000 Enter")
    damaged = bytearray(shop.settings.draft_path.read_bytes())
    damaged[60] ^= 1
    shop.settings.draft_path.write_bytes(damaged)
    shop.cut_power()
    assert shop.state is State.IDLE


def test_a_lost_draft_never_brings_old_receipts_again_as_originals(
    shop: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    for member in shop.members:
        shop.sell_milk(member)
    shop.settings.draft_path.unlink()
    monkeypatch.setattr(shop.paper, "refill", shop.paper.run_out)  # and no paper at the next start
    shop.cut_power()
    monkeypatch.undo()
    shop.cut_power()
    printed = shop.paper.text()
    assert printed.count("رسید خرید") == 1
    assert "رونوشت" in printed


def test_a_lost_draft_with_nothing_to_print_of_late_brings_nothing_back(shop: Counter) -> None:
    shop.sell_milk(shop.members[0])
    for failures in range(40):
        shop.say(OperatorPinFailure(failures=failures % 5))
    shop.settings.draft_path.unlink()
    shop.cut_power()
    shop.cut_power()
    assert "رسید خرید" not in shop.paper.text()


def test_without_a_draft_an_owed_receipt_comes_once_and_as_a_copy(shop: Counter) -> None:
    shop.sell_milk(shop.members[0])
    shop.settings.draft_path.unlink()
    shop.settings.draft_path.mkdir()  # refuses from now on
    shop.sell_milk(shop.members[1])
    shop.sell_milk(shop.members[2])
    shop.cut_power()
    printed = shop.paper.text()
    assert printed.count("رسید خرید") == 1
    assert "رونوشت" in printed


@field_failure(
    "a receipt comes twice after a power cut", "odoo/odoo#244076", "Klemen1337/node-thermal-printer#78"
)
def test_power_cut_after_the_commit_the_receipt_comes_once_as_an_original(shop: Counter) -> None:
    asked_for_pin(shop)
    shop.kill_while("commit")
    with pytest.raises(PowerCut):
        shop.press("0001 Enter")
    shop.cut_power()
    receipt = shop.paper.text()
    assert "رسید خرید" in receipt
    assert "رونوشت" not in receipt
    assert shop.state is State.IDLE
    assert shop.count(EntryKind.PURCHASE) == 1
    shop.cut_power()
    assert "رسید خرید" not in shop.paper.text()


def test_power_cut_while_the_receipt_prints_it_comes_again_as_a_copy(shop: Counter) -> None:
    asked_for_pin(shop)
    shop.kill_while("print")
    with pytest.raises(PowerCut):
        shop.press("0001 Enter")
    del shop.paper.print
    shop.cut_power()
    assert "رونوشت" in shop.paper.text()
    assert shop.count(EntryKind.PURCHASE) == 1


def test_power_cut_before_the_commit_nothing_happened(shop: Counter) -> None:
    asked_for_pin(shop)
    shop.press("0001")
    shop.cut_power()
    assert shop.count(EntryKind.PURCHASE) == 0
    assert shop.left_rial(1) == 40_000_000
    assert "رسید خرید" not in shop.paper.text()
    assert shop.state is State.BASKET


def test_what_the_draft_cannot_know_after_a_dead_machine_is_a_copy(shop: Counter) -> None:
    asked_for_pin(shop)
    shop.kill_while("commit")
    with pytest.raises(PowerCut):
        shop.press("0001 Enter")
    shop.cut_power(machine=True)
    assert "رونوشت" in shop.paper.text()


def test_without_paper_the_receipt_is_owed_and_comes_when_there_is_some(shop: Counter) -> None:
    asked_for_pin(shop)
    shop.paper.run_out()
    shop.press("0001 Enter")
    assert shop.count(EntryKind.PURCHASE) == 1
    shop.wait_s(5)
    shop.paper.refill()
    shop.wait_s(6)
    assert shop.paper.text().count("رسید خرید") == 1
    assert "رونوشت" not in shop.paper.text()


def test_all_that_is_owed_comes_in_order_even_after_a_restart(shop: Counter) -> None:
    asked_for_pin(shop)
    shop.paper.run_out(after_bytes=300)
    shop.press("0001 Enter *11 Enter")
    assert shop.count(EntryKind.CLOSING) == 1
    shop.cut_power()
    shop.wait_s(1)
    printed = shop.paper.text()
    assert printed.index("رسید خرید") < printed.index("گزارش X")
    assert printed.splitlines().count("رونوشت") == 2
    assert not shop.till._talk.owed


@field_failure("a retry while the first print is only delayed prints twice", "odoo/odoo#244076")
def test_a_torn_receipt_comes_again_as_a_copy(shop: Counter) -> None:
    asked_for_pin(shop)
    shop.paper.run_out(after_bytes=300)
    shop.press("0001 Enter")
    shop.paper.refill()
    shop.paper.run_out()
    shop.wait_s(6)
    shop.paper.refill()
    shop.wait_s(6)
    assert shop.paper.text().count("رونوشت") == 2


def test_lines_that_did_not_come_out_are_printed_before_their_total(shop: Counter) -> None:
    shop.sell_milk(shop.members[0])
    shop.paper.run_out()
    shop.press("3 *")
    shop.scan(MILK)
    shop.paper.refill()
    shop.paper.tear_off()
    shop.press("+")
    assert "۳ عدد" in shop.paper.text()
    shop.press("- +")
    assert shop.paper.text().count("۳ عدد") == 1
    assert shop.state is State.TOTALED


@field_failure(
    "after a power cut it is earlier than before", "OctoPrint/OctoPrint#3266", "raspberrypi/linux#1751"
)
@pytest.mark.parametrize("chip", ["stands two weeks behind", "begins in 1970", "is gone"])
def test_no_entry_is_earlier_than_the_one_before_the_power_cut(shop: Counter, chip: str) -> None:
    shop.journal.keeper.accept_signed(shop.clock.wall_s, round_trip_ms=200)
    shop.clock.advance_s(3_600)
    before = shop.sell_milk(shop.members[0])
    assert before.time.grade is Grade.TRUSTED
    shop.clock.wall_s = 0 if "1970" in chip else shop.clock.wall_s - 14 * 86_400
    shop.clock.has_chip = "gone" not in chip
    shop.cut_power(machine=True)
    assert DATE_ASKED in shop.paper.text(), "such a clock is not believed"
    shop.press("14041017 Enter Enter")
    after = shop.sell_milk(shop.members[0])
    assert after.time.not_before_s >= before.time.not_before_s
    times = [entry.time.not_before_s for entry in shop.entries()]
    assert times == sorted(times)


@field_failure(
    "setting the clock fires every timeout",
    "meshtastic/framework-portduino#78",
    "pimoroni/inky#247",
    "tiny-pilot/tinypilot#1419",
)
@pytest.mark.parametrize("years", [-10, 10])
def test_a_wall_clock_that_jumps_in_the_middle_of_a_pin_lapses_nothing(shop: Counter, years: int) -> None:
    asked_for_pin(shop)
    shop.press("00")
    shop.clock.wall_s += years * 365 * 86_400
    shop.wait_s(29)
    shop.press("01 Enter")
    assert shop.count(EntryKind.PURCHASE) == 1
    assert "دوباره" not in shop.paper.text()


def test_the_time_that_paper_takes_is_not_the_households(shop: Counter) -> None:
    prints = shop.paper.print

    async def print_slowly(slip: Slip) -> None:
        shop.clock.advance_s(40)
        await prints(slip)

    shop.sell_milk(shop.members[1])
    shop.scan(MILK)
    shop.scan_card(shop.members[0])
    shop.paper.print = print_slowly
    shop.press("+")
    shop.wait_s(29)
    assert shop.state is State.TOTALED
    shop.press("0001 Enter")
    assert shop.count(EntryKind.PURCHASE) == 2
