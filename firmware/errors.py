"""What can go wrong in the appliance besides a decline, which is a value and no error.

FirmwareError
├── ConfigError       the configuration names a key or value that is not right; says which
├── NotEnrolled       there is no identity yet; says how to get one
├── EnrollmentRefused the center's answer does not hold, or the ticket is no good
├── JournalCorrupt    what is stored is not what was signed; names the entry
├── JournalFull       the disk takes no more; nothing was committed
├── StaleDecision     credit changed between the decision and its commit; decide again
├── RolesInUse        another process, the running appliance, keeps the devices' roles
├── RolesNotStored    the disk does not take the devices' roles; they hold until the power goes
└── ClockRefused      a keyed date lies behind what is certain, or too far ahead
"""

from __future__ import annotations


class FirmwareError(Exception):
    """Base of this package's errors."""


class ConfigError(FirmwareError):
    """The configuration is not right."""


class NotEnrolled(FirmwareError):
    """The device has no identity."""


class EnrollmentRefused(FirmwareError):
    """The device could not be enrolled."""


class JournalCorrupt(FirmwareError):
    """A stored byte is not what was signed."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}")
        self.where = where
        self.why = why


class JournalFull(FirmwareError):
    """The disk takes no more."""


class StaleDecision(FirmwareError):
    """The credit that a decision spends is not there any more."""


class RolesInUse(FirmwareError):
    """Another process keeps the devices' roles."""


class RolesNotStored(FirmwareError):
    """The devices' roles could not be written."""


class ClockRefused(FirmwareError):
    """A keyed date cannot be."""
