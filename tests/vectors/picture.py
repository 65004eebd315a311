"""The README's pictures: one conversation on 58 mm paper, drawn by the product and read back from the printer's bytes.

As dots, which every printer takes, and as letters, for a printer that holds letters of ours.

python -m tests.vectors.picture
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from drivers.printer import printout
from drivers.printer.escpos import Encoder
from drivers.printer.profiles import TextMode
from drivers.simulated.paper import Paper
from firmware.receipt import basket_slips, prompt_slips, receipt_slips, total_slips
from firmware.receipt.fixed_parts import Household, Place, When
from sync.wire import receipt_qr
from sync.wire.numbers import receipt_number
from tests.fakes.printers import PAPER_58_MM
from tests.vectors.samples import PRIVATE, PURCHASE, PURCHASE_ENTRY, SLIM

if TYPE_CHECKING:
    from PIL.Image import Image

    from drivers.printer.profiles import PrinterProfile
    from drivers.printer.slip import Slip

FOLDER = Path(__file__).parent
PICTURES: Final = {
    FOLDER / "receipt.png": PAPER_58_MM,
    FOLDER / "receipt-as-text.png": replace(PAPER_58_MM, text_mode=TextMode.ESC_AMPERSAND),
}

NAMES = ("شیر کم‌چرب یک لیتری", "مرغ", "تخم‌مرغ", "نوشابه")
PLACE = Place(shop_name="فروشگاه روستا", shop=SLIM.shop, device=SLIM.device)
WHEN = When(time_s=PURCHASE_ENTRY.time.not_before_s)
HOUSEHOLD = Household(card=str(PRIVATE.card))
TRANCHE_END_S = 1_776_544_199


def strip_of_paper() -> Slip:
    """The basket, the TOTAL block and the receipt of the vectors' purchase."""
    return (
        *basket_slips.opening(PLACE, WHEN),
        *(row for line in _lines() for row in basket_slips.accepted(line)),
        *prompt_slips.card_read(HOUSEHOLD),
        *total_slips.total_block(_preview()),
        *receipt_slips.receipt_end(_receipt()),
    )


def _lines() -> tuple[basket_slips.BasketLine, ...]:
    return tuple(
        basket_slips.BasketLine(
            position=position, name=name, unit=line.unit, quantity=line.quantity, price_rial=line.price_rial,
            total_rial=line.total_rial, eligible=line.good > 0,
        )
        for position, (name, line) in enumerate(zip(NAMES, PURCHASE_ENTRY.lines, strict=True), 1)
    )  # fmt: skip


def _preview() -> total_slips.Preview:
    eligible_rial = sum(line.total_rial for line in PURCHASE_ENTRY.lines if line.good)
    return total_slips.Preview(
        lines=len(NAMES), total_rial=PURCHASE.total_rial, eligible_rial=eligible_rial,
        other_rial=PURCHASE.total_rial - eligible_rial, credit_rial=PURCHASE.credit_rial, own_rial=PURCHASE.own_rial,
        available_rial=PURCHASE.credit_rial + PURCHASE.legs[0].left_rial, household=HOUSEHOLD, minimum_own_rial=50_000,
        press=(prompt_slips.PRESS_PIN,),
    )  # fmt: skip


def _receipt() -> receipt_slips.Receipt:
    left = receipt_slips.Left(left_rial=PURCHASE.legs[0].left_rial, until_s=TRANCHE_END_S)
    return receipt_slips.Receipt(
        place=PLACE, number=receipt_number(device=SLIM.device, sequence=PURCHASE_ENTRY.sequence), when=WHEN,
        total_rial=PURCHASE.total_rial, credit_rial=PURCHASE.credit_rial, own_rial=PURCHASE.own_rial,
        household=HOUSEHOLD, left=(left,), qr=receipt_qr.to_qr(PURCHASE_ENTRY, SLIM),
    )  # fmt: skip


def picture(profile: PrinterProfile) -> Image:
    """What the paper shows."""
    paper, encoder = Paper(profile), Encoder(profile)
    paper.feed(encoder.wake())
    for part in printout.render(strip_of_paper(), profile):
        paper.feed(b"".join(encoder.commands(part)))
    return paper.tear_off()


if __name__ == "__main__":
    for path, profile in PICTURES.items():
        picture(profile).save(path, optimize=True)
