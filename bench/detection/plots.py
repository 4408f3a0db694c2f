"""The page's pictures, as SVG."""

from pathlib import Path
from typing import Final

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt

from bench.detection.experiment import DETECTOR
from bench.detection.main_tables import BUDGET, OURS, Figures
from bench.detection.policy import BUDGETS
from bench.detection.simulate import DROPS

SHOWN: Final = (
    "individuals chart, own moving range", "own mean / shrunk own SD", "EWMA / shrunk own SD",
    "filter + shrunk volatility",
)  # fmt: skip
CURVES: Final = ("V2", "U2", "S2", "R.3")

mpl.use("svg")
mpl.rcParams["svg.hashsalt"] = "detection"


def drawn(results: list[Figures], folder: Path) -> list[str]:
    """The names of the files made in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for result in results:
        name = f"spread-{result.spread:g}".replace(".", "")
        _bars(result, folder / f"{name}-shares.svg")
        _curves(result, folder / f"{name}-budgets.svg")
        names += [f"{name}-shares.svg", f"{name}-budgets.svg"]
    return names


def _best_quiet(result: Figures, rule: str, drop: str, budget: float) -> float:
    return max(result.shares[(rule, quiet), drop, budget] for quiet in (0, 1, 3))


def _bars(result: Figures, file: Path) -> None:
    figure, axes = plt.subplots(figsize=(9, 4))
    names = [drop.name for drop in DROPS]
    at = np.arange(len(names))
    width = 0.15
    for place, rule in enumerate(SHOWN):
        shares = [_best_quiet(result, rule, name, BUDGET) for name in names]
        axes.bar(at + (place - 2) * width, shares, width, label=rule)
    ours = [result.shares[OURS, name, BUDGET] for name in names]
    axes.bar(at + 2 * width, ours, width, label=DETECTOR, color="black")
    axes.plot(at, [result.oracles[name][0] for name in names], "k_", ms=28, label="oracle P")
    axes.set_xticks(at, names)
    axes.set_ylim(0, 1)
    axes.set_ylabel("share found in time, in simulation")
    axes.set_title(f"3 alarms per 100 clean sessions, volatility spread {result.spread:g}")
    axes.legend(fontsize=7, loc="upper left")
    _save(figure, file)


def _curves(result: Figures, file: Path) -> None:
    figure, panels = plt.subplots(1, len(CURVES), figsize=(11, 3), sharey=True)
    for axes, name in zip(panels, CURVES, strict=True):
        for rule in SHOWN:
            axes.plot(BUDGETS, [_best_quiet(result, rule, name, b) for b in BUDGETS], label=rule)
        axes.plot(BUDGETS, [result.shares[OURS, name, b] for b in BUDGETS], "k", label=DETECTOR)
        axes.set_title(name)
        axes.set_xlabel("alarms per 100 clean sessions")
    panels[0].set_ylabel("share found, in simulation")
    panels[0].legend(fontsize=5)
    _save(figure, file)


def _save(figure: plt.Figure, file: Path) -> None:
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None, "Creator": None})
    plt.close(figure)
    lines = [line.rstrip() for line in file.read_text("utf-8").splitlines()]
    file.write_text("\n".join(lines) + "\n", "utf-8")
