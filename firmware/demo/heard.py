"""What the till printed during one event of the story, as text; and what the story demands of it.

The till's log says what each slip held (`printed`); the pictures come from the paper itself. Isolating characters are
taken out, since a person does not see them.
"""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING, Any

from firmware.receipt import persian
from firmware.receipt.decline_slips import TEXTS
from sync.wire.money import RIAL_PER_TOMAN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sync.wire.kinds import DeclineReason

LINES_KEPT = 12
_INVISIBLE = dict.fromkeys(map(ord, (persian.LRI, persian.FSI, persian.PDI)))
_AMOUNT = re.compile(r"(-?)([\d٬]+)(?:٫(\d))?(?: تومان)?")


class Unmet(Exception):
    """Something that the story demands did not happen."""


def plain(text: str) -> str:
    """As a person reads it."""
    return text.translate(_INVISIBLE)


class Heard:
    """Owned by the story; the simulated shop tells it every line of the till's log."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.log: deque[dict[str, Any]] = deque(maxlen=LINES_KEPT)
        self.facts: dict[str, dict[str, Any]] = {}
        self.answers = 0
        self.mail_items = 0
        """All items that ever reached the till: the number of the last."""

    def take(self, event: dict[str, Any]) -> None:
        """One line of the till's log."""
        self.log.append(event)
        name = event.get("event", "")
        self.facts[name] = event
        if name == "printed":
            self.texts.extend(plain(text) for text in event["slip"])
        elif name == "exchanged":
            self.answers += 1
            self.mail_items += event["mail"]

    def begin(self) -> None:
        """What was printed until now belongs to what is over."""
        self.texts.clear()

    def must_say(self, *wanted: str) -> None:
        """Each of these stands somewhere on the paper. Raises: Unmet."""
        for text in wanted:
            if not self.says(text):
                raise Unmet(f"the paper does not say: {text}")

    def must_not_say(self, *unwanted: str) -> None:
        """None of these stands on the paper. Raises: Unmet."""
        for text in unwanted:
            if self.says(text):
                raise Unmet(f"the paper says: {text}")

    def says(self, text: str) -> bool:
        """Whether this stands somewhere on the paper."""
        return any(plain(text) in line for line in self.texts)

    def row(self, label: str) -> str:
        """The value beside `label`, where it stood last. Raises: Unmet."""
        for line in reversed(self.texts):
            name, bar, value = line.partition(" | ")
            if bar and name == plain(label):
                return value
        raise Unmet(f"no row of the paper is called: {label}")

    def amount_rial(self, label: str) -> int:
        """The toman beside `label`, in rial. Raises: Unmet."""
        value = persian.fold_digits(self.row(label))
        found = _AMOUNT.fullmatch(value)
        if found is None:
            raise Unmet(f"{label}: {value} is no amount")
        amount_rial = int(found[2].replace("٬", "")) * RIAL_PER_TOMAN + int(found[3] or 0)
        return -amount_rial if found[1] else amount_rial

    def must_be(self, amounts_rial: dict[str, int]) -> None:
        """Each label has its amount. Raises: Unmet."""
        for label, wanted_rial in amounts_rial.items():
            said_rial = self.amount_rial(label)
            if said_rial != wanted_rial:
                raise Unmet(f"{label}: {said_rial} rial on paper, {wanted_rial} in the story's books")

    def must_count(self, counts: dict[str, int]) -> None:
        """Each label has its number. Raises: Unmet."""
        for label, wanted in counts.items():
            said = persian.fold_digits(self.row(label)).replace("٬", "")
            if said != str(wanted):
                raise Unmet(f"{label}: {said} on paper, {wanted} in the story's books")


def words_of(reason: DeclineReason) -> str:
    """How paper says this refusal."""
    return plain(TEXTS[reason.name].what)


def last_words(lines: Iterable[dict[str, Any]]) -> str:
    """Some lines of the till's log, for people."""
    return "\n".join("    " + " ".join(f"{key}={value}" for key, value in line.items()) for line in lines)
