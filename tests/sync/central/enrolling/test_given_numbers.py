"""Who has a number that has not come to light, and who is in whose place: what a stolen laptop's owner asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sync.central.doors import enrolling_orders
from sync.central.enrolling.enrollment import enroll
from sync.central.errors import Refused
from tests.sync.central.device import Device
from tests.sync.central.enrolling.trips import OTHER_SHOP, SHOP, Trip, take

if TYPE_CHECKING:
    from tests.sync.central.conftest import Lab

pytestmark = pytest.mark.usefixtures("other_shop")


def not_introduced(lab: Lab) -> list[str]:
    return [line for line in lab.order("report", html=None).lines if line.startswith("not introduced")]


def test_each_number_is_printed_with_its_shop(trip: Trip) -> None:
    given = trip.mandate(SHOP, OTHER_SHOP, devices=2)
    first, second, third, fourth = given.data["devices"]
    assert given.lines[0].split() == ["shop", str(SHOP), "device", f"{first},", str(second)]
    assert given.lines[1].split() == ["shop", str(OTHER_SHOP), "device", f"{third},", str(fourth)]
    assert given.data["numbers"][2] == {"device": third, "shop": OTHER_SHOP}
    said = enrolling_orders.laptop({"folder": str(trip.folder)})
    assert said.data["short"] == given.data["laptop"]
    assert given.data["laptop"] in said.lines[2]


def test_the_report_names_the_laptop_until_its_number_comes_to_light_or_is_revoked(
    lab: Lab, trip: Trip
) -> None:
    assert not_introduced(lab) == []
    given = trip.mandate(devices=3)
    first, second, third = given.data["devices"]
    lines = not_introduced(lab)
    assert len(lines) == 3
    assert lines[0].startswith(
        f"not introduced device {first} of shop {SHOP}: given to laptop {given.data['laptop']} until 1"
    )
    trip.answer(Device(seed=b"field"))
    assert len(not_introduced(lab)) == 3, "the center has not heard of it"
    trip.report()
    lab.order("suspend", device=second, last_good=-1)
    (left,) = not_introduced(lab)
    assert f"device {third} " in left


def test_who_replaces_a_device_twice_is_told(lab: Lab, trip: Trip) -> None:
    dead = lab.device.number
    first = trip.mandate(replaces=dead)
    assert first.data["rivals"] == []
    assert first.lines[0].endswith(f"in the place of {dead}")
    (number,) = first.data["devices"]
    again = trip.mandate(name="again", replaces=dead)
    assert again.data["rivals"] == [number]
    assert any(
        line.startswith(f"device {dead} is being replaced by {number} already") for line in again.lines
    )
    for one in (number, *again.data["devices"]):
        lab.order("suspend", device=one, last_good=-1)
    assert trip.mandate(name="third", replaces=dead).data["rivals"] == []


def test_a_replacement_over_the_network_counts_too(lab: Lab, trip: Trip) -> None:
    dead = lab.device.number
    ticket = lab.order("enroll", shop=SHOP, minutes=30, replaces=dead).data
    lab.run(enroll(lab.center, Device(seed=b"new").enrollment_request(ticket["token"])))
    assert trip.mandate(replaces=dead).data["rivals"] == [dead + 1]


def test_who_was_not_introduced_is_told_what_helps(lab: Lab, trip: Trip) -> None:
    trip.mandate()
    device = take(Device(seed=b"field"), trip.answer(Device(seed=b"field")), lab.clock.at_s)
    with pytest.raises(Refused, match="taken up by 'introduce' first"):
        lab.send(device.request())
