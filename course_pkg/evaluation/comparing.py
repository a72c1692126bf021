"""Compare two models, or many: what may be concluded, and what not.

Explained in :doc:`chapters/evaluation`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests

from course_pkg.evaluation.intervals import Interval, checked_confidence, digits
from course_pkg.evaluation.nested import corrected_standard_error
from course_pkg.evaluation.scores import checked_scores, is_constant, rounding
from course_pkg.evaluation.summaries import bootstrap_interval, t_interval

__all__ = ["EFFECT_SIZE", "METHODS", "Comparison", "compare", "compare_many", "expected_best"]

Floats = npt.NDArray[np.float64]

METHODS = {
    "t": "paired t-test",
    "corrected": "corrected resampled t-test",
    "5x2cv": "5×2cv paired t-test",
    "wilcoxon": "Wilcoxon signed-rank test",
}
"""What `method` of :func:`compare` may be, and the name of each test."""

EFFECT_SIZE = "d_z"
"""Name of the effect size: Cohen's d_z, the mean of the paired differences divided by their standard deviation."""

# What a difference would generalise to depends on what was varied.
_SCOPE = {
    "t": "With other seeds on the same data",
    "wilcoxon": "With other seeds on the same data",
    "corrected": "With other training data of this size",
    "5x2cv": "With other training data of this size",
}


@dataclass(frozen=True)
class Comparison:
    """What :func:`compare` found. All numbers are plain Python numbers.

    Explained in :doc:`chapters/evaluation`.

    Attributes
    ----------
    names : tuple of two str
    method : {"t", "corrected", "5x2cv", "wilcoxon"}
    n : int
        Number of pairs.
    mean_a, mean_b : float
    difference : Interval
        Of ``a - b``.
    effect_size : float or None
        Cohen's d_z: mean of the differences divided by their standard deviation. None where the differences
        have no spread.
    statistic : float
        Of the test; infinite where the differences have no spread.
    p_value : float
        Two-sided.
    direction : {-1, 0, 1}
        1 where `a` tends to the higher scores, -1 where `b` does.
    p_adjusted : float or None
        The p-value after Holm's correction; None if it was not one of several comparisons.
    comparisons : int
        How many there were in the family, 1 for a single one.
    """

    names: tuple[str, str]
    method: str
    n: int
    mean_a: float
    mean_b: float
    difference: Interval
    effect_size: float | None
    statistic: float
    p_value: float
    direction: int
    p_adjusted: float | None = None
    comparisons: int = 1

    @property
    def is_shown(self) -> bool:
        """True if a difference is shown at the level of the interval (5 % for 95 % intervals), after correction."""
        p_value = self.p_value if self.p_adjusted is None else self.p_adjusted
        return self.direction != 0 and p_value < 1 - self.difference.confidence

    @property
    def conclusion(self) -> str:
        """One sentence: what may be concluded."""
        a, b = self.names
        evidence = f"{METHODS[self.method]} over {self.n} pairs, {self._p_value()}{self._effect()}"
        if self.difference[:3] == (0.0, 0.0, 0.0):
            return f"{a} and {b} have the same score in all {self.n} pairs."
        if not self.is_shown:
            return (
                f"{_SCOPE[self.method]}, no difference between {a} and {b} is shown, which does not show that they "
                f"are equal: {self._what_remains()} ({evidence})."
            )
        higher, lower = (a, b) if self.direction > 0 else (b, a)
        return (
            f"{_SCOPE[self.method]}, {higher} tends to score higher than {lower}: "
            f"{a} minus {b} is {self.difference}, by the {evidence}."
        )

    def as_dict(self) -> dict[str, Any]:
        """Return one flat row, for a table of comparisons or for JSON."""
        return {
            "a": self.names[0],
            "b": self.names[1],
            "method": self.method,
            "n": self.n,
            "mean_a": self.mean_a,
            "mean_b": self.mean_b,
            "difference": self.difference.estimate,
            "low": self.difference.low,
            "high": self.difference.high,
            "confidence": self.difference.confidence,
            EFFECT_SIZE: self.effect_size,
            "p_value": self.p_value,
            "p_adjusted": self.p_adjusted,
            "conclusion": self.conclusion,
        }

    def __str__(self) -> str:
        """Say the conclusion."""
        return self.conclusion

    def _what_remains(self) -> str:
        a, b = self.names
        if not self.difference.includes(0.0):  # a correction, or ranks against a mean
            return f"{a} minus {b} is {self.difference}, but the test asks for more"
        low, high = (digits(bound, self.difference.half_width) for bound in self.difference[1:3])
        level = f"{100 * self.difference.confidence:g} %"
        return f"any {a} minus {b} from {low} to {high} agrees with the scores at {level}"

    def _p_value(self) -> str:
        p_value = self.p_value if self.p_adjusted is None else self.p_adjusted
        shown = "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}"
        return (
            shown if self.p_adjusted is None else f"{shown} after Holm's correction for {self.comparisons} comparisons"
        )

    def _effect(self) -> str:
        return "" if self.effect_size is None else f", {EFFECT_SIZE} = {self.effect_size:.2f}"


