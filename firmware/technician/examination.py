"""What the appliance can find out about itself: its devices, disk, clock, key, link and power.

Rules: nothing is changed but a scratch file, which is gone afterwards. What is not well says what it is, in Persian for
paper and in English for terminals. A device that has no role is only bad where a till cannot do without it.

Must not know: the conversation, how findings are printed.
"""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from drivers.errors import DriverError
from firmware.journal.records import Glance
from firmware.receipt import persian
from firmware.receipt.fixed_parts import GRADE_NOTES
from firmware.receipt.selftest_slips import Finding, Part, Verdict
from firmware.roles import Role
from sync.wire.cose import VerifyingKey
from sync.wire.errors import NotAuthentic
from sync.wire.kinds import Grade

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from drivers.printer.status import Condition
    from firmware.identity import Identity
    from firmware.journal.journal import Journal
    from firmware.roles import Listed
    from sync.wire.entry import TimeInterval

FREE_MIB_MIN: Final = 16
FREE_MIB_SCARCE: Final = 128
WRITE_MS_SLOW: Final = 200
WRITE_MS_MAX: Final = 1_000
"""Longest median that a purchase may wait for its block: a worn-out card takes seconds."""
_WRITES: Final = 7
_BLOCK_BYTES: Final = 4_096
_SCRATCH_FILE: Final = "selftest.scratch"
_MIB: Final = 1 << 20


class PrinterNow(Struct, frozen=True):
    """The printer that is plugged in: its profile's name, and what it says of itself."""

    profile: str
    condition: Condition


_PARTS: Final = {
    Role.SCANNER: Part.SCANNER,
    Role.KEYPAD: Part.KEYPAD,
    Role.PRINTER: Part.PRINTER,
    Role.DISPLAY: Part.DISPLAY,
}
_OPTIONAL: Final = frozenset({Role.DISPLAY})


def everything(
    rows: Sequence[Listed], folder: Path, identity: Identity | None, glance: Glance | None
) -> tuple[Finding, ...]:
    """All that is found out without people. Without `glance` there is no journal yet."""
    told = () if glance is None else (clock(glance.now), link(glance), power(glance))
    return (*devices(rows), *disk(folder), key(identity, glance.now if glance else None), *told)


async def running(
    journal: Journal,
    *,
    rows: Sequence[Listed],
    printer: PrinterNow | None,
    folder: Path,
    version: str,
) -> tuple[Finding, ...]:
    """The same of the running appliance, and what its printer says of itself."""
    glance = Glance(
        now=journal.keeper.now(), unsent=journal.head.sequence - journal.acknowledged,
        link_is_down=journal.outage_open, unclean_starts=await journal.unclean_starts(), tail_lost=journal.tail_lost,
    )  # fmt: skip
    said = () if printer is None else (paper(printer),)
    runs = Finding(Part.VERSION, Verdict.GOOD, version)
    return (*everything(rows, folder, journal.identity, glance), *said, runs)


def devices(rows: Sequence[Listed]) -> Iterator[Finding]:
    """Each role: who has it, and where it sits."""
    holders = {row.role: row for row in rows if row.role is not None}
    for role, part in _PARTS.items():
        row = holders.get(role)
        if row is not None:
            yield _device(part, row)
        elif role not in _OPTIONAL:
            yield Finding(part, Verdict.BAD, "", "هنوز معرفی نشده است", "no device has this role")


def paper(now: PrinterNow) -> Finding:
    """What the printer says of its paper. Most printers say nothing: a person must look."""
    known, told = now.condition, now.profile
    if known.paper_out or known.cover_open or known.error:
        return Finding(Part.PAPER, Verdict.BAD, told, "کاغذ ندارد یا درش باز است:", "no paper, or open:")
    if known.paper_low:
        return Finding(Part.PAPER, Verdict.NOTICE, told, "رو به پایان است:", "nearly out:")
    if known.paper_out is None:
        return Finding(Part.PAPER, Verdict.NOTICE, told, "چاپگر نمی‌گوید:", "the printer does not say:")
    return Finding(Part.PAPER, Verdict.GOOD, told)


def _device(part: Part, row: Listed) -> Finding:
    told = " ".join(word for word in (row.place, row.model, row.name) if word)
    if row.path is None:
        return Finding(part, Verdict.BAD, told, "وصل نیست:", "not plugged in:")
    return Finding(part, Verdict.GOOD, told)


