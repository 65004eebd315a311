"""Exchanges that anybody carries: files with devices' questions in, files with the center's answers out, on the same stick.

What is inside is the very request and answer of a line (`sync.central.chains.exchange`), so the same code decides; a file that is
wrong, old, doubled, cut or somebody else's is named and changes nothing. Answers lie beside the questions, sealed to the
key in each device's credential, with all mail that waits. Raises no error about one file: the others go on.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from sync import stick
from sync.central.chains import exchange
from sync.central.errors import Refused, Unknown, WrongInput
from sync.central.mailing.briefing import device_row
from sync.central.result import Result
from sync.stick import StickFailed
from sync.wire import carried, cose
from sync.wire.carried import NUMBER_MAX, Place
from sync.wire.errors import Malformed, OtherReader, WireError
from sync.wire.exchange import ANSWER_BYTES_MAX, ExchangeAnswer, ExchangeRequest
from sync.wire.hpke import KEY_BYTES
from sync.wire.kinds import Way

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

    from sync.central.center import Center
    from sync.central.credit.people import Progress

UNASKED = bytes(16)
"""The nonce of an answer that nobody asked for."""


class News(NamedTuple):
    """What became of one file, for people and for machines."""

    file: str
    fate: str
    words: str


GOOD = frozenset({"taken", "old", "written"})


class _Asker(Struct):
    """One device while its files are read: what the center held of it before, and its last answer."""

    number: int
    held_before: int
    answer: ExchangeAnswer
    mail_number: int
    message: bytes


async def take(center: Center, path: Path, say: Progress) -> Result:
    """Take every question in a folder, or one file, and write the answers beside. Raises: WrongInput; then there was nothing."""
    files, folder = await asyncio.to_thread(_questions, path)
    askers: dict[int, _Asker] = {}
    news: list[News] = []
    for file in files:
        say(f"reading {file.name}")
        news.append(await _take_file(center, file, askers))
    for asker in askers.values():
        news += await _answer_into(center, folder, asker)
    return _result(news)


async def send(center: Center, folder: Path, devices: Sequence[int]) -> Result:
    """Write answers that nobody asked for: the mail that waits for these devices, or for all where it waits.

    Raises: WrongInput, for a folder that there is not, even if nothing waits; Unknown, for a device that there is not;
    Refused, for one that has not been introduced.
    """
    now_s = center.clock.now_s()
    await asyncio.to_thread(_check_folder, folder)
    waiting = await center.run(partial(_waiting, devices=devices))
    news: list[News] = []
    for device, applied in waiting:
        message = await center.run(_state_after(center, device, applied, UNASKED, now_s))
        news += await _answer_into(center, folder, _Asker(device, 0, _opened(message), applied, message))
    return _result(news or [News(str(folder), "old", "no device has mail waiting: nothing to write")])


def _questions(path: Path) -> tuple[list[Path], Path]:
    try:
        if path.is_file():
            return [path], path.parent
        files = [file for _, file in stick.listed(path, Way.QUESTION)]
    except StickFailed as error:
        raise WrongInput("import", str(error)) from None
    if not files:
        raise WrongInput(str(path), "holds no question of a device (S<device>.Q<number>)")
    return files, path


def _check_folder(folder: Path) -> None:
    try:
        stick.listed(folder, Way.ANSWER)
    except StickFailed as error:
        raise WrongInput("export", str(error)) from None


async def _take_file(center: Center, file: Path, askers: dict[int, _Asker]) -> News:
    try:
        data = await asyncio.to_thread(stick.read, file)
        place, messages = carried.open_file(data, center.keys.encryption, way=Way.QUESTION)
    except StickFailed as error:
        return News(file.name, "unreadable", str(error))
    except OtherReader:
        return News(file.name, "foreign", "is sealed to another center's key: not for this center")
    except Malformed as error:
        return News(file.name, "damaged", f"is not whole, or no such file: {error}")
    except WireError as error:
        return News(file.name, "altered", f"cannot be believed: {error}")
    named = "" if carried.place_of(file.name) == place else f" (the file of {place.name})"
    answers = [await _take_request(center, message, askers) for message in messages]
    refused = [why for why in answers if why is not None]
    if refused:
        return News(file.name, "refused", f"device {place.device} says what is refused: {refused[0]}{named}")
    asker = askers.get(place.device)
    if asker is None:
        return News(file.name, "damaged", f"holds no question of device {place.device}{named}")
    return await _told(center, file.name, asker, messages, named)


async def _take_request(center: Center, message: bytes, askers: dict[int, _Asker]) -> str | None:
    """Exchange one request; why not, if it is refused. It counts for the device that signed it, whatever the file says."""
    try:
        request = _asked(message)
        held = await center.run(partial(_held, device=request.device))
        answer = await exchange.exchange(center, message)
    except (WireError, WrongInput, Refused, Unknown) as error:
        return str(error)
    before = askers.get(request.device)
    askers[request.device] = _Asker(
        request.device, held if before is None else before.held_before, _opened(answer), request.mail_number, answer
    )  # fmt: skip
    return None


async def _told(center: Center, name: str, asker: _Asker, messages: Sequence[bytes], named: str) -> News:
    held, before = asker.answer.held, asker.held_before
    asker.held_before = held
    if held == before:
        first = min(_asked(message).base for message in messages)
        if first > held:
            return News(
                name,
                "early",
                f"device {asker.number}: entry {held} must come first; bring its other files{named}",
            )
        return News(name, "old", f"device {asker.number}: nothing new, all of it was here before{named}")
    bad = await center.run(partial(_refused, device=asker.number, first=before))
    quarantined = f", {bad} of them quarantined: see the report" if bad else ""
    return News(
        name, "taken", f"device {asker.number}: entries {before} to {held - 1} taken{quarantined}{named}"
    )


async def _answer_into(center: Center, folder: Path, asker: _Asker) -> list[News]:
    """Write a device's answers, as many files as its mail takes, and take away what an earlier visit left behind them."""
    public = await center.run(partial(_exchange_public, device=asker.number))
    files = mail = 0
    try:
        async for inside in carried.in_files(_pages(center, asker)):
            if files == NUMBER_MAX:
                break
            files += 1
            place = Place(Way.ANSWER, asker.number, files)
            data = carried.seal(inside, place, public, ephemeral=center.chance(KEY_BYTES))
            await asyncio.to_thread(stick.write, folder, place, data)
            mail += sum(len(_opened(one).mail) for one in inside)
        await asyncio.to_thread(stick.remove, folder, Way.ANSWER, device=asker.number, above=files)
    except StickFailed as error:
        words = f"the answer to device {asker.number} could not be written, import again: {error}"
        return [News(str(folder), "unwritten", words)]
    words = f"for device {asker.number}: entries before {asker.answer.held} are acknowledged, {mail} items of mail"
    return [
        News(Place(Way.ANSWER, asker.number, number).name, "written", words) for number in range(1, files + 1)
    ]


