"""The device knows its center from whatever else answers on a village's network."""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sync.uplink.client import CenterClient, center_address
from sync.uplink.errors import BadAddress, NotTheCenter, Refused, TimedOut, Unreachable, UplinkError
from sync.uplink.http import READ_BYTES
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


def certificate_files(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    start = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=36_500))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "certificate.pem", folder / "key.pem"


def ask_over_tls(folder: Path, *, trusted: bool) -> bytes:
    certificate, key = certificate_files(folder)
    offered = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    offered.load_cert_chain(certificate, key)
    known = ssl.create_default_context(cafile=str(certificate) if trusted else None)

    async def story() -> bytes:
        async with serving(http("200 OK", b"answer"), tls=offered) as server:
            address = center_address(f"https://localhost:{server.port}")
            return await CenterClient(address, timeout_ms=2_000, tls=known).post(
                "/exchange", b"", answer_bytes_max=10
            )

    return asyncio.run(story())


def test_a_center_with_a_trusted_certificate_is_talked_to(tmp_path: Path) -> None:
    assert ask_over_tls(tmp_path, trusted=True) == b"answer"


def test_a_center_with_an_unknown_certificate_is_not_the_center(tmp_path: Path) -> None:
    with pytest.raises(NotTheCenter, match="CERTIFICATE_VERIFY_FAILED"):
        ask_over_tls(tmp_path, trusted=False)
