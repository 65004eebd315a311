"""What the appliance costs before it does anything: the time to load it, and the memory of an idle one.

Loaded is, in a fresh process, what `sofreh-till run` loads before its first scan and as it loads it (without looking for
garbage meanwhile), against the two libraries that any such process needs. What comes later is listed in
`tests.firmware.test_start`, where a first scan is also shown to be accepted without it: drawing and the calendar, which a
thread loads for the first slip (its figure is told apart); HTTP with the first question to the center; Argon2 with the
first short code.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

from firmware import boot, identity
from firmware.simulation.shop import ShopSettings, SimulatedShop
from tests.benchmarks.stopwatch import interleaved
from tests.benchmarks.workload import NOW_S, Village
from tests.fakes.paper_center import CENTER_URL

if TYPE_CHECKING:
    from tests.benchmarks.progress import Tell

IMPORTS = 15
APPLIANCE = "import firmware.command; firmware.command.load_appliance()"
DRAWING = f"{APPLIANCE}; from firmware.desk import paper; paper.load_drawing()"
LEAST = "import asyncio, aiosqlite"
TIMED = "import time; start_s = time.perf_counter(); {}; print(time.perf_counter() - start_s)"
CLOSED_PORT = 1
SETTLED_S = 1.5
"""After the start: the first slips are on paper and the first exchange has failed."""
_RESIDENT = re.compile(r"VmRSS:\s+(\d+) kB")


async def measure(folder: Path, tell: Tell) -> dict[str, float]:
    """Import time and resident memory."""
    return {
        "import_over_base": await _import_over_least(APPLIANCE, folder),
        "import_drawing_over_base": await _import_over_least(DRAWING, folder),
        "rss_mib": await _resident_mib(folder),
    }


async def _import_over_least(imports: str, folder: Path) -> float:
    """Fresh processes in turn, with compiled files of their own, warm after the first round."""
    environment = _with_compiled_files(folder)

    async def imports_s(_: int) -> float:
        return await _import_s(imports, environment)

    async def least_s(_: int) -> float:
        return await _import_s(LEAST, environment)

    return (await interleaved(imports_s, least_s, rounds=IMPORTS, warm=1)).ratio_of_rounds


def _with_compiled_files(folder: Path) -> dict[str, str]:
    """As on an appliance, whose packages are compiled when they are installed, whatever this machine's settings are."""
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(folder.absolute() / "compiled")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return environment


async def _import_s(imports: str, environment: dict[str, str]) -> float:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", TIMED.format(imports), stdout=asyncio.subprocess.PIPE, env=environment
    )
    printed, _ = await process.communicate()
    assert process.returncode == 0, "the import failed"
    return float(printed)


async def _resident_mib(folder: Path) -> float:
    """`sofreh-till run` in a simulated shop, at its second start: mail applied, devices plugged in, nobody at the counter."""
    shop_folder = folder / "shop"
    data = shop_folder / "data"
    data.mkdir(parents=True)
    await _enroll(data)
    resident_kib = 0
    with patch.dict(os.environ, _with_compiled_files(folder), clear=True):
        async with SimulatedShop(shop_folder, ShopSettings(center_port=CLOSED_PORT, wall_s=NOW_S)) as shop:
            for _ in range(2):
                await shop.plug.insert()
                await asyncio.sleep(SETTLED_S)
                resident_kib = _resident_kib(shop.plug.child._process.pid)
                await shop.plug.shut_down()
    return resident_kib / 1024


async def _enroll(data: Path) -> None:
    """The workload's device with its journal, in the folder of an appliance."""
    village = Village(data)
    answer = village.center.enrollment(village.key, device=village.identity.device, now_s=NOW_S)
    identity.store(data, answer, root_public=village.center.root.public, center_url=CENTER_URL)
    async with village.journal(boot.JOURNAL_FILE):
        pass


def _resident_kib(process: int) -> int:
    found = _RESIDENT.search(Path(f"/proc/{process}/status").read_text())
    assert found is not None, "the process runs"
    return int(found[1])
