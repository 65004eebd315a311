"""An update on its way from the stick to the other half of the card: what lies there, how it goes, what came of it.

Rules: every slip names the version. What failed says what happened, what to do, and that the old version sells on; a reason that
this till does not know is told by its code.

Must not know: files, sticks, the card.
"""

from __future__ import annotations

from enum import Enum, auto

from msgspec import Struct

from drivers.printer.slip import Pair, Size, Slip, Text
from firmware.receipt import persian
from firmware.receipt.fixed_parts import SHOW, heading

KEYS = persian.isolate("*25 Enter")
STATUS_KEYS = persian.isolate("*10 Enter")
TELL_CENTER = "به مرکز خبر دهید."


class UpdateStep(Enum):
    """What there is to say of an update."""

    NO_CARD = auto()
    """This till runs on a machine whose programs come otherwise."""
    NOTHING_THERE = auto()
    OFFERED = auto()
    ORDERED = auto()
    UNDER_WAY = auto()
    """Another one cannot be ordered now."""
    FAILED = auto()
    RESTARTS = auto()
    """It is written; the machine restarts into it in seconds."""
    UPDATED = auto()
    NOT_STARTED = auto()
    """It was written, and after the restart the old version runs."""
    CUT_OFF = auto()
    """The till was started before it was written to its end."""
    CAME_BACK = auto()
    """The new version ran, and the old one came back before the card had kept it."""


class UpdateNews(Struct, frozen=True, kw_only=True):
    """One step of an update. `version` is the update's, `running` what runs; `others` lie on the stick too and are left alone."""

    step: UpdateStep
    version: str = ""
    running: str = ""
    others: tuple[str, ...] = ()
    percent: int = 0
    code: str = ""
    """Why it failed."""


FAILURES = {
    "no_key": (
        "این کارت کلید انتشار ندارد و هیچ نسخه تازه‌ای نمی‌پذیرد.",
        "نسخه تازه را با کارت تازه بیاورید.",
    ),
    "bad_signature": (
        "امضای این پرونده با کلید این کارت نمی‌خواند.",
        f"این پرونده را به کار نبرید. {TELL_CENTER}",
    ),
    "damaged": (
        "پرونده روی حافظه ناقص یا خراب است.",
        "آن را دوباره روی حافظه بریزید، یا حافظه دیگری بیاورید.",
    ),
    "not_newer": (
        "نسخه روی حافظه از نسخه این صندوق تازه‌تر نیست.",
        "کاری لازم نیست؛ اگر نسخه تازه‌تری هست آن را بیاورید.",
    ),
    "wrong_file": (
        "این پرونده نسخه صندوق نیست، یا در این کارت جا نمی‌شود.",
        "پرونده درست را از مرکز بگیرید.",
    ),
    "stick_gone": (
        "حافظه پیش از پایان برداشته شد یا خوانده نشد.",
        f"حافظه را دوباره بگذارید و {KEYS} بزنید.",
    ),
    "card_failed": (
        "کارت صندوق نوشته نشد یا درست خوانده نشد.",
        f"یک بار دیگر {KEYS} بزنید؛ اگر باز نشد، کارت را عوض کنید.",
    ),
    "no_answer": (
        "نصب‌کننده صندوق پاسخ نمی‌دهد.",
        f"برق صندوق را قطع و وصل کنید و دوباره {KEYS} بزنید.",
    ),
}
"""What happened and what to do, by the code of whoever writes the card; `no_answer` is the till's own."""
UNKNOWN_FAILURE = ("نصب نشد، به علتی که این نسخه نمی‌شناسد.", f"کد زیر را بخوانید و {TELL_CENTER}")
_STILL_SELLS = Text("چیزی عوض نشده است؛ نسخه پیشین کار می‌کند و می‌فروشد.")


def update_slip(news: UpdateNews) -> Slip:
    """The slip of one step."""
    return (*_ROWS[news.step](news), SHOW)


def version_rows(*, card_version: str, under_way: UpdateNews | None) -> Slip:
    """Rows of the inspection slip: what runs from the card, and how far an update is."""
    if not card_version:
        return ()
    row = Pair("نسخه کارت", persian.isolate(card_version))
    if under_way is None:
        return (row,)
    return (
        row,
        Pair("نصب نسخه تازه", f"{persian.number(under_way.percent)}٪", bold=True),
        _version(under_way),
    )


def _version(news: UpdateNews) -> Pair:
    return Pair("نسخه تازه", persian.isolate(news.version), bold=True)


def _running(news: UpdateNews) -> Pair:
    return Pair("نسخه کنونی", persian.isolate(news.running))


def _no_card(_: UpdateNews) -> Slip:
    return (Text("این صندوق روی کارت نیست. نسخه تازه آن از راه دیگری می‌آید.", bold=True),)


