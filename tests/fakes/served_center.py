"""The answering center behind real HTTP on loopback, for a till in a process of its own."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.fakes.answering_center import AnsweringCenter


@asynccontextmanager
async def served(center: AnsweringCenter) -> AsyncIterator[int]:
    """Serve POST /exchange; the port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            answer = await center.post(
                "/exchange", await reader.readexactly(length), answer_bytes_max=1 << 22
            )
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/cbor\r\n")
            writer.write(b"Content-Length: %d\r\n\r\n" % len(answer) + answer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
