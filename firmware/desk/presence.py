"""Who of the counter's devices is there, and what the people at the counter must be told about it. Pure.

Rules:
- Only what has stayed away is told, once: a plug that is pulled and put back, or a scanner that starts anew, is nobody's
  business. Several that go together, such as with their hub, are one piece of news.
- A pad without letters that has sat alone for a while at a till without a keypad is the keypad.

Must not know: files, queues, tasks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from firmware.roles import Change, DeviceNews, Role, fits

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from drivers.ports import Port
    from firmware.roles import Roles

MISSING_AFTER_MS: Final = 4_000
"""Longer than a replug and a hub's start, shorter than anybody waits for a scanner that is dead."""
ALONE_FOR_MS: Final = 2_000
USED_AT_THE_COUNTER: Final = (Role.SCANNER, Role.KEYPAD)


class Presence:
    """Remembers who was there when. Owner: the task that looks after the input devices.

    `given` are roles whose path the configuration gives: they are nobody else's, whatever the stored roles say.
    """

    def __init__(self, roles: Roles, given: Mapping[Role, Path]) -> None:
        self._roles = roles
        self._given = given
        self._away_since_ms: dict[Role, int] = {}
        self._told: set[Role] = set()
        self._lone_pad: tuple[str, int] | None = None

    def role_of(self, port: Port) -> Role | None:
        """The role of a device, given or stored."""
        for role, path in self._given.items():
            if path == port.path:
                return role
        role_here = self._roles.role_at(port.place)
        if role_here is None or role_here in self._given or not fits(role_here, port):
            return None
        return role_here

    def takeable(self, port: Port, present: Iterable[Port]) -> tuple[Role, ...]:
        """The roles that `port`, which has none, may take while `present` are there."""
        there = tuple(present)
        return tuple(
            role
            for role in USED_AT_THE_COUNTER
            if role not in self._given and fits(role, port) and self._roles.is_free(role, there)
        )

    def news(self, present: Iterable[Port], *, now_ms: int) -> tuple[DeviceNews, ...]:
        """What must be told now that `present` are there, and are read."""
        here = {self.role_of(port) for port in present}
        missing = tuple(
            role for role in USED_AT_THE_COUNTER if role not in here and self._is_missing(role, now_ms)
        )
        back = tuple(role for role in USED_AT_THE_COUNTER if role in here and role in self._told)
        for role in USED_AT_THE_COUNTER:
            if role in here:
                self._away_since_ms.pop(role, None)
        self._told = (self._told | set(missing)) - set(back)
        told = ((Change.MISSING, missing), (Change.BACK, back))
        return tuple(DeviceNews(change, roles, tuple(self._given)) for change, roles in told if roles)

    def expect(self, role: Role) -> None:
        """`role` has just been given away: its news has been told."""
        self._told.discard(role)

    def lone_pad(self, present: Iterable[Port], *, now_ms: int) -> Port | None:
        """The pad that can only be the keypad, once it has been the only one for long enough."""
        if Role.KEYPAD in self._given or self._roles.seat(Role.KEYPAD) is not None:
            return None
        pads = [port for port in present if port.is_pad and self._roles.role_at(port.place) is None]
        if len({port.place for port in pads}) != 1:
            self._lone_pad = None
            return None
        if self._lone_pad is None or self._lone_pad[0] != pads[0].place:
            self._lone_pad = (pads[0].place, now_ms)
        return pads[0] if now_ms - self._lone_pad[1] >= ALONE_FOR_MS else None

    def _is_missing(self, role: Role, now_ms: int) -> bool:
        """Whether it is news that `role` is away."""
        since_ms = self._away_since_ms.setdefault(role, now_ms)
        return role not in self._told and now_ms - since_ms >= MISSING_AFTER_MS
