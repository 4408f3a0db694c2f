"""The page docs/reference/detection-benchmark.md, from page.md and what was found."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from bench.detection.experiment import Sizes
from bench.detection.main_tables import Figures, goal_lines, goal_table, main_table
from bench.detection.text import Lines, share

WORDS: Final = Path(__file__).with_name("page.md")


def page(
    results: Sequence[Figures], sections: Mapping[str, Lines], pictures: Sequence[str], sizes: Sizes
) -> str:
    """The whole page: page.md with each name in braces replaced."""
    filled = {name.replace(" ", "_"): "\n".join(lines).strip() for name, lines in sections.items()}
    filled["main"] = "\n".join(_main(results, pictures)).strip()
    filled["clean"], filled["ruptured"] = f"{sizes.clean:,}", f"{sizes.ruptured:,}"
    return WORDS.read_text("utf-8").format(**filled)


def _main(results: Sequence[Figures], pictures: Sequence[str]) -> Lines:
    lines: Lines = []
    for result in results:
        spread = share(result.spread).rstrip("0")
        lines += [f"## Goals, volatility spread {spread}", "", "At 3 alarms per 100.", ""]
        lines += [*goal_table(result), *goal_lines(result), ""]
        lines += [f"## All methods, volatility spread {spread}", "", *main_table(result)]
    for name in pictures:
        lines += [f"![{name.removesuffix('.svg')}](detection/{name})", ""]
    return lines
