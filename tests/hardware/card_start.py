"""What a card's start was made of, by the stamps of its kernel, its systemd and its till; all of them are the kernel's clock.

No budget here is of time, for a host's other work shows in that threefold: what may come before the till is.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from tests.hardware.card_machine import STARTS_WITHIN_S, UNIT, say

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.hardware.card_machine import CardTill

SCAN_EVERY_S = 2
NAMED_BY_DIGITS = 5
AHEAD = frozenset({"systemd-journald.service"})
"""Services that may be active before the till is started."""
BEHIND = ("nftables.service", "systemd-networkd.service", "systemd-resolved.service")
"""Services that begin when it is ready."""
MODULES_MAX = 400
_COUNT_MODULES = (
    "import sys; sys.path.insert(0, '/usr/lib/sofreh'); from firmware import command; "
    "command.load_appliance(); print(len(sys.modules))"
)


class Start(Struct, frozen=True):
    """Milliseconds from the kernel's first one until systemd ran, the till was started, it was ready, and it took a scan."""

    systemd_ms: int
    till_ms: int
    ready_ms: int
    scanner_ms: int
    accepted_ms: int


@asynccontextmanager
async def scanning(till: CardTill, code: str) -> AsyncIterator[None]:
    """All is plugged in, and somebody who cannot wait holds a product before the scanner, again and again."""

    async def scan_on() -> None:
        await till.plug_in_everything()
        while True:
            till.scanner.scan(code)
            await asyncio.sleep(SCAN_EVERY_S)

    async with asyncio.TaskGroup() as group:
        impatience = group.create_task(scan_on())
        yield
        impatience.cancel()


async def start_of(till: CardTill, code: str) -> Start:
    """Wait until a scan of `code` was accepted since the start; of what that was made."""
    await till.guest.answers(within_s=STARTS_WITHIN_S)
    till.listen_from("--boot", "--no-tail")
    await till.until(lambda: _line_of(till, code) is not None, what="a scan is accepted")
    # Of `systemd-analyze` only what is there before the start is over.
    systemd = await stamps(till, "UserspaceTimestampMonotonic")
    unit = await stamps(till, "ExecMainStartTimestampMonotonic", UNIT)
    return Start(
        systemd_ms=systemd[""] // 1_000,
        till_ms=unit[UNIT] // 1_000,
        ready_ms=_last_told_ms(till.told, "ready"),
        scanner_ms=_last_told_ms(till.told, "plugged in", role="scanner"),
        accepted_ms=_last_told_ms(till.told[: _line_of(till, code)], "beeped", sound="ACCEPTED"),
    )


def _line_of(till: CardTill, code: str) -> int | None:
    """Where in what it told it printed the line of a product that only its code names; it has sounded before."""
    name = code[-NAMED_BY_DIGITS:]
    lines = (
        at
        for at, told in enumerate(till.told)
        if told["event"] == "printed" and name in "".join(told["slip"])
    )
    return next(lines, None)


def _last_told_ms(events: list[dict[str, Any]], event: str, **facts: object) -> int:
    wanted = {"event": event, **facts}.items()
    return next(int(told["ms"]) for told in reversed(events) if wanted <= told.items())


async def stamps(till: CardTill, name: str, *units: str) -> dict[str, int]:
    """A stamp of systemd's, in microseconds, by the unit's name; that of what never was is left out."""
    found = {}
    for block in (await till.says("systemctl", "show", f"--property=Id,{name}", *units)).split("\n\n"):
        values = dict(line.split("=", 1) for line in block.splitlines())
        if at := int(values.get(name, 0)):
            found[values.get("Id", "")] = at
    return found


async def the_till_comes_first(till: CardTill) -> None:
    """Hardly a service is there before it is started, firewall and network come when it is ready, and it loads few modules."""
    begun = await stamps(till, "InactiveExitTimestampMonotonic", "*.service")
    active = await stamps(till, "ActiveEnterTimestampMonotonic", "*.service")
    assert {unit for unit, at in active.items() if at < begun[UNIT]} <= AHEAD
    for unit in BEHIND:
        assert begun[unit] > active[UNIT], unit
    modules = int(await till.says("/usr/bin/python3", "-I", "-c", _COUNT_MODULES))
    say(f"modules loaded: {modules}")
    assert modules <= MODULES_MAX
