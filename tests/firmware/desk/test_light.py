"""What the keypad's light says, in virtual time, and when it counts as a voice."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from drivers.sound import Sound
from firmware.desk.light import COUNTED_MAX, COUNTED_MIN, LIT_MS, PATTERNS, Light
from firmware.receipt.service_slips import LIGHT
from tests.fakes import virtual_time

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class Lamp:
    """One pad's light, which remembers when it went on and off."""

    def __init__(self) -> None:
        self.takes = True
        self.is_lit = False
        self._edges_ms: list[int] = []

    def switch(self, *, on: bool) -> bool:
        if self.takes and on != self.is_lit:
            self.is_lit = on
            self._edges_ms.append(round(asyncio.get_running_loop().time() * 1_000))
        return self.takes

    def flashes_ms(self) -> list[int]:
        """How long each flash lasted that is over."""
        on, off = self._edges_ms[::2], self._edges_ms[1::2]
        return [after - before for before, after in zip(on, off, strict=False)]


class Pad:
    """A keypad on the desk and the till's side of its light."""

    def __init__(self, chance: float) -> None:
        self.lamps: tuple[Lamp, ...] = (Lamp(),)
        self.light = Light(lambda: self.lamps, chance=lambda: chance)

    @property
    def lamp(self) -> Lamp:
        return self.lamps[0]

    async def wait_ms(self, ms: int) -> None:
        await asyncio.sleep(ms / 1_000)


def at_a_pad(story: Callable[[Pad], Awaitable[None]], *, chance: float = 0.0) -> None:
    async def run() -> None:
        pad = Pad(chance)
        async with asyncio.TaskGroup() as tasks:
            flashing = tasks.create_task(pad.light.run())
            await story(pad)
            flashing.cancel()

    virtual_time.run(run())


@pytest.mark.parametrize("sound", [sound for sound in Sound if sound is not Sound.APPROVED])
def test_each_sound_has_its_own_number_of_flashes_and_then_it_is_dark(sound: Sound) -> None:
    async def story(pad: Pad) -> None:
        pad.light.show(sound)
        await pad.wait_ms(10_000)
        assert pad.lamp.flashes_ms() == [PATTERNS[sound].on_ms] * PATTERNS[sound].flashes
        assert not pad.lamp.is_lit

    at_a_pad(story)


def test_no_two_sounds_look_alike() -> None:
    assert len({pattern.flashes for pattern in PATTERNS.values()}) == len(Sound)


def test_what_was_approved_stays_lit_for_half_a_minute() -> None:
    async def story(pad: Pad) -> None:
        pad.light.show(Sound.APPROVED)
        await pad.wait_ms(LIT_MS)
        assert pad.lamp.is_lit
        await pad.wait_ms(1_000)
        assert not pad.lamp.is_lit

    at_a_pad(story)


def test_that_the_receipt_is_missing_does_not_cover_that_it_was_approved() -> None:
    async def story(pad: Pad) -> None:
        pad.light.show(Sound.APPROVED)
        pad.light.show(Sound.LOOK)
        await pad.wait_ms(5_000)
        assert pad.lamp.is_lit
        pad.light.show(Sound.ACCEPTED)
        await pad.wait_ms(5_000)
        assert not pad.lamp.is_lit, "the next basket has begun"
        pad.light.show(Sound.LOOK)
        await pad.wait_ms(5_000)
        assert not pad.lamp.is_lit

    at_a_pad(story)


@pytest.mark.parametrize(("chance", "times"), [(0.0, COUNTED_MIN), (0.5, 4), (0.999_999, COUNTED_MAX)])
def test_a_light_is_a_voice_once_somebody_has_counted_its_flashes(chance: float, times: int) -> None:
    async def story(pad: Pad) -> None:
        assert not pad.light.is_seen
        assert pad.light.flash() == times
        await pad.wait_ms(10_000)
        assert len(pad.lamp.flashes_ms()) == times
        assert not pad.light.is_seen, "nobody has said that he saw it"
        pad.light.was_counted()
        assert pad.light.is_seen

    at_a_pad(story, chance=chance)


def test_another_pad_is_counted_anew_and_none_is_no_voice() -> None:
    async def story(pad: Pad) -> None:
        pad.light.flash()
        pad.light.was_counted()
        pad.lamps = ()
        assert not pad.light.is_seen
        assert pad.light.flash() is None
        pad.light.was_counted()
        assert not pad.light.is_seen
        pad.lamps = (Lamp(),)
        assert not pad.light.is_seen

    at_a_pad(story)


def test_a_pad_that_is_pulled_out_in_the_middle_ends_nothing() -> None:
    async def story(pad: Pad) -> None:
        pad.light.show(Sound.REFUSED)
        await pad.wait_ms(300)
        pad.lamp.takes = False
        await pad.wait_ms(5_000)
        pad.lamps = (Lamp(),)
        pad.light.show(Sound.LOOK)
        await pad.wait_ms(5_000)
        assert len(pad.lamp.flashes_ms()) == 3

    at_a_pad(story)


def test_the_help_card_says_what_the_light_says() -> None:
    assert PATTERNS[Sound.ACCEPTED].flashes == 1
    assert "یک چشمک: پذیرفته شد" in LIGHT
    assert PATTERNS[Sound.LOOK].flashes == 3
    assert "سه چشمک: نگاه کنید" in LIGHT
    assert PATTERNS[Sound.APPROVED].stays_lit
    assert "روشن ماند: خرید ثبت شد" in LIGHT
    assert PATTERNS[Sound.REFUSED].on_ms < PATTERNS[Sound.LOOK].on_ms
    assert "چشمک‌های تند: رد شد" in LIGHT
    assert (PATTERNS[Sound.LOCKED].flashes, PATTERNS[Sound.LOCKED].on_ms) == (5, 600)
    assert "پنج چشمک بلند: قفل شد" in LIGHT
