"""The guest's one process of ours: starts programs, hands on what they say, and moves files.

Runs inside the guest, with the guest's Python. Orders and reports are JSON objects, one a line, over a virtio port:

| order | report |
| --- | --- |
| `{"start": NAME, "line": [PROGRAM, ...]}` | `{"from": NAME, "says": LINE}` for each line, `{"from": NAME, "ended": CODE}` |
| `{"tell": NAME, "line": TEXT}` | none: a line to its standard input |
| `{"signal": NAME, "number": N}` | none |
| `{"put": PATH, "data": BASE64}` | `{"done": PATH}`: the file is its owner's alone |
| `{"get": PATH}` | `{"done": PATH, "data": BASE64}` |

A PROGRAM "fork:MODULE:FUNCTION" is a function of the checkout, called with the rest of the line in a process forked off here,
where the till's modules are imported already: a guest is slow to start Python.

Rule: standard library only, apart from what is imported for the forks.
"""

from __future__ import annotations

import base64
import functools
import importlib
import json
import os
import selectors
import signal
import subprocess
import sys
import traceback
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

PORTS = Path("/sys/class/virtio-ports")
READ_BYTES = 1 << 16
IMPORTED = (
    "firmware.main", "firmware.command", "lab.till_side",
    # Loaded by the till itself while it starts.
    "PIL.ImageDraw", "PIL.ImageFont", "persiantools.jdatetime", "drivers.printer.text_layout", "serial", "evdev", "segno",
)  # fmt: skip


class Program:
    """A running program: its number, how its end is waited for, what it says, and where to tell it something."""

    def __init__(
        self, name: str, pid: int, wait: Callable[[], int], says: IO[bytes], told: IO[bytes]
    ) -> None:
        self.name = name
        self.pid = pid
        self.wait = wait
        self.says = says
        self.told = told
        self.rest = b""


class Agent:
    """Owns the port and the programs."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._rest = b""
        self._programs: dict[str, Program] = {}
        self._selector = selectors.DefaultSelector()
        self._selector.register(port, selectors.EVENT_READ, self._orders)

    def serve(self) -> None:
        """Take orders for ever."""
        self._report({"ready": True})
        while True:
            for key, _ in self._selector.select():
                key.data()

    def _report(self, report: dict[str, Any]) -> None:
        data = json.dumps(report).encode() + b"\n"
        while data:
            data = data[os.write(self._port, data) :]

    def _orders(self) -> None:
        *lines, self._rest = (self._rest + os.read(self._port, READ_BYTES)).split(b"\n")
        for line in lines:
            try:
                self._obey(json.loads(line))
            except Exception:  # noqa: BLE001 -- told to whoever ordered it
                self._report({"failed": traceback.format_exc()})

    def _obey(self, order: dict[str, Any]) -> None:
        if "start" in order:
            self._start(order["start"], order["line"])
        elif "tell" in order:
            told = self._programs[order["tell"]].told
            told.write(order["line"].encode() + b"\n")
            told.flush()
        elif "signal" in order:
            os.kill(self._programs[order["signal"]].pid, order["number"])
        elif "put" in order:
            path = Path(order["put"])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_bytes(base64.b64decode(order["data"]))
            self._report({"done": order["put"]})
        elif "get" in order:
            data = base64.b64encode(Path(order["get"]).read_bytes()).decode()
            self._report({"done": order["get"], "data": data})

    def _start(self, name: str, line: list[str]) -> None:
        told_end, told = os.pipe()
        says, says_end = os.pipe()
        wait: Callable[[], int]
        if line[0].startswith("fork:"):
            pid = _fork(line, told_end, says_end)
            wait = functools.partial(_wait, pid)
        else:
            # Kept as it is: a forgotten one takes a child's end from whoever waits for it.
            process = subprocess.Popen(line, stdin=told_end, stdout=says_end, stderr=says_end)
            pid, wait = process.pid, process.wait
        os.close(told_end)
        os.close(says_end)
        program = Program(name, pid, wait, os.fdopen(says, "rb", buffering=0), os.fdopen(told, "wb"))
        self._programs[name] = program
        self._selector.register(program.says, selectors.EVENT_READ, lambda: self._hear(program))

    def _hear(self, program: Program) -> None:
        data = program.says.read(READ_BYTES)
        *lines, program.rest = (program.rest + (data or b"")).split(b"\n")
        for line in lines:
            self._report({"from": program.name, "says": line.decode("utf-8", "replace")})
        if not data:
            self._selector.unregister(program.says)
            del self._programs[program.name]
            self._report({"from": program.name, "ended": program.wait()})


def _wait(pid: int) -> int:
    """Wait for a child's end; its exit code, or its signal's number below zero."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _fork(line: list[str], told: int, says: int) -> int:
    """Call a function in a child of our own; its process number."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        for number, descriptor in enumerate((told, says, says)):
            os.dup2(descriptor, number)
        os.closerange(3, 1024)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        _, module, function = line[0].split(":")
        code = getattr(importlib.import_module(module), function)(line[1:]) or 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:  # noqa: BLE001 -- a child never returns into the agent
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _port_named(name: str) -> Path:
    for port in PORTS.iterdir():
        if (port / "name").read_text().strip() == name:
            return Path("/dev") / port.name
    raise FileNotFoundError(name)


def main() -> None:
    """Be the agent; with `light` as argument one that imports nothing for forks, on a card that has its own till."""
    if sys.argv[1:] != ["light"]:
        for module in IMPORTED:
            importlib.import_module(module)
    Agent(os.open(_port_named("agent"), os.O_RDWR)).serve()


if __name__ == "__main__":
    main()
