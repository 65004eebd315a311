"""The technician's page: a request from paper and a token make an answer, once, for one key."""

from __future__ import annotations

import html
import io
import re
from typing import TYPE_CHECKING

import pytest
import segno
from PIL import Image

from sync.central.dates import persian
from sync.central.doors.answer_page import answer_page
from sync.central.doors.picture import PICTURE_BYTES_MAX, request_in
from sync.central.doors.technician_page import FIELDS, PIN_NOTE, answered_page, form_in, form_page
from sync.central.doors.technician_reasons import FIELDS as FIELD_REASONS
from sync.central.doors.technician_reasons import OTHER, REASONS, TOO_LARGE, in_persian
from sync.central.enrolling import enrollment
from sync.central.errors import Refused, TooLarge, WrongInput
from sync.wire import cose
from sync.wire.credential import EnrollmentAnswer
from sync.wire.enrolling import enrollment_qr, request_qr
from sync.wire.enrolling.provision import Secrets, Settings
from tests.sync.central.device import Device

if TYPE_CHECKING:
    from tests.sync.central.conftest import Lab

URL = "https://center.example"
BOUNDARY = "----sofreh"
TYPE = f"multipart/form-data; boundary={BOUNDARY}"


def form(**fields: bytes | str) -> bytes:
    parts = []
    for name, value in fields.items():
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"'
        more = '; filename="photo.png"\r\nContent-Type: image/png' if name == "picture" else ""
        data = value.encode() if isinstance(value, str) else value
        parts.append(f"{head}{more}\r\n\r\n".encode() + data + b"\r\n")
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def token(lab: Lab) -> str:
    return str(lab.order("enroll", shop=6001, minutes=30).data["token"])


def page(lab: Lab, **fields: bytes | str) -> tuple[str, int]:
    return lab.run(answered_page(lab.center, form(**fields), TYPE, center_url=URL))


def paper(device: Device, nonce: bytes = bytes(16)) -> str:
    return request_qr.to_qr(device.enrollment_request("", nonce))


def photo(text: str) -> bytes:
    out = io.BytesIO()
    segno.make_qr(text, error="m").save(out, kind="png", scale=4, border=8)
    turned = Image.open(out).convert("L").rotate(7, fillcolor=255, expand=True)
    seen = io.BytesIO()
    turned.save(seen, "JPEG", quality=70)
    return seen.getvalue()


def answer_in(text: str, lab: Lab, device: Device, given: str) -> EnrollmentAnswer:
    """The answer that the page shows, as the till will read it."""
    assert text.count("<svg") >= 2
    message = lab.run(
        enrollment.enroll_for(
            lab.center,
            device.enrollment_request(""),
            given,
            center_url=URL,
            secrets=Secrets(),
        )
    )
    assert answer_page(message, []).count("<svg") == len(enrollment_qr.to_qrs(message)) == text.count("<svg")
    return EnrollmentAnswer.from_cbor(cose.parse(message, what="it").payload)


@pytest.mark.parametrize("how", ["text", "photo"])
def test_a_request_from_paper_is_answered_with_qrs(lab: Lab, how: str) -> None:
    device, given = Device(seed=b"field"), token(lab)
    shown = {"request": paper(device)} if how == "text" else {"picture": photo(paper(device))}
    text, status = page(lab, token=given, **shown)
    assert status == 200
    answer = answer_in(text, lab, device, given)
    settings = Settings.from_cbor(answer.settings or b"")
    assert (settings.center_url, settings.shop_name) == (URL, "فروشگاه روستا")
    assert answer.mandate is None
    assert re.search(r"<dd>1002</dd>", text)


def test_a_token_is_good_for_one_key_and_lapses(lab: Lab) -> None:
    given = token(lab)
    assert page(lab, token=f" {given}.0123 ", request=paper(Device(seed=b"field")))[1] == 200
    text, status = page(lab, token=given, request=paper(Device(seed=b"other")))
    assert (status, "was used by another device" in text) == (403, True)
    late = token(lab)
    lab.clock.at_s += 1801
    text, status = page(lab, token=late, request=paper(Device(seed=b"late")))
    assert (status, "has expired" in text) == (403, True)
    assert len(lab.sql("SELECT 1 FROM device")) == 2


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"token": "", "request": "Q1:00"}, "request"),
        ({"token": "x"}, "request: is empty"),
        ({"token": "x", "request": "hello"}, "is a text, but does not begin with Q1:"),
        ({"token": "x", "picture": b"\x89PNG\r\n"}, "neither Q1: text nor a picture"),
        ({"token": "x", "request": "Q1:%"}, "request"),
        ({"token": b"\xff", "request": "Q1:00"}, "token: is not UTF-8"),
        ({"token": "x", "request": "Q1:00", "ssid": "s" * 33}, "ssid"),
    ],
)
def test_a_form_that_is_wrong_comes_back_with_a_word(
    lab: Lab, fields: dict[str, bytes | str], said: str
) -> None:
    text, status = page(lab, **fields)
    assert status == 400
    assert "<form" in text
    assert said in text


