"""The one layer round the application: request id, admission, headers, log line, last resort."""

import re
import time
from collections.abc import Iterable, Mapping
from secrets import token_hex
from typing import Any, Final

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import tracing
from app.edge.admission import Admission, Left, kind_of
from app.edge.draining import Draining
from app.edge.problem_documents import problem_response
from app.edge.short_cut import ShortCut
from app.errors import InternalError, Problem
from app.metrics import ACTIVE_REQUESTS, request_seconds
from app.telemetry import current_request, kind_and_place

RawHeader = tuple[bytes, bytes]
REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,128}")
TRACEPARENT: Final = re.compile(
    rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}"
)
"""W3C Trace Context; what a later version of it adds behind is passed over."""
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

    def __init__(
        self,
        app: ASGIApp,
        admission: Admission,
        draining: Draining,
        short_cuts: Mapping[tuple[str, str], ShortCut],
    ) -> None:
        self.app = app
        self.admission = admission
        self.draining = draining
        self.short_cuts = short_cuts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request. Anything but HTTP passes untouched."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        request_id, trace_id = _ids(scope["headers"])
        state = scope.setdefault("state", {})
        state["request_id"], state["trace_id"] = request_id, trace_id
        current_request.set(request_id)
        routed = _head_as_get(scope)
        status: int | None = None
        ACTIVE_REQUESTS.inc()
        span = tracing.began(scope["method"], scope["headers"])

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _with_ours(message.get("headers", ()), state)
                if self.draining.begun:
                    message["headers"].append((b"connection", b"close"))
            await send(message)

        try:
            await self._let_in(routed, receive, send_with_headers)
        except Problem as refusal:
            answer = problem_response(refusal, request_id, trace_id)
            await answer(scope, receive, send_with_headers)
        except Exception as error:  # noqa: BLE001 - the last resort for what nobody foresaw
            _log.error("unforeseen_error", route=_route(routed), **kind_and_place(error))
            if status is not None:
                raise ConnectionAbortedError from None
            answer = problem_response(InternalError(), request_id, trace_id)
            await answer(scope, receive, send_with_headers)
        finally:
            _told(scope["method"], routed, status, time.perf_counter() - began)
            tracing.ended(span, scope["method"], _route(routed), status)
            current_request.set(None)

    async def _let_in(self, routed: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on when it is its turn. Raises Overloaded when that is too far off."""
        kind = kind_of(routed["method"], routed["path"])
        if kind is None:
            await self.app(routed, receive, send)
            return
        await self.admission.enter(kind)
        began = time.perf_counter()
        short = self.short_cuts.get((routed["method"], routed["path"]))
        try:
            answer = await short.answer(routed, receive) if short else None
            await (answer or self.app)(routed, receive, send)
        finally:
            self.admission.leave(kind, time.perf_counter() - began)
            if (key_id := routed["state"].get("admitted_key")) is not None:
                self.admission.done(key_id)


def _told(method: str, routed: Scope, status: int | None, seconds: float) -> None:
    """Count the request, and one line on it: by whom, never about whom.

    status None: it was not answered.
    """
    route, state = _route(routed), routed["state"]
    method = method if method in METHODS else "other"
    ACTIVE_REQUESTS.dec()
    request_seconds(method, route, status).observe(seconds)
    log = _log.debug if route in ASKED_ALL_THE_TIME else _log.info
    log(
        "request",
        method=method,
        route=route,
        status=status,
        ms=round(seconds * 1000, 3),
        tenant=state.get("tenant_id"),
        key_id=state.get("key_id"),
        **({} if state["trace_id"] is None else {"trace_id": state["trace_id"]}),
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


def _ids(headers: Iterable[RawHeader]) -> tuple[str, str | None]:
    """The caller's X-Request-Id if it is one, else a new one; and the trace of its traceparent."""
    request_id = trace_id = None
    for name, value in headers:
        if name == b"x-request-id" and REQUEST_ID.fullmatch(value):
            request_id = value.decode()
        elif name == b"traceparent" and (trace := TRACEPARENT.match(value)):
            trace_id = trace[1].decode()
    return request_id or token_hex(16), trace_id


def _with_ours(headers: Iterable[RawHeader], state: Mapping[str, Any]) -> list[RawHeader]:
    """The headers of an answer with the request's id and what its key has left.

    And, where it has none, the security ones.

    On raw headers: Starlette's own kinds would cost a third of the shortest answer.
    """
    given = list(headers)
    names = {name.lower() for name, _ in given}
    security = [header for header in SECURITY_HEADERS if header[0] not in names]
    left: Left | None = state.get("key_left")
    rate = left.headers() if left is not None else ()
    return [*given, (b"x-request-id", state["request_id"].encode()), *rate, *security]
