"""A technician's laptop: the center's program in a folder of its own, where there is no center."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from firmware.simulation.center_process import COMMAND
from firmware.simulation.village import SHOP

if TYPE_CHECKING:
    from pathlib import Path

    from firmware.simulation.center_process import CenterProcess

TECHNICIAN = "فن‌ورز نمونه"


class Laptop:
    """Goes with the technician; `clock` is a simulated clock's file."""

    def __init__(self, folder: Path, *, clock: Path) -> None:
        self.folder = folder
        self._clock = clock

    async def order(self, *words: object) -> dict[str, Any]:
        """An order there; its result."""
        line = [*COMMAND, "--clock", str(self._clock), *map(str, words), "--json"]
        process = await asyncio.create_subprocess_exec(
            *line, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        said, complained = await process.communicate()
        assert process.returncode == 0, complained.decode()
        told: dict[str, Any] = json.loads(said)
        return told

    async def set_out(self, center: CenterProcess, url: str, *more: str | Path | int) -> dict[str, Any]:
        """The technician gets mandates for it, with the center's network around her."""
        keys = await self.order("laptop", self.folder)
        return await center.order(
            "mandate", SHOP, "--laptop", keys["laptop"], "--url", url,
            "--file", self.folder / "trip.mandates", "--technician", TECHNICIAN, *more,
        )  # fmt: skip

    async def answer(self, request: object, *more: object) -> dict[str, Any]:
        """It answers a till's request: a photo of the slip."""
        return await self.order("answer", self.folder, request, *more)

    async def introduce(self, center: CenterProcess) -> dict[str, Any]:
        """Home again: it reports to the center what it answered."""
        return await self.order("introduce", self.folder / "answered.cbor", "--url", center.url)
