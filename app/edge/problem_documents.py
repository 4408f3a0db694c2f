"""Problem documents (RFC 9457) for every refusal, whoever raised it. Never the offending value."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, Field, ValidationError
from starlette.exceptions import HTTPException

from app.errors import (
    FieldError,
    InvalidRequest,
    MalformedJson,
    MethodNotAllowed,
    NotFound,
    Problem,
)
from app.metrics import PROBLEMS

MEDIA_TYPE: Final = "application/problem+json"

PYDANTIC_CODES: Final = {"missing": "required", "extra_forbidden": "unknown_field"}
"""Our names for pydantic's most frequent kinds; the others keep pydantic's stable names."""
QUOTES_INPUT: Final = frozenset({"error", "tag", "encoding_error", "attribute"})
"""Parts of pydantic's messages that can hold some of what was sent: "found `z` at 3"."""
KEY_ITSELF: Final = "[key]"
"""Where pydantic complains about an object's name, this follows the name."""
LONGEST_NAME: Final = 60


class FieldErrorOut(BaseModel):
    """One thing to mend."""

    pointer: str = Field(
        description="JSON pointer into the body, or `#/query/<name>`, `#/header/<name>`."
    )
    code: str
    detail: str


class ProblemOut(BaseModel):
    """What every answer other than 2xx looks like (RFC 9457)."""

    type: str = Field(description="`urn:rapport:problem:<code>`.")
    title: str
    status: int
    detail: str
    code: str = Field(description="Stable name of the problem.")
    request_id: str = Field(description="As in the X-Request-Id header; quote it when you ask us.")
    errors: list[FieldErrorOut] = Field(description="What to mend, field by field; may be empty.")
    trace_id: str | None = Field(
        default=None, description="Of the `traceparent` header that the request came with."
    )
    existing_id: str | None = Field(
        default=None, description="The stored record that stands in the way."
    )


def problem_document(
    problem: Problem, request_id: str, trace_id: str | None = None
) -> dict[str, Any]:
    """The problem as a JSON object."""
    document: dict[str, Any] = {
        "type": f"urn:rapport:problem:{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail or problem.title,
        "code": problem.code,
        "request_id": request_id,
        "errors": [
            {"pointer": e.pointer, "code": e.code, "detail": e.detail} for e in problem.errors
        ],
    }
    if trace_id is not None:
        document["trace_id"] = trace_id
    if problem.existing_id is not None:
        document["existing_id"] = problem.existing_id
    return document


def problem_response(
    problem: Problem, request_id: str, trace_id: str | None = None
) -> JSONResponse:
    """The problem as an HTTP answer."""
    PROBLEMS.labels(problem.code).inc()
    document = problem_document(problem, request_id, trace_id)
    return JSONResponse(document, problem.status, problem.headers, MEDIA_TYPE)


def answer_with_problems(api: FastAPI) -> None:
    """Make every refusal inside the application answer with a problem document."""

    async def from_problem(request: Request, problem: Exception) -> JSONResponse:
        assert isinstance(problem, Problem)  # noqa: S101 - FastAPI calls it for Problem only
        return _response(request, problem)

    async def from_validation(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
        return _response(request, validation_problem(error.errors()))

    async def from_http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)  # noqa: S101 - as above
        problem = _from_status(error.status_code)
        problem.headers.update(error.headers or {})
        if problem.status == MethodNotAllowed.status:
            problem.headers["Allow"] = _allowed(request) or problem.headers["Allow"]
        return _response(request, problem)

    api.add_exception_handler(Problem, from_problem)
    api.add_exception_handler(RequestValidationError, from_validation)
    api.add_exception_handler(HTTPException, from_http)


def _response(request: Request, problem: Problem) -> JSONResponse:
    state = request.state
    return problem_response(problem, state.request_id, getattr(state, "trace_id", None))


def _allowed(request: Request) -> str:
    """Every method that some route at this path takes; Starlette names the first route's only."""
    taken = {
        method
        for route in iter_route_contexts(request.app.routes)
        if route.methods and route.path_regex.match(request.url.path)
        for method in route.methods
    }
    return ", ".join(sorted(taken | {"HEAD"} if "GET" in taken else taken))


def _from_status(status: int) -> Problem:
    if status == NotFound.status:
        return NotFound("No such path.")
    if status == MethodNotAllowed.status:
        return MethodNotAllowed("See the Allow header.")
    return MalformedJson("The request could not be read.")


def validation_problem(errors: Sequence[Mapping[str, Any]]) -> Problem:
    """The problem for pydantic's complaints: place, kind and message, never the input.

    A malformed id in the path names nothing that exists: 404.
    """
    if any(error["loc"][0] == "path" for error in errors):
        return NotFound("No such id.")
    return InvalidRequest.of(*(_field_error(error) for error in errors))


def model_problem(error: ValidationError) -> Problem:
    """The problem for a part of a body that was read by itself; pointers lead into that part."""
    return validation_problem(
        [{**one, "loc": ("body", *one["loc"])} for one in error.errors(include_input=False)]
    )


def _field_error(error: Mapping[str, Any]) -> FieldError:
    kind = str(error["type"])
    detail = str(error["msg"]).removeprefix("Value error, ")
    for name, quoted in error.get("ctx", {}).items():
        if name in QUOTES_INPUT and isinstance(quoted, str):
            detail = detail.replace(quoted, "…").removesuffix(", …")
    return FieldError(_pointer(error["loc"]), PYDANTIC_CODES.get(kind, kind), detail)


def _pointer(loc: Sequence[str | int]) -> str:
    """The place as a JSON pointer.

    Names come from the caller, who needs them to mend; one that is no name but a text, by its
    length, is left out, and the pointer ends at its object.
    """
    place, *path = loc
    pointer = "" if place == "body" else f"#/{place}"
    for part in path:
        if part == KEY_ITSELF or len(str(part)) > LONGEST_NAME:
            break
        pointer += "/" + str(part).replace("~", "~0").replace("/", "~1")
    return pointer


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route declares in `responses=`: these statuses and those that any route can give."""
    always = (401, 403, 422, 429, 500, 503)
    return {status: problem_out(status) for status in sorted({*statuses, *always})}


def problem_out(status: int) -> dict[str, Any]:
    """The declaration of one status that is answered with a problem document."""
    return {
        "description": HTTPStatus(status).phrase,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemOut"}}},
    }
