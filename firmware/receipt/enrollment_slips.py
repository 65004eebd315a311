"""Slips of a till that belongs to nobody yet: welcome and request, what became of a scanned answer, and the shop's own slip.

Three steps have three words, here as in the code: *provisioning* (آماده‌سازی) puts program and keys in, *enrollment* (ثبت صندوق) binds
the key to a number and a shop, *activation* (راه‌اندازی) is the rules and lists without which nothing is sold on credit.

Must not know: how an answer is verified, files, the conversation's states.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from drivers.printer.slip import Align, Gap, Pair, Qr, Rule, Size, Slip, Text
from firmware.receipt import persian
from firmware.receipt.fixed_parts import SHOW, TEAR_OFF, heading, thin_rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from firmware.receipt.selftest_slips import Finding

GROUP: Final = 4
"""Fingerprints are compared by eye, four characters at a time."""
_SIGN: Final = Gap(72)


class Wrong(Enum):
    """Why an answer is not taken, and what to do then."""

    UNREADABLE = "رمزینه درست خوانده نشد. آن را نزدیک‌تر و صاف بگیرید و دوباره بخوانید."
    NO_ANSWER = "این رمزینه پاسخِ ثبت صندوق نیست. این صندوق هنوز ثبت نشده است و چیزی نمی‌فروشد."
    NOT_AUTHENTIC = "این پاسخ درست نیست: امضای آن با مرکز یا حکم فن‌ورز نمی‌خواند. پاسخ تازه بگیرید."
    ADDRESS = "نشانی مرکز در این پاسخ درست نیست. نشانی را از مرکز بپرسید و پاسخ تازه بگیرید."
    OTHER_DEVICE = "این پاسخ برای صندوق دیگری است. درخواستِ همین صندوق را بفرستید."
    OLD = "این پاسخ به درخواست پیشین این صندوق است. درخواستی را بفرستید که اکنون چاپ می‌شود."
    EXPIRED = "مهلت این پاسخ گذشته است. پاسخ تازه بگیرید."
    NOT_ON_STICK = "روی این حافظه پاسخی برای این صندوق نیست."
    NOT_STORED = "ثبت صندوق در حافظه نوشته نشد. دوباره بزنید؛ اگر باز نشد، کارت حافظه را عوض کنید."


class Offer(Struct, frozen=True, kw_only=True):
    """What an answer would make of this till, to be compared with what the technician's sheet says."""

    shop_name: str
    shop_place: str
    shop: int
    device: int
    root_fingerprint: str
    under_mandate: bool
    replaces: int | None = None
    wifi: str = ""
    apn: str = ""
    """The networks' names, empty for none; only an answer that was just read knows them."""


class Enrolled(Struct, frozen=True, kw_only=True):
    """What both sign: who this till is from now on, by which key, since when, and by whom."""

    offer: Offer
    key_fingerprint: str
    made_s: int
    technician: str
    center_url: str
    credential_until_s: int
    is_active: bool
    """The first rules have come along, on a stick."""


def welcome_slip(*, version: str, key_fingerprint: str) -> Slip:
    """The first thing that a new till prints."""
    return (
        Rule(),
        heading("خوش آمدید"),
        Text("این صندوق سفره آماده است و هنوز مال فروشگاهی نیست.", align=Align.CENTER),
        thin_rule(),
        Pair("۱. آماده‌سازی", "انجام شد"),
        Pair("۲. ثبت صندوق", "مانده است", bold=True),
        Pair("۳. راه‌اندازی", "مانده است"),
        thin_rule(),
        Pair("نسخه برنامه", persian.isolate(version), size=Size.SMALL),
        *_fingerprint_rows("اثر کلید صندوق", key_fingerprint),
        SHOW,
    )


def examined_slip(findings: Sequence[Finding], rows: Slip) -> Slip:
    """The short self-test: everything that the machine found, already in rows."""
    assert findings, "a till always knows something of itself"
    return (thin_rule(), Text("آزمایش دستگاه", bold=True), *rows, SHOW)


def request_slip(qr: str, *, press: tuple[str, ...]) -> Slip:
    """The request, and what the technician does with it."""
    return (
        heading("درخواست ثبت صندوق"),
        Text("فن‌ورز این رمزینه را با تلفن یا رایانه خود می‌خواند و پاسخ را جلوی بارکدخوان همین صندوق می‌گیرد."),
        Qr(qr),
        *(Text(row, size=Size.SMALL) for row in press),
        TEAR_OFF,
    )


def parts_slip(*, read: int, parts: int, missing: tuple[int, ...]) -> Slip:
    """Some of the answer's QRs have been read; `missing` are counted from 1."""
    left = "، ".join(persian.digits(number) for number in missing)
    return (
        Text(f"{persian.digits(read)} از {persian.digits(parts)} رمزینه خوانده شد. مانده: {left}", bold=True),
        SHOW,
    )


def offer_slip(offer: Offer, *, press: tuple[str, ...]) -> Slip:
    """What is to be compared before Enter makes it so."""
    return (
        heading("پاسخ خوانده شد"),
        *_place_rows(offer),
        *_network_rows(offer),
        *_fingerprint_rows("اثر کلید مرکز", offer.root_fingerprint),
        Text("این رقم‌ها را با برگه فن‌ورز یکی‌یکی برابر کنید. اگر یکی نیست، تأیید نکنید.", bold=True),
        *(Text(row, bold=True) for row in press),
        SHOW,
    )