def _nothing_there(news: UpdateNews) -> Slip:
    return (
        Text("حافظه‌ای با نسخه تازه در صندوق نیست. حافظه را بگذارید و چند ثانیه صبر کنید.", bold=True),
        _running(news),
    )


def _offered(news: UpdateNews) -> Slip:
    others = "، ".join(persian.isolate(version) for version in news.others)
    return (
        heading("نسخه تازه روی حافظه"),
        _running(news),
        _version(news),
        *((Text(f"این‌ها هم روی حافظه است و نصب نمی‌شود: {others}", size=Size.SMALL),) if others else ()),
        Text(f"برای نصب: {KEYS}، سپس رمز فروشنده. حافظه را برندارید.", bold=True),
        Text("نصب چند دقیقه می‌کشد و صندوق در این میان می‌فروشد. سپس خودش خاموش و روشن می‌شود؛ حدود یک دقیقه."),
    )


def _ordered(news: UpdateNews) -> Slip:
    return (
        Text("نصب آغاز شد.", bold=True),
        _version(news),
        Text("تا برگه بعدی حافظه را برندارید. صندوق در این میان می‌فروشد."),
        Text(f"پیشرفت: {STATUS_KEYS}"),
    )


def _under_way(news: UpdateNews) -> Slip:
    return (
        Text("یک نسخه در حال نصب است.", bold=True),
        _version(news),
        Pair("پیشرفت", f"{persian.number(news.percent)}٪"),
    )


def _failed(news: UpdateNews) -> Slip:
    happened, then = FAILURES.get(news.code, UNKNOWN_FAILURE)
    return (
        heading("نسخه تازه نصب نشد"),
        _version(news),
        Text(happened, bold=True),
        Text(then, bold=True),
        _STILL_SELLS,
        Pair("کد", persian.isolate(news.code), size=Size.SMALL),
    )


def _restarts(news: UpdateNews) -> Slip:
    return (
        heading("نسخه تازه نوشته شد"),
        _version(news),
        Text("صندوق اکنون خودش خاموش و روشن می‌شود. حافظه را می‌توانید بردارید.", bold=True),
        Text(
            "سبد باز می‌ماند. پس از حدود یک دقیقه صندوق، شاید پس از پرسیدن تاریخ، می‌گوید کدام نسخه کار می‌کند."
        ),
        Text("اگر تا سه دقیقه چیزی چاپ نشد، برق را قطع و وصل کنید: صندوق با نسخه‌ای روشن می‌شود که کار می‌کند."),
    )


def _updated(news: UpdateNews) -> Slip:
    return (
        heading("نسخه تازه کار می‌کند"),
        _running(news),
        Text("تا دو دقیقه دیگر برق را نکشید، وگرنه نسخه پیشین بازمی‌گردد.", bold=True),
    )


def _not_started(news: UpdateNews) -> Slip:
    return (
        heading("نسخه تازه راه نیفتاد"),
        _version(news),
        _running(news),
        Text("صندوق خودش به نسخه پیشین بازگشت و مانند پیش می‌فروشد. چیزی از دست نرفته است.", bold=True),
        Text(f"این نسخه را دوباره نصب نکنید. {TELL_CENTER}"),
    )


def _cut_off(news: UpdateNews) -> Slip:
    return (
        heading("نسخه تازه نصب نشد"),
        _version(news),
        Text("برق پیش از پایان نصب رفت.", bold=True),
        Text(f"حافظه را دوباره بگذارید و {KEYS} بزنید.", bold=True),
        _STILL_SELLS,
    )


def _came_back(news: UpdateNews) -> Slip:
    return (
        heading("نسخه پیشین بازگشت"),
        _version(news),
        _running(news),
        Text("نسخه تازه کار کرد، ولی پیش از ماندگار شدن برق رفت یا صندوق از کار افتاد.", bold=True),
        Text(f"حافظه را دوباره بگذارید و {KEYS} بزنید؛ اگر باز هم بازگشت، {TELL_CENTER}", bold=True),
        _STILL_SELLS,
    )


_ROWS = {
    UpdateStep.NO_CARD: _no_card,
    UpdateStep.NOTHING_THERE: _nothing_there,
    UpdateStep.OFFERED: _offered,
    UpdateStep.ORDERED: _ordered,
    UpdateStep.UNDER_WAY: _under_way,
    UpdateStep.FAILED: _failed,
    UpdateStep.RESTARTS: _restarts,
    UpdateStep.UPDATED: _updated,
    UpdateStep.NOT_STARTED: _not_started,
    UpdateStep.CUT_OFF: _cut_off,
    UpdateStep.CAME_BACK: _came_back,
}
