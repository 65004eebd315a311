"""A center that does not know the till is told once who it is; every other refusal stays one."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest

from firmware.enrolling.answer import Taken, judge, keep
from firmware.enrolling.introducing import PATH, Introducing, introducing
from firmware.enrolling.request import REQUEST_FILE, ask
from firmware.roles import open_roles
from sync.uplink.errors import Refused
from sync.wire.enrolling.mandate import open_introduction
from tests.firmware.enrolling.world import NOW_S, answer_for
from tests.vectors import samples

if TYPE_CHECKING:
    from pathlib import Path


class Line:
    """A center that knows the till, or not yet, or never."""

    def __init__(self, status: int | None = None, *, learns: bool = True) -> None:
        self.status, self.learns = status, learns
        self.said: list[tuple[str, bytes]] = []
        self.drops = 0

    async def post(self, path: str, body: bytes, *, answer_bytes_max: int) -> bytes:
        self.said.append((path, body))
        if path == PATH and self.learns:
            self.status = None
        if self.status is not None:
            raise Refused(self.status, "no")
        return b"answer"

    def drop(self) -> None:
        self.drops += 1


def question(line: Line | Introducing) -> bytes:
    return asyncio.run(line.post("/exchange", b"question", answer_bytes_max=10))


def test_a_till_that_is_known_says_nothing_more() -> None:
    line = Line()
    assert question(Introducing(line, b"me")) == b"answer"
    assert [path for path, _ in line.said] == ["/exchange"]


def test_a_till_that_is_not_known_introduces_itself_and_asks_again() -> None:
    line = Line(403)
    assert question(Introducing(line, b"me")) == b"answer"
    assert line.said == [("/exchange", b"question"), (PATH, b"me"), ("/exchange", b"question")]


def test_it_does_so_once() -> None:
    line = Line(403, learns=False)
    carrier = Introducing(line, b"me")
    for _ in range(3):
        with pytest.raises(Refused):
            question(carrier)
    assert [path for path, _ in line.said].count(PATH) == 1


def test_another_refusal_is_none_of_its_business() -> None:
    line = Line(503)
    with pytest.raises(Refused):
        question(Introducing(line, b"me"))
    assert len(line.said) == 1


def test_what_it_says_is_what_it_was_enrolled_with(tmp_path: Path) -> None:
    asked = ask(tmp_path, software="0.1.0", random_bytes=os.urandom)
    taken = judge(answer_for(asked), asked, chip_s=NOW_S)
    assert isinstance(taken, Taken)
    with open_roles(tmp_path, warn=print) as roles:
        keep(tmp_path, taken, roles)
    line = Line(403)
    carrier = introducing(line, tmp_path)
    assert isinstance(carrier, Introducing)
    question(carrier)
    proven = open_introduction(line.said[1][1], samples.TRUSTED)
    assert (proven.credential.device, proven.request) == (samples.DEVICE, asked.request)
    carrier.drop()
    assert line.drops == 1
    (tmp_path / REQUEST_FILE).unlink()
    assert introducing(line, tmp_path) is line


def test_a_till_that_the_center_enrolled_has_nobody_to_introduce(tmp_path: Path) -> None:
    line = Line()
    assert introducing(line, tmp_path) is line
    asked = ask(tmp_path, software="0.1.0", random_bytes=os.urandom)
    taken = judge(answer_for(asked, under_mandate=False), asked, chip_s=NOW_S)
    assert isinstance(taken, Taken)
    with open_roles(tmp_path, warn=print) as roles:
        keep(tmp_path, taken, roles)
    assert introducing(line, tmp_path) is line
