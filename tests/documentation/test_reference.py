"""The reference is complete: what the code has, the pages name, and nothing else."""

import argparse
import ast
import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from typing import Any, get_args
from urllib.parse import unquote

import pytest
from pydantic_core.core_schema import ErrorType

from app.cli.main import main
from app.edge.json_body import MAX_BATCH_BYTES, MAX_BODY_BYTES, MAX_DEPTH
from app.edge.problem_documents import LONGEST_NAME, PYDANTIC_CODES
from app.errors import ERRORS_SHOWN, Problem
from app.instruments.definitions import shipped
from app.instruments.faults import SCHEMA_WORDS
from app.measurement.rules import PUBLISHED
from app.pagination import DEFAULT_LIMIT, HIGHEST_LIMIT
from app.responses import outcome, signals_shown
from app.responses.answer_schemas import NotComputed
from app.settings import settings_from
from app.tenants.scopes import Scope
from app.trends import service as trends
from app.trends.agreement import TOO_FEW
from tests.documentation.blocks import FENCE, ROOT, documents
from tests.documentation.instrument_table import PAGE, page_with_tables
from tests.support.contract import contract, operations_with_key

REFERENCE = ROOT / "docs" / "reference"
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`]+)`")
PLATFORM = "rpt_platform_…"
"""What stands for a platform key, which has no scopes."""
CODE_ARGUMENT = {
    "FieldError": 1,
    "Fault": 1,
    "_fault": 1,
    "Refusal": 0,
    "AnswerFault": 1,
    "_refused": 1,
    "PydanticCustomError": 0,
    "Mistake": 0,
}
"""What makes an entry of `errors` -> which of its arguments is the code."""


def page(name: str) -> str:
    return (REFERENCE / f"{name}.md").read_text(encoding="utf-8")


def rows(text: str) -> list[list[str]]:
    """The cells of every row of the tables in a text, heads included."""
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("|")
    ]


def first_codes(text: str) -> list[str]:
    """What stands as code in the first cell of each row."""
    return [code for row in rows(text) for code in CODE.findall(row[0])]


def test_every_setting_is_named_with_its_default() -> None:
    made = settings_from({"DATABASE_URL": "postgresql://"})
    named = {CODE.findall(r[0])[0]: r[1].strip("`") for r in rows(page("settings")) if "`" in r[0]}
    assert set(named) == {name.upper() for name in made.__dataclass_fields__}
    for name in ("host", "port", "workers", "pool_size"):
        assert named[name.upper()] == str(getattr(made, name))


def test_every_command_is_named_with_its_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[argparse.ArgumentParser] = []

    def seen(parser: argparse.ArgumentParser, *_: Any) -> argparse.Namespace:
        made.append(parser)
        return argparse.Namespace(run=lambda _: None)

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", seen)
    main([])
    sections = page("command-line").split("\n## ")[1:]
    named = {s.partition("\n")[0].strip("`"): sorted(first_codes(s)) for s in sections}
    assert named == {name: sorted(arguments) for name, arguments in _commands(made[0], "rapport")}


def _commands(parser: argparse.ArgumentParser, name: str) -> Iterator[tuple[str, list[str]]]:
    below = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]  # noqa: SLF001 - argparse shows them nowhere else
    if not below:
        actions = [a for a in parser._actions if a.dest != "help"]  # noqa: SLF001 - as above
        yield name, [a.option_strings[0] if a.option_strings else a.dest for a in actions]
    for action in below:
        for word, command in action.choices.items():
            yield from _commands(command, f"{name} {word}")


def test_every_scope_is_named_with_its_calls() -> None:
    named = {
        CODE.findall(row[0])[0]: set(CODE.findall(row[1]))
        for row in rows(page("scopes"))
        if "`" in row[0]
    }
    opens: dict[str, set[str]] = {scope.value: set() for scope in Scope}
    opens[PLATFORM] = set()
    for one in operations_with_key():
        opens[one.scope or PLATFORM].add(f"{one.method.upper()} {one.path}")
    assert named == opens


def test_every_problem_is_named_with_its_status() -> None:
    table = page("problems").partition("## Codes")[2].partition("## What stands")[0]
    named = {CODE.findall(r[0])[0]: r[1] for r in rows(table) if "`" in r[0]}
    assert named == {kind.code: str(kind.status) for kind in _kinds(Problem)}


def _kinds(kind: type[Problem]) -> Iterator[type[Problem]]:
    yield kind
    for narrower in kind.__subclasses__():
        yield from _kinds(narrower)


def test_every_code_in_errors_is_named() -> None:
    named = set(first_codes(page("problems").partition("## What stands")[2]))
    ours = _codes_in_code() | set(PYDANTIC_CODES.values())
    ours |= {code for code, _ in SCHEMA_WORDS.values()}
    assert ours <= named
    assert named <= ours | set(get_args(ErrorType))


