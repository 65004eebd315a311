"""The conversation of a till that belongs to nobody yet: with the technician, on paper, by scanner and keypad.

    asking    ── all parts of an answer ──▶ comparing ── Enter ──▶ enrolled
       ▲                                        │
       └────────────── minus, or a part of another answer ◀──┘

Nothing is kept before Enter. What could not be printed stays owed and is printed when there is a printer: a till may be switched
on before anything is plugged in. Everything else that is scanned or keyed is answered, and changes nothing.
"""

from __future__ import annotations

from collections import deque
from enum import Enum, auto
from typing import TYPE_CHECKING, Final, Protocol

from msgspec import Struct
from msgspec.structs import replace

from drivers.errors import WriteInterrupted
from drivers.keypad import Key
from drivers.scanner.scan import TextScan
from drivers.sound import Sound
from firmware.errors import EnrollmentRefused
from firmware.receipt import persian
from firmware.receipt.device_slips import device_list, device_news
from firmware.receipt.enrollment_slips import (
    Wrong,
    examined_slip,
    offer_slip,
    parts_slip,
    request_slip,
    welcome_slip,
    wrong_slip,
)
from firmware.receipt.prompt_slips import Prompt, prompt_slip
from firmware.receipt.selftest_slips import finding_rows
from firmware.receipt.service_slips import HelpPart, HelpRow, help_card
from firmware.roles import KEYPAD_CODE, DeviceNews
from firmware.till.grammar import Call, Confirm, Mode, Remove, Typing
from sync.wire.enrolling.enrollment_qr import PREFIX, EnrollmentParts, from_qr
from sync.wire.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Callable

    from drivers.printer.slip import Slip
    from firmware.desk.inputs import Input
    from firmware.enrolling.answer import Taken
    from firmware.enrolling.request import Asked
    from firmware.receipt.selftest_slips import Finding
    from firmware.roles import Listed

OWED_MAX = 8
HELP, AGAIN, DEVICES, SELF_TEST, PRINTER = "9", "10", KEYPAD_CODE, "19", "20"
"""The keypad's codes: the same numbers as at an enrolled till."""
MEANINGS: Final = {
    HELP: "همین راهنما",
    AGAIN: "چاپ دوباره درخواست",
    DEVICES: "دستگاه‌ها، صفحه‌کلید تازه",
    SELF_TEST: "آزمایش دستگاه",
    PRINTER: "چاپگر تازه",
}


def code_keys(number: str) -> str:
    """A code as it is pressed."""
    return f"*{number} Enter"


PRESS: Final = (
    f"چاپ دوباره: {persian.isolate(code_keys(AGAIN))}",
    f"راهنما: {persian.isolate(code_keys(HELP))}",
)
PRESS_OFFER: Final = (
    f"یکی است: {persian.isolate('Enter')}",
    f"یکی نیست: {persian.isolate('-')}",
)


class Stage(Enum):
    """How far it is."""

    ASKING = auto()
    COMPARING = auto()
    ENROLLED = auto()


class Paper(Protocol):
    """Where it speaks: `firmware.desk.paper.Paper`."""

    async def print(self, slip: Slip) -> None:
        """Print; return when all bytes have left. Raises: WriteInterrupted."""


class Surroundings(Struct, frozen=True, kw_only=True):
    """What the desk may ask and do. `judge` and `keep` are `firmware.enrolling.answer`'s."""

    version: str
    judge: Callable[[bytes], Taken | Wrong]
    keep: Callable[[Taken], None]
    examine: Callable[[], tuple[Finding, ...]]
    devices: Callable[[], tuple[Listed, ...]]
    find_printer: Callable[[], None]
    sound: Callable[[Sound], None]


