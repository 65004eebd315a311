"""The cable between a USB device written here and the guest's USB controller: the usbredir protocol, the device's side.

The emulator's `usb-redir` device is the other end. Plugging in is connecting to its socket, unplugging is closing it.

| packet | way | what it is here |
| --- | --- | --- |
| hello | both | capabilities; ids are 64 bits wide once both sides can |
| interface_info, ep_info, device_connect | out | what was plugged in |
| set_configuration, get_configuration, set_alt_setting, reset | in | answered without asking the device |
| control_packet | both | asked of the device; it answers bytes or stalls |
| start_interrupt_receiving | in | the guest polls: reports may go out |
| interrupt_packet | out | one report |
| bulk_packet | both | to the device: completed when it takes the bytes; from it: answered when it has some |
| cancel_data_packet | in | the guest gave up waiting |

Source: USB Network Redirection protocol 0.7; USB 2.0, chapter 9.

Must not know: what kind of device it is.
"""

from __future__ import annotations

import asyncio
import struct
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

from lab.usb_descriptors import Setup, Stalled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lab.usb_descriptors import Description

VERSION = b"sofreh lab"
HELLO, CONNECT, DISCONNECT, RESET, INTERFACE_INFO, EP_INFO = 0, 1, 2, 3, 4, 5
SET_CONFIGURATION, GET_CONFIGURATION, CONFIGURATION_STATUS = 6, 7, 8
SET_ALT_SETTING, GET_ALT_SETTING, ALT_SETTING_STATUS = 9, 10, 11
START_INTERRUPT, STOP_INTERRUPT, INTERRUPT_STATUS, CANCEL = 15, 16, 17, 21
CONTROL, BULK, INTERRUPT = 100, 101, 103
SUCCESS, CANCELED, STALLED = 0, 1, 4
FULL_SPEED = 1
# Device version in device_connect, disconnect_ack, packet size in ep_info, 64-bit ids, 32-bit bulk length.
CAPABILITIES = 1 << 1 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6
_IN = 0x80

_NARROW, _WIDE = struct.Struct("<III"), struct.Struct("<IIQ")
_CONTROL = struct.Struct("<BBBBHHH")
_BULK = struct.Struct("<BBHIH")


class UsbDevice(Protocol):
    """What stands at the device's end of the cable."""

    description: Description

    def plugged_in(self, cable: Cable) -> None:
        """The guest's controller has it now; `cable` carries what it says."""

    def pulled_out(self) -> None:
        """The cable is gone."""

    def asked(self, setup: Setup, data: bytes) -> bytes:
        """Answer a request to the control endpoint; b"" for one that only tells. Raises: Stalled."""

    def told(self, endpoint: int, data: bytes) -> bool:
        """Take bulk bytes; False leaves them where they are, until `Cable.ready` is called."""


