"""Reading a request strictly, before anything else looks at it.

FastAPI's own reading takes NaN, duplicate keys and lone surrogates, and has no limit of size.
What is wrong with a request is told only once its caller is known: see raise_refusal.
"""

import json
from collections.abc import Callable, Coroutine
from functools import lru_cache
from typing import Any, Final, Never

from fastapi import Request, Response
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Query
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from app.edge.problem_documents import problems
from app.edge.query_string import check_query
from app.edge.raw_headers import first_of
from app.errors import BodyTooLarge, MalformedJson, Problem, UnsupportedMediaType

MAX_BODY_BYTES: Final = 256 * 1024
MAX_BATCH_BYTES: Final = 1024 * 1024
MAX_DEPTH: Final = 32
LIMIT_EXTENSION: Final = "x-max-body-bytes"
"""Name in the OpenAPI file of a route's own limit; without it MAX_BODY_BYTES holds."""
ALREADY_READ: Final = "strict_request"
"""Where in the state of a request it stands as it was read, for who goes on with it."""


class StrictJsonRequest(Request):
    """A request whose JSON body is I-JSON (RFC 7493) within a limit of bytes."""

    async def read_within(self, limit: int) -> None:
        """Read the body. Raises BodyTooLarge as soon as it passes limit, declared or real."""
        too_large = BodyTooLarge(f"At most {limit} bytes are taken.")
        declared = first_of(self, b"content-length")
        if declared.isdecimal() and int(declared[:20]) > limit:
            raise too_large
        chunks, size, more = [], 0, True
        while more:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            if size > limit:
                raise too_large
            more = message.get("more_body", False)
        body = b"".join(chunks)
        if not body:
            raise MalformedJson("The body is empty.")
        _check_media_type(first_of(self, b"content-type"))
        self._json = strict_json(body)
        self._body = body

    def refuse(self, refusal: Problem) -> None:
        """Go on without a body, as far as the caller's key; raise_refusal ends it there."""
        self._body = b""
        self.state.refusal = refusal

    @property
    def refused(self) -> bool:
        """Whether something was found wrong with it."""
        return "refusal" in self.scope["state"]


def raise_refusal(request: Request) -> None:
    """Raises what was found wrong with the request, for the dependency that knows the caller.

    So that whoever has no key, or not the scope, learns nothing about a request's fields.
    """
    refusal: Problem | None = getattr(request.state, "refusal", None)
    if refusal is not None:
        raise refusal


class StrictJsonRoute(APIRoute):
    """A route that takes the query parameters it names, each once, and a strict JSON body."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as APIRoute has them
        super().__init__(*args, **kwargs)
        if self.body_field is not None:
            self.responses = problems(400, 413, 415) | self.responses
        self._limit = (self.openapi_extra or {}).get(LIMIT_EXTENSION, MAX_BODY_BYTES)
        self._known = frozenset(
            parameter.alias
            for parameter in get_flat_params(self.dependant)
            if isinstance(parameter.field_info, Query)
        )

    async def read(self, scope: Scope, receive: Receive) -> StrictJsonRequest:
        """The request, read and checked; what is wrong with it is kept for raise_refusal."""
        request = StrictJsonRequest(scope, receive)
        try:
            check_query(request, self._known)
            if self.body_field is not None:
                await request.read_within(self._limit)
        except Problem as refusal:
            request.refuse(refusal)
        return request

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler, given a request that has been read and checked."""
        handle = super().get_route_handler()

        async def strict(request: Request) -> Response:
            known = request.scope["state"].pop(ALREADY_READ, None)
            return await handle(known or await self.read(request.scope, request.receive))

        return strict


def strict_json(body: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """The value of a JSON text in UTF-8.

    Raises MalformedJson for anything that RFC 8259 or I-JSON forbids: NaN, numbers beyond
    double precision's range, duplicate names, lone surrogates; and for NUL characters, which
    Postgres cannot store, and nesting deeper than MAX_DEPTH.
    """
    try:
        value = json.loads(
            body.decode("utf-8-sig"),
            parse_constant=_refuse_constant,
            parse_float=_finite,
            object_pairs_hook=_without_duplicates,
        )
    except RecursionError:
        raise MalformedJson(f"The body is nested deeper than {MAX_DEPTH} levels.") from None
    except ValueError:
        raise MalformedJson("The body could not be read as JSON in UTF-8.") from None
    escapes = b"\\u" in body
    if escapes or body.count(b"[") + body.count(b"{") > MAX_DEPTH:
        _check_values(value, MAX_DEPTH, escapes=escapes)
    return value


@lru_cache(maxsize=32)
def _check_media_type(content_type: str) -> None:
    media_type, *parameters = (part.strip().lower() for part in content_type.split(";"))
    subtype = media_type.removeprefix("application/")
    if subtype == media_type or not (subtype == "json" or subtype.endswith("+json")):
        raise UnsupportedMediaType("Send the body as Content-Type: application/json.")
    for given in parameters:
        if given.startswith("charset=") and given[8:].strip('"') not in {"utf-8", "utf8"}:
            raise UnsupportedMediaType("Send the body in UTF-8.")


def _refuse_constant(_: str) -> Never:
    raise MalformedJson("NaN and Infinity are not JSON.")


def _finite(text: str) -> float:
    number = float(text)
    if number in {float("inf"), float("-inf")}:
        raise MalformedJson("A number is too large.")
    return number


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) != len(pairs):
        raise MalformedJson("A name stands twice in one object.")
    return names


def _check_values(value: object, depth: int, *, escapes: bool) -> None:
    """Depth for all; characters only where an escape could have smuggled one in."""
    if isinstance(value, dict | list):
        if depth == 0:
            raise MalformedJson(f"The body is nested deeper than {MAX_DEPTH} levels.")
        parts = value if isinstance(value, list) else [*value, *value.values()]
        for part in parts:
            _check_values(part, depth - 1, escapes=escapes)
    elif escapes and isinstance(value, str):
        if "\x00" in value:
            raise MalformedJson("A text holds the character NUL.")
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise MalformedJson("A text holds half of a surrogate pair.")
