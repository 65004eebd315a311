"""The center's HTTP: exchange and enrollment for devices, health, and the report for people at this machine.

    POST /exchange   application/cbor, a signed ExchangeRequest -> a signed ExchangeAnswer
    POST /enroll     application/cbor, a signed EnrollmentRequest -> a signed EnrollmentAnswer
    POST /introduce  application/cbor, Introductions in a row -> [[device or null, good, words], ...]
    GET, POST /technician   the technician's page: a request on paper and a token in, the answer as QRs out
    GET  /inspector  the inspector's page with this center's public keys in it, for whoever checks receipts
    GET  /health     {"status": "ok", "now_s": ...}
    GET  /openapi.json   the same for machines (`sync.central.doors.openapi`)
    GET  /           the report in Persian, on loopback only

An error is {"error": word, "detail": text} with its status: 400 wrong input, 403 refused, 404 no such path, 405 another method,
408 too slow, 409 conflict, 413 too large, 500 our own, 503 the center's clock is wrong. No path leads to another.
Plain HTTP is served on loopback only; elsewhere TLS is demanded.
"""

from __future__ import annotations

import asyncio
import ipaddress
import signal
import socket
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from sync.central.chains import exchange as exchanges
from sync.central.doors.enrolling_orders import REPORT_BYTES_MAX, report_bytes, take_report
from sync.central.doors.inspector import HEADERS, inspector_page_of
from sync.central.doors.openapi import description
from sync.central.doors.technician_page import FORM_BYTES_MAX, answered_page, form_page
from sync.central.enrolling import enrollment
from sync.central.errors import CentralError, Refused, TooLarge, TooSlow, Unknown, WrongInput
from sync.central.reports.page import page
from sync.central.reports.report import report

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from starlette.requests import Request

    from sync.central.center import Center

MEDIA_TYPE = "application/cbor"
STOP_WITHIN_S = 10
SILENCE_S = 30
"""How long a sender may be silent in the middle of a body."""
BODY_WITHIN_S = 3_600
"""A whole body: two megabytes at 9.6 kbit/s take half of it."""
KEEP_ALIVE_S = 120
"""How long a device's connection may rest between two exchanges: over its usual interval, so that it is used again."""


def application(center: Center) -> Starlette:
    """The routes over one open center."""
    routes = [
        Route("/exchange", _guarded(partial(_exchange, center)), methods=["POST"]),
        Route("/enroll", _guarded(partial(_enroll, center)), methods=["POST"]),
        Route("/introduce", _guarded(partial(_introduce, center)), methods=["POST"]),
        Route("/technician", _guarded(partial(_technician, center)), methods=["GET", "POST"]),
        Route("/inspector", _guarded(partial(_inspector, center)), methods=["GET"]),
        Route("/health", _guarded(partial(_health, center)), methods=["GET"]),
        Route("/openapi.json", _described, methods=["GET"]),
        Route("/", _guarded(partial(_report, center)), methods=["GET"]),
    ]
    made = Starlette(routes=routes, exception_handlers={HTTPException: _unrouted, Exception: _unforeseen})
    made.router.redirect_slashes = False
    return made


def listen(host: str, port: int, *, tls: bool) -> socket.socket:
    """A bound socket; port 0 takes a free one. Raises: Refused, for plain HTTP outside loopback; WrongInput."""
    if not tls and not is_loopback(host):
        raise Refused(f"plain HTTP on {host} is refused: outside loopback give --tls-cert and --tls-key")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        raise WrongInput(f"{host}:{port}", error.strerror or str(error)) from None
    return listener


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def serve(
    center: Center,
    listener: socket.socket,
    *,
    tls_cert: str | None,
    tls_key: str | None,
    ready: Callable[[], None],
) -> None:
    """Answer until SIGTERM or SIGINT; what was begun is finished first. `ready` is called once both are heeded.

    Raises: WrongInput, for a bad certificate or key.
    """
    config = uvicorn.Config(
        application(center), log_level="warning", access_log=False, lifespan="off", server_header=False,
        ssl_certfile=tls_cert, ssl_keyfile=tls_key, timeout_graceful_shutdown=STOP_WITHIN_S, timeout_keep_alive=KEEP_ALIVE_S,
    )  # fmt: skip
    _load(config)
    await _Server(config, ready).serve(sockets=[listener])


