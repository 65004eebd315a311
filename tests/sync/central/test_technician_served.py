"""The technician's page and the report of introductions as a browser and a laptop reach them: over a real socket."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import pytest

from sync.central.enrolling.laptop import LOG_FILE, Laptop
from sync.wire import cbor
from sync.wire.enrolling import request_qr
from tests.sync.central.conftest import DEY_17
from tests.sync.central.device import Device
from tests.sync.central.doors.test_serving import CBOR, Served
from tests.sync.central.doors.test_technician_page import TYPE, form

if TYPE_CHECKING:
    from pathlib import Path

NOW_S = DEY_17 + 36_000


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Served:
    served = Served(tmp_path_factory.mktemp("served"))
    assert served.call("init", served.path).returncode == 0
    served.order("shop", "add", 6001, "فروشگاه روستا", "لرستان")
    return served


def test_the_page_is_there_and_answers_a_form(center: Served) -> None:
    token = center.order("enroll", "--shop", 6001)["token"]
    paper = request_qr.to_qr(Device(seed=b"field").enrollment_request(""))
    with center.serving():
        status, page = center.ask("GET", "/technician")
        assert (status, b"<form" in page) == (200, True)
        body = form(token=token, request=paper, ssid="shop", passphrase="sesame!!")
        status, page = center.ask("POST", "/technician", body, {"content-type": TYPE})
        assert (status, page.count(b"<svg") >= 2) == (200, True)
        assert b"sesame" not in page
        status, _ = center.ask("POST", "/technician", body, {"content-type": "text/plain"})
        assert status == 400
        body = form(token=token, request=request_qr.to_qr(Device(seed=b"other").enrollment_request("")))
        status, page = center.ask("POST", "/technician", body, {"content-type": TYPE})
        assert (status, b"another device" in page) == (403, True)


def test_introductions_are_taken_over_the_line(center: Served, tmp_path: Path) -> None:
    laptop = Laptop(tmp_path, chance=secrets.token_bytes)
    given = center.order(
        "mandate", 6001, "--laptop", laptop.text, "--url", "https://center.example", "--file", tmp_path / "trip.mandates"
    )  # fmt: skip
    laptop.answer(Device(seed=b"mandated").enrollment_request(""), now_s=NOW_S)
    report = (tmp_path / LOG_FILE).read_bytes()
    with center.serving():
        for _ in range(2):
            status, answer = center.ask("POST", "/introduce", report, CBOR)
            ((device, good, _said),) = cbor.decode(answer, where="answer", bytes_max=1000)
            assert (status, device, good) == (200, given["devices"][0], True)
        assert center.ask("POST", "/introduce", b"", CBOR)[0] == 400
        told = center.order("introduce", tmp_path / LOG_FILE, "--url", f"http://127.0.0.1:{center.port}")
        assert told["introduced"][0]["device"] == given["devices"][0]
    gone = center.call("introduce", tmp_path / LOG_FILE, "--url", f"http://127.0.0.1:{center.port}")
    assert (gone.returncode, "introduce" in gone.stderr) == (1, True)
    plain = center.call("introduce", tmp_path / LOG_FILE, "--url", "http://center.example")
    assert (plain.returncode, "use https" in plain.stderr) == (1, True)
