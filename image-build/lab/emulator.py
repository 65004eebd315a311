"""The machine that the guest runs on: started once, snapshot once, put back for each story.

Rules: the kernel and both file systems are read-only; what the guest writes is in memory or on one small disk, and the snapshot
holds both; USB devices are plugged in after the snapshot only. Runs at low priority: it may not disturb what else is tested.

Source: QEMU's invocation and QMP references (`savevm` and `loadvm` by human-monitor-command).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from debian.archive import KEYRING, PartMissing
from lab.images import make_ext4
from lab.usb_redirection import Cable

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from lab.images import Images
    from lab.usb_redirection import UsbDevice

EMULATOR = "qemu-system-aarch64"
MEMORY_MEBIBYTES = 512
CODE_MEBIBYTES = 16
DATA_MEBIBYTES = 64
ANSWER_WITHIN_S = 120
WORDS_CHARACTERS = 2_000
_SNAPSHOT = "lab"
_KERNEL_LINE = "console=ttyAMA0 quiet audit=0 mitigations=off random.trust_cpu=on panic=-1 consoleblank=0"


class EmulatorFailed(Exception):
    """The emulator refused an order or ended; says why."""


def emulator_missing() -> str | None:
    """What this machine lacks for the lab, and how to have it; None if it lacks nothing."""
    needed = {
        EMULATOR: "qemu-system-arm", "qemu-img": "qemu-utils", "mke2fs": "e2fsprogs", "dpkg-deb": "dpkg", "apt-get": "apt",
    }  # fmt: skip
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    missing = [package for program, package in needed.items() if shutil.which(program, path=path) is None]
    if not KEYRING.exists():
        missing.append("debian-archive-keyring")
    if not missing:
        return None
    return (
        f"the lab needs QEMU and Debian's tools: apt-get install --no-install-recommends {' '.join(missing)}"
    )


class Emulator:
    """One machine. Owns the process, its sockets below `folder`, and what is plugged in."""

    def __init__(self, images: Images, code: Path, folder: Path, *, started_s: int) -> None:
        """`code` is laid at /code of the guest, and its clock chip starts at the Unix time `started_s`.

        `folder` must have a short name: sockets are in it.
        """
        self._started = datetime.fromtimestamp(started_s, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        self._images = images
        self._code = code
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self._orders: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._ordering = asyncio.Lock()
        self._plugged: dict[int, Cable] = {}
        self._used: dict[int, str] = {}
        self._sockets_made = 0

    @property
    def agent_socket(self) -> Path:
        """Where the guest's agent is reached."""
        return self._folder / "agent"

    @property
    def last_words(self) -> str:
        """What the guest said on its console, up to a panic of its kernel."""
        path = self._folder / "console"
        said = path.read_text("utf-8", "replace") if path.exists() else ""
        return said.partition("Kernel panic")[0][-WORDS_CHARACTERS:]

    async def __aenter__(self) -> Self:
        make_ext4(self._folder / "code.ext4", mebibytes=CODE_MEBIBYTES, content=self._code)
        make_ext4(self._folder / "data.ext4", mebibytes=DATA_MEBIBYTES)
        _run("qemu-img", "convert", "-O", "qcow2", "data.ext4", "data.qcow2", folder=self._folder)
        await self._start()
        return self

    async def _start(self) -> None:
        with (self._folder / "emulator.log").open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._line(), cwd=self._folder, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
            )
        await self._open_orders()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.unplug_all()
        if self._orders is not None:
            self._orders[1].close()
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    async def ended(self) -> None:
        """Wait until the machine ends by itself: when it would start anew, it ends."""
        assert self._process is not None, "started"
        await self._process.wait()

    async def save(self) -> None:
        """Remember the guest as it is now. Nothing may be plugged in."""
        await self._monitor(f"savevm {_SNAPSHOT}")

    async def restore(self) -> None:
        """Put the guest back to where it was saved, with nothing plugged in."""
        cables = list(self._plugged.values())
        self.unplug_all()
        for cable in cables:
            await cable.closed.wait()
        # A socket that was used waits, before it takes the next device, for a time on the guest's clock, which goes back now.
        while self._used:
            await self.order("device_del", id=self._used.popitem()[1])
        await self._monitor(f"loadvm {_SNAPSHOT}")

    async def plug_in(self, device: UsbDevice, *, socket: int) -> Cable:
        """Plug a device into USB socket 1 to 4; return when the guest's kernel has configured it."""
        if socket not in self._used:
            self._used[socket] = await self._new_socket(socket)
        cable = Cable(device)
        path = str(self._folder / self._used[socket])
        await asyncio.get_running_loop().create_unix_connection(lambda: cable, path)
        self._plugged[socket] = cable
        async with asyncio.timeout(ANSWER_WITHIN_S):
            await cable.configured.wait()
        return cable

    async def unplug(self, *, socket: int) -> None:
        """Pull out what is in a socket."""
        cable = self._plugged.pop(socket)
        cable.unplug()
        await cable.closed.wait()

    def unplug_all(self) -> None:
        """Pull out everything."""
        while self._plugged:
            self._plugged.popitem()[1].unplug()

    async def _new_socket(self, socket: int) -> str:
        """Give the machine a USB socket that a device can be plugged into; its name."""
        self._sockets_made += 1
        name = f"usb{self._sockets_made}"
        address = {"type": "unix", "data": {"path": name}}
        backend = {"type": "socket", "data": {"addr": address, "server": True, "wait": False}}
        await self.order("chardev-add", id=name, backend=backend)
        await self.order(
            "device_add", driver="usb-redir", id=name, chardev=name, bus="xhci.0", port=str(socket)
        )
        return name

    def _line(self) -> list[str]:
        line = [
            "nice", EMULATOR, "-M", "virt", "-cpu", "cortex-a72", "-smp", "2", "-m", str(MEMORY_MEBIBYTES),
            "-accel", "tcg,thread=multi", "-nodefaults", "-nographic", "-no-reboot", "-serial", "file:console",
            "-kernel", str(self._images.kernel), "-initrd", str(self._images.memory), "-append", _KERNEL_LINE,
            "-rtc", f"base={self._started},clock=vm", "-qmp", "unix:orders,server=on,wait=off",
            "-device", "virtio-serial-pci", "-device", "qemu-xhci,id=xhci",
            "-chardev", "socket,id=agent,path=agent,server=on,wait=off",
            "-device", "virtserialport,chardev=agent,name=agent",
        ]  # fmt: skip
        disks = (
            f"file={self._images.root},format=raw,readonly=on",
            "file=code.ext4,format=raw,readonly=on",
            "file=data.qcow2",
        )
        for number, disk in enumerate(disks):
            line += [
                "-drive",
                f"if=none,id=disk{number},{disk}",
                "-device",
                f"virtio-blk-pci,drive=disk{number}",
            ]
        return line

    async def _open_orders(self) -> None:
        assert self._process is not None, "started"
        path = self._folder / "orders"
        async with asyncio.timeout(ANSWER_WITHIN_S):
            while self._orders is None:
                if self._process.returncode is not None:
                    raise EmulatorFailed((self._folder / "emulator.log").read_text())
                with contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
                    self._orders = await asyncio.open_unix_connection(path)
                await asyncio.sleep(0.05)
            await self._orders[0].readline()
            await self.order("qmp_capabilities")

    async def _monitor(self, line: str) -> None:
        said = await self.order("human-monitor-command", **{"command-line": line})
        if said:
            raise EmulatorFailed(f"{line}: {said}")

    async def order(self, name: str, /, **arguments: Any) -> Any:
        """Give an order of QEMU's own protocol; what it returns. Raises: EmulatorFailed."""
        assert self._orders is not None, "started"
        reader, writer = self._orders
        async with asyncio.timeout(ANSWER_WITHIN_S), self._ordering:
            writer.write(json.dumps({"execute": name, "arguments": arguments}).encode() + b"\n")
            while True:
                answer = json.loads(await reader.readline() or "{}")
                if "return" in answer:
                    return answer["return"]
                if "event" not in answer:
                    raise EmulatorFailed(f"{name}: {answer or 'it ended'}")


def _run(*line: str, folder: Path) -> None:
    done = subprocess.run(line, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PartMissing(f"{' '.join(line)}: {done.stderr.strip()}")
