"""What a list of scores says: mean, spread, intervals, and how many runs a wanted precision takes."""

from __future__ import annotations

import bisect
import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from course_pkg.evaluation.intervals import Interval, checked_confidence, digits
from course_pkg.evaluation.scores import checked_scores, is_constant

__all__ = [
    "BOOTSTRAP_SEED",
    "Normality",
    "Summary",
    "bootstrap_interval",
    "normal_interval",
    "normality",
    "repeats_needed",
    "running",
    "summarize",
    "t_interval",
]

BOOTSTRAP_SEED = 0
"""Seed of the bootstrap where none is passed: the same scores then always give the same interval."""

_LARGEST_SHAPIRO = 5000
_MOST_REPEATS = 10**15


@dataclass(frozen=True)
class Normality:
    """A test of whether scores could come from a normal distribution.

    Explained in :doc:`chapters/evaluation`.

    Attributes
    ----------
    test : {"Shapiro-Wilk", "D'Agostino-Pearson", "none"}
        ``"none"`` where no test is defined: fewer than 3 scores, or all equal.
    statistic, p_value : float or None
        None where there was no test.
    reason : str
        Why this test, or why none.
    """

    test: str
    statistic: float | None
    p_value: float | None
    reason: str

    def __str__(self) -> str:
        """Say what the test found, in one sentence."""
        if self.p_value is None:
            return f"Normality was not tested: {self.reason}."
        shown = "p < 0.001" if self.p_value < 0.001 else f"p = {self.p_value:.3f}"
        verdict = "not normal" if self.p_value < 0.05 else "no sign against a normal distribution"
        return f"{self.test}: {shown}, {verdict}."


@dataclass(frozen=True)
class Summary:
    """What :func:`summarize` found. All numbers are plain Python numbers.

    Explained in :doc:`chapters/evaluation`.

    Attributes
    ----------
    n : int
        Number of scores.
    mean, std : float
        The standard deviation divides by n - 1 (``ddof=1``).
    standard_error : float
        Of the mean: ``std / sqrt(n)``.
    minimum, median, maximum : float
    normal, t, bootstrap : Interval
        Of the mean: from the normal distribution (mean ± 1.96 standard errors), from Student's t, and by
        the BCa bootstrap. `t` is the one to report; where `bootstrap` differs much from it, look at the
        distribution of the scores.
    normality : Normality
    """

    n: int
    mean: float
    std: float
    standard_error: float
    minimum: float
    median: float
    maximum: float
    normal: Interval
    t: Interval
    bootstrap: Interval
    normality: Normality

    def __str__(self) -> str:
        """Say the mean with its t interval, the standard deviation and the number of runs."""
        return f"{self.t}, standard deviation {digits(self.std, self.std)}, n = {self.n}"

    def as_dict(self) -> dict[str, Any]:
        """Return everything as dictionaries and numbers that go into JSON as they are."""
        intervals = {name: getattr(self, name)._asdict() for name in ("normal", "t", "bootstrap")}
        return {**asdict(self), **intervals}

    def intervals(self) -> pd.DataFrame:
        """Return the three intervals as a table.

        Returns
        -------
        DataFrame, shape (3, 5)
            Index ``normal``, ``t``, ``bootstrap``; columns ``estimate``, ``low``, ``high``, ``confidence``,
            ``half_width``.
        """
        found = {"normal": self.normal, "t": self.t, "bootstrap": self.bootstrap}
        table = pd.DataFrame([interval._asdict() for interval in found.values()], index=list(found))
        return table.assign(half_width=[interval.half_width for interval in found.values()])


def summarize(
    scores: npt.ArrayLike,
    *,
    confidence: float = 0.95,
    resamples: int = 9999,
    rng: np.random.Generator | int = BOOTSTRAP_SEED,
) -> Summary:
    """Summarize the scores of independent runs: mean, spread, three intervals, a check of normality.

    Explained in :doc:`chapters/evaluation`.

    Parameters
    ----------
    scores : array-like of float, shape (n,)
        One score of each run, n at least 2. The runs must be independent, such as those of n seeds on one
        split. The folds of a cross-validation are not: they share most of their training rows. See
        :func:`summarize_nested` and :func:`cross_validate` for those.
    confidence : float, default 0.95
    resamples : int, default 9999
        How many resamples the bootstrap draws; 99 or more.
    rng : numpy.random.Generator or int, default 0
        Source of the resamples. An int (the default) gives the same interval each time. A generator is
        advanced.

    Returns
    -------
    Summary

    Raises
    ------
    TypeError
        If the scores are no numbers.
    ValueError
        If there are fewer than 2, if one is NaN or infinite, or if `confidence` or `resamples` is out of
        range.

    See Also
    --------
    running : How mean and standard error settle as runs are added.
    repeats_needed : How many runs a wanted precision takes.

    Notes
    -----
    The intervals are ``scipy.stats.norm.interval``, ``scipy.stats.t.interval`` with n - 1 degrees of freedom,
    and ``scipy.stats.bootstrap(method="BCa")``. If all scores are equal, each interval is that one value.

    References
    ----------
    B. Efron, "Better bootstrap confidence intervals", Journal of the American Statistical Association 82
    (1987) 171-185.

    Examples
    --------
    >>> summary = summarize([0.81, 0.79, 0.84, 0.80, 0.78, 0.83, 0.80, 0.82])
    >>> print(summary)
    0.809 (95 % interval 0.792 to 0.826), standard deviation 0.020, n = 8
    >>> print(summary.bootstrap)
    0.809 (95 % interval 0.796 to 0.823)
    >>> print(summary.normality)
    Shapiro-Wilk: p = 0.925, no sign against a normal distribution.
    """
    values = checked_scores(scores)
    confidence = checked_confidence(confidence)
    mean = float(values.mean())
    std = 0.0 if is_constant(values) else float(values.std(ddof=1))
    error = std / math.sqrt(values.size)
    return Summary(
        n=values.size,
        mean=mean,
        std=std,
        standard_error=error,
        minimum=float(values.min()),
        median=float(np.median(values)),
        maximum=float(values.max()),
        normal=normal_interval(mean, error, confidence),
        t=t_interval(mean, error, values.size - 1, confidence),
        bootstrap=bootstrap_interval(values, confidence=confidence, resamples=resamples, rng=rng),
        normality=normality(values),
    )


