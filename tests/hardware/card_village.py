"""What is around a card in the field, as real processes on this machine: the center, the technician's laptop, a line with TLS."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from firmware.simulation.center_process import CenterProcess
from firmware.simulation.clock_file import SimulatedClock
from firmware.simulation.relay import CHUNK_BYTES, HOST
from firmware.simulation.village import settle_village, village_of
from tests.firmware.enrolling.laptop import Laptop
from tests.firmware.enrolling.test_story import MORNING_S
from tests.sync.uplink.certificates import certificate_files, offered

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator
    from pathlib import Path
    from typing import Self

    from firmware.simulation.village import Villager

FROM_INSIDE = "10.0.2.2"
"""This machine, as the emulated machine's network has it (QEMU's user network)."""
HOUSEHOLDS = 20


class TlsLine:
    """The way from the machine's network to the center, which itself speaks plainly behind it. Owns the listener while entered."""

    def __init__(self, center_port: int, tls: ssl.SSLContext) -> None:
        self._center_port, self._tls = center_port, tls
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """The center's address as the card knows it."""
        assert self._server is not None, "entered"
        return f"https://{FROM_INSIDE}:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, HOST, ssl=self._tls)
        return self

    async def __aexit__(self, *raised: object) -> None:
        assert self._server is not None, "entered"
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(HOST, self._center_port)
        async with asyncio.TaskGroup() as group:
            up = group.create_task(_pump(reader, far_writer))
            await _pump(far_reader, writer)
            up.cancel()


class Village:
    """A center with its households, and the technician's laptop; their clock goes as fast as this machine's."""

    def __init__(self, folder: Path, center: CenterProcess, line: TlsLine, certificate: Path) -> None:
        self.center, self.line = center, line
        self.laptop = Laptop(folder / "laptop", clock=folder / "clock")
        self.certificate = certificate
        """Of the line's end: what a card must trust."""

    async def supported(self) -> list[Villager]:
        """Those who may buy on credit."""
        return [one for one in (await village_of(self.center)).villagers if one.supported]


@contextlib.asynccontextmanager
async def village(folder: Path) -> AsyncIterator[Village]:
    """A center that serves over TLS, and a technician with a mandate."""
    clock = SimulatedClock(folder / "clock", wall_s=MORNING_S)
    center = CenterProcess(folder / "center", clock=clock.path)
    certificate, key = certificate_files(folder, address=FROM_INSIDE)
    await center.found()
    await center.serve()
    await settle_village(center, households=HOUSEHOLDS)
    await center.order("allot")
    line = TlsLine(center.port, offered(certificate, key))
    async with line, asyncio.TaskGroup() as group:
        going = group.create_task(_go(clock))
        try:
            around = Village(folder, center, line, certificate)
            await around.laptop.set_out(center, line.url)
            yield around
        finally:
            going.cancel()
            await center.stop()
    clock.close()


async def _go(clock: SimulatedClock) -> None:
    while True:
        await asyncio.sleep(1)
        clock.advance(ms=1_000)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry until one end has nothing more to say, or is gone."""
    with contextlib.suppress(OSError):
        while data := await reader.read(CHUNK_BYTES):
            writer.write(data)
            await writer.drain()
    writer.close()
