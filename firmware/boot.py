"""Start-up, in this order: whose device is this, does the journal hold, was the end clean.

What is owed on paper and the date after a cold start are the conversation's own first steps (`firmware.till`): they need
the printer, whose task runs by then.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from drivers.device_key import FileDeviceKey
from drivers.errors import KeyFileMissing
from firmware import identity
from firmware.errors import NotEnrolled
from sync.wire.facts import Booted

if TYPE_CHECKING:
    from firmware.identity import Identity
    from firmware.journal.journal import Journal

VERSION = "0.1.0"
JOURNAL_FILE = "journal.db"
DRAFT_FILE = "draft"
OWED_FILE = "handover.owed"
"""There while the shop's slip of an enrollment has not printed."""
ACTIVATION_FILE = "activation.owed"
"""There from an enrollment until the slip that says the till is active has printed."""
FIRST_MAIL_FILE = "first-mail.cbor"
"""There while mail that came with the enrollment waits for the journal."""
UNDO_FILE = "undo"
"""There while an enrollment is being undone."""
CARD_FILE = Path("/etc/sofreh/image.json")
"""What a card's image says of itself; on a card alone."""
_MACHINE_BOOT = Path("/proc/sys/kernel/random/boot_id")


def who_we_are(data_folder: Path) -> Identity:
    """The device's identity. Raises: DeviceKeyError, NotEnrolled."""
    try:
        key = FileDeviceKey.load(data_folder / identity.KEY_FILE)
    except KeyFileMissing as error:
        raise NotEnrolled(f"{error}: run `sofreh-till enroll`") from error
    return identity.load(data_folder, key)


def is_in_order(data_folder: Path) -> bool:
    """Whether nobody need enroll this till, finish what was begun there, or print what is owed of it.

    A till that has a journal and no identity is not new but damaged: `who_we_are` says so.
    """
    begun = any((data_folder / name).exists() for name in (OWED_FILE, UNDO_FILE))
    has_either = any((data_folder / name).exists() for name in (identity.IDENTITY_FILE, JOURNAL_FILE))
    return has_either and not begun


async def booted(journal: Journal) -> None:
    """Journal the start, and whether the end before it was in order. Raises: JournalFull."""
    async with journal.turn:
        await journal.commit(journal.draft(Booted(version=VERSION, clean=journal.was_clean)))


def machine_boot() -> str:
    """What differs after the machine itself went down; empty where nobody says."""
    try:
        return _MACHINE_BOOT.read_text().strip()
    except OSError:
        return ""
