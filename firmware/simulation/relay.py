"""The village's line to the center: a TCP relay on loopback that can be cut and mended.

Cut, it refuses new connections and drops those under way, wherever they are; mended, it listens at the same port again.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

HOST = "127.0.0.1"
CHUNK_BYTES = 64 << 10


class Relay:
    """Owns the listener and all connections while entered; whole from the start."""

    def __init__(self, center_port: int, *, port: int = 0) -> None:
        """`port` 0 takes a free one."""
        self.port = port
        self._center_port = center_port
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._cut_in_answer = False
        self.bytes_up = 0
        self.bytes_down = 0

    async def __aenter__(self) -> Self:
        await self.restore()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cut()
        if self._serving:
            await asyncio.wait(self._serving)

    @property
    def url(self) -> str:
        """The center's address as the till knows it."""
        return f"http://{HOST}:{self.port}"

    @property
    def is_cut(self) -> bool:
        """Whether nothing gets through."""
        return self._server is None

    def cut_in_answer(self) -> None:
        """Let the next question through and cut the line in the middle of its answer."""
        self._cut_in_answer = True

    def cut(self) -> None:
        """Nothing gets through any more."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in self._writers:
            writer.transport.abort()

    async def restore(self) -> None:
        """The line is whole."""
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, HOST, self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "the listener gives each connection a task"
        self._serving.add(task)
        try:
            await self._carry(reader, writer)
        finally:
            self._serving.discard(task)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(HOST, self._center_port)
        except OSError:
            writer.transport.abort()
            return
        both = {writer, far_writer}
        self._writers |= both
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(reader, far_writer, up=True))
                group.create_task(self._pump(far_reader, writer, up=False))
        finally:
            self._writers -= both
            for each in both:
                each.close()
                with contextlib.suppress(OSError):
                    await each.wait_closed()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, up: bool) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(CHUNK_BYTES):
                if up:
                    self.bytes_up += len(data)
                else:
                    self.bytes_down += len(data)
                    if self._cut_in_answer:
                        self._cut_in_answer = False
                        writer.write(data[: len(data) // 2])
                        await writer.drain()
                        self.cut()
                        return
                writer.write(data)
                await writer.drain()
            writer.write_eof()
