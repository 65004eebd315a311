"""Allotments, leftovers, allowances and settlements in the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sync.central.dates import day_start_s
from sync.central.errors import Refused
from sync.central.money import ledger
from sync.wire import facts, mail
from sync.wire.kinds import DeclineReason, MailKind
from tests.sync.central.chains.test_booking import undone
from tests.sync.central.conftest import POLICIES
from tests.sync.central.device import Device

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sync.central.conftest import Lab

DEY = (POLICIES / "dey-1404.toml").read_text()
PEOPLE = 3 + 4 + 5 + 6
"""Of the village's four households."""
DEY_END = day_start_s("1405-02-01", where="test")


def later_phase() -> str:
    later = DEY.replace('phase = "dey-1404"', 'phase = "bahman-1404"').replace("1404-10-17", "1404-10-18")
    for number in (1, 2, 3, 4):
        later = later.replace(f"number = {number}\ncohorts", f"number = {20 + number}\ncohorts")
    return later


def test_each_household_is_due_its_members_times_the_amount_for_every_tranche(lab: Lab) -> None:
    assert lab.report()["credit"]["allotted_rial"] == PEOPLE * 4 * 10_000_000
    amounts = {one.tranche: one.amount_rial for one in lab.device.allowances(1)}
    assert amounts == dict.fromkeys((1, 2, 3, 4), 3 * 10_000_000 * 80 // 100)


def test_allotting_again_changes_nothing(lab: Lab) -> None:
    before = lab.report()
    again = lab.order("allot").data
    assert (again["households"], again["devices"][0]["allowances"], again["devices"][0]["households"]) == (
        0,
        0,
        0,
    )
    assert lab.report() == before


def test_a_second_till_of_a_shop_gets_what_the_first_left_of_the_share(lab: Lab) -> None:
    lab.enroll(Device(seed=b"2"))
    assert [one["allowances"] for one in lab.order("allot").data["devices"]] == [0, 0]


def test_two_tills_from_the_start_share_equally(lab: Lab, tmp_path: Path) -> None:
    lab.order("shop add", number=7, name="دو صندوق", place="خرم‌آباد", label_template=None)
    rows = "national_id,members,decile,supported,shop,phone\n0012345679,5,2,0,7,\n"
    (tmp_path / "one.csv").write_text(rows)
    lab.order("import-households", file=tmp_path / "one.csv")
    tills = [lab.enroll(Device(seed=seed), shop=7) for seed in (b"2", b"3")]
    lab.order("allot")
    for till in tills:
        lab.exchange(till)
        assert {one.amount_rial for one in till.allowances(5)} == {5 * 10_000_000 * 80 // 100 // 2}


def test_leftovers_are_carried_over_to_the_oldest_tranche_of_the_next_phase(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "later.toml").write_text(later_phase())
    lab.order("policy load", file=tmp_path / "later.toml")
    done = lab.order("allot").data
    assert done["carried_rial"] == PEOPLE * 4 * 10_000_000 // 5
    assert lab.report()["ledger"]["faults"] == []
    balance = lab.run(lab.center.run(lambda database: ledger.balance_rial(database, ledger.free(1, 1))))
    assert balance == 0
    assert lab.order("verify").ok


def test_a_phase_that_expires_takes_its_leftovers_with_it(lab: Lab) -> None:
    lab.order("policy load", file=POLICIES / "tir-1404.toml")
    lab.clock.at_s = day_start_s("1404-04-20", where="test")
    lab.order("allot")
    lab.clock.at_s = day_start_s("1404-05-20", where="test")
    done = lab.order("allot").data
    assert done["tranches_expired"] == 2
    assert done["fell_back"] == 3
    assert done["expired_rial"] == (3 + 4) * 5_000_000 + 5 * 3_500_000
    assert "expired" in " ".join(lab.order("allot").lines)
    assert lab.order("verify").ok


def expired_rial(lab: Lab) -> int:
    credit = lab.report()["credit"]
    used_rial = sum(credit[f"{name}_rial"] for name in ("spent", "left", "expired"))
    assert used_rial == credit["allotted_rial"]
    assert lab.order("verify").ok
    return int(credit["expired_rial"])


def test_unreserved_credit_expires_at_the_very_end_of_the_last_phase_and_once(lab: Lab) -> None:
    lab.clock.at_s = DEY_END - 1
    assert expired_rial(lab) == 0
    lab.clock.at_s = DEY_END
    assert expired_rial(lab) == PEOPLE * 4 * 10_000_000 // 5, "what no till has reserved"
    postings = lab.report()["ledger"]["postings"]
    lab.clock.at_s = DEY_END + 1
    assert expired_rial(lab) == PEOPLE * 4 * 10_000_000 // 5
    assert lab.report()["ledger"]["postings"] == postings
    assert "expired 14,400,000 toman" in " ".join(lab.order("report", html=None).lines)


def test_a_reserved_part_expires_when_it_falls_back(lab: Lab) -> None:
    lab.buy(1, 2_000_000)
    lab.exchange()
    present_by_s = lab.device.allowances(1, 1)[0].present_by_s
    lab.clock.at_s = lab.device.now_s = present_by_s
    lab.exchange()
    assert expired_rial(lab) == PEOPLE * 4 * 10_000_000 // 5
    lab.clock.at_s = lab.device.now_s = present_by_s + 1
    lab.exchange()
    assert expired_rial(lab) == PEOPLE * 4 * 10_000_000 - 2_000_000
    credit = lab.report()["credit"]
    assert (credit["reserved_rial"], credit["left_rial"]) == (0, 0)


def test_what_was_sold_in_time_and_comes_late_is_paid_from_what_expired(lab: Lab) -> None:
    bought = lab.buy(1, 2_000_000)
    allowance = lab.device.allowances(1, 1)[0]
    lab.clock.at_s = allowance.present_by_s + 1
    lab.order("allot")
    before_rial = expired_rial(lab)
    assert before_rial == PEOPLE * 4 * 10_000_000
    lab.exchange()
    assert lab.verdict(bought) == "accepted"
    assert expired_rial(lab) == before_rial - 2_000_000


def test_an_exchange_expires_some_of_it_and_the_next_the_rest(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.central.chains.exchange.EXPIRED_AT_ONCE", 10)
    lab.clock.at_s = lab.device.now_s = DEY_END
    counts = []
    for _ in range(3):
        lab.send(lab.device.request())
        counts.append(lab.sql("SELECT COUNT(*) FROM posting WHERE reason = 'expired'")[0][0])
    assert counts == [10, 16, 16]


def test_nothing_of_a_phase_expires_while_a_later_one_may_take_it(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "later.toml").write_text(later_phase().replace("1405-02-01", "1405-06-01"))
    lab.order("policy load", file=tmp_path / "later.toml")
    lab.clock.at_s = DEY_END
    assert expired_rial(lab) == 0
    assert lab.order("allot").data["carried_rial"] == PEOPLE * 4 * 10_000_000 // 5
    lab.clock.at_s = day_start_s("1405-03-01", where="test")
    done = lab.order("allot").data
    assert (done["fell_back"], done["carried_rial"]) == (16, PEOPLE * 4 * 10_000_000 * 4 // 5)
    assert expired_rial(lab) == 0
    lab.clock.at_s = day_start_s("1405-06-01", where="test")
    assert (
        expired_rial(lab) == lab.report()["credit"]["allotted_rial"] - lab.report()["credit"]["left_rial"] > 0
    )


def test_an_instalment_that_is_prolonged_does_not_expire_at_its_old_end(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "longer.toml").write_text(DEY.replace("1405-02-01", "1405-03-01"))
    lab.order("policy load", file=tmp_path / "longer.toml")
    lab.clock.at_s = DEY_END
    assert expired_rial(lab) == 0


def test_a_phase_that_does_not_carry_over_expires_by_itself(lab: Lab) -> None:
    lab.order("policy load", file=POLICIES / "tir-1404.toml")
    lab.clock.at_s = day_start_s("1404-04-20", where="test")
    lab.order("allot")
    end_s = day_start_s("1404-05-07", where="test")
    free_rial = lab.report()["credit"]["free_rial"]
    lab.clock.at_s = end_s - 1
    assert expired_rial(lab) == 0
    lab.clock.at_s = end_s
    assert 0 < expired_rial(lab) < free_rial, "Dey's credit stays"


def test_a_household_without_a_cohort_gets_nothing_and_is_counted(lab: Lab) -> None:
    lab.order("policy load", file=POLICIES / "tir-1404.toml")
    lab.clock.at_s = day_start_s("1404-04-20", where="test")
    assert lab.order("allot").data["without_cohort"] == 1


def test_a_long_village_shows_its_progress(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.central.credit.allotments.ROWS_BETWEEN_PROGRESS", 2)
    lab.order("allot")
    assert "2 of 4 households allotted" in lab.said


def test_nothing_can_be_allotted_or_recalled_without_its_ground(lab: Lab) -> None:
    lab.order("recall", device=1001, national_id=None)
    with pytest.raises(Refused, match="no open allowance that could be asked back"):
        lab.order("recall", device=1001, national_id=None)


def test_a_posting_that_does_not_sum_to_zero_is_a_programmer_s_error(lab: Lab) -> None:
    with pytest.raises(AssertionError, match="sums to zero"):
        lab.run(
            lab.center.run(lambda database: ledger.post(database, [(ledger.STATE, 1)], at_s=0, reason="x"))
        )


def test_a_day_is_settled_when_it_has_ended_and_told_by_mail(lab: Lab) -> None:
    lab.buy(1, 2_000_000)
    lab.device.say(undone(lab.buy(1, 1_000_000)))
    lab.exchange()
    assert lab.order("settle", whole_days=True).lines == ["nothing to settle"]
    lab.at(18).exchange()
    told = lab.device.bodies(MailKind.SETTLEMENT)[0]
    assert isinstance(told, mail.Settlement)
    day_s = day_start_s("1404-10-17", where="test")
    assert (told.day_s, told.amount_rial, told.purchases) == (day_s, 2_000_000, 2)
    assert told.pay_by_s == day_s + 4 * 86_400, "72 hours after the day"
    report = lab.report()
    assert report["reconciliation"] == {
        "device_rial": 2_000_000, "refused_rial": 0, "ledger_rial": 2_000_000, "settled_rial": 2_000_000,
        "unsettled_rial": 0, "agrees": True, "final": True,
    }  # fmt: skip


def test_a_day_of_refunds_only_is_settled_with_the_next(lab: Lab) -> None:
    bought = lab.buy(1, 1_000_000)
    lab.exchange()
    assert lab.order("settle", whole_days=False).data["settlements"][0]["amount_rial"] == 1_000_000
    void = lab.at(18).device.say(undone(bought))
    lab.exchange()
    assert lab.verdict(void) == "accepted"
    assert lab.at(19).order("settle", whole_days=True).data["settlements"] == []
    lab.buy(1, 3_000_000)
    lab.exchange()
    assert lab.order("settle", whole_days=False).data["settlements"][0]["amount_rial"] == 2_000_000
    assert lab.report()["reconciliation"]["final"]


def test_what_is_refused_is_shown_apart_and_the_rest_agrees(lab: Lab) -> None:
    lab.buy(1, 2_000_000)
    lab.buy(2, 1_000_000)
    lab.device.say(facts.CashSale(total_rial=70_000))
    lab.device.say(facts.Decline(reason=DeclineReason.NOT_YOUR_DAY, total_rial=5))
    lab.exchange()
    report = lab.report()
    device = report["devices"][0]
    assert (device["device_rial"], device["refused_rial"], device["ledger_rial"]) == (
        3_000_000,
        1_000_000,
        2_000_000,
    )
    assert (device["unclosed"]["cash_sales_rial"], device["unclosed"]["declines"]) == (70_000, 1)
    assert device["agrees"]
    assert not report["reconciliation"]["final"]
    assert report["refused"][0]["verdict"] == "not_yet_open"
