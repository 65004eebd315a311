"""What people order about enrollment without a network: mandates for a technician's trip, and what he reports when he is back.

On the laptop, where there is no center: `laptop` and `answer`, and `introduce --url` when there is a signal again.
"""

from __future__ import annotations

import secrets as chances
import tomllib
import urllib.error
import urllib.request
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sync import stick
from sync.central.config import Folder
from sync.central.dates import date_text, moment_text
from sync.central.doors.answer_page import answer_page, grouped
from sync.central.doors.picture import PICTURE_BYTES_MAX, request_in
from sync.central.doors.technician_page import secrets_in
from sync.central.enrolling import given_numbers, mandates
from sync.central.enrolling.laptop import KEY_FILE, Laptop, introductions_in
from sync.central.enrolling.mandates import Trip, laptop_from
from sync.central.errors import Refused, StoreFailed, WrongInput
from sync.central.result import Result
from sync.stick import StickFailed
from sync.wire import carried, cbor, center_url
from sync.wire.carried import Place
from sync.wire.credential import root_fingerprint
from sync.wire.enrolling import enrollment_qr, network, request_qr
from sync.wire.enrolling.provision import RoleAt, Secrets
from sync.wire.errors import Malformed
from sync.wire.kinds import Way

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Awaitable, Callable, Sequence

    from sync.central.center import Center
    from sync.central.clock import Clock
    from sync.central.credit.people import Progress
    from sync.central.enrolling.laptop import Answered
    from sync.wire.enrolling.mandate import Mandate

    Arguments = dict[str, Any]

DAY_S = 86_400
ROLES = ("scanner", "keypad", "printer", "display")
PLACE_CHARACTERS_MAX = 200
REPORT_BYTES_MAX = 1 << 20
NETWORK_BYTES_MAX = 1 << 14
"""A reader of TOML takes time with the square of the dots of a key."""
INTRODUCTIONS_MAX = 1_024
"""Each is a step of the center's own; a megabyte of zeros would be a million."""
ANSWER_WITHIN_S = 60


async def _mandate(center: Center, given: Arguments, _say: Progress) -> Result:
    now_s = center.clock.now_s()
    _refuse_wrong(given["url"])
    if roles_in(given["network"]):
        raise WrongInput(given["network"], "roles: are one till's: `answer --network` takes them")
    trip = Trip(
        laptop=laptop_from(given["laptop"].strip()), shops=tuple(given["shops"]), devices_each=given["devices"],
        until_s=now_s + given["days"] * DAY_S, credential_until_s=now_s + given["credential_days"] * DAY_S,
        center_url=given["url"], technician=given["technician"], secrets=network_in(given["network"]), replaces=given["replaces"],
    )  # fmt: skip
    if trip.credential_until_s < trip.until_s:
        raise WrongInput("--credential-days", "is less than --days")
    target = Path(given["file"])
    if target.suffix != ".mandates":
        raise WrongInput("--file", f"{target.name} does not end with .mandates")
    rivals = (
        await center.run(partial(given_numbers.successors, device=trip.replaces)) if trip.replaces else ()
    )
    held, numbers = await center.run(
        partial(mandates.issue, trip=trip, keys=center.keys, now_s=now_s, chance=center.chance)
    )
    _write(target, mandates.sealed_for(held, trip, center.keys, center.chance))
    fingerprint = grouped(root_fingerprint(center.keys.trusted.root.public))
    made = [given_numbers.mandate_in(grant.mandate) for grant in held.grants]
    lines = [
        *(_of_shop(shop, made) for shop in dict.fromkeys(trip.shops)),
        *(
            f"device {trip.replaces} is being replaced by {rival} already: suspend {rival} --last-good -1, if it never came to be"
            for rival in rivals
        ),
        f"laptop        {given_numbers.short_key(trip.laptop)}: `report` calls it so",
        f"answers until {moment_text(trip.until_s)}; credentials until {date_text(trip.credential_until_s)}",
        f"the center's key, to be compared at the till: {fingerprint}",
        f"written to {target}: only this laptop can open it",
    ]
    data = {
        "devices": list(numbers), "numbers": [{"device": one.device, "shop": one.shop} for one in made],
        "laptop": given_numbers.short_key(trip.laptop), "rivals": list(rivals), "until_s": trip.until_s, "file": str(target),
    }  # fmt: skip
    return Result(data, lines)


def _of_shop(shop: int, made: Sequence[Mandate]) -> str:
    numbers = ", ".join(str(one.device) for one in made if one.shop == shop)
    (replaces,) = {one.predecessor.device if one.predecessor else None for one in made}
    return f"shop {shop:<8d} device {numbers}" + (f", in the place of {replaces}" if replaces else "")


