"""The figures of the chapters: axes in, axes out, with every run and an interval in sight.

Each function takes plain arrays or frames, draws on the axes that it is given (or on new ones) and returns
them. Call :func:`use_style` once before: its colours keep apart in print, in grey and for colour-blind
readers, and its light opaque background can be read on a dark page too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray
from scipy import stats

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "LINESTYLES",
    "MARKERS",
    "PALETTE",
    "learning_curves",
    "score_distribution",
    "strip_plot",
    "use_style",
]

PALETTE = ("#12306b", "#d97706", "#9b2265", "#008068", "#141414")
"""Line colours: lightness 21, 60, 36, 47, 6 of 100, so that they differ in grey too; each at least 3:1 on the
background."""

LINESTYLES = ("-", "--", "-.", (0, (1, 1.2)), (0, (6, 1.5, 1, 1.5, 1, 1.5)))
"""Line styles, one for each colour of `PALETTE`."""

MARKERS = ("o", "s", "^", "D", "v")
"""Markers, one for each colour of `PALETTE`."""

_MOST_LINES = 50  # more thin lines than this are a grey fog, and a large file

_INK = "#1c1c1c"
_MUTED = "#5f5f5f"
_PAPER = "#fdfdfb"


def use_style() -> None:
    """Set Matplotlib's defaults for the course: size, colours, light background, reproducible files.

    Examples
    --------
    >>> use_style()
    >>> mpl.rcParams["figure.dpi"]
    150.0
    """
    mpl.rcParams.update(
        {
            # 960 pixels wide: sharp in a column of 700, yet small.
            "figure.figsize": (6.4, 3.8),
            "figure.dpi": 150,
            "savefig.dpi": "figure",
            "figure.constrained_layout.use": True,
            "figure.constrained_layout.w_pad": 0.08,
            "figure.constrained_layout.h_pad": 0.06,
            "figure.facecolor": _PAPER,
            "axes.facecolor": _PAPER,
            "savefig.facecolor": _PAPER,
            "savefig.transparent": False,
            "font.family": "DejaVu Sans",  # comes with Matplotlib: the same letters everywhere
            "font.size": 10,
            "axes.titlesize": 11,
            "axes.titlelocation": "left",
            "axes.labelcolor": _INK,
            "axes.edgecolor": _MUTED,
            "axes.prop_cycle": cycler(color=PALETTE, linestyle=LINESTYLES),
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.axisbelow": True,
            "grid.color": "#e3e3df",
            "grid.linewidth": 0.8,
            "text.color": _INK,
            "xtick.color": _INK,
            "ytick.color": _INK,
            "lines.linewidth": 2,
            "legend.frameon": False,
            "image.cmap": "cividis",
            "svg.hashsalt": "course",
        }
    )


def learning_curves(
    history: pd.DataFrame,
    metric: str = "loss",
    *,
    splits: Sequence[str] | None = None,
    label: str | None = None,
    confidence: float = 0.95,
    ax: Axes | None = None,
) -> Axes:
    """Draw a metric over the epochs: a thin line per run, the mean, and a band for the mean's interval.

    Call it again with the same axes and another `label` to compare set-ups.

    Parameters
    ----------
    history : DataFrame
        Columns ``seed``, ``epoch``, ``metric``, ``value``, ``split``, as in ``Replicates.history``.
    metric : str, default "loss"
    splits : sequence of str or None, default None
        Such as ``["validation"]``. ``None`` draws all that there are.
    label : str or None, default None
        Name of the set-up, put before the split's name in the legend.
    confidence : float, default 0.95
        Of the t interval of the mean over seeds, at each epoch by itself.
    ax : Axes or None, default None

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If `history` has no such metric or split.

    Notes
    -----
    With one seed there is no band. Where a run is not finite, neither are mean and band: they stop. Of more
    than 50 runs, the first 50 are drawn; mean and band take all.

    Explained in :doc:`chapters/batch_and_epoch`.

    Examples
    --------
    >>> import pandas as pd
    >>> history = pd.DataFrame({"seed": [0, 0, 1, 1], "epoch": [1, 2, 1, 2], "metric": "loss",
    ...                         "value": [1.0, 0.5, 0.8, 0.6], "split": "train"})
    >>> learning_curves(history).get_ylabel()
    'loss'
    """
    rows = history[history["metric"] == metric]
    if rows.empty:
        raise ValueError(f"history has no metric {metric!r}. It has: {_listed(history['metric'])}.")
    wanted = list(dict.fromkeys(rows["split"])) if splits is None else list(splits)
    ax = _axes(ax)
    for split in wanted:
        table = rows[rows["split"] == split].pivot(index="epoch", columns="seed", values="value")
        if table.empty:
            raise ValueError(f"history has no split {split!r} for {metric!r}. It has: {_listed(rows['split'])}.")
        name = split if label is None else f"{label}, {split}" if len(wanted) > 1 else label
        _curves(ax, table.index.to_numpy(), table.to_numpy().T, name, confidence)
    ax.set(xlabel="epoch", ylabel=metric)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend()
    return ax


def score_distribution(
    scores: ArrayLike,
    *,
    interval: Sequence[float] | None = None,
    confidence: float = 0.95,
    references: Mapping[str, float] | None = None,
    xlabel: str = "score",
    ax: Axes | None = None,
) -> Axes:
    """Draw how the scores of repeated runs spread: histogram, each run as a tick, mean with interval.

    Parameters
    ----------
    scores : array-like of shape (n,)
        At least two.
    interval : (estimate, low, high, confidence) or None, default None
        Such as `course_pkg.evaluation.Interval`. ``None`` computes the t interval of the mean.
    confidence : float, default 0.95
        Of the interval computed here.
    references : mapping of str to float or None, default None
        Values to mark, such as ``{"published": 0.86}``.
    xlabel : str, default "score"
        What was measured, with its unit.
    ax : Axes or None, default None

    Returns
    -------
    Axes

    Notes
    -----
    The band is where the *mean* is likely to lie; single runs spread wider.

    Explained in :doc:`chapters/randomness`.

    Examples
    --------
    >>> score_distribution([0.81, 0.84, 0.86, 0.83], xlabel="accuracy").get_xlabel()
    'accuracy'
    """
    values = _finite("scores", scores)
    estimate, low, high, level = interval if interval is not None else (*_mean_interval(values, confidence), confidence)
    ax = _axes(ax)
    ax.hist(values, bins="auto", color=PALETTE[0], alpha=0.35, edgecolor=_PAPER)
    ax.plot(values, np.zeros_like(values), "|", color=PALETTE[0], markersize=14, clip_on=False, label="one run")
    ax.axvspan(low, high, color=PALETTE[1], alpha=0.3, linewidth=0, label=f"{level:.0%} interval of the mean")
    ax.axvline(estimate, color=PALETTE[1], label=f"mean {_number(estimate)}")
    _mark(ax, references)
    ax.set(xlabel=xlabel, ylabel="runs")
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(visible=False, axis="x")
    _legend_above(ax)
    return ax


def strip_plot(
    groups: Mapping[str, ArrayLike],
    *,
    intervals: Mapping[str, Sequence[float]] | None = None,
    confidence: float = 0.95,
    references: Mapping[str, float] | None = None,
    xlabel: str = "score",
    ax: Axes | None = None,
) -> Axes:
    """Draw every run of each group as a dot, and below the dots the mean with its interval.

    Parameters
    ----------
    groups : mapping of str to array-like of shape (n,)
        Scores by name; the first is drawn on top. Groups may differ in size.
    intervals : mapping of str to (estimate, low, high, confidence) or None, default None
        ``None`` computes the t interval of each mean.
    confidence : float, default 0.95
        Of the intervals computed here.
    references : mapping of str to float or None, default None
        Values to mark, such as ``{"published": 0.86}``.
    xlabel : str, default "score"
        What was measured, with its unit.
    ax : Axes or None, default None

    Returns
    -------
    Axes

    Explained in :doc:`chapters/randomness`.

    Examples
    --------
    >>> ax = strip_plot({"Adam": [0.81, 0.84, 0.86], "SGD": [0.79, 0.80, 0.85]}, xlabel="accuracy")
    >>> [text.get_text() for text in ax.get_yticklabels()]
    ['Adam', 'SGD']
    """
    if not groups:
        raise ValueError("groups is empty: give at least one name with its scores.")
    tables = {name: _finite(f"groups[{name!r}]", scores) for name, scores in groups.items()}
    spread = max(values.max() for values in tables.values()) - min(values.min() for values in tables.values())
    ax = _axes(ax)
    for row, (name, values) in enumerate(tables.items()):
        colour, marker = PALETTE[row % len(PALETTE)], MARKERS[row % len(MARKERS)]
        heights = row - 0.05 - 0.06 * _stacked(values, spread)
        ax.plot(values, heights, marker, color=colour, alpha=0.6, markersize=4.5, markeredgewidth=0)
        interval = intervals[name] if intervals is not None else _mean_interval(values, confidence)
        _interval_bar(ax, interval, row + 0.2, colour, marker)
    _mark(ax, references)
    ax.set_yticks(range(len(tables)), list(tables))
    ax.set_ylim(len(tables) - 0.5, -0.6)
    ax.set_xlabel(xlabel)
    ax.grid(visible=False, axis="y")
    ax.tick_params(axis="y", length=0)
    if references:
        _legend_above(ax)
    return ax


# --- parts ----------------------------------------------------------------------------------------------------


def _axes(ax: Axes | None) -> Axes:
    return plt.subplots()[1] if ax is None else ax


def _mean_interval(values: NDArray[Any], confidence: float) -> Any:
    """Mean over the first axis, and the ends of its t interval: (mean, low, high)."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, such as 0.95, got {confidence!r}.")
    n = len(values)
    mean = values.mean(axis=0)
    if n < 2:
        return mean, mean, mean
    half_width = stats.t.ppf((1 + confidence) / 2, n - 1) * values.std(axis=0, ddof=1) / np.sqrt(n)
    return mean, mean - half_width, mean + half_width


