"""Slips made without the appliance running: the help card, on paper or as a picture, and why it cannot run."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

from msgspec import structs
from PIL import Image

from drivers.errors import DriverError, PortNotOpened
from drivers.printer import printout, raster
from drivers.printer.profiles import NARROW
from drivers.printer.receipt_printer import ReceiptPrinter
from drivers.printer.usb_port import open_printer_port
from drivers.sound import Sound
from firmware import boot
from firmware.desk.printer_choice import PrinterChoice
from firmware.errors import FirmwareError, RolesInUse
from firmware.journal.audit import policy_of
from firmware.receipt import persian
from firmware.receipt.prompt_slips import Prompt, prompt_slip
from firmware.receipt.service_slips import help_card
from firmware.roles import Role, is_in_use, read_roles
from firmware.till.codes import BY_FUNCTION, Function, help_parts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from drivers.printer.profiles import PrinterProfile
    from drivers.printer.slip import Slip
    from firmware.config import Config
    from firmware.desk.printer_choice import Chosen
    from firmware.roles import Seat

WHY_CHARACTERS_MAX = 160


def help_card_of(data_folder: Path) -> Slip:
    """The help card, with the goods of the policy that is in force here, if there is one yet.

    Raises: RolesInUse while the appliance runs, which alone reads its journal then; JournalCorrupt, when the journal is
    there but does not hold.
    """
    if is_in_use(data_folder):
        raise RolesInUse(f"the appliance is running: press {BY_FUNCTION[Function.HELP].keys} there")
    path = data_folder / boot.JOURNAL_FILE
    policy = policy_of(path, boot.who_we_are(data_folder)) if path.exists() else None
    return help_card(help_parts(policy.goods if policy else ()))


def printer_of(config: Config) -> Chosen:
    """The printer of this till, without asking anybody at the counter. Raises: DriverError."""
    roles = read_roles(config.data_folder, warn=lambda _: None)
    chosen = PrinterChoice(config, roles).chosen()
    if chosen is None:
        raise PortNotOpened(_what_nobody_knows(roles.seat(Role.PRINTER)))
    return chosen


def _what_nobody_knows(seat: Seat | None) -> str:
    """Which printer it is, or of what kind; and how to say so before and after the enrollment."""
    if seat is None:
        return (
            "nobody knows yet which printer this till has: say it with `sofreh-till devices assign printer PLACE`, "
            "or enroll, start the appliance and answer on paper"
        )
    return (
        f"nobody knows yet what kind of printer is at {seat.place}: set `printer.profile` in the configuration, "
        "or enroll, start the appliance and answer on paper"
    )


def printer_in_need(config: Config) -> Chosen:
    """The printer of this till, as the plainest if what the configuration says of its kind is wrong. Raises: DriverError."""
    try:
        return printer_of(config)
    except DriverError:
        return printer_of(structs.replace(config, printer_profile=None, printer_profile_file=None))


def profile_of(config: Config) -> PrinterProfile:
    """What kind of printer slips are drawn for, plugged in or not. Raises: DriverError."""
    choice = PrinterChoice(config, read_roles(config.data_folder, warn=lambda _: None))
    name = config.printer_profile
    try:
        chosen = None if name is not None else choice.chosen()
    except PortNotOpened:
        chosen = None
    return choice.plain(name or NARROW) if chosen is None else chosen.profile


async def last_words(chosen: Chosen, why: Sequence[BaseException]) -> None:
    """Sound and print that the till cannot go on; `why` is for the technician at the telephone.

    Who has no screen would else see nothing at all. Raises: DriverError.
    """
    rows = tuple(persian.isolate(_in_ascii(str(error))) for error in why)
    profile = chosen.profile
    async with open_printer_port(chosen.path, baud=profile.baud, flow=profile.flow) as port:
        printer = ReceiptPrinter(port, profile)
        await printer.beep(Sound.LOCKED)
        await printer.print_slip(printout.render(prompt_slip(Prompt.OUT_OF_ORDER, *rows), profile))


def _in_ascii(why: str) -> str:
    return "".join(sign if sign in string.printable.strip() else " " for sign in why[:WHY_CHARACTERS_MAX])


async def print_on(slip: Slip, chosen: Chosen) -> None:
    """Print `slip`. Raises: DriverError."""
    profile = chosen.profile
    async with open_printer_port(chosen.path, baud=profile.baud, flow=profile.flow) as port:
        await ReceiptPrinter(port, profile).print_slip(printout.render(slip, profile))


def draw(slip: Slip, profile: PrinterProfile, target: Path) -> None:
    """Draw `slip` into the file `target`, as it would come out of the printer. Raises: FirmwareError."""
    strips = list(raster.render(slip, profile.width_dots))
    size = (profile.width_dots, sum(strip.height for strip in strips))
    picture = Image.frombytes("1", size, b"".join(strip.data for strip in strips), "raw", "1;I")
    try:
        picture.save(target)
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or error
        raise FirmwareError(f"{target}: {reason}") from error
