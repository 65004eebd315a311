"""The appliance's parts list, from top to bottom: everything that exists is made and wired here, and only here."""

from __future__ import annotations

import asyncio
import os
import signal
from functools import partial
from typing import TYPE_CHECKING, Any

from drivers.errors import DriverError
from drivers.ports import list_mute_devices, list_usb_printers
from firmware import boot
from firmware.center_link import AskNow, CenterLink
from firmware.clock import FileClock, SystemClock, agrees
from firmware.counter import Counter
from firmware.desk.inputs import Inputs, desk_of
from firmware.desk.light import Light
from firmware.desk.paper import Paper
from firmware.desk.printer_choice import PrinterChoice
from firmware.desk.printer_search import PrinterSearch
from firmware.desk.roster import given_by, listed, path_of
from firmware.desk.signals import Hints, Signals
from firmware.desk.sounds import Sounds, players_of
from firmware.journal.journal import open_journal
from firmware.log import Level, Log, write_to
from firmware.roles import Role, open_roles
from firmware.supervisor import Job, Supervisor
from firmware.till.conversation import Conversation
from firmware.till.talk import Settings
from firmware.upkeep import Upkeep
from firmware.watchdog import ServiceNotifier, Watchdog
from sync.uplink.client import CenterClient, center_address
from sync.uplink.correspondence import Correspondence
from sync.uplink.exchange import Standing
from sync.uplink.link import Link, Pace
from sync.uplink.ports import Parties

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from firmware.clock import Clock
    from firmware.config import Config
    from firmware.courier import News
    from firmware.desk.signs import PoleSign, ScreenSign
    from firmware.identity import Identity
    from firmware.journal.journal import Journal
    from firmware.receipt.selftest_slips import Finding
    from firmware.receipt.update_slips import UpdateNews
    from firmware.roles import Listed, Roles
    from firmware.stick_watch import StickWatch
    from firmware.technician.updating import CardUpdates
    from sync.uplink.ports import Post

STANDARD_ERROR = 2
CENTER_KEEP_MS = 90_000
"""How long the connection to the center is kept idle: over the usual interval between two exchanges."""


async def run(config: Config) -> None:
    """Be the appliance until SIGTERM or SIGINT.

    Raises: NotEnrolled, ConfigError, JournalCorrupt, JournalFull, DriverError at the start; an ExceptionGroup later.
    """
    loop = asyncio.get_running_loop()
    level = Level[config.log_level.upper()]
    # At debug level somebody listens who must not miss a line: the simulation.
    write = write_to(STANDARD_ERROR, may_wait=level is Level.DEBUG)
    log = Log(write, level=level, monotonic_ms=lambda: int(loop.time() * 1000))
    clock = clock_of(config)
    identity = _known(config)
    until, signalled = asyncio.Event(), asyncio.Event()
    _end_on_signal(loop, until, signalled)
    broken = _end_on_broken_callback(loop, log, until)
    while not (signalled.is_set() or broken):
        until.clear()
        if identity is None:
            from firmware.enrolling.appliance import put_in_order  # noqa: PLC0415 -- once in a till's life

            await put_in_order(config, clock, log, until=until)
        if not until.is_set():
            await _trade(config, identity or boot.who_we_are(config.data_folder), clock, log, until)
        identity = None
    if broken:
        raise broken[0]
    log.info("ended")


def _known(config: Config) -> Identity | None:
    """Whose device this is; None where somebody must enroll it first. Raises: DeviceKeyError, NotEnrolled, if it is damaged."""
    return boot.who_we_are(config.data_folder) if boot.is_in_order(config.data_folder) else None


async def _trade(config: Config, identity: Identity, clock: Clock, log: Log, until: asyncio.Event) -> None:
    """Be an enrolled till, until `until` is set: by a signal, or because the enrollment is undone."""
    async with open_journal(
        config.data_folder / boot.JOURNAL_FILE, identity, clock, version=boot.VERSION
    ) as journal:
        await boot.booted(journal)
        if (config.data_folder / boot.FIRST_MAIL_FILE).exists():
            from firmware.enrolling.first_mail import take_up  # noqa: PLC0415 -- once in a till's life

            await take_up(config.data_folder, journal, log)
        log.info("opened", device=identity.device, head=journal.head.sequence, clean=journal.was_clean)
        with open_roles(config.data_folder, warn=lambda words: log.error("roles", error=words)) as roles:
            PrinterChoice(config, roles).check()
            await _serve(config, identity, journal, roles, clock, log, until)


