"""Fenced blocks of the documentation: which are run, in which order, and what they must print.

```bash and ```python blocks are run, ```console and ```text are not. A ```json block shows what
the runnable block before it printed. `"…": "…"` in an object stands for fields left out, `"…"` in
a list for elements left out. Ids and times of the service differ from run to run: a volatile
field must be there, and be null or not as shown; its value is not compared.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
RUN = ("bash", "python")
LEFT_OUT = "…"
VOLATILE = frozenset(
    {
        "id",
        "alliance_id",
        "occasion_id",
        "response_id",
        "reference_response_id",
        "subject_id",
        "existing_id",
        "amends",
        "amended_by",
        "request_id",
        "next_cursor",
        "received_at",
        "recorded_at",
        "accepted_at",
        "reported_at",
        "updated_at",
        "created_at",
        "closed_at",
        "revoked_at",
        "key",
        "key_id",
        "merged_at",
        "at",
        "sha256",
        "definition_sha256",
    }
)


@dataclass(frozen=True)
class Block:
    """One fenced block."""

    language: str
    text: str
    line: int


def documents() -> list[Path]:
    """README.md and every page under docs."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks_of(text: str) -> list[Block]:
    """The fenced blocks of a page, in order."""
    return [
        Block(found[1], found[2], text.count("\n", 0, found.start()) + 1)
        for found in FENCE.finditer(text)
    ]


def steps(blocks: list[Block]) -> list[tuple[Block, Block | None]]:
    """The blocks to run, each with the JSON that it must print, if it is shown."""
    return [
        (block, after if after and after.language == "json" else None)
        for block, after in zip_longest(blocks, blocks[1:])
        if block.language in RUN
    ]


def script(blocks: list[Block], separator: str) -> str:
    """One shell script of all of them, so that variables live on; a separator after each."""
    parts = ["set -euo pipefail"]
    for block in blocks:
        if block.language == "python":
            parts.append(f"python3 - <<'END_OF_PYTHON'\n{block.text}END_OF_PYTHON")
        else:
            parts.append(block.text.rstrip("\n"))
        parts.append(f"printf '{separator}'")
    return "\n".join(parts) + "\n"


def differences(shown: Any, printed: Any, place: str = "") -> Iterator[str]:
    """Where what was printed is not what the page shows."""
    if isinstance(shown, dict) and isinstance(printed, dict):
        yield from _object_differences(shown, printed, place)
    elif isinstance(shown, list) and isinstance(printed, list):
        yield from _list_differences(shown, printed, place)
    elif shown != printed or isinstance(shown, bool) != isinstance(printed, bool):
        yield f"{place or '/'}: the page shows {shown!r}, printed was {printed!r}"


def _object_differences(
    shown: dict[str, Any], printed: dict[str, Any], place: str
) -> Iterator[str]:
    partial = shown.get(LEFT_OUT) == LEFT_OUT
    for name in shown.keys() - {LEFT_OUT}:
        if name not in printed:
            yield f"{place}/{name}: the page shows it, it was not printed"
        elif name not in VOLATILE:
            yield from differences(shown[name], printed[name], f"{place}/{name}")
        elif (shown[name] is None) != (printed[name] is None):
            yield f"{place}/{name}: null in one, not in the other"
    if not partial:
        for name in printed.keys() - shown.keys():
            yield f"{place}/{name}: printed, but the page does not show it"


def _list_differences(shown: list[Any], printed: list[Any], place: str) -> Iterator[str]:
    if LEFT_OUT not in shown:
        if len(shown) != len(printed):
            yield f"{place}: the page shows {len(shown)} elements, {len(printed)} were printed"
        for index, (one, other) in enumerate(zip(shown, printed, strict=False)):
            yield from differences(one, other, f"{place}/{index}")
        return
    cut = shown.index(LEFT_OUT)
    head, tail = shown[:cut], shown[cut + 1 :]
    if len(head) + len(tail) > len(printed):
        yield f"{place}: the page shows more elements than were printed"
        return
    yield from differences(head, printed[: len(head)], place)
    yield from differences(tail, printed[len(printed) - len(tail) :], f"{place}/{LEFT_OUT}")


def read_json(block: Block) -> Any:
    """What a JSON block shows. Raises AssertionError with its line when it is no JSON."""
    try:
        return json.loads(block.text)
    except json.JSONDecodeError as error:
        raise AssertionError(f"line {block.line + error.lineno}: no JSON: {error.msg}") from None
