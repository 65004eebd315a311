"""HTTP as the device speaks it: a POST on an open connection and its answer, checked for who gives it.

Rules: no redirect is followed, for a signed question belongs to one address; the answer is bounded; what is neither an
answer nor a refusal in the center's way comes from somebody else on the network.
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
    from collections.abc import AsyncIterator

MEDIA_TYPE = b"application/cbor"
REFUSAL_TYPE = b"application/json"
"""A refusal is {"error": word, "detail": text}."""
READ_BYTES = 16 << 10
HEADER_BYTES_MAX = 16 << 10
REFUSAL_CHARACTERS_MAX = 200


async def post(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    *,
    authority: str,
    target: str,
    body: bytes,
    bytes_max: int,
) -> bytes:
    """The answer of `authority` to `body`. Raises: Unreachable, NotTheCenter, Refused, OSError."""
    talk = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEADER_BYTES_MAX)
    writer.write(_question(talk, authority, target, body))
    await writer.drain()
    try:
        return await _answer(talk, reader, bytes_max)
    except h11.RemoteProtocolError as error:
        raise NotTheCenter(f"{authority}: no HTTP ({error})") from None


def _question(talk: h11.Connection, authority: str, target: str, body: bytes) -> bytes:
    headers = [
        ("Host", authority),
        ("Content-Type", MEDIA_TYPE.decode()),
        ("Content-Length", str(len(body))),
        ("Accept", MEDIA_TYPE.decode()),
        ("Connection", "close"),
    ]
    request = h11.Request(method="POST", target=target, headers=headers)
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