async def _serve(
    config: Config,
    identity: Identity,
    journal: Journal,
    roles: Roles,
    clock: Clock,
    log: Log,
    until: asyncio.Event,
) -> None:
    real_ms = _real_ms
    # what watches over the rest
    supervisor = Supervisor(log=log, sleep_ms=clock.sleep_ms, monotonic_ms=real_ms)
    watchdog = Watchdog(ServiceNotifier(os.environ), log=log, monotonic_ms=real_ms, sleep_ms=clock.sleep_ms)
    # the devices on the counter
    inputs = Inputs(roles, desk_of(config), log=log, sleep_ms=clock.sleep_ms, monotonic_ms=real_ms)
    choice = PrinterChoice(config, roles)
    search = PrinterSearch(
        choice, log=log, lend_keys=partial(setattr, inputs, "lends_keys"), keep_lender=inputs.keep_lender
    )
    paper = Paper(choice.chosen, search.run, log=log, check_in=watchdog.check_in("paper"))

    def find_printer() -> None:
        paper.ask_again()
        search.begin_again()

    sounds = Sounds(players_of(config.beeper_device, paper), log=log, monotonic_ms=real_ms)
    hints = Hints(paper, log=log)
    pole, screen = _pole(config, roles, log), _screen(config)
    light = Light(lambda: inputs.key_lights, chance=_chance)
    signals = Signals(paper, hints, sounds, pole=pole, screen=screen, light=light)

    # the conversation with the people there
    def devices() -> tuple[Listed, ...]:
        return listed(roles, given_by(config), (*inputs.seen, *list_usb_printers(), *list_mute_devices()))

    async def examine(journal: Journal) -> tuple[Finding, ...]:
        from firmware.technician import examination  # noqa: PLC0415 -- hardly ever

        told = await paper.look()
        now = None if told is None else examination.PrinterNow(*told)
        version = boot.VERSION if updates is None else updates.running
        return await examination.running(
            journal, rows=devices(), printer=now, folder=config.data_folder, version=version
        )

    def undo_enrollment(device: int) -> None:
        from firmware.enrolling import undoing  # noqa: PLC0415 -- hardly ever

        undoing.begin(config.data_folder, device)
        until.set()

    async def tell_update(news: UpdateNews) -> None:
        await conversation.update(news)

    updates = _updates(config, watchdog, log, clock, tell=tell_update)
    settings = Settings(
        draft_path=config.data_folder / boot.DRAFT_FILE,
        version=boot.VERSION,
        machine_boot=boot.machine_boot(),
        activation_mark=config.data_folder / boot.ACTIVATION_FILE,
        shop_name="" if journal.shop else _enrolled_name(config.data_folder),
        devices=devices,
        find_printer=find_printer,
        examine=examine,
        undo_enrollment=undo_enrollment,
        updates=updates,
    )
    conversation = Conversation(journal, signals, settings)
    # the way to the center
    asked = AskNow()
    client = CenterClient(
        center_address(config.center_url or identity.center_url), timeout_ms=config.center_timeout_ms,
        keep_ms=CENTER_KEEP_MS, dates_count=partial(agrees, journal.keeper),
    )  # fmt: skip
    correspondence = Correspondence(
        Parties(identity.device, identity.key, identity.trusted), journal, _introduced(client, identity, config),
        standing=Standing(journal.epoch, journal.statement, journal.acknowledged),
        asks_first=not journal.acknowledged,
        monotonic_ms=clock.monotonic_ms, random_bytes=os.urandom,
    )  # fmt: skip
    center = CenterLink(
        journal, correspondence, Link(_pace(config), outage_open=journal.outage_open), asked,
        tell=conversation.news, log=log, check_in=watchdog.check_in("center"), monotonic_ms=real_ms,
        chance=_chance,
    )  # fmt: skip

    def ready() -> None:
        watchdog.ready()
        log.info("ready", head=journal.head.sequence)

    counter = Counter(
        conversation, inputs, journal,
        answer=search.press, tear=signals.tear, after_start=ready, after_z=asked.ask, log=log,
        check_in=watchdog.check_in("counter"),
    )  # fmt: skip
    upkeep = Upkeep(
        journal, quiet_ms=config.idle_checkpoint_ms, sleep_ms=clock.sleep_ms, log=log,
        check_in=watchdog.check_in("upkeep"),
    )  # fmt: skip
    sticks = (
        ()
        if config.stick_folder is None
        else (_sticks(config.stick_folder, journal, conversation, updates, log, clock),)
    )
    # everything that runs
    jobs = (
        Job("watchdog", watchdog.run),
        Job("printer", paper.run, (DriverError,)),
        Job("inputs", inputs.run),
        Job("sounds", sounds.run),
        Job("light", light.run),
        Job("hints", hints.run),
        *(Job("signs", sign.run, (DriverError,)) for sign in (pole, screen) if sign is not None),
        Job("counter", counter.run),
        Job("center", center.run),
        Job("upkeep", upkeep.run),
        *(Job("stick", watch.run) for watch in sticks),
        *(() if updates is None else (Job("update", updates.run),)),
    )
    try:
        await supervisor.run(jobs, until=until)
    finally:
        client.drop()


def clock_of(config: Config) -> Clock:
    """The machine's clock, or a simulation's."""
    if config.clock_file is None:
        return SystemClock(has_chip=config.clock_chip)
    return FileClock(config.clock_file, has_chip=config.clock_chip)


