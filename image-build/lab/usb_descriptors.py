"""What a USB device says about itself.

Source: USB 2.0, tables 9-2 (setup), 9-8 (device), 9-10 (configuration), 9-12 (interface), 9-13 (endpoint), 9-15 and 9-16 (strings).
"""

from __future__ import annotations

import struct
from typing import NamedTuple

CONTROL, BULK, INTERRUPT, NO_ENDPOINT = 0, 2, 3, 255
_GET_DESCRIPTOR, _GET_STATUS, _CLEAR_FEATURE, _SET_FEATURE = 6, 0, 1, 3
_DEVICE, _CONFIGURATION, _STRING, _INTERFACE, _ENDPOINT = 1, 2, 3, 4, 5
_TO_DEVICE, _FROM_DEVICE, _FROM_INTERFACE = 0x00, 0x80, 0x81
_STANDARD = 0x60
_US_ENGLISH = 0x0409


class Stalled(Exception):
    """The device does not know this request."""


class Setup(NamedTuple):
    """A request to the control endpoint, as in table 9-2."""

    kind: int
    request: int
    value: int
    about: int
    length: int


class Endpoint(NamedTuple):
    """One way for data; `address` has bit 7 set towards the host. `interval_ms` counts for interrupts."""

    address: int
    kind: int
    packet_bytes: int = 64
    interval_ms: int = 0


class Interface(NamedTuple):
    """One function: its class triple, descriptors of its class, and its ways for data."""

    classes: tuple[int, int, int]
    endpoints: tuple[Endpoint, ...]
    of_class: bytes = b""


class Description(NamedTuple):
    """A whole device with one configuration."""

    vendor: int
    product: int
    release: int
    maker: str
    name: str
    serial: str
    interfaces: tuple[Interface, ...]

    def answer(self, setup: Setup) -> bytes | None:
        """The answer to a standard request; None for others. Raises: Stalled."""
        if setup.kind & _STANDARD:
            return None
        if setup.request == _GET_DESCRIPTOR and setup.kind == _FROM_DEVICE:
            return self._descriptor(setup.value >> 8, setup.value & 0xFF)
        if setup.request == _GET_DESCRIPTOR:
            return None
        if setup.request == _GET_STATUS:
            return bytes(2)
        if setup.request in (_CLEAR_FEATURE, _SET_FEATURE):
            return b""
        raise Stalled

    def interface_info(self) -> bytes:
        """The interfaces as the redirection's packet has them."""
        columns = [list(range(len(self.interfaces)))]
        columns += [[interface.classes[part] for interface in self.interfaces] for part in range(3)]
        return struct.pack("<I", len(self.interfaces)) + b"".join(
            bytes(column).ljust(32, b"\0") for column in columns
        )

    def endpoint_info(self) -> bytes:
        """The endpoints as the redirection's packet has them: 16 towards the device, 16 towards the host."""
        kinds, intervals, numbers = bytearray([NO_ENDPOINT] * 32), bytearray(32), bytearray(32)
        kinds[0] = kinds[16] = CONTROL
        sizes = [0] * 32
        sizes[0] = sizes[16] = 64
        for number, interface in enumerate(self.interfaces):
            for endpoint in interface.endpoints:
                place = (endpoint.address & 0x80) >> 3 | endpoint.address & 0x0F
                kinds[place], intervals[place], numbers[place] = endpoint.kind, endpoint.interval_ms, number
                sizes[place] = endpoint.packet_bytes
        return bytes(kinds + intervals + numbers) + struct.pack("<32H", *sizes)

    def _descriptor(self, kind: int, index: int) -> bytes:
        if kind == _DEVICE:
            return struct.pack(
                "<BBHBBBBHHHBBBB", 18, _DEVICE, 0x0200, 0, 0, 0, 64, self.vendor, self.product, self.release,
                1, 2, 3 if self.serial else 0, 1,
            )  # fmt: skip
        if kind == _CONFIGURATION:
            return self._configuration()
        if kind == _STRING:
            return self._string(index)
        raise Stalled

    def _configuration(self) -> bytes:
        parts = b"".join(_interface(number, interface) for number, interface in enumerate(self.interfaces))
        return (
            struct.pack("<BBHBBBBB", 9, _CONFIGURATION, 9 + len(parts), len(self.interfaces), 1, 0, 0x80, 50)
            + parts
        )

    def _string(self, index: int) -> bytes:
        if index == 0:
            return struct.pack("<BBH", 4, _STRING, _US_ENGLISH)
        texts = (self.maker, self.name, self.serial)
        if index > len(texts):
            raise Stalled
        text = texts[index - 1].encode("utf-16-le")
        return bytes([2 + len(text), _STRING]) + text


def _interface(number: int, interface: Interface) -> bytes:
    head = struct.pack(
        "<BBBBBBBBB", 9, _INTERFACE, number, 0, len(interface.endpoints), *interface.classes, 0
    )
    ends = b"".join(
        struct.pack("<BBBBHB", 7, _ENDPOINT, end.address, end.kind, end.packet_bytes, end.interval_ms)
        for end in interface.endpoints
    )
    return head + interface.of_class + ends
