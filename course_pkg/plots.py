"""The figures of the chapters: axes in, axes out, with every run and an interval in sight.

Each function takes plain arrays or frames, draws on the axes that it is given (or on new ones) and returns
them. Call :func:`use_style` once before: its colours keep apart in print, in grey and for colour-blind
readers, and its light opaque background can be read on a dark page too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import ScaledTranslation
from numpy.typing import ArrayLike, NDArray
from scipy import stats

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "LINESTYLES",
    "MARKERS",
    "PALETTE",
    "depth_heatmap",
    "descent",
    "learning_curves",
    "paired_comparison",
    "paired_differences",
    "range_test",
    "running_mean",
    "schedules",
    "score_distribution",
    "strip_plot",
    "use_style",
]

PALETTE = ("#12306b", "#d97706", "#760acb", "#077c8c", "#141414")
"""Line colours: lightness 21, 60, 35, 47, 6 of 100, so that they differ in grey too; each at least 3:1 on the
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
    x: str = "epoch",
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
        Columns ``seed``, ``epoch``, ``metric``, ``value``, ``split``, as in ``Replicates.history``; also
        ``replicate`` if a seed occurs more than once.
    metric : str, default "loss"
    x : str, default "epoch"
        Column for the horizontal axis, the same for all seeds: such as seconds that you computed from the epoch.
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
    With one run there is no band. Where a run is not finite, or has ended, neither are mean and band: they
    stop. Of more than 50 runs, the first 50 are drawn; mean and band take all.

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
    run = "replicate" if "replicate" in rows else "seed"
    ax = _axes(ax)
    for split in wanted:
        table = rows[rows["split"] == split].pivot(index=x, columns=run, values="value")
        if table.empty:
            raise ValueError(f"history has no split {split!r} for {metric!r}. It has: {_listed(rows['split'])}.")
        name = split if label is None else f"{label}, {split}" if len(wanted) > 1 else label
        _curves(ax, table.index.to_numpy(), table.to_numpy().T, name, confidence)
    ax.set(xlabel=x, ylabel=metric)
    if x == "epoch":
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
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
    ax.axvspan(low, high, color=PALETTE[1], alpha=0.3, linewidth=0, label=f"{_percent(level)} interval of the mean")
    ax.axvline(estimate, color=PALETTE[1], label=f"mean {_number(estimate)}")
    _mark(ax, references)
    ax.set(xlabel=xlabel, ylabel="runs")
    ax.yaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    ax.grid(visible=False, axis="x")
    _legend_below(ax)
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

    Notes
    -----
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
        heights = row - 0.05 - 0.06 * _stacked(values, spread / 60)
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
        _legend_below(ax)
    return ax


def paired_comparison(
    a: ArrayLike,
    b: ArrayLike,
    *,
    labels: tuple[str, str] = ("A", "B"),
    confidence: float = 0.95,
    ylabel: str = "score",
    ax: Axes | None = None,
) -> Axes:
    """Draw two set-ups side by side, with a line from each seed's score under A to its score under B.

    Parameters
    ----------
    a, b : array-like of shape (n,)
        Scores of the same seeds, in the same order.
    labels : tuple of two str, default ("A", "B")
    confidence : float, default 0.95
        Of the t interval of each mean, drawn beside the dots.
    ylabel : str, default "score"
        What was measured, with its unit.
    ax : Axes or None, default None

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If `a` and `b` differ in length, or hold values that are not finite.

    Notes
    -----
    Parallel lines: the seed (or the split) matters, but to both alike, and pairing pays. Two overlapping
    intervals do not mean that there is no difference: see :func:`paired_differences`.

    Explained in :doc:`chapters/evaluation`.

    Examples
    --------
    >>> ax = paired_comparison([0.81, 0.84, 0.80], [0.83, 0.85, 0.83], labels=("plain", "dropout"))
    >>> [text.get_text() for text in ax.get_xticklabels()]
    ['plain', 'dropout']
    """
    first, second = _paired(a, b)
    ax = _axes(ax)
    better = second > first
    for chosen, style, name in ((better, "-", f"{labels[1]} higher"), (~better, "--", f"{labels[1]} not higher")):
        if chosen.any():
            ends = np.vstack([first[chosen], second[chosen]])
            lines = ax.plot([0, 1], ends, color=PALETTE[0 if style == "-" else 1], linestyle=style, linewidth=0.9)
            lines[0].set_label(f"{name}: {int(chosen.sum())} of {len(first)}")
    for x, (values, side) in enumerate(((first, -0.12), (second, 0.12))):
        mean, low, high = _mean_interval(values, confidence)
        ax.plot(np.full_like(values, x), values, MARKERS[0], color=_MUTED, markersize=3.5)
        ax.errorbar(
            x + side, mean, yerr=[[mean - low], [high - mean]], fmt=MARKERS[3], color=_INK, capsize=4, linestyle="none"
        )
    ax.set_xticks([0, 1], list(labels))
    ax.set_xlim(-0.4, 1.4)
    ax.set_ylabel(ylabel)
    ax.grid(visible=False, axis="x")
    _legend_below(ax)
    return ax