def _sticks(
    folder: Path,
    journal: Journal,
    conversation: Conversation,
    updates: CardUpdates | None,
    log: Log,
    clock: Clock,
) -> StickWatch:
    from firmware.courier import Courier, Fate  # noqa: PLC0415 -- where sticks are used at all
    from firmware.receipt.stick_slips import StickVisited  # noqa: PLC0415 -- likewise
    from firmware.stick_watch import StickWatch  # noqa: PLC0415 -- likewise

    courier = Courier(journal, random_bytes=os.urandom)

    async def visit(stick: Path) -> StickVisited:
        news = (*await _first_mail_on(stick, journal), *await courier.visit(stick))
        fates = [one.fate for one in news]
        return StickVisited(
            taken=fates.count(Fate.TAKEN) + fates.count(Fate.OLD), written=fates.count(Fate.WRITTEN),
            wrong=sum(not one.is_good for one in news), brought_mail=any(one.mail for one in news),
            failed=Fate.WRITTEN not in fates and not journal.tail_lost,
        )  # fmt: skip

    async def tell(visited: StickVisited) -> None:
        await conversation.stick(visited)
        if updates is not None:
            await updates.offer()

    return StickWatch(
        folder, visit, tell=tell, log=log, sleep_ms=clock.sleep_ms
    )  # fmt: skip


def _enrolled_name(folder: Path) -> str:
    from firmware.enrolling.answer import shop_name  # noqa: PLC0415 -- before the first mail alone

    return shop_name(folder)


async def _first_mail_on(stick: Path, journal: Journal) -> tuple[News, ...]:
    if journal.mail_head.number:
        return ()
    from firmware.enrolling.first_mail import taken_off  # noqa: PLC0415 -- once in a till's life

    return await taken_off(stick, journal)


def _updates(
    config: Config,
    watchdog: Watchdog,
    log: Log,
    clock: Clock,
    *,
    tell: Callable[[UpdateNews], Awaitable[None]],
) -> CardUpdates | None:
    if not boot.CARD_FILE.exists():
        return None
    from firmware.technician import update_files, updating  # noqa: PLC0415 -- on a card alone

    running = update_files.running_version()
    if running is None:
        return None
    return updating.CardUpdates(
        running, updating.Places(config.data_folder, config.stick_folder), tell=tell, log=log,
        check_in=watchdog.check_in("update"), monotonic_ms=clock.monotonic_ms, sleep_ms=clock.sleep_ms,
    )  # fmt: skip


def _introduced(client: CenterClient, identity: Identity, config: Config) -> Post:
    """Who was enrolled without the center says so when it does not know him."""
    if isinstance(identity.slim.issuer, int):
        return client
    from firmware.enrolling.introducing import introducing  # noqa: PLC0415 -- few tills

    return introducing(client, config.data_folder)


def _pole(config: Config, roles: Roles, log: Log) -> PoleSign | None:
    if config.display_path is None and roles.seat(Role.DISPLAY) is None:
        return None
    from drivers.line_display import PROTOCOLS  # noqa: PLC0415 -- most tills have no display
    from firmware.desk.signs import PoleSign  # noqa: PLC0415 -- likewise

    return PoleSign(
        lambda: path_of(Role.DISPLAY, roles, given_by(config)), PROTOCOLS[config.display_protocol], baud=config.display_baud, log=log, monotonic_ms=_real_ms,
    )  # fmt: skip


def _screen(config: Config) -> ScreenSign | None:
    if config.screen_path is None:
        return None
    from drivers.screen import open_framebuffer  # noqa: PLC0415 -- likewise
    from firmware.desk.signs import ScreenSign  # noqa: PLC0415 -- likewise

    return ScreenSign(partial(open_framebuffer, config.screen_path))


def _pace(config: Config) -> Pace:
    return Pace(
        interval_ms=config.center_interval_ms,
        retry_ms=config.center_retry_ms,
        retry_max_ms=max(config.center_interval_ms, config.center_retry_ms),
        settle_ms=config.center_retry_ms,
    )


def _chance() -> float:
    """From 0 up to 1, as `random` would say it, which a till does not load for this."""
    return (int.from_bytes(os.urandom(7)) >> 3) / (1 << 53)


def _real_ms() -> int:
    return int(asyncio.get_running_loop().time() * 1000)


def _end_on_signal(loop: asyncio.AbstractEventLoop, until: asyncio.Event, signalled: asyncio.Event) -> None:
    def end() -> None:
        signalled.set()
        until.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)


def _end_on_broken_callback(
    loop: asyncio.AbstractEventLoop, log: Log, until: asyncio.Event
) -> list[BaseException]:
    """An error in a callback belongs to no task: it ends the process all the same."""
    broken: list[BaseException] = []

    def handle(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception") or AssertionError(context.get("message"))
        log.error("broken callback", error=repr(error), what=str(context.get("message")))
        broken.append(error)
        until.set()

    loop.set_exception_handler(handle)
    return broken
