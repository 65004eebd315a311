"""What the center is given: requests of devices that sign anything, and the files of the people behind it."""

from __future__ import annotations

import io
import sqlite3
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from sync.central import center as centers
from sync.central.chains.checking import Examined, Unreadable, check_batch
from sync.central.config import Folder
from sync.central.credit.people import _read_households
from sync.central.credit.policy_file import read_policy
from sync.central.credit.scheme import _read_products
from sync.central.dates import day_start_s
from sync.central.doors.enrolling_orders import network_in
from sync.central.doors.picture import request_in
from sync.central.doors.technician_page import FIELDS, form_in, secrets_in
from sync.central.enrolling.enrollment import enroll
from sync.central.errors import CentralError
from sync.wire import cose, credential
from sync.wire.enrolling import request_qr
from sync.wire.entry import Head
from sync.wire.exchange import REQUEST_CONTEXT
from sync.wire.kinds import Verdict
from tests.fuzz.target import Target, text_of
from tests.fuzz.wire_targets import _batches
from tests.sync.central.conftest import DEY_17, HEADER, POLICIES, Lab, village, village_csv
from tests.sync.central.device import Device
from tests.vectors import samples

if TYPE_CHECKING:
    from collections.abc import Iterator

CENTRAL = (CentralError,)
FILE = "given"


@cache
def _lab() -> Lab:
    """A center with a village and one device; it lives as long as the process."""
    folder = tempfile.TemporaryDirectory(prefix="sofreh-fuzz-")
    _KEPT.append(folder)
    path = Path(folder.name) / "center"
    centers.found(Folder(path), now_s=DEY_17)
    lab = Lab(Folder(path), Device(seed=b"1"), seed=2)
    village(lab)
    return lab


def close() -> None:
    """Let go of the center, whose worker thread would keep the process alive."""
    if _lab.cache_info().currsize:
        _lab().close()
        _lab.cache_clear()


_KEPT: list[tempfile.TemporaryDirectory[str]] = []


def _exchange(data: bytes) -> None:
    """A request that an enrolled device has signed."""
    device = _lab().device
    _lab().send(cose.sign(data, device.key, context=REQUEST_CONTEXT))


def _exchange_batch(data: bytes) -> None:
    """A batch of an enrolled device, in its place."""
    device = _lab().device
    _lab().send(device.request([], base=device.head, batch=data))


def _requests() -> Iterator[bytes]:
    device = _lab().device
    for body in (device.request(), device.request([device.journal[-1]])):
        yield cose.parse(body, what="seed", bytes_max=1 << 20).payload


def _raw(data: bytes) -> None:
    _lab().send(data)


_ASKING = [Device(seed=b"9")]


def _enroll(data: bytes) -> None:
    """An enrollment that anybody has signed with the key that he asks for."""
    message = cose.sign(data, _ASKING[-1].key, context=credential.REQUEST_CONTEXT)
    _lab().run(enroll(_lab().center, message))


def _enrollments() -> Iterator[bytes]:
    """One that would be answered: a new key each time, for who is enrolled is not enrolled again."""
    _ASKING.append(Device(seed=b"9" * len(_ASKING)))
    ticket = _lab().order("enroll", shop=6001, minutes=30).data
    yield cose.parse(_ASKING[-1].enrollment_request(ticket["token"]), what="seed").payload


def _checked(data: bytes) -> None:
    """A batch in the worker process: its errors are values, and what holds can be read where it is judged."""
    found = check_batch(
        data, Head(0, samples.CREDENTIAL_HASH), device=samples.DEVICE, public=samples.DEVICE_KEY.public,
        blinding_key=samples.BLINDING_KEY,
    )  # fmt: skip
    assert isinstance(found, Examined | Unreadable)
    if isinstance(found, Examined):
        assert all((one.entry is None) == (one.verdict != Verdict.ACCEPTED) for one in found.checked)


@cache
def _registry() -> sqlite3.Connection:
    """The two tables that an import looks into."""
    database = sqlite3.connect(":memory:")
    database.row_factory = sqlite3.Row
    database.executescript(
        "CREATE TABLE shop (number); CREATE TABLE household (national_id); INSERT INTO shop VALUES (6001)"
    )
    return database


def _households(data: bytes) -> None:
    _read_households(_registry(), text_of(data), FILE, lambda _: None)


def _form(data: bytes) -> None:
    """The technician's page: its form, and what becomes of the network in it."""
    given = form_in(data, "multipart/form-data; boundary=x")
    secrets_in({name: given[name].decode() for name in FIELDS[3:]}).to_cbor()


def _forms() -> Iterator[bytes]:
    part = b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    yield b"".join(part % (name.encode(), b"abcdefgh") for name in FIELDS) + b"--x--\r\n"
    yield part % (b"ssid", "شبکه".encode() * 4) + b"--x--\r\n"


def _pictures() -> Iterator[bytes]:
    """A blank in the forms that phones send."""
    for form in ("PNG", "JPEG", "WEBP", "BMP"):
        drawn = io.BytesIO()
        Image.new("L", (8, 8)).save(drawn, form)
        yield drawn.getvalue()
    yield request_qr.to_qr(Device(seed=b"9").enrollment_request("token")).encode()


def _network(data: bytes) -> None:
    path = Path(_folder()) / "network.toml"
    path.write_bytes(data)
    network_in(str(path)).to_cbor()


@cache
def _folder() -> str:
    folder = tempfile.TemporaryDirectory(prefix="sofreh-fuzz-")
    _KEPT.append(folder)
    return folder.name


TARGETS = (
    Target(name="technician-form", decode=_form, errors=CENTRAL, seeds=_forms),
    Target(name="request-picture", decode=request_in, errors=CENTRAL, seeds=_pictures),
    Target(
        name="network-toml",
        decode=_network,
        errors=CENTRAL,
        seeds=lambda: [b'ssid = "a"\npassphrase = "bbbbbbbb"\napn = "c"\n'],
    ),
    Target(name="center-batch", decode=_checked, errors=(), seeds=_batches),
    Target(
        name="policy-toml",
        decode=lambda data: read_policy(text_of(data), file=FILE, version=1),
        errors=CENTRAL,
        seeds=lambda: [(POLICIES / "dey-1404.toml").read_bytes(), (POLICIES / "tir-1404.toml").read_bytes()],
    ),
    Target(
        name="catalog-csv",
        decode=lambda data: _read_products(text_of(data), FILE),
        errors=CENTRAL,
        seeds=lambda: [b"".join((POLICIES / "catalog-1404.csv").read_bytes().splitlines(keepends=True)[:4])],
    ),
    Target(
        name="households-csv",
        decode=_households,
        errors=CENTRAL,
        seeds=lambda: [village_csv().encode(), HEADER.encode()],
    ),
    Target(
        name="date",
        decode=lambda data: day_start_s(text_of(data), where=FILE),
        errors=CENTRAL,
        seeds=lambda: [b"1404-10-17", "۱۴۰۴-۱۲-۳۰".encode()],
    ),
    Target(name="center-request", decode=_exchange, errors=CENTRAL, seeds=_requests, slow=True),
    Target(name="center-request-batch", decode=_exchange_batch, errors=CENTRAL, seeds=_batches, slow=True),
    Target(name="center-raw-request", decode=_raw, errors=CENTRAL, seeds=lambda: [_lab().device.request()], slow=True),
    Target(name="center-enrollment", decode=_enroll, errors=CENTRAL, seeds=_enrollments, slow=True),
)  # fmt: skip
