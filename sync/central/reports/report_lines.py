"""The report as lines for a terminal, in English. Knows the report's value and nothing of the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sync.central.dates import moment_text
from sync.wire.kinds import Verdict
from sync.wire.money import RIAL_PER_TOMAN
from sync.wire.verdicts import VERDICT_TEXTS

if TYPE_CHECKING:
    from sync.central.reports.report import Report

OBSERVED_LINES_MAX = 20
REFUSED_LINES_MAX = 40
"""What a person reads at a terminal; `--json` and the page have more."""


def report_lines(report: Report) -> list[str]:
    """Sums first, then what was refused and what to tell its shop."""
    return [*_sums(report), *_memory(report), *_given(report["given_numbers"]), *_refused(report["refused"])]


def toman(amount_rial: int) -> str:
    """Whole toman."""
    return f"{amount_rial // RIAL_PER_TOMAN:,}"


def _sums(report: Report) -> list[str]:
    credit, checked = report["credit"], report["reconciliation"]
    verdicts = ", ".join(f"{count} {_spoken(name)}" for name, count in report["verdicts"].items())
    left = f"spent {toman(credit['spent_rial'])}, left {toman(credit['left_rial'])}"
    left += f", expired {toman(credit['expired_rial'])} toman"
    return [
        f"entries        {report['entries']}: {verdicts or 'none'}",
        f"credit         allotted {toman(credit['allotted_rial'])}, reserved {toman(credit['reserved_rial'])}, {left}",
        f"devices        {toman(checked['device_rial'])} toman, of it refused {toman(checked['refused_rial'])}",
        f"ledger         {toman(checked['ledger_rial'])} toman",
        f"settlement     {toman(checked['settled_rial'])} toman, still open {toman(checked['unsettled_rial'])}",
        f"trial balance  {report['ledger']['trial_balance_rial']}",
        "devices, ledger and settlement agree"
        if checked["agrees"]
        else "devices, ledger and settlement DIFFER",
    ]


def _memory(report: Report) -> list[str]:
    """What the center has forgotten or not got yet."""
    restoration = report["restoration"]
    lines = []
    if restoration["is_open"]:
        devices = ", ".join(str(number) for number in restoration["waits_for"]) or "unknown ones"
        lines.append(
            f"restored       epoch {restoration['epoch']} ({restoration['why']}): reserves nothing, waits for {devices}"
        )
    lines += [
        f"signatures     device {device['number']}: {device['unsigned']} entries came lean and lack their own"
        for device in report["devices"]
        if device["unsigned"]
    ]
    lines += [
        f"observed       {row['device']}-{row['sequence']}: {row['text']}"
        for row in report["observations"][-OBSERVED_LINES_MAX:]
    ]
    return lines


def _given(numbers: list[dict[str, Any]]) -> list[str]:
    """Numbers that a laptop has and nobody was introduced by."""
    return [
        f"not introduced device {one['device']} of shop {one['shop']}: given to laptop {one['laptop']}"
        f" until {moment_text(one['until_s'])}"
        for one in numbers
    ]


def _refused(refused: list[dict[str, Any]]) -> list[str]:
    lines = []
    for verdict in sorted({Verdict[row["verdict"].upper()] for row in refused}):
        text = VERDICT_TEXTS[verdict]
        lines += [
            f"{int(verdict)} {_spoken(verdict.name)}: {text.english}",
            f"  the shop: {text.todo_english}",
        ]
    lines += [
        f"refused        {row['device']}-{row['sequence']}: {row['code']} {_spoken(row['verdict'])}: {row['reason']}"
        for row in refused[:REFUSED_LINES_MAX]
    ]
    more = len(refused) - REFUSED_LINES_MAX
    return lines if more <= 0 else [*lines, f"               and {more} more: --json, or the page"]


def _spoken(name: str) -> str:
    return name.lower().replace("_", " ")