class Cable(asyncio.Protocol):
    """One plugged-in device. Owns the connection."""

    def __init__(self, device: UsbDevice) -> None:
        self._device = device
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._header = _NARROW
        self._configuration = 0
        self._reading: dict[int, deque[tuple[int, int]]] = {}
        self._unread: dict[int, deque[bytes]] = {}
        self._writing: dict[int, deque[tuple[int, bytes]]] = {}
        self._reports = 0
        self.polled = asyncio.Event()
        """Set once the guest's driver polls for reports."""
        self.configured = asyncio.Event()
        """Set once the guest's kernel has chosen the configuration."""
        self.closed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say hello."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        hello = VERSION.ljust(64, b"\0") + struct.pack("<I", CAPABILITIES)
        transport.write(_NARROW.pack(HELLO, len(hello), 0) + hello)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is plugged in any more."""
        self._device.pulled_out()
        self.closed.set()

    def unplug(self) -> None:
        """Pull the device out."""
        if self._transport is not None and not self._transport.is_closing():
            self._send(DISCONNECT)
            self._transport.close()

    def report(self, endpoint: int, data: bytes) -> None:
        """Send one interrupt report."""
        self._reports += 1
        self._send(INTERRUPT, struct.pack("<BBH", endpoint, SUCCESS, len(data)) + data, self._reports)

    def say(self, endpoint: int, data: bytes) -> None:
        """Send one bulk packet to the guest, as soon as it asks for some."""
        self._unread.setdefault(endpoint, deque()).append(data)
        self._answer_reads(endpoint)

    def ready(self) -> None:
        """Offer the device again what it had left where it was."""
        for endpoint, waiting in self._writing.items():
            while waiting and self._device.told(endpoint, waiting[0][1]):
                number, data = waiting.popleft()
                self._bulk(endpoint, number, length=len(data))

    def data_received(self, data: bytes) -> None:
        """Take packets, however they are cut."""
        self._buffer += data
        while len(self._buffer) >= self._header.size:
            kind, length, number = self._header.unpack_from(self._buffer)
            begin = self._header.size
            if len(self._buffer) < begin + length:
                return
            body = bytes(self._buffer[begin : begin + length])
            del self._buffer[: begin + length]
            self._take(kind, number, body)

    def _take(self, kind: int, number: int, body: bytes) -> None:
        if kind == HELLO:
            self._greeted(body)
        elif kind == CONTROL:
            self._control(number, body)
        elif kind == BULK:
            self._bulk_packet(number, body)
        elif kind == CANCEL:
            self._canceled(number)
        elif kind == RESET:
            self._writing.clear()
            self._reading.clear()
        elif kind in (SET_CONFIGURATION, GET_CONFIGURATION):
            self._configure(kind, number, body)
        elif kind in (SET_ALT_SETTING, GET_ALT_SETTING):
            self._send(ALT_SETTING_STATUS, bytes([SUCCESS, body[0], 0]), number)
        elif kind in (START_INTERRUPT, STOP_INTERRUPT):
            self._send(INTERRUPT_STATUS, bytes([SUCCESS, body[0]]), number)
            self.polled.set()

    def _greeted(self, body: bytes) -> None:
        theirs = struct.unpack_from("<I", body, 64)[0] if len(body) >= 68 else 0
        assert theirs & CAPABILITIES == CAPABILITIES, "the emulator's side is older than 0.7"
        self._header = _WIDE
        about = self._device.description
        self._send(INTERFACE_INFO, about.interface_info())
        self._send(EP_INFO, about.endpoint_info())
        self._send(
            CONNECT, struct.pack("<BBBBHHH", FULL_SPEED, 0, 0, 0, about.vendor, about.product, about.release)
        )
        self._device.plugged_in(self)

    def _configure(self, kind: int, number: int, body: bytes) -> None:
        if kind == SET_CONFIGURATION:
            self._configuration = body[0]
            self._send(INTERFACE_INFO, self._device.description.interface_info())
            self._send(EP_INFO, self._device.description.endpoint_info())
            self.configured.set()
        self._send(CONFIGURATION_STATUS, bytes([SUCCESS, self._configuration]), number)

    def _control(self, number: int, body: bytes) -> None:
        endpoint, request, kind, _, value, index, length = _CONTROL.unpack_from(body)
        setup = Setup(kind=kind, request=request, value=value, about=index, length=length)
        status = SUCCESS
        try:
            standard = self._device.description.answer(setup)
            answer = self._device.asked(setup, body[_CONTROL.size :]) if standard is None else standard
        except Stalled:
            status, answer = STALLED, b""
        answer = answer[:length]
        told = len(answer) if kind & _IN else (length if status == SUCCESS else 0)
        head = _CONTROL.pack(endpoint, request, kind, status, value, index, told)
        self._send(CONTROL, head + answer, number)

    def _bulk_packet(self, number: int, body: bytes) -> None:
        endpoint, _, low, _, high = _BULK.unpack_from(body)
        if endpoint & _IN:
            self._reading.setdefault(endpoint, deque()).append((number, low | high << 16))
            self._answer_reads(endpoint)
        else:
            self._writing.setdefault(endpoint, deque()).append((number, body[_BULK.size :]))
            self.ready()

    def _answer_reads(self, endpoint: int) -> None:
        reading, unread = self._reading.get(endpoint), self._unread.get(endpoint)
        while reading and unread:
            number, most = reading.popleft()
            packet = unread.popleft()
            if len(packet) > most:
                unread.appendleft(packet[most:])
            self._bulk(endpoint, number, data=packet[:most], length=len(packet[:most]))

    def _canceled(self, number: int) -> None:
        queues: tuple[Mapping[int, deque[Any]], ...] = (self._reading, self._writing)
        for waiting in queues:
            for endpoint, packets in waiting.items():
                for packet in [packet for packet in packets if packet[0] == number]:
                    packets.remove(packet)
                    self._bulk(endpoint, number, status=CANCELED)

    def _bulk(
        self, endpoint: int, number: int, *, data: bytes = b"", length: int = 0, status: int = SUCCESS
    ) -> None:
        head = _BULK.pack(endpoint, status, length & 0xFFFF, 0, length >> 16)
        self._send(BULK, head + data, number)

    def _send(self, kind: int, body: bytes = b"", number: int = 0) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(self._header.pack(kind, len(body), number) + body)
