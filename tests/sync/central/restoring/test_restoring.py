"""A center restored from an older backup forgets nothing that its devices can prove, and gives nothing out twice."""

from __future__ import annotations

import shutil
from functools import partial
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from sync.central import command
from sync.central.config import Folder
from sync.central.credit import epochs
from sync.central.doors.orders import ORDERS
from sync.central.errors import Conflict
from sync.wire import cose, facts, mail
from sync.wire.exchange import ExchangeRequest
from sync.wire.kinds import MailKind
from tests.sync.central.conftest import DAY_S, POLICIES, Lab
from tests.sync.central.device import Device

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sync.wire.exchange import ExchangeAnswer


class Center:
    """A center's folder with a backup; `lab` is what is open now."""

    def __init__(self, folder: Path, device: Device) -> None:
        self.path = folder / "center"
        self.backup = folder / "backup"
        self.lab = Lab(Folder(self.path), device, seed=3).at(17)
        self.seed = 3

    def back_up(self) -> None:
        self.lab.close()
        shutil.copytree(self.path, self.backup)
        self._open(self.lab)

    def restore(self) -> Lab:
        self.lab.close()
        shutil.rmtree(self.path)
        shutil.copytree(self.backup, self.path)
        self._open(self.lab)
        return self.lab

    def _open(self, before: Lab) -> None:
        self.seed += 1
        self.lab = Lab(Folder(self.path), before.device, before.clock.at_s, seed=self.seed)


@pytest.fixture
def center(template: tuple[Path, Device], tmp_path: Path) -> Iterator[Center]:
    path, device = template
    shutil.copytree(path, tmp_path / "center")
    made = Center(tmp_path, device.copy())
    yield made
    made.lab.close()


def talk(lab: Lab, device: Device | None = None) -> list[ExchangeAnswer]:
    """Exchange as a device does: what is asked for first, then entries, until nothing is left."""
    device = device or lab.device
    answers: list[ExchangeAnswer] = []
    while True:
        asked_from = answers[-1].mail_from if answers else None
        returned = (
            None if asked_from is None else tuple(one.message for one in device.inbox[asked_from - 1 :][:3])
        )
        body = device.request(returned=returned, entries=[] if returned else None)
        answers.append(device.take_answer(lab.send(body)))
        last = answers[-1]
        assert len(answers) < 50, "it ends"
        if (
            last.mail_from is None
            and last.mail_last == device.mail_head.number
            and device.held >= len(device.journal)
        ):
            return answers


def money(lab: Lab) -> dict[str, int]:
    report = lab.report()
    assert report["reconciliation"]["agrees"]
    assert report["ledger"]["trial_balance_rial"] == 0
    verified = lab.order("verify")
    assert verified.ok, verified.lines
    return {name: report["credit"][name] for name in ("spent_rial", "reserved_rial", "allotted_rial")} | {
        "settled": sum(one["amount_rial"] for one in report["settlements"])
    }


def sell_and_settle(lab: Lab, day: int) -> None:
    lab.at(day)
    for household in (1, 2):
        lab.buy(household, 1_000_000 + day)
    talk(lab)


def test_what_was_forgotten_comes_back_and_all_is_as_it_was(center: Center) -> None:
    sell_and_settle(center.lab, 17)
    center.back_up()
    for day in (18, 19, 20):
        sell_and_settle(center.lab, day)
    before, told = money(center.lab), center.lab.device.verdicts()
    items = [one.message for one in center.lab.device.inbox]
    lab = center.restore().at(20, 12)
    answers = talk(lab)
    assert answers[0].mail_from is not None
    assert not answers[0].mail
    assert answers[0].held < len(lab.device.journal)
    assert money(lab) == before, "nothing is lost, nothing is paid twice"
    assert [one.message for one in lab.device.inbox][: len(items)] == items
    assert {key: lab.device.verdicts()[key] for key in told} == told
    lab.at(22)
    talk(lab)
    assert money(lab)["settled"] == before["spent_rial"]


