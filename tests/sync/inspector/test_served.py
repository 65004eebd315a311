"""The center hands out the page with its own keys in it, and what its devices sign is proven by that page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sync.central.doors import inspector
from sync.central.doors.inspector import inspector_page
from sync.central.errors import StoreFailed
from sync.wire import exported
from sync.wire.credential import SlimCredential
from tests.sync.central.device import Device
from tests.sync.central.doors.test_serving import Served
from tests.sync.inspector.conftest import DELEGATIONS, ROOT_PUBLIC
from tests.sync.inspector.inspected import Page

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sync.inspector.chromium import Chromium


# A center starts, and starts again for each of its orders.
@pytest.mark.timeout(180)
def test_a_page_from_the_center_proves_what_its_devices_sign(browser: Chromium, tmp_path: Path) -> None:
    center = Served(tmp_path)
    assert center.call("init", center.path).returncode == 0
    center.order("shop", "add", 6001, "فروشگاه", "لرستان")
    with center.serving():
        ticket = center.order("enroll", "--shop", 6001)
        device = Device(seed=b"inspected")
        body = center.ask(
            "POST",
            "/enroll",
            device.enrollment_request(ticket["token"]),
            {"content-type": "application/cbor"},
        )[1]
        journal = _journal(
            device, SlimCredential.from_cbor(device.take_enrollment(body, ticket["root_fingerprint"]).slim)
        )
        (tmp_path / "journal.bin").write_bytes(journal)
        page = Page(browser, f"http://127.0.0.1:{center.port}/inspector")
        (seen,) = page.look_at([tmp_path / "journal.bin"])
        assert (seen.finding, seen.what, seen.held) == ("proven", "journal", 1)
        assert ticket["root_fingerprint"].replace(" ", "")[:20] in page.fingerprint()
        browser.open("about:blank")


def _journal(device: Device, slim: SlimCredential) -> bytes:
    assert device.trusted is not None
    items = (exported.journal_item(entry.stored) for entry in device.journal)
    return exported.header(exported.JOURNAL, slim, device.trusted) + b"".join(items)


def test_where_the_page_is_not_installed_the_center_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(inspector, "PAGE", tmp_path / "inspector.html")
    with pytest.raises(StoreFailed, match="No such file"):
        inspector_page(ROOT_PUBLIC, DELEGATIONS)
    inspector.PAGE.write_text("<!doctype html>")
    with pytest.raises(StoreFailed, match="no place"):
        inspector_page(ROOT_PUBLIC, DELEGATIONS)
