"""The parts of a till before its conversation with customers: whatever is begun is finished, then it asks until it is enrolled.

`main` runs this first where `boot.is_in_order` says no, and goes on with the appliance when it returns.
1. An enrollment that is being undone is undone.
2. A till without identity asks for one.
3. The shop's slip of a new enrollment prints; without a printer it stays owed to the next start, and trade begins all the same.
"""

from __future__ import annotations

import asyncio
import os
from functools import partial
from typing import TYPE_CHECKING

from drivers.errors import DriverError, WriteInterrupted
from drivers.keypad import Key
from drivers.ports import list_mute_devices, list_usb_printers
from firmware import boot, identity
from firmware.desk.inputs import Inputs, desk_of
from firmware.desk.paper import Paper
from firmware.desk.printer_choice import PrinterChoice
from firmware.desk.printer_search import PrinterSearch
from firmware.desk.roster import given_by, listed
from firmware.desk.sounds import Sounds, players_of
from firmware.enrolling import answer, undoing
from firmware.enrolling.desk import EnrollingDesk, Stage, Surroundings
from firmware.enrolling.first_mail import Sticks
from firmware.enrolling.request import ask
from firmware.receipt.enrollment_slips import enrolled_slip, undone_slip
from firmware.roles import DeviceNews, open_roles
from firmware.supervisor import Job, Supervisor
from firmware.technician import examination
from firmware.watchdog import ServiceNotifier, Watchdog

if TYPE_CHECKING:
    from drivers.printer.slip import Slip
    from firmware.clock import Clock
    from firmware.config import Config
    from firmware.enrolling.request import Asked
    from firmware.log import Log
    from firmware.roles import Listed, Roles

TICK_MS = 250
PRINT_WITHIN_S = 30


async def put_in_order(config: Config, clock: Clock, log: Log, *, until: asyncio.Event) -> None:
    """Return when the till is enrolled and its slip is printed or owed, or when `until` is set.

    Raises: EnrollmentRefused, ConfigError, DriverError at the start, RolesInUse; an ExceptionGroup later.
    """
    folder = config.data_folder
    undone = undoing.finish(folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open_roles(folder, warn=lambda words: log.error("roles", error=words)) as roles:
        PrinterChoice(config, roles).check()
        first = () if undone is None else (undone_slip(device=undone),)
        await _Before(config, roles, clock, log, first).run(until)


class _Before:
    """Everything that runs until then, wired."""

    def __init__(self, config: Config, roles: Roles, clock: Clock, log: Log, first: tuple[Slip, ...]) -> None:
        self._config, self._clock, self._log = config, clock, log
        self._folder = config.data_folder
        self._over = asyncio.Event()
        self._first = first
        # what watches over the rest
        self._supervisor = Supervisor(log=log, sleep_ms=clock.sleep_ms, monotonic_ms=_real_ms)
        self._watchdog = Watchdog(
            ServiceNotifier(os.environ), log=log, monotonic_ms=_real_ms, sleep_ms=clock.sleep_ms
        )
        self._check_in = self._watchdog.check_in("counter")
        # the devices on the counter
        self._inputs = Inputs(roles, desk_of(config), log=log, sleep_ms=clock.sleep_ms, monotonic_ms=_real_ms)
        choice = PrinterChoice(config, roles)
        self._search = PrinterSearch(
            choice, log=log, lend_keys=partial(setattr, self._inputs, "lends_keys"), keep_lender=self._inputs.keep_lender
        )  # fmt: skip
        self._paper = Paper(
            choice.chosen, self._search.run, log=log, check_in=self._watchdog.check_in("paper")
        )
        self._sounds = Sounds(players_of(config.beeper_device, self._paper), log=log, monotonic_ms=_real_ms)
        self._roles = roles

    async def run(self, until: asyncio.Event) -> None:
        """Until the till is in order, or `until` is set."""

        async def end() -> None:
            await until.wait()
            self._over.set()
            await asyncio.Event().wait()

        jobs = (
            Job("watchdog", self._watchdog.run),
            Job("printer", self._paper.run, (DriverError,)),
            Job("inputs", self._inputs.run),
            Job("sounds", self._sounds.run),
            Job("enrolling", self._serve),
            Job("end", end),
        )
        await self._supervisor.run(jobs, until=self._over)

    async def _serve(self) -> None:
        for slip in self._first:
            await self._print_in_time(slip)
        if not self._is_enrolled:
            await self._enroll()
        if (self._folder / boot.OWED_FILE).exists():
            await self._hand_over()
        self._over.set()
        await asyncio.Event().wait()

    @property
    def _is_enrolled(self) -> bool:
        """By this desk, or meanwhile by `sofreh-till enroll`."""
        return (self._folder / identity.IDENTITY_FILE).exists()

    async def _enroll(self) -> None:
        asked = ask(self._folder, software=boot.VERSION, random_bytes=os.urandom)
        desk = EnrollingDesk(asked, self._paper, self._around(asked))
        with self._check_in.working():
            await desk.start()
        self._watchdog.ready()
        self._log.info("ready", state=desk.stage.name)
        handled, sticks = 0, Sticks(self._config.stick_folder, asked.key)
        while desk.stage is not Stage.ENROLLED and not self._is_enrolled:
            event = await self._inputs.take(at_most_ms=TICK_MS)
            with self._check_in.working():
                if event is None:
                    found = await asyncio.to_thread(sticks.look)
                    await (desk.tick() if found is None else desk.stick(found))
                elif not (isinstance(event, Key) and self._search.press(event)):
                    await desk.take(event)
            if event is not None and not isinstance(event, DeviceNews):
                handled += 1
                self._log.debug("handled", inputs=handled, state=desk.stage.name)

    def _around(self, asked: Asked) -> Surroundings:
        return Surroundings(
            version=boot.VERSION,
            judge=lambda message: answer.judge(message, asked, chip_s=self._clock.chip_s()),
            keep=lambda taken: answer.keep(self._folder, taken, self._roles),
            examine=lambda: examination.everything(self._devices(), self._folder, None, None),
            devices=self._devices,
            find_printer=self._find_printer,
            sound=self._sounds.sound,
        )

    def _devices(self) -> tuple[Listed, ...]:
        ports = (*self._inputs.seen, *list_usb_printers(), *list_mute_devices())
        return listed(self._roles, given_by(self._config), ports)

    def _find_printer(self) -> None:
        self._paper.ask_again()
        self._search.begin_again()

    async def _hand_over(self) -> None:
        enrolled = answer.handover(self._folder)
        self._log.info("enrolled", device=enrolled.offer.device, under_mandate=enrolled.offer.under_mandate)
        self._watchdog.ready()
        if await self._print_in_time(enrolled_slip(enrolled)):
            (self._folder / boot.OWED_FILE).unlink()

    async def _print_in_time(self, slip: Slip) -> bool:
        """Print; False if no printer takes it within half a minute."""
        try:
            async with asyncio.timeout(PRINT_WITHIN_S):
                while True:
                    try:
                        await self._paper.print(slip)
                    except WriteInterrupted:
                        await self._clock.sleep_ms(TICK_MS)
                        continue
                    return True
        except TimeoutError:
            return False


def _real_ms() -> int:
    return int(asyncio.get_running_loop().time() * 1000)
