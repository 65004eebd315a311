"""The simulated world: a clock that only moves on, a line that can be cut, a village that is made up by rule."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import io
from typing import TYPE_CHECKING

import pytest

from firmware.clock import FileClock
from firmware.simulation.clock_file import SimulatedClock
from firmware.simulation.relay import Relay
from firmware.simulation.village import households_csv
from sync.wire.numbers import is_national_id

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path


def test_the_till_s_clock_shows_what_the_world_s_clock_is_set_to(tmp_path: Path) -> None:
    world = SimulatedClock(tmp_path / "clock", wall_s=1_000_000)
    till = FileClock(tmp_path / "clock", has_chip=True)
    assert (till.chip_s(), till.monotonic_ms()) == (1_000_000, 0)
    world.advance(days=1, hours=2, minutes=3, ms=4)
    passed_ms = ((24 + 2) * 60 + 3) * 60_000 + 4
    assert (till.chip_s(), till.monotonic_ms()) == (1_000_000 + passed_ms // 1000, passed_ms)


def test_setting_the_wall_clock_does_not_move_the_monotonic_one(tmp_path: Path) -> None:
    world = SimulatedClock(tmp_path / "clock", wall_s=1_000_000)
    till = FileClock(tmp_path / "clock", has_chip=True)
    world.advance(ms=500)
    world.set(5)
    assert (till.chip_s(), till.monotonic_ms()) == (5, 500)


def test_a_clock_goes_on_where_it_stood(tmp_path: Path) -> None:
    first = SimulatedClock(tmp_path / "clock", wall_s=1_000_000)
    first.advance(hours=1)
    first.close()
    assert SimulatedClock(tmp_path / "clock", wall_s=7).wall_s == 1_003_600


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(100):
            writer.write(data)
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


def over_the_line(story: Callable[[Relay], Awaitable[None]]) -> None:
    async def run() -> None:
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        async with Relay(server.sockets[0].getsockname()[1]) as relay, asyncio.timeout(5):
            await story(relay)
        server.close()
        await server.wait_closed()
        await asyncio.sleep(0.01)  # the far ends see the cut

    asyncio.run(run())


async def said(relay: Relay, data: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
    writer.write(data)
    writer.write_eof()
    try:
        return await reader.read()
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


def test_a_whole_line_carries_both_ways() -> None:
    async def story(relay: Relay) -> None:
        assert await said(relay, b"question") == b"question"
        assert (relay.bytes_up, relay.bytes_down) == (8, 8)

    over_the_line(story)


def test_a_cut_line_refuses_and_a_mended_one_is_at_the_same_place() -> None:
    async def story(relay: Relay) -> None:
        port = relay.port
        relay.cut()
        with pytest.raises(ConnectionError):
            await said(relay, b"question")
        await relay.restore()
        assert relay.port == port
        assert await said(relay, b"question") == b"question"

    over_the_line(story)


def test_a_cut_drops_what_is_under_way() -> None:
    async def story(relay: Relay) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
        writer.write(b"half")
        assert await reader.readexactly(4) == b"half"
        relay.cut()
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    over_the_line(story)


def test_a_line_to_a_center_that_is_away_is_like_a_cut_one() -> None:
    async def story() -> None:
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        async with Relay(port) as relay, asyncio.timeout(5):
            with contextlib.suppress(ConnectionError):
                assert await said(relay, b"question") == b""

    asyncio.run(story())


def test_a_village_has_all_deciles_and_right_national_ids() -> None:
    rows = list(csv.DictReader(io.StringIO(households_csv(120, shop=7, seed=1))))
    assert len({row["national_id"] for row in rows}) == 120
    assert all(is_national_id(row["national_id"]) for row in rows)
    assert {row["decile"] for row in rows} == {str(decile) for decile in range(1, 11)}
    assert {row["supported"] for row in rows if int(row["decile"]) <= 3} == {"0", "1"}
    assert households_csv(120, shop=7, seed=1) == households_csv(120, shop=7, seed=1)
