"""The basket on paper while it grows: one line for each thing that the shopkeeper does.

Rules: each accepted line is printed at once, since paper is the only screen. Sums are toman without the word (the
opening says so once). Goods outside the approved list are marked «آزاد»: they are never paid from credit.

Must not know: where lines come from, how prices are found.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from drivers.printer.slip import Pair, Rule, Size, Slip, Text
from firmware.receipt import persian
from firmware.receipt.fixed_parts import SHOW, Place, When, heading, place_rows, thin_rule, when_rows
from sync.wire.kinds import Unit

FREE_GOOD_MARK = "آزاد"
_UNIT_NAMES: Final = {Unit.PIECE: "عدد", Unit.TRAY: "شانه"}
_PRICE_NAMES: Final = {Unit.PIECE: "دانه‌ای", Unit.GRAM: "کیلویی", Unit.TRAY: "شانه‌ای"}


class BasketLine(Struct, frozen=True, kw_only=True):
    """One line. `quantity` counts `unit` (grams for weighed goods, `price_rial` is then per kilogram)."""

    position: int
    name: str
    unit: Unit
    quantity: int
    price_rial: int
    total_rial: int
    eligible: bool = True


def quantity(line: BasketLine) -> str:
    """`۲ عدد`, `۱ شانه`, `۱ کیلو و ۲۵۰ گرم`."""
    if line.unit is Unit.GRAM:
        return persian.weight(line.quantity)
    return f"{persian.number(line.quantity)} {_UNIT_NAMES[line.unit]}"


def unit_price(line: BasketLine) -> str:
    """`کیلویی ۳۲۰٬۰۰۰`: what one unit costs, and which unit."""
    return f"{_PRICE_NAMES[line.unit]} {persian.amount(line.price_rial)}"


def price_asked(name: str, unit: Unit) -> str:
    """`مرغ: کیلویی`: of what, and of how much of it, the price is asked."""
    return f"{persian.isolate_name(name)}: {_PRICE_NAMES[unit]}"


def line_rows(line: BasketLine) -> Slip:
    """Position, name and mark; below them quantity, price of the unit, and sum."""
    mark = "" if line.eligible else f" - {FREE_GOOD_MARK}"
    return (
        Text(f"{persian.digits(line.position)}. {persian.isolate_name(line.name)}{mark}"),
        Pair(f"{quantity(line)} × {unit_price(line)}", persian.amount(line.total_rial), size=Size.SMALL),
    )


def opening(place: Place, when: When) -> Slip:
    """Head of the strip: a basket begins."""
    return (
        *place_rows(place),
        *when_rows(when),
        Text("سبد تازه - همه مبلغ‌ها به تومان است.", size=Size.SMALL),
        Rule(),
    )


def accepted(line: BasketLine) -> Slip:
    """A line went into the basket."""
    return line_rows(line)


def removed(line: BasketLine) -> Slip:
    """A line was taken out again."""
    return (
        Text(f"حذف شد: ردیف {persian.digits(line.position)} {persian.isolate_name(line.name)}", bold=True),
        Pair(f"{quantity(line)} × {unit_price(line)}", persian.amount(-line.total_rial), size=Size.SMALL),
    )


def price_corrected(line: BasketLine, *, old_price_rial: int) -> Slip:
    """The shopkeeper keyed another price for this line; `line` bears the new one."""
    return (
        Text(
            f"قیمت عوض شد: ردیف {persian.digits(line.position)} {persian.isolate_name(line.name)}", bold=True
        ),
        Pair("قیمت قبلی", persian.amount(old_price_rial), size=Size.SMALL),
        Pair("قیمت تازه", unit_price(line), size=Size.SMALL),
        Pair(f"{quantity(line)} × {unit_price(line)}", persian.amount(line.total_rial), size=Size.SMALL),
    )


def price_remembered(line: BasketLine) -> Slip:
    """The shop's own price of a good was changed, outside any purchase; only name, unit and price count."""
    return (
        Text("قیمت فروشگاه ثبت شد:", bold=True),
        Pair(persian.isolate_name(line.name), unit_price(line)),
        SHOW,
    )


def quantity_corrected(line: BasketLine) -> Slip:
    """The shopkeeper keyed another quantity for this line; `line` bears the new one."""
    return (
        Text(
            f"مقدار عوض شد: ردیف {persian.digits(line.position)} {persian.isolate_name(line.name)}", bold=True
        ),
        Pair(f"{quantity(line)} × {unit_price(line)}", persian.amount(line.total_rial), size=Size.SMALL),
    )


def canceled(*, lines: int) -> Slip:
    """The whole basket was thrown away, or, without lines, only the card was put aside."""
    what = f"{persian.digits(lines)} ردیف" if lines else "کارت"
    return (
        heading("سبد لغو شد" if lines else "پایان کار"),
        Text(f"{what} کنار گذاشته شد. از اعتبار کسی چیزی کم نشد."),
        SHOW,
    )


def held(*, number: int, lines: int, total_rial: int) -> Slip:
    """The basket waits under a number."""
    return (
        heading(f"سبد {persian.digits(number)} نگه داشته شد"),
        Pair("ردیف‌ها", persian.digits(lines)),
        Pair("جمع تا اینجا", persian.toman(total_rial)),
        Text("از اعتبار چیزی کم نشده است. سبد تازه را شروع کنید."),
        SHOW,
    )


def recalled(*, number: int, lines: tuple[BasketLine, ...]) -> Slip:
    """A waiting basket is open again, with all its lines; number 0 lay on the counter when the power went."""
    which = f"سبد {persian.digits(number)}" if number else "سبد نیمه‌کاره"
    card = Text("برای خرید با اعتبار، کارت را دوباره بخوانید.", size=Size.SMALL)
    return (*_so_far(f"{which} دوباره باز شد", lines), card)


def again(*, lines: tuple[BasketLine, ...]) -> Slip:
    """All lines once more, because some may not stand above."""
    return _so_far("همه ردیف‌ها از نو", lines)


def _so_far(title: str, lines: tuple[BasketLine, ...]) -> Slip:
    return (
        heading(title),
        *(row for line in lines for row in line_rows(line)),
        thin_rule(),
        Pair("جمع تا اینجا", persian.toman(sum(line.total_rial for line in lines)), bold=True),
    )
