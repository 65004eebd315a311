"""A slow line in virtual time: an event loop whose clock leaps, and TCP connections that take the time that bytes need.

Both ends run unchanged over it: asyncio's streams and TLS, h11, the client and uvicorn's protocol. Modeled are the rate each
way, half a round trip of delay, a round trip for TCP's handshake, 40 bytes of IP and TCP for each segment, and breaks: after
random numbers of bytes, both ways counted together, the connection is reset on both sides.
"""

from __future__ import annotations

import asyncio
import selectors
from asyncio import sslproto
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from random import Random

SEGMENT_BYTES = 1_360
SEGMENT_OVERHEAD_BYTES = 40
HANDSHAKE_BYTES = 120
"""SYN, SYN-ACK and ACK."""


class Line:
    """What the connections share: rate, delay, and when the next break comes."""

    def __init__(
        self, *, bits_per_s: int, round_trip_s: float, break_bytes: int | None, chance: Random
    ) -> None:
        """`break_bytes` is the mean number of bytes between two breaks; None for a line that never breaks."""
        self.bytes_per_s = bits_per_s / 8
        self.delay_s = round_trip_s / 2
        self._break_bytes = break_bytes
        self._chance = chance
        self._left_bytes = self._next_break()
        self.carried_bytes = 0
        self.breaks = 0

    def carries(self, data_bytes: int) -> bool:
        """Whether so many more bytes go through before the next break."""
        self.carried_bytes += data_bytes
        self._left_bytes -= data_bytes
        if self._left_bytes > 0:
            return True
        self._left_bytes = self._next_break()
        self.breaks += 1
        return False

    def _next_break(self) -> float:
        return float("inf") if self._break_bytes is None else self._chance.expovariate(1 / self._break_bytes)


class Wire(asyncio.Transport):
    """One end of a connection over the line."""

    _start_tls_compatible = True

    def __init__(self, loop: SlowLoop, line: Line) -> None:
        super().__init__()
        self._loop, self._line = loop, line
        self._free_s = 0.0
        self._protocol: Any = None
        self._is_over = False
        self.other: Wire

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        return cast("asyncio.BaseProtocol", self._protocol)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return {"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)}.get(name, default)

    def is_closing(self) -> bool:
        return self._is_over

    def pause_reading(self) -> None:
        """What is under way is little."""

    def resume_reading(self) -> None:
        """Likewise."""

    def get_write_buffer_size(self) -> int:
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Nobody waits here for the line: the answer shows when all has arrived."""

    def can_write_eof(self) -> bool:
        return False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        rest = bytes(data)
        while rest and not self._is_over:
            segment, rest = rest[:SEGMENT_BYTES], rest[SEGMENT_BYTES:]
            size = len(segment) + SEGMENT_OVERHEAD_BYTES
            self._free_s = max(self._free_s, self._loop.time()) + size / self._line.bytes_per_s
            if self._line.carries(size):
                self._loop.call_at(self._free_s + self._line.delay_s, self.other.arrive, segment)
            else:
                self._loop.call_at(self._free_s, self.break_off)

    def arrive(self, data: bytes) -> None:
        if self._is_over:
            return
        if isinstance(self._protocol, asyncio.BufferedProtocol):
            while data:
                buffer = cast("bytearray", self._protocol.get_buffer(len(data)))
                count = min(len(buffer), len(data))
                buffer[:count] = data[:count]
                self._protocol.buffer_updated(count)
                data = data[count:]
        else:
            self._protocol.data_received(data)

    def break_off(self) -> None:
        """The connection is reset on both sides."""
        for end in (self, self.other):
            end.end(ConnectionResetError("the line broke"))

    def close(self) -> None:
        self.abort()

    def abort(self) -> None:
        if not self._is_over:
            self._loop.call_later(self._line.delay_s, self.other.end, None)
        self.end(None)

    def end(self, error: Exception | None) -> None:
        if not self._is_over:
            self._is_over = True
            self._loop.call_soon(self._protocol.connection_lost, error)


class SlowLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock leaps to the next deadline. Connections go over `line` to `serve`'s protocol."""

    def __init__(self) -> None:
        self._now_s = 0.0
        super().__init__(_Leaping(self))
        self.line: Line
        self.serve: Callable[[], asyncio.BaseProtocol]
        self.server_tls: ssl.SSLContext

    def time(self) -> float:
        return self._now_s

    def leap(self, by_s: float) -> None:
        self._now_s += by_s

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:  # type: ignore[override]  # of fewer words
        """At once: no thread takes virtual time."""
        future = self.create_future()
        future.set_result(func(*args))
        return future

    async def create_connection(
        self, protocol_factory: Any, host: Any = None, port: Any = None, **given: Any
    ) -> Any:
        """A TLS connection over the line, after TCP's handshake."""
        if not self.line.carries(HANDSHAKE_BYTES):
            await asyncio.sleep(self.line.delay_s)
            raise ConnectionResetError("the line broke")
        await asyncio.sleep(2 * self.line.delay_s)
        here, there = Wire(self, self.line), Wire(self, self.line)
        here.other, there.other = there, here
        self._secured(there, self.serve(), self.server_tls, server_side=True, host=None)
        protocol = protocol_factory()
        waiter = self.create_future()
        secured = self._secured(here, protocol, given["ssl"], server_side=False, host=host, waiter=waiter)
        await waiter
        return secured._app_transport, protocol

    def _secured(
        self,
        wire: Wire,
        protocol: Any,
        context: ssl.SSLContext,
        *,
        server_side: bool,
        host: Any,
        waiter: asyncio.Future[None] | None = None,
    ) -> Any:
        waiter = waiter or self.create_future()
        waiter.add_done_callback(lambda done: done.cancelled() or done.exception())
        tls = cast("Any", sslproto.SSLProtocol)(
            self, protocol, context, waiter, server_side=server_side, server_hostname=host
        )
        wire.set_protocol(tls)
        tls.connection_made(wire)
        return tls


class _Leaping(selectors.DefaultSelector):
    """Never waits: the loop's clock leaps instead."""

    def __init__(self, loop: SlowLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> Any:
        assert timeout is not None, "nothing will ever happen"
        self._loop.leap(max(0.0, timeout))
        return super().select(0)
