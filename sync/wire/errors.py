"""What may leave this package when bytes are not what they should be.

    WireError
    ├── Malformed           not the deterministic bytes that the format demands; names where and why
    │   └── UnknownVersion  of a version that this code does not know
    └── NotAuthentic        well-formed, but the signature or the key behind it does not hold
        ├── NotDelegated    the root has let no such key sign this
        ├── Expired         made when its credential had ended
        ├── HashDiffers     lines or private part are not those that were signed
        ├── OtherDevice     signed for another device
        ├── OtherReader     sealed to somebody else's key
        └── OutOfChain      signed, but it does not follow what it should follow

Nothing else leaves: no ValueError of a library, no cryptography exception.
"""

from __future__ import annotations


class WireError(Exception):
    """Base of this package's errors."""


class Malformed(WireError):
    """Bytes break the format. `where` is a dotted path such as ``purchase.legs[2].amount``."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}")
        self.where = where
        self.why = why

    def within(self, outer: str) -> Malformed:
        """The same error as seen by who reads the whole, of which this was the part `outer`."""
        return Malformed(outer + self.where, self.why)


class UnknownVersion(Malformed):
    """A version that this code does not know."""

    def __init__(self, where: str, version: int) -> None:
        super().__init__(f"{where}.version", f"{version} is unknown")


class NotAuthentic(WireError):
    """A signature does not hold, or its key may not sign this."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(f"{what}: {why}")
        self.what = what
        self.why = why


class NotDelegated(NotAuthentic):
    """The root has let no such key sign this."""


class Expired(NotAuthentic):
    """Made when its credential had ended."""


class HashDiffers(NotAuthentic):
    """A part is not the one that was signed."""


class OtherDevice(NotAuthentic):
    """Signed for another device."""


class OtherReader(NotAuthentic):
    """Sealed to somebody else's key."""


class OutOfChain(NotAuthentic):
    """Signed, but it does not follow what it should follow."""
