"""What has stayed away is told once; who comes and goes is not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from drivers.ports import Port, PortKind
from firmware.desk.presence import ALONE_FOR_MS, MISSING_AFTER_MS, Presence
from firmware.roles import Change, DeviceNews, Role, Roles, Seat

if TYPE_CHECKING:
    from collections.abc import Mapping


def keyboard(place: str, *, pad: bool = False, path: str = "event0") -> Port:
    return Port(kind=PortKind.KEYS, path=Path(path), place=place, may_scan=not pad, may_key=True)


def presence(given: Mapping[Role, Path] | None = None, **seats: str) -> Presence:
    roles = Roles(Path("nowhere"), {Role(name): Seat(place=place) for name, place in seats.items()})
    return Presence(roles, given or {})


@pytest.mark.parametrize(
    ("after_ms", "told"), [(0, False), (MISSING_AFTER_MS - 1, False), (MISSING_AFTER_MS, True)]
)
def test_absence_is_told_when_it_has_lasted(after_ms: int, *, told: bool) -> None:
    desk = presence(scanner="a", keypad="b")
    assert desk.news([keyboard("b")], now_ms=7) == ()
    missing = (DeviceNews(Change.MISSING, (Role.SCANNER,)),)
    assert desk.news([keyboard("b")], now_ms=7 + after_ms) == (missing if told else ())


def test_the_time_away_begins_anew_each_time() -> None:
    desk = presence(scanner="a", keypad="b")
    for start_ms in (0, 10_000, 20_000):
        assert desk.news([keyboard("b")], now_ms=start_ms) == ()
        assert desk.news([keyboard("b")], now_ms=start_ms + MISSING_AFTER_MS - 1) == ()
        assert desk.news([keyboard("a"), keyboard("b")], now_ms=start_ms + MISSING_AFTER_MS) == ()


def test_a_scanner_at_the_keypad_s_old_socket_is_no_keypad() -> None:
    desk = presence(keypad="a", scanner="b")
    mouse = Port(kind=PortKind.KEYS, path=Path("event1"), place="a")
    assert desk.role_of(mouse) is None
    assert desk.role_of(keyboard("a")) is Role.KEYPAD


def test_a_given_path_has_its_role_and_the_stored_one_is_void() -> None:
    desk = presence({Role.SCANNER: Path("given")}, scanner="a", keypad="b")
    assert desk.role_of(keyboard("a")) is None
    assert desk.role_of(keyboard("given-scanner", path="given")) is Role.SCANNER
    assert desk.takeable(keyboard("c"), []) == (Role.KEYPAD,)
    assert desk.takeable(keyboard("c"), [keyboard("b")]) == ()


def test_a_pad_can_take_the_keypad_s_role_only() -> None:
    assert presence().takeable(keyboard("c", pad=True), []) == (Role.KEYPAD,)
    assert presence().takeable(keyboard("c"), []) == (Role.SCANNER, Role.KEYPAD)


@pytest.mark.parametrize(("after_ms", "found"), [(ALONE_FOR_MS - 1, False), (ALONE_FOR_MS, True)])
def test_a_lone_pad_must_have_been_alone_for_a_while(after_ms: int, *, found: bool) -> None:
    desk, pad = presence(), keyboard("a", pad=True)
    assert desk.lone_pad([pad], now_ms=100) is None
    assert desk.lone_pad([pad, keyboard("b")], now_ms=100 + after_ms) == (pad if found else None)


def test_both_faces_of_one_pad_are_one_pad() -> None:
    desk, faces = presence(), [keyboard("a", pad=True, path="event1"), keyboard("a", pad=True, path="event2")]
    desk.lone_pad(faces, now_ms=0)
    assert desk.lone_pad(faces, now_ms=ALONE_FOR_MS) == faces[0]


def test_another_pad_meanwhile_begins_the_wait_anew() -> None:
    desk, pad, other = presence(), keyboard("a", pad=True), keyboard("b", pad=True)
    desk.lone_pad([pad], now_ms=0)
    desk.lone_pad([pad, other], now_ms=ALONE_FOR_MS - 1)
    assert desk.lone_pad([pad], now_ms=ALONE_FOR_MS) is None
    assert desk.lone_pad([other], now_ms=2 * ALONE_FOR_MS) is None, "another one is alone now"
    assert desk.lone_pad([other], now_ms=3 * ALONE_FOR_MS) == other
