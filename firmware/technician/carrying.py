"""`sofreh-till export` and `import`: exchanges that anybody carries, for a till whose appliance is stopped.

The same is done by the running appliance itself (`firmware.courier`). Each is a start of the journal and journaled as one.
"""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from firmware import boot
from firmware.courier import Courier
from firmware.errors import FirmwareError, RolesInUse
from firmware.journal.journal import open_journal
from firmware.roles import is_in_use
from sync.stick import StickFailed
from sync.wire.carried import Place
from sync.wire.errors import NotDelegated
from sync.wire.kinds import Way

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from firmware.clock import Clock
    from firmware.config import Config
    from firmware.courier import News


async def export(config: Config, folder: Path, clock: Clock) -> tuple[News, ...]:
    """Write this device's questions into `folder`. Raises: FirmwareError."""
    async with _courier(config, clock) as courier:
        return await _put(courier.put, folder)


async def import_(config: Config, folder: Path, clock: Clock) -> tuple[News, ...]:
    """Take this device's answers out of `folder`; where there were any, put there what the next visit is to tell.

    Raises: FirmwareError.
    """
    async with _courier(config, clock) as courier:
        taken = await courier.take(folder)
        if not taken:
            name = Place(Way.ANSWER, courier.device, 1).name
            raise FirmwareError(f"{folder}: holds no answer for device {courier.device} ({name})")
        return (*taken, *await _put(courier.put_back, folder))


async def _put(put: Callable[[Path], Awaitable[tuple[News, ...]]], folder: Path) -> tuple[News, ...]:
    try:
        return await put(folder)
    except NotDelegated as error:
        raise FirmwareError(
            f"{error}: this device was enrolled before its center had one, enroll a new one"
        ) from error


@asynccontextmanager
async def _courier(config: Config, clock: Clock) -> AsyncIterator[Courier]:
    if is_in_use(config.data_folder):
        raise RolesInUse("the appliance is running and holds the journal: stop it first")
    path = config.data_folder / boot.JOURNAL_FILE
    identity = boot.who_we_are(config.data_folder)
    async with open_journal(path, identity, clock, version=boot.VERSION) as journal:
        await boot.booted(journal)
        try:
            yield Courier(journal, random_bytes=os.urandom)
        except StickFailed as error:
            raise FirmwareError(str(error)) from error
