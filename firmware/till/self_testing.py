"""The self-test at the counter: the machine's own findings on paper, then the echoes of scanner and keypad."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from drivers.sound import Sound
from firmware.receipt import selftest_slips
from firmware.till.states import State

if TYPE_CHECKING:
    from firmware.receipt.selftest_slips import Finding
    from firmware.till.grammar import Confirm, Typed
    from firmware.till.scans import EchoScan
    from firmware.till.talk import Talk


class SelfTest(Struct):
    """A self-test under way: what the machine found, and the echoes that have come."""

    found: tuple[Finding, ...]
    bars: bool = False
    qr: bool = False
    keys: str | None = None

    def findings(self) -> tuple[Finding, ...]:
        """Everything, with what has not come."""
        return (*self.found, *selftest_slips.echoes(bars=self.bars, qr=self.qr, keys=self.keys))


async def start(talk: Talk) -> State:
    """Print what is known and the patterns; the rest comes from people."""
    found = await talk.settings.examine(talk.journal)
    talk.self_test = SelfTest(found)
    await talk.show(selftest_slips.selftest_slip(found, talk.when()))
    return State.SELF_TEST


async def scanned(talk: Talk, scan: EchoScan) -> State:
    """One of the two patterns was read."""
    test = _running(talk)
    if scan.text == selftest_slips.ECHO_BARS:
        test.bars = True
    else:
        test.qr = True
    await talk.beep(Sound.ACCEPTED)
    part = selftest_slips.Part.BARS if scan.text == selftest_slips.ECHO_BARS else selftest_slips.Part.QR
    await talk.show(selftest_slips.echo_row(_of(test, part)))
    return State.SELF_TEST


async def keyed(talk: Talk, typed: Typed) -> State:
    """The row of all keys, or another try at it."""
    test = _running(talk)
    test.keys = typed.signs
    finding = _of(test, selftest_slips.Part.KEYS)
    await talk.beep(Sound.ACCEPTED if finding.verdict is selftest_slips.Verdict.GOOD else Sound.LOOK)
    await talk.show(selftest_slips.echo_row(finding))
    return State.SELF_TEST


async def ended(talk: Talk, _: Confirm) -> State:
    """Enter alone: say what it comes to."""
    findings = _running(talk).findings()
    await talk.beep(Sound.APPROVED if selftest_slips.is_well(findings) else Sound.REFUSED)
    await talk.show(selftest_slips.end_slip(findings))
    talk.self_test = None
    return talk.rest()


def _running(talk: Talk) -> SelfTest:
    assert talk.self_test is not None, "a self-test is under way"
    return talk.self_test


def _of(test: SelfTest, part: selftest_slips.Part) -> Finding:
    return next(finding for finding in test.findings() if finding.part is part)
