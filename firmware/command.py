"""`sofreh-till`: the appliance's command, for systemd and for technicians.

Errors that a technician can mend are one sentence at standard error and exit code 1; a wrong command line is 2; what only a
programmer can mend is a traceback. Each subcommand imports what it needs, so that `enroll` or `journal verify` neither
wait for nor break with the rest.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from drivers.errors import DriverError
from firmware import config as configuration
from firmware.errors import FirmwareError
from firmware.roles import Role
from sync.uplink.errors import UplinkError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from firmware.config import Config
    from firmware.journal.audit import Audit

OPERATING_ERRORS = (FirmwareError, DriverError, UplinkError, OSError)
PROGRESS_EVERY = 1_000
WAIT_S_MAX = 86_400


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; its exit code."""
    status = _carried_out(_parser().parse_args(arguments))
    try:
        sys.stdout.flush()
    except OSError as error:
        # An exit code of 1 has told of an error already, perhaps of this one.
        status = 1 if status == 1 else _failed([error])
        # Python itself would complain once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return status


def _carried_out(given: argparse.Namespace) -> int:
    try:
        return given.run(given) or 0
    except KeyboardInterrupt:
        return 130
    except OPERATING_ERRORS as error:
        return _failed([error])
    except BaseExceptionGroup as group:
        return _failed(_operating(group))


def _failed(errors: Sequence[BaseException]) -> int:
    for error in errors:
        print(f"sofreh-till: {_words(error)}", file=sys.stderr)
    return 1


def _words(error: BaseException) -> str:
    """One sentence; what the system says, without Python's numbers and quotes around it."""
    if isinstance(error, OSError) and error.strerror is not None:
        return f"{error.filename or 'output'}: {error.strerror}"
    return str(error)


def _operating(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    """The group's errors, if a technician can mend them all; else it is raised again."""
    mendable, others = group.split(OPERATING_ERRORS)
    if others is not None or mendable is None:
        raise group
    return [leaf for error in mendable.exceptions for leaf in _leaves(error)]


def _leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for part in error.exceptions for leaf in _leaves(part)]
    return [error]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sofreh-till", description="The appliance at the shop's till.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="be the appliance, or play the shopkeeper with --simulate")
    which = run.add_mutually_exclusive_group(required=True)
    which.add_argument("--config", type=Path, metavar="FILE", help="the configuration (TOML)")
    which.add_argument(
        "--simulate", type=Path, metavar="DIR", nargs="?", const=Path("sofreh-simulation"),
        help="a simulated shop in this folder, with a center of its own; made if there is none",
    )  # fmt: skip
    run.set_defaults(run=_run)
    enroll = commands.add_parser("enroll", help="bind this device to a shop")
    _config_of(enroll)
    enroll.add_argument("--center", required=True, metavar="URL", help="the center's address")
    enroll.add_argument("ticket", metavar="TICKET", help="TOKEN.FINGERPRINT, from the center")
    enroll.set_defaults(run=_enroll)
    for name, words in (
        (
            "export",
            "write what the center does not hold to a stick, sealed to the center; the appliance must be stopped",
        ),
        (
            "import",
            "take the center's answers off a stick, and write what is still to be told; the appliance must be stopped",
        ),
    ):
        carry = commands.add_parser(name, help=words)
        _config_of(carry)
        carry.add_argument("path", type=Path, metavar="PATH", help="the stick's folder")
        carry.set_defaults(run=_carry, action=name)
    _journal_parser(commands.add_parser("journal", help="look at the journal while the appliance is stopped"))
    card = commands.add_parser("help-card", help="the keypad's language as a slip to stick beside the till")
    _config_of(card)
    card.add_argument(
        "--png", type=Path, metavar="FILE", help="draw it into a picture instead of printing it"
    )
    card.set_defaults(run=_help_card)
    selftest = commands.add_parser(
        "selftest", help="examine devices, disk, clock, key and link; exit code 3 if something is bad"
    )
    _config_of(selftest)
    selftest.add_argument(
        "--wait-s", type=_seconds, default=60, metavar="SECONDS",
        help="how long to wait for the next scan or key; 0: for nobody, in scripts (default: 60)",
    )  # fmt: skip
    selftest.set_defaults(run=_selftest)
    _devices_parser(
        commands.add_parser("devices", help="list scanners, keypads, printers; say which is which")
    )
    return parser


def _seconds(text: str) -> int:
    """From 0 to `WAIT_S_MAX`. Raises: ArgumentTypeError."""
    if not re.fullmatch("[0-9]{1,5}", text) or int(text) > WAIT_S_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds from 0 to {WAIT_S_MAX}")
    return int(text)


def _devices_parser(devices: argparse.ArgumentParser) -> None:
    devices.add_argument("--config", type=Path, metavar="FILE", help="the configuration (TOML)")
    devices.set_defaults(run=_devices, action=None, refuse=devices.error)
    commands = devices.add_subparsers(metavar="ACTION")
    roles = [role.value for role in Role]
    for name, words in (
        ("assign", "give a role to what is plugged in; the appliance must be stopped"),
        ("free", "take a role away; the appliance must be stopped"),
    ):
        action = commands.add_parser(name, help=words)
        action.add_argument(
            "--config", type=Path, metavar="FILE", default=argparse.SUPPRESS, help=argparse.SUPPRESS
        )
        action.add_argument("role", choices=roles, metavar="ROLE", help=", ".join(roles))
        if name == "assign":
            action.add_argument(
                "place", metavar="PLACE", help="as the list shows it, or a path such as /dev/ttyUSB0"
            )
        action.set_defaults(action=name)


