"""Stories of a technician's trip."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.sync.central.enrolling.trips import OTHER_SHOP, Trip

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sync.central.conftest import Lab


@pytest.fixture
def trip(lab: Lab, tmp_path: Path) -> Trip:
    return Trip(lab, tmp_path / "laptop")


@pytest.fixture
def other_shop(lab: Lab) -> None:
    """There is a second shop, which has no households."""
    lab.order("shop add", number=OTHER_SHOP, name="دومی", place="لرستان", label_template=None)
