"""The short way to what is asked most: a route that takes a body and answers by itself.

The whole way tries one router after the other and solves every dependency anew, which costs more
than scoring a form. What is not as usual goes the whole way all the same: a body that is not what
the route takes, or a header that few send. So there is one place that says what is wrong.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from inspect import iscoroutinefunction
from typing import Any, Final

from fastapi import Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from fastapi.security import SecurityScopes
from pydantic import BaseModel, ValidationError
from starlette.types import Receive, Scope

from app.edge.json_body import ALREADY_READ, StrictJsonRequest, StrictJsonRoute

FIELDS_OF_OTHERS: Final = (
    "path_params",
    "query_params",
    "cookie_params",
    "response_param_name",
    "background_tasks_param_name",
    "http_connection_param_name",
    "websocket_param_name",
    "concurrency",
)
"""What a route or a dependency may ask for that is given on the whole way only."""


@dataclass(frozen=True, slots=True)
class _Given:
    """What an endpoint is given under a name: what a function makes of the request."""

    name: str
    call: Callable[..., Awaitable[Any]]
    request_name: str
    scopes: dict[str, SecurityScopes]
    """The scopes that a key needs, under the name by which the function asks for them."""

    async def value(self, request: StrictJsonRequest) -> Any:  # noqa: ANN401 - of any kind
        """What the endpoint is given. Raises what the function raises."""
        return await self.call(**{self.request_name: request}, **self.scopes)


class ShortCut:
    """One route. Raises ValueError when it needs more than is given here."""

    def __init__(self, route: APIRoute) -> None:
        dependant = route.dependant
        if not isinstance(route, StrictJsonRoute) or not _is_plain(dependant):
            raise ValueError(f"There is no short way to {route.path}.")
        self._route = route
        self._endpoint: Callable[..., Awaitable[Response]] = route.endpoint
        self._body_name, self._model = _body_of(route)
        self._given = tuple(map(_given, dependant.dependencies))
        self._absent = {one.name: one.get_default() for one in dependant.header_params}
        self._headers = frozenset(one.alias.lower().encode() for one in dependant.header_params)

    async def answer(self, scope: Scope, receive: Receive) -> Response | None:
        """The answer to a request; None: it is to go the whole way, with what was read of it.

        Raises the Problem of one that is refused by the endpoint or for its key.
        """
        scope["route"] = self._route
        request = await self._route.read(scope, receive)
        body = None if self._is_unusual(request) else self._body(await request.json())
        if body is None:
            scope["state"][ALREADY_READ] = request
            return None
        values = {one.name: await one.value(request) for one in self._given}
        return await self._endpoint(**{self._body_name: body}, **values, **self._absent)

    def _is_unusual(self, request: StrictJsonRequest) -> bool:
        names = (name for name, _ in request.scope["headers"])
        return request.refused or not self._headers.isdisjoint(names)

    def _body(self, value: object) -> BaseModel | None:
        try:
            body: BaseModel = self._model.__pydantic_validator__.validate_python(value)
        except ValidationError:
            return None
        return body


def short_cuts(
    routes: Iterable[object], operations: Iterable[str]
) -> dict[tuple[str, str], ShortCut]:
    """Method and path -> the short way, for the operations with these ids."""
    wanted = frozenset(operations)
    return {
        (method, route.path): ShortCut(route)
        for route in routes
        if isinstance(route, APIRoute) and route.operation_id in wanted
        for method in route.methods or ()
    }


def _is_plain(dependant: Dependant) -> bool:
    """Whether it asks for a body, for what the request alone gives, and for headers, if sent."""
    return (
        _takes_nothing_else(dependant)
        and iscoroutinefunction(dependant.call)
        and [_is_model(one.field_info.annotation) for one in dependant.body_params] == [True]
        and not dependant.request_param_name
        and not any(one.field_info.is_required() for one in dependant.header_params)
        and all(map(_is_leaf, dependant.dependencies))
    )


def _is_leaf(dependant: Dependant) -> bool:
    call = dependant.call
    return (
        _takes_nothing_else(dependant)
        and not (dependant.dependencies or dependant.body_params or dependant.header_params)
        and bool(dependant.name and dependant.request_param_name)
        and (iscoroutinefunction(call) or iscoroutinefunction(type(call).__call__))
    )


def _takes_nothing_else(dependant: Dependant) -> bool:
    return not any(getattr(dependant, name) for name in FIELDS_OF_OTHERS)


def _is_model(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _body_of(route: APIRoute) -> tuple[str, type[BaseModel]]:
    """Name and model of the body."""
    (field,) = route.dependant.body_params
    model = field.field_info.annotation
    assert isinstance(model, type) and issubclass(model, BaseModel)  # noqa: S101, PT018
    return field.name, model


def _given(dependant: Dependant) -> _Given:
    assert dependant.name and dependant.call and dependant.request_param_name  # noqa: S101, PT018
    scopes = [*(dependant.parent_oauth_scopes or ()), *(dependant.own_oauth_scopes or ())]
    name = dependant.security_scopes_param_name
    return _Given(
        dependant.name,
        dependant.call,
        dependant.request_param_name,
        {name: SecurityScopes(scopes)} if name else {},
    )
