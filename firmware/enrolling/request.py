"""The request of a till that belongs to nobody: its new keys, signed by themselves, always the same until it is answered.

Provisioning, the first of three steps: the keys are made here and never leave. The request is kept, for its answer may come days later
and after any number of power cuts; a nonce binds the answer to it. Each write is whole or not there, so all of it may be repeated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from firmware import whole_file
from firmware.errors import EnrollmentRefused
from firmware.technician.enrollment import NONCE_BYTES, device_key
from sync.wire import cose
from sync.wire.credential import REQUEST_CONTEXT, EnrollmentRequest, root_fingerprint
from sync.wire.enrolling import request_qr
from sync.wire.enrolling.mandate import open_request
from sync.wire.errors import WireError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from drivers.device_key import DeviceKey

REQUEST_FILE = "request.cbor"
_FILE_BYTES_MAX = 4096


class Asked(Struct, frozen=True):
    """A request that stands, and the keys that it is for."""

    key: DeviceKey
    request: EnrollmentRequest
    message: bytes

    @property
    def qr(self) -> str:
        """Its text on paper."""
        return request_qr.to_qr(self.message)

    @property
    def key_fingerprint(self) -> str:
        """20 characters of the signing key, as the root's are shown."""
        return root_fingerprint(self.key.public)


def ask(folder: Path, *, software: str, random_bytes: Callable[[int], bytes]) -> Asked:
    """The request kept in `folder`, made if there is none for its keys and this software. Raises: EnrollmentRefused."""
    key = device_key(folder)
    path = folder / REQUEST_FILE
    try:
        kept = _kept(path)
        if kept is not None and _is_of(kept[1], key, software):
            return Asked(key, kept[1], kept[0])
        made = _made(key, software, random_bytes)
        whole_file.replace(path, made.message)
    except OSError as error:
        raise EnrollmentRefused(f"{path}: {error.strerror}") from error
    return made


def _made(key: DeviceKey, software: str, random_bytes: Callable[[int], bytes]) -> Asked:
    """A new one. Its text must not end with a space, which is a sign of base45 and is lost when people copy it."""
    while True:
        request = EnrollmentRequest(
            version=1, public=key.public, exchange_public=key.exchange_public, token="",
            nonce=random_bytes(NONCE_BYTES), software=software,
        )  # fmt: skip
        made = Asked(key, request, cose.sign(request.to_cbor(), key, context=REQUEST_CONTEXT))
        if not made.qr.endswith(" "):
            return made


def _kept(path: Path) -> tuple[bytes, EnrollmentRequest] | None:
    """What lies there, if it holds: a damaged request is made anew, for nothing hangs on it."""
    try:
        with path.open("rb") as file:
            message = file.read(_FILE_BYTES_MAX)
        return message, open_request(message)
    except (FileNotFoundError, WireError):
        return None


def _is_of(request: EnrollmentRequest, key: DeviceKey, software: str) -> bool:
    return (request.public, request.exchange_public, request.software) == (
        key.public,
        key.exchange_public,
        software,
    )
