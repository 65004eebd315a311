"""A kernel sound device gives the till's tones, by the kernel's own rules for such devices."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from drivers.beeper import NOTES
from drivers.sound import Sound

if TYPE_CHECKING:
    from lab.guest import Guest
    from tests.hardware.conftest import Lab


@pytest.mark.lab
def test_every_sound_reaches_the_device_tone_by_tone_and_ends_in_silence(lab: Lab) -> None:
    async def story(guest: Guest) -> None:
        program = guest.start("fork:lab.till_side:sounds")
        assert await program.ended() == 0, program.said
        heard = dict(json.loads(line) for line in program.said)
        assert heard == {sound.name: [0, *(note.hz for note in NOTES[sound]), 0] for sound in Sound}

    lab.tell(story)
