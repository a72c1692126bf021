"""Checks at the door: what counts as a list of scores."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["checked_scores", "is_constant", "rounding"]

# Below this the third powers that the bootstrap takes are lost.
_SMALLEST = 1e-90


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


def is_constant(scores: npt.NDArray[Any], tolerance: float | None = None) -> bool:
    """Tell whether all scores are the same number, but for rounding.

    Equal runs can end up a last digit apart, such as by averaging folds. To take that for a spread would make
    intervals and tests of rounding errors.

    Parameters
    ----------
    scores : ndarray of float64
    tolerance : float, optional
        ``rounding(scores)`` if not given.

    Examples
    --------
    >>> is_constant(np.array([0.3, 0.1 + 0.2, 0.3]))
    True
    """
    return bool(np.ptp(scores) <= (rounding(scores) if tolerance is None else tolerance))


def rounding(*scores: npt.NDArray[Any]) -> float:
    """Return the difference up to which two of these scores may owe it to rounding.

    Examples
    --------
    >>> rounding(np.array([0.5, 1.0]))
    1.4210854715202004e-14
    """
    largest = max(float(np.abs(array).max()) for array in scores)
    return max(_SMALLEST, 64 * float(np.finfo(np.float64).eps) * largest)


def _dimensions(ndim: int) -> str:
    return _count(ndim, "dimension")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
