"""The page on exports names every column as the service does, in order."""

import pytest

from app.exports.columns import ANSWERS, OF_KIND, Kind
from tests.documentation.test_reference import page, rows


@pytest.mark.parametrize("kind", OF_KIND)
def test_every_column_stands_on_the_page(kind: Kind) -> None:
    columns = OF_KIND[kind] + (ANSWERS if kind == "responses" else ())
    section = page("exports").partition(f"## {kind.capitalize()}\n")[2].partition("\n## ")[0]
    named = [row for row in rows(section) if row[0].startswith("`")]

    assert [[one[0], one[1], one[2], one[3]] for one in named] == [
        [f"`{column.name}`", column.type, column.unit or "", column.meaning] for column in columns
    ]
