"""How stories put devices' questions on a stick and read the center's answers off it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sync import stick
from sync.wire import carried
from sync.wire.carried import Place
from sync.wire.exchange import ExchangeAnswer
from sync.wire.facts import Booted
from sync.wire.kinds import Role, Way

if TYPE_CHECKING:
    from pathlib import Path

    from sync.central.result import Result
    from tests.sync.central.conftest import Lab
    from tests.sync.central.device import Device


class Reader:
    """A device's private exchange key, as it opens files."""

    def __init__(self, device: Device) -> None:
        self.exchange_public = device.exchange_key.public_key().public_bytes_raw()
        self._device = device

    def exchange(self, peer_public: bytes) -> bytes:
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey  # noqa: PLC0415 -- here alone

        return self._device.exchange_key.exchange(X25519PublicKey.from_public_bytes(peer_public))


def put(lab: Lab, folder: Path, *messages: bytes, device: Device | None = None, number: int = 1) -> Path:
    """A device's questions on the stick, as the device would seal them."""
    device = device or lab.device
    assert device.trusted is not None
    place = Place(Way.QUESTION, device.number, number)
    public = device.trusted.encryption_public(what="test")
    stick.write(folder, place, carried.seal(messages, place, public, ephemeral=bytes([number]) * 32))
    return folder / place.name


def taken(lab: Lab, path: Path) -> dict[str, tuple[str, str]]:
    """Fate and words by file."""
    return told(lab.order("import", path=str(path)))


def told(result: Result) -> dict[str, tuple[str, str]]:
    json.dumps(result.data)
    assert result.ok == all(one["fate"] in ("taken", "old", "written") for one in result.data["files"])
    assert result.lines == [f"{one['file']}: {one['words']}" for one in result.data["files"]]
    return {one["file"]: (one["fate"], one["words"]) for one in result.data["files"]}


def answers(folder: Path, device: Device) -> list[ExchangeAnswer]:
    """What the files for a device hold, signed by the center and sealed to this device alone."""
    assert device.trusted is not None
    given: list[ExchangeAnswer] = []
    for place, path in stick.listed(folder, Way.ANSWER, device=device.number):
        found, messages = carried.open_file(stick.read(path), Reader(device), way=Way.ANSWER)
        assert found == place
        for message in messages:
            payload = device.trusted.verify(
                message, Role.MAIL, context="sofreh/exchange-answer/1", what="answer"
            )
            given.append(ExchangeAnswer.from_cbor(payload, bytes_max=4 << 20))
    return given


def speak(device: Device, entries: int = 3) -> None:
    for _ in range(entries):
        device.say(Booted(version="test", clean=True))


def held(lab: Lab, device: Device | None = None) -> int:
    number = (device or lab.device).number
    return int(lab.sql("SELECT held FROM device WHERE number = ?", number)[0]["held"])
