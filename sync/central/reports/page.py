"""The report as one HTML page in Persian, right to left. Knows the report's value and nothing of the store."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Any

from sync.central.dates import date_text, moment_text, persian
from sync.wire.kinds import Verdict
from sync.wire.money import RIAL_PER_TOMAN
from sync.wire.verdicts import VERDICT_TEXTS

if TYPE_CHECKING:
    from collections.abc import Iterable

CREDIT = {
    "allotted_rial": "تخصیص‌یافته",
    "reserved_rial": "نزد دستگاه‌ها",
    "free_rial": "آزاد",
    "spent_rial": "خریدشده",
    "expired_rial": "منقضی",
    "left_rial": "مانده",
    "own_rial": "سهم خریداران",
}
STYLE = """
body{font-family:Vazirmatn,"Noto Naskh Arabic",Tahoma,sans-serif;margin:2rem auto;max-width:64rem;padding:0 1rem;
color:#1b2a26;background:#fbfaf5;line-height:1.8}h1{font-size:1.6rem;border-bottom:3px solid #1f7a5c}h2{font-size:1.15rem;
margin-top:2rem;color:#1f7a5c}table{border-collapse:collapse;width:100%;background:#fff}th,td{border:1px solid #d8ddd4;
padding:.35rem .7rem;text-align:right}th{background:#eef3ea;font-weight:600}.good{color:#1f7a5c}.bad{color:#b3261e;
font-weight:700}bdi{unicode-bidi:isolate}
"""


def page(report: dict[str, Any]) -> str:
    """The whole page."""
    sections = (
        _summary(report),
        _section(
            "اعتبار خانوارها", ("", "تومان"), [(CREDIT[key], _toman(report["credit"][key])) for key in CREDIT]
        ),
        _verdicts(report),
        _devices(report),
        _settlements(report),
        _refused(report),
    )
    title = "گزارش مرکز سفره"
    return (
        f'<!doctype html><html lang="fa" dir="rtl"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body><h1>{title}</h1>'
        f"{''.join(sections)}<p>مرکز تماس <bdi dir='ltr'>021-6369</bdi></p></body></html>\n"
    )


def _summary(report: dict[str, Any]) -> str:
    agreed = report["reconciliation"]["agrees"] and not report["ledger"]["faults"]
    word = "جمع دستگاه‌ها = دفتر کل = تسویه" if agreed else "جمع دستگاه‌ها، دفتر کل و تسویه یکی نیستند"
    policy = report["policy"]
    rows = [
        ("زمان گزارش", _on_paper(moment_text(report["made_at_s"]))),
        (
            "قواعد",
            "-"
            if policy is None
            else f"<bdi>{escape(policy['phase'])}</bdi> نسخهٔ {_number(policy['version'])}",
        ),
        ("خانوار", f"{_number(report['households'])} ({_number(report['people'])} نفر)"),
        ("ثبت‌های دفتر", _number(report["entries"])),
        ("تراز آزمایشی", _toman(report["ledger"]["trial_balance_rial"])),
        ("مغایرت‌گیری", f'<span class="{"good" if agreed else "bad"}">{word}</span>'),
    ]
    return _table(("", ""), rows)


def _devices(report: dict[str, Any]) -> str:
    rows = [
        (
            persian(str(device["number"])), persian(str(device["shop"])), _number(device["held"]), _number(device["closings"]["z"]),
            _toman(device["device_rial"]), _toman(device["ledger_rial"]), _toman(device["settled_rial"]),
            _standing(device),
        )
        for device in report["devices"]
    ]  # fmt: skip
    heads = ("دستگاه", "فروشگاه", "ثبت", "بستن روز", "جمع دستگاه", "دفتر کل", "تسویه‌شده", "وضع")
    return _section("دستگاه‌ها (تومان)", heads, rows)


def _settlements(report: dict[str, Any]) -> str:
    rows = [
        (
            persian(str(row["number"])), persian(str(row["shop"])), _on_paper(date_text(row["day_s"])), _number(row["purchases"]),
            _toman(row["amount_rial"]), _on_paper(date_text(row["pay_by_s"])),
        )
        for row in report["settlements"]
    ]  # fmt: skip
    return _section("تسویه‌ها (تومان)", ("شماره", "فروشگاه", "روز", "خرید", "مبلغ", "پرداخت تا"), rows)


def _verdicts(report: dict[str, Any]) -> str:
    """How many entries got which verdict, what that means, and what a shop that asks is told to do."""
    counted = {Verdict[name.upper()]: count for name, count in report["verdicts"].items()}
    rows = [
        (
            persian(str(int(verdict))), VERDICT_TEXTS[verdict].name, _number(counted[verdict]),
            _sentence(VERDICT_TEXTS[verdict].persian), _sentence(VERDICT_TEXTS[verdict].todo_persian),
        )
        for verdict in sorted(counted)
    ]  # fmt: skip
    return _section("رأی مرکز", ("کد", "رأی", "ثبت", "یعنی", "کار فروشگاه"), rows)


def _refused(report: dict[str, Any]) -> str:
    rows = [
        (
            f"<bdi dir='ltr'>{persian(str(row['device']))}-{persian(str(row['sequence']))}</bdi>",
            f"{persian(str(row['code']))}: {VERDICT_TEXTS[Verdict(row['code'])].name}",
            f"<bdi dir='ltr'>{escape(row['reason'])}</bdi>",
        )
        for row in report["refused"]
    ]
    return _section("پذیرفته‌نشده‌ها", ("ثبت", "رأی", "دلیل"), rows) if rows else ""


def _standing(device: dict[str, Any]) -> str:
    if device["suspended_from"] is not None:
        return '<span class="bad">معلق</span>'
    return '<span class="bad">گواهی پایان یافته</span>' if device["ended"] else "فعال"


def _section(title: str, heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return f"<h2>{title}</h2>{_table(heads, rows)}"


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    head = "".join(f"<th>{cell}</th>" for cell in heads) if any(heads) else ""
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>" if head else f"<table>{body}</table>"


def _sentence(text: str) -> str:
    """A phone number or a key code keeps its own direction within a Persian sentence."""
    return re.sub(r"[*0-9][0-9-]*[0-9]", lambda code: f"<bdi dir='ltr'>{code[0]}</bdi>", escape(text))


def _on_paper(date: str) -> str:
    """A date, perhaps with its time of day, with slashes as slips have it."""
    return f"<bdi>{persian(date.replace('-', '/'))}</bdi>"


def _toman(amount_rial: int) -> str:
    return _number(amount_rial // RIAL_PER_TOMAN)


def _number(number: int) -> str:
    return f"<bdi>{persian(f'{number:,}').replace(',', '٬')}</bdi>"
