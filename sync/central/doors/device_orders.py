"""What people order about devices and the center's memory of them: a new epoch, a renewed credential, missing signatures."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from sync.central.chains import unsigned
from sync.central.credit import epochs
from sync.central.dates import date_text
from sync.central.enrolling import renewal
from sync.central.errors import WrongInput
from sync.central.mailing import briefing
from sync.central.result import Result
from sync.wire.exchange import Span

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Awaitable, Callable

    from sync.central.center import Center
    from sync.central.credit.people import Progress

    Arguments = dict[str, Any]


async def _epoch_open(center: Center, given: Arguments, _say: Progress) -> Result:
    now_s = center.clock.now_s()

    def open_one(database: sqlite3.Connection) -> Result:
        epoch = epochs.open_epoch(database, now_s=now_s, devices=given["devices"], why="ordered")
        waits_for = epochs.waits_for(database)
        lines = [
            f"epoch {epoch} is open: no credit is reserved before the devices have returned their mail",
            f"waiting for device {', '.join(map(str, waits_for))}"
            if waits_for
            else "no device is waited for",
        ]
        return Result({"epoch": epoch, "waits_for": waits_for}, lines)

    return await center.run(open_one)


async def _renew(center: Center, given: Arguments, _say: Progress) -> Result:
    renew = partial(renewal.renew, keys=center.keys, device=given["device"], now_s=center.clock.now_s())
    until_s = await center.run(renew)
    text = (
        f"device {given['device']} may go on until {date_text(until_s)}; it learns of it with its next mail"
    )
    return Result({"device": given["device"], "until_s": until_s}, [text])


async def _signatures(center: Center, given: Arguments, _say: Progress) -> Result:
    """Ask for the own signatures of entries that came lean."""
    first, last = given["first"], given["last"]
    if last < first:
        raise WrongInput(f"entries {first} to {last}", "the last lies before the first")

    def want(database: sqlite3.Connection) -> Result:
        device = briefing.device_row(database, given["device"])
        span = Span(first=first, last=last)
        lacking = unsigned.want(database, device["number"], span)
        text = f"device {device['number']}, entries {span.first} to {span.last}: {lacking} own signatures are lacking"
        more = "; asked for with its next exchange" if lacking else ""
        return Result({"device": device["number"], "lacking": lacking}, [text + more])

    return await center.run(want)


ORDERS: dict[str, Callable[[Center, Arguments, Progress], Awaitable[Result]]] = {
    "epoch open": _epoch_open,
    "renew": _renew,
    "signatures": _signatures,
}
