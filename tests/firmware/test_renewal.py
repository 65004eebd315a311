"""A till goes on with the credential that came by mail, if it is its own and ends later."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from firmware.journal import audit
from firmware.renewal import renewed
from sync.wire import cose, credential, exported, mail
from sync.wire.kinds import MailKind, Role
from tests.fakes.paper_center import FOREVER_S
from tests.fakes.village_till import VillageTill

if TYPE_CHECKING:
    from pathlib import Path

    from firmware.journal.journal import Journal

LATER_S = FOREVER_S + 86_400


@pytest.fixture
def till(tmp_path: Path) -> VillageTill:
    return VillageTill(tmp_path)


def renewal(
    till: VillageTill, *, role: Role = Role.CREDENTIAL, slim_until_s: int = LATER_S, **changed: object
) -> mail.Renewal:
    made = replace(till.identity.credential, **{"until_s": LATER_S} | changed)
    key = till.center.keys[role]
    slim = credential.slim(replace(made, until_s=slim_until_s), issuer=int(role), key=key)
    return mail.Renewal(
        credential=cose.sign(made.to_cbor(), key, context=credential.CREDENTIAL_CONTEXT), slim=slim.to_cbor()
    )


def test_a_renewed_credential_is_this_device_s_and_both_chains_keep_their_root(till: VillageTill) -> None:
    after = renewed(till.identity, renewal(till))
    assert (after.credential.until_s, after.slim.until_s) == (LATER_S, LATER_S)
    assert (after.credential_hash, after.mail_root) == (
        till.identity.credential_hash,
        till.identity.mail_root,
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"device": 1002}, {"shop": 8}, {"public": bytes(32)}, {"exchange_public": bytes(32)}, {"until_s": FOREVER_S, "slim_until_s": FOREVER_S},
        {"slim_until_s": LATER_S + 1}, {"role": Role.MAIL},
    ],
)  # fmt: skip
def test_one_that_is_not_for_it_or_ends_no_later_changes_nothing(
    till: VillageTill, changed: dict[str, object]
) -> None:
    assert renewed(till.identity, renewal(till, **changed)) is till.identity  # type: ignore[arg-type]  # the cases name them


def test_garbage_changes_nothing(till: VillageTill) -> None:
    assert renewed(till.identity, mail.Renewal(credential=b"?", slim=b"")) is till.identity


def test_it_comes_by_mail_and_outlives_a_restart(till: VillageTill) -> None:
    async def takes(journal: Journal) -> None:
        await journal.apply_mail(till.post(renewal(till), MailKind.CREDENTIAL))
        assert journal.identity.slim.until_s == LATER_S

    async def knows(journal: Journal) -> None:
        assert journal.identity.credential.until_s == LATER_S

    till.day(takes)
    till.day(knows)


def test_what_is_exported_bears_the_credential_that_came_last(till: VillageTill, tmp_path: Path) -> None:
    async def takes(journal: Journal) -> None:
        await journal.apply_mail(till.post(renewal(till), MailKind.CREDENTIAL))

    till.day(takes)
    target = tmp_path / "journal.export"
    audit.export(till.path, till.identity, target, lambda _: None)
    header = exported.Items(target.read_bytes()).take(exported.Header.read, "header")
    assert credential.SlimCredential.from_cbor(header.slim).until_s == LATER_S
