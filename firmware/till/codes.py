"""The keypad's language as data: what the help card prints and the README documents.

Frequent things have one key. Rare things have a number: ``*``, the number, Enter; what they need is asked for on paper,
or keyed at once, parted by ``*``: ``*13*37-4`` Enter voids receipt 37-4. The pad has no letters and there is no screen, so
nothing here depends on seeing what was typed.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from msgspec import Struct

from firmware.receipt.service_slips import HelpPart, HelpRow
from firmware.roles import KEYPAD_CODE
from sync.wire.kinds import Unit

if TYPE_CHECKING:
    from sync.wire.policy import Good


class Function(Enum):
    """What a function code does."""

    CANCEL = auto()
    PRICE = auto()
    CARD = auto()
    NATIONAL_ID = auto()
    CODE = auto()
    INQUIRY = auto()
    HOLD = auto()
    RECALL = auto()
    REPRINT = auto()
    HELP = auto()
    STATUS = auto()
    X = auto()
    Z = auto()
    VOID = auto()
    REFUND = auto()
    ANNOUNCEMENT = auto()
    PRICE_CHANGE = auto()
    DATE = auto()
    DEVICES = auto()
    SELF_TEST = auto()
    FIND_PRINTER = auto()
    ANSWERS = auto()
    UNDO_ENROLLMENT = auto()
    UPDATE = auto()


class Need(Enum):
    """What a function asks for before it acts."""

    PRICE = auto()
    CARD_NUMBER = auto()
    NATIONAL_ID = auto()
    CODE = auto()
    BASKET_NUMBER = auto()
    RECEIPT = auto()
    RECEIPT_OR_LAST = auto()
    ANNOUNCEMENT = auto()
    COUNTED_CASH = auto()
    DATE = auto()
    DEVICE = auto()


class FunctionCode(Struct, frozen=True):
    """One row of the table. `guarded`: the operator PIN is asked for first. `english` is for the README."""

    number: str
    function: Function
    needs: tuple[Need, ...]
    meaning: str
    english: str
    guarded: bool = False

    @property
    def keys(self) -> str:
        """What is pressed, as paper shows it."""
        return f"*{self.number} Enter"


FUNCTION_CODES = (
    FunctionCode("0", Function.CANCEL, (), "لغو همه سبد", "cancel the whole basket"),
    FunctionCode(
        "1", Function.PRICE, (Need.PRICE,), "قیمت تازه ردیف آخر", "another price (toman) for the last line"
    ),
    FunctionCode(
        "2", Function.CARD, (Need.CARD_NUMBER,), "شماره کارت با دست", "household by typed card number"
    ),
    FunctionCode(
        "3",
        Function.NATIONAL_ID,
        (Need.NATIONAL_ID,),
        "خرید با کد ملی",
        "household by national ID and one-time code",
    ),
    FunctionCode("4", Function.CODE, (Need.CODE,), "رمز یک‌بارمصرف", "one-time code instead of the PIN"),
    FunctionCode("5", Function.INQUIRY, (), "مانده اعتبار", "balance inquiry with a slip"),
    FunctionCode("6", Function.HOLD, (), "نگه داشتن سبد", "hold the basket"),
    FunctionCode(
        "7", Function.RECALL, (Need.BASKET_NUMBER,), "سبد نگه‌داشته", "recall a basket by its number"
    ),
    FunctionCode(
        "8",
        Function.REPRINT,
        (Need.RECEIPT_OR_LAST,),
        "چاپ دوباره رسید",
        "reprint by receipt number; none: the last",
    ),
    FunctionCode("9", Function.HELP, (), "همین راهنما", "print this help card"),
    FunctionCode("10", Function.STATUS, (), "وضعیت دستگاه", "status and inspection slip"),
    FunctionCode("11", Function.X, (), "گزارش میان روز", "X: read the day's totals"),
    FunctionCode(
        "12", Function.Z, (Need.COUNTED_CASH,), "پایان روز", "Z: count the cash, close the day", guarded=True
    ),
    FunctionCode(
        "13", Function.VOID, (Need.RECEIPT,), "باطل کردن خرید", "void a purchase of today", guarded=True
    ),
    FunctionCode(
        "14", Function.REFUND, (Need.RECEIPT,), "برگشت کالا", "refund lines of a purchase", guarded=True
    ),
    FunctionCode(
        "15", Function.ANNOUNCEMENT, (Need.ANNOUNCEMENT,), "کد اعلام رسمی", "announcement code of a tranche"
    ),
    FunctionCode(
        "16", Function.PRICE_CHANGE, (), "قیمت همیشگی کالا", "change a remembered price", guarded=True
    ),
    FunctionCode("17", Function.DATE, (Need.DATE,), "تاریخ امروز", "key the date after a cold start"),
    FunctionCode(
        KEYPAD_CODE,
        Function.DEVICES,
        (),
        "دستگاه‌ها، صفحه‌کلید تازه",
        "list the devices; on a keypad without a role: be this till's keypad",
    ),
    FunctionCode(
        "19", Function.SELF_TEST, (), "آزمایش دستگاه", "self-test: devices, echoes, disk, clock, link"
    ),
    FunctionCode(
        "20",
        Function.FIND_PRINTER,
        (),
        "چاپگر تازه",
        "search for the printer: press the number that can be read",
    ),
    FunctionCode(
        "21",
        Function.ANSWERS,
        (),
        "پاسخ‌های مرکز",
        "the center's answers: what is final, what is quarantined, when money comes",
    ),
    FunctionCode(
        "24",
        Function.UNDO_ENROLLMENT,
        (Need.DEVICE,),
        "باطل کردن ثبت صندوق",
        "undo a wrong enrollment by the device's number: before the first sale, or when the journal's tail is lost",
    ),
    FunctionCode(
        "25",
        Function.UPDATE,
        (),
        "نصب نسخه تازه از حافظه",
        "install the version that lies on the stick",
        guarded=True,
    ),
)
BY_NUMBER = {code.number: code for code in FUNCTION_CODES}
BY_FUNCTION = {code.function: code for code in FUNCTION_CODES}


class KeyRow(Struct, frozen=True):
    """Keys that need no function code. `when` names the part of the help card."""

    when: str
    keys: str
    meaning: str
    english: str


SELLING = "فروش"
CONFIRMING = "تأیید"
PAPERLESS = "وقتی چیزی چاپ نمی‌شود"
REFUNDING = "برگشت کالا"
FUNCTIONS = "کارهای دیگر"
GOODS = "کالاهای بی‌بارکد"

KEY_ROWS = (
    KeyRow(SELLING, "3 * scan", "سه عدد از یک بارکد", "three of what is scanned next"),
    KeyRow(SELLING, "4 /", "کالای شماره ۴", "one of good 4, or its weight is asked"),
    KeyRow(SELLING, "2 * 5 /", "دو تا از کالای ۵", "two of good 5 in its usual unit"),
    KeyRow(SELLING, "2 * 5.2 /", "واحد دوم کالای ۵", "two of good 5 in its second unit"),
    KeyRow(SELLING, "1.25 * 4 /", "یک کیلو و ۲۵۰ گرم", "1.25 kg of good 4; a point always means kilograms"),
    KeyRow(SELLING, "barcode Enter", "بارکد با دست", "a typed barcode of the approved list"),
    KeyRow(SELLING, "-", "حذف ردیف آخر", "remove the last line"),
    KeyRow(SELLING, "3 -", "حذف ردیف ۳", "remove line 3"),
    KeyRow(SELLING, "0 * scan", "حذف کالای خوانده‌شده", "remove the scanned thing's line"),
    KeyRow(SELLING, "+", "جمع", "TOTAL: print what will be paid"),
    KeyRow(SELLING, "200000 +", "جمع، اعتبار تا ۲۰۰٬۰۰۰", "TOTAL with at most 200,000 toman of credit"),
    KeyRow(SELLING, "0 +", "جمع، بدون اعتبار", "TOTAL in own money only"),
    KeyRow(SELLING, ". *", "پاک کردن نیمه‌تمام", "throw away what is half typed; also Esc, Delete"),
    KeyRow(CONFIRMING, "PIN Enter", "رمز خانوار", "the household confirms the printed block"),
    KeyRow(CONFIRMING, "Enter", "تأیید", "confirm: cash sale, one-time code, any question"),
    KeyRow(CONFIRMING, "-", "بازگشت", "go back"),
    KeyRow(
        PAPERLESS,
        "60000 +",
        "مبلغ اعتبار، سپس جمع",
        "without paper: what credit pays (toman), then TOTAL; all of it: + alone",
    ),
    KeyRow(
        PAPERLESS,
        "4 Enter",
        "شمار چشمک‌های کندِ چراغ",
        "without paper, asked once: how often the keypad's light flashed; Enter: again",
    ),
    KeyRow(
        PAPERLESS,
        "85000 Enter",
        "جمع به تومان، سپس رمز",
        "without paper and display: the basket's sum (toman), then the PIN",
    ),
    KeyRow(REFUNDING, "3 Enter", "همه ردیف ۳", "all that is left of line 3"),
    KeyRow(REFUNDING, "2 * 3 Enter", "دو تا از ردیف ۳", "two of line 3; 0.5 * 3: half a kilogram of it"),
    KeyRow(REFUNDING, "+", "جمع برگشت", "print what goes back, Enter confirms"),
    KeyRow(
        FUNCTIONS,
        "*8*1001-16-3 Enter",
        "کد و جواب",
        "any code below with its answer at once: reprint 1001-16-3",
    ),
)

_WORDS = {"scan": "بارکد", "barcode": "رقم‌های بارکد", "PIN": "رمز"}
_UNIT_NAMES = {Unit.PIECE: "دانه", Unit.TRAY: "شانه", Unit.GRAM: "وزنی"}


def help_parts(goods: tuple[Good, ...]) -> tuple[HelpPart, ...]:
    """The rows of the help card, with the shop's goods by number and unit."""
    parts = [
        HelpPart(
            when, tuple(HelpRow(on_paper(row.keys), row.meaning) for row in KEY_ROWS if row.when == when)
        )
        for when in (SELLING, CONFIRMING, PAPERLESS, REFUNDING)
    ]
    at_once = tuple(HelpRow(row.keys, row.meaning) for row in KEY_ROWS if row.when == FUNCTIONS)
    functions = (*at_once, *(HelpRow(code.keys, code.meaning) for code in FUNCTION_CODES))
    by_number = tuple(row for good in goods for row in _good_rows(good))
    return (*parts, HelpPart(FUNCTIONS, functions), HelpPart(GOODS, by_number))


def on_paper(keys: str) -> str:
    """Keys with what is no key in Persian."""
    return " ".join(_WORDS.get(word, word) for word in keys.split(" "))


def documented() -> tuple[tuple[str, str], ...]:
    """Keys and their English meaning, in the README's order."""
    rows = tuple((row.keys, row.english) for row in KEY_ROWS)
    return (*rows, *((code.keys, code.english) for code in FUNCTION_CODES))


def _good_rows(good: Good) -> tuple[HelpRow, ...]:
    return tuple(
        HelpRow(f"{good.number}{'' if choice == 1 else f'.{choice}'} /", f"{good.name}، {_UNIT_NAMES[unit]}")
        for choice, unit in enumerate(good.units, 1)
    )
