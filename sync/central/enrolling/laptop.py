"""A technician's laptop where there is no signal: answers requests within the mandates that it carries, and reports later.

    DIR/laptop.key           its two keys, made here; readable by their owner only
    DIR/*.mandates           files of mandates, as `sofreh-central mandate` writes them
    DIR/answered.cbor        every credential that was issued, an introduction each, appended and synced before it is shown
    DIR/answer-NUMBER.html   the answer's QRs, for the till's scanner

One number goes to one device: asked again, the same device gets the same credential again, for the answer may have been lost or the
till have asked anew. What was appended is never changed; the center takes the file as often as it comes.
Runs without a center's folder, and without network.
"""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from sync.central.enrolling.mandates import LaptopKeys, laptop_text
from sync.central.errors import Refused, StoreFailed, WrongInput
from sync.central.keys import SEED_BYTES, FileKey, OpeningFileKey
from sync.wire import cbor, cose, credential
from sync.wire.credential import (
    ANSWER_CONTEXT,
    CREDENTIAL_CONTEXT,
    Credential,
    EnrollmentAnswer,
    root_fingerprint,
)
from sync.wire.enrolling import mandate, mandate_file, provision
from sync.wire.enrolling.mandate import Introduction
from sync.wire.errors import Malformed, WireError

if TYPE_CHECKING:
    from collections.abc import Container, Iterator
    from pathlib import Path

    from sync.central.keys import Chance
    from sync.wire.credential import EnrollmentRequest, TrustedKeys
    from sync.wire.enrolling.mandate import Mandate
    from sync.wire.enrolling.mandate_file import Grant, MandateFile
    from sync.wire.enrolling.provision import RoleAt, Secrets, Settings

KEY_FILE = "laptop.key"
LOG_FILE = "answered.cbor"
MANDATES = "*.mandates"
VERSION = 1


class Held(NamedTuple):
    """One grant of a file that the laptop holds, opened."""

    file: MandateFile
    trusted: TrustedKeys
    grant: Grant
    mandate: Mandate


class _Told(NamedTuple):
    """What an answer says beside the identity."""

    settings: Settings
    secrets: Secrets
    now_s: int


class Answered(Struct, frozen=True):
    """An answer for a till, and what the technician writes on the shop's sheet."""

    message: bytes
    device: int
    shop: int
    shop_name: str
    operator_pin: str
    root_fingerprint: str
    until_s: int
    mail: tuple[bytes, ...]
    exchange_public: bytes
    replaces: int | None


