"""What is known of a printer, by asking it and by hearing what it says unasked.

Rules:
- Most printers answer nothing. That costs nothing, and nothing is concluded from it. What looks like an answer of a kind
  that the profile does not promise is noise: nobody could ever take it back.
- One that has answered at this port, and more than once, and falls silent is off, or its cable is: what it was told
  meanwhile is not printed, and no more is sent until it answers again or the port is opened anew.
- An answer after silence means that its power was cut: it has forgotten all. So does something that no printer says, from
  one that speaks as the profile says; from another it may be its way, or a wire that picks up noise, and ends no slip.
- "In its turn" is the only proof of print: it is asked for behind a slip's last byte, and waited for as long as the
  printer answers at once that it does not hold.
- One that answers at once and never in its turn has a profile that promises too much: it is not asked that again.

One task feeds what is read; who prints asks. Must not know: ports, slips.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from drivers.errors import CoverOpen, PaperOut, PrinterBlocked
from drivers.printer import status
from drivers.printer.profiles import Answer
from drivers.printer.status import Condition, Question

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from drivers.printer.profiles import PrinterProfile
    from drivers.printer.status import Heard

ANSWER_MS = 500
"""A printer that answers at once answers within this."""
SILENT_QUESTIONS_MAX = 2
ANSWERS_MIN = 2
"""One in thirty bytes of noise looks like an answer; from so many on, silence means that the printer is off."""
NOISES_MAX = 8
_FLOW: Final = b"\x11\x13"
"""XON and XOFF: where the kernel does not use them, they mean nothing."""


class Inquiry:
    """Owned by `drivers.printer.receipt_printer`, whose `send` brings whole commands to the printer."""

    def __init__(
        self, profile: PrinterProfile, send: Callable[[bytes], Awaitable[int]], *, answer_ms: int = ANSWER_MS
    ) -> None:
        self.condition = Condition()
        self.answers = False
        """Whether it can be asked now."""
        self.power_cuts = 0
        self._profile = profile
        self._send = send
        self._answer_ms = answer_ms
        self._reader = status.StatusReader()
        self._turn = asyncio.Lock()
        self._answered = asyncio.Event()
        self._printed = asyncio.Event()
        self.begin()

    def begin(self) -> None:
        """Nothing is known: another port."""
        self.condition = Condition()
        self.answers = self._has_answered = self._is_silent = False
        self._tells_in_turn = True
        self._looks = self._noises = self._answers = 0
        self._forget()

    def power_was_cut(self) -> None:
        """What was asked is not answered any more."""
        self.power_cuts += 1
        self._forget()

    def _forget(self) -> None:
        self._question: Question | None = None
        self._silent_questions = self._in_turn_due = self._job = 0
        self._reader.forget()

    def hear(self, data: bytes) -> bool:
        """Take what was read from the port; whether there was something that no printer says, which is soon not worth much."""
        noise_bytes = self._reader.noise_bytes
        for heard in self._reader.feed(data.translate(None, _FLOW)):
            self._hear(heard)
        if self._reader.noise_bytes == noise_bytes:
            return False
        self._noises += 1
        believed = self._noises <= NOISES_MAX
        if believed and self._has_answered:
            self.power_was_cut()
        return believed

    async def greet(self) -> None:
        """Ask whether it answers; the answer comes when it comes. Raises: PrinterBlocked, DeviceGone."""
        if Answer.DLE_EOT not in self._profile.answers:
            return
        self._question = Question.PRINTER
        await self._send(self._question.value)
        if Answer.GS_A in self._profile.answers:
            await self._send(status.TELL_CHANGES)

    async def look(self) -> None:
        """Ask without waiting whether it is still there, if it ever was. Raises: PrinterBlocked, DeviceGone."""
        if not self._has_answered or self._turn.locked():
            return
        if self._question is not None:
            self._is_silent = True
            if not self._no_answer():
                return
        self._looks += 1
        self._question = (Question.OFFLINE, Question.PAPER)[self._looks % 2]
        await self._send(self._question.value)

    async def ask(self, question: Question) -> bool:
        """Bring `condition` up to date; False without an answer. Raises: PrinterBlocked, DeviceGone."""
        if not self._has_answered:
            return False
        async with self._turn:
            self._answered.clear()
            self._question = question
            await self._send(question.value)
            if not await self._is_set(self._answered):
                self._no_answer()
            return self._answered.is_set()

    async def ask_until_silent(self, question: Question) -> None:
        """Ask until it answers, or is silent for good. Raises: PrinterBlocked, DeviceGone."""
        while not await self.ask(question) and self.answers:
            pass

    def port_says(self, *, paper_out: bool | None) -> None:
        """What the port knows by itself counts where the printer says nothing, or where it is bad news."""
        if paper_out is not None and (paper_out or not self.answers):
            self.condition = self.condition.and_then(Condition(paper_out=paper_out))

    def raise_if_held(self) -> None:
        """Raises: PaperOut, CoverOpen, PrinterBlocked, by what is known."""
        name, known = self._profile.name, self.condition
        if self._has_answered and not self.answers:
            raise PrinterBlocked(f"{name}: does not answer any more")
        if known.paper_out:
            raise PaperOut(f"{name}: no paper")
        if known.cover_open:
            raise CoverOpen(f"{name}: the cover is open")
        if known.error:
            raise PrinterBlocked(f"{name}: says that it is out of order")

    def raise_if_cut(self, power_cuts: int) -> None:
        """Raises: PrinterBlocked, if its power was cut since it was `power_cuts`."""
        if self.power_cuts != power_cuts:
            raise PrinterBlocked(f"{self._profile.name}: was switched off in the middle of it")

    async def all_is_printed(self, job: int, *, patience_ms: int) -> None:
        """Have it told in its turn that everything sent before is printed; return then, or when nobody can know.

        Raises: PaperOut, CoverOpen, PrinterBlocked, DeviceGone.
        """
        command = self._in_turn_command(job)
        if command is None:
            await self.ask_until_silent(Question.OFFLINE)
            return
        power_cuts = self.power_cuts
        await self._send(command)
        while patience_ms > 0 and not await self._is_set(self._printed):
            await self.ask(Question.OFFLINE)
            self.raise_if_held()
            self.raise_if_cut(power_cuts)
            patience_ms -= self._answer_ms
        self._tells_in_turn = self._printed.is_set()

    def _in_turn_command(self, job: int) -> bytes | None:
        self._printed.clear()
        if not self.answers or not self._tells_in_turn:
            return None
        if Answer.GS_PAREN_H in self._profile.answers:
            self._job = job
            return status.job_question(job)
        if Answer.GS_R in self._profile.answers:
            self._in_turn_due += 1
            return status.TELL_IN_TURN
        return None

    async def _is_set(self, event: asyncio.Event) -> bool:
        try:
            async with asyncio.timeout(self._answer_ms / 1_000):
                await event.wait()
        except TimeoutError:
            pass  # what came in the same turn of the loop still counts
        return event.is_set()

    def _no_answer(self) -> bool:
        """Whether it is worth asking again."""
        self._silent_questions += 1
        if self._silent_questions > SILENT_QUESTIONS_MAX:
            self.answers = False
            self._is_silent = True
            self.condition = Condition()
            if self._answers < ANSWERS_MIN:
                self._has_answered = self._is_silent = False
                self._answers = 0
        return self._has_answered

    def _hear(self, heard: Heard) -> None:
        self._silent_questions = 0
        self.answers = self._has_answered = Answer.DLE_EOT in self._profile.answers
        if self._is_silent:
            self._is_silent = False
            self.power_was_cut()
        match heard:
            case status.AtOnce() if self._question is not None:
                self._answers += 1
                self.condition = self.condition.and_then(status.condition_from(self._question, heard))
                self._question = None
                self._answered.set()
            case status.Changed(condition=condition) if Answer.GS_A in self._profile.answers:
                self.condition = self.condition.and_then(condition)
            case status.InTurn() if self._in_turn_due:
                self._in_turn_due -= 1
                if not self._in_turn_due:
                    self._printed.set()
            case status.JobPrinted(job=job) if job == self._job % status.JOBS:
                self._printed.set()
            case _:
                return
