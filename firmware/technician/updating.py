"""Updates of the card from a stick, the till's side: what lies there is offered, ordered by the operator, watched and told.

A card has two halves for programs. The root service of the image writes the one that does not run, and restarts into it; this module
writes an order into the data folder and reads how it goes. It never reads an update: whether it is genuine is the service's to say.
What came of an order is told by the next start too, so the order's file goes only when paper has told it. No purchase waits for any
of it: files are read and written in threads, once a second.

    /etc/sofreh/image.json     {"version": ..., "made_s": ...}                what runs; only on a card
    DATA/update.json           {"file": "sofreh-VERSION.update", "from": ...}  the order
    DATA/update.restarts       the file's name                                 it was written; the machine was about to restart
    /run/sofreh/update.json    {"file": ..., "percent": n | "done": true | "failed": code}

Must not know: the conversation, what an update holds, how it is written.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct, json
from msgspec.structs import replace

from firmware import whole_file
from firmware.receipt.update_slips import UpdateNews, UpdateStep

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from firmware.log import Log
    from firmware.watchdog import CheckIn

IMAGE_FILE: Final = Path("/etc/sofreh/image.json")
TOLD_FILE: Final = Path("/run/sofreh/update.json")
ORDER_FILE: Final = "update.json"
RESTARTS_FILE: Final = "update.restarts"
LOOK_EVERY_MS: Final = 1_000
SILENT_MS_MAX: Final = 300_000
"""An order of which nothing new is told for so long has failed."""
STICK_S_MAX: Final = 5.0
"""So long a stick is waited for that does not answer."""
FILE_BYTES_MAX: Final = 4_096
_CODE_CHARACTERS_MAX: Final = 40
_NAME: Final = re.compile(r"sofreh-([0-9][0-9A-Za-z.+~-]{0,40})\.update")


class Order(Struct, frozen=True):
    """What the operator wants installed, and what ran then."""

    file: str
    running: str = msgspec.field(name="from")


class Told(Struct, frozen=True):
    """How it goes, in the words of whoever writes the card. `stamp` differs whenever it was written anew."""

    file: str
    percent: int = 0
    done: bool = False
    failed: str = ""
    stamp: tuple[int, int] = (0, 0)


class _Image(Struct, frozen=True):
    version: str


def version_of(name: str) -> str | None:
    """The version in an update's file name, or None if it is no such name."""
    found = _NAME.fullmatch(name)
    return None if found is None else found[1]


def file_of(version: str) -> str:
    """The other way round."""
    return f"sofreh-{version}.update"


def by_number(version: str) -> list[tuple[int, int]]:
    """What orders versions: numbers by their value, `~` before the end, all else after it by its letter."""
    parts = re.findall(r"\d+|\D", version)
    return [
        *((2, int(part)) if part.isdigit() else (-1 if part == "~" else 1, ord(part)) for part in parts),
        (0, 0),
    ]


def running_version(path: Path = IMAGE_FILE) -> str | None:
    """The image that runs, or None where there is none. What cannot be read is none either."""
    try:
        return json.decode(_read(path), type=_Image).version or None
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None


def order_in(folder: Path) -> Order | None:
    """The order that lies in the data folder; None without one, or if it is nobody's."""
    try:
        order = json.decode(_read(folder / ORDER_FILE), type=Order)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return None if version_of(order.file) is None else order


def told_of(file: str, path: Path = TOLD_FILE) -> Told | None:
    """What is told of `file`; None for nothing, for another file, and for what makes no sense."""
    try:
        status = path.stat()
        told = json.decode(_read(path), type=Told)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None
    if told.file != file or not 0 <= told.percent <= 100:
        return None
    code = re.sub(r"[^0-9A-Za-z_.-]", "_", told.failed)[:_CODE_CHARACTERS_MAX]
    return replace(told, failed=code, stamp=(status.st_ino, status.st_mtime_ns))