def paired_differences(
    a: ArrayLike,
    b: ArrayLike,
    *,
    labels: tuple[str, str] = ("A", "B"),
    interval: Sequence[float] | None = None,
    confidence: float = 0.95,
    ax: Axes | None = None,
) -> Axes:
    """Draw the difference B − A of each seed as a dot, the mean difference with its interval, and zero.

    Parameters
    ----------
    a, b : array-like of shape (n,)
        Scores of the same seeds, in the same order.
    labels : tuple of two str, default ("A", "B")
    interval : (estimate, low, high, confidence) or None, default None
        Of the mean difference, such as one corrected for overlapping folds. ``None`` computes the t interval.
    confidence : float, default 0.95
        Of the interval computed here.
    ax : Axes or None, default None

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If `a` and `b` differ in length, or hold values that are not finite.

    Notes
    -----
    Explained in :doc:`chapters/evaluation`.

    Examples
    --------
    >>> paired_differences([0.81, 0.84, 0.80], [0.83, 0.85, 0.83], labels=("plain", "dropout")).get_xlabel()
    'dropout − plain'
    """
    first, second = _paired(a, b)
    difference = second - first
    estimate, low, high, level = (
        interval if interval is not None else (*_mean_interval(difference, confidence), confidence)
    )
    ax = _axes(ax)
    heights = _stacked(difference, float(np.ptp(difference)) / 25)
    ax.axvline(0, color=_INK, linestyle=LINESTYLES[1], linewidth=1.5, label="no difference")
    ax.axvspan(low, high, color=PALETTE[1], alpha=0.3, linewidth=0, label=f"{_percent(level)} interval of the mean")
    ax.axvline(estimate, color=PALETTE[1], linestyle="-", label=f"mean {_number(estimate)}")
    ax.plot(difference, heights, MARKERS[0], color=PALETTE[0], alpha=0.8, markersize=6, label="one seed")
    ax.set_ylim(-0.7, max(heights.max() + 1, 5))
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.set_xlabel(f"{labels[1]} − {labels[0]}")
    _legend_below(ax)
    return ax


def running_mean(
    scores: ArrayLike,
    *,
    confidence: float = 0.95,
    xlabel: str = "repeats",
    ylabel: str = "mean score",
    ax: Axes | None = None,
) -> Axes:
    """Draw how the mean of the first 2, 3, … n scores settles, with its interval.

    Parameters
    ----------
    scores : array-like of shape (n,)
        In the order in which they came; at least two.
    confidence : float, default 0.95
        Of the t interval of each mean.
    xlabel : str, default "repeats"
    ylabel : str, default "mean score"
    ax : Axes or None, default None
        Its x axis becomes logarithmic from 50 scores on.

    Returns
    -------
    Axes

    Notes
    -----
    The interval holds for each number of repeats that was chosen in advance. To go on until it looks good is
    to choose by the result.

    Explained in :doc:`chapters/evaluation`.

    Examples
    --------
    >>> running_mean([0.81, 0.84, 0.86, 0.83]).get_xlabel()
    'repeats'
    """
    values = _finite("scores", scores)
    counts = np.arange(2, len(values) + 1)
    mean, low, high = np.array([_mean_interval(values[:count], confidence) for count in counts]).T
    ax = _axes(ax)
    number = len(ax.get_legend_handles_labels()[1])
    colour = PALETTE[number % len(PALETTE)]
    ax.fill_between(counts, low, high, color=colour, alpha=0.25, linewidth=0, label=f"{_percent(confidence)} interval")
    ax.plot(counts, mean, color=colour, linestyle="-", label=f"mean, at last {_number(mean[-1])}")
    # The first intervals are so wide that nothing else could be seen.
    settled = slice(min(4, len(counts) - 1), None)
    margin = 0.1 * (high[settled].max() - low[settled].min())
    if margin > 0:
        ax.set_ylim(low[settled].min() - margin, high[settled].max() + margin)
    if len(values) >= 50:
        ax.set_xscale("log")
        ax.xaxis.set_major_formatter("{x:.0f}")
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.legend()
    return ax


