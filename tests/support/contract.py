"""Holds every answer in every test against openapi/openapi.json."""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

FILE = Path(__file__).parents[2] / "openapi" / "openapi.json"
UNDOCUMENTED = ("/docs", "/openapi.json")
NOT_MODIFIED = 304
API_KEY = "ApiKey"
PLATFORM_KEY = "PlatformKey"


class ContractBroken(AssertionError):
    """An answer that the contract does not describe."""


class ContractTransport(httpx.AsyncBaseTransport):
    """Passes requests on and checks what comes back."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self.inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self.inner.handle_async_request(request)
        content = await answer.aread()
        check(request.method, request.url.path, answer.status_code, answer.headers, content)
        return httpx.Response(answer.status_code, headers=answer.headers, content=content)


def check(method: str, path: str, status: int, headers: httpx.Headers, content: bytes) -> None:
    """Raises ContractBroken unless the contract describes this answer."""
    if path.startswith(UNDOCUMENTED):
        return
    media_type = headers.get("content-type", "").partition(";")[0]
    if status >= 400 and media_type != "application/problem+json":
        raise ContractBroken(f"{method} {path}: {status} came as {media_type}")
    if not headers.get("x-request-id"):
        raise ContractBroken(f"{method} {path}: no X-Request-Id")
    if method == "HEAD" or status == NOT_MODIFIED:
        if content:
            raise ContractBroken(f"{method} {path}: a body came")
        return
    if status == NOT_MODIFIED:
        if content or not declares(method.lower(), path, status):
            raise ContractBroken(f"{method} {path}: 304 with a body, or undeclared")
        return
    schema = _schema(method.lower(), path, status, media_type)
    as_json = media_type.endswith(("/json", "+json"))
    said = json.loads(content) if as_json else content.decode("latin-1")
    errors = sorted(_validator(json.dumps(schema)).iter_errors(said), key=str)
    if errors:
        raise ContractBroken(f"{method} {path}: {status}: {errors[0].message}")


def declares(method: str, path: str, status: int) -> bool:
    """Whether the contract knows that this call may be answered with this status."""
    operation = _operation(method, path)
    return operation is not None and str(status) in operation["responses"]


@cache
def contract() -> dict[str, Any]:
    """The committed contract."""
    loaded: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return loaded


@dataclass(frozen=True, eq=False)
class Operation:
    """One operation of the contract."""

    method: str
    path: str
    about: dict[str, Any]

    @property
    def id(self) -> str:
        found: str = self.about["operationId"]
        return found

    @property
    def scope(self) -> str | None:
        """The scope that its security block names."""
        return next(
            (s for one in self.about.get("security", []) for s in one.get(API_KEY, [])), None
        )

    @property
    def key(self) -> str | None:
        """The kind of key that its security block names; None: it asks for none."""
        return next((kind for one in self.about.get("security", []) for kind in one), None)

    @property
    def takes_body(self) -> bool:
        """Whether it takes JSON."""
        return "application/json" in self.about.get("requestBody", {}).get("content", {})

    @property
    def takes_file(self) -> bool:
        """Whether it takes a file, whose media types its request body names."""
        return "requestBody" in self.about and not self.takes_body

    def parameters(self, place: str) -> list[dict[str, Any]]:
        """Its parameters in path, query or header."""
        return [one for one in self.about.get("parameters", []) if one["in"] == place]

    def url(self, **values: str) -> str:
        """Its path with these values; ids that are not named are ids of nothing."""
        known = {"instrument": "srs-3", "form": "client"}
        nothing = {one["name"]: str(uuid4()) for one in self.parameters("path")}
        return self.path.format(**(nothing | known | values))


@cache
def operations() -> tuple[Operation, ...]:
    """Every operation of the contract."""
    return tuple(
        Operation(method, path, about)
        for path, item in contract()["paths"].items()
        for method, about in item.items()
    )


@cache
def operations_with_key() -> tuple[Operation, ...]:
    """Every operation that asks for a key, of whichever kind."""
    return tuple(one for one in operations() if one.key is not None)


@cache
def operations_of_tenants() -> tuple[Operation, ...]:
    """Every operation that asks for a tenant's key."""
    return tuple(one for one in operations() if one.key == API_KEY)


@cache
def operations_of_platforms() -> tuple[Operation, ...]:
    """Every operation that asks for a platform key."""
    return tuple(one for one in operations() if one.key == PLATFORM_KEY)


def _schema(method: str, path: str, status: int, media_type: str) -> dict[str, Any]:
    """The schema of an answer; for paths and methods that do not exist, the problem document."""
    problem = {"$ref": "urn:contract#/components/schemas/ProblemOut"}
    operation = _operation(method, path)
    if operation is None:
        if status in {404, 405}:
            return problem
        raise ContractBroken(f"{method} {path} is not in the contract and answered {status}")
    declared = operation["responses"].get(str(status))
    if declared is None:
        raise ContractBroken(f"{method} {path} does not declare {status}")
    schema: dict[str, Any] = declared["content"][media_type]["schema"]
    return {"$ref": schema["$ref"].replace("#", "urn:contract#")} if "$ref" in schema else schema


def _operation(method: str, path: str) -> dict[str, Any] | None:
    for template, item in contract()["paths"].items():
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, path) and method in item:
            found: dict[str, Any] = item[method]
            return found
    return None


@cache
def _validator(schema: str) -> Draft202012Validator:
    resource = DRAFT202012.create_resource(contract())
    registry: Registry[Any] = Registry().with_resource("urn:contract", resource)
    return Draft202012Validator(json.loads(schema), registry=registry)