async def _introduce(center: Center, given: Arguments, _say: Progress) -> Result:
    data = _read(Path(given["file"]), REPORT_BYTES_MAX)
    return await take_report(center, data)


async def take_report(center: Center, data: bytes) -> Result:
    """Each introduction in turn; one that is refused stops no other. Raises: WrongInput, where there is none at all."""
    given = list(islice(introductions_in(data), INTRODUCTIONS_MAX + 1))
    if len(given) > INTRODUCTIONS_MAX:
        raise WrongInput("introductions", f"there are more than {INTRODUCTIONS_MAX} in it")
    told = [await center.run(partial(_introduced, data=one, center=center)) for one in given]
    if not told:
        raise WrongInput("introductions", "there are none in it")
    lines = [str(one["said"]) for one in told]
    return Result({"introduced": told}, lines, ok=all(one["good"] for one in told))


def report_bytes(told: Result) -> bytes:
    """What is answered over the line, as laptop and device take it."""
    return cbor.encode([[one["device"], one["good"], one["said"]] for one in told.data["introduced"]])


def _introduced(database: sqlite3.Connection, *, data: bytes, center: Center) -> dict[str, Any]:
    try:
        known = mandates.introduce(database, data, keys=center.keys, now_s=center.clock.now_s())
    except (Refused, WrongInput) as error:
        return {"device": None, "good": False, "said": str(error)}
    device, shop = known.mandate.device, known.mandate.shop
    if mandates.is_forked(database, device):
        said = f"device {device}: two credentials were issued for this number; it is suspended, both are kept as proof"
        return {"device": device, "good": False, "said": said}
    if why := mandates.held_back(database, device):
        said = f"device {device} of shop {shop} is known, and what it says is held back: {why}"
        return {"device": device, "good": False, "said": said}
    said = f"device {device} of shop {shop} is enrolled; the center's own credential waits in its mail"
    return {"device": device, "good": True, "said": said}


def laptop(given: Arguments) -> Result:
    """Who this laptop is, for the center. Raises: StoreFailed, Refused."""
    if Folder(Path(given["folder"])).database.exists():
        raise Refused(f"{given['folder']}: is a center's folder; a laptop's keys want one of their own")
    text = Laptop(Path(given["folder"]), chance=chances.token_bytes).text
    short = given_numbers.short_key(laptop_from(text))
    lines = [
        text,
        "give this to the center: sofreh-central mandate --laptop 'TEXT' ... (in single quotes)",
        f"the center calls this laptop {short}",
    ]
    return Result({"laptop": text, "short": short}, lines)


def answer(given: Arguments, clock: Clock) -> Result:
    """Answer a request on this laptop, as QRs in a page and, if wanted, as a file on a stick. Raises: CentralError."""
    folder = Path(given["folder"])
    if not (folder / KEY_FILE).exists():
        raise Refused(
            f"{folder}: here is no {KEY_FILE}, which `sofreh-central laptop` makes: is it the right folder?"
        )
    if given["stick"] is not None and not Path(given["stick"]).is_dir():
        raise WrongInput("--stick", f"{given['stick']} is no folder; nothing was answered")
    answered = Laptop(folder, chance=chances.token_bytes).answer(
        request_in(_given_request(given["request"])), now_s=clock.now_s(), shop=given["shop"], replaces=given["replaces"],
        secrets=network_in(given["network"]) if given["network"] else None, roles=roles_in(given["network"]),
    )  # fmt: skip
    page = folder / f"answer-{answered.device}.html"
    fingerprint = grouped(answered.root_fingerprint)
    facts = [
        ("شماره دستگاه", str(answered.device)), ("فروشگاه", answered.shop_name), ("اثر کلید مرکز", fingerprint),
        ("رمز فروشنده", answered.operator_pin),
    ]  # fmt: skip
    _write(page, answer_page(answered.message, facts).encode())
    lines = [
        f"device        {answered.device} of shop {answered.shop}, {answered.shop_name}",
        f"replaces      {answered.replaces or 'no device'}",
        f"operator PIN  {answered.operator_pin}",
        f"center's key  {fingerprint}: the till prints the same, or do not confirm",
        f"scan all QRs of {page}",
    ]
    if given["stick"] is not None:
        try:
            lines.append(f"written to {_to_stick(Path(given['stick']), answered)}")
        except StoreFailed as error:
            raise StoreFailed(f"{error}; {page} is written, and the same order may be given again") from None
    lines.append(
        f"report when there is a signal: sofreh-central introduce {folder / 'answered.cbor'} --url URL"
    )
    data = {
        "device": answered.device, "shop": answered.shop, "page": str(page), "operator_pin": answered.operator_pin,
        "root_fingerprint": answered.root_fingerprint, "until_s": answered.until_s, "replaces": answered.replaces, "qrs": enrollment_qr.to_qrs(answered.message),
    }  # fmt: skip
    return Result(data, lines)


