"""How long a till takes to make a hundred purchases final over a line of 9.6 kbit/s that breaks, against JSON over HTTPS.

Ours is the till's own code against the center's: correspondence, client, TLS, uvicorn's protocol, the check of a batch, the
verdict in the mail. JSON states the same facts with the same signatures in one array, compressed with gzip, in one POST as
an HTTPS client makes it: a connection of its own, no resumed session. Both begin without a connection, retry after the same
waits, and are cut by the same seeds.
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import ssl
import statistics
from random import Random
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
from uvicorn.server import ServerState

from sync.uplink.client import CenterClient, center_address
from sync.uplink.correspondence import Correspondence
from sync.uplink.errors import UplinkError
from sync.uplink.exchange import Standing
from sync.uplink.link import Link, Pace
from sync.uplink.ports import Parties
from sync.wire import mail
from sync.wire.entry import EntryBytes, Head
from sync.wire.kinds import MailKind, Role
from tests.benchmarks.batches import purchases, stated
from tests.benchmarks.slow_link import Line, SlowLoop
from tests.benchmarks.workload import NOW_S, Village
from tests.fakes.answering_center import AnsweringCenter
from tests.sync.uplink.certificates import certificate_files, offered

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from pathlib import Path

    from starlette.requests import Request

    from sync.uplink.correspondence import Told
    from sync.wire.entry import Entry
    from sync.wire.mail import MailHead
    from tests.benchmarks.progress import Tell

BITS_PER_S = 9_600
ROUND_TRIP_S = 1.5
BREAK_BYTES = 16 << 10
"""On the average between two breaks: every 14 seconds of a line that is never idle."""
SEEDS = 40
PACE = Pace(interval_ms=60_000, retry_ms=5_000, retry_max_ms=60_000, settle_ms=5_000)
"""As a till is configured."""
TIMEOUT_MS = 30_000
TRIES_MAX = 500
CBOR, JSON = "application/cbor", "application/json"


class Setting(NamedTuple):
    """What all runs have in common."""

    village: Village
    entries: list[Entry]
    certificate: Path
    key: Path


async def measure(folder: Path, tell: Tell) -> dict[str, float]:
    """Seconds until everything is final, as ratios of sums over all seeds."""
    village = Village(folder)
    setting = Setting(village, await purchases(village), *certificate_files(folder))
    # The loop of virtual time is another one, in a thread of its own.
    return await asyncio.to_thread(_measured, setting, tell)


def _measured(setting: Setting, tell: Tell) -> dict[str, float]:
    seconds: dict[str, list[float]] = {"json": [], "full": [], "lean": []}
    for seed in range(SEEDS):
        tell(f"line {seed + 1} of {SEEDS}")
        for name, run in (("json", _json), ("full", _full), ("lean", _lean)):
            seconds[name].append(_over_line(run, setting, seed))
    mean_s = {name: statistics.fmean(taken) for name, taken in seconds.items()}
    return {
        "final_json_seconds": mean_s["json"],
        "final_seconds_over_json": mean_s["full"] / mean_s["json"],
        "final_lean_seconds_over_json": mean_s["lean"] / mean_s["json"],
    }


def _over_line(
    run: Callable[[SlowLoop, Setting, Random], Coroutine[Any, Any, None]],
    setting: Setting,
    seed: int,
    break_bytes: int | None = BREAK_BYTES,
) -> float:
    loop = SlowLoop()
    loop.line = Line(
        bits_per_s=BITS_PER_S, round_trip_s=ROUND_TRIP_S, break_bytes=break_bytes, chance=Random(seed)
    )
    loop.server_tls = offered(setting.certificate, setting.key)
    try:
        loop.run_until_complete(run(loop, setting, Random(seed)))
        taken_s = loop.time()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(5))
        return taken_s
    finally:
        loop.close()


# Ours


async def _full(loop: SlowLoop, setting: Setting, chance: Random) -> None:
    await _ours(loop, setting, chance, _Full)


async def _lean(loop: SlowLoop, setting: Setting, chance: Random) -> None:
    await _ours(loop, setting, chance, Correspondence)


class _Full(Correspondence):
    """One that takes every line for a good one, and so sends every signature at once."""

    @property
    def _is_good(self) -> bool:
        return True

    @_is_good.setter
    def _is_good(self, _: bool) -> None:
        pass


class _Chain:
    """The journal's last hundred entries; the center holds the others, among which there is no purchase."""

    def __init__(self, setting: Setting) -> None:
        self._entries = setting.entries
        self._first = setting.entries[0].sequence
        self.head = Head(self._first + len(self._entries), self._entries[-1].hash)
        self.mail_head: MailHead = setting.village.mails[-1].head

    async def hash_before(self, sequence: int) -> bytes:
        return self._entries[sequence - self._first].prev if sequence < self.head.sequence else self.head.prev

    async def unsent_entries(self, from_sequence: int, most: int) -> Sequence[EntryBytes]:
        at = from_sequence - self._first
        return [entry.stored for entry in self._entries[max(0, at) : max(0, at + most)]]

    async def mail_messages(self, from_number: int, most: int) -> Sequence[bytes]:
        raise AssertionError("this center forgets nothing")


