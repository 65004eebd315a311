"""Small answers of the till that belong to no purchase: dates, prices, held baskets.

Must not know: the conversation's states, mail.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.printer.slip import Pair, Size, Slip, Text
from firmware.receipt import persian
from firmware.receipt.fixed_parts import SHOW

if TYPE_CHECKING:
    from collections.abc import Mapping


def basket_open() -> Slip:
    """The day is not closed over an open basket."""
    return (
        Text("یک سبد باز است.", bold=True),
        Text(f"اول آن را حساب کنید یا نگه دارید: {persian.isolate('*6 Enter')}"),
        SHOW,
    )


def date_set(day_s: int) -> Slip:
    """The date holds now: keyed, or from the center."""
    return (
        Text("تاریخ ثبت شد:", bold=True),
        Text(persian.date_words(day_s), bold=True),
        SHOW,
    )


def date_refused() -> Slip:
    """The keyed date cannot be, or the time is known better already."""
    return (
        Text("این تاریخ پذیرفته نشد.", bold=True),
        Text("تاریخ پیش از آخرین ثبت یا بسیار دور است، یا ساعت از مرکز گرفته شده است.", size=Size.SMALL),
        SHOW,
    )


def pick_good() -> Slip:
    """Whose remembered price is to change."""
    return (
        Text("بارکد کالا را بخوانید یا شماره کالا را بزنید.", bold=True),
        Text(f"مانند {persian.isolate('4 /')}"),
        SHOW,
    )


def which_basket(held: Mapping[int, int]) -> Slip:
    """Baskets on hold, by number, with their sums in rial."""
    rows = tuple(
        Pair(f"سبد {persian.digits(number)}", persian.toman(held[number])) for number in sorted(held)
    )
    return (Text("شماره سبد را بزنید:", bold=True), *rows, SHOW)


def no_held_basket() -> Slip:
    """Nothing is on hold."""
    return (Text("سبدی نگه داشته نشده است.", bold=True), SHOW)