def _curves(ax: Axes, x: NDArray[Any], runs: NDArray[Any], label: str, confidence: float) -> None:
    """Draw runs of shape (runs, x) thin, their mean thick, and its band."""
    number = len(ax.get_legend_handles_labels()[1])  # how many are drawn already
    colour = PALETTE[number % len(PALETTE)]
    mean, low, high = _mean_interval(runs, confidence)
    if len(runs) > 1:
        thin = runs[:_MOST_LINES].T
        ax.plot(x, thin, color=colour, linestyle="-", linewidth=0.5, alpha=max(0.12, min(0.5, 6 / thin.shape[1])))
        ax.fill_between(x, low, high, color=colour, alpha=0.25, linewidth=0)
    ax.plot(x, mean, color=colour, linestyle=LINESTYLES[number % len(LINESTYLES)], label=label)


def _interval_bar(ax: Axes, interval: Sequence[float], y: float, colour: str, marker: str) -> None:
    estimate, low, high = interval[:3]
    ax.plot([low, high], [y, y], color=colour, linestyle="-", linewidth=3, alpha=0.5, solid_capstyle="butt")
    ax.plot([low, low, high, high], [y] * 4, "|", color=colour, markersize=8)
    ax.plot(estimate, y, marker, color=colour, markersize=7, markeredgecolor=_PAPER)


