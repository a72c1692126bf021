"""Two variances in one experiment: that of the data and that of training.

Explained in :doc:`chapters/evaluation`.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from course_pkg.evaluation.intervals import Interval, checked_confidence, digits
from course_pkg.evaluation.scores import checked_scores
from course_pkg.evaluation.summaries import t_interval

__all__ = ["NestedSummary", "corrected_standard_error", "summarize_nested"]


@dataclass(frozen=True)
class NestedSummary:
    """What :func:`summarize_nested` found. All numbers are plain Python numbers.

    Explained in :doc:`chapters/evaluation`.

    Attributes
    ----------
    n, n_groups : int
        Number of scores, and of splits of the data that they come from.
    grand_mean : float
        Mean of the splits' means: each split counts the same.
    variance_data : float
        How much the expected score varies from split to split (0 where the estimate came out negative).
    variance_training : float
        How much the score varies from seed to seed on one split.
    standard_error : float
        Of the grand mean, as if the splits were independent.
    t : Interval
        Of the grand mean, from Student's t with ``n_groups - 1`` degrees of freedom, as if the splits were
        independent. Splits of one data set share rows: for those it is too narrow.
    corrected : Interval or None
        The same with Nadeau and Bengio's correction for shared rows. None if the sizes of the splits were not
        given.
    f_statistic, p_value : float or None
        Of the hypothesis that the splits do not differ. None where all scores of each split are equal.
    """

    n: int
    n_groups: int
    grand_mean: float
    variance_data: float
    variance_training: float
    standard_error: float
    t: Interval
    corrected: Interval | None
    f_statistic: float | None
    p_value: float | None

    @property
    def std_data(self) -> float:
        """Standard deviation between splits: the square root of `variance_data`."""
        return math.sqrt(self.variance_data)

    @property
    def std_training(self) -> float:
        """Standard deviation between seeds: the square root of `variance_training`."""
        return math.sqrt(self.variance_training)

    @property
    def share_data(self) -> float:
        """Part of the variance of a single score that is due to the data, from 0 to 1 (intraclass correlation)."""
        total = self.variance_data + self.variance_training
        return self.variance_data / total if total else 0.0

    def as_dict(self) -> dict[str, Any]:
        """Return everything as dictionaries and numbers that go into JSON as they are."""
        found = asdict(self)
        found["t"] = self.t._asdict()
        found["corrected"] = self.corrected._asdict() if self.corrected else None
        return {**found, "std_data": self.std_data, "std_training": self.std_training, "share_data": self.share_data}

    def __str__(self) -> str:
        """Say the grand mean with its interval and both standard deviations."""
        spreads = f"standard deviation {digits(self.std_data, self.std_data)} between splits"
        seeds = f"{digits(self.std_training, self.std_training)} between seeds"
        return f"{self.corrected or self.t}, {spreads} and {seeds}, n = {self.n} on {self.n_groups} splits"


def summarize_nested(
    scores: npt.ArrayLike,
    groups: npt.ArrayLike | None = None,
    *,
    n_train: int | None = None,
    n_validation: int | None = None,
    confidence: float = 0.95,
) -> NestedSummary:
    """Take apart how much scores vary with the data and how much with the seed of training.

    Explained in :doc:`chapters/evaluation`.

    Parameters
    ----------
    scores : array-like of float, shape (splits, seeds), or (n,) with `groups`
        A row for each split of the data, a column for each seed.
    groups : array-like, shape (n,), optional
        The split that each score comes from, if `scores` is a list. Splits may then have different numbers of
        seeds.
    n_train, n_validation : int, optional
        Rows in a training and in a validation set, if the splits are of one data set (cross-validation).
        `corrected` needs them.
    confidence : float, default 0.95

    Returns
    -------
    NestedSummary

    Raises
    ------
    TypeError
        If the scores are no numbers.
    ValueError
        If there are fewer than 2 splits, or no split with 2 seeds or more; if a score is NaN or infinite; if
        `groups` has another length; if only one of `n_train` and `n_validation` is given.

    Notes
    -----
    One-way random-effects analysis of variance. With a splits, seeds n_i in split i, N in all, and mean squares
    MSB between and MSW within splits::

        variance_training = MSW
        variance_data     = max(0, (MSB - MSW) / n_0),   n_0 = (N - sum(n_i**2) / N) / (a - 1)

    The model takes the seeds of each split as fresh ones. A seed that is used on every split brings the same
    initial weights to each; should that alone shift its scores, the shift is counted to training.

    There is no unbiased estimate of the variance of a cross-validation (Bengio & Grandvalet 2004): `corrected`
    is the usual approximation, not the truth.

    References
    ----------
    S. R. Searle, G. Casella and C. E. McCulloch, *Variance Components*, Wiley 1992, chapter 3.

    C. Nadeau and Y. Bengio, "Inference for the generalization error", Machine Learning 52 (2003) 239-281.

    Y. Bengio and Y. Grandvalet, "No unbiased estimator of the variance of k-fold cross-validation", Journal of
    Machine Learning Research 5 (2004) 1089-1105.

    Examples
    --------
    Three splits with four seeds each:

    >>> found = summarize_nested([[0.80, 0.82, 0.81, 0.81], [0.70, 0.73, 0.71, 0.70], [0.90, 0.89, 0.91, 0.90]])
    >>> print(found.t)
    0.81 (95 % interval 0.57 to 1.04)
    >>> round(found.std_data, 3), round(found.std_training, 3)
    (0.095, 0.011)
    """
    values, labels = _long(scores, groups)
    confidence = checked_confidence(confidence)
    by_split = pd.Series(values).groupby(labels)
    sizes = by_split.size().to_numpy(dtype=np.float64)
    means = np.asarray(by_split.mean(), dtype=np.float64)
    n, n_groups = len(values), len(sizes)
    if n_groups < 2:
        raise ValueError(
            f"scores come from {n_groups} split, and the variance of the data takes 2 or more: see summarize."
        )
    if n == n_groups:
        raise ValueError("scores has one seed for each split, and the variance of training takes 2 or more.")
    within = float(((values - by_split.transform("mean").to_numpy()) ** 2).sum() / (n - n_groups))
    between = float((sizes * (means - values.mean()) ** 2).sum() / (n_groups - 1))
    seeds_per_split = (n - (sizes**2).sum() / n) / (n_groups - 1)
    mean, error = float(means.mean()), float(stats.sem(means))
    return NestedSummary(
        n=n,
        n_groups=n_groups,
        grand_mean=mean,
        variance_data=max(0.0, float((between - within) / seeds_per_split)),
        variance_training=within,
        standard_error=error,
        t=t_interval(mean, error, n_groups - 1, confidence),
        corrected=_corrected(means, n_train, n_validation, confidence),
        f_statistic=between / within if within else None,
        p_value=float(stats.f.sf(between / within, n_groups - 1, n - n_groups)) if within else None,
    )


def corrected_standard_error(values: npt.ArrayLike, n_train: int, n_validation: int) -> float:
    """Return the standard error of a mean over splits that share training rows (Nadeau & Bengio 2003).

    Explained in :doc:`chapters/evaluation`.

    Parameters
    ----------
    values : array-like of float, shape (splits,)
        One value of each split, such as a score or the difference of two models' scores.
    n_train, n_validation : int
        Rows in a training and in a validation set.

    Returns
    -------
    float
        ``sqrt((1 / splits + n_validation / n_train) * variance)``. The second term does not shrink as splits are
        added: repeating a cross-validation brings no new data.

    Raises
    ------
    ValueError
        If there are fewer than 2 values, or a size is below 1.

    References
    ----------
    C. Nadeau and Y. Bengio, "Inference for the generalization error", Machine Learning 52 (2003) 239-281.
    Derived for random splits; for folds it is customary.

    Examples
    --------
    >>> round(corrected_standard_error([0.1, 0.3, 0.2], n_train=90, n_validation=10), 4)
    0.0667
    """
    found = checked_scores(values, "values")
    for name, size in (("n_train", n_train), ("n_validation", n_validation)):
        if size < 1:
            raise ValueError(f"{name} must be 1 or more rows, got {size!r}.")
    return math.sqrt((1 / found.size + n_validation / n_train) * float(found.var(ddof=1)))


def _long(scores: npt.ArrayLike, groups: npt.ArrayLike | None) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.intp]]:
    if groups is None:
        table = checked_scores(scores, ndim=2)
        return table.ravel(), np.repeat(np.arange(len(table)), table.shape[1])
    values = checked_scores(scores)
    labels = np.asarray(groups)
    if labels.shape != values.shape:
        raise ValueError(
            f"groups must name the split of each score: got {labels.shape} labels for {values.shape} scores."
        )
    return values, pd.factorize(labels)[0]


def _corrected(
    means: npt.NDArray[np.float64], n_train: int | None, n_validation: int | None, confidence: float
) -> Interval | None:
    if n_train is None and n_validation is None:
        return None
    if n_train is None or n_validation is None:
        raise ValueError(f"Pass both n_train and n_validation or neither; got {n_train!r} and {n_validation!r}.")
    error = corrected_standard_error(means, n_train, n_validation)
    return t_interval(float(means.mean()), error, len(means) - 1, confidence)
