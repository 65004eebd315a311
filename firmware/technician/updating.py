"""Updates of the card from a stick, the till's side: what lies there is offered, ordered by the operator, watched and told.

A card has two halves for programs. The root service of the image writes the one that does not run, and restarts into it; this module
writes an order into the data folder and reads how it goes. It never reads an update: whether it is genuine is the service's to say.
What came of an order is told by the next start too, so the order's file goes only when paper has told it. No purchase waits for any
of it: files are read and written in threads, once a second.

Must not know: the conversation, what an update holds, how it is written.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from firmware.receipt.update_slips import UpdateNews, UpdateStep
from firmware.technician import update_files
from firmware.technician.update_files import (
    ORDER_FILE,
    STAGE_FILE,
    TOLD_FILE,
    TRIAL_FILE,
    Order,
    Stage,
    file_of,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from firmware.log import Log
    from firmware.watchdog import CheckIn

LOOK_EVERY_MS: Final = 1_000
SILENT_MS_MAX: Final = 300_000
"""An order of which nothing new is told for so long has failed."""
STICK_S_MAX: Final = 5.0
"""So long a stick is waited for that does not answer."""


class Places(Struct, frozen=True):
    """The data folder, the stick's folder if there is one, the file in which it is told how it goes, and the one that is there until
    the card keeps a new version.
    """

    data: Path
    stick: Path | None
    told: Path = TOLD_FILE
    trial: Path = TRIAL_FILE


class CardUpdates:
    """Owns the order. `tell` hands a step to the conversation; `monotonic_ms` and `sleep_ms` are the clock's."""

    def __init__(
        self,
        running: str,
        places: Places,
        *,
        tell: Callable[[UpdateNews], Awaitable[None]],
        log: Log,
        check_in: CheckIn,
        monotonic_ms: Callable[[], int],
        sleep_ms: Callable[[int], Awaitable[None]],
    ) -> None:
        self.running = running
        self._data = places.data
        self._stick = places.stick
        self._told_file = places.told
        self._trial = places.trial
        self._tell = tell
        self._log = log
        self._check_in = check_in
        self._monotonic_ms = monotonic_ms
        self._sleep_ms = sleep_ms
        self._under_way: UpdateNews | None = None
        self._last: update_files.Told | None = None
        """What was told last, or before the order; an old word is none of it."""
        self._heard_ms = 0
        self._ran = ""
        """The file of the version that runs and was told of, until the card keeps it."""
        self._did_not_start = ""

    @property
    def under_way(self) -> UpdateNews | None:
        """What is being installed, and how far it is."""
        return self._under_way

    async def run(self) -> None:
        """Say what came of the order before the start, then watch for ever."""
        with self._check_in.working():
            await self.begin()
        while True:
            await self._sleep_ms(LOOK_EVERY_MS)
            with self._check_in.working():
                await self.look()

    async def begin(self) -> None:
        """An order from before the start: it is still under way, or came to an end, which is told."""
        order = await asyncio.to_thread(update_files.order_in, self._data)
        if order is None:
            return
        news = self._news(UpdateStep.ORDERED, update_files.version_of(order.file) or "")
        if news.version == self.running:
            await self._say(replace(news, step=UpdateStep.UPDATED))
        elif await asyncio.to_thread(update_files.told_of, order.file, self._told_file) is not None:
            self._under_way, self._heard_ms = news, self._monotonic_ms()  # the till alone was started anew
        else:
            stage = await asyncio.to_thread(update_files.stage_of, self._data, order.file)
            self._did_not_start = news.version if stage is Stage.WRITTEN else ""
            await self._say(replace(news, step=_ENDS[stage]))

    async def look(self) -> None:
        """How far it is; its end is told."""
        if self._ran:
            await self._look_whether_kept()
        news = self._under_way
        if news is None or news.step is UpdateStep.RESTARTS:
            return
        told = await asyncio.to_thread(update_files.told_of, file_of(news.version), self._told_file)
        if told is None or told == self._last:
            if self._monotonic_ms() - self._heard_ms >= SILENT_MS_MAX:
                await self._end(replace(news, step=UpdateStep.FAILED, code="no_answer"))
            return
        self._last, self._heard_ms = told, self._monotonic_ms()
        self._under_way = replace(news, percent=told.percent)
        if told.failed:
            await self._end(replace(news, step=UpdateStep.FAILED, code=told.failed))
        elif told.done:
            self._under_way = replace(news, step=UpdateStep.RESTARTS, percent=100)
            await asyncio.to_thread(update_files.mark, self._data, told.file, Stage.WRITTEN)
            await self._say(self._under_way)

    async def offer(self) -> None:
        """Say what lies on a stick that was just put in, if its number is above that of what runs.

        Who orders an older one all the same hears from whoever writes the card: that one goes by the day it was made.
        """
        versions = await self._versions()
        if self._under_way is not None or not versions or versions[0] == self._did_not_start:
            return
        if update_files.by_number(versions[0]) > update_files.by_number(self.running):
            await self._say(self._news(UpdateStep.OFFERED, *versions))

    async def order(self) -> UpdateNews:
        """Have the newest version on the stick installed; what came of that."""
        if self._under_way is not None:
            return replace(self._under_way, step=UpdateStep.UNDER_WAY)
        versions = await self._versions()
        if not versions or versions[0] == self.running:
            return self._logged(self._news(UpdateStep.NOTHING_THERE))
        news = self._news(UpdateStep.ORDERED, *versions)
        order = Order(file_of(news.version))
        self._ran = ""  # the order that goes when that one is kept is not this one
        self._last = await asyncio.to_thread(update_files.told_of, order.file, self._told_file)
        try:
            await asyncio.to_thread(update_files.write_order, self._data, order)
        except OSError:
            return self._logged(replace(news, step=UpdateStep.FAILED, code="card_failed"))
        self._under_way, self._heard_ms = news, self._monotonic_ms()
        return self._logged(news)

    def printed(self, news: UpdateNews) -> None:
        """The slip of `news` is on paper: with an update's end its order goes. A cut before that tells it twice.

        That of a version that runs waits until the card keeps it: if the power goes before, the old one finds the order, and tells.
        """
        if news.step is UpdateStep.OFFERED or self._under_way is not None:
            return
        if news.step is UpdateStep.UPDATED:
            self._ran = file_of(news.version)
        else:
            self._forget()

    async def _look_whether_kept(self) -> None:
        is_on_trial, file = await asyncio.to_thread(update_files.is_there, self._trial), self._ran
        if file and is_on_trial:
            await asyncio.to_thread(update_files.mark, self._data, file, Stage.RAN)
        elif file:  # and no other was ordered meanwhile
            self._forget()

    def _forget(self) -> None:
        self._ran = ""
        update_files.remove(self._data, ORDER_FILE, STAGE_FILE)

    async def _versions(self) -> tuple[str, ...]:
        try:
            async with asyncio.timeout(STICK_S_MAX):
                return await asyncio.to_thread(update_files.versions_on, self._stick)
        except TimeoutError:
            return ()

    async def _end(self, news: UpdateNews) -> None:
        self._under_way = None
        await self._say(news)

    async def _say(self, news: UpdateNews) -> None:
        await self._tell(self._logged(news))

    def _logged(self, news: UpdateNews) -> UpdateNews:
        write = self._log.warning if news.step in _BAD else self._log.info
        write(
            "update", step=news.step.name.lower(), version=news.version, running=news.running, code=news.code
        )
        return news

    def _news(self, step: UpdateStep, version: str = "", *others: str) -> UpdateNews:
        return UpdateNews(step=step, version=version, running=self.running, others=others)


_ENDS: Final = {
    None: UpdateStep.CUT_OFF,
    Stage.WRITTEN: UpdateStep.NOT_STARTED,
    Stage.RAN: UpdateStep.CAME_BACK,
}
"""What an order came to that the old version finds."""
_BAD: Final = (UpdateStep.FAILED, *_ENDS.values())
