"""What can be read in one sitting: files under 300 lines, functions under 40."""

import ast

import pytest

from tests.architecture.source import ROOT, functions, modules

FILE_LINES = 300
FUNCTION_LINES = 40
every_module = pytest.mark.parametrize("path", modules())


@every_module
def test_a_file_is_short(path: str) -> None:
    assert len((ROOT / path).read_text(encoding="utf-8").splitlines()) <= FILE_LINES


@every_module
def test_a_function_is_short(path: str) -> None:
    long = [
        one.name
        for one in functions(modules()[path])
        if (one.end_lineno or 0) - one.lineno + 1 > FUNCTION_LINES
    ]
    assert long == []


@every_module
def test_a_file_says_what_it_is(path: str) -> None:
    assert ast.get_docstring(modules()[path])
