"""What an inspector sees: verdict first, in words, sign and language; nothing of a document that is not proven; no network."""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from tests.sync.inspector.conftest import DELEGATIONS, ROOT_PUBLIC
from tests.sync.inspector.inspected import Page
from tests.vectors import corpus

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.sync.inspector.chromium import Chromium

GOOD = (corpus.FOLDER / "receipt-lines.txt").read_text().strip("\r\n")
PERSIAN_SIGNS = re.compile(r"[\u0600-\u06ff]")
PRESENTATION_FORMS = re.compile(r"[\ufb50-\ufdff\ufe70-\ufeff]")
ARABIC_LETTERS = re.compile("[يكىة٠-٩]")
"""Letters and digits of Arabic that Persian writes otherwise."""
KEPT = "(() => { const { href, download, offsetHeight } = document.querySelector('#keep'); return [href, download, offsetHeight > 0] })()"
"""Where the page can be had as a file, and whether that is offered."""


def test_a_receipt_is_proven_in_persian_with_what_it_cannot_tell(page: Page) -> None:
    (seen,) = page.paste(GOOD)
    assert (seen.finding, seen.what, seen.name) == ("proven", "receipt", None)
    for part in (
        "✓", "ثابت شد", "1001-8-8", "۱۴۰۴/۱۰/۱۸", "۰۹:۰۸:۰۰", "۵۱۰٬۰۰۰ تومان", "6260152300012", "از اعتبار کالابرگ",
        "اینکه پس از آن باطل یا برگشت شده است یا نه",
    ):  # fmt: skip
        assert part in seen.text, part
    assert seen.text.index("ثابت شد") < seen.text.index("باطل یا برگشت") < seen.text.index("1001-8-8")


def test_credit_that_was_given_back_is_not_told_as_spent(page: Page) -> None:
    (seen,) = page.look_at([corpus.FOLDER / "receipt-void.txt"])
    assert "به اعتبار برگشت" in seen.text
    assert "از اعتبار کالابرگ" not in seen.text
    (seen,) = page.look_at([corpus.FOLDER / "journal-every-kind.bin"])
    assert re.search(r"برگشت کالا\s+۱، به اعتبار برگشت ۲۰٬۹۱۵ تومان", seen.text)


def test_a_wrong_receipt_shows_nothing_that_stands_in_it(page: Page) -> None:
    wrong = (corpus.FOLDER / "receipt-amount.txt").read_text()
    (seen,) = page.paste(wrong)
    page.browser.run("document.querySelectorAll('details').forEach(one => { one.open = true })")
    text = page.text()
    assert (seen.finding, seen.proven) == ("bad_signature", False)
    assert "✕" in seen.text
    assert "به هیچ چیزی که در این سند یا روی آن نوشته شده است تکیه نکنید" in text
    assert "1001" not in text
    assert "تومان" not in text


def test_a_card_s_secret_is_never_shown(page: Page) -> None:
    page.look_at([corpus.FOLDER / "card-good.txt"])
    shown = page.browser.run("document.querySelector('#verdicts').innerHTML")
    assert "90001" in shown
    assert not re.search(r"[0-9a-f]{16}", shown)


@pytest.mark.parametrize("name", ["journal-every-kind.bin", "mail-every-kind.bin"])
def test_all_that_a_file_proves_has_words_in_both_languages(page: Page, name: str) -> None:
    page.look_at([corpus.FOLDER / name])
    for other in (False, True):
        if other:
            page.speak_other()
        page.browser.run("document.querySelectorAll('.list details').forEach(one => { one.open = true })")
        page.browser.run("new Promise(done => setTimeout(done, 100))")
        labels = page.browser.run("[...document.querySelectorAll('dt')].map(one => one.innerText)")
        words = [label for label in labels if label.strip()]
        assert len(words) > 50
        wrong = [word for word in words if bool(PERSIAN_SIGNS.search(word)) == other]
        assert wrong == []
        assert not re.search(r"undefined|\[object|NaN|null", page.text())


def test_persian_is_written_with_persian_letters(page: Page) -> None:
    page.look_at([corpus.FOLDER / "mail-every-kind.bin", corpus.FOLDER / "journal-fork.bin"])
    assert not PRESENTATION_FORMS.search(page.text())
    assert not ARABIC_LETTERS.search(page.text())


def test_codes_are_isolated_from_the_persian_around_them(page: Page) -> None:
    page.paste(GOOD)
    found = page.browser.run(
        "[...document.querySelectorAll('bdi')].filter(one => one.textContent === '1001-8-8')"
        ".map(one => [one.dir, getComputedStyle(one).unicodeBidi])"
    )
    assert found == [["ltr", "isolate"]]


