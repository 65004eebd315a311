"""Enrollment without a network: what is scanned, photographed, carried and posted by technicians and tills, or by anybody."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from msgspec.structs import replace

from firmware.enrolling.answer import judge
from firmware.enrolling.request import Asked, ask
from sync.central.enrolling.laptop import introductions_in
from sync.central.enrolling.mandates import LaptopKeys, laptop_from, laptop_text
from sync.central.errors import CentralError
from sync.central.keys import OpeningFileKey
from sync.wire import cose
from sync.wire.credential import ANSWER_CONTEXT
from sync.wire.enrolling import mandate, mandate_file, provision, request_qr
from sync.wire.errors import WireError
from tests.firmware.enrolling.world import SECRETS, answer_for
from tests.fuzz.target import Target, text_of
from tests.sync.wire.enrolling import test_mandate, test_provision
from tests.vectors import samples

if TYPE_CHECKING:
    from collections.abc import Iterator

WIRE, CENTRAL = (WireError,), (CentralError,)
KEY = OpeningFileKey(bytes(range(32)))


@cache
def _asked() -> Asked:
    return ask(
        Path(mkdtemp(prefix="sofreh-fuzz-")), software="0.1.0", random_bytes=lambda count: bytes(range(count))
    )


def _judge(data: bytes) -> object:
    return judge(data, _asked(), chip_s=None)


def _judge_signed(data: bytes) -> object:
    """An answer that the technician's key has really signed."""
    return judge(cose.sign(data, samples.LAPTOP_KEY, context=ANSWER_CONTEXT), _asked(), chip_s=None)


def _answers() -> Iterator[bytes]:
    for under_mandate in (True, False):
        yield answer_for(_asked(), under_mandate=under_mandate)


def _payloads() -> Iterator[bytes]:
    return (cose.parse(message, what="seed").payload for message in _answers())


def _open_mandates(data: bytes) -> object:
    """A file whose seal anybody could have made, for the public key is no secret."""
    held = mandate_file.MandateFile.from_cbor(data, bytes_max=1 << 20)
    sealed = mandate_file.seal(
        held, samples.CREDENTIAL_KEY, KEY.exchange_public, ephemeral=bytes(range(1, 33))
    )
    return mandate_file.open_file(sealed, KEY, public=samples.LAPTOP_KEY.public)


def _sealed_secrets() -> bytes:
    request = replace(_asked().request, exchange_public=KEY.exchange_public, nonce=bytes(16))
    return provision.seal(SECRETS, request, ephemeral=bytes(range(1, 33)))


def _sealed_mandates() -> bytes:
    return mandate_file.seal(
        test_provision.HELD, samples.CREDENTIAL_KEY, KEY.exchange_public, ephemeral=bytes(range(1, 33))
    )


def _request_from_paper(data: bytes) -> bytes:
    return request_qr.from_qr(text_of(data))


TARGETS = (
    Target(name="request-qr", decode=_request_from_paper, errors=WIRE, seeds=lambda: [_asked().qr.encode()]),
    Target(name="enrollment-answer", decode=_judge, errors=(), seeds=_answers),
    Target(name="enrollment-answer-signed", decode=_judge_signed, errors=(), seeds=_payloads),
    Target(
        name="introduction", decode=lambda data: mandate.open_introduction(data, samples.TRUSTED), errors=WIRE,
        seeds=lambda: [test_mandate.introduced()],
    ),
    Target(name="introductions", decode=lambda data: list(introductions_in(data)), errors=(), seeds=lambda: [test_mandate.introduced() * 2]),
    Target(
        name="secrets", decode=lambda data: provision.open_secrets(data, KEY, nonce=bytes(16)), errors=WIRE,
        seeds=lambda: [_sealed_secrets()],
    ),
    Target(name="mandates", decode=_open_mandates, errors=WIRE, seeds=lambda: [test_provision.HELD.to_cbor()]),
    Target(name="mandates-file", decode=lambda data: mandate_file.open_file(data, KEY, public=samples.LAPTOP_KEY.public), errors=WIRE, seeds=lambda: [_sealed_mandates()]),
    Target(
        name="laptop-text", decode=lambda data: laptop_from(text_of(data)), errors=CENTRAL,
        seeds=lambda: [laptop_text(LaptopKeys(public=bytes(32), exchange_public=bytes(32))).encode()],
    ),
)  # fmt: skip
