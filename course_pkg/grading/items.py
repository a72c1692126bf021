"""How hard each task was, and how well it tells those who know from those who do not."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

__all__ = ["FEWEST", "analyse"]

FEWEST = 10
"""With fewer students a correlation says nothing."""


def analyse(scores: pd.DataFrame, most: pd.Series) -> pd.DataFrame:
    """Compute difficulty and discrimination of each task.

    The discrimination is the corrected item–rest correlation: Pearson's r between what a student earned in the task and
    the share of points that he earned in all *other* tasks. Left in, the task would correlate with itself. Its interval
    is Fisher's.

    Parameters
    ----------
    scores : DataFrame
        Students × tasks, in points; NaN where an answer is not marked yet.
    most : Series
        The points that can be had, by task.

    Returns
    -------
    DataFrame
        By task: ``marked`` answers, their ``mean`` share of the points, ``full`` and ``none``: shares of answers with
        all and with no points, ``r`` and its 95 % interval ``low``, ``high``; NaN where fewer than `FEWEST` answers are
        marked, or all earned the same.

    Examples
    --------
    >>> import pandas as pd
    >>> scores = pd.DataFrame({"a": [1, 1, 0, 0], "b": [2, 1, 0, 0]})
    >>> analyse(scores, pd.Series({"a": 1, "b": 2}))[["mean", "full", "none"]]
        mean  full  none
    a  0.500  0.50   0.5
    b  0.375  0.25   0.5
    """
    rows = {task: _one(scores, most, task) for task in scores.columns}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["marked", "mean", "full", "none", "r", "low", "high"])


def _one(scores: pd.DataFrame, most: pd.Series, task: str) -> list[float]:
    points = scores[task].dropna()
    if points.empty:
        return [0, np.nan, np.nan, np.nan, np.nan, np.nan, np.nan]
    worth = float(most[task])
    full = float((points >= worth - 1e-9).mean())
    none = float((points <= 1e-9).mean())
    mean = float(points.mean() / worth) if worth else np.nan
    return [len(points), mean, full, none, *_discrimination(scores, most, task)]


def _discrimination(scores: pd.DataFrame, most: pd.Series, task: str) -> tuple[float, float, float]:
    others = scores.drop(columns=task)
    possible = others.notna().mul(most[others.columns]).sum(axis=1)
    rest = (others.sum(axis=1) / possible.where(possible > 0)).rename("rest")
    pairs = pd.concat([scores[task], rest], axis=1).dropna()
    if len(pairs) < FEWEST or pairs[task].nunique() < 2 or pairs["rest"].nunique() < 2:
        return np.nan, np.nan, np.nan
    found = stats.pearsonr(pairs[task], pairs["rest"])
    low, high = found.confidence_interval(0.95)
    return float(found.statistic), float(low), float(high)
