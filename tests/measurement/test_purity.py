"""Measurement stands alone: a few modules of the standard library, and no clock."""

import ast
from pathlib import Path
from typing import Final

import pytest

import app.measurement

MODULES: Final = sorted(Path(app.measurement.__path__[0]).glob("*.py"))
ALLOWED: Final = {"collections.abc", "dataclasses", "datetime", "decimal", "operator", "typing"} | {
    "itertools",
    "math",
    "functools",  # lru_cache: what it remembers is a function of its arguments
    "struct",
    "hashlib",  # a fingerprint is a function of what it is of
}
OWN: Final = {f"app.measurement.{module.stem}" for module in MODULES}
CLOCKS: Final = {"now", "utcnow", "today"}
DOORS: Final = {"open", "input", "print", "__import__", "exec", "eval", "compile"}


def impurities(source: str) -> list[str]:
    """What a module reaches for besides its arguments."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                found |= {name.name for name in names} - ALLOWED - OWN
            case ast.ImportFrom(module=module, level=level):
                found |= {"." * level + (module or "")} - ALLOWED - OWN
            case ast.Attribute(attr=name) if name in CLOCKS:
                found.add(name)
            case ast.Name(id=name) if name in DOORS:
                found.add(name)
    return sorted(found)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_a_module_reaches_for_nothing_but_its_arguments(module: Path) -> None:
    assert impurities(module.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import time", ["time"]),
        ("from random import random", ["random"]),
        ("import decimal, os.path", ["os.path"]),
        ("from app.settings import settings", ["app.settings"]),
        ("from . import key", ["."]),
        ("from datetime import datetime\nnow = datetime.now()", ["now"]),
        ("from datetime import date\nlatest = max(map(date.today, ()))", ["today"]),
        ("def read(path):\n    return open(path)", ["open"]),
    ],
)
def test_the_check_sees_what_it_looks_for(source: str, found: list[str]) -> None:
    assert impurities(source) == found
