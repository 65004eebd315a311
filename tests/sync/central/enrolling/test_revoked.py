"""Numbers that are taken back: a stolen laptop's, and a wrong enrollment's; and what becomes of the credit that they held."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.sync.central.device import Device
from tests.sync.central.enrolling.trips import SHOP, Trip, take

if TYPE_CHECKING:
    from tests.sync.central.conftest import Lab


def test_a_stolen_laptops_numbers_are_revoked_whether_given_or_not(lab: Lab, trip: Trip) -> None:
    given, unused = trip.mandate(devices=2).data["devices"]
    device = take(Device(seed=b"thief"), trip.answer(Device(seed=b"thief")), lab.clock.at_s)
    for number in (given, unused):
        assert lab.order("suspend", device=number, last_good=-1).ok
    told = trip.report()
    assert not told.ok
    assert told.lines == [f"device {given} of shop {SHOP} is known, and what it says is held back: revoked"]
    lab.exchange(device)
    assert set(device.verdicts().values()) == {"held"}
    late = take(Device(seed=b"later"), trip.answer(Device(seed=b"later")), lab.clock.at_s)
    assert [one["good"] for one in trip.report().data["introduced"]] == [False, False]
    lab.exchange(late)
    assert set(late.verdicts().values()) == {"held"}
    assert lab.order("verify").ok


def held_rial(lab: Lab, device: int) -> int:
    """What a device may still charge."""
    rows = lab.sql("SELECT left_rial FROM allowance WHERE device = ? AND closed_at_s IS NULL", device)
    return sum(row["left_rial"] for row in rows)


@pytest.fixture
def free_lab(lab: Lab) -> Lab:
    """The shop's first till is gone before it sold anything: the households' credit is free."""
    assert lab.order("suspend", device=1001, last_good=-1).data["taken_back"] > 0
    return lab


@pytest.mark.usefixtures("free_lab")
def test_the_numbers_of_a_trip_share_a_shops_credit(lab: Lab, trip: Trip) -> None:
    """The second till of a shop would refuse every household."""
    first, second = trip.mandate(devices=2).data["devices"]
    assert held_rial(lab, first) == held_rial(lab, second) > 0


@pytest.mark.usefixtures("free_lab")
def test_a_revoked_number_that_sold_nothing_leaves_its_credit_to_the_next(lab: Lab, trip: Trip) -> None:
    """A wrong enrollment is undone by keypad: the shop's next till must not wait months for its credit."""
    (wrong,) = trip.mandate().data["devices"]
    held = held_rial(lab, wrong)
    (next_one,) = trip.mandate(name="again").data["devices"]
    assert held_rial(lab, next_one) == 0
    told = lab.order("suspend", device=wrong, last_good=-1)
    assert told.data["taken_back"] > 0
    assert held_rial(lab, wrong) == 0
    lab.order("allot")
    assert held_rial(lab, next_one) == held > 0
    assert lab.order("suspend", device=wrong, last_good=-1).data["taken_back"] == 0
    assert lab.order("verify").ok


@pytest.mark.usefixtures("free_lab")
def test_what_a_suspended_device_held_stays_where_it_may_have_sold(lab: Lab, trip: Trip) -> None:
    (number,) = trip.mandate().data["devices"]
    held = held_rial(lab, number)
    assert lab.order("suspend", device=number, last_good=0).data["taken_back"] == 0
    assert held_rial(lab, number) == held > 0
