"""The technician's page over the network: a request's text or photo and a single-use token in, the answer as QRs out.

    GET  /technician   the form
    POST /technician   multipart/form-data: token, request (text) or picture (file), and the shop's network if wanted

The token is the leave (`sofreh-central enroll`): it is good once, for minutes, and belongs to the first key that it was used for.
Forms are read by Python's own MIME parser (RFC 7578, RFC 2046), bounded before.
"""

from __future__ import annotations

from email.parser import BytesParser
from email.policy import HTTP
from html import escape
from typing import TYPE_CHECKING

from sync.central.dates import western
from sync.central.doors.answer_page import answer_page, framed, grouped
from sync.central.doors.picture import PICTURE_BYTES_MAX, request_in
from sync.central.doors.technician_reasons import in_persian
from sync.central.enrolling import enrollment
from sync.central.errors import CentralError, WrongInput
from sync.wire import center_url as addresses
from sync.wire import cose
from sync.wire.credential import Credential, EnrollmentAnswer, root_fingerprint
from sync.wire.enrolling import network
from sync.wire.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sync.central.center import Center
    from sync.wire.enrolling.provision import Secrets

FORM_BYTES_MAX = PICTURE_BYTES_MAX + (64 << 10)
FIELDS = ("token", "request", "picture", "ssid", "passphrase", "apn", "user", "password")
FORM = """<h1>ثبت صندوق تازه</h1>{wrong}
<form method="post" enctype="multipart/form-data">
<label>توکن یک‌بارمصرف <input name="token" value="{token}" required maxlength="90" {plain}></label>
<label>متن رمزینهٔ درخواست (با Q1: آغاز می‌شود)<textarea name="request" rows="5" {plain}>{request}</textarea></label>
<label>یا عکس کاغذ درخواست <input type="file" name="picture" accept="image/*" capture="environment"></label>
<details><summary>شبکهٔ فروشگاه</summary>
<label>نام Wi-Fi <input name="ssid" value="{ssid}" maxlength="32" {plain}></label>
<label>رمز Wi-Fi <input name="passphrase" value="{passphrase}" maxlength="63" {plain}></label>
<label>APN <input name="apn" value="{apn}" maxlength="100" {plain}></label>
<label>کاربر APN <input name="user" value="{user}" maxlength="64" {plain}></label>
<label>رمز APN <input name="password" value="{password}" maxlength="64" {plain}></label></details>
<p><button>پاسخ را بساز</button></p></form>"""
PLAIN = 'autocomplete="off" autocapitalize="off" autocorrect="off" spellcheck="false"'
PIN_NOTE = (
    "رمز فروشنده را این صفحه نمی‌داند: مرکز آن را هنگام ساختن توکن دیده است (operator PIN)."
    " از همان کسی بپرسید که توکن را داد، و روی برگهٔ فروشگاه بنویسید."
)


def form_page(wrong: CentralError | None = None, given: Mapping[str, bytes] | None = None) -> str:
    """The form, with what was wrong with the last one and what was typed into it; a picture must be chosen again."""
    said = ""
    if wrong is not None:
        said = f'<p class="bad">{in_persian(wrong)}<br><small><bdi dir="ltr">{escape(str(wrong))}</bdi></small></p>'
    typed = {name: escape((given or {}).get(name, b"").decode()) for name in FIELDS if name != "picture"}
    return framed("ثبت صندوق تازه", FORM.format(wrong=said, plain=PLAIN, **typed))


async def answered_page(
    center: Center, body: bytes, content_type: str, *, center_url: str
) -> tuple[str, int]:
    """The page that answers a form, and its HTTP status."""
    given = None
    try:
        given = form_in(body, content_type)
        _refuse_wrong(center_url)
        message = await enrollment.enroll_for(
            center, request_in(given["picture"] or given["request"]), _token(given["token"]),
            center_url=center_url, secrets=secrets_in({name: given[name].decode() for name in FIELDS[3:]}),
        )  # fmt: skip
    except CentralError as error:
        return form_page(error, given), error.status
    return answer_page(message, _facts(message), note=PIN_NOTE), 200


def _refuse_wrong(url: str) -> None:
    """The page's own address is what the till is told. Raises: WrongInput, where no till would take it."""
    try:
        addresses.read(url)
    except Malformed as error:
        raise WrongInput(error.where, error.why) from None


def form_in(body: bytes, content_type: str) -> dict[str, bytes]:
    """The form's fields by name, empty where one is missing. Raises: WrongInput."""
    if not content_type.lower().startswith("multipart/form-data"):
        raise WrongInput("content-type", "is not multipart/form-data")
    head = f"Content-Type: {content_type}\r\nMIME-Version: 1.0\r\n\r\n".encode("latin-1", "replace")
    given = dict.fromkeys(FIELDS, b"")
    for part in BytesParser(policy=HTTP).parsebytes(head + body).iter_parts():
        name = part.get_param("name", header="content-disposition")
        value = part.get_payload(decode=True)
        if name in given and isinstance(value, bytes):
            given[str(name)] = value
    return _readable(given)


def _readable(given: dict[str, bytes]) -> dict[str, bytes]:
    for name in FIELDS:
        if name != "picture":
            try:
                given[name].decode()
            except UnicodeDecodeError:
                raise WrongInput(name, "is not UTF-8") from None
    return given


def secrets_in(given: dict[str, str]) -> Secrets:
    """How the shop reaches a network, by the same names as on the till's disk. Raises: WrongInput."""
    try:
        return network.secrets_in(given)
    except Malformed as error:
        raise WrongInput(error.where, error.why) from None


def _token(given: bytes) -> str:
    """The ticket's first part; who pastes the whole ticket means the same."""
    return western(given.decode()).strip().partition(".")[0].lower()


def _facts(message: bytes) -> list[tuple[str, str]]:
    answer = EnrollmentAnswer.from_cbor(cose.parse(message, what="answer").payload)
    given = Credential.from_cbor(cose.parse(answer.credential, what="credential").payload)
    return [
        ("شماره دستگاه", str(given.device)),
        ("شماره فروشگاه", str(given.shop)),
        ("اثر کلید مرکز", grouped(root_fingerprint(answer.root_public))),
        ("اثر کلید صندوق", grouped(root_fingerprint(given.public))),
    ]
