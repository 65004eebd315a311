"""The errors of this package, and the only ones that leave it for an operating reason.

    DriverError
    ├── PortNotOpened        no such device, not ours to open, or not the kind of device that was asked for
    ├── WriteInterrupted     says how many bytes were taken
    │   ├── DeviceGone       unplugged; reading raises it too
    │   └── PrinterBlocked   takes no more bytes, or says that it holds them back
    │       ├── PaperOut     says so itself
    │       └── CoverOpen    likewise
    ├── SoundFailed          a sound device or card plays nothing
    ├── DeviceKeyError       the device's own keys
    │   ├── KeyFileMissing
    │   ├── KeyFileExists    a key is never overwritten
    │   ├── KeyFileExposed   others than its owner may read it
    │   ├── KeyFileDamaged   truncated, altered, or not a key file
    │   └── PeerKeyRefused   the other side's key cannot make a shared secret
    ├── ProfileError         a printer's profile is not there or not well-formed
    ├── ShapingMissing       Persian cannot be drawn here (`drivers.printer.text_shaping`)
    ├── QrTooLarge           a text does not fit on this paper (`drivers.printer.raster`)
    ├── BarsTooWide          bars do not fit on this paper (`drivers.printer.raster`)
    └── UnknownPrinterBytes  the paper emulator met bytes that are in no command (`drivers.simulated.paper`)

Rules: no OSError, no SerialException, no ValueError of a library crosses the package's edge. A wrong argument is
an assertion.
"""

from __future__ import annotations

from typing import Self


class DriverError(Exception):
    """Base of all errors of this package."""


class PortNotOpened(DriverError):
    """A device's path could not be opened. The message names path and reason."""


class ProfileError(DriverError):
    """A printer's profile is not there, or a file of profiles is wrong. The message names file, profile and key."""


class WriteInterrupted(DriverError):
    """Not all bytes were taken."""

    def __init__(self, what: str, *, sent: int = 0) -> None:
        """Count in `sent` the bytes of the interrupted write, or of the whole slip, that were taken."""
        super().__init__(what)
        self.sent = sent

    def with_sent(self, sent: int) -> Self:
        """Return the same error for a longer write of which `sent` bytes were taken."""
        return type(self)(str(self), sent=sent)

    @property
    def started(self) -> bool:
        """Whether any byte was taken, so that something may be on paper, or come to be."""
        return self.sent > 0


class DeviceGone(WriteInterrupted):
    """The device is unplugged: nothing more comes from this port or goes to it; open a new one."""


class PrinterBlocked(WriteInterrupted):
    """The printer takes no more bytes. The port stays open: it may go on later."""


class SoundFailed(DriverError):
    """A sound did not come, or not to its end."""


class PaperOut(PrinterBlocked):
    """The printer says that it has no paper. What it has taken, it prints when it has."""


class CoverOpen(PrinterBlocked):
    """The printer says that its cover is open."""


class DeviceKeyError(DriverError):
    """Base of all errors about the device's own keys."""


class KeyFileMissing(DeviceKeyError):
    """There is no key file, or it cannot be read."""


class KeyFileExists(DeviceKeyError):
    """A key file is there already. It is never overwritten."""


class KeyFileExposed(DeviceKeyError):
    """Others than the owner may read the key file: its keys must be taken as known to them."""


class KeyFileDamaged(DeviceKeyError):
    """The key file is truncated or altered, or is no key file."""


class PeerKeyRefused(DeviceKeyError):
    """The other side's public key is malformed or of low order."""


class UnknownPrinterBytes(DriverError):
    """Bytes that are in no command. `offset` counts from the first byte ever fed."""

    def __init__(self, what: str, *, offset: int) -> None:
        super().__init__(f"byte {offset}: {what}")
        self.offset = offset
