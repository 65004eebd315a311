"""Which answers a till takes, what it says of the others, and what is on its disk when the power goes at any write."""

from __future__ import annotations

import os
import runpy
import tomllib
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from firmware import boot, identity, whole_file
from firmware.desk.paper import texts
from firmware.enrolling import answer
from firmware.enrolling.answer import NETWORK_FILE, Taken, judge, keep
from firmware.enrolling.request import Asked, ask
from firmware.errors import EnrollmentRefused
from firmware.receipt.enrollment_slips import Wrong, offer_slip
from firmware.roles import Role, Roles, open_roles, read_roles
from image.lock import HERE
from sync.wire.enrolling import enrollment_qr
from sync.wire.enrolling.provision import Apn, Secrets, Settings, Wifi
from tests.firmware.enrolling.world import NOW_S, SECRETS, SETTINGS, answer_for
from tests.vectors import samples

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def asked(folder: Path) -> Asked:
    return ask(folder, software="0.1.0", random_bytes=os.urandom)


@pytest.fixture
def roles(folder: Path, asked: Asked) -> Iterator[Roles]:
    with open_roles(folder, warn=print) as opened:
        yield opened


def taken(asked: Asked, message: bytes | None = None) -> Taken:
    judged = judge(message or answer_for(asked), asked, chip_s=NOW_S)
    assert isinstance(judged, Taken), judged
    return judged


@pytest.mark.parametrize("under_mandate", [True, False])
def test_a_right_answer_is_offered_for_people_to_compare(asked: Asked, under_mandate: bool) -> None:
    offer = taken(asked, answer_for(asked, under_mandate=under_mandate)).offer
    assert (offer.shop_name, offer.shop, offer.device) == ("فروشگاه نمونه", samples.SHOP, samples.DEVICE)
    assert (offer.under_mandate, offer.replaces) == (under_mandate, samples.PREDECESSOR.device)
    assert len(offer.root_fingerprint) == 20


def test_an_answer_fits_into_a_few_qrs(asked: Asked) -> None:
    assert len(enrollment_qr.to_qrs(answer_for(asked))) <= 6


def test_what_is_wrong_with_an_answer_is_said(asked: Asked, tmp_path: Path) -> None:
    other = ask(tmp_path / "other", software="0.1.0", random_bytes=os.urandom)
    no_settings = replace(SETTINGS, center_url="http://plain.example").to_cbor()
    for message, wrong in (
        (b"", Wrong.NO_ANSWER),
        (answer_for(asked)[:-1], Wrong.NO_ANSWER),
        (answer_for(other), Wrong.OTHER_DEVICE),
        (answer_for(asked, nonce=bytes(16)), Wrong.OLD),
        (answer_for(asked, key=samples.DEVICE_KEY), Wrong.NOT_AUTHENTIC),
        (answer_for(asked, delegations=()), Wrong.NOT_AUTHENTIC),
        (answer_for(asked, settings=None), Wrong.NOT_AUTHENTIC),
        (answer_for(asked, settings=no_settings), Wrong.ADDRESS),
        (answer_for(asked, settings=no_settings, key=samples.DEVICE_KEY), Wrong.NOT_AUTHENTIC),
        (answer_for(asked, secrets=bytes(60)), Wrong.NOT_AUTHENTIC),
    ):
        assert judge(message, asked, chip_s=NOW_S) is wrong
    low_order = answer_for(asked, under_mandate=False, center_exchange_public=bytes(32))
    assert judge(low_order, asked, chip_s=NOW_S) is Wrong.NOT_AUTHENTIC


@pytest.mark.parametrize(
    ("late_s", "good"), [(0, True), (answer.ANSWER_FOR_S, True), (answer.ANSWER_FOR_S + 1, False)]
)
def test_an_answer_is_good_for_a_week_by_the_clock_chip(asked: Asked, late_s: int, good: bool) -> None:
    judged = judge(answer_for(asked), asked, chip_s=NOW_S + late_s)
    assert isinstance(judged, Taken) if good else judged is Wrong.EXPIRED
    assert isinstance(judge(answer_for(asked), asked, chip_s=None), Taken)


def test_a_credential_that_has_ended_is_not_taken(asked: Asked) -> None:
    until_s = samples.MANDATED_UNTIL_S
    late = answer_for(asked, now_s=until_s)
    assert isinstance(judge(late, asked, chip_s=until_s), Taken)
    assert judge(late, asked, chip_s=until_s + 1) is Wrong.EXPIRED


def test_an_answer_without_secrets_needs_none(asked: Asked, folder: Path, roles: Roles) -> None:
    keep(folder, taken(asked, answer_for(asked, secrets=None)), roles)
    assert not (folder / NETWORK_FILE).exists()


