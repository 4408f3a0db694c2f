"""The one layer round the application: request id, security headers, the last resort."""

import logging
import re
import traceback
from collections.abc import Iterable
from typing import Final
from uuid import uuid4

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.edge.problem_documents import problem_response
from app.errors import InternalError

RawHeader = tuple[bytes, bytes]
REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,128}")
SECURITY_HEADERS: Final[tuple[RawHeader, ...]] = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)

_log = logging.getLogger("rapport.edge")


class Edge:
    """Pure ASGI middleware; what passes through here has an id and never shows a traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request. Anything but HTTP passes untouched."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = _request_id(scope["headers"])
        scope.setdefault("state", {})["request_id"] = request_id
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = _with_ours(message.get("headers", ()), request_id)
            await send(message)

        try:
            await self.app(_head_as_get(scope), receive, send_with_headers)
        except Exception as error:  # noqa: BLE001 - the last resort for what nobody foresaw
            # Where and which kind, but no message: it can hold answers.
            where = "".join(traceback.format_tb(error.__traceback__))
            _log.error("unforeseen %s, request %s\n%s", type(error).__name__, request_id, where)
            if started:
                raise ConnectionAbortedError from None
            answer = problem_response(InternalError(), request_id)
            await answer(scope, receive, send_with_headers)


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