def disk(folder: Path) -> Iterator[Finding]:
    """How much room there is, and how long a block takes to be safe. Stops the loop for some blocks' time."""
    try:
        room = os.statvfs(folder)
        free_mib = room.f_bavail * room.f_frsize // _MIB
        write_ms = round(sorted(_write_s(folder))[_WRITES // 2] * 1_000)
    except OSError as error:
        yield Finding(Part.DISK, Verdict.BAD, error.strerror or "", "نوشته نمی‌شود:", "cannot be written:")
        return
    verdict = _least(free_mib, FREE_MIB_SCARCE, FREE_MIB_MIN)
    yield Finding(
        Part.DISK,
        verdict,
        persian=f"جای خالی: {persian.number(free_mib)} مگابایت",
        english=f"free: {free_mib} MiB",
    )
    verdict = _most(write_ms, WRITE_MS_SLOW, WRITE_MS_MAX)
    yield Finding(
        Part.DISK_SPEED,
        verdict,
        persian=f"هر ثبت: {persian.number(write_ms)} میلی‌ثانیه",
        english=f"a block is safe after {write_ms} ms",
    )


def _write_s(folder: Path) -> Iterable[float]:
    path = folder / _SCRATCH_FILE
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        for number in range(_WRITES):
            start_s = time.perf_counter()
            os.pwrite(descriptor, os.urandom(_BLOCK_BYTES), number * _BLOCK_BYTES)
            os.fdatasync(descriptor)
            yield time.perf_counter() - start_s
    finally:
        os.close(descriptor)
        with contextlib.suppress(OSError):
            path.unlink()


def clock(now: TimeInterval) -> Finding:
    """How far the time is to be believed. Who keyed a date keyed no time of day."""
    if now.grade is Grade.DOUBTFUL:
        return Finding(Part.CLOCK, Verdict.BAD, "", "نامطمئن؛ تاریخ را بزنید", "doubtful: key the date")
    middle_s, note = now.not_before_s + now.span_s // 2, GRADE_NOTES[now.grade] or "مورد اعتماد."
    utc = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(middle_s))
    if now.grade is Grade.STATED:
        return Finding(
            Part.CLOCK,
            Verdict.NOTICE,
            persian=f"{persian.date_digits(middle_s)}؛ {note}",
            english=f"stated by the shopkeeper: {utc}",
        )
    return Finding(
        Part.CLOCK,
        Verdict.GOOD,
        persian=f"{persian.date_and_time(middle_s)}؛ {note}",
        english=f"{utc} ({now.grade.name.lower()})",
    )


def key(identity: Identity | None, now: TimeInterval | None) -> Finding:
    """Whether this device may sign, and can."""
    if identity is None:
        return Finding(Part.KEY, Verdict.NOTICE, "", "هنوز به فروشگاهی وصل نشده است", "not enrolled yet")
    who = (
        f"دستگاه {persian.code(identity.device)}، فروشگاه {persian.code(identity.shop)}",
        f"device {identity.device}, shop {identity.shop}",
    )
    message = os.urandom(32)
    try:
        VerifyingKey(identity.key.public).verify(identity.key.sign(message), message, what="self-test")
    except (NotAuthentic, DriverError):
        return Finding(Part.KEY, Verdict.BAD, "", f"امضا درست نیست: {who[0]}", f"does not sign: {who[1]}")
    if now is not None and now.grade is not Grade.DOUBTFUL and now.not_after_s > identity.credential.until_s:
        return Finding(
            Part.KEY, Verdict.BAD, "", f"مهلت آن گذشته است: {who[0]}", f"its credential has ended: {who[1]}"
        )
    return Finding(Part.KEY, Verdict.GOOD, "", *who)


def link(glance: Glance) -> Finding:
    """Whether the center answered last; a village without network is no fault, a journal that lost its tail is."""
    if glance.tail_lost:
        return Finding(
            Part.LINK,
            Verdict.BAD,
            persian=f"بخشی از حافظه صندوق از بین رفته است؛ ثبت‌های آن در مرکز: {persian.number(glance.tail_lost)}",
            english=f"this journal lost its tail: the center holds its entries before {glance.tail_lost}; replace the device",
        )
    unsent = (f"ثبت‌های نرسیده: {persian.number(glance.unsent)}", f"entries not sent: {glance.unsent}")
    if glance.link_is_down:
        return Finding(Part.LINK, Verdict.NOTICE, "", f"قطع است؛ {unsent[0]}", f"down; {unsent[1]}")
    return Finding(Part.LINK, Verdict.GOOD, "", *unsent)


def power(glance: Glance) -> Finding:
    """How often the power was cut since the last Z."""
    cuts = glance.unclean_starts
    return Finding(
        Part.POWER,
        Verdict.NOTICE if cuts else Verdict.GOOD,
        persian=f"تعداد قطع ناگهانی: {persian.number(cuts)}",
        english=f"unclean starts: {cuts}",
    )


def _least(value: int, scarce: int, least: int) -> Verdict:
    return Verdict.BAD if value < least else Verdict.NOTICE if value < scarce else Verdict.GOOD


def _most(value: int, slow: int, most: int) -> Verdict:
    return Verdict.BAD if value > most else Verdict.NOTICE if value > slow else Verdict.GOOD
