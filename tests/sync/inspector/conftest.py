"""One browser for all tests of the page; where none is installed they are skipped and say what to install."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sync.central.doors.inspector import PAGE, inspector_page
from tests.sync.inspector import chromium
from tests.sync.inspector.inspected import Page
from tests.vectors import corpus

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MANIFEST = corpus.read_manifest()
ROOT_PUBLIC = bytes.fromhex(MANIFEST["root_public"])
DELEGATIONS = tuple(bytes.fromhex(message) for message in MANIFEST["delegations"])


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[chromium.Chromium]:
    if chromium.program() is None:
        pytest.skip(chromium.MISSING)
    with chromium.Chromium(tmp_path_factory.mktemp("chromium")) as running:
        yield running


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page with the corpus's keys in it, saved to a file as an inspector does."""
    path = tmp_path_factory.mktemp("saved") / "inspector.html"
    path.write_text(inspector_page(ROOT_PUBLIC, DELEGATIONS), encoding="utf-8")
    return path


@pytest.fixture
def page(browser: chromium.Chromium, saved: Path) -> Page:
    return Page(browser, saved.as_uri())


@pytest.fixture
def keyless_page(browser: chromium.Chromium) -> Page:
    return Page(browser, PAGE.as_uri())
