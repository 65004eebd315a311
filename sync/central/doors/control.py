"""Orders for a center that is being served: one JSON line over a socket in its folder, answered line by line.

    -> {"order": "announce", "arguments": {...}}
    <- {"progress": text} ...  then {"result": {...}} or {"failed": text}

One process has the store; a second `sofreh-central` hands its order to that process. The socket's folder is the
owner's, and so is the right to give orders.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from sync.central.errors import CentralError
from sync.central.result import Result

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from sync.central.center import Center

LINE_BYTES_MAX = 64 << 20


class OrderFailed(CentralError):
    """The serving process refused the order; the text is its reason."""


@asynccontextmanager
async def take_orders(center: Center, path: Path) -> AsyncIterator[None]:
    """Take orders while the block runs."""
    server = await asyncio.start_unix_server(
        partial(_answer, center), sock=_bound(path), limit=LINE_BYTES_MAX
    )
    try:
        async with server:
            yield
    finally:
        _remove(path)


async def give_order(
    path: Path, order: str, arguments: dict[str, Any], say: Callable[[str], None]
) -> Result | None:
    """The result of an order given to the serving process; None when nobody serves. Raises: OrderFailed."""
    try:
        with _short(path) as name:
            reader, writer = await asyncio.open_unix_connection(name, limit=LINE_BYTES_MAX)
    except OSError:
        return None
    try:
        writer.write(json.dumps({"order": order, "arguments": arguments}).encode() + b"\n")
        await writer.drain()
        while line := await reader.readline():
            message = json.loads(line)
            if "progress" in message:
                say(message["progress"])
            elif "failed" in message:
                raise OrderFailed(message["failed"])
            else:
                return Result(**message["result"])
        raise OrderFailed(
            "the serving process ended before it answered; whether the order was carried out is not known"
        )
    finally:
        writer.close()


async def _answer(center: Center, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    loop = asyncio.get_running_loop()

    def send(message: dict[str, Any]) -> None:
        writer.write(json.dumps(message, ensure_ascii=False).encode() + b"\n")

    def progress(text: str) -> None:
        loop.call_soon_threadsafe(send, {"progress": text})

    from sync.central.doors.orders import ORDERS  # noqa: PLC0415 -- whoever only gives orders does not need them

    try:
        try:
            message = json.loads(await reader.readline())
            order, arguments = ORDERS[message["order"]], message["arguments"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            send({"failed": f"the order cannot be read: {error!r}"})
        else:
            await _carry_out(partial(order, center, arguments, progress), send)
        with suppress(ConnectionError):
            await writer.drain()
    finally:
        writer.close()


async def _carry_out(order: Callable[[], Awaitable[Result]], send: Callable[[dict[str, Any]], None]) -> None:
    """Send the result or the reason. A programmer's error is told as one, and then is this process's to log."""
    try:
        result = await order()
    except CentralError as error:
        send({"failed": str(error)})
    except Exception as error:
        send({"failed": f"the center failed at this order: {error!r}"})
        raise
    else:
        await asyncio.sleep(0)
        send({"result": result._asdict()})


def _bound(path: Path) -> socket.socket:
    """A socket at `path`; one that a killed process left behind is replaced, for the caller has the store."""
    _remove(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with _short(path) as name:
        listener.bind(name)
    path.chmod(0o600)
    return listener


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


class _short:  # noqa: N801 -- used like a function
    """A name of at most 107 bytes for a socket, however deep its folder lies: through the folder's descriptor."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> str:
        self._descriptor = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        return f"/proc/self/fd/{self._descriptor}/{self._path.name}"

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)
