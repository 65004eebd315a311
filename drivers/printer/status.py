"""What a printer says of itself: questions as bytes, and answers out of a stream that also carries noise.

Answers are told apart by bits that the standard fixes, never by their order alone:

| bits | it is | bytes |
| --- | --- | --- |
| `0xx1xx10` | the answer to DLE EOT n, at once; which n it answers it does not say | 1 |
| `0xx1xx00` then three times `0xx0xxxx` | automatic status, when something changes (after GS a) | 4 |
| `0xx0xxxx` outside of that | the answer to GS r 1, in its turn: all that was sent before has been printed | 1 |
| `37 22 d1 d2 d3 d4 00` | the answer to GS ( H: job d has been printed | 7 |

All else (XON, XOFF, what a printer or an adapter sends while its power comes on) is noise: it is counted and left out. An
answer at once may stand inside an automatic status.

Rule: most cheap printers answer nothing. That is no error, and nothing is concluded from it but that nobody knows.
Source: Epson ESC/POS Application Programming Guide (DLE EOT, GS a, GS r, GS ( H).

Must not know: ports, when to ask.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

JOBS = 10_000
"""Job numbers have four digits and begin again."""


class Question(Enum):
    """DLE EOT n: asked and answered at once, also while the printer holds everything else."""

    PRINTER = b"\x10\x04\x01"
    OFFLINE = b"\x10\x04\x02"
    ERROR = b"\x10\x04\x03"
    PAPER = b"\x10\x04\x04"


TELL_CHANGES: Final = b"\x1da\x0e"
"""GS a: on and offline, errors and paper, from now on and once now."""
TELL_IN_TURN: Final = b"\x1dr\x01"
"""GS r 1: the paper sensor, when everything before is printed."""


def job_question(job: int) -> bytes:
    """GS ( H: tell when everything up to here is printed, by this number."""
    return b"\x1d(H\x06\x00\x30\x30" + _digits(job)


def _digits(job: int) -> bytes:
    return b"%04d" % (job % JOBS)


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the printer; None is not known."""

    paper_out: bool | None = None
    paper_low: bool | None = None
    cover_open: bool | None = None
    error: bool | None = None
    offline: bool | None = None

    @property
    def holds(self) -> bool:
        """Whether it prints nothing until somebody comes."""
        return bool(self.paper_out or self.cover_open or self.error)

    def and_then(self, newer: Condition) -> Condition:
        """This, with what is newly known."""
        known = {key: value for key, value in msgspec.structs.asdict(newer).items() if value is not None}
        return msgspec.structs.replace(self, **known)


class AtOnce(msgspec.Struct, frozen=True):
    """An answer to one of `Question`; whoever asked knows which."""

    byte: int


class Changed(msgspec.Struct, frozen=True):
    """An automatic status."""

    condition: Condition


class InTurn(msgspec.Struct, frozen=True):
    """The answer to `TELL_IN_TURN`."""

    condition: Condition


class JobPrinted(msgspec.Struct, frozen=True):
    """The answer to `job_question`."""

    job: int


Heard = AtOnce | Changed | InTurn | JobPrinted


def condition_from(question: Question, answer: AtOnce) -> Condition:
    """What an answer means, for the question that it answers."""
    byte = answer.byte
    match question:
        case Question.PRINTER:
            return Condition(offline=bool(byte & 0x08))
        case Question.OFFLINE:
            return Condition(
                cover_open=bool(byte & 0x04), paper_out=bool(byte & 0x20), error=bool(byte & 0x40)
            )
        case Question.ERROR:
            return Condition(error=bool(byte & 0x68))
        case Question.PAPER:
            return Condition(paper_low=bool(byte & 0x0C), paper_out=bool(byte & 0x60))


_AT_ONCE_MASK, _AT_ONCE = 0x93, 0x12
_CHANGED_MASK, _CHANGED = 0x93, 0x10
_REST_MASK, _REST = 0x90, 0x00
_CHANGED_BYTES = 4
_JOB_START, _JOB_BYTES = b"\x37\x22", 7


class StatusReader:
    """Cuts what a printer says into answers. Owner: whoever reads its port."""

    def __init__(self) -> None:
        self._changed = bytearray()
        self._job = bytearray()
        self.noise_bytes = 0

    def forget(self) -> None:
        """Another port, or the printer was off: half an answer will not be completed."""
        self.noise_bytes += len(self._changed) + len(self._job)
        self._changed.clear()
        self._job.clear()

    def feed(self, data: bytes) -> Iterator[Heard]:
        """Yield what `data` completes."""
        for byte in data:
            heard = self._take(byte)
            if heard is not None:
                yield heard

    def _take(self, byte: int) -> Heard | None:
        if self._job:
            return self._take_of_job(byte)
        if byte & _AT_ONCE_MASK == _AT_ONCE:
            return AtOnce(byte)
        if self._changed and byte & _REST_MASK == _REST:
            return self._take_of_change(byte)
        if self._changed:
            self.forget()
        if byte & _CHANGED_MASK == _CHANGED:
            self._changed.append(byte)
        elif byte == _JOB_START[0]:
            self._job.append(byte)
        elif byte & _REST_MASK == _REST:
            return InTurn(Condition(paper_low=bool(byte & 0x03), paper_out=bool(byte & 0x0C)))
        else:
            self.noise_bytes += 1
        return None

    def _take_of_change(self, byte: int) -> Changed | None:
        self._changed.append(byte)
        if len(self._changed) < _CHANGED_BYTES:
            return None
        first, errors, paper, _ = self._changed
        self._changed.clear()
        return Changed(
            Condition(
                offline=bool(first & 0x08), cover_open=bool(first & 0x20), error=bool(errors & 0x2C),
                paper_low=bool(paper & 0x03), paper_out=bool(paper & 0x0C),
            )
        )  # fmt: skip

    def _take_of_job(self, byte: int) -> Heard | None:
        self._job.append(byte)
        place = len(self._job) - 1
        fits = (
            byte == _JOB_START[1]
            if place == 1
            else byte == 0
            if place == _JOB_BYTES - 1
            else 0x30 <= byte <= 0x39
        )
        if not fits:
            self._job.pop()
            self.forget()
            return self._take(byte)
        if place < _JOB_BYTES - 1:
            return None
        job = int(self._job[2:6])
        self._job.clear()
        return JobPrinted(job)
