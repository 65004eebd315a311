"""What a dead device's receipts show to be missing between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sync.wire.facts import Closing
from tests.sync.central.scanned import SOLD, ZERO, Counter, fates, owed_rial, paper, rekey

if TYPE_CHECKING:
    from sync.central.result import Result
    from tests.sync.central.conftest import Lab


@pytest.fixture
def till(lab: Lab) -> Counter:
    """A till on a day when every household may buy."""
    return Counter(lab.at(29))


def missing(result: Result) -> dict[str, Any]:
    (found,) = result.data["missing"]
    assert isinstance(found, dict)
    return found


def test_gaps_between_receipts_are_told_with_what_was_sold_in_them(lab: Lab, till: Counter) -> None:
    held = lab.device.held
    sold = [till.sell(1 + index % 3, SOLD + index) for index in range(6)]
    result = rekey(lab, *(paper(lab, sold[index]) for index in (0, 1, 4)))
    assert missing(result) == {
        "device": lab.device.number, "held": held, "last": sold[4].sequence,
        "entries": [[sold[2].sequence, sold[3].sequence]],
        "purchases": [
            {"after": sold[1].sequence, "before": sold[4].sequence, "purchases": 2, "credit_rial": 2 * SOLD + 5}
        ],
    }  # fmt: skip
    lines = result.lines[3:]
    assert lines[0].endswith(
        f"its chain is here up to entry {held - 1}, paper goes up to entry {sold[4].sequence}"
    )
    assert "no paper of entries" in lines[1]
    assert "2 purchases with 200,000 toman of credit are missing between receipts" in lines[2]
    assert lines[3].endswith(f"what it did after entry {sold[4].sequence} nobody can know")
    result = rekey(lab, paper(lab, sold[2]), paper(lab, sold[3]))
    assert missing(result)["entries"] == missing(result)["purchases"] == []


def test_what_is_missing_is_counted_from_the_last_purchase_that_came_by_line(lab: Lab, till: Counter) -> None:
    till.sell()
    lab.exchange()
    lost, found = till.sell(2), till.sell(3)
    (gap,) = missing(rekey(lab, paper(lab, found)))["purchases"]
    assert (gap["after"], gap["before"]) == (lost.sequence - 2, found.sequence)
    assert (gap["purchases"], gap["credit_rial"]) == (1, SOLD)


def test_before_any_purchase_the_count_begins_at_nothing(lab: Lab, till: Counter) -> None:
    till.sell()
    found = till.sell(2)
    result = rekey(lab, paper(lab, found))
    (gap,) = missing(result)["purchases"]
    assert (gap["after"], gap["purchases"]) == (None, 1)
    assert any("missing before receipt" in line for line in result.lines)


def test_a_z_slip_moves_nothing_and_shows_how_far_the_device_went(lab: Lab, till: Counter) -> None:
    till.sell()
    till.talk(3)
    closing = lab.device.say(Closing(**ZERO))
    result = rekey(lab, paper(lab, closing))
    assert result.ok
    assert fates(result) == ["shown"]
    assert missing(result)["last"] == closing.sequence
    assert owed_rial(lab) == 0
    lab.exchange()
    assert lab.verdict(closing) == "accepted"


def test_a_device_whose_receipts_are_all_here_misses_nothing(lab: Lab, till: Counter) -> None:
    sold = till.sell()
    lab.exchange()
    result = rekey(lab, paper(lab, sold))
    held = lab.sql("SELECT held FROM device")[0]["held"]
    assert result.lines[-1] == f"device {lab.device.number}: nothing is missing before entry {held}"
