"""What can go wrong between device and center, as the device sees it. All of it is an operating error.

    UplinkError
    ├── BadAddress      the center's address cannot be used; a technician must mend it
    ├── Unreachable     no name, no route, no connection, or it broke midway
    ├── TimedOut        the center took too long
    ├── NotTheCenter    something answered that is not the center: a captive portal, a proxy, another server
    ├── Refused         the center understood and said no; bears its status and words
    └── AnswerRefused   the center's answer does not hold what was asked of it; nothing of it was used
        └── TailLost    it does, and it says that this journal is not what the device once sent

No OSError, ssl.SSLError, h11 or wire error crosses the package's edge.
"""

from __future__ import annotations


class UplinkError(Exception):
    """Base of this package's errors."""


class BadAddress(UplinkError):
    """The address names no center that may be talked to."""


class Unreachable(UplinkError):
    """No connection, or one that broke."""


class TimedOut(UplinkError):
    """No whole answer came in time."""


class NotTheCenter(UplinkError):
    """Somebody else answered."""


class Refused(UplinkError):
    """The center's own refusal."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"the center refuses ({status}): {text}")
        self.status = status
        self.text = text


class AnswerRefused(UplinkError):
    """An answer that does not hold."""


class TailLost(AnswerRefused):
    """The center, by its signature, holds entries of this device before `held` that this journal does not have."""

    def __init__(self, held: int, why: str) -> None:
        super().__init__(why)
        self.held = held
