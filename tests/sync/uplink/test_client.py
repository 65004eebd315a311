"""The device knows its center from whatever else answers on a village's network."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from sync.uplink.client import CenterClient, center_address
from sync.uplink.errors import BadAddress, NotTheCenter, Refused, TimedOut, Unreachable, UplinkError
from sync.uplink.http import READ_BYTES
from tests.sync.uplink.certificates import certificate_files, offered
from tests.sync.uplink.servers import Server, http, serving

if TYPE_CHECKING:
    from pathlib import Path


def post(
    answer: bytes | None, *, timeout_ms: int = 2_000, bytes_max: int = 1_000
) -> tuple[bytes | UplinkError, Server]:
    async def story() -> tuple[bytes | UplinkError, Server]:
        async with serving(answer) as server:
            client = CenterClient(
                center_address(f"http://127.0.0.1:{server.port}/till"), timeout_ms=timeout_ms
            )
            try:
                return await client.post("/exchange", b"question", answer_bytes_max=bytes_max), server
            except UplinkError as error:
                return error, server

    return asyncio.run(story())


def test_a_question_is_posted_and_its_answer_returned() -> None:
    answer, server = post(http("200 OK", b"answer"))
    assert answer == b"answer"
    assert server.asked.startswith(b"POST /till/exchange HTTP/1.1\r\n")
    assert server.asked.endswith(b"\r\n\r\nquestion")


def test_a_chunked_answer_is_put_together() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nContent-Type: application/cbor\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer, _ = post(chunked + b"3\r\nans\r\n3\r\nwer\r\n0\r\n\r\n")
    assert answer == b"answer"


@pytest.mark.parametrize(
    "answer",
    [
        http("302 Found", b"", "text/html", more="Location: http://login.example/\r\n"),
        http("307 Temporary Redirect", b"", more="Location: https://127.0.0.1/\r\n"),
        http("200 OK", b"<html>Log in</html>", "text/html; charset=utf-8"),
        http("511 Network Authentication Required", b"log in", "text/plain"),
        http("502 Bad Gateway", b"<html>", "text/html"),
        http("401 Unauthorized", b'{"error": "log in"}', "application/json"),
        http("500 Internal Server Error", b"[" * 999, "application/json"),
        b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n\r\n",
        b"\x00" * 400,
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10_000,
        http("200 OK", bytes(1_001)),
    ],
    ids=[
        "redirect",
        "post again",
        "portal",
        "login",
        "proxy",
        "other",
        "brackets",
        "ssh",
        "garbage",
        "endless head",
        "huge",
    ],
)
def test_whoever_else_answers_is_not_the_center(answer: bytes) -> None:
    error, _ = post(answer)
    assert isinstance(error, NotTheCenter)


def test_an_answer_of_exactly_the_bound_is_taken() -> None:
    answer, _ = post(http("200 OK", bytes(1_000)))
    assert answer == bytes(1_000)


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200", http("200 OK", b"answer")[:-1]], ids=["nothing", "half head", "half"]
)
def test_a_truncated_answer_is_a_broken_line(answer: bytes) -> None:
    error, _ = post(answer)
    assert isinstance(error, Unreachable)


def test_a_silent_center_times_out() -> None:
    error, _ = post(None, timeout_ms=50)
    assert isinstance(error, TimedOut)


def test_a_refusal_bears_the_center_s_words_in_one_line() -> None:
    error, _ = post(
        http(
            "403 Forbidden",
            b'{"error":"refused","detail":"device 7\\nis not known\\u001b[2J"}',
            "application/json",
        )
    )
    assert isinstance(error, Refused)
    assert (error.status, error.text) == (403, "device 7 is not known [2J")


def test_a_flood_that_is_never_an_answer_leaves_the_loop_to_others() -> None:
    flood = b"HTTP/1.1 100 Continue\r\n\r\n" * 20_000
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            beats += 1
            await asyncio.sleep(0)

    async def story() -> None:
        async with serving(flood) as server:
            client = CenterClient(center_address(f"http://127.0.0.1:{server.port}"), timeout_ms=2_000)
            beating = asyncio.create_task(beat())
            with pytest.raises(UplinkError):
                await client.post("/exchange", b"question", answer_bytes_max=1_000)
            beating.cancel()

    asyncio.run(story())
    assert beats > len(flood) // READ_BYTES


def test_nobody_listening_is_unreachable() -> None:
    async def story() -> None:
        async with serving(b"") as server:
            port = server.port
        client = CenterClient(center_address(f"http://127.0.0.1:{port}"), timeout_ms=2_000)
        with pytest.raises(Unreachable):
            await client.post("/exchange", b"", answer_bytes_max=10)

    asyncio.run(story())


@pytest.mark.parametrize(
    "url",
    [
        "http://center.example", "http://10.0.0.1:80", "ftp://127.0.0.1", "127.0.0.1:80", "https://",
        "https://a:b@center.example", "https://center.example/?x=1", "https://center.example/#x", "http://127.0.0.1:99999",
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_used_is_refused(url: str) -> None:
    with pytest.raises(BadAddress):
        center_address(url)


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("http://localhost:8080/", "localhost:8080"), ("http://127.9.9.9", "127.9.9.9"), ("http://[::1]:81", "[::1]:81"),
        ("https://center.example", "center.example"), ("https://center.example:8443/a", "center.example:8443"),
    ],
)  # fmt: skip
def test_an_address_is_read(url: str, authority: str) -> None:
    assert center_address(url).authority == authority


def ask_over_tls(folder: Path, *, trusted: bool) -> bytes:
    certificate, key = certificate_files(folder)

    async def story() -> bytes:
        async with serving(http("200 OK", b"answer"), tls=offered(certificate, key)) as server:
            address = center_address(f"https://localhost:{server.port}")
            client = CenterClient(
                address, timeout_ms=2_000, authorities=str(certificate) if trusted else None
            )
            return await client.post("/exchange", b"", answer_bytes_max=10)

    return asyncio.run(story())


def test_a_center_with_a_trusted_certificate_is_talked_to(tmp_path: Path) -> None:
    assert ask_over_tls(tmp_path, trusted=True) == b"answer"


def test_a_center_with_an_unknown_certificate_is_not_the_center(tmp_path: Path) -> None:
    with pytest.raises(NotTheCenter, match="CERTIFICATE_VERIFY_FAILED"):
        ask_over_tls(tmp_path, trusted=False)


@pytest.mark.parametrize("years", [(1980, 1981), (2080, 2081)], ids=["long expired", "not yet valid"])
@pytest.mark.parametrize("dates_count", [True, False])
def test_a_clock_decades_off_does_not_lock_the_device_out(
    tmp_path: Path, years: tuple[int, int], dates_count: bool
) -> None:
    """The certificate is decades off against the true clock: the same comparison as the other way round."""
    certificate, key = certificate_files(tmp_path, years)

    async def story() -> bytes:
        async with serving(http("200 OK", b"answer"), tls=offered(certificate, key)) as server:
            client = CenterClient(
                center_address(f"https://localhost:{server.port}"), timeout_ms=2_000,
                authorities=str(certificate), dates_count=lambda: dates_count,
            )  # fmt: skip
            return await client.post("/exchange", b"", answer_bytes_max=10)

    if dates_count:
        with pytest.raises(NotTheCenter, match="CERTIFICATE_VERIFY_FAILED"):
            asyncio.run(story())
    else:
        assert asyncio.run(story()) == b"answer"


class Keeping:
    """A center that answers every question on a line with its number, and counts lines and resumed sessions."""

    def __init__(self) -> None:
        self.lines = 0
        self.resumed = 0
        self.questions = 0
        self.behind = b""
        self.hangs_up_after = 1 << 30
        self.writers: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.lines += 1
        self.writers.append(writer)
        tls = writer.get_extra_info("ssl_object")
        self.resumed += tls is not None and tls.session_reused
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
                self.questions += 1
                if self.questions > self.hangs_up_after:
                    self.hangs_up_after = 1 << 30
                    break
                writer.write(http("200 OK", str(self.questions).encode()) + self.behind)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


def asked_three_times(
    center: Keeping, *, keep_ms: int = 60_000, tls: tuple[Path, Path] | None = None, rest_s: float = 0.0
) -> list[bytes | UplinkError]:
    answers: list[bytes | UplinkError] = []

    async def story() -> None:
        context = None if tls is None else offered(*tls)
        listener = await asyncio.start_server(center.serve, "127.0.0.1", 0, ssl=context)
        port = listener.sockets[0].getsockname()[1]
        url = f"http://127.0.0.1:{port}" if tls is None else f"https://localhost:{port}"
        client = CenterClient(
            center_address(url), timeout_ms=2_000, keep_ms=keep_ms, authorities=tls and str(tls[0])
        )
        for _ in range(3):
            try:
                answers.append(await client.post("/exchange", b"question", answer_bytes_max=100))
            except UplinkError as error:
                answers.append(error)
            await asyncio.sleep(0.01)
            client._idle_since_s -= rest_s
        client.drop()
        listener.close()
        for writer in center.writers:
            writer.transport.abort()
        await asyncio.sleep(0)

    asyncio.run(story())
    return answers


def test_one_connection_serves_many_exchanges() -> None:
    center = Keeping()
    assert asked_three_times(center) == [b"1", b"2", b"3"]
    assert center.lines == 1


def test_without_keeping_each_exchange_has_its_connection() -> None:
    center = Keeping()
    assert asked_three_times(center, keep_ms=0) == [b"1", b"2", b"3"]
    assert center.lines == 3


def test_a_connection_with_something_behind_its_answer_is_not_used_again() -> None:
    center = Keeping()
    center.behind = http("200 OK", b"old answer")
    assert asked_three_times(center) == [b"1", b"2", b"3"]
    assert center.lines == 3


def test_a_line_that_breaks_between_two_exchanges_of_a_visit_is_an_error() -> None:
    center = Keeping()
    center.hangs_up_after = 1
    first, second, third = asked_three_times(center)
    assert (first, third) == (b"1", b"3")
    assert isinstance(second, Unreachable)


def test_a_line_that_was_given_up_while_idle_is_replaced_without_a_failure() -> None:
    center = Keeping()
    center.hangs_up_after = 1
    assert asked_three_times(center, rest_s=2.0) == [b"1", b"3", b"4"]
    assert center.lines == 2


def test_an_old_line_is_not_used_again() -> None:
    center = Keeping()
    assert asked_three_times(center, rest_s=61.0) == [b"1", b"2", b"3"]
    assert center.lines == 3


def test_a_new_connection_resumes_the_tls_session(tmp_path: Path) -> None:
    center = Keeping()
    assert asked_three_times(center, keep_ms=0, tls=certificate_files(tmp_path)) == [b"1", b"2", b"3"]
    assert (center.lines, center.resumed) == (3, 2)


def test_one_tls_connection_serves_many_exchanges(tmp_path: Path) -> None:
    center = Keeping()
    assert asked_three_times(center, tls=certificate_files(tmp_path)) == [b"1", b"2", b"3"]
    assert center.lines == 1


async def _altering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, at: int) -> None:
    """Pass bytes on, with one bit changed in byte number `at`."""
    passed = 0
    try:
        while data := await reader.read(4096):
            if passed <= at < passed + len(data):
                data = data[: at - passed] + bytes([data[at - passed] ^ 1]) + data[at - passed + 1 :]
            passed += len(data)
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    writer.transport.abort()


@pytest.mark.parametrize("at", [0, 200, 700])
@pytest.mark.parametrize("way", ["question", "answer"])
def test_what_alters_bytes_under_tls_is_noticed_and_the_next_question_is_answered(
    tmp_path: Path, way: str, at: int
) -> None:
    """Handshake or record, question or answer: TLS authenticates them all."""
    certificate, key = certificate_files(tmp_path)
    center, lines = Keeping(), [0]

    async def story() -> tuple[UplinkError | None, bytes]:
        listener = await asyncio.start_server(center.serve, "127.0.0.1", 0, ssl=offered(certificate, key))

        async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            lines[0] += 1
            port = listener.sockets[0].getsockname()[1]
            there, back = await asyncio.open_connection("127.0.0.1", port)
            first = lines[0] == 1
            await asyncio.gather(
                _altering(reader, back, at if first and way == "question" else 1 << 30),
                _altering(there, writer, at if first and way == "answer" else 1 << 30),
            )

        between = await asyncio.start_server(relay, "127.0.0.1", 0)
        port = between.sockets[0].getsockname()[1]
        client = CenterClient(
            center_address(f"https://localhost:{port}"), timeout_ms=2_000, keep_ms=60_000, authorities=str(certificate)
        )  # fmt: skip
        error = None
        try:
            await client.post("/exchange", bytes(3_000), answer_bytes_max=100)
        except UplinkError as caught:
            error = caught
        answer = await client.post("/exchange", bytes(3_000), answer_bytes_max=100)
        client.drop()
        for server in (listener, between):
            server.close()
        for writer in center.writers:
            if not writer.is_closing():  # Debian 12's Python cannot abort what is closed under TLS
                writer.transport.abort()
        await asyncio.sleep(0.01)
        return error, answer

    error, answer = asyncio.run(story())
    assert isinstance(error, NotTheCenter | Unreachable)
    assert answer == str(center.questions).encode()
