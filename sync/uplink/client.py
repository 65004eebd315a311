"""The device's way to its center: one POST of bytes, one answer of bytes, over a connection of its own.

Rules: http on loopback only, https with a verified certificate elsewhere; the whole exchange has one deadline.
`sync.uplink.http` is loaded at the first question: a till sells before it has asked its center anything.
OpenSSL's variable SSL_CERT_FILE names another set of authorities where a center has its own.
Must not know: what the bytes say.
"""

from __future__ import annotations

import asyncio
import importlib
import ipaddress
import ssl
from urllib.parse import urlsplit

from msgspec import Struct

from sync.uplink.errors import BadAddress, NotTheCenter, TimedOut, Unreachable


class CenterAddress(Struct, frozen=True):
    """Where the center is: no user, no query, no fragment."""

    host: str
    port: int
    path: str
    tls: bool

    @property
    def authority(self) -> str:
        """Host and port as the Host header names them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}"


def center_address(url: str) -> CenterAddress:
    """Read a center's address. Raises: BadAddress."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BadAddress(f"{url}: {error}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadAddress(f"{url}: not an http or https address")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise BadAddress(f"{url}: only host, port and path are allowed")
    tls = parts.scheme == "https"
    if not tls and not _is_loopback(parts.hostname):
        raise BadAddress(f"{url}: plain http is for the same machine only; use https")
    return CenterAddress(parts.hostname, port or (443 if tls else 80), parts.path.rstrip("/"), tls)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class CenterClient:
    """Asks one center. Owns no connection between two posts; posts may overlap."""

    def __init__(self, address: CenterAddress, *, timeout_ms: int, tls: ssl.SSLContext | None = None) -> None:
        """`tls` replaces the system's set of authorities."""
        self._address = address
        self._timeout_ms = timeout_ms
        self._tls = tls

    async def post(self, path: str, body: bytes, *, answer_bytes_max: int) -> bytes:
        """Send `body` to `path` of the center, return what it answers.

        Raises: Unreachable, TimedOut, NotTheCenter, Refused.
        """
        # In a thread, for somebody may stand at the counter.
        await asyncio.to_thread(importlib.import_module, "sync.uplink.http")
        try:
            async with asyncio.timeout(self._timeout_ms / 1000):
                return await self._post(path, body, answer_bytes_max)
        except TimeoutError:
            raise TimedOut(f"{self._address.authority}: no answer within {self._timeout_ms} ms") from None
        except ssl.SSLError as error:
            raise NotTheCenter(f"{self._address.authority}: {error.reason or error}") from None
        except OSError as error:
            raise Unreachable(f"{self._address.authority}: {error.strerror or error}") from None

    async def _post(self, path: str, body: bytes, bytes_max: int) -> bytes:
        from sync.uplink import http  # noqa: PLC0415 -- loaded by now

        tls = (self._tls or ssl.create_default_context()) if self._address.tls else None
        reader, writer = await asyncio.open_connection(self._address.host, self._address.port, ssl=tls)
        try:
            return await http.post(
                reader, writer, authority=self._address.authority, target=self._address.path + path, body=body,
                bytes_max=bytes_max,
            )  # fmt: skip
        finally:
            # An answer is either whole by now or worthless: nobody waits for a polite end.
            writer.transport.abort()
