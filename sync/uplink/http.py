"""HTTP as the device speaks it: posts over one connection, one after the other, and who gives the answers.

Rules: no redirect is followed, for a signed question belongs to one address; the answer is bounded; what is neither an
answer nor a refusal in the center's way comes from somebody else on the network. A connection is used again only after a
whole answer, with nothing behind it: bytes that nobody asked for would be taken for the next answer.
Sources: RFC 9110 and 9112 (h11 does the framing), RFC 6585, 6 (status 511 of captive portals).
Must not know: addresses, deadlines, what the bytes say.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import h11

from sync.uplink.errors import NotTheCenter, Refused, Unreachable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from ssl import SSLSession

MEDIA_TYPE = b"application/cbor"
REFUSAL_TYPE = b"application/json"
"""A refusal is {"error": word, "detail": text}."""
READ_BYTES = 16 << 10
HEADER_BYTES_MAX = 16 << 10
REFUSAL_CHARACTERS_MAX = 200


class Line:
    """An open connection to `authority`. Owns both streams; one post at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, authority: str) -> None:
        self._reader = reader
        self._writer = writer
        self._authority = authority
        self._talk = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEADER_BYTES_MAX)
        self.answered = False
        """Whether a byte of an answer came since the last question."""

    async def post(self, target: str, body: bytes, *, bytes_max: int, progress: Callable[[], None]) -> bytes:
        """The answer to `body`; `progress` is told when some of it comes. Raises: Unreachable, NotTheCenter, Refused, OSError."""
        self.answered = False
        self._writer.write(self._question(target, body))
        await self._writer.drain()
        try:
            return await self._answer(bytes_max, progress)
        except h11.RemoteProtocolError as error:
            raise NotTheCenter(f"{self._authority}: no HTTP ({error})") from None

    async def is_reusable(self) -> bool:
        """Whether another post may go over it; makes it ready for that."""
        talk = self._talk
        if talk.our_state is not h11.DONE or talk.their_state is not h11.DONE or talk.trailing_data[0]:
            return False
        try:
            async with asyncio.timeout(0):
                # Nobody was asked: whatever comes, an end or bytes, spoils the line.
                await self._reader.read(1)
        except TimeoutError:
            talk.start_next_cycle()
            return True
        except OSError:
            pass
        return False

    def session(self) -> SSLSession | None:
        """The TLS session, to be resumed on the next connection."""
        tls = self._writer.get_extra_info("ssl_object")
        session: SSLSession | None = None if tls is None else tls.session
        return session

    def drop(self) -> None:
        """End it at once: an answer is either whole by now or worthless, so nobody waits for a polite end."""
        if not self._writer.is_closing():  # Debian 12's Python cannot abort what is closed under TLS
            self._writer.transport.abort()

    def _question(self, target: str, body: bytes) -> bytes:
        headers = [
            ("Host", self._authority),
            ("Content-Type", MEDIA_TYPE.decode()),
            ("Content-Length", str(len(body))),
            ("Accept", MEDIA_TYPE.decode()),
        ]
        request = h11.Request(method="POST", target=target, headers=headers)
        events = (request, h11.Data(data=body), h11.EndOfMessage())
        return b"".join(self._talk.send(event) or b"" for event in events)

    async def _answer(self, bytes_max: int, progress: Callable[[], None]) -> bytes:
        head: h11.Response | None = None
        body = bytearray()
        async for event in self._events(progress):
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

    async def _events(self, progress: Callable[[], None]) -> AsyncIterator[h11.Event]:
        """Yield what arrives until the message's end."""
        while True:
            event = self._talk.next_event()
            if event is h11.NEED_DATA:
                data = await self._reader.read(READ_BYTES)
                if not data:
                    raise Unreachable("the connection broke before the end of the answer")
                self.answered = True
                progress()
                self._talk.receive_data(data)
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
