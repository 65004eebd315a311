"""An enrollment's answer as a page: its QRs one below the other, each large enough for a hand-held scanner, nothing from a network.

The technician turns from one to the next with the arrow keys or by swiping; without scripts they stand one below the other. Persian,
as the till's slips are, with the numbers that are compared and written down.
"""

from __future__ import annotations

from html import escape
from io import BytesIO
from typing import TYPE_CHECKING

import segno

from sync.central.dates import persian
from sync.wire.enrolling import enrollment_qr

if TYPE_CHECKING:
    from collections.abc import Sequence

STYLE = """
body{font-family:Vazirmatn,"Noto Naskh Arabic",Tahoma,sans-serif;margin:1rem auto;max-width:40rem;padding:0 1rem;line-height:1.8;
color:#1b2a26;background:#fff}h1{font-size:1.4rem}section{min-height:100vh;text-align:center;scroll-snap-align:start}
svg{width:min(100%,75vh);height:auto}dl{display:grid;grid-template-columns:auto 1fr;gap:.2rem 1rem;text-align:right}dt{color:#1f7a5c}
dd{margin:0;direction:ltr;text-align:left;font-family:monospace}textarea{width:100%;direction:ltr}input{direction:ltr}
label{display:block;margin-top:.7rem}.bad{color:#b3261e;font-weight:700}
"""
GROUP = 4


def answer_page(message: bytes, facts: Sequence[tuple[str, str]], *, note: str = "") -> str:
    """The whole page. `facts` are labels and values for the technician's sheet, `note` what he must know beside."""
    texts = enrollment_qr.to_qrs(message)
    rows = "".join(f"<dt>{escape(label)}</dt><dd>{escape(value)}</dd>" for label, value in facts)
    sections = "".join(
        f"<section><h1>رمزینهٔ {persian(str(number))} از {persian(str(len(texts)))}</h1>{_svg(text)}</section>"
        for number, text in enumerate(texts, 1)
    )
    return framed(
        "پاسخ ثبت صندوق",
        f"<h1>پاسخ ثبت صندوق</h1><dl>{rows}</dl><p>همهٔ رمزینه‌ها را، به هر ترتیب، جلوی بارکدخوان صندوق بگیرید."
        f" سپس اثر کلید مرکز را با کاغذ صندوق برابر کنید.</p><p>{escape(note)}</p>{sections}",
    )


def framed(title: str, body: str) -> str:
    """A page of the technician's."""
    return (
        f'<!doctype html><html lang="fa" dir="rtl"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body>{body}</body></html>\n'
    )


def grouped(fingerprint: str) -> str:
    """As paper shows it."""
    return " ".join(fingerprint[at : at + GROUP] for at in range(0, len(fingerprint), GROUP))


def _svg(text: str) -> str:
    out = BytesIO()
    code = segno.make_qr(text, error="m", boost_error=False)
    code.save(out, kind="svg", xmldecl=False, svgns=False, omitsize=True, border=4, scale=8)
    return out.getvalue().decode()
