"""The till's side of a stick while the shop is open: nobody at the counter waits for it."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import TYPE_CHECKING

import pytest

from firmware.courier import Courier, Fate
from sync import stick
from sync.stick import StickFailed
from sync.wire import carried, cose
from sync.wire.carried import Place
from sync.wire.exchange import ANSWER_CONTEXT, VERSION, ExchangeAnswer, ExchangeRequest
from sync.wire.kinds import MailKind, Role, Way
from sync.wire.mail import Revocation
from tests.fakes.selling import buy
from tests.fakes.village_till import CENTER_TIME_S, VillageTill

if TYPE_CHECKING:
    from pathlib import Path

    from firmware.journal.journal import Journal
    from sync.wire.mail import Mail


@pytest.fixture
def shop(tmp_path: Path) -> VillageTill:
    (tmp_path / "stick").mkdir()
    return VillageTill(tmp_path)


def courier_of(journal: Journal) -> Courier:
    return Courier(journal, random_bytes=os.urandom)


def answer(
    shop: VillageTill, journal: Journal, folder: Path, *, held: int, head: bytes, mail: tuple[Mail, ...] = ()
) -> None:
    """The center's answer on the stick."""
    made = ExchangeAnswer(
        version=VERSION, device=1001, nonce=bytes(16), epoch=1, statement=5, held=held, head=head,
        mail=tuple(item.message for item in mail), mail_last=mail[-1].number if mail else journal.mail_head.number,
        now_s=CENTER_TIME_S,
    )  # fmt: skip
    message = cose.sign(made.to_cbor(), shop.center.keys[Role.MAIL], context=ANSWER_CONTEXT)
    place = Place(Way.ANSWER, 1001, 1)
    public = shop.identity.credential.exchange_public
    stick.write(folder, place, carried.seal((message,), place, public, ephemeral=b"\x0a" * 32))


@pytest.mark.parametrize("name", ["listed", "read", "write", "remove"])
def test_a_purchase_goes_through_while_the_stick_is_slow(
    shop: VillageTill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    started, go_on = threading.Event(), threading.Event()

    async def story(journal: Journal) -> None:
        folder = tmp_path / "stick"
        answer(shop, journal, folder, held=1, head=await journal.hash_before(1))
        real = getattr(stick, name)

        def slow(*args: object, **given: object) -> object:
            started.set()
            assert go_on.wait(20)
            return real(*args, **given)

        monkeypatch.setattr(stick, name, slow)
        visit = asyncio.create_task(courier_of(journal).visit(folder))
        assert await asyncio.to_thread(started.wait, 20)
        async with journal.turn:
            bought = await buy(journal, shop.members[0], 1_050_000)
        go_on.set()
        news = await visit
        assert [one.fate for one in news] == [Fate.TAKEN, Fate.WRITTEN]
        assert journal.acknowledged == 1
        assert bought.sequence < journal.head.sequence

    shop.day(story)


def test_an_answer_that_waits_for_the_counter_takes_up_what_came_meanwhile(
    shop: VillageTill, tmp_path: Path
) -> None:
    """Mail that came over the line while the stick was read is not taken twice."""

    async def story(journal: Journal) -> None:
        folder = tmp_path / "stick"
        items = tuple(
            shop.center.send(Revocation(cards=(number,)), MailKind.REVOCATION) for number in (1, 2, 3)
        )
        answer(shop, journal, folder, held=0, head=shop.identity.credential_hash, mail=items)
        async with journal.turn:
            visit = asyncio.create_task(courier_of(journal).take(folder))
            while not visit.done() and not journal.turn._waiters:
                await asyncio.sleep(0.001)
            await journal.apply_mail(items[:2])
        (news,) = await visit
        assert (news.fate, news.mail) == (Fate.TAKEN, items[2:])
        assert journal.mail_head == items[-1].head

    shop.day(story)


def test_what_was_put_on_the_stick_is_the_center_s_alone_to_read(shop: VillageTill, tmp_path: Path) -> None:
    async def story(journal: Journal) -> None:
        folder = tmp_path / "stick"
        await buy(journal, shop.members[0], 1_050_000)
        await courier_of(journal).put(folder)
        ((_, path),) = stick.listed(folder, Way.QUESTION)
        place, messages = carried.open_file(
            stick.read(path), shop.center.keys[Role.ENCRYPTION], way=Way.QUESTION
        )
        assert place == Place(Way.QUESTION, 1001, 1)
        requests = [ExchangeRequest.from_cbor(cose.parse(one, what="request").payload) for one in messages]
        assert [request.base for request in requests] == [0]
        assert journal.identity.key.public not in path.read_bytes()

    shop.day(story)


def test_old_questions_that_are_not_overwritten_are_taken_away(shop: VillageTill, tmp_path: Path) -> None:
    async def story(journal: Journal) -> None:
        folder = tmp_path / "stick"
        for name in ("S1001.Q02", "S1001.Q77", "S1002.Q01", "S1001.A09", "photo.jpg"):
            (folder / name).write_bytes(b"x")
        await courier_of(journal).put(folder)
        assert sorted(path.name for path in folder.iterdir()) == [
            "S1001.A09", "S1001.Q01", "S1002.Q01", "photo.jpg",
        ]  # fmt: skip

    shop.day(story)


def test_a_stick_that_cannot_be_written_gives_its_answer_all_the_same(
    shop: VillageTill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(*_: object) -> None:
        raise StickFailed("S1001.Q01: Read-only file system")

    async def story(journal: Journal) -> None:
        folder = tmp_path / "stick"
        answer(shop, journal, folder, held=1, head=await journal.hash_before(1))
        monkeypatch.setattr(stick, "write", read_only)
        taken, said = await courier_of(journal).visit(folder)
        assert (taken.fate, said.fate, said.is_good) == (Fate.TAKEN, Fate.UNREADABLE, False)
        assert said.words == "nothing was put there for the way back: S1001.Q01: Read-only file system"
        assert journal.acknowledged == 1

    shop.day(story)


def test_a_stick_that_is_gone_is_an_error_with_its_name(shop: VillageTill, tmp_path: Path) -> None:
    async def story(journal: Journal) -> None:
        for deed in (courier_of(journal).take, courier_of(journal).put, courier_of(journal).visit):
            with pytest.raises(StickFailed, match="nowhere"):
                await deed(tmp_path / "nowhere")

    shop.day(story)
