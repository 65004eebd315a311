"""A technician's trip: numbers reserved, requests answered without a signal, reported later; and everything that can go wrong with it."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import pytest

from sync.central.doors.enrolling_orders import network_in, roles_in
from sync.central.enrolling.enrollment import enroll
from sync.central.enrolling.laptop import LOG_FILE, Laptop, introductions_in
from sync.central.errors import CentralError, Refused, StoreFailed, WrongInput
from sync.wire import cbor, cose, facts
from sync.wire.credential import Credential, EnrollmentAnswer
from sync.wire.enrolling.mandate import Introduction
from sync.wire.enrolling.provision import RoleAt, Secrets, Settings, Wifi
from sync.wire.kinds import MailKind
from tests.sync.central.conftest import DAY_S
from tests.sync.central.device import Device
from tests.sync.central.enrolling.trips import SHOP, Trip, take

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sync.central.conftest import Lab


def test_a_device_answered_without_a_signal_is_introduced_and_goes_on(lab: Lab, trip: Trip) -> None:
    (number,) = trip.mandate().data["devices"]
    device = take(Device(seed=b"field"), trip.answer(Device(seed=b"field")), lab.clock.at_s)
    assert device.number == number
    with pytest.raises(Refused, match="no enrolled device's key"):
        lab.send(device.request())
    told = trip.report()
    assert told.ok
    assert told.data["introduced"][0]["device"] == number
    lab.exchange(device)
    kinds = [item.kind for item in device.inbox]
    assert {MailKind.SHOP, MailKind.POLICY, MailKind.CATALOG, MailKind.CREDENTIAL} <= set(kinds)
    assert device.verdicts()[0] == "accepted"
    assert lab.order("verify").ok


def test_the_mail_that_waits_is_carried_and_is_the_same_that_the_center_sends(lab: Lab, trip: Trip) -> None:
    trip.mandate()
    answered = trip.answer(Device(seed=b"field"))
    device = take(Device(seed=b"field"), answered, lab.clock.at_s)
    device.take_mail(answered.mail)
    assert MailKind.SHOP in [item.kind for item in device.inbox]
    carried = len(device.inbox)
    trip.report()
    lab.exchange(device)
    assert len(device.inbox) > carried, "what came since follows what was carried"


def test_an_introduction_may_come_again_and_again(lab: Lab, trip: Trip) -> None:
    trip.mandate()
    device = take(Device(seed=b"field"), trip.answer(Device(seed=b"field")), lab.clock.at_s)
    trip.report()
    mails = lab.sql("SELECT COUNT(*) AS n FROM mail WHERE device = ?", device.number)[0]["n"]
    assert trip.report().ok
    assert lab.sql("SELECT COUNT(*) AS n FROM mail WHERE device = ?", device.number)[0]["n"] == mails


def test_the_same_till_gets_the_same_number_again_whatever_it_asks(trip: Trip) -> None:
    trip.mandate(devices=2)
    first = trip.answer(Device(seed=b"field"))
    again = trip.answer(Device(seed=b"field"), nonce=bytes([7]) * 16)
    other = trip.answer(Device(seed=b"other"))
    assert first.device == again.device != other.device
    assert len(trip.laptop.introductions()) == 2
    with pytest.raises(Refused, match="no number is left"):
        trip.answer(Device(seed=b"third"))


def test_of_several_shops_one_must_be_said(lab: Lab, trip: Trip) -> None:
    lab.order("shop add", number=6002, name="دومی", place="لرستان", label_template=None)
    trip.mandate(SHOP, 6002)
    with pytest.raises(WrongInput, match="say for which shop: 6001, 6002"):
        trip.answer(Device(seed=b"field"))
    assert trip.answer(Device(seed=b"field"), shop=6002).shop == 6002
    with pytest.raises(Refused, match="no number is left for shop 6002"):
        trip.answer(Device(seed=b"other"), shop=6002)
    assert trip.answer(Device(seed=b"other")).shop == SHOP


@pytest.mark.parametrize(
    ("days", "good"), [(0, True), (3, True), (3 + 1 / DAY_S, False), (-1 / DAY_S, False)]
)
def test_a_mandate_holds_for_its_days(lab: Lab, trip: Trip, days: float, good: bool) -> None:
    trip.mandate()
    lab.clock.at_s += round(days * DAY_S)
    if good:
        trip.answer(Device(seed=b"field"))
        return
    with pytest.raises(Refused, match="do not hold at this time"):
        trip.answer(Device(seed=b"field"))


def test_the_laptop_asks_for_what_it_lacks(trip: Trip) -> None:
    with pytest.raises(Refused, match="there are no mandates here"):
        trip.answer(Device(seed=b"field"))
    trip.mandate()
    (trip.folder / "other.mandates").write_bytes(b"nothing")
    with pytest.raises(Refused, match=r"other\.mandates"):
        trip.answer(Device(seed=b"field"))


def test_another_laptop_cannot_use_the_file(lab: Lab, trip: Trip, tmp_path: Path) -> None:
    trip.mandate()
    thief = Trip(lab, tmp_path / "thief")
    (thief.folder / "trip.mandates").write_bytes((trip.folder / "trip.mandates").read_bytes())
    with pytest.raises(Refused, match="sealed to another laptop's key"):
        thief.answer(Device(seed=b"field"))


def test_a_request_that_is_none_is_refused_before_anything_is_written(trip: Trip) -> None:
    trip.mandate()
    good = Device(seed=b"field").enrollment_request("")
    for request, error in ((b"x", WrongInput), (good[:-1] + bytes((good[-1] ^ 1,)), Refused)):
        with pytest.raises(error):
            trip.laptop.answer(request, now_s=trip.lab.clock.at_s)
    assert trip.laptop.introductions() == ()


def test_two_credentials_for_one_number_are_a_fork_and_both_are_kept(
    lab: Lab, trip: Trip, tmp_path: Path
) -> None:
    (number,) = trip.mandate().data["devices"]
    one = take(Device(seed=b"one"), trip.answer(Device(seed=b"one")), lab.clock.at_s)
    trip.report()
    lab.exchange(one)
    # the log is put back to what it was, as from a copy of the laptop's disk, and the number given once more
    (trip.folder / LOG_FILE).rename(tmp_path / "first.cbor")
    assert trip.answer(Device(seed=b"two")).device == number
    told = trip.report()
    assert not told.ok
    assert "two credentials were issued for this number" in told.lines[0]
    row = lab.sql("SELECT suspended_from, suspended_why FROM device WHERE number = ?", number)[0]
    assert row["suspended_from"] is not None
    assert row["suspended_why"] == "two credentials for one number"
    assert len(lab.sql("SELECT 1 FROM second_introduction")) == 1
    late = one.say(facts.Booted(version="test", clean=True))
    lab.exchange(one)
    assert one.verdicts()[late.sequence] == "held"
    assert lab.order("verify").ok
    assert not trip.report().ok
    assert len(lab.sql("SELECT 1 FROM second_introduction")) == 1


def test_one_key_has_one_number(lab: Lab, trip: Trip, tmp_path: Path) -> None:
    trip.mandate(devices=2)
    trip.answer(Device(seed=b"field"))
    trip.report()
    (trip.folder / LOG_FILE).rename(tmp_path / "first.cbor")
    trip.answer(Device(seed=b"aside"))
    second = trip.answer(Device(seed=b"field"))
    told = trip.report()
    assert [one["good"] for one in told.data["introduced"]] == [False, False]
    assert second.device == max(row["number"] for row in lab.sql("SELECT number FROM device"))
    assert any("this key is enrolled already" in line for line in told.lines)


def test_what_is_no_introduction_is_refused_and_stops_no_other(trip: Trip) -> None:
    trip.mandate()
    trip.answer(Device(seed=b"field"))
    log = trip.folder / LOG_FILE
    good = log.read_bytes()
    log.write_bytes(cbor.encode([1, 2]) + good)
    told = trip.report()
    assert [one["good"] for one in told.data["introduced"]] == [False, True]
    log.write_bytes(b"")
    with pytest.raises(WrongInput, match="there are none in it"):
        trip.report()


def test_a_mandate_of_another_center_is_not_believed(lab: Lab, trip: Trip) -> None:
    trip.mandate()
    trip.answer(Device(seed=b"field"))
    lab.run(lab.center.run(lambda database: database.execute("DELETE FROM mandate")))
    assert "not one that these books know" in trip.report().lines[0]


def test_a_power_cut_while_the_log_is_written_loses_only_what_nobody_saw(trip: Trip) -> None:
    trip.mandate(devices=2)
    first = trip.answer(Device(seed=b"one"))
    log = trip.folder / LOG_FILE
    whole = log.read_bytes()
    trip.answer(Device(seed=b"two"))
    both = log.read_bytes()
    for cut in range(len(whole), len(both)):
        assert tuple(introductions_in(both[:cut])) == (whole,)
    log.write_bytes(both[:-5])
    again = trip.answer(Device(seed=b"two"))
    assert again.device != first.device
    assert len(trip.laptop.introductions()) == 2


def test_a_replacement_takes_the_place_of_a_dead_device_that_its_credential_names(
    lab: Lab, trip: Trip
) -> None:
    dead = lab.device
    lab.order("shop add", number=6002, name="x", place="y", label_template=None)
    with pytest.raises(Refused, match="not of shop"):
        trip.mandate(6002, replaces=dead.number)
    trip.mandate(replaces=dead.number)
    answered = trip.answer(Device(seed=b"new"))
    trip.report()
    row = lab.sql("SELECT credential FROM device WHERE number = ?", answered.device)[0]
    given = Credential.from_cbor(cose.parse(row["credential"], what="it").payload)
    assert given.predecessor is not None
    assert (given.predecessor.device, given.predecessor.held) == (dead.number, len(dead.journal))
    assert given.predecessor.head == dead.head.prev
    late = dead.say(facts.Booted(version="test", clean=False))
    lab.exchange(dead)
    assert dead.verdicts()[late.sequence] == "held"


def test_a_replacement_over_the_network_names_it_too(lab: Lab) -> None:
    lab.order("shop add", number=6002, name="x", place="y", label_template=None)
    with pytest.raises(Refused, match="not of shop"):
        lab.order("enroll", shop=6002, minutes=30, replaces=lab.device.number)
    ticket = lab.order("enroll", shop=SHOP, minutes=30, replaces=lab.device.number).data
    assert lab.sql("SELECT suspended_from AS s FROM device")[0]["s"] is None, "until it is there"
    fresh = Device(seed=b"new")
    answer = fresh.take_enrollment(
        lab.run(enroll(lab.center, fresh.enrollment_request(ticket["token"]))), ticket["root_fingerprint"]
    )
    given = Credential.from_cbor(cose.parse(answer.credential, what="it").payload)
    assert given.predecessor is not None
    assert given.predecessor.device == lab.device.number
    assert lab.sql("SELECT suspended_from AS s FROM device")[0]["s"] == len(lab.device.journal)


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"laptop": "X1:"}, "laptop: does not begin with L1:"),
        ({"laptop": "L1:00"}, "laptop"),
        ({"file": "/tmp/x.bin"}, r"does not end with \.mandates"),
        ({"credential_days": 2}, "is less than --days"),
        ({"shops": [7777]}, "shop 7777 is not registered"),
        ({"replaces": 9999}, "device 9999 is not enrolled"),
    ],
)
def test_a_wrong_mandate_reserves_nothing(lab: Lab, trip: Trip, given: dict[str, Any], match: str) -> None:
    before = lab.sql("SELECT COUNT(*) AS n FROM device")[0]["n"]
    with pytest.raises(CentralError, match=match):
        trip.mandate(**given)
    assert lab.sql("SELECT COUNT(*) AS n FROM device")[0]["n"] == before


def test_the_shop_s_network_goes_along_sealed(lab: Lab, trip: Trip, tmp_path: Path) -> None:
    network = tmp_path / "network.toml"
    network.write_text('ssid = "shop"\npassphrase = "sesame!!"\n')
    trip.mandate(network=str(network))
    assert b"sesame" not in (trip.folder / "trip.mandates").read_bytes()
    assert b"sesame" not in trip.answer(Device(seed=b"field")).message
    for text, match in (
        ("ssid = 3\n", "ssid: only texts"),
        ('color = "red"\n', "color"),
        ("=", "is not TOML"),
    ):
        network.write_text(text)
        with pytest.raises(WrongInput, match=match):
            trip.mandate(name="more", network=str(network))
    network.write_text(f'ssid = "{"x" * 33}"\n')
    with pytest.raises(WrongInput, match="ssid: is longer than 32"):
        trip.mandate(name="more", network=str(network))


def test_which_device_is_where_goes_along(trip: Trip, tmp_path: Path) -> None:
    shop = tmp_path / "shop.toml"
    shop.write_text('ssid = "s"\n[roles]\nprinter = "usb-1.2"\nscanner = "usb-1.3"\n')
    roles = roles_in(str(shop))
    assert roles == (RoleAt(role="printer", place="usb-1.2"), RoleAt(role="scanner", place="usb-1.3"))
    assert network_in(str(shop)) == Secrets(wifi=Wifi(ssid="s", passphrase=""))
    assert roles_in(None) == ()
    trip.mandate()
    message = trip.answer(Device(seed=b"field"), roles=roles).message
    answer = EnrollmentAnswer.from_cbor(cose.parse(message, what="it").payload)
    assert Settings.from_cbor(answer.settings or b"").roles == roles
    for text in (
        "roles = 1\n",
        '[roles]\nfridge = "x"\n',
        "[roles]\nprinter = 1\n",
        '[roles]\nprinter = ""\n',
    ):
        shop.write_text(text)
        with pytest.raises(WrongInput, match="roles"):
            roles_in(str(shop))


def test_a_laptop_keeps_its_keys(trip: Trip) -> None:
    assert Laptop(trip.folder, chance=secrets.token_bytes).text == trip.laptop.text
    assert (trip.folder / "laptop.key").stat().st_mode & 0o777 == 0o600
    (trip.folder / "laptop.key").write_bytes(b"short")
    with pytest.raises(StoreFailed, match="is not a laptop's key"):
        Laptop(trip.folder, chance=secrets.token_bytes)


def test_an_introduction_is_small(trip: Trip) -> None:
    trip.mandate()
    trip.answer(Device(seed=b"field"))
    (data,) = trip.laptop.introductions()
    assert len(data) < 1024
    assert Introduction.from_cbor(data).version == 1
