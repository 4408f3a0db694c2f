"""Rules about the code that no linter of ours sees."""

import ast
import inspect
import re

import pytest
from fastapi.routing import iter_route_contexts

from app.main import create_app
from app.settings import settings_from
from tests.architecture.source import ROOT, Function, functions, modules, texts, written_files

SQL = re.compile(
    r"\s*(select|insert\s+into|update\s+\w+\s+set|delete\s+from|begin\b|commit\b|rollback\b|set\s"
    r"|with\s+\w+\s+as|create|alter|drop|grant|truncate|copy|lock\s+table)\b",
    re.IGNORECASE,
)
ONLY_DOOR = "app/database.py"
DEVELOPMENT = {"app/embedded_postgres.py", "app/cli/dev.py"}
PUT_INTO = {
    ONLY_DOOR: ["BEGIN; SET LOCAL app.tenant = '"],
    "app/cli/dev.py": ["CREATE DATABASE "],
    "app/cli/migrate.py": ["GRANT "],
}
"""These three take no parameters: in goes a parsed UUID, a constant, what quote_ident gave."""
DOCUMENTED = re.compile(r"app/(measurement/\w+|\w+/(service|queries)|database|pagination)\.py")
MACHINE = re.compile(
    r"/(?:home|root|Users)/\w+|/work/(?!flow)\w|/tmp/\w+\.\w|--(?:index-url|find-links|trusted-host)\b"
    r"|(?:pypi|pythonhosted|artifactory|nexus|jfrog)\.[a-z]+/\S*(?:simple|packages)"
    r"|\b(?:10|192\.168|172\.(?:1[6-9]|2\d|3[01]))(?:\.\d{1,3}){2,3}\b"
)
ENDING = re.compile(r"\s*(commit|rollback)\b", re.IGNORECASE)
every_module = pytest.mark.parametrize("path", modules())


@every_module
def test_only_the_door_commits(path: str) -> None:
    if path == ONLY_DOOR:
        return
    tree = modules()[path]
    called = {
        one.func.attr
        for one in ast.walk(tree)
        if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute)
    }
    assert not called & {"commit", "rollback", "savepoint", "begin_nested"}
    if path not in DEVELOPMENT:
        assert not [text for text in texts(tree) if ENDING.match(text)]


def put_into(tree: ast.AST) -> list[str]:
    """Texts that values are put into: f-strings, `%` and `.format`, `+` with a name."""
    found = []
    for one in ast.walk(tree):
        whole: ast.AST | None = None
        if isinstance(one, ast.JoinedStr):
            if any(isinstance(part, ast.FormattedValue) for part in one.values):
                whole = one
        elif isinstance(one, ast.BinOp) and isinstance(one.op, ast.Mod | ast.Add):
            whole = one.left
        elif isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute):
            whole = one.func.value if one.func.attr == "format" else None
        if whole is not None:
            found += [
                part.value
                for part in ast.walk(whole)
                if isinstance(part, ast.Constant) and isinstance(part.value, str)
            ][:1]
    return found


@every_module
def test_nothing_is_put_into_the_text_of_a_statement(path: str) -> None:
    statements = [text for text in put_into(modules()[path]) if SQL.match(text)]

    assert statements == PUT_INTO.get(path, [])


def test_the_search_for_statements_finds_them() -> None:
    for code in (
        'f"SELECT {a}"',
        '"select %s" % a',
        '"DELETE FROM a WHERE b = {}".format(a)',
        '"UPDATE a SET b = " + c',
    ):
        assert [text for text in put_into(ast.parse(code)) if SQL.match(text)], code


@every_module
def test_public_functions_say_what_comes_back(path: str) -> None:
    if not DOCUMENTED.fullmatch(path):
        return
    silent = [
        one.name
        for one in modules()[path].body
        if isinstance(one, Function | ast.ClassDef)
        and not one.name.startswith("_")
        and not ast.get_docstring(one)
    ]
    assert silent == []


@every_module
def test_no_middleware_that_breaks_cancelling(path: str) -> None:
    named = {one.id for one in ast.walk(modules()[path]) if isinstance(one, ast.Name)}
    named |= {one.attr for one in ast.walk(modules()[path]) if isinstance(one, ast.Attribute)}

    assert not named & {"BaseHTTPMiddleware", "middleware", "BackgroundTasks"}


@every_module
def test_imports_stand_on_top(path: str) -> None:
    inside = [
        one
        for function in functions(modules()[path])
        for one in ast.walk(function)
        if isinstance(one, ast.Import | ast.ImportFrom)
    ]
    assert inside == []


@every_module
def test_time_is_asked_in_one_place(path: str) -> None:
    asked = {
        one.attr
        for one in ast.walk(modules()[path])
        if isinstance(one, ast.Attribute) and one.attr in {"now", "utcnow", "today"}
    }
    if path != "app/main.py" and not path.startswith("app/cli/"):
        assert asked == set()


def test_every_endpoint_and_dependency_is_asynchronous() -> None:
    """A plain function takes a thread, and a pool of threads that wait is a deadlock."""
    app = create_app(settings_from({"DATABASE_URL": "postgresql://"}))
    routes = iter_route_contexts(app.routes)
    waiting = [one.dependant for one in routes if hasattr(one, "dependant")]
    seen = 0
    while waiting:
        dependant = waiting.pop()
        waiting += dependant.dependencies
        called = dependant.call
        if not inspect.isfunction(called):
            called = type(called).__call__
        assert inspect.iscoroutinefunction(called), called
        seen += 1
    assert seen > 25


def test_no_file_names_a_machine_or_a_package_host() -> None:
    found = []
    for path in written_files():
        if path.name.startswith("test_rules"):
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in MACHINE.finditer(text)]

    assert found == []
