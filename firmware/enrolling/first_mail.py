"""What comes with an enrollment on a stick: the answer, and the mail that waits for the number: rules, list, households, allowances.

The file is the carried file of `sync.wire.carried`, sealed to this till's own key; its first message is the answer. The mail is kept
beside the identity until the journal is open, and taken up there as any other: each item signed, numbered and chained, in one
transaction. So a shop with no network at all trades on the first day, also where the answer itself came by paper.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from firmware import boot
from firmware.courier import Fate, News
from sync import stick
from sync.stick import StickFailed
from sync.wire import carried, cbor, mail
from sync.wire.compiled import Many
from sync.wire.errors import WireError
from sync.wire.kinds import Way
from sync.wire.shapes import octets

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from firmware.journal.journal import Journal
    from firmware.log import Log
    from sync.wire.hpke import OpeningKey

FILE_BYTES_MAX = 80 << 20
_MESSAGES = Many(octets(most=mail.MAIL_BYTES_MAX), carried.MESSAGES_MAX)


class Sticks:
    """Looks whether a stick with files for this till was put in. Reads files: run it in a thread."""

    def __init__(self, folder: Path | None, key: OpeningKey) -> None:
        self._folder, self._key = folder, key
        self._looked_at: frozenset[tuple[str, int]] | None = None

    def look(self) -> tuple[tuple[bytes, ...], ...] | None:
        """The messages of each file that this till can open; None where there is no stick, or the same as before.

        A stick that has just been put in is always answered. One that has lost its files since is on its way out.
        """
        if self._folder is None or not stick.is_in(self._folder):
            self._looked_at = None
            return None
        is_new = self._looked_at is None
        try:
            paths = [path for _, path in stick.listed(self._folder, Way.ENROLLMENT)]
            there = frozenset((path.name, path.stat().st_mtime_ns) for path in paths)
        except (StickFailed, OSError):
            paths, there = [], frozenset()
        if there == self._looked_at:
            return None
        self._looked_at = there
        if not there and not is_new:
            return None
        return tuple(messages for path in paths if (messages := self._opened(path)))

    def _opened(self, path: Path) -> tuple[bytes, ...]:
        try:
            return _messages_in(path, self._key)
        except (StickFailed, WireError):
            return ()


async def take_up(folder: Path, journal: Journal, log: Log) -> None:
    """Let mail that came with the enrollment take effect, once. What does not hold is logged and left to the center."""
    path = folder / boot.FIRST_MAIL_FILE
    try:
        messages: tuple[bytes, ...] = cbor.whole(
            _MESSAGES.read, path.read_bytes(), where="first mail", bytes_max=FILE_BYTES_MAX
        )
        await _let_take_effect(messages, journal)
    except WireError as error:
        log.warning("first mail", error=str(error))
    path.unlink()


async def taken_off(folder: Path, journal: Journal) -> tuple[News, ...]:
    """The first mail out of this till's own answer on a stick, for one that was enrolled by QRs and whose chain has none yet.

    Raises: StickFailed, JournalFull.
    """
    if journal.mail_head.number:
        return ()
    device, key = journal.identity.device, journal.identity.key
    files = await asyncio.to_thread(stick.listed, folder, Way.ENROLLMENT, device=device)
    news = []
    for _, path in files:
        try:
            messages = await asyncio.to_thread(_messages_in, path, key)
            items = await _let_take_effect(messages[1:], journal)
        except (StickFailed, WireError) as error:
            news.append(News(path.name, Fate.REFUSED, f"is refused: {error}"))
        else:
            words = f"{len(items)} items of first mail took effect"
            news.append(News(path.name, Fate.TAKEN if items else Fate.OLD, words, items))
    return tuple(news)


def _messages_in(path: Path, key: OpeningKey) -> tuple[bytes, ...]:
    """The answer and the mail of one file. Raises: StickFailed, WireError."""
    return carried.open_file(stick.read(path), key, way=Way.ENROLLMENT)[1]


async def _let_take_effect(messages: Sequence[bytes], journal: Journal) -> tuple[mail.Mail, ...]:
    """The items, where the chain had no mail yet; else nothing happens. Raises: WireError, JournalFull; then nothing has."""
    async with journal.turn:
        if not messages or journal.mail_head.number:
            return ()
        items = _reopened(messages, journal)
        await journal.apply_mail(items)
        return items


def _reopened(messages: Sequence[bytes], journal: Journal) -> tuple[mail.Mail, ...]:
    identity, head, items = journal.identity, journal.mail_head, []
    for message in messages:
        item = mail.reopen(message, head, identity.trusted, device=identity.device)
        head = item.head
        items.append(item)
    return tuple(items)
