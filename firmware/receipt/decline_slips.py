"""A refusal on paper: what happened, what to do next, in plain and kind words.

Rules: no refusal blames the household or names it in full; each says what to do now. Numbers that help (a date, a
limit, tries left) come as rows. Texts are keyed by the names of `sync.wire.kinds.DeclineReason` (a test demands all).

Must not know: why the authorizer decided so.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from drivers.printer.slip import Gap, Pair, Rule, Size, Slip, Text
from firmware.receipt import persian
from firmware.receipt.basket_slips import BasketLine, quantity
from firmware.receipt.fixed_parts import SHOW, When, heading, thin_rule, when_rows

_CALL: Final = f"با {persian.CALL_CENTER} تماس بگیرید"
_CASH: Final = "می‌توانید همین سبد را با پول خودتان بخرید."


class DeclineText(Struct, frozen=True):
    """What happened, and what to do next."""

    what: str
    then: str


TEXTS: Final = {
    "UNKNOWN_CARD": DeclineText(
        "این کارت شناخته نشد.",
        f"کارت را صاف بگیرید و یک بار دیگر بخوانید. اگر باز هم نشد، {_CALL}.",
    ),
    "CARD_REVOKED": DeclineText(
        "این کارت باطل شده است، شاید چون کارت تازه‌ای گرفته‌اید.",
        f"با کارت تازه بیایید. اگر کارت تازه ندارید، {_CALL}.",
    ),
    "NO_ALLOWANCE_HERE": DeclineText(
        "کارت درست است، ولی در این فروشگاه اعتباری برای این خانوار کنار گذاشته نشده است.",
        "به فروشگاه همیشگی خود بروید، یا وقتی شبکه وصل شد دوباره بیایید. اعتبار شما سر جایش است.",
    ),
    "NOT_YOUR_DAY": DeclineText(
        "نوبت خرید گروه شما هنوز نرسیده است.",
        "از روز نوبت خود بیایید. اعتبار شما کم نمی‌شود.",
    ),
    "NOT_ANNOUNCED": DeclineText(
        "اعتبار این ماه واریز شده، ولی هنوز رسماً اعلام نشده است.",
        "پس از اعلام رسمی بیایید. اعتبار شما سر جایش است.",
    ),
    "EXPIRED": DeclineText(
        "مهلت استفاده از این اعتبار تمام شده است.",
        f"منتظر اعتبار بعدی بمانید. برای پرسش {_CALL}. {_CASH}",
    ),
    "CREDIT_USED_UP": DeclineText(
        "اعتبار این خانوار در این صندوق تمام شده است.",
        f"مانده کل را با {persian.INQUIRY_CODE} بپرسید. {_CASH}",
    ),
    "WRONG_PIN": DeclineText(
        "رمز درست نبود. از اعتبار چیزی کم نشد.",
        "آرام‌تر و دوباره رمز را بزنید. اگر یادتان نیست، رمز یک‌بارمصرف بگیرید.",
    ),
    "PIN_BLOCKED": DeclineText(
        "رمز چند بار اشتباه زده شد و برای حفظ اعتبار شما بسته شد.",
        f"برای گرفتن رمز یک‌بارمصرف {_CALL} و با آن خرید کنید. اعتبار شما سر جایش است.",
    ),
    "WRONG_CODE": DeclineText(
        "رمز یک‌بارمصرف درست نبود، یا پیش‌تر به کار رفته است.",
        f"هشت رقم را یک بار دیگر بزنید. اگر باز هم نشد، {_CALL} و رمز تازه بگیرید.",
    ),
    "NO_ELIGIBLE_GOODS": DeclineText(
        "هیچ کالایی از این سبد با اعتبار کالابرگ خریده نمی‌شود.",
        f"کالایی از فهرست کالابرگ بردارید. {_CASH}",
    ),
    "PURCHASE_LIMIT": DeclineText(
        "مبلغ اعتبار در این خرید از سقف یک خرید بیشتر است.",
        "سبد را کوچک‌تر کنید، یا سهم اعتبار را کمتر کنید.",
    ),
    "HOUSEHOLD_LIMIT": DeclineText(
        "این خانوار تا وصل شدن شبکه بیش از این نمی‌تواند با اعتبار بخرد.",
        f"پس از وصل شدن شبکه بیایید. اعتبار شما سر جایش است. {_CASH}",
    ),
    "DEVICE_LIMIT": DeclineText(
        "این صندوق تا وصل شدن شبکه بیش از این نمی‌تواند با اعتبار بفروشد.",
        "فروشنده باید صندوق را به شبکه وصل کند تا خریدها به مرکز برسد. اعتبار شما سر جایش است.",
    ),
    "POLICY_TOO_OLD": DeclineText(
        "دستورالعمل این صندوق کهنه است و باید نو شود.",
        "فروشنده باید صندوق را به شبکه وصل کند. اعتبار شما سر جایش است.",
    ),
    "CLOCK_DOUBTFUL": DeclineText(
        "صندوق تاریخ امروز را نمی‌داند.",
        "فروشنده باید تاریخ امروز را وارد کند یا صندوق را به شبکه وصل کند.",
    ),
    "NOT_FOUND": DeclineText(
        "چنین رسیدی در این صندوق نیست.",
        "شماره را از روی رسید نگاه کنید و همین کار را از نو شروع کنید.",
    ),
    "ALREADY_VOIDED": DeclineText(
        "این خرید پیش‌تر باطل شده است.",
        "کار دیگری لازم نیست. اعتبار همان وقت برگشته است.",
    ),
    "DAY_CLOSED": DeclineText(
        "روزِ این خرید بسته شده است و دیگر باطل نمی‌شود.",
        "به جای باطل کردن، کالا را برگشت بزنید.",
    ),
    "NOTHING_TO_REFUND": DeclineText(
        "این مقدار برای برگشت نمانده است.",
        "شماره رسید، ردیف و مقدار را نگاه کنید.",
    ),
    "WRONG_OPERATOR_PIN": DeclineText(
        "رمز فروشنده درست نبود.",
        f"دوباره بزنید. اگر رمز را فراموش کرده‌اید، {_CALL}.",
    ),
    "WRONG_ANNOUNCEMENT": DeclineText(
        "کد اعلام رسمی درست نبود.",
        "کد را از روی آگهی رسمی، رقم به رقم، دوباره بزنید.",
    ),
    "ALREADY_OPEN": DeclineText(
        "این نوبت اعتبار پیش‌تر باز شده است.",
        "کار دیگری لازم نیست. خانوارها می‌توانند خرید کنند.",
    ),
    "DEVICE_SUSPENDED": DeclineText(
        "این صندوق فعلاً اجازه فروش با اعتبار ندارد.",
        f"فروشنده باید {_CALL}. اعتبار خانوارها سر جایش است. {_CASH}",
    ),
    "UNKNOWN_ID": DeclineText(
        "این کد ملی در این صندوق شناخته نشد.",
        f"کد ملی سرپرست خانوار را رقم به رقم دوباره بزنید. اگر باز هم نشد، {_CALL}.",
    ),
    "NO_PAPER": DeclineText(
        "چاپگر کار نمی‌کند و رسیدهایی که چاپ نشده‌اند به سقف رسیده‌اند.",
        "فروشنده باید کاغذ بگذارد یا چاپگر را درست کند. رسیدهای مانده خودشان چاپ می‌شوند و بعد خرید ادامه دارد.",
    ),
}


def decline_slip(reason: str, when: When, rows: tuple[Pair, ...] = ()) -> Slip:
    """The slip of one refusal. `reason` is a key of `TEXTS`; `rows` come from the functions below."""
    text = TEXTS[reason]
    return (
        Rule(),
        heading("انجام نشد"),
        Text(text.what, bold=True),
        *rows,
        Gap(6),
        Text(text.then),
        thin_rule(),
        *when_rows(when),
        Text("این برگه رسید نیست.", size=Size.SMALL),
        SHOW,
    )


def opens_row(opens_at_s: int) -> Pair:
    """The household's own day."""
    return Pair("نوبت شما از", persian.date_words(opens_at_s), bold=True)


def expired_row(until_s: int) -> Pair:
    """The last day of what has expired."""
    return Pair("آخرین روز", persian.date_words(until_s))


def tries_left_row(tries: int) -> Pair:
    """How often a PIN may still be tried."""
    return Pair("دفعه‌های باقی‌مانده", f"{persian.digits(tries)} بار", bold=True)


def limit_row(limit_rial: int) -> Pair:
    """The limit that was reached."""
    return Pair("سقف", persian.toman(limit_rial))


def purchases_limit_row(purchases: int) -> Pair:
    """The number of purchases that was reached."""
    return Pair("سقف", f"{persian.number(purchases)} خرید")


def left_to_refund_row(line: BasketLine) -> Pair:
    """What may still come back of a purchase's line; `line` bears that quantity."""
    left = quantity(line) if line.quantity else "هیچ"
    return Pair(f"مانده برای برگشت از ردیف {persian.digits(line.position)}", left, bold=True)
