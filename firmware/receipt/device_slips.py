"""Slips about the till's own devices: who is missing, how a new one gets its role, who is there.

Rules: a slip says what to do next, and how trade goes on until then. The role barcode is printed wherever it may be needed:
who has no scanner needs no help card for it.

Must not know: how devices are found, files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from drivers.printer.slip import Bars, Pair, Size, Slip, Text
from firmware.receipt import persian
from firmware.receipt.fixed_parts import SHOW, TEAR_OFF, heading, thin_rule
from firmware.roles import KEYPAD_CODE, ROLE_BARCODES, Change, Role
from sync.wire import code128

if TYPE_CHECKING:
    from collections.abc import Sequence

    from firmware.roles import DeviceNews, Listed

ROLE_NAMES: Final = {
    Role.SCANNER: "بارکدخوان",
    Role.KEYPAD: "صفحه‌کلید",
    Role.PRINTER: "چاپگر",
    Role.DISPLAY: "نمایشگر",
}
_WITHOUT: Final = {
    Role.SCANNER: "تا آن زمان رقم‌های بارکد را با صفحه‌کلید بزنید.",
    Role.KEYPAD: "تا آن زمان خریدی تأیید نمی‌شود.",
}
_HOW: Final = {
    Role.SCANNER: "برای بارکدخوانِ تازه این بارکد را با خود آن بخوانید:",
    Role.KEYPAD: "برای صفحه‌کلیدِ تازه این را روی خود آن بزنید:",
}
_MUTE: Final = (
    "کلید نمی‌فرستد. اگر بارکدخوان است، بارکد "
    f"{persian.isolate('USB keyboard')} را در دفترچه راهنمای آن با خود آن بخوانید."
)
_NO_USE: Final = "دستگاهی که به کار بردید در این صندوق کاری ندارد."


def device_news(news: DeviceNews) -> Slip:
    """What happened to a device, and what to do."""
    names = _names(news.roles)
    match news.change:
        case Change.MISSING:
            return (*_missing_rows(news, names), SHOW)
        case Change.BACK:
            return (Text(f"{names} دوباره وصل است.", bold=True), SHOW)
        case Change.TAKEN:
            return (Text(f"دستگاه تازه از این پس {names} این صندوق است.", bold=True), SHOW)
        case Change.STRANGER:
            return (Text(_NO_USE, bold=True), *_how_rows(news.roles), SHOW)
        case Change.NOT_FREE:
            return (Text(_NO_USE, bold=True), *_instead_rows(news.roles), SHOW)
        case Change.CUT_OFF:
            return ()


def role_barcode_rows() -> Slip:
    """How a new scanner says who it is; for the help card."""
    return _how_rows((Role.SCANNER,))


def device_list(rows: Sequence[Listed]) -> Slip:
    """Every device of the till, for the technician at the telephone."""
    return (
        heading("دستگاه‌های صندوق"),
        *(element for row in rows for element in _listed(row)),
        thin_rule(),
        *_how_rows((Role.SCANNER, Role.KEYPAD)),
        TEAR_OFF,
    )


def _missing_rows(news: DeviceNews, names: str) -> Slip:
    takeable = tuple(role for role in news.roles if role not in news.given)
    return (
        Text(f"{names} وصل نیست.", bold=True),
        Text("سیم آن را به همان جای پیشین وصل کنید."),
        *_how_rows(takeable),
        Text(_WITHOUT[Role.KEYPAD if Role.KEYPAD in news.roles else Role.SCANNER], size=Size.SMALL),
    )


def _instead_rows(roles: Sequence[Role]) -> Slip:
    if not roles:
        return (Text("جای دستگاه دیگری را می‌گیرد؟ اول آن را جدا کنید."),)
    return (Text(f"{_names(roles)} این صندوق وصل است. برای عوض کردن، اول آن را جدا کنید."),)


def _how_rows(roles: Sequence[Role]) -> Slip:
    rows: list[Text | Bars] = []
    for role in roles:
        rows.append(Text(_HOW[role]))
        if role is Role.KEYPAD:
            rows.append(Text(persian.isolate(f"*{KEYPAD_CODE} Enter"), bold=True))
        else:
            text = ROLE_BARCODES[role]
            rows.append(Bars(code128.widths(text), caption=persian.isolate(text)))
    return tuple(rows)


def _listed(row: Listed) -> Slip:
    role = "بی‌کار" if row.role is None else ROLE_NAMES[row.role]
    words = " ".join(word for word in (row.name, row.model) if word)
    return (
        thin_rule(),
        Pair(role, "وصل نیست" if row.path is None else "وصل است", bold=True),
        *((Text(_MUTE, size=Size.SMALL),) if row.is_mute else ()),
        *((Text(persian.isolate(words), size=Size.SMALL),) if words else ()),
        Text(persian.isolate(row.place), size=Size.SMALL),
    )


def _names(roles: Sequence[Role]) -> str:
    return " و ".join(ROLE_NAMES[role] for role in roles)
