"""What may leave this package when something cannot be done.

    CentralError
    ├── WrongInput     a file, an argument or a request breaks a rule; names where and why
    ├── Unknown        a shop, device, household, tranche or ticket that the center does not have
    ├── Refused        well-formed, but not allowed now, or not to this sender
    ├── ClockBehind    the center's own clock cannot be right
    └── StoreFailed    the database cannot be read or written

Nothing else leaves: no sqlite3.Error, no OSError, no ValueError. A verdict is not an error but a value.
"""

from __future__ import annotations


class CentralError(Exception):
    """Base of this package's errors. `status` is its HTTP status, `code` its stable word."""

    status = 500
    code = "center"


class WrongInput(CentralError):
    """`where` names file and row, key or entry."""

    status = 400
    code = "wrong-input"

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}")
        self.where = where
        self.why = why


class TooLarge(WrongInput):
    """More bytes than a body may have."""

    status = 413
    code = "too-large"


class TooSlow(WrongInput):
    """A body that stopped coming."""

    status = 408
    code = "too-slow"


class Unknown(CentralError):
    """The center does not have what was named."""

    status = 404
    code = "unknown"


class Refused(CentralError):
    """The center does not do this now, or not for this sender."""

    status = 403
    code = "refused"


class Conflict(Refused):
    """What was sent contradicts what the center holds."""

    status = 409
    code = "conflict"


class ClockBehind(CentralError):
    """The center's clock lies behind a time that it has signed."""

    status = 503
    code = "clock-behind"


class StoreFailed(CentralError):
    """The database failed; what was asked has not happened, or its outcome is in the store and not known here."""

    code = "store-failed"
