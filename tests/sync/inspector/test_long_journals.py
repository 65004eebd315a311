"""A journal of many entries: the page says how far it is, shows the first of them, and lets itself be interrupted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sync.wire import exported
from sync.wire.kinds import EntryKind
from tests.vectors import corpus, samples
from tests.vectors.corpus_parts import HEADER, chain, journal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sync.inspector.inspected import Page

ENTRIES = 420
LISTED_AT_ONCE = 50
_WATCH = """window.seen = [];
new MutationObserver(() => seen.push(document.querySelector('#progress').textContent))
  .observe(document.querySelector('#progress'), {childList: true, subtree: true})"""
"""What is said of the progress is seen only where the page lets go between the entries."""


@pytest.fixture(scope="module")
def long_journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    drafts = [samples.draft(EntryKind.ENROLLED), *[samples.draft(EntryKind.PURCHASE)] * (ENTRIES - 1)]
    path = tmp_path_factory.mktemp("long") / "journal.bin"
    path.write_bytes(journal(*(exported.journal_item(each.stored) for each in chain(*drafts)), header=HEADER))
    return path


def test_a_long_journal_is_told_as_it_goes_and_its_sums_are_right(page: Page, long_journal: Path) -> None:
    page.browser.run(_WATCH)
    (seen,) = page.look_at([long_journal])
    assert (seen.finding, seen.held) == ("proven", ENTRIES)
    told = page.browser.run("seen.filter(Boolean)")
    assert len(set(told)) > 3
    assert all("در حال بررسی" in one and "%" in one for one in told)
    # 419 purchases of 400,000 toman credit each
    assert "۴۱۹، از اعتبار کالابرگ ۱۶۷٬۶۰۰٬۰۰۰ تومان" in seen.text
    shown = "document.querySelectorAll('.list details').length"
    assert page.browser.run(shown) == LISTED_AT_ONCE
    page.browser.run("document.querySelector('.list button').click()")
    assert page.browser.run(shown) == 2 * LISTED_AT_ONCE


def test_what_is_chosen_later_takes_the_place_of_what_is_looked_at(page: Page, long_journal: Path) -> None:
    page.browser.choose("#files", [long_journal])
    seen = page.look_at([corpus.FOLDER / "card-good.txt"], run=2)
    assert [one.name for one in seen] == ["card-good.txt"]
    page.browser.run("new Promise(done => setTimeout(done, 300))")
    assert page.browser.run("document.querySelectorAll('.verdict').length") == 1