class Laptop:
    """The folder `DIR`. One process at a time."""

    def __init__(self, folder: Path, *, chance: Chance) -> None:
        """Make the keys if there are none. Raises: StoreFailed."""
        self._folder, self._chance = folder, chance
        seeds = _seeds(folder / KEY_FILE, chance)
        self.key = FileKey(seeds[:SEED_BYTES])
        self.opening = OpeningFileKey(seeds[SEED_BYTES:])

    @property
    def text(self) -> str:
        """Its public keys, for the center."""
        keys = LaptopKeys(public=self.key.public, exchange_public=self.opening.exchange_public)
        return laptop_text(keys)

    def answer(
        self,
        request_message: bytes,
        *,
        now_s: int,
        shop: int | None = None,
        replaces: int | None = None,
        secrets: Secrets | None = None,
        roles: tuple[RoleAt, ...] = (),
    ) -> Answered:
        """Issue a credential, or the same again, and say it to the till; `secrets` and `roles` are this shop's.
        `replaces` is the dead device whose place the till takes, 0 for none, None where there is no choice.

        Raises: WrongInput, Refused, StoreFailed.
        """
        request = _opened(request_message)
        held = self._held()
        before = self._answered_to(request, held)
        if before is None:
            chosen = _free(held, self._used(), shop=shop, replaces=replaces, now_s=now_s)
            given = self._issue(chosen, request_message, request, now_s=now_s)
        else:
            chosen, given = before
            _refuse_another(chosen.mandate, shop=shop, replaces=replaces)
        told = _Told(
            replace(chosen.grant.settings, roles=roles or None), secrets or chosen.grant.secrets, now_s
        )
        return self._said(chosen, given, request, told)

    def introductions(self) -> tuple[bytes, ...]:
        """All that was ever answered. Raises: StoreFailed."""
        path = self._folder / LOG_FILE
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise StoreFailed(f"{path}: {error.strerror}") from None
        return tuple(introductions_in(data))

    def _held(self) -> tuple[Held, ...]:
        held = tuple(one for path in sorted(self._folder.glob(MANDATES)) for one in self._in_file(path))
        if not held:
            raise Refused(
                f"{self._folder}: there are no mandates here: `sofreh-central mandate` makes a file of them"
            )
        return held

    def _in_file(self, path: Path) -> Iterator[Held]:
        try:
            file, trusted, opened = mandate_file.open_file(
                path.read_bytes(), self.opening, public=self.key.public
            )
        except OSError as error:
            raise StoreFailed(f"{path}: {error.strerror}") from None
        except WireError as error:
            raise Refused(f"{path}: {error}") from None
        for grant, one in zip(file.grants, opened, strict=True):
            yield Held(file, trusted, grant, one.mandate)

    def _used(self) -> dict[int, Introduction]:
        """Number -> what was issued for it."""
        found = {}
        for data in self.introductions():
            one = Introduction.from_cbor(data)
            given = Credential.from_cbor(cose.parse(one.credential, what="credential").payload)
            found[given.device] = one
        return found

    def _answered_to(
        self, request: EnrollmentRequest, held: tuple[Held, ...]
    ) -> tuple[Held, Credential] | None:
        for number, one in self._used().items():
            given = Credential.from_cbor(cose.parse(one.credential, what="credential").payload)
            if given.public == request.public:
                if given.exchange_public != request.exchange_public:
                    raise Refused("this till was answered before, with another exchange key")
                for each in held:
                    if each.mandate.device == number:
                        return each, given
                raise Refused(f"this till is device {number}, whose mandate is not here any more")
        return None

    def _issue(
        self, chosen: Held, request_message: bytes, request: EnrollmentRequest, *, now_s: int
    ) -> Credential:
        given = Credential(
            version=VERSION, device=chosen.mandate.device, shop=chosen.mandate.shop, public=request.public,
            exchange_public=request.exchange_public, not_before_s=now_s, until_s=chosen.mandate.credential_until_s,
            predecessor=chosen.mandate.predecessor,
        )  # fmt: skip
        introduction = Introduction(
            version=VERSION, request=request_message, credential=self._signed(given), mandate=chosen.grant.mandate
        )  # fmt: skip
        _append(self._folder / LOG_FILE, introduction.to_cbor())
        return given

    def _signed(self, given: Credential) -> bytes:
        return cose.sign(given.to_cbor(), self.key, context=CREDENTIAL_CONTEXT)

    def _said(self, chosen: Held, given: Credential, request: EnrollmentRequest, told: _Told) -> Answered:
        sealed = (
            None
            if told.secrets == provision.Secrets()
            else provision.seal(told.secrets, request, ephemeral=self._chance(32))
        )
        answer = EnrollmentAnswer(
            version=VERSION, nonce=request.nonce, root_public=chosen.file.root_public, delegations=chosen.file.delegations,
            credential=self._signed(given), slim=credential.slim_under(given, chosen.grant.slim, key=self.key).to_cbor(),
            center_exchange_public=chosen.mandate.center_exchange_public, epoch=chosen.mandate.epoch, now_s=told.now_s,
            mandate=chosen.grant.mandate, settings=told.settings.to_cbor(), secrets=sealed,
        )  # fmt: skip
        return Answered(
            cose.sign(answer.to_cbor(), self.key, context=ANSWER_CONTEXT), given.device, given.shop,
            told.settings.shop_name, chosen.grant.operator_pin, root_fingerprint(chosen.file.root_public), given.until_s,
            chosen.grant.mail, request.exchange_public, _replaced(chosen.mandate),
        )  # fmt: skip