def wrong_slip(wrong: Wrong) -> Slip:
    """An answer that is not taken; nothing has changed."""
    return (Text(wrong.value, bold=True), SHOW)


def enrolled_slip(enrolled: Enrolled) -> Slip:
    """The shop's slip: printed when the till is enrolled, for shopkeeper and technician to sign."""
    offer = enrolled.offer
    by = "حکم موقت فن‌ورز؛ مرکز آن را جایگزین می‌کند" if offer.under_mandate else "مرکز"
    return (
        Rule(),
        heading("برگه تحویل صندوق"),
        *_place_rows(offer),
        *_fingerprint_rows("اثر کلید صندوق", enrolled.key_fingerprint),
        *_fingerprint_rows("اثر کلید مرکز", offer.root_fingerprint),
        Pair("روز ثبت", persian.date_words(enrolled.made_s)),
        Pair("اعتبار ثبت تا", persian.date_words(enrolled.credential_until_s), size=Size.SMALL),
        Pair("ثبت به دست", by, size=Size.SMALL),
        Text(persian.isolate(enrolled.center_url), size=Size.SMALL, align=Align.LEFT),
        thin_rule(),
        Pair("۱. آماده‌سازی", "انجام شد"),
        Pair("۲. ثبت صندوق", "انجام شد"),
        *_activation_rows(enrolled),
        thin_rule(),
        Pair("فن‌ورز", persian.isolate_name(enrolled.technician or "............")),
        Text("امضای فن‌ورز:"),
        _SIGN,
        Text("نام و امضای فروشنده:"),
        _SIGN,
        Rule(),
        TEAR_OFF,
    )


def activated_slip(*, policy_title: str, households: int) -> Slip:
    """Rules and lists are here: from now on credit may be sold, to whoever has an allowance here."""
    return (
        heading("صندوق راه‌اندازی شد"),
        Text(persian.isolate_name(policy_title)),
        Pair("خانوارهای این صندوق", persian.number(households)),
        *(_CREDIT if households else _NO_HOUSEHOLDS),
        SHOW,
    )


_CREDIT: Final = (Text("از این پس فروش با اعتبار کالابرگ ممکن است.", bold=True),)
_NO_HOUSEHOLDS: Final = (
    Text("هنوز سهم هیچ خانواری به این صندوق نرسیده است؛ تا آن زمان فقط فروش نقدی ممکن است.", bold=True),
    Text("مرکز باید سهم خانوارها را به این صندوق بدهد. سپس سهم‌ها با نامه مرکز می‌رسد.", size=Size.SMALL),
)


def undo_slip(*, device: int) -> Slip:
    """Before an enrollment is undone: its number must be keyed, as the shop's slip has it."""
    return (
        heading("باطل کردن ثبت صندوق"),
        Text(f"ثبت دستگاه {persian.code(device)} باطل می‌شود، صندوق دوباره خالی می‌شود و کلید تازه می‌سازد."),
        Text(f"برای تأیید: شماره دستگاه، سپس {persian.isolate('Enter')}", bold=True),
        Text(f"بازگشت: {persian.isolate('-')}"),
        SHOW,
    )


def undone_slip(*, device: int) -> Slip:
    """It is undone; what was written there is kept aside."""
    return (
        Text(f"ثبت دستگاه {persian.code(device)} باطل شد. صندوق اکنون از نو آماده می‌شود.", bold=True),
        Text("فن‌ورز این شماره را به مرکز بگوید تا بسته شود.", size=Size.SMALL),
        SHOW,
    )


def _activation_rows(enrolled: Enrolled) -> Slip:
    if enrolled.is_active:
        return (Pair("۳. راه‌اندازی", "انجام شد"),)
    return (
        Pair("۳. راه‌اندازی", "با نخستین نامه مرکز"),
        Text("تا آن زمان فقط فروش نقدی ممکن است.", size=Size.SMALL),
    )


def _place_rows(offer: Offer) -> Slip:
    replaced = (
        () if offer.replaces is None else (Pair("به جای دستگاه", persian.code(offer.replaces), bold=True),)
    )
    return (
        Text(persian.isolate_name(offer.shop_name), bold=True, align=Align.CENTER),
        Text(persian.isolate_name(offer.shop_place), align=Align.CENTER),
        Pair("شماره فروشگاه", persian.code(offer.shop)),
        Pair("شماره دستگاه", persian.code(offer.device), bold=True),
        *replaced,
    )


def _network_rows(offer: Offer) -> Slip:
    """By which networks it will reach the center: a wrong name is seen before Enter, not after a day without answers."""
    named = {"شبکه بی‌سیم": offer.wifi, "شبکه همراه": offer.apn}
    rows = tuple(Pair(label, persian.isolate_name(name)) for label, name in named.items() if name)
    return rows or (Text("در این پاسخ شبکه بی‌سیم یا همراه نیست.", size=Size.SMALL),)


def _fingerprint_rows(label: str, fingerprint: str) -> Slip:
    groups = " ".join(fingerprint[at : at + GROUP] for at in range(0, len(fingerprint), GROUP))
    return (
        Text(f"{label}:", size=Size.SMALL),
        Text(persian.isolate(groups), bold=True, align=Align.CENTER),
    )
