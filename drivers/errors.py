"""The errors of this package, and the only ones that leave it for an operating reason.

    DriverError
    ├── PortNotOpened        no such device, not ours to open, or not the kind of device that was asked for
    ├── DeviceGone           unplugged: says how many bytes it had taken
    ├── PrinterBlocked       takes no more bytes (paper out, cover open, held): says how many it had taken
    ├── DeviceKeyError       the device's own keys
    │   ├── KeyFileMissing
    │   ├── KeyFileExists    a key is never overwritten
    │   ├── KeyFileExposed   others than its owner may read it
    │   ├── KeyFileDamaged   truncated, altered, or not a key file
    │   └── PeerKeyRefused   the other side's key cannot make a shared secret
    ├── ShapingMissing       Persian cannot be drawn here (`drivers.text_shaping`)
    ├── QrTooLarge           a text does not fit on this paper (`drivers.raster`)
    └── UnknownPrinterBytes  the paper emulator met bytes that are in no command (`drivers.simulated.paper`)

Rules: no OSError, no SerialException, no ValueError of a library crosses the package's edge. A wrong argument is
an assertion.
"""

from __future__ import annotations


class DriverError(Exception):
    """Base of all errors of this package."""


class PortNotOpened(DriverError):
    """A device's path could not be opened. The message names path and reason."""


class DeviceGone(DriverError):
    """The device is unplugged: nothing more comes from this port; open a new one."""

    def __init__(self, what: str, *, sent: int = 0) -> None:
        """Count in `sent` the bytes of the interrupted write that had left."""
        super().__init__(what)
        self.sent = sent

    @property
    def started(self) -> bool:
        """Whether any byte had left, so that something may be on paper."""
        return self.sent > 0


class PrinterBlocked(DriverError):
    """The printer takes no more bytes. The port stays open: it may go on later."""

    def __init__(self, what: str, *, sent: int) -> None:
        """Count in `sent` the bytes of the interrupted write that had left."""
        super().__init__(what)
        self.sent = sent

    @property
    def started(self) -> bool:
        """Whether any byte had left, so that something may be on paper."""
        return self.sent > 0


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
