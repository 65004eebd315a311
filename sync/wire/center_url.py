"""A center's address, as every side reads it: the till that goes there, and the center that tells it to.

Rules: http on the same machine only, https elsewhere; a host, perhaps a port and a path, and nothing else, blanks included.
Who hands a till an address that this refuses has enrolled a till that never finds its center.

Source: RFC 3986, 3.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from msgspec import Struct

from sync.wire.errors import Malformed

CENTER_URL_MAX = 200
_WHERE = "address"


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


def read(url: str) -> CenterAddress:
    """Read a center's address. Raises: Malformed."""
    if len(url) > CENTER_URL_MAX:
        raise Malformed(_WHERE, f"is longer than {CENTER_URL_MAX} characters")
    if " " in url or not url.isprintable():
        raise Malformed(_WHERE, f"{url!r}: there is a blank in it")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Malformed(_WHERE, f"{url}: {error}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Malformed(_WHERE, f"{url}: not an http or https address, as https://center.example")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise Malformed(_WHERE, f"{url}: only host, port and path are allowed")
    tls = parts.scheme == "https"
    if not tls and not _is_loopback(parts.hostname):
        raise Malformed(_WHERE, f"{url}: plain http is for the same machine only; use https")
    return CenterAddress(parts.hostname, port or (443 if tls else 80), parts.path.rstrip("/"), tls)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
