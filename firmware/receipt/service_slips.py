"""Slips for the shopkeeper and the technician: status, help card, date prompt, link.

Rules: the image has no shell and no screen, so all that a person must know about the appliance is printable.

Must not know: the keypad's grammar (rows are given), the journal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from drivers.printer.slip import Align, Pair, Qr, Rule, Size, Slip, Text
from firmware.receipt import persian
from firmware.receipt.device_slips import role_barcode_rows
from firmware.receipt.fixed_parts import (
    SHOW,
    TEAR_OFF,
    Place,
    When,
    call_center_rows,
    heading,
    place_rows,
    thin_rule,
    when_rows,
)
from firmware.receipt.update_slips import version_rows
from sync.wire.kinds import Grade

if TYPE_CHECKING:
    from firmware.receipt.update_slips import UpdateNews

LIGHT = (
    "چراغ صفحه‌کلید: یک چشمک: پذیرفته شد. سه چشمک: نگاه کنید. روشن ماند: خرید ثبت شد. "
    "چشمک‌های تند: رد شد. پنج چشمک بلند: قفل شد."
)
"""What the light says (`firmware.desk.light`), for a day without a printer."""


LOST = "بخشی از حافظه این صندوق از بین رفته است."
CASH_ONLY = "با این صندوق با اعتبار نمی‌شود فروخت؛ فقط نقدی بفروشید."


class Status(Struct, frozen=True, kw_only=True):
    """What the inspection slip tells. Counts are of journal entries; `acknowledged_s` is the center's last answer.

    `tail_lost`: how many entries the center holds where this journal lost some; 0 where it lost none. `card_version` is the whole
    card's, empty where there is none, and `update` what is being installed on it.
    """

    place: Place
    when: When
    version: str
    entries: int
    purchases: int
    unsent: int
    unsent_credit_rial: int
    send_by_s: int | None
    acknowledged_s: int | None
    households: int
    policy_title: str
    policy_version: int
    catalog_version: int
    head_qr: str
    tail_lost: int
    card_version: str = ""
    update: UpdateNews | None = None


class HelpRow(Struct, frozen=True):
    """Keys as they are pressed, and what they do."""

    keys: str
    meaning: str


class HelpPart(Struct, frozen=True):
    """A part of the help card."""

    title: str
    rows: tuple[HelpRow, ...]


def status_slip(status: Status) -> Slip:
    """The inspection slip."""
    return (
        Rule(),
        heading("وضعیت دستگاه"),
        *place_rows(status.place),
        *when_rows(status.when),
        *((Text("ساعت: مورد اعتماد.", size=Size.SMALL),) if status.when.grade is Grade.TRUSTED else ()),
        *(_lost_rows(status.tail_lost) if status.tail_lost else ()),
        thin_rule(),
        Pair("نسخه برنامه", persian.isolate(status.version)),
        *version_rows(card_version=status.card_version, under_way=status.update),
        Text(persian.isolate_name(status.policy_title)),
        Pair("شماره دستورالعمل", persian.code(status.policy_version)),
        Pair("شماره فهرست کالا", persian.code(status.catalog_version)),
        Pair("خانوارهای این صندوق", persian.number(status.households)),
        thin_rule(),
        Pair("همه ثبت‌ها", persian.number(status.entries)),
        Pair("خریدها", persian.number(status.purchases)),
        *_sending_rows(status),
        thin_rule(),
        Text("کد دفتر این صندوق:", size=Size.SMALL),
        Qr(status.head_qr),
        TEAR_OFF,
    )


def date_prompt(*, not_before_s: int | None, press: tuple[str, ...]) -> Slip:
    """Cold start without a clock: the shopkeeper keys the date."""
    return (
        heading("امروز چه روزی است؟"),
        Text("ساعت دستگاه خاموش بوده است. تاریخ امروز را هشت رقمی بزنید:"),
        Text(f"سال، ماه، روز - مانند {persian.isolate('14041017')}", bold=True),
        *(
            ()
            if not_before_s is None
            else (Pair("امروز پیش از این نیست", persian.date_words(not_before_s), size=Size.SMALL),)
        ),
        *(Text(row, bold=True) for row in press),
        SHOW,
    )


def date_confirmation(*, day_s: int, press: tuple[str, ...]) -> Slip:
    """The keyed date in words: a slip of the finger shows in the weekday."""
    return (
        heading(persian.date_words(day_s)),
        Text("درست است؟"),
        *(Text(row, bold=True) for row in press),
        SHOW,
    )


def help_card(parts: tuple[HelpPart, ...]) -> Slip:
    """The card to stick beside the till: keys at the left, meaning at the right."""
    return (
        heading("راهنمای کلیدها"),
        *(row for part in parts if part.rows for row in _help_rows(part)),
        thin_rule(),
        Text(LIGHT, size=Size.SMALL),
        thin_rule(),
        *role_barcode_rows(),
        *call_center_rows(),
        TEAR_OFF,
    )


def link_notice(*, up: bool, unsent: int) -> Slip:
    """The center can be reached again, or no longer."""
    state = "ارتباط با مرکز برقرار شد." if up else "ارتباط با مرکز قطع است؛ خرید ادامه دارد."
    return (
        Text(state, bold=True),
        Pair("ثبت‌های نرسیده به مرکز", persian.number(unsent), size=Size.SMALL),
        SHOW,
    )


class CenterRestored(Struct, frozen=True):
    """The center came back from an old backup and had forgotten so many entries, which go up again."""

    forgotten: int


def restored_notice(restored: CenterRestored, *, unsent: int) -> Slip:
    """What the shopkeeper and the technician must know of it: nothing is lost here, and whom to tell."""
    return (
        Text("هشدار: مرکز به نسخه قدیمی برگشته است.", bold=True),
        Text(
            "ثبت‌هایی که رسیده بود در مرکز نیست و دوباره فرستاده می‌شود. رسیدها معتبر است؛ دستگاه را خاموش نکنید."
        ),
        Pair("ثبت‌های فراموش‌شده مرکز", persian.number(restored.forgotten)),
        Pair("ثبت‌های نرسیده به مرکز", persian.number(unsent), size=Size.SMALL),
        Text("به مرکز خبر دهید.", bold=True),
    )


def lost_notice(*, device: int, held: int, own: int) -> Slip:
    """The till's journal has lost entries that the center holds: what still may be done here, and who makes it new."""
    return (
        Text(f"هشدار: {LOST}", bold=True),
        Text("خریدهایی که به مرکز رسیده، در مرکز هست و پولش سر جایش است. رسیدهای چاپ‌شده معتبر است."),
        Pair("ثبت‌های این صندوق در مرکز", persian.number(held)),
        Pair("ثبت‌های درون صندوق", persian.number(own)),
        Text(CASH_ONLY, bold=True),
        Text(
            f"رسیدها و گزارش‌های روز را نگه دارید. با {persian.CALL_CENTER} تماس بگیرید و این شماره را بگویید تا صندوق از نو ثبت شود."
        ),
        Pair("شماره دستگاه", persian.code(device), bold=True),
        Text(
            f"{persian.isolate('*24')} صندوق را خالی می‌کند. پس از آن تا ثبت دوباره هیچ چیز نمی‌فروشد، نقدی هم نه؛ "
            "آن را فقط همراه فن‌ورز بزنید.",
            bold=True,
        ),
        SHOW,
    )


