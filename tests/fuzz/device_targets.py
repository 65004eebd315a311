"""What the appliance hears from its devices and from the network, and what it finds in its own files after damage."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import tempfile
from contextlib import closing
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from drivers import input_device, key_codes
from drivers.device_key import FileDeviceKey
from drivers.errors import DeviceKeyError, ProfileError
from drivers.keypad import KeyDecoder
from drivers.printer import profiles
from drivers.printer.inquiry import Inquiry
from drivers.scanner.barcode_decoder import BarcodeDecoder
from drivers.scanner.classification import classify
from drivers.scanner.serial_scanner import ByteDecoder
from firmware import config, identity, roles
from firmware.enrolling.answer import judge
from firmware.enrolling.request import Asked
from firmware.errors import ConfigError, EnrollmentRefused, JournalCorrupt, JournalFull, NotEnrolled
from firmware.journal import audit
from firmware.journal.journal import open_journal
from firmware.technician.enrollment import ticket_from
from firmware.till.draft_file import open_basket, read_draft, write_draft
from firmware.till.grammar import Mode, Typing
from firmware.till.scans import seen
from sync.uplink.client import center_address
from sync.uplink.errors import UplinkError
from sync.uplink.exchange import Standing, believed, claims, question
from sync.uplink.http import Line
from sync.wire import cose, credential, exchange
from sync.wire.entry import Head
from sync.wire.errors import WireError
from sync.wire.kinds import Role
from tests.fakes.hand_clock import HandClock
from tests.fakes.paper_center import OPENING_S, PaperCenter
from tests.fakes.selling import buy
from tests.fakes.software_key import SoftwareKey
from tests.fakes.village_till import VillageTill
from tests.fuzz.target import Target, text_of
from tests.sync.uplink import world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from drivers.scanner.scan import Scan
    from firmware.journal.journal import Journal
    from tests.fakes.paper_center import Member

ANSWER_BYTES_MAX = 4096
JSON = b"HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
CBOR = b"HTTP/1.1 200 OK\r\nContent-Type: application/cbor\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n"


@cache
def _folder() -> Path:
    """A folder of this process, thrown away with it."""
    kept = tempfile.TemporaryDirectory(prefix="sofreh-fuzz-")
    _KEPT.append(kept)
    return Path(kept.name)


_KEPT: list[tempfile.TemporaryDirectory[str]] = []


def _written(name: str, data: bytes) -> Path:
    path = _folder() / name
    path.write_bytes(data)
    return path


def _records(data: bytes) -> bytes:
    """The whole event records in it, each a kind and second that the reader lets through."""
    whole = data[: len(data) - len(data) % key_codes.EVENT.size]
    return b"".join(
        key_codes.EVENT.pack(
            abs(seconds) % input_device.SECONDS_MAX, abs(us) % 10**6, kind % key_codes.EV_MAX, code, value
        )
        for seconds, us, kind, code, value in key_codes.EVENT.iter_unpack(whole)
    )


def _strokes(data: bytes) -> bytes:
    """Each byte a key of the keyboard, pressed (even) or let go, some milliseconds after the one before."""
    parts, at_us = [], 0
    for byte in data:
        at_us += (byte >> 6) * 7_000
        parts.append(
            key_codes.EVENT.pack(at_us // 10**6, at_us % 10**6, key_codes.EV_KEY, byte >> 1, 1 - byte % 2)
        )
    return b"".join(parts)


def _scanned(scans: Iterable[Scan | None]) -> None:
    for scan in scans:
        if scan is not None:
            seen(scan)


def _scanner(data: bytes) -> None:
    decoder = BarcodeDecoder()
    for records in (_records(data), _strokes(data)):
        _scanned((*decoder.feed(records), decoder.expire()))


def _serial_scanner(data: bytes) -> None:
    decoder = ByteDecoder()
    _scanned((*decoder.feed(data[::2], 0), *decoder.feed(data, 10**6), decoder.expire()))


def _keypad(data: bytes) -> None:
    decoder = KeyDecoder()
    keys = (*decoder.feed(_records(data)), *decoder.feed(_strokes(data)))
    for mode in Mode:
        typing = Typing()
        for key in keys:
            typing.press(key, mode)
        typing.take_quantity()


def _printer(data: bytes) -> None:
    async def send(command: bytes) -> int:
        return len(command)

    for name in ("58mm", "epson-tm-t20", "citizen-ct-s310"):
        inquiry = Inquiry(profiles.built_in()[name], send)
        for start in range(0, len(data), 7):
            inquiry.hear(data[start : start + 7])
    profiles.recognized(profiles.built_in(), usb=text_of(data[:9]), model=text_of(data[9:]))


def _http(data: bytes) -> None:
    """What comes after a question, in two pieces."""

    async def ask() -> None:
        reader = asyncio.StreamReader()
        line = Line(reader, cast("asyncio.StreamWriter", _Nobody()), "center.example")
        half = len(data) // 2
        reader.feed_data(data[:half])
        reader.feed_data(data[half:])
        reader.feed_eof()
        await line.post("/exchange", b"", bytes_max=ANSWER_BYTES_MAX, progress=lambda: None)
        await line.is_reusable()

    _loop().run(ask())


@cache
def _loop() -> asyncio.Runner:
    return asyncio.Runner()


class _Nobody:
    """Takes what is written."""

    def write(self, data: bytes) -> None:
        pass

    async def drain(self) -> None:
        pass


def _answer(payload: bytes) -> None:
    """A center that signs anything."""
    message = cose.sign(payload, world.MAIL_KEY, context=exchange.ANSWER_CONTEXT)
    notebook = world.Notebook(world.journal(3))
    head = Head(0, world.FIRST_PREV)
    asked = question(
        world.PARTIES, Standing(world.EPOCH, 0, 0), head, [one.stored for one in notebook.entries], notebook.mail_head,
        nonce=bytes(16),
    )  # fmt: skip
    claimed = claims(message, asked, world.PARTIES)
    believed(claimed, asked, world.PARTIES, Head(claimed.held, claimed.head))


def _answers() -> Iterator[bytes]:
    yield exchange.ExchangeAnswer(
        version=exchange.VERSION, device=world.DEVICE, nonce=bytes(16), epoch=world.EPOCH, statement=2, held=3, head=bytes(32),
        mail=tuple(item.message for item in world.letters(2, world.Notebook([]).mail_head)), mail_last=2, now_s=world.NOW_S,
    ).to_cbor()  # fmt: skip


@cache
def _enrolled() -> tuple[PaperCenter, SoftwareKey, bytes]:
    center, key = PaperCenter(), SoftwareKey("till")
    return center, key, center.enrollment(key, device=1001, now_s=OPENING_S)


def _enrollment(payload: bytes) -> None:
    """Anybody can answer an enrollment, with any root of his own."""
    center, key, _ = _enrolled()
    signer = center.keys[Role.MAIL]
    message = cose.sign(payload, signer, context=credential.ANSWER_CONTEXT)
    identity.identity_from(message, key, root_public=center.root.public, center_url="https://center.example")


def _scanned_enrollment(payload: bytes) -> None:
    """The same, read off paper: never an error, but what it is to this till."""
    center, key, _ = _enrolled()
    message = cose.sign(payload, center.keys[Role.MAIL], context=credential.ANSWER_CONTEXT)
    request = credential.EnrollmentRequest(
        version=1, public=key.public, exchange_public=key.exchange_public, token="", nonce=bytes(16), software="test"
    )  # fmt: skip
    judge(message, Asked(key, request, b""), chip_s=OPENING_S)


def _identity_file(data: bytes) -> None:
    _written(identity.IDENTITY_FILE, data)
    identity.load(_folder(), _enrolled()[1])


def _identity_files() -> Iterator[bytes]:
    center, _, message = _enrolled()
    identity.store(_folder(), message, root_public=center.root.public, center_url="https://center.example")
    yield (_folder() / identity.IDENTITY_FILE).read_bytes()


def _key_file(data: bytes) -> None:
    path = _written("fuzzed.key", data)
    path.chmod(0o600)
    FileDeviceKey.load(path)


def _key_files() -> Iterator[bytes]:
    path = _folder() / "seed.key"
    path.unlink(missing_ok=True)
    FileDeviceKey.create(path)
    yield path.read_bytes()


def _draft(data: bytes) -> None:
    path = _folder() / "draft"
    write_draft(path, data)
    draft = read_draft(path)
    for basket in draft.baskets if draft is not None else ():
        open_basket(basket).wire()


def _roles(data: bytes) -> None:
    """A damaged file is told of, and nobody has a role."""
    _written(roles.ROLES_FILE, data)
    roles.read_roles(_folder(), warn=lambda _: None)


async def _sell(journal: Journal, member: Member) -> None:
    await buy(journal, member, 1_000_000)


@cache
def _village() -> bytes:
    """The file of a journal with a purchase."""
    folder = _folder() / "village"
    folder.mkdir()
    till = VillageTill(folder)
    till.day(lambda journal: _sell(journal, till.members[0]))
    with closing(sqlite3.connect(till.path)) as sql:
        sql.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return till.path.read_bytes()


def _damaged(data: bytes) -> bytes:
    """The journal with some bytes put over others: a place, a length, and what stands there."""
    whole = bytearray(_village())
    at = 0
    while at + 4 <= len(data):
        place, size = int.from_bytes(data[at : at + 3], "big") % len(whole), 1 + data[at + 3] % 8
        whole[place : place + size] = data[at + 4 : at + 4 + size].ljust(size, b"\0")
        at += 4 + size
    return bytes(whole)


def _journal(data: bytes, *, damage: Callable[[bytes], bytes] = _damaged) -> None:
    center = PaperCenter()
    own = center.enroll(SoftwareKey("till"), now_s=OPENING_S + 8 * 3600)
    path = _written("fuzzed.db", damage(data))
    for suffix in ("-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)

    async def start() -> None:
        async with open_journal(path, own, HandClock(OPENING_S + 8 * 3600), version="test") as journal:
            await journal.day_totals()
            await journal.unsent_entries(0, 5)

    try:
        _loop().run(start())
    finally:
        audit.verify(path, own, lambda _: None)


JOURNAL = (JournalCorrupt, JournalFull)
TARGETS = (
    Target(
        name="scanner",
        decode=_scanner,
        errors=(),
        seeds=lambda: [_strokes(b"\x04\x05\x06\x07\x08\x38\x39"), bytes(range(0, 120, 2)) + b"\x38"],
    ),
    Target(
        name="serial-scanner",
        decode=_serial_scanner,
        errors=(),
        seeds=lambda: [b"6260000000019\r", b"]C101062600000000193103000125\x1d10AB\r", b"\x02C1:ABC\x03", b"A1:1234567890123\r"],
    ),
    Target(
        name="scanned-text",
        decode=lambda data: seen(classify(text_of(data))),
        errors=(),
        seeds=lambda: [b"6260000000019", b"2812345012345", b"]C1010626000000001931030001251526031010AB", b"E1:ABC", b"C900010"],
    ),
    Target(name="keypad", decode=_keypad, errors=(), seeds=lambda: [_strokes(bytes(range(0, 250, 3)))]),
    Target(name="printer", decode=_printer, errors=(), seeds=lambda: [b"\x12\x16\x1e\x72", b"\x10\x00\x00\x00", b'7"12340\x00']),
    Target(
        name="http",
        decode=_http,
        errors=(UplinkError,),
        seeds=lambda: [CBOR, JSON % (28, json.dumps({"detail": "no such device"}).encode()), b"HTTP/1.1 100 Continue\r\n\r\n" + CBOR],
    ),
    Target(name="center-answer", decode=_answer, errors=(UplinkError,), seeds=_answers),
    Target(
        name="enrollment",
        decode=_enrollment,
        errors=(WireError, DeviceKeyError),
        seeds=lambda: [cose.parse(_enrolled()[2], what="seed").payload],
    ),
    Target(
        name="enrollment-scanned",
        decode=_scanned_enrollment,
        errors=(),
        seeds=lambda: [cose.parse(_enrolled()[2], what="seed").payload],
    ),
    Target(
        name="ticket",
        decode=lambda data: ticket_from(text_of(data)),
        errors=(EnrollmentRefused,),
        seeds=lambda: [b"abcDEF-_." + b"0123456789abcdef0123"],
    ),
    Target(
        name="address",
        decode=lambda data: center_address(text_of(data)),
        errors=(UplinkError,),
        seeds=lambda: [b"https://center.example:8443/sofreh", b"http://[::1]:80"],
    ),
    Target(name="identity-file", decode=_identity_file, errors=(NotEnrolled,), seeds=_identity_files),
    Target(name="key-file", decode=_key_file, errors=(DeviceKeyError,), seeds=_key_files),
    Target(name="draft-file", decode=_draft, errors=(), seeds=lambda: ()),
    Target(
        name="roles-file",
        decode=_roles,
        errors=(),
        seeds=lambda: [b'[scanner]\nplace = "usb-1"\nmodel = "05f9:2204"\nname = "x"\n[printer]\nplace = "y"\nbaud = 9600\n'],
    ),
    Target(
        name="config-file",
        decode=lambda data: config.load(_written("till.toml", data)),
        errors=(ConfigError,),
        seeds=lambda: [b'data_folder = "x"\n[scanner]\npath = "y"\ngap_ms = 300\n[beeper]\ndevice = ["printer"]\n[clock]\nchip = true\n'],
    ),
    Target(
        name="profile-file",
        decode=lambda data: profiles.all_profiles(_written("profiles.toml", data)),
        errors=(ProfileError,),
        seeds=lambda: [profiles.BUILT_IN.read_bytes(), b'[mine]\nlike = "80mm"\ntitle = "x"\nwidth_dots = 576\n'],
    ),
    Target(name="journal-file", decode=_journal, errors=JOURNAL, seeds=lambda: [b"\0\0\x10\0\xff", b""], slow=True),
    Target(
        name="journal-bytes",
        decode=partial(_journal, damage=bytes),
        errors=JOURNAL,
        seeds=lambda: [_village()],
        slow=True,
    ),
)  # fmt: skip
