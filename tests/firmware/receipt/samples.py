"""One of each slip, with plausible values: for tests of all slips, and to look at."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from firmware.receipt import (
    basket_slips,
    closing_slips,
    decline_slips,
    device_slips,
    inquiry_slips,
    notice_slips,
    printer_slips,
    prompt_slips,
    receipt_slips,
    selftest_slips,
    service_slips,
    total_slips,
    update_slips,
)
from firmware.receipt.basket_slips import BasketLine
from firmware.receipt.fixed_parts import Household, Place, When
from firmware.receipt.inquiry_slips import TrancheBalance, TrancheState
from firmware.receipt.notice_slips import Deed, JudgedReceipt
from firmware.receipt.receipt_slips import Left
from firmware.receipt.selftest_slips import Finding, Part
from firmware.receipt.selftest_slips import Verdict as Found
from firmware.receipt.service_slips import HelpPart, HelpRow
from firmware.receipt.update_slips import UpdateNews, UpdateStep
from firmware.roles import Change, DeviceNews, Listed, Role
from sync.wire.kinds import Grade, Unit, Verdict

if TYPE_CHECKING:
    from drivers.printer.slip import Slip


def at(iso: str) -> int:
    """Seconds UTC of an Iranian wall time."""
    return int(datetime.fromisoformat(f"{iso}+03:30").timestamp())


ESFAND_END_S = at("2026-03-20T23:59:59")
QR = "R1:" + "6BF5XO-QO 4NGQ$%/:" * 31
HEAD_QR = "H1:" + "6BF5XO-QO 4NGQ$%/:" * 8
PLACE = Place(shop_name="تعاونی روستای دره‌نقی", shop=5203, device=7)
WHEN = When(time_s=at("2026-01-07T17:42:10"))
HOUSEHOLD = Household(card="6037990000012345")
RICE = BasketLine(
    position=1, name="برنج", unit=Unit.GRAM, quantity=5000, price_rial=1_450_000, total_rial=7_250_000
)
EGGS = BasketLine(
    position=2, name="تخم‌مرغ", unit=Unit.TRAY, quantity=2, price_rial=2_100_000, total_rial=4_200_000
)
CHICKEN = BasketLine(
    position=3, name="مرغ", unit=Unit.GRAM, quantity=1235, price_rial=1_180_000, total_rial=1_457_300
)
OIL = BasketLine(
    position=4,
    name="روغن مایع آفتابگردان",
    unit=Unit.PIECE,
    quantity=3,
    price_rial=890_000,
    total_rial=2_670_000,
)
COLA = BasketLine(
    position=5,
    name="Zam Zam نوشابه",
    unit=Unit.PIECE,
    quantity=2,
    price_rial=250_000,
    total_rial=500_000,
    eligible=False,
)
LINES = (RICE, EGGS, CHICKEN, OIL, COLA)
TOTAL_RIAL = sum(line.total_rial for line in LINES)
LEFT = (Left(left_rial=4_472_700, until_s=ESFAND_END_S), Left(left_rial=20_000_000, until_s=ESFAND_END_S))

RECEIPT = receipt_slips.Receipt(
    place=PLACE,
    number="7-1042",
    when=WHEN,
    total_rial=TOTAL_RIAL,
    credit_rial=15_527_300,
    own_rial=TOTAL_RIAL - 15_527_300,
    household=HOUSEHOLD,
    left=LEFT,
    qr=QR,
)
CASH_RECEIPT = replace(RECEIPT, credit_rial=0, own_rial=TOTAL_RIAL, household=None, left=(), qr=None)
VOID = receipt_slips.Void(
    place=PLACE, number="7-1043", purchase_number="7-1042", when=WHEN, credit_rial=15_527_300, own_rial=550_000,
    household=HOUSEHOLD, left=LEFT, qr=QR,
)  # fmt: skip
REFUND = receipt_slips.Refund(
    place=PLACE, number="7-1044", purchase_number="7-1042", when=WHEN, lines=(replace(EGGS, quantity=1, total_rial=2_100_000),),
    credit_rial=2_100_000, own_rial=0, household=HOUSEHOLD, usable_here=True, left=LEFT, qr=QR,
)  # fmt: skip
PREVIEW = total_slips.Preview(
    lines=5, total_rial=TOTAL_RIAL, eligible_rial=TOTAL_RIAL - 500_000, other_rial=500_000, credit_rial=15_527_300,
    own_rial=TOTAL_RIAL - 15_527_300, available_rial=40_000_000, household=HOUSEHOLD, minimum_own_rial=50_000,
    press=(prompt_slips.PRESS_PIN,),
)  # fmt: skip
INQUIRY = inquiry_slips.Inquiry(
    place=PLACE, when=WHEN, household=HOUSEHOLD,
    tranches=(
        TrancheBalance(title="تیر ۱۴۰۴", left_rial=1_200_000, state=TrancheState.EXPIRED, until_s=at("2025-07-28T23:59:59")),
        TrancheBalance(title="دی ۱۴۰۴", left_rial=24_472_700, state=TrancheState.USABLE, until_s=ESFAND_END_S),
        TrancheBalance(title="بهمن ۱۴۰۴", left_rial=40_000_000, state=TrancheState.OPENS_LATER, opens_at_s=at("2026-01-21T00:00:00")),
        TrancheBalance(title="اسفند ۱۴۰۴", left_rial=40_000_000, state=TrancheState.NOT_ANNOUNCED),
    ),
)  # fmt: skip
CLOSING = closing_slips.Closing(
    place=PLACE, when=WHEN, z=True, number=12, purchases=31, credit_rial=412_345_600, own_rial=23_450_000, cash_sales=4,
    cash_sales_rial=3_200_000, voids=1, void_credit_rial=15_527_300, void_own_rial=550_000, refunds=1,
    refund_credit_rial=2_100_000, refund_own_rial=0, declines=6, cash_expected_rial=26_100_000, cash_counted_rial=26_000_000,
    unsent=33, unsent_credit_rial=394_718_300, send_by_s=at("2026-01-10T23:59:59"), head_qr=HEAD_QR,
)  # fmt: skip
STATUS = service_slips.Status(
    place=PLACE, when=replace(WHEN, grade=Grade.ESTIMATED), version="0.1.0", entries=1042, purchases=611, unsent=33,
    unsent_credit_rial=394_718_300, send_by_s=at("2026-01-10T23:59:59"), acknowledged_s=at("2026-01-06T20:11:00"),
    households=148, policy_title="کالابرگ دی ۱۴۰۴", policy_version=4, catalog_version=9, head_qr=HEAD_QR,
    tail_lost=0,
)  # fmt: skip
FINAL = notice_slips.FinalReceipts(
    first="7-1038-2", last="7-1062-5", receipts=23, backs=0, credit_rial=312_900_000
)
SETTLEMENT = notice_slips.Settlement(
    number=3, day_s=at("2026-01-07T12:00:00"), purchases=31, amount_rial=410_245_600, pay_by_s=at("2026-01-10T12:00:00")
)  # fmt: skip
ANSWERS = notice_slips.Answers(
    final=FINAL,
    quarantined=(
        JudgedReceipt(number="7-1040-1", credit_rial=900_000, verdict=Verdict.LATE),
        JudgedReceipt(number="7-1044-9", credit_rial=12_500_000, verdict=Verdict.BAD_HOUSEHOLD_PROOF),
        JudgedReceipt(number="7-1047-3", credit_rial=-900_000, verdict=Verdict.REFUND_WITHOUT_ORIGINAL, deed=Deed.REFUND),
        JudgedReceipt(number="7-1051-0", credit_rial=700_000, verdict=Verdict.LATE),
    ),
    quarantined_count=4, settlements=(SETTLEMENT,), settlements_count=1,
)  # fmt: skip
EVERY_VERDICT = notice_slips.Answers(
    quarantined=tuple(
        JudgedReceipt(number=f"7-{int(verdict)}-1", credit_rial=10_000, verdict=verdict)
        for verdict in Verdict
    ),
    quarantined_count=99,
    settlements=(SETTLEMENT, replace(SETTLEMENT, number=4)),
    settlements_count=5,
)
HELP = (
    HelpPart(
        "خرید",
        (
            HelpRow("Enter", "جمع و تأیید"),
            HelpRow("1 * 5000", "برنج، ۵ کیلو"),
            HelpRow("/ 0", "حذف ردیف آخر"),
        ),
    ),
    HelpPart("فروشگاه", (HelpRow("*90#", "گزارش میان روز"), HelpRow("*99#", "پایان روز"))),
)
UPDATE = UpdateNews(
    step=UpdateStep.OFFERED, version="0.2.0+1795990000", running="0.1.0+1795370000", others=("0.1.9", "0.1.10~rc1"), percent=42,
)  # fmt: skip

FINDINGS = (
    Finding(Part.SCANNER, Found.GOOD, "usb-0000:01:00.0-1.2 05f9:2204 Imager"),
    Finding(Part.PRINTER, Found.BAD, "usb-0000:01:00.0-1.3 پرینتر", "وصل نیست:", "not plugged in:"),
    Finding(Part.DISPLAY, Found.GOOD),
)

SLIPS: dict[str, Slip] = {
    "basket": (
        *basket_slips.opening(PLACE, WHEN),
        *(row for line in LINES for row in basket_slips.accepted(line)),
        *basket_slips.removed(COLA),
        *basket_slips.price_corrected(
            replace(OIL, price_rial=850_000, total_rial=2_550_000), old_price_rial=890_000
        ),
        *basket_slips.quantity_corrected(replace(OIL, quantity=2, total_rial=1_780_000)),
    ),
    "canceled": basket_slips.canceled(lines=3),
    "held": basket_slips.held(number=2, lines=5, total_rial=TOTAL_RIAL),
    "again": basket_slips.again(lines=LINES),
    "recalled": basket_slips.recalled(number=2, lines=LINES),
    "total": total_slips.total_block(PREVIEW),
    "cash total": total_slips.cash_total_block(
        lines=5, total_rial=TOTAL_RIAL, card_read=False, press=(prompt_slips.PRESS_ENTER,)
    ),
    "void block": total_slips.void_block(
        purchase_number="7-1042", credit_rial=15_527_300, own_rial=550_000, press=(prompt_slips.PRESS_ENTER,)
    ),
    "refund block": total_slips.refund_block(
        purchase_number="7-1042",
        lines=REFUND.lines,
        credit_rial=2_100_000,
        own_rial=0,
        press=(prompt_slips.PRESS_ENTER,),
    ),
    "price remembered": basket_slips.price_remembered(EGGS),
    "card read": prompt_slips.card_read(HOUSEHOLD),
    "receipt": receipt_slips.receipt_end(RECEIPT),
    "receipt copy": receipt_slips.receipt_copy(RECEIPT, LINES),
    "receipt after power cut": receipt_slips.receipt_after_power_cut(RECEIPT, LINES),
    "cash receipt": receipt_slips.receipt_end(CASH_RECEIPT),
    "void": receipt_slips.void_slip(VOID),
    "void copy": receipt_slips.void_copy(VOID),
    "refund": receipt_slips.refund_slip(REFUND),
    "refund copy": receipt_slips.refund_copy(replace(REFUND, usable_here=False)),
    "inquiry": inquiry_slips.inquiry_slip(INQUIRY),
    "z": closing_slips.closing_slip(CLOSING),
    "z copy": closing_slips.closing_copy(replace(CLOSING, unsent=0, cash_counted_rial=26_100_000)),
    "x": closing_slips.closing_slip(replace(CLOSING, z=False, cash_counted_rial=None, send_by_s=None)),
    "z with answers": closing_slips.closing_slip(replace(CLOSING, answers=ANSWERS)),
    "x with final receipts": closing_slips.closing_slip(
        replace(CLOSING, z=False, cash_counted_rial=None, answers=notice_slips.Answers(final=FINAL))
    ),
    "answers": notice_slips.answers_slip(PLACE, WHEN, ANSWERS),
    "answers copy": notice_slips.answers_slip(
        PLACE, WHEN, notice_slips.Answers(settlements=(SETTLEMENT,), settlements_count=1), copy=True
    ),
    "every verdict": notice_slips.answers_slip(PLACE, WHEN, EVERY_VERDICT),
    "standing": notice_slips.standing_slip(
        PLACE, WHEN, notice_slips.Answers(final=FINAL), replace(ANSWERS, final=None), unsent=3
    ),
    "standing without any": notice_slips.standing_slip(
        PLACE, WHEN, notice_slips.Answers(), notice_slips.Answers(), unsent=0
    ),
    "announcement": notice_slips.announcement_accepted(
        title="اعتبار دی ۱۴۰۴", cohorts=("دهک‌های ۱ تا ۳", "دهک‌های ۴ تا ۷"), until_s=ESFAND_END_S
    ),
    "code accepted": notice_slips.code_accepted(prompt_slips.PRESS_ENTER),
    "pin cleared": notice_slips.pin_cleared(),
    "status": service_slips.status_slip(STATUS),
    "status of a fresh device": service_slips.status_slip(
        replace(STATUS, when=WHEN, acknowledged_s=None, send_by_s=None)
    ),
    "status of a card": service_slips.status_slip(
        replace(STATUS, card_version=UPDATE.running, update=replace(UPDATE, step=UpdateStep.ORDERED))
    ),
    "status of a lost tail": service_slips.status_slip(replace(STATUS, tail_lost=3214)),
    "date prompt": service_slips.date_prompt(not_before_s=WHEN.time_s, press=(prompt_slips.PRESS_ENTER,)),
    "date confirmation": service_slips.date_confirmation(
        day_s=WHEN.time_s, press=(prompt_slips.PRESS_ENTER,)
    ),
    "help": service_slips.help_card(HELP),
    **{
        f"device {change.name} {len(roles)}": device_slips.device_news(DeviceNews(change, roles))
        for change in Change
        for roles in ((Role.SCANNER,), (Role.SCANNER, Role.KEYPAD))
        if change is not Change.CUT_OFF
    },
    "devices": device_slips.device_list(
        (
            Listed(
                role=Role.SCANNER,
                place="usb-0000:01:00.0-1.2",
                model="05f9:2204",
                name="Imager",
                path=Path("/dev/input/event3"),
            ),
            Listed(role=Role.KEYPAD, place="usb-0000:01:00.0-1.3", model="04d9:1203"),
            Listed(role=Role.PRINTER, place="ttyAMA0", path=Path("/dev/ttyAMA0")),
            Listed(
                role=None, place="usb-0000:01:00.0-1.4:1.1", name="FTDI Quad RS232", path=Path("/dev/ttyUSB1")
            ),
        )
    ),
    "self-test": selftest_slips.selftest_slip(FINDINGS, WHEN),
    "self-test's end": selftest_slips.end_slip(FINDINGS),
    "self-test's good end": selftest_slips.end_slip(()),
    "self-test's echo": selftest_slips.echo_row(selftest_slips.echoes(bars=True, qr=True, keys="12")[-1]),
    "printer's page": printer_slips.search_page(3, keys="3 Enter"),
    "printer's width": printer_slips.width_page(narrow_keys="1", wide_keys="2"),
    "generic printer found": printer_slips.printer_found(profile="58mm", title="any 58 mm printer"),
    "printer found": printer_slips.printer_found(profile="citizen", title="Citizen CT-S310II"),
    "link up": service_slips.link_notice(up=True, unsent=33),
    "link down": service_slips.link_notice(up=False, unsent=0),
    "tail lost": service_slips.lost_notice(device=1001, held=3214, own=2),
    **{
        f"update {step.name}": update_slips.update_slip(replace(UPDATE, step=step, code="damaged"))
        for step in UpdateStep
    },
    **{
        f"update failed: {code}": update_slips.update_slip(replace(UPDATE, step=UpdateStep.FAILED, code=code))
        for code in (*update_slips.FAILURES, "not_known_yet")
    },
    "confirm household": prompt_slips.confirm_household(
        Household(national_id="0012345678"), prompt_slips.PRESS_ENTER
    ),
    "decline with rows": decline_slips.decline_slip(
        "NOT_YOUR_DAY",
        WHEN,
        (
            decline_slips.opens_row(at("2026-01-12T00:00:00")),
            decline_slips.tries_left_row(2),
            decline_slips.limit_row(50_000_000),
            decline_slips.expired_row(ESFAND_END_S),
        ),
    ),
    **{f"decline {reason}": decline_slips.decline_slip(reason, WHEN) for reason in decline_slips.TEXTS},
    **{
        f"prompt {prompt.name}": prompt_slips.prompt_slip(prompt, prompt_slips.PRESS_ENTER)
        for prompt in prompt_slips.Prompt
    },
}
