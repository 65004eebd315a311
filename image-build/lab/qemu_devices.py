"""Devices that QEMU has itself: sticks, keyboards, card readers, network cards; plugged in and pulled at any moment.

Rules: what is pulled is pulled at once, as a hand does it. While a stick is in, nobody else looks into its file.

Source: QEMU's QMP reference (`device_add`, `blockdev-add`, `object-add`, `send-key`, `netdev_add`), its monitor (`hostfwd_add`).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lab.emulator import EmulatorFailed

if TYPE_CHECKING:
    from pathlib import Path

    from lab.emulator import Emulator

PULLED_WITHIN_S = 60
LOOK_EVERY_S = 0.1
HELD_MS = 100
BETWEEN_KEYS_S = 0.3


class QemuDevices:
    """What is plugged into a machine's USB sockets, one device a socket."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._behind: dict[int, str] = {}
        self._made = 0

    async def plug_in(self, driver: str, *, socket: int, **settings: str) -> None:
        """Plug in a device by QEMU's name for it. The guest's kernel may not have seen it yet."""
        await self._emulator.order(
            "device_add", driver=driver, id=_name(socket), bus="xhci.0", port=f"{socket}", **settings
        )

    async def pull(self, *, socket: int) -> None:
        """Pull what `plug_in` plugged in."""
        await self._emulator.order("device_del", id=_name(socket))
        behind = self._behind.pop(socket, None)
        if behind is not None:
            await self._let_go(behind)

    async def plug_in_stick(self, file: Path, *, socket: int, bytes_per_s: int = 0) -> None:
        """Plug in a stick whose bytes are those of `file`; a slow one, if so many bytes a second are given."""
        self._made += 1
        name = f"stick{self._made}"
        disk: dict[str, object] = {"driver": "raw", "file": {"driver": "file", "filename": str(file)}}
        if bytes_per_s:
            limits = {"bps-total": bytes_per_s}
            await self._emulator.order(
                "object-add", **{"qom-type": "throttle-group", "id": f"{name}-pace", "limits": limits}
            )
            disk = {"driver": "throttle", "throttle-group": f"{name}-pace", "file": disk}
        await self._emulator.order("blockdev-add", **{"node-name": name}, **disk)
        await self.plug_in("usb-storage", socket=socket, drive=name)
        self._behind[socket] = name

    async def plug_in_network_card(self, *, socket: int, net: str) -> None:
        """Plug in a network card whose other end gives addresses of `net`, such as 10.0.9.0/24."""
        self._made += 1
        name = f"net{self._made}"
        await self._emulator.order("netdev_add", type="user", id=name, net=net)
        await self.plug_in("usb-net", socket=socket, netdev=name)

    async def press(self, *keys: str) -> None:
        """Press keys of a keyboard together, by QEMU's names for them."""
        pressed = [{"type": "qcode", "data": key} for key in keys]
        await self._emulator.order("send-key", keys=pressed, **{"hold-time": HELD_MS})
        await asyncio.sleep(HELD_MS / 1000 + BETWEEN_KEYS_S)

    async def lead_in(self, *, line: str, port: int, to: int) -> None:
        """Lead a port of this machine to one of the guest's, over its network line."""
        said = await self._emulator.order(
            "human-monitor-command", **{"command-line": f"hostfwd_add {line} tcp:127.0.0.1:{port}-:{to}"}
        )
        if said:
            raise EmulatorFailed(said)

    async def _let_go(self, name: str) -> None:
        """Close a stick's file, as soon as the pulled device has let it go."""
        async with asyncio.timeout(PULLED_WITHIN_S):
            while True:
                try:
                    await self._emulator.order("blockdev-del", **{"node-name": name})
                except EmulatorFailed:
                    await asyncio.sleep(LOOK_EVERY_S)
                    continue
                return


def _name(socket: int) -> str:
    return f"own{socket}"