def test_an_entry_that_was_in_time_is_not_late_after_a_restoration(center: Center) -> None:
    center.back_up()
    lab = center.lab
    bought = lab.buy(1, 1_000_000)
    talk(lab)
    assert lab.verdict(bought) == "accepted"
    until_s = lab.device.allowances(1, 1)[-1].present_by_s
    lab = center.restore()
    lab.clock.at_s = lab.device.now_s = until_s + 40 * DAY_S
    lab.order("epoch open", devices=None)
    talk(lab)
    assert lab.sql("SELECT verdict FROM entry WHERE sequence = ?", bought.sequence)[0]["verdict"] == 0


def test_returned_mail_proves_the_restoration_and_opens_an_epoch_by_itself(center: Center) -> None:
    center.back_up()
    sell_and_settle(center.lab, 18)
    lab = center.restore().at(18, 12)
    before = lab.report()["restoration"]["epoch"]
    answers = talk(lab)
    assert answers[0].epoch == before, "a device's word alone opens nothing"
    after = lab.report()["restoration"]
    assert after["epoch"] > before
    assert "returned mail" in after["why"]
    seen = [row["text"] for row in lab.report()["observations"]]
    assert sum("was this center restored" in text for text in seen) == 1


def grant_anew(lab: Lab) -> int:
    """Rial that a run of allot reserves."""
    return sum(one["amount_rial"] for one in lab.order("allot").data["devices"])


def test_nothing_is_reserved_until_the_devices_have_returned_their_mail(center: Center) -> None:
    """The backup was made before the device got its credit: reserved again, a household could spend it twice."""
    lab = center.lab
    second = lab.enroll(Device(seed=b"2"))
    center.back_up()
    lab = center.lab
    lab.order("allot")
    talk(lab, second)
    held_rial = sum(one.amount_rial for household in (1, 2, 3, 4) for one in second.allowances(household))
    lab = center.restore()
    opened = lab.order("epoch open", devices=None).data
    assert opened["waits_for"] == [1001, 1002]
    assert grant_anew(lab) == 0
    talk(lab)
    talk(lab)
    assert lab.report()["restoration"]["waits_for"] == [1002]
    assert grant_anew(lab) == 0, "one of two has not spoken"
    talk(lab, second)
    talk(lab, second)
    assert not lab.report()["restoration"]["is_open"]
    reserved_rial = lab.report()["credit"]["reserved_rial"]
    assert grant_anew(lab) == 0, "all of it is reserved: it came back with the mail"
    assert reserved_rial >= held_rial
    money(lab)


def test_more_devices_than_the_store_knows_may_be_waited_for(center: Center) -> None:
    lab = center.lab
    assert lab.order("epoch open", devices=2).data["waits_for"] == [1001]
    epoch = lab.report()["restoration"]["epoch"]
    talk(lab)
    talk(lab)
    assert lab.report()["restoration"]["is_open"]
    assert lab.order("epoch open", devices=1).data == {"epoch": epoch, "waits_for": []}, (
        "only the count is mended"
    )
    assert not lab.report()["restoration"]["is_open"]


def test_an_old_request_does_not_count_as_returning(center: Center) -> None:
    """Somebody recorded it, or an old stick is put in."""
    lab = center.lab
    recorded = lab.device.request(entries=[])
    lab.order("epoch open", devices=None)
    lab.send(recorded)
    assert lab.report()["restoration"]["waits_for"] == [1001]


@pytest.mark.parametrize(("later_s", "frozen"), [(0, True), (1, False)])
def test_the_second_deadline_ends_the_wait(center: Center, later_s: int, frozen: bool) -> None:
    lab = center.lab
    lab.order("epoch open", devices=None)
    rows = lab.sql("SELECT tranche, MAX(second_deadline_s) AS s FROM allowance GROUP BY tranche")
    for row in rows:
        look = partial(epochs.is_frozen, tranche=row["tranche"], now_s=row["s"] + later_s)
        is_frozen = lab.run(lab.center.run(look))
        assert is_frozen is frozen


