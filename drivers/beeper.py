"""Players of sounds: a kernel sound device (a buzzer on a pin, a PC speaker), or a sound card through `aplay`.

Rules:
- A sound is notes of a fixed pitch and length, as many as the printer's buzzer would give, so that whoever has learned one
  player knows them all: accepted is one short high note; approved two, rising; look is three of one pitch; refused is one
  long low note; locked five long ones, falling and rising like a siren.
- A player plays one sound at a time and returns when it is over. A buzzer that was left sounding is silenced at the start,
  and so is one that is interrupted: a process that dies in a note must not leave it on for ever.
- A sound card gets one bounded picture of the sound from memory; a child that does not end in time is killed.

Sources: Linux `input.h` and `input-event-codes.h` (EV_SND, SND_TONE: the value is the pitch in Hz, 0 is silence), EVIOCGBIT;
aplay(1) of alsa-utils; RIFF WAVE, PCM. Edge: no OSError leaves.

Must not know: who sounds and why; the printer's own buzzer (`drivers.printer.receipt_printer`).
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import math
import os
import stat
import struct
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from drivers import key_codes as keys
from drivers.errors import PortNotOpened, SoundFailed
from drivers.sound import Sound

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from pathlib import Path

EV_SND = 0x12
SND_TONE = 0x02
EVIOCGBIT_EV_SND = 0x8001_4532
"""One byte of bits: which sounds a device can give."""

SAMPLES_PER_S = 16_000
LOUDNESS = 20_000
PATIENCE_MS = 2_000
"""What a sound card's child may take beyond the sound's own length: a card that is gone hangs it."""
KILL_MS = 500


class Note(NamedTuple):
    """A pitch and how long it lasts; 0 Hz is silence."""

    hz: int
    ms: int


NOTES: Final[dict[Sound, tuple[Note, ...]]] = {
    Sound.ACCEPTED: (Note(2_000, 60),),
    Sound.APPROVED: (Note(1_000, 100), Note(0, 60), Note(2_000, 180)),
    Sound.LOOK: (Note(1_600, 100), Note(0, 80)) * 2 + (Note(1_600, 100),),
    Sound.REFUSED: (Note(400, 600),),
    Sound.LOCKED: (Note(800, 300), Note(0, 60), Note(400, 300), Note(0, 60)) * 2 + (Note(800, 300),),
}


def length_ms(sound: Sound) -> int:
    """How long `sound` lasts."""
    return sum(note.ms for note in NOTES[sound])


class Player(Protocol):
    """Whatever can sound."""

    async def play(self, sound: Sound) -> None:
        """Return when the sound is over. Raises: DriverError."""


class ToneDevice:
    """A kernel input device that gives tones, or the FIFO that stands for it. Opened for each sound: it may be plugged in late."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def play(self, sound: Sound) -> None:
        """Sound it. Raises: PortNotOpened, SoundFailed."""
        fd = _open_tone_device(self._path)
        try:
            self._tone(fd, 0)
            for note in NOTES[sound]:
                self._tone(fd, note.hz)
                await asyncio.sleep(note.ms / 1_000)
        finally:
            with contextlib.suppress(SoundFailed):
                self._tone(fd, 0)
            os.close(fd)

    def _tone(self, fd: int, hz: int) -> None:
        try:
            os.write(fd, keys.EVENT.pack(0, 0, EV_SND, SND_TONE, hz))
        except OSError as error:
            raise SoundFailed(f"{self._path}: {error.strerror}") from error


def _open_tone_device(path: Path) -> int:
    try:
        is_fifo = stat.S_ISFIFO(path.stat().st_mode)
        # A FIFO is opened for both, else it cannot be opened while nobody listens.
        fd = os.open(
            path, (os.O_RDWR if is_fifo else os.O_WRONLY) | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
        )
    except OSError as error:
        raise PortNotOpened(f"{path}: {error.strerror}") from error
    if not is_fifo and not _gives_tones(fd):
        os.close(fd)
        raise PortNotOpened(f"{path}: gives no tones")
    return fd


def _gives_tones(fd: int) -> bool:
    try:
        return bool(fcntl.ioctl(fd, EVIOCGBIT_EV_SND, bytes(1))[0] & 1 << SND_TONE)
    except OSError:
        return False


class SoundCard:
    """ALSA's own player as a child process. `card` is its name for a device, such as ``plughw:1``; None is its default."""

    def __init__(self, card: str | None = None, *, patience_ms: int = PATIENCE_MS) -> None:
        self._arguments = ("-q", *(() if card is None else ("-D", card)), "-")
        self._patience_ms = patience_ms

    async def play(self, sound: Sound) -> None:
        """Sound it. Raises: SoundFailed."""
        child = await self._started(wave(sound))
        try:
            async with asyncio.timeout((length_ms(sound) + self._patience_ms) / 1_000):
                code = await child.wait()
        except TimeoutError:
            raise SoundFailed("aplay: does not end") from None
        finally:
            await _end(child)
        if code:
            raise SoundFailed(f"aplay: exit code {code}")

    async def _started(self, data: bytes) -> Process:
        """The child, with all its data in memory: no pipe that could fill up."""
        fd = os.memfd_create("sound", os.MFD_CLOEXEC)
        try:
            os.write(fd, data)
            os.lseek(fd, 0, os.SEEK_SET)
            return await asyncio.create_subprocess_exec(
                "aplay", *self._arguments, stdin=fd, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
        except OSError as error:
            raise SoundFailed(f"aplay: {error.strerror}") from error
        finally:
            os.close(fd)


async def _end(child: Process) -> None:
    """A child that a broken driver holds does not end even so: then it is left behind."""
    if child.returncode is None:
        child.kill()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(KILL_MS / 1_000):
                await child.wait()


@lru_cache
def wave(sound: Sound) -> bytes:
    """A WAV file of `sound`: one channel of 16 bits, 16,000 samples a second, whole periods of a sine."""
    data = b"".join(_samples(note) for note in NOTES[sound])
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 1, 1, SAMPLES_PER_S, 2 * SAMPLES_PER_S, 2, 16, b"data", len(data),
    ) + data  # fmt: skip


def _samples(note: Note) -> bytes:
    samples = SAMPLES_PER_S * note.ms // 1_000
    if not note.hz:
        return bytes(2 * samples)
    period = SAMPLES_PER_S // note.hz
    heights = [round(LOUDNESS * math.sin(math.tau * place / period)) for place in range(period)]
    return struct.pack(f"<{period}h", *heights) * (samples // period)