def schedules(
    curves: Mapping[str, ArrayLike],
    *,
    xlabel: str = "epoch",
    ax: Axes | None = None,
) -> Axes:
    """Draw learning rates over time, one line for each schedule.

    Parameters
    ----------
    curves : mapping of str to array-like of shape (n,)
        The rate at epoch (or update) 0, 1, … by name.
    xlabel : str, default "epoch"
    ax : Axes or None, default None

    Returns
    -------
    Axes

    Notes
    -----
    Explained in :doc:`chapters/learning_rate`.

    Examples
    --------
    >>> ax = schedules({"constant": [0.1, 0.1, 0.1], "time-based": [0.1, 0.05, 0.033]})
    >>> len(ax.lines)
    2
    """
    ax = _axes(ax)
    for number, (name, rates) in enumerate(curves.items()):
        values = np.asarray(rates, dtype=float)
        every = 1 if len(values) <= 25 else (0.03 + 0.02 * number, 0.12)  # apart, so that equal curves show both
        colour, style = PALETTE[number % len(PALETTE)], LINESTYLES[number % len(LINESTYLES)]
        ax.plot(
            np.arange(len(values)),
            values,
            color=colour,
            linestyle=style,
            marker=MARKERS[number % len(MARKERS)],
            markevery=every,
            markersize=5,
            label=name,
        )
    ax.set(xlabel=xlabel, ylabel="learning rate")
    ax.set_ylim(bottom=0)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    ax.legend()
    return ax


def range_test(
    learning_rates: ArrayLike,
    losses: ArrayLike,
    *,
    marks: Mapping[str, float] | None = None,
    confidence: float = 0.95,
    label: str = "mean loss",
    ax: Axes | None = None,
) -> Axes:
    """Draw loss against learning rate on a logarithmic axis, and what the rules would choose.

    Parameters
    ----------
    learning_rates : array-like of shape (steps,)
        Rising, above zero.
    losses : array-like of shape (steps,) or (seeds, steps)
        Smoothed losses. After a run has diverged, NaN.
    marks : mapping of str to float or None, default None
        A rule's name and the rate that it suggests.
    confidence : float, default 0.95
        Of the t interval of the mean over seeds.
    label : str, default "mean loss"
    ax : Axes or None, default None

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If the shapes do not fit, or a rate is not above zero.

    Notes
    -----
    The mean stops where the first run has diverged: a mean over those that are left would look too good.
    The loss axis ends a little above the first loss.

    Explained in :doc:`chapters/learning_rate`.

    Examples
    --------
    >>> ax = range_test([0.001, 0.01, 0.1, 1.0], [2.3, 2.0, 1.1, 4.0], marks={"minimum / 10": 0.01})
    >>> ax.get_xscale()
    'log'
    """
    rates = np.asarray(learning_rates, dtype=float)
    runs = np.atleast_2d(np.asarray(losses, dtype=float))
    if rates.ndim != 1 or runs.ndim != 2 or runs.shape[1] != len(rates):
        raise ValueError(
            f"losses must have shape (steps,) or (seeds, steps) with the {rates.size} steps of learning_rates, "
            f"got {np.shape(losses)}."
        )
    if not (rates > 0).all():
        raise ValueError(f"learning_rates must be above zero for a logarithmic axis, got {rates.min()}.")
    ax = _axes(ax)
    _curves(ax, rates, runs, label, confidence)
    ax.set_xscale("log")
    for number, (name, rate) in enumerate((marks or {}).items(), start=1):
        style = number % len(PALETTE)
        ax.axvline(rate, color=PALETTE[style], linestyle=LINESTYLES[style], linewidth=1.5, label=f"{name}: {rate:.3g}")
    lowest, start = np.nanmin(runs), np.nanmean(runs[:, 0])
    if lowest < start:
        ax.set_ylim(lowest - 0.1 * (start - lowest), start + 0.6 * (start - lowest))
    ax.set(xlabel="learning rate", ylabel="loss")
    _legend_below(ax)
    return ax