class _Test(NamedTuple):
    difference: Interval
    statistic: float
    p_value: float
    direction: int


def compare(
    a: npt.ArrayLike,
    b: npt.ArrayLike,
    *,
    names: tuple[str, str] = ("a", "b"),
    method: str = "t",
    n_train: int | None = None,
    n_validation: int | None = None,
    confidence: float = 0.95,
) -> Comparison:
    """Compare the scores of two models, pair by pair.

    Choose the method before you see the scores, by what was varied from pair to pair.
    Explained in :doc:`chapters/evaluation`.

    Parameters
    ----------
    a, b : array-like of float or pandas Series, shape (n,); (5, 2) for ``"5x2cv"``
        Scores of the two models. The i-th of each come from the same seed or the same split. Two Series are
        paired by their index (seed, or repeat and fold), whatever their order.
    names : tuple of two str, default ("a", "b")
        What the conclusion calls the models.
    method : {"t", "corrected", "5x2cv", "wilcoxon"}, default "t"
        ``"t"``: paired t-test. Pairs are runs with the same seed on one split; what is concluded holds for other
        seeds on the same data.

        ``"wilcoxon"``: the same design, by ranks, for differences that are far from normal. The interval is the
        BCa bootstrap's, of the mean difference.

        ``"corrected"``: corrected resampled t-test. Pairs are the splits of one data set (folds, or random
        splits), with the mean over seeds for each; takes `n_train` and `n_validation`. A plain t-test there finds
        differences that do not exist, as the splits share rows.

        ``"5x2cv"``: Dietterich's test on five repeats (rows) of twofold cross-validation (columns). As the test
        itself, `difference` rests on the very first pair, and its estimate is therefore a noisy one.
    n_train, n_validation : int, optional
        Rows in a training and in a validation set; for ``"corrected"`` alone.
    confidence : float, default 0.95
        Of the interval of the difference; 1 - `confidence` is the level of the test.

    Returns
    -------
    Comparison
        Its `conclusion` says in one sentence what may be concluded.

    Raises
    ------
    TypeError
        If the scores are no numbers.
    ValueError
        If the method is unknown; if `a` and `b` differ in length or, as Series, in their index; if a score is NaN
        or infinite; if there are fewer than 2 pairs; if the sizes are missing, or given where they have no use.

    See Also
    --------
    compare_many : For more than two models.

    Notes
    -----
    The effect size is Cohen's d_z, ``mean(a - b) / std(a - b, ddof=1)``. With more seeds the p-value of the smallest
    difference goes to zero, while d_z stays: it tells how often one run of `a` beats its twin.

    References
    ----------
    C. Nadeau and Y. Bengio, "Inference for the generalization error", Machine Learning 52 (2003) 239-281.

    T. G. Dietterich, "Approximate statistical tests for comparing supervised classification learning algorithms",
    Neural Computation 10 (1998) 1895-1923.

    D. Lakens, "Calculating and reporting effect sizes", Frontiers in Psychology 4 (2013) 863.

    Examples
    --------
    >>> a = [0.84, 0.86, 0.83, 0.88, 0.85, 0.87]
    >>> b = [0.81, 0.84, 0.82, 0.83, 0.84, 0.83]
    >>> found = compare(a, b, names=("dropout", "plain"))
    >>> print(found.difference)
    0.027 (95 % interval 0.010 to 0.044)
    >>> print(found.conclusion)  # doctest: +ELLIPSIS
    With other seeds on the same data, dropout tends to score higher than plain: dropout minus plain is 0.027 ...

    The same numbers, had they come from six overlapping splits:

    >>> round(compare(a, b, method="corrected", n_train=90, n_validation=10).p_value, 3)
    0.027
    """
    if method not in METHODS:
        raise ValueError(f"There is no method {method!r}. Choose one of: {', '.join(METHODS)}.")
    if method != "corrected" and (n_train is not None or n_validation is not None):
        raise ValueError(
            f"n_train and n_validation are for method='corrected'; method={method!r} makes no use of them."
        )
    confidence = checked_confidence(confidence)
    first, second = _paired(a, b, ndim=2 if method == "5x2cv" else 1)
    smallest = rounding(first, second)
    differences = first - second
    differences[np.abs(differences) <= smallest] = 0.0
    flat = is_constant(differences, smallest)
    if flat and (method != "wilcoxon" or not differences.any()):
        found = _without_spread(differences, confidence)
    elif method == "corrected":
        found = _corrected_t(differences, n_train, n_validation, confidence)
    else:
        found = _TESTS[method](differences, confidence)
    return Comparison(
        names=(str(names[0]), str(names[1])),
        method=method,
        n=differences.size,
        mean_a=float(first.mean()),
        mean_b=float(second.mean()),
        effect_size=None if flat else float(differences.mean() / differences.std(ddof=1)),
        **found._asdict(),
    )


