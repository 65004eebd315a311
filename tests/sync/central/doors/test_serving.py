"""The center as its own process: the command, HTTP, orders given beside it, and a stop in order."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import signal
import socket
import struct
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sync.central.doors import control, web
from sync.central.doors.orders import ORDERS
from tests.sync.central.conftest import DEY_17, HEADER, POLICIES, national_id
from tests.sync.central.device import Device

if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping

    from sync.central.result import Result
    from tests.sync.central.conftest import Lab

COMMAND = (sys.executable, "-c", "from sync.central.command import main; main()")
CBOR = {"content-type": "application/cbor"}


class Served:
    """A center's folder, its clock, and perhaps a process that serves it."""

    def __init__(self, path: Path) -> None:
        self.path = path / "center"
        self.clock = path / "clock"
        self.clock.write_bytes(struct.pack("<qqq", (DEY_17 + 36_000) * 1000, 0, 0))
        self.port = 0

    def call(self, *words: object) -> subprocess.CompletedProcess[str]:
        line = [*COMMAND, "--clock", self.clock, "--center", self.path, *words]
        return subprocess.run([str(word) for word in line], check=False, capture_output=True, text=True)

    def order(self, *words: object) -> dict[str, Any]:
        done = self.call(*words, "--json")
        assert done.returncode == 0, done.stderr
        result: dict[str, Any] = json.loads(done.stdout)
        return result

    @contextlib.contextmanager
    def serving(self) -> Iterator[subprocess.Popen[str]]:
        line = [*COMMAND, "--clock", self.clock, "--center", self.path, "serve", "--port", "0"]
        with (
            (self.path.parent / "log").open("w") as log,
            subprocess.Popen(
                [str(word) for word in line], stdout=subprocess.PIPE, stderr=log, text=True
            ) as process,
        ):
            assert process.stdout is not None
            said = process.stdout.readline()
            self.port = int(said.rpartition(":")[2])
            try:
                yield process
            finally:
                process.terminate()
                assert process.wait(20) == 0

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | Iterator[bytes] | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        data = answer.status, answer.read()
        connection.close()
        return data


@pytest.fixture
def served(tmp_path: Path) -> Served:
    made = Served(tmp_path)
    assert made.call("init", made.path).returncode == 0
    return made


def test_a_device_is_enrolled_and_heard_over_http_while_orders_are_given(
    served: Served, tmp_path: Path
) -> None:
    served.order("policy", "load", POLICIES / "dey-1404.toml")
    served.order("shop", "add", 6001, "فروشگاه", "لرستان")
    with served.serving():
        ticket = served.order("enroll", "--shop", 6001)
        device = Device(seed=b"1")
        status, body = served.ask("POST", "/enroll", device.enrollment_request(ticket["token"]), CBOR)
        assert status == 200
        device.take_enrollment(body, ticket["root_fingerprint"])
        status, body = served.ask("POST", "/exchange", device.request(), CBOR)
        assert status == 200
        assert device.take_answer(body).held == 1
        (tmp_path / "one.csv").write_text(
            "national_id,members,decile,supported,shop,phone\n0012345679,5,2,0,6001,\n"
        )
        assert served.order("import-households", tmp_path / "one.csv") == {"households": 1}
        done = served.call("allot")
        assert "2 of 2 one-time codes made" in done.stderr, "progress is shown"
        assert "1 households allotted 20,000,000 toman" in done.stdout
        assert served.order("report")["verdicts"] == {"accepted": 1}
        refused = served.call("code", "123")
        assert refused.returncode == 1
        assert (
            refused.stderr == "sofreh-central: national ID 123: is not ten digits with a right check digit\n"
        )
        assert served.order("verify")["sound"]
    assert served.order("report")["entries"] == 1, "and the same without a server"
    assert not (served.path / "control.sock").exists()


def test_health_report_and_errors_over_http(served: Served) -> None:
    with served.serving():
        assert json.loads(served.ask("GET", "/health")[1]) == {"status": "ok", "now_s": DEY_17 + 36_000}
        status, page = served.ask("GET", "/")
        assert status == 200
        assert "گزارش مرکز سفره" in page.decode()
        assert served.ask("GET", "/exchange")[0] == 405
        assert served.ask("GET", "/nothing")[0] == 404
        for body, headers, status, word in (
            (b"x", CBOR, 400, "wrong-input"),
            (b"x", {}, 400, "wrong-input"),
            (bytes(600_000), CBOR, 413, "too-large"),
            (iter([bytes(300_000)] * 2), CBOR, 413, "too-large"),
            (Device(seed=b"x").request([]), CBOR, 403, "refused"),
        ):
            answered, data = served.ask("POST", "/exchange", body, headers)
            assert (answered, json.loads(data)["error"]) == (status, word)
        status, data = served.ask("POST", "/enroll", bytes(5_000), CBOR)
        assert (status, json.loads(data)["detail"]) == (
            413,
            "body: 5000 bytes are more than the 4096 allowed",
        )