def versions_on(stick: Path | None) -> tuple[str, ...]:
    """The versions that lie on the stick, newest first; none without a stick."""
    try:
        names = [] if stick is None else [entry.name for entry in stick.iterdir() if entry.is_file()]
    except OSError:
        return ()
    found = [version for version in map(version_of, names) if version is not None]
    return tuple(sorted(found, key=by_number, reverse=True))


class Places(Struct, frozen=True):
    """The data folder, the stick's folder if there is one, and the file in which it is told how it goes."""

    data: Path
    stick: Path | None
    told: Path = TOLD_FILE


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
        self._tell = tell
        self._log = log
        self._check_in = check_in
        self._monotonic_ms = monotonic_ms
        self._sleep_ms = sleep_ms
        self._under_way: UpdateNews | None = None
        self._last: Told | None = None
        """What was told last, or before the order; an old word is none of it."""
        self._heard_ms = 0

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
        order = await asyncio.to_thread(order_in, self._data)
        if order is None:
            return
        news = self._news(UpdateStep.ORDERED, version_of(order.file) or "")
        if news.version == self.running:
            await self._say(replace(news, step=UpdateStep.UPDATED))
        elif await asyncio.to_thread(told_of, order.file, self._told_file) is not None:
            self._under_way, self._heard_ms = news, self._monotonic_ms()  # the till alone was started anew
        elif await asyncio.to_thread(_was_written, self._data, order.file):
            await self._say(replace(news, step=UpdateStep.NOT_STARTED))
        else:
            await self._say(replace(news, step=UpdateStep.CUT_OFF))

    async def look(self) -> None:
        """How far it is; its end is told."""
        news = self._under_way
        if news is None or news.step is UpdateStep.RESTARTS:
            return
        told = await asyncio.to_thread(told_of, file_of(news.version), self._told_file)
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
            with contextlib.suppress(OSError):
                await asyncio.to_thread(whole_file.replace, self._data / RESTARTS_FILE, told.file.encode())
            await self._say(self._under_way)

    async def offer(self) -> None:
        """Say what lies on a stick that was just put in, if it is another version than what runs."""
        versions = await self._versions()
        if self._under_way is None and versions and versions[0] != self.running:
            await self._say(self._news(UpdateStep.OFFERED, *versions))

    async def order(self) -> UpdateNews:
        """Have the newest version on the stick installed; what came of that."""
        if self._under_way is not None:
            return replace(self._under_way, step=UpdateStep.UNDER_WAY)
        versions = await self._versions()
        if not versions or versions[0] == self.running:
            return self._logged(self._news(UpdateStep.NOTHING_THERE))
        news = self._news(UpdateStep.ORDERED, *versions)
        order = Order(file_of(news.version), self.running)
        self._last = await asyncio.to_thread(told_of, order.file, self._told_file)
        try:
            await asyncio.to_thread(_write, self._data, order)
        except OSError:
            return self._logged(replace(news, step=UpdateStep.FAILED, code="card_failed"))
        self._under_way, self._heard_ms = news, self._monotonic_ms()
        return self._logged(news)

    def printed(self, news: UpdateNews) -> None:
        """The slip of `news` is on paper: with an update's end its order goes. A cut before that tells it twice."""
        if news.step is UpdateStep.OFFERED or self._under_way is not None:
            return
        for name in (ORDER_FILE, RESTARTS_FILE):
            with contextlib.suppress(OSError):
                (self._data / name).unlink(missing_ok=True)

    async def _versions(self) -> tuple[str, ...]:
        try:
            async with asyncio.timeout(STICK_S_MAX):
                return await asyncio.to_thread(versions_on, self._stick)
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


_BAD: Final = (UpdateStep.FAILED, UpdateStep.NOT_STARTED, UpdateStep.CUT_OFF)


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(FILE_BYTES_MAX)


def _write(folder: Path, order: Order) -> None:
    (folder / RESTARTS_FILE).unlink(missing_ok=True)
    whole_file.replace(folder / ORDER_FILE, json.encode(order))


def _was_written(folder: Path, file: str) -> bool:
    try:
        return _read(folder / RESTARTS_FILE) == file.encode()
    except OSError:
        return False