def compare_many(
    scores: Mapping[str, npt.ArrayLike],
    *,
    baseline: str | None = None,
    method: str = "t",
    n_train: int | None = None,
    n_validation: int | None = None,
    confidence: float = 0.95,
) -> list[Comparison]:
    """Compare several models, with Holm's correction for the number of comparisons.

    Explained in :doc:`chapters/evaluation`.

    Parameters
    ----------
    scores : mapping of str to array-like
        Name of each model to its scores, paired as in :func:`compare`; 2 models at least.
    baseline : str, optional
        Compare each model with this one only. Fewer comparisons cost less. By default each with each.
    method, n_train, n_validation, confidence
        As in :func:`compare`. The intervals are those of single comparisons; the correction is in `p_adjusted` and
        in the conclusions.

    Returns
    -------
    list of Comparison
        ``pandas.DataFrame([found.as_dict() for found in …])`` makes a table of it.

    Raises
    ------
    TypeError, ValueError
        As in :func:`compare`; also if there are fewer than 2 models, or none is called `baseline`.

    Notes
    -----
    ``statsmodels.stats.multitest.multipletests(method="holm")``: the chance of even one false finding in the family
    stays below 1 - `confidence`.

    References
    ----------
    S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6
    (1979) 65-70.

    Examples
    --------
    >>> scores = {"plain": [1.0, 2.0, 3.1], "wide": [2.0, 3.1, 4.0], "deep": [1.1, 2.0, 3.0]}
    >>> for found in compare_many(scores, baseline="plain"):
    ...     print(found.names, round(found.p_value, 4), round(found.p_adjusted, 4))
    ('wide', 'plain') 0.0033 0.0066
    ('deep', 'plain') 1.0 1.0
    """
    if len(scores) < 2:
        raise ValueError(f"scores must hold 2 models or more, got {list(scores)}.")
    if baseline is not None and baseline not in scores:
        raise ValueError(f"There is no model {baseline!r} to be the baseline. Choose one of: {', '.join(scores)}.")
    if baseline is None:
        pairs = list(itertools.combinations(scores, 2))
    else:
        pairs = [(name, baseline) for name in scores if name != baseline]
    found = [
        compare(
            scores[a], scores[b], names=(a, b), method=method, n_train=n_train, n_validation=n_validation,
            confidence=confidence,
        )
        for a, b in pairs
    ]  # fmt: skip
    adjusted = multipletests([one.p_value for one in found], method="holm")[1]
    return [replace(one, p_adjusted=float(p), comparisons=len(found)) for one, p in zip(found, adjusted, strict=True)]


def expected_best(scores: npt.ArrayLike, tries: int) -> float:
    """Return the score to expect if one reports the best of so many runs.

    It grows with `tries` although the model stays the same: a best-of-many tells how often somebody tried.
    Explained in :doc:`chapters/evaluation`.

    Parameters
    ----------
    scores : array-like of float, shape (n,)
        Scores of independent runs, higher is better (pass negative losses).
    tries : int
        How many runs one picks the best of; 1 or more.

    Returns
    -------
    float
        The mean of the highest of `tries` scores drawn with replacement.

    Raises
    ------
    TypeError, ValueError
        If the scores are no numbers, fewer than 2 or not finite; if `tries` is below 1.

    References
    ----------
    J. Dodge, S. Gururangan, D. Card, R. Schwartz and N. A. Smith, "Show your work: improved reporting of
    experimental results", EMNLP 2019.

    Examples
    --------
    >>> [round(expected_best([0.7, 0.8], tries), 3) for tries in (1, 2, 30)]
    [0.75, 0.775, 0.8]
    """
    values = np.sort(checked_scores(scores))
    if tries < 1:
        raise ValueError(f"tries must be 1 or more, got {tries!r}.")
    shares = np.arange(values.size + 1) / values.size
    return float(values @ np.diff(shares**tries))