async def _pages(center: Center, asker: _Asker) -> AsyncIterator[bytes]:
    """The device's last answer, and further ones for the mail that it did not hold."""
    message, answer, number = asker.message, asker.answer, asker.mail_number
    while True:
        yield message
        number += len(answer.mail)
        if not answer.mail or number >= answer.mail_last:
            return
        step = _state_after(center, asker.number, number, answer.nonce, center.clock.now_s())
        message = await center.run(step)
        answer = _opened(message)


def _state_after(
    center: Center, device: int, mail_number: int, nonce: bytes, now_s: int
) -> Callable[[sqlite3.Connection], bytes]:
    return partial(
        exchange.state, keys=center.keys, device=device, mail_number=mail_number, nonce=nonce, now_s=now_s
    )


def _asked(message: bytes) -> ExchangeRequest:
    """What a request claims, before anybody has verified it. Raises: Malformed."""
    payload = cose.parse(message, what="request", bytes_max=exchange.BODY_BYTES_MAX).payload
    return ExchangeRequest.from_cbor(payload, bytes_max=exchange.BODY_BYTES_MAX)


def _opened(message: bytes) -> ExchangeAnswer:
    """What this center itself signed a moment ago."""
    return ExchangeAnswer.from_cbor(cose.parse(message, what="answer").payload, bytes_max=ANSWER_BYTES_MAX)


def _held(database: sqlite3.Connection, *, device: int) -> int:
    return int(device_row(database, device)["held"])


def _exchange_public(database: sqlite3.Connection, *, device: int) -> bytes:
    return bytes(device_row(database, device)["exchange_public"])


def _refused(database: sqlite3.Connection, *, device: int, first: int) -> int:
    row = database.execute(
        "SELECT COUNT(*) AS n FROM entry WHERE device = ? AND sequence >= ? AND verdict <> 0", (device, first)
    ).fetchone()
    return int(row["n"])


def _waiting(database: sqlite3.Connection, *, devices: Sequence[int]) -> list[tuple[int, int]]:
    """Devices and the last mail that their chains say they have applied. A number that a technician carries has no key yet
    to seal to: she brings its first mail.
    """
    rows = database.execute(
        "SELECT number, applied_mail FROM device WHERE (applied_mail < mail_last OR ?) AND NOT EXISTS"
        " (SELECT 1 FROM mandate WHERE mandate.device = number AND introduction IS NULL) ORDER BY number",
        (bool(devices),),
    ).fetchall()
    known = {row["number"]: row["applied_mail"] for row in rows}
    for device in devices:
        if device_row(database, device)["number"] not in known:
            raise Refused(f"device {device} has not been introduced yet: its technician has its mail")
    return [(device, known[device]) for device in (devices or known)]


def _result(news: list[News]) -> Result:
    return Result(
        {"files": [one._asdict() for one in news]},
        [f"{one.file}: {one.words}" for one in news],
        all(one.fate in GOOD for one in news),
    )