class EnrollingDesk:
    """Owned by one task, which gives it events and ticks."""

    def __init__(self, asked: Asked, paper: Paper, around: Surroundings) -> None:
        self._asked = asked
        self._paper = paper
        self._around = around
        self._typing = Typing()
        self._parts = EnrollmentParts()
        self._offered: Taken | None = None
        self._owed: deque[Slip] = deque(maxlen=OWED_MAX)
        self.stage = Stage.ASKING

    async def start(self) -> None:
        """Welcome, self-test and request."""
        self._owe(
            welcome_slip(version=self._around.version, key_fingerprint=self._asked.key_fingerprint),
            self._examined(),
            self._request(),
        )
        await self.tick()

    async def tick(self) -> None:
        """Print what is owed, as far as a printer takes it."""
        while self._owed:
            try:
                await self._paper.print(self._owed[0])
            except WriteInterrupted:
                return
            self._owed.popleft()

    async def take(self, event: Input) -> None:
        """A key, a scan, or news of the devices."""
        if isinstance(event, DeviceNews):
            self._owe(device_news(event))
        elif isinstance(event, Key):
            self._pressed(event)
        elif isinstance(event, TextScan) and event.text.startswith(PREFIX):
            self._read(event.text)
        else:
            self._refuse(Wrong.NO_ANSWER)
        await self.tick()

    def _pressed(self, key: Key) -> None:
        match self._typing.press(key, Mode.SELLING):
            case None:
                return
            case Confirm() if self._offered is not None:
                self._keep(self._offered)
            case Remove(position=None) if self._offered is not None:
                self._offered, self.stage = None, Stage.ASKING
                self._owe(self._request())
            case Confirm():
                self._owe(self._request())
            case Call(number=number, given=()) if number in MEANINGS:
                self._called(number)
            case _:
                self._around.sound(Sound.LOOK)
                self._owe(prompt_slip(Prompt.BAD_KEYS))

    def _called(self, number: str) -> None:
        if number == HELP:
            rows = tuple(HelpRow(code_keys(code), meaning) for code, meaning in MEANINGS.items())
            self._owe(help_card((HelpPart("صندوق ثبت‌نشده", rows),)))
        elif number == DEVICES:
            self._owe(device_list(self._around.devices()))
        elif number == SELF_TEST:
            self._owe(self._examined())
        elif number == PRINTER:
            self._around.find_printer()
        elif self._offered is not None:
            self._owe(self._offer(self._offered))
        else:
            self._owe(self._request())

    def _read(self, text: str) -> None:
        try:
            part = from_qr(text)
            message = self._parts.take(part)
        except Malformed:
            self._refuse(Wrong.UNREADABLE)
            return
        self._offered, self.stage = None, Stage.ASKING
        if message is None:
            self._around.sound(Sound.ACCEPTED)
            missing = tuple(number + 1 for number in self._parts.missing)
            self._owe(parts_slip(read=part.parts - len(missing), parts=part.parts, missing=missing))
            return
        self.answered(message)

    def answered(self, message: bytes, mail: tuple[bytes, ...] = ()) -> None:
        """A whole answer has come, by scanner or stick: offer it, or say what is wrong with it."""
        judged = self._around.judge(message)
        if isinstance(judged, Wrong):
            self._refuse(judged)
            if judged is Wrong.OLD:
                self._owe(self._request())
            return
        self._around.sound(Sound.APPROVED)
        self._offered, self.stage = replace(judged, mail=mail), Stage.COMPARING
        self._owe(self._offer(self._offered))

    async def stick(self, found: tuple[tuple[bytes, ...], ...]) -> None:
        """A stick was put in; the messages of each file on it that this till can open. Nothing is kept before Enter."""
        if found:
            self.answered(found[-1][0], found[-1][1:])
        else:
            self._refuse(Wrong.NOT_ON_STICK)
        await self.tick()

    def _keep(self, offered: Taken) -> None:
        try:
            self._around.keep(offered)
        except EnrollmentRefused:
            self._refuse(Wrong.NOT_STORED)
            return
        self._around.sound(Sound.APPROVED)
        self.stage = Stage.ENROLLED

    def _refuse(self, wrong: Wrong) -> None:
        self._around.sound(Sound.REFUSED)
        self._owe(wrong_slip(wrong))

    def _examined(self) -> Slip:
        findings = self._around.examine()
        return examined_slip(findings, tuple(row for finding in findings for row in finding_rows(finding)))

    @staticmethod
    def _offer(offered: Taken) -> Slip:
        return offer_slip(offered.offer, press=PRESS_OFFER)

    def _request(self) -> Slip:
        return request_slip(self._asked.qr, press=PRESS)

    def _owe(self, *slips: Slip) -> None:
        self._owed.extend(slips)
