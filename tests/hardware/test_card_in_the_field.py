"""The image itself, from a card that nobody has enrolled to the center's books: a technician's visit, and a day of trade.

A technician enrolls it by its own paper and scanner, her laptop answering without a signal; then there is one, and it trades with
it and without, loses its scanner and its power, closes the day and sends what it has. The scanner is in its serial mode: the
laptop's answer is five QRs of 700 characters, each a minute of typing for the other kind.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import zxingcpp

from lab.usb_serial import CdcScanner
from sync.wire import receipt_qr
from sync.wire.facts import Purchase
from tests.firmware.enrolling.test_story import trusted_by
from tests.hardware.benches import SCANNER_SOCKET
from tests.hardware.card_machine import HOME, SETTINGS, STARTS_WITHIN_S, say, unit_settings, with_a_card
from tests.hardware.card_village import village

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from firmware.simulation.village import Villager
    from sync.wire.receipt_qr import VerifiedReceipt
    from tests.hardware.card_machine import CardTill, Machine
    from tests.hardware.card_village import Village

pytestmark = [pytest.mark.lab, pytest.mark.timeout(3_000)]
REQUEST, HANDED_OVER, ACTIVE = "درخواست ثبت صندوق", "برگه تحویل صندوق", "صندوق راه‌اندازی شد"
DATE_ASKED, DATE_KNOWN = "امروز چه روزی است؟", "تاریخ ثبت شد:"
RECEIPT, CLOSED = "رسید خرید", "پایان روز"
QUIET_MS = 1_500
"""Between two bytes for the printer, from a machine that now and then stands still."""
SCAN_ROUNDS = 6
AUTHORITIES = f"{HOME}/lab.pem"
TRUSTED = f"SSL_CERT_FILE={AUTHORITIES}"
TRAY_TOMAN = "150000"
DRAWER_TOMAN = "5000"


async def starts_for_the_first_time(machine: Machine, around: Village) -> CardTill:
    """With a log that tells the story, and an authority for the center's certificate: nothing else of the card is touched."""
    till = await machine.switch_on(line_is_cut=True)
    till.scanner = CdcScanner()
    await till.guest.put(AUTHORITIES, around.certificate.read_bytes())
    await till.set_up(SETTINGS, TRUSTED)
    await till.start()
    return till


async def starts_again(machine: Machine) -> CardTill:
    """The power is back, and all is plugged in as it was."""
    till = await machine.power_on(line_is_cut=True, settings=unit_settings(TRUSTED))
    till.scanner = CdcScanner()
    await till.plug_in_everything()
    await till.guest.answers(within_s=STARTS_WITHIN_S)
    till.listen_from("--boot", "--no-tail")
    return till


async def is_enrolled_by_paper(till: CardTill, around: Village, folder: Path) -> str:
    """From the plug to the shop's slip; the operator PIN."""
    await till.come_to_its_counter()
    say("has its devices")
    till.forget()
    await till.press("*10\n")
    await till.until(lambda: REQUEST in till.texts, what="the request")
    photo = folder / "photo.png"
    (await tear_off(till)).save(photo)
    told = await around.laptop.answer(photo)
    await read_answer(till, told["qrs"])
    assert told["root_fingerprint"] in re.sub(r"[^0-9a-f]", "", "".join(till.texts)), "to be compared"
    till.pad.press("\n")
    await till.until_told("enrolled", under_mandate=True)
    await till.until(lambda: HANDED_OVER in till.texts, what="the shop's slip")
    await till.until_it_trades()
    return str(told["operator_pin"])


async def read_answer(till: CardTill, qrs: list[str]) -> None:
    """Hold each QR before the scanner, and again what a machine that stood still did not take."""
    for _ in range(SCAN_ROUNDS):
        for text in qrs:
            if till.state == "COMPARING":
                return
            await till.scan(text)
    assert till.state == "COMPARING"


async def tear_off(till: CardTill) -> Any:
    await till.printer.settle(quiet_ms=QUIET_MS)
    return till.printer.tear_off()


