"""Exchanges with the center that anybody carries: answers are taken off a stick, questions are put on it.

The command uses it while the appliance is stopped, and the running appliance itself; then no purchase waits for the
stick, which is read and written in a thread, and the journal's turn is held only while one answer takes effect.
A file that is wrong, old, doubled, cut or somebody else's is named and changes nothing: only what the center has signed
and this journal can prove is believed (`sync.uplink.courier`). A crash anywhere is mended by the same visit once more.
"""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from sync import stick
from sync.stick import StickFailed
from sync.uplink import courier
from sync.uplink.errors import AnswerRefused, TailLost
from sync.uplink.exchange import Standing
from sync.uplink.ports import Parties
from sync.wire import carried
from sync.wire.carried import NUMBER_MAX, Place
from sync.wire.errors import Malformed, OtherReader, WireError
from sync.wire.hpke import KEY_BYTES
from sync.wire.kinds import Way

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from firmware.journal.journal import Journal
    from sync.uplink.courier import Brought
    from sync.wire.exchange import Span
    from sync.wire.mail import Mail


class Fate(StrEnum):
    """What became of a file."""

    TAKEN = "taken"
    OLD = "old"
    FOREIGN = "foreign"
    DAMAGED = "damaged"
    REFUSED = "refused"
    UNREADABLE = "unreadable"
    WRITTEN = "written"


class News(Struct, frozen=True):
    """One file, what became of it, and a sentence for a technician; `mail` is what took effect."""

    file: str
    fate: Fate
    words: str
    mail: tuple[Mail, ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether nobody need look at it."""
        return self.fate in (Fate.TAKEN, Fate.OLD, Fate.WRITTEN)


class Courier:
    """One device's side of what is carried. One visit at a time."""

    def __init__(self, journal: Journal, *, random_bytes: Callable[[int], bytes]) -> None:
        self._journal = journal
        self._random_bytes = random_bytes
        identity = journal.identity
        self._parties = Parties(identity.device, identity.key, identity.trusted)
        self._mail_from: int | None = None
        """From where on a restored center asks for its mail."""
        self._unsigned: Span | None = None
        """Entries whose own signatures the center lacks."""

    @property
    def device(self) -> int:
        """Whose answers and questions these are."""
        return self._parties.device

    async def take(self, folder: Path) -> tuple[News, ...]:
        """Take the answers to this device off the stick; empty where there are none. Raises: StickFailed, JournalFull."""
        device = self._parties.device
        files = await asyncio.to_thread(stick.listed, folder, Way.ANSWER, device=device)
        return tuple([await self._take_file(path) for _, path in files])

    async def put(self, folder: Path) -> tuple[News, ...]:
        """Put on the stick what the center is not known to hold, in as many files as it takes; nothing from a journal that
        has lost its tail, for it would stand at the center as a fork.

        Raises: StickFailed, NotDelegated; files that were written before are whole.
        """
        identity, end = self._journal.identity, self._journal.head.sequence
        if self._journal.tail_lost:
            words = f"the center holds entries before {self._journal.tail_lost} that this journal has lost: nothing was put there"
            return (News(str(folder), Fate.REFUSED, words),)
        public = identity.trusted.encryption_public(what="export")
        standing = self._standing()
        made = courier.questions(
            self._parties, self._journal, standing,
            random_bytes=self._random_bytes, mail_from=self._mail_from, unsigned=self._unsigned,
        )  # fmt: skip
        files = 0
        async for messages in carried.in_files(made):
            if files == NUMBER_MAX:
                break
            files += 1
            place = Place(Way.QUESTION, identity.device, files)
            ephemeral = self._random_bytes(KEY_BYTES)
            data = await asyncio.to_thread(carried.seal, messages, place, public, ephemeral=ephemeral)
            await asyncio.to_thread(stick.write, folder, place, data)
        await asyncio.to_thread(stick.remove, folder, Way.QUESTION, device=identity.device, above=files)
        unsent = end - min(standing.held, end)
        words = f"questions of device {identity.device} with {unsent} entries, file {{}} of {files}, to take to the center"
        return tuple(
            News(Place(Way.QUESTION, identity.device, number).name, Fate.WRITTEN, words.format(number))
            for number in range(1, files + 1)
        )

    async def visit(self, folder: Path) -> tuple[News, ...]:
        """Both, in this order: what a stick that was put in is for. Raises: StickFailed, JournalFull, NotDelegated."""
        return (*await self.take(folder), *await self.put_back(folder))

    async def put_back(self, folder: Path) -> tuple[News, ...]:
        """The same as `put` after answers were taken: a stick that cannot be written has done its better half.

        Raises: NotDelegated.
        """
        try:
            return await self.put(folder)
        except StickFailed as error:
            words = f"nothing was put there for the way back: {error}"
            return (News(str(folder), Fate.UNREADABLE, words),)

    def _standing(self) -> Standing:
        journal = self._journal
        return Standing(journal.epoch, journal.statement, journal.acknowledged)

    async def _take_file(self, path: Path) -> News:
        name, device = path.name, self._parties.device
        try:
            data = await asyncio.to_thread(stick.read, path)
            key = self._journal.identity.key
            place, messages = await asyncio.to_thread(carried.open_file, data, key, way=Way.ANSWER)
        except StickFailed as error:
            return News(name, Fate.UNREADABLE, str(error))
        except OtherReader:
            return News(
                name, Fate.FOREIGN, f"is sealed to another device's key, not to that of device {device}"
            )
        except Malformed as error:
            return News(name, Fate.DAMAGED, f"is not whole, or no such file: {error}")
        except WireError as error:
            return News(name, Fate.DAMAGED, f"cannot be believed: {error}")
        named = "" if carried.place_of(name) == place else f" (the file of {place.name})"
        brought: list[Brought] = []
        for message in messages:
            try:
                brought.append(await self._take_answer(message))
            except (AnswerRefused, WireError) as error:
                return News(name, Fate.REFUSED, f"is refused: {error}{named}", _mail_in(brought))
        return _told(name, brought, named)

    async def _take_answer(self, message: bytes) -> Brought:
        """Believe an answer and let it take effect. Raises: AnswerRefused, WireError, JournalFull; then it has none."""
        journal = self._journal
        async with journal.turn:
            try:
                brought = await courier.opened(message, self._parties, journal, self._standing())
            except TailLost as error:
                await journal.lose_tail(error.held)
                raise
            answer, standing = brought.answer, brought.answer.standing
            if brought.is_new:
                journal.keeper.carried(answer.now_s)
                await journal.acknowledge(
                    standing.held, now_s=answer.now_s, epoch=standing.epoch, statement=standing.statement,
                    is_carried=True,
                )  # fmt: skip
                self._mail_from, self._unsigned = answer.mail_from, answer.unsigned
            if answer.mail:
                await journal.apply_mail(answer.mail)
        return brought


def _mail_in(brought: list[Brought]) -> tuple[Mail, ...]:
    return tuple(item for one in brought for item in one.answer.mail)


def _told(name: str, brought: list[Brought], named: str) -> News:
    mail, new = _mail_in(brought), [one.answer for one in brought if one.is_new]
    if not new and not mail:
        return News(name, Fate.OLD, f"nothing new: taken before, or overtaken by a later answer{named}")
    words = [f"{len(mail)} items of mail took effect"]
    if new:
        words.insert(0, f"the center holds the entries before {new[-1].standing.held}")
    if any(answer.restored for answer in new):
        words.append("it was restored from a backup, and what it has forgotten goes up again")
    return News(name, Fate.TAKEN, f"{', '.join(words)}{named}", mail)
