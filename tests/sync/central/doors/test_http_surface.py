"""What a real server answers to anything over HTTP: what its description says, and never that it failed."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode, checks

from sync.central.chains import exchange
from sync.central.doors import openapi, web
from sync.central.doors.enrolling_orders import REPORT_BYTES_MAX
from sync.central.doors.technician_page import FORM_BYTES_MAX
from sync.central.enrolling import enrollment
from sync.central.errors import CentralError
from tests.sync.central.doors.test_serving import CBOR, Served

if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping

    from schemathesis import Case

    from tests.sync.central.conftest import Lab

CASES = 8
"""Of each route and way: a run within some seconds."""
# Chance bytes are nobody's signature: whether good bodies are taken is other tests' matter.
NOT_HERE = [checks.positive_data_acceptance, checks.unsupported_method, checks.missing_required_header]
BODY_ROUTES = {
    "/exchange": exchange.BODY_BYTES_MAX,
    "/enroll": enrollment.BODY_BYTES_MAX,
    "/introduce": REPORT_BYTES_MAX,
    "/technician": FORM_BYTES_MAX,
}


@schemathesis.serializer(openapi.CBOR)
def as_it_is(_context: object, value: object) -> bytes:
    """A body is bytes, whatever they hold."""
    return value if isinstance(value, bytes) else json.dumps(value, default=str).encode()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    made = Served(tmp_path_factory.mktemp("surface"))
    assert made.call("init", made.path).returncode == 0
    with made.serving():
        yield made


OPERATIONS = [(path, way) for path, ways in openapi.description()["paths"].items() for way in ways]


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize(("path", "way"), OPERATIONS)
def test_no_request_finds_a_failure_or_an_undocumented_answer(
    served: Served, path: str, way: str, mode: GenerationMode
) -> None:
    described = schemathesis.openapi.from_dict(openapi.description())[path][way]

    @settings(max_examples=CASES, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=described.as_strategy(generation_mode=mode))
    def story(case: Case[Any]) -> None:
        case.call_and_validate(base_url=f"http://127.0.0.1:{served.port}", excluded_checks=NOT_HERE)

    with suppress(Unsatisfiable):  # a route without parameters cannot be asked wrongly
        story()


def test_every_route_is_described_and_no_other(lab: Lab) -> None:
    routes = {
        (route.path, method.lower())  # type: ignore[attr-defined]  # Starlette's type of a route is a base without either
        for route in web.application(lab.center).routes
        for method in route.methods - {"HEAD"}  # type: ignore[attr-defined]  # the same
    }
    described = {(path, method) for path, way in openapi.description()["paths"].items() for method in way}
    assert routes == described


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "NONSENSE"])
def test_another_method_is_told_which_are_taken(served: Served, method: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=20)
    connection.request(method, "/exchange")
    answer = connection.getresponse()
    assert answer.status == 405
    assert answer.getheader("allow") == "POST"
    assert json.loads(answer.read()) == {"error": "method", "detail": "Method Not Allowed"}
    connection.close()


@pytest.mark.parametrize(
    "path", ["/nothing", "/health/", "//exchange", "/../../etc/passwd", "/%00", "/exchange%2f"]
)
def test_another_path_leads_nowhere(served: Served, path: str) -> None:
    status, body = served.ask("GET", path)
    assert (status, json.loads(body)["error"]) == (404, "unknown")


@pytest.mark.parametrize(("path", "most"), BODY_ROUTES.items())
def test_a_body_at_its_limit_is_read_and_one_byte_more_is_not(served: Served, path: str, most: int) -> None:
    headers = CBOR if path != "/technician" else {"content-type": "multipart/form-data; boundary=x"}
    assert served.ask("POST", path, bytes(most), headers)[0] == 400
    status, body = served.ask("POST", path, bytes(most + 1), headers)
    assert status == 413
    assert str(most).encode() in body


@pytest.mark.parametrize(
    "given",
    ["", "text/plain", "application/json", "application/cborx", "application/", ";", "a" * 5_000, "\u00ff"],
)
@pytest.mark.parametrize("path", BODY_ROUTES)
def test_another_type_of_body_is_named(served: Served, path: str, given: str) -> None:
    status, body = served.ask("POST", path, b"x", {"content-type": given})
    assert status == 400
    assert b"content-type" in body


def raw(served: Served, request: bytes) -> bytes:
    """What comes back for these very bytes."""
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as caller:
        caller.sendall(request)
        caller.shutdown(socket.SHUT_WR)
        answer = b""
        while chunk := caller.recv(65_536):
            answer += chunk
        return answer


ABSURD = {
    "a host that is none": b"Host: [\r\n",
    "a host with a blank": b"Host: a b\r\n",
    "two lengths": b"Host: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n",
    "a negative length": b"Host: x\r\nContent-Length: -1\r\n",
    "a length of 6,000 digits": b"Host: x\r\nContent-Length: " + b"9" * 6_000 + b"\r\n",
    "a length that is a word": b"Host: x\r\nContent-Length: nine\r\n",
    "length and chunks": b"Host: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n",
    "an unknown encoding": b"Host: x\r\nTransfer-Encoding: gzip\r\n",
    "a header of 100,000 bytes": b"Host: x\r\nX: " + b"y" * 100_000 + b"\r\n",
    "10,000 headers": b"Host: x\r\n" + b"X: y\r\n" * 10_000,
    "a header without a colon": b"Host: x\r\nnothing\r\n",
    "octets of no alphabet": b"Host: x\r\nX: \xff\xfe\x00\r\n",
    "a type of octets": b"Host: x\r\nContent-Type: \xff\xfe\r\n",
    "no host": b"",
    "a fold": b"Host: x\r\nX: y\r\n z\r\n",
}


@pytest.mark.parametrize("headers", ABSURD.values(), ids=ABSURD)
@pytest.mark.parametrize("path", ["/exchange", "/technician", "/health"])
def test_absurd_headers_get_an_answer_that_is_no_failure(served: Served, path: str, headers: bytes) -> None:
    for method in (b"POST", b"GET"):
        answer = raw(
            served, b"%s %s HTTP/1.1\r\n%sConnection: close\r\n\r\nabc" % (method, path.encode(), headers)
        )
        status = int(answer.split(b" ", 2)[1]) if answer else 400
        assert status < 500, answer[:300]
    assert served.ask("GET", "/health")[0] == 200


@pytest.mark.parametrize(
    "line", [b"", b"\r\n" * 50, b"GET\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00", b"GET /" + b"a" * 100_000]
)
def test_what_is_no_http_ends_without_harm(served: Served, line: bytes) -> None:
    raw(served, line)
    assert served.ask("GET", "/health")[0] == 200


def test_a_failure_of_our_own_is_told_like_every_other_answer(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[MutableMapping[str, Any]] = []

    async def fail(*_: object) -> bytes:
        raise ZeroDivisionError

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"x", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        answers.append(message)

    monkeypatch.setattr(exchange, "exchange", fail)
    scope: dict[str, Any] = {
        "type": "http", "method": "POST", "path": "/exchange", "query_string": b"",
        "headers": [(b"content-type", b"application/cbor")],
    }  # fmt: skip
    with pytest.raises(ZeroDivisionError):  # for the log
        lab.run(web.application(lab.center)(scope, receive, send))
    assert answers[0]["status"] == 500
    assert json.loads(answers[1]["body"])["error"] == CentralError.code


def test_a_body_that_drips_is_given_up_in_the_end(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "BODY_WITHIN_S", 0.05)
    answers: list[MutableMapping[str, Any]] = []

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def send(message: MutableMapping[str, Any]) -> None:
        answers.append(message)

    scope: dict[str, Any] = {
        "type": "http", "method": "POST", "path": "/exchange", "query_string": b"",
        "headers": [(b"content-type", b"application/cbor")],
    }  # fmt: skip
    lab.run(web.application(lab.center)(scope, receive, send))
    assert answers[0]["status"] == 408


def test_the_log_of_the_server_is_empty_after_all_this(served: Served) -> None:
    said = (served.path.parent / "log").read_text()
    assert "Traceback" not in said