def test_what_the_restored_center_wrote_meanwhile_goes_behind_what_it_had_forgotten(center: Center) -> None:
    lab = center.lab
    center.back_up()
    sell_and_settle(center.lab, 18)
    lab = center.restore().at(18, 12)
    card = lab.sql("SELECT number FROM card WHERE household = 3")[0]["number"]
    lab.order("revoke-card", card=card)
    written = lab.sql("SELECT mail_last FROM device")[0]["mail_last"]
    talk(lab)
    kinds = [one.kind for one in lab.device.inbox]
    assert kinds.index(MailKind.REVOCATION) >= written, "no number was used twice"
    assert lab.sql("SELECT mail FROM revoked_card WHERE card = ?", card)[0]["mail"] == 1 + kinds.index(
        MailKind.REVOCATION
    )
    money(lab)


def test_mail_that_this_center_never_signed_is_not_taken_back(center: Center) -> None:
    lab = center.lab
    device = lab.device
    forged = mail.seal(
        mail.Recall(allowances=()), MailKind.RECALL, device.mail_head, device=device.number, issued_s=1, key=device.key
    )  # fmt: skip
    device.inbox.append(forged)
    answer = device.take_answer(lab.send(device.request([])))
    assert answer.mail_from == forged.number
    with pytest.raises(Conflict, match="what this center never sent"):
        lab.send(device.request([], returned=(forged.message,)))
    with pytest.raises(Conflict, match="no mail"):
        lab.send(device.request([], returned=(b"mail",)))
    assert lab.report()["restoration"]["waits_for"] == []


def test_a_device_that_only_claims_to_hold_mail_gets_nowhere(center: Center) -> None:
    lab = center.lab
    device = lab.device
    device.say(facts.Booted(version="test", clean=True))
    talk(lab)
    request = ExchangeRequest.from_cbor(cose.parse(device.request([]), what="request").payload)
    applied = lab.sql("SELECT applied_mail FROM device")[0]["applied_mail"]
    for number in (applied, applied - 1):
        with pytest.raises(Conflict, match="not what this center sent"):
            lab.send(device.sign(replace(request, mail_number=number, mail_hash=bytes(32))))


def test_no_entry_is_judged_before_the_mail_is_back(center: Center) -> None:
    center.back_up()
    center.lab.order("allot")
    sell_and_settle(center.lab, 18)
    lab = center.restore().at(18, 12)
    bought = lab.buy(1, 700_000)
    held = lab.sql("SELECT held FROM device")[0]["held"]
    body = lab.device.request(lab.device.journal[held:])
    answer = lab.device.take_answer(lab.send(body))
    assert answer.held == held
    assert answer.mail_from is not None
    talk(lab)
    assert lab.verdict(bought) == "accepted"


@pytest.mark.parametrize(
    ("line", "order", "given"),
    [
        (["epoch", "open"], "epoch open", {"devices": None}),
        (["epoch", "open", "--devices", "7"], "epoch open", {"devices": 7}),
        (["renew", "1001"], "renew", {"device": 1001}),
        (["signatures", "1001", "3", "9"], "signatures", {"device": 1001, "first": 3, "last": 9}),
    ],
)
def test_an_order_is_read_from_the_command_line(
    line: list[str], order: str, given: dict[str, int | None]
) -> None:
    read = vars(command._parser().parse_args(line))
    assert read["order"] == order
    assert order in ORDERS
    assert {name: read[name] for name in given} == given


def test_rules_and_lists_that_were_forgotten_come_back_as_they_were(center: Center) -> None:
    """Also where they travelled as changes to the ones before."""
    center.back_up()
    lab = center.lab
    lab.order("policy load", file=POLICIES / "dey-1404.toml")
    lab.order("policy catalog", file=POLICIES / "catalog-1404.csv", force_shrink=False)
    talk(lab)
    documents = [
        (row["version"], row["message"])
        for table in ("policy", "catalog")
        for row in lab.sql(f"SELECT version, message FROM {table} ORDER BY version")
    ]
    lab = center.restore()
    talk(lab)
    back = [
        (row["version"], row["message"])
        for table in ("policy", "catalog")
        for row in lab.sql(f"SELECT version, message FROM {table} ORDER BY version")
    ]
    assert back == documents
    money(lab)