def depth_heatmap(
    values: ArrayLike,
    *,
    rows: Sequence[str],
    columns: Sequence[object],
    label: str = "variance",
    xlabel: str = "layer",
    ax: Axes | None = None,
) -> Axes:
    """Draw positive numbers of very different size, such as variances through depth, as a grid of colours.

    Parameters
    ----------
    values : array-like of shape (rows, columns)
        Not negative. Zeros are hatched, values that are not finite are crossed.
    rows, columns : sequence
        Their names.
    label : str, default "variance"
        Of the colour bar.
    xlabel : str, default "layer"
    ax : Axes or None, default None

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If `values` is negative somewhere, has another shape than the names, or holds no positive number.

    Notes
    -----
    The colours are logarithmic, from 1e-6 to 1e6 at most. Up to 15 columns, cells carry their power of ten.

    Explained in :doc:`chapters/initialization`.

    Examples
    --------
    >>> ax = depth_heatmap([[1.0, 0.5], [1.0, 1e-9]], rows=["He", "small"], columns=[1, 2])
    >>> [text.get_text() for text in ax.get_yticklabels()]
    ['He', 'small']
    """
    table = np.asarray(values, dtype=float)
    if table.shape != (len(rows), len(columns)):
        raise ValueError(f"values must have shape ({len(rows)}, {len(columns)}), one a name, got {table.shape}.")
    if (table < 0).any():
        raise ValueError(f"values must not be negative on a logarithmic scale, got {np.nanmin(table)}.")
    positive = table[np.isfinite(table) & (table > 0)]
    if not positive.size:
        raise ValueError("values holds no positive number: there is nothing to draw.")
    ax = _axes(ax)
    lowest = np.clip(positive.min(), 1e-6, 1e5)
    scale = LogNorm(lowest, np.clip(positive.max(), 10 * lowest, 1e6), clip=True)
    image = ax.imshow(np.where(np.isfinite(table) & (table > 0), table, np.nan), norm=scale, aspect="auto")
    for special, hatch in ((table == 0, "///"), (~np.isfinite(table), "xxx")):
        for row, column in np.argwhere(special):
            corner = (column - 0.5, row - 0.5)
            ax.add_patch(Rectangle(corner, 1, 1, fill=False, hatch=hatch, edgecolor=_MUTED, linewidth=0))
    if len(columns) <= 15:
        _write_powers(ax, table, scale)
    ax.set_xticks(*_thinned(columns))
    ax.set_yticks(range(len(rows)), list(rows))
    ax.set_xlabel(xlabel)
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    ax.figure.colorbar(image, ax=ax, label=label)
    return ax


