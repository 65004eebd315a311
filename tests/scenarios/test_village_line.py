"""The fault matrix of the line: whatever happens to an exchange, upwards and downwards, each entry is there once and every
total is equal. The faults of files stand in `test_carried`.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from typing import TYPE_CHECKING

import pytest

from sync.wire.kinds import Verdict
from tests.scenarios.countryside import Countryside, all_is_equal, earned_rial
from tests.scenarios.village_line import TIMEOUT_MS, Trip, go

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from firmware.journal.journal import Journal
    from tests.scenarios.village_line import Passing

SOLD = 1_000_000
YEAR_S = 366 * 86_400


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A country with one till that has said hello."""
    folder = tmp_path_factory.mktemp("country")
    made = Countryside.founded(folder)
    made.till().visit_by_line()
    made.close()
    return folder


@pytest.fixture(scope="module")
def allotted(founded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same till with allowances."""
    folder = tmp_path_factory.mktemp("allotted") / "country"
    shutil.copytree(founded, folder)
    made = Countryside(folder, tills=1)
    made.lab.order("allot")
    made.tills[0].visit_by_line()
    made.close()
    return folder


@pytest.fixture
def country(allotted: Path, tmp_path: Path) -> Iterator[Countryside]:
    """A till with allowances."""
    yield from opened(allotted, tmp_path)


@pytest.fixture
def poor(founded: Path, tmp_path: Path) -> Iterator[Countryside]:
    """A till whose allowances are waiting at the center."""
    for made in opened(founded, tmp_path):
        made.lab.order("allot")
        yield made


def opened(folder: Path, tmp_path: Path) -> Iterator[Countryside]:
    shutil.copytree(folder, tmp_path / "country")
    made = Countryside(tmp_path / "country", tills=1)
    yield made
    made.close()


def reserved_rial(country: Countryside) -> int:
    """What the till may spend."""

    async def left(journal: Journal) -> int:
        accounts = [await journal.account(household) for household in (1, 2, 3, 4)]
        return sum(one.left_rial for account in accounts if account for one in account.allowances)

    return country.tills[0].day(left)


# What may happen to one exchange


async def cut_in_the_request(passing: Passing) -> None:
    half = len(passing.request) // 2
    passing.upstream.writer.write(passing.request[:half])  # type: ignore[attr-defined]  # half a message is no question
    passing.hang_up()


async def cut_before_the_answer(passing: Passing) -> None:
    await passing.ask()
    passing.hang_up()


async def cut_in_the_answer(passing: Passing) -> None:
    answer = await passing.ask()
    await passing.answer(answer[: len(answer) * 2 // 3])
    await asyncio.sleep(0.005)
    passing.hang_up()


async def truncated(passing: Passing) -> None:
    """A proxy that ends the message as if it were whole."""
    head, _, body = (await passing.ask()).partition(b"\r\n\r\n")
    short = body[: len(body) // 2]
    length = b"content-length: %d" % len(body)
    await passing.answer(
        head.lower().replace(length, b"content-length: %d" % len(short)) + b"\r\n\r\n" + short
    )


async def delayed_beyond_patience(passing: Passing) -> None:
    answer = await passing.ask()
    await asyncio.sleep(2.5 * TIMEOUT_MS / 1000)
    await passing.answer(answer)


async def asked_twice(passing: Passing) -> None:
    await passing.ask()
    await passing.answer(await passing.ask())


async def asked_twice_and_the_first_answer_comes(passing: Passing) -> None:
    answer = await passing.ask()
    await passing.ask()
    await passing.answer(answer)


async def answered_twice(passing: Passing) -> None:
    answer = await passing.ask()
    await passing.answer(answer + answer)


def old_request_again() -> Callable[[Passing], Awaitable[None]]:
    """After each exchange the one before it reaches the center once more."""
    old: list[bytes] = []

    async def reorder(passing: Passing) -> None:
        answer = await passing.ask()
        for request in old:
            await passing.ask(request)
        old.append(passing.request)
        await passing.answer(answer)

    return reorder


def old_answer_first() -> Callable[[Passing], Awaitable[None]]:
    """Each question gets the answer to the one before it."""
    old: list[bytes] = []

    async def reorder(passing: Passing) -> None:
        old.append(await passing.ask())
        await passing.answer(old[-2] if len(old) > 1 else old[0])

    return reorder


async def altered_question(passing: Passing) -> None:
    await passing.answer(await passing.ask(flipped(passing.request)))


async def altered_answer(passing: Passing) -> None:
    await passing.answer(flipped(await passing.ask()))


async def captive_portal(passing: Passing) -> None:
    page = b"<html><form action=login>Welcome! 10,000 rial an hour</form></html>"
    await passing.answer(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s" % (len(page), page)
    )


async def redirected(passing: Passing) -> None:
    await passing.answer(b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n")


async def bad_gateway(passing: Passing) -> None:
    await passing.answer(
        b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>"
    )


async def refused_connection(passing: Passing) -> None:
    passing.hang_up()


def flipped(message: bytes) -> bytes:
    """One bit in the middle of the body."""
    head, end, body = message.partition(b"\r\n\r\n")
    at = len(body) // 2
    return head + end + body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]


FAULTS: dict[str, Callable[[], Callable[[Passing], Awaitable[None]]]] = {
    "cut in the request": lambda: cut_in_the_request,
    "cut before the answer": lambda: cut_before_the_answer,
    "cut in the answer": lambda: cut_in_the_answer,
    "truncated": lambda: truncated,
    "delayed": lambda: delayed_beyond_patience,
    "duplicated request": lambda: asked_twice,
    "duplicated request, first answer": lambda: asked_twice_and_the_first_answer_comes,
    "duplicated answer": lambda: answered_twice,
    "reordered requests": old_request_again,
    "reordered answers": old_answer_first,
    "altered question": lambda: altered_question,
    "altered answer": lambda: altered_answer,
    "captive portal": lambda: captive_portal,
    "redirect": lambda: redirected,
    "bad gateway": lambda: bad_gateway,
    "no connection": lambda: refused_connection,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_an_upload_arrives_once_whatever_happens_to_it(country: Countryside, fault: str) -> None:
    till = country.tills[0]
    for household in (1, 2, 3, 4):
        till.sell(household, SOLD)

    member = country.member(1)

    async def sells_on(journal: Journal) -> None:
        """Somebody buys while the upload is under way: neither delayed nor lost."""
        await till.sell_to(journal, member, SOLD)

    go(till, FAULTS[fault](), faults=3, before=sells_on)
    assert earned_rial(country) == 5 * SOLD
    all_is_equal(country, *country.tills)


@pytest.mark.parametrize("fault", FAULTS)
def test_mail_takes_effect_once_whatever_happens_to_it(poor: Countryside, fault: str) -> None:
    go(poor.tills[0], FAULTS[fault](), faults=3)
    report = poor.lab.order("report", html=None).data
    assert reserved_rial(poor) == report["credit"]["reserved_rial"] > 0
    all_is_equal(poor, *poor.tills)


def test_an_undisturbed_line_needs_one_connection_and_few_questions(country: Countryside) -> None:
    till = country.tills[0]
    till.sell(1, SOLD)
    trip = go(till)
    assert trip.connections == 1
    assert trip.visits == 1
    assert trip.questions == 3, (
        "the purchase, that the verdict's mail was applied, signatures that were left out"
    )
    assert country.lab.report()["devices"][0]["unsigned"] == 0
    assert not errors(trip)


def test_a_line_that_is_never_good_for_more_than_a_kilobyte_or_two_brings_all_through(
    country: Countryside,
) -> None:
    till = country.tills[0]
    for _ in range(12):
        till.sell(1, SOLD // 4)

    async def narrow(passing: Passing) -> None:
        if len(passing.request) > 1_700:
            passing.hang_up()
        await passing.answer(await passing.ask())

    go(till, narrow, faults=1 << 30, visits=40)
    assert earned_rial(country) == 12 * (SOLD // 4)
    all_is_equal(country, *country.tills)


# What may happen to the center and to the till


@pytest.mark.parametrize("says_so", [True, False], ids=["a new epoch was ordered", "nobody noticed"])
def test_a_center_restored_from_a_backup_ends_where_it_was(
    country: Countryside, tmp_path: Path, says_so: bool
) -> None:
    till = country.tills[0]
    till.sell(1, SOLD)
    go(till)
    backup = tmp_path / "backup"
    country.save(backup)
    for household in (2, 3):
        till.sell(household, SOLD)
        go(till)
    country.restore(backup)
    if says_so:
        country.lab.order("epoch open", devices=None)
    till.sell(4, SOLD)
    trip = go(till)
    assert earned_rial(country) == 4 * SOLD
    alarms = [news.forgotten for news in trip.news if news.forgotten is not None]
    assert len(alarms) == 1
    assert alarms[0] > 0
    assert errors(trip) == ["center restored"]
    told = [row["text"] for row in country.lab.report()["observations"]]
    assert len([text for text in told if "was this center restored" in text]) == 1
    go(till)
    assert not country.lab.report()["restoration"]["is_open"]
    all_is_equal(country, *country.tills)


@pytest.mark.parametrize("years", [-40, 40])
def test_a_clock_decades_off_is_put_right_and_nothing_is_held(country: Countryside, years: int) -> None:
    till = country.tills[0]
    till.clock.wall_s += years * YEAR_S
    go(till)
    till.sell(1, SOLD)
    go(till)
    assert earned_rial(country) == SOLD
    all_is_equal(country, *country.tills)


@pytest.mark.parametrize(("late_days", "renewed"), [(119, True), (121, False)])
def test_a_till_that_was_away_for_years_is_renewed_within_the_grace(
    country: Countryside, late_days: int, renewed: bool
) -> None:
    till = country.tills[0]
    ended_s = till.identity.credential.until_s
    away_s = ended_s + late_days * 86_400 - country.lab.clock.at_s
    country.lab.clock.at_s += away_s
    till.clock.advance_s(away_s)
    trip = go(till, visits=4)
    if not renewed:
        assert set(errors(trip)) == {"exchange failed"}
        assert any("its grace is over" in line for line in trip.lines)
        country.lab.order("renew", device=till.number)
        go(till)
    assert till.fact("identity").credential.until_s > country.lab.clock.at_s
    all_is_equal(country, *country.tills)


def test_a_till_that_starts_anew_after_each_question_gets_there(country: Countryside) -> None:
    """Its power is cut again and again."""
    till = country.tills[0]
    for household in (1, 2, 3, 4):
        till.sell(household, SOLD)
    for _ in range(4):
        go(till, cut_before_the_answer, faults=1, visits=1)
    go(till)
    assert earned_rial(country) == 4 * SOLD
    all_is_equal(country, *country.tills)


def test_one_poisoned_entry_stops_no_other_over_a_bad_line(country: Countryside) -> None:
    till = country.tills[0]
    till.sell(1, SOLD)
    country.lab.order("revoke-card", card=country.member(2).card.number)
    till.sell(2, SOLD)
    till.sell(3, SOLD)
    go(till, cut_in_the_answer, faults=2)
    verdicts = [Verdict(row["verdict"]) for row in country.lab.sql("SELECT verdict FROM entry")]
    assert earned_rial(country) in (2 * SOLD, 3 * SOLD)
    assert len(verdicts) == till.fact("head").sequence


def errors(trip: Trip) -> list[str]:
    lines = [json.loads(line) for line in trip.lines]
    return [line["event"] for line in lines if line["level"] == "error"]
