"""Policies and lists go down as what changed, and come out as they were signed, whatever the center had to forget between."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sync.central.mailing import documents
from sync.wire import cose, mail
from sync.wire.catalog import Catalog
from sync.wire.document import whole_message
from sync.wire.kinds import MailKind
from sync.wire.numbers import is_gtin
from tests.sync.central.conftest import POLICIES
from tests.sync.central.restoring.test_restoring import Center, center, money, talk

__all__ = ["center"]

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sync.central.conftest import Lab
    from tests.sync.central.device import Device

GTINS = [number for number in range(6_261_037_009_000, 6_261_037_009_100) if is_gtin(str(number))]
LIST = (POLICIES / "catalog-1404.csv").read_text()


def load(lab: Lab, folder: Path, number: int) -> None:
    """Another version of the list: a product more each time."""
    rows = [f"{gtin},1,شیر {gtin % 1000},piece" for gtin in GTINS[:number]]
    (folder / "list.csv").write_text(LIST.rstrip("\n") + "\n" + "\n".join(rows) + "\n")
    lab.order("policy catalog", file=folder / "list.csv", force_shrink=False)


def lists(device: Device) -> list[mail.SignedDocument]:
    found = device.bodies(MailKind.CATALOG)
    assert all(isinstance(body, mail.SignedDocument) for body in found)
    return [body for body in found if isinstance(body, mail.SignedDocument)]


def newest(device: Device) -> Catalog:
    """What a till makes of its mail."""
    message = None
    for body in lists(device):
        message = whole_message(body, message)
    assert message is not None
    return Catalog.from_cbor(cose.parse(message, what="list").payload)


def test_a_new_list_goes_down_as_what_changed(center: Center, tmp_path: Path) -> None:
    lab = center.lab
    talk(lab)
    for number in (1, 2):
        load(lab, tmp_path, number)
        talk(lab)
    first, *changed = lists(lab.device)
    assert first.changes is None
    for body in changed:
        assert body.changes is not None
        assert len(body.to_cbor()) < len(first.to_cbor()) / 4
    held = lab.sql("SELECT version, message FROM catalog ORDER BY version DESC LIMIT 1")[0]
    assert newest(lab.device).version == held["version"] == 3
    assert lab.order("verify").ok


def test_a_restored_center_takes_back_what_changed(center: Center, tmp_path: Path) -> None:
    talk(center.lab)
    center.back_up()
    for number in (1, 2):
        load(center.lab, tmp_path, number)
        talk(center.lab)
    before = newest(center.lab.device)
    lab = center.restore()
    talk(lab)
    assert [row["version"] for row in lab.sql("SELECT version FROM catalog ORDER BY version")] == [1, 2, 3]
    assert newest(lab.device) == before
    money(lab)


def test_a_list_that_waited_behind_a_restoration_is_sent_whole(center: Center, tmp_path: Path) -> None:
    """It was made for the list before it, which is no longer the one before it."""
    talk(center.lab)
    center.back_up()
    load(center.lab, tmp_path, 1)
    talk(center.lab)
    lab = center.restore()
    load(lab, tmp_path, 2)
    talk(lab)
    assert lists(lab.device)[-1].changes is None
    assert len(newest(lab.device).products) == len(LIST.splitlines()) - 1 + 2
    money(lab)


def test_only_documents_are_made_anew(center: Center) -> None:
    body = mail.Revocation(cards=(1,))
    whole = mail.SignedDocument(message=b"whole")
    lab = center.lab
    for one, kind in ((body, MailKind.REVOCATION), (whole, MailKind.CATALOG)):
        look = partial(documents.again, kind=kind, document=None, body=one)
        assert lab.run(lab.center.run(look)) is one
