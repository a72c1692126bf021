"""Which rows a network learns from and which it is judged on.

Explained in :doc:`chapters/evaluation`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.base import clone
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split
from sklearn.preprocessing import StandardScaler
from sklearn.utils.multiclass import type_of_target

from course_pkg.seeds import child_seeds

__all__ = ["Split", "automatic_split", "k_fold", "manual_split", "scaled", "stratified_k_fold"]

Indices = npt.NDArray[np.intp]


class Split(NamedTuple):
    """The rows of one split, and which one of a cross-validation it is.

    Explained in :doc:`chapters/evaluation`.

    Parameters
    ----------
    train, validation : ndarray of int, shape (n_train,) and (n_validation,)
        Row numbers. None is in both.
    repeat, fold : int, default 0
        The how-manieth partition of the rows this is, and which of its folds is held out.

    Examples
    --------
    >>> split = automatic_split(10, 0.2)
    >>> X = np.arange(20).reshape(10, 2)
    >>> X[split.train].shape, X[split.validation].shape
    ((8, 2), (2, 2))
    """

    train: Indices
    validation: Indices
    repeat: int = 0
    fold: int = 0


def automatic_split(n_rows: int, validation_split: float = 0.33) -> Split:
    """Hold out the last rows, as ``model.fit(validation_split=…)`` does.

    Keras neither shuffles nor stratifies before it cuts: if the rows are sorted, by class or by date, the
    validation rows are of another kind than those trained on.
    Explained in :doc:`chapters/evaluation`.

    Parameters
    ----------
    n_rows : int
        At least 2.
    validation_split : float, default 0.33
        Fraction held out, between 0 and 1.

    Returns
    -------
    Split
        The same rows that Keras takes.

    Raises
    ------
    ValueError
        If the fraction is out of range, or leaves nothing to train or to validate on.

    Examples
    --------
    >>> automatic_split(6, 0.33).validation
    array([4, 5])
    """
    _check_fraction(validation_split, "validation_split")
    cut = math.floor(n_rows * (1.0 - validation_split))  # as Keras rounds
    if not 0 < cut < n_rows:
        raise ValueError(
            f"validation_split={validation_split} of n_rows={n_rows} leaves {max(cut, 0)} rows to train on and "
            f"{n_rows - max(cut, 0)} to validate on: both need one or more."
        )
    rows = np.arange(n_rows)
    return Split(rows[:cut], rows[cut:])


def manual_split(
    y: npt.ArrayLike, validation_fraction: float = 0.33, *, seed: int = 0, stratify: bool = False
) -> Split:
    """Hold out rows chosen at random: scikit-learn's ``train_test_split``.

    Explained in :doc:`chapters/evaluation`.

    Parameters
    ----------
    y : array-like, shape (n_rows,) or (n_rows, ...)
        The targets, or anything with a row for each sample if you do not stratify.
    validation_fraction : float, default 0.33
    seed : int, default 0
        Passed as ``random_state``: the same seed gives the same rows.
    stratify : bool, default False
        Keep the proportions of the classes in both parts. `y` then holds class labels, as for
        :func:`stratified_k_fold`.

    Returns
    -------
    Split

    Raises
    ------
    ValueError
        If the fraction is out of range, or leaves nothing to train or to validate on; if `stratify` is set
        and `y` holds no classes, or a class of one row.

    Examples
    --------
    >>> split = manual_split(np.zeros(9), 1 / 3, seed=7)
    >>> len(split.train), len(split.validation)
    (6, 3)
    """
    _check_fraction(validation_fraction, "validation_fraction")
    rows = np.arange(_row_count(y))
    labels = _labels(y) if stratify else None
    train, validation = train_test_split(rows, test_size=validation_fraction, random_state=seed, stratify=labels)
    return Split(train, validation)


def k_fold(n_rows: int, folds: int = 10, *, repeats: int = 1, seed: int = 0) -> list[Split]:
    """Cut the shuffled rows into folds and hold out each in turn; for regression.

    Explained in :doc:`chapters/evaluation`.

    Parameters
    ----------
    n_rows : int
    folds : int, default 10
        From 2 to `n_rows`.
    repeats : int, default 1
        How many partitions to make. Each partition holds out every row once.
    seed : int, default 0
        ``random_state`` of the first partition; later ones use the child seeds of it. More repeats only add
        splits: the first ones stay the same.

    Returns
    -------
    list of Split
        ``repeats * folds`` of them, repeat by repeat.

    Raises
    ------
    ValueError
        If `folds` or `repeats` is out of range.

    See Also
    --------
    stratified_k_fold : For classes.

    Examples
    --------
    >>> [split.validation.tolist() for split in k_fold(6, 3)]
    [[2, 5], [1, 3], [0, 4]]
    """
    _check_folds(folds, repeats, n_rows, "the number of rows")
    rows = np.arange(n_rows)
    return list(_partitions(KFold, rows, rows, folds=folds, repeats=repeats, seed=seed))


def stratified_k_fold(y: npt.ArrayLike, folds: int = 10, *, repeats: int = 1, seed: int = 0) -> list[Split]:
    """Cut the rows into folds with about the same share of each class, and hold out each in turn.

    Explained in :doc:`chapters/evaluation`.

    Parameters
    ----------
    y : array-like, shape (n_rows,), (n_rows, 1) or one-hot (n_rows, classes)
        Class labels.
    folds : int, default 10
        From 2 to the number of rows of the rarest class.
    repeats : int, default 1
        How many partitions to make. Each partition holds out every row once.
    seed : int, default 0
        ``random_state`` of the first partition, which is that of
        ``StratifiedKFold(folds, shuffle=True, random_state=seed)``; later ones use the child seeds of it. More
        repeats only add splits: the first ones stay the same.

    Returns
    -------
    list of Split
        ``repeats * folds`` of them, repeat by repeat.

    Raises
    ------
    ValueError
        If `y` holds no classes, or if `folds` or `repeats` is out of range.

    See Also
    --------
    k_fold : For regression.

    Examples
    --------
    >>> y = [0, 0, 0, 0, 1, 1]
    >>> [np.take(y, split.validation).tolist() for split in stratified_k_fold(y, 2)]
    [[0, 0, 1], [0, 0, 1]]
    """
    labels = _labels(y)
    rarest, count = min(zip(*np.unique(labels, return_counts=True), strict=True), key=lambda pair: pair[1])
    _check_folds(folds, repeats, int(count), f"the number of rows of class {rarest} (k_fold takes numbers)")
    return list(_partitions(StratifiedKFold, np.arange(len(labels)), labels, folds=folds, repeats=repeats, seed=seed))


def scaled(X: npt.ArrayLike, split: Split, scaler: Any = "standard") -> npt.NDArray[np.float32]:
    """Scale all rows with a scaler that has seen the training rows alone.

    A scaler fitted on all rows tells the network about those that it is judged on: a leak.
    Explained in :doc:`chapters/evaluation`.

    Parameters
    ----------
    X : array-like of float, shape (n_rows, n_features) or (n_rows, ...)
        More than two dimensions are flattened for the scaler: each position is a feature.
    split : Split
    scaler : "standard" or scikit-learn transformer, default "standard"
        ``"standard"`` is ``StandardScaler()``. A clone of a transformer is fitted; yours is left as it is. It must
        keep the number of features.

    Returns
    -------
    ndarray of float32, shape as `X`
        All rows, in their order: index it by ``split.train`` and ``split.validation``.

    Raises
    ------
    ValueError
        If a row of the split is not in `X`, if there is no scaler of that name, or if it changes the number of
        features.

    Examples
    --------
    >>> X = np.array([[0.0], [2.0], [100.0]])
    >>> scaled(X, Split(np.array([0, 1]), np.array([2]))).ravel()
    array([-1.,  1., 99.], dtype=float32)
    """
    array = np.asarray(X)
    _check_rows(split, len(array))
    flat = array.reshape(len(array), -1)
    fitted = clone(_scaler(scaler)).fit(flat[split.train])
    result = np.asarray(fitted.transform(flat), dtype=np.float32)
    if result.shape != flat.shape:
        raise ValueError(
            f"scaler must keep the number of features: {type(fitted).__name__} made {result.shape[1]} of "
            f"{flat.shape[1]}. Transform the features before you split if the step learns nothing from the rows."
        )
    return result.reshape(array.shape)


def _scaler(scaler: Any) -> Any:
    if scaler == "standard":
        return StandardScaler()
    if hasattr(scaler, "fit") and hasattr(scaler, "transform"):
        return scaler
    raise ValueError(f"scaler must be 'standard' or a scikit-learn transformer such as MinMaxScaler(), got {scaler!r}.")


def _partitions(kind: type[Any], rows: Indices, labels: Any, *, folds: int, repeats: int, seed: int) -> Iterator[Split]:
    for repeat, state in enumerate([seed, *child_seeds(seed, repeats - 1)]):
        cuts = kind(folds, shuffle=True, random_state=state).split(rows, labels)
        for fold, (train, validation) in enumerate(cuts):
            yield Split(train, validation, repeat, fold)


def _labels(y: npt.ArrayLike) -> npt.NDArray[Any]:
    array = np.asarray(y)
    if not len(array):
        raise ValueError("y is empty: pass the class label of each row.")
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim == 2 and _is_one_hot(array):
        array = array.argmax(axis=1)
    if array.dtype.kind == "f" and np.isnan(array).any():
        raise ValueError(f"y has {np.isnan(array).sum()} values that are NaN: each row needs a class.")
    kind = type_of_target(array)
    if kind not in {"binary", "multiclass"}:
        raise ValueError(
            f"y must hold class labels (or be one-hot) to stratify; it looks {kind}, of shape {np.shape(y)}. "
            "For regression, use k_fold, or manual_split without stratify."
        )
    return array


def _is_one_hot(array: npt.NDArray[Any]) -> bool:
    return bool(np.isin(array, (0, 1)).all() and (array.sum(axis=1) == 1).all())


def _row_count(y: npt.ArrayLike) -> int:
    count = len(np.asarray(y))
    if count < 2:
        raise ValueError(f"y has {count} rows: a split takes at least 2.")
    return count


def _check_fraction(fraction: float, name: str) -> None:
    if not 0 < fraction < 1:
        raise ValueError(f"{name} must lie between 0 and 1, such as 0.33 for a third; got {fraction!r}.")


def _check_folds(folds: int, repeats: int, most: int, meaning: str) -> None:
    if not 2 <= folds <= most:
        raise ValueError(f"folds must lie between 2 and {most}, {meaning}; got {folds!r}.")
    if repeats < 1:
        raise ValueError(f"repeats must be 1 or more, got {repeats!r}.")


def _check_rows(split: Split, n_rows: int) -> None:
    if not len(split.train):
        raise ValueError("split.train is empty: there is no row to fit the scaler on.")
    largest = int(max(split.train.max(), split.validation.max(initial=-1)))
    if largest >= n_rows:
        raise ValueError(f"split names row {largest}, but X has {n_rows} rows: was it made for another X?")
