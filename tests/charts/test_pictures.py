"""Every kind of picture against the one that was looked at, to the byte.

After a change that is meant: `PICTURES=write pytest tests/charts/test_pictures.py`, and look.
"""

import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from httpx import AsyncClient

from tests.charts import courses

PICTURES = Path(__file__).parent / "pictures"
GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "pictures"
Made = Callable[[AsyncClient], Awaitable[str]]
KINDS: list[tuple[str, Made, str]] = [
    ("pair", courses.a_pair, "trend.svg"),
    ("pair-dark", courses.a_pair, "trend.svg?theme=dark"),
    ("pair-narrow-de", courses.a_pair, "trend.svg?width=360&language=de"),
    ("pair-auto-es", courses.a_pair, "trend.svg?theme=auto&language=es-MX"),
    ("pair-total-window", courses.a_pair, "trend.svg?scale=total&from=2026-03-01&to=2026-05-01"),
    ("pair-page", courses.a_pair, "trend.html"),
    ("long", courses.a_long_course, "trend.svg"),
    ("long-narrow", courses.a_long_course, "trend.svg?width=360&theme=dark&scale=total"),
    ("numbered", courses.numbered, "trend.svg"),
    ("partly-placed", courses.partly_placed, "trend.svg?scale=total"),
    ("family", courses.a_family, "trend.svg"),
    ("empty", courses.a_pair, "trend.svg?instrument=srs-3&language=de"),
]


@pytest.mark.parametrize(("name", "made", "asked"), KINDS, ids=[name for name, _, _ in KINDS])
async def test_a_picture_is_the_one_that_was_looked_at(
    client: AsyncClient, name: str, made: Made, asked: str
) -> None:
    alliance_id = await made(client)
    path = f"/v1/alliances/{alliance_id}/{asked}"
    answer = await client.get(path, headers={"Rapport-Actor": "professional;p"})
    assert answer.status_code == 200, answer.text
    kind = "html" if "html" in asked else "svg"
    kept = PICTURES / f"{name}.{kind}"
    if os.environ.get("PICTURES") == "write":
        kept.write_text(answer.text, encoding="utf-8")
    assert answer.text == kept.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["pair.svg", "long.svg", "caseload.svg"])
def test_the_guide_shows_a_picture_that_is_drawn(name: str) -> None:
    shown, kept = GUIDE / name, PICTURES / name
    if os.environ.get("PICTURES") == "write":
        shown.write_bytes(kept.read_bytes())
    assert shown.read_bytes() == kept.read_bytes()
