"""Serial ports at the end of the cable: an FTDI chip with a printer behind it, and a CDC scanner.

Unlike a pseudo terminal these have modem lines: the chip is told by the driver to heed CTS, and stops sending by itself; what it
sees of DSR and CTS goes to the driver in front of the data.

Source: FTDI's SIO requests as in Linux `drivers/usb/serial/ftdi_sio.h`; USB CDC PSTN 1.2, 6.3; CDC 1.2, 5.2.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.usb_descriptors import BULK, INTERRUPT, Description, Endpoint, Interface, Stalled

if TYPE_CHECKING:
    from lab.printer_engine import PrinterEngine
    from lab.usb_descriptors import Setup
    from lab.usb_redirection import Cable

FTDI = (0x0403, 0x6001)
_OUT, _IN, _NOTES = 0x02, 0x81, 0x83
_RESET, _MODEM, _FLOW, _BAUD, _DATA, _STATUS, _EVENT, _ERROR, _LATENCY, _GET_LATENCY, _EEPROM = (
    0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 0x90,
)  # fmt: skip
_CTS, _DSR, _ALWAYS, _EMPTY = 0x10, 0x20, 0x01, 0x60
FLOW_RTS_CTS = 0x01
_PACKET_BYTES = 62


class FtdiPrinter:
    """A printer with a serial plug behind a USB adapter."""

    def __init__(self, engine: PrinterEngine, *, serial: str = "") -> None:
        ends = (Endpoint(_IN, BULK), Endpoint(_OUT, BULK))
        self.description = Description(
            *FTDI, 0x0600, "FTDI", "FT232R USB UART", serial, (Interface((255, 255, 255), ends),)
        )
        self.cable: Cable | None = None
        self.heeds_cts = False
        self.clear_to_send = True
        self.dtr = self.rts = False
        self.divisor = 0
        self.data_set_ready = True
        self.engine = engine

    def plugged_in(self, cable: Cable) -> None:
        """Answer on this cable from now on."""
        self.cable = cable
        self.engine.connect(say=self._say, ready=cable.ready)
        self._tell_lines()

    def pulled_out(self) -> None:
        """What was under way is lost."""
        self.cable = None
        self.engine.unplug()

    def asked(self, setup: Setup, data: bytes) -> bytes:
        """Answer the chip's own requests."""
        if setup.request == _MODEM:
            if setup.value & 0x0100:
                self.dtr = bool(setup.value & 0x01)
            if setup.value & 0x0200:
                self.rts = bool(setup.value & 0x02)
        elif setup.request == _FLOW:
            self.heeds_cts = bool(setup.about >> 8 & FLOW_RTS_CTS)
        elif setup.request == _BAUD:
            self.divisor = setup.value
        elif setup.request == _STATUS:
            return self._lines
        elif setup.request == _GET_LATENCY:
            return b"\x10"
        elif setup.request == _EEPROM:
            return bytes(2)
        elif setup.request not in (_RESET, _DATA, _EVENT, _ERROR, _LATENCY):
            raise Stalled
        return b""

    def told(self, endpoint: int, data: bytes) -> bool:
        """Send to the printer, unless it holds CTS and the chip heeds that."""
        if self.heeds_cts and not self.clear_to_send:
            return False
        return self.engine.take(data)

    def set_lines(self, *, cts: bool, dsr: bool) -> None:
        """Raise or drop the lines on which the printer says whether it can take more."""
        self.clear_to_send, self.data_set_ready = cts, dsr
        self._tell_lines()
        if self.cable is not None:
            self.cable.ready()

    def _say(self, data: bytes) -> None:
        """Status bytes go to the till with the lines in front of each packet."""
        assert self.cable is not None, "plugged in"
        for at in range(0, len(data), _PACKET_BYTES):
            self.cable.say(_IN, self._lines + data[at : at + _PACKET_BYTES])

    @property
    def _lines(self) -> bytes:
        dsr, cts = _DSR * self.data_set_ready, _CTS * self.clear_to_send
        return bytes([_ALWAYS | dsr | cts, _EMPTY])

    def _tell_lines(self) -> None:
        if self.cable is not None:
            self.cable.say(_IN, self._lines)


class CdcScanner:
    """A scanner in its serial mode."""

    def __init__(self, *, vendor: int = 0x05E0, product: int = 0x1701, serial: str = "") -> None:
        union = bytes.fromhex("05 24 00 10 01  05 24 01 00 01  04 24 02 02  05 24 06 00 01")
        control = Interface((2, 2, 1), (Endpoint(_NOTES, INTERRUPT, 16, 32),), union)
        data = Interface((10, 0, 0), (Endpoint(_IN, BULK), Endpoint(_OUT, BULK)))
        self.description = Description(vendor, product, 0x0100, "Lab", "CDC Scanner", serial, (control, data))
        self.cable: Cable | None = None
        self.line_coding = bytes.fromhex("80 25 00 00 00 00 08")
        self.is_open = False

    def plugged_in(self, cable: Cable) -> None:
        """Answer on this cable from now on."""
        self.cable = cable

    def pulled_out(self) -> None:
        """It reads nothing any more."""
        self.cable = None

    def asked(self, setup: Setup, data: bytes) -> bytes:
        """Answer requests of the communications class."""
        if setup.request == 0x20:
            self.line_coding = data
        elif setup.request == 0x21:
            return self.line_coding
        elif setup.request == 0x22:
            self.is_open = bool(setup.value & 1)
        elif setup.request != 0x23:
            raise Stalled
        return b""

    def told(self, endpoint: int, data: bytes) -> bool:
        """A scanner does not listen."""
        return True

    def scan(self, text: str) -> None:
        """Send a code and its end."""
        self.scan_half(text + "\r\n")

    def scan_half(self, text: str) -> None:
        """Send a code without its end."""
        assert self.cable is not None, "plugged in"
        for at in range(0, len(text), _PACKET_BYTES):
            self.cable.say(_IN, text[at : at + _PACKET_BYTES].encode())