async def is_exchanged(till: CardTill) -> None:
    """The center holds all."""
    await till.until(
        lambda: any(told["event"] == "exchanged" and told["held"] == told["head"] for told in till.told),
        what="all is sent",
    )


async def eggs(till: CardTill, villager: Villager) -> None:
    """Two trays of them in a household's basket."""
    await till.scan_card(villager.card_qr)
    await till.press("2*2/")
    if till.state == "PRICE":
        await till.press(f"{TRAY_TOMAN}\n")


async def buys(till: CardTill, around: Village, villager: Villager) -> VerifiedReceipt:
    """On credit; what anybody can prove of the receipt's paper."""
    till.forget()
    await tear_off(till)
    await eggs(till, villager)
    await till.press(f"+{villager.pin}\n")
    await till.until_told("beeped", sound="APPROVED")
    await till.until(lambda: RECEIPT in till.texts, what="the receipt")
    found = zxingcpp.read_barcodes((await tear_off(till)).convert("L"))
    (text,) = [code.text for code in found if code.text.startswith(receipt_qr.PREFIX)]
    return receipt_qr.verify(text, trusted_by(around.center))


async def loses_its_scanner_and_has_it_back(till: CardTill) -> None:
    await till.guest.emulator.unplug(socket=SCANNER_SOCKET)
    await till.until_told("devices", change="missing", roles=["scanner"])
    till.forget()
    await till.plug_in_scanner()
    await till.until_told("devices", change="back", roles=["scanner"])


async def agrees(around: Village, receipts: list[VerifiedReceipt]) -> None:
    """The center has what stands on paper, and its books and the device's say the same."""
    await around.center.stop()
    assert (await around.center.order("verify"))["sound"]
    (device,) = (await around.center.order("report"))["devices"]
    assert device["agrees"]
    assert set(device["verdicts"]) == {"accepted"}
    assert device["closings"] == {"x": 0, "z": 1, "differing": 0}
    facts = [receipt.fact for receipt in receipts]
    credit_rial = sum(fact.credit_rial for fact in facts if isinstance(fact, Purchase))
    assert len(facts) == device["closed"]["purchases"]
    assert credit_rial == device["ledger_rial"] > 0


async def the_day(machine: Machine, around: Village, folder: Path) -> list[VerifiedReceipt]:
    """From the technician's coming until all is sent; the receipts that were printed."""
    first, second, third, *_ = await around.supported()
    till = await starts_for_the_first_time(machine, around)
    pin = await is_enrolled_by_paper(till, around, folder)
    say("is enrolled")
    await machine.set_line(is_up=True)
    await till.until(lambda: ACTIVE in till.texts, what="its first rules")
    receipts = [await buys(till, around, first)]
    await is_exchanged(till)
    say("traded and sent; now without a line, and for a moment without a scanner")
    await machine.set_line(is_up=False)
    await loses_its_scanner_and_has_it_back(till)
    receipts.append(await buys(till, around, second))
    say("is killed in the middle of the next one")
    await eggs(till, third)
    await machine.switch_off()

    till = await starts_again(machine)
    # It has no clock of its own, and asks for the date until the center tells it.
    await till.until(lambda: DATE_ASKED in till.texts, what="it asks for the date")
    await machine.set_line(is_up=True)
    await is_exchanged(till)
    await till.until(lambda: DATE_KNOWN in till.texts, what="the date is known")
    say("started again, and sent")
    await till.press("*0\n")
    receipts.append(await buys(till, around, third))
    await machine.set_line(is_up=False)
    await till.press(f"*12\n{pin}\n{DRAWER_TOMAN}\n")
    await till.until(lambda: any(CLOSED in text for text in till.texts), what="the day's closing")
    say("closed its day")
    till.forget()
    await machine.set_line(is_up=True)
    await is_exchanged(till)
    return receipts


def test_a_card_is_enrolled_trades_loses_power_closes_its_day_and_its_books_agree(tmp_path: Path) -> None:
    async def story(machine: Machine) -> None:
        async with village(tmp_path) as around:
            receipts = await the_day(machine, around, tmp_path)
            await machine.switch_off()
            await agrees(around, receipts)

    with_a_card(story)