def _paired(a: npt.ArrayLike, b: npt.ArrayLike, *, ndim: int) -> tuple[Floats, Floats]:
    if isinstance(a, pd.Series) and isinstance(b, pd.Series):
        b = _in_order_of(a, b)
    first, second = checked_scores(a, "a", ndim=ndim), checked_scores(b, "b", ndim=ndim)
    if first.shape != second.shape:
        raise ValueError(
            f"a and b must be paired, run by run: got {first.shape} and {second.shape} scores. "
            "Use the same seeds, or the same splits, for both."
        )
    if ndim == 2 and first.shape != (5, 2):
        raise ValueError(f"method='5x2cv' takes scores of shape (5, 2): 5 repeats of 2 folds; got {first.shape}.")
    return first, second


def _in_order_of(a: pd.Series[Any], b: pd.Series[Any]) -> pd.Series[Any]:
    for name, series in (("a", a), ("b", b)):
        if series.index.has_duplicates:
            twice = series.index[series.index.duplicated()][0]
            raise ValueError(f"{name} has more than one score for {twice}: pairs need one each. Average them first.")
    alone = a.index.symmetric_difference(b.index)
    if len(alone):
        raise ValueError(f"a and b must have the same index to be paired: {alone[:5].tolist()} is in one of them only.")
    return b.reindex(a.index)


def _paired_t(differences: Floats, confidence: float) -> _Test:
    result = stats.ttest_1samp(differences, 0.0)
    low, high = result.confidence_interval(confidence)
    interval = Interval(float(differences.mean()), float(low), float(high), confidence)
    return _Test(interval, float(result.statistic), float(result.pvalue), _sign(interval.estimate))


def _corrected_t(differences: Floats, n_train: int | None, n_validation: int | None, confidence: float) -> _Test:
    if n_train is None or n_validation is None:
        raise ValueError(
            "method='corrected' takes n_train and n_validation, the rows in a training and in a validation set; "
            f"got {n_train!r} and {n_validation!r}."
        )
    error = corrected_standard_error(differences, n_train, n_validation)
    return _t_test(float(differences.mean()), error, differences.size - 1, confidence)


def _five_by_two(differences: Floats, confidence: float) -> _Test:
    # Dietterich 1998: the first difference over the pooled standard deviation of the five repeats
    error = math.sqrt(float(differences.var(axis=1, ddof=1).mean()))
    return _t_test(float(differences[0, 0]), error, 5, confidence)


def _wilcoxon(differences: Floats, confidence: float) -> _Test:
    result = stats.wilcoxon(differences)
    # the ranks decide on the direction; with skewed differences the mean may point the other way
    signed_ranks = np.sign(differences) * stats.rankdata(np.abs(differences))
    interval = bootstrap_interval(differences, confidence=confidence)
    return _Test(interval, float(result.statistic), float(result.pvalue), _sign(float(signed_ranks.sum())))


_TESTS: dict[str, Callable[[Floats, float], _Test]] = {
    "t": _paired_t,
    "5x2cv": _five_by_two,
    "wilcoxon": _wilcoxon,
}


def _t_test(mean: float, error: float, df: int, confidence: float) -> _Test:
    if error == 0:  # the two folds of each repeat agree, the repeats do not
        raise ValueError("The differences of both folds are equal in all repeats: method='5x2cv' has no spread to use.")
    statistic = mean / error
    p_value = 2 * float(stats.t.sf(abs(statistic), df))
    return _Test(t_interval(mean, error, df, confidence), statistic, p_value, _sign(mean))


def _without_spread(differences: Floats, confidence: float) -> _Test:
    mean = float(differences.flat[0])
    interval = Interval(mean, mean, mean, confidence)
    if mean == 0:
        return _Test(interval, 0.0, 1.0, 0)
    return _Test(interval, math.copysign(math.inf, mean), 0.0, _sign(mean))


def _sign(value: float) -> int:
    return int(np.sign(value))