def _codes_in_code() -> set[str]:
    """The code in each call that makes an entry of `errors`, as far as it is written there."""
    found: set[str] = set()
    for path in (ROOT / "app").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                place = CODE_ARGUMENT.get(node.func.id, len(node.args))
                code = node.args[place] if place < len(node.args) else None
                if isinstance(code, ast.Constant):
                    found.add(str(code.value))
    assert {"not_an_answer", "unknown_parameter", "pair_incomplete"} <= found
    return found


def test_the_instrument_tables_are_those_of_the_definitions() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text == page_with_tables(text, shipped()), (
        "run `.venv/bin/python -m tests.documentation.instrument_table`"
    )


def test_the_limits_are_those_of_the_code() -> None:
    text = page("limits-and-headers")
    assert f"| body | {MAX_BODY_BYTES} bytes" in text
    assert f"| body of `POST /v1/scores:batch` | {MAX_BATCH_BYTES} bytes" in text
    assert f"| nesting of a body | {MAX_DEPTH} levels |" in text
    assert f"| {DEFAULT_LIMIT}, at most {HIGHEST_LIMIT} |" in text
    assert f"| {ERRORS_SHOWN} |" in text
    assert f"| {LONGEST_NAME} characters |" in text


def test_every_request_header_is_named() -> None:
    head = page("limits-and-headers").partition("## Request headers")[2].partition("\n## ")[0]
    named = {name.lower() for name in first_codes(head)}
    operations = [one for item in contract()["paths"].values() for one in item.values()]
    taken = {
        parameter["name"].lower()
        for operation in operations
        for parameter in operation.get("parameters", [])
        if parameter["in"] == "header"
    }
    assert taken <= named


def test_every_field_of_a_trend_is_named() -> None:
    schemas = contract()["components"]["schemas"]
    named = {code for row in rows(page("trend")) for code in CODE.findall(row[0])}
    for schema in ("TrendOut", "StreamOut", "PointOut", "DropInTrend"):
        assert schemas[schema]["properties"].keys() <= named
    changes = {code for row in rows(page("change")) for code in CODE.findall(row[0])}
    assert schemas["ChangeOut"]["properties"].keys() - {"scale", "unit"} <= changes
    assert schemas["BasisOut"]["properties"].keys() <= changes
    missing = [
        each
        for part in (outcome, signals_shown)
        for each in vars(part).values()
        if isinstance(each, NotComputed)
    ]
    assert {each.code for each in missing} <= changes
    said = [one for one in (*vars(trends).values(), TOO_FEW) if isinstance(one, NotComputed)]
    assert {each.code for each in said} <= named
    assert set(PUBLISHED) <= named


def test_every_dependency_has_its_reason() -> None:
    text = (ROOT / "docs" / "decisions" / "0002-dependencies.md").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    production, rest = text.split("## Development")
    development, benchmark = rest.split("## Detection benchmark")
    assert first_codes(production) == _names(project["dependencies"])
    assert first_codes(development) == _names(project["optional-dependencies"]["dev"])
    assert first_codes(benchmark) == _names(project["optional-dependencies"]["bench"])


def _names(requirements: list[str]) -> list[str]:
    return [re.split(r"[\[<>=;\s]", requirement)[0] for requirement in requirements]


def test_every_production_package_is_in_the_notices_with_its_licence() -> None:
    text = (ROOT / "THIRD_PARTY_NOTICES.md").read_text(encoding="utf-8")
    named = {CODE.findall(row[0])[0]: row[1] for row in rows(text) if "`" in row[0]}
    locked = re.findall(
        r"^([a-z0-9-]+)==", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert set(locked) <= set(named)
    for name in locked:
        licence = distribution(name).metadata.json.get("license_expression")
        if licence is not None:
            assert named[name] == licence, name


@pytest.mark.parametrize(
    "linking", [*documents(), ROOT / "CHANGELOG.md"], ids=lambda one: str(one.relative_to(ROOT))
)
def test_every_link_leads_somewhere(linking: Path) -> None:
    for target in LINK.findall(FENCE.sub("", linking.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = unquote(target).partition("#")
        file = (linking.parent / name).resolve() if name else linking
        assert file.exists(), target
        if anchor:
            assert anchor in _anchors(file.read_text(encoding="utf-8")), target


def _anchors(text: str) -> set[str]:
    """The anchors that a page's headings get where Markdown is shown."""
    heads = re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def test_every_page_is_in_the_index() -> None:
    index = ROOT / "docs" / "README.md"
    linked = {(index.parent / t).resolve() for t in LINK.findall(index.read_text(encoding="utf-8"))}
    pages = {p.resolve() for p in documents() if p.is_relative_to(ROOT / "docs") and p != index}
    assert pages <= linked
