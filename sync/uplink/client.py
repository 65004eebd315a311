"""The device's way to its center: one POST of bytes, one answer of bytes, over a connection that is kept for the next one.

Rules: http on loopback only, https with a verified certificate elsewhere. A silence has a deadline, a slow line has not, and
the whole has a bound. `sync.uplink.http` and `sync.uplink.tls` are loaded at the first question: a till sells before it has
asked its center anything.
OpenSSL's variable SSL_CERT_FILE names another set of authorities where a center has its own.
Must not know: what the bytes say.
"""

from __future__ import annotations

import asyncio
import importlib
import ssl
from typing import TYPE_CHECKING

from sync.uplink.errors import BadAddress, NotTheCenter, TimedOut, Unreachable
from sync.wire import center_url
from sync.wire.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Callable

    from sync.uplink.http import Line
    from sync.uplink.tls import Resuming
    from sync.wire.center_url import CenterAddress

SLOWEST_BYTES_PER_S = 400
"""A third of GPRS at its worst: what a body may take on its way beside the deadline for silence."""
EXCHANGE_MS_MAX = 600_000
"""No exchange may wait longer: then a signed time tells too little (`firmware.clock.SIGNED_WITHIN_MS`)."""
STALE_MS = 1_000
"""After so long at rest a line may have been given up by the other side in the very moment of a question."""


def center_address(url: str) -> CenterAddress:
    """Read a center's address. Raises: BadAddress."""
    try:
        return center_url.read(url)
    except Malformed as error:
        raise BadAddress(error.why) from None


class CenterClient:
    """Asks one center, over one connection as long as it holds. Owns that connection; one post at a time."""

    def __init__(
        self,
        address: CenterAddress,
        *,
        timeout_ms: int,
        keep_ms: int = 0,
        authorities: str | None = None,
        dates_count: Callable[[], bool] = lambda: True,
    ) -> None:
        """A connection that was idle for longer than `keep_ms` is not used again; 0 keeps none. `authorities` is a file that
        replaces the system's. `dates_count` says whether the system's clock is good enough to judge certificates by.
        """
        self._address = address
        self._timeout_ms = timeout_ms
        self._keep_ms = keep_ms
        self._authorities = authorities
        self._dates_count = dates_count
        self._tls: Resuming | None = None
        self._line: Line | None = None
        self._idle_since_s = 0.0

    async def post(self, path: str, body: bytes, *, answer_bytes_max: int) -> bytes:
        """Send `body` to `path` of the center, return what it answers. After an error the connection is gone.

        Raises: Unreachable, TimedOut, NotTheCenter, Refused.
        """
        name = self._address.authority
        loop = asyncio.get_running_loop()
        allowed_s = self._timeout_ms / 1000 + len(body) / SLOWEST_BYTES_PER_S
        try:
            async with asyncio.timeout(EXCHANGE_MS_MAX / 1000), asyncio.timeout(allowed_s) as patience:
                # What is loaded and read first is so in a thread, for somebody may stand at the counter.
                await asyncio.to_thread(self._prepare)

                def progress() -> None:
                    """Whoever sends may go on sending."""
                    patience.reschedule(max(patience.when() or 0, loop.time() + self._timeout_ms / 1000))

                return await self._post(path, body, answer_bytes_max, progress)
        except TimeoutError:
            raise TimedOut(f"{name}: no answer within {int(allowed_s * 1000)} ms") from None
        except ssl.SSLError as error:
            self._tls = None  # perhaps the authorities have changed
            raise NotTheCenter(f"{name}: {error.reason or error}") from None
        except OSError as error:
            raise Unreachable(f"{name}: {error.strerror or error}") from None

    def drop(self) -> None:
        """Let the next question go over a new connection: this one's answers cannot be trusted to be its own."""
        if self._line is not None:
            self._line.drop()
            self._line = None

    def _prepare(self) -> None:
        importlib.import_module("sync.uplink.http")
        if self._address.tls and self._tls is None:
            tls = importlib.import_module("sync.uplink.tls")
            self._tls = tls.client_context(authorities=self._authorities)

    async def _post(self, path: str, body: bytes, bytes_max: int, progress: Callable[[], None]) -> bytes:
        kept, idle_ms = await self._kept_line()
        if kept is not None:
            try:
                return await self._ask(kept, path, body, bytes_max, progress)
            except (Unreachable, OSError):
                # The center may have given up the idle line at this moment. Nothing of an answer came: ask on a new one.
                if kept.answered or idle_ms < STALE_MS:
                    raise
        return await self._ask(await self._new_line(), path, body, bytes_max, progress)

    async def _kept_line(self) -> tuple[Line | None, int]:
        """The line of the last post, if it may be used again, and for how long it was idle."""
        line, self._line = self._line, None
        idle_ms = int((asyncio.get_running_loop().time() - self._idle_since_s) * 1000)
        if line is None:
            return None, 0
        if idle_ms <= self._keep_ms and await line.is_reusable():
            return line, idle_ms
        line.drop()
        return None, 0

    async def _new_line(self) -> Line:
        from sync.uplink.http import Line  # noqa: PLC0415 -- loaded by now

        if self._tls is not None:
            from sync.uplink.tls import check_dates  # noqa: PLC0415 -- likewise

            check_dates(self._tls, dates_count=self._dates_count())
        reader, writer = await asyncio.open_connection(self._address.host, self._address.port, ssl=self._tls)
        return Line(reader, writer, self._address.authority)

    async def _ask(
        self, line: Line, path: str, body: bytes, bytes_max: int, progress: Callable[[], None]
    ) -> bytes:
        try:
            answer = await line.post(self._address.path + path, body, bytes_max=bytes_max, progress=progress)
        except BaseException:
            line.drop()
            raise
        if self._tls is not None:
            self._tls.last_session = line.session()
        if self._keep_ms:
            self._line, self._idle_since_s = line, asyncio.get_running_loop().time()
        else:
            line.drop()
        return answer
