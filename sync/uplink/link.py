"""Is the center there? A link counts as up only after staying up, and as down only after failing twice.

    state     success                          failure
    UP        UP                               SHAKY
    SHAKY     UP                               DOWN   (opens an outage)
    DOWN      SETTLING                         DOWN
    SETTLING  UP after `settle_ms` (closes it) DOWN

Pure: times and chance are arguments. Waits after failures double up to a bound, and spread so that a thousand tills
do not knock at once when a line comes back. A center that answers, but takes nothing until a person has mended the till, is a
good line: the waits double from the usual one on, for asking again soon is in vain.
"""

from __future__ import annotations

from enum import Enum, auto

from msgspec import Struct

REFUSED_MAX_MS = 3_600_000
"""The longest wait after refusals, or twice the usual one where that is longer."""


class LinkState(Enum):
    """See the module's table."""

    UP = auto()
    SHAKY = auto()
    DOWN = auto()
    SETTLING = auto()


class Pace(Struct, frozen=True):
    """Waits between exchanges, in ms: usual, after a failure at least and at most, and to prove a link."""

    interval_ms: int
    retry_ms: int
    retry_max_ms: int
    settle_ms: int


class Link:
    """What is known of the way to the center. Owned by the task that makes the exchanges."""

    def __init__(self, pace: Pace, *, outage_open: bool) -> None:
        """`outage_open` says whether the journal's last word is that the center does not answer."""
        self._pace = pace
        self.state = LinkState.DOWN if outage_open else LinkState.UP
        self.failures = 0
        """In a row."""
        self.refusals = 0
        """In a row."""
        self._up_since_ms = 0

    @property
    def is_down(self) -> bool:
        """Whether an outage is open."""
        return self.state in (LinkState.DOWN, LinkState.SETTLING)

    def succeeded(self, now_ms: int) -> None:
        """An exchange was answered."""
        self.failures = self.refusals = 0
        if self.state is LinkState.DOWN:
            self.state = LinkState.SETTLING
            self._up_since_ms = now_ms
        elif self.state is LinkState.SHAKY or self._has_settled(now_ms):
            self.state = LinkState.UP

    def refused(self, now_ms: int) -> None:
        """An exchange was answered by what a person must mend first."""
        refusals = self.refusals
        self.succeeded(now_ms)
        self.refusals = refusals + 1

    def failed(self) -> None:
        """An exchange was not answered."""
        self.failures += 1
        self.state = LinkState.SHAKY if self.state is LinkState.UP else LinkState.DOWN

    def wait_ms(self, chance: float) -> int:
        """How long to wait before the next exchange; `chance` is random in [0, 1)."""
        assert 0 <= chance < 1
        if self.failures:
            return _spread(
                min(self._pace.retry_max_ms, self._pace.retry_ms << min(self.failures - 1, 20)), chance
            )
        usual_ms = self._pace.interval_ms
        if self.state is LinkState.SETTLING:
            return min(usual_ms, self._pace.settle_ms)
        if self.refusals:
            return _spread(min(max(REFUSED_MAX_MS, 2 * usual_ms), usual_ms << min(self.refusals, 20)), chance)
        return usual_ms

    def _has_settled(self, now_ms: int) -> bool:
        return self.state is LinkState.SETTLING and now_ms - self._up_since_ms >= self._pace.settle_ms


def _spread(most_ms: int, chance: float) -> int:
    return most_ms // 2 + int(most_ms * chance / 2)
