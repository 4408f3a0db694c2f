"""The source files, parsed."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
APP = ROOT / "app"
Function = ast.FunctionDef | ast.AsyncFunctionDef
MADE_BY_TOOLS = {"__pycache__", "build", "results"}


@cache
def modules() -> dict[str, ast.Module]:
    """Every Python file of the product by its path from the root."""
    return {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(APP.rglob("*.py"))
    }


def functions(tree: ast.AST) -> Iterator[Function]:
    """Every function and method, however deep."""
    return (one for one in ast.walk(tree) if isinstance(one, Function))


def texts(tree: ast.AST) -> Iterator[str]:
    """Every text in the code that is no docstring."""
    docstrings = {
        id(one.body[0].value)
        for one in ast.walk(tree)
        if isinstance(one, Function | ast.ClassDef | ast.Module)
        and one.body
        and isinstance(one.body[0], ast.Expr)
    }
    for one in ast.walk(tree):
        text = one.value if isinstance(one, ast.Constant) else None
        if isinstance(text, str) and id(one) not in docstrings:
            yield text


def written_files() -> list[Path]:
    """Every file of the repository that a person wrote, tracked or about to be."""
    top = ["app", "tests", "migrations", "openapi", "docs", "examples", "bench", ".ci"]
    found = [path for path in ROOT.iterdir() if path.is_file()]
    for name in top:
        found += (path for path in (ROOT / name).rglob("*") if path.is_file())
    return [
        path
        for path in sorted(found)
        if not MADE_BY_TOOLS & set(path.parts) and path.name != ".coverage"
    ]
