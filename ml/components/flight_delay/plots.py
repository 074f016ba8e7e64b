"""The pictures of an evaluation. Each function draws into one figure and returns it."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

MODEL, BASELINE, QUIET = "#0F6CBD", "#B7791F", "#8A8886"
STYLE: dict[Any, Any] = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.grid": True,
    "grid.color": "#E6E6E6",
    "axes.axisbelow": True,
    "font.size": 10,
    "savefig.dpi": 120,
    "legend.frameon": False,
}


def figure(title: str, width: float = 7, height: float = 4.5) -> Figure:
    """An empty figure with one axis, in the style of all."""
    with mpl.rc_context(STYLE):
        drawn = Figure(figsize=(width, height), layout="constrained")
        drawn.add_subplot().set_title(title)
    return drawn


def predicted_vs_actual(table: pd.DataFrame) -> Figure:
    """Density of `model` against `actual`; a perfect model's flights would all lie on the line."""
    drawn = figure("Predicted and actual arrival delay, held-out flights", height=5)
    axis = drawn.axes[0]
    low, high = -60, 180
    bins = [np.arange(low, high + 1, 4), np.arange(low, high + 1, 2)]
    _, _, _, mesh = axis.hist2d(table["actual"], table["model"], bins=bins, norm=LogNorm(), cmap="Blues")
    axis.plot([low, high], [low, high], color=QUIET, linestyle="--", linewidth=1, label="perfect")
    axis.set(xlabel="actual, minutes", ylabel="predicted, minutes", xlim=(low, high), ylim=(-60, 120))
    axis.legend(loc="upper left")
    drawn.colorbar(mesh, label="flights")
    return drawn


def error_by_month(monthly: pd.DataFrame, first_test_month: int) -> Figure:
    """MAE of model and baseline in each month; the held-out ones are shaded."""
    drawn = figure("Mean absolute error by month")
    axis = drawn.axes[0]
    first, last = monthly.index.min() - 0.5, monthly.index.max() + 0.5
    axis.axvspan(first_test_month - 0.5, last, color="#F3F2F1", label="held out")
    axis.plot(monthly.index, monthly["baseline"], marker="o", color=BASELINE, label="baseline")
    axis.plot(monthly.index, monthly["model"], marker="o", color=MODEL, label="model")
    axis.set(xlabel="month of 2013", ylabel="minutes", xticks=list(monthly.index), xlim=(first, last), ylim=(0, None))
    axis.legend(loc="lower left")
    return drawn


def feature_importance(importance: pd.Series[float], top: int = 15) -> Figure:
    """Share of the error that the trees' splits on each feature removed."""
    share = (importance / importance.sum()).sort_values().tail(top)
    drawn = figure("What the model looks at", height=5)
    axis = drawn.axes[0]
    axis.barh([name.replace("_", " ") for name in share.index], share * 100, color=MODEL)
    axis.set(xlabel="share of total gain, %")
    axis.grid(visible=False, axis="y")
    return drawn


def residuals(table: pd.DataFrame) -> Figure:
    """How the errors of model and baseline are spread."""
    drawn = figure("Errors of held-out predictions")
    axis = drawn.axes[0]
    bins = list(range(-120, 121, 4))
    for name, colour in (("baseline", BASELINE), ("model", MODEL)):
        gap = (table["actual"] - table[name]).clip(-120, 120)
        axis.hist(gap, bins=bins, histtype="step", linewidth=1.6, color=colour, label=name)
    axis.axvline(0, color=QUIET, linewidth=1)
    axis.set(xlabel="actual minus predicted, minutes (ends hold what lies beyond)", ylabel="flights")
    axis.legend()
    return drawn


def scored(table: pd.DataFrame) -> Figure:
    """The endpoint's answers (`predicted`) for a few flights beside what happened (`actual`)."""
    drawn = figure("The endpoint's predictions beside what happened", height=5)
    axis = drawn.axes[0]
    ends = [min(table["actual"].min(), table["predicted"].min()), max(table["actual"].max(), table["predicted"].max())]
    axis.plot(ends, ends, color=QUIET, linestyle="--", linewidth=1, label="perfect")
    axis.scatter(table["actual"], table["predicted"], s=18, alpha=0.6, color=MODEL, label="flight")
    axis.set(xlabel="actual, minutes", ylabel="predicted, minutes")
    axis.legend(loc="upper left")
    return drawn
