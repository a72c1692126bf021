"""Checks at the door: what counts as a list of scores."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["checked_scores", "is_constant"]

# Below this spread the third powers that the bootstrap takes are lost in rounding.
_NO_SPREAD = 1e-90


def checked_scores(
    scores: npt.ArrayLike, name: str = "scores", *, minimum: int = 2, ndim: int = 1
) -> npt.NDArray[np.float64]:
    """Return scores as an array of float64, or say what is wrong with them.

    Parameters
    ----------
    scores : array-like of float, shape (n,)
        One score of each run.
    name : str, default "scores"
        What the caller calls them, for the error message.
    minimum : int, default 2
        The fewest scores that the caller can work with.
    ndim : int, default 1
        The number of dimensions that they must have.

    Returns
    -------
    ndarray of float64, shape (n,)

    Raises
    ------
    TypeError
        If they are no numbers.
    ValueError
        If there are too few of them, if their shape is wrong, or if one is NaN or infinite.

    Examples
    --------
    >>> checked_scores([1, 2])
    array([1., 2.])
    """
    try:
        array = np.asarray(scores, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name} must be numbers in a list or an array of {_dimensions(ndim)}: {error}.") from error
    if array.ndim != ndim:
        raise ValueError(f"{name} must have {_dimensions(ndim)}, got an array of shape {array.shape}.")
    if array.size == 0:
        raise ValueError(f"{name} is empty: pass at least {minimum} values.")
    bad = np.flatnonzero(~np.isfinite(array))
    if bad.size:
        raise ValueError(
            f"{name} has {bad.size} of {array.size} values that are NaN or infinite (the first at index {bad[0]}). "
            "A run that diverged is a result too: say how many did, and decide what they count as, "
            "before you summarize the others."
        )
    if array.size < minimum:
        raise ValueError(
            f"{name} has {_count(array.size, 'value')}, and at least {minimum} are needed: one run says nothing "
            "about how much runs differ. Repeat with other seeds."
        )
    return array


def is_constant(scores: npt.NDArray[Any]) -> bool:
    """Tell whether all scores are the same number.

    Examples
    --------
    >>> is_constant(np.array([0.1, 0.1, 0.1]))
    True
    """
    # not std() == 0: rounding gives equal numbers a small standard deviation
    return bool(np.ptp(scores) < _NO_SPREAD)


def _dimensions(ndim: int) -> str:
    return _count(ndim, "dimension")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
