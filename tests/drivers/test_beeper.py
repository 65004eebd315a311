"""Sounds are told apart by rhythm and pitch, whatever sounds them, and a player that fails says so in time."""

from __future__ import annotations

import asyncio
import itertools
import os
import struct
import time
from typing import TYPE_CHECKING

import pytest

from drivers import key_codes as keys
from drivers.beeper import EV_SND, NOTES, SND_TONE, Note, SoundCard, ToneDevice, length_ms, wave
from drivers.errors import PortNotOpened, SoundFailed
from drivers.simulated.tone_device import FifoBuzzer
from drivers.sound import Sound

if TYPE_CHECKING:
    from pathlib import Path


def now_ms() -> int:
    return int(time.monotonic() * 1_000)


def sounding(sound: Sound) -> list[Note]:
    return [note for note in NOTES[sound] if note.hz]


@pytest.fixture
def aplay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A real executable in the place of ALSA's player; it keeps what it was asked for."""
    path = tmp_path / "bin" / "aplay"
    path.parent.mkdir()
    monkeypatch.setenv("PATH", f"{path.parent}:{os.environ['PATH']}")
    return path


def write_script(path: Path, body: str) -> None:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


@pytest.mark.parametrize("sound", Sound)
def test_every_player_gives_as_many_notes_as_the_printer_s_buzzer(sound: Sound) -> None:
    times, _ = sound.value
    assert len(sounding(sound)) == times


def test_no_two_sounds_are_alike_in_rhythm_or_in_pitch() -> None:
    rhythms = {tuple(note.ms for note in NOTES[sound]) for sound in Sound}
    pitches = {tuple(note.hz for note in NOTES[sound]) for sound in Sound}
    assert len(rhythms) == len(pitches) == len(Sound)


def test_what_stops_the_sale_lasts_longer_than_what_goes_on() -> None:
    assert length_ms(Sound.ACCEPTED) < length_ms(Sound.APPROVED) < length_ms(Sound.REFUSED)
    assert length_ms(Sound.REFUSED) < length_ms(Sound.LOCKED) < 2_000


@pytest.mark.parametrize("sound", Sound)
def test_a_buzzer_is_asked_for_each_tone_for_its_time(
    sound: Sound, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed_ms = 0
    turn = asyncio.sleep

    async def sleep(seconds: float) -> None:
        nonlocal passed_ms
        for _ in range(2):
            await turn(0)  # the buzzer hears what was written
        passed_ms += round(seconds * 1_000)

    async def story() -> list[Note]:
        async with FifoBuzzer(tmp_path / "buzzer", monotonic_ms=lambda: passed_ms) as buzzer:
            monkeypatch.setattr(asyncio, "sleep", sleep)
            await ToneDevice(buzzer.path).play(sound)
            await sleep(0)
            assert buzzer.hz == 0
            return buzzer.take_heard()

    assert asyncio.run(story()) == sounding(sound)


def test_a_buzzer_that_was_left_sounding_is_silenced_and_so_is_one_that_is_interrupted(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        async with FifoBuzzer(tmp_path / "buzzer", monotonic_ms=now_ms) as buzzer:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await ToneDevice(buzzer.path).play(Sound.REFUSED)
            buzzer.take_heard()
            assert buzzer.hz == 0

    asyncio.run(story())


def test_what_is_no_sound_device_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for path in (tmp_path / "absent", tmp_path / "file"):
        with pytest.raises(PortNotOpened, match=path.name):
            asyncio.run(ToneDevice(path).play(Sound.ACCEPTED))
    assert (tmp_path / "file").read_bytes() == b""


@pytest.mark.parametrize("sound", Sound)
def test_a_wave_says_its_own_length_and_lasts_as_long_as_the_sound(sound: Sound) -> None:
    data = wave(sound)
    riff, size, kind = struct.unpack_from("<4sI4s", data)
    channels, rate, _, _, bits = struct.unpack_from("<HIIHH", data, 22)
    (samples_bytes,) = struct.unpack_from("<I", data, 40)
    assert (riff, kind, size) == (b"RIFF", b"WAVE", len(data) - 8)
    assert (channels, rate, bits, samples_bytes) == (1, 16_000, 16, len(data) - 44)
    assert abs(samples_bytes // 32 - length_ms(sound)) <= 4 * len(NOTES[sound])


@pytest.mark.parametrize("sound", Sound)
def test_a_wave_has_the_pitch_of_its_first_note(sound: Sound) -> None:
    first, samples = NOTES[sound][0], wave(sound)[44:]
    heights = struct.unpack_from(f"<{16 * first.ms}h", samples)
    rising = sum(before < 0 <= after for before, after in itertools.pairwise(heights))
    assert rising == pytest.approx(first.hz * first.ms / 1_000, rel=0.05)
    assert max(heights) > 15_000


def test_the_sound_card_gets_the_wave_and_the_card_s_name(aplay: Path, tmp_path: Path) -> None:
    write_script(aplay, f'echo "$@" > {tmp_path}/asked; cat > {tmp_path}/played')
    asyncio.run(SoundCard("plughw:1").play(Sound.LOOK))
    assert (tmp_path / "asked").read_text() == "-q -D plughw:1 -\n"
    assert (tmp_path / "played").read_bytes() == wave(Sound.LOOK)
    asyncio.run(SoundCard().play(Sound.LOOK))
    assert (tmp_path / "asked").read_text() == "-q -\n"


def test_a_sound_card_that_is_gone_or_was_never_there_says_so(
    aplay: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_script(aplay, "exit 1")
    with pytest.raises(SoundFailed, match="exit code 1"):
        asyncio.run(SoundCard().play(Sound.ACCEPTED))
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SoundFailed, match="No such file"):
        asyncio.run(SoundCard().play(Sound.ACCEPTED))


def test_a_sound_card_that_hangs_is_given_up_and_killed(aplay: Path, tmp_path: Path) -> None:
    write_script(aplay, f"echo $$ > {tmp_path}/pid; exec sleep 60")
    started_ms = now_ms()
    with pytest.raises(SoundFailed, match="does not end"):
        asyncio.run(SoundCard(patience_ms=300).play(Sound.ACCEPTED))
    assert now_ms() - started_ms < 3_000
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_a_killed_till_s_buzzer_is_silenced_by_the_next_sound(tmp_path: Path) -> None:
    async def story() -> None:
        async with FifoBuzzer(tmp_path / "buzzer", monotonic_ms=now_ms) as buzzer:
            fd = os.open(buzzer.path, os.O_WRONLY)
            os.write(fd, keys.EVENT.pack(0, 0, EV_SND, SND_TONE, 700))
            os.close(fd)
            await ToneDevice(buzzer.path).play(Sound.ACCEPTED)
            await asyncio.sleep(0)
            assert [note.hz for note in buzzer.take_heard()] == [700, NOTES[Sound.ACCEPTED][0].hz]

    asyncio.run(story())
