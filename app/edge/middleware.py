"""The one layer round the application: request id, security headers, the last resort."""

import logging
import re
import traceback
from typing import Final
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.edge.problem_documents import problem_response
from app.errors import InternalError

REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,128}")
HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

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
        request_id = _request_id(Headers(scope=scope).get("x-request-id"))
        scope.setdefault("state", {})["request_id"] = request_id
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
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


def _request_id(given: str | None) -> str:
    return given if given and REQUEST_ID.fullmatch(given) else uuid4().hex
