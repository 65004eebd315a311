"""The report as people read it."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from sync.central.config import CREDENTIAL_FOR_S
from sync.central.errors import StoreFailed
from sync.central.reports.report_lines import REFUSED_LINES_MAX, report_lines
from sync.wire.kinds import Verdict
from sync.wire.verdicts import VERDICT_TEXTS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sync.central.conftest import Lab


class Balanced(HTMLParser):
    """Notices a tag that is not closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(path: Path) -> Balanced:
    parser = Balanced()
    parser.feed(path.read_text())
    assert parser.open == []
    return parser


def test_the_page_shows_sums_in_toman_with_persian_digits(lab: Lab, tmp_path: Path) -> None:
    lab.buy(1, 2_000_000)
    lab.buy(2, 1_000_000)
    lab.exchange()
    lab.order("settle", whole_days=False)
    lab.order("report", html=str(tmp_path / "report.html"))
    shown = read(tmp_path / "report.html").text
    assert "۲۰۰٬۰۰۰" in shown
    assert "جمع دستگاه‌ها = دفتر کل = تسویه" in shown
    assert "پیش از بازشدن" in shown
    assert "tranche 1 was not open" in shown
    assert 'dir="rtl"' in (tmp_path / "report.html").read_text()


def test_dates_are_written_as_on_paper(lab: Lab, tmp_path: Path) -> None:
    lab.buy(1, 2_000_000)
    lab.exchange()
    lab.at(28).order("settle", whole_days=False)
    lab.order("report", html=str(tmp_path / "report.html"))
    shown = read(tmp_path / "report.html").text
    assert "۱۴۰۴/۱۰/۲۸ ۱۰:۰۰" in shown
    assert "۱۴۰۴-" not in shown


@pytest.mark.parametrize(("after_s", "shown"), [(0, False), (1, True)])
def test_a_device_whose_certificate_has_ended_is_not_shown_as_active(
    lab: Lab, tmp_path: Path, after_s: int, *, shown: bool
) -> None:
    enrolled_at_s = lab.sql("SELECT enrolled_at_s FROM device")[0][0]
    lab.clock.at_s = enrolled_at_s + CREDENTIAL_FOR_S + after_s
    lab.order("report", html=str(tmp_path / "report.html"))
    text = read(tmp_path / "report.html").text
    assert ("گواهی پایان یافته" in text, "فعال" in text) == (shown, not shown)


def test_names_cannot_break_the_page(lab: Lab, tmp_path: Path) -> None:
    lab.sql("UPDATE policy SET phase = '<script>'")
    lab.order("report", html=str(tmp_path / "report.html"))
    assert "script" not in [
        tag for tag in (tmp_path / "report.html").read_text().split("<") if tag.startswith("script")
    ]
    assert "<script>" not in (tmp_path / "report.html").read_text()


def test_an_empty_center_has_a_page_too(lab: Lab, tmp_path: Path) -> None:
    lab.sql("UPDATE policy SET rolled_back = 1")
    lab.order("report", html=str(tmp_path / "report.html"))
    assert read(tmp_path / "report.html").text


def test_a_difference_is_shown_as_one(lab: Lab, tmp_path: Path) -> None:
    lab.buy(1, 2_000_000)
    lab.exchange()
    lab.sql("UPDATE posting SET device = NULL WHERE reason = 'purchase'")
    result = lab.order("report", html=str(tmp_path / "report.html"))
    assert result.lines[-2] == "devices, ledger and settlement DIFFER"
    assert "یکی نیستند" in read(tmp_path / "report.html").text


def test_what_was_refused_is_told_with_its_code_and_what_the_shop_should_do(lab: Lab, tmp_path: Path) -> None:
    lab.buy(2, 1_000_000)
    lab.exchange()
    result = lab.order("report", html=str(tmp_path / "report.html"))
    text = VERDICT_TEXTS[Verdict.NOT_YET_OPEN]
    assert f"7 not yet open: {text.english}" in result.lines
    assert f"  the shop: {text.todo_english}" in result.lines
    assert any(line.endswith("7 not yet open: tranche 1 was not open") for line in result.lines)
    shown = read(tmp_path / "report.html").text
    assert "۷: پیش از بازشدن" in shown
    assert text.persian in shown
    assert text.todo_persian in shown
    assert "<bdi dir='ltr'>021-6369</bdi> تماس بگیرید" in (tmp_path / "report.html").read_text()


def test_a_terminal_shows_so_many_refusals_and_says_how_many_more(lab: Lab) -> None:
    for most in (REFUSED_LINES_MAX, REFUSED_LINES_MAX + 1):
        report = lab.order("report", html=None).data | {
            "refused": [
                {"device": 1, "sequence": n, "verdict": "late", "code": 11, "reason": ""} for n in range(most)
            ]
        }
        lines = report_lines(report)
        assert sum(line.startswith("refused ") for line in lines) == REFUSED_LINES_MAX
        assert ("and 1 more" in lines[-1]) is (most > REFUSED_LINES_MAX)


def test_a_page_that_cannot_be_written_is_named(lab: Lab, tmp_path: Path) -> None:
    with pytest.raises(StoreFailed, match="No such file"):
        lab.order("report", html=str(tmp_path / "none" / "report.html"))
