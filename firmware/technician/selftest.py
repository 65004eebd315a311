"""`sofreh-till selftest`: examines a till whose appliance is stopped, on the terminal and on paper.

Rules: needs neither journal nor enrollment, for a technician tests before both. What people do, reading the patterns off the
slip and pressing the keys, is waited for as long as somebody goes on; scripts wait for nobody. The exit code is 0 if
nothing is bad, else 3.

Must not know: the conversation of the shop.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from drivers import ports
from drivers.errors import DriverError
from drivers.keypad import Key
from firmware import boot
from firmware.desk.inputs import Inputs, desk_of
from firmware.desk.printer_choice import PrinterChoice
from firmware.desk.roster import given_by, listed
from firmware.errors import NotEnrolled
from firmware.journal import audit
from firmware.receipt.fixed_parts import When
from firmware.receipt.selftest_slips import (
    Finding,
    Part,
    Verdict,
    echo_row,
    end_slip,
    is_well,
    selftest_slip,
)
from firmware.roles import DeviceNews, open_roles
from firmware.technician import examination
from firmware.till.echoes import SelfTest
from firmware.till.grammar import Confirm, Mode, Typed, Typing
from firmware.till.scans import EchoScan, seen
from sync.uplink.client import center_address

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from drivers.ports import Port
    from drivers.printer.slip import Slip
    from firmware.clock import Clock
    from firmware.config import Config
    from firmware.desk.inputs import Input
    from firmware.identity import Identity
    from firmware.journal.records import Glance
    from firmware.log import Log
    from firmware.roles import Roles

SOMETHING_IS_BAD: Final = 3


class SelfTestCommand:
    """One run of the command. `print_slip` raises DriverError where there is no printer."""

    def __init__(
        self,
        config: Config,
        clock: Clock,
        *,
        say: Callable[[str], None],
        print_slip: Callable[[Slip], Awaitable[None]],
        log: Log,
        look: Callable[[], Sequence[Port]] = ports.list_ports,
    ) -> None:
        self._config = config
        self._clock = clock
        self._say = say
        self._print_slip = print_slip
        self._log = log
        self._look = look

    async def run(self, *, wait_ms: int) -> int:
        """Examine, print, and wait for the echoes until nothing has come for `wait_ms`; the exit code.

        Raises: RolesInUse while the appliance runs, ConfigError, BadAddress, JournalCorrupt.
        """
        if self._config.center_url is not None:
            center_address(self._config.center_url)
        with open_roles(self._config.data_folder, warn=self._say) as roles:
            PrinterChoice(self._config, roles).check()  # what the appliance would not start with
            found, when = self._examined(roles)
            printed = await self._printed(selftest_slip(found, when))
            if printed is not None:
                found = (*(finding for finding in found if finding.part is not Part.PRINTER), printed)
            for finding in found:
                self._tell(finding)
            if wait_ms:
                found = await self._echoed(found, roles, wait_ms)
        await self._printed(end_slip(found))
        return 0 if is_well(found) else SOMETHING_IS_BAD

    def _examined(self, roles: Roles) -> tuple[tuple[Finding, ...], When]:
        """What is found out without people, and when that is."""
        folder = self._config.data_folder
        rows = listed(roles, given_by(self._config), self._look())
        identity, glance = self._enrolled()
        return examination.everything(rows, folder, identity, glance), self._when(glance)

    def _enrolled(self) -> tuple[Identity | None, Glance | None]:
        """Who this device is, and its journal at a glance, as far as there is either yet."""
        try:
            identity = boot.who_we_are(self._config.data_folder)
        except NotEnrolled:
            return None, None
        journal = self._config.data_folder / boot.JOURNAL_FILE
        return identity, audit.glance(journal, identity, self._clock) if journal.exists() else None

    def _when(self, glance: Glance | None) -> When:
        if glance is None:
            return When(time_s=self._clock.chip_s() or 0)
        return When(time_s=glance.now.not_before_s, grade=glance.now.grade)

    async def _printed(self, slip: Slip) -> Finding | None:
        try:
            await self._print_slip(slip)
        except DriverError as error:
            return Finding(Part.PRINTER, Verdict.BAD, str(error), "چاپ نکرد:", "did not print:")
        return None

    async def _echoed(self, found: tuple[Finding, ...], roles: Roles, wait_ms: int) -> tuple[Finding, ...]:
        self._say("Scan both patterns, press the keys that the slip names and Enter; Enter once more ends.")
        inputs = Inputs(
            roles,
            desk_of(self._config),
            log=self._log,
            sleep_ms=_sleep_ms,
            monotonic_ms=self._clock.monotonic_ms,
        )
        test = SelfTest(found)
        async with asyncio.TaskGroup() as tasks:
            reading = tasks.create_task(inputs.run())
            await self._follow(test, inputs, wait_ms)
            reading.cancel()
        for finding in test.findings()[len(found) :]:
            self._tell(finding)
        return test.findings()

    async def _follow(self, test: SelfTest, inputs: Inputs, wait_ms: int) -> None:
        typing = Typing()
        while (event := await inputs.take(at_most_ms=wait_ms)) is not None:
            command = _command_of(event, typing)
            if isinstance(command, EchoScan | Typed):
                await self._printed(echo_row(test.take(command)))
            elif isinstance(command, Confirm):
                return

    def _tell(self, finding: Finding) -> None:
        words = " ".join(part for part in (finding.english, finding.told) if part)
        self._say(f"{finding.verdict.value[1]:<7} {finding.part.value[1]:<15} {words}".rstrip())


def _command_of(event: Input, typing: Typing) -> object:
    if isinstance(event, DeviceNews):
        return None
    return typing.press(event, Mode.ECHO) if isinstance(event, Key) else seen(event)


async def _sleep_ms(duration_ms: int) -> None:
    await asyncio.sleep(duration_ms / 1_000)