def _journal_parser(journal: argparse.ArgumentParser) -> None:
    commands = journal.add_subparsers(required=True, metavar="ACTION")
    for name, words in (
        ("verify", "prove every entry and every item of mail"),
        ("rebuild", "make the balances anew from entries and mail"),
        ("export", "write all entries, without private parts, for third parties"),
    ):
        action = commands.add_parser(name, help=words)
        _config_of(action)
        if name == "export":
            action.add_argument("target", type=Path, metavar="FILE")
        if name == "verify":
            action.add_argument(
                "source",
                type=Path,
                nargs="?",
                metavar="FILE",
                help="an exported file or a receipt's text instead",
            )
        action.set_defaults(run=_journal, action=name)


def _config_of(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="the configuration (TOML)")


def _run(given: argparse.Namespace) -> None:
    if given.simulate is not None:
        from firmware.simulation.terminal import play  # not in the field

        asyncio.run(play(given.simulate))
        return
    config = configuration.load(given.config)
    run = load_appliance()
    try:
        asyncio.run(run(config))
    except* OPERATING_ERRORS as group:
        _say_on_paper(config, _leaves(group))
        raise


def load_appliance() -> Callable[[Config], Coroutine[None, None, None]]:
    """What `run` runs, with all that it imports.

    What is imported stays: to look for garbage in it time and again took a tenth of the start, and would stop the till for
    tens of milliseconds whenever the collector comes round to everything.
    """
    gc.disable()
    from firmware import main as appliance  # all of the appliance

    gc.freeze()
    gc.enable()
    return appliance.run


def _say_on_paper(config: Config, errors: Sequence[BaseException]) -> None:
    """The shopkeeper sees neither standard error nor an exit code."""
    from firmware.technician import service_print

    with contextlib.suppress(DriverError):
        asyncio.run(service_print.last_words(service_print.printer_in_need(config), errors))


def _enroll(given: argparse.Namespace) -> None:
    from firmware.boot import VERSION
    from firmware.technician import enrollment
    from sync.uplink.client import CenterClient, center_address

    config = configuration.load(given.config)
    ticket = enrollment.ticket_from(given.ticket)
    client = CenterClient(center_address(given.center), timeout_ms=config.center_timeout_ms)
    enrolled = asyncio.run(
        enrollment.enroll(
            config.data_folder,
            ticket,
            given.center,
            client,
            software=VERSION,
            random_bytes=os.urandom,
        )
    )
    print(f"This is device {enrolled.device} of shop {enrolled.shop}.")


def _carry(given: argparse.Namespace) -> int:
    from firmware import main as appliance
    from firmware.technician import carrying

    config = configuration.load(given.config)
    carry = {"export": carrying.export, "import": carrying.import_}[given.action]
    news = asyncio.run(carry(config, given.path, appliance.clock_of(config)))
    for one in news:
        print(f"{one.file}: {one.words}")
    return 0 if all(one.is_good for one in news) else 1


def _journal(given: argparse.Namespace) -> int:
    from firmware import boot
    from firmware.journal import audit

    config = configuration.load(given.config)
    identity = boot.who_we_are(config.data_folder)
    path = config.data_folder / boot.JOURNAL_FILE
    if given.action == "verify" and given.source is not None:
        outcome = audit.verify_file(given.source, identity.trusted)
        print("\n".join(outcome.lines(str(given.source))))
        return 0 if outcome.finding == "proven" else 1
    if given.action == "export":
        found = audit.export(path, identity, given.target, _progress)
    else:
        found = {"verify": audit.verify, "rebuild": audit.rebuild}[given.action](path, identity, _progress)
    _report(found)
    return 0


def _progress(sequence: int) -> None:
    if sequence and sequence % PROGRESS_EVERY == 0:
        print(f"entry {sequence}", file=sys.stderr)


def _report(found: Audit) -> None:
    print(f"{found.entries} entries and {found.mails} items of mail hold. Head: {found.head.hex()}")


def _selftest(given: argparse.Namespace) -> int:
    from firmware import main as appliance
    from firmware.log import Level, Log
    from firmware.technician import service_print
    from firmware.technician.selftest import SelfTestCommand

    config = configuration.load(given.config)
    clock = appliance.clock_of(config)
    command = SelfTestCommand(
        config, clock,
        say=print,
        print_slip=lambda slip: service_print.print_on(slip, service_print.printer_of(config)),
        log=Log(_warn, level=Level.WARNING, monotonic_ms=clock.monotonic_ms),
    )  # fmt: skip
    return asyncio.run(command.run(wait_ms=given.wait_s * 1_000))


def _devices(given: argparse.Namespace) -> int:
    from firmware.technician import devices

    if given.config is None:
        given.refuse("the following arguments are required: --config")
    config = configuration.load(given.config)
    if given.action == "assign":
        print(devices.assign(config, role=Role(given.role), place=given.place, warn=_warn))
    elif given.action == "free":
        print(devices.free(config, role=Role(given.role), warn=_warn))
    else:
        return devices.show(config, out=print, warn=_warn)
    return 0


def _warn(words: str) -> None:
    print(f"sofreh-till: {words}", file=sys.stderr)


def _help_card(given: argparse.Namespace) -> None:
    from firmware.technician import service_print

    config = configuration.load(given.config)
    slip = service_print.help_card_of(config.data_folder)
    if given.png is None:
        asyncio.run(service_print.print_on(slip, service_print.printer_of(config)))
    else:
        service_print.draw(slip, service_print.profile_of(config), given.png)


if __name__ == "__main__":
    sys.exit(main())
