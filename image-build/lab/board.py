"""A Raspberry Pi 3 as QEMU has one, with a card in its slot: Debian's own drivers for card, serial port, USB host and hub.

Nothing of virtio is there, so no agent: what is known of it is what systemd's journal writes to the serial port. A keyboard is
plugged in from the start, for devices that come later, by redirection, lock up QEMU's USB host. Its watchdog starts the machine
anew when it is opened, and not when nobody feeds it, so systemd is told to leave it alone.

Source: QEMU's documentation, "Raspberry Pi boards"; journald.conf(5), ForwardToConsole=; systemd(1), systemd.watchdog_sec=.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.card import CARD_FILE, CardEmulator
from lab.emulator import EMULATOR

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

KEYBOARD_PORT = "1.2"
"""The second socket of the hub in the board's only port."""
_TELLS = "console=ttyAMA0 systemd.journald.forward_to_console=1 systemd.watchdog_sec=off"


class BoardEmulator(CardEmulator):
    """A board with a card and a keyboard in it."""

    def __init__(self, image: Path, folder: Path) -> None:
        super().__init__(image, folder, folder, started_s=0)

    async def __aenter__(self) -> Self:
        self._boot.read_boot_partition(None)
        self._put_card_in()
        await self._start()
        return self

    @property
    def console(self) -> str:
        """What it said on its serial port since it got its power."""
        return (self._folder / "console").read_text("utf-8", "replace")

    def _line(self) -> list[str]:
        return [
            EMULATOR, "-M", "raspi3b", "-display", "none", "-no-reboot", "-serial", "file:console",
            "-kernel", str(self._images.kernel), "-initrd", str(self._images.memory), "-dtb", str(self._boot.board),
            "-append", f"{self._boot.kernel_line} {_TELLS}", "-qmp", "unix:orders,server=on,wait=off",
            "-drive", f"if=sd,file={CARD_FILE}", "-device", "usb-hub,bus=usb-bus.0,port=1",
            "-device", f"usb-kbd,bus=usb-bus.0,port={KEYBOARD_PORT}",
        ]  # fmt: skip