def _free(
    held: tuple[Held, ...], used: Container[int], *, shop: int | None, replaces: int | None, now_s: int
) -> Held:
    """The first number that is nobody's, of the shop and in the place; where there is a choice of either, it must be said."""
    left = [one for one in held if one.mandate.device not in used and shop in (None, one.mandate.shop)]
    left = [one for one in left if replaces in (None, _replaced(one.mandate) or 0)]
    if not left:
        of_shop = f" for shop {shop}" if shop is not None else ""
        in_place = f" that takes the place of device {replaces}" if replaces else ""
        raise Refused(f"no number is left{of_shop}{in_place}")
    good = [one for one in left if one.mandate.not_before_s <= now_s <= one.mandate.until_s]
    if not good:
        raise Refused("the mandates do not hold at this time: get new ones, or set this machine's clock")
    shops = sorted({one.mandate.shop for one in good})
    if len(shops) > 1:
        raise WrongInput("--shop", f"say for which shop: {', '.join(map(str, shops))}")
    places = sorted({_replaced(one.mandate) or 0 for one in good})
    if len(places) > 1:
        named = ", ".join(str(place or "0 for none") for place in places)
        raise WrongInput("--replaces", f"say which device's place the till takes: {named}")
    return good[0]


def _refuse_another(known: Mandate, *, shop: int | None, replaces: int | None) -> None:
    """A till that was answered stays what it was answered to be."""
    if shop not in (None, known.shop) or replaces not in (None, _replaced(known) or 0):
        place = f" in the place of device {_replaced(known)}" if _replaced(known) else ""
        raise Refused(
            f"this till was answered before, as device {known.device} of shop {known.shop}{place}:"
            " undo that at the till (*24), then it asks anew, with new keys"
        )


def _replaced(known: Mandate) -> int | None:
    return None if known.predecessor is None else known.predecessor.device


def introductions_in(data: bytes) -> Iterator[bytes]:
    """The introductions in a file of them, a CBOR sequence (RFC 8742). One that was cut by a power cut is no more there."""
    at = 0
    while at < len(data):
        try:
            _, end = cbor.read_value(data, at)
        except (Malformed, IndexError, struct.error):
            return
        if end > len(data):
            return
        yield data[at:end]
        at = end


def _opened(message: bytes) -> EnrollmentRequest:
    try:
        return mandate.open_request(message)
    except Malformed as error:
        raise WrongInput(error.where, error.why) from None
    except WireError as error:
        raise Refused(str(error)) from None


def _seeds(path: Path, chance: Chance) -> bytes:
    try:
        return _kept(path) or _made(path, chance)
    except OSError as error:
        raise StoreFailed(f"{path}: {error.strerror}") from None


def _kept(path: Path) -> bytes | None:
    try:
        seeds = path.read_bytes()
    except FileNotFoundError:
        return None
    if len(seeds) != 2 * SEED_BYTES:
        raise StoreFailed(f"{path}: is not a laptop's key of {2 * SEED_BYTES} bytes")
    return seeds


def _made(path: Path, chance: Chance) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    seeds = chance(2 * SEED_BYTES)
    draft = path.with_suffix(".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(seeds)
        file.flush()
        os.fsync(descriptor)
    draft.replace(path)
    _sync(path.parent)
    return seeds


def _append(path: Path, data: bytes) -> None:
    """Durable before anybody sees the answer. What a power cut left of an earlier try is cut off first. Raises: StoreFailed."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            whole = sum(map(len, introductions_in(file.read())))
            file.seek(whole)
            file.truncate()
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        _sync(path.parent)
    except OSError as error:
        raise StoreFailed(f"{path}: {error.strerror}") from None


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