def _mark(ax: Axes, references: Mapping[str, float] | None) -> None:
    for number, (name, value) in enumerate((references or {}).items()):
        style = LINESTYLES[1:][number % (len(LINESTYLES) - 1)]
        ax.axvline(value, color=_INK, linestyle=style, linewidth=1.5, label=f"{name} {_number(value)}")


def _legend_above(ax: Axes) -> None:
    """Put the legend where no data can be."""
    entries = len(ax.get_legend_handles_labels()[1])
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=min(entries, 2), borderaxespad=0.2)


def _stacked(values: NDArray[Any], spread: float) -> NDArray[Any]:
    """Give dots of nearly the same value different heights 0, 1, 2, … so that none hides another."""
    bins = np.floor((values - values.min()) / (spread / 60 or 1)).astype(int)
    heights = np.empty(len(values))
    for where in np.unique(bins):
        members = np.flatnonzero(bins == where)
        heights[members] = np.arange(len(members))
    return heights * min(1.0, 8 / max(heights.max(), 1))


def _finite(parameter: str, values: ArrayLike) -> NDArray[Any]:
    array = np.asarray(values, dtype=float)
    if array.ndim != 1 or len(array) < 2:
        raise ValueError(f"{parameter} must be at least two numbers in one dimension, got shape {array.shape}.")
    if not np.isfinite(array).all():
        count = int((~np.isfinite(array)).sum())
        raise ValueError(f"{parameter} holds {count} values that are not finite: report diverged runs apart.")
    return array


def _number(value: float) -> str:
    return f"{value:.4g}"


def _listed(column: Any) -> str:
    return ", ".join(map(repr, dict.fromkeys(column)))
