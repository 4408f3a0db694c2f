"""The one layer round the application: request id, security headers, log line, last resort."""

import re
import time
from collections.abc import Iterable
from typing import Final
from uuid import uuid4

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.edge.problem_documents import problem_response
from app.errors import InternalError
from app.telemetry import current_request, kind_and_place

RawHeader = tuple[bytes, bytes]
REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,128}")
SECURITY_HEADERS: Final[tuple[RawHeader, ...]] = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)
METHODS: Final = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
ASKED_ALL_THE_TIME: Final = frozenset({"/livez", "/readyz", "/metrics"})
"""By machines that watch: their lines are for debugging."""
CONTRACT: Final = "/openapi.json"
UNMATCHED: Final = "unmatched"

_log = structlog.get_logger("rapport.edge")


class Edge:
    """Pure ASGI middleware; what passes through here has an id and never shows a traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request. Anything but HTTP passes untouched."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        request_id = _request_id(scope["headers"])
        scope.setdefault("state", {})["request_id"] = request_id
        current_request.set(request_id)
        routed = _head_as_get(scope)
        status: int | None = None

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _with_ours(message.get("headers", ()), request_id)
            await send(message)

        try:
            await self.app(routed, receive, send_with_headers)
        except Exception as error:  # noqa: BLE001 - the last resort for what nobody foresaw
            _log.error("unforeseen_error", route=_route(routed), **kind_and_place(error))
            if status is not None:
                raise ConnectionAbortedError from None
            answer = problem_response(InternalError(), request_id)
            await answer(scope, receive, send_with_headers)
        finally:
            _log_request(scope["method"], routed, status, time.perf_counter() - began)
            current_request.set(None)


def _log_request(method: str, routed: Scope, status: int | None, seconds: float) -> None:
    """One line on the request: by whom, never about whom. status None: it was not answered."""
    route, state = _route(routed), routed["state"]
    log = _log.debug if route in ASKED_ALL_THE_TIME else _log.info
    log(
        "request",
        method=method if method in METHODS else "other",
        route=route,
        status=status,
        ms=round(seconds * 1000, 3),
        tenant=state.get("tenant_id"),
        key_id=state.get("key_id"),
    )


def _route(routed: Scope) -> str:
    """The template of the path that was asked for: the path itself may hold identifiers."""
    route = routed.get("route")
    if route is not None:
        return str(route.path_format)
    # FastAPI leaves no route where Starlette answers: the contract and the mounted assets.
    mounted = str(routed.get("root_path", "")).removeprefix(routed.get("app_root_path", ""))
    if mounted:
        return f"{mounted}/{{path}}"
    return CONTRACT if routed["path"] == CONTRACT else UNMATCHED


def _head_as_get(scope: Scope) -> Scope:
    """HEAD is GET (RFC 9110, section 9.3.2), whose body the server leaves out: it still knows."""
    return {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope


def _request_id(headers: Iterable[RawHeader]) -> str:
    """The caller's X-Request-Id if it is one, else a new one."""
    for name, value in headers:
        if name == b"x-request-id" and REQUEST_ID.fullmatch(value):
            return value.decode()
    return uuid4().hex


def _with_ours(headers: Iterable[RawHeader], request_id: str) -> list[RawHeader]:
    """The headers of an answer with the request's id and, where it has none, the security ones.

    On raw headers: Starlette's own kinds would cost a third of the shortest answer.
    """
    given = list(headers)
    names = {name.lower() for name, _ in given}
    security = [header for header in SECURITY_HEADERS if header[0] not in names]
    return [*given, (b"x-request-id", request_id.encode()), *security]
