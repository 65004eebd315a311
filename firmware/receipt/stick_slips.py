"""What a stick brought and took along: printed when it may be pulled out.

Must not know: files, sticks, the journal.
"""

from __future__ import annotations

from msgspec import Struct

from drivers.printer.slip import Pair, Slip, Text
from firmware.receipt import persian
from firmware.receipt.fixed_parts import SHOW, heading


class StickVisited(Struct, frozen=True, kw_only=True):
    """What became of the files: answers taken, files that were wrong or somebody else's, files written for the center."""

    taken: int = 0
    wrong: int = 0
    written: int = 0
    failed: bool = False
    """The stick could not be read or written."""
    brought_mail: bool = False


def stick_slip(visited: StickVisited) -> Slip:
    """A stick may be removed, and what it is good for now."""
    if visited.failed:
        return (
            heading("حافظه را بردارید"),
            Text("حافظه خوانده یا نوشته نشد. حافظه دیگری بگذارید.", bold=True),
            SHOW,
        )
    wrong = (Pair("پرونده‌های نادرست", persian.number(visited.wrong), bold=True),) if visited.wrong else ()
    return (
        heading("حافظه را بردارید"),
        Pair("پاسخ‌های خوانده‌شده مرکز", persian.number(visited.taken)),
        *wrong,
        Pair("پرونده‌های نوشته‌شده برای مرکز", persian.number(visited.written)),
        Text("آن را به مرکز برسانید و با پاسخ بازآورید."),
        SHOW,
    )
