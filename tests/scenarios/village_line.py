"""The line between a till and its center: the real client, the real server, and a relay between them that misbehaves.

Everything is on loopback and in one loop. A fault does what it does to the first exchanges that pass, then the line is good.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, cast

import uvicorn
from uvicorn.server import ServerState

from firmware.center_link import AskNow, CenterLink, News
from firmware.log import Level, Log
from firmware.watchdog import CheckIn
from sync.central.doors import web
from sync.uplink.client import CenterClient, center_address
from sync.uplink.correspondence import Correspondence
from sync.uplink.exchange import Standing
from sync.uplink.link import Link, Pace
from sync.uplink.ports import Parties

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from firmware.journal.journal import Journal
    from sync.central.center import Center
    from tests.scenarios.countryside import Till

TIMEOUT_MS = 250
"""What a till waits for silence here: nothing on loopback takes so long by itself."""
VISITS_MAX = 12
PACE = Pace(interval_ms=60_000, retry_ms=1_000, retry_max_ms=30_000, settle_ms=5_000)


class Passing(Protocol):
    """One exchange on its way through the relay."""

    request: bytes
    number: int

    async def ask(self, request: bytes | None = None) -> bytes:
        """What the center answers to the request, or to another one."""

    async def answer(self, data: bytes) -> None:
        """Bytes for the till."""

    def hang_up(self) -> None:
        """Break both lines at once."""


@dataclass
class Relay:
    """Passes whole HTTP messages on; `fault` has its way with the first `faults` of them."""

    center_port: int
    fault: Callable[[Passing], Awaitable[None]] | None
    faults: int = 2
    before: Callable[[], Awaitable[None]] | None = None
    seen: list[bytes] = field(default_factory=list)
    connections: int = 0
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        upstream: _Upstream | None = None
        try:
            while True:
                request = await _message(reader)
                self.seen.append(request)
                if self.before is not None:
                    before, self.before = self.before, None
                    await before()
                upstream = upstream or await _Upstream.connected(self.center_port)
                passing = _Passing(request, len(self.seen), upstream, writer)
                if self.fault is not None and len(self.seen) <= self.faults:
                    await self.fault(passing)
                else:
                    await passing.answer(await passing.ask())
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()
            if upstream is not None:
                upstream.writer.transport.abort()


@dataclass
class _Upstream:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    async def connected(cls, port: int) -> _Upstream:
        return cls(*await asyncio.open_connection("127.0.0.1", port))


@dataclass
class _Passing:
    request: bytes
    number: int
    upstream: _Upstream
    writer: asyncio.StreamWriter

    async def ask(self, request: bytes | None = None) -> bytes:
        self.upstream.writer.write(self.request if request is None else request)
        await self.upstream.writer.drain()
        return await _message(self.upstream.reader)

    async def answer(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    def hang_up(self) -> None:
        self.writer.transport.abort()
        self.upstream.writer.transport.abort()
        raise ConnectionResetError


async def _message(reader: asyncio.StreamReader) -> bytes:
    """One HTTP message with a length."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    return head + await reader.readexactly(length)


@asynccontextmanager
async def served(center: Center) -> AsyncIterator[int]:
    """The center's HTTP on a port of loopback: uvicorn's protocol and our application, without a process around them."""
    config = uvicorn.Config(
        web.application(center), log_level="critical", access_log=False, lifespan="off", timeout_keep_alive=web.KEEP_ALIVE_S
    )  # fmt: skip
    config.load()
    state, protocol = ServerState(), cast("Any", config.http_protocol_class)
    listener = await asyncio.get_running_loop().create_server(
        lambda: protocol(config=config, server_state=state, app_state={}), "127.0.0.1", 0
    )
    try:
        yield listener.sockets[0].getsockname()[1]
    finally:
        listener.close()
        for task in tuple(state.tasks):
            task.cancel()
        for connection in tuple(state.connections):
            connection.shutdown()
        await asyncio.sleep(0)


@asynccontextmanager
async def relayed(relay: Relay) -> AsyncIterator[Relay]:
    """The relay on a port of loopback."""
    lines: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        lines.add(task)
        with suppress(asyncio.CancelledError):
            await relay.serve(reader, writer)
        lines.discard(task)

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    relay.port = listener.sockets[0].getsockname()[1]
    try:
        yield relay
    finally:
        listener.close()
        for line in tuple(lines):
            line.cancel()
        while lines:
            await asyncio.sleep(0)


@dataclass
class Trip:
    """What came of a till's visits to its center."""

    visits: int = 0
    questions: int = 0
    connections: int = 0
    news: list[News] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)


def link_of(till: Till, journal: Journal, client: CenterClient, trip: Trip) -> CenterLink:
    """The till's own task for its center, as `firmware.main` wires it."""

    async def tell(news: News) -> None:
        trip.news.append(news)

    now_ms = till.clock.monotonic_ms
    who = Parties(journal.identity.device, journal.identity.key, journal.identity.trusted)
    correspondence = Correspondence(
        who, journal, client, standing=Standing(journal.epoch, journal.statement, journal.acknowledged),
        asks_first=not journal.acknowledged, monotonic_ms=now_ms, random_bytes=till.country.lab.center.chance,
    )  # fmt: skip
    return CenterLink(
        journal, correspondence, Link(PACE, outage_open=journal.outage_open), AskNow(), tell=tell,
        log=Log(trip.lines.append, level=Level.DEBUG, monotonic_ms=now_ms), check_in=CheckIn("center", now_ms),
        monotonic_ms=now_ms, chance=lambda: 0.5,
    )  # fmt: skip


def go(
    till: Till,
    fault: Callable[[Passing], Awaitable[None]] | None = None,
    *,
    faults: int = 2,
    before: Callable[[Journal], Awaitable[None]] | None = None,
    visits: int = VISITS_MAX,
) -> Trip:
    """Visit the center until nothing is left to exchange, over a line with this fault; `before` happens while the first
    question is under way.
    """
    trip = Trip()
    center = till.country.lab.center

    async def story(journal: Journal) -> None:
        async with served(center) as port, relayed(Relay(port, fault, faults)) as relay:
            if before is not None:
                relay.before = lambda: before(journal)
            address = center_address(f"http://127.0.0.1:{relay.port}")
            client = CenterClient(address, timeout_ms=TIMEOUT_MS, keep_ms=60_000)
            link = link_of(till, journal, client, trip)
            while trip.visits < visits:
                trip.visits += 1
                till.clock.advance_s(10)
                till.country.lab.clock.at_s += 10
                await link.visit()
                if await settled(center, journal):
                    break
            client.drop()
            trip.questions, trip.connections = len(relay.seen), relay.connections

    till.day(story)
    return trip


async def settled(center: Center, journal: Journal) -> bool:
    """Whether both sides hold the same, and the till knows it."""
    row = await center.run(
        lambda database: database.execute(
            "SELECT held, mail_last FROM device WHERE number = ?", (journal.identity.device,)
        ).fetchone()
    )
    return (row["held"], row["mail_last"]) == (journal.head.sequence, journal.mail_head.number) and (
        journal.acknowledged == journal.head.sequence
    )
