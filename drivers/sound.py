"""What the till says by sound.

Rules: a sound is a value; how it sounds is its player's: the printer's buzzer (`drivers.printer.receipt_printer`) takes
number and length from here, a sound device (`drivers.beeper`) has tones for it. Told apart by rhythm, not by pitch
alone, for many buzzers know one pitch only.

Must not know: who sounds it and why.
"""

from __future__ import annotations

from enum import Enum


class Sound(Enum):
    """How many beeps the printer's buzzer gives, and their length x 50 ms."""

    ACCEPTED = (1, 1)
    APPROVED = (2, 2)
    LOOK = (3, 2)
    REFUSED = (1, 9)
    LOCKED = (5, 6)
