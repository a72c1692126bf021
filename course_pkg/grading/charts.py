"""The report's plots: SVG that takes its ink from the page, so that it can be read on a light and on a dark one."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

__all__ = ["histogram", "shares"]

# matplotlib knows no currentColor and no CSS variables: it draws in these, which are then replaced
_INK = "#010203"
_INKS = {
    _INK: "currentColor",
    "#010204": "var(--full)",
    "#010205": "var(--part)",
    "#010206": "var(--none)",
    "#010207": "var(--bar)",
}
_FULL, _PART, _NONE, _BAR = list(_INKS)[1:]
_WIDE = 4.6  # inches; small, so that the letters can be read on a telephone too


def histogram(scores: Sequence[float], most: float) -> str:
    """Draw how the scores are distributed, with their median.

    Parameters
    ----------
    scores : sequence of float
        At least one.
    most : float
        The points that can be had.

    Returns
    -------
    str
        An ``<svg>`` element without a title: the page names it.
    """
    with _style("histogram"):
        figure = Figure(figsize=(_WIDE, 2.6), layout="constrained")
        axes = figure.subplots()
        top = max(most, max(scores)) or 1.0
        step = max(1.0, top / 20)
        bins = np.arange(-step / 2, top + step, step).tolist()  # a bar stands over its whole number of points
        axes.hist(scores, bins=bins, color=_BAR, rwidth=0.9)
        median = float(np.median(scores))
        axes.axvline(median, color=_INK, linestyle="--", linewidth=1)
        axes.text(median, 1.0, "median", transform=axes.get_xaxis_transform(), ha="center", va="bottom")
        axes.set(xlabel=f"score, of {most:g} points", ylabel="students", xlim=(-step / 2, top + step / 2))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
        return _svg(figure, "histogram")


def shares(items: pd.DataFrame) -> str:
    """Draw for each task which share of the class earned all, some and none of its points.

    Parameters
    ----------
    items : DataFrame
        By task: ``full`` and ``none``, as `course_pkg.grading.items.analyse` returns them.

    Returns
    -------
    str
        An ``<svg>`` element without a title: the page names it.
    """
    known = items.dropna(subset=["full", "none"])[::-1]
    with _style("shares"):
        figure = Figure(figsize=(_WIDE, 0.9 + 0.24 * max(len(known), 1)), layout="constrained")
        axes = figure.subplots()
        start = np.zeros(len(known))
        part = 1 - known["full"] - known["none"]
        for label, width, colour in (
            ("all points", known["full"], _FULL),
            ("some", part, _PART),
            ("none", known["none"], _NONE),
        ):
            axes.barh(known.index, 100 * width, left=start, color=colour, height=0.72, label=label)
            start = start + 100 * width.to_numpy()
        axes.set(xlabel="% of the marked answers", xlim=(0, 100), ylim=(-0.6, len(known) - 0.4))
        axes.tick_params(axis="y", length=0)
        figure.legend(ncols=3, loc="outside upper center", frameon=False, handlelength=1)
        return _svg(figure, "shares")


@contextmanager
def _style(salt: str) -> Iterator[None]:
    """Draw as a report does, whatever style was set before."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(
            {
                "svg.fonttype": "none",  # letters stay letters: of the page's font, selectable, and small
                "svg.hashsalt": salt,  # ids that differ between figures and agree between runs
                "text.color": _INK,
                "axes.edgecolor": _INK,
                "axes.labelcolor": _INK,
                "xtick.color": _INK,
                "ytick.color": _INK,
                "axes.spines.top": False,
                "axes.spines.right": False,
                "font.size": 9.5,
                "font.family": "sans-serif",
                "text.parse_math": False,  # a task may be called a_$b$
            }
        )
        yield


def _svg(figure: Figure, name: str) -> str:
    file = io.StringIO()
    figure.savefig(file, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = file.getvalue()
    text = text[text.index("<svg") :]
    for drawn, meant in _INKS.items():
        text = text.replace(drawn, meant)
    text = re.sub(r'( id="| xlink:href="#|url\(#)', rf"\g<1>{name}-", text)  # two figures on a page share no id
    return text.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)
