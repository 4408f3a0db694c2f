"""The tables of docs/reference/guidance.md, made from the data.

`.venv/bin/python -m tests.documentation.guidance_tables` writes them into the page.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from app.signals.guidance import DIRECTORY, ORIGINAL, languages

PAGE: Final = Path(__file__).parents[2] / "docs" / "reference" / "guidance.md"
BEGIN: Final = "<!-- made from the data: do not edit below -->"
REVIEWED: Final = {None: "the original", False: "translation, not reviewed", True: "reviewed"}


def page_with_tables(text: str) -> str:
    """The page with its tables made anew; what stands above them is left as it is."""
    head = text.partition(BEGIN)[0]
    parts = (
        "## Languages",
        "\n".join(_language_table()),
        "## Signal texts",
        "\n".join(_signal_table()),
        "## Which suggestions, and when",
        "\n".join(_plan_table()),
        "## The suggestions",
        "\n".join(_step_table()),
        "## What they lean on",
        "\n".join(_reference_list()),
    )
    return f"{head}{BEGIN}\n\n" + "\n\n".join(parts) + "\n"


def _language_table() -> Iterator[str]:
    yield from _head("language", "texts")
    for language in languages():
        yield _row(f"`{language}`", REVIEWED[_read(language)["reviewed"]])


def _signal_table() -> Iterator[str]:
    yield from _head("text key", "English text")
    for key, text in _read(ORIGINAL)["signals"].items():
        yield _row(f"`{key}`", text)


def _plan_table() -> Iterator[str]:
    yield from _head("code", "component", "suggestions")
    for code, components in _read("plan")["situations"].items():
        alike: dict[str, list[str]] = {}
        for component, names in components.items():
            alike.setdefault(_codes(names), []).append(component)
        for names, where in alike.items():
            every = len(where) == len(components)
            yield _row(f"`{code}`", "every" if every else ", ".join(where), names)


def _step_table() -> Iterator[str]:
    yield from _head("suggestion", "setting", "English text", "leans on")
    planned = _read("plan")["steps"]
    for name, wordings in _read(ORIGINAL)["steps"].items():
        leans_on = planned[name]["leans_on"]
        more = planned[name].get("in_setting", {})
        for setting, text in wordings.items():
            leaning = [*leans_on, *more.get(setting, ())]
            yield _row(f"`{name}`", setting.replace("_", " "), text, _codes(leaning))


def _reference_list() -> Iterator[str]:
    for name, one in _read("references").items():
        cited = f"{one['authors']} ({one['year']}). {one['title']}. *{one['source']}*."
        yield f"* `{name}`: {cited} Taken from it: {one['taken_from_it']}"


def _read(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((DIRECTORY / f"{name}.json").read_bytes())
    return document


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _head(*names: str) -> Iterator[str]:
    yield _row(*names)
    yield _row(*("---" for _ in names))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    PAGE.write_text(page_with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
