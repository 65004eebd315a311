"""A technician's trip, for the stories about it: her laptop, and what a device makes of what it answers."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from sync.central.enrolling.laptop import LOG_FILE, Laptop
from sync.wire import cbor, cose, facts
from sync.wire.enrolling.enrolled import verify_answer
from sync.wire.proof import blinding_key

if TYPE_CHECKING:
    from pathlib import Path

    from sync.central.enrolling.laptop import Answered
    from sync.central.result import Result
    from tests.sync.central.conftest import Lab
    from tests.sync.central.device import Device

SHOP, OTHER_SHOP = 6001, 6002
URL = "https://center.example"


class Trip:
    """A technician with her laptop."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab, self.folder = lab, folder
        self.laptop = Laptop(folder, chance=secrets.token_bytes)

    def mandate(self, *shops: int, name: str = "trip", **given: Any) -> Result:
        asked: dict[str, Any] = {
            "shops": list(shops or (SHOP,)), "laptop": self.laptop.text, "url": URL, "file": str(self.folder / f"{name}.mandates"),
            "devices": 1, "days": 3, "credential_days": 60, "technician": None, "replaces": None, "network": None,
        }  # fmt: skip
        return self.lab.order("mandate", **(asked | given))

    def answer(self, device: Device, *, nonce: bytes = bytes(16), **given: Any) -> Answered:
        request = device.enrollment_request("", nonce)
        return self.laptop.answer(request, now_s=self.lab.clock.at_s, **given)

    def report(self) -> Result:
        return self.lab.order("introduce", file=str(self.folder / LOG_FILE))


def take(device: Device, answered: Answered, at_s: int) -> Device:
    """What the device makes of its answer; it begins its journal."""
    claimed = cose.parse(answered.message, what="answer").payload
    root = cbor.decode(claimed, where="", bytes_max=1 << 16)[2]
    proven = verify_answer(
        answered.message, root_public=root, public=device.key.public,
        exchange_public=device.exchange_key.public_key().public_bytes_raw(),
    )  # fmt: skip
    device.trusted, device.number, device.now_s = proven.trusted, proven.credential.device, at_s
    device.credential_hash, device.mail_root = proven.credential_hash, proven.mail_root
    center = X25519PublicKey.from_public_bytes(proven.answer.center_exchange_public)
    device.blinding = blinding_key(device.exchange_key.exchange(center))
    device.say(facts.Enrolled(credential_hash=device.credential_hash, version="test"))
    return device
