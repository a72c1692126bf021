"""Cross-validation of a Keras model with every fold trained from every seed, as replicates.

Explained in :doc:`chapters/evaluation`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.utils.multiclass import type_of_target

from course_pkg.evaluation.comparing import Comparison, compare
from course_pkg.evaluation.nested import NestedSummary, summarize_nested
from course_pkg.evaluation.splits import Split, k_fold, scaled, stratified_k_fold

if TYPE_CHECKING:
    from course_pkg.replicates import Replicates

__all__ = ["CrossValidation", "compare_cross_validations", "cross_validate"]

# Each split has a scaled copy of all rows; splits are trained in groups whose copies stay below this.
_MOST_BYTES = 500_000_000

_KEYS = ["repeat", "fold", "seed"]


@dataclass(frozen=True)
class _Group:
    """Splits that were trained in one call, each from every seed: split by split, seed by seed."""

    splits: list[Split]
    replicates: Replicates


@dataclass(frozen=True, eq=False)
class CrossValidation:
    """What :func:`cross_validate` returns.

    Explained in :doc:`chapters/evaluation`.

    Attributes
    ----------
    scores : DataFrame
        Columns ``seed``, ``repeat``, ``fold``, ``metric``, ``value``: the loss and each metric on the validation rows
        after the last epoch, one row for each replicate and metric.
    splits : list of Split
    seeds : list of int
    """

    scores: pd.DataFrame
    splits: list[Split]
    seeds: list[int]
    _X: npt.NDArray[Any] = field(repr=False)
    _y: npt.NDArray[Any] = field(repr=False)
    _scaler: Any = field(repr=False)
    _build: Callable[[], Any] = field(repr=False)
    _groups: list[_Group] = field(repr=False)

    @property
    def metrics(self) -> list[str]:
        """Names of what was measured."""
        return list(self.scores["metric"].unique())

    @property
    def n_train(self) -> int:
        """Rows in a training set, rounded over the splits."""
        return round(float(np.mean([len(split.train) for split in self.splits])))

    @property
    def n_validation(self) -> int:
        """Rows in a validation set, rounded over the splits."""
        return round(float(np.mean([len(split.validation) for split in self.splits])))

    @cached_property
    def history(self) -> pd.DataFrame:
        """Loss and metrics of every epoch, as a tidy frame.

        Columns ``seed``, ``repeat``, ``fold``, ``epoch``, ``metric``, ``value`` and ``split`` ("train", "validation").
        """
        frames = [_with_splits(group, self.seeds) for group in self._groups]
        columns = ["seed", "repeat", "fold", "epoch", "metric", "value", "split"]
        return pd.concat(frames, ignore_index=True)[columns]

    @cached_property
    def predictions(self) -> npt.NDArray[np.float32]:
        """Out-of-fold predictions, shape (repeats, seeds, n_rows, ...).

        Each row is predicted by the replicate that did not see it. NaN where a row was never held out. A last
        dimension of one output is dropped.
        """
        repeats = {repeat: i for i, repeat in enumerate(sorted({split.repeat for split in self.splits}))}
        found: npt.NDArray[np.float32] | None = None
        for split, seed, values in self._predicted():
            if found is None:
                shape = (len(repeats), len(self.seeds), len(self._X), *values.shape[1:])
                found = np.full(shape, np.nan, dtype=np.float32)
            found[repeats[split.repeat], self.seeds.index(seed), split.validation] = values
        assert found is not None  # there is at least one split and one seed
        return found

    def of(self, metric: str) -> pd.Series[float]:
        """Return all scores of a metric.

        Parameters
        ----------
        metric : str
            One of `metrics`.

        Returns
        -------
        Series, shape (splits * seeds,)
            Index ``repeat``, ``fold``, ``seed``.

        Raises
        ------
        ValueError
            If there is no such metric.
        """
        if metric not in self.metrics:
            raise ValueError(f"There is no metric {metric!r}. Choose one of: {', '.join(self.metrics)}.")
        rows = self.scores[self.scores["metric"] == metric]
        return rows.set_index(_KEYS)["value"].rename(metric)

    def per_split(self, metric: str) -> pd.Series[float]:
        """Return the mean over seeds of each split.

        ``per_split(metric).unstack("fold")`` is a table of repeats by folds: what ``compare(method="5x2cv")`` takes.

        Parameters
        ----------
        metric : str
            One of `metrics`.

        Returns
        -------
        Series of float, indexed by ``repeat`` and ``fold``

        Raises
        ------
        ValueError
            If there is no such metric.
        """
        return self.of(metric).groupby(level=["repeat", "fold"]).mean()

    def per_seed(self, metric: str) -> pd.Series[float]:
        """Return the mean over all splits of each seed.

        It is what one whole cross-validation would have reported, had it been done with that seed alone. Its spread
        tells of training; nothing in it tells of other data.

        Parameters
        ----------
        metric : str
            One of `metrics`.

        Returns
        -------
        Series of float, indexed by ``seed``

        Raises
        ------
        ValueError
            If there is no such metric.
        """
        return self.of(metric).groupby(level="seed").mean()

    def per_repeat(self, metric: str) -> pd.Series[float]:
        """Return the mean over folds and seeds of each repeat.

        Its spread tells how much the cutting into folds matters. All repeats are of the same rows: an interval made
        from it shrinks towards this data set's score, not towards that of other data.

        Parameters
        ----------
        metric : str
            One of `metrics`.

        Returns
        -------
        Series of float, indexed by ``repeat``

        Raises
        ------
        ValueError
            If there is no such metric.
        """
        return self.of(metric).groupby(level="repeat").mean()

    def summary(self, metric: str, *, confidence: float = 0.95) -> NestedSummary:
        """Return the grand mean, and how much scores vary with the data and with the seed.

        Parameters
        ----------
        metric : str
            One of `metrics`.
        confidence : float, default 0.95

        Returns
        -------
        NestedSummary
            With `corrected`, the interval that allows for training rows shared between splits.

        Raises
        ------
        ValueError
            If there is no such metric, or if there was one split or one seed only.
        """
        scores = self.of(metric)
        groups = scores.groupby(level=["repeat", "fold"]).ngroup().to_numpy()
        return summarize_nested(
            scores.to_numpy(), groups, n_train=self.n_train, n_validation=self.n_validation, confidence=confidence
        )

    def with_metrics(self, **functions: Callable[[Any, Any], float]) -> CrossValidation:
        """Add scores that are computed from the out-of-fold predictions, such as those of scikit-learn.

        Parameters
        ----------
        **functions : callable
            ``name=function``, called as ``function(y_true, y_predicted)`` with the validation rows of each replicate.
            One output is given as shape (n,).

        Returns
        -------
        CrossValidation
            A new one, with these metrics added to `scores`. Nothing is trained again.

        Raises
        ------
        ValueError
            If a name is taken.

        Examples
        --------
        ``result.with_metrics(average_precision=sklearn.metrics.average_precision_score)``
        """
        taken = set(functions) & set(self.metrics)
        if taken:
            raise ValueError(f"There is a metric {min(taken)!r} already. Give yours another name.")
        rows = [
            (seed, split.repeat, split.fold, name, float(function(self._y[split.validation], values)))
            for split, seed, values in self._predicted()
            for name, function in functions.items()
        ]
        added = pd.DataFrame(rows, columns=list(self.scores.columns))
        return replace(self, scores=pd.concat([self.scores, added], ignore_index=True))

    def model(self, seed: int, fold: int, repeat: int = 0) -> Any:
        """Return one trained model, as a normal, compiled Keras model.

        It takes rows scaled as those of its split: ``scaled(X, split, scaler)``.

        Parameters
        ----------
        seed : int
            One of `seeds`.
        fold : int
        repeat : int, default 0
            The split, numbered from 0.

        Returns
        -------
        keras.Model

        Raises
        ------
        ValueError
            If there is no such seed, fold or repeat.
        """
        for group, i, split, known in self._replicates():
            if (known, split.fold, split.repeat) == (seed, fold, repeat):
                return group.replicates.model(replicate=i)
        raise ValueError(
            f"There is no model of seed={seed}, fold={fold}, repeat={repeat}. There are {len(self.seeds)} seeds "
            f"({self.seeds[0]} to {self.seeds[-1]}) of each of {len(self.splits)} splits, numbered from 0."
        )

    def _replicates(self) -> Iterator[tuple[_Group, int, Split, int]]:
        for group in self._groups:
            members = ((split, seed) for split in group.splits for seed in self.seeds)
            for i, (split, seed) in enumerate(members):
                yield group, i, split, seed

    def _predicted(self) -> Iterator[tuple[Split, int, npt.NDArray[np.float32]]]:
        model = self._build()
        current, rows = None, self._X
        for group, i, split, seed in self._replicates():
            if split is not current:
                current, rows = split, _prepared(self._X, split, self._scaler)[split.validation]
            model.set_weights(group.replicates.weights(replicate=i))
            values = np.asarray(model.predict_on_batch(rows), dtype=np.float32)
            yield split, seed, values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values


def cross_validate(
    build: Callable[[], Any],
    X: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    epochs: int,
    batch_size: int = 32,
    folds: int | Sequence[Split] = 10,
    repeats: int = 1,
    seeds: int | Sequence[int] = 30,
    split_seed: int = 0,
    scaler: Any = None,
    **training: Any,
) -> CrossValidation:
    """Train a network on every split of the data from every seed, and score it on the rows held out.

    All are trained as replicates of one graph, so that ten folds from thirty seeds take seconds for a small network.
    Explained in :doc:`chapters/evaluation`.

    Parameters
    ----------
    build : callable
        Takes no argument and returns a compiled Keras model, as for :func:`course_pkg.replicates.replicate`.
    X : array-like, shape (n_rows, ...)
    y : array-like, shape (n_rows,) or (n_rows, ...)
    epochs : int
    batch_size : int, default 32
    folds : int or sequence of Split, default 10
        A number makes stratified folds if `y` holds classes (see :func:`stratified_k_fold`), else plain ones
        (:func:`k_fold`). Splits of your own are taken as they are; pass ``k_fold(len(X), 10)`` to have plain folds for
        counts or other whole numbers.
    repeats : int, default 1
        How many times to partition the rows anew.
    seeds : int or sequence of int, default 30
        Every split is trained from each of them. A number R means 0 to R - 1.
    split_seed : int, default 0
        Of the partitions.
    scaler : "standard" or scikit-learn transformer, optional
        Fitted in each split on its training rows alone (see :func:`scaled`). Without it, `X` is used as it is.
    **training
        Passed on to :func:`course_pkg.replicates.replicate`: `shuffle`, `callbacks`, `engine`, `verbose` ….

    Returns
    -------
    CrossValidation

    Raises
    ------
    ValueError
        If X and y differ in length or hold NaN, if a seed occurs twice, or if the folds are out of range. What
        concerns the training is checked by :func:`course_pkg.replicates.replicate`.
    KeyboardInterrupt
        If it was stopped by Ctrl-C: some folds without the others are no cross-validation.

    See Also
    --------
    compare_cross_validations : Two models on the same splits.

    Examples
    --------
    >>> from course_pkg.networks import mlp
    >>> generator = np.random.default_rng(0)
    >>> X = generator.normal(size=(40, 3))
    >>> y = (X[:, 0] > 0).astype(int)
    >>> def build():
    ...     return mlp(3, 4, output_activation="sigmoid", loss="binary_crossentropy", metrics=["accuracy"])
    >>> result = cross_validate(build, X, y, folds=2, seeds=2, epochs=2, scaler="standard")
    >>> result.scores.shape
    (8, 5)
    >>> result.metrics
    ['loss', 'accuracy']
    >>> result.summary("accuracy").n
    4
    """
    features, targets = _checked(X, "X"), _checked(y, "y")
    if len(features) != len(targets):
        raise ValueError(f"X has {len(features)} rows and y {len(targets)}: they must be of the same rows.")
    numbers = list(range(seeds)) if isinstance(seeds, (int, np.integer)) else list(seeds)
    if len(set(numbers)) < len(numbers) or not numbers:
        raise ValueError(f"seeds must be one or more, each once: a repeated run is no new evidence; got {seeds!r}.")
    splits = _splits(targets, folds, repeats, split_seed)
    training |= {"epochs": epochs, "batch_size": batch_size}
    groups = [
        _trained(build, features, targets, part, numbers, scaler, training) for part in _parts(features, splits, scaler)
    ]
    scores = pd.concat([_final(group, numbers) for group in groups], ignore_index=True)
    return CrossValidation(scores, splits, numbers, features, targets, scaler, build, groups)


def compare_cross_validations(
    a: CrossValidation,
    b: CrossValidation,
    metric: str,
    *,
    names: tuple[str, str] = ("a", "b"),
    confidence: float = 0.95,
) -> Comparison:
    """Compare two models that were cross-validated on the same splits.

    Explained in :doc:`chapters/evaluation`.

    Parameters
    ----------
    a, b : CrossValidation
    metric : str
        A metric of both.
    names : tuple of two str, default ("a", "b")
    confidence : float, default 0.95

    Returns
    -------
    Comparison
        By the corrected resampled t-test, of the mean over seeds in each split.

    Raises
    ------
    ValueError
        If the splits differ, or if there is no such metric.

    Examples
    --------
    ``compare_cross_validations(dropout, plain, "accuracy", names=("dropout", "plain")).conclusion``
    """
    same = len(a.splits) == len(b.splits) and all(map(_is_same, a.splits, b.splits))
    if not same:
        raise ValueError(
            "a and b were not trained on the same splits, so that they cannot be paired: pass the same folds, repeats "
            "and split_seed (or the same list of splits) to both."
        )
    return compare(
        a.per_split(metric),
        b.per_split(metric),
        names=names,
        method="corrected",
        n_train=a.n_train,
        n_validation=a.n_validation,
        confidence=confidence,
    )


def _checked(values: npt.ArrayLike, name: str) -> npt.NDArray[Any]:
    array = np.asarray(values)
    if array.ndim == 0 or not len(array):
        raise ValueError(f"{name} must have a row for each sample, got an array of shape {array.shape}.")
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold numbers, got dtype {array.dtype}. Encode words as numbers first.")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError(f"{name} has {(~np.isfinite(array)).sum()} values that are NaN or infinite. Mend them first.")
    return array


def _splits(y: npt.NDArray[Any], folds: int | Sequence[Split], repeats: int, seed: int) -> list[Split]:
    if not isinstance(folds, (int, np.integer)):
        return _checked_splits(list(folds), repeats, len(y))
    kind = type_of_target(y)
    one_hot = kind == "multilabel-indicator" and bool((y.sum(axis=1) == 1).all())
    if kind in {"binary", "multiclass"} or one_hot:
        return stratified_k_fold(y, int(folds), repeats=repeats, seed=seed)
    return k_fold(len(y), int(folds), repeats=repeats, seed=seed)


def _checked_splits(splits: list[Split], repeats: int, n_rows: int) -> list[Split]:
    if repeats != 1:
        raise ValueError(
            f"repeats={repeats} has no use where folds is a list of splits: put the repeats into the list."
        )
    if not splits:
        raise ValueError("folds is an empty list: pass a number of folds, or one split at least.")
    labels = {(split.repeat, split.fold) for split in splits}
    if len(labels) < len(splits):
        raise ValueError(
            "folds holds two splits of the same repeat and fold: number them, Split(train, validation, repeat, fold)."
        )
    for split in splits:
        largest = max(np.max(split.train, initial=-1), np.max(split.validation, initial=-1))
        if not len(split.train) or not len(split.validation) or largest >= n_rows:
            raise ValueError(
                f"fold {split.fold} of repeat {split.repeat} is empty, or names rows beyond the {n_rows} of X."
            )
        if np.intersect1d(split.train, split.validation).size:
            raise ValueError(f"fold {split.fold} of repeat {split.repeat} trains on rows that it validates on.")
    return splits


def _prepared(X: npt.NDArray[Any], split: Split, scaler: Any) -> npt.NDArray[Any]:
    return X if scaler is None else scaled(X, split, scaler)


def _parts(X: npt.NDArray[Any], splits: list[Split], scaler: Any) -> Iterator[list[Split]]:
    size = len(splits) if scaler is None else max(1, _MOST_BYTES // (4 * X.size))
    for start in range(0, len(splits), size):
        yield splits[start : start + size]


def _trained(
    build: Callable[[], Any],
    X: npt.NDArray[Any],
    y: npt.NDArray[Any],
    splits: list[Split],
    seeds: list[int],
    scaler: Any,
    training: dict[str, Any],
) -> _Group:
    from course_pkg.replicates import replicate

    if scaler is None:
        starts = [0] * len(splits)
    else:
        # The engine takes one X: the scaled copies one below the other, and for each replicate the rows of its copy.
        starts = [i * len(X) for i in range(len(splits))]
        X, y = np.concatenate([scaled(X, split, scaler) for split in splits]), np.concatenate([y] * len(splits))
    found = replicate(
        build,
        X,
        y,
        seeds=[seed for _ in splits for seed in seeds],
        train_indices=[start + split.train for start, split in zip(starts, splits, strict=True) for _ in seeds],
        validation_indices=[
            start + split.validation for start, split in zip(starts, splits, strict=True) for _ in seeds
        ],
        **training,
    )
    if found.interrupted:
        raise KeyboardInterrupt
    return _Group(splits, found)


def _final(group: _Group, seeds: list[int]) -> pd.DataFrame:
    keys = pd.DataFrame(
        [(seed, split.repeat, split.fold) for split in group.splits for seed in seeds],
        columns=["seed", "repeat", "fold"],
    )
    names = ["loss", *group.replicates.metrics]
    frames = [keys.assign(metric=name, value=group.replicates.final(name, "validation")) for name in names]
    return pd.concat(frames, ignore_index=True)


def _with_splits(group: _Group, seeds: list[int]) -> pd.DataFrame:
    history = group.replicates.history
    # replicates are numbered where a seed occurs more than once, that is if there is more than one split
    if "replicate" in history:
        number = history["replicate"].to_numpy() // len(seeds)
    else:
        number = np.zeros(len(history), dtype=int)
    labels = np.array([(split.repeat, split.fold) for split in group.splits])[number]
    return history.assign(repeat=labels[:, 0], fold=labels[:, 1])


def _is_same(a: Split, b: Split) -> bool:
    rows = np.array_equal(a.train, b.train) and np.array_equal(a.validation, b.validation)
    return rows and (a.repeat, a.fold) == (b.repeat, b.fold)