class _Center(AnsweringCenter):
    """Tells a verdict for what it takes, in the mail."""

    def __init__(self, setting: Setting) -> None:
        village = setting.village
        super().__init__(village.center, village.identity, village.clock)
        first = setting.entries[0]
        before = SimpleNamespace(hash=first.prev, stored=EntryBytes(payload=b"", signature=b""))
        self.entries = [cast("Entry", before)] * first.sequence
        self.mail = list(village.mails)
        self._village = village

    def _take(self, request: Any, key: Any) -> None:
        held = len(self.entries)
        super()._take(request, key)
        if len(self.entries) > held:
            told = mail.Verdicts(first=held, last=len(self.entries) - 1, exceptions=())
            village = self._village
            self.mail.append(
                mail.seal(
                    told, MailKind.VERDICTS, self.mail[-1].head,
                    device=village.identity.device, issued_s=NOW_S, key=village.center.keys[Role.MAIL],
                )
            )  # fmt: skip


async def _ours(
    loop: SlowLoop, setting: Setting, chance: Random, correspondence: type[Correspondence]
) -> None:
    center, village, chain = _Center(setting), setting.village, _Chain(setting)
    loop.serve = _http(_exchange_of(center))
    client = CenterClient(
        center_address("https://localhost/"), timeout_ms=TIMEOUT_MS, keep_ms=90_000, authorities=str(setting.certificate)
    )  # fmt: skip
    identity = village.identity
    talk = correspondence(
        Parties(identity.device, identity.key, identity.trusted), chain, client,
        standing=Standing(1, 0, len(center.entries)), monotonic_ms=lambda: int(loop.time() * 1000),
        random_bytes=chance.randbytes,
    )  # fmt: skip

    async def once() -> bool:
        told: Told = await talk.exchange()
        if told.answer.mail:
            chain.mail_head = told.answer.mail[-1].head
        verdicts = [item.body for item in told.answer.mail if isinstance(item.body, mail.Verdicts)]
        return any(body.last == chain.head.sequence - 1 for body in verdicts)

    await _until_final(once, chance)
    client.drop()


def _exchange_of(center: _Center) -> Callable[[Request], Coroutine[Any, Any, Response]]:
    async def exchange(request: Request) -> Response:
        answer = await center.post("/exchange", await request.body(), answer_bytes_max=1 << 20)
        return Response(answer, media_type=CBOR)

    return exchange


# JSON


async def _json(loop: SlowLoop, setting: Setting, chance: Random) -> None:
    facts = [
        stated(entry) | {"signature": base64.urlsafe_b64encode(entry.stored.signature).decode().rstrip("=")}
        for entry in setting.entries
    ]
    body = gzip.compress(json.dumps(facts, separators=(",", ":")).encode(), mtime=0)

    async def take(request: Request) -> Response:
        count = len(json.loads(gzip.decompress(await request.body())))
        verdicts = json.dumps({"accepted": count}).encode()
        return Response(verdicts, media_type=JSON)

    loop.serve = _http(take)

    async def once() -> bool:
        await _posted(body, setting)
        return True

    await _until_final(once, chance)


async def _posted(body: bytes, setting: Setting) -> None:
    """As an HTTPS client does it, with the few headers that it cannot do without."""
    context = ssl.create_default_context(cafile=setting.certificate)
    head = (
        "POST /exchange HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n"
        f"Content-Length: {len(body)}\r\nAccept: application/json\r\nConnection: close\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection("localhost", 443, ssl=context)
    try:
        writer.write(head.encode() + body)
        if not (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200"):
            raise UplinkError
        if not await reader.read(1):
            raise UplinkError
    except asyncio.IncompleteReadError:
        raise UplinkError from None
    finally:
        writer.transport.abort()


# Both


async def _until_final(once: Callable[[], Coroutine[Any, Any, bool]], chance: Random) -> None:
    """Exchange until everything is final; after a failure wait as a till does."""
    link = Link(PACE, outage_open=False)
    for _ in range(TRIES_MAX):
        try:
            if await once():
                return
            link.failures = 0
        except (UplinkError, OSError):
            link.failed()
            await asyncio.sleep(link.wait_ms(chance.random()) / 1000)
    raise AssertionError("nothing ever gets through")


def _http(
    endpoint: Callable[[Request], Coroutine[Any, Any, Response]],
) -> Callable[[], asyncio.BaseProtocol]:
    """uvicorn's protocol before `endpoint`."""
    application = Starlette(routes=[Route("/exchange", endpoint, methods=["POST"])])
    config = uvicorn.Config(
        application,
        log_level="critical",
        lifespan="off",
        server_header=False,
        http="h11",
        timeout_keep_alive=120,
    )
    config.load()
    state, protocol = ServerState(), config.http_protocol_class
    make: Any = protocol
    return lambda: make(config=config, server_state=state, app_state={})
