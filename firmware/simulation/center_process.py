"""A real center beside the simulated shop: the command `sofreh-central`, in processes of its own.

Nothing of the center is imported here; what it says is read from its command's `--json`.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

COMMAND = (sys.executable, "-c", "from sync.central.command import main; main()")
SERVING = re.compile(r"serving on http://127\.0\.0\.1:(\d+)")
START_WITHIN_MS = 30_000
STOP_WITHIN_MS = 20_000


class OrderFailed(Exception):
    """The center's command refused; says why, in its own words."""


def scheme_file(name: str) -> Path:
    """A policy document or product list that comes with the center."""
    return Path(str(files("sync"))) / "central" / "policies" / name


class CenterProcess:
    """One center in a folder of its own. Owns the serving process between `serve` and `stop`."""

    def __init__(self, folder: Path, *, clock: Path) -> None:
        """`clock` is a simulated clock's file, which may be the shop's own."""
        self.folder = folder
        self._clock = clock
        self._process: asyncio.subprocess.Process | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """Where it serves, without a relay between."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def exists(self) -> bool:
        """Whether it was made before."""
        return (self.folder / "center.db").exists()

    async def found(self) -> None:
        """Make the center. Raises: OrderFailed."""
        await _output([*COMMAND, "--clock", str(self._clock), "init", str(self.folder)])

    async def order(self, *words: str | Path | int) -> dict[str, Any]:
        """Give an order such as ``order("announce", 2)``; its result. Served or not. Raises: OrderFailed."""
        line = [*self._opening, *(str(word) for word in words), "--json"]
        result: dict[str, Any] = json.loads(await _output(line))
        return result

    async def serve(self, *, port: int = 0) -> None:
        """Answer devices from now on; port 0 takes a free one. Raises: OrderFailed."""
        assert self._process is None, "served already"
        with (self.folder / "serve.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._opening, "serve", "--port", str(port),
                stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=log,
            )  # fmt: skip
        assert self._process.stdout is not None, "made with a pipe"
        async with asyncio.timeout(START_WITHIN_MS / 1000):
            said = (await self._process.stdout.readline()).decode()
        found = SERVING.search(said)
        if found is None:
            await self.stop()
            raise OrderFailed(f"the center does not serve: {said.strip()}; see {self.folder / 'serve.log'}")
        self.port = int(found[1])

    async def stop(self) -> None:
        """End serving in order."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.terminate()
        try:
            async with asyncio.timeout(STOP_WITHIN_MS / 1000):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    @property
    def _opening(self) -> tuple[str, ...]:
        return (*COMMAND, "--clock", str(self._clock), "--center", str(self.folder))


async def _output(line: list[str]) -> str:
    process = await asyncio.create_subprocess_exec(
        *line,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complained = await process.communicate()
    if process.returncode:
        raise OrderFailed(
            complained.decode("utf-8", "replace").strip() or said.decode("utf-8", "replace").strip()
        )
    return said.decode()
