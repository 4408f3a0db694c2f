"""The tables of docs/reference/instruments.md, made from the definitions.

`.venv/bin/python -m tests.documentation.instrument_table` writes them into the page.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from app.instruments.definitions import Catalogue, Definition, Form, shipped

PAGE: Final = Path(__file__).parents[2] / "docs" / "reference" / "instruments.md"
BEGIN: Final = "<!-- made from the definitions: do not edit below -->"
KINDS: Final = {"likert": "steps", "visual_analogue": "lines"}


def page_with_tables(text: str, catalogue: Catalogue) -> str:
    """The page with its tables made anew; what stands above them is left as it is."""
    head = text.partition(BEGIN)[0]
    newest = [catalogue.definition(name) for name in sorted(catalogue.definitions)]
    scorable = [definition for definition in newest if definition.scorable]
    pending = [definition for definition in newest if not definition.scorable]
    parts = (
        f"## Scorable ({len(scorable)})",
        "\n".join(_scorable_table(scorable, catalogue)),
        "## Their scales",
        "\n".join(_scale_table(scorable)),
        f"## Pending ({len(pending)})",
        "\n".join(_pending_table(pending)),
    )
    return f"{head}{BEGIN}\n\n" + "\n\n".join(parts) + "\n"


def _scorable_table(definitions: Iterable[Definition], catalogue: Catalogue) -> Iterator[str]:
    yield from _head("instrument", "name", "items", "coding", "forms", "wording here", "rights")
    for one in definitions:
        keys = list({form.key: None for form in one.forms.values()})
        languages = catalogue.languages(one.instrument, one.form_revision)
        yield _row(
            f"`{one.instrument}` {one.revision}",
            str(one.document["name"]),
            ", ".join(dict.fromkeys(f"{len(k.items)} {KINDS[k.kind]}" for k in keys)),
            ", ".join(dict.fromkeys(f"{k.low} to {k.high}" for k in keys)),
            ", ".join(one.forms),
            ", ".join(languages) or "none",
            str(one.document["rights"]["status"]).replace("_", " "),
        )


def _scale_table(definitions: Iterable[Definition]) -> Iterator[str]:
    yield from _head(
        "instrument", "forms", "scale", "unit", "items", "needed", "use", "component", "key"
    )
    for one in definitions:
        alike: dict[tuple[str, ...], list[str]] = {}
        for form in one.forms.values():
            for cells in _scale_cells(form):
                alike.setdefault(cells, []).append(form.id)
        for cells, forms in alike.items():
            yield _row(f"`{one.instrument}`", ", ".join(forms), *cells)


def _scale_cells(form: Form) -> Iterator[tuple[str, ...]]:
    for scale in form.key.scales:
        yield (
            f"`{scale.id}`",
            scale.unit,
            str(len(scale.items)),
            str(scale.min_answered),
            scale.use,
            scale.component or "none",
            form.status[scale.id],
        )


def _pending_table(definitions: Iterable[Definition]) -> Iterator[str]:
    yield from _head("instrument", "name", "what is missing")
    for one in definitions:
        missing = " ".join(one.document["missing"])
        yield _row(f"`{one.instrument}`", str(one.document["name"]), missing)


def _head(*names: str) -> Iterator[str]:
    yield _row(*names)
    yield _row(*("---" for _ in names))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    PAGE.write_text(page_with_tables(PAGE.read_text(encoding="utf-8"), shipped()), encoding="utf-8")
