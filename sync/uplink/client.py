"""The device's HTTP: one POST of bytes, one answer of bytes, over a connection of its own.

Rules: http on loopback only, https with a verified certificate elsewhere; no redirect is followed, for a signed
question belongs to one address; the answer is bounded and the whole exchange has one deadline.
Sources: RFC 9110 and 9112 (h11 does the framing), RFC 6585, 6 (status 511 of captive portals). OpenSSL's variable
SSL_CERT_FILE names another set of authorities where a center has its own.
Must not know: what the bytes say.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import h11
from msgspec import Struct

from sync.uplink.errors import BadAddress, NotTheCenter, Refused, TimedOut, Unreachable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

MEDIA_TYPE = b"application/cbor"
REFUSAL_TYPE = b"application/json"
"""A refusal is {"error": word, "detail": text}."""
READ_BYTES = 16 << 10
HEADER_BYTES_MAX = 16 << 10
REFUSAL_CHARACTERS_MAX = 200


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
        try:
            async with asyncio.timeout(self._timeout_ms / 1000):
                return await self._post(path, body, answer_bytes_max)
        except TimeoutError:
            raise TimedOut(f"{self._address.authority}: no answer within {self._timeout_ms} ms") from None
        except ssl.SSLError as error:
            raise NotTheCenter(f"{self._address.authority}: {error.reason or error}") from None
        except OSError as error:
            raise Unreachable(f"{self._address.authority}: {error.strerror or error}") from None
        except h11.RemoteProtocolError as error:
            raise NotTheCenter(f"{self._address.authority}: no HTTP ({error})") from None

    async def _post(self, path: str, body: bytes, bytes_max: int) -> bytes:
        tls = (self._tls or ssl.create_default_context()) if self._address.tls else None
        reader, writer = await asyncio.open_connection(self._address.host, self._address.port, ssl=tls)
        try:
            talk = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEADER_BYTES_MAX)
            writer.write(_question(talk, self._address, path, body))
            await writer.drain()
            return await _answer(talk, reader, bytes_max)
        finally:
            # An answer is either whole by now or worthless: nobody waits for a polite end.
            writer.transport.abort()


def _question(talk: h11.Connection, address: CenterAddress, path: str, body: bytes) -> bytes:
    headers = [
        ("Host", address.authority),
        ("Content-Type", MEDIA_TYPE.decode()),
        ("Content-Length", str(len(body))),
        ("Accept", MEDIA_TYPE.decode()),
        ("Connection", "close"),
    ]
    request = h11.Request(method="POST", target=address.path + path, headers=headers)
    events = (request, h11.Data(data=body), h11.EndOfMessage())
    return b"".join(talk.send(event) or b"" for event in events)


async def _answer(talk: h11.Connection, reader: asyncio.StreamReader, bytes_max: int) -> bytes:
    head: h11.Response | None = None
    body = bytearray()
    async for event in _events(talk, reader):
        if isinstance(event, h11.Response):
            head = event
            _check_source(head)
        elif isinstance(event, h11.Data):
            body += event.data
            if len(body) > bytes_max:
                raise NotTheCenter(f"an answer of more than {bytes_max} bytes")
    assert head is not None, "no message ends before it began"
    if head.status_code != 200:
        raise Refused(head.status_code, _refusal_words(bytes(body)))
    return bytes(body)


async def _events(talk: h11.Connection, reader: asyncio.StreamReader) -> AsyncIterator[h11.Event]:
    """Yield what arrives until the message's end."""
    while True:
        event = talk.next_event()
        if event is h11.NEED_DATA:
            data = await reader.read(READ_BYTES)
            if not data:
                raise Unreachable("the connection broke in the middle of the answer")
            talk.receive_data(data)
            await asyncio.sleep(0)  # much may be there already: nobody else waits for all of it
        elif isinstance(event, h11.EndOfMessage):
            return
        elif isinstance(event, h11.Event):
            yield event
        else:
            raise NotTheCenter("it does not keep to HTTP")


def _check_source(head: h11.Response) -> None:
    """What is neither an answer nor a refusal in the center's way comes from a portal or proxy. Raises: NotTheCenter."""
    media_type = next((value for name, value in head.headers if name == b"content-type"), b"")
    kind = media_type.split(b";")[0].strip().lower()
    if 300 <= head.status_code < 400 or head.status_code == 511:
        raise NotTheCenter(f"status {head.status_code} leads elsewhere")
    if head.status_code == 200 and kind != MEDIA_TYPE:
        raise NotTheCenter(f"an answer of type {kind.decode('ascii', 'replace') or 'unknown'}")
    if head.status_code != 200 and kind != REFUSAL_TYPE:
        raise NotTheCenter(
            f"status {head.status_code} of type {kind.decode('ascii', 'replace') or 'unknown'}"
        )


def _refusal_words(body: bytes) -> str:
    """The refusal's text on one line. Raises: NotTheCenter."""
    try:
        text = str(json.loads(body)["detail"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise NotTheCenter("it refuses, but not in the center's words") from None
    return "".join(c if c.isprintable() else " " for c in text[:REFUSAL_CHARACTERS_MAX])