def report_online(given: Arguments) -> Result:
    """Send the file of introductions to the center. Raises: StoreFailed, WrongInput, Refused."""
    data = _read(Path(given["file"]), REPORT_BYTES_MAX)
    _refuse_wrong(given["url"])
    url = f"{given['url'].rstrip('/')}/introduce"
    asked = urllib.request.Request(url, data=data, headers={"Content-Type": "application/cbor"})  # noqa: S310 -- looked at above
    try:
        with urllib.request.urlopen(asked, timeout=ANSWER_WITHIN_S) as answered:  # noqa: S310 -- likewise
            data = answered.read(REPORT_BYTES_MAX)
    except urllib.error.HTTPError as error:
        raise Refused(f"{url}: {error.read(2000).decode('utf-8', 'replace')}") from None
    except OSError as error:
        raise StoreFailed(f"{url}: {error}") from None
    told = [{"device": device, "good": good, "said": said} for device, good, said in _reported(data, url)]
    return Result(
        {"introduced": told}, [str(one["said"]) for one in told], ok=all(one["good"] for one in told)
    )


def _reported(data: bytes, url: str) -> list[tuple[int | None, bool, str]]:
    try:
        rows = cbor.decode(data, where="answer", bytes_max=REPORT_BYTES_MAX)
        return [(device, good is True, str(said)) for device, good, said in rows]
    except (Malformed, TypeError, ValueError):
        raise StoreFailed(f"{url}: this is no center's answer") from None


def _refuse_wrong(url: str) -> None:
    """Whatever no till takes. Raises: WrongInput."""
    try:
        center_url.read(url)
    except Malformed as error:
        raise WrongInput("--url", error.why) from None


def network_in(path: str | None) -> Secrets:
    """A file with the keys ssid, passphrase, apn, user, password. Raises: WrongInput, StoreFailed."""
    given = {} if path is None else _toml(path)
    given.pop("roles", None)
    for name, value in given.items():
        if name not in network.KEYS or not isinstance(value, str):
            raise WrongInput(str(path), f"{name}: only texts {', '.join(network.KEYS)} are known")
    try:
        return secrets_in(given)
    except WrongInput as error:
        raise WrongInput(str(path), f"{error.where}: {error.why}") from None


def roles_in(path: str | None) -> tuple[RoleAt, ...]:
    """The same file's table `roles`: which device is plugged in where at this till. Raises: WrongInput, StoreFailed."""
    given = {} if path is None else _toml(path).get("roles", {})
    if not isinstance(given, dict):
        raise WrongInput(str(path), "roles: is not a table")
    for role, place in given.items():
        if role in network.KEYS:
            raise WrongInput(str(path), f"{role}: stands below [roles] and belongs above it")
        if role not in ROLES or not isinstance(place, str) or not 0 < len(place) <= PLACE_CHARACTERS_MAX:
            raise WrongInput(str(path), f"roles.{role}: only {', '.join(ROLES)}, each a place, are known")
    return tuple(RoleAt(role=role, place=place) for role, place in given.items())


def _toml(path: str) -> dict[str, Any]:
    try:
        return tomllib.loads(_read(Path(path), NETWORK_BYTES_MAX).decode())
    except (ValueError, RecursionError) as error:
        raise WrongInput(path, f"is not TOML: {error}") from None


def _given_request(text: str) -> bytes:
    given = text.strip()
    return given.encode() if given.startswith(request_qr.PREFIX) else _read(Path(text), PICTURE_BYTES_MAX + 1)


def _to_stick(folder: Path, answered: Answered) -> Path:
    """The answer and the number's first mail, sealed to the till."""
    place = Place(Way.ENROLLMENT, answered.device, 1)
    messages = (answered.message, *answered.mail)
    data = carried.seal(messages, place, answered.exchange_public, ephemeral=chances.token_bytes(32))
    try:
        stick.write(folder, place, data)
    except StickFailed as error:
        raise StoreFailed(str(error)) from None
    return folder / place.name


def _read(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(most)
    except OSError as error:
        raise StoreFailed(f"{path}: {error.strerror}") from None


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise StoreFailed(f"{path}: {error.strerror}") from None


ORDERS: dict[str, Callable[[Center, Arguments, Progress], Awaitable[Result]]] = {
    "mandate": _mandate,
    "introduce": _introduce,
}