def normal_interval(mean: float, standard_error: float, confidence: float = 0.95) -> Interval:
    """Return the interval from the normal distribution: 1.96 standard errors to each side at 95 %.

    Explained in :doc:`chapters/evaluation`.

    Parameters
    ----------
    mean : float
    standard_error : float
        Of the mean.
    confidence : float, default 0.95
        Between 0 and 1.

    Returns
    -------
    Interval

    Examples
    --------
    >>> print(normal_interval(10.0, 1.0))
    10.0 (95 % interval 8.0 to 12.0)
    """
    width = float(stats.norm.isf((1 - confidence) / 2)) * standard_error
    return Interval(mean, mean - width, mean + width, confidence)


def t_interval(mean: float, standard_error: float, df: float, confidence: float = 0.95) -> Interval:
    """Return the interval from Student's t distribution with `df` degrees of freedom.

    Explained in :doc:`chapters/evaluation`.

    Parameters
    ----------
    mean : float
    standard_error : float
        Of the mean.
    df : float
        Degrees of freedom: of a mean of n scores, n - 1.
    confidence : float, default 0.95
        Between 0 and 1.

    Returns
    -------
    Interval

    Examples
    --------
    >>> print(t_interval(10.0, 1.0, df=4))
    10.0 (95 % interval 7.2 to 12.8)
    """
    width = float(stats.t.isf((1 - confidence) / 2, df)) * standard_error
    return Interval(mean, mean - width, mean + width, confidence)