def test_a_device_s_own_token_is_no_paper(lab: Lab) -> None:
    text, status = page(lab, token="x", request=request_qr.to_qr(Device(seed=b"a").enrollment_request("own")))
    assert (status, "asks over the network" in text) == (400, True)


def test_what_people_type_is_shown_as_text(lab: Lab) -> None:
    for shown in (form_page(WrongInput("<b>", "")), form_page(None, {"token": b"<b>", "request": b'"<b>'})):
        assert "<b>" not in shown
        assert "&lt;b&gt;" in shown
    assert lab.device.number == 1001


def test_another_kind_of_form_is_refused() -> None:
    with pytest.raises(WrongInput, match="is not multipart/form-data"):
        form_in(b"token=x", "application/x-www-form-urlencoded")
    assert form_in(b"", TYPE) == dict.fromkeys(FIELDS, b"")
    assert form_in(form(token="t", stranger="s"), TYPE)["token"] == b"t"


def test_a_picture_is_bounded() -> None:
    with pytest.raises(TooLarge):
        request_in(bytes(PICTURE_BYTES_MAX + 1))
    blank = io.BytesIO()
    Image.new("L", (64, 64), 255).save(blank, "PNG")
    with pytest.raises(WrongInput, match="no request's QR"):
        request_in(blank.getvalue())
    signed = Device(seed=b"a").enrollment_request("")
    assert request_in(signed) == signed


def test_what_a_phone_or_a_mail_does_to_a_request_does_no_harm() -> None:
    signed = Device(seed=b"a").enrollment_request("")
    text = request_qr.to_qr(signed)
    wrapped = "\r\n".join(text[at : at + 76] for at in range(0, len(text), 76))
    for copied in (text.encode("utf-8-sig"), wrapped.encode(), f"  {text} \n".encode()):
        assert request_in(copied) == signed
    seen = photo(text)
    for data, said in (
        (seen[: len(seen) // 2], "cut off or damaged"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00\xff", "HEIC is not read"),
        (b" \n", "is empty"),
        (b"\xef\xbb\xbfR1:00", "does not begin with Q1:"),
    ):
        with pytest.raises(WrongInput, match=said):
            request_in(data)


def test_what_was_typed_stays_and_the_reason_is_persian(lab: Lab) -> None:
    given, request = token(lab), paper(Device(seed=b"field"))
    text, status = page(lab, token=given, request=request, ssid="shop", passphrase="۱۲۳۴۵۶۷۸")
    assert (status, FIELD_REASONS["passphrase"] in text) == (400, True)
    for kept in (
        f'value="{given}"',
        f">{html.escape(request)}</textarea>",
        'value="shop"',
        'value="۱۲۳۴۵۶۷۸"',
    ):
        assert kept in text
    assert text.count('autocapitalize="off"') == len(FIELDS) - 1
    text, status = page(lab, token="00", request=request)
    assert (status, REASONS["token is unknown"] in text) == (403, True)
    assert len(lab.sql("SELECT 1 FROM device")) == 1


def test_each_reason_has_its_sentence() -> None:
    assert in_persian(TooLarge("request", "x")) == TOO_LARGE
    assert in_persian(WrongInput("request.version", "9 is unknown")) == FIELD_REASONS["request"]
    assert in_persian(WrongInput("content-type", "x")) == in_persian(Refused("x")) == OTHER


def test_a_token_is_taken_in_any_case_and_with_any_digits(lab: Lab) -> None:
    given = persian(token(lab).upper())
    text, status = page(lab, token=given, request=paper(Device(seed=b"field")))
    assert (status, PIN_NOTE in text) == (200, True)


def test_an_address_that_no_till_takes_is_not_told_to_one(lab: Lab) -> None:
    body = form(token=token(lab), request=paper(Device(seed=b"field")))
    text, status = lab.run(answered_page(lab.center, body, TYPE, center_url="http://center.example"))
    assert (status, FIELD_REASONS["address"] in text) == (400, True)
