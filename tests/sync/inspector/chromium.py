"""A real Chromium without a window, spoken to in its DevTools protocol over two pipes: no port, no driver, no library.

Source: https://chromedevtools.github.io/devtools-protocol; `--remote-debugging-pipe` reads JSON from descriptor 3 and writes to 4,
each message ended by a zero byte. One page at a time; what it asked of any network, and what it complained about, is kept.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import time
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PROGRAMS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING: Final = "needs Chromium: apt-get install chromium"
ANSWER_S: Final = 50
FLAGS: Final = (
    "--headless", "--remote-debugging-pipe", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--disable-extensions", "--hide-scrollbars",
    "--force-color-profile=srgb", "--lang=en", "--mute-audio",
)  # fmt: skip
_READ, _WRITE = 3, 4
_CHUNK_BYTES = 1 << 20


def program() -> str | None:
    """Where the browser is, if it is installed."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


class Chromium:
    """`with Chromium(folder) as browser`. `folder` is empty and takes the browser's profile."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number, self._session, self._pending = 0, "", b""
        self._to = self._from = self._process = -1
        self.requests: list[str] = []
        """The addresses that the page has asked for since it was opened, its own among them; what it holds itself is none."""
        self.complaints: list[str] = []
        """What the page's policy refused, and what its script failed at."""

    def __enter__(self) -> Self:
        path = program()
        assert path is not None, MISSING
        theirs, self._to = _pipe()
        self._from, ours = _pipe()
        flags = (*FLAGS, *(("--no-sandbox",) if os.geteuid() == 0 else ()), f"--user-data-dir={self._folder}")
        quiet = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in (1, 2)]
        pipes = [(os.POSIX_SPAWN_DUP2, theirs, _READ), (os.POSIX_SPAWN_DUP2, ours, _WRITE)]
        self._process = os.posix_spawn(
            path, [path, *flags, "about:blank"], os.environ, file_actions=[*quiet, *pipes]
        )
        os.close(theirs)
        os.close(ours)
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self._call(f"{domain}.enable")
        return self

    def __exit__(self, *_: object) -> None:
        self._session = ""
        with contextlib.suppress(OSError, AssertionError):
            self._call("Browser.close")
        os.close(self._to)
        os.close(self._from)
        self._end()

    def _end(self) -> None:
        for _ in range(100):
            if os.waitpid(self._process, os.WNOHANG)[0]:
                return
            time.sleep(0.05)
        os.kill(self._process, signal.SIGKILL)
        os.waitpid(self._process, 0)

    def open(self, address: str) -> None:
        """Go to `address` and wait until it is loaded."""
        self._call("Page.navigate", url="about:blank")
        self.requests.clear()
        self.complaints.clear()
        assert "errorText" not in self._call("Page.navigate", url=address), address
        self.run(
            "new Promise(done => document.readyState === 'complete' ? done() : addEventListener('load', () => done()))"
        )

    def run(self, expression: str) -> Any:
        """The value of an expression in the page; of a promise what it brings."""
        answer = self._call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def choose(self, selector: str, paths: Sequence[Path]) -> None:
        """Choose files in the file input that `selector` names, as a person does."""
        found = self._call("Runtime.evaluate", expression=f"document.querySelector({json.dumps(selector)})")
        self._call(
            "DOM.setFileInputFiles", files=[str(path) for path in paths], objectId=found["result"]["objectId"]
        )

    def screen(self, *, width: int, height: int, dark: bool = False) -> None:
        """Be a screen of this size, by day or by night."""
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=2,
            mobile=width < 600,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call("Emulation.setEmulatedMedia", features=[scheme])

    def picture(self) -> str:
        """The whole page as PNG, in base64."""
        data: str = self._call("Page.captureScreenshot", format="png", captureBeyondViewport=True)["data"]
        return data

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        deadline_s = time.monotonic() + ANSWER_S
        while (answer := self._next(deadline_s)).get("id") != self._number:
            self._hear(answer)
        assert "error" not in answer, (method, answer["error"])
        result: dict[str, Any] = answer["result"]
        return result

    def _next(self, deadline_s: float) -> dict[str, Any]:
        while b"\0" not in self._pending:
            ready, _, _ = select.select([self._from], [], [], max(0.0, deadline_s - time.monotonic()))
            assert ready, "the browser does not answer"
            chunk = os.read(self._from, _CHUNK_BYTES)
            assert chunk, "the browser has ended"
            self._pending += chunk
        message, _, self._pending = self._pending.partition(b"\0")
        read: dict[str, Any] = json.loads(message)
        return read

    def _hear(self, event: dict[str, Any]) -> None:
        told = event.get("params", {})
        match event.get("method"):
            case "Network.requestWillBeSent" if not told["request"]["url"].startswith("data:"):
                self.requests.append(told["request"]["url"])
            case "Runtime.exceptionThrown":
                self.complaints.append(str(told["exceptionDetails"]))
            case "Log.entryAdded":
                self.complaints.append(told["entry"]["text"])


def _pipe() -> tuple[int, int]:
    """A pipe whose ends are none of the numbers that the browser expects."""
    ends = os.pipe()
    moved = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]
    for end in ends:
        os.close(end)
    return moved[0], moved[1]
