"""The contract file is true, whole, and says what a vendor needs to build on it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from app.cli.contract import contract_text
from app.edge.json_body import LIMIT_EXTENSION
from tests.support.contract import FILE, Operation, contract, operations, operations_with_key

VERBS = {
    "get", "list", "create", "update", "submit", "compute", "amend", "void", "merge", "close",
    "revoke", "report", "record", "act", "set", "export", "download", "cancel", "draft", "preview",
    "publish", "put", "withdraw", "declare",
}  # fmt: skip
STREAMED = ["text/csv", "application/x-ndjson"]
FILES = ["application/x-ndjson", "text/csv"]
TABLES = {
    **dict.fromkeys(
        ("export_responses", "export_scores", "export_signals", "export_alliances"), STREAMED
    ),
    "download_export": [*STREAMED, "application/vnd.apache.parquet"],
    "get_export_dictionary": ["application/json", "text/csv"],
    **dict.fromkeys(("download_succeeded", "download_failed", "download_unprocessed"), STREAMED),
    "get_import_template": ["text/csv"],
    "get_import_dictionary": ["application/json", "text/csv"],
}
"""Operations that succeed with another document than JSON -> the media types of that."""
ALWAYS = {"401", "403", "422", "500", "503"}
WITH_BODY = {"400", "413", "415"}
PICTURES = {
    "get_caseload_page": "text/html",
    "get_caseload_picture": "image/svg+xml",
    "get_comparison_picture": "image/svg+xml",
    "get_trend_picture": "image/svg+xml",
    "get_trend_page": "text/html",
}
"""What is answered for people to look at, as a text of its own kind."""
WRITTEN_BY_PYDANTIC = {"HTTPValidationError", "ValidationError"}
every_operation = pytest.mark.parametrize("operation", operations(), ids=lambda one: one.id)
every_operation_with_key = pytest.mark.parametrize(
    "operation", operations_with_key(), ids=lambda one: one.id
)
SCHEMAS: dict[str, Any] = contract()["components"]["schemas"]


def parts(value: Any, pointer: str = "#") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object in the file with its pointer."""
    if isinstance(value, dict):
        yield pointer, value
        for name, part in value.items():
            yield from parts(part, f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from parts(part, f"{pointer}/{index}")


def schema_places() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema in the file with its pointer."""
    for pointer, part in parts(contract()):
        if re.fullmatch(r"#/components/schemas/[^/]+", pointer) or (
            pointer.startswith("#/paths/") and pointer.endswith("/schema")
        ):
            yield pointer, part


def reached(schema: Any) -> set[str]:
    """Names of all component schemas that a schema leads to."""
    found: set[str] = set()
    waiting = [schema]
    while waiting:
        for _, part in parts(waiting.pop()):
            name = str(part.get("$ref", "")).removeprefix("#/components/schemas/")
            if name and name not in found:
                found.add(name)
                waiting.append(SCHEMAS[name])
    return found


def of_requests() -> set[str]:
    return set().union(*(reached(one.about.get("requestBody", {})) for one in operations()))


def of_answers() -> set[str]:
    return set().union(*(reached(one.about["responses"]) for one in operations()))


def test_the_file_is_what_the_code_makes() -> None:
    assert FILE.read_text(encoding="utf-8") == contract_text(), "Run `rapport openapi`."


def test_it_is_openapi_3_1() -> None:
    document = contract()
    assert document["openapi"].startswith("3.1.")
    assert set(document["info"]) >= {"title", "version", "description"}
    assert set(document) <= {"openapi", "info", "paths", "components", "tags", "servers"}


def test_every_schema_is_json_schema_2020_12() -> None:
    found = list(schema_places())
    assert len(found) > 50
    for _, schema in found:
        Draft202012Validator.check_schema(schema)


def test_every_reference_leads_somewhere() -> None:
    for pointer, part in parts(contract()):
        if "$ref" not in part or not isinstance(part["$ref"], str):
            continue
        target: Any = contract()
        for name in part["$ref"].removeprefix("#/").split("/"):
            assert name in target, pointer
            target = target[name]


def test_every_schema_is_used() -> None:
    assert set(SCHEMAS) == of_requests() | of_answers()
    assert not WRITTEN_BY_PYDANTIC & set(SCHEMAS)


def test_operation_ids_are_unique_verbs_with_nouns() -> None:
    ids = [one.id for one in operations()]
    assert len(set(ids)) == len(ids)
    for one in ids:
        assert re.fullmatch(r"[a-z]+(_[a-z]+)+", one)
        assert one.split("_")[0] in VERBS


@every_operation
def test_an_operation_says_what_it_does(operation: Operation) -> None:
    about = operation.about
    assert about["summary"]
    assert about["description"].rstrip().endswith(".")
    assert len(about["tags"]) == 1
    assert "deprecated" not in about


@every_operation
def test_parameters_match_the_path(operation: Operation) -> None:
    named = [(one["in"], one["name"]) for one in operation.about.get("parameters", [])]
    assert len(set(named)) == len(named)
    assert {n for place, n in named if place == "path"} == set(
        re.findall(r"\{(\w+)\}", operation.path)
    )
    assert all(one["required"] for one in operation.parameters("path"))


@every_operation_with_key
def test_every_refusal_is_declared_as_a_problem(operation: Operation) -> None:
    responses = operation.about["responses"]
    needed = ALWAYS | (WITH_BODY if operation.takes_body or operation.takes_file else set())
    needed |= (
        {"400"} if any(p["name"] == "cursor" for p in operation.parameters("query")) else set()
    )
    needed |= {"404"} if operation.parameters("path") else set()
    assert needed <= set(responses)
    for status, response in responses.items():
        assert response["description"]
        if status == "304":
            assert "content" not in response
            continue
        expected = TABLES.get(operation.id) or [PICTURES.get(operation.id, "application/json")]
        expected = expected if status < "300" else ["application/problem+json"]
        assert list(response["content"]) == expected
        if status >= "300":
            schema = response["content"]["application/problem+json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/ProblemOut"}


@every_operation_with_key
def test_success_is_an_object_described_by_name(operation: Operation) -> None:
    successes = [s for s in operation.about["responses"] if s < "300"]
    assert successes
    for status in successes:
        if "application/json" not in TABLES.get(operation.id, ["application/json"]):
            content = operation.about["responses"][status]["content"]
            assert {one["schema"]["type"] for one in content.values()} == {"string"}
            continue
        if operation.id in PICTURES:
            content = operation.about["responses"][status]["content"]
            assert content == {PICTURES[operation.id]: {"schema": {"type": "string"}}}
            continue
        schema = operation.about["responses"][status]["content"]["application/json"]["schema"]
        assert SCHEMAS[schema["$ref"].split("/")[-1]]["type"] == "object"


@every_operation_with_key
def test_bodies_are_json_objects_with_a_limit_that_is_known(operation: Operation) -> None:
    if operation.takes_file:
        body = operation.about["requestBody"]
        assert body["required"]
        assert list(body["content"]) == FILES
        assert operation.about[LIMIT_EXTENSION] > 0
        return
    if not operation.takes_body:
        assert LIMIT_EXTENSION not in operation.about
        return
    body = operation.about["requestBody"]
    assert body["required"]
    assert list(body["content"]) == ["application/json"]
    assert "$ref" in body["content"]["application/json"]["schema"]


def bounded(schema: dict[str, Any]) -> bool:
    """Whether a schema says how long, how many or which."""
    kinds = schema.get("anyOf", [schema])
    limits = {
        "string": {"maxLength", "format", "enum", "const", "pattern"},
        "array": {"maxItems"},
    }
    return all(
        not (needed := limits.get(kind.get("type"), set())) or needed & {*kind, *schema}
        for kind in kinds
    )


@every_operation
def test_every_parameter_has_an_end(operation: Operation) -> None:
    for one in operation.about.get("parameters", []):
        assert bounded(one["schema"]), one["name"]


def test_every_parameter_outside_the_path_is_described() -> None:
    assert [
        (operation.id, one["name"])
        for operation in operations()
        for one in operation.about.get("parameters", [])
        if one["in"] != "path" and not one.get("description")
    ] == []


@pytest.mark.parametrize("name", sorted(of_requests()))
def test_every_request_object_is_closed_and_its_fields_have_an_end(name: str) -> None:
    schema = SCHEMAS[name]
    assert schema.get("additionalProperties") is False or "properties" not in schema
    assert schema["description"]
    for field, about in schema.get("properties", {}).items():
        assert re.fullmatch(r"[a-z][a-z0-9_]*", field)
        assert bounded(about), field


@pytest.mark.parametrize("name", sorted(of_answers() - of_requests()))
def test_every_answer_object_is_open(name: str) -> None:
    """So that a field or a code can be added without breaking anybody's generated client."""
    schema = SCHEMAS[name]
    assert "additionalProperties" not in schema
    assert schema["description"]
    for pointer, part in parts(schema):
        assert "enum" not in part, pointer
        assert "const" not in part, pointer


def test_no_closed_object_of_a_request_stands_in_an_answer() -> None:
    assert of_answers() & of_requests() == set()


def undescribed() -> list[str]:
    """Fields of request bodies that neither they nor the object they hold describe."""
    roots = set()
    for one in operations():
        if one.takes_body:
            schema = one.about["requestBody"]["content"]["application/json"]["schema"]
            roots.add(schema["$ref"].split("/")[-1])
    return [
        f"{root}.{field}"
        for root in sorted(roots)
        for field, about in SCHEMAS[root]["properties"].items()
        if not any("description" in one for one in [about, *objects_of(about)])
    ]


def objects_of(about: dict[str, Any]) -> list[dict[str, Any]]:
    """The component schemas that a field names."""
    branches = [about, *about.get("anyOf", [])]
    return [SCHEMAS[one["$ref"].split("/")[-1]] for one in branches if "$ref" in one]


def test_every_field_of_a_request_is_described() -> None:
    assert undescribed() == []
