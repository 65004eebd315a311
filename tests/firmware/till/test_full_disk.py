"""What a full disk does to a purchase and to a day's closing: it is said, and nothing is sold or denied wrongly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.sound import Sound
from firmware.till.states import State
from sync.wire.kinds import EntryKind
from tests.fakes.paper_center import OPERATOR_PIN
from tests.field_failure import field_failure
from tests.firmware.till.counter import MILK

if TYPE_CHECKING:
    from tests.firmware.till.counter import Counter


@field_failure(
    "a full disk is told as something else, or not at all",
    "victronenergy/venus#402",
    "guysoft/OctoPi#739",
    "jellyfin/jellyfin.org#648",
)
def test_a_full_disk_sells_nothing_and_says_so(shop: Counter) -> None:
    shop.scan(MILK)
    shop.press("35000 Enter")
    shop.scan_card(shop.members[0])
    shop.press("+")
    shop.disk_fills_up()
    shop.press("0001 Enter")
    assert shop.paper.sounds[-1] is Sound.REFUSED
    assert "ثبت نشد" in shop.paper.last()
    assert shop.state is State.TOTALED
    shop.disk_has_room()
    shop.press("0001 Enter")
    assert shop.count(EntryKind.PURCHASE) == 1


def test_a_day_that_a_full_disk_could_not_close_is_closed_later(shop: Counter) -> None:
    shop.press(f"*12 Enter {OPERATOR_PIN} Enter")
    shop.disk_fills_up()
    shop.press("5000 Enter")
    assert "ثبت نشد" in shop.paper.last()
    shop.press("Enter")
    assert (shop.state, shop.count(EntryKind.CLOSING)) == (State.ASKING, 0)
    shop.disk_has_room()
    shop.press("Enter")
    assert (shop.state, shop.count(EntryKind.CLOSING)) == (State.IDLE, 1)


@field_failure("a printed receipt is taken back", "odoo/odoo#161250")
def test_a_disk_that_is_full_after_the_purchase_does_not_deny_it(shop: Counter) -> None:
    shop.scan(MILK)
    shop.press("35000 Enter")
    shop.scan_card(shop.members[0])
    shop.press("+")
    shop.disk_fills_up(after_commits=1)
    shop.press("0001 Enter")
    assert "رسید خرید" in shop.paper.text()
    assert "ثبت نشد" not in shop.paper.text()
    assert (shop.state, shop.count(EntryKind.PURCHASE)) == (State.IDLE, 1)
