"""Who this device is: its key, the center's credential, and what follows from both.

The folder holds the key file of `drivers.device_key` and ``identity.cbor``: the center's enrollment answer, byte for
byte, and where to find the center. Everything is verified again at each start, for a flipped bit must not sign.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from firmware import whole_file
from firmware.errors import NotEnrolled
from sync.wire import cose, proof
from sync.wire.enrolling.enrolled import verify_answer
from sync.wire.errors import WireError
from sync.wire.record import Record, item, record
from sync.wire.shapes import octets, text

if TYPE_CHECKING:
    from pathlib import Path

    from drivers.device_key import DeviceKey
    from sync.wire.credential import Credential, SlimCredential, TrustedKeys

IDENTITY_FILE = "identity.cbor"
KEY_FILE = "device.key"
CENTER_URL_MAX = 200


@record
class _Stored(Record):
    root_public: bytes = item(0, octets(cose.PUBLIC_KEY_BYTES))
    answer: bytes = item(1, octets(most=1 << 16))
    center_url: str = item(2, text(CENTER_URL_MAX))


class Identity(Struct, frozen=True):
    """An enrolled device."""

    key: DeviceKey
    credential: Credential
    credential_hash: bytes
    mail_root: bytes
    """What item 1 of the mail follows: the credential's hash, or that of the mandate under which it was issued."""
    slim: SlimCredential
    trusted: TrustedKeys
    blinding_key: bytes
    tag_key: bytes
    epoch: int
    enrolled_s: int
    center_url: str

    @property
    def device(self) -> int:
        """The device's number."""
        return self.credential.device

    @property
    def shop(self) -> int:
        """The number of the shop it belongs to."""
        return self.credential.shop


def identity_from(answer_message: bytes, key: DeviceKey, *, root_public: bytes, center_url: str) -> Identity:
    """The identity that an enrollment answer gives to `key`, once every signature in it holds.

    Raises: Malformed, NotAuthentic.
    """
    proven = verify_answer(
        answer_message, root_public=root_public, public=key.public, exchange_public=key.exchange_public
    )
    shared = key.exchange(proven.answer.center_exchange_public)
    return Identity(
        key, proven.credential, proven.credential_hash, proven.mail_root, proven.slim, proven.trusted,
        proof.blinding_key(shared), proof.tag_key(shared), proven.answer.epoch, proven.answer.now_s, center_url,
    )  # fmt: skip


def load(folder: Path, key: DeviceKey) -> Identity:
    """The identity stored in `folder`.

    Raises:
        NotEnrolled: there is none, or it does not hold; says why.
    """
    path = folder / IDENTITY_FILE
    try:
        stored = _Stored.from_cbor(path.read_bytes())
        return identity_from(stored.answer, key, root_public=stored.root_public, center_url=stored.center_url)
    except FileNotFoundError:
        raise NotEnrolled(f"no identity in {folder}: run `sofreh-till enroll`") from None
    except OSError as error:
        raise NotEnrolled(f"{path} cannot be read: {error.strerror}") from error
    except WireError as error:
        raise NotEnrolled(f"{path} does not hold: {error}") from error


def answer_kept(folder: Path) -> bytes:
    """The enrollment's answer, as `load` has proven it. Raises: OSError, WireError."""
    return _Stored.from_cbor((folder / IDENTITY_FILE).read_bytes()).answer


def store(folder: Path, answer_message: bytes, *, root_public: bytes, center_url: str) -> None:
    """Write the identity so that a power cut leaves either none or the whole."""
    data = _Stored(root_public=root_public, answer=answer_message, center_url=center_url).to_cbor()
    whole_file.replace(folder / IDENTITY_FILE, data)