def _load(config: uvicorn.Config) -> None:
    files = [file for file in (config.ssl_certfile, config.ssl_keyfile) if file is not None]
    try:
        for file in files:  # what reads the two does not say which of them it could not open
            Path(file).open("rb").close()
        config.load()
    except OSError as error:
        raise WrongInput(
            error.filename or " and ".join(map(str, files)), error.strerror or str(error)
        ) from None


class _Server(uvicorn.Server):
    """Stops on a signal and returns, instead of ending the process by raising the signal once more."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        signals = (signal.SIGTERM, signal.SIGINT)
        for number in signals:
            loop.add_signal_handler(number, self._stop)
        try:
            yield
        finally:
            for number in signals:
                loop.remove_signal_handler(number)

    def _stop(self) -> None:
        self.should_exit = True


def _guarded(
    endpoint: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    async def guarded(request: Request) -> Response:
        try:
            return await endpoint(request)
        except CentralError as error:
            return JSONResponse({"error": error.code, "detail": str(error)}, status_code=error.status)

    return guarded


async def _unrouted(_request: Request, error: Exception) -> Response:
    """No such path, or another method: like every other refusal."""
    assert isinstance(error, HTTPException), "by the table"
    word = {404: Unknown.code, 405: "method"}.get(error.status_code, WrongInput.code)
    return JSONResponse(
        {"error": word, "detail": error.detail}, status_code=error.status_code, headers=error.headers
    )


async def _unforeseen(_request: Request, _error: Exception) -> Response:
    """A programmer's error: the log has it, and the sender keeps what it sent."""
    return JSONResponse({"error": CentralError.code, "detail": "the center failed at this"}, status_code=500)


async def _described(_request: Request) -> Response:
    return JSONResponse(description())


async def _exchange(center: Center, request: Request) -> Response:
    body = await _body(request, exchanges.BODY_BYTES_MAX)
    return Response(await exchanges.exchange(center, body), media_type=MEDIA_TYPE)


async def _enroll(center: Center, request: Request) -> Response:
    body = await _body(request, enrollment.BODY_BYTES_MAX)
    return Response(await enrollment.enroll(center, body), media_type=MEDIA_TYPE)


async def _introduce(center: Center, request: Request) -> Response:
    told = await take_report(center, await _body(request, REPORT_BYTES_MAX))
    return Response(report_bytes(told), media_type=MEDIA_TYPE)


async def _technician(center: Center, request: Request) -> Response:
    if request.method == "GET":
        return HTMLResponse(form_page())
    body = await _body(request, FORM_BYTES_MAX, media_type="multipart/form-data")
    url = f"{request.url.scheme}://{request.url.netloc}"
    page, status = await answered_page(center, body, request.headers["content-type"], center_url=url)
    return HTMLResponse(page, status_code=status, headers={"Cache-Control": "no-store"})


async def _inspector(center: Center, _request: Request) -> Response:
    return HTMLResponse(inspector_page_of(center.keys), headers=HEADERS)


async def _health(center: Center, _request: Request) -> Response:
    return JSONResponse({"status": "ok", "now_s": center.clock.now_s()})


async def _report(center: Center, request: Request) -> Response:
    if request.client is None or not is_loopback(request.client.host):
        raise Refused("the report is shown on this machine only")
    return HTMLResponse(page(await center.run(partial(report, now_s=center.clock.now_s()))))


async def _body(request: Request, most: int, *, media_type: str = MEDIA_TYPE) -> bytes:
    """The whole body. Raises: TooLarge, before more than `most` bytes are read; TooSlow; WrongInput, for another media type
    or a sender that went away.
    """
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != media_type:
        raise WrongInput("content-type", f"{given or 'none'} is not {media_type}")
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared) > most:
        raise TooLarge("body", f"{declared} bytes are more than the {most} allowed")
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_WITHIN_S), asyncio.timeout(SILENCE_S) as patience:
            async for chunk in request.stream():
                patience.reschedule(asyncio.get_running_loop().time() + SILENCE_S)
                body += chunk
                if len(body) > most:
                    raise TooLarge("body", f"is longer than the {most} bytes allowed")
    except TimeoutError:
        why = f"{len(body)} bytes came, then nothing for {SILENCE_S} s, or not all within {BODY_WITHIN_S} s"
        raise TooSlow("body", why) from None
    except ClientDisconnect:
        raise WrongInput("body", f"ended after {len(body)} bytes, before its end") from None
    return bytes(body)