def descent(
    function: Callable[[NDArray[Any], NDArray[Any]], NDArray[Any]],
    paths: Mapping[str, ArrayLike],
    *,
    xlim: tuple[float, float],
    ylim: tuple[float, float],
    levels: int = 14,
    xlabel: str = "first weight",
    ylabel: str = "second weight",
    ax: Axes | None = None,
) -> Axes:
    """Draw walks over the contour lines of a function of two weights.

    Parameters
    ----------
    function : callable
        Takes two arrays of one shape, returns the values at these points.
    paths : mapping of str to array-like of shape (steps, 2)
        The points of each walk, by name; its end is marked larger.
    xlim, ylim : tuple of two float
        What to show.
    levels : int, default 14
        Number of contours, at equal shares of the area that is shown.
    xlabel, ylabel : str
    ax : Axes or None, default None

    Returns
    -------
    Axes

    Notes
    -----
    Explained in :doc:`chapters/gradient_to_learning`.

    Examples
    --------
    >>> ax = descent(lambda u, v: u**2 + v**2, {"0.1": [[1, 1], [0.8, 0.8]]}, xlim=(-1, 2), ylim=(-1, 2))
    >>> ax.get_xlabel()
    'first weight'
    """
    u, v = np.meshgrid(np.linspace(*xlim, 200), np.linspace(*ylim, 200))
    height = np.asarray(function(u, v), dtype=float)
    ax = _axes(ax)
    heights = np.unique(np.quantile(height, np.linspace(0, 1, levels + 2)[1:-1]))
    ax.contour(u, v, height, levels=heights, colors="#b9b9b4", linewidths=0.8, linestyles="-")
    for number, (name, path) in enumerate(paths.items()):
        points = np.asarray(path, dtype=float)
        if points.ndim != 2 or points.shape[1] != 2:
            raise ValueError(f"paths[{name!r}] must have shape (steps, 2), got {points.shape}.")
        colour, marker = PALETTE[number % len(PALETTE)], MARKERS[number % len(MARKERS)]
        style = LINESTYLES[number % len(LINESTYLES)]
        ax.plot(*points.T, color=colour, linestyle=style, linewidth=1.5, marker=marker, markersize=3.5, label=name)
        ax.plot(*points[-1], marker, color=colour, markersize=9, markeredgecolor=_PAPER)
    ax.set(xlim=xlim, ylim=ylim, xlabel=xlabel, ylabel=ylabel)
    ax.grid(visible=False)
    _legend_below(ax)
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


def _legend_below(ax: Axes) -> None:
    """Put the legend where no data can be, nor a title."""
    names = ax.get_legend_handles_labels()[1]
    columns = len(names) if sum(map(len, names)) + 6 * len(names) < 70 else 2
    under_label = ax.transAxes + ScaledTranslation(0, -0.5, ax.figure.dpi_scale_trans)  # inches
    ax.legend(loc="upper left", bbox_to_anchor=(0, 0), bbox_transform=under_label, ncols=columns, borderaxespad=0)


def _stacked(values: NDArray[Any], width: float) -> NDArray[Any]:
    """Give dots less than `width` apart different heights 0, 1, 2, … so that none hides another."""
    bins = np.floor((values - values.min()) / (width or 1)).astype(int)
    heights: NDArray[Any] = np.empty(len(values))
    for where in np.unique(bins):
        members = np.flatnonzero(bins == where)
        heights[members] = np.arange(len(members))
    heights *= min(1.0, 8 / max(heights.max(), 1))
    return heights


def _paired(a: ArrayLike, b: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    first, second = _finite("a", a), _finite("b", b)
    if len(first) != len(second):
        raise ValueError(f"a and b must hold the same seeds in the same order, got {len(first)} and {len(second)}.")
    return first, second


def _write_powers(ax: Axes, table: NDArray[Any], scale: LogNorm) -> None:
    for (row, column), value in np.ndenumerate(table):
        if np.isfinite(value) and value > 0:
            # Dark letters on the light half of the colour map, which grows lighter all the way.
            colour = _INK if scale(value) > 0.5 else _PAPER
            ax.text(column, row, f"{round(np.log10(value))}".replace("-", "−"), ha="center", va="center", color=colour)


def _thinned(names: Sequence[object]) -> tuple[list[int], list[str]]:
    """Keep at most some 15 tick labels."""
    step = -(-len(names) // 15)
    places = list(range(0, len(names), step))
    return places, [str(names[place]) for place in places]


def _finite(parameter: str, values: ArrayLike) -> NDArray[Any]:
    array = np.asarray(values, dtype=float)
    if array.ndim != 1 or len(array) < 2:
        raise ValueError(f"{parameter} must be at least two numbers in one dimension, got shape {array.shape}.")
    if not np.isfinite(array).all():
        count = int((~np.isfinite(array)).sum())
        raise ValueError(f"{parameter} holds {count} values that are not finite: report diverged runs apart.")
    return array


def _percent(share: float) -> str:
    return f"{share:.0%}".replace("%", "\N{NO-BREAK SPACE}%")


def _number(value: float) -> str:
    return f"{value:.4g}"


def _listed(column: Any) -> str:
    return ", ".join(map(repr, dict.fromkeys(column)))
