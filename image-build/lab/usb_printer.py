"""A receipt printer at the end of the cable, of the USB printer class: what arrives is drawn by an emulator of the paper.

Rule: paper out is said in the port's status; how much it then still takes is the engine's.

Source: USB Printer Class 1.1, 4.2 (GET_DEVICE_ID, GET_PORT_STATUS, SOFT_RESET); IEEE 1284-2000, 7.6 (device ID).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from lab.usb_descriptors import BULK, Description, Endpoint, Interface, Stalled

if TYPE_CHECKING:
    from lab.printer_engine import PrinterEngine
    from lab.usb_descriptors import Setup
    from lab.usb_redirection import Cable

OUT, IN = 0x01, 0x82
_GET_DEVICE_ID, _GET_PORT_STATUS, _SOFT_RESET = 0, 1, 2
_PAPER_EMPTY, _SELECTED, _NO_ERROR = 0x20, 0x10, 0x08


class UsbPrinter:
    """The plug of a printer."""

    def __init__(
        self, engine: PrinterEngine, *, vendor: int = 0x0416, product: int = 0x5011, name: str = "POS58 Printer", serial: str = ""
    ) -> None:  # fmt: skip
        ends = (Endpoint(OUT, BULK), Endpoint(IN, BULK))
        self.description = Description(
            vendor, product, 0x0100, "Lab", name, serial, (Interface((7, 1, 2), ends),)
        )
        self.engine = engine
        self.times_asked = 0
        self._device_id = f"MFG:Lab;CMD:ESC/POS;MDL:{name};CLS:PRINTER;"

    def plugged_in(self, cable: Cable) -> None:
        """Print what comes over this cable from now on."""
        self.engine.connect(say=lambda data: cable.say(IN, data), ready=cable.ready)

    def pulled_out(self) -> None:
        """What was under way is lost."""
        self.engine.unplug()

    def asked(self, setup: Setup, data: bytes) -> bytes:
        """Answer requests of the printer class."""
        if setup.request == _GET_DEVICE_ID:
            told = self._device_id.encode()
            return struct.pack(">H", 2 + len(told)) + told
        if setup.request == _GET_PORT_STATUS:
            self.times_asked += 1
            return bytes([_SELECTED | (_NO_ERROR if self.engine.has_paper else _PAPER_EMPTY)])
        if setup.request == _SOFT_RESET:
            return b""
        raise Stalled

    def told(self, endpoint: int, data: bytes) -> bool:
        """Print what comes, as long as the printer takes it."""
        return self.engine.take(data)
