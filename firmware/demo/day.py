"""A day of the story and its events, each a function with a name and a sentence."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from firmware.demo.story import Story

Act = Callable[["Story"], Awaitable[None]]


class Event(Struct, frozen=True):
    """Something that happens at the shop."""

    name: str
    sentence: str
    act: Act


class Day(Struct, frozen=True):
    """`date` is such as ``14041017``; events happen from 8:00 on, `minutes` apart. Pictures begin with `label`, or
    the day of the month.
    """

    date: str
    title: str
    label: str = ""
    minutes: int = 20
    events: list[Event] = field(default_factory=list)

    @property
    def prefix(self) -> str:
        """How its pictures' names begin."""
        return self.label or self.date[-2:]

    def event(self, act: Act) -> Act:
        """Append an event; its name is the function's, its sentence the docstring."""
        name: str = getattr(act, "__name__", "event")
        sentence = (act.__doc__ or "").strip()
        assert sentence, f"{name} says what happens"
        self.events.append(Event(name.replace("_", "-"), sentence, act))
        return act
