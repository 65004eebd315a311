"""The self-test at the counter: the machine's own findings on paper, then the echoes of scanner and keypad."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.sound import Sound
from firmware.receipt.selftest_slips import (
    Verdict,
    echo_row,
    end_slip,
    is_well,
    selftest_slip,
)
from firmware.till.echoes import SelfTest
from firmware.till.states import State

if TYPE_CHECKING:
    from firmware.till.grammar import Confirm, Typed
    from firmware.till.scans import EchoScan
    from firmware.till.talk import Talk


async def start(talk: Talk) -> State:
    """Print what is known and the patterns; the rest comes from people."""
    found = await talk.settings.examine(talk.journal)
    talk.self_test = SelfTest(found)
    await talk.show(selftest_slip(found, talk.when()))
    return State.SELF_TEST


async def echoed(talk: Talk, echo: EchoScan | Typed) -> State:
    """A pattern was read, or a row of keys came; either may be tried again."""
    finding = _running(talk).take(echo)
    await talk.beep(Sound.ACCEPTED if finding.verdict is Verdict.GOOD else Sound.LOOK)
    await talk.show(echo_row(finding))
    return State.SELF_TEST


async def ended(talk: Talk, _: Confirm) -> State:
    """Enter alone: say what it comes to now, for something may have been plugged in meanwhile."""
    test = _running(talk)
    test.found = await talk.settings.examine(talk.journal)
    findings = test.findings()
    await talk.beep(Sound.APPROVED if is_well(findings) else Sound.REFUSED)
    await talk.show(end_slip(findings))
    talk.self_test = None
    return talk.rest()


def _running(talk: Talk) -> SelfTest:
    assert talk.self_test is not None, "a self-test is under way"
    return talk.self_test
