"""Everything that an event of the story may touch: village, shop, center, and the books that both must agree with."""

from __future__ import annotations

import asyncio
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct, field

from firmware.demo.heard import Heard, words_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from firmware.demo.album import Album
    from firmware.demo.books import Books, Receipt
    from firmware.demo.cards import Card
    from firmware.demo.till import Till
    from firmware.demo.village import Household, Village
    from firmware.simulation.center_process import CenterProcess
    from firmware.simulation.shop import SimulatedShop
    from sync.wire.kinds import DeclineReason

TOLD_WITHIN_MS = 15_000
LOOK_S = 0.01


class Story(Struct):
    """See the module."""

    village: Village
    shop: SimulatedShop
    till: Till
    center: CenterProcess
    heard: Heard
    books: Books
    album: Album
    out: Path
    cards: dict[int, Card]
    receipts: dict[str, Receipt] = field(default_factory=dict)
    codes: dict[int, str] = field(default_factory=dict)
    announcements: dict[int, str] = field(default_factory=dict)
    reasons: Counter[DeclineReason] = field(default_factory=Counter)
    events: int = 0
    entries_unheard: int = 0
    settled_rial: int = 0

    @property
    def now_s(self) -> int:
        """Unix seconds of the simulated world."""
        return self.shop.clock.wall_s

    def family(self, cohort: int, place: int) -> Household:
        """A household of the cast."""
        return self.village.of(cohort, place)

    def card(self, household: Household) -> Card:
        """A household's card."""
        return self.cards[household.number]

    def refused(self, reason: DeclineReason, *, as_decline: bool = True) -> None:
        """The paper must show this refusal. Not `as_decline`: the journal holds it as an entry of its own kind."""
        self.heard.must_say(words_of(reason))
        self.reasons[reason] += 1
        if as_decline:
            self.books.declined()

    async def refused_on_display(self, reason: DeclineReason) -> None:
        """Nothing prints: the display must show that it was refused; the journal says why. Raises: TimeoutError."""
        await self.until_displayed("NO")
        self.reasons[reason] += 1
        self.books.declined()

    async def until_displayed(self, begin: str) -> None:
        """Wait until the display's upper line begins so. Raises: TimeoutError."""
        display = self.shop.display
        assert display is not None, "the shop of the story has a display"
        async with asyncio.timeout(TOLD_WITHIN_MS / 1_000):
            while not display.lines[0].startswith(begin):  # noqa: ASYNC110 -- a display tells nobody what it shows
                await asyncio.sleep(LOOK_S)

    async def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for something that the till's log tells. Raises: TimeoutError, ChildEnded."""
        await self.shop.plug.child.until(condition, what=what, timeout_ms=TOLD_WITHIN_MS)

    async def until_printed(self, *texts: str) -> None:
        """Wait for what the till prints by itself, when nobody is at the counter. Raises: TimeoutError, ChildEnded."""
        for text in texts:
            await self.until(partial(self.heard.says, text), f"printed: {text}")

    async def until_answered(self) -> None:
        """Wait for the next answer of the center. Raises: TimeoutError, ChildEnded."""
        answers = self.heard.answers
        await self.until(lambda: self.heard.answers > answers, "an answer of the center")

    async def order_by_mail(self, *words: str | Path | int) -> None:
        """Order something at the center that reaches the till by mail, and wait for that mail if there is a line."""
        await self.center.order(*words)
        if not self.shop.link.is_cut:
            await self.until_all_mail()

    async def until_all_mail(self) -> None:
        """Wait until the till has taken every item that the center has written. Raises: TimeoutError, ChildEnded."""
        written = (await self.center.order("report"))["devices"][0]["mail_last"]
        await self.until(lambda: self.heard.mail_items >= written, f"{written} items of mail")