def _lost_rows(held: int) -> Slip:
    return (
        thin_rule(),
        Text(f"هشدار: {LOST} {CASH_ONLY}", bold=True),
        Pair("ثبت‌های این صندوق در مرکز", persian.number(held)),
        Text(f"با {persian.CALL_CENTER} تماس بگیرید.", size=Size.SMALL),
    )


def _sending_rows(status: Status) -> Slip:
    """A journal that lost its tail can send nothing more, so it names no day to send by."""
    send_by, answered = None if status.tail_lost else status.send_by_s, status.acknowledged_s
    return (
        Pair("نرسیده به مرکز", persian.number(status.unsent), bold=True),
        Pair("اعتبارِ خریدهای نرسیده", persian.toman(status.unsent_credit_rial)),
        Text("پیش از کم کردن باطل‌ها و برگشت‌ها.", size=Size.SMALL),
        *((Pair("بفرستید تا", persian.date_words(send_by), bold=True),) if send_by is not None else ()),
        Pair(
            "آخرین پاسخ مرکز",
            "هنوز هیچ" if answered is None else persian.date_and_time(answered),
            size=Size.SMALL,
        ),
    )


def _help_rows(part: HelpPart) -> Slip:
    return (
        Rule(),
        Text(part.title, bold=True, align=Align.CENTER),
        *(Pair(row.meaning, persian.isolate(row.keys)) for row in part.rows),
    )
