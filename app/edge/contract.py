"""The last touches to the contract that FastAPI writes."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from app.edge.scalars import PLAIN


def hoist_descriptions(contract: dict[str, Any]) -> None:
    """Set the description of a value that may be null beside it, where readers look for it.

    pydantic leaves it on the one branch of `anyOf` that is not null, and a parameter's on its
    schema; neither documentation nor generated clients show it there.
    """
    for part in _objects(contract):
        branches = [one for one in part.get("anyOf", []) if one != {"type": "null"}]
        if len(branches) == 1 and "description" in branches[0]:
            part.setdefault("description", branches[0].pop("description"))
    for part in _objects(contract):
        if "in" in part and "description" in part.get("schema", {}):
            part.setdefault("description", part["schema"]["description"])


def add_headers(contract: dict[str, Any], headers: list[dict[str, Any]]) -> None:
    """Add headers that every call with a key may carry to each operation that asks for one."""
    for item in contract["paths"].values():
        for operation in item.values():
            if operation.get("security"):
                operation.setdefault("parameters", []).extend(headers)


def say_plain_queries(contract: dict[str, Any]) -> None:
    """Say of every text in a query string what app.edge.query_string sees to."""
    for part in _objects(contract):
        if part.get("in") == "query":
            schema = part["schema"]
            for kind in schema.get("anyOf", [schema]):
                if kind.get("type") == "string" and not kind.keys() & {"enum", "format", "pattern"}:
                    kind.update(PLAIN)


def keep_examples_whole(contract: dict[str, Any], *models: type[BaseModel]) -> None:
    """Give the examples of these models back the nulls that FastAPI leaves out of a contract."""
    for model in models:
        extra = model.model_config["json_schema_extra"]
        if isinstance(extra, dict):
            contract["components"]["schemas"][model.__name__]["examples"] = extra["examples"]


def _objects(value: object) -> Iterator[dict[str, Any]]:
    """Every object inside, the innermost first."""
    if isinstance(value, dict):
        for part in value.values():
            yield from _objects(part)
        yield value
    elif isinstance(value, list):
        for part in value:
            yield from _objects(part)
