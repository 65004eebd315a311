"""The center's routes as an OpenAPI description (3.1.0), made from the limits and errors that the code has.

Served at `/openapi.json`. A test holds it against the routes, and another against what a server answers to anything. What a
signed body holds is told by `sync/wire/FORMAT.md`.
"""

from __future__ import annotations

from typing import Any

from sync.central.chains import exchange
from sync.central.doors.enrolling_orders import REPORT_BYTES_MAX
from sync.central.doors.technician_page import FIELDS, FORM_BYTES_MAX
from sync.central.enrolling import enrollment
from sync.central.errors import (
    CentralError,
    ClockBehind,
    Conflict,
    Refused,
    TooLarge,
    TooSlow,
    Unknown,
    WrongInput,
)

CBOR, JSON, HTML, FORM = "application/cbor", "application/json", "text/html", "multipart/form-data"
_ERROR = {"$ref": "#/components/schemas/Error"}
_BODY_ERRORS = (WrongInput, Refused, TooSlow, Conflict, TooLarge)

Described = dict[str, Any]


def description() -> Described:
    """The whole document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Sofreh, the center",
            "version": "1",
            "description": "Errors are {error, detail}; /technician answers a form with a page. Other methods get 405, other paths 404.",
        },
        "paths": {
            "/exchange": {"post": _signed("exchange", "A signed ExchangeRequest", exchange.BODY_BYTES_MAX, clock=True)},
            "/enroll": {"post": _signed("enroll", "A signed EnrollmentRequest", enrollment.BODY_BYTES_MAX)},
            "/introduce": {"post": _signed("introduce", "Introductions in a row", REPORT_BYTES_MAX)},
            "/technician": {"get": _page("technicianForm", "The technician's form"), "post": _technician()},
            "/inspector": {"get": _page("inspector", "The inspector's page, with this center's public keys")},
            "/health": {"get": _health()},
            "/openapi.json": {"get": _json("openapi", "This description", {"type": "object"})},
            "/": {"get": _page("report", "The report, on the center's own machine only", Refused)},
        },
        "components": {"schemas": {"Error": _error_schema()}},
    }  # fmt: skip


def _error_schema() -> Described:
    return {
        "type": "object",
        "required": ["error", "detail"],
        "additionalProperties": False,
        "properties": {
            "error": {"type": "string", "description": "a stable word"},
            "detail": {"type": "string", "description": "what and where, for people"},
        },
    }


def _signed(name: str, what: str, most: int, *, clock: bool = False) -> Described:
    errors = (*_BODY_ERRORS, Unknown, *((ClockBehind,) if clock else ()))
    answer = {"description": "The answer", "content": {CBOR: {"schema": _octets()}}}
    return {
        "operationId": name,
        "requestBody": _body(CBOR, f"{what}, at most {most} bytes", _octets()),
        "responses": {"200": answer, **_errors(*errors)},
    }


def _technician() -> Described:
    fields = {name: {"type": "string"} for name in FIELDS if name != "picture"} | {"picture": _octets()}
    form = {"type": "object", "properties": fields}
    pages = {
        str(kind.status): {"description": "The form once more, with what was wrong", "content": {HTML: {}, JSON: {"schema": _ERROR}}}
        for kind in (*_BODY_ERRORS, Unknown)
    }  # fmt: skip
    return {
        "operationId": "technicianAnswer",
        "requestBody": _body(FORM, f"The form, at most {FORM_BYTES_MAX} bytes", form),
        "responses": {"200": {"description": "The answer as QRs", "content": {HTML: {}}}, **pages},
    }


def _health() -> Described:
    shape = {
        "type": "object",
        "required": ["status", "now_s"],
        "properties": {
            "status": {"const": "ok"},
            "now_s": {"type": "integer", "description": "Unix seconds"},
        },
    }
    return _json("health", "It serves", shape)


def _page(name: str, what: str, *errors: type[CentralError]) -> Described:
    return {
        "operationId": name,
        "responses": {"200": {"description": what, "content": {HTML: {}}}, **_errors(*errors)},
    }


def _json(name: str, what: str, schema: Described, *errors: type[CentralError]) -> Described:
    content = {JSON: {"schema": schema}}
    return {
        "operationId": name,
        "responses": {"200": {"description": what, "content": content}, **_errors(*errors)},
    }


def _octets() -> Described:
    return {"type": "string", "format": "binary"}


def _body(media_type: str, what: str, schema: Described) -> Described:
    return {"required": True, "description": what, "content": {media_type: {"schema": schema}}}


def _errors(*kinds: type[CentralError]) -> Described:
    return {
        str(kind.status): {
            "description": (kind.__doc__ or "").splitlines()[0],
            "content": {JSON: {"schema": _ERROR}},
        }
        for kind in kinds
    }