def test_the_language_changes_and_the_verdict_stays(page: Page) -> None:
    page.paste(GOOD)
    text = page.speak_other()
    for part in (
        "Proven",
        "Receipt number",
        "1001-8-8",
        "2026-01-08, 09:08:00",
        "510,000 toman",
        "whether it was voided",
    ):
        assert part in text, part
    assert page.browser.run("document.documentElement.dir + document.documentElement.lang") == "ltren"


def test_the_verdict_is_before_all_else_on_a_small_phone(page: Page) -> None:
    page.browser.screen(width=360, height=740)
    page.paste(GOOD)
    where = page.browser.run(
        "(() => { const box = document.querySelector('.verdict h2').getBoundingClientRect();"
        " return {bottom: box.bottom, wide: document.documentElement.scrollWidth} })()"
    )
    assert where["bottom"] < 740 / 2
    assert where["wide"] == 360


def test_a_long_name_breaks_and_the_page_stays_as_wide_as_the_phone(page: Page, tmp_path: Path) -> None:
    page.browser.screen(width=360, height=740)
    path = tmp_path / f"{'a' * 120}.txt"
    path.write_text(GOOD)
    page.look_at([path, corpus.FOLDER / "mail-every-kind.bin"])
    page.browser.run("document.querySelectorAll('details').forEach(one => { one.open = true })")
    assert page.browser.run("document.documentElement.scrollWidth") == 360


@pytest.mark.parametrize("dark", [False, True])
def test_verdicts_can_be_read_by_day_and_by_night(page: Page, dark: bool) -> None:
    page.browser.screen(width=360, height=740, dark=dark)
    page.look_at([corpus.FOLDER / "receipt-lines.txt", corpus.FOLDER / "journal-fork.bin"])
    colors = page.browser.run(
        "[...document.querySelectorAll('.verdict > header, .unproven, .verdict, .warning')].map(one => "
        "[getComputedStyle(one).color, getComputedStyle(one.closest('.verdict')).backgroundColor,"
        " getComputedStyle(one).backgroundColor])"
    )
    assert all(_contrast(ink, ground if "0, 0, 0, 0" in own else own) >= 4.5 for ink, ground, own in colors)


def _contrast(one: str, other: str) -> float:
    """Of two colors, by WCAG 2.2, 1.4.3."""
    bright, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(color: str) -> float:
    parts = [int(part) / 255 for part in re.findall(r"\d+", color)[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_page_asks_no_network_from_a_file(page: Page, saved: Path) -> None:
    assert page.browser.run(KEPT)[2] is False
    page.look_at([corpus.FOLDER / "receipt-lines.txt"])
    assert page.browser.requests == [saved.as_uri()]
    assert page.browser.complaints == []


@asynccontextmanager
async def _served(saved: Path, asked: list[str]) -> AsyncIterator[str]:
    """The address of the page at a server that writes down what it is asked for."""
    body, open_ones = saved.read_bytes(), []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_ones.append(writer)
        # A browser opens lines that it may need, and asks nothing over them.
        with suppress(asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            asked.append(head.split(b"\r\n")[0].decode())
            kind = b"Content-Type: text/html; charset=utf-8\r\n"
            writer.write(b"HTTP/1.1 200 OK\r\n" + kind + b"Content-Length: %d\r\n\r\n" % len(body) + body)

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/inspector"
    server.close()
    for writer in open_ones:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


def test_over_http_it_asks_for_itself_alone_and_may_ask_for_nothing_else(
    browser: Chromium, saved: Path
) -> None:
    asked: list[str] = []

    def visit(address: str) -> None:
        page = Page(browser, address)
        assert [one.finding for one in page.look_at([corpus.FOLDER / "receipt-lines.txt"])] == ["proven"]
        assert browser.run(KEPT) == [address, "inspector.html", True]
        tried = browser.run(f"fetch({json.dumps(address)}).then(() => 'fetched', error => error.name)")
        assert tried == "TypeError"
        browser.run(
            "new Promise(done => { const image = new Image(); image.onerror = done;"
            f" image.src = {json.dumps(address)} }})"
        )
        assert any("Content Security Policy" in one for one in browser.complaints)
        browser.open("about:blank")

    async def story() -> None:
        async with _served(saved, asked) as address:
            await asyncio.to_thread(visit, address)

    asyncio.run(story())
    assert asked == ["GET /inspector HTTP/1.1"]


def test_markup_in_a_name_stays_text(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "<img src=x onerror=alert(1)>.txt"
    path.write_text(GOOD)
    (seen,) = page.look_at([path])
    assert seen.name == path.name
    assert page.browser.run("document.querySelectorAll('#verdicts img').length") == 0


def test_a_built_in_key_is_the_center_s(saved: Path) -> None:
    text = saved.read_text(encoding="utf-8")
    held = re.search(r'id="trusted">(.*?)</script>', text)
    assert held is not None
    assert json.loads(held[1]) == {
        "root": ROOT_PUBLIC.hex(),
        "delegations": [one.hex() for one in DELEGATIONS],
    }
