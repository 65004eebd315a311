"""Short answers of the till that ask for the next key: the paper's half of the conversation.

Rules: one sentence on what the till waits for, then the keys. Keys are named by the caller, who knows the grammar.

Must not know: the conversation's states.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from drivers.printer.slip import Slip, Text
from firmware.receipt import persian
from firmware.receipt.fixed_parts import SHOW, Household, masked


class Prompt(Enum):
    """What the till waits for, or tells in passing."""

    CARD = "کارت کالابرگ را جلوی بارکدخوان بگیرید."
    CARD_NUMBER = "رقم‌های زیر بارکد خطی کارت را تا رقم آخر بزنید (بی حرف اول)."
    PIN = "رمز خانوار را بزنید."
    TOTAL = "جمع سبد را به تومان بزنید."
    CREDIT_PART = "اول مبلغ اعتبار را به تومان بزنید، سپس جمع."
    CODE = "رمز یک‌بارمصرف هشت‌رقمی را بزنید."
    NATIONAL_ID = "کد ملی سرپرست خانوار را بزنید."
    OPERATOR_PIN = "رمز فروشنده را بزنید."
    NO_OPERATOR_YET = "رمز فروشنده هنوز نیامده است؛ با نخستین نامه مرکز می‌آید. تا آن زمان این کار شدنی نیست."
    PRICE = "قیمت را به تومان بزنید."
    PRICE_UNUSUAL = "این قیمت غیرعادی است. اگر درست است دوباره تأیید کنید."
    WEIGHT = "وزن را به گرم بزنید."
    QUANTITY = "تعداد را بزنید."
    RECEIPT_NUMBER = "شماره رسید را بزنید."
    REFUND_LINE = "مقدار برگشتی و شماره ردیف را بزنید."
    COUNTED_CASH = "پول نقد صندوق را بشمارید و به تومان بزنید."
    ANNOUNCEMENT = "کد اعلام رسمی را بزنید."
    SECOND_CARD = "صبر کنید! یک خرید باز است. کارت دوم پذیرفته نشد."
    PIN_LAPSED = "وقت زدن رمز گذشت. از اعتبار چیزی کم نشد."
    BAD_SCAN = "بارکد درست خوانده نشد. دوباره بخوانید."
    SCAN_NOT_HERE = "این بارکد اینجا به کار نمی‌آید."
    EXPIRED = "تاریخ مصرف این کالا گذشته است. فروخته نشد."
    LABEL_WITHOUT_WEIGHT = "روی این برچسب وزن نیست. کالا را با شماره و وزنش بزنید."
    TYPE_AGAIN = "بارکد پذیرفته نشد و رقم‌های نیمه‌کاره پاک شد. عدد را از اول بزنید."
    SCANNER_SETTINGS = (
        "تنظیم بارکدخوان عوض شده است. از دفترچه آن، بارکد «تنظیم کارخانه» و سپس بارکد «صفحه‌کلید آمریکا» "
        f"({persian.isolate('USA')}) را بخوانید."
    )
    SCANNER_NO_END = (
        f"بارکدخوان پس از هر بارکد {persian.isolate('Enter')} نمی‌زند. "
        f"از دفترچه آن، بارکد «افزودن {persian.isolate('Enter')}» را بخوانید."
    )
    SCANNER_NO_CHECK_DIGIT = (
        "بارکدخوان رقم آخر بارکد را نمی‌فرستد. "
        f"از دفترچه آن، بارکد «ارسال رقم کنترل {persian.isolate('EAN-13')}» را بخوانید."
    )
    BAD_KEYS = f"این کلیدها اینجا معنایی ندارد. راهنما: {persian.isolate('*9 Enter')}"
    BAD_NATIONAL_ID = "کد ملی درست نیست. ده رقم را دوباره بزنید."
    BAD_DATE = "چنین روزی نیست. سال، ماه و روز را هشت رقمی بزنید."
    NO_SUCH_LINE = "چنین ردیفی در سبد نیست."
    BASKET_EMPTY = "سبد خالی است."
    BASKET_FULL = "سبد پر است. همین را حساب کنید و سبد تازه بگیرید."
    PRINTER_CAME_BACK = "چاپ ادامه پیدا کرد."
    PARTLY_PRINTED = "رسید بالا نیمه‌کاره ماند. رونوشت کامل در زیر می‌آید."
    NOT_STORED = "ثبت نشد. از اعتبار چیزی کم نشد. دوباره تأیید کنید."
    ALREADY_ENROLLED = "این صندوق پیش‌تر ثبت شده است. این رمزینه برای صندوق تازه است و اینجا کاری نمی‌کند."
    UNDO_TOO_LATE = "این صندوق فروش داشته است. ثبت آن دیگر باطل نمی‌شود؛ مرکز صندوق تازه می‌دهد."
    UNDO_OPEN_BASKET = (
        "یک سبد باز یا نگه‌داشته هست. چیزی باطل نشد. اول آن را حساب کنید، یا لغو کنید با "
        f"{persian.isolate('*0 Enter')}. سبد نگه‌داشته برمی‌گردد با {persian.isolate('*7 Enter')}."
    )
    UNDO_OTHER_DEVICE = "این شماره، شماره این دستگاه نیست. چیزی باطل نشد."
    OUT_OF_ORDER = "دستگاه نمی‌تواند ثبت کند. خرید با اعتبار نکنید و تعمیرکار را خبر کنید."
    STARTED = "دستگاه روشن شد و آماده است."


PRESS_ENTER: Final = f"برای تأیید: {persian.isolate('Enter')}"
PRESS_PIN: Final = f"برای تأیید: رمز خانوار، سپس {persian.isolate('Enter')}"


def prompt_slip(prompt: Prompt, *press: str) -> Slip:
    """One prompt and the keys that answer it."""
    return (Text(prompt.value, bold=True), *(Text(row) for row in press), SHOW)


def confirm_household(household: Household, *press: str) -> Slip:
    """A typed national ID, masked, before anything is charged to it."""
    return (Text(f"{masked(household)} - درست است؟", bold=True), *(Text(row) for row in press), SHOW)


def card_read(household: Household) -> Slip:
    """A card was recognized; a row of the basket's strip."""
    return (Text(f"{masked(household)} خوانده شد."),)
