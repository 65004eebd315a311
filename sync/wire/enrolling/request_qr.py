"""An enrollment's request as one QR: "Q1:" + base45 of the signed message. A phone's camera or any scanner reads it."""

from __future__ import annotations

from sync.wire import base45
from sync.wire.errors import Malformed

PREFIX = "Q1:"
REQUEST_BYTES_MAX = 480
"""Version 17 at level M takes it on 58 mm paper."""


def to_qr(message: bytes) -> str:
    """The text of the QR."""
    assert len(message) <= REQUEST_BYTES_MAX, "a request is short"
    return PREFIX + base45.encode(message)


def from_qr(text: str) -> bytes:
    """The message, still unverified. Raises: Malformed."""
    text = text.strip("\r\n")
    if not text.startswith(PREFIX):
        raise Malformed("request", f"does not begin with {PREFIX}")
    if len(text) > len(PREFIX) + REQUEST_BYTES_MAX * 3 // 2:
        raise Malformed("request", "is too long")
    return base45.decode(text[len(PREFIX) :], where="request")
