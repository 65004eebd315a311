"""A device far from any technician goes on with a renewed credential, within the grace that the policy sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sync.central.enrolling.renewal import RENEW_BEFORE_S
from sync.central.errors import Refused
from sync.wire import cose, mail
from sync.wire.credential import CREDENTIAL_CONTEXT, Credential, SlimCredential, verify_slim
from sync.wire.kinds import MailKind, Role
from tests.sync.central.conftest import POLICIES

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sync.central.conftest import Lab

GRACE_DAYS = 120


def until_s(lab: Lab) -> int:
    return int(lab.sql("SELECT until_s FROM device")[0]["until_s"])


def renewals(lab: Lab) -> list[mail.Body]:
    return lab.device.bodies(MailKind.CREDENTIAL)


def load_without_grace(lab: Lab, folder: Path) -> None:
    rules = (POLICIES / "dey-1404.toml").read_text()
    assert f"credential_grace_days = {GRACE_DAYS}\n" in rules
    (folder / "rules.toml").write_text(rules.replace(f"credential_grace_days = {GRACE_DAYS}\n", ""))
    lab.order("policy load", file=folder / "rules.toml")


@pytest.mark.parametrize(("early_s", "renewed"), [(1, 0), (0, 0), (-1, 1)])
def test_a_credential_is_renewed_before_it_ends(lab: Lab, early_s: int, renewed: int) -> None:
    lab.clock.at_s = lab.device.now_s = until_s(lab) - RENEW_BEFORE_S - early_s
    lab.exchange()
    lab.exchange()
    assert len(renewals(lab)) == renewed


def test_a_renewed_credential_is_the_same_device_s_and_its_chain_goes_on(lab: Lab) -> None:
    old_s = until_s(lab)
    lab.clock.at_s = lab.device.now_s = old_s - 1
    lab.exchange()
    (body,) = renewals(lab)
    assert isinstance(body, mail.Renewal)
    trusted = lab.device.trusted
    assert trusted is not None
    payload = trusted.verify(body.credential, Role.CREDENTIAL, context=CREDENTIAL_CONTEXT, what="credential")
    made = Credential.from_cbor(payload)
    first = Credential.from_cbor(
        cose.parse(lab.sql("SELECT credential FROM device")[0]["credential"], what="credential").payload
    )
    assert (made.device, made.shop, made.public, made.exchange_public) == (
        first.device, first.shop, first.public, first.exchange_public,
    )  # fmt: skip
    assert made.until_s > old_s
    slim = SlimCredential.from_cbor(body.slim)
    verify_slim(slim, trusted)
    assert slim.until_s == made.until_s == until_s(lab)
    lab.exchange()
    assert lab.order("verify").ok


@pytest.mark.parametrize(("late_s", "refused"), [(-1, False), (0, False), (1, True)])
def test_after_the_grace_a_person_decides_and_nothing_was_lost(lab: Lab, late_s: int, refused: bool) -> None:
    bought = lab.buy(1, 1_000_000)
    lab.clock.at_s = lab.device.now_s = until_s(lab) + GRACE_DAYS * 86_400 + late_s
    if refused:
        with pytest.raises(Refused, match=r"its grace is over: 'sofreh-central renew 1001'"):
            lab.send(lab.device.request())
        assert lab.order("renew", device=1001).data["until_s"] > lab.clock.at_s
    lab.exchange()
    assert lab.sql("SELECT held FROM device")[0]["held"] > bought.sequence
    assert len(renewals(lab)) == 1


def test_without_a_grace_in_the_policy_there_is_none(lab: Lab, tmp_path: Path) -> None:
    load_without_grace(lab, tmp_path)
    lab.clock.at_s = lab.device.now_s = until_s(lab) + 1
    with pytest.raises(Refused, match="grace is over"):
        lab.send(lab.device.request())


def test_a_suspended_device_is_not_renewed_by_itself(lab: Lab) -> None:
    lab.order("suspend", device=1001, last_good=0)
    lab.clock.at_s = lab.device.now_s = until_s(lab) - 1
    lab.exchange()
    assert not renewals(lab)