def test_a_till_that_keeps_an_answer_is_enrolled(asked: Asked, folder: Path, roles: Roles) -> None:
    assert not boot.is_in_order(folder)
    keep(folder, taken(asked), roles)
    known = boot.who_we_are(folder)
    assert (known.device, known.shop, known.center_url) == (samples.DEVICE, samples.SHOP, SETTINGS.center_url)
    assert known.mail_root != known.credential_hash
    network = tomllib.loads((folder / NETWORK_FILE).read_text())
    assert network == {"ssid": "shop", "passphrase": 'a "quoted" one', "apn": "net"}
    assert (folder / NETWORK_FILE).stat().st_mode & 0o777 == 0o600
    seat = read_roles(folder, warn=print).seat(Role.PRINTER)
    assert seat is not None
    assert seat.place == "usb-1.2"
    assert answer.shop_name(folder) == SETTINGS.shop_name
    said = answer.handover(folder)
    assert (said.technician, said.made_s, said.offer.device) == ("فن‌ورز نمونه", NOW_S, samples.DEVICE)
    assert said.key_fingerprint == asked.key_fingerprint


def test_an_answer_that_names_no_shop_has_no_name(asked: Asked, folder: Path) -> None:
    message = answer_for(asked, settings=None)
    identity.store(folder, message, root_public=samples.ROOT.public, center_url=SETTINGS.center_url)
    assert answer.shop_name(folder) == ""


def test_roles_that_are_taken_stay(asked: Asked, folder: Path, roles: Roles) -> None:
    roles.reserve(Role.PRINTER, "usb-9")
    keep(folder, taken(asked), roles)
    seat = roles.seat(Role.PRINTER)
    assert seat is not None
    assert seat.place == "usb-9"


def test_a_till_without_secrets_writes_no_network() -> None:
    assert answer.network_text(Secrets()) == ""
    assert answer.network_text(Secrets(wifi=SECRETS.wifi)).splitlines()[0] == 'ssid = "shop"'
    assert Settings.from_cbor(SETTINGS.to_cbor()) == SETTINGS


@pytest.mark.parametrize(
    ("secrets", "said"),
    [
        (Secrets(wifi=Wifi(ssid="open", passphrase="")), {"ssid": "open"}),
        (Secrets(apn=Apn(name="net", user="", password="")), {"apn": "net"}),
        (Secrets(apn=Apn(name="net", user="u", password="")), {"apn": "net", "user": "u"}),
    ],
)
def test_the_card_takes_a_network_that_asks_for_nothing(
    secrets: Secrets, said: dict[str, object], tmp_path: Path
) -> None:
    text = answer.network_text(secrets)
    assert tomllib.loads(text) == said
    (tmp_path / NETWORK_FILE).write_text(text)
    card = runpy.run_path(str(HERE / "package/usr/lib/sofreh/network.py"))
    assert card["main"]([str(tmp_path / NETWORK_FILE), str(tmp_path / "run")]) == 0
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["wpa.conf" if "ssid" in said else "apn"]


def test_an_offer_names_the_networks(asked: Asked) -> None:
    offer = taken(asked).offer
    assert (offer.wifi, offer.apn) == ("shop", "net")
    printed = [row for element in offer_slip(offer, press=()) for row in texts(element)]
    assert "شبکه بی‌سیم | shop" in "".join(printed).replace("\u2068", "").replace("\u2069", "")
    without = taken(asked, answer_for(asked, secrets=None)).offer
    assert (without.wifi, without.apn) == ("", "")


class _PowerCut(BaseException):
    pass


def test_a_power_cut_at_any_write_leaves_a_till_that_asks_or_one_that_is_enrolled(
    asked: Asked, folder: Path, roles: Roles, monkeypatch: pytest.MonkeyPatch
) -> None:
    message, real = answer_for(asked), whole_file.replace
    seen = []
    for cut_at in range(8):
        writes = 0

        def cut(path: Path, data: bytes, *, cut_at: int = cut_at) -> None:
            nonlocal writes
            writes += 1
            if writes > cut_at:
                raise _PowerCut
            real(path, data)

        monkeypatch.setattr(whole_file, "replace", cut)
        try:
            keep(folder, taken(asked, message), roles)
        except _PowerCut:
            pass
        else:
            break
        finally:
            monkeypatch.setattr(whole_file, "replace", real)
        seen.append(cut_at)
        assert not boot.is_in_order(folder), "what was begun is finished at the next start"
        assert not (folder / identity.IDENTITY_FILE).exists()
        again = ask(folder, software="0.1.0", random_bytes=os.urandom)
        assert again.qr == asked.qr, "the same answer is still good"
    assert len(seen) >= 3
    assert boot.who_we_are(folder).device == samples.DEVICE
    assert (folder / boot.OWED_FILE).exists()


def test_a_disk_that_takes_nothing_leaves_the_till_asking(
    asked: Asked, folder: Path, roles: Roles, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(whole_file, "replace", full)
    with pytest.raises(EnrollmentRefused, match="No space left"):
        keep(folder, taken(asked), roles)
    assert not (folder / identity.IDENTITY_FILE).exists()
