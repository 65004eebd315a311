"""The inspector's page as a person uses it: keys given, files chosen, text pasted, verdicts read from the screen."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.sync.inspector.chromium import Chromium

_VERDICTS: Final = """[...document.querySelectorAll("article.verdict")].map(one => ({
  finding: one.dataset.finding, what: one.dataset.what, where: one.dataset.where, held: Number(one.dataset.held),
  name: one.querySelector(".what bdi")?.textContent ?? null, text: one.innerText, proven: one.querySelector(".data") !== null}))"""


class Seen(Struct, frozen=True):
    """One verdict on the screen: what it was taken for, the file's name, all that stands there, and whether data do."""

    finding: str
    what: str
    where: str
    held: int
    name: str | None
    text: str
    proven: bool


class Page:
    """The page in a browser, opened at `address`."""

    def __init__(self, browser: Chromium, address: str) -> None:
        self.browser = browser
        browser.open(address)
        self._runs = 0

    def look_at(self, paths: Sequence[Path], *, way: str = "files", run: int = 1) -> list[Seen]:
        """Choose these files with the button `way`, and wait for all their verdicts. `run` counts what was chosen since the
        last verdicts, this included.
        """
        self.browser.choose(f"#{way}", paths)
        self._runs += run - 1
        return self._verdicts()

    def paste(self, text: str) -> list[Seen]:
        """Paste a text and press the button below."""
        self.browser.run(
            f"document.querySelector('#text').value = {json.dumps(text)}; document.querySelector('#check').click()"
        )
        return self._verdicts()

    def give_key(self, digits: str, files: Sequence[Path] = ()) -> str:
        """Give a root's key and key files; what the page then says about its key."""
        if files:
            self.browser.choose("#root-files", files)
        self.browser.run(f"document.querySelector('#root-text').value = {json.dumps(digits)}")
        return str(self.browser.run(
            "new Promise(done => { document.querySelector('#root-use').click();"
            " setTimeout(() => done(document.querySelector('#root').textContent), 300) })"
        ))  # fmt: skip

    def fingerprint(self) -> str:
        """The digits of the key that is believed, as the page shows them, without blanks."""
        return "".join(str(self.browser.run("document.querySelector('#root .code').textContent")).split())

    def speak_other(self) -> str:
        """Change the language; all that then stands on the page."""
        self.browser.run("document.querySelector('#language').click()")
        return self.text()

    def text(self) -> str:
        """All that stands on the page."""
        return str(self.browser.run("document.body.innerText"))

    def _verdicts(self) -> list[Seen]:
        self._runs += 1
        self.browser.run(
            "new Promise(done => { const look = () => document.querySelector('#verdicts').dataset.run === "
            f"'{self._runs}' ? done() : setTimeout(look, 5); look() }})"
        )
        rows: list[dict[str, Any]] = self.browser.run(_VERDICTS)
        return [Seen(**row) for row in rows]
