"""The self-test on paper: what the machine found out about itself, and what only a person's hands and eyes can tell.

Rules: a finding has a title and words in Persian for paper and in English for terminals; what is technical (a socket, a
model) is shown as it is. Paper first, then the echoes: the patterns to scan are on the very slip.

Must not know: devices, files, the journal.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from drivers.printer.slip import Bars, Pair, Qr, Rule, Size, Slip, Text
from firmware.receipt import persian
from firmware.receipt.fixed_parts import SHOW, TEAR_OFF, When, heading, thin_rule, when_rows
from sync.wire.code128 import widths

if TYPE_CHECKING:
    from collections.abc import Iterable

ECHO_BARS: Final = "T1:BARS"
"""What the self-test's bar code says (Code 128)."""
ECHO_QR: Final = "T1:QR"
ECHO_KEYS: Final = "1234567890/*-+."
"""Every key of a pad but Enter, which ends the echo."""


class Part(Enum):
    """What is examined: on paper, on a terminal."""

    SCANNER = ("بارکدخوان", "scanner")
    KEYPAD = ("صفحه‌کلید", "keypad")
    PRINTER = ("چاپگر", "printer")
    DISPLAY = ("نمایشگر مشتری", "display")
    PAPER = ("کاغذ چاپگر", "printer's paper")
    DISK = ("حافظه", "disk")
    DISK_SPEED = ("نوشتن در حافظه", "disk write")
    CLOCK = ("ساعت", "clock")
    KEY = ("کلید دستگاه", "device key")
    LINK = ("ارتباط با مرکز", "link")
    POWER = ("قطع برق از آخرین بستن روز", "power")
    VERSION = ("نسخه", "version")
    BARS = ("خواندن بارکد خطی", "bar code echo")
    QR = ("خواندن بارکد مربعی", "QR echo")
    KEYS = ("همه کلیدها", "keypad echo")


class Verdict(Enum):
    """How it stands with a part. `NOTICE` is worth knowing and stops nothing."""

    GOOD = ("خوب", "good")
    NOTICE = ("توجه", "notice")
    BAD = ("خراب", "BAD")


class Finding(Struct, frozen=True):
    """What was found out about a part. `told` is technical and the same everywhere, `persian` and `english` say the rest."""

    part: Part
    verdict: Verdict
    told: str = ""
    persian: str = ""
    english: str = ""


def selftest_slip(findings: tuple[Finding, ...], when: When) -> Slip:
    """What the machine knows by itself, a sample of the letters, and the patterns for the echoes."""
    return (
        Rule(),
        heading("آزمایش دستگاه"),
        *when_rows(when),
        thin_rule(),
        *(row for finding in findings for row in finding_rows(finding)),
        thin_rule(),
        Text("نمونه خط - حرف‌ها پیوسته و از راست به چپ:", size=Size.SMALL),
        Text("گوشت، تخم‌مرغ، پنیر، قند و شکر، ماکارونی، حبوبات"),
        Text(f"۰۱۲۳۴۵۶۷۸۹  {persian.INQUIRY_CODE}  {persian.CALL_CENTER}"),
        thin_rule(),
        Text("۱. این دو را با بارکدخوان بخوانید:", bold=True),
        Bars(widths(ECHO_BARS), persian.isolate(ECHO_BARS)),
        Qr(ECHO_QR),
        Text(f"۲. این کلیدها را از چپ به راست بزنید، سپس {persian.isolate('Enter')}:", bold=True),
        Text(persian.isolate(" ".join(ECHO_KEYS))),
        Text(f"۳. برای پایان یک بار دیگر {persian.isolate('Enter')}.", bold=True),
        SHOW,
    )


def finding_rows(finding: Finding) -> Slip:
    """One part: its verdict beside it, and below it what is behind that."""
    title, verdict = finding.part.value[0], finding.verdict.value[0]
    behind = " ".join(
        part for part in (finding.persian, persian.isolate_name(finding.told)) if part.strip("\u2068\u2069")
    )
    row = Pair(title, verdict, bold=finding.verdict is not Verdict.GOOD)
    return (row, Text(behind, size=Size.SMALL)) if behind else (row,)


def echo_row(finding: Finding) -> Slip:
    """An echo that came, at once below the patterns."""
    return (*finding_rows(finding), SHOW)


def end_slip(findings: tuple[Finding, ...]) -> Slip:
    """How it ends: all well, or what to look after."""
    wrong = [finding for finding in findings if finding.verdict is Verdict.BAD]
    if not wrong:
        return (Rule(), Text("آزمایش تمام شد. دستگاه آماده کار است.", bold=True), TEAR_OFF)
    return (
        Rule(),
        Text("آزمایش تمام شد. این‌ها را درست کنید:", bold=True),
        *(row for finding in wrong for row in finding_rows(finding)),
        TEAR_OFF,
    )


def echoes(*, bars: bool, qr: bool, keys: str | None) -> tuple[Finding, ...]:
    """What the three echoes amount to; `keys` are those that came before Enter, None if none were asked for or came.

    A scanner that reads no QR is no fault: cards have a bar code, and one-time codes do for the rest.
    """
    missing = "".join(sign for sign in ECHO_KEYS if sign not in (keys or ""))
    return (
        Finding(Part.BARS, Verdict.GOOD)
        if bars
        else Finding(Part.BARS, Verdict.BAD, "", "خوانده نشد", "was not read"),
        Finding(Part.QR, Verdict.GOOD)
        if qr
        else Finding(
            Part.QR,
            Verdict.NOTICE,
            "",
            "خوانده نشد؛ شاید این بارکدخوان مربعی نمی‌خواند",
            "was not read: perhaps a laser scanner",
        ),
        Finding(Part.KEYS, Verdict.GOOD)
        if not missing
        else Finding(Part.KEYS, Verdict.BAD, " ".join(missing), "نیامد:", "did not come:"),
    )


def is_well(findings: Iterable[Finding]) -> bool:
    """Whether nothing is bad."""
    return all(finding.verdict is not Verdict.BAD for finding in findings)
