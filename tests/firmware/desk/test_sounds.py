"""A sound is made by the first player that manages, and nobody ever waits for one."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from drivers.beeper import SoundCard, ToneDevice
from drivers.errors import PrinterBlocked, SoundFailed
from drivers.sound import Sound
from firmware.desk.sounds import LAST_FOR_MS, STALE_MS, PrinterBuzzer, Sounds, players_of
from firmware.log import Level, Log

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class Player:
    """A buzzer that may be broken, or hold on to a sound."""

    def __init__(self) -> None:
        self.played: list[Sound] = []
        self.is_broken = False
        self.free = asyncio.Event()
        self.free.set()

    async def play(self, sound: Sound) -> None:
        await self.free.wait()
        if self.is_broken:
            raise SoundFailed("no sound device")
        self.played.append(sound)


class Printer(Player):
    async def beep(self, sound: Sound) -> None:
        await self.play(sound)

    async def play(self, sound: Sound) -> None:
        if self.is_broken:
            raise PrinterBlocked("no paper")
        await super().play(sound)


class Room:
    """A sound device and a printer, both within hearing."""

    def __init__(self) -> None:
        self.device, self.printer = Player(), Printer()
        self.now_ms = 0
        self.lines: list[str] = []
        self.log = Log(self.lines.append, level=Level.INFO, monotonic_ms=lambda: self.now_ms)
        self.sounds = Sounds(
            (self.device, PrinterBuzzer(self.printer)), log=self.log, monotonic_ms=lambda: self.now_ms
        )

    async def hear(self, *sounds: Sound) -> None:
        for sound in sounds:
            self.sounds.sound(sound)
        await asyncio.sleep(0.005)


def in_a_room(story: Callable[[Room], Awaitable[None]]) -> Room:
    async def run() -> Room:
        room = Room()
        running = asyncio.create_task(room.sounds.run())
        await story(room)
        running.cancel()
        return room

    return asyncio.run(run())


def test_the_first_player_that_manages_sounds_and_no_other() -> None:
    async def story(room: Room) -> None:
        await room.hear(Sound.ACCEPTED)
        room.device.is_broken = True
        await room.hear(Sound.LOOK)

    room = in_a_room(story)
    assert room.device.played == [Sound.ACCEPTED]
    assert room.printer.played == [Sound.LOOK]


def test_a_player_that_failed_is_tried_last_for_a_minute_and_then_first_again() -> None:
    async def story(room: Room) -> None:
        room.device.is_broken = True
        await room.hear(Sound.ACCEPTED)
        room.device.is_broken = False
        room.now_ms += LAST_FOR_MS - 1
        await room.hear(Sound.LOOK)
        room.now_ms += 1
        await room.hear(Sound.APPROVED)

    room = in_a_room(story)
    assert room.printer.played == [Sound.ACCEPTED, Sound.LOOK]
    assert room.device.played == [Sound.APPROVED]


def test_a_device_that_fails_is_no_voice_of_the_till_s_own() -> None:
    async def story(room: Room) -> None:
        assert room.sounds.have_own_voice
        room.device.is_broken = True
        await room.hear(Sound.LOOK)
        assert not room.sounds.have_own_voice

    in_a_room(story)


def test_a_printer_that_takes_nothing_is_given_up_for_the_next_player(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("firmware.desk.sounds.STALE_MS", 20)

    async def story(room: Room) -> None:
        room.printer.free.clear()
        with pytest.raises(SoundFailed):
            await PrinterBuzzer(room.printer).play(Sound.APPROVED)

    in_a_room(story)


def test_a_till_where_nothing_sounds_goes_on_and_says_so_once() -> None:
    async def story(room: Room) -> None:
        room.device.is_broken = room.printer.is_broken = True
        for _ in range(5):
            await room.hear(Sound.ACCEPTED)

    room = in_a_room(story)
    assert sum("no sound" in line for line in room.lines) == 2, "one line for each player"


def test_whoever_sounds_never_waits_and_the_newest_sounds_win() -> None:
    async def story(room: Room) -> None:
        room.device.free.clear()
        await room.hear(Sound.ACCEPTED)
        await room.hear(*[Sound.ACCEPTED] * 20, Sound.REFUSED, Sound.LOOK)
        room.device.free.set()
        await asyncio.sleep(0.005)

    assert in_a_room(story).device.played == [Sound.ACCEPTED, Sound.REFUSED, Sound.LOOK]


def test_a_sound_that_comes_too_late_is_dropped() -> None:
    async def story(room: Room) -> None:
        room.device.free.clear()
        await room.hear(Sound.ACCEPTED, Sound.REFUSED)
        room.now_ms += STALE_MS + 1
        room.device.free.set()
        await asyncio.sleep(0.005)
        await room.hear(Sound.LOOK)

    assert in_a_room(story).device.played == [Sound.ACCEPTED, Sound.LOOK]


def test_the_printer_has_a_sound_before_the_slip_that_follows_it() -> None:
    async def story(room: Room) -> None:
        room.device.is_broken = True
        room.sounds.sound(Sound.APPROVED)
        await room.sounds.handed_over()
        assert room.printer.played == [Sound.APPROVED]

    in_a_room(story)


def test_a_player_that_hangs_delays_a_slip_by_a_tenth_of_a_second_at_most() -> None:
    async def story(room: Room) -> None:
        loop = asyncio.get_running_loop()
        room.device.free.clear()
        room.sounds.sound(Sound.APPROVED)
        handing_over = asyncio.create_task(room.sounds.handed_over())
        await asyncio.sleep(0)
        assert handing_over.done(), "a device of its own is in nobody's way"
        started_s = loop.time()
        room.device.is_broken = True
        room.device.free.set()
        room.printer.free.clear()
        room.sounds.sound(Sound.APPROVED)
        await room.sounds.handed_over()
        assert loop.time() - started_s < 0.5

    in_a_room(story)


@pytest.mark.parametrize(
    ("names", "kinds"),
    [
        (("printer",), [PrinterBuzzer]),
        (("aplay", "/dev/input/buzzer"), [SoundCard, ToneDevice, PrinterBuzzer]),
        (("printer", "aplay:plughw:1"), [PrinterBuzzer, SoundCard]),
        ((str(Path("/dev/input/by-path/platform-beeper-event")),), [ToneDevice, PrinterBuzzer]),
    ],
)
def test_the_printer_s_buzzer_is_always_among_the_players(names: tuple[str, ...], kinds: list[type]) -> None:
    players = players_of(names, Printer())
    assert [type(player) for player in players] == kinds
