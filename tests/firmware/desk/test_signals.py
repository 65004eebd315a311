"""Only what matters is waited for; order on paper is the order of saying; absent devices are in nobody's way."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from drivers.errors import PrinterBlocked
from drivers.line_display import TwoLines
from drivers.printer.slip import Text
from drivers.sound import Sound
from firmware.desk.light import COUNTED_MIN, Light
from firmware.desk.signals import HINTS_MAX, Hints, Signals
from firmware.desk.sounds import PrinterBuzzer, Sounds
from firmware.log import Level, Log

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from drivers.printer.slip import Slip


def slip(words: str) -> Slip:
    return (Text(words),)


class Printer:
    """Paper as a list of what came out, sounds among it."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self.takes = asyncio.Event()
        self.takes.set()
        self.is_blocked = False

    async def print(self, slip: Slip) -> None:
        await self.takes.wait()
        if self.is_blocked:
            raise PrinterBlocked("no paper")
        self.out += [element.text for element in slip if isinstance(element, Text)]

    async def tear(self) -> None:
        self.out.append("--")

    async def beep(self, sound: Sound) -> None:
        self.out.append(sound.name)

    async def open_drawer(self) -> None:
        if self.is_blocked:
            raise PrinterBlocked("no paper")
        self.out.append("drawer")


class Sign:
    """A display or screen that only remembers."""

    def __init__(self) -> None:
        self.shown: list[object] = []
        self.is_seen = True

    def show(self, what: object) -> None:
        self.shown.append(what)

    def end(self) -> None:
        self.shown.append("end")


class Shop:
    def __init__(self) -> None:
        log = Log(lambda _: None, level=Level.ERROR, monotonic_ms=lambda: 0)
        self.printer, self.pole, self.screen = Printer(), Sign(), Sign()
        self.sounds = Sounds((PrinterBuzzer(self.printer),), log=log, monotonic_ms=lambda: 0)
        self.hints = Hints(self.printer, log=log)
        self.signals = Signals(
            self.printer, self.hints, self.sounds,
            pole=self.pole, screen=self.screen,
        )  # fmt: skip


def in_a_shop(story: Callable[[Shop], Awaitable[None]]) -> Shop:
    async def run() -> Shop:
        shop = Shop()
        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            tasks = [group.create_task(job()) for job in (shop.sounds.run, shop.hints.run)]
            await story(shop)
            for task in tasks:
                task.cancel()
        return shop

    return asyncio.run(run())


def test_hint_and_sound_come_before_the_slip_that_follows() -> None:
    async def story(shop: Shop) -> None:
        await shop.signals.beep(Sound.LOOK)
        shop.signals.say(slip("hint"))
        await shop.signals.beep(Sound.APPROVED)
        await shop.signals.print(slip("receipt"))
        await shop.signals.tear()

    out = in_a_shop(story).printer.out
    assert out.index("hint") < out.index("receipt") < out.index("--")
    assert out.index("APPROVED") < out.index("receipt")


def test_a_hint_is_printed_by_itself_when_nobody_does_anything() -> None:
    async def story(shop: Shop) -> None:
        shop.signals.say(slip("hint"))
        assert shop.printer.out == []
        while shop.printer.out != ["hint"]:
            await asyncio.sleep(0.005)

    in_a_shop(story)


def test_a_burst_of_hints_on_a_blocked_printer_delays_nobody_and_the_newest_print() -> None:
    async def story(shop: Shop) -> None:
        shop.printer.takes.clear()
        for number in range(20):
            shop.signals.say(slip(str(number)))
            await shop.signals.beep(Sound.LOOK)
            await asyncio.sleep(0)
        shop.printer.takes.set()
        await shop.signals.print(slip("receipt"))

    printed = [words for words in in_a_shop(story).printer.out if words != "LOOK"]
    assert printed[-1] == "receipt"
    assert printed[-1 - HINTS_MAX : -1] == ["18", "19"]
    assert len(printed) <= HINTS_MAX + 2, "the one that hung, the newest, and the receipt"


def test_a_lost_hint_is_only_lost_but_a_lost_slip_is_told() -> None:
    async def story(shop: Shop) -> None:
        shop.printer.is_blocked = True
        shop.signals.say(slip("hint"))
        with pytest.raises(PrinterBlocked):
            await shop.signals.print(slip("receipt"))
        shop.printer.is_blocked = False
        await shop.signals.print(slip("receipt"))

    assert in_a_shop(story).printer.out == ["receipt"]


def test_the_screen_shows_what_paper_should_say_even_if_it_does_not() -> None:
    async def story(shop: Shop) -> None:
        shop.printer.is_blocked = True
        with pytest.raises(PrinterBlocked):
            await shop.signals.print(slip("block"))
        shop.signals.say(slip("hint"))
        assert shop.screen.shown == [slip("block"), slip("hint")]

    in_a_shop(story)


def test_the_end_of_a_strip_is_told_once() -> None:
    async def story(shop: Shop) -> None:
        shop.signals.amounts(TwoLines("OK"))
        await shop.signals.print(slip("receipt"))
        for _ in range(3):
            await shop.signals.tear()
        assert shop.pole.shown == [TwoLines("OK"), "end"]
        assert shop.screen.shown == [slip("receipt"), "end"]

    in_a_shop(story)


def test_a_till_without_display_and_screen_is_served_all_the_same() -> None:
    async def story(shop: Shop) -> None:
        plain = Signals(shop.printer, shop.hints, shop.sounds)
        plain.amounts(TwoLines("OK"))
        plain.say(slip("hint"))
        await plain.tear()

    assert in_a_shop(story).printer.out == ["hint", "--"]


def test_amounts_are_read_where_a_display_or_screen_takes_them() -> None:
    async def story(shop: Shop) -> None:
        assert shop.signals.shows_amounts()
        shop.pole.is_seen = False
        assert shop.signals.shows_amounts(), "the screen is seen"
        shop.screen.is_seen = False
        assert not shop.signals.shows_amounts(), "what is pulled out tells nobody anything"
        assert not shop.signals.is_heard(), "a buzzer is the printer's"

    in_a_shop(story)


def test_the_keypads_light_goes_with_each_sound_and_is_a_voice_once_it_was_counted() -> None:
    class Lamp:
        def switch(self, *, on: bool) -> bool:
            return True

    async def story(shop: Shop) -> None:
        lamps = (Lamp(),)
        light = Light(lambda: lamps, chance=lambda: 0.0)
        plain = Signals(shop.printer, shop.hints, shop.sounds, light=light)
        assert not plain.is_heard()
        assert plain.flash() == COUNTED_MIN
        plain.flashes_were_counted()
        assert plain.is_heard()
        without = Signals(shop.printer, shop.hints, shop.sounds)
        assert without.flash() is None
        without.flashes_were_counted()
        assert not without.is_heard()

    in_a_shop(story)


def test_a_drawer_that_does_not_open_keeps_nobody_from_selling() -> None:
    async def story(shop: Shop) -> None:
        await shop.signals.open_drawer()
        shop.printer.is_blocked = True
        await shop.signals.open_drawer()
        assert shop.printer.out == ["drawer"]

    in_a_shop(story)
