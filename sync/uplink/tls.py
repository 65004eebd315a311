"""TLS for the device: the system's authorities, sessions that are resumed, and certificates without a date where the device
does not know the date.

A resumed session saves the certificate chain, half of what a handshake costs on a slow line (RFC 8446, 2.2). A device whose
clock is decades off would take every certificate for expired and never hear the signed time that would mend it: there, host
and signature count, and the date is left to the center's own signature under each answer.
"""

from __future__ import annotations

import ssl
from typing import Any

NO_CHECK_TIME = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME of OpenSSL 1.1.0 and later, which Python has no name for."""


class Resuming(ssl.SSLContext):
    """A client's context that offers the last session again."""

    last_session: ssl.SSLSession | None = None

    def wrap_bio(self, *args: Any, **kwargs: Any) -> ssl.SSLObject:
        """As asyncio calls it, with the session that it cannot name."""
        return super().wrap_bio(*args, **kwargs | {"session": self.last_session})


def client_context(*, authorities: str | None = None) -> Resuming:
    """The system's set of authorities, or those in the file `authorities`; host name and chain are checked."""
    context = Resuming(ssl.PROTOCOL_TLS_CLIENT)
    if authorities is None:
        context.load_default_certs()
    else:
        context.load_verify_locations(authorities)
    return context


def check_dates(context: Resuming, *, dates_count: bool) -> None:
    """Whether certificates must be of this date by the system's clock."""
    flags = int(context.verify_flags)
    context.verify_flags = ssl.VerifyFlags(flags & ~NO_CHECK_TIME if dates_count else flags | NO_CHECK_TIME)