def bootstrap_interval(
    scores: npt.ArrayLike,
    *,
    confidence: float = 0.95,
    resamples: int = 9999,
    rng: np.random.Generator | int = BOOTSTRAP_SEED,
) -> Interval:
    """Return the BCa bootstrap interval of the mean (``scipy.stats.bootstrap``).

    Explained in :doc:`chapters/evaluation`.

    Parameters
    ----------
    scores : array-like of float, shape (n,)
    confidence : float, default 0.95
    resamples : int, default 9999
    rng : numpy.random.Generator or int, default 0

    Returns
    -------
    Interval

    Raises
    ------
    TypeError, ValueError
        As in :func:`summarize`.

    Examples
    --------
    >>> print(bootstrap_interval([0.0, 0.0, 1.0, 1.0, 1.0]))
    0.60 (95 % interval 0.20 to 1.00)
    """
    values = checked_scores(scores)
    if resamples < 99:
        raise ValueError(f"resamples must be 99 or more, got {resamples!r}. 9999 serves 95 % intervals well.")
    mean = float(values.mean())
    if is_constant(values):  # BCa divides by the spread
        return Interval(mean, mean, mean, confidence)
    result = stats.bootstrap(
        (values,),
        np.mean,
        confidence_level=confidence,
        n_resamples=resamples,
        method="BCa",
        batch=max(1, 1_000_000 // values.size),  # 8 MB at a time
        rng=np.random.default_rng(rng),
    )
    low, high = result.confidence_interval
    return Interval(mean, float(low), float(high), confidence)


def normality(scores: npt.ArrayLike) -> Normality:
    """Test whether scores could come from a normal distribution.

    Shapiro-Wilk for 3 to 5,000 scores; above, where its p-value is no longer exact, D'Agostino-Pearson. With
    few scores hardly anything is found, with thousands the smallest deviation: look at the histogram as well.
    Explained in :doc:`chapters/evaluation`.

    Parameters
    ----------
    scores : array-like of float, shape (n,)
        n at least 1.

    Returns
    -------
    Normality
        With ``test="none"`` if there are fewer than 3 scores, or if they are all equal.

    Raises
    ------
    TypeError, ValueError
        As in :func:`summarize`.

    Examples
    --------
    >>> print(normality([1.0, 1.0]))
    Normality was not tested: it takes at least 3 scores.
    """
    values = checked_scores(scores, minimum=1)
    if values.size < 3:
        return Normality("none", None, None, "it takes at least 3 scores")
    if is_constant(values):
        return Normality("none", None, None, "all scores are equal")
    if values.size > _LARGEST_SHAPIRO:
        statistic, p_value = stats.normaltest(values)
        reason = f"Shapiro-Wilk is not exact above {_LARGEST_SHAPIRO} scores"
        return Normality("D'Agostino-Pearson", float(statistic), float(p_value), reason)
    # the test does not depend on the unit, but its code takes a range below 1e-19 for none
    statistic, p_value = stats.shapiro(values / np.ptp(values))
    return Normality("Shapiro-Wilk", float(statistic), float(p_value), f"usual for up to {_LARGEST_SHAPIRO} scores")


def running(scores: npt.ArrayLike, *, confidence: float = 0.95) -> pd.DataFrame:
    """Return mean, standard error and t interval of the first 1, 2, 3 … n scores.

    Explained in :doc:`chapters/evaluation`.

    Parameters
    ----------
    scores : array-like of float, shape (n,)
        In the order in which the runs were made; n at least 1.
    confidence : float, default 0.95

    Returns
    -------
    DataFrame, shape (n, 6)
        Columns ``n``, ``mean``, ``std``, ``standard_error``, ``low``, ``high``. In the first row all but ``n`` and
        ``mean`` are NaN: one run has no spread.

    Raises
    ------
    TypeError, ValueError
        As in :func:`summarize`.

    Notes
    -----
    Do not stop as soon as the interval pleases you: an interval holds for a number of runs that was chosen
    beforehand (:func:`repeats_needed`).

    Examples
    --------
    >>> running([1.0, 3.0, 2.0]).round(2)
       n  mean   std  standard_error    low   high
    0  1   1.0   NaN             NaN    NaN    NaN
    1  2   2.0  1.41            1.00 -10.71  14.71
    2  3   2.0  1.00            0.58  -0.48   4.48
    """
    values = pd.Series(checked_scores(scores, minimum=1))
    confidence = checked_confidence(confidence)
    n = np.arange(1, len(values) + 1)
    mean = values.expanding().mean()
    std = values.expanding(min_periods=2).std(ddof=1)
    error: pd.Series[float] = std / np.sqrt(n)
    # with no degree of freedom the quantile is NaN, and so is the interval
    width = stats.t.isf((1 - confidence) / 2, n - 1) * error
    return pd.DataFrame(
        {"n": n, "mean": mean, "std": std, "standard_error": error, "low": mean - width, "high": mean + width}
    )


def repeats_needed(std: float, half_width: float, confidence: float = 0.95) -> int:
    """Return how many runs make a t interval no wider than wanted.

    Explained in :doc:`chapters/evaluation`.

    Parameters
    ----------
    std : float
        Standard deviation of the scores of single runs, as a pilot of some 10 to 30 runs estimates it
        (``summarize(pilot).std``); 0 or more.
    half_width : float
        How far the interval may reach to each side of the mean, in the unit of the scores; above 0.
    confidence : float, default 0.95

    Returns
    -------
    int
        The smallest n, at least 2, with ``t(n - 1) * std / sqrt(n) <= half_width``.

    Raises
    ------
    ValueError
        If an argument is out of range, or if more than 10**15 runs were needed.

    Notes
    -----
    The standard deviation of a pilot is itself uncertain: that of 10 runs is off by a quarter either way quite
    often. Plan with a larger one if falling short would hurt. For the number of pairs that shows a
    difference between two models, see ``statsmodels.stats.power.TTestPower``.

    References
    ----------
    C. Stein, "A two-sample test for a linear hypothesis whose power is independent of the variance", Annals of
    Mathematical Statistics 16 (1945) 243-258.

    Examples
    --------
    Accuracies that vary with a standard deviation of 4.58 points, wanted to within one point:

    >>> repeats_needed(std=4.58, half_width=1.0)
    84
    """
    confidence = checked_confidence(confidence)
    if not (math.isfinite(std) and std >= 0):
        raise ValueError(f"std must be a standard deviation, 0 or more; got {std!r}.")
    if not (math.isfinite(half_width) and half_width > 0):
        raise ValueError(f"half_width must be above 0, in the unit of the scores; got {half_width!r}.")
    wanted = half_width / std if std else math.inf
    # The normal distribution gives a number that is never too large: its tails are thinner than those of t.
    fewest = max(2, math.floor((float(stats.norm.isf((1 - confidence) / 2)) / wanted) ** 2))
    if fewest > _MOST_REPEATS:
        raise ValueError(
            f"half_width={half_width!r} is too small for std={std!r}: more than {_MOST_REPEATS:.0e} runs. "
            "Are both in the same unit (points or fractions)?"
        )

    def is_enough(n: int) -> bool:
        return float(stats.t.isf((1 - confidence) / 2, n - 1)) <= wanted * math.sqrt(n)

    most = 2 * fewest
    while not is_enough(most):
        most *= 2
    return bisect.bisect_left(range(most), True, lo=fewest, key=is_enough)
