"""What goes wrong on a technician's trip is refused with a word that helps: the wrong shop, the wrong place, a network no card takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sync import stick
from sync.central.doors import enrolling_orders
from sync.central.doors.enrolling_orders import network_in, roles_in
from sync.central.enrolling.laptop import KEY_FILE
from sync.central.errors import CentralError, Refused, StoreFailed, WrongInput
from sync.stick import StickFailed
from sync.wire.enrolling import request_qr
from tests.sync.central.device import Device
from tests.sync.central.enrolling.trips import OTHER_SHOP, SHOP, Trip

if TYPE_CHECKING:
    from pathlib import Path

    from sync.central.result import Result
    from tests.sync.central.conftest import Lab

pytestmark = pytest.mark.usefixtures("other_shop")


def typed(trip: Trip, device: Device, **given: Any) -> Result:
    """The order `answer`, as the command gives it."""
    text = request_qr.to_qr(device.enrollment_request(""))
    asked = {
        "folder": str(trip.folder),
        "request": text,
        "shop": None,
        "replaces": None,
        "network": None,
        "stick": None,
    }
    return enrolling_orders.answer(asked | given, trip.lab.clock)


def test_a_till_that_was_answered_for_a_shop_is_not_answered_for_another(trip: Trip) -> None:
    trip.mandate(SHOP, OTHER_SHOP, devices=2)
    till = Device(seed=b"field")
    first = trip.answer(till, shop=SHOP)
    with pytest.raises(Refused, match=rf"as device {first.device} of shop {SHOP}: undo that at the till"):
        trip.answer(till, shop=OTHER_SHOP)
    with pytest.raises(Refused, match="was answered before"):
        trip.answer(till, replaces=1001)
    assert trip.answer(till, shop=SHOP).device == trip.answer(till, replaces=0).device == first.device
    assert len(trip.laptop.introductions()) == 1


def test_whose_place_a_till_takes_is_said_where_there_is_a_choice(lab: Lab, trip: Trip) -> None:
    dead = lab.device.number
    (plain,) = trip.mandate().data["devices"]
    (instead,) = trip.mandate(name="a-replacement", replaces=dead).data["devices"]
    with pytest.raises(WrongInput, match=rf"which device's place the till takes: 0 for none, {dead}"):
        trip.answer(Device(seed=b"field"))
    with pytest.raises(Refused, match="no number is left that takes the place of device 77"):
        trip.answer(Device(seed=b"field"), replaces=77)
    shown = typed(trip, Device(seed=b"field"), replaces=dead)
    assert (shown.data["device"], shown.data["replaces"]) == (instead, dead)
    assert f"replaces      {dead}" in shown.lines
    with pytest.raises(Refused, match=rf"of shop {SHOP} in the place of device {dead}"):
        trip.answer(Device(seed=b"field"), replaces=0)
    shown = typed(trip, Device(seed=b"other"))
    assert (shown.data["device"], shown.data["replaces"]) == (plain, None)
    assert "replaces      no device" in shown.lines


@pytest.mark.parametrize(
    "url", ["center.example", "http://center.example", "https:/center.example", "https://center.example "]
)
def test_an_address_that_no_till_takes_is_told_to_none(lab: Lab, trip: Trip, url: str) -> None:
    with pytest.raises(WrongInput, match="--url: "):
        trip.mandate(url=url)
    assert len(lab.sql("SELECT 1 FROM device")) == 1
    with pytest.raises(WrongInput, match="--url: "):
        enrolling_orders.report_online({"file": __file__, "url": url})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('ssid = "s"\npassphrase = "short"\n', "passphrase: is not of 8 to 63"),
        ('ssid = "s"\npassphrase = "۱۲۳۴۵۶۷۸"\n', "passphrase: .*Persian digits"),
        ('ssid = "s"\npassword = "12345678"\n', "password: belongs to apn"),
        ('passphrase = "12345678"\n', "passphrase: belongs to ssid"),
        ('[wifi]\nssid = "s"\n', "wifi: only texts ssid, passphrase"),
    ],
)  # fmt: skip
def test_a_network_that_no_card_takes_is_refused(trip: Trip, tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "wifi.toml"
    file.write_text(text)
    with pytest.raises(WrongInput, match=f"wifi.toml: {said}"):
        trip.mandate(network=str(file))
    trip.mandate()
    with pytest.raises(WrongInput, match=said):
        typed(trip, Device(seed=b"field"), network=str(file))
    assert trip.laptop.introductions() == ()


def test_a_network_without_a_passphrase_is_taken(tmp_path: Path) -> None:
    file = tmp_path / "wifi.toml"
    file.write_text('ssid = "open"\n')
    wifi = network_in(str(file)).wifi
    assert wifi is not None
    assert (wifi.ssid, wifi.passphrase) == ("open", "")


def test_what_stands_in_the_wrong_place_is_named(trip: Trip, tmp_path: Path) -> None:
    file = tmp_path / "wifi.toml"
    file.write_text('[roles]\nprinter = "usb-1.2"\nssid = "s"\n')
    with pytest.raises(WrongInput, match=r"ssid: stands below \[roles\] and belongs above it"):
        roles_in(str(file))
    file.write_text('ssid = "s"\n[roles]\nprinter = "usb-1.2"\n')
    with pytest.raises(WrongInput, match="roles: are one till's"):
        trip.mandate(network=str(file))


def test_a_mistyped_folder_gets_no_key(lab: Lab, trip: Trip, tmp_path: Path) -> None:
    trip.mandate()
    with pytest.raises(Refused, match=r"here is no laptop\.key"):
        typed(trip, Device(seed=b"field"), folder=str(tmp_path / "laptpo"))
    assert not (tmp_path / "laptpo").exists()
    center = lab.center.folder.path
    with pytest.raises(Refused, match="is a center's folder"):
        enrolling_orders.laptop({"folder": str(center)})
    assert not (center / KEY_FILE).exists()


def test_a_stick_that_is_not_there_is_said_before_and_one_that_fails_after(
    trip: Trip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trip.mandate()
    with pytest.raises(WrongInput, match="nothing was answered"):
        typed(trip, Device(seed=b"field"), stick=str(tmp_path / "none"))
    assert trip.laptop.introductions() == ()

    def full(*_: object) -> None:
        raise StickFailed("no space left")

    monkeypatch.setattr(stick, "write", full)
    with pytest.raises(
        StoreFailed, match=r"answer-\d+\.html is written, and the same order may be given again"
    ):
        typed(trip, Device(seed=b"field"), stick=str(tmp_path))


def test_blanks_around_what_was_copied_do_no_harm(trip: Trip) -> None:
    trip.mandate(laptop=f" {trip.laptop.text}\n")
    text = request_qr.to_qr(Device(seed=b"field").enrollment_request(""))
    assert typed(trip, Device(seed=b"field"), request=f"  {text} \n").ok
    with pytest.raises(CentralError, match="does not begin with L1:"):
        trip.mandate(laptop=trip.laptop.text[1:])