def test_a_killed_server_leaves_nothing_in_the_way(served: Served) -> None:
    line = [*COMMAND, "--center", str(served.path), "serve", "--port", "0"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
    assert (served.path / "control.sock").exists()
    assert served.order("verify")["sound"]
    with served.serving():
        assert served.order("verify")["sound"]


def test_who_hangs_up_or_says_nothing_stops_nobody_and_fills_no_log(served: Served) -> None:
    begun = b"POST /exchange HTTP/1.1\r\nHost: x\r\nContent-Type: Application/CBOR\r\nContent-Length: 9\r\n\r\nabc"
    with served.serving():
        for _ in range(3):
            with socket.create_connection(("127.0.0.1", served.port)) as caller:
                caller.sendall(begun)
        with socket.create_connection(("127.0.0.1", served.port)) as silent:
            silent.sendall(begun)
            assert served.ask("GET", "/health")[0] == 200
    assert (served.path.parent / "log").read_text() == ""


def test_a_body_that_stops_coming_is_given_up(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "SILENCE_S", 0.01)
    answers: list[MutableMapping[str, Any]] = []

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(5)
        raise AssertionError("nobody waits so long")

    async def send(message: MutableMapping[str, Any]) -> None:
        answers.append(message)

    scope: dict[str, Any] = {
        "type": "http", "method": "POST", "path": "/exchange", "query_string": b"",
        "headers": [(b"content-type", b"application/cbor")],
    }  # fmt: skip
    lab.run(web.application(lab.center)(scope, receive, send))
    assert answers[0]["status"] == 408
    assert b"then nothing for" in answers[1]["body"]


def test_an_interrupted_import_has_imported_nothing(served: Served, tmp_path: Path) -> None:
    served.order("shop", "add", 6001, "فروشگاه", "لرستان")
    rows = "".join(f"{national_id(600_000_000 + number)},4,3,0,6001,\n" for number in range(30_000))
    (tmp_path / "long.csv").write_text(HEADER + rows)
    line = [*COMMAND, "--center", str(served.path), "import-households", str(tmp_path / "long.csv")]
    with subprocess.Popen(line, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        while "registered" not in process.stderr.readline():
            pass
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
        assert process.wait(20) == 130
    assert said.splitlines()[-1] == (
        "sofreh-central: interrupted; a step that was not finished has changed nothing"
    )
    assert "Traceback" not in said
    assert served.order("report")["households"] == 0


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["announce", "9" * 30], 2, "is not a number from 0 to"),
        (["enroll", "--shop", "1", "--minutes", "0"], 2, "0 is not a number from 1 to"),
        (["serve", "--port", "70000"], 2, "70000 is not a number from 0 to 65535"),
    ],
)
def test_a_number_out_of_bounds_is_wrong_usage(
    served: Served, words: list[str], status: int, said: str
) -> None:
    done = served.call(*words)
    assert done.returncode == status
    assert said in done.stderr.splitlines()[-1]


def test_output_that_cannot_be_written_is_named(served: Served) -> None:
    line = [*COMMAND, "--center", str(served.path), "report"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(line, check=False, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stderr == "sofreh-central: output: No space left on device\n"


def test_a_broken_order_is_answered(served: Served) -> None:
    folder = os.open(served.path, os.O_RDONLY)
    with served.serving():
        for order in (b'{"order": "nonsense"}', b"[]", b"\xff", b"[" * 100_000, b'{"order": []}'):
            with socket.socket(socket.AF_UNIX) as control:
                control.connect(f"/proc/self/fd/{folder}/control.sock")
                control.sendall(order + b"\n")
                assert "the order cannot be read" in control.recv(4096).decode()
    os.close(folder)


def test_a_fault_of_an_order_s_own_code_is_not_the_asker_s(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> Result:
        raise KeyError("left")

    async def story() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
        async with control.take_orders(lab.center, tmp_path / "socket"):
            await control.give_order(tmp_path / "socket", "report", {}, print)

    monkeypatch.setitem(ORDERS, "report", broken)
    with pytest.raises(control.OrderFailed, match=r"the center failed at this order: KeyError\('left'\)"):
        lab.run(story())


def test_cards_are_drawn_by_a_worker_process(served: Served, tmp_path: Path) -> None:
    served.order("shop", "add", 6001, "فروشگاه", "لرستان")
    (tmp_path / "one.csv").write_text(HEADER + "0012345679,5,2,0,6001,\n")
    served.order("import-households", tmp_path / "one.csv")
    (tmp_path / "file").touch()
    with served.serving():
        pages = served.order("cards", tmp_path / "cards")["pages"]
        refused = served.call("cards", tmp_path / "file")
    assert Path(pages[0]).exists()
    assert refused.returncode == 1
    assert "file: " in refused.stderr


def test_plain_http_is_refused_outside_loopback(served: Served) -> None:
    done = served.call("serve", "--host", "0.0.0.0")
    assert done.returncode == 1
    assert "plain HTTP on 0.0.0.0 is refused" in done.stderr


def test_a_bad_certificate_or_port_is_named(served: Served) -> None:
    for certificate, key, why in (
        ("/none.pem", "/none.key", "/none.pem: No such file or directory"),
        (__file__, "/none.key", "/none.key: No such file or directory"),
        (__file__, __file__, f"{__file__} and {__file__}: [SSL]"),
    ):
        done = served.call("serve", "--port", "0", "--tls-cert", certificate, "--tls-key", key)
        assert done.returncode == 1
        assert done.stderr.startswith(f"sofreh-central: {why}")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = served.call("serve", "--port", taken.getsockname()[1])
        assert "Address already in use" in done.stderr


@pytest.mark.parametrize("given", ["--tls-cert", "--tls-key"])
def test_a_certificate_needs_its_key_and_a_key_its_certificate(served: Served, given: str) -> None:
    for host in ("127.0.0.1", "0.0.0.0"):
        done = served.call("serve", "--host", host, "--port", "0", given, __file__)
        assert done.returncode == 1
        assert done.stderr == "sofreh-central: serve: give both --tls-cert and --tls-key\n"


def test_a_folder_that_is_no_center_is_named(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "--center", str(tmp_path), "report"], check=False, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "is not a center's folder" in done.stderr


def test_wrong_usage_is_status_2(tmp_path: Path) -> None:
    assert subprocess.run([*COMMAND, "nonsense"], check=False, capture_output=True).returncode == 2
